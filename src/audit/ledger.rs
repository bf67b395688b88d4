//! The ledger of contracts: what one record says, its canonical bytes, and the hash that chains it. Pure; nothing here
//! is ever rewritten, and the form is fixed for good.
//!
//! Canonical form, version 1: the text `valtuus ledger v1` and a zero byte; the hash of the record before (32 zero
//! bytes for the first); number and instant (epoch microseconds) as eight bytes each, big-endian; the contract's id,
//! sixteen bytes; the event's byte; then the event's texts in their order, each as a four-byte big-endian length and
//! its UTF-8. A record's hash is the SHA-256 of the SHA-256 of these bytes; that of a creation is the contract's txid.

use ring::digest::{SHA256, digest};
use uuid::Uuid;

/// What every record begins with.
const DOMAIN: &[u8] = b"valtuus ledger v1\0";

/// A hash of the ledger.
pub type LedgerHash = [u8; 32];

/// What happened to a contract. The bytes never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LedgerEvent {
    /// It was made. Texts: status; of provider, user and revoker the extended public key and the address; the mask.
    Created,
    /// It was approved. Texts: its txid; who approved it.
    Approved,
    /// It was revoked. Texts: its txid; who revoked it.
    Revoked,
}

impl LedgerEvent {
    const ALL: [Self; 3] = [Self::Created, Self::Approved, Self::Revoked];

    /// Its byte.
    pub fn number(self) -> u8 {
        match self {
            Self::Created => 1,
            Self::Approved => 2,
            Self::Revoked => 3,
        }
    }

    fn texts(self) -> usize {
        match self {
            Self::Created => 8,
            Self::Approved | Self::Revoked => 2,
        }
    }
}

/// One record of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerRecord {
    /// The hash of the record before it.
    pub before: LedgerHash,
    /// Its number, from 1 on without gaps.
    pub seq: i64,
    /// When, microseconds.
    pub at: i64,
    /// The contract.
    pub contract: Uuid,
    /// What happened.
    pub event: LedgerEvent,
    /// The event's texts.
    pub texts: Vec<String>,
}

/// A record as the table holds it; nothing here was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerRow {
    /// Its number.
    pub seq: i64,
    /// The contract.
    pub contract: Uuid,
    /// The canonical bytes.
    pub canonical: Vec<u8>,
    /// Its hash.
    pub hash: Vec<u8>,
}

/// The hash of canonical bytes.
pub fn hash_of(canonical: &[u8]) -> LedgerHash {
    let mut hash = LedgerHash::default();
    hash.copy_from_slice(digest(&SHA256, digest(&SHA256, canonical).as_ref()).as_ref());
    hash
}

impl LedgerRecord {
    /// The canonical bytes.
    pub fn canonical(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(512);
        bytes.extend_from_slice(DOMAIN);
        bytes.extend_from_slice(&self.before);
        bytes.extend_from_slice(&self.seq.to_be_bytes());
        bytes.extend_from_slice(&self.at.to_be_bytes());
        bytes.extend_from_slice(self.contract.as_bytes());
        bytes.push(self.event.number());
        for text in &self.texts {
            bytes.extend_from_slice(&u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes());
            bytes.extend_from_slice(text.as_bytes());
        }
        bytes
    }

    /// Reads canonical bytes; `None` when they are not of a known version or do not fit.
    pub fn from_canonical(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes.strip_prefix(DOMAIN)?;
        let before = take::<32>(&mut rest)?;
        let seq = i64::from_be_bytes(take(&mut rest)?);
        let at = i64::from_be_bytes(take(&mut rest)?);
        let contract = Uuid::from_bytes(take(&mut rest)?);
        let [number] = take::<1>(&mut rest)?;
        let event = LedgerEvent::ALL.into_iter().find(|event| event.number() == number)?;
        let mut texts = Vec::with_capacity(event.texts());
        for _ in 0..event.texts() {
            let length = usize::try_from(u32::from_be_bytes(take(&mut rest)?)).ok()?;
            let (text, tail) = rest.split_at_checked(length)?;
            rest = tail;
            texts.push(String::from_utf8(text.to_vec()).ok()?);
        }
        rest.is_empty().then_some(Self { before, seq, at, contract, event, texts })
    }

    /// The row of the table.
    pub fn row(&self) -> LedgerRow {
        let canonical = self.canonical();
        let hash = hash_of(&canonical).to_vec();
        LedgerRow { seq: self.seq, contract: self.contract, canonical, hash }
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (head, tail) = rest.split_first_chunk::<N>()?;
    *rest = tail;
    Some(*head)
}

/// Walks the ledger record by record.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LedgerWalk {
    /// The number of the last record that fits.
    pub seq: i64,
    /// Its hash.
    pub hash: LedgerHash,
}

impl LedgerWalk {
    /// The next record; the error says why it does not fit.
    pub fn next(&mut self, row: &LedgerRow) -> Result<LedgerRecord, String> {
        let expected = self.seq.saturating_add(1);
        if row.seq != expected {
            return Err(format!("number {expected} is missing"));
        }
        let record =
            LedgerRecord::from_canonical(&row.canonical).ok_or("the record does not have the form of one")?;
        if record.before != self.hash {
            return Err("it does not follow the record before it".to_owned());
        }
        if (record.seq, record.contract) != (row.seq, row.contract) {
            return Err("its columns are not those of its canonical form".to_owned());
        }
        let hash = hash_of(&row.canonical);
        if row.hash != hash {
            return Err("its hash is not that of its content".to_owned());
        }
        *self = Self { seq: row.seq, hash };
        Ok(record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(seq: i64, before: LedgerHash, event: LedgerEvent) -> LedgerRecord {
        let texts = (0..event.texts()).map(|n| format!("text {n} ä")).collect();
        LedgerRecord { before, seq, at: 1_700_000_000_000_000, contract: Uuid::from_u128(7), event, texts }
    }

    fn chain() -> Vec<LedgerRow> {
        let mut before = LedgerHash::default();
        let events = [LedgerEvent::Created, LedgerEvent::Approved, LedgerEvent::Revoked];
        let rows = events.into_iter().zip(1..).map(|(event, seq)| {
            let row = record(seq, before, event).row();
            before = hash_of(&row.canonical);
            row
        });
        rows.collect()
    }

    fn walked(rows: &[LedgerRow]) -> Result<LedgerWalk, (usize, String)> {
        let mut walk = LedgerWalk::default();
        for (place, row) in rows.iter().enumerate() {
            walk.next(row).map_err(|why| (place, why))?;
        }
        Ok(walk)
    }

    #[test]
    fn the_canonical_form_is_read_back_whole_and_no_part_of_it_is() {
        for row in chain() {
            let read = LedgerRecord::from_canonical(&row.canonical).unwrap();
            assert_eq!(read.row(), row);
            let mut bytes = row.canonical;
            for length in 0..bytes.len() {
                assert_eq!(LedgerRecord::from_canonical(&bytes[..length]), None, "cut at {length}");
            }
            bytes.push(0);
            assert_eq!(LedgerRecord::from_canonical(&bytes), None);
        }
    }

    #[test]
    fn the_canonical_form_never_changes() {
        let hash = blake3::hash(&record(1, LedgerHash::default(), LedgerEvent::Created).canonical());
        assert_eq!(hash.to_hex().as_str(), include_str!("../../fixtures/ledger-canonical-v1.txt").trim());
    }

    #[test]
    fn a_chain_is_walked_to_its_end() {
        assert_eq!(walked(&chain()).unwrap().seq, 3);
    }

    #[test]
    fn every_byte_that_is_changed_is_found_at_its_record() {
        let sound = chain();
        for place in 0..sound.len() {
            for byte in 0..sound[place].canonical.len() {
                let mut rows = sound.clone();
                rows[place].canonical[byte] ^= 1;
                assert_eq!(walked(&rows).unwrap_err().0, place, "byte {byte}");
            }
            for byte in 0..32 {
                let mut rows = sound.clone();
                rows[place].hash[byte] ^= 1;
                assert_eq!(walked(&rows).unwrap_err().0, place);
            }
            let mut rows = sound.clone();
            rows[place].contract = Uuid::from_u128(8);
            assert_eq!(walked(&rows).unwrap_err().0, place);
        }
    }

    #[test]
    fn a_record_that_was_made_anew_breaks_the_one_behind_it() {
        let mut rows = chain();
        let mut forged = LedgerRecord::from_canonical(&rows[1].canonical).unwrap();
        forged.texts[1] = "somebody else".to_owned();
        rows[1] = forged.row();
        assert_eq!(walked(&rows).unwrap_err().0, 2);
        let mut rows = chain();
        rows.remove(1);
        assert_eq!(walked(&rows).unwrap_err(), (1, "number 2 is missing".to_owned()));
    }
}

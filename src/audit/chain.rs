//! The chain: each sealed record's hash covers its number, its canonical bytes and the hash before it. Pure.
//!
//! `hash_n = SHA-256(DOMAIN ‖ hash_{n-1} ‖ n as eight bytes, big-endian ‖ canonical_n)`, and `hash_0` is 32 zero
//! bytes. Fixed for good; `fixtures/audit-chain-v1.txt` holds known answers.

use ring::digest::{Context, SHA256};

use crate::audit::record::AuditRow;

/// What every hashed text begins with, so that no other use of SHA-256 can make the same hash.
const DOMAIN: &[u8] = b"valtuus audit chain v1\0";

/// A hash of the chain.
pub type Hash = [u8; 32];

/// A place in the chain: the number of the last record, and the hash that covers it and everything before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The number of the last record; 0 before the first.
    pub seq: i64,
    /// Its hash.
    pub hash: Hash,
}

impl Head {
    /// Before the first record.
    pub const GENESIS: Self = Self { seq: 0, hash: [0; 32] };

    /// After the next record, whose canonical bytes these are.
    #[must_use]
    pub fn next(&self, canonical: &[u8]) -> Self {
        let seq = self.seq.saturating_add(1);
        let mut context = Context::new(&SHA256);
        for part in [DOMAIN, &self.hash, &seq.to_be_bytes(), canonical] {
            context.update(part);
        }
        let mut hash = [0; 32];
        hash.copy_from_slice(context.finish().as_ref());
        Self { seq, hash }
    }

    /// Reads `SEQ:HASH` as [`std::fmt::Display`] writes it; `None` when it is anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let (seq, hash) = text.trim().split_once(':')?;
        let seq = seq.parse().ok().filter(|seq| *seq >= 0)?;
        unhex(hash).and_then(|hash| hash.try_into().ok()).map(|hash| Self { seq, hash })
    }
}

impl std::fmt::Display for Head {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.seq, hex(&self.hash))
    }
}

/// Bytes as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from(if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 });
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// Bytes from hexadecimal digits; `None` when it is anything else.
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    let digits = digits?;
    digits.len().is_multiple_of(2).then(|| {
        digits.chunks_exact(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect()
    })
}

/// Which filter a term is for. Numbers are in the database's terms and never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// The entity concerned or the reference: mostly the same id, so that they share their terms.
    Id = 1,
    /// The event.
    Event = 2,
    /// The client.
    Client = 3,
    /// The kind.
    Kind = 4,
    /// The module.
    Module = 5,
    /// request, success or failure.
    Category = 6,
}

/// The number under which the records with this value are found. Another value may have the same one, however rarely:
/// who finds a record must still look at it.
pub fn term(field: Field, value: &str) -> i64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&[field as u8]);
    hasher.update(value.as_bytes());
    let mut eight = [0; 8];
    hasher.finalize_xof().fill(&mut eight);
    i64::from_be_bytes(eight)
}

/// Every term of a record, each once.
pub fn terms(record: &AuditRow) -> Vec<i64> {
    let mut terms = vec![
        term(Field::Id, &record.reference_id),
        term(Field::Event, &record.event_id),
        term(Field::Client, &record.client),
        term(Field::Kind, &record.kind),
        term(Field::Module, &record.module_id),
        term(Field::Category, &record.category),
    ];
    terms.extend(record.entity_id.map(|id| term(Field::Id, &id.to_string())));
    terms.sort_unstable();
    terms.dedup();
    terms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chain_never_changes() {
        let mut head = Head::GENESIS;
        let mut lines = vec![head.to_string()];
        for canonical in [&b""[..], b"\x01", b"a longer record", &[0xFF; 1_000]] {
            head = head.next(canonical);
            lines.push(head.to_string());
        }
        assert_eq!(lines.join("\n"), include_str!("../../fixtures/audit-chain-v1.txt").trim());
    }

    #[test]
    fn a_hash_covers_number_bytes_and_everything_before() {
        let first = Head::GENESIS.next(b"a");
        assert_ne!(first.next(b"b").hash, first.next(b"c").hash);
        assert_ne!(first.next(b"b").hash, Head { seq: 2, ..first }.next(b"b").hash);
        assert_ne!(first.next(b"b").hash, Head { hash: [1; 32], ..first }.next(b"b").hash);
    }

    #[test]
    fn a_head_is_read_as_it_is_written_and_nothing_else_is() {
        let head = Head::GENESIS.next(b"a");
        assert_eq!(Head::parse(&head.to_string()), Some(head));
        assert_eq!(Head::parse(&format!(" {head}\n")), Some(head));
        let hash = hex(&head.hash);
        for bad in
            ["", "1", "1:", ":", &hash, &format!("-1:{hash}"), &format!("x:{hash}"), &format!("1:{hash}00")]
        {
            assert_eq!(Head::parse(bad), None, "{bad}");
        }
        for bad in ["1:ä", "1:0", &format!("1:{}g", hash.get(..63).unwrap())] {
            assert_eq!(Head::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn terms_are_told_apart_by_field_and_value() {
        let all = [
            term(Field::Id, "x"),
            term(Field::Event, "x"),
            term(Field::Client, "x"),
            term(Field::Client, "y"),
            term(Field::Client, ""),
        ];
        let distinct: std::collections::HashSet<i64> = all.into_iter().collect();
        assert_eq!(distinct.len(), all.len());
        // The terms stand in databases: another hash would find nothing there.
        let known: i64 = include_str!("../../fixtures/audit-term.txt").trim().parse().unwrap();
        assert_eq!(term(Field::Client, "restuser"), known);
    }
}

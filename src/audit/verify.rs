//! Walking a chain record by record, wherever the records come from: a database or an archived file. Pure.

use serde::Serialize;

use crate::audit::chain::Head;
use crate::model::Row;

/// What is wrong at the first place where the trail does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The number concerned; `None` when the record has none.
    pub seq: Option<i64>,
    /// The row concerned; `None` when it is not known any more.
    pub row: Option<Row>,
    /// altered, missing, inserted or cut.
    pub what: &'static str,
    /// What was seen.
    pub detail: String,
}

impl Finding {
    /// Something wrong at a number.
    pub fn at(seq: i64, row: Option<Row>, what: &'static str, detail: &str) -> Self {
        Self { seq: Some(seq), row, what, detail: detail.to_owned() }
    }
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.what)?;
        if let Some(seq) = self.seq {
            write!(f, " at number {seq}")?;
        }
        if let Some(row) = self.row {
            write!(f, " (row {row})")?;
        }
        write!(f, ": {}", self.detail)
    }
}

/// Walks a chain link by link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verifier {
    /// How far the chain holds.
    pub head: Head,
    /// How many records were verified.
    pub records: u64,
    /// What the hash at a number must be.
    expected: Option<Head>,
}

impl Verifier {
    /// Begins behind `start`; `expected` is a head that was noted elsewhere.
    pub fn new(start: Head, expected: Option<Head>) -> Self {
        Self { head: start, records: 0, expected }
    }

    /// The next record, with number and hash as they are stored.
    pub fn next(&mut self, (seq, row): (i64, Row), hash: &[u8], canonical: &[u8]) -> Result<(), Finding> {
        self.number(seq, row)?;
        let next = self.head.next(canonical);
        let found = |detail: &str| Err(Finding::at(seq, Some(row), "altered", detail));
        if next.hash.as_slice() != hash {
            return found("its hash is not the one that follows from the record and all before it");
        }
        if self.expected.is_some_and(|expected| expected.seq == seq && expected != next) {
            return found("the chain holds, but is not the one whose head was given");
        }
        self.head = next;
        self.records += 1;
        Ok(())
    }

    /// Whether a number is the one that comes next.
    pub fn number(&self, seq: i64, row: Row) -> Result<(), Finding> {
        let wanted = self.head.seq.saturating_add(1);
        if seq > wanted {
            let detail = format!("number {wanted} has no seal; the next one is {seq}");
            return Err(Finding::at(wanted, None, "missing", &detail));
        }
        if seq < wanted {
            let detail = "its number is not one that the chain can have here";
            return Err(Finding::at(seq, Some(row), "inserted", detail));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(count: i64) -> Vec<(i64, Vec<u8>, Vec<u8>)> {
        let mut head = Head::GENESIS;
        let record = |seq: i64| {
            let canonical = format!("record {seq}").into_bytes();
            head = head.next(&canonical);
            (seq, head.hash.to_vec(), canonical)
        };
        (1..=count).map(record).collect()
    }

    fn walk(links: &[(i64, Vec<u8>, Vec<u8>)], expected: Option<Head>) -> Result<Head, Finding> {
        let mut walk = Verifier::new(Head::GENESIS, expected);
        for (seq, hash, canonical) in links {
            walk.next((*seq, seq * 10), hash, canonical)?;
        }
        Ok(walk.head)
    }

    #[test]
    fn a_chain_as_it_was_made_holds() {
        let head = walk(&chain(5), None).unwrap();
        assert_eq!(head.seq, 5);
        assert_eq!(walk(&chain(9), Some(head)).unwrap().seq, 9);
    }

    #[test]
    fn every_change_is_found_where_it_is() {
        for at in 0..5 {
            let place = i64::try_from(at).unwrap() + 1;
            let mut links = chain(5);
            links[at].2[0] ^= 1;
            let found = walk(&links, None).unwrap_err();
            assert_eq!((found.seq, found.row, found.what), (Some(place), Some(place * 10), "altered"));
            let mut links = chain(5);
            links[at].1[31] ^= 1;
            assert_eq!(walk(&links, None).unwrap_err().seq, Some(place));
            let mut links = chain(5);
            links.remove(at);
            if at < 4 {
                let found = walk(&links, None).unwrap_err();
                assert_eq!((found.seq, found.what), (Some(place), "missing"));
            }
            let mut links = chain(5);
            links.insert(at, links[at].clone());
            let found = walk(&links, None).unwrap_err();
            assert_eq!((found.seq, found.what), (Some(place), "inserted"));
        }
    }

    #[test]
    fn a_chain_made_anew_is_not_the_one_whose_head_was_noted() {
        let noted = walk(&chain(4), None).unwrap();
        let mut head = Head::GENESIS;
        let other: Vec<_> = (1..=5)
            .map(|seq| {
                head = head.next(b"another");
                (seq, head.hash.to_vec(), b"another".to_vec())
            })
            .collect();
        assert_eq!(walk(&other, None).unwrap().seq, 5);
        assert_eq!(walk(&other, Some(noted)).unwrap_err().seq, Some(4));
    }
}

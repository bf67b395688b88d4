//! What follows from sealed records: postings and the bounds of blocks. Pure; sealing, rebuilding and checking agree
//! because they all ask here.

use std::collections::BTreeMap;

use crate::audit::chain::terms;
use crate::audit::record::AuditRow;
use crate::store::trail::{BLOCK, Bounds, Posting};

/// What follows from a run of records, in the order of the tables.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Index {
    /// By term, then block.
    pub postings: Vec<Posting>,
    /// By block.
    pub blocks: Vec<Bounds>,
    /// The earliest instant of the run: no block before it may say that only later ones follow.
    pub earliest: Option<i64>,
}

/// The block of a number, and its bit there.
pub fn place(seq: i64) -> (i64, i64) {
    (seq.div_euclid(BLOCK), 1_i64 << seq.rem_euclid(BLOCK))
}

impl Index {
    /// What follows from records by rising number; `latest` is the latest instant of all before them.
    pub fn of<'r>(records: impl IntoIterator<Item = (i64, &'r AuditRow)>, latest: i64) -> Self {
        let mut postings: BTreeMap<(i64, i64), i64> = BTreeMap::new();
        let mut blocks: Vec<Bounds> = Vec::new();
        let mut latest = latest;
        for (seq, record) in records {
            let (block, bit) = place(seq);
            for term in terms(record) {
                *postings.entry((term, block)).or_default() |= bit;
            }
            latest = latest.max(record.at);
            match blocks.last_mut().filter(|last| last.block == block) {
                Some(last) => *last = Bounds { block, latest, floor: last.floor.min(record.at) },
                None => blocks.push(Bounds { block, latest, floor: record.at }),
            }
        }
        let mut earliest = None;
        for bounds in blocks.iter_mut().rev() {
            bounds.floor = earliest.map_or(bounds.floor, |earliest: i64| earliest.min(bounds.floor));
            earliest = Some(bounds.floor);
        }
        let posting = |((term, block), bits)| Posting { term, block, bits };
        Self { postings: postings.into_iter().map(posting).collect(), blocks, earliest }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::Record;
    use crate::audit::chain::{Field, term};

    fn record(at: i64, client: &str) -> AuditRow {
        let mut record = Record { at, ..Record::default() };
        record.fields[9] = client.to_owned();
        record.row()
    }

    #[test]
    fn a_posting_has_a_bit_for_every_record_with_the_value() {
        let (anna, bertil) = (record(1, "anna"), record(2, "bertil"));
        let run = [(62, &anna), (63, &bertil), (64, &anna)];
        let index = Index::of(run, 0);
        let of = |name: &str| -> Vec<(i64, i64)> {
            let wanted = term(Field::Client, name);
            index.postings.iter().filter(|p| p.term == wanted).map(|p| (p.block, p.bits)).collect()
        };
        assert_eq!(of("anna"), [(0, 1 << 62), (1, 1)]);
        assert_eq!(of("bertil"), [(0, i64::MIN)]);
    }

    #[test]
    fn bounds_rise_with_the_blocks_whatever_the_clock_did() {
        let at = [50, 60, 10, 70];
        let records: Vec<AuditRow> = at.iter().map(|at| record(*at, "x")).collect();
        let run = records.iter().enumerate().map(|(n, record)| (i64::try_from(n).unwrap() * BLOCK, record));
        let index = Index::of(run, 55);
        let bounds: Vec<(i64, i64)> = index.blocks.iter().map(|b| (b.latest, b.floor)).collect();
        assert_eq!(bounds, [(55, 10), (60, 10), (60, 10), (70, 70)]);
        assert_eq!(index.earliest, Some(10));
    }
}

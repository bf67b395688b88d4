//! The records that pass filters, in order: sealed ones by number, then those that wait for their seal, by row.
//!
//! Sealed records are found by their postings: the blocks that have every value asked for, the rarest value first, and
//! in them the records that have all of them. A cursor that stands among the unsealed remembers how far the chain went
//! then and which row was listed last, so that what is sealed meanwhile is listed neither twice nor not at all.

use std::collections::VecDeque;

use crate::audit::chain::{Field, term};
use crate::audit::record::AuditRow;
use crate::model::{Error, Row};
use crate::store::Position;
use crate::store::trail::index::place;
use crate::store::trail::{BLOCK, Posting, Trail, TrailRow};
use crate::store::traits::AuditQuery;

/// Postings read at a time.
const POSTINGS: usize = 256;
/// The most records read at a time.
const RECORDS: usize = 512;
/// How often a page that the sealer overtook is begun again.
const TRIES: u32 = 100;

impl AuditQuery {
    /// Whether a record passes every filter.
    pub fn admits(&self, record: &AuditRow) -> bool {
        let is = |wanted: &Option<String>, held: &String| wanted.as_ref().is_none_or(|wanted| wanted == held);
        is(&self.event_id, &record.event_id)
            && is(&self.module_id, &record.module_id)
            && is(&self.category, &record.category)
            && is(&self.client, &record.client)
            && is(&self.kind, &record.kind)
            && is(&self.reference_id, &record.reference_id)
            && self.entity_id.is_none_or(|wanted| record.entity_id == Some(wanted))
            && self.from.is_none_or(|from| record.at >= from)
            && self.to.is_none_or(|to| record.at < to)
    }

    /// The terms asked for, the one that is likely the rarest first.
    fn terms(&self) -> Vec<i64> {
        let entity = self.entity_id.map(|id| id.to_string());
        let asked = [
            (Field::Id, &entity),
            (Field::Id, &self.reference_id),
            (Field::Event, &self.event_id),
            (Field::Client, &self.client),
            (Field::Kind, &self.kind),
            (Field::Module, &self.module_id),
            (Field::Category, &self.category),
        ];
        let mut terms: Vec<i64> = Vec::new();
        for (field, value) in asked {
            let term = value.as_ref().map(|value| term(field, value));
            terms.extend(term.filter(|term| !terms.contains(term)));
        }
        terms
    }
}

/// How far a listing has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    /// Everything up to this number was looked at.
    seq: i64,
    /// Everything unsealed up to this row was listed before it was sealed.
    row: Row,
}

impl Place {
    fn of(position: &Position) -> Self {
        match <[u8; 8]>::try_from(position.key.as_slice()) {
            Ok(seq) => Self { seq: i64::from_be_bytes(seq), row: position.row },
            Err(_) => Self { seq: position.row, row: 0 },
        }
    }

    fn position(self) -> Position {
        match self.row {
            0 => Position { key: Vec::new(), row: self.seq },
            row => Position { key: self.seq.to_be_bytes().to_vec(), row },
        }
    }
}

/// Up to `limit` records that pass the filters, beyond `after`, each with its place. A page is empty only at the end of
/// the trail.
pub async fn page<T: Trail + ?Sized>(
    store: &T,
    query: &AuditQuery,
    after: &Position,
    limit: usize,
) -> Result<Vec<(Position, TrailRow)>, Error> {
    let mut walk = Walk { store, query, limit, at: Place::of(after), found: Vec::new() };
    for _ in 0..TRIES {
        let head = store.audit_sealed().await?;
        walk.sealed(head.seq).await?;
        if walk.is_full() {
            return Ok(walk.found);
        }
        let waiting = walk.unsealed(head.low.max(walk.at.row)).await?;
        // What was sealed between the two looks is in neither of them.
        if store.audit_sealed().await?.seq == head.seq {
            walk.found.extend(waiting);
            return Ok(walk.found);
        }
        if !walk.found.is_empty() {
            return Ok(walk.found);
        }
    }
    Err(Error::unavailable("the trail was sealed faster than it could be read"))
}

struct Walk<'w, T: ?Sized> {
    store: &'w T,
    query: &'w AuditQuery,
    limit: usize,
    at: Place,
    found: Vec<(Position, TrailRow)>,
}

impl<T: Trail + ?Sized> Walk<'_, T> {
    fn is_full(&self) -> bool {
        self.found.len() >= self.limit
    }

    fn missing(&self) -> usize {
        self.limit.saturating_sub(self.found.len())
    }

    /// Adds those of `rows` that pass, and moves on behind each.
    fn take(&mut self, rows: Vec<TrailRow>) {
        for held in rows {
            let Some(seal) = &held.seal else { continue };
            if self.is_full() {
                return;
            }
            self.at.seq = seal.seq;
            if held.row > self.at.row && self.query.admits(&held.record) {
                self.found.push((self.at.position(), held));
            }
        }
    }

    /// Goes through the sealed records up to number `head`.
    async fn sealed(&mut self, head: i64) -> Result<(), Error> {
        let (mut first, mut last) = (place(self.at.seq.saturating_add(1)).0, place(head).0);
        if let Some(from) = self.query.from {
            first = self.store.audit_block_from(from).await?.map_or(i64::MAX, |block| block.max(first));
        }
        if let Some(to) = self.query.to {
            last = self.store.audit_block_to(to).await?.map_or(i64::MIN, |block| block.min(last));
        }
        if first <= last {
            let terms = self.query.terms();
            let until = last.saturating_mul(BLOCK).saturating_add(BLOCK - 1).min(head);
            self.at.seq = self.at.seq.max(first.saturating_mul(BLOCK) - 1);
            if terms.is_empty() { self.run(until).await? } else { self.posted(&terms, until).await? }
        }
        if !self.is_full() {
            self.at.seq = self.at.seq.max(head);
        }
        Ok(())
    }

    /// One record after the other.
    async fn run(&mut self, until: i64) -> Result<(), Error> {
        while !self.is_full() && self.at.seq < until {
            let rows = self.store.audit_run(self.at.seq, until, self.missing().clamp(1, RECORDS)).await?;
            if rows.is_empty() {
                return Ok(());
            }
            self.take(rows);
        }
        Ok(())
    }

    /// Only the records that have all `terms`.
    async fn posted(&mut self, terms: &[i64], until: i64) -> Result<(), Error> {
        let mut lists: Vec<List> = terms.iter().map(|term| List::new(*term)).collect();
        let last = place(until).0;
        let mut wanted: Vec<i64> = Vec::new();
        let mut block = place(self.at.seq.saturating_add(1)).0;
        while let Some((at, bits)) = meet(self.store, &mut lists, block, last).await? {
            block = at.saturating_add(1);
            let numbers = (0..BLOCK).filter(|bit| bits >> bit & 1 == 1).map(|bit| at * BLOCK + bit);
            wanted.extend(numbers.filter(|seq| *seq > self.at.seq && *seq <= until));
            if wanted.len() >= self.missing().min(RECORDS) {
                self.read(&mut wanted).await?;
                if self.is_full() {
                    return Ok(());
                }
            }
        }
        self.read(&mut wanted).await
    }

    async fn read(&mut self, wanted: &mut Vec<i64>) -> Result<(), Error> {
        if !wanted.is_empty() {
            let rows = self.store.audit_numbered(wanted).await?;
            self.take(rows);
            wanted.clear();
        }
        Ok(())
    }

    /// The records that wait for their seal above `after`, as many as are missing.
    async fn unsealed(&self, after: Row) -> Result<Vec<(Position, TrailRow)>, Error> {
        let (mut after, mut found) = (after, Vec::new());
        while found.len() < self.missing() {
            let rows = self.store.audit_unsealed(after, RECORDS).await?;
            let Some(last) = rows.last().map(|held| held.row) else { break };
            after = last;
            let admitted = rows.into_iter().filter(|held| self.query.admits(&held.record));
            let missing = self.missing() - found.len();
            found.extend(admitted.take(missing).map(|held| {
                let at = Place { seq: self.at.seq, row: held.row };
                (at.position(), held)
            }));
        }
        Ok(found)
    }
}

/// The postings of one term, read on as they are used up.
struct List {
    term: i64,
    ready: VecDeque<Posting>,
    ended: bool,
}

impl List {
    fn new(term: i64) -> Self {
        Self { term, ready: VecDeque::new(), ended: false }
    }

    /// The first posting from `block` on.
    async fn seek<T: Trail + ?Sized>(&mut self, store: &T, block: i64) -> Result<Option<Posting>, Error> {
        while self.ready.front().is_some_and(|posting| posting.block < block) {
            self.ready.pop_front();
        }
        if self.ready.is_empty() && !self.ended {
            self.ready = store.audit_postings(self.term, block, POSTINGS).await?.into();
            self.ended = self.ready.len() < POSTINGS;
        }
        Ok(self.ready.front().copied())
    }
}

/// The first block from `block` to `last` that all lists have, with the bits they share.
async fn meet<T: Trail + ?Sized>(
    store: &T,
    lists: &mut [List],
    block: i64,
    last: i64,
) -> Result<Option<(i64, i64)>, Error> {
    let mut block = block;
    'blocks: while block <= last {
        let mut bits = -1_i64;
        for list in lists.iter_mut() {
            let Some(posting) = list.seek(store, block).await? else { return Ok(None) };
            if posting.block > block {
                block = posting.block;
                continue 'blocks;
            }
            bits &= posting.bits;
        }
        if bits != 0 {
            return Ok(Some((block, bits)));
        }
        block = block.saturating_add(1);
    }
    Ok(None)
}

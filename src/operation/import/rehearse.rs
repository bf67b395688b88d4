//! Trying an import out: everything happens in one transaction, so that records see each other and the database as
//! they would, and then all of it is undone.

use std::sync::Arc;

use async_trait::async_trait;
use parking_lot::Mutex;

use crate::audit::Events;
use crate::model::{Error, Kind};
use crate::operation::import::Plan;
use crate::operation::import::chunk::{Chunk, Work};
use crate::operation::import::cursor::{Cursor, Deferred, Refusal};
use crate::operation::import::entry::{Entry, Record, read};
use crate::store::{Touched, Unit, Write};

/// Where records come from, chunk by chunk; all records of a chunk are of one kind.
pub trait Records: Send {
    /// The next chunk; `None` at the end. The error says why the file cannot be read any further.
    fn next_chunk(&mut self) -> Result<Option<Vec<Record>>, String>;
}

/// Opens the records from their beginning; a transaction may have to run again.
pub type Opening = Box<dyn Fn() -> Result<Box<dyn Records>, String> + Send + Sync>;

/// What is told of a rehearsal while it goes on.
pub trait Watcher: Send + Sync {
    /// It begins, perhaps once more: what was told before is void.
    fn begin(&self);
    /// A chunk was dealt with.
    fn chunk(&self, refused: &[Refusal], cursor: &Cursor);
}

/// How a rehearsal ended.
#[derive(Debug, Clone)]
pub struct Rehearsed {
    /// What would have come of the import.
    pub cursor: Cursor,
    /// Why the file could not be read to its end.
    pub broken: Option<String>,
}

struct Rehearsal {
    plan: Arc<Plan>,
    open: Opening,
    watcher: Arc<dyn Watcher>,
    outcome: Mutex<Option<Rehearsed>>,
}

/// Groups of references that wait, by kind.
pub fn by_kind(deferred: &[Deferred]) -> Vec<(Kind, Vec<Deferred>)> {
    let mut groups: Vec<(Kind, Vec<Deferred>)> = Vec::new();
    for late in deferred {
        let Some(kind) = Kind::named(&late.kind) else { continue };
        match groups.last_mut() {
            Some((known, group)) if *known == kind && group.len() < 1_000 => group.push(late.clone()),
            _ => groups.push((kind, vec![late.clone()])),
        }
    }
    groups
}

impl Rehearsal {
    async fn step(
        &self,
        tx: &mut dyn Write,
        kind: Kind,
        work: Work,
        before: Cursor,
    ) -> Result<Cursor, Error> {
        let chunk = Chunk::new(&self.plan, kind, Arc::new(work), before);
        let (outcome, cursor) = chunk.write(tx, &mut Events::default()).await?;
        self.watcher.chunk(&outcome.refused, &cursor);
        Ok(cursor)
    }

    async fn rehearse(&self, tx: &mut dyn Write) -> Result<Rehearsed, Error> {
        self.watcher.begin();
        let mut cursor = Cursor::default();
        let mut records = match (self.open)() {
            Ok(records) => records,
            Err(broken) => return Ok(Rehearsed { cursor, broken: Some(broken) }),
        };
        loop {
            let chunk = match records.next_chunk() {
                Ok(Some(chunk)) => chunk,
                Ok(None) => break,
                Err(broken) => return Ok(Rehearsed { cursor, broken: Some(broken) }),
            };
            let Some(kind) = chunk.first().map(|record| record.kind) else { continue };
            let registry = tx.registry();
            let entries: Vec<Entry> =
                chunk.into_iter().map(|record| read(&self.plan, &registry, record)).collect();
            cursor = self.step(tx, kind, Work::Records(entries), cursor).await?;
        }
        for (kind, late) in by_kind(&cursor.deferred.clone()) {
            cursor = self.step(tx, kind, Work::Settle(late), cursor).await?;
        }
        Ok(Rehearsed { cursor, broken: None })
    }
}

#[async_trait]
impl Unit for Rehearsal {
    async fn run(&self, tx: &mut dyn Write) -> Result<Touched, Error> {
        let rehearsed = self.rehearse(tx).await?;
        *self.outcome.lock() = Some(rehearsed);
        // Only an error undoes the work.
        Err(Error::conflict("a rehearsal changes nothing"))
    }

    async fn refused(&self, _tx: &mut dyn Write, _error: &Error) -> Result<(), Error> {
        Ok(())
    }

    fn is_bulk(&self) -> bool {
        true
    }
}

/// Tries an import out and changes nothing.
pub async fn rehearse(
    plan: &Arc<Plan>,
    open: Opening,
    watcher: Arc<dyn Watcher>,
) -> Result<Rehearsed, Error> {
    let rehearsal = Arc::new(Rehearsal { plan: Arc::clone(plan), open, watcher, outcome: Mutex::new(None) });
    let undone = plan.engine.store.transact(Arc::clone(&rehearsal) as Arc<dyn Unit>).await;
    let outcome = rehearsal.outcome.lock().take();
    match (outcome, undone) {
        (Some(rehearsed), Err(Error::Conflict { .. })) => Ok(rehearsed),
        (_, Err(error)) => Err(error),
        (_, Ok(())) => Err(Error::internal("a rehearsal was committed")),
    }
}

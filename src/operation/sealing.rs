//! Sealing the audit trail: records get dense numbers and the hashes of the chain shortly after they were committed.
//!
//! One sealer at a time holds the job `seal`; whoever writes never waits for it. Should two work at once all the same,
//! the table of seals refuses the second: no number and no record is sealed twice. The cursor of the job is the
//! low-water mark: every record up to that row that will ever be committed is sealed. On PostgreSQL a record can be
//! committed after one with a higher row; so the mark only follows once every transaction that may have taken a lower
//! row has ended, and rows above it are looked through again.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;
use tokio::sync::{Notify, watch};
use uuid::Uuid;

use crate::audit::chain::Head;
use crate::model::{Error, Row};
use crate::store::job::{self, Lease};
use crate::store::trail::index::Index;
use crate::store::trail::{Horizon, NewSeal, SEAL_JOB, TrailRow};
use crate::store::{SharedStore, Touched, Unit, Write};
use crate::world::SharedWorld;

/// Records of one step: short enough that writers hardly notice.
pub const STEP: usize = 1_000;
/// How often unsealed records are looked for, whether or not something was heard of them.
const POLL: Duration = Duration::from_millis(400);
/// The pause between two steps when there is little to do, so that records gather.
const GATHER: Duration = Duration::from_millis(50);
/// How long one who is not the sealer waits before asking again.
const AWAY: Duration = Duration::from_secs(2);
/// How long one that died keeps others away, microseconds.
const LEASE: i64 = 5_000_000;

/// What came of one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// So many records were sealed; there may be more.
    More(usize),
    /// So many records were sealed, and nothing waits.
    Done(usize),
    /// Another sealer is at it.
    ByAnother,
}

/// Seals.
pub struct Sealer {
    store: SharedStore,
    world: SharedWorld,
    lease: Lease,
    wake: Arc<Notify>,
    /// A row, and the transactions that may still commit records up to it.
    awaited: Mutex<Option<Horizon>>,
}

impl Sealer {
    /// A sealer that listens to the commits of `store`; it works once it is run.
    pub fn new(store: SharedStore, world: SharedWorld) -> Self {
        let wake = Arc::new(Notify::new());
        let told = Arc::clone(&wake);
        store.on_commit(Arc::new(move |touched: Touched| {
            // Its own commits touch nothing.
            if touched != Touched::default() {
                told.notify_one();
            }
        }));
        let lease = Lease { name: SEAL_JOB.to_owned(), owner: world.unordered_id() };
        Self { store, world, lease, wake, awaited: Mutex::new(None) }
    }

    /// Works until `stopped`; then seals what is committed and lets others go on.
    pub async fn run(self, mut stopped: watch::Receiver<bool>) {
        while !*stopped.borrow() {
            let pause = match self.all().await {
                Ok(Progress::ByAnother) => AWAY,
                Ok(_) => GATHER,
                Err(error) => {
                    tracing::error!(detail = ?error, "the audit trail could not be sealed on");
                    AWAY
                }
            };
            // Not cut short by commits: they gather meanwhile.
            if tokio::time::timeout(pause, stopped.changed()).await.is_ok() {
                continue;
            }
            tokio::select! {
                _ = stopped.changed() => {}
                () = self.wake.notified() => {}
                () = tokio::time::sleep(POLL) => {}
            }
        }
        if let Err(error) = self.finish().await {
            tracing::warn!(detail = ?error, "the last records are sealed by the next server");
        }
    }

    /// Seals everything that is committed and gives the job up; tells how many, or that another has it.
    pub async fn finish(&self) -> Result<Progress, Error> {
        let done = self.all().await?;
        if done != Progress::ByAnother {
            let cursor = self.store.audit_sealed().await?.low.to_string();
            job::release(self.store.as_ref(), &self.lease, &cursor).await?;
        }
        Ok(done)
    }

    async fn all(&self) -> Result<Progress, Error> {
        let mut sealed = 0;
        loop {
            // Looking costs nothing; a step is a transaction.
            let low = self.store.audit_sealed().await?.low;
            if self.store.audit_unsealed(low, 1).await?.is_empty() {
                return Ok(Progress::Done(sealed));
            }
            match self.step(STEP).await? {
                Progress::More(count) => sealed += count,
                Progress::Done(count) => return Ok(Progress::Done(sealed + count)),
                Progress::ByAnother => return Ok(Progress::ByAnother),
            }
            tokio::task::yield_now().await;
        }
    }

    /// One step: up to `limit` records sealed.
    pub async fn step(&self, limit: usize) -> Result<Progress, Error> {
        let step = Step {
            lease: self.lease.clone(),
            limit,
            now: self.world.now(),
            awaited: self.awaited.lock().clone(),
            outcome: Mutex::new((Progress::Done(0), None)),
        };
        let unit = Arc::new(step);
        self.store.transact(Arc::clone(&unit) as Arc<dyn Unit>).await?;
        let (progress, awaited) = unit.outcome.lock().clone();
        *self.awaited.lock() = awaited;
        Ok(progress)
    }

    /// Who works.
    pub fn owner(&self) -> Uuid {
        self.lease.owner
    }
}

struct Step {
    lease: Lease,
    limit: usize,
    now: i64,
    awaited: Option<Horizon>,
    outcome: Mutex<(Progress, Option<Horizon>)>,
}

/// The row up to which every record that will ever be committed is visible from now on, when that is known; and what
/// must be waited for next.
fn settled(awaited: Option<&Horizon>, now: Horizon) -> (Option<Row>, Option<Horizon>) {
    let ended = |before: &Horizon| before.writers.iter().all(|writer| !now.writers.contains(writer));
    match awaited {
        _ if now.writers.is_empty() => (Some(now.last), None),
        Some(before) if ended(before) => (Some(before.last), Some(now)),
        Some(before) => (None, Some(before.clone())),
        None => (None, Some(now)),
    }
}

impl Step {
    async fn advance(&self, tx: &mut dyn Write) -> Result<(Progress, Option<Horizon>), Error> {
        let Lease { name, owner } = &self.lease;
        let until = self.now.saturating_add(LEASE);
        // The job's row first: another sealer waits for it.
        let Some(cursor) = tx.acquire_job(name, *owner, self.now, until).await? else {
            return Ok((Progress::ByAnother, None));
        };
        let low: Row = cursor.parse().unwrap_or(0);
        let (safe, awaited) = settled(self.awaited.as_ref(), tx.audit_horizon().await?);
        let rows = tx.unsealed(low, self.limit).await?;
        let all = rows.len() < self.limit;
        let safe = match rows.last() {
            Some(last) if !all => safe.map(|safe| safe.min(last.row)),
            _ => safe,
        };
        seal(tx, &rows).await?;
        let low = safe.map_or(low, |safe| safe.max(low));
        tx.renew_job(&self.lease, &low.to_string(), self.now, until).await?;
        let progress = if all { Progress::Done(rows.len()) } else { Progress::More(rows.len()) };
        Ok((progress, awaited))
    }
}

async fn seal(tx: &mut dyn Write, rows: &[TrailRow]) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let last = tx.last_seal().await?;
    let hash = last.hash.try_into().map_err(|_| Error::internal("the last seal is damaged"))?;
    let mut head = Head { seq: last.seq, hash };
    let mut seals = Vec::with_capacity(rows.len());
    for held in rows {
        head = head.next(&held.record.canonical);
        seals.push(NewSeal { seq: head.seq, row: held.row, hash: head.hash });
    }
    tx.put_seals(&seals).await?;
    let latest = tx.latest_sealed().await?;
    let numbered = seals.iter().zip(rows).map(|(seal, held)| (seal.seq, &held.record));
    tx.put_index(&Index::of(numbered, latest)).await
}

#[async_trait]
impl Unit for Step {
    async fn run(&self, tx: &mut dyn Write) -> Result<Touched, Error> {
        let outcome = self.advance(tx).await?;
        *self.outcome.lock() = outcome;
        Ok(Touched::default())
    }

    async fn refused(&self, _tx: &mut dyn Write, _error: &Error) -> Result<(), Error> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn horizon(last: Row, writers: &[&str]) -> Horizon {
        Horizon { last, writers: writers.iter().map(|name| (*name).to_owned()).collect() }
    }

    #[test]
    fn the_mark_waits_for_every_transaction_that_may_have_taken_a_lower_row() {
        assert_eq!(settled(None, horizon(9, &[])), (Some(9), None));
        let first = horizon(9, &["3/1", "4/7"]);
        assert_eq!(settled(None, first.clone()), (None, Some(first.clone())));
        // One of them still runs; who came since does not matter.
        assert_eq!(settled(Some(&first), horizon(12, &["4/7", "5/1"])), (None, Some(first.clone())));
        let next = horizon(15, &["3/2", "5/1"]);
        assert_eq!(settled(Some(&first), next.clone()), (Some(9), Some(next)));
        assert_eq!(settled(Some(&first), horizon(20, &[])), (Some(20), None));
    }
}

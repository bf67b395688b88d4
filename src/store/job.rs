//! Leases on the work in the background (mail, sealing, retention, index building): one runner of a job at a
//! time in the whole installation, with a cursor that the next one takes over.

use std::sync::Arc;

use async_trait::async_trait;
use parking_lot::Mutex;
use uuid::Uuid;

use crate::model::Error;
use crate::store::{Store, Touched, Unit, Write};

/// What can be done with leases within a transaction.
#[async_trait]
pub trait Jobs: Send {
    /// Takes the lease on job `name` until `until` and returns the cursor (empty the first time); `None` while
    /// another owner holds it beyond `now`. Instants are microseconds.
    async fn acquire_job(
        &mut self,
        name: &str,
        owner: Uuid,
        now: i64,
        until: i64,
    ) -> Result<Option<String>, Error>;

    /// Moves the cursor and the end of the lease; false when the lease was lost.
    async fn renew_job(&mut self, lease: &Lease, cursor: &str, now: i64, until: i64) -> Result<bool, Error>;

    /// Moves the cursor and gives the lease up; false when it was lost.
    async fn release_job(&mut self, lease: &Lease, cursor: &str) -> Result<bool, Error>;
}

/// Who holds which job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The job.
    pub name: String,
    /// The holder.
    pub owner: Uuid,
}

enum Step {
    Acquire { now: i64, until: i64 },
    Renew { cursor: String, now: i64, until: i64 },
    Release { cursor: String },
}

struct LeaseUnit {
    lease: Lease,
    step: Step,
    outcome: Mutex<Option<String>>,
}

#[async_trait]
impl Unit for LeaseUnit {
    async fn run(&self, tx: &mut dyn Write) -> Result<Touched, Error> {
        let Lease { name, owner } = &self.lease;
        let outcome = match &self.step {
            Step::Acquire { now, until } => tx.acquire_job(name, *owner, *now, *until).await?,
            Step::Renew { cursor, now, until } => {
                tx.renew_job(&self.lease, cursor, *now, *until).await?.then(String::new)
            }
            Step::Release { cursor } => tx.release_job(&self.lease, cursor).await?.then(String::new),
        };
        *self.outcome.lock() = outcome;
        Ok(Touched::default())
    }

    async fn refused(&self, _tx: &mut dyn Write, _error: &Error) -> Result<(), Error> {
        Ok(())
    }
}

async fn perform(store: &dyn Store, lease: &Lease, step: Step) -> Result<Option<String>, Error> {
    let unit = Arc::new(LeaseUnit { lease: lease.clone(), step, outcome: Mutex::new(None) });
    store.transact(Arc::clone(&unit) as Arc<dyn Unit>).await?;
    let outcome = unit.outcome.lock().take();
    Ok(outcome)
}

/// Takes a lease in a transaction of its own; see [`Jobs::acquire_job`].
pub async fn acquire(
    store: &dyn Store,
    lease: &Lease,
    now: i64,
    until: i64,
) -> Result<Option<String>, Error> {
    perform(store, lease, Step::Acquire { now, until }).await
}

/// Prolongs a lease in a transaction of its own; see [`Jobs::renew_job`].
pub async fn renew(
    store: &dyn Store,
    lease: &Lease,
    cursor: &str,
    (now, until): (i64, i64),
) -> Result<bool, Error> {
    perform(store, lease, Step::Renew { cursor: cursor.to_owned(), now, until })
        .await
        .map(|held| held.is_some())
}

/// Gives a lease up in a transaction of its own; see [`Jobs::release_job`].
pub async fn release(store: &dyn Store, lease: &Lease, cursor: &str) -> Result<bool, Error> {
    perform(store, lease, Step::Release { cursor: cursor.to_owned() }).await.map(|held| held.is_some())
}

//! Building the index of an attribute that became searchable while it had values, and clearing that of one that is
//! searchable no more: in the background, a few entities at a time, resumed by whoever finds it unfinished.
//!
//! First the keys that stand there are cleared, then every entity of the kind gets its keys. Writers write keys
//! meanwhile as always; searching is refused until the end. The cursor of the job commits with each step.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;
use tokio::sync::{Notify, watch};
use uuid::Uuid;

use crate::model::{AttrId, Error};
use crate::store::declaration::index_job;
use crate::store::job::{self, Lease};
use crate::store::{SharedStore, Touched, Unit, Write};
use crate::world::SharedWorld;

/// Entities, or keys, of one step: short enough that writers hardly notice.
const STEP: usize = 500;
/// How often unfinished indexes are looked for, whether or not something was heard of them.
const POLL: Duration = Duration::from_secs(10);
/// How long one that died keeps others away, microseconds.
const LEASE: i64 = 10_000_000;
const CLEARING: &str = "";
const BUILDING: &str = "build ";

/// What came of one step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// There is more to do; the cursor.
    More(String),
    /// The index is as declared.
    Done,
    /// Another builder is at it.
    ByAnother,
}

/// Builds and clears indexes.
pub struct IndexBuilder {
    store: SharedStore,
    world: SharedWorld,
    owner: Uuid,
    wake: Arc<Notify>,
}

impl IndexBuilder {
    /// A builder that listens to the commits of `store`; it works once it is run.
    pub fn new(store: SharedStore, world: SharedWorld) -> Self {
        let wake = Arc::new(Notify::new());
        let told = Arc::clone(&wake);
        store.on_commit(Arc::new(move |touched: Touched| {
            if touched.has_registry() {
                told.notify_one();
            }
        }));
        let owner = world.unordered_id();
        Self { store, world, owner, wake }
    }

    /// Works until `stopped`.
    pub async fn run(self, mut stopped: watch::Receiver<bool>) {
        while !*stopped.borrow() {
            if let Err(error) = self.finish_all(&stopped).await {
                tracing::error!(detail = ?error, "an index could not be built on");
            }
            tokio::select! {
                _ = stopped.changed() => {}
                () = self.wake.notified() => {}
                () = tokio::time::sleep(POLL) => {}
            }
        }
    }

    async fn finish_all(&self, stopped: &watch::Receiver<bool>) -> Result<(), Error> {
        for attr in self.store.unfinished_indexes().await? {
            self.finish(attr, stopped).await?;
        }
        Ok(())
    }

    async fn finish(&self, attr: AttrId, stopped: &watch::Receiver<bool>) -> Result<(), Error> {
        loop {
            match self.step(attr, STEP).await? {
                Progress::ByAnother => return Ok(()),
                Progress::Done => {
                    tracing::info!(attribute = attr.0, "an index is ready");
                    return Ok(());
                }
                Progress::More(cursor) if *stopped.borrow() => {
                    // Whoever comes next need not wait for the lease to end.
                    job::release(self.store.as_ref(), &self.lease(attr), &cursor).await?;
                    return Ok(());
                }
                Progress::More(_) => tokio::task::yield_now().await,
            }
        }
    }

    fn lease(&self, attr: AttrId) -> Lease {
        Lease { name: index_job(attr), owner: self.owner }
    }

    /// One step: up to `limit` keys cleared, or entities looked at.
    pub async fn step(&self, attr: AttrId, limit: usize) -> Result<Progress, Error> {
        let now = self.world.now();
        let step = Step { lease: self.lease(attr), attr, limit, now, progress: Mutex::new(Progress::Done) };
        let unit = Arc::new(step);
        self.store.transact(Arc::clone(&unit) as Arc<dyn Unit>).await?;
        let progress = unit.progress.lock().clone();
        Ok(progress)
    }
}

struct Step {
    lease: Lease,
    attr: AttrId,
    limit: usize,
    now: i64,
    progress: Mutex<Progress>,
}

impl Step {
    async fn advance(&self, tx: &mut dyn Write) -> Result<Progress, Error> {
        let Lease { name, owner } = &self.lease;
        // The job's row first: who declares the attribute anew waits for it, or has forgotten it already.
        let until = self.now.saturating_add(LEASE);
        let Some(cursor) = tx.acquire_job(name, *owner, self.now, until).await? else {
            return Ok(Progress::ByAnother);
        };
        let registry = tx.registry();
        let Some(attribute) = registry.numbered(self.attr) else { return Ok(Progress::Done) };
        let indexed = attribute.index.has_keys();
        let after = cursor.strip_prefix(BUILDING).filter(|_| indexed).and_then(|row| row.parse().ok());
        let next = match after {
            None => {
                let cleared = tx.clear_index(self.attr, self.limit).await?;
                if usize::try_from(cleared).is_ok_and(|cleared| cleared < self.limit) {
                    indexed.then(|| format!("{BUILDING}0"))
                } else {
                    Some(CLEARING.to_owned())
                }
            }
            Some(after) => {
                let last = tx.build_index(attribute.kind, self.attr, (after, self.limit)).await?;
                last.map(|row| format!("{BUILDING}{row}"))
            }
        };
        let Some(cursor) = next else {
            tx.index_ready(self.attr, indexed).await?;
            return Ok(Progress::Done);
        };
        tx.renew_job(&self.lease, &cursor, self.now, until).await?;
        Ok(Progress::More(cursor))
    }
}

#[async_trait]
impl Unit for Step {
    async fn run(&self, tx: &mut dyn Write) -> Result<Touched, Error> {
        let progress = self.advance(tx).await?;
        *self.progress.lock() = progress;
        Ok(Touched::default())
    }

    async fn refused(&self, _tx: &mut dyn Write, _error: &Error) -> Result<(), Error> {
        Ok(())
    }
}

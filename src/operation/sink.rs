//! Audit records that belong to no change — refusals and reads — written in groups, so that many at once share one
//! commit.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::model::Error;
use crate::store::{AuditRow, SharedStore, Touched, Unit, Write};

/// The most records that wait for a commit; more are refused, as the store cannot keep up.
const MOST_WAITING: usize = 20_000;
/// The most records of one group.
const GROUP: usize = 1_000;
/// How long records may wait that nobody waits for.
const DEFERRAL: Duration = Duration::from_millis(500);

struct Waiting {
    rows: Vec<AuditRow>,
    told: Option<oneshot::Sender<Result<(), Error>>>,
}

#[derive(Default)]
struct Queue {
    waiting: Vec<Waiting>,
    records: usize,
    /// Whether somebody writes, and will look again before it stops.
    writing: bool,
    /// Whether somebody will write in a moment.
    due: bool,
}

/// Writes records in groups.
pub struct Sink {
    store: SharedStore,
    queue: Mutex<Queue>,
}

struct Append(Arc<Vec<AuditRow>>);

#[async_trait]
impl Unit for Append {
    async fn run(&self, tx: &mut dyn Write) -> Result<Touched, Error> {
        tx.append_audit(&self.0).await?;
        Ok(Touched::default())
    }

    async fn refused(&self, _tx: &mut dyn Write, _error: &Error) -> Result<(), Error> {
        Ok(())
    }
}

impl Sink {
    /// Writes to `store`.
    pub fn new(store: SharedStore) -> Self {
        Self { store, queue: Mutex::default() }
    }

    /// Writes records; when this returns they are durable. Error 6 when they could not be written.
    pub async fn write(self: &Arc<Self>, rows: Vec<AuditRow>) -> Result<(), Error> {
        let (told, heard) = oneshot::channel();
        self.enter(Waiting { rows, told: Some(told) })?;
        self.start();
        heard.await.unwrap_or_else(|_| Err(Error::unavailable("audit: the writer went away")))
    }

    /// Writes records within a second; a crash before loses them. Error 6 when too many wait already.
    pub fn write_later(self: &Arc<Self>, rows: Vec<AuditRow>) -> Result<(), Error> {
        self.enter(Waiting { rows, told: None })?;
        if !std::mem::replace(&mut self.queue.lock().due, true) {
            let sink = Arc::clone(self);
            tokio::spawn(async move {
                tokio::time::sleep(DEFERRAL).await;
                sink.queue.lock().due = false;
                sink.start();
            });
        }
        Ok(())
    }

    /// Writes what waits; nothing waits any longer when this returns.
    pub async fn flush(self: &Arc<Self>) -> Result<(), Error> {
        self.write(Vec::new()).await
    }

    fn enter(&self, waiting: Waiting) -> Result<(), Error> {
        let mut queue = self.queue.lock();
        if queue.records.saturating_add(waiting.rows.len()) > MOST_WAITING {
            return Err(Error::unavailable("audit: too many records wait to be written"));
        }
        queue.records += waiting.rows.len();
        queue.waiting.push(waiting);
        Ok(())
    }

    /// Makes somebody write what waits, apart from the one who asked: it may hang up.
    fn start(self: &Arc<Self>) {
        if !std::mem::replace(&mut self.queue.lock().writing, true) {
            let sink = Arc::clone(self);
            tokio::spawn(async move { sink.drain().await });
        }
    }

    async fn drain(&self) {
        while let Some(group) = self.take() {
            let counts: Vec<usize> = group.iter().map(|one| one.rows.len()).collect();
            let (rows, told): (Vec<_>, Vec<_>) = group.into_iter().map(|one| (one.rows, one.told)).unzip();
            let rows: Arc<Vec<AuditRow>> = Arc::new(rows.into_iter().flatten().collect());
            let written = self.append(Arc::clone(&rows)).await;
            // A record that the database does not take is the fault of one, and not of all who wait with it.
            let each_alone = matches!(written, Err(Error::Internal { .. })) && told.len() > 1;
            let mut rest = rows.as_slice();
            for (told, count) in told.into_iter().zip(counts) {
                let (own, others) = rest.split_at(count.min(rest.len()));
                rest = others;
                let written =
                    if each_alone { self.append(Arc::new(own.to_vec())).await } else { written.clone() };
                match (told, written) {
                    // Who does not listen any more has hung up.
                    (Some(told), written) => drop(told.send(written)),
                    (None, Err(error)) => tracing::error!(?error, "records of reads were lost"),
                    (None, Ok(())) => {}
                }
            }
        }
    }

    async fn append(&self, rows: Arc<Vec<AuditRow>>) -> Result<(), Error> {
        if rows.is_empty() { Ok(()) } else { self.store.transact(Arc::new(Append(rows))).await }
    }

    /// The next group; `None`, and nobody writes any more, when nothing waits.
    fn take(&self) -> Option<Vec<Waiting>> {
        let mut queue = self.queue.lock();
        let mut records = 0;
        let mut fits = |one: &Waiting| {
            records += one.rows.len();
            records <= GROUP
        };
        let count = queue.waiting.iter().take_while(|one| fits(one)).count().max(1);
        if queue.waiting.is_empty() {
            queue.writing = false;
            return None;
        }
        let rest = queue.waiting.split_off(count);
        let group = std::mem::replace(&mut queue.waiting, rest);
        queue.records -= group.iter().map(|one| one.rows.len()).sum::<usize>();
        Some(group)
    }
}

impl std::fmt::Debug for Sink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sink").field("records", &self.queue.lock().records).finish_non_exhaustive()
    }
}

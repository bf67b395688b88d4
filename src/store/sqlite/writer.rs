//! The one writer: a thread that owns the only writing connection and lends it to one change at a time.
//!
//! Changes that wait together share a commit. Each runs within a savepoint; a refused one is undone to it and
//! leaves only its refusal. Answers leave after the commit; when the commit fails, or the disk does, everyone
//! in the group is told so and nothing has happened.

use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use tokio::sync::{mpsc, oneshot};

use crate::model::{Error, Registry};
use crate::store::Touched;
use crate::store::convert::Trouble;
use crate::store::repair::Work;
use crate::store::shared::Shared;
use crate::store::sqlite::driver::Link;
use crate::store::sqlite::hot::Hot;
use crate::store::sqlite::registry_now;
use crate::store::sqlite::tx::Tx;

/// The most changes in one commit.
const GROUP: usize = 64;
/// How long a group stays open for more.
const GROUP_TIME: Duration = Duration::from_millis(5);
/// Begins a group and its first member; the commit of the group ends its last member.
const FIRST_MEMBER: &str = "BEGIN IMMEDIATE; SAVEPOINT member";
/// Begins the group of a bulk change, which is alone in it: no savepoint, whose journal would copy every page.
const ALONE: &str = "BEGIN IMMEDIATE";
/// Lets the log grow to so many pages before a commit copies them into the file.
const SHORT_LOG: &str = "PRAGMA wal_autocheckpoint = 4000";
/// The same while bulk changes follow each other: they write the same pages again and again, and each need be copied
/// only once.
const LONG_LOG: &str = "PRAGMA wal_autocheckpoint = 32768";
/// Ends a member and begins the next one.
const NEXT_MEMBER: &str = "RELEASE member; SAVEPOINT member";
/// How long one change may keep the writer; bulk changes are exempt.
const LEASE: Duration = Duration::from_secs(2);
/// How often commits of other processes are looked for while there is nothing to write.
const WATCH: Duration = Duration::from_millis(200);

/// A change that waits for the writer.
pub(super) struct Job {
    pub(super) work: Work,
    pub(super) reply: Reply,
}

/// What the writer is told.
pub(super) enum Message {
    Job(Job),
    Close(oneshot::Sender<()>),
}

pub(super) struct Writer {
    path: PathBuf,
    /// The most pages the file may have.
    max_pages: Option<u32>,
    /// `None` after a failure that the next group answers with a new connection.
    connection: Option<Link>,
    /// The connection's count of other connections' commits; `None` when it was not asked yet.
    version: Option<i64>,
    /// Whether the last change was a bulk change.
    bulk: bool,
    shared: Arc<Shared>,
    hot: Arc<Hot>,
}

type Reply = oneshot::Sender<Result<(), Error>>;

/// A group while it is open.
#[derive(Default)]
struct Group {
    answers: Vec<(Reply, Result<(), Error>)>,
    touched: Option<Touched>,
    registry: Option<Arc<Registry>>,
}

/// Serves on a thread of its own: statements run where the change runs, and nothing is handed over between them.
pub(super) fn start(writer: Writer, messages: mpsc::Receiver<Message>) -> Result<(), Error> {
    let failed = |error: std::io::Error| Error::unavailable(format!("cannot start the writer: {error}"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().map_err(failed)?;
    let serve = move || runtime.block_on(writer.serve(messages));
    std::thread::Builder::new().name("writer".to_owned()).spawn(serve).map_err(failed)?;
    Ok(())
}

impl Writer {
    pub(super) fn new((path, max_pages): (PathBuf, Option<u32>), shared: Arc<Shared>, hot: Arc<Hot>) -> Self {
        Self { path, max_pages, connection: None, version: None, bulk: false, shared, hot }
    }

    /// Serves until it is closed or nobody can send any more.
    pub(super) async fn serve(mut self, mut messages: mpsc::Receiver<Message>) {
        let mut waiting: Option<Message> = None;
        loop {
            let message = match waiting.take() {
                Some(message) => message,
                None => match tokio::time::timeout(WATCH, messages.recv()).await {
                    Ok(Some(message)) => message,
                    Ok(None) => return self.close(),
                    Err(_) => {
                        self.watch();
                        continue;
                    }
                },
            };
            match message {
                Message::Job(job) => waiting = self.group(job, &mut messages).await,
                Message::Close(done) => {
                    messages.close();
                    self.close();
                    _ = done.send(());
                    return;
                }
            }
        }
    }

    fn close(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        // Leaves one file behind instead of a long log; readers elsewhere may prevent it, which is no loss.
        if let Err(error) = connection.batch("PRAGMA wal_checkpoint(TRUNCATE)") {
            tracing::debug!(%error, "the log was not truncated");
        }
    }

    fn watch(&mut self) {
        if self.connect().is_ok()
            && let Err(error) = self.notice_others()
        {
            tracing::warn!(%error, "cannot look for commits of other processes");
            self.connection = None;
        }
    }

    /// The connection, opened when there is none.
    pub(super) fn connect(&mut self) -> Result<&mut Link, Error> {
        if self.connection.is_none() {
            let connection = Link::open(&self.path)?;
            if let Some(pages) = self.max_pages {
                connection.batch(&format!("PRAGMA max_page_count = {pages}"))?;
            }
            // A new connection counts anew: what others did in between is unknown. The count is taken before
            // anything is read, so that no commit falls between the two.
            let counted_before = self.version.replace(data_version(&connection)?).is_some();
            self.connection = Some(connection);
            self.bulk = false;
            if counted_before {
                self.changed_by_others()?;
            }
        }
        self.connection.as_mut().ok_or_else(|| Error::unavailable("no connection"))
    }

    fn notice_others(&mut self) -> Result<(), Error> {
        let Some(connection) = self.connection.as_mut() else { return Ok(()) };
        let version = data_version(connection)?;
        if self.version.replace(version) == Some(version) { Ok(()) } else { self.changed_by_others() }
    }

    fn changed_by_others(&self) -> Result<(), Error> {
        self.shared.set_registry(Arc::new(registry_now(&self.hot)?));
        self.shared.announce(Touched::ALL);
        Ok(())
    }

    /// Commits `first` and what waits behind it; returns a message that must wait for the next group.
    async fn group(&mut self, first: Job, messages: &mut mpsc::Receiver<Message>) -> Option<Message> {
        let mut group = Group::default();
        let mut next = None;
        let outcome = self.fill(&mut group, first, messages, &mut next).await;
        let outcome = match outcome {
            Ok(()) => self.commit(),
            Err(error) => Err(error),
        };
        match outcome {
            Ok(()) => {
                if let Some(registry) = group.registry {
                    self.shared.set_registry(registry);
                }
                if let Some(touched) = group.touched {
                    self.shared.announce(touched);
                }
                for (reply, answer) in group.answers {
                    _ = reply.send(answer);
                }
            }
            Err(error) => {
                tracing::error!(detail = ?error, members = group.answers.len(), "a group of changes was not committed");
                self.abandon();
                for (reply, _) in group.answers {
                    _ = reply.send(Err(Error::unavailable("the group was not committed")));
                }
            }
        }
        next
    }

    fn commit(&mut self) -> Result<(), Error> {
        let connection = self.connect()?;
        connection.batch("COMMIT")
    }

    /// Rolls back and gives the connection up: whatever state it is in, the next group starts from a sound one.
    fn abandon(&mut self) {
        if let Some(connection) = self.connection.take()
            && let Err(error) = connection.batch("ROLLBACK")
        {
            tracing::debug!(%error, "rolling a failed group back");
        }
    }

    /// Runs members until the group closes; an error ends the group.
    async fn fill(
        &mut self,
        group: &mut Group,
        first: Job,
        messages: &mut mpsc::Receiver<Message>,
        next: &mut Option<Message>,
    ) -> Result<(), Error> {
        let opened = Instant::now();
        let mut job = first;
        if let Err(error) = self.begin(job.work.is_bulk()) {
            group.answers.push((job.reply, Ok(())));
            return Err(error);
        }
        loop {
            let bulk = job.work.is_bulk();
            let registry = group.registry.clone().unwrap_or_else(|| self.shared.registry());
            let connection = self.connect()?;
            if !group.answers.is_empty() {
                connection.batch(NEXT_MEMBER)?;
            }
            let ended = member(connection, registry, &job.work).await;
            let fatal = group.add(job.reply, ended);
            if let Some(error) = fatal {
                return Err(error);
            }
            if bulk || group.answers.len() >= GROUP || opened.elapsed() >= GROUP_TIME {
                return Ok(());
            }
            match messages.try_recv() {
                Ok(Message::Job(next_job)) if !next_job.work.is_bulk() => job = next_job,
                Ok(message) => {
                    *next = Some(message);
                    return Ok(());
                }
                Err(_) => return Ok(()),
            }
        }
    }

    fn begin(&mut self, bulk: bool) -> Result<(), Error> {
        self.connect()?;
        let was_bulk = std::mem::replace(&mut self.bulk, bulk);
        let connection = self.connect()?;
        if bulk != was_bulk {
            connection.batch(if bulk { LONG_LOG } else { SHORT_LOG })?;
        }
        connection.batch(if bulk { ALONE } else { FIRST_MEMBER })?;
        self.notice_others()
    }
}

impl Group {
    /// Notes how a member ended; returns the error that ends the group.
    fn add(&mut self, reply: Reply, ended: Ended) -> Option<Error> {
        let (answer, fatal) = match ended {
            Ended::Done(touched, registry) => {
                self.touched = Some(Touched(self.touched.unwrap_or_default().0 | touched.0));
                self.registry = registry.or(self.registry.take());
                (Ok(()), None)
            }
            Ended::Refused(error) => (Err(error), None),
            Ended::Lost(error) => (Ok(()), Some(error)),
        };
        self.answers.push((reply, answer));
        fatal
    }
}

/// How a member ended.
enum Ended {
    /// Its changes stand in the open transaction.
    Done(Touched, Option<Arc<Registry>>),
    /// It was undone; its refusal stands in the open transaction.
    Refused(Error),
    /// The transaction is lost.
    Lost(Error),
}

async fn member(connection: &mut Link, registry: Arc<Registry>, work: &Work) -> Ended {
    match try_member(connection, registry, work).await {
        Ok(ended) => ended,
        Err(error) => Ended::Lost(error),
    }
}

async fn try_member(connection: &mut Link, registry: Arc<Registry>, work: &Work) -> Result<Ended, Error> {
    let (outcome, declared) = attempt(connection, Arc::clone(&registry), work, None).await?;
    let error = match outcome {
        Ok(touched) => {
            return Ok(Ended::Done(touched, declared));
        }
        Err(error) => error,
    };
    undo(connection, work)?;
    let (recorded, _) = attempt(connection, registry, work, Some(&error)).await?;
    let answer = match recorded {
        Ok(_) => error,
        Err(failure) => {
            undo(connection, work)?;
            tracing::error!(detail = ?failure, refusal = ?error, "the records of a refusal could not be written");
            Error::unavailable("the records of a refusal could not be written")
        }
    };
    Ok(Ended::Refused(answer))
}

/// Undoes what the work has done, and nothing of those before it in the group.
fn undo(connection: &Link, work: &Work) -> Result<(), Error> {
    connection.batch(if work.is_bulk() { "ROLLBACK; BEGIN IMMEDIATE" } else { "ROLLBACK TO member" })
}

type Attempt = (Result<Touched, Error>, Option<Arc<Registry>>);

/// Runs the work, or the records of its refusal; the outer error is one that ends the group.
async fn attempt(
    connection: &mut Link,
    registry: Arc<Registry>,
    work: &Work,
    refused: Option<&Error>,
) -> Result<Attempt, Error> {
    let lease = (!work.is_bulk()).then_some(LEASE);
    // Its statements end when the time is up; so does waiting for anything else.
    connection.lend(lease);
    let mut tx = Tx::new(connection, registry);
    let lent = async {
        match refused {
            None => work.run(&mut tx).await,
            Some(error) => work.refused(&mut tx, error).await.map(|()| Touched::default()),
        }
    };
    let guarded = AssertUnwindSafe(lent).catch_unwind();
    let lease = lease.unwrap_or(Duration::MAX);
    let outcome = match tokio::time::timeout(lease, guarded).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) => Err(Error::internal("a change panicked")),
        Err(_) => Err(Error::unavailable("a change kept the writer for more than two seconds")),
    };
    // Who goes on after a failure must not commit half of it.
    let outcome = match (outcome, tx.failed()) {
        (Ok(_), Some(failure)) => Err(failure.clone()),
        (outcome, _) => outcome,
    };
    if let (Err(error), Some(Trouble::Away)) = (&outcome, tx.trouble()) {
        return Err(error.clone());
    }
    let declared = if outcome.is_ok() { tx.declared() } else { None };
    Ok((outcome.map(|touched| tx.touched(touched)), declared))
}

/// The count of commits by other connections, as this one has noticed them.
fn data_version(connection: &Link) -> Result<i64, Error> {
    connection.number("PRAGMA data_version")
}

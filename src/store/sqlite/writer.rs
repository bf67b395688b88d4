//! The one writer: a task that owns the only writing connection and lends it to one change at a time.
//!
//! Changes that wait together share a commit. Each runs within a savepoint; a refused one is undone to it and
//! leaves only its refusal. Answers leave after the commit; when the commit fails, or the disk does, everyone
//! in the group is told so and nothing has happened.

use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection};
use tokio::sync::{mpsc, oneshot};

use crate::model::{Error, Registry};
use crate::store::Touched;
use crate::store::convert::{self, Trouble};
use crate::store::repair::Work;
use crate::store::shared::Shared;
use crate::store::sqlite::hot::Hot;
use crate::store::sqlite::registry_now;
use crate::store::sqlite::tx::Tx;

/// The most changes in one commit.
const GROUP: usize = 64;
/// How long a group stays open for more.
const GROUP_TIME: Duration = Duration::from_millis(5);
/// Begins a group and its first member. Each call hands over to the connection's thread, so what belongs together is
/// one call; the commit of the group ends its last member.
const FIRST_MEMBER: &str = "BEGIN IMMEDIATE; SAVEPOINT member";
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

/// How the connection that writes (or checks) is opened.
pub(in crate::store) fn options(path: &std::path::Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(5))
        .pragma("cache_size", "-65536")
        .pragma("wal_autocheckpoint", "4000")
        .pragma("journal_size_limit", "67108864")
        .disable_statement_logging()
}

pub(super) struct Writer {
    path: PathBuf,
    /// `None` after a failure that the next group answers with a new connection.
    connection: Option<SqliteConnection>,
    /// The connection's count of other connections' commits; `None` when it was not asked yet.
    version: Option<i64>,
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

impl Writer {
    pub(super) fn new(path: PathBuf, shared: Arc<Shared>, hot: Arc<Hot>) -> Self {
        Self { path, connection: None, version: None, shared, hot }
    }

    /// Serves until it is closed or nobody can send any more.
    pub(super) async fn serve(mut self, mut messages: mpsc::Receiver<Message>) {
        let mut waiting: Option<Message> = None;
        loop {
            let message = match waiting.take() {
                Some(message) => message,
                None => match tokio::time::timeout(WATCH, messages.recv()).await {
                    Ok(Some(message)) => message,
                    Ok(None) => return self.close().await,
                    Err(_) => {
                        self.watch().await;
                        continue;
                    }
                },
            };
            match message {
                Message::Job(job) => waiting = self.group(job, &mut messages).await,
                Message::Close(done) => {
                    messages.close();
                    self.close().await;
                    _ = done.send(());
                    return;
                }
            }
        }
    }

    async fn close(&mut self) {
        let Some(mut connection) = self.connection.take() else { return };
        // Leaves one file behind instead of a long log; readers elsewhere may prevent it, which is no loss.
        if let Err(error) = execute(&mut connection, "PRAGMA wal_checkpoint(TRUNCATE)").await {
            tracing::debug!(%error, "the log was not truncated");
        }
        if let Err(error) = connection.close().await {
            tracing::warn!(%error, "closing the database");
        }
    }

    async fn watch(&mut self) {
        if self.connect().await.is_ok()
            && let Err(error) = self.notice_others().await
        {
            tracing::warn!(%error, "cannot look for commits of other processes");
            self.connection = None;
        }
    }

    /// The connection, opened when there is none.
    pub(super) async fn connect(&mut self) -> Result<&mut SqliteConnection, Error> {
        if self.connection.is_none() {
            let mut connection = options(&self.path).connect().await.map_err(convert::plain)?;
            // A new connection counts anew: what others did in between is unknown. The count is taken before
            // anything is read, so that no commit falls between the two.
            let counted_before = self.version.replace(data_version(&mut connection).await?).is_some();
            self.connection = Some(connection);
            if counted_before {
                self.changed_by_others()?;
            }
        }
        self.connection.as_mut().ok_or_else(|| Error::unavailable("no connection"))
    }

    async fn notice_others(&mut self) -> Result<(), Error> {
        let Some(connection) = self.connection.as_mut() else { return Ok(()) };
        let version = data_version(connection).await?;
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
            Ok(()) => self.commit().await,
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
                self.abandon().await;
                for (reply, _) in group.answers {
                    _ = reply.send(Err(Error::unavailable("the group was not committed")));
                }
            }
        }
        next
    }

    async fn commit(&mut self) -> Result<(), Error> {
        let connection = self.connect().await?;
        execute(connection, "COMMIT").await
    }

    /// Rolls back and gives the connection up: whatever state it is in, the next group starts from a sound one.
    async fn abandon(&mut self) {
        if let Some(mut connection) = self.connection.take() {
            if let Err(error) = execute(&mut connection, "ROLLBACK").await {
                tracing::debug!(%error, "rolling a failed group back");
            }
            if let Err(error) = connection.close().await {
                tracing::debug!(%error, "closing after a failed group");
            }
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
        if let Err(error) = self.begin().await {
            group.answers.push((job.reply, Ok(())));
            return Err(error);
        }
        loop {
            let bulk = job.work.is_bulk();
            let registry = group.registry.clone().unwrap_or_else(|| self.shared.registry());
            let connection = self.connect().await?;
            if !group.answers.is_empty() {
                execute(connection, NEXT_MEMBER).await?;
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

    async fn begin(&mut self) -> Result<(), Error> {
        let connection = self.connect().await?;
        execute(connection, FIRST_MEMBER).await?;
        self.notice_others().await
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

async fn member(connection: &mut SqliteConnection, registry: Arc<Registry>, work: &Work) -> Ended {
    match try_member(connection, registry, work).await {
        Ok(ended) => ended,
        Err(error) => Ended::Lost(error),
    }
}

async fn try_member(
    connection: &mut SqliteConnection,
    registry: Arc<Registry>,
    work: &Work,
) -> Result<Ended, Error> {
    let (outcome, declared) = attempt(connection, Arc::clone(&registry), work, None).await?;
    let error = match outcome {
        Ok(touched) => {
            return Ok(Ended::Done(touched, declared));
        }
        Err(error) => error,
    };
    execute(connection, "ROLLBACK TO member").await?;
    let (recorded, _) = attempt(connection, registry, work, Some(&error)).await?;
    let answer = match recorded {
        Ok(_) => error,
        Err(failure) => {
            execute(connection, "ROLLBACK TO member").await?;
            tracing::error!(detail = ?failure, refusal = ?error, "the records of a refusal could not be written");
            Error::unavailable("the records of a refusal could not be written")
        }
    };
    Ok(Ended::Refused(answer))
}

type Attempt = (Result<Touched, Error>, Option<Arc<Registry>>);

/// Runs the work, or the records of its refusal; the outer error is one that ends the group.
async fn attempt(
    connection: &mut SqliteConnection,
    registry: Arc<Registry>,
    work: &Work,
    refused: Option<&Error>,
) -> Result<Attempt, Error> {
    let mut tx = Tx::new(connection, registry);
    let lent = async {
        match refused {
            None => work.run(&mut tx).await,
            Some(error) => work.refused(&mut tx, error).await.map(|()| Touched::default()),
        }
    };
    let guarded = AssertUnwindSafe(lent).catch_unwind();
    let lease = if work.is_bulk() { Duration::MAX } else { LEASE };
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
async fn data_version(connection: &mut SqliteConnection) -> Result<i64, Error> {
    sqlx::query_scalar("PRAGMA data_version").fetch_one(connection).await.map_err(convert::plain)
}

async fn execute(connection: &mut SqliteConnection, sql: &'static str) -> Result<(), Error> {
    sqlx::query(sql).execute(connection).await.map(|_| ()).map_err(convert::plain)
}

//! The store on one SQLite file: one writer task, readers on every thread.
//!
//! Must not open a second writing connection: the count of other processes' commits and the promise that a
//! change waits for no other rest on it.

pub(super) mod driver;
mod hot;
mod read;
mod writer;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use crate::model::registry::Attribute;
use crate::model::{AttrId, Error, Registry, Row, Stored};
use crate::store::answers::Kept;
use crate::store::look::View;
use crate::store::outbox::{HeldMail, OutboxQuery};
use crate::store::repair::{self, Place, Report, Runner, Walk, Work};
use crate::store::shared::Shared;
use crate::store::{Credential, Hit, Position, Read, Source, Store, Touched, Unit, columns, migrate, traits};
use driver::{DbRow, Link, Statement};
use hot::Hot;
use writer::{Job, Message, Writer};

/// How many changes may wait for the writer.
const QUEUE: usize = 1024;
/// How long a change waits for a place in the queue.
const PATIENCE: Duration = Duration::from_secs(5);
/// Up to this many hits are read on the calling thread.
const SHORT: usize = 512;

fn rows_parameter(rows: Vec<Row>) -> String {
    columns::json(&[columns::Column::Int(rows)])
}

crate::store::transaction::transaction!(
    tx, crate::store::sqlite::driver, sqlite, crate::store::columns::sqlite, crate::store::columns::sqlite_each,
    crate::store::sqlite::rows_parameter,
    lock: [
        async fn lock(&mut self, _names: &[&str]) -> Result<(), Error> {
            // There is one writer: its transaction excludes every other.
            Ok(())
        }
    ]
);
crate::store::sign_in::sign_ins!(sign_in, tx);
crate::store::ledger::ledger!(booked, Sqlite, crate::store::sqlite::driver, tx);
crate::store::inspect::inspect!(look, tx, sqlite, crate::store::columns::sqlite);
crate::store::answers::answers!(kept, tx);
crate::store::bulk::bulk!(many, tx, sqlite, crate::store::columns::sqlite);
crate::store::post::post!(mails, tx);
crate::store::declaration::declarations!(declared, tx, sqlite, sqlite, crate::store::columns::sqlite);
crate::store::trail::trail!(
    told,
    Sqlite,
    crate::store::sqlite::driver,
    sqlite,
    crate::store::columns::sqlite
);
crate::store::trail::mending!(mended, tx, told, sqlite, crate::store::columns::sqlite);
crate::store::trail::sealing!(
    sealed, tx, told, sqlite, crate::store::columns::sqlite,
    horizon: [
        async fn audit_horizon(&mut self) -> Result<Horizon, Error> {
            // There is one writer, and it is this one: rows are committed in their order.
            Ok(Horizon { last: self.last_row().await?, writers: Vec::new() })
        }
    ]
);

/// The store on SQLite.
pub(super) struct Sqlite {
    path: PathBuf,
    hot: Arc<Hot>,
    shared: Arc<Shared>,
    messages: mpsc::Sender<Message>,
}

/// The registry as the database has it now.
fn registry_now(hot: &Hot) -> Result<Registry, Error> {
    let custom: Result<Vec<Attribute>, Error> = hot.with(read::custom_attributes)?.into_iter().collect();
    Ok(Registry::new(custom?))
}

impl Sqlite {
    /// Opens the migrated file and starts the writer.
    pub(super) fn open(path: PathBuf, max_pages: Option<u32>) -> Result<Self, Error> {
        let hot = Hot::new(path.clone())?;
        let shared = Arc::new(Shared::new(Registry::new([])));
        let mut writer = Writer::new((path.clone(), max_pages), Arc::clone(&shared), Arc::clone(&hot));
        writer.connect()?;
        shared.set_registry(Arc::new(registry_now(&hot)?));
        let (messages, receiver) = mpsc::channel(QUEUE);
        writer::start(writer, receiver)?;
        Ok(Self { path, hot, shared, messages })
    }

    /// Runs a statement of the trail over committed data.
    async fn trail_rows(&self, statement: Statement) -> Result<Vec<DbRow>, Error> {
        self.hot.with_long(move |connection| statement.read(connection)).await
    }

    async fn send(&self, message: Message) -> Result<(), Error> {
        let sent = tokio::time::timeout(PATIENCE, self.messages.send(message)).await;
        let sent = sent.map_err(|_| Error::unavailable("too many changes wait for the writer"))?;
        sent.map_err(|_| Error::unavailable("the writer has ended"))
    }
}

#[async_trait]
impl Runner for Sqlite {
    async fn work(&self, work: Work) -> Result<(), Error> {
        let (reply, answer) = oneshot::channel();
        self.send(Message::Job(Job { work, reply })).await?;
        answer.await.map_err(|_| Error::unavailable("the writer ended before the change was committed"))?
    }
}

#[async_trait]
impl Read for Sqlite {
    async fn by_id(&self, id: Uuid) -> Result<Option<Stored>, Error> {
        self.hot.with(|connection| read::by_id(connection, id))?.transpose()
    }

    async fn by_rows(&self, rows: &[Row]) -> Result<Vec<Stored>, Error> {
        self.hot.with(|connection| read::by_rows(connection, rows))?.into_iter().collect()
    }

    async fn scan(&self, source: &Source, after: Option<&Position>, limit: usize) -> Result<Vec<Hit>, Error> {
        if limit <= SHORT {
            return self.hot.with(|connection| read::scan(connection, source, after, limit));
        }
        let (source, after) = (source.clone(), after.cloned());
        self.hot.with_long(move |connection| read::scan(connection, &source, after.as_ref(), limit)).await
    }

    async fn page(
        &self,
        source: &Source,
        after: Option<&Position>,
        limit: usize,
    ) -> Result<Vec<(Hit, Option<Stored>)>, Error> {
        let found = if limit <= SHORT {
            self.hot.with(|connection| read::page(connection, source, after, limit))?
        } else {
            let (source, after) = (source.clone(), after.cloned());
            self.hot
                .with_long(move |connection| read::page(connection, &source, after.as_ref(), limit))
                .await?
        };
        match found {
            Some(found) => found.into_iter().collect(),
            None => traits::page_apart(self, source, after, limit).await,
        }
    }

    async fn count(&self, source: &Source, limit: usize) -> Result<usize, Error> {
        self.hot.with(|connection| read::count(connection, source, limit))
    }

    async fn holder(&self, attr: AttrId, scope: Row, key: &[u8]) -> Result<Option<Row>, Error> {
        self.hot.with(|connection| read::holder(connection, attr, scope, key))
    }

    async fn ancestry(&self, organization: Row) -> Result<Vec<Stored>, Error> {
        self.hot.with(|connection| read::ancestry(connection, organization))?.into_iter().collect()
    }

    async fn credential(&self, subject: Row) -> Result<Option<Credential>, Error> {
        self.hot.with(|connection| read::credential(connection, subject))
    }

    async fn secret_subject(&self, purpose: &str, hash: &[u8; 32], now: i64) -> Result<Option<Row>, Error> {
        self.hot.with(|connection| read::secret_subject(connection, purpose, hash, now))
    }

    async fn outbox(&self, query: &OutboxQuery, after: Uuid, limit: usize) -> Result<Vec<HeldMail>, Error> {
        let query = query.clone();
        let found =
            self.hot.with_long(move |connection| read::outbox(connection, &query, after, limit)).await?;
        found.into_iter().collect()
    }

    async fn mail(&self, id: Uuid) -> Result<Option<HeldMail>, Error> {
        self.hot.with(|connection| read::mail(connection, id))?.transpose()
    }

    async fn mail_due(&self) -> Result<Option<i64>, Error> {
        self.hot.with(read::mail_due)
    }

    async fn kept_answer(&self, client: &str, key: &str) -> Result<Option<Kept>, Error> {
        self.hot.with(|connection| read::kept_answer(connection, client, key))
    }

    async fn custom_attributes(&self) -> Result<Vec<Attribute>, Error> {
        self.hot.with(read::custom_attributes)?.into_iter().collect()
    }

    async fn unfinished_indexes(&self) -> Result<Vec<AttrId>, Error> {
        self.hot.with(read::unfinished_indexes)
    }

    async fn setting(&self, name: &str) -> Result<Option<String>, Error> {
        self.hot.with(|connection| read::setting(connection, name))
    }

    async fn ready(&self) -> Result<(), Error> {
        let applied = self.hot.with(read::migrations_applied)?;
        if applied == migrate::expected() && !self.messages.is_closed() {
            return Ok(());
        }
        Err(Error::unavailable(format!("{applied} migrations, {} expected", migrate::expected())))
    }
}

#[async_trait]
impl Store for Sqlite {
    async fn transact(&self, unit: Arc<dyn Unit>) -> Result<(), Error> {
        self.work(Work::Unit(unit)).await
    }

    fn registry(&self) -> Arc<Registry> {
        self.shared.registry()
    }

    async fn reload_registry(&self) -> Result<Arc<Registry>, Error> {
        self.shared.set_registry(Arc::new(registry_now(&self.hot)?));
        Ok(self.shared.registry())
    }

    fn on_commit(&self, listener: Arc<dyn Fn(Touched) + Send + Sync>) {
        self.shared.listen(listener);
    }

    fn is_following(&self) -> bool {
        // The writer itself looks for other processes' commits; while it lives, it does.
        !self.messages.is_closed()
    }

    async fn reindex(&self) -> Result<u64, Error> {
        repair::reindex(self).await
    }

    async fn check(&self) -> Result<Vec<String>, Error> {
        let mut link = Link::open_to_look(&self.path)?;
        let (mut place, mut report) = (Place::start(), Report::default());
        while place != Place::Done {
            // One snapshot a batch: what changes meanwhile is seen wholly or not at all.
            link.batch("BEGIN")?;
            let mut tx = tx::Tx::new(&mut link, Arc::new(registry_now(&self.hot)?));
            place = Walk { tx: &mut tx, report: &mut report, mend: false }.step(&place).await?;
            link.batch("ROLLBACK")?;
        }
        Ok(report.sentences())
    }

    async fn view(&self, view: &mut dyn View) -> Result<(), Error> {
        let mut link = Link::open_to_look(&self.path)?;
        link.batch("BEGIN")?;
        let mut tx = tx::Tx::new(&mut link, self.registry());
        tx.reload_custom().await?;
        view.view(&mut tx).await
    }

    async fn close(&self) {
        // Readers first: an open one would keep the log from being folded into the file.
        self.hot.close();
        let (reply, done) = oneshot::channel();
        if self.send(Message::Close(reply)).await.is_ok() {
            _ = done.await;
        }
    }
}

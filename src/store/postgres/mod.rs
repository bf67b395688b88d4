//! The store on PostgreSQL: a pool, transactions that run again after a serialization failure, and news of other
//! nodes' commits.
//!
//! Keeps no state that another node could miss: what it remembers (the registry) follows the `change` table.

mod changes;
pub(super) mod driver;
mod near;
mod transact;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use parking_lot::Mutex;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions, PgRow};
use sqlx::{ConnectOptions, Executor, Row as _, query};
use tokio::runtime::Handle;
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::model::registry::Attribute;
use crate::model::{AttrId, Error, Registry, Row, Stored};
use crate::store::answers::{self, Answer, Kept};
use crate::store::convert::{self, column, entity_row, mail_row};
use crate::store::declaration;
use crate::store::look::View;
use crate::store::outbox::{HeldMail, Mail, OutboxQuery};
use crate::store::plan::{PLACE_OF_WHOLE, Plan};
use crate::store::post_statements;
use crate::store::repair::{self, Place, Report, Runner, Walk, Work};
use crate::store::shared::Shared;
use crate::store::statements::{self, postgres as batch};
use crate::store::{
    Credential, Hit, Position, Read, Source, Store, StoreOptions, Touched, Unit, migrate, traits,
};
use crate::world::SharedWorld;
use near::Near;

/// How long a connection of the pool is waited for.
const PATIENCE: Duration = Duration::from_secs(5);
/// What every connection is told first. A lock is waited for no longer than a connection is; a transaction whose
/// node has fallen silent gives its locks back.
const LIMITS: &str = "SET lock_timeout = '5s'; SET idle_in_transaction_session_timeout = '30s'";
/// How old the last look at other nodes' changes may be before caches are bypassed.
const STALE: Duration = Duration::from_secs(1);

fn rows_parameter(rows: Vec<Row>) -> Vec<i64> {
    rows
}

crate::store::transaction::transaction!(
    tx, crate::store::postgres::driver, postgres, crate::store::columns::postgres, crate::store::columns::postgres,
    crate::store::postgres::rows_parameter,
    lock: [
        async fn lock(&mut self, names: &[&str]) -> Result<(), Error> {
            let mut names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            names.sort_unstable();
            names.dedup();
            let columns = || vec![Column::Text(names.clone())];
            let taken = self.fetch(crate::store::columns::postgres(batch::TAKE_LOCKS, columns())).await?;
            if taken.len() < names.len() {
                self.execute(crate::store::columns::postgres(batch::MAKE_LOCKS, columns())).await?;
                self.fetch(crate::store::columns::postgres(batch::TAKE_LOCKS, columns())).await?;
            }
            Ok(())
        }
    ]
);
crate::store::sign_in::sign_ins!(sign_in, tx);
crate::store::ledger::ledger!(booked, Postgres, crate::store::postgres::driver, tx);
crate::store::inspect::inspect!(look, tx, postgres, crate::store::columns::postgres);
crate::store::answers::answers!(kept, tx);
crate::store::bulk::bulk!(many, tx, postgres, crate::store::columns::postgres);
crate::store::post::post!(mails, tx);
crate::store::declaration::declarations!(declared, tx, postgres, postgres, crate::store::columns::postgres);
crate::store::trail::trail!(
    told,
    Postgres,
    crate::store::postgres::driver,
    postgres,
    crate::store::columns::postgres
);
crate::store::trail::mending!(mended, tx, told, postgres, crate::store::columns::postgres);
crate::store::trail::sealing!(
    sealed, tx, told, postgres, crate::store::columns::postgres,
    horizon: [
        async fn audit_horizon(&mut self) -> Result<Horizon, Error> {
            // A row may be committed after one with a higher number. Its number is given while its transaction holds
            // the lock: who took a number up to `last` either has ended or is found holding it afterwards.
            let last = self.last_row().await?;
            let rows = self.fetch(query(statements::WRITERS)).await?;
            let writers: Result<Vec<String>, Error> = rows.iter().map(|row| Ok(column!(row, 0))).collect();
            Ok(Horizon { last, writers: writers? })
        }
    ]
);

/// What the store and its tasks share.
struct Inner {
    pool: PgPool,
    /// Places for changes: fewer than connections, so that changes waiting for locks leave some to the reads.
    writers: Semaphore,
    /// Connections of their own for the news, so that a busy pool cannot delay them.
    side: PgPool,
    shared: Shared,
    world: SharedWorld,
    /// Tells this node's changes from others'.
    node: Uuid,
    /// The registry counter at which the registry was read.
    registry_at: AtomicI64,
    /// When the changes of other nodes were last looked for.
    looked: Mutex<Instant>,
    /// Something was committed here: others should look.
    tell: Notify,
    /// Others have committed something: look.
    look: Notify,
}

/// The store on PostgreSQL.
pub(super) struct Postgres {
    inner: Arc<Inner>,
    near: Near,
    runtime: Handle,
    tasks: Vec<JoinHandle<()>>,
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

async fn pool(server: &PgConnectOptions, size: u32) -> Result<PgPool, Error> {
    let options = PgPoolOptions::new()
        .max_connections(size)
        .min_connections(size)
        .acquire_timeout(PATIENCE)
        // A dead connection shows itself at its next statement; asking each time costs a round trip.
        .test_before_acquire(false)
        .after_connect(|connection, _| Box::pin(async move { connection.execute(LIMITS).await.map(|_| ()) }));
    options.connect_with(server.clone()).await.map_err(convert::plain)
}

impl Postgres {
    /// Opens the pool on a migrated database and starts listening to other nodes.
    pub(super) async fn open(server: PgConnectOptions, options: &StoreOptions) -> Result<Self, Error> {
        let server = server.disable_statement_logging();
        // One connection cannot serve both a change that waits and a read.
        let size = options.pool.max(2);
        let inner = Arc::new(Inner {
            pool: pool(&server, size).await?,
            writers: Semaphore::new(usize::try_from(size / 2).unwrap_or(1)),
            side: pool(&server, 2).await?,
            shared: Shared::new(Registry::new([])),
            world: Arc::clone(&options.world),
            node: options.world.unordered_id(),
            registry_at: AtomicI64::new(-1),
            looked: Mutex::new(Instant::now()),
            tell: Notify::new(),
            look: Notify::new(),
        });
        let cursor = changes::Cursor::now(&inner).await?;
        inner.reload_registry().await?;
        let tasks = vec![
            tokio::spawn(changes::listen(Arc::clone(&inner))),
            tokio::spawn(changes::tell(Arc::clone(&inner))),
            tokio::spawn(changes::watch(Arc::clone(&inner), cursor)),
        ];
        let near = Near::new(server, options.pool.max(1));
        Ok(Self { inner, near, runtime: Handle::current(), tasks })
    }
}

impl Inner {
    async fn reload_registry(&self) -> Result<(), Error> {
        let custom = custom_attributes(&self.pool).await?;
        self.shared.set_registry(Arc::new(Registry::new(custom)));
        Ok(())
    }

    fn is_following(&self) -> bool {
        self.looked.lock().elapsed() <= STALE
    }
}

async fn custom_attributes(pool: &PgPool) -> Result<Vec<Attribute>, Error> {
    let statement = query(statements::CUSTOM_ATTRIBUTES);
    let rows = statement.fetch_all(pool).await.map_err(convert::plain)?;
    let attribute = |row: &PgRow| {
        let flags = (column!(row, 3), column!(row, 4), column!(row, 5));
        convert::custom(column!(row, 0), column!(row, 1), column!(row, 2), flags)
    };
    rows.iter().map(attribute).collect()
}

fn limited(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

fn entity(row: &PgRow) -> Result<Stored, Error> {
    entity_row!(row)
}

fn held_mail(row: &PgRow) -> Result<HeldMail, Error> {
    mail_row!(row)
}

impl Postgres {
    /// Runs a statement of the trail over committed data.
    async fn trail_rows(&self, statement: driver::Statement) -> Result<Vec<PgRow>, Error> {
        statement.fetch_all(&self.pool()).await.map_err(convert::plain)
    }

    /// The pool that reads of this thread use.
    fn pool(&self) -> PgPool {
        self.near.pool().unwrap_or_else(|| self.inner.pool.clone())
    }
}

#[async_trait]
impl Runner for Postgres {
    async fn work(&self, work: Work) -> Result<(), Error> {
        // A task of its own: a caller that goes away does not end the change half way.
        let done = self.runtime.spawn(transact::perform(Arc::clone(&self.inner), work)).await;
        done.map_err(|error| Error::internal(format!("a change ended: {error}")))?
    }
}

#[async_trait]
impl Read for Postgres {
    async fn by_id(&self, id: Uuid) -> Result<Option<Stored>, Error> {
        let row =
            query(statements::BY_ID).bind(id).fetch_optional(&self.pool()).await.map_err(convert::plain)?;
        row.as_ref().map(entity).transpose()
    }

    async fn by_rows(&self, rows: &[Row]) -> Result<Vec<Stored>, Error> {
        let statement = query(batch::BY_ROWS).bind(rows.to_vec());
        let found = statement.fetch_all(&self.pool()).await.map_err(convert::plain)?;
        let entities: Result<Vec<Stored>, Error> = found.iter().map(entity).collect();
        let by_row: HashMap<Row, Stored> =
            entities?.into_iter().map(|entity| (entity.row(), entity)).collect();
        Ok(rows.iter().filter_map(|row| by_row.get(row).cloned()).collect())
    }

    async fn scan(&self, source: &Source, after: Option<&Position>, limit: usize) -> Result<Vec<Hit>, Error> {
        let plan = Plan::of(source, after, &batch::OWN);
        let place = plan.place;
        let (sql, parameters) = plan.page(limit);
        let rows = tx::bind(sql, parameters).fetch_all(&self.pool()).await.map_err(convert::plain)?;
        rows.iter().map(|row| tx::hit(row, place)).collect()
    }

    async fn page(
        &self,
        source: &Source,
        after: Option<&Position>,
        limit: usize,
    ) -> Result<Vec<(Hit, Option<Stored>)>, Error> {
        let plan = Plan::of(source, after, &batch::OWN);
        let place = plan.place;
        let Some((sql, parameters)) = plan.whole(limit) else {
            return traits::page_apart(self, source, after, limit).await;
        };
        let rows = tx::bind(sql, parameters).fetch_all(&self.pool()).await.map_err(convert::plain)?;
        let with_hit = |row: &sqlx::postgres::PgRow| {
            let stored: Stored = entity_row!(*row)?;
            let at = tx::place_at(row, place, PLACE_OF_WHOLE)?;
            Ok((Hit { at, row: stored.row(), id: stored.id() }, Some(stored)))
        };
        rows.iter().map(with_hit).collect()
    }

    async fn count(&self, source: &Source, limit: usize) -> Result<usize, Error> {
        let (sql, parameters) = Plan::of(source, None, &batch::OWN).count(limit);
        let row = tx::bind(sql, parameters).fetch_one(&self.pool()).await.map_err(convert::plain)?;
        let count: i64 = column!(row, 0);
        usize::try_from(count).map_err(|_| Error::internal("a negative count"))
    }

    async fn holder(&self, attr: AttrId, scope: Row, key: &[u8]) -> Result<Option<Row>, Error> {
        let statement = query(statements::HOLDER).bind(attr.number()).bind(scope).bind(key.to_vec());
        match statement.fetch_optional(&self.pool()).await.map_err(convert::plain)? {
            Some(row) => Ok(Some(column!(row, 0))),
            None => Ok(None),
        }
    }

    async fn ancestry(&self, organization: Row) -> Result<Vec<Stored>, Error> {
        let statement = query(statements::ANCESTRY).bind(organization);
        statement.fetch_all(&self.pool()).await.map_err(convert::plain)?.iter().map(entity).collect()
    }

    async fn credential(&self, subject: Row) -> Result<Option<Credential>, Error> {
        let statement = query(statements::CREDENTIAL).bind(subject);
        match statement.fetch_optional(&self.pool()).await.map_err(convert::plain)? {
            Some(row) => Ok(Some(Credential { phc: column!(row, 0), set: column!(row, 1) })),
            None => Ok(None),
        }
    }

    async fn secret_subject(&self, purpose: &str, hash: &[u8; 32], now: i64) -> Result<Option<Row>, Error> {
        let statement =
            query(statements::SECRET_SUBJECT).bind(purpose.to_owned()).bind(hash.to_vec()).bind(now);
        match statement.fetch_optional(&self.pool()).await.map_err(convert::plain)? {
            Some(row) => Ok(Some(column!(row, 0))),
            None => Ok(None),
        }
    }

    async fn outbox(&self, wanted: &OutboxQuery, after: Uuid, limit: usize) -> Result<Vec<HeldMail>, Error> {
        let statement = query(post_statements::OUTBOX)
            .bind(after)
            .bind(wanted.state)
            .bind(wanted.recipient.clone())
            .bind(wanted.recipient_begins.clone())
            .bind(limited(limit));
        statement.fetch_all(&self.pool()).await.map_err(convert::plain)?.iter().map(held_mail).collect()
    }

    async fn mail(&self, id: Uuid) -> Result<Option<HeldMail>, Error> {
        let statement = query(post_statements::MAIL).bind(id);
        let row = statement.fetch_optional(&self.pool()).await.map_err(convert::plain)?;
        row.as_ref().map(held_mail).transpose()
    }

    async fn mail_due(&self) -> Result<Option<i64>, Error> {
        let statement = query(post_statements::MAIL_DUE);
        let row = statement.fetch_one(&self.pool()).await.map_err(convert::plain)?;
        Ok(column!(row, 0))
    }

    async fn kept_answer(&self, client: &str, key: &str) -> Result<Option<Kept>, Error> {
        let statement = query(answers::KEPT).bind(client.to_owned()).bind(key.to_owned());
        let Some(row) = statement.fetch_optional(&self.pool()).await.map_err(convert::plain)? else {
            return Ok(None);
        };
        let answer = Answer { status: column!(row, 2), content_type: column!(row, 3), body: column!(row, 4) };
        Ok(Some(Kept { fingerprint: column!(row, 0), created: column!(row, 1), answer }))
    }

    async fn custom_attributes(&self) -> Result<Vec<Attribute>, Error> {
        custom_attributes(&self.pool()).await
    }

    async fn unfinished_indexes(&self) -> Result<Vec<AttrId>, Error> {
        let statement = query(declaration::UNFINISHED_INDEXES);
        let rows = statement.fetch_all(&self.pool()).await.map_err(convert::plain)?;
        let number = |row: &PgRow| {
            let attr: i64 = column!(row, 0);
            u32::try_from(attr).map(AttrId).map_err(|_| Error::internal("an attribute's number"))
        };
        rows.iter().map(number).collect()
    }

    async fn setting(&self, name: &str) -> Result<Option<String>, Error> {
        let statement = query(statements::SETTING).bind(name.to_owned());
        match statement.fetch_optional(&self.pool()).await.map_err(convert::plain)? {
            Some(row) => Ok(Some(column!(row, 0))),
            None => Ok(None),
        }
    }

    async fn ready(&self) -> Result<(), Error> {
        let row =
            query(statements::MIGRATIONS_APPLIED).fetch_one(&self.pool()).await.map_err(convert::plain)?;
        let applied: i64 = column!(row, 0);
        if usize::try_from(applied).ok() == Some(migrate::expected()) {
            return Ok(());
        }
        Err(Error::unavailable(format!("{applied} migrations, {} expected", migrate::expected())))
    }
}

#[async_trait]
impl Store for Postgres {
    async fn transact(&self, unit: Arc<dyn Unit>) -> Result<(), Error> {
        self.work(Work::Unit(unit)).await
    }

    fn registry(&self) -> Arc<Registry> {
        self.inner.shared.registry()
    }

    async fn reload_registry(&self) -> Result<Arc<Registry>, Error> {
        self.inner.reload_registry().await?;
        Ok(self.inner.shared.registry())
    }

    fn on_commit(&self, listener: Arc<dyn Fn(Touched) + Send + Sync>) {
        self.inner.shared.listen(listener);
    }

    fn is_following(&self) -> bool {
        self.inner.is_following()
    }

    async fn reindex(&self) -> Result<u64, Error> {
        repair::reindex(self).await
    }

    async fn check(&self) -> Result<Vec<String>, Error> {
        const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        let mut connection = self.pool().acquire().await.map_err(convert::plain)?;
        // Whatever happens here, no open transaction goes back to the pool.
        connection.close_on_drop();
        let (mut place, mut report) = (Place::start(), Report::default());
        while place != Place::Done {
            query(SNAPSHOT).execute(&mut *connection).await.map_err(convert::plain)?;
            let mut tx = tx::Tx::new(&mut connection, self.inner.shared.registry());
            place = Walk { tx: &mut tx, report: &mut report, mend: false }.step(&place).await?;
            query("ROLLBACK").execute(&mut *connection).await.map_err(convert::plain)?;
        }
        Ok(report.sentences())
    }

    async fn view(&self, view: &mut dyn View) -> Result<(), Error> {
        // Whoever looks may be held up by where it writes to.
        const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; \
             SET LOCAL idle_in_transaction_session_timeout = 0";
        let mut connection = self.pool().acquire().await.map_err(convert::plain)?;
        connection.close_on_drop();
        connection.execute(SNAPSHOT).await.map_err(convert::plain)?;
        let mut tx = tx::Tx::new(&mut connection, self.inner.shared.registry());
        tx.reload_custom().await?;
        view.view(&mut tx).await?;
        query("ROLLBACK").execute(&mut *connection).await.map_err(convert::plain).map(|_| ())
    }

    async fn close(&self) {
        self.tasks.iter().for_each(JoinHandle::abort);
        self.near.close().await;
        self.inner.pool.close().await;
        self.inner.side.close().await;
    }
}

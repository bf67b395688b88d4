//! One change on PostgreSQL: its transaction, run again after a serialization failure or deadlock, also at the
//! commit; and the second transaction that records a refusal.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::FutureExt;
use sqlx::{AssertSqlSafe, Executor, PgConnection, Row as _};

use crate::model::Error;
use crate::store::convert::{self, Trouble};
use crate::store::postgres::tx::Tx;
use crate::store::postgres::{Inner, PATIENCE};
use crate::store::repair::Work;
use crate::store::{REGISTRY_COUNTER, Touched};

/// How often a change is run again.
const AGAIN: u32 = 5;

/// Why a transaction was not committed.
struct Failure {
    error: Error,
    /// Whether the same work may succeed when run again.
    again: bool,
    /// Whether it is unknown if the commit went through: nothing may be recorded about it.
    unknown: bool,
}

impl Failure {
    fn plain(error: Error) -> Self {
        Self { error, again: false, unknown: false }
    }

    fn of(error: &sqlx::Error, committing: bool) -> Self {
        let (error, trouble) = convert::sqlx(error);
        Self { error, again: trouble == Trouble::Again, unknown: committing && trouble == Trouble::Away }
    }
}

/// Runs `work` to its end: committed, or refused with its refusal recorded. Error 6 when too many changes wait.
pub(super) async fn perform(inner: Arc<Inner>, work: Work) -> Result<(), Error> {
    let place = tokio::time::timeout(PATIENCE, inner.writers.acquire()).await;
    let place = place.map_err(|_| Error::unavailable("too many changes wait for each other"))?;
    // Held to the end: the record of a refusal is part of the change.
    let _place = place.map_err(|_| Error::unavailable("the store is closed"))?;
    let failure = match repeated(&inner, &work, None).await {
        Ok(()) => return Ok(()),
        Err(failure) => failure,
    };
    if failure.unknown {
        // It may have happened: whoever remembers the state before it must read again.
        inner.shared.announce(Touched::ALL);
        inner.tell.notify_one();
        return Err(failure.error);
    }
    match repeated(&inner, &work, Some(&failure.error)).await {
        Ok(()) => Err(failure.error),
        Err(second) => {
            let (failure, refusal) = (second.error, failure.error);
            tracing::error!(detail = ?failure, ?refusal, "the records of a refusal could not be written");
            Err(Error::unavailable("the records of a refusal could not be written"))
        }
    }
}

async fn repeated(inner: &Inner, work: &Work, refused: Option<&Error>) -> Result<(), Failure> {
    let mut run = 0;
    loop {
        match once(inner, work, refused).await {
            Err(failure) if failure.again && run < AGAIN => {
                run += 1;
                tracing::debug!(run, detail = ?failure.error, "a change is run again");
                tokio::time::sleep(pause(inner, run)).await;
            }
            other => return other,
        }
    }
}

/// Between nothing and 4, 8, 16 … milliseconds, so that those who met do not meet again.
fn pause(inner: &Inner, run: u32) -> Duration {
    let mut random = [0_u8; 2];
    inner.world.random(&mut random);
    let most = 4_000_u64 << run.min(6);
    Duration::from_micros(u64::from(u16::from_be_bytes(random)) * most / u64::from(u16::MAX))
}

async fn once(inner: &Inner, work: &Work, refused: Option<&Error>) -> Result<(), Failure> {
    let mut connection = inner.pool.acquire().await.map_err(|error| Failure::of(&error, false))?;
    match within(inner, &mut connection, work, refused).await {
        Ok(touched) => {
            if touched != Touched::default() {
                inner.shared.announce(touched);
                inner.tell.notify_one();
            }
            Ok(())
        }
        Err(failure) => {
            if sqlx::query("ROLLBACK").execute(&mut *connection).await.is_err() {
                connection.close_on_drop();
            }
            Err(failure)
        }
    }
}

async fn within(
    inner: &Inner,
    connection: &mut PgConnection,
    work: &Work,
    refused: Option<&Error>,
) -> Result<Touched, Failure> {
    let counted = begin(connection).await.map_err(|error| Failure::of(&error, false))?;
    let mut tx = Tx::new(connection, inner.shared.registry());
    if counted != inner.registry_at.load(Ordering::SeqCst) {
        // Another node has declared attributes since.
        tx.reload_custom().await.map_err(Failure::plain)?;
        inner.shared.set_registry(crate::store::Write::registry(&tx));
        inner.registry_at.store(counted, Ordering::SeqCst);
    }
    let run = async {
        match refused {
            None => work.run(&mut tx).await,
            Some(error) => work.refused(&mut tx, error).await.map(|()| Touched::default()),
        }
    };
    let outcome = AssertUnwindSafe(run).catch_unwind().await;
    let outcome = outcome.unwrap_or_else(|_| Err(Error::internal("a change panicked")));
    // Who goes on after a failure must not commit half of it.
    let outcome = match (outcome, tx.failed()) {
        (Ok(_), Some(failure)) => Err(failure.clone()),
        (outcome, _) => outcome,
    };
    let outcome = outcome.map(|touched| tx.touched(touched));
    let (trouble, declared) = (tx.trouble(), tx.declared());
    let touched =
        outcome.map_err(|error| Failure { error, again: trouble == Some(Trouble::Again), unknown: false })?;
    commit(inner, connection, touched).await.map_err(|error| Failure::of(&error, true))?;
    if let Some(registry) = declared {
        inner.shared.set_registry(registry);
    }
    Ok(touched)
}

/// Begins, and reads the registry counter in the same round trip.
async fn begin(connection: &mut PgConnection) -> Result<i64, sqlx::Error> {
    let sql = format!("BEGIN; SELECT c.value FROM counter c WHERE c.name = '{REGISTRY_COUNTER}'");
    let row = connection.fetch_optional(sqlx::raw_sql(AssertSqlSafe(sql))).await?;
    row.map_or(Ok(0), |row| row.try_get(0))
}

/// Commits, and tells in the same round trip what was touched.
async fn commit(inner: &Inner, connection: &mut PgConnection, touched: Touched) -> Result<(), sqlx::Error> {
    if touched == Touched::default() {
        return connection.execute("COMMIT").await.map(|_| ());
    }
    // Numbers and a UUID of our own: nothing here comes from a request.
    let (node, kinds, at) = (inner.node, touched.0.cast_signed(), inner.world.now());
    let sql = format!(
        "INSERT INTO change (tx, node, touched, at) VALUES (pg_current_xact_id(), '{node}', {kinds}, {at}); COMMIT"
    );
    connection.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await.map(|_| ())
}

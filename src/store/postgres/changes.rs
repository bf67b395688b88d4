//! News of other nodes' commits, from the `change` table: looked for every 200 ms, and at once when a node says so.
//!
//! A row may become visible after one with a higher number: transactions end in any order. So the cursor is a
//! transaction number below which all have ended; what lies above it is looked at again and remembered.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::postgres::PgListener;
use sqlx::{Row as _, query};
use uuid::Uuid;

use crate::model::Error;
use crate::store::Touched;
use crate::store::convert::{self, column};
use crate::store::postgres::{Inner, STALE};
use crate::store::statements::postgres as batch;

const CHANNEL: &str = "valtuus_change";
/// How often changes are looked for without being told.
const WATCH: Duration = Duration::from_millis(200);
/// The least pause between two looks, and between two calls to the others.
const PAUSE: Duration = Duration::from_millis(10);
/// How long one look may take.
const LOOK: Duration = Duration::from_millis(500);
/// How long changes are kept, in microseconds; a node that slept longer drops its caches anyway.
const KEPT: i64 = 3_600_000_000;
/// How often old changes are dropped.
const CLEAN: Duration = Duration::from_mins(5);

/// What was seen of the `change` table.
pub(super) struct Cursor {
    /// All transactions below have ended and were seen.
    low: i64,
    /// Rows seen of transactions from there on.
    seen: HashSet<i64>,
}

impl Cursor {
    /// Everything up to now counts as seen: nothing is cached yet.
    pub(super) async fn now(inner: &Inner) -> Result<Self, Error> {
        let mut cursor = Self { low: i64::MAX, seen: HashSet::new() };
        cursor.look(inner).await?;
        Ok(cursor)
    }

    /// What other nodes touched since the last look.
    async fn look(&mut self, inner: &Inner) -> Result<Option<Touched>, Error> {
        let statement = query(batch::CHANGES).bind(self.low.to_string());
        let rows = statement.fetch_all(&inner.side).await.map_err(convert::plain)?;
        let (mut touched, mut seen) = (None, HashSet::new());
        for row in &rows {
            self.low = column!(row, 4);
            let (seq, kinds, node, at): (Option<i64>, Option<i64>, Option<Uuid>, Option<i64>) =
                (column!(row, 0), column!(row, 1), column!(row, 2), column!(row, 3));
            let (Some(seq), Some(kinds), Some(at)) = (seq, kinds, at) else { continue };
            if node != Some(inner.node) && !self.seen.contains(&seq) {
                touched = Some(Touched(touched.unwrap_or(Touched::default()).0 | kinds.cast_unsigned()));
            }
            if at >= self.low {
                seen.insert(seq);
            }
        }
        self.seen = seen;
        Ok(touched)
    }
}

/// Looks for changes until the store is closed.
pub(super) async fn watch(inner: Arc<Inner>, mut cursor: Cursor) {
    let mut cleaned = Instant::now();
    loop {
        _ = tokio::time::timeout(WATCH, inner.look.notified()).await;
        // What is committed while the question is under way may be missing from the answer.
        let asked = Instant::now();
        let looked = tokio::time::timeout(LOOK, cursor.look(&inner)).await;
        match looked.unwrap_or_else(|_| Err(Error::unavailable("looking for changes took too long"))) {
            Ok(touched) => {
                tell_caches(&inner, touched, asked).await;
            }
            Err(error) => {
                tracing::warn!(detail = ?error, "cannot look for changes of other nodes");
                if inner.looked.lock().elapsed() > STALE {
                    inner.shared.announce(Touched::ALL);
                }
            }
        }
        if cleaned.elapsed() > CLEAN {
            cleaned = Instant::now();
            forget(&inner).await;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn forget(inner: &Inner) {
    let statement = query(batch::FORGET_CHANGES).bind(inner.world.now() - KEPT);
    // Looking for changes waits for this: what is not dropped now is dropped the next time.
    match tokio::time::timeout(LOOK, statement.execute(&inner.side)).await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => tracing::warn!(detail = ?convert::plain(error), "old changes were not dropped"),
        Err(_) => tracing::warn!("dropping old changes took too long"),
    }
}

/// Tells the caches what others touched until `asked`. They come first and only then count as following: the
/// registry takes another question, and may be read later.
async fn tell_caches(inner: &Inner, touched: Option<Touched>, asked: Instant) {
    if let Some(touched) = touched {
        inner.shared.announce(touched);
    }
    *inner.looked.lock() = asked;
    let Some(touched) = touched else { return };
    if touched.has_registry()
        && let Err(error) = inner.reload_registry().await
    {
        // The next transaction compares the counter and reads it again.
        tracing::warn!(detail = ?error, "the attribute registry was not read again");
    }
}

/// Passes other nodes' calls on until the store is closed.
pub(super) async fn listen(inner: Arc<Inner>) {
    loop {
        if let Err(error) = hear(&inner).await {
            tracing::warn!(detail = ?convert::plain(error), "not listening to other nodes");
        }
        tokio::time::sleep(WATCH).await;
    }
}

async fn hear(inner: &Inner) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(&inner.side).await?;
    listener.listen(CHANNEL).await?;
    loop {
        listener.recv().await?;
        inner.look.notify_one();
    }
}

/// Calls the other nodes after commits here, until the store is closed. Outside the transactions that write:
/// a NOTIFY within them would make their commits wait for each other.
pub(super) async fn tell(inner: Arc<Inner>) {
    loop {
        inner.tell.notified().await;
        let told = query("SELECT pg_notify($1, '')").bind(CHANNEL).execute(&inner.side).await;
        if let Err(error) = told {
            tracing::debug!(detail = ?convert::plain(error), "the other nodes were not called");
        }
        tokio::time::sleep(PAUSE).await;
    }
}

//! Connections near their reader: every thread that runs a runtime of its own has a small pool of its own.
//!
//! A connection's answers are noticed by the runtime that opened it. With one pool for all, most reads of a request
//! thread woke another thread first, which then woke the request's: two needless switches a statement. Writes have
//! the common pool, because they run on the runtime that opened it. Never writes.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use tokio::runtime::{Handle, RuntimeFlavor};

use super::PATIENCE;

thread_local! {
    static HERE: RefCell<HashMap<u64, PgPool>> = RefCell::default();
}

static NUMBERS: AtomicU64 = AtomicU64::new(1);

/// The pools of all threads over one database.
pub(super) struct Near {
    server: PgConnectOptions,
    /// Tells this store's pools from another's among those of a thread.
    number: u64,
    /// Connections of one thread.
    each: u32,
    /// `None` once closed.
    pools: Mutex<Option<Vec<PgPool>>>,
}

impl Near {
    /// Pools of together about `size` connections to `server`, at least one a thread; opened when first used.
    pub(super) fn new(server: PgConnectOptions, size: u32) -> Self {
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let each = (size / u32::try_from(threads).unwrap_or(u32::MAX)).max(1);
        let number = NUMBERS.fetch_add(1, Ordering::Relaxed);
        Self { server, number, each, pools: Mutex::new(Some(Vec::new())) }
    }

    /// This thread's pool; `None` on threads that share a runtime, and once closed.
    pub(super) fn pool(&self) -> Option<PgPool> {
        if let Some(pool) = HERE.with_borrow(|held| held.get(&self.number).cloned()) {
            return Some(pool);
        }
        let runtime = Handle::try_current().ok()?;
        (runtime.runtime_flavor() == RuntimeFlavor::CurrentThread).then_some(())?;
        let mut pools = self.pools.lock();
        let pools = pools.as_mut()?;
        let options = PgPoolOptions::new()
            .max_connections(self.each)
            .acquire_timeout(PATIENCE)
            // A dead connection shows itself at its next statement; asking each time costs a round trip.
            .test_before_acquire(false);
        let pool = options.connect_lazy_with(self.server.clone());
        pools.push(pool.clone());
        HERE.with_borrow_mut(|held| {
            held.retain(|_, pool| !pool.is_closed());
            held.insert(self.number, pool.clone());
        });
        Some(pool)
    }

    /// Closes every pool; later reads have none.
    pub(super) async fn close(&self) {
        let pools = self.pools.lock().take().unwrap_or_default();
        for pool in pools {
            pool.close().await;
        }
    }
}

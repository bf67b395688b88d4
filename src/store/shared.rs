//! What both stores keep in memory: the registry, the listeners and the epoch. No cache of entities lives here.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::RwLock;

use crate::model::Registry;
use crate::store::Touched;

type Listener = Arc<dyn Fn(Touched) + Send + Sync>;

/// The part of a store that every task and thread of it shares.
pub(super) struct Shared {
    registry: RwLock<Arc<Registry>>,
    listeners: RwLock<Vec<Listener>>,
    epoch: AtomicU64,
}

impl Shared {
    pub(super) fn new(registry: Registry) -> Self {
        let registry = RwLock::new(Arc::new(registry));
        Self { registry, listeners: RwLock::new(Vec::new()), epoch: AtomicU64::new(1) }
    }

    pub(super) fn registry(&self) -> Arc<Registry> {
        Arc::clone(&self.registry.read())
    }

    pub(super) fn set_registry(&self, registry: Arc<Registry>) {
        *self.registry.write() = registry;
    }

    pub(super) fn listen(&self, listener: Listener) {
        self.listeners.write().push(listener);
    }

    pub(super) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::SeqCst)
    }

    /// A number no earlier call has returned: whoever compares it with an older one finds a change.
    pub(super) fn fresh_epoch(&self) -> u64 {
        self.epoch.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// Tells of a commit that touched `touched`. The epoch grows first: who reads the old epoch and fills a
    /// cache with what it read before is emptied by the listener that runs after.
    pub(super) fn announce(&self, touched: Touched) {
        self.epoch.fetch_add(1, Ordering::SeqCst);
        let listeners = self.listeners.read().clone();
        for listener in listeners {
            // A listener that panics must not take the writer with it, nor the listeners after it.
            if catch_unwind(AssertUnwindSafe(|| listener(touched))).is_err() {
                tracing::error!("a commit listener panicked");
            }
        }
    }
}

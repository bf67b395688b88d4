//! What both stores keep in memory: the registry and the listeners. No cache of entities lives here.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use parking_lot::RwLock;

use crate::model::Registry;
use crate::store::Touched;

type Listener = Arc<dyn Fn(Touched) + Send + Sync>;

/// The part of a store that every task and thread of it shares.
pub(super) struct Shared {
    registry: RwLock<Arc<Registry>>,
    listeners: RwLock<Vec<Listener>>,
}

impl Shared {
    pub(super) fn new(registry: Registry) -> Self {
        let registry = RwLock::new(Arc::new(registry));
        Self { registry, listeners: RwLock::new(Vec::new()) }
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

    /// Tells of a commit that touched `touched`.
    pub(super) fn announce(&self, touched: Touched) {
        let listeners = self.listeners.read().clone();
        for listener in listeners {
            // A listener that panics must not take the writer with it, nor the listeners after it.
            if catch_unwind(AssertUnwindSafe(|| listener(touched))).is_err() {
                tracing::error!("a commit listener panicked");
            }
        }
    }
}

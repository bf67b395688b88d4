//! What is remembered of devices: the parents of their addresses, which never change, and which functions stand between
//! two of them, which is forgotten with every commit that touches a device or contract.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use moka::sync::Cache;

use crate::crypto::hd_key::Wallet;
use crate::model::kind::contract::Mask;
use crate::model::{Error, Kind, Stored};
use crate::store::{SharedStore, Touched};

/// How many keys are remembered.
const WALLETS: u64 = 10_000;
/// How many pairs of devices are remembered.
const PAIRS: u64 = 100_000;

/// Two devices as they were named, provider first.
type Names = (Box<str>, Box<str>);

/// What stands between two devices.
#[derive(Debug, Clone)]
pub struct Pair {
    /// The provider.
    pub provider: Stored,
    /// The user.
    pub user: Stored,
    /// The functions of all active contracts between them.
    pub functions: Mask,
}

/// The memory; entries of pairs remember the epoch noted before they were read.
pub struct DeviceMemory {
    store: SharedStore,
    wallets: Cache<Box<str>, Arc<Wallet>>,
    pairs: Cache<Names, (u64, Arc<Pair>)>,
    changes: AtomicU64,
}

impl DeviceMemory {
    /// An empty memory over `store`.
    pub fn new(store: SharedStore) -> Self {
        let (wallets, pairs) = (Cache::new(WALLETS), Cache::new(PAIRS));
        Self { store, wallets, pairs, changes: AtomicU64::new(0) }
    }

    /// To be called after every commit.
    pub fn committed(&self, touched: Touched) {
        if touched.has(Kind::Contract) || touched.has(Kind::Device) {
            self.changes.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// The addresses of a device's key.
    pub fn wallet(&self, xpub: &str) -> Result<Arc<Wallet>, Error> {
        if let Some(wallet) = self.wallets.get(xpub) {
            return Ok(wallet);
        }
        let wallet = Arc::new(Wallet::of(xpub)?);
        self.wallets.insert(xpub.into(), Arc::clone(&wallet));
        Ok(wallet)
    }

    /// The present epoch; `None` while the store cannot say what other processes committed.
    pub fn epoch(&self) -> Option<u64> {
        self.store.is_following().then(|| self.changes.load(Ordering::SeqCst))
    }

    /// What was read of these two in the epoch.
    pub fn pair(&self, epoch: Option<u64>, names: &Names) -> Option<Arc<Pair>> {
        let (noted, pair) = self.pairs.get(names)?;
        (Some(noted) == epoch).then_some(pair)
    }

    /// Remembers what was read after `epoch` was noted.
    pub fn keep(&self, epoch: Option<u64>, names: Names, pair: Arc<Pair>) {
        if let Some(epoch) = epoch {
            self.pairs.insert(names, (epoch, pair));
        }
    }
}

impl std::fmt::Debug for DeviceMemory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DeviceMemory").field("pairs", &self.pairs.entry_count()).finish_non_exhaustive()
    }
}

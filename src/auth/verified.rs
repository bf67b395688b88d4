//! Credentials verified a short while ago, so that a client sending its password with every request costs one
//! argon2 verification a minute instead of one a request.
//!
//! Holds no password and no name: the key of an entry is a keyed hash under a random key of this process. Failures
//! are never kept. It must not decide anything about a credential it has not seen verified.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use moka::future::Cache;
use zeroize::Zeroizing;

use crate::world::World;

/// A keyed digest of a credential and the epoch.
pub(super) type Key = [u8; 32];

/// The bounds of a [`VerifiedCache`].
#[derive(Debug, Clone, Copy)]
pub struct CacheBounds {
    /// Most credentials remembered at once.
    pub capacity: u64,
    /// How long one is remembered after its verification.
    pub time_to_live: Duration,
}

impl Default for CacheBounds {
    fn default() -> Self {
        Self { capacity: 10_000, time_to_live: Duration::from_mins(1) }
    }
}

/// What each lately verified credential stands for.
///
/// The epoch noted before a filling began is part of the entry's key: after [`Self::invalidate_all`] no older entry
/// can be found, nor one whose filling was under way, and nobody joins such a filling any more.
pub struct VerifiedCache<T> {
    entries: Cache<Key, T>,
    secret: Zeroizing<Key>,
    epoch: AtomicU64,
}

impl<T: Clone + Send + Sync + 'static> VerifiedCache<T> {
    /// An empty cache with a fresh random key.
    pub fn new(world: &dyn World, bounds: CacheBounds) -> Self {
        let mut secret = Zeroizing::new(Key::default());
        world.random(secret.as_mut_slice());
        let entries =
            Cache::builder().max_capacity(bounds.capacity).time_to_live(bounds.time_to_live).build();
        Self { entries, secret, epoch: AtomicU64::new(0) }
    }

    /// What `user` with `password` was verified as, if that is remembered. Never waits and never verifies.
    pub fn get(&self, user: &str, password: &str) -> Option<T> {
        // A look-up suspends only when it happens to meet the cache's housekeeping; the caller then fills, which hits.
        self.entries.get(&self.key(user, password)).now_or_never().flatten()
    }

    /// What `user` with `password` is verified as, running `verify` if that is not remembered. Of any number of
    /// callers with the same credential at the same time one runs its `verify` and all get its outcome. An error is
    /// not remembered.
    pub async fn fill<E: Send + Sync + 'static>(
        &self,
        user: &str,
        password: &str,
        verify: impl Future<Output = Result<T, E>>,
    ) -> Result<T, Arc<E>> {
        self.entries.try_get_with(self.key(user, password), verify).await
    }

    /// Forgets everything, at once and also for fillings that are under way.
    pub fn invalidate_all(&self) {
        self.epoch.fetch_add(1, Ordering::SeqCst);
        // The new epoch already hides the old entries; this lets their memory go.
        self.entries.invalidate_all();
    }

    /// How often everything was forgotten.
    pub fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::SeqCst)
    }

    /// The key of a credential in the present epoch.
    pub(super) fn key(&self, user: &str, password: &str) -> Key {
        let mut hasher = blake3::Hasher::new_keyed(&self.secret);
        hasher.update(&self.epoch().to_le_bytes());
        // The length keeps ("ab", "c") and ("a", "bc") apart.
        hasher.update(&(user.len() as u64).to_le_bytes());
        hasher.update(user.as_bytes());
        hasher.update(password.as_bytes());
        *hasher.finalize().as_bytes()
    }
}

impl<T> fmt::Debug for VerifiedCache<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedCache").field("epoch", &self.epoch).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use tokio::sync::oneshot;

    use super::*;
    use crate::world::Still;

    fn cache(bounds: CacheBounds) -> Arc<VerifiedCache<u32>> {
        Arc::new(VerifiedCache::new(&Still::at(0), bounds))
    }

    async fn put(cache: &VerifiedCache<u32>, user: &str, password: &str, value: u32) {
        let filled = cache.fill(user, password, async { Ok::<_, ()>(value) }).await;
        assert_eq!(filled, Ok(value));
    }

    #[tokio::test]
    async fn a_verified_credential_is_found_again_and_no_other_is() {
        let cache = cache(CacheBounds::default());
        put(&cache, "ab", "c", 1).await;
        assert_eq!(cache.get("ab", "c"), Some(1));
        assert_eq!(cache.get("a", "bc"), None);
        assert_eq!(cache.get("ab", "d"), None);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_thousand_simultaneous_callers_verify_once() {
        let cache = cache(CacheBounds::default());
        let runs = Arc::new(AtomicUsize::new(0));
        let callers: Vec<_> = (0..1000)
            .map(|_| {
                let (cache, runs) = (Arc::clone(&cache), Arc::clone(&runs));
                tokio::spawn(async move {
                    let verify = async {
                        tokio::time::sleep(Duration::from_millis(20)).await;
                        runs.fetch_add(1, Ordering::SeqCst);
                        Ok::<_, ()>(5)
                    };
                    cache.fill("u", "p", verify).await
                })
            })
            .collect();
        for caller in callers {
            assert_eq!(caller.await.unwrap(), Ok(5));
        }
        assert_eq!(runs.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_failure_is_not_remembered() {
        let cache = cache(CacheBounds::default());
        assert_eq!(cache.fill("u", "p", async { Err("wrong") }).await, Err(Arc::new("wrong")));
        assert_eq!(cache.get("u", "p"), None);
        put(&cache, "u", "p", 2).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn an_entry_whose_filling_began_before_an_invalidation_is_not_used() {
        let cache = cache(CacheBounds::default());
        let (begun, has_begun) = oneshot::channel();
        let (release, gate) = oneshot::channel::<()>();
        let filling = tokio::spawn({
            let cache = Arc::clone(&cache);
            async move {
                let verify = async {
                    begun.send(()).unwrap();
                    gate.await.unwrap();
                    Ok::<_, ()>(1)
                };
                cache.fill("u", "p", verify).await
            }
        });
        has_begun.await.unwrap();
        cache.invalidate_all();
        // A new caller does not join the old filling, which still waits.
        put(&cache, "u", "p", 2).await;
        release.send(()).unwrap();
        assert_eq!(filling.await.unwrap(), Ok(1));
        assert_eq!(cache.get("u", "p"), Some(2));
        assert_eq!(cache.epoch(), 1);
    }

    #[tokio::test]
    async fn everything_is_forgotten_at_once() {
        let cache = cache(CacheBounds::default());
        put(&cache, "u", "p", 1).await;
        cache.invalidate_all();
        assert_eq!(cache.get("u", "p"), None);
        put(&cache, "u", "p", 2).await;
        assert_eq!(cache.get("u", "p"), Some(2));
    }

    #[tokio::test]
    async fn an_entry_is_forgotten_after_its_time_and_the_number_is_bounded() {
        let short = cache(CacheBounds { capacity: 10, time_to_live: Duration::from_millis(40) });
        put(&short, "u", "p", 1).await;
        tokio::time::sleep(Duration::from_millis(80)).await;
        assert_eq!(short.get("u", "p"), None);
        for user in 0..200 {
            put(&short, &user.to_string(), "p", user).await;
        }
        short.entries.run_pending_tasks().await;
        assert!(short.entries.entry_count() <= 10, "{}", short.entries.entry_count());
    }

    #[test]
    fn debug_shows_neither_key_nor_entries() {
        assert_eq!(format!("{:?}", cache(CacheBounds::default())), "VerifiedCache { epoch: 0, .. }");
    }
}

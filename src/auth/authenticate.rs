//! From presented credentials to a principal.
//!
//! The order is fixed: remembered credential, throttle, look-up, exactly one verification, settlement. An unknown
//! name, a disabled client and a wrong password cost the same and get the same answer. A remembered credential
//! passes while its name is slowed, and also while its pair is barred if this origin has logged in itself; from any
//! other barred origin it does not, or the memory would be a place to guess passwords at without being counted. It must not read requests,
//! write answers, or log a name before it is known to be a client's.

use std::collections::HashMap;
use std::error::Error;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use parking_lot::Mutex;
use tokio::sync::oneshot;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::attempts::{AttemptLimits, Attempts, Decision, Permit, Standing};
use super::credentials::Presented;
use super::origin::Origin;
use super::password::{Verifier, VerifyError};
use super::principal::Principal;
use super::verified::{CacheBounds, Key, VerifiedCache};
use crate::world::SharedWorld;

/// How long a credential counts as fresh on a node that does not learn of changes made elsewhere: half of the second
/// within which they must be known.
const YOUNG: Duration = Duration::from_millis(500);

/// An API client as stored.
#[derive(Clone)]
pub struct ClientRecord<G> {
    /// Its row in the store.
    pub row: i64,
    /// Its public id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// The argon2 hash of its password, in PHC form.
    pub phc: String,
    /// Whether it may log in at all.
    pub enabled: bool,
    /// What it may do.
    pub grants: G,
}

impl<G> fmt::Debug for ClientRecord<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientRecord")
            .field("id", &self.id)
            .field("enabled", &self.enabled)
            .finish_non_exhaustive()
    }
}

/// Where clients are looked up.
#[async_trait]
pub trait ClientSource: Send + Sync + 'static {
    /// What a client may do, kept with its remembered credential.
    type Grants: Clone + Send + Sync + 'static;

    /// The client named exactly `name`, enabled or not.
    async fn client(&self, name: &str) -> Result<Option<ClientRecord<Self::Grants>>, SourceError>;

    /// Told what a verification against `record` found, for an attempt from `from`; `None` when nothing was found out.
    /// Returns whether the client is let in, which it is not with a wrong password.
    async fn settle(
        &self,
        record: &ClientRecord<Self::Grants>,
        right: Option<bool>,
        from: Origin,
    ) -> Result<bool, SourceError> {
        let (_, _) = (record, from);
        Ok(right == Some(true))
    }
}

/// Why a client could not be looked up; holds the store's own error, which `downcast_ref` gives back.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the client could not be looked up: {0}")]
pub struct SourceError(Arc<dyn Error + Send + Sync>);

impl SourceError {
    /// Wraps the store's error.
    pub fn new(cause: impl Error + Send + Sync + 'static) -> Self {
        Self(Arc::new(cause))
    }

    /// The store's error, if it is an `E`.
    pub fn downcast_ref<E: Error + 'static>(&self) -> Option<&E> {
        self.0.downcast_ref()
    }
}

/// Why a caller is not let in. No text here depends on what was presented.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AuthError {
    /// Wrong name or password, disabled client, or a pair that is locked: 401.
    #[error("authentication failed")]
    Refused,
    /// Too many failures lately; nothing was verified: 429.
    #[error("too many failed attempts")]
    Throttled {
        /// When to try again.
        retry_after: Duration,
    },
    /// Too many verifications are waiting; nothing was counted: 503.
    #[error("too many logins are waiting")]
    Busy,
    /// The client could not be looked up: 500 or 503, as the cause says.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The verification itself broke: 500.
    #[error("the credentials could not be verified")]
    Broken,
}

/// Bounds of an [`Authenticator`].
#[derive(Debug, Clone, Copy, Default)]
pub struct AuthenticatorSettings {
    /// Of the memory of verified credentials.
    pub cache: CacheBounds,
    /// Of failed attempts.
    pub attempts: AttemptLimits,
}

type Shown<S> = Arc<Principal<<S as ClientSource>::Grants>>;

/// Authenticates clients of a source by name and password.
pub struct Authenticator<S: ClientSource> {
    desk: Arc<Desk<S>>,
}

type Answer<S> = Result<Shown<S>, AuthError>;

/// An attempt under way, which any number of callers may await.
type Pending<S> = Shared<BoxFuture<'static, Answer<S>>>;

struct Desk<S: ClientSource> {
    source: S,
    verifier: Arc<Verifier>,
    cache: VerifiedCache<Shown<S>>,
    attempts: Attempts,
    /// Attempts under way by credential and origin: presenting the same once more is not another guess.
    pending: Mutex<HashMap<Ticket, Pending<S>>>,
    /// When everything was forgotten because it might be stale.
    forgotten: Mutex<Option<Instant>>,
    world: SharedWorld,
}

type Ticket = (Key, Origin);

/// Takes an attempt out of `pending` when it ends, however it ends.
struct Leave<S: ClientSource>(Arc<Desk<S>>, Ticket);

impl<S: ClientSource> Drop for Leave<S> {
    fn drop(&mut self) {
        self.0.pending.lock().remove(&self.1);
    }
}

impl<S: ClientSource> Authenticator<S> {
    /// An authenticator that remembers nothing yet.
    pub fn new(
        source: S,
        verifier: Arc<Verifier>,
        world: SharedWorld,
        settings: AuthenticatorSettings,
    ) -> Self {
        let cache = VerifiedCache::new(world.as_ref(), settings.cache);
        let attempts = Attempts::new(world.as_ref(), settings.attempts);
        let (pending, forgotten) = (Mutex::default(), Mutex::default());
        Self { desk: Arc::new(Desk { source, verifier, cache, attempts, pending, forgotten, world }) }
    }

    /// The principal of `presented` from the peer at `from` if its credentials were verified a short while ago and
    /// the peer is not barred from trying; never waits.
    pub fn recall(&self, presented: &Presented, from: IpAddr) -> Option<Shown<S>> {
        self.desk.recall(presented, self.desk.standing(presented, from))
    }

    /// The principal of `presented`, which came from the peer at `from`. Must run inside a tokio runtime.
    pub async fn authenticate(&self, presented: &Presented, from: IpAddr) -> Answer<S> {
        let standing = self.desk.standing(presented, from);
        if let Some(principal) = self.desk.recall(presented, standing) {
            return Ok(principal);
        }
        // No await up to here: the place of this attempt is taken before the next caller's standing is looked at.
        let pending = self.desk.join(presented, from)?;
        pending.await
    }

    /// As [`Self::forget_all`] while changes made elsewhere do not reach this node, unless that was done a moment ago:
    /// what was verified since then is young enough, and attempts under way must find each other.
    pub fn forget_stale(&self) {
        let mut forgotten = self.desk.forgotten.lock();
        if forgotten.is_none_or(|at| at.elapsed() >= YOUNG) {
            *forgotten = Some(Instant::now());
            self.forget_all();
        }
    }

    /// How often every remembered credential was forgotten.
    pub fn times_forgotten(&self) -> u64 {
        self.desk.cache.epoch()
    }

    /// Forgets every remembered credential, because a client's secret, grants or state changed (or may have).
    pub fn forget_all(&self) {
        self.desk.cache.invalidate_all();
    }
}

impl<S: ClientSource> fmt::Debug for Authenticator<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authenticator").field("cache", &self.desk.cache).finish_non_exhaustive()
    }
}

impl<S: ClientSource> Desk<S> {
    fn standing(&self, presented: &Presented, from: IpAddr) -> Standing {
        self.attempts.standing(&presented.name, from, self.world.now())
    }

    fn recall(&self, presented: &Presented, standing: Standing) -> Option<Shown<S>> {
        if presented.oversized() || matches!(standing, Standing::Barred { proven: false, .. }) {
            return None;
        }
        self.cache.get(&presented.name, &presented.password)
    }

    /// The attempt under way with the same credential from the same origin, or a new one if the throttle permits.
    fn join(self: &Arc<Self>, presented: &Presented, from: IpAddr) -> Result<Pending<S>, AuthError> {
        let ticket = (self.cache.key(&presented.name, &presented.password), Origin::of(from));
        let mut pending = self.pending.lock();
        if let Some(under_way) = pending.get(&ticket) {
            return Ok(under_way.clone());
        }
        let permit = match self.attempts.check(&presented.name, from, self.world.now()) {
            Decision::Proceed(permit) => permit,
            Decision::Delay(retry_after) => return Err(AuthError::Throttled { retry_after }),
            Decision::Locked { .. } => return Err(AuthError::Refused),
        };
        let (tell, told) = oneshot::channel();
        let attempt = told.map(|answer| answer.unwrap_or(Err(AuthError::Broken))).boxed().shared();
        pending.insert(ticket, attempt.clone());
        // A runtime that is shutting down drops the task at once, and with it `leave`, which takes this lock.
        drop(pending);
        let (desk, presented) = (Arc::clone(self), presented.clone());
        let leave = Leave(Arc::clone(self), ticket);
        // A task of its own: a caller that hangs up must neither escape the count of its failure nor make those
        // who joined it start another verification.
        tokio::spawn(async move {
            let answer = desk.attempt(&presented, ticket.1, permit).await;
            drop(leave);
            // Every caller may have hung up meanwhile; the attempt is settled all the same.
            let _ = tell.send(answer);
        });
        Ok(attempt)
    }

    async fn attempt(&self, presented: &Presented, from: Origin, permit: Permit) -> Answer<S> {
        if !permit.hold().is_zero() {
            tokio::time::sleep(permit.hold()).await;
        }
        let answer = if presented.oversized() {
            self.verify(presented, from).await
        } else {
            let verify = self.verify(presented, from);
            let filled = self.cache.fill(&presented.name, &presented.password, verify).await;
            filled.map_err(|shared| AuthError::clone(&shared))
        };
        let now = self.world.now();
        match &answer {
            Ok(_) => permit.succeeded(now),
            Err(AuthError::Refused) => {
                if permit.failed(now) {
                    tracing::warn!(origin = %from, "a login was locked after repeated failures");
                }
            }
            // Nothing was found out about the password, so the permit is given back.
            Err(_) => drop(permit),
        }
        answer
    }

    async fn verify(&self, presented: &Presented, from: Origin) -> Answer<S> {
        // Oversized credentials belong to nobody: the store is not asked about a name of any length.
        let record = if presented.oversized() { None } else { self.source.client(&presented.name).await? };
        let candidate = record.as_ref().filter(|record| record.enabled);
        let found = self.matches(presented, candidate).await;
        let Some(client) = record else { return found.and(Err(AuthError::Refused)) };
        let right = found.as_ref().ok().map(|matches| *matches && client.enabled);
        let is_in = self.source.settle(&client, right, from).await;
        if found? && is_in? {
            return Ok(Arc::new(Principal::new(client.row, client.id, client.name, client.grants)));
        }
        Err(AuthError::Refused)
    }

    async fn matches(
        &self,
        presented: &Presented,
        candidate: Option<&ClientRecord<S::Grants>>,
    ) -> Result<bool, AuthError> {
        let password = if presented.oversized() { Zeroizing::default() } else { presented.password.clone() };
        let phc = candidate.map(|client| client.phc.as_str());
        let outcome = match self.verifier.verify(password.clone(), phc).await {
            Err(VerifyError::UnusableHash(part)) => {
                let client = candidate.map(|client| client.name.as_str());
                tracing::error!(
                    client,
                    part,
                    "the stored password hash cannot be used; the client is refused"
                );
                self.verifier.verify(password, None).await
            }
            outcome => outcome,
        };
        outcome.map_err(|error| match error {
            VerifyError::Busy => AuthError::Busy,
            VerifyError::Failed
            | VerifyError::UnusableHash(_)
            | VerifyError::UnusableCost
            | VerifyError::TooLong
            | VerifyError::Start(_) => AuthError::Broken,
        })
    }
}

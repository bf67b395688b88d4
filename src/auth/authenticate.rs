//! From presented credentials to a principal.
//!
//! The order is fixed: remembered credential, throttle, look-up, exactly one verification, settlement. An unknown
//! name, a disabled client and a wrong password cost the same and get the same answer. It must not read requests,
//! write answers, or log a name before it is known to be a client's.

use std::error::Error;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::attempts::{AttemptLimits, Attempts, Decision, Permit};
use super::credentials::Presented;
use super::origin::Origin;
use super::password::{Verifier, VerifyError};
use super::principal::Principal;
use super::verified::{CacheBounds, VerifiedCache};
use crate::world::SharedWorld;

/// How often a caller joins the verification of others before it makes its own.
const JOINS: usize = 8;

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

struct Desk<S: ClientSource> {
    source: S,
    verifier: Arc<Verifier>,
    cache: VerifiedCache<Shown<S>>,
    attempts: Attempts,
    world: SharedWorld,
}

/// A verification that let nobody in. Shared by all who joined it, so it says whether it holds for them.
struct Miss {
    error: AuthError,
    /// The origin that was throttled before anything was verified: callers from elsewhere learnt nothing.
    throttled: Option<Origin>,
}

impl From<AuthError> for Miss {
    fn from(error: AuthError) -> Self {
        Self { error, throttled: None }
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
        Self { desk: Arc::new(Desk { source, verifier, cache, attempts, world }) }
    }

    /// The principal of credentials verified a short while ago; never waits. Throttling does not apply to it.
    pub fn recall(&self, presented: &Presented) -> Option<Shown<S>> {
        if presented.oversized() {
            return None;
        }
        self.desk.cache.get(&presented.name, &presented.password)
    }

    /// The principal of `presented`, which came from the peer at `from`. Must run inside a tokio runtime.
    pub async fn authenticate(&self, presented: &Presented, from: IpAddr) -> Result<Shown<S>, AuthError> {
        if let Some(principal) = self.recall(presented) {
            return Ok(principal);
        }
        let (desk, presented) = (Arc::clone(&self.desk), presented.clone());
        // A task of its own: a caller that hangs up must neither escape the count of its failure nor make those
        // who joined its verification start another.
        let cold = tokio::spawn(async move { desk.cold(&presented, from).await });
        cold.await.unwrap_or(Err(AuthError::Broken))
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
    async fn cold(&self, presented: &Presented, from: IpAddr) -> Result<Shown<S>, AuthError> {
        if presented.oversized() {
            return self.attempt(presented, from).await.map_err(|miss| miss.error);
        }
        for _ in 0..JOINS {
            let verify = self.attempt(presented, from);
            match self.cache.fill(&presented.name, &presented.password, verify).await {
                Ok(principal) => return Ok(principal),
                Err(miss) if miss.throttled.is_some_and(|other| other != Origin::of(from)) => {}
                Err(miss) => return Err(miss.error.clone()),
            }
        }
        self.attempt(presented, from).await.map_err(|miss| miss.error)
    }

    async fn attempt(&self, presented: &Presented, from: IpAddr) -> Result<Shown<S>, Miss> {
        let permit = self.permit(&presented.name, from)?;
        if !permit.hold().is_zero() {
            tokio::time::sleep(permit.hold()).await;
        }
        let record = self.look_up(presented).await?;
        let candidate = record.as_ref().filter(|record| record.enabled);
        let right = self.matches(presented, candidate).await?;
        let now = self.world.now();
        if right && let Some(client) = candidate {
            permit.succeeded(now);
            let (name, grants) = (client.name.clone(), client.grants.clone());
            return Ok(Arc::new(Principal::new(client.row, client.id, name, grants)));
        }
        let locks = permit.failed(now);
        if locks && let Some(client) = &record {
            tracing::warn!(client = %client.name, origin = %Origin::of(from), "login locked after repeated failures");
        }
        Err(AuthError::Refused.into())
    }

    fn permit(&self, name: &str, from: IpAddr) -> Result<Permit, Miss> {
        let error = match self.attempts.check(name, from, self.world.now()) {
            Decision::Proceed(permit) => return Ok(permit),
            Decision::Delay(retry_after) => AuthError::Throttled { retry_after },
            Decision::Locked { .. } => AuthError::Refused,
        };
        Err(Miss { error, throttled: Some(Origin::of(from)) })
    }

    /// Oversized credentials belong to nobody; the store is not asked, with a name of any length, about them.
    async fn look_up(&self, presented: &Presented) -> Result<Option<ClientRecord<S::Grants>>, AuthError> {
        if presented.oversized() {
            return Ok(None);
        }
        Ok(self.source.client(&presented.name).await?)
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

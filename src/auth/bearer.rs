//! From a bearer's token to a principal: an access token of ours, known by its hash, or a token that a configured
//! issuer has signed.
//!
//! What was found right is remembered like a verified password, by a keyed hash and an epoch; when it ends is looked
//! at on every use. Tokens cannot be guessed, so wrong ones bar nobody: beyond a rate, an address is only told to slow
//! down. Which is why a right token passes from an address that others use badly. Must not read requests or log a token.

use std::fmt;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;

use async_trait::async_trait;
use uuid::Uuid;

use super::authenticate::{AuthError, SourceError};
use super::doors::DoorLimit;
use super::jwt::{Issuer, Vouched, issuer_of};
use super::principal::Principal;
use super::verified::{CacheBounds, VerifiedCache};
use crate::world::{Micros, SharedWorld};

/// Longest token that is looked at, in bytes.
pub const MAX_BEARER: usize = 8_192;

/// What a token of ours stands for.
#[derive(Debug, Clone)]
pub struct TokenRecord<R> {
    /// The client's row in the store.
    pub row: i64,
    /// The client's id.
    pub id: Uuid,
    /// The client's name.
    pub name: String,
    /// Whether the client may sign in at all.
    pub enabled: bool,
    /// What the client may do.
    pub rights: R,
    /// The first instant at which the token is no longer good.
    pub expires: Micros,
}

/// Where tokens are looked up.
#[async_trait]
pub trait TokenSource: Send + Sync + 'static {
    /// What a caller may do, kept with its remembered token.
    type Rights: Clone + Send + Sync + 'static;

    /// What `token` stands for at `now`; `None` when it is unknown, revoked or ended.
    async fn token(&self, token: &str, now: Micros)
    -> Result<Option<TokenRecord<Self::Rights>>, SourceError>;

    /// What a caller that an issuer vouches for may do; `None` when it is bounded to an organization that is not there.
    async fn rights(&self, vouched: &Vouched) -> Result<Option<Self::Rights>, SourceError>;

    /// Notes a token's mark until `until`; false when it was noted before.
    async fn first_use(&self, mark: &[u8; 32], until: Micros) -> Result<bool, SourceError>;
}

/// A bearer whose token was found right.
pub struct Bearer<R> {
    /// Who it is.
    pub principal: Arc<Principal<R>>,
    /// The API client whose token it is; `None` when an issuer vouches for the caller.
    pub client: Option<Uuid>,
    expires: Micros,
}

impl<R> Clone for Bearer<R> {
    fn clone(&self) -> Self {
        Self { principal: Arc::clone(&self.principal), client: self.client, expires: self.expires }
    }
}

impl<R> fmt::Debug for Bearer<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bearer").field("client", &self.client).finish_non_exhaustive()
    }
}

/// Bounds of [`Bearers`].
#[derive(Debug, Clone, Copy)]
pub struct BearerSettings {
    /// Of the memory of right tokens.
    pub cache: CacheBounds,
    /// Wrong tokens of one address at once, and per minute in the long run, that are refused as wrong; more are told
    /// to slow down.
    pub wrong: NonZeroU32,
    /// How many addresses are told apart.
    pub addresses: usize,
}

/// Authenticates bearers.
pub struct Bearers<S: TokenSource> {
    source: S,
    issuers: Vec<Arc<Issuer>>,
    cache: VerifiedCache<Bearer<S::Rights>>,
    wrong: DoorLimit,
    world: SharedWorld,
}

impl<S: TokenSource> Bearers<S> {
    /// With nothing remembered yet.
    pub fn new(source: S, issuers: Vec<Arc<Issuer>>, world: SharedWorld, settings: BearerSettings) -> Self {
        let cache = VerifiedCache::new(world.as_ref(), settings.cache);
        let wrong = DoorLimit::new(settings.wrong, settings.wrong, settings.addresses);
        Self { source, issuers, cache, wrong, world }
    }

    /// The issuers whose tokens are accepted.
    pub fn issuers(&self) -> &[Arc<Issuer>] {
        &self.issuers
    }

    /// Forgets every token, because a client, a token or an issuer's keys changed (or may have).
    pub fn forget_all(&self) {
        self.cache.invalidate_all();
    }

    /// Who presents `token` from the peer at `from`.
    pub async fn authenticate(&self, token: &str, from: IpAddr) -> Result<Bearer<S::Rights>, AuthError> {
        let answer = if token.len() > MAX_BEARER { Err(AuthError::Refused) } else { self.look(token).await };
        match answer {
            Err(AuthError::Refused) => match self.wrong.check(from) {
                Ok(()) => Err(AuthError::Refused),
                Err(retry_after) => Err(AuthError::Throttled { retry_after }),
            },
            other => other,
        }
    }

    async fn look(&self, token: &str) -> Result<Bearer<S::Rights>, AuthError> {
        let known = match self.cache.get("", token) {
            Some(known) => known,
            None => self.verify(token).await?,
        };
        // The clock decides, whenever it was remembered.
        if known.expires > self.world.now() { Ok(known) } else { Err(AuthError::Refused) }
    }

    async fn verify(&self, token: &str) -> Result<Bearer<S::Rights>, AuthError> {
        let issuer = match issuer_of(token) {
            None => return self.fill(token, self.own(token)).await,
            Some(named) => self.issuers.iter().find(|issuer| issuer.is(&named)),
        };
        let Some(issuer) = issuer else { return Err(AuthError::Refused) };
        if issuer.is_once() {
            return self.foreign(issuer, token).await;
        }
        self.fill(token, self.foreign(issuer, token)).await
    }

    async fn fill(
        &self,
        token: &str,
        verify: impl Future<Output = Result<Bearer<S::Rights>, AuthError>>,
    ) -> Result<Bearer<S::Rights>, AuthError> {
        self.cache.fill("", token, verify).await.map_err(|shared| AuthError::clone(&shared))
    }

    async fn own(&self, token: &str) -> Result<Bearer<S::Rights>, AuthError> {
        let found = self.source.token(token, self.world.now()).await?;
        let TokenRecord { row, id, name, rights, expires, .. } =
            found.filter(|found| found.enabled).ok_or(AuthError::Refused)?;
        Ok(Bearer { principal: Arc::new(Principal::new(row, id, name, rights)), client: Some(id), expires })
    }

    async fn foreign(&self, issuer: &Issuer, token: &str) -> Result<Bearer<S::Rights>, AuthError> {
        let vouched = issuer.verify(token, self.world.now()).map_err(|reason| {
            tracing::debug!(issuer = issuer.name(), %reason, "a token of an issuer was refused");
            AuthError::Refused
        })?;
        let rights = self.source.rights(&vouched).await?.ok_or(AuthError::Refused)?;
        if let Some(mark) = &vouched.mark
            && !self.source.first_use(mark, vouched.expires).await?
        {
            tracing::debug!(issuer = issuer.name(), "a token of an issuer was presented again");
            return Err(AuthError::Refused);
        }
        // No row and no id in the store.
        let principal = Arc::new(Principal::new(0, Uuid::nil(), vouched.name, rights));
        Ok(Bearer { principal, client: None, expires: vouched.expires })
    }
}

impl<S: TokenSource> fmt::Debug for Bearers<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bearers").field("cache", &self.cache).finish_non_exhaustive()
    }
}

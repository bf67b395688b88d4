//! Who calls: credentials from the Authorization header or the query, verified, and refusals recorded.
//!
//! The header wins over the query; a credential that is present but wrong is refused, never passed over.

use std::net::{IpAddr, Ipv4Addr};

use actix_web::HttpRequest;
use actix_web::http::header::AUTHORIZATION;
use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::audit::{Action, Scene};
use crate::auth::authenticate::{AuthError, ClientRecord, ClientSource, SourceError};
use crate::auth::bearer::{TokenRecord, TokenSource};
use crate::auth::credentials::Presented;
use crate::auth::jwt::Vouched;
use crate::auth::origin::Origin;
use crate::http::failure::{Challenge, Failure};
use crate::http::params::QueryCredentials;
use crate::http::partner_people;
use crate::http::service::Service;
use crate::model::{Error, Grants, Kind, Verb};
use crate::operation::client;
use crate::operation::{Caller, Engine, Identity, read, refuse, token};
use crate::store::SharedStore;

/// What a caller may do, and where.
#[derive(Debug, Clone)]
pub struct Rights {
    /// What it may do.
    pub grants: Grants,
    /// The organization it is bounded to.
    pub within: Option<Uuid>,
}

/// The clients of the store, as the authenticator asks for them.
pub struct Clients(pub SharedStore);

#[async_trait]
impl ClientSource for Clients {
    type Grants = Rights;

    async fn client(&self, name: &str) -> Result<Option<ClientRecord<Rights>>, SourceError> {
        let found = client::find(&self.0, name).await.map_err(SourceError::new)?;
        Ok(found.and_then(|(client, credential)| {
            let phc = credential?.phc;
            let client::Client { row, id, name, enabled, grants, within, .. } = client;
            Some(ClientRecord { row, id, name, phc, enabled, grants: Rights { grants, within } })
        }))
    }
}

/// The tokens of the store, and what issuers vouch for.
pub struct Tokens(pub Engine);

#[async_trait]
impl TokenSource for Tokens {
    type Rights = Rights;

    async fn token(&self, token: &str, now: i64) -> Result<Option<TokenRecord<Rights>>, SourceError> {
        let hash = token::hash(token);
        let found = token::holder(&self.0.store, &hash, now).await.map_err(SourceError::new)?;
        Ok(found.map(|(client, expires)| {
            let client::Client { row, id, name, enabled, grants, within, .. } = client;
            TokenRecord { row, id, name, enabled, rights: Rights { grants, within }, expires }
        }))
    }

    async fn rights(&self, vouched: &Vouched) -> Result<Option<Rights>, SourceError> {
        let grants = vouched.grants.clone();
        let Some(within) = &vouched.within else { return Ok(Some(Rights { grants, within: None })) };
        match read::locate(&self.0, Kind::Organization, within).await {
            Ok(found) => Ok(Some(Rights { grants, within: Some(found.id()) })),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(SourceError::new(error)),
        }
    }

    async fn first_use(&self, mark: &[u8; 32], until: i64) -> Result<bool, SourceError> {
        token::first_use(&self.0.store, *mark, until).await.map_err(SourceError::new)
    }
}

/// The address a request came from.
pub fn source(request: &HttpRequest) -> IpAddr {
    request.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |addr| addr.ip())
}

/// What a request proves itself with.
enum Proof {
    Password(Presented),
    Bearer(Zeroizing<String>),
}

fn takes_basic(service: &Service) -> bool {
    service.config.auth.basic && service.config.auth.passwords
}

fn takes_query(service: &Service) -> bool {
    service.config.auth.query_credentials && service.config.auth.passwords
}

/// What a refusal tells of the ways to sign in.
pub(super) fn challenge(service: &Service, wrong_token: bool) -> Failure {
    Failure::Unauthenticated(Challenge { basic: takes_basic(service), wrong_token })
}

/// The credentials a request presents; a failure when there are none or they cannot be understood.
fn proof(service: &Service, request: &HttpRequest, query: QueryCredentials) -> Result<Proof, Failure> {
    let mut headers = request.headers().get_all(AUTHORIZATION);
    if let Some(header) = headers.next() {
        let text = std::str::from_utf8(header.as_bytes()).ok().filter(|_| headers.next().is_none());
        let Some((scheme, rest)) = text.and_then(|text| text.split_once(' ')) else {
            return Err(challenge(service, false));
        };
        if scheme.eq_ignore_ascii_case("bearer") {
            return Ok(Proof::Bearer(Zeroizing::new(rest.trim().to_owned())));
        }
        let takes = scheme.eq_ignore_ascii_case("basic") && takes_basic(service);
        let presented = if takes { basic(rest) } else { None };
        return presented.map(Proof::Password).ok_or_else(|| challenge(service, false));
    }
    let QueryCredentials { mut names, mut passwords } = query;
    match (names.pop(), passwords.pop()) {
        (Some(name), Some(password)) if names.is_empty() && passwords.is_empty() && takes_query(service) => {
            Ok(Proof::Password(Presented { name, password }))
        }
        _ => Err(challenge(service, false)),
    }
}

fn basic(encoded: &str) -> Option<Presented> {
    let decoded = Zeroizing::new(STANDARD.decode(encoded.trim()).ok()?);
    let pair = std::str::from_utf8(&decoded).ok()?;
    let (name, password) = pair.split_once(':').filter(|(name, _)| !name.chars().any(char::is_control))?;
    Some(Presented { name: name.to_owned(), password: Zeroizing::new(password.to_owned()) })
}

/// Verifies who calls. Refusals are recorded: singly up to a bound, then counted.
pub async fn identify(
    service: &Service,
    request: &HttpRequest,
    query: QueryCredentials,
    request_id: &str,
) -> Result<Caller, Failure> {
    let proof = proof(service, request, query)?;
    verified(service, request, proof, request_id).await
}

/// Whether a request shows credentials, good or not, in its header or query.
pub fn shows(request: &HttpRequest, query: &QueryCredentials) -> bool {
    request.headers().contains_key(AUTHORIZATION) || !query.names.is_empty() || !query.passwords.is_empty()
}

/// Verifies who calls by a token that the body shows.
pub async fn identify_by_token(
    service: &Service,
    request: &HttpRequest,
    token: Zeroizing<String>,
    request_id: &str,
) -> Result<Caller, Failure> {
    verified(service, request, Proof::Bearer(token), request_id).await
}

async fn verified(
    service: &Service,
    request: &HttpRequest,
    proof: Proof,
    request_id: &str,
) -> Result<Caller, Failure> {
    let from = source(request);
    if !service.engine.store.is_following() {
        // A client may have been disabled on another node without a word of it having come here.
        service.authenticator.forget_stale();
        service.bearers.forget_all();
    }
    let (tried, wrong_token) = match &proof {
        Proof::Password(presented) => (presented.name.clone(), false),
        // Whose token it might be is not known.
        Proof::Bearer(_) => (String::new(), true),
    };
    let found = match &proof {
        Proof::Password(presented) => by_password(service, presented, from).await,
        Proof::Bearer(token) => service.bearers.authenticate(token, from).await.map(|bearer| {
            let identity = bearer.client.map_or(Identity::Foreign, Identity::TokenHolder);
            (identity, bearer.principal.name().to_owned(), bearer.principal.grants().clone())
        }),
    };
    match found {
        Ok((identity, client, Rights { grants, within })) => {
            let scene =
                Scene { client, source: from.to_string(), request_id: request_id.to_owned(), subject: None };
            Ok(Caller { grants, within, identity, scene, once: None })
        }
        Err(AuthError::Throttled { retry_after }) => {
            Err(refused(service, &tried, from, request_id, Failure::Throttled(retry_after)).await)
        }
        Err(AuthError::Busy) => Err(Error::unavailable("the password verifier is busy").into()),
        Err(AuthError::Broken) => Err(Error::internal("a password verification broke").into()),
        Err(AuthError::Source(error)) => match error.downcast_ref::<Error>() {
            Some(error) => Err(error.clone().into()),
            None => Err(Error::unavailable("clients cannot be looked up").into()),
        },
        Err(AuthError::Refused) => {
            Err(refused(service, &tried, from, request_id, challenge(service, wrong_token)).await)
        }
    }
}

/// An API client by its name; where there is none of that name, a partner's own user by its login.
async fn by_password(
    service: &Service,
    presented: &Presented,
    from: IpAddr,
) -> Result<(Identity, String, Rights), AuthError> {
    let known = match service.authenticator.recall(presented, from) {
        Some(principal) => principal,
        None if partner_people::is_asked(service, presented)
            .await
            .map_err(|error| AuthError::Source(SourceError::new(error)))? =>
        {
            return partner_people::authenticate(service, presented, from).await;
        }
        None => service.authenticator.authenticate(presented, from).await?,
    };
    Ok((Identity::Client(known.id()), known.name().to_owned(), known.grants().clone()))
}

/// Records a sign-in that was refused, singly or as one of a count, and answers `failure`.
async fn refused(service: &Service, name: &str, from: IpAddr, request_id: &str, failure: Failure) -> Failure {
    let name: String = name.chars().take(64).collect();
    let now = service.engine.world.now();
    if !service.flood.failed(&name, &Origin::of(from).to_string(), now) {
        return failure;
    }
    let source = from.to_string();
    let scene = Scene { client: name, source, request_id: request_id.to_owned(), subject: None };
    let caller = Caller::nobody(scene);
    let action = Action::of(Verb::Authenticate, Kind::ApiClient, None);
    let reason = Error::invalid("credentials", "authentication failed");
    if let Error::Unavailable { detail, .. } = refuse(&service.engine, &caller, action, reason).await {
        // The sign-in is refused even when its record cannot be written; nothing has been changed.
        tracing::error!(detail, "a failed sign-in could not be recorded");
    }
    failure
}

//! Who calls: credentials from the Authorization header or the query, verified, and refusals recorded.
//!
//! The header wins over the query; a credential that is present but wrong is refused, never passed over.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::http::header::AUTHORIZATION;
use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::audit::{Action, Scene};
use crate::auth::authenticate::{AuthError, ClientRecord, ClientSource, SourceError};
use crate::auth::credentials::Presented;
use crate::auth::origin::Origin;
use crate::auth::principal::Principal;
use crate::http::failure::Failure;
use crate::http::params::QueryCredentials;
use crate::http::service::Service;
use crate::model::{Error, Grants, Kind, Verb};
use crate::operation::client;
use crate::operation::{Caller, refuse};
use crate::store::SharedStore;

/// The clients of the store, as the authenticator asks for them.
pub struct Clients(pub SharedStore);

#[async_trait]
impl ClientSource for Clients {
    type Grants = Grants;

    async fn client(&self, name: &str) -> Result<Option<ClientRecord<Grants>>, SourceError> {
        let found = client::find(&self.0, name).await.map_err(SourceError::new)?;
        Ok(found.and_then(|(client, credential)| {
            let phc = credential?.phc;
            let client::Client { row, id, name, enabled, grants, .. } = client;
            Some(ClientRecord { row, id, name, phc, enabled, grants })
        }))
    }
}

/// The address a request came from.
pub fn source(request: &HttpRequest) -> IpAddr {
    request.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |addr| addr.ip())
}

/// The credentials a request presents; a failure when there are none or they cannot be understood.
fn presented(
    service: &Service,
    request: &HttpRequest,
    query: QueryCredentials,
) -> Result<Presented, Failure> {
    let mut headers = request.headers().get_all(AUTHORIZATION);
    if let Some(header) = headers.next() {
        if headers.next().is_some() || !service.config.auth.basic {
            return Err(Failure::Unauthenticated);
        }
        return basic(header.as_bytes()).ok_or(Failure::Unauthenticated);
    }
    let QueryCredentials { mut names, mut passwords } = query;
    match (names.pop(), passwords.pop()) {
        (Some(name), Some(password))
            if names.is_empty() && passwords.is_empty() && service.config.auth.query_credentials =>
        {
            Ok(Presented { name, password })
        }
        _ => Err(Failure::Unauthenticated),
    }
}

fn basic(header: &[u8]) -> Option<Presented> {
    let text = std::str::from_utf8(header).ok()?;
    let (scheme, encoded) = text.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = Zeroizing::new(STANDARD.decode(encoded.trim()).ok()?);
    let pair = std::str::from_utf8(&decoded).ok()?;
    let (name, password) = pair.split_once(':')?;
    Some(Presented { name: name.to_owned(), password: Zeroizing::new(password.to_owned()) })
}

/// Verifies who calls. Refusals are recorded: singly up to a bound, then counted.
pub async fn identify(
    service: &Service,
    request: &HttpRequest,
    query: QueryCredentials,
    request_id: &str,
) -> Result<Arc<Principal<Grants>>, Failure> {
    let from = source(request);
    let presented = presented(service, request, query)?;
    if !service.engine.store.is_following() {
        // A client may have been disabled on another node without a word of it having come here.
        service.authenticator.forget_all();
    }
    match service.authenticator.authenticate(&presented, from).await {
        Ok(principal) => Ok(principal),
        Err(AuthError::Throttled { retry_after }) => {
            let failure = Failure::Throttled(retry_after);
            Err(refused(service, &presented.name, from, request_id, failure).await)
        }
        Err(AuthError::Busy) => Err(Error::unavailable("the password verifier is busy").into()),
        Err(AuthError::Broken) => Err(Error::internal("a password verification broke").into()),
        Err(AuthError::Source(error)) => match error.downcast_ref::<Error>() {
            Some(error) => Err(error.clone().into()),
            None => Err(Error::unavailable("clients cannot be looked up").into()),
        },
        Err(AuthError::Refused) => {
            Err(refused(service, &presented.name, from, request_id, Failure::Unauthenticated).await)
        }
    }
}

/// Records a sign-in that was refused, singly or as one of a count, and answers `failure`.
async fn refused(service: &Service, name: &str, from: IpAddr, request_id: &str, failure: Failure) -> Failure {
    let name: String = name.chars().take(64).collect();
    let now = service.engine.world.now();
    if !service.flood.failed(&name, &Origin::of(from).to_string(), now) {
        return failure;
    }
    let source = from.to_string();
    let scene = Scene { client: name, source, request_id: request_id.to_owned() };
    let caller = Caller { grants: Grants::NONE, within: None, scene, once: None };
    let action = Action::of(Verb::Authenticate, Kind::ApiClient, None);
    let reason = Error::invalid("credentials", "authentication failed");
    if let Error::Unavailable { detail, .. } = refuse(&service.engine, &caller, action, reason).await {
        // The sign-in is refused even when its record cannot be written; nothing has been changed.
        tracing::error!(detail, "a failed sign-in could not be recorded");
    }
    failure
}

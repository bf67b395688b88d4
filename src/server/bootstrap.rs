//! The first API client: made at the first start, so that there is somebody who can call.

use zeroize::Zeroizing;

use crate::http::service::Service;
use crate::model::{Error, Grants};
use crate::operation::{Caller, client};
use crate::server::StartError;
use crate::store::Credential;
use crate::world::alphanumeric;

/// The name of the first client, as the seed's examples use it.
pub const FIRST_CLIENT: &str = "restuser";
const DEMO_PASSWORD: &str = "secret";
const LETTERS: usize = 32;

/// Makes the first client unless there is one. Returns its password when it was made from random letters.
pub async fn first_client(service: &Service) -> Result<Option<String>, StartError> {
    if client::find(&service.engine.store, FIRST_CLIENT).await?.is_some() {
        return Ok(None);
    }
    let configured = service.config.auth.bootstrap_password.as_ref();
    let (password, shown) = match configured {
        Some(secret) => (secret.expose().to_owned(), false),
        None if service.config.serve.demo => (DEMO_PASSWORD.to_owned(), false),
        // A password that nobody can sign in with is not shown.
        None => (alphanumeric(service.engine.world.as_ref(), LETTERS), service.config.auth.passwords),
    };
    let phc = service.verifier.hash(Zeroizing::new(password.clone())).await?;
    let credential = Credential { phc, set: service.engine.world.now() };
    let grants = Grants::preset("admin").unwrap_or_default();
    let made =
        client::add(&service.engine, &Caller::local("valtuus"), FIRST_CLIENT, &grants, credential).await;
    match made {
        // Another node was faster: its password holds.
        Err(Error::AlreadyExists { .. }) => Ok(None),
        other => other.map(|_| shown.then_some(password)).map_err(StartError::from),
    }
}

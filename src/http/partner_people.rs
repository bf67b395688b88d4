//! Partners' own users as callers: who is neither an API client nor a client's token may be one of them, when the
//! configuration lets them sign in. A wrong password counts for the user as one at `/authenticate` does, and locks it.

use std::net::IpAddr;
use std::time::Duration;

use async_trait::async_trait;

use crate::audit::Scene;
use crate::auth::authenticate::{AuthError, ClientRecord, ClientSource, SourceError};
use crate::auth::credentials::Presented;
use crate::auth::origin::Origin;
use crate::http::identify::Rights;
use crate::http::service::Service;
use crate::model::{Error, Grants};
use crate::operation::partner::people::{self, Person};
use crate::operation::sign_in::{Reserved, SignIn, Verified, release, reserve};
use crate::operation::update::Precondition;
use crate::operation::{Caller, Engine, Identity, client, perform};

/// How long an attempt waits for a place that others hold.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often it asks for one.
const PAUSE: Duration = Duration::from_millis(25);

/// The users of partners, as the authenticator asks for them.
pub struct People(pub Engine);

/// A digest of the hash that a password was verified against: with another one the password was changed.
type Seal = [u8; 32];

fn seal(phc: &str) -> Seal {
    *blake3::hash(phc.as_bytes()).as_bytes()
}

/// Who records that a password was checked.
fn checking(login: &str, from: Origin) -> Result<Caller, Error> {
    let scene = Scene { client: login.to_owned(), source: from.to_string(), ..Scene::default() };
    Ok(Caller { grants: Grants::parse(["authenticate:user"])?, ..Caller::nobody(scene) })
}

impl People {
    /// The hash to verify against, once there is a place; `None` when the user is locked.
    async fn place(&self, person: &Person) -> Result<Option<Option<String>>, Error> {
        let caller = checking(&person.login, Origin::of(IpAddr::from([0, 0, 0, 0])))?;
        loop {
            match reserve(&self.0, &caller, person.id, &Precondition::None).await? {
                Reserved::Place(phc) => return Ok(Some(phc)),
                Reserved::Barred => return Ok(None),
                Reserved::Full => tokio::time::sleep(PAUSE).await,
            }
        }
    }
}

#[async_trait]
impl ClientSource for People {
    type Grants = Seal;

    async fn client(&self, name: &str) -> Result<Option<ClientRecord<Seal>>, SourceError> {
        let Some(person) = people::with_login(&self.0, name).await.map_err(SourceError::new)? else {
            return Ok(None);
        };
        let waited = || Err(Error::unavailable("too many attempts on one user are waiting"));
        let place = tokio::time::timeout(PATIENCE, self.place(&person)).await.unwrap_or_else(|_| waited());
        let Some(phc) = place.map_err(SourceError::new)? else { return Ok(None) };
        let Person { row, id, login: name, is_enabled, .. } = person;
        let enabled = is_enabled && phc.is_some();
        let phc = phc.unwrap_or_default();
        let grants = seal(&phc);
        Ok(Some(ClientRecord { row, id, name, phc, enabled, grants }))
    }

    async fn settle(
        &self,
        record: &ClientRecord<Seal>,
        right: Option<bool>,
        from: Origin,
    ) -> Result<bool, SourceError> {
        let Some(right) = right else {
            return release(&self.0, record.id).await.map(|()| false).map_err(SourceError::new);
        };
        let verified = Verified { right, renewal: None };
        let settled = match checking(&record.name, from) {
            Ok(caller) => perform(&self.0, &caller, SignIn::new(&self.0, record.id, verified)).await,
            Err(error) => Err(error),
        };
        if settled.is_err() {
            release(&self.0, record.id).await.map_err(SourceError::new)?;
        }
        settled.map_err(SourceError::new)
    }
}

/// Whether `presented` is to be tried as a user's: it is switched on, and no API client has that name.
pub async fn is_asked(service: &Service, presented: &Presented) -> Result<bool, Error> {
    if !service.config.partners.user_sign_in || presented.oversized() {
        return Ok(false);
    }
    Ok(!client::is_known(&service.engine.store, &presented.name).await?)
}

/// Who signs in with `presented`, and what it may do at this moment.
pub async fn authenticate(
    service: &Service,
    presented: &Presented,
    from: IpAddr,
) -> Result<(Identity, String, Rights), AuthError> {
    let engine = &service.engine;
    let failed = |error: Error| AuthError::Source(SourceError::new(error));
    let mut principal = service.people.authenticate(presented, from).await?;
    let mut verified_now = false;
    loop {
        let found = people::of_id(engine, principal.id()).await.map_err(failed)?;
        let person = found.filter(|person| person.is_enabled).ok_or(AuthError::Refused)?;
        let credential = engine.store.credential(person.row).await.map_err(failed)?;
        if credential.is_some_and(|credential| seal(&credential.phc) == *principal.grants()) {
            let rights = Rights { grants: person.grants, within: Some(person.within) };
            return Ok((Identity::User(person.id), person.login, rights));
        }
        if verified_now {
            return Err(AuthError::Refused);
        }
        // Remembered from before the password was changed, or hashed anew.
        service.people.forget_all();
        principal = service.people.authenticate(presented, from).await?;
        verified_now = true;
    }
}

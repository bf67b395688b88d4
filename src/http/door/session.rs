//! Sessions of the JSON interface: signing in, out, and whose cookie it is.
//!
//! A session begins with a right password and a cookie of our own making; whatever a client brought along before is
//! never taken up. Requests that a browser says come from another site are refused beside `SameSite`.

use actix_web::http::StatusCode;
use actix_web::http::header::{COOKIE, HOST, HeaderName, HeaderValue, ORIGIN, SET_COOKIE};
use actix_web::{HttpRequest, HttpResponse};
use uuid::Uuid;

use crate::http::door::said::{self, NO_ROLE, NO_SESSION, Said};
use crate::http::door::{BASE, Visit, read};
use crate::http::sign_in::{self, Outcome};
use crate::model::key::unique_key;
use crate::model::password::Password;
use crate::model::{Error, Grants, Stored};
use crate::operation::device::orchestrator::session::{self, SessionKey, SessionTimes};
use crate::operation::device::orchestrator::{Orchestrator, users};
use crate::operation::sign_in::{Proof, SignIn};
use crate::operation::update::Precondition;
use crate::operation::{Caller, refuse};

const COOKIE_NAME: &str = "JSESSIONID";
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Whether a browser says that the request was made by a page of another site.
/// `own` is the origin that was configured, if one was.
pub(super) fn is_cross_site(request: &HttpRequest, own: Option<&str>) -> bool {
    let header = |name: &HeaderName| request.headers().get(name).map(|value| value.to_str().unwrap_or("?"));
    let fetched = header(&FETCH_SITE).is_some_and(|site| !matches!(site, "same-origin" | "none"));
    let here = header(&HOST).unwrap_or_default();
    let elsewhere = header(&ORIGIN).is_some_and(|origin| {
        if let Some(own) = own {
            return !origin.eq_ignore_ascii_case(own);
        }
        let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
        host.is_none_or(|host| !host.eq_ignore_ascii_case(here))
    });
    fetched || elsewhere
}

/// The session that a request shows. Two are none: one of them may have been put there by somebody else.
fn shown(request: &HttpRequest) -> Option<SessionKey> {
    let mut found = request.headers().get_all(COOKIE).flat_map(|header| {
        let pairs = header.to_str().unwrap_or_default().split(';');
        pairs.filter_map(|pair| pair.trim().split_once('=')).filter(|(name, _)| *name == COOKIE_NAME)
    });
    let (_, value) = found.next()?;
    if found.next().is_some() { None } else { SessionKey::shown(value) }
}

/// Login and password of somebody who wants to be let in.
fn credentials(body: &[u8]) -> Result<(String, Password), Said> {
    let mut fields = read::object(body, &["userId", "password"])?;
    let login = read::text(&mut fields, "userId")?;
    Ok((login, Password::new(read::text(&mut fields, "password")?)))
}

/// An id that no user has, for a login that no user has: always the same one, so that attempts on it wait for each
/// other as those on a user do, and for no others.
fn stand_in(key: &[u8; 32], login: &str) -> Uuid {
    let mut hasher = blake3::Hasher::new_keyed(key);
    hasher.update(b"a login of the JSON interface\0").update(&unique_key(login, true));
    let mut bytes = uuid::Bytes::default();
    hasher.finalize_xof().fill(&mut bytes);
    // Version 8 is given to nobody.
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// What a refused sign-in is answered, whatever was wrong with it.
fn told(error: Error) -> Said {
    if error == Error::WrongPassword { NO_SESSION } else { error.into() }
}

impl Visit<'_> {
    fn times(&self) -> SessionTimes {
        let orchestrator = &self.service.config.orchestrator;
        SessionTimes {
            idle: i64::from(orchestrator.idle_minutes) * 60_000_000,
            whole: i64::from(orchestrator.session_hours) * 3_600_000_000,
        }
    }

    /// The user of the request's session.
    pub(super) async fn session_user(&self, orchestrator: &Orchestrator) -> Result<Stored, Said> {
        let key = shown(self.request).ok_or(NO_SESSION)?;
        let memory = (&self.service.sessions, self.times());
        let found = session::user_of(&self.service.engine, orchestrator, memory, &key).await?;
        found.ok_or(NO_SESSION)
    }

    fn cookie(&self, value: &str, seconds: i64) -> Result<HeaderValue, Said> {
        let config = &self.service.config;
        let is_plain = config.serve.plain_http && config.orchestrator.origin.is_none();
        let secure = if is_plain { "" } else { "; Secure" };
        let text = format!(
            "{COOKIE_NAME}={value}; Path={BASE}; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}"
        );
        let mut value =
            HeaderValue::try_from(text).map_err(|_| Error::internal("a cookie cannot be written"))?;
        value.set_sensitive(true);
        Ok(value)
    }

    /// POST `/login`.
    pub(super) async fn login(&self, body: &[u8]) -> Result<HttpResponse, Said> {
        let (login, password) = credentials(body)?;
        let (engine, orchestrator) = (&self.service.engine, self.orchestrator()?);
        let caller = self.tried(orchestrator, &login)?;
        if orchestrator.role(engine).await?.is_none() {
            return Err(self.stranger(&caller, NO_ROLE).await);
        }
        let proven = self.proven(orchestrator, &caller, &login, password).await?;
        if let Some(before) = shown(self.request) {
            session::close(engine, &before).await?;
        }
        let key = SessionKey::fresh(engine.world.as_ref());
        let id = proven.0;
        if let Err(error) = session::open(engine, orchestrator, proven, &key, self.times()).await {
            return Err(told(refuse(engine, &caller, SignIn::of(Some(id)), error).await));
        }
        let mut answer = said::empty(StatusCode::OK);
        answer.headers_mut().insert(SET_COOKIE, self.cookie(key.expose(), self.times().whole / 1_000_000)?);
        Ok(answer)
    }

    /// Who asks to be let in as `login`: known only by that name, and able to do nothing else.
    fn tried(&self, orchestrator: &Orchestrator, login: &str) -> Result<Caller, Said> {
        let grants = Grants::parse(["authenticate:user"])?;
        let mut caller = Caller { grants, within: Some(orchestrator.organization), ..self.caller.clone() };
        caller.scene.client = login.chars().take(64).collect();
        Ok(caller)
    }

    /// The user of that login and the proof of its password; a user that there is not costs the same.
    async fn proven(
        &self,
        orchestrator: &Orchestrator,
        caller: &Caller,
        login: &str,
        password: Password,
    ) -> Result<(Uuid, Proof), Said> {
        let engine = &self.service.engine;
        let found = users::by_login(engine, orchestrator, login).await?;
        let id = found.map_or_else(|| stand_in(&engine.cursor_key, login), |user| user.id());
        match sign_in::attempt(self.service, caller.clone(), (id, Precondition::None), password).await {
            Ok(Outcome::In(proof)) => Ok((id, proof)),
            Ok(Outcome::Counted) => Err(NO_SESSION),
            Ok(Outcome::Barred) => Err(told(sign_in::barred(self.service, caller, id).await)),
            Err(Error::NotFound { .. }) => Err(self.stranger(caller, NO_SESSION).await),
            Err(error) => Err(error.into()),
        }
    }

    /// Records, singly or as one of a count, that somebody who is nobody's user was refused.
    async fn stranger(&self, caller: &Caller, said: Said) -> Said {
        if !self.is_single(&caller.scene.client) {
            return said;
        }
        let error = refuse(&self.service.engine, caller, SignIn::of(None), Error::WrongPassword).await;
        if error.is_ours() { error.into() } else { said }
    }

    /// GET `/logout`.
    pub(super) async fn logout(&self) -> Result<HttpResponse, Said> {
        if let Some(key) = shown(self.request) {
            session::close(&self.service.engine, &key).await?;
        }
        let mut answer = said::empty(StatusCode::OK);
        answer.headers_mut().insert(SET_COOKIE, self.cookie("", 0)?);
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unknown_login_has_a_stand_in_of_its_own_whatever_its_letter_case() {
        let of = |login: &str| stand_in(&[7; 32], login);
        assert_eq!(of("Nobody"), of("nobody"));
        assert_ne!(of("nobody"), of("nobody2"));
        assert_ne!(of("nobody"), stand_in(&[8; 32], "nobody"), "strangers cannot compute it");
        assert_eq!(of("nobody").get_version_num(), 8);
    }
}

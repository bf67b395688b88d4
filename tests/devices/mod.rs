//! Devices, contracts and the JSON interface of the orchestrator. Here are only short ways to make and ask.

mod attributes;
mod bulk;
mod checks;
mod endings;
mod faults;
mod hostile;
mod ledger;
mod many;
mod quiet;
mod races;
mod sessions;
mod table;
mod users;

use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::kit::{Bed, Caller};
pub use crate::refusals::services::xpub;

/// The vectors of the contract.
pub const ONE: &str = "tpubDAjeiZPBWjUzphKoEJhkBdiqCSjkunkKQmUxGycsWBPH2aHqdAmJXoRhY6NfNAmRXLmQikRxZM1urcP4Rv7Fb3mcSFpozMstdqUtmSwjFJp";
pub const OTHER: &str = "tpubDAnD549eCz2j2w21P6sx9NvXJrEoWzVevpbvXDpwQzKTC9xWsr8emiEdJ64h1qXbYE4SbDJNbZ7imotNPsGD8RvHQvh6xtgMJTczb8WW8X8";

/// The first administrator of every door.
pub const LOGIN: &str = "chief";
pub const PASSWORD: &str = "a rather long password";

/// An answer of the JSON interface; every one is JSON by its content type.
#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Reply {
    #[track_caller]
    pub fn is(self, status: u16, body: &str) -> Self {
        assert_eq!((self.status.as_u16(), self.body.as_str()), (status, body));
        self
    }

    /// A refusal with exactly this text.
    #[track_caller]
    pub fn refused(self, status: u16, text: &str) -> Self {
        let body = format!("{{\"error\":{}}}", Value::from(text));
        self.is(status, &body)
    }

    /// A refusal whose text holds these words.
    #[track_caller]
    pub fn says(self, status: u16, words: &str) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        let said: Value = serde_json::from_str(&self.body).unwrap();
        let fields = said.as_object().unwrap();
        let text = fields["error"].as_str().unwrap();
        assert!(fields.len() == 1 && text.contains(words), "{text} should say {words:?}");
        self
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        assert_eq!(self.status, StatusCode::OK, "{}", self.body);
        serde_json::from_str(&self.body).unwrap()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The session that the answer sets.
    #[track_caller]
    pub fn session(&self) -> String {
        let cookie = self.header("set-cookie");
        let rest = cookie.strip_prefix("JSESSIONID=").unwrap_or_else(|| panic!("{cookie:?}"));
        rest.split(';').next().unwrap().to_owned()
    }
}

/// Somebody at the JSON interface, with a session or without.
#[derive(Clone)]
pub struct Door {
    pub http: reqwest::Client,
    pub base: String,
    pub session: Option<String>,
    pub headers: Vec<(&'static str, String)>,
}

impl Door {
    pub fn of(bed: &Bed) -> Self {
        Self::at(bed.base())
    }

    /// At the server whose services have this base address.
    pub fn at(base: &str) -> Self {
        let root = base.split("/customerid-rest").next().unwrap();
        let (http, base) = (reqwest::Client::new(), format!("{root}/api/v1"));
        Self { http, base, session: None, headers: Vec::new() }
    }

    /// The same, with this session.
    pub fn with(&self, session: &str) -> Self {
        Self { session: Some(session.to_owned()), ..self.clone() }
    }

    /// The same, sending one header more.
    pub fn header(&self, name: &'static str, value: &str) -> Self {
        let mut other = self.clone();
        other.headers.push((name, value.to_owned()));
        other
    }

    pub async fn send(&self, method: Method, path: &str, body: Option<Vec<u8>>) -> Reply {
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        if let Some(session) = &self.session {
            request = request.header("Cookie", format!("JSESSIONID={session}"));
        }
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        if let Some(body) = body {
            request = request.body(body);
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let body = String::from_utf8(response.bytes().await.unwrap().to_vec()).unwrap();
        let reply = Reply { status, headers, body };
        assert_eq!(reply.header("content-type"), "application/json", "{path}: {}", reply.body);
        assert_eq!(reply.header("cache-control"), "no-store");
        assert!(!reply.header("x-request-id").is_empty());
        reply
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: &str) -> Reply {
        self.send(Method::POST, path, Some(body.as_bytes().to_vec())).await
    }

    pub async fn put(&self, path: &str, body: &str) -> Reply {
        self.send(Method::PUT, path, Some(body.as_bytes().to_vec())).await
    }

    pub async fn delete(&self, path: &str) -> Reply {
        self.send(Method::DELETE, path, None).await
    }

    /// Signs in, without showing a session.
    pub async fn login(&self, login: &str, password: &str) -> Reply {
        Self { session: None, ..self.clone() }.login_again(login, password).await
    }

    /// Signs in, showing the session there is.
    pub async fn login_again(&self, login: &str, password: &str) -> Reply {
        let body = serde_json::json!({ "userId": login, "password": password });
        self.post("/login", &body.to_string()).await
    }

    /// Makes a contract.
    pub async fn contract(&self, provider: &str, user: &str) -> Reply {
        self.post("/contracts", &serde_json::json!({ "provider": provider, "user": user }).to_string()).await
    }
}

/// The same door initialized for `pepsico`, with its administrator signed in.
pub async fn begun(door: Door) -> Door {
    door.post("/init", r#"{"orgId":"pepsico"}"#).await.is(200, "");
    let body = serde_json::json!({ "userId": LOGIN, "password": PASSWORD });
    door.post("/init/admin", &body.to_string()).await.is(200, "");
    let session = door.login(LOGIN, PASSWORD).await.is(200, "").session();
    door.with(&session)
}

/// The interface as [`begun`], and the organization's id.
pub async fn opened(bed: &Bed) -> (Door, String) {
    let door = begun(Door::of(bed)).await;
    let organizations = bed.admin().get("organizations/?technicalName=pepsico&exactMatch=true").await.ok();
    (door, organizations.id())
}

/// Enrols a device; its id.
pub async fn enrolled(caller: &Caller<'_>, name: &str, xpub: &str, organization: &str) -> String {
    caller.post(&format!("devices?name={name}&xpub={xpub}&organization={organization}")).await.ok().id()
}

/// An organization below the root.
pub async fn organization(bed: &Bed, name: &str) -> String {
    let root = bed.server.service().engine.root;
    bed.admin()
        .post(&format!("organizations/?technicalName={name}&parentOrganizationId={root}"))
        .await
        .ok()
        .id()
}

/// Fails unless the ledger and everything derived hold.
pub async fn must_hold(bed: &Bed) {
    bed.must_be_sound().await;
    let verdict =
        valtuus::operation::device::verify::verify(&bed.server.service().engine.store).await.unwrap();
    assert_eq!(verdict.misfit, None);
}

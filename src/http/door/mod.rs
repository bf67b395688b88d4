//! The JSON interface of the orchestrator below `/api/v1`: its own addresses, texts and session cookie over the same
//! operations (contract: devices).
//!
//! Order of checks: malformed → address 404 → method 405 → cross-site 403 → not initialized 409 → session 401 → body 400
//! → what the operation says. `said` writes answers; `session` knows cookies; `devices`, `settings` and `users` call the
//! operations. Nothing here knows rules or SQL, and no cookie is logged.

mod devices;
mod read;
mod refusal;
mod said;
mod session;
mod settings;
mod users;

use actix_web::http::StatusCode;
use actix_web::http::header::ALLOW;
use actix_web::{HttpRequest, HttpResponse, web};

use crate::audit::Scene;
use crate::http::body;
use crate::http::failure::Failure;
use crate::http::identify::source;
use crate::http::params::{self, decode_segment};
use crate::http::road::{Trace, check_lengths};
use crate::http::service::Service;
use crate::operation::device::orchestrator::{self, Orchestrator};
use crate::operation::{Caller, Identity};

use said::Said;

/// Where the interface lives.
const BASE: &str = "/api/v1";

/// What an address of the interface does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Does {
    Devices,
    Device,
    Contracts,
    Contract,
    Info,
    InfoBelow,
    Properties,
    Init,
    InitAdmin,
    Login,
    Logout,
    Users,
    User,
}

/// Addresses with the methods they know; `{}` stands for one segment. Written whole, because metrics tell
/// them from those of the services of the same names.
const TABLE: [(&str, &[&str], Does); 13] = [
    ("api/v1/devices", &["GET"], Does::Devices),
    ("api/v1/devices/{}", &["GET"], Does::Device),
    ("api/v1/contracts", &["GET", "POST"], Does::Contracts),
    ("api/v1/contracts/{}", &["DELETE"], Does::Contract),
    ("api/v1/info", &["GET"], Does::Info),
    ("api/v1/info/{}", &["GET"], Does::InfoBelow),
    ("api/v1/properties", &["GET", "POST"], Does::Properties),
    ("api/v1/init", &["POST"], Does::Init),
    ("api/v1/init/admin", &["POST"], Does::InitAdmin),
    ("api/v1/login", &["POST"], Does::Login),
    ("api/v1/logout", &["GET"], Does::Logout),
    ("api/v1/users", &["GET", "POST"], Does::Users),
    ("api/v1/users/{}", &["PUT", "DELETE"], Does::User),
];

impl Does {
    /// Whether it needs no session.
    fn is_open(self) -> bool {
        matches!(self, Self::Init | Self::InitAdmin | Self::Login)
    }
}

/// Whether a path belongs to the interface.
pub(super) fn owns(service: &Service, path: &str) -> bool {
    let below = path.strip_prefix(BASE);
    service.config.orchestrator.enabled && below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// What a failure on the way to the interface is answered.
pub(super) fn failed(failure: Failure) -> HttpResponse {
    Said::from(failure).response()
}

/// The address of a path, and the segment that stands for `{}`.
fn find(path: &str) -> Option<(&'static str, &'static [&'static str], Does, String)> {
    let path = path.strip_prefix('/')?;
    let path = path.strip_suffix('/').unwrap_or(path);
    // Braces that somebody sends are a key like any other.
    let exact = TABLE.iter().find(|(known, ..)| *known == path && !known.ends_with("{}"));
    if let Some((known, methods, does)) = exact {
        return Some((known, methods, *does, String::new()));
    }
    let of = |known: &str| {
        let collection = known.strip_suffix("{}")?;
        path.strip_prefix(collection).filter(|key| !key.is_empty())
    };
    let (known, methods, does, key) =
        TABLE.iter().find_map(|(known, methods, does)| Some((known, methods, does, of(known)?)))?;
    // Extra path information below `info` may be of any depth.
    let fits = *does == Does::InfoBelow || !key.contains('/');
    fits.then(|| Some((*known, *methods, *does, decode_segment(key).ok()?)))?
}

/// A request to the interface, as far as it was let.
struct Visit<'a> {
    service: &'a Service,
    request: &'a HttpRequest,
    caller: Caller,
    /// `None` before it is initialized.
    orchestrator: Option<Orchestrator>,
    key: String,
    method: &'a str,
}

/// Answers a request below [`BASE`].
pub(super) async fn answer(
    service: &Service,
    request: &HttpRequest,
    body: web::Payload,
    request_id: &str,
    trace: &mut Trace,
) -> Result<HttpResponse, Failure> {
    trace.route = BASE;
    let said = match begun(service, request, body, request_id, trace).await {
        Ok(answer) => return Ok(answer),
        Err(said) => said,
    };
    if let Some(detail) = said.fault() {
        tracing::error!(request_id, detail, "a request failed through our own fault");
    }
    Ok(said.response())
}

async fn begun(
    service: &Service,
    request: &HttpRequest,
    body: web::Payload,
    request_id: &str,
    trace: &mut Trace,
) -> Result<HttpResponse, Said> {
    let path = request.uri().path();
    for segment in path.split('/') {
        decode_segment(segment)?;
    }
    params::parse(request.uri().query().unwrap_or_default(), &service.config.limits)?;
    check_lengths(service, request)?;
    let (known, methods, does, key) = find(path).ok_or(said::UNKNOWN_PATH)?;
    trace.route = known;
    let asked = request.method().as_str();
    let method = if asked == "HEAD" { "GET" } else { asked };
    if !methods.contains(&method) {
        let known = crate::http::dialect::known(methods.to_vec());
        if asked != "OPTIONS" {
            return Err(Said::method(&known));
        }
        let mut answer = said::empty(StatusCode::OK);
        if let Ok(value) = known.join(", ").parse() {
            answer.headers_mut().insert(ALLOW, value);
        }
        return Ok(answer);
    }
    let caller = Caller::visitor(source(request).to_string(), request_id.to_owned());
    let mut visit = Visit { service, request, caller, orchestrator: None, key, method };
    if session::is_cross_site(request, service.config.orchestrator.origin.as_deref()) {
        return Err(visit.foreign(does, said::CROSS_SITE).await);
    }
    visit.orchestrator = orchestrator::present(&service.engine).await?;
    visit.enter(does).await?;
    visit.caller.scene.client.clone_into(&mut trace.client);
    // A body is read whatever the method, and passed over where none is asked for.
    let body = body::read(service, body).await?;
    visit.perform(does, body).await
}

impl Visit<'_> {
    /// Lets in whoever has a session, and everybody to what is open; as often as the doors allow.
    async fn enter(&mut self, does: Does) -> Result<(), Said> {
        if self.orchestrator.is_none() && does != Does::Init {
            return Err(said::NOT_INITIALIZED);
        }
        if does.is_open() {
            let from = source(self.request);
            return self.service.doors.check(from).map_err(|wait| Failure::Throttled(wait).into());
        }
        let orchestrator = self.orchestrator()?;
        let user = self.session_user(orchestrator).await?;
        let login = user.attributes().text(crate::model::kind::user::LOGIN).unwrap_or_default();
        let Scene { source, request_id, .. } = self.caller.scene.clone();
        // Ledger and trail tell a user from an API client by the spaces, which no client's name has; the id stays the
        // user's when its login becomes another one.
        let client = format!("user {login} ({})", user.id());
        let scene = Scene { client, source, request_id, subject: None };
        let (grants, within) = (Orchestrator::grants()?, Some(orchestrator.organization));
        self.caller = Caller { grants, within, identity: Identity::User(user.id()), scene, once: None };
        Ok(())
    }

    fn orchestrator(&self) -> Result<&Orchestrator, Said> {
        self.orchestrator.as_ref().ok_or(said::NOT_INITIALIZED)
    }

    async fn perform(&self, does: Does, body: Vec<u8>) -> Result<HttpResponse, Said> {
        match (does, self.method) {
            (Does::Devices, _) => self.devices().await,
            (Does::Device, _) => self.device().await,
            (Does::Contracts, "POST") => self.create_contract(&body).await,
            (Does::Contracts, _) => self.contracts().await,
            (Does::Contract, _) => self.revoke_contract().await,
            (Does::Info, _) => self.info(),
            (Does::InfoBelow, _) => Err(said::PATH),
            (Does::Properties, "POST") => self.set_properties(body).await,
            (Does::Properties, _) => self.properties().await,
            (Does::Init, _) => self.init(&body).await,
            (Does::InitAdmin, _) => self.init_admin(&body).await,
            (Does::Login, _) => self.login(&body).await,
            (Does::Logout, _) => self.logout().await,
            (Does::Users, "POST") => self.create_user(&body).await,
            (Does::Users, _) => self.users().await,
            (Does::User, "DELETE") => self.delete_user().await,
            (Does::User, _) => self.update_user(&body).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str) -> Option<(Does, String)> {
        find(path).map(|(_, _, does, key)| (does, key))
    }

    #[test]
    fn addresses_are_found_with_and_without_the_last_slash() {
        for (path, does, key) in [
            ("/api/v1/devices", Does::Devices, ""),
            ("/api/v1/devices/", Does::Devices, ""),
            ("/api/v1/devices/tpub1/", Does::Device, "tpub1"),
            ("/api/v1/init/admin", Does::InitAdmin, ""),
            ("/api/v1/info/a/b/c", Does::InfoBelow, "a/b/c"),
            ("/api/v1/users/a%2Fb", Does::User, "a/b"),
            ("/api/v1/users/{}", Does::User, "{}"),
            ("/api/v1/devices/{}", Does::Device, "{}"),
            ("/api/v1/info/{}", Does::InfoBelow, "{}"),
        ] {
            assert_eq!(found(path), Some((does, key.to_owned())), "{path}");
        }
        for path in [
            "/api/v1",
            "/api/v1/",
            "/api/v1/device",
            "/api/v1/devices//",
            "/api/v1/devices/a/b",
            "/api/v1/init/x",
            "/api/v1/login/x",
            "/api/v2/devices",
            "/api/v1//devices",
            "api/v1/devices",
            "//api/v1/devices",
            "/api/v1/{}",
        ] {
            assert_eq!(found(path), None, "{path}");
        }
    }
}

//! The JSON door of DIGIT at `/access/v1/…`, against a real server over both databases. Here is only what its tests
//! share.

mod actions;
mod decisions;
mod grants;
mod mappings;
mod once;
pub mod refusals;
mod requests;
mod roles;

use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::api::{below, organization};
use crate::kit::{Answer, Bed, Caller};

/// What every request says of itself.
pub fn info() -> Value {
    json!({"apiId": "org.egov.access", "ver": "1.0", "ts": 1_489_084_200_000_i64, "msgId": "20170310130900|en_IN"})
}

/// A body: the request info with what stands beside it.
pub fn body(rest: &Value) -> Value {
    let mut body = Map::new();
    body.insert("RequestInfo".to_owned(), info());
    body.extend(rest.as_object().unwrap().clone());
    Value::Object(body)
}

/// Somebody at the door.
#[derive(Clone)]
pub struct Guest<'b> {
    pub bed: &'b Bed,
    pub caller: Caller<'b>,
}

impl<'b> Guest<'b> {
    pub fn of(bed: &'b Bed, caller: Caller<'b>) -> Self {
        Self { bed, caller: caller.header("content-type", "application/json") }
    }

    /// One of the clients every bed has.
    pub fn named(bed: &'b Bed, name: &str) -> Self {
        Self::of(bed, Caller::basic(bed, name))
    }

    pub async fn send(&self, method: Method, path: &str, body: impl Into<Vec<u8>>) -> Answer {
        let url = format!("{}/access/v1/{path}", self.bed.root());
        self.caller.send_to(method, &url, Some(body.into())).await
    }

    /// POST of exactly this body.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, body.to_string()).await
    }

    /// POST of these members beside a request info; the answer's members.
    pub async fn ask(&self, path: &str, rest: Value) -> Value {
        self.post(path, &body(&rest)).await.ok().json()
    }

    /// As [`Guest::ask`], to be refused for what stands at `param`.
    #[track_caller]
    pub fn refused<'a>(
        &'a self,
        path: &'a str,
        rest: Value,
        param: &'a str,
    ) -> impl Future<Output = Value> + 'a {
        let at = std::panic::Location::caller();
        async move {
            let answer = self.post(path, &body(&rest)).await;
            let found = refusal(&answer, 400);
            assert_eq!(found["params"], json!([param]), "{at}: {found}");
            found
        }
    }
}

/// The one error of a refusal with this status.
#[track_caller]
pub fn refusal(answer: &Answer, status: u16) -> Value {
    assert_eq!(answer.status.as_u16(), status, "{}", answer.text());
    assert!(!answer.header("x-request-id").is_empty(), "no request id");
    assert_eq!(answer.header("cache-control"), "no-store");
    let errors = answer.json()["Errors"].as_array().unwrap().clone();
    assert_eq!(errors.len(), 1);
    errors[0].clone()
}

/// The administrator at the door, and the tenants `uk`, `uk.dehradun` and `uk.almora`.
pub async fn state(bed: &Bed) -> Guest<'_> {
    let admin = bed.admin();
    let uk = organization(&admin, "uk").await;
    below(&admin, &uk, "dehradun").await;
    below(&admin, &uk, "almora").await;
    Guest::named(bed, "admin")
}

/// As [`state`], with the roles, actions and mappings of the known answers, all made through the door.
pub async fn known(bed: &Bed) -> Guest<'_> {
    let admin = state(bed).await;
    let roles =
        json!([{"code": "TL_CEMP", "name": "Counter employee"}, {"code": "SUPERUSER", "name": "Super user"}]);
    admin.ask("roles/_create", json!({"tenantId": "uk", "roles": roles})).await;
    let actions = json!([
        {"id": 1685, "name": "Create TradeLicense", "url": "/tl/v1/_create", "enabled": false, "serviceCode": "tl"},
        {"id": 7, "name": "Update user", "url": "/user/users/{id}/_updatenovalidate", "enabled": true},
        {"id": 8, "name": "Boundaries", "url": "/egov-location/boundarys/{code}", "enabled": true},
    ]);
    admin.ask("actions/_create", json!({"tenantId": "uk", "actions": actions})).await;
    let map = |role: &str, ids: &[i64]| {
        let actions: Vec<Value> = ids.iter().map(|id| json!({"id": id})).collect();
        json!({"role": {"code": role}, "actions": actions, "tenantId": "uk"})
    };
    admin.ask("role-actions/_create", map("TL_CEMP", &[1685])).await;
    admin.ask("role-actions/_create", map("SUPERUSER", &[7, 8])).await;
    admin
}

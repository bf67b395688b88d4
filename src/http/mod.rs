//! The HTTP door. actix-web lives only here and in the composition root.
//!
//! - `dialect` says which address means which operation; `road` leads a request through the contract's order of
//!   checks; `params`, `arguments` and `precondition` read what it carries; `identify` finds out who asks;
//!   `door` is the JSON interface of the orchestrator, with addresses and sessions of its own;
//!   `once` knows requests that were sent before.
//! - `digit` is a road of its own for the JSON door of DIGIT, over the same operations.
//! - `change`, `invitations`, `keys`, `misps`, `contracts`, `partners`, `registration`, `policies`, `certificates`, `listing` and
//!   `entries` call the operations; `answer`
//!   writes documents through `writer` in
//!   the `form` that the client accepts, `failure` refusals.
//!
//! Nothing in this room knows rules, SQL or where secrets are kept; nothing it logs holds a query.

mod access;
pub mod answer;
pub mod arguments;
mod authorizations;
pub mod body;
mod certificates;
pub mod change;
pub mod clients;
mod contracts;
pub mod definitions;
mod delegations;
pub mod dialect;
pub mod digit;
mod door;
mod doors;
mod effective_roles;
pub mod entries;
pub mod failure;
pub mod form;
pub mod identify;
pub mod invitations;
mod keys;
pub mod listing;
mod masters;
mod menus;
mod misps;
pub mod once;
pub mod params;
pub mod partner_people;
mod partners;
mod policies;
pub mod precondition;
pub mod public;
mod registration;
pub mod road;
pub mod service;
pub mod sign_in;
mod uploads;
pub mod writer;

use std::panic::AssertUnwindSafe;

use actix_web::http::header::{CACHE_CONTROL, HeaderName, HeaderValue, VARY};
use actix_web::{HttpRequest, HttpResponse, web};
use futures_util::FutureExt;

use crate::http::failure::Failure;
use crate::http::road::Trace;
use crate::http::service::Service;
use crate::model::Error;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The client's own request id when it is a short plain word, else a fresh one.
fn request_id(service: &Service, request: &HttpRequest) -> String {
    let given = request.headers().get(REQUEST_ID).and_then(|value| value.to_str().ok());
    let plain = |text: &&str| {
        (1..=64).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    given.filter(plain).map_or_else(|| service.engine.world.id().simple().to_string(), str::to_owned)
}

/// Answers every request that reaches the service.
pub async fn handle(request: HttpRequest, body: web::Payload, service: web::Data<Service>) -> HttpResponse {
    let begun = service.engine.world.now();
    let request_id = request_id(&service, &request);
    let mut trace = Trace { route: "none", ..Trace::default() };
    let in_door = dialect::digit::below(request.uri().path()).is_some();
    // A panic is a bug of ours; it costs this request a 500 and nothing else.
    let outcome = if in_door {
        let road = digit::answer(&service, &request, body, &request_id, &mut trace);
        AssertUnwindSafe(road).catch_unwind().await
    } else {
        let road = road::answer(&service, &request, body, &request_id, &mut trace);
        AssertUnwindSafe(road).catch_unwind().await
    };
    let outcome = outcome.unwrap_or_else(|_| Err(Error::internal("panic while answering").into()));
    if let Err(failure) = &outcome
        && let Some(detail) = failure.fault()
    {
        tracing::error!(request_id, detail, "a request failed through our own fault");
    }
    let mut response = outcome.unwrap_or_else(|failure: Failure| {
        if in_door {
            return digit::refusal::response(&service.engine, &trace.head, &failure);
        }
        if door::owns(&service, request.uri().path()) {
            return door::failed(failure);
        }
        failure.response(form::preferred(&request))
    });
    if request.method() == "HEAD" {
        response = answer::head_of(response);
    }
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(VARY, HeaderValue::from_static("Accept"));
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        headers.insert(REQUEST_ID, value);
    }
    let micros = service.engine.world.now() - begun;
    note(&request, &response, &request_id, &trace, micros);
    response
}

/// Log and metrics of one request: the route and the path, never the query.
fn note(request: &HttpRequest, response: &HttpResponse, request_id: &str, trace: &Trace, micros: i64) {
    let status = response.status().as_u16();
    let method = request.method().as_str();
    let class = match status / 100 {
        1..=3 => "success",
        4 => "refused",
        _ => "failed",
    };
    metrics::counter!("valtuus_requests_total", "route" => trace.route, "outcome" => class).increment(1);
    #[expect(clippy::cast_precision_loss, reason = "microseconds of a request are far below 2^52")]
    metrics::histogram!("valtuus_request_seconds", "route" => trace.route).record(micros as f64 / 1e6);
    let path = request.uri().path();
    let client = trace.client.as_str();
    if status < 400 && matches!(method, "GET") {
        tracing::debug!(target: "access", request_id, method, path, status, micros, client);
    } else {
        tracing::info!(target: "access", request_id, method, path, status, micros, client);
    }
}

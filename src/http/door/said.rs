//! What the JSON interface answers: bodies of exactly the seed's fields, and every refusal as `{"error": …}`. Always
//! `application/json`, also without a body.

use std::borrow::Cow;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER};
use serde::Serialize;

use crate::http::failure::Failure;
use crate::model::{Error, Kind};

const JSON: &str = "application/json";

/// A refusal in the words of the interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) status: StatusCode,
    pub(super) text: Cow<'static, str>,
    /// When to try again, seconds.
    retry: Option<u64>,
    /// The methods an address knows.
    allow: Option<Cow<'static, str>>,
    /// What belongs into the log as a fault of ours.
    fault: Option<String>,
    /// What it was before it was put into words.
    error: Option<Box<Error>>,
}

pub(super) const NOT_INITIALIZED: Said = Said::fixed(StatusCode::CONFLICT, "Settings not initialized");
pub(super) const INITIALIZED: Said = Said::fixed(StatusCode::FORBIDDEN, "Settings already initialized");
pub(super) const ADMIN_INITIALIZED: Said =
    Said::fixed(StatusCode::FORBIDDEN, "Admin user already initialized");
pub(super) const NO_SESSION: Said =
    Said::fixed(StatusCode::UNAUTHORIZED, "Session expired or incorrect credentials");
pub(super) const NO_ROLE: Said = Said::fixed(
    StatusCode::CONFLICT,
    "Role Orchestrator not found: make it anew in the organization and assign it to its users",
);
pub(super) const EMPTY: Said = Said::fixed(StatusCode::BAD_REQUEST, "Body can't be empty");
pub(super) const NO_DEVICES: Said = Said::fixed(StatusCode::NOT_FOUND, "No devices found");
pub(super) const NO_PROVIDER: Said = Said::fixed(StatusCode::NOT_FOUND, "Provider with given Xpub not found");
pub(super) const NO_USER: Said = Said::fixed(StatusCode::NOT_FOUND, "User with given Xpub not found");
pub(super) const NO_CONTRACT: Said = Said::fixed(StatusCode::NOT_FOUND, "Contract not found");
pub(super) const CONTRACT_EXISTS: Said = Said::fixed(StatusCode::CONFLICT, "Contract already exists");
pub(super) const USER_EXISTS: Said = Said::fixed(StatusCode::CONFLICT, "User already exists");
pub(super) const NO_SUCH_USER: Said = Said::fixed(StatusCode::NOT_FOUND, "Can't find user with id");
pub(super) const PATH: Said = Said::fixed(StatusCode::BAD_REQUEST, "Path not implemented");
pub(super) const UNKNOWN_PATH: Said = Said::fixed(StatusCode::NOT_FOUND, "Path not implemented");
pub(super) const CROSS_SITE: Said = Said::fixed(StatusCode::FORBIDDEN, "Cross-site request refused");
pub(super) const MEDIA_TYPE: Said = Said::fixed(
    StatusCode::UNSUPPORTED_MEDIA_TYPE,
    "Expected application/json, application/octet-stream or multipart/form-data",
);

impl Said {
    const fn fixed(status: StatusCode, text: &'static str) -> Self {
        Self { status, text: Cow::Borrowed(text), retry: None, allow: None, fault: None, error: None }
    }

    /// A refusal with words of its own.
    pub(super) fn new(status: StatusCode, text: impl Into<Cow<'static, str>>) -> Self {
        Self { status, text: text.into(), retry: None, allow: None, fault: None, error: None }
    }

    /// Something about the body that does not fit.
    pub(super) fn bad(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, text)
    }

    /// A method that the address does not know.
    pub(super) fn method(known: &[&'static str]) -> Self {
        let refusal = Self::new(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed");
        Self { allow: Some(known.join(", ").into()), ..refusal }
    }

    /// What the trail says of it, about an action on entities of `kind`.
    pub(super) fn error(&self, kind: Kind) -> Error {
        if let Some(error) = &self.error {
            return Error::clone(error);
        }
        match self.status {
            StatusCode::NOT_FOUND => Error::not_found(kind),
            StatusCode::CONFLICT | StatusCode::FORBIDDEN => Error::conflict(self.text.clone()),
            StatusCode::UNAUTHORIZED => Error::WrongPassword,
            _ => Error::invalid("body", self.text.clone()),
        }
    }

    /// What is our own fault; for the log only.
    pub(super) fn fault(&self) -> Option<&str> {
        self.fault.as_deref()
    }

    /// The answer.
    pub(super) fn response(&self) -> HttpResponse {
        #[derive(Serialize)]
        struct Body<'a> {
            error: &'a str,
        }
        let mut response = json(self.status, &Body { error: &self.text });
        let mut add = |name, value: &str| {
            if let Ok(value) = actix_web::http::header::HeaderValue::from_str(value) {
                response.headers_mut().insert(name, value);
            }
        };
        if let Some(seconds) = self.retry {
            add(RETRY_AFTER, &seconds.to_string());
        }
        if let Some(allow) = &self.allow {
            add(ALLOW, allow);
        }
        response
    }
}

impl From<Error> for Said {
    fn from(error: Error) -> Self {
        Failure::from(error).into()
    }
}

impl From<Failure> for Said {
    fn from(failure: Failure) -> Self {
        let (status, retry) = (failure.status(), failure.retry_after());
        let fault = failure.fault().map(str::to_owned);
        let error = match &failure {
            Failure::Operation(error) => Some(Box::new(error.clone())),
            _ => None,
        };
        let text: Cow<'static, str> = match &failure {
            Failure::UnknownPath => UNKNOWN_PATH.text,
            Failure::Operation(Error::Internal { .. } | Error::Unavailable { .. }) => {
                "Internal server error".into()
            }
            other => other.message().into(),
        };
        // The interface knows one status for whatever is wrong on this side.
        let status =
            if fault.is_some() && retry.is_none() { StatusCode::INTERNAL_SERVER_ERROR } else { status };
        Self { status, text, retry, allow: None, fault, error }
    }
}

/// An answer with a body.
pub(super) fn json(status: StatusCode, body: &impl Serialize) -> HttpResponse {
    match serde_json::to_vec(body) {
        Ok(bytes) => HttpResponse::build(status).insert_header((CONTENT_TYPE, JSON)).body(bytes),
        Err(error) => {
            tracing::error!(%error, "an answer could not be written");
            empty(StatusCode::INTERNAL_SERVER_ERROR)
        }
    }
}

/// An answer without a body.
pub(super) fn empty(status: StatusCode) -> HttpResponse {
    HttpResponse::build(status).insert_header((CONTENT_TYPE, JSON)).body("")
}

/// The head of an answer that is streamed.
pub(super) fn streamed() -> HttpResponse {
    HttpResponse::Ok().insert_header((CONTENT_TYPE, JSON)).finish()
}

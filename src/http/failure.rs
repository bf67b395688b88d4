//! Everything that can be answered instead of success: status, code and headers, by one exhaustive match.
//!
//! Errors: [`Failure`] is what this room refuses by itself; [`crate::model::Error`] is what the operations
//! refuse. Messages name parameters and what was expected, never a value.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, HttpResponseBuilder};

use crate::http::form::Form;
use crate::json::{self, JsonError};
use crate::model::Error;
use crate::xml::{XmlError, encode};

/// The ways to sign in that are told to somebody who did not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Challenge {
    /// Whether HTTP Basic is one.
    pub basic: bool,
    /// Whether a token was presented, and is not good.
    pub wrong_token: bool,
}

/// Why a request is not answered with success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// An operation refused.
    Operation(Error),
    /// Bad percent-encoding, invalid UTF-8, NUL.
    Malformed(String),
    /// The request line, or a part of it, is too long.
    LineTooLong(String),
    /// The body is too long.
    BodyTooLong(usize),
    /// The body did not arrive in time.
    BodyTooSlow,
    /// The body broke off or is not framed correctly.
    BodyBroken,
    /// A document that is not valid, or too large.
    Document(XmlError),
    /// The same, of a JSON document.
    Json(JsonError),
    /// No credentials, or wrong ones.
    Unauthenticated(Challenge),
    /// Too many attempts.
    Throttled(Duration),
    /// No such address.
    UnknownPath,
    /// The address does not know the method; the methods it knows.
    WrongMethod(Vec<&'static str>),
    /// No form that the client accepts.
    NotAcceptable,
    /// The body is of a type that is not read here.
    UnsupportedMediaType,
    /// The body is not of a type that holds files.
    NoFiles,
    /// The files of a body are too long when they are unpacked.
    FilesTooLong(usize),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Operation(error)
    }
}

/// Status and contract code of a failure.
pub(super) fn classify(failure: &Failure) -> (StatusCode, u16) {
    match failure {
        Failure::Operation(error) => classify_operation(error),
        Failure::LineTooLong(_) => (StatusCode::URI_TOO_LONG, 1),
        Failure::BodyTooSlow => (StatusCode::REQUEST_TIMEOUT, 14),
        Failure::BodyTooLong(_) | Failure::FilesTooLong(_) => (StatusCode::PAYLOAD_TOO_LARGE, 1),
        Failure::Document(error) if error.is_size_limit() => (StatusCode::PAYLOAD_TOO_LARGE, 1),
        Failure::Json(error) if error.is_size_limit() => (StatusCode::PAYLOAD_TOO_LARGE, 1),
        Failure::Malformed(_) | Failure::BodyBroken | Failure::Document(_) | Failure::Json(_) => {
            (StatusCode::BAD_REQUEST, 1)
        }
        Failure::Unauthenticated(_) => (StatusCode::UNAUTHORIZED, 2),
        Failure::Throttled(_) => (StatusCode::TOO_MANY_REQUESTS, 14),
        Failure::UnknownPath => (StatusCode::NOT_FOUND, 7),
        Failure::WrongMethod(_) => (StatusCode::METHOD_NOT_ALLOWED, 13),
        Failure::NotAcceptable => (StatusCode::NOT_ACCEPTABLE, 14),
        Failure::UnsupportedMediaType | Failure::NoFiles => (StatusCode::UNSUPPORTED_MEDIA_TYPE, 14),
    }
}

fn classify_operation(error: &Error) -> (StatusCode, u16) {
    match error {
        Error::Invalid { .. } => (StatusCode::BAD_REQUEST, 1),
        Error::Forbidden { .. } | Error::Exceeds { .. } | Error::NotProven { .. } | Error::WrongPassword => {
            (StatusCode::FORBIDDEN, 3)
        }
        Error::AlreadyExists { .. } => (StatusCode::CONFLICT, 4),
        Error::ParentNotFound { .. } => (StatusCode::NOT_FOUND, 5),
        Error::Unavailable { .. } => (StatusCode::SERVICE_UNAVAILABLE, 6),
        Error::Internal { .. } => (StatusCode::INTERNAL_SERVER_ERROR, 6),
        Error::NotFound { .. } => (StatusCode::NOT_FOUND, 7),
        Error::ParentNotVirtual { .. } => (StatusCode::CONFLICT, 8),
        Error::ParentVirtual { .. } => (StatusCode::CONFLICT, 9),
        Error::InvalidReference { .. } => (StatusCode::BAD_REQUEST, 10),
        Error::Referenced { .. } | Error::Cycle { .. } => (StatusCode::CONFLICT, 10),
        Error::SizeLimit { .. } => (StatusCode::BAD_REQUEST, 12),
        Error::Precondition => (StatusCode::PRECONDITION_FAILED, 14),
        Error::Conflict { .. } | Error::Repeated => (StatusCode::CONFLICT, 15),
    }
}

/// What a failure tells.
pub(super) fn message(failure: &Failure) -> String {
    match failure {
        Failure::Operation(error) => error.to_string(),
        Failure::Malformed(what) | Failure::LineTooLong(what) => what.clone(),
        Failure::BodyTooLong(limit) => format!("the body is longer than {limit} bytes"),
        Failure::BodyTooSlow => "the body did not arrive in time".to_owned(),
        Failure::BodyBroken => "the body broke off or is not framed correctly".to_owned(),
        Failure::Document(error) => error.to_string(),
        Failure::Json(error) => error.to_string(),
        Failure::Unauthenticated(_) => "authentication failed".to_owned(),
        Failure::Throttled(_) => "too many attempts; try again later".to_owned(),
        Failure::UnknownPath => "there is nothing at this address".to_owned(),
        Failure::WrongMethod(methods) => format!("this address knows {}", methods.join(", ")),
        Failure::NotAcceptable => "this is answered as application/xml or application/json".to_owned(),
        Failure::UnsupportedMediaType => {
            "a body must be application/xml, text/xml or application/json in UTF-8".to_owned()
        }
        Failure::NoFiles => "files come as multipart/form-data or application/zip".to_owned(),
        Failure::FilesTooLong(limit) => format!("the files are longer than {limit} bytes unpacked"),
    }
}

impl Failure {
    /// Whether it is our own fault and belongs into the log as an error; the text is for the log only.
    pub fn fault(&self) -> Option<&str> {
        match self {
            Self::Operation(Error::Internal { detail } | Error::Unavailable { detail, .. }) => Some(detail),
            _ => None,
        }
    }

    /// The status.
    pub(super) fn status(&self) -> StatusCode {
        classify(self).0
    }

    /// What was wrong, in words for whoever asked.
    pub(super) fn message(&self) -> String {
        message(self)
    }

    /// When to try again, seconds.
    pub(super) fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Throttled(wait) | Self::Operation(Error::Unavailable { retry_after: wait, .. }) => {
                Some(wait.as_secs().max(1))
            }
            _ => None,
        }
    }

    /// The answer, in the form that the client accepts as far as it is known.
    pub fn response(&self, form: Form) -> HttpResponse {
        let (status, code) = classify(self);
        let mut builder = self.head(status);
        builder.insert_header((CONTENT_TYPE, form.content_type()));
        builder.body(match form {
            Form::Xml => encode::error(code, &message(self)),
            Form::Json => json::encode::error(code, &message(self)),
        })
    }

    /// An answer of this status with the headers that the failure demands.
    pub(super) fn head(&self, status: StatusCode) -> HttpResponseBuilder {
        let mut builder = HttpResponse::build(status);
        match self {
            Self::Unauthenticated(challenge) => {
                if challenge.basic {
                    builder.append_header((WWW_AUTHENTICATE, r#"Basic realm="valtuus", charset="UTF-8""#));
                }
                let error = if challenge.wrong_token { r#", error="invalid_token""# } else { "" };
                builder.append_header((WWW_AUTHENTICATE, format!(r#"Bearer realm="valtuus"{error}"#)));
            }
            Self::WrongMethod(methods) => {
                builder.insert_header((ALLOW, methods.join(", ")));
            }
            _ => {}
        }
        if let Some(seconds) = self.retry_after() {
            builder.insert_header((RETRY_AFTER, seconds.to_string()));
        }
        builder
    }
}

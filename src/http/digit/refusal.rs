//! Refusals in the door's own form: `ResponseInfo` with `FAILED`, and `Errors`. What is wrong with the content of a
//! request is 400, whatever it is; everything else keeps the status that it has everywhere.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_TYPE;
use serde_json::json;

use crate::http::digit::info::Head;
use crate::http::failure::{Failure, classify, message};
use crate::http::form::Form;
use crate::model::Error;
use crate::operation::Engine;

/// What operations call the parameter of a repeated request's key.
pub const KEY: &str = "Idempotency-Key";
/// Where that key may also stand.
pub const MESSAGE_ID: &str = "RequestInfo.msgId";

fn status(failure: &Failure) -> StatusCode {
    match failure {
        Failure::Operation(Error::AlreadyExists { parameter }) if is_key(parameter) => StatusCode::CONFLICT,
        Failure::Operation(
            Error::AlreadyExists { .. }
            | Error::ParentNotFound { .. }
            | Error::NotFound { .. }
            | Error::ParentNotVirtual { .. }
            | Error::ParentVirtual { .. }
            | Error::Cycle { .. },
        ) => StatusCode::BAD_REQUEST,
        other => classify(other).0,
    }
}

fn is_key(parameter: &str) -> bool {
    parameter == KEY || parameter == MESSAGE_ID
}

/// Word and sentence of a contract code.
fn named(code: u16) -> (&'static str, &'static str) {
    match code {
        1 => ("INVALID_ARGUMENTS", "The request, or a part of it, is missing, unknown or ill-formed."),
        2 => ("AUTHENTICATION_FAILED", "No credentials were shown, or they are not good."),
        3 => ("UNAUTHORIZED", "This client may not do that."),
        4 => ("ALREADY_EXISTS", "What must be unique is taken."),
        5 => ("PARENT_NOT_FOUND", "What is to own the new entity does not exist."),
        6 => ("INTERNAL_SERVER_ERROR", "The service cannot answer at the moment."),
        7 => ("ENTITY_NOT_FOUND", "There is nothing of that name."),
        10 => ("INVALID_REFERENCE", "What is referred to does not exist, or stands elsewhere."),
        12 => ("SIZE_LIMIT_EXCEEDED", "There are more results than are answered."),
        13 => ("METHOD_NOT_ALLOWED", "The address does not know this method."),
        14 => ("CLIENT_ERROR", "The request cannot be answered as it was sent."),
        _ => ("CONFIGURATION_CONFLICT", "The state or the configuration forbids it."),
    }
}

fn told(failure: &Failure) -> String {
    match failure {
        Failure::NotAcceptable => "this is answered as application/json".to_owned(),
        Failure::UnsupportedMediaType => "a body must be application/json in UTF-8".to_owned(),
        other => message(other),
    }
}

/// The parts of the request at fault.
fn parameters(failure: &Failure) -> Vec<&str> {
    match failure {
        Failure::Operation(
            Error::Invalid { parameter, .. }
            | Error::InvalidReference { parameter, .. }
            | Error::AlreadyExists { parameter }
            | Error::ParentNotFound { parameter }
            | Error::ParentNotVirtual { parameter }
            | Error::ParentVirtual { parameter }
            | Error::Cycle { parameter },
        ) => vec![parameter],
        _ => Vec::new(),
    }
}

/// Answers a failure to a request whose head is `head`.
pub fn response(engine: &Engine, head: &Head, failure: &Failure) -> HttpResponse {
    let (word, description) = named(classify(failure).1);
    let document = json!({
        "ResponseInfo": head.response(engine, false),
        "Errors": [{
            "code": word,
            "message": told(failure),
            "description": description,
            "params": parameters(failure),
        }],
    });
    let mut builder = failure.head(status(failure));
    builder.insert_header((CONTENT_TYPE, Form::Json.content_type()));
    builder.body(document.to_string())
}

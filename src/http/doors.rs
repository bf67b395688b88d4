//! The doors for people without an account: which requests may go on without credentials. What they show, a token or a
//! code, is the credential then; every other request is asked who it is from.

use actix_web::http::header::{AUTHORIZATION, CONTENT_LENGTH, TRANSFER_ENCODING};
use actix_web::{HttpMessage, HttpRequest};

use crate::http::dialect::Operation;
use crate::http::params::Query;
use crate::operation::partner::Partnering;

/// Whether a request without credentials may go on to a door: the operation is one, and what opens it is shown, or
/// something that can hold it.
pub(super) fn opens(operation: Operation, request: &HttpRequest, query: &Query) -> bool {
    let shows = match operation {
        Operation::Invitation(asked) if asked.is_door() => Some("token"),
        Operation::Partner(Partnering::Register) => Some("otp"),
        Operation::Partner(Partnering::AskCode) => None,
        _ => return false,
    };
    let signs_in = request.headers().contains_key(AUTHORIZATION)
        || !query.credentials.names.is_empty()
        || !query.credentials.passwords.is_empty();
    let shown = |name| query.arguments.iter().any(|argument| argument.name == name);
    !signs_in && shows.is_none_or(|name| shown(name) || has_body(request))
}

fn has_body(request: &HttpRequest) -> bool {
    let announced = request.headers().get(CONTENT_LENGTH);
    request.headers().contains_key(TRANSFER_ENCODING)
        || announced.is_some_and(|length| length.as_bytes() != b"0")
        || !request.content_type().is_empty()
}

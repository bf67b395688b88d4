//! The error documents with which the listener refuses what never reaches a handler.
//!
//! Must not repeat what the client sent: it may hold a password. Codes and statuses are those of the table of
//! errors in the conventions.

use actix_http::body::BoxBody;
use actix_http::error::ParseError;
use actix_http::{Response, StatusCode, header};
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use uuid::Uuid;

use crate::world::World;
use crate::xml::encode;

const MEDIA_TYPE: &str = "application/xml;charset=UTF-8";
/// The head's size and number of lines are fixed in the HTTP library.
const LARGEST_HEAD: &str = "headers: at most 96 headers and 128 KiB together";
/// RFC 9110, 5.6.7.
const HTTP_DATE: &[BorrowedFormatItem<'static>] =
    format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");

/// An answer of the listener's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    status: StatusCode,
    code: u16,
    message: String,
}

impl Refusal {
    fn invalid(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, code: 1, message: message.into() }
    }

    pub(super) fn malformed(message: &str) -> Self {
        Self::invalid(StatusCode::BAD_REQUEST, message)
    }

    pub(super) fn line_too_long(limit: usize) -> Self {
        Self::invalid(StatusCode::URI_TOO_LONG, format!("request line: at most {limit} bytes"))
    }

    pub(super) fn body_too_large(limit: usize) -> Self {
        Self::invalid(StatusCode::PAYLOAD_TOO_LARGE, format!("body: at most {limit} bytes"))
    }

    pub(super) fn slow_head(seconds: u16) -> Self {
        let message = format!("request head: expected whole within {seconds} seconds");
        Self { status: StatusCode::REQUEST_TIMEOUT, code: 14, message }
    }

    pub(super) fn panicked() -> Self {
        let message = String::from("internal server error");
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, code: 6, message }
    }

    /// What the library's parser found wrong.
    pub(super) fn unparsable(error: &ParseError) -> Self {
        match error {
            ParseError::TooLarge => Self::invalid(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, LARGEST_HEAD),
            ParseError::Method => Self::malformed("method: expected an HTTP method"),
            ParseError::Uri(_) => Self::malformed("request target: expected a path"),
            ParseError::Version => Self::malformed("version: expected HTTP/1.1 or HTTP/1.0"),
            _ => Self::malformed(
                "request: expected a request line and headers of HTTP/1.1 with one Host and one \
                 Content-Length or chunked Transfer-Encoding",
            ),
        }
    }

    /// The answer for the library to send. Logs it.
    pub(super) fn response(&self, world: &dyn World) -> Response<BoxBody> {
        let id = self.log(world);
        Response::build(self.status)
            .insert_header((header::CONTENT_TYPE, MEDIA_TYPE))
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .insert_header(("x-request-id", id.to_string()))
            .body(encode::error(self.code, &self.message))
            .map_into_boxed_body()
    }

    /// As [`Refusal::response`]; below `/api/v1` in the form of the interface there.
    pub(super) fn response_on(&self, path: &str, world: &dyn World) -> Response<BoxBody> {
        if !path.starts_with("/api/v1/") {
            return self.response(world);
        }
        let id = self.log(world);
        let body = serde_json::json!({ "error": self.message }).to_string();
        Response::build(self.status)
            .insert_header((header::CONTENT_TYPE, "application/json"))
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .insert_header(("x-request-id", id.to_string()))
            .body(body)
            .map_into_boxed_body()
    }

    /// The answer as bytes, after which the connection is closed. Logs it.
    pub(super) fn bytes(&self, world: &dyn World) -> Vec<u8> {
        let id = self.log(world);
        let document = encode::error(self.code, &self.message);
        let reason = self.status.canonical_reason().unwrap_or_default();
        let mut out = format!(
            "HTTP/1.1 {} {reason}\r\ncontent-type: {MEDIA_TYPE}\r\ncontent-length: {}\r\n\
             cache-control: no-store\r\nx-request-id: {id}\r\nconnection: close\r\n{}\r\n",
            self.status.as_u16(),
            document.len(),
            date(world),
        )
        .into_bytes();
        out.extend_from_slice(&document);
        out
    }

    fn log(&self, world: &dyn World) -> Uuid {
        let id = world.id();
        tracing::info!(request_id = %id, status = self.status.as_u16(), "refused: {}", self.message);
        id
    }
}

/// The `Date` header with its line end; nothing for a clock beyond the calendar.
fn date(world: &dyn World) -> String {
    let seconds = world.now().div_euclid(1_000_000);
    OffsetDateTime::from_unix_timestamp(seconds)
        .ok()
        .and_then(|now| now.format(HTTP_DATE).ok())
        .map_or_else(String::new, |now| format!("date: {now}\r\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::Still;

    #[test]
    fn the_bytes_are_one_closed_answer_with_the_document() {
        let world = Still::at(784_111_777_000_000);
        let bytes = Refusal::line_too_long(8_192).bytes(&world);
        let text = String::from_utf8(bytes).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 414 URI Too Long\r\n"), "{head}");
        assert!(head.contains(&format!("content-length: {}", body.len())), "{head}");
        assert!(head.contains("date: Sun, 06 Nov 1994 08:49:37 GMT"), "{head}");
        assert!(
            body.ends_with(
                "<error><code>1</code><message>request line: at most 8192 bytes</message></error>"
            )
        );
    }
}

//! `Idempotency-Key` on POST: the key, the fingerprint of what is asked, and the answer that is repeated.

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};

use crate::http::arguments::Arguments;
use crate::http::form::Form;
use crate::model::Error;
use crate::operation::Engine;
use crate::operation::once::Once;
use crate::store::answers::Answer;

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Arguments that do not count when requests are compared: a fingerprint in the database must not help to guess a
/// password.
const SECRETS: [&str; 3] = ["pwd", "token", "otp"];

/// The key of a POST; `None` where there is none. Error 1 unless it is 1 to 255 visible ASCII characters, given once.
pub fn key(request: &HttpRequest) -> Result<Option<String>, Error> {
    if request.method() != "POST" {
        return Ok(None);
    }
    let mut headers = request.headers().get_all(&KEY);
    let Some(header) = headers.next() else { return Ok(None) };
    let bytes = header.as_bytes();
    let sound = (1..=255).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_graphic);
    let text = header.to_str().ok().filter(|_| sound && headers.next().is_none());
    match text {
        Some(text) => Ok(Some(text.to_owned())),
        None => Err(Error::invalid("Idempotency-Key", "expected 1 to 255 visible ASCII characters, once")),
    }
}

/// What a request asks for, as a number: its path, the form of its answer and its arguments, in whatever order and
/// form they came.
pub fn fingerprint(engine: &Engine, path: &str, form: Form, arguments: &Arguments) -> [u8; 32] {
    let key = blake3::derive_key("valtuus idempotency fingerprint", &engine.cursor_key);
    let mut hasher = blake3::Hasher::new_keyed(&key);
    let mut add = |text: &str| {
        hasher.update(&u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
        hasher.update(text.as_bytes());
    };
    add(path.strip_suffix('/').unwrap_or(path));
    add(form.content_type());
    add_arguments(&mut add, arguments);
    for one in arguments.several.iter().flatten() {
        add("entity");
        add_arguments(&mut add, one);
    }
    *hasher.finalize().as_bytes()
}

fn add_arguments(add: &mut impl FnMut(&str), arguments: &Arguments) {
    let mut named: Vec<&(String, Vec<String>)> = arguments.named.iter().collect();
    named.sort_by(|(one, _), (other, _)| one.cmp(other));
    for (name, values) in named {
        add(name);
        if SECRETS.contains(&name.as_str()) {
            continue;
        }
        add(&values.len().to_string());
        for value in values {
            add(value);
        }
    }
    for file in arguments.files.iter().flatten() {
        add(&blake3::hash(file).to_hex());
    }
}

/// What a request to `route` asks for, as a number, of the parts that `digest` hands over.
pub fn fingerprint_of(engine: &Engine, route: &str, digest: impl FnOnce(&mut dyn FnMut(&str))) -> [u8; 32] {
    let key = blake3::derive_key("valtuus idempotency fingerprint", &engine.cursor_key);
    let mut hasher = blake3::Hasher::new_keyed(&key);
    let mut add = |text: &str| {
        hasher.update(&u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
        hasher.update(text.as_bytes());
    };
    add(route);
    digest(&mut add);
    *hasher.finalize().as_bytes()
}

/// Answers what was answered before.
pub fn again(answer: Answer) -> Result<HttpResponse, Error> {
    let status = u16::try_from(answer.status).ok().and_then(|status| StatusCode::from_u16(status).ok());
    let status = status.ok_or_else(|| Error::internal("a kept answer has no status"))?;
    let mut response = HttpResponse::build(status);
    response.insert_header((REPLAYED, HeaderValue::from_static("true")));
    if !answer.content_type.is_empty() {
        response.insert_header((CONTENT_TYPE, answer.content_type));
    }
    Ok(response.body(answer.body))
}

/// Answers by what is kept when the request was performed before; `None` when it was not.
pub async fn repeated(engine: &Engine, once: &Once) -> Result<Option<HttpResponse>, Error> {
    once.answered(engine).await?.map(again).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn a_key_is_visible_ascii_and_stands_once() {
        let ask = |method: &str, keys: &[&str]| {
            let request = TestRequest::default().method(method.parse().unwrap());
            let add = |request: TestRequest, value: &&str| {
                request.append_header(("Idempotency-Key", HeaderValue::from_str(value).unwrap()))
            };
            key(&keys.iter().fold(request, add).to_http_request())
        };
        assert_eq!(ask("POST", &["\"8e03\"!"]), Ok(Some("\"8e03\"!".to_owned())));
        assert_eq!(ask("POST", &[]), Ok(None));
        assert_eq!(ask("PUT", &["", ""]), Ok(None));
        assert!(ask("POST", &[&"x".repeat(255)]).is_ok());
        for bad in [&["x", "x"][..], &[""], &["a b"], &["\u{e4}"], &[&"x".repeat(256)]] {
            assert!(ask("POST", bad).is_err(), "{bad:?}");
        }
    }
}

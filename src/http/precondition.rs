//! `If-Match` and `If-None-Match`, on every entity.

use actix_web::http::header::{ETAG, HeaderName, IF_MATCH, IF_NONE_MATCH};
use actix_web::{HttpRequest, HttpResponse};

use crate::http::answer::{etag, validated};
use crate::http::writer::Body;
use crate::model::Error;
use crate::operation::update::Precondition;

/// What one header says.
enum Tags {
    Absent,
    Any,
    These(Vec<String>),
}

/// The entity tags of one header.
fn tags(request: &HttpRequest, name: &HeaderName) -> Result<Tags, Error> {
    let bad = || Error::invalid(name.as_str(), "expected * or entity tags in double quotes");
    let mut tags = Vec::new();
    let mut present = false;
    for header in request.headers().get_all(name) {
        present = true;
        let text = header.to_str().map_err(|_| bad())?.trim();
        if text == "*" {
            return Ok(Tags::Any);
        }
        for tag in text.split(',') {
            let tag = tag.trim();
            let opaque = tag.strip_prefix("W/").unwrap_or(tag);
            let quoted = opaque.len() >= 2 && opaque.starts_with('"') && opaque.ends_with('"');
            if !quoted {
                return Err(bad());
            }
            tags.push(tag.to_owned());
        }
    }
    Ok(if present { Tags::These(tags) } else { Tags::Absent })
}

/// The version an entity tag of ours names; `None` for a weak tag or one that is not ours.
fn version(tag: &str) -> Option<i64> {
    let opaque = tag.strip_prefix('"')?.strip_suffix('"')?;
    opaque.split('-').next()?.parse().ok()
}

/// What the headers demand before a change.
pub fn of_change(request: &HttpRequest) -> Result<Precondition, Error> {
    match tags(request, &IF_MATCH)? {
        Tags::Absent => {}
        Tags::Any => return Ok(Precondition::None),
        Tags::These(tags) => {
            return Ok(Precondition::OneOf(tags.iter().filter_map(|tag| version(tag)).collect()));
        }
    }
    Ok(match tags(request, &IF_NONE_MATCH)? {
        Tags::Absent => Precondition::None,
        Tags::Any => Precondition::Absent,
        Tags::These(tags) => {
            let strong = tags.iter().map(|tag| tag.strip_prefix("W/").unwrap_or(tag));
            Precondition::NoneOf(strong.filter_map(version).collect())
        }
    })
}

/// Answers a read of one entity: 412 (error 14) unless `If-Match` holds for the version, 304 when
/// `If-None-Match` names the document's tag, else the document with its validators. `updated` in microseconds.
pub fn answer(request: &HttpRequest, version: i64, updated: i64, body: Body) -> Result<HttpResponse, Error> {
    check_read(request, version)?;
    let tag = etag(version, &body.bytes);
    if not_modified(request, &tag)? {
        return Ok(HttpResponse::NotModified().insert_header((ETAG, tag)).finish());
    }
    Ok(validated(body, &tag, updated))
}

fn not_modified(request: &HttpRequest, etag: &str) -> Result<bool, Error> {
    Ok(match tags(request, &IF_NONE_MATCH)? {
        Tags::Absent => false,
        Tags::Any => true,
        Tags::These(tags) => tags.iter().any(|tag| tag.strip_prefix("W/").unwrap_or(tag) == etag),
    })
}

fn check_read(request: &HttpRequest, version: i64) -> Result<(), Error> {
    match tags(request, &IF_MATCH)? {
        Tags::Absent | Tags::Any => Ok(()),
        Tags::These(tags) => {
            let versions = tags.iter().filter_map(|tag| self::version(tag)).collect();
            Precondition::OneOf(versions).check(version)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn change(name: &'static str, value: &'static str) -> Result<Precondition, Error> {
        of_change(&TestRequest::default().insert_header((name, value)).to_http_request())
    }

    #[test]
    fn tags_name_versions_and_weak_ones_never_match_a_change() {
        assert_eq!(change("If-Match", r#""3-00ff00ff", "4""#), Ok(Precondition::OneOf(vec![3, 4])));
        assert_eq!(change("If-Match", r#"W/"3""#), Ok(Precondition::OneOf(vec![])));
        assert_eq!(change("If-Match", "*"), Ok(Precondition::None));
        assert_eq!(change("If-None-Match", "*"), Ok(Precondition::Absent));
        assert_eq!(change("If-None-Match", r#"W/"7-1""#), Ok(Precondition::NoneOf(vec![7])));
        assert!(change("If-Match", "3").is_err());
        assert!(change("If-Match", "\"").is_err());
    }
}

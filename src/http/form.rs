//! Which form a document has: XML or JSON, chosen by `Accept` for answers and told by `Content-Type` of bodies.

use actix_web::HttpRequest;
use actix_web::http::header::{ACCEPT, CONTENT_TYPE};

use crate::http::failure::Failure;

/// A form of documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    /// The contract's own.
    #[default]
    Xml,
    /// The same as JSON.
    Json,
}

impl Form {
    /// The content type of its documents.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Xml => "application/xml;charset=UTF-8",
            Self::Json => "application/json",
        }
    }

    /// Every form, the preferred one first.
    const ALL: [Self; 2] = [Self::Xml, Self::Json];

    /// How closely a media range names this form: 0 not at all, 3 by its name.
    fn named_by(self, range: &str) -> u8 {
        match (self, range) {
            (_, "*/*") => 1,
            (_, "application/*") | (Self::Xml, "text/*") => 2,
            (Self::Xml, "application/xml" | "text/xml") | (Self::Json, "application/json") => 3,
            _ => 0,
        }
    }
}

/// The form the client likes best, XML where it does not care; `None` when it accepts neither. A form that is named
/// goes before one that is only covered by a wildcard of the same weight.
pub fn accepted(request: &HttpRequest) -> Option<Form> {
    let headers = request.headers().get_all(ACCEPT).filter_map(|value| value.to_str().ok());
    let mut asked = false;
    let mut best: [Option<(u8, u16)>; 2] = [None, None];
    for range in headers.flat_map(|text| text.split(',')).map(str::trim).filter(|range| !range.is_empty()) {
        asked = true;
        let Some((name, weight)) = weighed(range) else { continue };
        for (form, best) in Form::ALL.into_iter().zip(&mut best) {
            let closeness = form.named_by(&name);
            // The closest range decides, whatever its weight (RFC 9110, 12.5.1).
            if closeness > 0 && best.is_none_or(|(known, least)| (closeness, weight) > (known, least)) {
                *best = Some((closeness, weight));
            }
        }
    }
    if !asked {
        return Some(Form::Xml);
    }
    let mut chosen: Option<(u16, u8, Form)> = None;
    for (form, best) in Form::ALL.into_iter().zip(best) {
        let Some((closeness, weight)) = best.filter(|(_, weight)| *weight > 0) else { continue };
        if chosen.is_none_or(|(known, near, _)| (weight, closeness) > (known, near)) {
            chosen = Some((weight, closeness, form));
        }
    }
    chosen.map(|(_, _, form)| form)
}

/// Whether the client accepts JSON, where there is nothing else.
pub fn accepts_json(request: &HttpRequest) -> bool {
    let mut headers = request.headers().get_all(ACCEPT).filter_map(|value| value.to_str().ok()).peekable();
    if headers.peek().is_none() {
        return true;
    }
    let ranges = headers.flat_map(|text| text.split(',')).map(str::trim).filter(|range| !range.is_empty());
    let closest = ranges.filter_map(weighed).map(|(name, weight)| (Form::Json.named_by(&name), weight)).max();
    closest.is_none_or(|(closeness, weight)| closeness > 0 && weight > 0)
}

/// The form of refusals that come before negotiation.
pub fn preferred(request: &HttpRequest) -> Form {
    accepted(request).unwrap_or_default()
}

/// Name and weight in thousandths of a media range; `None` when it is ill-formed.
fn weighed(range: &str) -> Option<(String, u16)> {
    let mut parts = range.split(';').map(str::trim);
    let name = parts.next().unwrap_or_default().to_ascii_lowercase();
    for part in parts {
        if let Some((key, value)) = part.split_once('=')
            && key.trim().eq_ignore_ascii_case("q")
        {
            return thousandths(value.trim()).map(|weight| (name, weight));
        }
    }
    Some((name, 1_000))
}

/// A weight of RFC 9110: `0` to `1` with at most three decimals.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let sound = matches!(whole, "0" | "1")
        && decimals.len() <= 3
        && decimals.bytes().all(|digit| digit.is_ascii_digit());
    let weight: u16 = format!("{whole}{decimals:0<3}").parse().ok().filter(|_| sound)?;
    (weight <= 1_000).then_some(weight)
}

/// The form of a body; a failure (415) for any other type, or another encoding than UTF-8.
pub fn of_body(request: &HttpRequest) -> Result<Form, Failure> {
    let text = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut parts = text.split(';').map(str::trim);
    let name = parts.next().unwrap_or_default().to_ascii_lowercase();
    let in_utf8 = parts.filter_map(|part| part.split_once('=')).all(|(key, value)| {
        !key.trim().eq_ignore_ascii_case("charset")
            || value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
    });
    match name.as_str() {
        "application/xml" | "text/xml" if in_utf8 => Ok(Form::Xml),
        "application/json" if in_utf8 => Ok(Form::Json),
        _ => Err(Failure::UnsupportedMediaType),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn choose(headers: &[&str]) -> Option<Form> {
        let add = |request: TestRequest, value: &&str| request.append_header((ACCEPT, *value));
        accepted(&headers.iter().fold(TestRequest::default(), add).to_http_request())
    }

    #[test]
    fn json_is_accepted_unless_the_client_says_otherwise() {
        for (accept, expected) in [
            (None, true),
            (Some(""), true),
            (Some("*/*"), true),
            (Some("application/json, text/plain;q=0.1"), true),
            (Some("application/*;q=0.1"), true),
            (Some("application/xml"), false),
            (Some("application/json;q=0, */*"), false),
            (Some("*/*;q=0"), false),
        ] {
            let request = TestRequest::default();
            let request = accept.iter().fold(request, |request, text| request.insert_header((ACCEPT, *text)));
            assert_eq!(accepts_json(&request.to_http_request()), expected, "{accept:?}");
        }
    }

    #[test]
    fn the_client_chooses_by_name_and_weight_and_xml_is_the_rest() {
        let (xml, json) = (Some(Form::Xml), Some(Form::Json));
        for (accept, expected) in [
            (&[][..], xml),
            (&[""], xml),
            (&["*/*"], xml),
            (&["text/xml"], xml),
            (&["text/*"], xml),
            (&["application/json"], json),
            (&["APPLICATION/JSON ; Q=0.5"], json),
            (&["application/json, application/xml"], xml),
            (&["application/json, */*"], json),
            (&["application/json;q=0.9, application/xml;q=0.8"], json),
            (&["application/json;q=0.8, application/xml;q=0.801"], xml),
            (&["application/json, text/plain, */*"], json),
            (&["application/json;q=0, */*"], xml),
            (&["application/xml;q=0, */*;q=0.1"], json),
            (&["application/*;q=0.2, application/json;q=0.1"], xml),
            (&["text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8"], xml),
            (&["text/html", "application/json"], json),
            (&["text/html"], None),
            (&["application/json;q=0"], None),
            (&["application/json;q=0.0005"], None),
            (&["application/json;q=2"], None),
            (&["application/json;q=nan"], None),
            (&["*/*;q=0"], None),
            (&["application/jsonx, text/json"], None),
        ] {
            assert_eq!(choose(accept), expected, "{accept:?}");
        }
    }
}

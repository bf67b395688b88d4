//! The query as a list of pairs, strictly decoded: bad percent-encoding, invalid UTF-8 and NUL are refused, and
//! repeats are kept, because some parameters may be repeated and others must not.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use zeroize::Zeroizing;

use crate::config::LimitsConfig;
use crate::http::failure::Failure;
use crate::model::Error;
use crate::operation::search::Argument;
use crate::xml::chars::is_xml_text;

/// The credentials a query may carry, each value with its number of occurrences.
#[derive(Default)]
pub struct QueryCredentials {
    /// Every `username`.
    pub names: Vec<String>,
    /// Every `password`.
    pub passwords: Vec<Zeroizing<String>>,
}

/// A query, credentials apart.
#[derive(Default)]
pub struct Query {
    /// What `username` and `password` said.
    pub credentials: QueryCredentials,
    /// Everything else, in order.
    pub arguments: Vec<Argument>,
}

/// Decodes one part of a path.
pub fn decode_segment(text: &str) -> Result<String, Failure> {
    decode(text, "path").map(Cow::into_owned)
}

/// Decodes a name or value of a query, where `+` is a space.
fn decode_form(text: &str) -> Result<Cow<'_, str>, Failure> {
    if text.contains('+') {
        return decode(&text.replace('+', " "), "query").map(|decoded| Cow::Owned(decoded.into_owned()));
    }
    decode(text, "query")
}

fn decode<'t>(text: &'t str, what: &str) -> Result<Cow<'t, str>, Failure> {
    let bytes = text.as_bytes();
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| *byte == b'%') {
        let digits = rest.get(at + 1..at + 3);
        if !digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) {
            return Err(Failure::Malformed(format!("{what}: bad percent-encoding")));
        }
        rest = rest.get(at + 3..).unwrap_or_default();
    }
    let decoded = percent_decode_str(text).decode_utf8();
    let decoded = decoded.map_err(|_| Failure::Malformed(format!("{what}: not valid UTF-8")))?;
    if decoded.contains('\0') {
        return Err(Failure::Malformed(format!("{what}: contains NUL")));
    }
    Ok(decoded)
}

/// Reads a raw query string.
pub fn parse(raw: &str, limits: &LimitsConfig) -> Result<Query, Failure> {
    let mut query = Query::default();
    let pairs = raw.split('&').filter(|pair| !pair.is_empty());
    for (number, pair) in pairs.enumerate() {
        if number >= limits.parameters {
            return Err(Failure::LineTooLong(format!("more than {} parameters", limits.parameters)));
        }
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = decode_form(name)?;
        // The page of MOD004 prints `&amp;` for `&`; its line must work as printed.
        let name = name.strip_prefix("amp;").unwrap_or(&name);
        let value = decode_form(value)?;
        if value.len() > limits.value {
            return Err(Failure::LineTooLong(format!("a value is longer than {} bytes", limits.value)));
        }
        let value = value.into_owned();
        match name {
            "username" => query.credentials.names.push(value),
            "password" => query.credentials.passwords.push(Zeroizing::new(value)),
            _ => query.arguments.push(Argument { name: name.to_owned(), value }),
        }
    }
    Ok(query)
}

/// Error 1 unless every name and value is text that XML can carry, so that it could be answered again.
pub fn check_text(arguments: &[Argument]) -> Result<(), Error> {
    let bad = arguments.iter().find(|argument| !is_xml_text(&argument.name) || !is_xml_text(&argument.value));
    match bad {
        None => Ok(()),
        Some(argument) if is_xml_text(&argument.name) => {
            Err(Error::invalid(shortened(&argument.name), "contains characters that XML cannot carry"))
        }
        Some(_) => Err(Error::invalid("query", "a parameter name contains characters that XML cannot carry")),
    }
}

/// A name as far as a message repeats it.
pub fn shortened(name: &str) -> String {
    name.chars().take(64).collect()
}

/// Takes the arguments of that name out; error 1 when there are several.
pub fn take_one(arguments: &mut Vec<Argument>, name: &str) -> Result<Option<String>, Error> {
    let mut found = take_all(arguments, name);
    if found.len() > 1 {
        return Err(Error::invalid(name, "expected only once"));
    }
    Ok(found.pop())
}

/// Takes every argument of that name out.
pub fn take_all(arguments: &mut Vec<Argument>, name: &str) -> Vec<String> {
    let (found, rest) = std::mem::take(arguments).into_iter().partition(|argument| argument.name == name);
    *arguments = rest;
    let found: Vec<Argument> = found;
    found.into_iter().map(|argument| argument.value).collect()
}

/// Takes a Boolean out; absent is false.
pub fn take_flag(arguments: &mut Vec<Argument>, name: &str) -> Result<bool, Error> {
    match take_one(arguments, name)?.as_deref() {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(Error::invalid(name, "expected true or false")),
    }
}

/// Takes a count out; absent is 0.
pub fn take_count(arguments: &mut Vec<Argument>, name: &str) -> Result<u64, Error> {
    let Some(text) = take_one(arguments, name)? else { return Ok(0) };
    let sound = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = if sound { text.parse().ok() } else { None };
    number.ok_or_else(|| Error::invalid(name, "expected a whole number, 0 or more"))
}

/// Error 1 naming an argument that nobody took.
pub fn nothing_left(arguments: &[Argument]) -> Result<(), Error> {
    match arguments.first() {
        None => Ok(()),
        Some(argument) => {
            Err(Error::invalid(shortened(&argument.name), "this operation has no such parameter"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(raw: &str) -> Vec<(String, String)> {
        let query = parse(raw, &LimitsConfig::default()).ok().unwrap();
        query.arguments.into_iter().map(|a| (a.name, a.value)).collect()
    }

    #[test]
    fn pairs_keep_their_order_and_repeats() {
        let pairs = read("browsers=IE&browsers=chrome&a=%C3%A4+b&&empty&amp;mobile=+358");
        let text: Vec<String> = pairs.iter().map(|(n, v)| format!("{n}={v}")).collect();
        assert_eq!(text, ["browsers=IE", "browsers=chrome", "a=ä b", "empty=", "mobile= 358"]);
    }

    #[test]
    fn credentials_are_taken_apart() {
        let query = parse("username=a&password=b&password=c&x=1", &LimitsConfig::default()).ok().unwrap();
        assert_eq!(query.credentials.names, ["a"]);
        assert_eq!(query.credentials.passwords.len(), 2);
        assert_eq!(query.arguments.len(), 1);
    }

    #[test]
    fn what_cannot_be_decoded_is_refused() {
        for bad in ["a=%", "a=%2", "a=%zz", "a=%ff", "%00=1", "a=%00"] {
            assert!(matches!(parse(bad, &LimitsConfig::default()), Err(Failure::Malformed(_))), "{bad}");
        }
        let many = "a=1&".repeat(101);
        assert!(matches!(parse(&many, &LimitsConfig::default()), Err(Failure::LineTooLong(_))));
    }
}

//! A letter in words: its variables put into a template, and the links in it.
//!
//! Whatever stands in a variable, the subject stays one line: header fields cannot be added.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use minijinja::Value;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::mail::templates::{TemplateError, Templates};
use crate::model::Error;
use crate::model::letter::{Letter, LetterKind, Letters, Written};

/// The longest subject, characters; more is cut.
const SUBJECT_MAX: usize = 200;

/// Writes letters.
#[derive(Debug)]
pub struct Composer {
    templates: Templates,
    base: String,
}

impl Composer {
    /// Templates of `directory` over the built-in ones; links are put below `base`.
    pub fn new(directory: Option<&Path>, default_locale: &str, base: &str) -> Result<Self, TemplateError> {
        let templates = Templates::load(directory, default_locale, &variables(&sample()))?;
        Ok(Self { templates, base: base.trim_end_matches('/').to_owned() })
    }
}

/// The base of links where none is configured: the server's own address.
pub fn own_base(listen: SocketAddr, plain: bool, path: &str) -> String {
    let scheme = if plain { "http" } else { "https" };
    let host = match listen.ip() {
        ip if ip.is_unspecified() => "localhost".to_owned(),
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    };
    format!("{scheme}://{host}:{}{path}", listen.port())
}

impl Letters for Composer {
    fn write(&self, letter: &Letter) -> Result<Written, Error> {
        let rendered = self.templates.render(letter.kind, letter.locale.as_deref(), &variables(letter));
        // The error's own text may hold what was put in: only where and what kind.
        let (subject, body) = rendered.map_err(|error| {
            let (name, line) =
                (error.name().unwrap_or_default().to_owned(), error.line().unwrap_or_default());
            Error::internal(format!("mail template {name}, line {line}: {}", error.kind()))
        })?;
        Ok(Written { subject: one_line(&subject), body: text(&body) })
    }

    fn link(&self, path: &str, token: &str) -> String {
        let token = utf8_percent_encode(token, NON_ALPHANUMERIC);
        format!("{}/{}?token={token}", self.base, path.trim_matches('/'))
    }
}

/// The variables of templates.
fn variables(letter: &Letter) -> Value {
    let text = |text: &Option<String>| Value::from(text.as_deref().unwrap_or_default());
    let mut variables: BTreeMap<String, Value> = BTreeMap::new();
    let mut put = |name: &str, value: Value| _ = variables.insert(name.to_owned(), value);
    put("to", Value::from(letter.to.as_str()));
    put("recipient", text(&letter.recipient));
    put("link", text(&letter.link));
    put("inviter", text(&letter.inviter));
    put("message", text(&letter.message));
    put("roles", Value::from(letter.roles.clone()));
    put("organization", text(&letter.organization));
    put("expires", Value::from(letter.expires.and_then(instant).unwrap_or_default()));
    put("code", text(&letter.code));
    Value::from(variables)
}

/// An instant for people: to the minute, in UTC.
fn instant(micros: i64) -> Option<String> {
    let format = time::macros::format_description!("[year]-[month]-[day] [hour]:[minute] UTC");
    let instant = time::OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1_000).ok()?;
    instant.format(format).ok()
}

/// A letter that mentions everything, to try templates with.
fn sample() -> Letter {
    let text = |text: &str| Some(text.to_owned());
    Letter {
        recipient: text("Matti"),
        link: text("https://localhost/"),
        inviter: text("Maija"),
        message: text("Tervetuloa"),
        roles: vec!["Signatory".to_owned(), "Reader".to_owned()],
        organization: text("Example"),
        expires: Some(0),
        code: text("000000"),
        ..Letter::new(LetterKind::UserInvitation, "matti@example.fi")
    }
}

/// Every control character and line separator a space, the whole trimmed and cut.
fn one_line(text: &str) -> String {
    let breaks = |letter: char| letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}');
    let flat: String = text.chars().map(|letter| if breaks(letter) { ' ' } else { letter }).collect();
    flat.trim().chars().take(SUBJECT_MAX).collect()
}

/// A text without control characters but line breaks and tabs, ending in one line break.
fn text(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let kept: String =
        text.chars().filter(|letter| !letter.is_control() || matches!(letter, '\n' | '\t')).collect();
    let mut lines: Vec<&str> = kept.trim().lines().map(str::trim_end).collect();
    // Parts that were left out leave one empty line, not many.
    lines.dedup_by(|line, before| line.is_empty() && before.is_empty());
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests;

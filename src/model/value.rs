//! Values of attributes, and the shapes a value may have.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use crate::model::attribute::OnDelete;
use crate::model::{Kind, key};

/// A reference to an entity of a known kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ref {
    /// The kind referred to.
    pub kind: Kind,
    /// Its id.
    pub id: Uuid,
}

/// One value of an attribute. In a document: text as a string, numbers and Booleans as themselves, an instant
/// as `{"at": µs}`, a reference as `{"<kind>": "<uuid>"}`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Value {
    /// Text that XML 1.0 can carry.
    Text(Box<str>),
    /// `true` or `false`.
    Bool(bool),
    /// A decimal integer.
    Int(i64),
    /// Microseconds since 1970, UTC.
    Instant(i64),
    /// Another entity.
    Ref(Ref),
}

impl Value {
    /// A text value.
    pub fn text(text: impl Into<Box<str>>) -> Self {
        Self::Text(text.into())
    }

    /// The value as a client reads it: Booleans as words, instants in ISO 8601, references as their UUID.
    pub fn shown(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Bool(true) => Cow::Borrowed("true"),
            Self::Bool(false) => Cow::Borrowed("false"),
            Self::Int(number) => Cow::Owned(number.to_string()),
            Self::Instant(at) => Cow::Owned(instant_text(*at)),
            Self::Ref(to) => Cow::Owned(to.id.to_string()),
        }
    }

    /// The text, when it is text.
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The reference, when it is one.
    pub fn as_ref(&self) -> Option<Ref> {
        if let Self::Ref(to) = self { Some(*to) } else { None }
    }

    /// The search key; `None` for references, which have a table of their own.
    pub fn key(&self) -> Option<Vec<u8>> {
        match self {
            Self::Text(text) => Some(key::text_key(text)),
            Self::Bool(flag) => Some(vec![u8::from(*flag)]),
            Self::Int(number) | Self::Instant(number) => Some(key::integer_key(*number).to_vec()),
            Self::Ref(_) => None,
        }
    }

    /// The key under which the value must be unique.
    pub fn unique_key(&self, ignore_case: bool) -> Vec<u8> {
        match self {
            Self::Text(text) => key::unique_key(text, ignore_case),
            Self::Ref(to) => key::reference_key(to.id),
            other => other.key().unwrap_or_default(),
        }
    }
}

/// An instant in ISO 8601, UTC, with as many digits of a second as it has.
pub fn instant_text(at: i64) -> String {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(at) * 1_000)
        .ok()
        .and_then(|instant| instant.format(&Rfc3339).ok())
        .unwrap_or_else(|| at.to_string())
}

/// Reads an instant from ISO 8601 or from epoch milliseconds.
pub fn parse_instant(text: &str) -> Option<i64> {
    let instant = match text.parse::<i128>() {
        // The type holds the years that ISO 8601 can write with four digits.
        Ok(milliseconds) => {
            OffsetDateTime::from_unix_timestamp_nanos(milliseconds.checked_mul(1_000_000)?).ok()?
        }
        Err(_) => OffsetDateTime::parse(text, &Rfc3339).ok()?,
    };
    let four_digits = (0..=9999).contains(&instant.to_offset(time::UtcOffset::UTC).year());
    i64::try_from(instant.unix_timestamp_nanos() / 1_000).ok().filter(|_| four_digits)
}

/// One word of a fixed set, with the number and the technical name by which it may also be given.
#[derive(Debug, PartialEq, Eq)]
pub struct Choice {
    /// The number of the seed's table.
    pub number: Option<i64>,
    /// The name that is stored and answered.
    pub name: &'static str,
    /// The technical name, accepted in searches.
    pub technical: &'static str,
}

/// What a value of an attribute may look like.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Syntax {
    /// Text up to `max` characters; searches ignore letter case when `ignore_case`.
    Text {
        /// The most characters.
        max: usize,
        /// Whether the default search ignores letter case.
        ignore_case: bool,
    },
    /// An e-mail address (at most 254 characters, one `@` with something on both sides).
    Email,
    /// A telephone number; a leading space is read as the `+` it was before form decoding.
    Telephone,
    /// `true` or `false`.
    Boolean,
    /// A decimal integer.
    Integer,
    /// An instant.
    Instant,
    /// One of a fixed set.
    Choice(&'static [Choice]),
    /// The name of a configured organization class.
    Class,
    /// Other entities: which kinds, and what happens here when the target is deleted.
    Reference(&'static [(Kind, OnDelete)]),
}

impl Syntax {
    /// Whether a search with this syntax matches beginnings; everything else always matches exactly.
    pub fn matches_prefix(self) -> bool {
        matches!(self, Self::Text { .. } | Self::Email | Self::Telephone)
    }

    /// Whether the default search ignores letter case.
    pub fn ignores_case(self) -> bool {
        matches!(self, Self::Text { ignore_case: true, .. } | Self::Email)
    }

    /// The text as it was before form decoding: the leading space of a telephone number was a `+`.
    pub fn as_meant(self, text: &str) -> Cow<'_, str> {
        match (self, text.strip_prefix(' ')) {
            (Self::Telephone, Some(rest)) => Cow::Owned(format!("+{rest}")),
            _ => Cow::Borrowed(text),
        }
    }

    /// Reads one value; the error says what was expected. References are not read here: they need the store.
    pub fn parse(self, text: &str) -> Result<Value, String> {
        match self {
            Self::Text { max, .. } => bounded(text, max).map(Value::text),
            Self::Class => bounded(text, 255).map(Value::text),
            Self::Email => email(text).map(Value::text),
            Self::Telephone => bounded(&self.as_meant(text), 64).map(Value::text),
            Self::Boolean => match text {
                "true" => Ok(Value::Bool(true)),
                "false" => Ok(Value::Bool(false)),
                _ => Err("expected true or false".to_owned()),
            },
            Self::Integer => integer(text).map(Value::Int),
            Self::Instant => parse_instant(text)
                .map(Value::Instant)
                .ok_or_else(|| "expected an ISO 8601 instant or epoch milliseconds".to_owned()),
            Self::Choice(set) => choice(set, text),
            Self::Reference(_) => Err("expected a reference".to_owned()),
        }
    }
}

fn bounded(text: &str, max: usize) -> Result<&str, String> {
    if text.chars().count() > max {
        return Err(format!("expected at most {max} characters"));
    }
    Ok(text)
}

fn email(text: &str) -> Result<&str, String> {
    let sound = text.chars().count() <= 254
        && !text.chars().any(|c| c.is_whitespace() || c.is_control())
        && text.rsplit_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty());
    if sound { Ok(text) } else { Err("expected an e-mail address".to_owned()) }
}

/// Reads a decimal integer: digits with an optional minus, nothing else.
pub fn integer(text: &str) -> Result<i64, String> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("expected a decimal integer".to_owned());
    }
    text.parse().map_err(|_| "the integer is too large".to_owned())
}

fn choice(set: &'static [Choice], text: &str) -> Result<Value, String> {
    let found = set.iter().find(|choice| {
        choice.name.eq_ignore_ascii_case(text)
            || choice.technical.eq_ignore_ascii_case(text)
            || choice.number.is_some_and(|number| number.to_string() == text)
    });
    found.map(|choice| Value::text(choice.name)).ok_or_else(|| {
        let names: Vec<&str> = set.iter().map(|choice| choice.name).collect();
        format!("expected one of {}", names.join(", "))
    })
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => out.serialize_str(text),
            Self::Bool(flag) => out.serialize_bool(*flag),
            Self::Int(number) => out.serialize_i64(*number),
            Self::Instant(at) => {
                let mut map = out.serialize_map(Some(1))?;
                map.serialize_entry("at", at)?;
                map.end()
            }
            Self::Ref(to) => {
                let mut map = out.serialize_map(Some(1))?;
                map.serialize_entry(to.kind.name(), &to.id)?;
                map.end()
            }
        }
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string, a Boolean, an integer, an instant or a reference")
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::text(text))
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Bool(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Int(number))
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Value, E> {
        i64::try_from(number).map(Value::Int).map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let name: Cow<'de, str> =
            map.next_key()?.ok_or_else(|| A::Error::custom("an instant or a reference has one key"))?;
        if name == "at" {
            return map.next_value().map(Value::Instant);
        }
        let kind = Kind::named(&name).ok_or_else(|| A::Error::custom("unknown kind in a reference"))?;
        map.next_value().map(|id| Value::Ref(Ref { kind, id }))
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(ValueVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_survives_its_document_form() {
        let values = vec![
            Value::text("ä\"<"),
            Value::Bool(true),
            Value::Int(-7),
            Value::Instant(1_700_000_000_000_001),
            Value::Ref(Ref { kind: Kind::Role, id: Uuid::nil() }),
        ];
        let text = serde_json::to_string(&values).unwrap();
        assert_eq!(serde_json::from_str::<Vec<Value>>(&text).unwrap(), values);
    }

    #[test]
    fn instants_are_read_in_both_forms() {
        assert_eq!(parse_instant("1700000000000"), Some(1_700_000_000_000_000));
        assert_eq!(parse_instant("2023-11-14T22:13:20Z"), Some(1_700_000_000_000_000));
        assert_eq!(parse_instant("yesterday"), None);
        assert_eq!(parse_instant("9223372036854775807"), None);
    }

    #[test]
    fn a_telephone_number_gets_its_plus_back() {
        assert_eq!(Syntax::Telephone.parse(" 358401").unwrap(), Value::text("+358401"));
        assert_eq!(Syntax::Telephone.parse("0401").unwrap(), Value::text("0401"));
    }

    #[test]
    fn integers_are_decimal_only() {
        assert_eq!(integer("-12"), Ok(-12));
        for bad in ["", "-", "+1", "1.0", "0x1", "99999999999999999999", " 1"] {
            assert!(integer(bad).is_err(), "{bad}");
        }
    }
}

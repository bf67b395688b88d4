//! `RequestInfo` and `ResponseInfo`: what a request says of itself, and what its answer repeats. The token among it is
//! a credential: it is taken out here and never written anywhere.

use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime, UtcOffset};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::http::digit::members::Members;
use crate::json::Node;
use crate::model::Error;
use crate::operation::Engine;

/// The two spellings of its name.
const NAMES: [&str; 2] = ["RequestInfo", "requestInfo"];

/// Members that are texts and mean nothing here.
const PLAIN: [&str; 5] = ["action", "did", "key", "requesterId", "correlationId"];

/// How an instant is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Clock {
    /// Milliseconds since 1970.
    #[default]
    Number,
    /// `YYYY-MM-DDThh:mm:ss±hh:mm` at this distance from UTC.
    Text(UtcOffset),
}

/// What an answer repeats of its request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Head {
    api_id: Value,
    ver: Value,
    msg_id: Value,
    clock: Clock,
}

fn half_past_five() -> UtcOffset {
    UtcOffset::from_hms(5, 30, 0).unwrap_or(UtcOffset::UTC)
}

/// The form of an instant; `None` when it is none.
fn clock(text: &str) -> Option<Clock> {
    if let Ok(at) = OffsetDateTime::parse(text, &Rfc3339) {
        return Some(Clock::Text(at.offset()));
    }
    let local = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
    PrimitiveDateTime::parse(text, local).ok().map(|_| Clock::Text(half_past_five()))
}

impl Clock {
    fn write(self, micros: i64) -> Value {
        let Self::Text(offset) = self else { return json!(micros.div_euclid(1_000)) };
        let form = format_description!(
            "[year]-[month]-[day]T[hour]:[minute]:[second][offset_hour sign:mandatory]:[offset_minute]"
        );
        let at = OffsetDateTime::from_unix_timestamp(micros.div_euclid(1_000_000)).ok();
        let text = at.and_then(|at| at.checked_to_offset(offset)).and_then(|at| at.format(form).ok());
        text.map_or(Value::Null, Value::String)
    }
}

/// A text or number as it was given; `None` for anything else.
fn echoed(node: &Node) -> Option<Value> {
    match node {
        Node::Null => Some(Value::Null),
        Node::Text(text) => Some(json!(text)),
        Node::Number(number) => Some(Value::Number(number.clone())),
        Node::Bool(_) | Node::List(_) | Node::Object(_) => None,
    }
}

impl Head {
    /// What can be repeated of a body, however wrong the rest of it is.
    pub fn of(body: &Node) -> Self {
        let Some(info) = member(body, &NAMES) else { return Self::default() };
        let repeated = |name| member(info, &[name]).and_then(echoed).unwrap_or_default();
        let clock = match member(info, &["ts"]) {
            Some(Node::Text(text)) => clock(text),
            _ => None,
        };
        Self {
            api_id: repeated("apiId"),
            ver: repeated("ver"),
            msg_id: repeated("msgId"),
            clock: clock.unwrap_or_default(),
        }
    }

    /// The message id, where it is a UUID.
    pub fn message_id(&self) -> Option<Uuid> {
        self.msg_id.as_str().and_then(|text| Uuid::try_parse(text).ok())
    }

    /// The `ResponseInfo` of an answer that is made now.
    pub fn response(&self, engine: &Engine, succeeded: bool) -> Value {
        json!({
            "apiId": self.api_id,
            "ver": self.ver,
            "ts": self.clock.write(engine.world.now()),
            "resMsgId": engine.world.unordered_id().to_string(),
            "msgId": self.msg_id,
            "status": if succeeded { "SUCCESSFUL" } else { "FAILED" },
        })
    }
}

fn member<'n>(node: &'n Node, names: &[&str]) -> Option<&'n Node> {
    let Node::Object(members) = node else { return None };
    members.iter().find(|(name, _)| names.contains(&name.as_str())).map(|(_, node)| node)
}

/// The token that a body shows, where it shows one.
pub fn token(body: &Node) -> Option<Zeroizing<String>> {
    match member(member(body, &NAMES)?, &["authToken"])? {
        Node::Text(text) if !text.is_empty() => Some(Zeroizing::new(text.clone())),
        _ => None,
    }
}

/// Takes the `RequestInfo` out of a body and checks it. Error 1 when it is missing, holds what it does not have, or
/// tells an instant in no known form.
pub fn check(body: &mut Members) -> Result<(), Error> {
    let mut info = body.object(&NAMES)?.ok_or_else(|| Error::invalid(NAMES[0], "mandatory"))?;
    for name in ["apiId", "ver", "msgId", "authToken"].into_iter().chain(PLAIN) {
        info.text(name)?;
    }
    match info.take(&["ts"])? {
        None => {}
        Some(Node::Number(number)) if number.as_i64().is_some() => {}
        // Front ends send an empty one.
        Some(Node::Text(text)) if text.is_empty() || clock(&text).is_some() => {}
        Some(_) => {
            let expected = "expected milliseconds since 1970, or YYYY-MM-DDThh:mm:ss with or without ±hh:mm";
            return Err(Error::invalid(info.path("ts"), expected));
        }
    }
    for free in ["userInfo", "plainAccessRequest"] {
        info.object(&[free])?;
    }
    info.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: i64 = 1_767_268_800_000_000;

    #[test]
    fn an_instant_is_answered_in_the_form_it_was_told() {
        for (told, answered) in [
            ("2017-03-10T00:00:00+02:00", "2026-01-01T14:00:00+02:00"),
            ("2017-03-10T00:00:00", "2026-01-01T17:30:00+05:30"),
            ("2017-03-10T00:00:00.25Z", "2026-01-01T12:00:00+00:00"),
            ("2017-03-10T00:00:00-09:30", "2026-01-01T02:30:00-09:30"),
        ] {
            assert_eq!(clock(told).map(|clock| clock.write(NOON)), Some(json!(answered)), "{told}");
        }
        assert_eq!(Clock::Number.write(NOON), json!(1_767_268_800_000_i64));
        for wrong in ["10-03-2017 00:00:00", "2017-03-10", "2017-13-10T00:00:00", "1489084200000", "now"] {
            assert_eq!(clock(wrong), None, "{wrong}");
        }
    }
}

//! The strict reader of JSON as such: a tree of values within limits of size, depth and count.
//!
//! Refused: members that stand twice, anything over a limit, invalid UTF-8, and bytes behind the document. What a tree
//! means is not known here. No message repeats a value.

use std::cell::Cell;
use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

/// The sizes that a document may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the whole document.
    pub bytes: usize,
    /// How deep objects and lists may nest; the document itself is at depth 1.
    pub depth: usize,
    /// Members of one object or list.
    pub members: usize,
    /// Bytes of one text.
    pub value_bytes: usize,
}

impl Limits {
    /// The deepest nesting that is read, whatever is configured.
    pub const MAX_DEPTH: usize = 100;
}

impl Default for Limits {
    /// 1 MiB, depth 32, 10,000 members, 64 KiB a text.
    fn default() -> Self {
        Self { bytes: 1 << 20, depth: 32, members: 10_000, value_bytes: 64 << 10 }
    }
}

/// Why a body was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("JSON document{}: {problem}", place(*.line))]
pub struct JsonError {
    problem: String,
    /// The line on which it was found; 0 where the document as a whole is meant.
    line: usize,
    size: bool,
}

fn place(line: usize) -> String {
    if line == 0 { String::new() } else { format!(", line {line}") }
}

impl JsonError {
    pub(super) fn whole(problem: impl Into<String>) -> Self {
        Self { problem: problem.into(), line: 0, size: false }
    }

    /// Whether a limit was exceeded, which is answered by 413.
    pub fn is_size_limit(&self) -> bool {
        self.size
    }
}

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as it was written as far as 64 bits hold it.
    Number(Number),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// An object: its members in order, each name once.
    Object(Vec<(String, Node)>),
}

impl Node {
    /// What it is, in a message.
    pub fn what(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a Boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
        }
    }
}

/// Reads one value, which is all there is.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Node, JsonError> {
    if bytes.len() > limits.bytes {
        let problem = format!("longer than {} bytes", limits.bytes);
        return Err(JsonError { size: true, ..JsonError::whole(problem) });
    }
    let over = Cell::new(false);
    let refused = |error: serde_json::Error| {
        let text = error.to_string();
        // The place is told by itself.
        let problem = text.split(" at line ").next().unwrap_or_default().to_owned();
        JsonError { problem, line: error.line(), size: over.get() }
    };
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let node = Reading { limits, depth: 1, over: &over }.deserialize(&mut reader).map_err(refused)?;
    reader.end().map_err(refused)?;
    Ok(node)
}

/// A name as far as a message repeats it, on one line.
pub fn shown(name: &str) -> String {
    name.chars().take(64).map(|c| if c.is_control() { '?' } else { c }).collect()
}

/// Reads one value at its depth.
#[derive(Clone, Copy)]
struct Reading<'l> {
    limits: &'l Limits,
    depth: usize,
    over: &'l Cell<bool>,
}

impl Reading<'_> {
    fn too_much<E: serde::de::Error>(self, what: fmt::Arguments<'_>) -> E {
        self.over.set(true);
        E::custom(what)
    }

    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        let limit = self.limits.depth.min(Limits::MAX_DEPTH);
        if self.depth > limit {
            return Err(self.too_much(format_args!("objects and lists nest deeper than {limit}")));
        }
        Ok(Self { depth: self.depth + 1, ..self })
    }

    fn counted<E: serde::de::Error>(self, count: usize) -> Result<(), E> {
        let limit = self.limits.members;
        if count < limit {
            return Ok(());
        }
        Err(self.too_much(format_args!("more than {limit} members of one object or list")))
    }

    fn text<E: serde::de::Error>(self, text: String) -> Result<String, E> {
        let limit = self.limits.value_bytes;
        if text.len() > limit {
            return Err(self.too_much(format_args!("a text is longer than {limit} bytes")));
        }
        Ok(text)
    }
}

impl<'de> DeserializeSeed<'de> for Reading<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Node, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reading<'_> {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Node, E> {
        Number::from_f64(value).map(Node::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Node, E> {
        self.visit_string(text.to_owned())
    }

    fn visit_string<E: serde::de::Error>(self, text: String) -> Result<Node, E> {
        self.text(text).map(Node::Text)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node, A::Error> {
        let inner = self.deeper()?;
        let mut nodes = Vec::new();
        while let Some(node) = list.next_element_seed(inner)? {
            self.counted(nodes.len())?;
            nodes.push(node);
        }
        Ok(Node::List(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let inner = self.deeper()?;
        let mut members: Vec<(String, Node)> = Vec::new();
        let mut seen = HashSet::new();
        while let Some(name) = map.next_key::<String>()? {
            self.counted(members.len())?;
            let name = self.text(name)?;
            if !seen.insert(name.clone()) {
                return Err(A::Error::custom(format_args!("{}: the member stands twice", shown(&name))));
            }
            members.push((name, map.next_value_seed(inner)?));
        }
        Ok(Node::Object(members))
    }
}

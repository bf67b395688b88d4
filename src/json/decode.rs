//! The strict reader of bodies: `{"attributes":{"email":["…"]}}`, with `type` where a client wants it checked.
//!
//! Refused: members that are not known, members that stand twice, values that are not lists of texts or references,
//! anything over a limit, invalid UTF-8, and bytes behind the document. No message repeats a value.

use std::cell::Cell;
use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

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
    fn whole(problem: impl Into<String>) -> Self {
        Self { problem: problem.into(), line: 0, size: false }
    }

    /// Whether a limit was exceeded, which is answered by 413.
    pub fn is_size_limit(&self) -> bool {
        self.size
    }
}

/// A body.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Document {
    /// `type`: the root element that the entity has in XML.
    pub root: Option<String>,
    /// `id`.
    pub id: Option<String>,
    /// Each attribute once, with its values; a reference is its id.
    pub attributes: Vec<(String, Vec<String>)>,
}

/// Reads one document.
pub fn decode(bytes: &[u8], limits: &Limits) -> Result<Document, JsonError> {
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
    document(node)
}

/// What a document is made of; values that are never meant are kept as their names.
enum Node {
    Text(String),
    List(Vec<Node>),
    Object(Vec<(String, Node)>),
    Other(&'static str),
}

impl Node {
    fn what(&self) -> &'static str {
        match self {
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
            Self::Other(what) => what,
        }
    }
}

/// A name as far as a message repeats it, on one line.
fn shown(name: &str) -> String {
    name.chars().take(64).map(|c| if c.is_control() { '?' } else { c }).collect()
}

fn document(node: Node) -> Result<Document, JsonError> {
    let Node::Object(members) = node else {
        return Err(JsonError::whole(format!("expected an object, not {}", node.what())));
    };
    let mut document = Document::default();
    let mut found = false;
    for (name, member) in members {
        match (name.as_str(), member) {
            ("type", Node::Text(text)) => document.root = Some(text),
            ("id", Node::Text(text)) => document.id = Some(text),
            // What an answer says of its request may stand in a body as it may in XML, and means nothing there.
            ("inResponseTo" | "method" | "entityType", Node::Text(_)) => {}
            ("attributes", Node::Object(members)) => {
                found = true;
                for (name, values) in members {
                    let values = values_of(&name, values)?;
                    document.attributes.push((name, values));
                }
            }
            ("attributes", other) => {
                return Err(JsonError::whole(format!(
                    "attributes: expected an object, not {}",
                    other.what()
                )));
            }
            ("type" | "id" | "inResponseTo" | "method" | "entityType", other) => {
                return Err(JsonError::whole(format!("{name}: expected a text, not {}", other.what())));
            }
            _ => return Err(JsonError::whole(format!("{}: no such member", shown(&name)))),
        }
    }
    if found { Ok(document) } else { Err(JsonError::whole("attributes: the member is missing")) }
}

fn values_of(name: &str, node: Node) -> Result<Vec<String>, JsonError> {
    let Node::List(values) = node else {
        let what = node.what();
        return Err(JsonError::whole(format!("{}: expected a list of texts, not {what}", shown(name))));
    };
    let wrong = |what: &str| {
        JsonError::whole(format!("{}: expected texts or references in the list, not {what}", shown(name)))
    };
    let one = |value| match value {
        Node::Text(text) => Ok(text),
        Node::Object(members) => reference(members).ok_or_else(|| wrong("such an object")),
        other => Err(wrong(other.what())),
    };
    values.into_iter().map(one).collect()
}

/// The id of a reference as answers hold it: `type` and `id`, nothing else.
fn reference(members: Vec<(String, Node)>) -> Option<String> {
    let mut id = None;
    for (name, member) in members {
        match (name.as_str(), member) {
            ("id", Node::Text(text)) => id = Some(text),
            ("type", Node::Text(_)) => {}
            _ => return None,
        }
    }
    id
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

    fn visit_bool<E>(self, _: bool) -> Result<Node, E> {
        Ok(Node::Other("a Boolean"))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Node, E> {
        Ok(Node::Other("a number"))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Node, E> {
        Ok(Node::Other("a number"))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Node, E> {
        Ok(Node::Other("a number"))
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Other("null"))
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

#[cfg(test)]
mod tests {
    use super::{Document, Limits, decode};

    fn refusal(text: &str) -> String {
        decode(text.as_bytes(), &Limits::default()).expect_err(text).to_string()
    }

    #[test]
    fn texts_and_references_are_read_in_order() {
        let text = r#"{"type":"User","id":"1","method":"GET","inResponseTo":"/","attributes":
            {"b":["1","\u00e4\ud83d\ude00"],"a":[],"o":[{"type":"organization","id":"7"}]}}"#;
        let attributes = [("b", vec!["1", "ä😀"]), ("a", vec![]), ("o", vec!["7"])];
        let owned = |(name, values): &(&str, Vec<&str>)| {
            ((*name).to_owned(), values.iter().map(|value| (*value).to_owned()).collect())
        };
        let expected = Document {
            root: Some("User".to_owned()),
            id: Some("1".to_owned()),
            attributes: attributes.iter().map(owned).collect(),
        };
        assert_eq!(decode(text.as_bytes(), &Limits::default()), Ok(expected));
    }

    #[test]
    fn what_is_not_such_a_document_is_refused_by_name() {
        for (text, words) in [
            ("", "EOF"),
            ("null", "expected an object, not null"),
            ("[]", "expected an object, not a list"),
            ("{}", "attributes: the member is missing"),
            (r#"{"attributes":[]}"#, "attributes: expected an object, not a list"),
            (r#"{"attributes":{}} x"#, "trailing"),
            (r#"{"attributes":{},"colour":1}"#, "colour: no such member"),
            (r#"{"attributes":{},"type":1}"#, "type: expected a text, not a number"),
            (r#"{"attributes":{},"attributes":{}}"#, "attributes: the member stands twice"),
            (r#"{"attributes":{"a":["1"],"\u0061":["1"]}}"#, "a: the member stands twice"),
            (r#"{"attributes":{"login":"anna"}}"#, "login: expected a list of texts, not a text"),
            (
                r#"{"attributes":{"virtual":[1]}}"#,
                "virtual: expected texts or references in the list, not a num",
            ),
            (r#"{"attributes":{"virtual":[true]}}"#, "not a Boolean"),
            (r#"{"attributes":{"a":[null]}}"#, "not null"),
            (r#"{"attributes":{"a":[1e999]}}"#, "number"),
            (r#"{"attributes":{"a":[["x"]]}}"#, "not a list"),
            (r#"{"attributes":{"a":[{"id":"1","attributes":{}}]}}"#, "not such an object"),
            (r#"{"attributes":{"a":[{"type":"user"}]}}"#, "not such an object"),
            (r#"{"attributes":{"a":["\ud800"]}}"#, "line 1"),
            ("{\"attributes\":\n{\"a\":[\"\u{1}\"]}}", "line 2"),
            (r#"{"attributes":{"a":["x"],}}"#, "line 1"),
            ("\u{FEFF}{}", "line 1"),
            ("{'attributes':{}}", "line 1"),
        ] {
            let refusal = refusal(text);
            assert!(refusal.contains(words), "{text}: {refusal}");
        }
        let bytes = b"{\"attributes\":{\"a\":[\"\xFF\"]}}";
        assert!(decode(bytes, &Limits::default()).is_err());
    }

    #[test]
    fn no_message_repeats_a_value() {
        for text in [
            r#"{"attributes":{"pwd":"hunter2"}}"#,
            r#"{"attributes":{"pwd":["hunter2]}}"#,
            r#"{"attributes":{"pwd":["hunter2" "x"]}}"#,
            r#"{"attributes":{"pwd":[{"id":"hunter2","x":"hunter2"}]}}"#,
            r#"{"type":["hunter2"],"attributes":{}}"#,
            r#""hunter2""#,
            r#"{"attributes":{}}hunter2"#,
            r#"{"attributes":{"pwd":[hunter2]}}"#,
        ] {
            assert!(!refusal(text).contains("hunter2"), "{text}");
        }
    }

    #[test]
    fn each_limit_is_a_size_limit_and_its_edge_is_allowed() {
        let limits = Limits { bytes: 60, depth: 3, members: 2, value_bytes: 10 };
        let edge = r#"{"attributes":{"a":["0123456789","x"],"b":[]}}"#;
        assert!(decode(edge.as_bytes(), &limits).is_ok());
        for text in [
            format!("{edge}{}", " ".repeat(60)),
            edge.replace("0123456789", "0123456789x"),
            edge.replace("\"x\"", "\"x\",\"y\""),
            edge.replace("[]", "[],\"c\":[]"),
            edge.replace("\"x\"", "{}"),
            edge.replace("\"a\"", "\"aaaaaaaaaaa\""),
        ] {
            let error = decode(text.as_bytes(), &limits).unwrap_err();
            assert!(error.is_size_limit(), "{text}: {error}");
        }
    }

    #[test]
    fn nesting_without_end_is_refused_at_once() {
        for open in ["[", "{\"a\":"] {
            let text = open.repeat(200_000);
            assert!(decode(text.as_bytes(), &Limits { depth: usize::MAX, ..Limits::default() }).is_err());
        }
    }
}

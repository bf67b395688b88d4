//! The writer: JSON documents by appending bytes to a buffer, which may be taken in pieces while it grows.
//!
//! An entity is `{"type":"User","id":…,"attributes":{"email":["…"]}}`, a list `{"type":"Users",…,"ids":[…]}` or, with
//! whole entities, `{"type":"Users",…,"entities":[…]}`. Every value stands in a list; a reference is
//! `{"type":"organization","id":…}`, with `attributes` where the whole entity is shown.

use uuid::Uuid;
use uuid::fmt::Hyphenated;

/// What an entity says of itself beside its attributes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Identity<'a> {
    /// Its id, where it has one.
    pub id: Option<Uuid>,
    /// Its type within its kind, where the dialect shows one.
    pub entity_type: Option<&'a str>,
}

/// What of a list has been written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Section {
    Head,
    Ids,
    Entities,
}

/// An object or list that is still open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    /// Attributes are written into it.
    Entity,
    /// Values are written into it.
    Attribute,
    List(Section),
}

/// Writes one document.
#[derive(Debug, Default)]
pub struct Encoder {
    out: Vec<u8>,
    open: Vec<Level>,
    /// Whether something stands before the next member of what is open, so that a comma is due.
    comma: bool,
}

impl Encoder {
    /// A writer with room for `bytes`.
    pub fn with_capacity(bytes: usize) -> Self {
        Self { out: Vec::with_capacity(bytes), open: Vec::with_capacity(4), comma: false }
    }

    /// Opens an entity as the root of the document.
    pub fn open_entity(&mut self, root: &str, identity: Identity<'_>, in_response_to: &str, method: &str) {
        self.head(root);
        self.identity(identity);
        self.echo(in_response_to, method);
        self.attributes();
    }

    /// Opens a list as the root of the document; ids come first in it, then entities.
    pub fn open_list(&mut self, root: &str, in_response_to: &str, method: &str) {
        self.head(root);
        self.echo(in_response_to, method);
        self.open.push(Level::List(Section::Head));
    }

    /// Says that the list holds entities, so that it does so even when it stays empty.
    pub fn expect_entities(&mut self) {
        self.section(Section::Entities);
    }

    /// Opens an entity inside a list or an attribute.
    pub fn open_nested(&mut self, name: &str, identity: Identity<'_>) {
        self.section(Section::Entities);
        self.next();
        self.head(name);
        self.identity(identity);
        self.attributes();
    }

    /// Opens the list of an attribute's values.
    pub fn open_attribute(&mut self, name: &str) {
        self.next();
        self.text(name);
        self.raw(b":[");
        self.open.push(Level::Attribute);
        self.comma = false;
    }

    /// Writes a value.
    pub fn value(&mut self, text: &str) {
        self.next();
        self.text(text);
    }

    /// Writes a reference to an entity of `kind`.
    pub fn reference(&mut self, kind: &str, id: &str) {
        self.next();
        self.head(kind);
        self.member("id", id);
        self.raw(b"}");
    }

    /// Writes an id of a list.
    pub fn id(&mut self, id: Uuid) {
        self.section(Section::Ids);
        self.next();
        let mut text = [0; Hyphenated::LENGTH];
        let text = id.hyphenated().encode_lower(&mut text);
        self.raw(b"\"");
        self.raw(text.as_bytes());
        self.raw(b"\"");
    }

    /// Closes what was opened last and is still open; nothing when nothing is.
    pub fn close(&mut self) {
        match self.open.pop() {
            None => return,
            Some(Level::Entity) => self.raw(b"}}"),
            Some(Level::Attribute) => self.raw(b"]"),
            Some(Level::List(Section::Head)) => self.raw(b",\"ids\":[]}"),
            Some(Level::List(Section::Ids | Section::Entities)) => self.raw(b"]}"),
        }
        self.comma = true;
    }

    /// The bytes written and not yet taken.
    pub fn len(&self) -> usize {
        self.out.len()
    }

    /// Whether nothing waits to be taken.
    pub fn is_empty(&self) -> bool {
        self.out.is_empty()
    }

    /// Takes what has been written since the last time, for a streamed answer.
    pub fn take_chunk(&mut self) -> Vec<u8> {
        let capacity = self.out.capacity();
        std::mem::replace(&mut self.out, Vec::with_capacity(capacity))
    }

    /// Closes what is still open and gives the rest of the document.
    pub fn finish(mut self) -> Vec<u8> {
        while !self.open.is_empty() {
            self.close();
        }
        self.out
    }

    /// Begins the member list `to` of the list that is open, unless it is open or nothing but a list could hold it.
    fn section(&mut self, to: Section) {
        let Some(Level::List(section)) = self.open.last_mut() else { return };
        if *section == to {
            return;
        }
        let before = std::mem::replace(section, to);
        if before != Section::Head {
            self.raw(b"]");
        }
        self.raw(if to == Section::Ids { b",\"ids\":[".as_slice() } else { b",\"entities\":[" });
        self.comma = false;
    }

    fn head(&mut self, name: &str) {
        self.raw(b"{\"type\":");
        self.text(name);
    }

    fn identity(&mut self, identity: Identity<'_>) {
        if let Some(id) = identity.id {
            let mut text = [0; Hyphenated::LENGTH];
            self.member("id", id.hyphenated().encode_lower(&mut text));
        }
        if let Some(entity_type) = identity.entity_type {
            self.member("entityType", entity_type);
        }
    }

    fn echo(&mut self, in_response_to: &str, method: &str) {
        self.member("inResponseTo", in_response_to);
        self.member("method", method);
    }

    fn attributes(&mut self) {
        self.raw(b",\"attributes\":{");
        self.open.push(Level::Entity);
        self.comma = false;
    }

    fn member(&mut self, name: &str, text: &str) {
        self.raw(b",");
        self.text(name);
        self.raw(b":");
        self.text(text);
    }

    fn next(&mut self) {
        if self.comma {
            self.raw(b",");
        }
        self.comma = true;
    }

    /// Writes a string: quotes, backslashes and controls as escapes, everything else as it is.
    fn text(&mut self, text: &str) {
        self.raw(b"\"");
        string(&mut self.out, text);
        self.raw(b"\"");
    }

    fn raw(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }
}

/// The error document (conventions, Errors).
pub fn error(code: u16, message: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len() + 48);
    out.extend_from_slice(b"{\"error\":{\"code\":");
    out.extend_from_slice(code.to_string().as_bytes());
    out.extend_from_slice(b",\"message\":\"");
    string(&mut out, message);
    out.extend_from_slice(b"\"}}");
    out
}

fn string(out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    let mut copied = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.extend_from_slice(bytes.get(copied..at).unwrap_or_default());
        copied = at + 1;
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            other => out.extend_from_slice(format!("\\u{other:04x}").as_bytes()),
        }
    }
    out.extend_from_slice(bytes.get(copied..).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::{Encoder, Identity, error};
    use serde_json::{Value, json};
    use uuid::Uuid;

    fn read(encoder: Encoder) -> Value {
        serde_json::from_slice(&encoder.finish()).unwrap()
    }

    const ID: Uuid = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_00AB);
    const ID_TEXT: &str = "01900000-0000-7000-8000-0000000000ab";

    #[test]
    fn an_entity_holds_its_attributes_as_lists() {
        let mut out = Encoder::default();
        let identity = Identity { id: Some(ID), entity_type: None };
        out.open_entity("User", identity, "/2.0/users/1", "GET");
        out.open_attribute("email");
        out.value("a@b.fi");
        out.value("\"\\\u{1}\n😀");
        out.close();
        out.open_attribute("organizationId");
        out.reference("organization", ID_TEXT);
        out.close();
        let expected = json!({"type": "User", "id": ID_TEXT, "inResponseTo": "/2.0/users/1", "method": "GET",
            "attributes": {"email": ["a@b.fi", "\"\\\u{1}\n😀"],
                "organizationId": [{"type": "organization", "id": ID_TEXT}]}});
        assert_eq!(read(out), expected);
    }

    #[test]
    fn a_list_holds_ids_or_entities_and_says_so_when_it_is_empty() {
        let list = |fill: fn(&mut Encoder)| {
            let mut out = Encoder::default();
            out.open_list("Users", "/2.0/users", "GET");
            fill(&mut out);
            read(out)
        };
        assert_eq!(list(|_| ())["ids"], json!([]));
        assert_eq!(list(Encoder::expect_entities)["entities"], json!([]));
        assert_eq!(list(|out| (0..2).for_each(|_| out.id(ID)))["ids"], json!([ID_TEXT, ID_TEXT]));
        let nested = list(|out| {
            out.expect_entities();
            for entity_type in [None, Some("company")] {
                out.open_nested("User", Identity { id: None, entity_type });
                out.open_attribute("a");
                out.close();
                out.open_attribute("b");
                out.value("x");
                out.close();
                out.close();
            }
        });
        assert!(nested.get("ids").is_none());
        let attributes = json!({"a": [], "b": ["x"]});
        assert_eq!(
            nested["entities"],
            json!([{"type": "User", "attributes": attributes},
            {"type": "User", "entityType": "company", "attributes": attributes}])
        );
        let both = list(|out| {
            out.id(ID);
            out.open_nested("User", Identity::default());
        });
        assert_eq!((&both["ids"], &both["entities"][0]["type"]), (&json!([ID_TEXT]), &json!("User")));
    }

    #[test]
    fn an_entity_may_stand_inside_an_attribute() {
        let mut out = Encoder::default();
        out.open_entity("Mandate", Identity::default(), "/", "GET");
        out.open_attribute("role");
        for _ in 0..2 {
            out.open_nested("role", Identity { id: Some(ID), entity_type: None });
            out.open_attribute("name");
            out.value("x");
            out.close();
            out.close();
        }
        let role = json!({"type": "role", "id": ID_TEXT, "attributes": {"name": ["x"]}});
        assert_eq!(read(out)["attributes"], json!({"role": [role, role]}));
    }

    #[test]
    fn chunks_put_together_are_the_document() {
        let write = |chunked: bool| {
            let mut out = Encoder::with_capacity(64);
            let mut all = Vec::new();
            out.open_list("Users", "/", "GET");
            for number in 0..100 {
                out.id(Uuid::from_u128(number));
                if chunked && out.len() > 500 {
                    all.append(&mut out.take_chunk());
                    assert!(out.is_empty());
                }
            }
            all.append(&mut out.finish());
            all
        };
        assert_eq!(write(true), write(false));
    }

    #[test]
    fn an_error_is_one_object() {
        let read: Value = serde_json::from_slice(&error(1, "unknown \"x\"")).unwrap();
        assert_eq!(read, json!({"error": {"code": 1, "message": "unknown \"x\""}}));
    }
}

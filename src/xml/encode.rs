//! The writer: documents by appending bytes to a buffer, which may be taken in pieces while it grows.
//!
//! It knows elements, attributes and escapes, and nothing of kinds, grants or what may be shown to whom. Names are
//! `'static`, because they come from declarations and never from a request. Text that XML cannot carry is refused
//! on the way in (`chars::is_xml_text`); should any get here, U+FFFD stands in its place, so that the document
//! stays well-formed and the loss is seen.

use uuid::Uuid;
use uuid::fmt::Hyphenated;

use super::NAMESPACE;

const DECLARATION: &[u8] = br#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#;
/// U+FFFD in UTF-8.
const REPLACEMENT: &[u8] = "\u{FFFD}".as_bytes();

/// Where a reference carries the kind that it refers to (`reference-style` of the configuration).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReferenceStyle {
    /// On each `Value`, which the 2.0 schema allows.
    #[default]
    Value,
    /// On the `Attribute`, as the examples of REQ008 print it; such documents are not valid against the 2.0 schema.
    Attribute,
}

/// What version 2.1 writes on an entity's element (`cid-2.1.xsd`).
#[derive(Debug, Clone, Copy, Default)]
pub struct Mark<'a> {
    /// The XML attribute `id`.
    pub id: Option<Uuid>,
    /// The XML attribute `type`.
    pub entity_type: Option<&'a str>,
}

/// Writes one document.
#[derive(Debug, Default)]
pub struct Encoder {
    out: Vec<u8>,
    open: Vec<&'static str>,
}

impl Encoder {
    /// A writer with room for `bytes`.
    pub fn with_capacity(bytes: usize) -> Self {
        Self { out: Vec::with_capacity(bytes), open: Vec::with_capacity(4) }
    }

    /// Writes the XML declaration. It comes first.
    pub fn declaration(&mut self) {
        self.raw(DECLARATION);
    }

    /// Opens an entity as the root of the document. The schema asks for one attribute or more in it.
    pub fn open_entity(&mut self, root: &'static str, in_response_to: Option<&str>, method: Option<&str>) {
        self.open_marked(root, Mark::default(), in_response_to, method);
    }

    /// Opens an entity as the root of the document, with its id and type on it.
    pub fn open_marked(
        &mut self,
        root: &'static str,
        mark: Mark<'_>,
        in_response_to: Option<&str>,
        method: Option<&str>,
    ) {
        self.start(root);
        self.xml_attribute("xmlns", NAMESPACE);
        self.mark(mark);
        if let Some(address) = in_response_to {
            self.xml_attribute("inResponseTo", address);
        }
        if let Some(method) = method {
            self.xml_attribute("method", method);
        }
        self.raw(b">");
    }

    /// Opens a list as the root of the document; ids come first in it, then entities.
    pub fn open_list(&mut self, root: &'static str, in_response_to: Option<&str>, method: &str) {
        self.open_entity(root, in_response_to, Some(method));
    }

    /// Opens an entity inside a list (`User` in `Users`) or inside an attribute (`Entity`).
    pub fn open_nested(&mut self, element: &'static str) {
        self.open_nested_marked(element, Mark::default());
    }

    /// As [`Encoder::open_nested`], with its id and type on it.
    pub fn open_nested_marked(&mut self, element: &'static str, mark: Mark<'_>) {
        self.start(element);
        self.mark(mark);
        self.raw(b">");
    }

    /// Opens `<Attribute name="…">`, to hold entities or values.
    pub fn open_attribute(&mut self, name: &str) {
        self.start("Attribute");
        self.xml_attribute("name", name);
        self.raw(b">");
    }

    /// Closes what was opened last and is still open; nothing when nothing is.
    pub fn close(&mut self) {
        if let Some(element) = self.open.pop() {
            self.raw(b"</");
            self.raw(element.as_bytes());
            self.raw(b">");
        }
    }

    /// Writes an element that holds text only.
    pub fn element(&mut self, name: &'static str, text: &str) {
        self.start(name);
        self.raw(b">");
        escape(&mut self.out, text, Place::Content);
        self.close();
    }

    /// Writes `<Value>text</Value>`.
    pub fn value(&mut self, text: &str) {
        self.raw(b"<Value>");
        escape(&mut self.out, text, Place::Content);
        self.raw(b"</Value>");
    }

    /// Writes `<Value type="…">text</Value>`.
    pub fn typed_value(&mut self, type_: &str, text: &str) {
        self.raw(b"<Value");
        self.xml_attribute("type", type_);
        self.raw(b">");
        escape(&mut self.out, text, Place::Content);
        self.raw(b"</Value>");
    }

    /// Writes a whole attribute with its values.
    pub fn attribute<'a>(&mut self, name: &str, values: impl IntoIterator<Item = &'a str>) {
        self.open_attribute(name);
        for value in values {
            self.value(value);
        }
        self.close();
    }

    /// Writes a whole attribute that refers to entities of the kind `kind` (`organization`) by their `ids`.
    pub fn reference(
        &mut self,
        name: &str,
        kind: &str,
        ids: impl IntoIterator<Item = Uuid>,
        style: ReferenceStyle,
    ) {
        self.start("Attribute");
        self.xml_attribute("name", name);
        if style == ReferenceStyle::Attribute {
            self.xml_attribute("type", kind);
        }
        self.raw(b">");
        for id in ids {
            self.raw(b"<Value");
            if style == ReferenceStyle::Value {
                self.xml_attribute("type", kind);
            }
            self.raw(b">");
            self.uuid(id);
            self.raw(b"</Value>");
        }
        self.close();
    }

    /// Writes `<Id>…</Id>` in a list.
    pub fn id(&mut self, id: Uuid) {
        self.raw(b"<Id>");
        self.uuid(id);
        self.raw(b"</Id>");
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

    fn start(&mut self, element: &'static str) {
        self.open.push(element);
        self.raw(b"<");
        self.raw(element.as_bytes());
    }

    fn mark(&mut self, mark: Mark<'_>) {
        if let Some(id) = mark.id {
            let mut text = [0; Hyphenated::LENGTH];
            self.xml_attribute("id", id.hyphenated().encode_lower(&mut text));
        }
        if let Some(entity_type) = mark.entity_type {
            self.xml_attribute("type", entity_type);
        }
    }

    fn xml_attribute(&mut self, name: &'static str, value: &str) {
        self.raw(b" ");
        self.raw(name.as_bytes());
        self.raw(b"=\"");
        escape(&mut self.out, value, Place::XmlAttribute);
        self.raw(b"\"");
    }

    fn uuid(&mut self, id: Uuid) {
        let mut text = [0; Hyphenated::LENGTH];
        self.out.extend_from_slice(id.hyphenated().encode_lower(&mut text).as_bytes());
    }

    fn raw(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }
}

/// The error document (conventions, Errors): `code` as in the table there, `message` for a reader. No namespace.
pub fn error(code: u16, message: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(DECLARATION.len() + message.len() + 64);
    out.extend_from_slice(DECLARATION);
    out.extend_from_slice(b"<error><code>");
    out.extend_from_slice(code.to_string().as_bytes());
    out.extend_from_slice(b"</code><message>");
    escape(&mut out, message, Place::Content);
    out.extend_from_slice(b"</message></error>");
    out
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Content,
    XmlAttribute,
}

/// Which bytes may have to be written otherwise; 0xEF begins U+FFFE and U+FFFF.
#[expect(
    clippy::indexing_slicing,
    reason = "worked out when compiling: an index out of range does not compile"
)]
static CARE: [bool; 256] = {
    let mut care = [false; 256];
    let mut byte = 0;
    while byte < care.len() {
        care[byte] = matches!(byte, 0..=0x1F | 0x22 | 0x26 | 0x3C | 0x3E | 0xEF);
        byte += 1;
    }
    care
};

/// Appends `text` so that a reader gets it back unchanged: a reader turns carriage returns into line feeds and, in an
/// XML attribute, white space into spaces, unless they are written as references. `>` is escaped for `]]>`.
fn escape(out: &mut Vec<u8>, text: &str, place: Place) {
    let bytes = text.as_bytes();
    let mut copied = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        if !CARE.get(usize::from(byte)).is_some_and(|care| *care) {
            continue;
        }
        let (escaped, width): (&[u8], usize) = match byte {
            b'<' => (b"&lt;", 1),
            b'>' => (b"&gt;", 1),
            b'&' => (b"&amp;", 1),
            b'"' if place == Place::XmlAttribute => (b"&quot;", 1),
            b'\r' => (b"&#13;", 1),
            b'\n' if place == Place::XmlAttribute => (b"&#10;", 1),
            b'\t' if place == Place::XmlAttribute => (b"&#9;", 1),
            b'\n' | b'\t' => continue,
            0..=0x1F => (REPLACEMENT, 1),
            0xEF if matches!(bytes.get(at + 1..at + 3), Some([0xBF, 0xBE | 0xBF])) => (REPLACEMENT, 3),
            _ => continue,
        };
        out.extend_from_slice(bytes.get(copied..at).unwrap_or_default());
        out.extend_from_slice(escaped);
        copied = at + width;
    }
    out.extend_from_slice(bytes.get(copied..).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::{Encoder, ReferenceStyle, error};
    use uuid::Uuid;

    fn text(encoder: Encoder) -> String {
        String::from_utf8(encoder.finish()).unwrap()
    }

    #[test]
    fn an_entity_is_written_as_the_seed_prints_it() {
        let mut encoder = Encoder::default();
        encoder.declaration();
        encoder.open_entity("User", Some("/2.0/users/1"), Some("GET"));
        encoder.attribute("email", ["a@b.fi", "c@d.fi"]);
        encoder.close();
        assert_eq!(
            text(encoder),
            "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\
             <User xmlns=\"http://schema.ubisecure.com/customerid/api\" inResponseTo=\"/2.0/users/1\" method=\"GET\">\
             <Attribute name=\"email\"><Value>a@b.fi</Value><Value>c@d.fi</Value></Attribute></User>"
        );
    }

    #[test]
    fn a_reference_carries_its_kind_in_either_style() {
        let id = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_00AB);
        for (style, expected) in [
            (ReferenceStyle::Value, r#"<Attribute name="mandater"><Value type="organization">"#),
            (ReferenceStyle::Attribute, r#"<Attribute name="mandater" type="organization"><Value>"#),
        ] {
            let mut encoder = Encoder::default();
            encoder.reference("mandater", "organization", [id], style);
            let expected = format!("{expected}01900000-0000-7000-8000-0000000000ab</Value></Attribute>");
            assert_eq!(text(encoder), expected);
        }
    }

    #[test]
    fn special_characters_are_escaped_by_their_place() {
        let mut encoder = Encoder::default();
        encoder.open_attribute("a<\"&\t\n\r>");
        encoder.typed_value("'\"", "]]> \"'\t\n\r&lt;ä😀");
        assert_eq!(
            text(encoder),
            "<Attribute name=\"a&lt;&quot;&amp;&#9;&#10;&#13;&gt;\"><Value type=\"'&quot;\">\
             ]]&gt; \"'\t\n&#13;&amp;lt;ä😀</Value></Attribute>"
        );
    }

    #[test]
    fn what_xml_cannot_carry_is_seen_as_the_replacement_character() {
        let mut encoder = Encoder::default();
        encoder.value("a\0b\u{1F}c\u{FFFE}d\u{FFFF}\u{FFFD}\u{FEFF}");
        assert_eq!(text(encoder), "<Value>a\u{FFFD}b\u{FFFD}c\u{FFFD}d\u{FFFD}\u{FFFD}\u{FEFF}</Value>");
    }

    #[test]
    fn chunks_put_together_are_the_document() {
        let write = |chunked: bool| {
            let mut encoder = Encoder::with_capacity(64);
            let mut all = Vec::new();
            encoder.declaration();
            encoder.open_list("Users", None, "GET");
            for number in 0..100 {
                encoder.id(Uuid::from_u128(number));
                if chunked && encoder.len() > 500 {
                    all.append(&mut encoder.take_chunk());
                    assert!(encoder.is_empty());
                }
            }
            encoder.open_nested("User");
            encoder.attribute("status", ["Enabled"]);
            all.append(&mut encoder.finish());
            all
        };
        assert_eq!(write(true), write(false));
        assert!(write(true).ends_with(b"</Attribute></User></Users>"));
    }

    #[test]
    fn an_error_document_stands_in_no_namespace() {
        let document = String::from_utf8(error(1, "unknown parameter <x>")).unwrap();
        assert!(
            document.ends_with("<error><code>1</code><message>unknown parameter &lt;x&gt;</message></error>")
        );
    }
}

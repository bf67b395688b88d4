//! One writer for both forms of documents, so that whoever answers does not ask which one it is.
//!
//! It knows elements and values, not kinds; what differs between versions is asked of [`Version`] by its callers.

use uuid::Uuid;

use crate::http::dialect::Version;
use crate::http::form::Form;
use crate::json::{self, Identity};
use crate::xml::encode::{self, Mark};

/// A document that is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its form.
    pub form: Form,
}

impl Body {
    /// Its content type.
    pub fn content_type(&self) -> &'static str {
        self.form.content_type()
    }
}

/// Id and type of an entity.
pub type EntityMark<'a> = (Option<Uuid>, Option<&'a str>);

/// Writes one document.
#[derive(Debug)]
pub struct Writer {
    out: Out,
    version: Version,
}

#[derive(Debug)]
enum Out {
    Xml(encode::Encoder),
    Json(json::Encoder),
}

impl Writer {
    /// A writer of a document of that form, with room for `bytes`.
    pub fn new(form: Form, version: Version, bytes: usize) -> Self {
        let out = match form {
            Form::Xml => {
                let mut out = encode::Encoder::with_capacity(bytes);
                out.declaration();
                Out::Xml(out)
            }
            Form::Json => Out::Json(json::Encoder::with_capacity(bytes)),
        };
        Self { out, version }
    }

    /// The form of the document.
    pub fn form(&self) -> Form {
        match &self.out {
            Out::Xml(_) => Form::Xml,
            Out::Json(_) => Form::Json,
        }
    }

    /// The version of the interface that it belongs to.
    pub fn version(&self) -> Version {
        self.version
    }

    /// Only what the version shows in XML; JSON has the id in every version.
    fn mark<'m>(&self, (id, entity_type): EntityMark<'m>) -> Mark<'m> {
        if self.version.marks_entities() { Mark { id, entity_type } } else { Mark::default() }
    }

    /// Opens an entity as the root of the document.
    pub fn open_entity(
        &mut self,
        root: &'static str,
        mark: EntityMark<'_>,
        in_response_to: &str,
        method: &str,
    ) {
        let shown = self.mark(mark);
        match &mut self.out {
            Out::Xml(out) => out.open_marked(root, shown, Some(in_response_to), Some(method)),
            Out::Json(out) => out.open_entity(root, identity(mark), in_response_to, method),
        }
    }

    /// Opens a list as the root of the document; ids come first in it, then entities.
    pub fn open_list(&mut self, root: &'static str, in_response_to: &str, method: &str) {
        match &mut self.out {
            Out::Xml(out) => out.open_list(root, Some(in_response_to), method),
            Out::Json(out) => out.open_list(root, in_response_to, method),
        }
    }

    /// Says that the list will hold entities: in JSON an empty one shows it.
    pub fn expect_entities(&mut self) {
        if let Out::Json(out) = &mut self.out {
            out.expect_entities();
        }
    }

    /// Opens an entity of a list that has no id.
    pub fn open_nested(&mut self, element: &'static str) {
        self.open_identified(element, (None, None));
    }

    /// Opens an entity of a list.
    pub fn open_identified(&mut self, element: &'static str, mark: EntityMark<'_>) {
        let shown = self.mark(mark);
        match &mut self.out {
            Out::Xml(out) => out.open_nested_marked(element, shown),
            Out::Json(out) => out.open_nested(element, identity(mark)),
        }
    }

    /// Opens an entity that an attribute refers to, in the place of its id.
    pub fn open_referred(&mut self, kind: &'static str, mark: EntityMark<'_>) {
        match self.form() {
            Form::Xml => self.open_identified("Entity", mark),
            Form::Json => self.open_identified(kind, mark),
        }
    }

    /// Opens an attribute, to hold entities or values.
    pub fn open_attribute(&mut self, name: &str) {
        match &mut self.out {
            Out::Xml(out) => out.open_attribute(name),
            Out::Json(out) => out.open_attribute(name),
        }
    }

    /// Closes what was opened last and is still open.
    pub fn close(&mut self) {
        match &mut self.out {
            Out::Xml(out) => out.close(),
            Out::Json(out) => out.close(),
        }
    }

    /// Writes a value.
    pub fn value(&mut self, text: &str) {
        match &mut self.out {
            Out::Xml(out) => out.value(text),
            Out::Json(out) => out.value(text),
        }
    }

    /// Writes a reference: the kind's name and the id.
    pub fn typed_value(&mut self, kind: &str, id: &str) {
        match &mut self.out {
            Out::Xml(out) => out.typed_value(kind, id),
            Out::Json(out) => out.reference(kind, id),
        }
    }

    /// Writes a whole attribute with its values.
    pub fn attribute<'a>(&mut self, name: &str, values: impl IntoIterator<Item = &'a str>) {
        self.open_attribute(name);
        for value in values {
            self.value(value);
        }
        self.close();
    }

    /// Writes an element of its own; in JSON it is an attribute like any other.
    pub fn element(&mut self, name: &'static str, text: &str) {
        match &mut self.out {
            Out::Xml(out) => out.element(name, text),
            Out::Json(_) => self.attribute(name, [text]),
        }
    }

    /// Writes a whole attribute that refers to entities of `kind`; in JSON every style is the same.
    pub fn reference(
        &mut self,
        name: &str,
        kind: &str,
        ids: impl IntoIterator<Item = Uuid>,
        style: encode::ReferenceStyle,
    ) {
        match &mut self.out {
            Out::Xml(out) => out.reference(name, kind, ids, style),
            Out::Json(out) => {
                out.open_attribute(name);
                for id in ids {
                    out.reference(kind, &id.hyphenated().to_string());
                }
                out.close();
            }
        }
    }

    /// Writes an id of a list.
    pub fn id(&mut self, id: Uuid) {
        match &mut self.out {
            Out::Xml(out) => out.id(id),
            Out::Json(out) => out.id(id),
        }
    }

    /// Takes what has been written since the last time, for a streamed answer.
    pub fn take_chunk(&mut self) -> Vec<u8> {
        match &mut self.out {
            Out::Xml(out) => out.take_chunk(),
            Out::Json(out) => out.take_chunk(),
        }
    }

    /// Closes what is still open and gives the rest of the document.
    pub fn finish(self) -> Body {
        let form = self.form();
        let bytes = match self.out {
            Out::Xml(out) => out.finish(),
            Out::Json(out) => out.finish(),
        };
        Body { bytes, form }
    }
}

fn identity((id, entity_type): EntityMark<'_>) -> Identity<'_> {
    Identity { id, entity_type }
}

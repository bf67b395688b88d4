//! The XML room: documents in and out, and the schema they follow. quick-xml lives only here.
//!
//! * `decode` reads a document strictly into the wire types: what it accepts is valid against
//!   `schema/extension.xsd`, and it accepts nothing less than that schema except what `decode` lists.
//!   It works on `scan` (tokens, well-formedness, nesting) and `attributes` (one start tag).
//! * `stream` reads documents of any length entity by entity, each by `decode`.
//! * `encode` writes documents by appending bytes; it knows the wire form and nothing of the model.
//! * `limits`, `chars` and `uri` hold the sizes that a document may have, the characters that XML can carry and
//!   what an address looks like.
//! * `error` says why a document was refused. No message repeats a value from the document, since any value
//!   may be a secret.
//! * `generated` comes from the schema files and is never edited; `schema/generate` makes it anew.
//!
//! This room must not know kinds, grants, HTTP or the store: its caller turns the wire types into the model.

mod attributes;
pub mod chars;
pub mod decode;
pub mod encode;
pub mod error;
#[allow(missing_docs, clippy::all, clippy::pedantic, reason = "rendered from the schema by xsd-parser")]
#[rustfmt::skip]
pub mod generated;
pub mod limits;
mod scan;
pub mod stream;
mod uri;

pub use decode::{Document, decode};
pub use encode::{Encoder, ReferenceStyle};
pub use error::{Problem, XmlError};
pub use limits::Limits;

/// The target namespace of `cid-2.0.xsd` and `extension.xsd`, and so of every document but `error`.
pub const NAMESPACE: &str = "http://schema.ubisecure.com/customerid/api";

/// The schema files by name, as `GET /schema/*.xsd` hands them out.
pub const SCHEMA_FILES: [(&str, &str); 5] = [
    ("cid-2.0.xsd", include_str!("../../schema/cid-2.0.xsd")),
    ("cid-2.1.xsd", include_str!("../../schema/cid-2.1.xsd")),
    ("extension.xsd", include_str!("../../schema/extension.xsd")),
    ("error.xsd", include_str!("../../schema/error.xsd")),
    ("export.xsd", include_str!("../../schema/export.xsd")),
];

/// The text of the schema file `name`, or `None` when there is no such file.
pub fn schema_file(name: &str) -> Option<&'static str> {
    SCHEMA_FILES.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

#[cfg(test)]
mod tests {
    use super::schema_file;

    #[test]
    fn schema_files_are_found_by_their_exact_name_only() {
        assert!(schema_file("cid-2.0.xsd").is_some_and(|text| text.contains("IdListType")));
        assert!(schema_file("error.xsd").is_some());
        assert!(schema_file("../schema/error.xsd").is_none() && schema_file("").is_none());
    }
}

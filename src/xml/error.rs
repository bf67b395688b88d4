//! Why a document was refused. `Problem` says what, `XmlError` adds where; both belong to this room.
//!
//! A message is one line and may repeat names from the document, cut to 40 characters, but never a value or a piece
//! of text: these may hold a secret.

use std::fmt;

/// A refused document: the problem and the line on which it stands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("XML document, line {line}: {problem}")]
pub struct XmlError {
    /// What is wrong.
    pub problem: Problem,
    /// The line, counted from 1.
    pub line: usize,
}

impl XmlError {
    /// Whether a configured size was passed, which is answered with 413 and not with 400.
    pub fn is_size_limit(&self) -> bool {
        matches!(
            self.problem,
            Problem::TooManyBytes { .. }
                | Problem::TooDeep { .. }
                | Problem::TooMany { .. }
                | Problem::ValueTooLong { .. }
        )
    }
}

/// What can be wrong with a document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The document is longer than [`super::Limits::bytes`].
    #[error("the document is longer than {limit} bytes")]
    TooManyBytes {
        /// The limit, in bytes.
        limit: usize,
    },
    /// Elements nest deeper than [`super::Limits::depth`].
    #[error("elements nest deeper than {limit}")]
    TooDeep {
        /// The limit, in levels.
        limit: usize,
    },
    /// More attributes, children or namespace declarations than allowed.
    #[error("more than {limit} {what}")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// A value is longer than [`super::Limits::value_bytes`].
    #[error("a value is longer than {limit} bytes")]
    ValueTooLong {
        /// The limit, in bytes.
        limit: usize,
    },
    /// The bytes are not UTF-8.
    #[error("the document is not valid UTF-8")]
    NotUtf8,
    /// A character, or a reference to one, that XML 1.0 cannot carry.
    #[error("the character U+{0:04X} is not allowed in XML")]
    Character(u32),
    /// The XML declaration is ill-formed, misplaced, or names a version or an encoding that is not read.
    #[error("XML declaration: {0}")]
    Declaration(&'static str),
    /// The document is not well-formed.
    #[error("not well-formed: {0}")]
    Malformed(String),
    /// A document type declaration.
    #[error("a DOCTYPE is not accepted")]
    Doctype,
    /// A processing instruction.
    #[error("processing instructions are not accepted")]
    Instruction,
    /// A reference to an entity that XML itself does not define.
    #[error("a reference to an entity other than amp, lt, gt, quot and apos")]
    EntityReference,
    /// A namespace declaration or a prefix is wrong.
    #[error("namespaces: {0}")]
    Namespace(String),
    /// An element outside the namespace of the schema.
    #[error("the element {0} is not in the namespace http://schema.ubisecure.com/customerid/api")]
    ForeignElement(Shown),
    /// The root is none of the schema's.
    #[error("the schema knows no document {0}")]
    UnknownRoot(Shown),
    /// An element where the schema allows none of this name.
    #[error("the element {element} is not allowed here, in {parent}")]
    UnexpectedElement {
        /// The element found.
        element: Shown,
        /// The element that holds it.
        parent: &'static str,
    },
    /// An element inside an element of text.
    #[error("{0} holds text only, no elements")]
    ElementInText(&'static str),
    /// Text where the schema allows elements only.
    #[error("text is not allowed directly in {0}")]
    UnexpectedText(&'static str),
    /// An XML attribute that the schema does not allow on this element.
    #[error("the XML attribute {attribute} is not allowed on {element}")]
    UnexpectedAttribute {
        /// The attribute found.
        attribute: Shown,
        /// The element that has it.
        element: &'static str,
    },
    /// A required child or XML attribute is missing.
    #[error("{element} lacks {missing}")]
    Missing {
        /// The element.
        element: &'static str,
        /// What it lacks.
        missing: &'static str,
    },
    /// An XML attribute with a value that its type does not allow.
    #[error("the XML attribute {attribute} must be {expected}")]
    AttributeValue {
        /// The attribute.
        attribute: &'static str,
        /// What was expected.
        expected: &'static str,
    },
}

/// A name from the document, fit to be shown: at most 40 characters, on one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown(String);

impl Shown {
    const LONGEST: usize = 40;

    /// Cuts and cleans `name`.
    pub(super) fn new(name: &str) -> Self {
        let mut chars = name.chars();
        let one_line = |c: char| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { '?' } else { c };
        let mut shown: String = chars.by_ref().take(Self::LONGEST).map(one_line).collect();
        if chars.next().is_some() {
            shown.push('…');
        }
        Self(shown)
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "\"{}\"", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{Problem, Shown, XmlError};

    #[test]
    fn a_long_name_is_cut_and_stays_on_one_line() {
        let shown = Shown::new(&format!("a\nb{}", "c".repeat(1000))).to_string();
        assert_eq!(shown.chars().count(), 43);
        assert!(shown.starts_with("\"a?bc") && shown.ends_with("…\""));
    }

    #[test]
    fn only_sizes_are_size_limits() {
        let size = XmlError { problem: Problem::TooDeep { limit: 32 }, line: 7 };
        assert!(size.is_size_limit());
        assert_eq!(size.to_string(), "XML document, line 7: elements nest deeper than 32");
        assert!(!XmlError { problem: Problem::Doctype, line: 1 }.is_size_limit());
    }
}

//! The stream of tokens of one document: start, end and text, with well-formedness, nesting and namespaces checked.
//!
//! quick-xml leaves several rules of XML 1.0 to its user; they are kept here. What the tokens mean for the schema is
//! none of this file's business.

use std::borrow::Cow;

use quick_xml::XmlVersion;
use quick_xml::errors::{Error, IllFormedError};
use quick_xml::events::{BytesDecl, BytesRef, BytesStart, Event};
use quick_xml::name::{NamespaceError, NamespaceResolver, ResolveResult};
use quick_xml::reader::NsReader;

use super::chars::{is_blank, is_space, is_xml_char};
use super::error::{Problem, Shown, XmlError};
use super::{Limits, NAMESPACE};

/// One token. An empty element is a start and an end.
pub(super) enum Token<'a> {
    /// A start tag of an element in the schema's namespace.
    Start(BytesStart<'a>),
    /// An end tag; it fits its start tag.
    End,
    /// Character data inside the root, line ends normalized, references resolved.
    Text(Cow<'a, str>),
    /// The end of a complete document.
    Eof,
}

/// Reads tokens and keeps count.
pub(super) struct Scanner<'a> {
    reader: NsReader<&'a [u8]>,
    text: &'a str,
    limits: Limits,
    /// Where the present token begins, in bytes.
    start: usize,
    depth: usize,
    first: bool,
    root_seen: bool,
}

impl<'a> Scanner<'a> {
    /// Checks what can be seen without parsing: length, UTF-8, characters.
    pub(super) fn new(bytes: &'a [u8], limits: &Limits) -> Result<Self, XmlError> {
        if bytes.len() > limits.bytes {
            return Err(XmlError { problem: Problem::TooManyBytes { limit: limits.bytes }, line: 1 });
        }
        let text = std::str::from_utf8(bytes).map_err(|error| XmlError {
            problem: Problem::NotUtf8,
            line: line_at(bytes, error.valid_up_to()),
        })?;
        if let Some((at, c)) = text.char_indices().find(|(_, c)| !is_xml_char(*c)) {
            return Err(XmlError { problem: Problem::Character(u32::from(c)), line: line_at(bytes, at) });
        }
        let mut reader = NsReader::from_str(text);
        let config = reader.config_mut();
        config.expand_empty_elements = true;
        config.check_end_names = true;
        reader.resolver_mut().set_max_namespace_bindings(limits.namespaces);
        Ok(Self { reader, text, limits: *limits, start: 0, depth: 0, first: true, root_seen: false })
    }

    /// An error at the present token.
    pub(super) fn error(&self, problem: Problem) -> XmlError {
        XmlError { problem, line: line_at(self.text.as_bytes(), self.start) }
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The namespaces in scope at the present token.
    pub(super) fn resolver(&self) -> &NamespaceResolver {
        self.reader.resolver()
    }

    /// The next token. Comments are passed over.
    pub(super) fn next(&mut self) -> Result<Token<'a>, XmlError> {
        loop {
            self.start = usize::try_from(self.reader.buffer_position()).unwrap_or(usize::MAX);
            let event = match self.reader.read_event() {
                Ok(event) => event,
                Err(error) => return Err(self.error(self.told(error))),
            };
            let first = std::mem::replace(&mut self.first, false);
            match event {
                Event::Start(start) => return self.started(start),
                Event::End(_) => {
                    self.depth = self.depth.saturating_sub(1);
                    return Ok(Token::End);
                }
                Event::Text(text) => {
                    if text.contains("]]>") {
                        return Err(self.malformed("]]> in text"));
                    }
                    if let Some(token) = self.character_data(text.xml10_content(), is_blank(&text))? {
                        return Ok(token);
                    }
                }
                Event::CData(text) => return self.inside(text.xml10_content()),
                Event::GeneralRef(reference) => {
                    let text = self.referred(&reference)?;
                    return self.inside(text);
                }
                Event::Comment(comment) => {
                    if comment.contains("--") || comment.ends_with('-') {
                        return Err(self.malformed("-- in a comment"));
                    }
                }
                Event::Decl(declaration) if first => self.declaration(&declaration)?,
                Event::Decl(_) => return Err(self.error(Problem::Declaration("it must be the first thing"))),
                Event::PI(_) => return Err(self.error(Problem::Instruction)),
                Event::DocType(_) => return Err(self.error(Problem::Doctype)),
                // Not sent while empty elements are expanded.
                Event::Empty(_) => return Err(self.malformed("an empty element")),
                Event::Eof if self.depth > 0 => return Err(self.malformed("it ends inside an element")),
                Event::Eof if !self.root_seen => return Err(self.malformed("it has no root element")),
                Event::Eof => return Ok(Token::Eof),
            }
        }
    }

    fn started(&mut self, start: BytesStart<'a>) -> Result<Token<'a>, XmlError> {
        if self.depth == 0 && std::mem::replace(&mut self.root_seen, true) {
            return Err(self.malformed("more than one root element"));
        }
        self.depth += 1;
        let limit = self.limits.effective_depth();
        if self.depth > limit {
            return Err(self.error(Problem::TooDeep { limit }));
        }
        match self.reader.resolver().resolve_element(start.name()).0 {
            ResolveResult::Bound(namespace) if namespace.as_ref() == NAMESPACE => Ok(Token::Start(start)),
            ResolveResult::Unknown(prefix) => Err(self.unknown_prefix(&prefix)),
            _ => Err(self.error(Problem::ForeignElement(Shown::new(start.name().as_ref())))),
        }
    }

    /// Text between tags; `None` is white space outside the root, which means nothing.
    fn character_data(&self, text: Cow<'a, str>, blank: bool) -> Result<Option<Token<'a>>, XmlError> {
        if self.depth == 0 && blank { Ok(None) } else { self.inside(text).map(Some) }
    }

    /// Text that may stand inside the root only.
    fn inside(&self, text: Cow<'a, str>) -> Result<Token<'a>, XmlError> {
        if self.depth == 0 {
            Err(self.malformed("text outside the root element"))
        } else {
            Ok(Token::Text(text))
        }
    }

    fn referred(&self, reference: &BytesRef<'_>) -> Result<Cow<'a, str>, XmlError> {
        let text = match &**reference {
            "amp" => "&",
            "lt" => "<",
            "gt" => ">",
            "quot" => "\"",
            "apos" => "'",
            name if name.starts_with('#') => {
                let c = reference
                    .resolve_char_ref()
                    .map_err(|_| self.malformed("an ill-formed character reference"))?
                    .ok_or_else(|| self.malformed("an ill-formed character reference"))?;
                if !is_xml_char(c) {
                    return Err(self.error(Problem::Character(u32::from(c))));
                }
                return Ok(Cow::Owned(c.to_string()));
            }
            _ => return Err(self.error(Problem::EntityReference)),
        };
        Ok(Cow::Borrowed(text))
    }

    /// `version`, then `encoding`, then `standalone`, each at most once and only the first required (XML 1.0, 2.8).
    fn declaration(&self, declaration: &BytesDecl<'_>) -> Result<(), XmlError> {
        const ILL_FORMED: Problem = Problem::Declaration("it is ill-formed");
        let content = declaration.strip_prefix("xml").ok_or_else(|| self.error(ILL_FORMED))?;
        if !are_separated(content) {
            return Err(self.error(ILL_FORMED));
        }
        let mut expected = ["version", "encoding", "standalone"].iter();
        let mut version = false;
        for attribute in quick_xml::events::attributes::Attributes::new(declaration, 3) {
            let attribute = attribute.map_err(|_| self.error(ILL_FORMED))?;
            let key = attribute.key.as_ref();
            if !expected.any(|name| *name == key) {
                return Err(self.error(ILL_FORMED));
            }
            let problem = match (key, &*attribute.value) {
                ("version", "1.0") => {
                    version = true;
                    continue;
                }
                ("encoding", name) if name.eq_ignore_ascii_case("UTF-8") => continue,
                ("standalone", "yes" | "no") => continue,
                ("version", _) => "the version must be 1.0",
                ("encoding", _) => "the encoding must be UTF-8",
                _ => "standalone must be yes or no",
            };
            return Err(self.error(Problem::Declaration(problem)));
        }
        if version { Ok(()) } else { Err(self.error(Problem::Declaration("the version is missing"))) }
    }

    pub(super) fn malformed(&self, what: &str) -> XmlError {
        self.error(Problem::Malformed(what.to_owned()))
    }

    pub(super) fn unknown_prefix(&self, prefix: &str) -> XmlError {
        self.error(Problem::Namespace(format!("the prefix {} is not declared", Shown::new(prefix))))
    }

    /// The value of an XML attribute, white space normalized and references resolved.
    pub(super) fn value(
        &self,
        attribute: &quick_xml::events::attributes::Attribute<'_>,
    ) -> Result<String, XmlError> {
        if attribute.value.contains('<') {
            return Err(self.malformed("< in an XML attribute"));
        }
        let value = attribute
            .normalized_value(XmlVersion::Explicit1_0)
            .map_err(|error| self.error(self.told(error)))?;
        if value.len() > self.limits.value_bytes {
            return Err(self.error(Problem::ValueTooLong { limit: self.limits.value_bytes }));
        }
        match value.chars().find(|c| !is_xml_char(*c)) {
            Some(c) => Err(self.error(Problem::Character(u32::from(c)))),
            None => Ok(value.into_owned()),
        }
    }

    /// quick-xml's errors in our words: some of its own repeat text of the document.
    fn told(&self, error: Error) -> Problem {
        let what = match error {
            Error::Namespace(NamespaceError::TooManyBindings(limit)) => {
                return Problem::TooMany { what: "namespace declarations in scope", limit };
            }
            Error::Namespace(NamespaceError::TooDeeplyNested(_)) => {
                return Problem::TooDeep { limit: self.limits.effective_depth() };
            }
            Error::Namespace(_) => {
                return Problem::Namespace("a reserved prefix or namespace is declared".into());
            }
            Error::Escape(_) => "an ill-formed or unknown reference".to_owned(),
            Error::IllFormed(IllFormedError::MismatchedEndTag { expected, .. }) => {
                format!("the end tag of {} is missing", Shown::new(&expected))
            }
            Error::IllFormed(IllFormedError::UnmatchedEndTag(_)) => "an end tag without start tag".to_owned(),
            Error::IllFormed(IllFormedError::UnclosedReference) => "an & that begins no reference".to_owned(),
            Error::IllFormed(_) => "an ill-formed tag or declaration".to_owned(),
            Error::Syntax(error) => error.to_string(),
            Error::InvalidAttr(_) => "an ill-formed or repeated XML attribute".to_owned(),
            Error::Encoding(_) | Error::Io(_) => return Problem::NotUtf8,
        };
        Problem::Malformed(what)
    }
}

/// Whether white space stands before each attribute of a tag (`attributes`: what follows the tag's name), a rule
/// that quick-xml does not check.
pub(super) fn are_separated(attributes: &str) -> bool {
    let mut open: Option<char> = None;
    let mut needs_space = true;
    for c in attributes.chars() {
        match open {
            Some(quote) if c == quote => {
                open = None;
                needs_space = true;
            }
            Some(_) => {}
            None if needs_space && !is_space(c) => return false,
            None => {
                needs_space = false;
                open = Some(c).filter(|c| matches!(c, '"' | '\''));
            }
        }
    }
    true
}

/// The line, counted from 1, on which the byte `at` stands.
fn line_at(bytes: &[u8], at: usize) -> usize {
    bytes.iter().take(at).fold(1, |line, byte| line + usize::from(*byte == b'\n'))
}

#[cfg(test)]
mod tests {
    use super::{are_separated, line_at};

    #[test]
    fn attributes_without_white_space_between_them_are_noticed() {
        for good in ["", " ", " a=\"1\"", " a=\"1\" b='2'", " a = \"'x\" \n b=\"\" "] {
            assert!(are_separated(good), "{good:?}");
        }
        for bad in [" a=\"1\"b='2'", " a='1''2'", "a=\"1\"", " a=\"1\"/"] {
            assert!(!are_separated(bad), "{bad:?}");
        }
    }

    #[test]
    fn lines_count_from_one() {
        assert_eq!([0, 1, 2, 99].map(|at| line_at(b"a\nb", at)), [1, 1, 2, 2]);
    }
}

//! Reading documents of any length: the entities of a list, of an `Export`, or a single one, one after another, in
//! memory that does not grow with the document.
//!
//! The document is cut behind each child of its root, and every piece is read by the strict reader under the root's own
//! start tag; what stands between, before and after is read with it. So nothing is accepted that the strict reader
//! would refuse. The limit of bytes holds for each piece.

use std::io::{BufRead, Read};

use quick_xml::events::Event;
use quick_xml::reader::Reader;

use super::decode::{Document, decode, decode_export};
use super::error::{Problem, Shown, XmlError};
use super::generated::{ENTITY_ROOTS, EntityType, LIST_ENTITIES, LIST_ROOTS, ListRoot};
use super::limits::Limits;

/// The root of a file that an export writes.
pub const EXPORT: &str = "Export";

const PAGE: usize = 64 << 10;

/// Why reading ended early.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// The document.
    #[error(transparent)]
    Document(#[from] XmlError),
    /// The file.
    #[error(transparent)]
    File(#[from] std::io::Error),
}

/// One entity of the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The name of its element, such as `User`.
    pub element: &'static str,
    /// The line it begins on.
    pub line: usize,
    /// Its content.
    pub entity: EntityType,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Root {
    Entity,
    List(ListRoot),
    Export,
}

impl PartialEq for ListRoot {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for ListRoot {}

/// Gives the entities of one document.
pub struct Entities<R> {
    reader: Reader<Recorder<R>>,
    limits: Limits,
    root: Root,
    /// The root's start tag; before the first piece also what stands above it.
    head: Vec<u8>,
    /// The root's start tag and end tag.
    tags: (Vec<u8>, Vec<u8>),
    /// The line on which the next piece begins.
    line: usize,
    /// How far the order of a list has come.
    rank: usize,
    ended: bool,
}

impl<R: Read> Entities<R> {
    /// Reads up to the root's start tag.
    pub fn open(source: R, limits: &Limits) -> Result<Self, StreamError> {
        let mut reader = Reader::from_reader(Recorder::new(source, limits.bytes));
        reader.config_mut().expand_empty_elements = true;
        let mut buffer = Vec::new();
        let (name, local, begin) = loop {
            buffer.clear();
            let begin = reader.buffer_position();
            match reader.read_event_into(&mut buffer) {
                Ok(Event::Start(start)) => {
                    let name = start.name().as_ref().to_owned();
                    let local = start.local_name().as_ref().to_owned();
                    break (name, local, begin);
                }
                Ok(Event::Eof) | Err(_) => return Err(refusal(&mut reader, limits, &[], 1)),
                Ok(_) => {}
            }
        };
        let end = reader.buffer_position();
        let tag = reader.get_mut().copy(begin, end);
        let head = reader.get_mut().take(end);
        let root = root_of(&local);
        let line = 1 + newlines(&head);
        let closing = format!("</{name}>").into_bytes();
        let tags = (tag, closing);
        let Some(root) = root else {
            let line = line - newlines(&tags.0);
            return Err(XmlError { problem: Problem::UnknownRoot(Shown::new(&local)), line }.into());
        };
        Ok(Self { reader, limits: *limits, root, head, tags, line, rank: 0, ended: false })
    }

    /// The next entity; `None` behind the last one, when the document was sound to its end.
    pub fn next_entity(&mut self) -> Result<Option<Found>, StreamError> {
        if self.ended {
            return Ok(None);
        }
        if self.root == Root::Entity {
            return self.whole().map(Some);
        }
        let mut buffer = Vec::new();
        let (mut depth, mut begin) = (0_usize, 0);
        loop {
            buffer.clear();
            let before = self.reader.buffer_position();
            match self.reader.read_event_into(&mut buffer) {
                Ok(Event::Start(_)) => {
                    if depth == 0 {
                        begin = before;
                    }
                    depth += 1;
                }
                Ok(Event::End(_)) if depth == 1 => return self.piece(begin).map(Some),
                Ok(Event::End(_)) if depth == 0 => {
                    self.rest()?;
                    return Ok(None);
                }
                Ok(Event::End(_)) => depth -= 1,
                Ok(Event::Eof) | Err(_) => {
                    return Err(refusal(&mut self.reader, &self.limits, &self.head, self.line));
                }
                Ok(_) => {}
            }
        }
    }

    /// Reads a document whose root is the entity.
    fn whole(&mut self) -> Result<Found, StreamError> {
        let line = self.line - newlines(&self.tags.0);
        self.drain()?;
        let document = [std::mem::take(&mut self.head), self.reader.get_mut().take(u64::MAX)].concat();
        self.ended = true;
        match decode(&document, &self.limits)? {
            Document::Entity { root, entity } => Ok(Found { element: root, line, entity }),
            Document::List { root, .. } => {
                Err(XmlError { problem: Problem::UnknownRoot(Shown::new(root)), line }.into())
            }
        }
    }

    /// Reads on to the end of the file.
    fn drain(&mut self) -> Result<(), StreamError> {
        let mut buffer = Vec::new();
        loop {
            buffer.clear();
            match self.reader.read_event_into(&mut buffer) {
                Ok(Event::Eof) => return Ok(()),
                Ok(_) => {}
                Err(_) => return Err(refusal(&mut self.reader, &self.limits, &self.head, self.line)),
            }
        }
    }

    /// What stands behind the last child.
    fn rest(&mut self) -> Result<(), StreamError> {
        self.drain()?;
        let tail = self.reader.get_mut().take(u64::MAX);
        self.read(tail, Vec::new())?;
        self.ended = true;
        Ok(())
    }

    /// The child that has just ended and began at the byte `begin`.
    fn piece(&mut self, begin: u64) -> Result<Found, StreamError> {
        let end = self.reader.buffer_position();
        let before = newlines(&self.reader.get_mut().before(begin));
        let piece = self.reader.get_mut().take(end);
        let (line, lines) = (self.line + before, newlines(&piece));
        let mut found = self.read(piece, self.tags.1.clone())?;
        self.line += lines;
        let Some((element, entity)) = found.pop() else {
            let problem =
                Problem::UnexpectedElement { element: Shown::new("Id"), parent: "a document of entities" };
            return Err(XmlError { problem, line }.into());
        };
        self.keep_order(element, line)?;
        Ok(Found { element, line, entity })
    }

    fn read(
        &mut self,
        piece: Vec<u8>,
        closing: Vec<u8>,
    ) -> Result<Vec<(&'static str, EntityType)>, StreamError> {
        let head = std::mem::replace(&mut self.head, self.tags.0.clone());
        let above = newlines(&head);
        let document = [head, piece, closing].concat();
        // The head has been read with a piece before.
        let limits =
            Limits { bytes: self.limits.bytes.saturating_add(self.tags.0.len() + PAGE), ..self.limits };
        let read = match self.root {
            Root::Export => decode_export(&document, &limits),
            _ => decode(&document, &limits).map(entities),
        };
        let line = self.line;
        read.map_err(|error| XmlError { line: (line + error.line).saturating_sub(1 + above), ..error }.into())
    }

    /// The schema's sequence of a list only goes on.
    fn keep_order(&mut self, element: &'static str, line: usize) -> Result<(), StreamError> {
        let Root::List(root) = self.root else { return Ok(()) };
        let rank = LIST_ENTITIES.iter().position(|known| *known == element).unwrap_or(LIST_ENTITIES.len());
        if rank < self.rank {
            let problem = Problem::UnexpectedElement { element: Shown::new(element), parent: root.name };
            return Err(XmlError { problem, line }.into());
        }
        self.rank = rank;
        Ok(())
    }
}

fn root_of(local: &str) -> Option<Root> {
    if local == EXPORT {
        return Some(Root::Export);
    }
    if ENTITY_ROOTS.contains(&local) {
        return Some(Root::Entity);
    }
    LIST_ROOTS.iter().find(|root| root.name == local).map(|root| Root::List(*root))
}

fn entities(document: Document) -> Vec<(&'static str, EntityType)> {
    let Document::List { root, list, own } = document else { return Vec::new() };
    let common = [
        ("User", list.user),
        ("Organization", list.organization),
        ("Role", list.role),
        ("Mandate", list.mandate),
    ];
    let own_name =
        LIST_ROOTS.iter().find(|known| known.name == root).and_then(|known| known.own).unwrap_or(root);
    let common = common
        .into_iter()
        .flat_map(|(name, entities)| entities.into_iter().map(move |entity| (name, entity)));
    common.chain(own.into_iter().map(|entity| (own_name, entity))).collect()
}

fn newlines(bytes: &[u8]) -> usize {
    bytes.split(|byte| *byte == b'\n').count().saturating_sub(1)
}

/// What the strict reader says of what was read so far: it always has something to say, for the end is missing.
fn refusal<R: Read>(
    reader: &mut Reader<Recorder<R>>,
    limits: &Limits,
    head: &[u8],
    line: usize,
) -> StreamError {
    if let Some(error) = reader.get_mut().failure.take() {
        return error.into();
    }
    if reader.get_mut().is_over {
        let problem = Problem::TooManyBytes { limit: limits.bytes };
        return XmlError { problem, line }.into();
    }
    let rest = reader.get_mut().take(u64::MAX);
    let document = [head, &rest].concat();
    let limits = Limits { bytes: usize::MAX, ..*limits };
    let told = match decode(&document, &limits) {
        Err(error) if !matches!(error.problem, Problem::UnknownRoot(_)) => Err(error),
        _ => decode_export(&document, &limits).map(|_| ()),
    };
    let above = newlines(head);
    match told {
        Err(error) => XmlError { line: (line + error.line).saturating_sub(1 + above), ..error }.into(),
        Ok(()) => XmlError { problem: Problem::Malformed("it ends early".to_owned()), line }.into(),
    }
}

/// Buffers a source and keeps what was consumed until it is taken.
struct Recorder<R> {
    source: R,
    buffer: Vec<u8>,
    at: usize,
    /// The bytes consumed and not taken, and the place of the first of them.
    kept: Vec<u8>,
    from: u64,
    limit: usize,
    is_over: bool,
    failure: Option<std::io::Error>,
    first: bool,
}

impl<R: Read> Recorder<R> {
    fn new(source: R, limit: usize) -> Self {
        let (buffer, kept) = (Vec::new(), Vec::new());
        Self { source, buffer, at: 0, kept, from: 0, limit, is_over: false, failure: None, first: true }
    }

    fn place(&self, position: u64) -> usize {
        usize::try_from(position.saturating_sub(self.from)).unwrap_or(usize::MAX).min(self.kept.len())
    }

    /// The bytes kept before `position`.
    fn before(&self, position: u64) -> Vec<u8> {
        self.kept.get(..self.place(position)).unwrap_or_default().to_vec()
    }

    /// The bytes from `begin` to `end`, which stay.
    fn copy(&self, begin: u64, end: u64) -> Vec<u8> {
        self.kept.get(self.place(begin)..self.place(end)).unwrap_or_default().to_vec()
    }

    /// Takes the bytes up to `end`.
    fn take(&mut self, end: u64) -> Vec<u8> {
        let place = self.place(end);
        let rest = self.kept.split_off(place);
        self.from += place as u64;
        std::mem::replace(&mut self.kept, rest)
    }

    fn fill(&mut self) -> std::io::Result<()> {
        self.buffer.resize(PAGE, 0);
        let read = loop {
            match self.source.read(&mut self.buffer) {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        self.buffer.truncate(read);
        self.at = 0;
        // A byte order mark says nothing that UTF-8 needs.
        if std::mem::replace(&mut self.first, false) && self.buffer.starts_with(b"\xEF\xBB\xBF") {
            self.at = 3;
        }
        Ok(())
    }
}

impl<R: Read> Read for Recorder<R> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let filled = self.fill_buf()?;
        let length = filled.len().min(out.len());
        for (to, from) in out.iter_mut().zip(filled) {
            *to = *from;
        }
        self.consume(length);
        Ok(length)
    }
}

impl<R: Read> BufRead for Recorder<R> {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        if self.kept.len() > self.limit {
            self.is_over = true;
            return Err(std::io::Error::other("a piece is too long"));
        }
        if self.at >= self.buffer.len()
            && let Err(error) = self.fill()
        {
            let kind = error.kind();
            self.failure = Some(error);
            return Err(kind.into());
        }
        Ok(self.buffer.get(self.at..).unwrap_or_default())
    }

    fn consume(&mut self, amount: usize) {
        let end = self.at.saturating_add(amount).min(self.buffer.len());
        self.kept.extend_from_slice(self.buffer.get(self.at..end).unwrap_or_default());
        self.at = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NS: &str = r#"xmlns="http://schema.ubisecure.com/customerid/api""#;

    /// Gives one byte at a time, so that every cut inside a token is met.
    struct Slow<'a>(&'a [u8]);

    impl Read for Slow<'_> {
        fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
            let Some((first, rest)) = self.0.split_first() else { return Ok(0) };
            out[0] = *first;
            self.0 = rest;
            Ok(1)
        }
    }

    fn all(text: &str) -> Result<Vec<Found>, StreamError> {
        let read = |source: Box<dyn Read>| {
            let mut entities = Entities::open(source, &Limits::default())?;
            let mut found = Vec::new();
            while let Some(entity) = entities.next_entity()? {
                found.push(entity);
            }
            Ok::<_, StreamError>(found)
        };
        let slow = read(Box::new(Slow(text.to_owned().leak().as_bytes())));
        let whole = read(Box::new(std::io::Cursor::new(text.as_bytes().to_vec())));
        assert_eq!(format!("{slow:?}"), format!("{whole:?}"));
        whole
    }

    fn user(login: &str) -> String {
        format!("<User><Attribute name=\"login\"><Value>{login}</Value></Attribute></User>")
    }

    #[test]
    fn the_entities_of_a_list_come_with_their_lines() {
        let text = format!(
            "\u{FEFF}<?xml version=\"1.0\"?>\n<!-- x -->\n<Users {NS}\n method=\"GET\">\n{}\n<!-- <User> -->\n\n  {}{}</Users>\n<!-- end -->\n",
            user("a"),
            user("b<![CDATA[</User>]]>"),
            "<Role><Attribute name='n'/></Role>"
        );
        let found = all(&text).unwrap();
        let told: Vec<_> = found.iter().map(|found| (found.element, found.line)).collect();
        assert_eq!(told, [("User", 5), ("User", 8), ("Role", 8)]);
    }

    #[test]
    fn an_export_holds_kinds_in_any_order_and_may_be_empty() {
        let text =
            format!("<Export {NS}><Role><Attribute/></Role>{}<Role><Attribute/></Role></Export>", user("a"));
        assert_eq!(all(&text).unwrap().len(), 3);
        assert_eq!(all(&format!("<Export {NS}/>")).unwrap(), []);
        assert_eq!(
            all(&format!("<e:Export xmlns:e=\"{}\"></e:Export>", super::super::NAMESPACE)).unwrap(),
            []
        );
    }

    #[test]
    fn a_single_entity_is_a_document_too() {
        let text = format!("\n<User {NS}><Attribute name=\"login\"><Value>a</Value></Attribute></User>");
        let found = all(&text).unwrap();
        assert_eq!((found.len(), found[0].element, found[0].line), (1, "User", 2));
    }

    #[test]
    fn what_the_strict_reader_refuses_is_refused_with_its_line() {
        let open = format!("<Users {NS} method=\"GET\">\n");
        let role = "<Role><Attribute/></Role>";
        for (text, line, word) in [
            (format!("{open}{}\n<Banana/></Users>", user("a")), 3, "Banana"),
            (format!("{open}{}\nx{}</Users>", user("a"), user("b")), 2, "text"),
            (format!("{open}{role}\n{}</Users>", user("a")), 3, "User"),
            (format!("{open}{}\n<User></User></Users>", user("a")), 3, "lacks"),
            (format!("{open}{}\n<User>", user("a")), 3, "ends inside"),
            (format!("{open}{}\n", user("a")), 3, "ends inside"),
            (format!("{open}<Id>x</Id></Users>"), 2, "Id"),
            (format!("{open}{}</Users>\n<Users/>", user("a")), 3, "root"),
            (format!("<!DOCTYPE Users>\n{open}</Users>"), 1, "DOCTYPE"),
            (format!("<Users {NS}>\n</Users>"), 1, "method"),
            ("<Users method=\"GET\">\n</Users>".to_owned(), 1, "namespace"),
            (format!("\n<Bananas {NS}/>"), 2, "Bananas"),
            (format!("{open}{}\n{}</Users>", user("a"), user("&#0;")), 3, "character reference"),
            (format!("{open}{}\n{}</Users>", user("a"), user("&x;")), 3, "reference"),
            (String::new(), 1, "no root"),
        ] {
            let error = all(&text).unwrap_err();
            let StreamError::Document(error) = error else { panic!("{error}") };
            assert!(error.line == line && error.to_string().contains(word), "{text}: {error}");
        }
    }

    #[test]
    fn a_piece_has_a_limit_and_the_document_has_none() {
        let limits = Limits { bytes: 4_096, ..Limits::default() };
        let many = format!("<Export {NS}>{}</Export>", user("a").repeat(1_000));
        let mut entities = Entities::open(many.as_bytes(), &limits).unwrap();
        let mut count = 0;
        while entities.next_entity().unwrap().is_some() {
            count += 1;
        }
        assert_eq!(count, 1_000);
        let long = format!("<Export {NS}>{}</Export>", user(&"a".repeat(200_000)));
        let error = Entities::open(long.as_bytes(), &limits).unwrap().next_entity().unwrap_err();
        assert!(error.to_string().contains("longer than 4096 bytes"), "{error}");
    }
}

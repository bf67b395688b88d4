//! CSV files: reading records under a header row, and writing them. A column whose name ends in `[]` holds several
//! values in one cell, separated by `;`; `\;` is a semicolon and `\\` a backslash.

use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use csv::{ByteRecord, ReaderBuilder, Trim};

use crate::model::{Error, Kind, Registry};
use crate::operation::export::{Column, Item, Sink};
use crate::operation::import::entry::{Record, check_column};

/// The longest record, in bytes.
const LONGEST: u64 = 16 << 20;

/// Reads at most so much between two records: a quote that is never closed must not take the memory of the machine.
struct Bounded<R> {
    source: R,
    since: Arc<AtomicU64>,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let read = self.source.read(out)?;
        let since = self.since.fetch_add(read as u64, Ordering::Relaxed);
        if since > LONGEST {
            let what = format!("a record is longer than {LONGEST} bytes; is a quote missing?");
            return Err(std::io::Error::other(what));
        }
        Ok(read)
    }
}

struct Head {
    name: String,
    list: bool,
}

/// The records of one CSV file.
pub(super) struct Table<R> {
    reader: csv::Reader<Bounded<R>>,
    since: Arc<AtomicU64>,
    kind: Kind,
    columns: Vec<Head>,
    number: u64,
    row: ByteRecord,
}

impl<R: Read> Table<R> {
    /// Reads the header row; the error names a column that records of `kind` cannot have.
    pub(super) fn open(source: R, kind: Kind, registry: &Registry) -> Result<Self, String> {
        let since = Arc::new(AtomicU64::new(0));
        let bounded = Bounded { source, since: Arc::clone(&since) };
        let mut reader =
            ReaderBuilder::new().has_headers(false).flexible(true).trim(Trim::None).from_reader(bounded);
        let mut row = ByteRecord::new();
        match reader.read_byte_record(&mut row) {
            Ok(true) => {}
            Ok(false) => return Err("the file is empty: a header row was expected".to_owned()),
            Err(error) => return Err(format!("line 1: {error}")),
        }
        let columns = header(&row, kind, registry).map_err(|error| format!("line 1: {error}"))?;
        Ok(Self { reader, since, kind, columns, number: 0, row })
    }

    /// The next record.
    pub(super) fn next(&mut self) -> Result<Option<Record>, String> {
        self.since.store(0, Ordering::Relaxed);
        match self.reader.read_byte_record(&mut self.row) {
            Ok(true) => {}
            Ok(false) => return Ok(None),
            Err(error) => return Err(format!("line {}: {error}", self.reader.position().line())),
        }
        self.number += 1;
        let line = self.row.position().map_or(0, csv::Position::line);
        Ok(Some(Record { number: self.number, line, kind: self.kind, fields: self.fields() }))
    }

    fn fields(&self) -> Result<Vec<(String, Vec<String>)>, Error> {
        if self.row.len() != self.columns.len() {
            let expected =
                format!("expected {} fields as in the header, found {}", self.columns.len(), self.row.len());
            return Err(Error::invalid("record", expected));
        }
        let mut fields: Vec<(String, Vec<String>)> = Vec::with_capacity(self.columns.len());
        for (column, cell) in self.columns.iter().zip(&self.row) {
            // An empty cell says nothing.
            if cell.is_empty() {
                continue;
            }
            let text = std::str::from_utf8(cell).map_err(|_| Error::invalid(&*column.name, "not UTF-8"))?;
            let values = if column.list { split(text) } else { vec![text.to_owned()] };
            match fields.iter_mut().find(|(name, _)| *name == column.name) {
                Some((_, known)) => known.extend(values),
                None => fields.push((column.name.clone(), values)),
            }
        }
        Ok(fields)
    }
}

fn header(row: &ByteRecord, kind: Kind, registry: &Registry) -> Result<Vec<Head>, Error> {
    let mut columns: Vec<Head> = Vec::with_capacity(row.len());
    for cell in row {
        let name = std::str::from_utf8(cell).map_err(|_| Error::invalid("header", "not UTF-8"))?.trim();
        let (name, list) = name.strip_suffix("[]").map_or((name, false), |name| (name, true));
        if name.is_empty() {
            return Err(Error::invalid("header", "a column without a name"));
        }
        check_column(registry, kind, name)?;
        let many = many(registry, kind, name);
        if list && !many {
            return Err(Error::invalid(name, "this attribute has a single value"));
        }
        if !many && columns.iter().any(|column| column.name == name) {
            return Err(Error::invalid(name, "the column stands twice"));
        }
        columns.push(Head { name: name.to_owned(), list });
    }
    Ok(columns)
}

fn many(registry: &Registry, kind: Kind, name: &str) -> bool {
    let attribute = registry.named(kind, kind.def().written(name));
    (kind == Kind::User && name == "role") || attribute.is_some_and(|attribute| attribute.many)
}

/// The values of a cell.
fn split(cell: &str) -> Vec<String> {
    let (mut values, mut value) = (Vec::new(), String::new());
    let mut letters = cell.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            ';' => values.push(std::mem::take(&mut value)),
            '\\' => match letters.next_if(|next| matches!(next, ';' | '\\')) {
                Some(next) => value.push(next),
                None => value.push('\\'),
            },
            other => value.push(other),
        }
    }
    values.push(value);
    values
}

/// The cell of several values.
pub(in crate::cli) fn joined<'a>(values: impl Iterator<Item = &'a str>) -> String {
    let escape = |value: &str| value.replace('\\', "\\\\").replace(';', "\\;");
    values.map(escape).collect::<Vec<_>>().join(";")
}

/// Writes records of one kind under a header row.
pub(super) struct TableSink<W: Write> {
    writer: csv::Writer<W>,
    columns: Vec<Column>,
}

impl<W: Write> TableSink<W> {
    pub(super) fn new(out: W) -> Self {
        Self { writer: csv::Writer::from_writer(out), columns: Vec::new() }
    }

    pub(super) fn finish(self) -> std::io::Result<W> {
        self.writer.into_inner().map_err(csv::IntoInnerError::into_error)
    }
}

impl<W: Write + Send> Sink for TableSink<W> {
    fn begin(&mut self, _kind: Kind, columns: &[Column]) -> std::io::Result<()> {
        self.columns = columns.to_vec();
        let name = |column: &Column| format!("{}{}", column.name, if column.many { "[]" } else { "" });
        self.writer.write_record(columns.iter().map(name)).map_err(std::io::Error::from)
    }

    fn item(&mut self, _kind: Kind, item: &Item<'_>) -> std::io::Result<()> {
        let cell = |column: &Column| {
            let values = item.fields.iter().find(|(name, _)| *name == column.name).map(|(_, values)| values);
            let texts = values.into_iter().flatten().map(|value| &*value.text);
            if column.many { joined(texts) } else { texts.take(1).collect::<String>() }
        };
        self.writer.write_record(self.columns.iter().map(cell)).map_err(std::io::Error::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_values_of_a_cell_survive_joining_and_splitting() {
        for values in [vec!["a"], vec!["a;b", "c\\", "\\;", ""], vec!["", ""], vec!["a\\nb"]] {
            assert_eq!(split(&joined(values.iter().copied())), values);
        }
        assert_eq!(split(r"a\nb;c\"), [r"a\nb", r"c\"]);
    }

    #[test]
    fn a_quote_that_is_never_closed_ends_the_file_with_its_line() {
        let registry = Registry::new([]);
        let endless = b"login\na\nb\n\"".chain(std::io::repeat(b'x'));
        let mut table = Table::open(endless, Kind::User, &registry).unwrap();
        assert!(table.next().unwrap().is_some() && table.next().unwrap().is_some());
        let error = table.next().err().unwrap();
        assert!(error.contains("quote") && error.starts_with("line "), "{error}");
    }

    #[test]
    fn a_header_is_held_to_the_attributes_of_the_kind() {
        let registry = Registry::new([]);
        let open = |text: &str| Table::open(text.as_bytes(), Kind::User, &registry).map(|_| ());
        open("\u{FEFF}login,role,role,role[],pwd.hash\r\n").unwrap();
        for (bad, word) in [
            ("", "empty"),
            ("login,banana\n", "banana"),
            ("login,login\n", "twice"),
            ("login,\n", "without a name"),
            ("login[]\n", "single value"),
            ("login,cn,id\n\n", ""),
        ] {
            match open(bad) {
                Ok(()) => assert_eq!(word, ""),
                Err(error) => assert!(!word.is_empty() && error.contains(word), "{bad}: {error}"),
            }
        }
    }
}

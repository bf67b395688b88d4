//! One master file as it stands: its tenant, its module and its rows, each with the line it begins on. Strict about
//! JSON and about where things stand; what the values are good for is judged elsewhere. Knows nothing of kinds.

use std::cell::Cell as Counter;
use std::collections::HashMap;
use std::fmt;
use std::io::{self, Read};

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::model::Error;
use crate::operation::digit::Master;

/// One value of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cell {
    /// `null`.
    Null,
    /// `true` or `false`.
    Flag(bool),
    /// A number, in decimal digits.
    Number(String),
    /// A text.
    Text(String),
    /// A list or an object, which no master has.
    Nested,
}

/// One row of a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Row {
    /// Its place in the file, from 1.
    pub(super) number: u64,
    /// The line it begins on, from 1.
    pub(super) line: u64,
    /// Its keys in small letters, as they are written, and its values; each key once.
    pub(super) cells: HashMap<String, (String, Cell)>,
    /// Keys that stood more than once, as they are written; the first value is kept.
    pub(super) twice: Vec<String>,
    /// Whether it is an object.
    pub(super) is_object: bool,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Table {
    /// What it says its tenant is.
    pub(super) tenant: Option<String>,
    /// What it says its module is.
    pub(super) module: Option<String>,
    /// Its rows; `None` when the list is missing.
    pub(super) rows: Option<Vec<Row>>,
    /// Other keys, as they are written.
    pub(super) extra: Vec<String>,
}

/// The most characters of a name of the file that a message repeats.
const SHOWN: usize = 64;

/// A text of the file as far as it is repeated, on one line and as XML can carry it.
pub(super) fn shown(text: &str) -> String {
    let mut letters = text.chars();
    let plain = |c: char| if c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}') { '?' } else { c };
    let cut: String = letters.by_ref().take(SHOWN).map(plain).collect();
    if letters.next().is_some() { format!("{cut}…") } else { cut }
}

/// Bytes that count the lines that were read of them.
struct Lines<'b> {
    rest: &'b [u8],
    line: &'b Counter<u64>,
}

impl Read for Lines<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.rest.read(out)?;
        let ends = out.iter().take(read).filter(|byte| **byte == b'\n').count();
        self.line.set(self.line.get() + ends as u64);
        Ok(read)
    }
}

/// Reads one master file. Error 1 names the file, the line and the column of what is no JSON or no such file.
pub(super) fn read(master: Master, bytes: &[u8]) -> Result<Table, Error> {
    let line = Counter::new(1);
    let mut reader = serde_json::Deserializer::from_reader(Lines { rest: bytes, line: &line });
    let refused = |error: serde_json::Error| {
        let text = error.to_string();
        // The place is told by itself, and what stands there is not repeated.
        let problem = text.split(" at line ").next().unwrap_or_default();
        let problem = problem
            .rsplit_once(", expected ")
            .map_or(problem.to_owned(), |(_, expected)| format!("expected {expected}"));
        let place = format!("line {}, column {}", error.line(), error.column());
        Error::invalid(master.file(), format!("{place}: {problem}"))
    };
    let table = reader.deserialize_map(TableVisitor { master, line: &line }).map_err(refused)?;
    reader.end().map_err(refused)?;
    if table.rows.is_none() {
        return Err(Error::invalid(master.file(), format!("expected the list {}", master.list())));
    }
    Ok(table)
}

struct TableVisitor<'l> {
    master: Master,
    line: &'l Counter<u64>,
}

impl<'de> Visitor<'de> for TableVisitor<'_> {
    type Value = Table;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object with tenantId, moduleName and {}", self.master.list())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Table, A::Error> {
        let mut table = Table::default();
        while let Some(key) = map.next_key::<String>()? {
            let twice = || A::Error::custom(format_args!("the key {} stands twice", shown(&key)));
            match key.to_lowercase().as_str() {
                "tenantid" if table.tenant.is_some() => return Err(twice()),
                "modulename" if table.module.is_some() => return Err(twice()),
                "tenantid" => table.tenant = Some(map.next_value_seed(Name("tenantId"))?),
                "modulename" => table.module = Some(map.next_value_seed(Name("moduleName"))?),
                list if list == self.master.list() => {
                    if table.rows.is_some() {
                        return Err(twice());
                    }
                    table.rows = Some(map.next_value_seed(Rows { line: self.line })?);
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    table.extra.push(key);
                }
            }
        }
        Ok(table)
    }
}

/// A text under that key.
struct Name(&'static str);

impl<'de> DeserializeSeed<'de> for Name {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<String, D::Error> {
        from.deserialize_string(self)
    }
}

impl Visitor<'_> for Name {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a text under {}", self.0)
    }

    fn visit_str<E>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }
}

/// The list of rows.
struct Rows<'l> {
    line: &'l Counter<u64>,
}

impl<'de> DeserializeSeed<'de> for Rows<'_> {
    type Value = Vec<Row>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Vec<Row>, D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Rows<'_> {
    type Value = Vec<Row>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<Row>, A::Error> {
        let mut rows = Vec::new();
        while let Some(row) = list.next_element_seed(RowSeed { line: self.line })? {
            rows.push(Row { number: rows.len() as u64 + 1, ..row });
        }
        Ok(rows)
    }
}

/// One row, or whatever stands in its place.
struct RowSeed<'l> {
    line: &'l Counter<u64>,
}

impl<'de> DeserializeSeed<'de> for RowSeed<'_> {
    type Value = Row;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Row, D::Error> {
        from.deserialize_any(self)
    }
}

impl RowSeed<'_> {
    fn begun(&self) -> Row {
        Row { line: self.line.get(), ..Row::default() }
    }
}

impl<'de> Visitor<'de> for RowSeed<'_> {
    type Value = Row;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a row")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Row, E> {
        Ok(self.begun())
    }

    fn visit_i64<E>(self, _: i64) -> Result<Row, E> {
        Ok(self.begun())
    }

    fn visit_u64<E>(self, _: u64) -> Result<Row, E> {
        Ok(self.begun())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Row, E> {
        Ok(self.begun())
    }

    fn visit_str<E>(self, _: &str) -> Result<Row, E> {
        Ok(self.begun())
    }

    fn visit_unit<E>(self) -> Result<Row, E> {
        Ok(self.begun())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Row, A::Error> {
        let row = self.begun();
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(row)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Row, A::Error> {
        let mut row = Row { is_object: true, ..self.begun() };
        while let Some(key) = map.next_key::<String>()? {
            let cell = map.next_value_seed(CellSeed)?;
            let small = key.to_lowercase();
            if let std::collections::hash_map::Entry::Vacant(e) = row.cells.entry(small) {
                e.insert((key, cell));
            } else {
                row.twice.push(key);
            }
        }
        Ok(row)
    }
}

/// One value of a row.
struct CellSeed;

impl<'de> DeserializeSeed<'de> for CellSeed {
    type Value = Cell;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Cell, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for CellSeed {
    type Value = Cell;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Cell, E> {
        Ok(Cell::Flag(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Cell, E> {
        Ok(Cell::Number(number.to_string()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Cell, E> {
        Ok(Cell::Number(number.to_string()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Cell, E> {
        Ok(Cell::Number(number.to_string()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Cell, E> {
        Ok(Cell::Text(text.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Cell, E> {
        Ok(Cell::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Cell, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Cell::Nested)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Cell, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Cell::Nested)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        read(Master::Roles, text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn rows_come_with_their_lines_and_keys_in_any_letter_case() {
        let text = "{\n \"TenantID\": \"uk\", \"moduleName\": \"M\",\n \"Roles\": [\n  {\"Code\": \"A\", \"n\": 1},\n\n  \
                    {\"code\": 7, \"CODE\": null},\n  4 ] , \"x\": {}}";
        let table = read(Master::Roles, text.as_bytes()).unwrap();
        assert_eq!((table.tenant.as_deref(), table.module.as_deref()), (Some("uk"), Some("M")));
        assert_eq!(table.extra, ["x"]);
        let rows = table.rows.unwrap();
        let places: Vec<(u64, u64, bool)> =
            rows.iter().map(|row| (row.number, row.line, row.is_object)).collect();
        assert_eq!(places, [(1, 4, true), (2, 6, true), (3, 7, false)]);
        assert_eq!(rows[0].cells["code"], ("Code".to_owned(), Cell::Text("A".to_owned())));
        assert_eq!(rows[1].cells["code"].1, Cell::Number("7".to_owned()));
        assert_eq!(rows[1].twice, ["CODE"]);
    }

    #[test]
    fn what_is_no_json_or_no_master_is_refused_with_its_place() {
        for (text, words) in [
            ("", "roles.json: line 1, column 0: EOF while parsing a value"),
            (
                "{\"tenantId\": \"uk\",\n \"roles\": [{]}",
                "roles.json: line 2, column 13: key must be a string",
            ),
            ("{\"roles\": []} x", "roles.json: line 1, column 15: trailing characters"),
            ("[]", "expected an object with tenantId, moduleName and roles"),
            ("\"hunter2\"", "expected an object with tenantId, moduleName and roles"),
            ("{\"roles\": \"hunter2\"}", "expected a list of rows"),
            ("{\"tenantId\": 4, \"roles\": []}", "expected a text under tenantId"),
            ("{\"tenantId\": \"uk\"}", "roles.json: expected the list roles"),
            ("{\"roles\": [], \"ROLES\": []}", "the key ROLES stands twice"),
            ("{\"tenantId\": \"a\", \"tenantid\": \"b\", \"roles\": []}", "the key tenantid stands twice"),
            ("{\"roles\": [{\"code\": \"\\ud800\"}]}", "line 1"),
            ("\u{FEFF}{\"roles\": []}", "line 1, column 1"),
        ] {
            let refusal = refusal(text);
            assert!(refusal.contains(words), "{text}: {refusal}");
            assert!(!refusal.contains("hunter2"), "{refusal}");
        }
        assert!(read(Master::Roles, b"{\"roles\": [\"\xFF\"]}").is_err());
        assert!(read(Master::Roles, &vec![b'['; 200_000]).is_err());
        let deep = format!("{{\"roles\": [{{\"a\": {}", "[".repeat(200_000));
        assert!(read(Master::Roles, deep.as_bytes()).is_err());
    }
}

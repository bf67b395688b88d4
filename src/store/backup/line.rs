//! The lines of a backup: hashed as they are written, verified as they are read. Knows no database.

use std::io::{BufRead, Read, Write};

use serde::de::DeserializeOwned;

use super::{BackupError, End, FORM, Head, Summary, Table};

/// The longest line that is read: an entity's document with its quotes escaped stays far below.
const LONGEST: u64 = 256 << 20;

/// Writes lines and hashes them.
pub(super) struct Lines<W> {
    out: W,
    hasher: blake3::Hasher,
    pub(super) rows: u64,
}

impl<W: Write> Lines<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out, hasher: blake3::Hasher::new(), rows: 0 }
    }

    fn line(&mut self, text: &str) -> std::io::Result<()> {
        for part in [text.as_bytes(), b"\n"] {
            self.hasher.update(part);
            self.out.write_all(part)?;
        }
        Ok(())
    }

    pub(super) fn object(&mut self, object: &impl serde::Serialize) -> std::io::Result<()> {
        let text = serde_json::to_string(object)?;
        self.line(&text)
    }

    pub(super) fn row(&mut self, json: &str) -> std::io::Result<()> {
        self.rows += 1;
        self.line(json)
    }

    /// Writes the last line; returns its hash.
    pub(super) fn finish(mut self) -> std::io::Result<(W, String)> {
        let hash = self.hasher.finalize().to_hex().to_string();
        let end = End { rows: self.rows, blake3: hash.clone() };
        writeln!(self.out, "{}", serde_json::to_string(&end)?)?;
        self.out.flush()?;
        Ok((self.out, hash))
    }
}

/// One line of a backup behind its head.
pub(super) enum Line {
    /// The rows of another table follow.
    Table(Table),
    /// A row of the present table, a JSON array.
    Row(String),
}

/// Reads lines and holds them to the hash.
pub(super) struct Reader<R> {
    input: R,
    hasher: blake3::Hasher,
    number: u64,
    rows: u64,
    pub(super) head: Head,
    hash: String,
}

impl<R: BufRead> Reader<R> {
    /// Reads the head; refuses what is no backup or one of another form.
    pub(super) fn open(input: R) -> Result<Self, BackupError> {
        let none = Head {
            form: 0,
            program: String::new(),
            migration: 0,
            database: String::new(),
            made: String::new(),
        };
        let hasher = blake3::Hasher::new();
        let mut reader = Self { input, hasher, number: 0, rows: 0, head: none, hash: String::new() };
        let first = reader.line()?.ok_or_else(|| reader.damaged("the file is empty"))?;
        let form = serde_json::from_str::<serde_json::Value>(&first).ok();
        let form =
            form.as_ref().and_then(|head| head.get("valtuus-backup")).and_then(serde_json::Value::as_u64);
        match form {
            None => return Err(reader.damaged("this is no backup of valtuus")),
            Some(form) if form != u64::from(FORM) => {
                return Err(
                    reader.damaged(&format!("a backup of form {form}; this program reads form {FORM}"))
                );
            }
            Some(_) => {}
        }
        reader.head = reader.parse(&first)?;
        reader.hasher.update(first.as_bytes());
        reader.hasher.update(b"\n");
        Ok(reader)
    }

    fn damaged(&self, what: &str) -> BackupError {
        BackupError::Damaged { line: self.number, what: what.to_owned() }
    }

    fn parse<T: DeserializeOwned>(&self, text: &str) -> Result<T, BackupError> {
        // What the parser says repeats no value.
        serde_json::from_str(text).map_err(|error| self.damaged(&error.to_string()))
    }

    fn line(&mut self) -> Result<Option<String>, BackupError> {
        let mut text = String::new();
        self.number += 1;
        let read = self.input.by_ref().take(LONGEST).read_line(&mut text);
        match read {
            Ok(0) => Ok(None),
            Ok(_) if text.ends_with('\n') => {
                text.truncate(text.len() - 1);
                Ok(Some(text))
            }
            Ok(_) => Err(self.damaged("the line does not end: the file was cut off")),
            Err(error) if error.kind() == std::io::ErrorKind::InvalidData => Err(self.damaged("not UTF-8")),
            Err(error) => Err(error.into()),
        }
    }

    /// The next line; `None` after the last one, when the hash is right and nothing follows.
    pub(super) fn next(&mut self) -> Result<Option<Line>, BackupError> {
        let text =
            self.line()?.ok_or_else(|| self.damaged("the last line is missing: the file was cut off"))?;
        if text.starts_with("{\"rows\"") {
            return self.end(&text);
        }
        self.hasher.update(text.as_bytes());
        self.hasher.update(b"\n");
        if text.starts_with('[') {
            self.rows += 1;
            return Ok(Some(Line::Row(text)));
        }
        self.parse(&text).map(|table| Some(Line::Table(table)))
    }

    fn end(&mut self, text: &str) -> Result<Option<Line>, BackupError> {
        let end: End = self.parse(text)?;
        let hash = self.hasher.finalize().to_hex().to_string();
        if hash != end.blake3 || self.rows != end.rows {
            return Err(self.damaged("the hash does not fit: the file is not the one that was written"));
        }
        if self.line()?.is_some() {
            return Err(self.damaged("something follows the last line"));
        }
        self.hash = hash;
        Ok(None)
    }

    pub(super) fn summary(self) -> Summary {
        Summary { head: self.head, rows: self.rows, hash: self.hash }
    }
}

/// Reads a whole backup and holds it to its hash; changes nothing.
pub fn verify(input: impl BufRead) -> Result<Summary, BackupError> {
    let mut reader = Reader::open(input)?;
    while reader.next()?.is_some() {}
    Ok(reader.summary())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn backup() -> Vec<u8> {
        let mut lines = Lines::new(Vec::new());
        let head = Head {
            form: FORM,
            program: "1".to_owned(),
            migration: 1,
            database: "sqlite".to_owned(),
            made: "2026-01-01T00:00:00Z".to_owned(),
        };
        lines.object(&head).unwrap();
        let columns = vec!["row".to_owned(), "doc".to_owned()];
        lines.object(&Table { name: "entity".to_owned(), columns, last: Some(2) }).unwrap();
        lines.row(r#"[1,"ä"]"#).unwrap();
        lines.row("[2,null]").unwrap();
        lines.finish().unwrap().0
    }

    #[test]
    fn what_was_written_is_verified() {
        let summary = verify(backup().as_slice()).unwrap();
        assert_eq!((summary.rows, summary.head.migration), (2, 1));
    }

    #[test]
    fn every_changed_byte_and_every_cut_is_found() {
        let good = backup();
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1;
            assert!(verify(bad.as_slice()).is_err(), "byte {at} changed");
            assert!(verify(&good[..at]).is_err(), "cut at {at}");
        }
        let more = [good.as_slice(), b"[3,null]\n"].concat();
        assert!(verify(more.as_slice()).is_err());
    }
}

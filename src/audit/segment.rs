//! A file of archived records: enough to verify them without any database, and to go on where they end.
//!
//! Lines of JSON: a head with the place in the chain that the records follow, one array a record (number, row, hash and
//! canonical bytes as hexadecimal digits), and an end with the place of the last record and the SHA-256 of everything
//! before it.

use std::io::{BufRead, Write};

use ring::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};

use crate::audit::Record;
use crate::audit::chain::{Head, hex, unhex};
use crate::audit::verify::{Finding, Verifier};
use crate::model::Row;

/// The form of the file.
const FORM: u32 = 1;
/// The longest line; a record with every change it can tell is shorter.
const LONGEST: u64 = 64 << 20;

/// Why a file is not one whose records hold together.
#[derive(Debug, thiserror::Error)]
pub enum SegmentError {
    /// It cannot be read.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// It is not what was written.
    #[error("line {line}: {what}")]
    Damaged {
        /// The line.
        line: u64,
        /// What is wrong.
        what: String,
    },
    /// The chain does not hold.
    #[error("{0}")]
    Broken(Finding),
}

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The place that its records follow.
    pub start: Head,
    /// The place of its last record.
    pub head: Head,
    /// How many records.
    pub records: u64,
    /// The highest row.
    pub row: Row,
    /// The SHA-256 of everything before the end.
    pub digest: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct First {
    #[serde(rename = "valtuus-audit")]
    form: u32,
    made: String,
    after: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct End {
    records: u64,
    head: String,
    row: Row,
    sha256: String,
}

/// Writes a file.
pub struct Writer<W> {
    out: W,
    digest: Context,
    summary: Summary,
}

impl<W: Write> Writer<W> {
    /// Begins a file of the records that follow `start`; `made` says when.
    pub fn new(out: W, start: Head, made: String) -> std::io::Result<Self> {
        let summary = Summary { start, head: start, records: 0, row: 0, digest: Vec::new() };
        let mut writer = Self { out, digest: Context::new(&SHA256), summary };
        let first = First { form: FORM, made, after: start.to_string() };
        writer.line(&serde_json::to_string(&first)?)?;
        Ok(writer)
    }

    fn line(&mut self, text: &str) -> std::io::Result<()> {
        for part in [text.as_bytes(), b"\n"] {
            self.digest.update(part);
            self.out.write_all(part)?;
        }
        Ok(())
    }

    /// The next record, at its place in the chain.
    pub fn record(&mut self, head: Head, row: Row, canonical: &[u8]) -> std::io::Result<()> {
        self.line(&format!("[{},{row},\"{}\",\"{}\"]", head.seq, hex(&head.hash), hex(canonical)))?;
        self.summary.head = head;
        self.summary.records += 1;
        self.summary.row = self.summary.row.max(row);
        Ok(())
    }

    /// Ends the file.
    pub fn finish(mut self) -> std::io::Result<(W, Summary)> {
        self.summary.digest = self.digest.finish().as_ref().to_vec();
        let Summary { head, records, row, digest, .. } = &self.summary;
        let end = End { records: *records, head: head.to_string(), row: *row, sha256: hex(digest) };
        writeln!(self.out, "{}", serde_json::to_string(&end)?)?;
        self.out.flush()?;
        Ok((self.out, self.summary))
    }
}

struct Reader<R> {
    input: R,
    digest: Context,
    number: u64,
}

impl<R: BufRead> Reader<R> {
    fn damaged(&self, what: &str) -> SegmentError {
        SegmentError::Damaged { line: self.number, what: what.to_owned() }
    }

    fn line(&mut self) -> Result<Option<String>, SegmentError> {
        let mut text = String::new();
        self.number += 1;
        match std::io::Read::take(&mut self.input, LONGEST).read_line(&mut text) {
            Ok(0) => Ok(None),
            Ok(_) if text.ends_with('\n') => Ok(Some(text)),
            Ok(_) => Err(self.damaged("the line does not end: the file was cut off")),
            Err(error) if error.kind() == std::io::ErrorKind::InvalidData => Err(self.damaged("not UTF-8")),
            Err(error) => Err(error.into()),
        }
    }

    fn head(&self, text: &str) -> Result<Head, SegmentError> {
        Head::parse(text).ok_or_else(|| self.damaged("a place in the chain was expected, SEQ:HASH"))
    }

    fn record(&self, text: &str, walk: &mut Verifier) -> Result<Row, SegmentError> {
        let (seq, row, hash, canonical): (i64, Row, String, String) =
            serde_json::from_str(text).map_err(|_| self.damaged("a record was expected"))?;
        let digits = || self.damaged("hexadecimal digits were expected");
        let hash = unhex(&hash).ok_or_else(digits)?;
        let canonical = unhex(&canonical).ok_or_else(digits)?;
        walk.next((seq, row), &hash, &canonical).map_err(SegmentError::Broken)?;
        let readable = Record::from_canonical(&canonical).is_some();
        readable.then_some(row).ok_or_else(|| self.damaged("the record does not have the form of one"))
    }
}

/// Reads a file and verifies that its records follow each other, and `start` where that is given.
pub fn verify(input: impl BufRead, start: Option<Head>) -> Result<Summary, SegmentError> {
    let mut reader = Reader { input, digest: Context::new(&SHA256), number: 0 };
    let text = reader.line()?.ok_or_else(|| reader.damaged("the file is empty"))?;
    let first: First =
        serde_json::from_str(&text).map_err(|_| reader.damaged("this is no archive of an audit trail"))?;
    if first.form != FORM {
        return Err(reader.damaged("an archive of another form than this program reads"));
    }
    reader.digest.update(text.as_bytes());
    let begins = reader.head(&first.after)?;
    if start.is_some_and(|start| start != begins) {
        let detail = format!("the file follows number {}, and not the place before it", begins.seq);
        return Err(SegmentError::Broken(Finding::at(begins.seq, None, "altered", &detail)));
    }
    let (mut walk, mut highest) = (Verifier::new(begins, None), 0);
    loop {
        let text =
            reader.line()?.ok_or_else(|| reader.damaged("the last line is missing: the file was cut off"))?;
        if !text.starts_with('[') {
            return end(&mut reader, &text, &walk, highest).map(|digest| Summary {
                start: begins,
                head: walk.head,
                records: walk.records,
                row: highest,
                digest,
            });
        }
        reader.digest.update(text.as_bytes());
        highest = highest.max(reader.record(&text, &mut walk)?);
    }
}

fn end<R: BufRead>(
    reader: &mut Reader<R>,
    text: &str,
    walk: &Verifier,
    row: Row,
) -> Result<Vec<u8>, SegmentError> {
    let end: End = serde_json::from_str(text).map_err(|_| reader.damaged("a record was expected"))?;
    let digest = reader.digest.clone().finish().as_ref().to_vec();
    let fits = end.sha256 == hex(&digest)
        && end.records == walk.records
        && end.head == walk.head.to_string()
        && end.row == row;
    if !fits {
        return Err(reader.damaged("the end does not fit: the file is not the one that was written"));
    }
    match reader.line()? {
        None => Ok(digest),
        Some(_) => Err(reader.damaged("something follows the last line")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(start: Head, count: u64) -> (Vec<u8>, Summary) {
        let mut writer = Writer::new(Vec::new(), start, "2026-01-01T00:00:00Z".to_owned()).unwrap();
        let mut head = start;
        for n in 0..count {
            let mut record = Record { at: 7, ..Record::default() };
            record.fields[8] = format!("record {n} ä");
            head = head.next(&record.canonical());
            writer.record(head, head.seq, &record.canonical()).unwrap();
        }
        writer.finish().unwrap()
    }

    #[test]
    fn what_was_written_is_verified_and_goes_on_in_the_next_file() {
        let (bytes, written) = file(Head::GENESIS, 3);
        assert_eq!(verify(bytes.as_slice(), Some(Head::GENESIS)).unwrap(), written);
        let (next, more) = file(written.head, 2);
        assert_eq!(verify(next.as_slice(), Some(written.head)).unwrap(), more);
        assert_eq!((more.start.seq, more.head.seq, more.records), (3, 5, 2));
        assert!(matches!(verify(next.as_slice(), Some(Head::GENESIS)), Err(SegmentError::Broken(_))));
    }

    #[test]
    fn every_changed_byte_and_every_cut_is_found() {
        let (good, _) = file(Head::GENESIS, 2);
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1;
            assert!(verify(bad.as_slice(), None).is_err(), "byte {at} changed");
            assert!(verify(&good[..at], None).is_err(), "cut at {at}");
        }
        let more = [good.as_slice(), b"[3]\n"].concat();
        assert!(verify(more.as_slice(), None).is_err());
    }
}

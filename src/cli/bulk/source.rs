//! Where the records of an import come from: a file or standard input, its form found out, cut into chunks of one
//! kind each.

use std::fs::File;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::cli::bulk::args::{FileFormat, ImportArgs};
use crate::cli::bulk::kind_named;
use crate::cli::bulk::table::Table;
use crate::cli::bulk::tree::Tree;
use crate::model::{Kind, Registry};
use crate::operation::import::entry::Record;
use crate::operation::import::rehearse::Records;

/// The records of the first chunk; a chunk is one transaction.
const FIRST_CHUNK: usize = 1_000;
/// The most records of a chunk. Each chunk writes nearly every page of every index once, whatever its size: large
/// chunks write less, and keep other changes waiting for longer.
const CHUNK: usize = 10_000;
/// A chunk ends once its values are as long as this, in bytes.
const CHUNK_BYTES: usize = 16 << 20;

/// The file of an import, and what was found out about it.
#[derive(Debug, Clone)]
pub(super) struct Source {
    path: PathBuf,
    format: Option<FileFormat>,
    kind: Option<Kind>,
    /// How many bytes have been read, for the progress.
    pub(super) read: Arc<AtomicU64>,
    used: Arc<AtomicBool>,
}

type Bytes = Box<dyn Read + Send>;

struct Counted {
    source: Bytes,
    read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let read = self.source.read(out)?;
        self.read.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

impl Source {
    /// The source that the command line names.
    pub(super) fn of(args: &ImportArgs) -> Result<Self, String> {
        let kind = args.kind.as_deref().map(kind_named).transpose().map_err(|error| error.to_string())?;
        let Some(path) = args.file.clone() else { return Err("expected the name of a file".to_owned()) };
        let extension =
            path.extension().and_then(|extension| extension.to_str()).map(str::to_ascii_lowercase);
        let format = args.format.or(match extension.as_deref() {
            Some("csv") => Some(FileFormat::Csv),
            Some("xml") => Some(FileFormat::Xml),
            _ => None,
        });
        let (read, used) = (Arc::default(), Arc::default());
        Ok(Self { path, format, kind, read, used })
    }

    pub(super) fn is_stdin(&self) -> bool {
        self.path == Path::new("-")
    }

    /// The hash and the length of the file; neither for standard input.
    pub(super) fn hash(&self) -> Result<Option<(blake3::Hash, u64)>, String> {
        if self.is_stdin() {
            return Ok(None);
        }
        let mut hasher = blake3::Hasher::new();
        let mut file = File::open(&self.path).map_err(|error| self.told(&error))?;
        let length = std::io::copy(&mut file, &mut hasher).map_err(|error| self.told(&error))?;
        Ok(Some((hasher.finalize(), length)))
    }

    fn told(&self, error: &std::io::Error) -> String {
        format!("{}: {error}", self.path.display())
    }

    /// Opens the records behind the first `skip`.
    pub(super) fn open(&self, registry: &Registry, skip: u64) -> Result<Box<dyn Records>, String> {
        self.read.store(0, Ordering::Relaxed);
        let bytes: Bytes = if self.is_stdin() {
            if self.used.swap(true, Ordering::SeqCst) {
                return Err("standard input can be read only once".to_owned());
            }
            Box::new(std::io::stdin())
        } else {
            Box::new(File::open(&self.path).map_err(|error| self.told(&error))?)
        };
        let mut bytes: Bytes = Box::new(Counted { source: bytes, read: Arc::clone(&self.read) });
        let format = match self.format {
            Some(format) => format,
            None => self.guess(&mut bytes)?,
        };
        let form = match format {
            FileFormat::Xml => Form::Tree(Box::new(Tree::open(bytes, self.kind)?)),
            FileFormat::Csv => Form::Table(Box::new(Table::open(bytes, self.table_kind()?, registry)?)),
        };
        let mut chunks = Chunks { form, size: FIRST_CHUNK, next: None, failure: None };
        for _ in 0..skip {
            if chunks.form.next()?.is_none() {
                return Err("the file is shorter than what was imported of it".to_owned());
            }
        }
        Ok(Box::new(chunks))
    }

    /// The form by the first byte that says something.
    fn guess(&self, bytes: &mut Bytes) -> Result<FileFormat, String> {
        let mut head = [0; 64];
        let mut length = 0;
        while length < head.len() {
            let rest = head.get_mut(length..).unwrap_or_default();
            match bytes.read(rest).map_err(|error| self.told(&error))? {
                0 => break,
                read => length += read,
            }
        }
        let head = head.get(..length).unwrap_or_default().to_vec();
        let text = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&head);
        let is_xml = text.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'<');
        let rest = std::mem::replace(bytes, Box::new(std::io::empty()));
        *bytes = Box::new(Cursor::new(head).chain(rest));
        Ok(if is_xml { FileFormat::Xml } else { FileFormat::Csv })
    }

    /// The kind of a table's records: as asked for, else by the file's name.
    fn table_kind(&self) -> Result<Kind, String> {
        if let Some(kind) = self.kind {
            return Ok(kind);
        }
        let stem = self.path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        kind_named(stem).map_err(|_| "a CSV file holds one kind: say which with --kind".to_owned())
    }
}

enum Form {
    Table(Box<Table<Bytes>>),
    Tree(Box<Tree<Bytes>>),
}

impl Form {
    fn next(&mut self) -> Result<Option<Record>, String> {
        match self {
            Self::Table(table) => table.next(),
            Self::Tree(tree) => tree.next(),
        }
    }
}

/// How long the values of a record are, in bytes.
fn length(record: &Record) -> usize {
    let fields = record.fields.as_deref().unwrap_or_default();
    fields.iter().flat_map(|(_, values)| values).map(String::len).sum()
}

/// Records in chunks of one kind.
struct Chunks {
    form: Form,
    /// The most records of the next chunk.
    size: usize,
    /// The first record of the next chunk.
    next: Option<Record>,
    /// What is wrong behind the records of the last chunk.
    failure: Option<String>,
}

impl Records for Chunks {
    fn next_chunk(&mut self) -> Result<Option<Vec<Record>>, String> {
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        let (mut chunk, mut bytes) = (Vec::with_capacity(self.size), 0);
        let first: Option<Record> = self.next.take();
        bytes += first.as_ref().map_or(0, length);
        chunk.extend(first);
        while chunk.len() < self.size && bytes < CHUNK_BYTES {
            match self.form.next() {
                Ok(Some(record)) if chunk.first().is_some_and(|first| first.kind != record.kind) => {
                    self.next = Some(record);
                    break;
                }
                Ok(Some(record)) => {
                    bytes += length(&record);
                    chunk.push(record);
                }
                Ok(None) => break,
                Err(failure) if chunk.is_empty() => return Err(failure),
                // What stands before the fault is sound and dealt with first.
                Err(failure) => {
                    self.failure = Some(failure);
                    break;
                }
            }
        }
        // Small first, so that it is soon seen whether the file is any good.
        self.size = CHUNK.min(self.size * 2);
        Ok((!chunk.is_empty()).then_some(chunk))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(text: String) -> Vec<usize> {
        let bytes: Bytes = Box::new(Cursor::new(text.into_bytes()));
        let table = Table::open(bytes, Kind::User, &Registry::new([])).unwrap();
        let form = Form::Table(Box::new(table));
        let mut chunks = Chunks { form, size: FIRST_CHUNK, next: None, failure: None };
        std::iter::from_fn(|| chunks.next_chunk().unwrap().map(|chunk| chunk.len())).collect()
    }

    #[test]
    fn chunks_grow_to_the_most() {
        let text = format!("login\n{}", "a\n".repeat(40_000));
        assert_eq!(sizes(text), [1_000, 2_000, 4_000, 8_000, 10_000, 10_000, 5_000]);
    }

    #[test]
    fn a_chunk_of_long_records_ends_early() {
        let text = format!("login\n{}", format!("{}\n", "a".repeat(CHUNK_BYTES / 4)).repeat(9));
        assert_eq!(sizes(text), [4, 4, 1]);
    }
}

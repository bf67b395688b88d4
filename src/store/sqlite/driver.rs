//! The writing connection: rusqlite behind the few calls that the transaction's one body makes.
//!
//! Every call runs on the calling thread, which is the writer's own: no statement is handed to another thread. Its
//! twin for the other database is `postgres/driver.rs`.

use std::future::{Ready, ready};
use std::num::NonZeroUsize;
use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::ffi;
pub(in crate::store) use rusqlite::types::Value;
use rusqlite::types::ValueRef;
use rusqlite::{CachedStatement, OpenFlags};
use uuid::Uuid;

use crate::model::Error;
use crate::store::convert::{self, Trouble};

/// How many prepared statements the connection keeps.
const STATEMENTS: usize = 128;

/// What the driver says when a statement fails.
pub(in crate::store) type Failure = rusqlite::Error;

/// The connection, with the instant beyond which its borrower may run nothing more.
pub(in crate::store) struct Link {
    inner: rusqlite::Connection,
    deadline: Option<Instant>,
}

impl Link {
    /// Opens the file to write.
    pub(in crate::store) fn open(path: &Path) -> Result<Self, Error> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let link = Self::with(path, flags)?;
        link.batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
             PRAGMA cache_size = -65536; PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864",
        )?;
        Ok(link)
    }

    /// Opens the file to look at it in transactions of its own.
    pub(in crate::store) fn open_to_look(path: &Path) -> Result<Self, Error> {
        Self::with(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)
    }

    fn with(path: &Path, flags: OpenFlags) -> Result<Self, Error> {
        let open = || {
            let inner = rusqlite::Connection::open_with_flags(path, flags)?;
            inner.busy_timeout(Duration::from_secs(5))?;
            inner.set_prepared_statement_cache_capacity(STATEMENTS);
            Ok(inner)
        };
        let inner = open().map_err(|error| plain(&error))?;
        Ok(Self { inner, deadline: None })
    }

    /// Lends the connection for so long; for ever when `None`.
    pub(in crate::store) fn lend(&mut self, lease: Option<Duration>) {
        self.deadline = lease.map(|lease| Instant::now() + lease);
    }

    /// Runs statements without parameters, whatever they return.
    pub(in crate::store) fn batch(&self, sql: &str) -> Result<(), Error> {
        self.inner.execute_batch(sql).map_err(|error| plain(&error))
    }

    /// One number.
    pub(in crate::store) fn number(&self, sql: &str) -> Result<i64, Error> {
        self.inner.query_row(sql, [], |row| row.get(0)).map_err(|error| plain(&error))
    }

    fn check_lease(&self) -> Result<(), Failure> {
        match self.deadline {
            Some(deadline) if Instant::now() > deadline => Err(Failure::SqliteFailure(
                ffi::Error::new(ffi::SQLITE_INTERRUPT),
                Some("a change kept the writer for more than two seconds".to_owned()),
            )),
            _ => Ok(()),
        }
    }
}

/// SQL with its parameters, or with those of each of its runs.
pub(in crate::store) struct Statement {
    sql: &'static str,
    values: Vec<Value>,
    /// How many of the values each run takes; `None` for one run with all of them.
    width: Option<NonZeroUsize>,
}

/// A statement of that SQL.
pub(in crate::store) fn query(sql: &'static str) -> Statement {
    Statement { sql, values: Vec::new(), width: None }
}

/// A statement that runs once for each `width` of the values, in their order.
pub(in crate::store) fn query_each(sql: &'static str, values: Vec<Value>, width: NonZeroUsize) -> Statement {
    Statement { sql, values, width: Some(width) }
}

impl Statement {
    /// With one parameter more.
    pub(in crate::store) fn bind(mut self, value: impl Parameter) -> Self {
        self.values.push(value.into_value());
        self
    }

    fn ready<'c>(&self, link: &'c Link) -> Result<CachedStatement<'c>, Failure> {
        link.check_lease()?;
        link.inner.prepare_cached(self.sql)
    }

    /// The values of each run.
    fn runs(&self) -> impl Iterator<Item = &[Value]> {
        let (once, each) = match self.width {
            None => (Some(self.values.as_slice()), None),
            Some(width) => (None, Some(self.values.chunks(width.get()))),
        };
        once.into_iter().chain(each.into_iter().flatten())
    }

    /// Runs it.
    pub(in crate::store) fn execute(self, link: &mut Link) -> Ready<Result<Done, Failure>> {
        let run = || {
            let mut statement = self.ready(link)?;
            let mut written = 0;
            for values in self.runs() {
                fill(&mut statement, values)?;
                let mut rows = statement.raw_query();
                while rows.next()?.is_some() {}
                drop(rows);
                written += link.inner.changes();
            }
            Ok(Done(written))
        };
        ready(run())
    }

    /// Runs it and reads every row.
    pub(in crate::store) fn fetch_all(self, link: &mut Link) -> Ready<Result<Vec<DbRow>, Failure>> {
        let run = || {
            let mut statement = self.ready(link)?;
            let width = statement.column_count();
            let mut read = Vec::new();
            for values in self.runs() {
                fill(&mut statement, values)?;
                let mut rows = statement.raw_query();
                while let Some(row) = rows.next()? {
                    let values: Result<Vec<Value>, Failure> = (0..width).map(|at| row.get(at)).collect();
                    read.push(DbRow(values?));
                }
            }
            Ok(read)
        };
        ready(run())
    }
}

impl Statement {
    /// Runs it over another connection, which only reads, and reads every row. Text that is none, which only a hand that
    /// is not ours can have put there, is read as well as it can be.
    pub(in crate::store) fn read(self, connection: &rusqlite::Connection) -> Result<Vec<DbRow>, Failure> {
        let mut statement = connection.prepare_cached(self.sql)?;
        let width = statement.column_count();
        let mut read = Vec::new();
        for values in self.runs() {
            fill(&mut statement, values)?;
            let mut rows = statement.raw_query();
            while let Some(row) = rows.next()? {
                let values: Result<Vec<Value>, Failure> =
                    (0..width).map(|at| row.get_ref(at).map(lossy)).collect();
                read.push(DbRow(values?));
            }
        }
        Ok(read)
    }
}

fn lossy(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Real(number) => Value::Real(number),
        ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
    }
}

fn fill(statement: &mut rusqlite::Statement<'_>, values: &[Value]) -> Result<(), Failure> {
    for (at, value) in values.iter().enumerate() {
        statement.raw_bind_parameter(at + 1, value)?;
    }
    Ok(())
}

/// How a statement ended.
pub(in crate::store) struct Done(u64);

impl Done {
    /// How many rows it wrote.
    pub(in crate::store) fn rows_affected(&self) -> u64 {
        self.0
    }
}

/// A value that a statement can carry.
pub(in crate::store) trait Parameter {
    /// The value as the database takes it.
    fn into_value(self) -> Value;
}

macro_rules! parameters {
    ($($type:ty: $value:ident => $into:expr),+ $(,)?) => {$(
        impl Parameter for $type {
            fn into_value(self) -> Value {
                let $value = self;
                $into
            }
        }
    )+};
}

parameters! {
    i64: value => Value::Integer(value),
    bool: value => Value::Integer(i64::from(value)),
    String: value => Value::Text(value),
    &str: value => Value::Text(value.to_owned()),
    Vec<u8>: value => Value::Blob(value),
    Uuid: value => Value::Blob(value.as_bytes().to_vec()),
}

impl<T: Parameter> Parameter for Option<T> {
    fn into_value(self) -> Value {
        self.map_or(Value::Null, Parameter::into_value)
    }
}

/// A row that was read.
pub(in crate::store) struct DbRow(Vec<Value>);

/// Reading a column by its place, as the other driver's rows do.
pub(in crate::store) trait RowExt {
    /// The value at a place; the error says what was found instead.
    fn try_get<'r, T: FromColumn<'r>>(&'r self, at: usize) -> Result<T, String>;
}

impl RowExt for DbRow {
    fn try_get<'r, T: FromColumn<'r>>(&'r self, at: usize) -> Result<T, String> {
        let value = self.0.get(at).ok_or_else(|| "no such column".to_owned())?;
        T::from_column(value).ok_or_else(|| format!("another type was expected, not {}", value.data_type()))
    }
}

/// A value that a column can hold.
pub(in crate::store) trait FromColumn<'r>: Sized {
    /// The value; `None` when the column holds another type.
    fn from_column(value: &'r Value) -> Option<Self>;
}

macro_rules! from_columns {
    ($($type:ty: $pattern:pat => $value:expr),+ $(,)?) => {$(
        impl<'r> FromColumn<'r> for $type {
            fn from_column(value: &'r Value) -> Option<Self> {
                match value {
                    $pattern => $value,
                    _ => None,
                }
            }
        }
    )+};
}

from_columns! {
    i64: Value::Integer(number) => Some(*number),
    bool: Value::Integer(number) => Some(*number != 0),
    String: Value::Text(text) => Some(text.clone()),
    &'r str: Value::Text(text) => Some(text.as_str()),
    Vec<u8>: Value::Blob(bytes) => Some(bytes.clone()),
    Uuid: Value::Blob(bytes) => Uuid::from_slice(bytes).ok(),
}

impl<'r, T: FromColumn<'r>> FromColumn<'r> for Option<T> {
    fn from_column(value: &'r Value) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            value => T::from_column(value).map(Some),
        }
    }
}

/// What a failure means to the transaction it happened in.
pub(in crate::store) fn trouble(failure: &Failure) -> (Error, Trouble) {
    convert::rusqlite_trouble(failure)
}

fn plain(failure: &Failure) -> Error {
    trouble(failure).0
}

/// Whether the failure says that an id is taken.
pub(in crate::store) fn is_taken_id(failure: &Failure) -> bool {
    let taken = [ffi::SQLITE_CONSTRAINT_UNIQUE, ffi::SQLITE_CONSTRAINT_PRIMARYKEY];
    matches!(failure, Failure::SqliteFailure(error, _) if taken.contains(&error.extended_code))
}

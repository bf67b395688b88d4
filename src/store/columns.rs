//! The rows of a batch statement, column by column: one JSON text or one run a row for SQLite, one array a column for
//! PostgreSQL.
//!
//! Only carries values; which statement they belong to is the caller's business.

use std::fmt::Write as _;
use std::num::NonZeroUsize;

use sqlx::query;
use uuid::Uuid;

use crate::store::postgres::driver::Statement as Postgres;
use crate::store::sqlite::driver::{self, Parameter, Statement as Sqlite, Value};

/// One column of a batch; all columns of a batch have the same length.
#[derive(Debug)]
pub(super) enum Column {
    Int(Vec<i64>),
    MaybeInt(Vec<Option<i64>>),
    Bytes(Vec<Vec<u8>>),
    Text(Vec<String>),
    Id(Vec<Uuid>),
    MaybeId(Vec<Option<Uuid>>),
}

impl Column {
    fn len(&self) -> usize {
        match self {
            Self::Int(values) => values.len(),
            Self::MaybeInt(values) => values.len(),
            Self::Bytes(values) => values.len(),
            Self::Text(values) => values.len(),
            Self::Id(values) => values.len(),
            Self::MaybeId(values) => values.len(),
        }
    }

    fn values(self) -> Box<dyn Iterator<Item = Value>> {
        match self {
            Self::Int(values) => Box::new(values.into_iter().map(Parameter::into_value)),
            Self::MaybeInt(values) => Box::new(values.into_iter().map(Parameter::into_value)),
            Self::Bytes(values) => Box::new(values.into_iter().map(Parameter::into_value)),
            Self::Text(values) => Box::new(values.into_iter().map(Parameter::into_value)),
            Self::Id(values) => Box::new(values.into_iter().map(Parameter::into_value)),
            Self::MaybeId(values) => Box::new(values.into_iter().map(Parameter::into_value)),
        }
    }

    fn write(&self, at: usize, out: &mut String) {
        match self {
            Self::Int(values) => integer(values.get(at).copied(), out),
            Self::MaybeInt(values) => integer(values.get(at).copied().flatten(), out),
            Self::Bytes(values) => hexadecimal(values.get(at).map(Vec::as_slice), out),
            Self::Text(values) => text(values.get(at).map_or("", String::as_str), out),
            Self::Id(values) => hexadecimal(values.get(at).map(|id| id.as_bytes().as_slice()), out),
            Self::MaybeId(values) => {
                hexadecimal(values.get(at).and_then(Option::as_ref).map(|id| id.as_bytes().as_slice()), out);
            }
        }
    }
}

fn integer(value: Option<i64>, out: &mut String) {
    match value {
        // Writing to a String cannot fail.
        Some(value) => _ = write!(out, "{value}"),
        None => out.push_str("null"),
    }
}

fn hexadecimal(value: Option<&[u8]>, out: &mut String) {
    let Some(bytes) = value else { return out.push_str("null") };
    out.push('"');
    for byte in bytes {
        for nibble in [byte >> 4, byte & 15] {
            out.push(char::from(if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 }));
        }
    }
    out.push('"');
}

fn text(value: &str, out: &mut String) {
    out.push_str(&serde_json::Value::from(value).to_string());
}

/// The batch as a JSON array of rows, each an array of columns.
pub(super) fn json(columns: &[Column]) -> String {
    let rows = columns.first().map_or(0, Column::len);
    let mut out = String::with_capacity(2 + rows * columns.len() * 24);
    out.push('[');
    for row in 0..rows {
        out.push_str(if row == 0 { "[" } else { ",[" });
        for (at, column) in columns.iter().enumerate() {
            if at > 0 {
                out.push(',');
            }
            column.write(row, &mut out);
        }
        out.push(']');
    }
    out.push(']');
    out
}

/// `sql` with the batch as its first parameter.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the shape of its PostgreSQL twin, which consumes the columns"
)]
pub(super) fn sqlite(sql: &'static str, columns: Vec<Column>) -> Sqlite {
    driver::query(sql).bind(json(&columns))
}

/// `sql` to be run with each row of the batch.
pub(super) fn sqlite_each(sql: &'static str, columns: Vec<Column>) -> Sqlite {
    let width = NonZeroUsize::new(columns.len()).unwrap_or(NonZeroUsize::MIN);
    let rows = columns.first().map_or(0, Column::len);
    let mut columns: Vec<Box<dyn Iterator<Item = Value>>> = columns.into_iter().map(Column::values).collect();
    let mut values = Vec::with_capacity(rows * width.get());
    for _ in 0..rows {
        values.extend(columns.iter_mut().map(|column| column.next().unwrap_or(Value::Null)));
    }
    driver::query_each(sql, values, width)
}

/// `sql` with the batch as its first parameters.
pub(super) fn postgres(sql: &'static str, columns: Vec<Column>) -> Postgres {
    columns.into_iter().fold(query(sql), |statement, column| match column {
        Column::Int(values) => statement.bind(values),
        Column::MaybeInt(values) => statement.bind(values),
        Column::Bytes(values) => statement.bind(values),
        Column::Text(values) => statement.bind(values),
        Column::Id(values) => statement.bind(values),
        Column::MaybeId(values) => statement.bind(values),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_written_row_by_row() {
        let columns = [
            Column::Int(vec![1, -2]),
            Column::Bytes(vec![vec![0x0A, 0xFF], vec![]]),
            Column::Text(vec!["a\"b".into(), "ä".into()]),
            Column::MaybeInt(vec![None, Some(3)]),
        ];
        assert_eq!(json(&columns), r#"[[1,"0aff","a\"b",null],[-2,"","ä",3]]"#);
        assert_eq!(json(&[Column::Int(vec![])]), "[]");
    }

    #[test]
    fn a_statement_runs_once_for_each_row_and_not_at_all_without_rows() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        std::fs::write(&path, "").unwrap();
        let mut link = driver::Link::open(&path).unwrap();
        link.batch("CREATE TABLE t (a INTEGER, b BLOB)").unwrap();
        let insert = "INSERT INTO t VALUES ($1, $2) RETURNING a";
        let columns = vec![Column::Int(vec![7, 8]), Column::MaybeId(vec![None, Some(Uuid::nil())])];
        let rows = sqlite_each(insert, columns).fetch_all(&mut link).into_inner().unwrap();
        assert_eq!(rows.len(), 2);
        assert_eq!(link.number("SELECT sum(a) FROM t WHERE b IS NULL OR length(b) = 16").unwrap(), 15);
        let columns = vec![Column::Int(vec![1, 2, 3]), Column::Bytes(vec![vec![1], vec![], vec![2]])];
        let done = sqlite_each(insert, columns).execute(&mut link).into_inner().unwrap();
        assert_eq!((done.rows_affected(), link.number("SELECT count(*) FROM t").unwrap()), (3, 5));
        let none = vec![Column::Int(vec![]), Column::Bytes(vec![])];
        assert_eq!(sqlite_each(insert, none).execute(&mut link).into_inner().unwrap().rows_affected(), 0);
    }
}

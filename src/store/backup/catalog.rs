//! What the database's own catalog says about our tables: columns, their forms, which table refers to which. The
//! statements of a backup are put together from these names and from nothing else.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::{AssertSqlSafe, PgConnection, Row as _, SqliteConnection, query};

use super::{BackupError, LEFT_OUT};
use crate::store::migrate;

/// The shape of a column in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Integer,
    Text,
    Bytes,
    Id,
    Flag,
}

/// One column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) form: Form,
    /// Whether the database hands out its numbers.
    pub(super) numbered: bool,
}

/// A table with its columns in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) name: String,
    pub(super) columns: Vec<Column>,
}

impl Known {
    /// The names of its columns, quoted.
    pub(super) fn quoted(&self) -> String {
        self.columns.iter().map(|column| quoted(&column.name)).collect::<Vec<_>>().join(", ")
    }
}

/// A name as SQL writes it.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A connection to either database.
pub(super) enum Side<'c> {
    Sqlite(&'c mut SqliteConnection),
    Postgres(&'c mut PgConnection),
}

impl Side<'_> {
    /// The tables of ours that the database has and a backup holds, those referred to before those that refer.
    pub(super) async fn tables(&mut self) -> Result<Vec<Known>, BackupError> {
        let mut known = BTreeMap::new();
        let mut parents: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for name in migrate::tables().into_iter().filter(|name| !LEFT_OUT.contains(&name.as_str())) {
            let columns = self.columns(&name).await?;
            if !columns.is_empty() {
                parents.insert(name.clone(), self.parents(&name).await?);
                known.insert(name.clone(), Known { name, columns });
            }
        }
        let mut ordered = Vec::with_capacity(known.len());
        while !known.is_empty() {
            let free = |name: &&String| {
                let above = parents.get(*name);
                above.is_none_or(|above| {
                    above.iter().all(|parent| parent == *name || !known.contains_key(parent))
                })
            };
            // Tables that refer to each other in a circle would come in the order of their names.
            let next = known.keys().find(free).or_else(|| known.keys().next()).cloned();
            ordered.extend(next.and_then(|name| known.remove(&name)));
        }
        Ok(ordered)
    }

    async fn columns(&mut self, table: &str) -> Result<Vec<Column>, BackupError> {
        match self {
            Self::Sqlite(connection) => {
                const COLUMNS: &str = "SELECT c.name, c.type, c.pk = 1 AND t.sql LIKE '%AUTOINCREMENT%' \
                     FROM pragma_table_info($1) c JOIN sqlite_schema t ON t.name = $1 ORDER BY c.cid";
                let rows = query(COLUMNS).bind(table.to_owned()).fetch_all(&mut **connection).await?;
                let column = |row: &sqlx::sqlite::SqliteRow| {
                    let (name, form, numbered): (String, String, bool) =
                        (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
                    Ok(Column { form: form_of(table, &name, &form)?, name, numbered })
                };
                rows.iter().map(column).collect()
            }
            Self::Postgres(connection) => {
                const COLUMNS: &str = "SELECT c.column_name::text, c.data_type::text, c.is_identity = 'YES' \
                     FROM information_schema.columns c \
                     WHERE c.table_schema = current_schema() AND c.table_name = $1 ORDER BY c.ordinal_position";
                let rows = query(COLUMNS).bind(table.to_owned()).fetch_all(&mut **connection).await?;
                let column = |row: &sqlx::postgres::PgRow| {
                    let (name, form, numbered): (String, String, bool) =
                        (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
                    Ok(Column { form: form_of(table, &name, &form)?, name, numbered })
                };
                rows.iter().map(column).collect()
            }
        }
    }

    /// The tables that a table refers to by foreign keys.
    async fn parents(&mut self, table: &str) -> Result<BTreeSet<String>, BackupError> {
        let names: Vec<String> = match self {
            Self::Sqlite(connection) => {
                sqlx::query_scalar("SELECT DISTINCT k.\"table\" FROM pragma_foreign_key_list($1) k")
                    .bind(table.to_owned())
                    .fetch_all(&mut **connection)
                    .await?
            }
            Self::Postgres(connection) => sqlx::query_scalar(
                "SELECT DISTINCT p.relname::text FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid \
                     JOIN pg_class p ON p.oid = k.confrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
                     WHERE k.contype = 'f' AND n.nspname = current_schema() AND c.relname = $1",
            )
            .bind(table.to_owned())
            .fetch_all(&mut **connection)
            .await?,
        };
        Ok(names.into_iter().collect())
    }

    /// The last number handed out for a numbered column of `table`.
    pub(super) async fn last(&mut self, table: &Known) -> Result<Option<i64>, BackupError> {
        let Some(column) = table.columns.iter().find(|column| column.numbered) else { return Ok(None) };
        match self {
            Self::Sqlite(connection) => {
                let found: Option<i64> =
                    sqlx::query_scalar("SELECT s.seq FROM sqlite_sequence s WHERE s.name = $1")
                        .bind(table.name.clone())
                        .fetch_optional(&mut **connection)
                        .await?;
                Ok(Some(found.unwrap_or(0)))
            }
            Self::Postgres(connection) => {
                let sequence: String = sqlx::query_scalar("SELECT pg_get_serial_sequence($1, $2)")
                    .bind(quoted(&table.name))
                    .bind(column.name.clone())
                    .fetch_one(&mut **connection)
                    .await?;
                // The name comes from the catalog, quoted by it.
                let sql = format!("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {sequence}");
                Ok(Some(sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut **connection).await?))
            }
        }
    }
}

fn form_of(table: &str, column: &str, declared: &str) -> Result<Form, BackupError> {
    match declared.to_ascii_lowercase().as_str() {
        "integer" | "bigint" => Ok(Form::Integer),
        "text" => Ok(Form::Text),
        "blob" | "bytea" => Ok(Form::Bytes),
        "uuid" => Ok(Form::Id),
        "boolean" => Ok(Form::Flag),
        other => Err(BackupError::Refused(format!("{table}.{column}: a backup has no form for {other}"))),
    }
}

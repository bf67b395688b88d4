//! Restoring a backup: verified first, then loaded in one transaction into an empty database, or in the place of
//! what the database holds. The tables are made as they were when the backup was made; later migrations follow.

use std::io::{BufRead, Seek, SeekFrom};
use std::path::Path;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, Row as _};

use super::catalog::{Form, Known, Side, quoted};
use super::line::{Line, Reader, verify};
use super::{BackupError, Summary, Table};
use crate::store::connect::Address;
use crate::store::{migrate, private};

/// The most rows, and about the most bytes, of one statement.
const ROWS: usize = 1_000;
const BYTES: usize = 4 << 20;
/// Nobody refers to the leases of another time.
const FREE_JOBS: &str = "UPDATE job SET state = 'idle', lease_owner = NULL, lease_until = 0";
const IN_USE: &str = "the database is in use: stop the servers and commands that have it open first";

/// Restores the backup `input` into the database at `url`; `replace` allows it to hold something. Verified as a
/// whole before anything is touched; what was there stays there unless everything succeeds.
pub async fn restore<R: BufRead + Seek + Send>(
    url: &str,
    mut input: R,
    replace: bool,
) -> Result<Summary, BackupError> {
    let summary = verify(&mut input)?;
    if summary.head.migration > migrate::latest() {
        return Err(BackupError::Refused(format!(
            "the backup was made by a newer program (migration {}; this program knows {})",
            summary.head.migration,
            migrate::latest()
        )));
    }
    input.seek(SeekFrom::Start(0))?;
    match Address::parse(url)? {
        Address::Sqlite(path) => into_sqlite(&path, input, replace).await?,
        Address::Postgres(options) => into_postgres(&options, input, replace).await?,
    }
    Ok(summary)
}

async fn into_sqlite<R: BufRead + Send>(path: &Path, input: R, replace: bool) -> Result<(), BackupError> {
    private::create_file(path)?;
    // Leaving the write-ahead log takes every other connection's absence, so this also tells that there is none.
    let options = SqliteConnectOptions::new()
        .filename(path)
        .disable_statement_logging()
        .synchronous(SqliteSynchronous::Full)
        .journal_mode(SqliteJournalMode::Delete)
        .foreign_keys(false)
        .busy_timeout(Duration::from_millis(250));
    let mut connection = options.connect().await.map_err(in_use)?;
    connection.execute("PRAGMA locking_mode = EXCLUSIVE").await?;
    let outcome = async {
        let mut tx = connection.begin_with("BEGIN EXCLUSIVE").await.map_err(in_use)?;
        prepare(&mut Side::Sqlite(&mut tx), replace).await?;
        let mut reader = Reader::open(input)?;
        migrate::sqlite_to(&mut tx, Some(reader.head.migration)).await?;
        load(&mut Side::Sqlite(&mut tx), &mut reader).await?;
        migrate::sqlite_to(&mut tx, None).await?;
        let broken = tx.fetch_optional("PRAGMA foreign_key_check").await?;
        if let Some(row) = broken {
            let table: String = row.try_get(0)?;
            return Err(BackupError::Refused(format!("a row of {table} refers to nothing")));
        }
        tx.commit().await.map_err(BackupError::from)
    }
    .await;
    connection.execute("PRAGMA locking_mode = NORMAL").await?;
    connection.execute("PRAGMA journal_mode = WAL").await?;
    connection.close().await?;
    outcome
}

fn in_use(error: sqlx::Error) -> BackupError {
    let busy = error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code)
        .and_then(|code| code.parse::<i32>().ok());
    match busy {
        // BUSY and LOCKED.
        Some(code) if matches!(code & 0xFF, 5 | 6) => BackupError::Refused(IN_USE.to_owned()),
        _ => error.into(),
    }
}

async fn into_postgres<R: BufRead + Send>(
    options: &PgConnectOptions,
    input: R,
    replace: bool,
) -> Result<(), BackupError> {
    const OTHERS: &str = "SELECT count(*) FROM pg_stat_activity a WHERE a.datname = current_database() \
         AND a.application_name = 'valtuus' AND a.pid <> pg_backend_pid()";
    // Tables that are not there to be dropped are nothing to be told about.
    let options = options.clone().options([("client_min_messages", "warning")]).disable_statement_logging();
    let mut connection = options.connect().await?;
    let mut tx = connection.begin().await?;
    let others: i64 = sqlx::query_scalar(OTHERS).fetch_one(&mut *tx).await?;
    if others > 0 {
        return Err(BackupError::Refused(IN_USE.to_owned()));
    }
    prepare(&mut Side::Postgres(&mut tx), replace).await?;
    let mut reader = Reader::open(input)?;
    migrate::postgres_to(&mut tx, Some(reader.head.migration)).await?;
    load(&mut Side::Postgres(&mut tx), &mut reader).await?;
    migrate::postgres_to(&mut tx, None).await?;
    tx.commit().await?;
    // The planner knows nothing of tables that were just filled.
    connection.execute("ANALYZE").await?;
    connection.close().await.map_err(BackupError::from)
}

/// Refuses a target that holds something unless it may be replaced, and takes away what it has of our tables.
async fn prepare(side: &mut Side<'_>, replace: bool) -> Result<(), BackupError> {
    let tables = side.tables().await?;
    if tables.iter().any(|table| table.name == "entity") {
        let held = side.number("SELECT count(*) FROM (SELECT 1 FROM entity LIMIT 1) AS one").await?;
        if held > 0 && !replace {
            return Err(BackupError::Refused(
                "the database is not empty; --replace puts the backup in the place of what it holds"
                    .to_owned(),
            ));
        }
    }
    let cascade = if matches!(side, Side::Postgres(_)) { " CASCADE" } else { "" };
    let names = migrate::tables().into_iter().chain(["_sqlx_migrations".to_owned()]);
    for name in names {
        side.execute(format!("DROP TABLE IF EXISTS {}{cascade}", quoted(&name))).await?;
    }
    Ok(())
}

async fn load<R: BufRead>(side: &mut Side<'_>, reader: &mut Reader<R>) -> Result<(), BackupError> {
    let tables = side.tables().await?;
    // Rows that a migration put there come with the backup.
    for table in tables.iter().rev() {
        side.execute(format!("DELETE FROM {}", quoted(&table.name))).await?;
    }
    let mut into: Option<Insert> = None;
    while let Some(line) = reader.next()? {
        match (line, &mut into) {
            (Line::Table(table), into) => {
                if let Some(before) = into.take() {
                    before.finish(side).await?;
                }
                *into = Some(Insert::new(&tables, &table)?);
            }
            (Line::Row(row), Some(into)) => into.add(side, &row).await?,
            (Line::Row(_), None) => {
                return Err(BackupError::Damaged { line: 2, what: "a row without a table".to_owned() });
            }
        }
    }
    if let Some(last) = into {
        last.finish(side).await?;
    }
    if tables.iter().any(|table| table.name == "job") {
        side.execute(FREE_JOBS.to_owned()).await?;
    }
    Ok(())
}

/// The rows of one table on their way.
struct Insert {
    table: Known,
    last: Option<i64>,
    batch: String,
    rows: usize,
}

impl Insert {
    /// For the table that a line names, with the columns in its order.
    fn new(tables: &[Known], named: &Table) -> Result<Self, BackupError> {
        let strange = || {
            BackupError::Refused(format!(
                "the table {} with the columns {} is not one of migration and program",
                named.name,
                named.columns.join(", ")
            ))
        };
        let table = tables.iter().find(|table| table.name == named.name).ok_or_else(strange)?;
        let column = |name: &String| table.columns.iter().find(|column| column.name == *name).cloned();
        let columns: Option<Vec<_>> = named.columns.iter().map(column).collect();
        let table = Known { name: table.name.clone(), columns: columns.ok_or_else(strange)? };
        Ok(Self { table, last: named.last, batch: String::new(), rows: 0 })
    }

    async fn add(&mut self, side: &mut Side<'_>, row: &str) -> Result<(), BackupError> {
        self.batch.push(if self.rows == 0 { '[' } else { ',' });
        self.batch.push_str(row);
        self.rows += 1;
        if self.rows >= ROWS || self.batch.len() >= BYTES { self.flush(side).await } else { Ok(()) }
    }

    async fn flush(&mut self, side: &mut Side<'_>) -> Result<(), BackupError> {
        if self.rows == 0 {
            return Ok(());
        }
        self.batch.push(']');
        let (rows, batch) = (std::mem::take(&mut self.rows), std::mem::take(&mut self.batch));
        let written = side.insert(&self.table, batch).await?;
        if usize::try_from(written).ok() != Some(rows) {
            return Err(BackupError::Refused(format!(
                "{}: {written} of {rows} rows written",
                self.table.name
            )));
        }
        Ok(())
    }

    async fn finish(mut self, side: &mut Side<'_>) -> Result<(), BackupError> {
        self.flush(side).await?;
        match self.last {
            Some(last) if last > 0 => side.set_last(&self.table, last).await,
            _ => Ok(()),
        }
    }
}

impl Side<'_> {
    async fn number(&mut self, sql: &'static str) -> Result<i64, BackupError> {
        Ok(match self {
            Self::Sqlite(connection) => sqlx::query_scalar(sql).fetch_one(&mut **connection).await?,
            Self::Postgres(connection) => sqlx::query_scalar(sql).fetch_one(&mut **connection).await?,
        })
    }

    /// Runs a statement made of names of the catalog.
    async fn execute(&mut self, sql: String) -> Result<(), BackupError> {
        match self {
            Self::Sqlite(connection) => connection.execute(AssertSqlSafe(sql)).await.map(|_| ())?,
            Self::Postgres(connection) => connection.execute(AssertSqlSafe(sql)).await.map(|_| ())?,
        }
        Ok(())
    }

    async fn insert(&mut self, table: &Known, batch: String) -> Result<u64, BackupError> {
        let (name, columns) = (quoted(&table.name), table.quoted());
        let places = table.columns.iter().enumerate();
        match self {
            Self::Sqlite(connection) => {
                let value = |(at, column): (usize, &super::catalog::Column)| match column.form {
                    Form::Bytes => format!("unhex(j.value->>{at})"),
                    _ => format!("j.value->>{at}"),
                };
                let values: Vec<String> = places.map(value).collect();
                let sql = format!(
                    "INSERT INTO {name} ({columns}) SELECT {} FROM json_each($1) j",
                    values.join(", ")
                );
                let done = sqlx::query(AssertSqlSafe(sql)).bind(batch).execute(&mut **connection).await?;
                Ok(done.rows_affected())
            }
            Self::Postgres(connection) => {
                let value = |(at, column): (usize, &super::catalog::Column)| match column.form {
                    Form::Integer => format!("(r.value->>{at})::bigint"),
                    Form::Text => format!("r.value->>{at}"),
                    Form::Bytes => format!("decode(r.value->>{at}, 'hex')"),
                    Form::Id => format!("(r.value->>{at})::uuid"),
                    Form::Flag => format!("(r.value->>{at})::int::boolean"),
                };
                let values: Vec<String> = places.map(value).collect();
                let sql = format!(
                    "INSERT INTO {name} ({columns}) OVERRIDING SYSTEM VALUE SELECT {} \
                     FROM json_array_elements($1::json) WITH ORDINALITY AS r (value, place) ORDER BY r.place",
                    values.join(", ")
                );
                let done = sqlx::query(AssertSqlSafe(sql)).bind(batch).execute(&mut **connection).await?;
                Ok(done.rows_affected())
            }
        }
    }

    /// Numbers handed out from now on are above `last`.
    async fn set_last(&mut self, table: &Known, last: i64) -> Result<(), BackupError> {
        let Some(column) = table.columns.iter().find(|column| column.numbered) else { return Ok(()) };
        match self {
            Self::Sqlite(connection) => {
                let table = table.name.clone();
                sqlx::query("DELETE FROM sqlite_sequence WHERE name = $1")
                    .bind(table.clone())
                    .execute(&mut **connection)
                    .await?;
                sqlx::query("INSERT INTO sqlite_sequence (name, seq) VALUES ($1, $2)")
                    .bind(table)
                    .bind(last)
                    .execute(&mut **connection)
                    .await?;
            }
            Self::Postgres(connection) => {
                sqlx::query("SELECT setval(pg_get_serial_sequence($1, $2), $3)")
                    .bind(quoted(&table.name))
                    .bind(column.name.clone())
                    .bind(last)
                    .execute(&mut **connection)
                    .await?;
            }
        }
        Ok(())
    }
}

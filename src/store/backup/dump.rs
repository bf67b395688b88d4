//! Writing a backup: every table in one snapshot, row by row, while others go on writing.

use std::io::Write;

use futures_util::TryStreamExt as _;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection, Row as _, SqliteConnection};

use super::catalog::{Form, Known, Side, quoted};
use super::line::Lines;
use super::{BackupError, FORM, Head, Summary, Table};
use crate::model::value::instant_text;
use crate::store::connect::Address;
use crate::world::World;

/// Writes a backup of the database at `url`; returns the writer and what was written.
pub async fn write<W: Write + Send>(
    url: &str,
    world: &dyn World,
    out: W,
) -> Result<(W, Summary), BackupError> {
    let made = instant_text(world.now());
    let head = |migration, database: &str| Head {
        form: FORM,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        migration,
        database: database.to_owned(),
        made,
    };
    match Address::parse(url)? {
        Address::Sqlite(path) => {
            if !path.exists() {
                return Err(BackupError::Refused("there is no database yet".to_owned()));
            }
            let options =
                SqliteConnectOptions::new().filename(&path).read_only(true).disable_statement_logging();
            let mut connection = options.connect().await?;
            connection.execute("BEGIN").await?;
            let migration = Side::Sqlite(&mut connection).migration().await?;
            let written = dump(Side::Sqlite(&mut connection), head(migration, "sqlite"), out).await;
            connection.close().await?;
            written
        }
        Address::Postgres(options) => {
            let mut connection = options.disable_statement_logging().connect().await?;
            connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
            let migration = Side::Postgres(&mut connection).migration().await?;
            let written = dump(Side::Postgres(&mut connection), head(migration, "postgres"), out).await;
            connection.close().await?;
            written
        }
    }
}

async fn dump<W: Write + Send>(mut side: Side<'_>, head: Head, out: W) -> Result<(W, Summary), BackupError> {
    let mut lines = Lines::new(out);
    lines.object(&head)?;
    for table in side.tables().await? {
        let columns = table.columns.iter().map(|column| column.name.clone()).collect();
        let last = side.last(&table).await?;
        lines.object(&Table { name: table.name.clone(), columns, last })?;
        match &mut side {
            Side::Sqlite(connection) => rows_of_sqlite(connection, &table, &mut lines).await?,
            Side::Postgres(connection) => rows_of_postgres(connection, &table, &mut lines).await?,
        }
    }
    let rows = lines.rows;
    let (out, hash) = lines.finish()?;
    Ok((out, Summary { head, rows, hash }))
}

async fn rows_of_sqlite<W: Write>(
    connection: &mut SqliteConnection,
    table: &Known,
    lines: &mut Lines<W>,
) -> Result<(), BackupError> {
    let value = |column: &super::catalog::Column| {
        let name = quoted(&column.name);
        match column.form {
            Form::Bytes => format!("CASE WHEN {name} IS NULL THEN NULL ELSE lower(hex({name})) END"),
            _ => name,
        }
    };
    let values: Vec<String> = table.columns.iter().map(value).collect();
    let sql = format!("SELECT json_array({}) FROM {}", values.join(", "), quoted(&table.name));
    let mut rows = sqlx::query(AssertSqlSafe(sql)).fetch(connection);
    while let Some(row) = rows.try_next().await? {
        lines.row(row.try_get(0)?)?;
    }
    Ok(())
}

async fn rows_of_postgres<W: Write>(
    connection: &mut PgConnection,
    table: &Known,
    lines: &mut Lines<W>,
) -> Result<(), BackupError> {
    let value = |column: &super::catalog::Column| {
        let name = quoted(&column.name);
        match column.form {
            Form::Bytes => format!("encode({name}, 'hex')"),
            Form::Id => format!("replace({name}::text, '-', '')"),
            Form::Flag => format!("{name}::int"),
            Form::Integer | Form::Text => name,
        }
    };
    let values: Vec<String> = table.columns.iter().map(value).collect();
    let sql = format!("SELECT json_build_array({})::text FROM {}", values.join(", "), quoted(&table.name));
    let mut rows = sqlx::query(AssertSqlSafe(sql)).fetch(connection);
    while let Some(row) = rows.try_next().await? {
        lines.row(row.try_get(0)?)?;
    }
    Ok(())
}

impl Side<'_> {
    /// The number of the last migration the database has.
    async fn migration(&mut self) -> Result<i64, BackupError> {
        const LAST: &str = "SELECT max(version) FROM _sqlx_migrations WHERE success";
        let last: Option<i64> = match self {
            Self::Sqlite(connection) => sqlx::query_scalar(LAST).fetch_one(&mut **connection).await?,
            Self::Postgres(connection) => sqlx::query_scalar(LAST).fetch_one(&mut **connection).await?,
        };
        last.ok_or_else(|| BackupError::Refused("the database has no tables of ours yet".to_owned()))
    }
}

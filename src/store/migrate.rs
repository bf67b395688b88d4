//! The migrations: the same numbers and names for both databases, forward only.
//!
//! Error 15 (conflict) is a database this program must not touch; error 6 one that cannot be reached.

use std::time::Duration;

use sqlx::migrate::{Migrate, MigrateError, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection};

use crate::model::{Error, key};
use crate::store::connect::Address;
use crate::store::{UNICODE_SETTING, convert, private, statements};

static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");

/// How often, and how far apart, a migration is tried while another process is at it.
const TRIES: u32 = 40;
const PAUSE: Duration = Duration::from_millis(250);

/// One migration and whether the database has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationState {
    /// Its number.
    pub version: i64,
    /// Its name.
    pub name: String,
    /// Whether it was applied.
    pub applied: bool,
}

/// Which migrations the database at `url` has. Changes nothing.
pub async fn status(url: &str) -> Result<Vec<MigrationState>, Error> {
    status_at(&Address::parse(url)?).await
}

/// Applies what is pending; returns how many that were.
pub async fn apply(url: &str) -> Result<usize, Error> {
    let address = Address::parse(url)?;
    let pending = status_at(&address).await?.iter().filter(|state| !state.applied).count();
    apply_at(&address).await?;
    Ok(pending)
}

/// How many migrations a current database has.
pub(super) fn expected() -> usize {
    SQLITE.iter().count()
}

async fn status_at(address: &Address) -> Result<Vec<MigrationState>, Error> {
    const APPLIED: &str = "SELECT version FROM _sqlx_migrations WHERE success";
    let (migrator, applied) = match address {
        Address::Sqlite(path) if !path.exists() => (&SQLITE, Vec::new()),
        Address::Sqlite(path) => {
            let options =
                SqliteConnectOptions::new().filename(path).read_only(true).disable_statement_logging();
            let mut connection = options.connect().await.map_err(convert::plain)?;
            let applied = sqlx::query_scalar(APPLIED).fetch_all(&mut connection).await;
            connection.close().await.map_err(convert::plain)?;
            (&SQLITE, none_without_table(applied)?)
        }
        Address::Postgres(options) => {
            let mut connection = options.connect().await.map_err(convert::plain)?;
            let applied = sqlx::query_scalar(APPLIED).fetch_all(&mut connection).await;
            connection.close().await.map_err(convert::plain)?;
            (&POSTGRES, none_without_table(applied)?)
        }
    };
    let state = |migration: &sqlx::migrate::Migration| MigrationState {
        version: migration.version,
        name: migration.description.to_string(),
        applied: applied.contains(&migration.version),
    };
    Ok(migrator.iter().map(state).collect())
}

fn none_without_table(applied: Result<Vec<i64>, sqlx::Error>) -> Result<Vec<i64>, Error> {
    match applied {
        Err(sqlx::Error::Database(error))
            if error.code().as_deref() == Some("42P01") || error.message().contains("no such table") =>
        {
            Ok(Vec::new())
        }
        other => other.map_err(convert::plain),
    }
}

/// Error 15 when migrations are pending.
pub(super) async fn require_current(address: &Address) -> Result<(), Error> {
    let pending = status_at(address).await?.iter().filter(|state| !state.applied).count();
    if pending > 0 {
        let reason = format!("the database lacks {pending} migrations and this start must not apply them");
        return Err(Error::conflict(reason));
    }
    Ok(())
}

/// Applies what is pending, waiting for another process that is at it.
pub(super) async fn apply_at(address: &Address) -> Result<(), Error> {
    let mut tries = 1;
    loop {
        let outcome = match address {
            Address::Sqlite(path) => on_sqlite(path).await,
            Address::Postgres(options) => on_postgres(options).await,
        };
        match outcome {
            Ok(()) => return Ok(()),
            // SQLite has no lock around migrations: whoever comes second meets a busy file or an existing table.
            Err(MigrateError::Execute(_) | MigrateError::ExecuteMigration(..))
                if retries(address) && tries < TRIES =>
            {
                tries += 1;
                tokio::time::sleep(PAUSE).await;
            }
            Err(error) => return Err(refusal(error)),
        }
    }
}

fn retries(address: &Address) -> bool {
    matches!(address, Address::Sqlite(path) if path.exists())
}

fn refusal(error: MigrateError) -> Error {
    match error {
        MigrateError::Execute(error) => convert::plain(error),
        MigrateError::ExecuteMigration(error, version) => {
            Error::internal(format!("migration {version}: {:?}", convert::plain(error)))
        }
        other => Error::conflict(format!("the database does not fit this program: {other}")),
    }
}

async fn on_sqlite(path: &std::path::Path) -> Result<(), MigrateError> {
    // SQLite would make the file readable for everybody; its log and index take over this mode.
    private::create_file(path).map_err(sqlx::Error::from)?;
    let options = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(5))
        .disable_statement_logging();
    let mut connection = options.connect().await?;
    run(&SQLITE, &mut connection).await?;
    sqlx::query(statements::KEEP_SETTING)
        .bind(UNICODE_SETTING)
        .bind(key::UNICODE_VERSION)
        .execute(&mut connection)
        .await?;
    connection.close().await?;
    Ok(())
}

async fn on_postgres(options: &sqlx::postgres::PgConnectOptions) -> Result<(), MigrateError> {
    let mut connection = options.connect().await?;
    run(&POSTGRES, &mut connection).await?;
    sqlx::query(statements::KEEP_SETTING)
        .bind(UNICODE_SETTING)
        .bind(key::UNICODE_VERSION)
        .execute(&mut connection)
        .await?;
    connection.close().await?;
    Ok(())
}

/// The number of the last migration that this program knows.
pub(super) fn latest() -> i64 {
    SQLITE.iter().map(|migration| migration.version).max().unwrap_or_default()
}

/// Every table that the migrations make, by name.
pub(super) fn tables() -> Vec<String> {
    const MAKES: &str = "CREATE TABLE ";
    let sql: Vec<&str> = SQLITE.iter().map(|migration| migration.sql.as_str()).collect();
    let name = |rest: &str| rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    let mut names: Vec<String> = sql
        .iter()
        .flat_map(|sql| sql.lines())
        .filter_map(|line| line.strip_prefix(MAKES).map(name))
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Applies migrations up to number `target` (none: all) on a connection, also within its transaction.
pub(super) async fn sqlite_to(
    connection: &mut sqlx::SqliteConnection,
    target: Option<i64>,
) -> Result<(), Error> {
    SQLITE.run_direct(target, connection, false).await.map_err(refusal)
}

/// As [`sqlite_to`], on PostgreSQL.
pub(super) async fn postgres_to(
    connection: &mut sqlx::PgConnection,
    target: Option<i64>,
) -> Result<(), Error> {
    POSTGRES.run_direct(target, connection, false).await.map_err(refusal)
}

async fn run<C: Migrate>(migrator: &Migrator, connection: &mut C) -> Result<(), MigrateError> {
    migrator.run_direct(None, connection, false).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_databases_have_the_same_migrations() {
        let names = |migrator: &Migrator| -> Vec<(i64, String)> {
            migrator.iter().map(|migration| (migration.version, migration.description.to_string())).collect()
        };
        assert_eq!(names(&SQLITE), names(&POSTGRES));
    }

    #[test]
    fn the_tables_are_read_off_the_migrations() {
        let tables = tables();
        for name in ["entity", "audit", "setting", "job"] {
            assert!(tables.iter().any(|table| table == name), "{name} is not in {tables:?}");
        }
        let of_postgres: usize =
            POSTGRES.iter().map(|migration| migration.sql.as_str().matches("\nCREATE TABLE ").count()).sum();
        assert_eq!(tables.len(), of_postgres);
    }
}

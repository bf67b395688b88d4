//! Opening a store from its address. The only place that decides which database it is.

use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use sqlx::postgres::PgConnectOptions;

use crate::model::{Error, key};

use crate::store::postgres::Postgres;
use crate::store::sqlite::Sqlite;
use crate::store::{Read, SharedStore, UNICODE_SETTING, migrate};
use crate::world::SharedWorld;

/// How a store is opened. The address may hold a password, so that this has no `Debug`.
#[derive(Clone)]
pub struct StoreOptions {
    /// `sqlite://path/to/file` or `postgres://user:password@host:port/database`.
    pub url: String,
    /// The clock and random source.
    pub world: SharedWorld,
    /// Connections to PostgreSQL, all opened at the start; 4–8 on two cores.
    pub pool: u32,
    /// The most pages the SQLite file may have; what the disk takes when `None`. For tests of a full disk.
    pub max_pages: Option<u32>,
    /// Whether pending migrations are applied; else they are a reason to refuse.
    pub migrate: bool,
}

impl StoreOptions {
    /// The options for the store at `url`: a pool of 8, migrations applied.
    pub fn new(url: impl Into<String>, world: SharedWorld) -> Self {
        Self { url: url.into(), world, pool: 8, max_pages: None, migrate: true }
    }
}

/// Where a store is.
#[derive(Clone)]
pub(super) enum Address {
    Sqlite(PathBuf),
    Postgres(Box<PgConnectOptions>),
}

impl Address {
    /// Reads an address; error 1 on `url` names no part of it, for it may hold a password.
    pub(super) fn parse(url: &str) -> Result<Self, Error> {
        let bad = || Error::invalid("url", "expected sqlite://PATH or postgres://USER@HOST:PORT/DATABASE");
        if let Some(path) = url.strip_prefix("sqlite://") {
            let named = !path.is_empty() && !path.contains(":memory:") && !path.contains('?');
            return if named { Ok(Self::Sqlite(PathBuf::from(path))) } else { Err(bad()) };
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let options = PgConnectOptions::from_str(url).map_err(|_| bad())?;
            return Ok(Self::Postgres(Box::new(options.application_name("valtuus"))));
        }
        Err(bad())
    }
}

/// Opens the store. Its background tasks run on the Tokio runtime this is called on, which must outlive it.
///
/// Error 15 when migrations are pending and must not be applied, or the database is newer than this program;
/// error 6 when it cannot be reached; error 1 when the address is none.
pub async fn connect(options: StoreOptions) -> Result<SharedStore, Error> {
    let address = Address::parse(&options.url)?;
    if options.migrate {
        migrate::apply_at(&address).await?;
    } else {
        migrate::require_current(&address).await?;
    }
    let store: SharedStore = match address {
        Address::Sqlite(path) => Arc::new(Sqlite::open(path, options.max_pages)?),
        Address::Postgres(server) => Arc::new(Postgres::open(*server, &options).await?),
    };
    warn_of_other_keys(store.as_ref()).await?;
    Ok(store)
}

async fn warn_of_other_keys(store: &(dyn crate::store::Store + 'static)) -> Result<(), Error> {
    let stored = Read::setting(store, UNICODE_SETTING).await?;
    if let Some(stored) = stored.filter(|stored| stored != key::UNICODE_VERSION) {
        tracing::warn!(%stored, ours = key::UNICODE_VERSION, "keys were folded by another Unicode version: run reindex");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_is_none_is_refused_without_being_repeated() {
        for bad in
            ["", "sqlite://", "sqlite::memory:", "mysql://root:hunter2@h/d", "postgres://u:hunter2@:x:y"]
        {
            let error = Address::parse(bad).err().map(|error| error.to_string()).unwrap();
            assert!(error.starts_with("url:") && !error.contains("hunter2"), "{bad}: {error}");
        }
    }
}

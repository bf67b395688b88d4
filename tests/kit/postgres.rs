//! A PostgreSQL database of its own for a test, dropped at the end, also when the test panics.
//!
//! Creates and drops only databases called `valtuus_test_…`. The server is named by `VALTUUS_TEST_POSTGRES`; when
//! it cannot be reached the test is skipped, except under `CI=true`. Each database is hundreds of files that live for
//! a moment; where `VALTUUS_TEST_TABLESPACE` names a tablespace of the server, they are made there.

use sqlx::{ConnectOptions, Connection, PgConnection};

const DEFAULT: &str = "postgres://postgres@127.0.0.1:5432/postgres";

/// A database that lives as long as this.
pub(crate) struct Database {
    /// Its address.
    pub(crate) url: String,
    name: String,
    server: String,
}

impl Database {
    /// A fresh database; `None`, said on standard output, when there is no server.
    pub(crate) async fn fresh() -> Option<Self> {
        let server = std::env::var("VALTUUS_TEST_POSTGRES").unwrap_or_else(|_| DEFAULT.to_owned());
        let mut connection = match PgConnection::connect(&server).await {
            Ok(connection) => connection,
            Err(error) => {
                assert!(std::env::var("CI").as_deref() != Ok("true"), "no PostgreSQL under CI: {error}");
                println!("skipped: no PostgreSQL");
                return None;
            }
        };
        let mut random = [0_u8; 8];
        valtuus::world::World::random(&valtuus::world::Real, &mut random);
        let name = format!("valtuus_test_{:016x}", u64::from_be_bytes(random));
        let space = std::env::var("VALTUUS_TEST_TABLESPACE");
        let space = space.map_or_else(|_| String::new(), |space| format!(" TABLESPACE {space}"));
        sqlx::query(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}{space}")))
            .execute(&mut connection)
            .await
            .unwrap();
        connection.close().await.unwrap();
        let options: sqlx::postgres::PgConnectOptions = server.parse().unwrap();
        // Each connection would read the system's certificates anew, which takes longer than most tests.
        let options = options.ssl_mode(sqlx::postgres::PgSslMode::Disable);
        let url = options.database(&name).to_url_lossy().to_string();
        Some(Self { url, name, server })
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.name.clone());
        // A thread with a runtime of its own: a panicking test's runtime can no longer be waited on.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let mut connection = PgConnection::connect(&server).await.unwrap();
                let sql = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
                sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
            });
        });
        if dropped.join().is_err() {
            eprintln!("could not drop the database {}", self.name);
        }
    }
}

//! A server for one test: real, in this process, on port 0, over a database of its own.

use std::path::Path;
use std::sync::{Arc, Once};

use tempfile::TempDir;
use valtuus::config::{Config, DatabaseUrl};
use valtuus::model::Grants;
use valtuus::operation::{Caller as Local, client};
use valtuus::server::{Running, start};
use valtuus::store::Credential;
use valtuus::world::{Real, SharedWorld, Still};
use zeroize::Zeroizing;

use super::caller::{Caller, PASSWORDS};
use super::postgres::Database;

/// Where a clock that stands still begins: 2026-01-01, noon.
const NOON: i64 = 1_767_268_800_000_000;

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    Sqlite,
    Postgres,
}

/// A running server with the clients of [`Caller`], and what must outlive it.
pub struct Bed {
    pub server: Running,
    pub http: reqwest::Client,
    /// The clock of the server, where it stands still until it is moved.
    pub clock: Option<Arc<Still>>,
    _database: Option<Database>,
    _directory: TempDir,
}

/// Lets HTTP clients be made: they ask for a provider of TLS even where they speak none.
pub fn install_tls() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // Another test of this process may have been first.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

impl Bed {
    /// Starts a server with the configuration for tests; `None` where there is no PostgreSQL.
    pub async fn start(on: On) -> Option<Self> {
        Self::start_with(on, |_| ()).await
    }

    /// As [`Bed::start`], after `adapt` changed the configuration.
    pub async fn start_with(on: On, adapt: impl FnOnce(&mut Config)) -> Option<Self> {
        Self::start_in(on, Arc::new(Real), adapt).await
    }

    /// As [`Bed::start_with`], with a clock that stands still until the test moves it.
    pub async fn start_still(on: On, adapt: impl FnOnce(&mut Config)) -> Option<Self> {
        let clock = Arc::new(Still::at(NOON));
        let mut bed = Self::start_in(on, Arc::<Still>::clone(&clock), adapt).await?;
        bed.clock = Some(clock);
        Some(bed)
    }

    async fn start_in(on: On, world: SharedWorld, adapt: impl FnOnce(&mut Config)) -> Option<Self> {
        install_tls();
        let directory = TempDir::new().unwrap();
        let database = match on {
            On::Sqlite => None,
            On::Postgres => Some(Database::fresh().await?),
        };
        let mut config = configuration(directory.path(), database.as_ref());
        adapt(&mut config);
        let server = start(config, world).await.unwrap();
        let http = reqwest::Client::new();
        let bed = Self { server, http, clock: None, _database: database, _directory: directory };
        bed.add_clients().await;
        Some(bed)
    }

    async fn add_clients(&self) {
        let service = self.server.service();
        for (name, password) in PASSWORDS {
            let phc = service.verifier.hash(Zeroizing::new(password.to_owned())).await.unwrap();
            let credential = Credential { phc, set: 0 };
            let grants = Grants::preset(name).unwrap();
            client::add(&service.engine, &Local::local("test"), name, &grants, credential).await.unwrap();
        }
    }

    /// Moves the clock on by so many microseconds.
    pub fn advance(&self, by: i64) {
        self.clock.as_ref().expect("a bed that was started still").advance(by);
    }

    /// The server's clock, microseconds.
    pub fn now(&self) -> i64 {
        self.server.service().engine.world.now()
    }

    /// The base address, up to and with the version.
    pub fn base(&self) -> &str {
        &self.server.base
    }

    /// The address of the listener itself.
    pub fn root(&self) -> String {
        format!("http://{}", self.server.address)
    }

    /// The administrator, by query parameters.
    pub fn admin(&self) -> Caller<'_> {
        Caller::query(self, "admin")
    }

    /// A client that may only read, by query parameters.
    pub fn reader(&self) -> Caller<'_> {
        Caller::query(self, "reader")
    }

    /// Nobody.
    pub fn anonymous(&self) -> Caller<'_> {
        Caller::anonymous(self)
    }

    /// Fails unless every derived row fits the entities.
    pub async fn must_be_sound(&self) {
        let differences = self.server.service().engine.store.check().await.unwrap();
        assert_eq!(differences, Vec::<String>::new());
    }
}

/// The configuration of a test server: plain HTTP, port 0, weak hashes, custom attributes and classes to try.
pub fn configuration(directory: &Path, database: Option<&Database>) -> Config {
    let mut config = Config::for_testing(directory);
    config.store.database_url = database.map(|database| DatabaseUrl::parse(&database.url).unwrap());
    config.store.pool_size = 4;
    let custom = |kind: &str, name: &str, indexed| valtuus::config::CustomAttribute {
        kind: kind.to_owned(),
        name: name.to_owned(),
        indexed,
        many: true,
    };
    config.attributes = vec![
        custom("user", "browsers", true),
        custom("user", "age", true),
        custom("user", "notes", false),
        custom("organization", "vatnumber", true),
        custom("organization", "customAttribute", true),
    ];
    let class = |name: &str, is_virtual, roles: &[&str]| valtuus::config::OrganizationClass {
        name: name.to_owned(),
        r#virtual: is_virtual,
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        default: false,
        approval: name == "association",
    };
    config.organizations.classes.push(class("association", false, &[]));
    config.organizations.classes.push(class("company", false, &["Administrator", "Signatory"]));
    config.organizations.classes.push(class("network", true, &["Coordinator"]));
    config
}

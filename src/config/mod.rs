//! The configuration: file < environment < flags over defaults, read once at the start and immutable after.
//!
//! `topics` holds one struct per topic, `layers` reads the three sources, `check` says whether the whole makes
//! sense, `secret` masks what nobody may read. Errors: `ConfigError` for everything, one `Problem` per key.
//! Must not know any other room, and must not print.

mod access;
mod audit;
mod check;
mod check_jwt;
mod devices;
mod error;
mod file;
mod keys;
mod layers;
mod mail;
mod misp;
mod partners;
mod policies;

mod secret;
#[cfg(test)]
mod tests;
mod topics;

use std::ffi::OsString;
use std::path::PathBuf;

use figment::Figment;
use figment::providers::Serialized;
use serde::{Deserialize, Serialize};

pub use access::{AccessConfig, AccessMatch};
pub use audit::{AuditConfig, AuditReads};
pub use devices::{ContractsConfig, OrchestratorConfig};
pub use error::{ConfigError, Problem};
pub use keys::OPTIONS;
pub use mail::{MailConfig, MailTls};
pub use misp::MispConfig;
pub use partners::{PartnerTypeConfig, PartnersConfig};
pub use policies::{PoliciesConfig, PolicyTypeConfig};
pub use secret::{Database, DatabaseUrl, MASK, Secret};
pub use topics::{
    AnswersConfig, Argon2Config, AttemptsConfig, AuthConfig, CacheConfig, CustomAttribute, DoorsConfig,
    InvitationsConfig, JwtConfig, JwtGrants, LimitsConfig, LogConfig, LogFormat, MandatesConfig,
    OrganizationClass, OrganizationsConfig, OutputConfig, PasswordPolicy, ReferenceStyle, RolesConfig,
    ServeConfig, StoreConfig, TlsConfig, TokensConfig, UsersConfig,
};

/// The whole configuration, one field per topic.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Config {
    /// The listener and the process.
    pub serve: ServeConfig,
    /// A certificate of one's own.
    pub tls: TlsConfig,
    /// Where the data lives.
    pub store: StoreConfig,
    /// How large a request may be and how slow a client.
    pub limits: LimitsConfig,
    /// How callers prove who they are.
    pub auth: AuthConfig,
    /// What a user's password must be like.
    pub password_policy: PasswordPolicy,
    /// What wrong passwords of users cost.
    pub users: UsersConfig,
    /// The classes an organization can be of.
    pub organizations: OrganizationsConfig,
    /// How a mandate comes into force.
    pub mandates: MandatesConfig,
    /// What having a role means.
    pub roles: RolesConfig,
    /// How long invitations stand.
    pub invitations: InvitationsConfig,
    /// How often one address may ask without credentials.
    pub doors: DoorsConfig,
    /// How letters leave, and their words.
    pub mail: MailConfig,
    /// The types of partners.
    pub partners: PartnersConfig,
    /// The types of policies, and how long a policy is good.
    pub policies: PoliciesConfig,
    /// What is recorded beside changes.
    pub audit: AuditConfig,
    /// Providers of infrastructure and their licence keys.
    pub misp: MispConfig,
    /// How contracts of devices come into force.
    pub contracts: ContractsConfig,
    /// The JSON interface to devices and contracts.
    pub orchestrator: OrchestratorConfig,
    /// How addresses of services are matched.
    pub access: AccessConfig,
    /// What is written to stderr.
    pub log: LogConfig,
    /// How documents are written.
    pub answers: AnswersConfig,
    /// What commands print.
    pub output: OutputConfig,
    /// Custom attributes, per kind.
    pub attributes: Vec<CustomAttribute>,
}

/// Where a configuration comes from. Relative paths count from the working directory.
#[derive(Debug, Default)]
pub struct Sources {
    /// The file, TOML; absent: none.
    pub file: Option<PathBuf>,
    /// The environment; names that do not begin with `VALTUUS_` are passed over.
    pub environment: Vec<(OsString, OsString)>,
    /// Options given on the command line: a key or an option's name without dashes, and its value as text.
    pub flags: Vec<(String, String)>,
}

impl Config {
    /// Reads the sources over the defaults and checks the whole. The error names every offending key and
    /// where it stands.
    pub fn load(sources: &Sources) -> Result<Self, ConfigError> {
        let merged = layers::merge(sources)?;
        let dict = merged.dict();
        let config: Self =
            Figment::from(Serialized::defaults(dict)).extract().map_err(|error| merged.explain(error))?;
        config.check().map_err(|problems| merged.locate(problems))?;
        Ok(config)
    }

    /// Whether the whole makes sense; the error lists every key that does not.
    pub fn check(&self) -> Result<(), ConfigError> {
        check::check(self)
    }

    /// What is in force, as TOML with secrets masked.
    pub fn show(&self) -> Result<String, ConfigError> {
        toml::to_string_pretty(self).map_err(|error| ConfigError::one("", None, error.to_string()))
    }

    /// A configuration for tests: a free port, plain HTTP, cheap hashes, short delays, open doors, everything kept under
    /// `data_dir`. Never for production: its hashes are weak.
    pub fn for_testing(data_dir: impl Into<PathBuf>) -> Self {
        let mut config = Self::default();
        config.serve.listen.set_port(0);
        config.serve.plain_http = true;
        config.serve.workers = Some(2);
        config.store.data_dir = data_dir.into();
        config.auth.argon2 = Argon2Config { memory_kib: 64, iterations: 1, ..Argon2Config::default() };
        config.doors = DoorsConfig { burst: 100_000, per_minute: 100_000, ..DoorsConfig::default() };
        config.auth.attempts =
            AttemptsConfig { first_delay_millis: 1, longest_delay_millis: 20, ..AttemptsConfig::default() };
        config
    }

    /// A configuration with every optional key given, from which the known keys and their shapes are read.
    fn sample() -> Self {
        let mut config = Self::default();
        config.serve.workers = Some(1);
        config.auth.argon2.workers = Some(1);
        config.auth.bootstrap_password = Some(Secret::new("-"));
        config.store.database_url = DatabaseUrl::parse("sqlite://-").ok();
        config.tls = TlsConfig { cert: Some(PathBuf::from("-")), key: Some(PathBuf::from("-")) };
        config.mail = MailConfig::sample();
        config.access.guard_tenant = Some(String::from("-"));
        config.attributes = vec![CustomAttribute {
            kind: String::from("user"),
            name: String::from("-"),
            indexed: true,
            many: true,
        }];
        config
    }
}

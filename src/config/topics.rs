//! The topics of the configuration, one struct each, with their defaults.
//!
//! Keys are the field names in kebab-case. Times carry their unit in the name, sizes are bytes. Nothing here
//! reads a file or the environment, and nothing checks: that is `layers` and `check`.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::secret::{Database, DatabaseUrl, Secret};

/// `[serve]`: the listener and the process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct ServeConfig {
    /// Address and port to listen on; port 0 picks a free one.
    pub listen: SocketAddr,
    /// Serve HTTP without TLS, for use behind a TLS proxy.
    pub plain_http: bool,
    /// Number of request threads; absent: as many as cores.
    pub workers: Option<u16>,
    /// Load sample data and the well-known demonstration client; loopback only.
    pub demo: bool,
    /// Refuse to start when migrations are pending, instead of running them.
    pub no_migrate: bool,
    /// How long requests in flight may go on after SIGTERM or SIGINT, seconds.
    pub stop_seconds: u16,
}

impl Default for ServeConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 7443)),
            plain_http: false,
            workers: None,
            demo: false,
            no_migrate: false,
            stop_seconds: 10,
        }
    }
}

/// `[tls]`: a certificate of one's own; both keys or neither.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct TlsConfig {
    /// PEM file with the certificate chain, the server's own first.
    pub cert: Option<PathBuf>,
    /// PEM file with the private key of the first certificate.
    pub key: Option<PathBuf>,
}

/// `[store]`: where the data lives and how many connections serve it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct StoreConfig {
    /// Folder of the embedded database and of the self-made certificate.
    pub data_dir: PathBuf,
    /// Database address; absent: `sqlite://<data-dir>/valtuus.db`.
    pub database_url: Option<DatabaseUrl>,
    /// Most connections to a `PostgreSQL` server.
    pub pool_size: u32,
}

impl StoreConfig {
    /// The database in force.
    pub fn database(&self) -> Database {
        match &self.database_url {
            Some(url) => url.database(),
            None => Database::Sqlite(self.data_dir.join("valtuus.db")),
        }
    }
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self { data_dir: PathBuf::from("./valtuus-data"), database_url: None, pool_size: 8 }
    }
}

/// `[limits]`: how large a request may be and how slow a client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct LimitsConfig {
    /// Longest request line, bytes.
    pub request_line: usize,
    /// Largest request body, bytes.
    pub body: usize,
    /// Most query parameters of a request.
    pub parameters: usize,
    /// Longest single value, bytes.
    pub value: usize,
    /// Deepest nesting of elements in a document.
    pub depth: usize,
    /// Most attributes, and most children, of one element of a document.
    pub xml_children: usize,
    /// Most results of a list; 0: no ceiling.
    pub max_results: u64,
    /// How long a client may take to send the head of a request, seconds.
    pub head_seconds: u16,
    /// How long a client may take to send a body, seconds.
    pub body_seconds: u16,
    /// How long an idle connection is kept, seconds.
    pub keep_alive_seconds: u16,
    /// How long a client may stop reading an answer before it is dropped, seconds.
    pub stall_seconds: u16,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            request_line: 8_192,
            body: 1_048_576,
            parameters: 100,
            value: 65_536,
            depth: 32,
            xml_children: 10_000,
            max_results: 0,
            head_seconds: 5,
            body_seconds: 30,
            keep_alive_seconds: 75,
            stall_seconds: 30,
        }
    }
}

/// `[auth]`: how callers prove who they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct AuthConfig {
    /// Accept `username` and `password` as query parameters.
    pub query_credentials: bool,
    /// Accept HTTP Basic.
    pub basic: bool,
    /// Accept passwords at all; off: neither query parameters nor HTTP Basic, only tokens.
    pub passwords: bool,
    /// Password of the first client; absent: a random one is printed once at the first start.
    pub bootstrap_password: Option<Secret>,
    /// `[auth.argon2]`.
    pub argon2: Argon2Config,
    /// `[auth.cache]`.
    pub cache: CacheConfig,
    /// `[auth.attempts]`.
    pub attempts: AttemptsConfig,
    /// `[auth.tokens]`.
    pub tokens: TokensConfig,
    /// Issuers whose signed tokens (JWT) are accepted.
    pub jwt: Vec<JwtConfig>,
}

impl Default for AuthConfig {
    fn default() -> Self {
        Self {
            query_credentials: true,
            basic: true,
            passwords: true,
            bootstrap_password: None,
            argon2: Argon2Config::default(),
            cache: CacheConfig::default(),
            attempts: AttemptsConfig::default(),
            tokens: TokensConfig::default(),
            jwt: Vec::new(),
        }
    }
}

/// `[auth.argon2]`: the cost of one verification and how many run at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Argon2Config {
    /// Memory of one hash, KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub iterations: u32,
    /// Lanes.
    pub parallelism: u32,
    /// Verifying threads; absent: as many as cores.
    pub workers: Option<u16>,
    /// Most verifications that wait for a thread; one more is answered 503.
    pub queue: usize,
    /// How long a verification may wait, seconds; then 503.
    pub wait_seconds: u16,
}

impl Default for Argon2Config {
    fn default() -> Self {
        Self {
            memory_kib: 19_456,
            iterations: 2,
            parallelism: 1,
            workers: None,
            queue: 1_024,
            wait_seconds: 5,
        }
    }
}

/// `[auth.cache]`: how long and how many verified credentials are remembered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct CacheConfig {
    /// Time to live, seconds; 0: nothing is remembered.
    pub ttl_seconds: u32,
    /// Most remembered credentials.
    pub capacity: u64,
}

impl Default for CacheConfig {
    fn default() -> Self {
        Self { ttl_seconds: 60, capacity: 10_000 }
    }
}

/// `[auth.attempts]`: what failed attempts cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct AttemptsConfig {
    /// Failures that cost nothing; the next ones are delayed.
    pub free: u32,
    /// First delay, milliseconds; each further failure doubles it.
    pub first_delay_millis: u32,
    /// Longest delay, milliseconds.
    pub longest_delay_millis: u32,
    /// Failures of one name from one source address after which that pair is locked.
    pub lock_after: u32,
    /// How long such a lock lasts, seconds.
    pub lock_seconds: u32,
    /// Most names and pairs that are watched.
    pub capacity: u64,
}

impl Default for AttemptsConfig {
    fn default() -> Self {
        Self {
            free: 3,
            first_delay_millis: 250,
            longest_delay_millis: 30_000,
            lock_after: 10,
            lock_seconds: 300,
            capacity: 100_000,
        }
    }
}

/// `[auth.tokens]`: the access tokens of API clients.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct TokensConfig {
    /// How long a token is good when nothing else is asked for, seconds.
    pub lifetime_seconds: u32,
    /// The longest that can be asked for, seconds.
    pub longest_seconds: u32,
}

impl Default for TokensConfig {
    fn default() -> Self {
        Self { lifetime_seconds: 2_592_000, longest_seconds: 31_622_400 }
    }
}

/// `[[auth.jwt]]`: an issuer whose signed tokens are accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct JwtConfig {
    /// A short name of one's own; its callers are called `NAME:CLAIM` in trail and log.
    pub name: String,
    /// The issuer, exactly as it stands in `iss`.
    pub issuer: String,
    /// Accepted audiences; one of them must stand in `aud`.
    pub audience: Vec<String>,
    /// Where its public keys are (JWKS): a file, or an `https://` address (`http://` on loopback only).
    pub jwks: String,
    /// Accepted algorithms; `HS…` and `none` cannot be. Absent: `RS256`, `PS256`, `ES256`, `ES384` and `EdDSA`.
    #[serde(default = "usual_algorithms")]
    pub algorithms: Vec<String>,
    /// The claim that names the caller. Absent: `sub`.
    #[serde(default = "subject_claim")]
    pub client_claim: String,
    /// Organization, by entity name or id, that all its callers are bounded to.
    #[serde(default)]
    pub within: Option<String>,
    /// Claim that names the organization the caller is bounded to; a token without it is refused.
    #[serde(default)]
    pub within_claim: Option<String>,
    /// How far its clock may differ, seconds, at most 300. Absent: 30.
    #[serde(default = "usual_leeway")]
    pub leeway_seconds: u16,
    /// How often the keys are read again, seconds. Absent: 600.
    #[serde(default = "usual_refresh")]
    pub refresh_seconds: u32,
    /// Accept each token only once; it must carry `jti`.
    #[serde(default)]
    pub once: bool,
    /// `[[auth.jwt.grants]]`: what claims grant. A token that matches none may do nothing.
    #[serde(default)]
    pub grants: Vec<JwtGrants>,
}

/// `[[auth.jwt.grants]]`: a claim, and what it grants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct JwtGrants {
    /// The claim; a dot leads into an object, such as `realm_access.roles`.
    pub claim: String,
    /// The value it must have, as a text, as one of the words of a text, or in a list.
    pub value: String,
    /// A preset (`admin`, `writer`, `reader`); this or `words`.
    #[serde(default)]
    pub preset: Option<String>,
    /// Grants as words `VERB:KIND`.
    #[serde(default)]
    pub words: Vec<String>,
}

fn usual_algorithms() -> Vec<String> {
    ["RS256", "PS256", "ES256", "ES384", "EdDSA"].map(str::to_owned).to_vec()
}

fn subject_claim() -> String {
    String::from("sub")
}

fn usual_leeway() -> u16 {
    30
}

fn usual_refresh() -> u32 {
    600
}

/// `[password-policy]`: what a user's password must be like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct PasswordPolicy {
    /// Fewest characters.
    pub min: usize,
    /// Most characters.
    pub max: usize,
    /// Words of this installation that are no password, alone or with digits and signs around them.
    pub words: Vec<String>,
}

impl Default for PasswordPolicy {
    fn default() -> Self {
        Self { min: 8, max: 256, words: Vec::new() }
    }
}

/// `[users]`: what wrong passwords of users cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct UsersConfig {
    /// Wrong passwords in a row after which a user is locked.
    pub lock_after: u32,
    /// How long such a lock lasts, and how long a wrong password is remembered, seconds.
    pub lock_seconds: u32,
}

impl Default for UsersConfig {
    fn default() -> Self {
        Self { lock_after: 10, lock_seconds: 900 }
    }
}

/// `[organizations]`: the classes an organization can be of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct OrganizationsConfig {
    /// The classes; exactly one default among the normal and one among the virtual ones.
    pub classes: Vec<OrganizationClass>,
}

impl Default for OrganizationsConfig {
    fn default() -> Self {
        let class = |name: &str, r#virtual| OrganizationClass {
            name: name.to_owned(),
            r#virtual,
            roles: Vec::new(),
            default: true,
            approval: false,
        };
        Self { classes: vec![class("organization", false), class("virtual", true)] }
    }
}

/// `[[organizations.classes]]`: one class of organizations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct OrganizationClass {
    /// The name by which requests choose it.
    pub name: String,
    /// Whether organizations of this class are virtual.
    #[serde(default)]
    pub r#virtual: bool,
    /// Names of the roles that a new organization of this class gets.
    #[serde(default)]
    pub roles: Vec<String>,
    /// Whether this is the class of organizations that name none.
    #[serde(default)]
    pub default: bool,
    /// Whether registrations in organizations of this class, and roles of theirs that were offered, await approval.
    #[serde(default)]
    pub approval: bool,
}

/// `[invitations]`: how long they stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct InvitationsConfig {
    /// Days after which an invitation that was not answered has expired.
    pub days: u16,
}

impl Default for InvitationsConfig {
    fn default() -> Self {
        Self { days: 14 }
    }
}

/// `[doors]`: how often one address may ask without credentials where that is allowed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct DoorsConfig {
    /// Requests at once.
    pub burst: u32,
    /// Requests a minute in the long run.
    pub per_minute: u32,
    /// Most addresses that are told apart; beyond that whole networks count as one.
    pub capacity: usize,
}

impl Default for DoorsConfig {
    fn default() -> Self {
        Self { burst: 30, per_minute: 30, capacity: 100_000 }
    }
}

/// `[mandates]`: how a mandate comes into force.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct MandatesConfig {
    /// Whether the receiver must approve a mandate before it is in force.
    pub approval: bool,
}

/// `[roles]`: what having a role means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct RolesConfig {
    /// Whether a role gives the roles that it includes.
    pub recursion: bool,
}

impl Default for RolesConfig {
    fn default() -> Self {
        Self { recursion: true }
    }
}

/// `[[attributes]]`: one custom attribute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct CustomAttribute {
    /// The kind it belongs to, such as `user`.
    pub kind: String,
    /// Its name: a letter, then at most 63 letters, digits, `_`, `.` or `-`.
    pub name: String,
    /// Whether it can be searched.
    #[serde(default = "yes")]
    pub indexed: bool,
    /// Whether it takes several values.
    #[serde(default = "yes")]
    pub many: bool,
}

fn yes() -> bool {
    true
}

/// `[log]`: what is written to stderr.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct LogConfig {
    /// Lines for people or for machines.
    pub format: LogFormat,
    /// Which lines, in the notation of the `tracing` filters, such as `info,valtuus=debug`.
    pub filter: String,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { format: LogFormat::Text, filter: "info".to_owned() }
    }
}

/// The shape of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// `[answers]`: how documents are written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct AnswersConfig {
    /// `inResponseTo` with scheme and host instead of the path alone.
    pub absolute_urls: bool,
    /// Where a reference carries the kind of its target.
    pub reference_style: ReferenceStyle,
}

impl Default for AnswersConfig {
    fn default() -> Self {
        Self { absolute_urls: false, reference_style: ReferenceStyle::Value }
    }
}

/// Where a reference carries the kind of its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReferenceStyle {
    /// On `Value`, as the 2.0 schema allows.
    Value,
    /// On `Attribute`, as printed in the documentation of 2.0; not valid against its schema.
    Attribute,
}

/// `[output]`: what commands print.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct OutputConfig {
    /// Print results that are data as JSON.
    pub json: bool,
}

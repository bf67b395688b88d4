//! What can be typed: commands and options, declared once for parsing and help.
//!
//! An option that is also a configuration key is only carried over as text; `crate::config` types and checks
//! it, so that flag, variable and file behave alike. No command is listed before it is built.

use std::path::PathBuf;
use std::str::FromStr;

use crate::cli::audit::args::AuditAction;
use crate::cli::bulk::args::{BackupArgs, CompletionsArgs, ExportArgs, ImportArgs, ManArgs, RestoreArgs};
use crate::cli::ledger::LedgerAction;
use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};

/// The whole command line.
#[derive(Debug, Parser)]
#[command(
    name = "valtuus",
    version,
    about = "An XML-first identity and mandate server",
    after_help = "Example:\n  valtuus serve --demo\n\nExit status: 0 done, 1 failed, 2 wrong usage or configuration, 3 done in part.",
    disable_help_subcommand = true
)]
pub(super) struct Cli {
    #[command(flatten)]
    pub(super) global: Global,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// Options of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options of every command")]
pub(super) struct Global {
    /// Configuration file, TOML [env: `VALTUUS_CONFIG`]
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Folder of the embedded database and the self-made certificate [default: ./valtuus-data]
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<String>,
    /// `sqlite://PATH` or `postgres://…` [default: a file in the data directory]
    #[arg(long, global = true, value_name = "URL")]
    database_url: Option<String>,
    /// Print results that are data as JSON
    #[arg(long, global = true)]
    json: bool,
    /// Any key of the configuration, such as limits.depth=16; repeatable
    #[arg(long, global = true, value_name = "KEY=VALUE", value_parser = key_value)]
    set: Vec<(String, String)>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the server
    #[command(
        after_help = "Example:\n  valtuus serve --listen 0.0.0.0:7443 --tls-cert chain.pem --tls-key key.pem"
    )]
    Serve(ServeArgs),
    /// Apply or show the migrations of the database
    #[command(after_help = "Example:\n  valtuus migrate --status")]
    Migrate(MigrateArgs),
    /// Manage API clients
    #[command(after_help = "Example:\n  valtuus client add reporting --preset reader")]
    Client {
        /// What to do with them.
        #[command(subcommand)]
        action: ClientAction,
    },
    /// Show or check the configuration
    #[command(after_help = "Example:\n  valtuus config show --config valtuus.toml")]
    Config {
        /// What to do with it.
        #[command(subcommand)]
        action: ConfigAction,
    },
    /// Bring many entities in from a CSV or XML file
    #[command(
        args_conflicts_with_subcommands = true,
        subcommand_negates_reqs = true,
        after_help = "Examples:\n  valtuus import users.csv --dry-run\n  valtuus import export.xml --on-duplicate skip --report refused.csv\n\nExit status 3: some records were refused. docs/bulk.md describes the files."
    )]
    Import(ImportArgs),
    /// Write what the database holds to a file that import reads
    #[command(
        args_conflicts_with_subcommands = true,
        after_help = "Examples:\n  valtuus export --output everything.xml\n  valtuus export --kind user --format csv --output users.csv"
    )]
    Export(ExportArgs),
    /// Verify, export and archive the audit trail
    #[command(after_help = "Example:\n  valtuus audit verify")]
    Audit {
        /// What to do with it.
        #[command(subcommand)]
        action: AuditAction,
    },
    /// Verify the ledger of contracts
    #[command(after_help = "Example:\n  valtuus ledger verify")]
    Ledger {
        /// What to do with it.
        #[command(subcommand)]
        action: LedgerAction,
    },
    /// Copy the whole database into a file, beside a running server too
    #[command(
        after_help = "Example:\n  valtuus backup valtuus-monday.backup\n\nThe file holds the hashes of all passwords: keep it as safe as the database."
    )]
    Backup(BackupArgs),
    /// Bring a backup back, into either kind of database; no server may run on it
    #[command(
        after_help = "Example:\n  valtuus restore valtuus-monday.backup --database-url postgres://valtuus@db/valtuus"
    )]
    Restore(RestoreArgs),
    /// Print the completions of a shell
    #[command(after_help = "Example:\n  valtuus completions bash")]
    Completions(CompletionsArgs),
    /// Print the manual page, or write the pages of all commands to a folder
    #[command(after_help = "Example:\n  valtuus man /usr/local/share/man/man1")]
    Man(ManArgs),
    /// Rebuild the derived tables from the entities
    #[command(after_help = "Example:\n  valtuus reindex --data-dir ./valtuus-data")]
    Reindex,
    /// Hold every derived row, reference and unique key against the entities
    #[command(after_help = "Example:\n  valtuus check --data-dir ./valtuus-data")]
    Check,
    /// Put a bounded load on a server and measure it
    #[command(after_help = "Example:\n  valtuus bench --users 100000 --work read --seconds 10")]
    Bench(BenchArgs),
}

/// Options of `serve`; their values reach the configuration and are to be read there.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own on the command line")]
pub struct ServeArgs {
    /// Address and port; port 0 picks a free one [default: 127.0.0.1:7443]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
    /// HTTP without TLS, for use behind a TLS proxy
    #[arg(long)]
    plain_http: bool,
    /// Certificate chain, PEM [default: self-made, kept in the data directory]
    #[arg(long, value_name = "FILE")]
    tls_cert: Option<String>,
    /// Private key of the certificate, PEM
    #[arg(long, value_name = "FILE")]
    tls_key: Option<String>,
    /// Sample data and the client restuser/secret; loopback only
    #[arg(long)]
    demo: bool,
    /// inResponseTo with scheme and host
    #[arg(long)]
    absolute_urls: bool,
    /// Request threads [default: as many as cores]
    #[arg(long, value_name = "N")]
    workers: Option<String>,
    /// File with the password of the first client [default: a random one, printed once]
    #[arg(long, value_name = "FILE")]
    bootstrap_password_file: Option<String>,
    /// Refuse to start when migrations are pending
    #[arg(long)]
    no_migrate: bool,
}

/// Options of `migrate`.
#[derive(Debug, Args)]
pub struct MigrateArgs {
    /// Show which migrations are applied and which are pending; change nothing
    #[arg(long)]
    pub status: bool,
}

/// What `client` can do.
#[derive(Debug, Subcommand)]
pub enum ClientAction {
    /// Add a client; without --password-stdin a random password is printed once
    #[command(
        after_help = "Examples:\n  valtuus client add reporting --preset reader\n  valtuus client add sso --grant authenticate:user --grant 'read:*' --password-stdin < secret"
    )]
    Add(ClientAddArgs),
    /// List the clients with their state and grants
    #[command(after_help = "Example:\n  valtuus client list --json")]
    List,
    /// Refuse a client from now on
    #[command(after_help = "Example:\n  valtuus client disable reporting")]
    Disable(ClientNameArgs),
    /// Accept a disabled client again
    #[command(after_help = "Example:\n  valtuus client enable reporting")]
    Enable(ClientNameArgs),
    /// Give a client a new password
    #[command(after_help = "Example:\n  valtuus client reset reporting")]
    Reset(ClientResetArgs),
    /// Make an access token of a client; it is printed once
    #[command(after_help = "Example:\n  valtuus client token reporting --expires 90d --name nightly")]
    Token(ClientTokenArgs),
}

/// Options of `client add`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("rights").required(true).args(["preset", "grants"]))]
pub struct ClientAddArgs {
    /// Name of the client
    pub name: String,
    /// A set of grants by name
    #[arg(long)]
    pub preset: Option<Preset>,
    /// One grant; `*` stands for every verb or every kind; repeatable
    #[arg(long = "grant", value_name = "VERB:KIND")]
    pub grants: Vec<GrantSpec>,
    /// Organization, by entity name or id, that the client is bounded to, with everything below
    #[arg(long, value_name = "ENTITYNAME")]
    pub within: Option<String>,
    /// Read the password from standard input, one line
    #[arg(long)]
    pub password_stdin: bool,
}

/// The client meant.
#[derive(Debug, Args)]
pub struct ClientNameArgs {
    /// Name of the client
    pub name: String,
}

/// Options of `client reset`.
#[derive(Debug, Args)]
pub struct ClientResetArgs {
    /// Name of the client
    pub name: String,
    /// Read the password from standard input, one line
    #[arg(long)]
    pub password_stdin: bool,
}

/// Options of `client token`.
#[derive(Debug, Args)]
pub struct ClientTokenArgs {
    /// Name of the client
    pub name: String,
    /// How long it is good, such as 12h or 90d [default: auth.tokens.lifetime-seconds]
    #[arg(long, value_name = "DURATION")]
    pub expires: Option<Seconds>,
    /// What it is for
    #[arg(long = "name", value_name = "TEXT")]
    pub purpose: Option<String>,
}

/// A length of time as typed: a number with `s`, `m`, `h`, `d` or `w` behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seconds(pub u32);

impl FromStr for Seconds {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str = "expected a number with s, m, h, d or w behind it, such as 90d";
        let unit = text.chars().last().ok_or(EXPECTED)?;
        let times: u32 = match unit {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            'w' => 604_800,
            _ => return Err(EXPECTED),
        };
        let digits = text.get(..text.len() - unit.len_utf8()).unwrap_or_default();
        if !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(EXPECTED);
        }
        let number: u32 = digits.parse().map_err(|_| EXPECTED)?;
        number.checked_mul(times).filter(|seconds| *seconds > 0).map(Self).ok_or(EXPECTED)
    }
}

/// A set of grants by name; `docs/grants.md` writes them out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Preset {
    /// Everything
    Admin,
    /// Read and change entities
    Writer,
    /// Read entities
    Reader,
}

/// `VERB:KIND` as typed; which verbs and kinds exist is the model's to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantSpec {
    /// The verb's name; `None` is every verb (`*`).
    pub verb: Option<String>,
    /// The kind's name; `None` is every kind (`*`).
    pub kind: Option<String>,
}

impl FromStr for GrantSpec {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str = "expected VERB:KIND, such as read:user, with * for every verb or kind";
        let part = |part: &str| match part {
            "*" => Ok(None),
            _ if !part.is_empty()
                && part.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-') =>
            {
                Ok(Some(part.to_owned()))
            }
            _ => Err(EXPECTED),
        };
        let (verb, kind) = text.split_once(':').ok_or(EXPECTED)?;
        Ok(Self { verb: part(verb)?, kind: part(kind)? })
    }
}

/// What `config` can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Subcommand)]
pub enum ConfigAction {
    /// Print what is in force, secrets masked
    #[command(after_help = "Example:\n  valtuus config show --set limits.depth=16")]
    Show,
    /// Only check
    #[command(after_help = "Example:\n  valtuus config check --config valtuus.toml")]
    Check,
}

/// Options of `bench`.
#[derive(Debug, Args)]
pub struct BenchArgs {
    /// Server to measure [default: one started for the purpose and stopped at the end]
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// Client to sign in as at --url
    #[arg(long, default_value = "restuser", value_name = "NAME")]
    pub username: String,
    /// Read the password for --url from standard input, one line
    #[arg(long, requires = "url")]
    pub password_stdin: bool,
    /// Users in the store of the started server
    #[arg(long, default_value_t = 10_000, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    pub users: u64,
    /// Connections at once
    #[arg(long, default_value_t = 16, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1_024))]
    pub clients: u16,
    /// How long each kind of work runs
    #[arg(long, default_value_t = 5, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=600))]
    pub seconds: u16,
    /// Kind of work; repeatable [default: all]
    #[arg(long)]
    pub work: Vec<BenchWork>,
    /// Leave the filled store in the data directory, for the next run
    #[arg(long, conflicts_with = "url")]
    pub keep: bool,
    /// Be the handler that only answers; bench starts it itself
    #[arg(long, hide = true)]
    pub bare: bool,
}

/// A kind of work that `bench` measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum BenchWork {
    /// One user by id
    Read,
    /// Twenty whole users by prefix
    List,
    /// A durable create
    Create,
    /// All ids in one answer
    Ids,
    /// Whether a device may call a function on another; makes devices and contracts to ask about
    ContractCheck,
    /// Whether a role may call an address, at five thousand mappings
    Authorization,
}

/// `KEY=VALUE`; whether the key exists is judged with all others, because clap would repeat the value, which
/// may be a secret.
fn key_value(text: &str) -> Result<(String, String), &'static str> {
    let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE, such as limits.depth=16")?;
    Ok((key.to_owned(), value.to_owned()))
}

impl Cli {
    /// The options that were given and are configuration keys, as name and text.
    pub(super) fn flags(&self) -> Vec<(String, String)> {
        let global = &self.global;
        let mut texts =
            vec![("data-dir", global.data_dir.as_ref()), ("database-url", global.database_url.as_ref())];
        let mut switches = vec![("json", global.json)];
        if let Command::Serve(serve) = &self.command {
            texts.extend([
                ("listen", serve.listen.as_ref()),
                ("tls-cert", serve.tls_cert.as_ref()),
                ("tls-key", serve.tls_key.as_ref()),
                ("workers", serve.workers.as_ref()),
                ("bootstrap-password-file", serve.bootstrap_password_file.as_ref()),
            ]);
            switches.extend([
                ("plain-http", serve.plain_http),
                ("demo", serve.demo),
                ("absolute-urls", serve.absolute_urls),
                ("no-migrate", serve.no_migrate),
            ]);
        }
        let texts = texts.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text?.clone())));
        let switches = switches.into_iter().filter(|(_, on)| *on);
        let switches = switches.map(|(name, _)| (name.to_owned(), String::from("true")));
        texts.chain(switches).chain(global.set.iter().cloned()).collect()
    }
}

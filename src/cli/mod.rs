//! The command line: what can be typed, and what it means for configuration and exit status.
//!
//! clap lives only here. `args` declares the commands, `config` carries out `config show` and `config check`.
//! Must not hold rules of the service: commands call the same operations as the HTTP door.
//! Error: `Refusal`, which ends the process with its own text and status.

pub mod args;
pub mod audit;
pub mod backup;
pub mod bench;
pub mod bulk;
pub mod clients;
pub mod config;
pub mod ledger;
pub mod manual;
pub mod run;
pub mod serve;
pub mod status;
#[cfg(test)]
mod tests;
pub mod upkeep;

use std::ffi::OsString;

use clap::Parser;

pub use args::{
    BenchArgs, BenchWork, ClientAction, ClientAddArgs, ClientNameArgs, ClientResetArgs, ClientTokenArgs,
    Command, ConfigAction, GrantSpec, MigrateArgs, Preset, Seconds,
};
pub use status::Exit;

use crate::config::{Config, Sources};

/// A command line understood, with the configuration in force.
#[derive(Debug)]
pub struct Invocation {
    /// File, environment and flags, checked.
    pub config: Config,
    /// What to do. The options of `serve` are in `config`.
    pub command: Command,
}

/// Why there is nothing to carry out: help or version was asked for, or the usage or configuration is wrong.
#[derive(Debug)]
pub struct Refusal {
    /// What to print, with a newline at its end.
    pub text: String,
    /// Whether `text` is the result asked for and belongs on stdout.
    pub on_stdout: bool,
    /// The exit status.
    pub exit: Exit,
}

/// Reads a command line (the program's name first) and an environment.
pub fn parse(
    arguments: impl IntoIterator<Item = OsString>,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Invocation, Box<Refusal>> {
    let environment: Vec<_> = environment.into_iter().collect();
    let cli = args::Cli::try_parse_from(arguments).map_err(|error| Box::new(usage(&error)))?;
    let file = cli.global.config.clone().or_else(|| {
        let given = environment.iter().find(|(name, value)| name == "VALTUUS_CONFIG" && !value.is_empty());
        given.map(|(_, value)| value.into())
    });
    let sources = Sources { file, environment, flags: cli.flags() };
    let config = Config::load(&sources).map_err(|error| {
        Box::new(Refusal { text: format!("{error}\n"), on_stdout: false, exit: Exit::Usage })
    })?;
    Ok(Invocation { config, command: cli.command })
}

fn usage(error: &clap::Error) -> Refusal {
    let on_stdout = !error.use_stderr();
    let exit = if on_stdout { Exit::Done } else { Exit::Usage };
    Refusal { text: error.render().to_string(), on_stdout, exit }
}

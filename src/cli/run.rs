//! Carrying a command out: logging, the runtime, and the way from a command to what does it.

use std::io::IsTerminal as _;
use std::sync::Arc;

use tracing_subscriber::EnvFilter;

use crate::cli::{
    Command, Exit, Invocation, audit, backup, bench, bulk, clients, config, ledger, manual, serve, upkeep,
};
use crate::config::{Config, LogConfig, LogFormat};
use crate::world::{Real, SharedWorld};

/// Carries out what was asked for; the result is the exit status of the process.
pub fn run(invocation: Invocation) -> Exit {
    let Invocation { config, command } = invocation;
    log(&config.log);
    if let Command::Config { action } = &command {
        return config::run(action, &config, &mut std::io::stdout()).unwrap_or(Exit::Failed);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    match runtime {
        Ok(runtime) => runtime.block_on(dispatch(config, command)),
        Err(error) => failed(&format!("the runtime does not start: {error}")),
    }
}

async fn dispatch(config: Config, command: Command) -> Exit {
    let world: SharedWorld = Arc::new(Real);
    let outcome = match command {
        Command::Serve(_) => serve::run(config, world).await,
        Command::Migrate(args) => upkeep::migrate(&config, &args).await,
        Command::Client { action } => clients::run(&config, world, action).await,
        Command::Reindex => upkeep::reindex(&config, world).await,
        Command::Check => upkeep::check(&config, world).await,
        Command::Bench(args) => bench::run(config, world, args).await,
        Command::Import(args) => bulk::import(&config, world, args).await,
        Command::Export(args) => bulk::export(&config, world, args).await,
        Command::Audit { action } => audit::run(&config, world, action).await,
        Command::Ledger { action } => ledger::run(&config, world, action).await,
        Command::Backup(args) => backup::backup(&config, world, args).await,
        Command::Restore(args) => backup::restore(&config, args).await,
        Command::Completions(args) => manual::completions(&args, &mut std::io::stdout()),
        Command::Man(args) => manual::man(&args, &mut std::io::stdout()),
        Command::Config { .. } => Ok(Exit::Usage),
    };
    outcome.unwrap_or_else(|message| failed(&message))
}

fn failed(message: &str) -> Exit {
    eprintln!("valtuus: {message}");
    Exit::Failed
}

fn log(config: &LogConfig) {
    let filter = EnvFilter::try_new(&config.filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    // Only one subscriber can be set; a second one, in tests, changes nothing.
    let _ = match config.format {
        LogFormat::Json => builder.json().try_init(),
        LogFormat::Text => builder.try_init(),
    };
}

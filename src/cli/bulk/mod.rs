//! `valtuus import` and `export`: files in and out. The work itself is done by `operation::import` and
//! `operation::export`; here are the forms of files, what is told meanwhile, and the exit status.

pub mod args;
pub mod digit;
mod export;
mod import;
mod progress;
mod report;
mod source;
mod table;
mod tree;

pub(in crate::cli) use export::{partial, private_file};
pub(in crate::cli) use table::joined;

use crate::cli::Exit;
use crate::cli::bulk::args::{ExportArgs, ImportArgs};
use crate::cli::bulk::digit::args::{ExportTo, ImportFrom};
use crate::config::Config;
use crate::world::SharedWorld;

/// Carries an import out: of a file of entities, or of what else was named.
pub async fn import(config: &Config, world: SharedWorld, mut args: ImportArgs) -> Result<Exit, String> {
    match args.from.take() {
        Some(ImportFrom::Digit(args)) => digit::import(config, world, args).await,
        None => import::run(config, world, args).await,
    }
}

/// Carries an export out: to a file of entities, or to what else was named.
pub async fn export(config: &Config, world: SharedWorld, mut args: ExportArgs) -> Result<Exit, String> {
    match args.to.take() {
        Some(ExportTo::Digit(args)) => digit::export(config, world, args).await,
        None => export::run(config, world, args).await,
    }
}

use crate::model::{Error, Kind};

/// An error in words for whoever sits at the command line.
fn words(error: &Error) -> String {
    match error {
        Error::Unavailable { detail, .. } | Error::Internal { detail } => format!("{error}: {detail}"),
        other => other.to_string(),
    }
}

/// The kind of that name, singular or as its list is called.
fn kind_named(name: &str) -> Result<Kind, Error> {
    let name = name.to_ascii_lowercase();
    let known = Kind::ALL
        .into_iter()
        .find(|kind| kind.name() == name || kind.def().list.to_ascii_lowercase() == name);
    let kind = known.ok_or_else(|| Error::invalid("kind", "expected the name of a kind, such as user"))?;
    crate::operation::import::check_kind(kind).map(|()| kind)
}

//! `valtuus import` and `export`: files in and out. The work itself is done by `operation::import` and
//! `operation::export`; here are the forms of files, what is told meanwhile, and the exit status.

pub mod args;
mod export;
mod import;
mod progress;
mod report;
mod source;
mod table;
mod tree;

pub(in crate::cli) use export::{partial, private_file};

pub use export::run as export;
pub use import::run as import;

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

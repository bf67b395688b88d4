//! `valtuus import digit` and `export digit`: the three master files of a tenant in a folder, flat or each in the
//! folder of its module. The work itself is done by `operation::digit`.

pub mod args;
mod export;
mod folder;
mod import;
mod report;

pub use export::run as export;
pub use import::run as import;

use crate::cli::Exit;

/// Tells what is wrong with the command line.
fn wrong(message: &str) -> Exit {
    eprintln!("valtuus: {message}");
    Exit::Usage
}

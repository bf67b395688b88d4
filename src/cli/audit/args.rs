//! What can be typed after `audit`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::audit::chain::Head;
use crate::cli::bulk::args::FileFormat;
use crate::model::value::parse_instant;

/// What `audit` can do.
#[derive(Debug, Subcommand)]
pub enum AuditAction {
    /// Walk the chain and name the first record that is altered, missing or inserted
    #[command(
        after_help = "Examples:\n  valtuus audit verify --head \"$(cat head-of-monday)\"\n  valtuus audit verify --file 2025.audit --file 2026.audit\n\nExit status: 0 the trail holds, 1 it does not."
    )]
    Verify(VerifyArgs),
    /// Print the head of the chain, to be kept somewhere else
    #[command(after_help = "Example:\n  valtuus audit head > head-of-monday")]
    Head,
    /// Write the records to a file or standard output
    #[command(
        after_help = "Example:\n  valtuus audit export --format csv --from 2026-01-01 --to 2026-02-01 --output january.csv"
    )]
    Export(AuditExportArgs),
    /// Copy sealed records into a file that verifies by itself, and with --remove take them out of the database
    #[command(
        after_help = "Example:\n  valtuus audit archive --before 2026-01-01 --output 2025.audit --remove"
    )]
    Archive(ArchiveArgs),
}

/// Options of `audit verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// A head that was noted before; finds a cut-off end and a trail made anew
    #[arg(long, value_name = "SEQ:HASH", value_parser = head)]
    pub head: Option<Head>,
    /// Verify archived files, one after the other, instead of the database; repeatable
    #[arg(long, value_name = "FILE")]
    pub file: Vec<PathBuf>,
}

/// Options of `audit export`.
#[derive(Debug, Args)]
pub struct AuditExportArgs {
    /// Form of the file
    #[arg(long, default_value = "xml")]
    pub format: FileFormat,
    /// Only records of this instant or later: a date, an ISO 8601 instant or epoch milliseconds
    #[arg(long, value_name = "DATE", value_parser = instant)]
    pub from: Option<i64>,
    /// Only records before this instant
    #[arg(long, value_name = "DATE", value_parser = instant)]
    pub to: Option<i64>,
    /// File to write, readable by its owner only [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// Options of `audit archive`.
#[derive(Debug, Args)]
pub struct ArchiveArgs {
    /// The first instant that stays: a date, an ISO 8601 instant or epoch milliseconds
    #[arg(long, value_name = "DATE", value_parser = instant)]
    pub before: i64,
    /// File to write, which must not exist yet
    #[arg(long, short, value_name = "FILE")]
    pub output: PathBuf,
    /// Take the records out of the database once the file is verified
    #[arg(long)]
    pub remove: bool,
}

fn head(text: &str) -> Result<Head, &'static str> {
    Head::parse(text).ok_or("expected SEQ:HASH as `audit head` prints it")
}

/// An instant, or the beginning of a day in UTC.
fn instant(text: &str) -> Result<i64, &'static str> {
    const EXPECTED: &str = "expected a date such as 2026-01-31, an ISO 8601 instant or epoch milliseconds";
    let day = text.len() == 10 && text.contains('-');
    let text = if day { format!("{text}T00:00:00Z") } else { text.to_owned() };
    parse_instant(&text).ok_or(EXPECTED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_the_beginning_of_its_day() {
        assert_eq!(instant("2026-01-01"), instant("2026-01-01T00:00:00Z"));
        assert_eq!(instant("1767225600000"), instant("2026-01-01"));
        for bad in ["", "yesterday", "2026-13-01", "2026-1-1", "2026-01-01 "] {
            assert!(instant(bad).is_err(), "{bad}");
        }
    }
}

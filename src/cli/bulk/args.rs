//! What can be typed after `import`, `export`, `backup`, `restore`, `completions` and `man`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::cli::bulk::digit::args::{ExportTo, ImportFrom};

/// The form of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FileFormat {
    /// A header row with names, then one record a row
    Csv,
    /// `<Export>`, a list such as `<Users>`, or one entity
    Xml,
}

/// What happens to a record that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Duplicates {
    /// Refuse it
    Error,
    /// Leave what is there
    Skip,
    /// Put what the record gives over what is there
    Update,
}

/// Options of `import`.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// Something else than a file of entities
    #[command(subcommand)]
    pub from: Option<ImportFrom>,
    /// File to read; - is standard input
    #[arg(required = true)]
    pub file: Option<PathBuf>,
    /// Kind of the records of a CSV file [default: by the file's name, such as users.csv]
    #[arg(long, value_name = "KIND")]
    pub kind: Option<String>,
    /// Form of the file [default: by the end of its name, else by its first letter]
    #[arg(long)]
    pub format: Option<FileFormat>,
    /// Check everything as if it were done, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// What to do with records whose id or unique value is there already
    #[arg(long, value_name = "WHAT", default_value = "error")]
    pub on_duplicate: Duplicates,
    /// Write every refused record with line and reason to this CSV file
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Go on where an import of the same file was cut off
    #[arg(long, conflicts_with = "dry_run")]
    pub resume: bool,
    /// Give new organizations the roles of their class, as the service does
    #[arg(long)]
    pub class_roles: bool,
}

/// Options of `export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// Something else than a file of entities
    #[command(subcommand)]
    pub to: Option<ExportTo>,
    /// Only this kind [default: everything, as XML]
    #[arg(long, value_name = "KIND")]
    pub kind: Option<String>,
    /// Form of the file; CSV holds one kind
    #[arg(long, default_value = "xml")]
    pub format: FileFormat,
    /// File to write, readable by its owner only [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Also hashes of passwords, and the API clients
    #[arg(long)]
    pub with_secrets: bool,
    /// Leave out attributes that only those who may disclose are shown, such as ssn
    #[arg(long)]
    pub without_sensitive: bool,
}

/// Options of `backup`.
#[derive(Debug, Args)]
pub struct BackupArgs {
    /// File to write, which must not exist yet; - is standard output
    pub file: PathBuf,
}

/// Options of `restore`.
#[derive(Debug, Args)]
pub struct RestoreArgs {
    /// File that backup has written
    pub file: PathBuf,
    /// Put the backup in the place of what the database holds
    #[arg(long)]
    pub replace: bool,
}

/// Options of `completions`.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// Shell to complete for
    pub shell: clap_complete::Shell,
}

/// Options of `man`.
#[derive(Debug, Args)]
pub struct ManArgs {
    /// Folder for the pages of all commands [default: the first page on standard output]
    pub dir: Option<PathBuf>,
}

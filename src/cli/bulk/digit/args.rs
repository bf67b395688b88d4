//! What can be typed after `import digit` and `export digit`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Other things to bring in than a file of entities.
#[derive(Debug, Subcommand)]
pub enum ImportFrom {
    /// Bring the access-control masters of a DIGIT tenant in: roles, actions, and which role may call which action
    #[command(
        after_help = "Examples:\n  valtuus import digit data/uk --tenant uk --dry-run\n  valtuus import digit data/uk --tenant uk --report report.xml\n\nExit status 3: rows were left out. docs/digit.md describes the files."
    )]
    Digit(DigitImportArgs),
}

/// Other things to write than a file of entities.
#[derive(Debug, Subcommand)]
pub enum ExportTo {
    /// Write the access-control masters of a DIGIT tenant
    #[command(
        after_help = "Example:\n  valtuus export digit data/uk --tenant uk\n\nDIR gets the folders ACCESSCONTROL-ROLES, ACCESSCONTROL-ACTIONS-TEST and ACCESSCONTROL-ROLEACTIONS."
    )]
    Digit(DigitExportArgs),
}

/// Options of `import digit`.
#[derive(Debug, Args)]
pub struct DigitImportArgs {
    /// Folder with roles.json, actions-test.json and roleactions.json, flat or in the folders of their modules
    pub dir: PathBuf,
    /// Tenant that the files are of, such as uk or uk.dehradun
    #[arg(long, value_name = "NAME")]
    pub tenant: String,
    /// Do everything as if it were meant, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Write the counts and every finding to this XML file
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
}

/// Options of `export digit`.
#[derive(Debug, Args)]
pub struct DigitExportArgs {
    /// Folder to write to, made when it is missing
    pub dir: PathBuf,
    /// Tenant whose masters are wanted, such as uk or uk.dehradun
    #[arg(long, value_name = "NAME")]
    pub tenant: String,
}

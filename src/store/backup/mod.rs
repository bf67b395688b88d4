//! Hot backups in one form for both databases, and restoring them.
//!
//! A backup is lines of JSON: a head, then for each table a line that names its columns and one array for each row,
//! at last a line with the number of rows and the BLAKE3 hash of everything above. All tables are read in one
//! snapshot. Integers and text stand as they are, bytes and ids as hexadecimal digits, Booleans as 0 and 1.
//! Restoring verifies the hash before it touches anything, and happens in one transaction.

mod catalog;
mod dump;
mod line;
mod load;

use serde::{Deserialize, Serialize};

pub use dump::write;
pub use line::verify;
pub use load::restore;

/// Tables that a backup leaves out: what nodes tell each other, names to lock, and the migrations, which the head
/// stands for.
const LEFT_OUT: [&str; 3] = ["change", "lock", "_sqlx_migrations"];

/// The first line of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// The version of this form.
    #[serde(rename = "valtuus-backup")]
    pub form: u32,
    /// The version of the program that made it.
    pub program: String,
    /// The number of the last migration the database had.
    pub migration: i64,
    /// The database it was made of.
    pub database: String,
    /// When it was begun, ISO 8601.
    pub made: String,
}

/// The line above the rows of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    #[serde(rename = "table")]
    name: String,
    columns: Vec<String>,
    /// The last number that the database has handed out for a row; numbers are never used again.
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<i64>,
}

/// The last line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct End {
    rows: u64,
    blake3: String,
}

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Its first line.
    pub head: Head,
    /// How many rows it has.
    pub rows: u64,
    /// The hash in its last line.
    pub hash: String,
}

/// The version of the form that this program writes.
const FORM: u32 = 1;

/// Why there is no backup, or nothing was restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// Reading or writing the file.
    #[error("{0}")]
    File(#[from] std::io::Error),
    /// The file is no backup, or not the one that was written.
    #[error("line {line}: {what}")]
    Damaged {
        /// The line, counted from 1.
        line: u64,
        /// What is wrong with it.
        what: String,
    },
    /// The target cannot take it.
    #[error("{0}")]
    Refused(String),
    /// The database.
    #[error("database: {0:?}")]
    Store(#[from] crate::model::Error),
}

impl From<sqlx::Error> for BackupError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(crate::store::convert::plain(error))
    }
}

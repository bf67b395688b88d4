//! What can be wrong with a configuration: every problem with its key and where that stands.
//!
//! Messages are for the person who wrote the key. They must never repeat the value of a secret.

use std::fmt;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The full key, such as `limits.depth`; empty when no single key is at fault.
    pub key: String,
    /// Where it stands, such as `line 3 of valtuus.toml`; absent when a default is at fault.
    pub place: Option<String>,
    /// What is wrong and what was expected.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.key.is_empty() {
            write!(f, "`{}`", self.key)?;
            if let Some(place) = &self.place {
                write!(f, " ({place})")?;
            }
            f.write_str(": ")?;
        } else if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        f.write_str(&self.message)
    }
}

/// Everything that is wrong with a configuration; never empty. Exit status 2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// The problems, in the order of their discovery.
    pub problems: Vec<Problem>,
}

impl ConfigError {
    /// An error of one problem.
    pub(super) fn one(key: &str, place: Option<String>, message: impl Into<String>) -> Self {
        Self { problems: vec![Problem { key: key.to_owned(), place, message: message.into() }] }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "configuration: {problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

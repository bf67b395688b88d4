//! `[audit]`: what is recorded beside changes.

use serde::{Deserialize, Serialize};

/// Whether reads are recorded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AuditReads {
    /// Only those of partners, policies and MISPs.
    #[default]
    Off,
    /// All, within a second: a crash loses at most those of one second.
    Deferred,
    /// All, before they are answered.
    Grouped,
}

/// `[audit]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct AuditConfig {
    /// Whether reads of other kinds than partners, policies and MISPs are recorded.
    pub reads: AuditReads,
}

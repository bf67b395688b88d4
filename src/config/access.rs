//! `[access]`: how addresses of services are matched, and whether the server guards itself.

use serde::{Deserialize, Serialize};

/// What `{x}` in the address of an action stands for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AccessMatch {
    /// A segment of ASCII letters, digits and `_`.
    #[default]
    Word,
    /// A segment that may also have `-` and `.`.
    Segment,
}

/// `[access]`: how addresses of services are matched, and whether the server guards itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct AccessConfig {
    /// What `{x}` in the address of an action stands for: a `word` of letters, digits and `_`, or a `segment` that may also have `-` and `.`.
    pub r#match: AccessMatch,
    /// Tenant whose mappings, and those above it, say what API clients with `roles` may do here; absent: grants alone do.
    pub guard_tenant: Option<String>,
}

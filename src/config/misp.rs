//! `[misp]`: providers of infrastructure and their licence keys.

use serde::{Deserialize, Serialize};

/// `[misp]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct MispConfig {
    /// How long a licence key is good, days.
    pub license_days: u32,
}

impl Default for MispConfig {
    fn default() -> Self {
        Self { license_days: 90 }
    }
}

//! `[contracts]` and `[orchestrator]`: how contracts of devices come into force, and the JSON interface to them.

use serde::{Deserialize, Serialize};

/// `[contracts]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct ContractsConfig {
    /// Whether a new contract waits for approval.
    pub approval: bool,
}

/// `[orchestrator]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct OrchestratorConfig {
    /// Whether the addresses below `/api/v1` are answered.
    pub enabled: bool,
    /// The `https` origin by which browsers reach the addresses below `/api/v1` behind a proxy, such as
    /// `https://devices.example.com`; absent: the one that requests name in `Host`.
    pub origin: Option<String>,
    /// After how long without a request a session ends, minutes.
    pub idle_minutes: u32,
    /// After how long a session ends whatever happens, hours.
    pub session_hours: u32,
}

impl Default for OrchestratorConfig {
    fn default() -> Self {
        Self { enabled: true, origin: None, idle_minutes: 30, session_hours: 12 }
    }
}

//! `[policies]`: the types of policies, and how long a policy is good.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::check::Problems;

/// The longest name of a type, as its attribute holds it.
const NAME_MAX: usize = 64;

/// `[policies]`: the types of policies, and how long a policy is good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct PoliciesConfig {
    /// Days after its beginning at which a policy ends that does not say when.
    pub days: u16,
    /// The types a policy can be of.
    pub types: Vec<PolicyTypeConfig>,
}

/// `[[policies.types]]`: one type of policies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PolicyTypeConfig {
    /// The name by which requests choose it.
    pub name: String,
    /// File with the JSON Schema of its documents; absent: the schema that comes with the product under this name.
    #[serde(default)]
    pub schema: Option<PathBuf>,
}

impl Default for PoliciesConfig {
    fn default() -> Self {
        let built_in = |name: &str| PolicyTypeConfig { name: name.to_owned(), schema: None };
        Self { days: 365, types: ["Auth", "DataShare", "CredentialIssuance"].map(built_in).to_vec() }
    }
}

/// Whether the types can be told apart and named in a request.
pub(super) fn check(policies: &PoliciesConfig, problems: &mut Problems) {
    problems.range("policies.days", u64::from(policies.days), &(1..=36_525), "days");
    let mut seen = BTreeSet::new();
    for (index, policy_type) in policies.types.iter().enumerate() {
        let name = &policy_type.name;
        let key = format!("policies.types[{index}].name");
        let is_printable = !name.trim().is_empty() && !name.chars().any(char::is_control);
        if !is_printable || name.chars().count() > NAME_MAX {
            problems.add(key, format!("must be a printable name of at most {NAME_MAX} characters"));
        } else if !seen.insert(name.as_str()) {
            problems.add(key, format!("`{name}` is declared twice"));
        }
    }
}

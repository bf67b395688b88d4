//! `[partners]`: the types of partners, and what their users may do.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::check::Problems;

/// The longest name of a type, as its attribute holds it.
const NAME_MAX: usize = 64;

/// `[partners]`: the types of partners, and what their users may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct PartnersConfig {
    /// Whether partners' own users may sign in with their login and password.
    pub user_sign_in: bool,
    /// Whether a valid certificate approves a partner that was not decided on.
    pub approve_by_certificate: bool,
    /// The types a partner can be of.
    pub types: Vec<PartnerTypeConfig>,
    /// Days after which an API key has expired.
    pub api_key_days: u16,
}

/// `[[partners.types]]`: one type of partners.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PartnerTypeConfig {
    /// The name by which requests choose it.
    pub name: String,
    /// Whether partners of this type must name a policy group.
    #[serde(default)]
    pub needs_policy_group: bool,
    /// Whether somebody without an account may register a partner of this type.
    #[serde(default = "yes")]
    pub self_registration: bool,
    /// The credential types to which partners of this type may map policies.
    #[serde(default)]
    pub credential_types: Vec<String>,
}

fn yes() -> bool {
    true
}

impl Default for PartnersConfig {
    fn default() -> Self {
        let all = || ["auth", "qrcode", "euin", "reprint", "vercred"].map(str::to_owned).to_vec();
        let one = |name: &str, needs_policy_group, credential_types| PartnerTypeConfig {
            name: name.to_owned(),
            needs_policy_group,
            self_registration: name != "Partner_Admin",
            credential_types,
        };
        Self {
            user_sign_in: true,
            approve_by_certificate: false,
            types: vec![
                one("Auth_Partner", true, Vec::new()),
                one("Credential_Partner", true, all()),
                one("Online_Verification_Partner", true, all()),
                one("ABIS_Partner", true, Vec::new()),
                one("Manual_Adjudication", true, Vec::new()),
                one("Print_Partner", true, Vec::new()),
                one("Device_Provider", false, Vec::new()),
                one("FTM_Provider", false, Vec::new()),
                one("MISP_Partner", false, Vec::new()),
                one("SDK_Partner", false, Vec::new()),
                one("Partner_Admin", false, Vec::new()),
            ],
            api_key_days: 90,
        }
    }
}

/// Whether the types can be told apart and named in a request.
pub(super) fn check(partners: &PartnersConfig, problems: &mut Problems) {
    let is_word = |name: &str| !name.is_empty() && !name.chars().any(|c| c.is_whitespace() || c.is_control());
    problems.range("partners.api-key-days", u64::from(partners.api_key_days), &(1..=3_650), "days");
    let mut seen = BTreeSet::new();
    for (index, partner_type) in partners.types.iter().enumerate() {
        let key = format!("partners.types[{index}]");
        if !is_word(&partner_type.name) || partner_type.name.chars().count() > NAME_MAX {
            problems.add(format!("{key}.name"), format!("must be a word of at most {NAME_MAX} characters"));
        }
        if !seen.insert(partner_type.name.as_str()) {
            problems.add(format!("{key}.name"), format!("`{}` is declared twice", partner_type.name));
        }
        if partner_type.credential_types.iter().any(|name| !is_word(name)) {
            problems.add(format!("{key}.credential-types"), "holds what is not a word");
        }
    }
}

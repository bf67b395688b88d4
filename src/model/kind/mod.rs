//! The kinds: each declared once in a file of its own, listed here by one line with a number that never changes.
//!
//! Routes, wire names, search, uniqueness, references, grants and audit records derive from the declarations.

pub mod action;
pub mod api_client;
pub mod api_key;
pub mod api_key_request;
pub mod assignment;
pub mod attribute_definition;
pub mod audit_event;
pub mod biometric_extractor;
pub mod certificate;
pub mod contact;
pub mod contract;
pub mod credential_type_mapping;
pub mod delegation;
pub mod device;
pub mod feature;
pub mod feature_role;
pub mod license_key;
pub mod mandate;
pub mod mandate_invitation;
pub mod mandate_template;
pub mod message;
pub mod misp;
pub mod organization;
pub mod partner;
pub mod policy;
pub mod policy_group;
pub mod role;
pub mod role_action;
pub mod role_invitation;
pub mod token;
pub mod user;
pub mod workflow;

use crate::model::attribute::{AttrDef, AttrId};
use crate::model::key;
use crate::model::rules::Rules;
use crate::model::value::Choice;

/// Lists the kinds: `number => Variant : module`.
macro_rules! kinds {
    ($($number:literal => $variant:ident : $module:ident),+ $(,)?) => {
        /// A kind of entity.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Kind { $(#[doc = concat!("Declared in `kind/", stringify!($module), ".rs`.")] $variant = $number),+ }

        impl Kind {
            /// Every kind, by number.
            pub const ALL: [Self; Self::COUNT] = [$(Self::$variant),+];
            /// How many kinds there are.
            pub const COUNT: usize = [$($number),+].len();

            /// The declaration.
            pub const fn def(self) -> &'static KindDef {
                match self { $(Self::$variant => &$module::KIND),+ }
            }
        }

        /// The same kinds without gaps, in the order of [`Kind::ALL`].
        #[derive(Clone, Copy)]
        enum Place { $($variant),+ }

        impl Kind {
            const fn place(self) -> Place {
                match self { $(Self::$variant => Place::$variant),+ }
            }
        }
    };
}

kinds! {
    1 => User: user,
    2 => Organization: organization,
    3 => Role: role,
    4 => Mandate: mandate,
    5 => RoleInvitation: role_invitation,
    6 => Assignment: assignment,
    7 => Delegation: delegation,
    8 => ApiClient: api_client,
    9 => AuditEvent: audit_event,
    10 => MandateTemplate: mandate_template,
    11 => MandateInvitation: mandate_invitation,
    12 => Workflow: workflow,
    13 => Token: token,
    14 => AttributeDefinition: attribute_definition,
    15 => Message: message,
    16 => Partner: partner,
    17 => Contact: contact,
    18 => ApiKeyRequest: api_key_request,
    19 => ApiKey: api_key,
    20 => BiometricExtractor: biometric_extractor,
    21 => CredentialTypeMapping: credential_type_mapping,
    22 => Certificate: certificate,
    23 => PolicyGroup: policy_group,
    24 => Policy: policy,
    25 => Misp: misp,
    26 => LicenseKey: license_key,
    27 => Action: action,
    28 => RoleAction: role_action,
    29 => Feature: feature,
    30 => FeatureRole: feature_role,
    31 => Device: device,
    32 => Contract: contract,
}

/// What may be decided about whoever asks to be let in: the choices of `status`, as the source writes them.
static DECISIONS: [Choice; 3] = [
    Choice { number: None, name: "InProgress", technical: "inprogress" },
    Choice { number: None, name: "approved", technical: "approved" },
    Choice { number: None, name: "rejected", technical: "rejected" },
];

/// A key that must be unique.
#[derive(Debug)]
pub struct Unique {
    /// Own number of the attribute.
    pub attr: u8,
    /// Own number of the reference within whose target it is unique; everywhere when `None`.
    pub within: Option<u8>,
    /// Whether letter case does not tell two keys apart.
    pub ignore_case: bool,
    /// Own number of another reference that is part of the key.
    pub with: Option<u8>,
}

/// Which organization owns an entity (`entity.home`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// None: invisible to clients bounded to a subtree.
    None,
    /// The organization itself.
    Own,
    /// What the attribute of that own number refers to: an organization, or an entity whose home it shares.
    Ref(u8),
}

/// What besides the id addresses an entity in a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NaturalKey {
    /// Nothing.
    None,
    /// The entity name: a path of technical names, for roles with the role's name last.
    EntityName,
    /// The unique attribute of that own number.
    Unique(u8),
    /// A tenant, `:` and the attribute of that own number, which is unique within the tenant.
    InTenant(u8),
}

/// The declaration of a kind.
pub struct KindDef {
    /// Singular, lower case: in grants, reference types, messages.
    pub name: &'static str,
    /// The root element of an entity.
    pub root: &'static str,
    /// The root element of a list, and of the answers of changes.
    pub list: &'static str,
    /// The collection's path segment; empty for kinds without addresses.
    pub path: &'static str,
    /// Attributes in the order of the answer.
    pub attrs: &'static [AttrDef],
    /// How many of `attrs` stand before the custom ones (the seed's).
    pub seed_attrs: usize,
    /// Unique keys.
    pub unique: &'static [Unique],
    /// The owning organization.
    pub scope: Scope,
    /// What else addresses it in a path.
    pub natural_key: NaturalKey,
    /// Names under which an attribute may also be given when writing: (given, name).
    pub write_aliases: &'static [(&'static str, &'static str)],
    /// Other names of attributes: (alias, name).
    pub aliases: &'static [(&'static str, &'static str)],
    /// Names of the kind's own operation parameters, never attributes.
    pub parameters: &'static [&'static str],
    /// Whether the list's schema has room for whole entities.
    pub lists_entities: bool,
    /// Whether only the preset `admin` includes it.
    pub administrative: bool,
    /// Rules beyond the declaration.
    pub rules: &'static dyn Rules,
    /// One sentence for the reference documentation.
    pub doc: &'static str,
}

impl KindDef {
    /// The attribute that `name` means when an entity is written.
    pub fn written<'n>(&self, name: &'n str) -> &'n str {
        self.write_aliases.iter().find(|(given, _)| *given == name).map_or(name, |(_, means)| means)
    }

    /// The attribute and key by which `text` names an entity in the place of its id, in the letter case that makes it
    /// unique; `None` where no single attribute does.
    pub fn natural(&self, kind: Kind, text: &str) -> Option<(AttrId, Vec<u8>)> {
        let NaturalKey::Unique(number) = self.natural_key else { return None };
        let unique = self.unique.iter().find(|unique| unique.attr == number && unique.within.is_none())?;
        Some((kind.own_attr(number), key::unique_key(text, unique.ignore_case)))
    }

    /// The attribute name an alias stands for.
    pub fn alias(&self, name: &str) -> Option<&'static str> {
        self.aliases.iter().find(|(alias, _)| *alias == name).map(|(_, name)| *name)
    }
}

impl std::fmt::Debug for KindDef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("KindDef").field(&self.name).finish()
    }
}

impl Kind {
    /// The explicit number.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The kind of that number.
    pub fn numbered(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| i64::from(kind.number()) == number)
    }

    /// The position in [`Kind::ALL`]; numbers may have gaps, positions have none.
    pub fn index(self) -> usize {
        self.place() as usize
    }

    /// Its name, singular and lower case.
    pub fn name(self) -> &'static str {
        self.def().name
    }

    /// The kind of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The number of one of its built-in attributes.
    pub fn attr_id(self, def: &AttrDef) -> AttrId {
        self.own_attr(def.number)
    }

    /// The number of the built-in attribute with that own number.
    pub const fn own_attr(self, number: u8) -> AttrId {
        AttrId((self as u32) * 256 + number as u32)
    }
}

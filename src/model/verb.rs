//! What can be done to an entity, and sets of it as they stand in grants.

/// One verb of the grant model (design: verbs × kinds). `Disclose` uncovers sensitive attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum Verb {
    /// Read one or list.
    Read = 1,
    /// Make a new entity.
    Create = 1 << 1,
    /// Change an entity.
    Update = 1 << 2,
    /// Delete an entity.
    Delete = 1 << 3,
    /// Approve or reject.
    Approve = 1 << 4,
    /// Invite and invite again.
    Invite = 1 << 5,
    /// Check a password for a single sign-on.
    Authenticate = 1 << 6,
    /// Ask for an authorization decision.
    Decide = 1 << 7,
    /// See attributes declared sensitive (a user's `ssn`).
    Disclose = 1 << 8,
}

impl Verb {
    /// Every verb, in the order of its bits.
    pub const ALL: [Self; 9] = [
        Self::Read,
        Self::Create,
        Self::Update,
        Self::Delete,
        Self::Approve,
        Self::Invite,
        Self::Authenticate,
        Self::Decide,
        Self::Disclose,
    ];

    /// The verb's word in grants, messages and audit records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Approve => "approve",
            Self::Invite => "invite",
            Self::Authenticate => "authenticate",
            Self::Decide => "decide",
            Self::Disclose => "disclose",
        }
    }

    /// The verb of that word.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verb| verb.name() == name)
    }
}

/// A set of verbs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct VerbSet(u16);

impl VerbSet {
    /// No verb.
    pub const NONE: Self = Self(0);
    /// Every verb.
    pub const ALL: Self = Self((1 << 9) - 1);

    /// The set with `verb` added.
    #[must_use]
    pub const fn with(self, verb: Verb) -> Self {
        Self(self.0 | verb as u16)
    }

    /// Whether `verb` is in the set.
    pub const fn has(self, verb: Verb) -> bool {
        self.0 & verb as u16 != 0
    }

    /// Whether the set is empty.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// What is in either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

//! How a kind declares its attributes, once; everything else about an attribute derives from it.

use crate::model::value::Syntax;

/// The number of an attribute, unique over all kinds. Built-in ones are `kind number × 256 + own number` and
/// never change; custom ones start at [`AttrId::FIRST_CUSTOM`] and are handed out by the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttrId(pub u32);

impl AttrId {
    /// The first number of a custom attribute.
    pub const FIRST_CUSTOM: u32 = 1 << 20;

    /// The number as the database holds it.
    pub fn number(self) -> i64 {
        i64::from(self.0)
    }

    /// Whether a client declared it.
    pub fn is_custom(self) -> bool {
        self.0 >= Self::FIRST_CUSTOM
    }
}

/// Who may set an attribute through the general create and update operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// At creation and later.
    ReadWrite,
    /// At creation only.
    CreateOnly,
    /// Only the server, in a rule or a special operation.
    ServerSet,
    /// Nobody: computed when the entity is answered, never stored.
    Derived,
}

/// How an attribute can be searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Index {
    /// Not at all.
    None,
    /// By its key in the attribute index, or by the reference table.
    Search,
    /// Not yet: keys are written as for [`Index::Search`], but older entities are still without.
    Building,
    /// Through another table (an entity name by the tree, an organization's name by its id, an id).
    Derived,
}

impl Index {
    /// Whether values have keys in the attribute index.
    #[must_use]
    pub fn has_keys(self) -> bool {
        matches!(self, Self::Search | Self::Building)
    }
}

/// What happens to a reference when its target is deleted (contract: what a delete does to references).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnDelete {
    /// The delete is refused.
    Restrict,
    /// The referring entity goes too.
    Cascade,
    /// Refused, unless a whole subtree is deleted with all below it.
    Subtree,
    /// The value is taken out; the kind's rule decides what the last one means.
    RemoveValue,
    /// The value stays as the text of the id.
    ToText,
}

/// The declaration of one built-in attribute.
#[derive(Debug)]
pub struct AttrDef {
    /// Number within the kind, 1–255; never reused.
    pub number: u8,
    /// The name on the wire, case-sensitive.
    pub name: &'static str,
    /// The shape of a value.
    pub syntax: Syntax,
    /// Whether it may have several values.
    pub many: bool,
    /// Whether an entity must have it.
    pub required: bool,
    /// How it is searched.
    pub index: Index,
    /// Who may set it.
    pub access: Access,
    /// Whether only clients with the `disclose` verb see it, and audit records mask it.
    pub sensitive: bool,
    /// Preference as the driving term of a search: lower is more selective.
    pub rank: u8,
    /// One sentence for the reference documentation.
    pub doc: &'static str,
}

impl AttrDef {
    /// An optional, searchable, single-valued text attribute of at most 255 characters; a base for the rest.
    pub const TEXT: Self = Self {
        number: 0,
        name: "",
        syntax: Syntax::Text { max: 255, ignore_case: false },
        many: false,
        required: false,
        index: Index::Search,
        access: Access::ReadWrite,
        sensitive: false,
        rank: 50,
        doc: "",
    };
}

//! The rows of the derived tables that follow from an entity: search keys, unique keys, references.
//!
//! Used when an entity is written, when the derived tables are rebuilt and when they are checked, so that all
//! three agree by construction.

use std::collections::BTreeSet;

use uuid::Uuid;

use crate::model::attribute::AttrId;
use crate::model::kind::Unique;
use crate::model::state::Attributes;
use crate::model::{Kind, Registry};

/// A unique key before its scope is known as a row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct UniqueKey {
    /// The attribute that is reported when the key is taken.
    pub attr: AttrId,
    /// The entity within which the key is unique; everywhere when `None`.
    pub scope: Option<Uuid>,
    /// The key.
    pub key: Vec<u8>,
}

/// Everything that follows from one entity's attributes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Derived {
    /// Search keys, each once, ordered.
    pub index: BTreeSet<(AttrId, Vec<u8>)>,
    /// Unique keys, ordered.
    pub unique: BTreeSet<UniqueKey>,
    /// References, each once, ordered.
    pub references: BTreeSet<(AttrId, Uuid)>,
}

/// Computes what follows from `attributes` of an entity of `kind`.
pub fn derive(kind: Kind, attributes: &Attributes, registry: &Registry) -> Derived {
    let mut derived = Derived::default();
    for (attr, values) in attributes.iter() {
        let searched = registry.numbered(attr).is_some_and(|a| a.index.has_keys());
        for value in values {
            if let Some(to) = value.as_ref() {
                derived.references.insert((attr, to.id));
            } else if searched && let Some(key) = value.key() {
                derived.index.insert((attr, key));
            }
        }
    }
    derived.unique =
        kind.def().unique.iter().filter_map(|unique| unique_key(kind, unique, attributes)).collect();
    derived
}

fn unique_key(kind: Kind, unique: &Unique, attributes: &Attributes) -> Option<UniqueKey> {
    let attr = kind.own_attr(unique.attr);
    let scope = match unique.within {
        None => None,
        Some(within) => attributes.reference(kind.own_attr(within)).map(|to| to.id),
    };
    let mut key = attributes.first(attr)?.unique_key(unique.ignore_case);
    if let Some(with) = unique.with {
        // References have keys of one length, so that no two pairs come out alike.
        key.extend(attributes.first(kind.own_attr(with))?.unique_key(false));
    }
    Some(UniqueKey { attr, scope, key })
}

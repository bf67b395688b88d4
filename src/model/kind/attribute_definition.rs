//! Custom attributes as a kind: for grants, paths and wire names. They are rows of the attribute table, not entities
//! (contract: Custom attributes).

use crate::model::kind::{KindDef, NaturalKey, Scope};
use crate::model::rules::NoRules;

/// The declaration.
pub static KIND: KindDef = KindDef {
    name: "attributedefinition",
    root: "AttributeDefinition",
    list: "AttributeDefinitions",
    path: "",
    attrs: &[],
    seed_attrs: 0,
    unique: &[],
    scope: Scope::None,
    natural_key: NaturalKey::None,
    write_aliases: &[],
    aliases: &[],
    parameters: &[],
    lists_entities: false,
    administrative: true,
    rules: &NoRules,
    doc: "A custom attribute of a kind.",
};

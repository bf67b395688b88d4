//! Custom attributes as a kind: for grants, paths and wire names. They are rows of the attribute table, not entities
//! (contract: Custom attributes).

use crate::model::kind::{KindDef, NaturalKey, Scope};
use crate::model::rules::NoRules;

/// The names of what a declared attribute shows, in the order of the answer.
pub const FIELDS: [&str; 6] = ["id", "kind", "name", "indexed", "many", "state"];

/// The declaration.
pub static KIND: KindDef = KindDef {
    name: "attributedefinition",
    root: "AttributeDefinition",
    list: "AttributeDefinitions",
    path: "attributes",
    attrs: &[],
    seed_attrs: 0,
    unique: &[],
    scope: Scope::None,
    natural_key: NaturalKey::None,
    write_aliases: &[],
    aliases: &[],
    parameters: &["kind", "name", "indexed", "many"],
    lists_entities: true,
    administrative: true,
    rules: &NoRules,
    doc: "A custom attribute of a kind.",
};

//! Workflows: a registration or a request for roles that awaits approval (contract: Role invitations and workflows).

use crate::model::kind::{KindDef, NaturalKey, Scope};
use crate::model::rules::NoRules;

/// The declaration.
pub static KIND: KindDef = KindDef {
    name: "workflow",
    root: "Workflow",
    list: "Workflows",
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
    administrative: false,
    rules: &NoRules,
    doc: "A registration or request for roles that awaits approval.",
};

//! Mandate templates: named sets of roles and validity that a mandate can be made from (contract: Mandates).

use crate::model::kind::{KindDef, NaturalKey, Scope};
use crate::model::rules::NoRules;

/// The declaration.
pub static KIND: KindDef = KindDef {
    name: "mandatetemplate",
    root: "MandateTemplate",
    list: "MandateTemplates",
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
    doc: "A named set of roles and validity for mandates.",
};

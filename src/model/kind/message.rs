//! Mails as a kind: for grants, paths and wire names. They are rows of the outbox table, not entities (contract: Role
//! invitations and workflows).

use crate::model::kind::{KindDef, NaturalKey, Scope};
use crate::model::rules::NoRules;

/// The declaration.
pub static KIND: KindDef = KindDef {
    name: "message",
    root: "Message",
    list: "Messages",
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
    doc: "A mail in the outbox.",
};

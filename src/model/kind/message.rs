//! Mails as a kind: for grants, paths and wire names. They are rows of the outbox table, not entities (contract: Role
//! invitations and workflows).

use crate::model::kind::{KindDef, NaturalKey, Scope};
use crate::model::rules::NoRules;

/// The names of what a mail shows, in the order of the answer.
pub const FIELDS: [&str; 9] =
    ["id", "recipient", "subject", "body", "state", "attempts", "due", "created", "lastError"];

/// The declaration.
pub static KIND: KindDef = KindDef {
    name: "message",
    root: "Message",
    list: "Messages",
    path: "outbox",
    attrs: &[],
    seed_attrs: 0,
    unique: &[],
    scope: Scope::None,
    natural_key: NaturalKey::None,
    write_aliases: &[],
    aliases: &[],
    parameters: &["recipient", "state"],
    lists_entities: true,
    administrative: true,
    rules: &NoRules,
    doc: "A mail in the outbox, with its text until it was sent.",
};

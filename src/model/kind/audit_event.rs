//! Audit events as a kind: for grants, paths and wire names. The records themselves stand in the audit table
//! and are written by the audit room only; there is no operation that changes one.

use crate::model::kind::{KindDef, NaturalKey, Scope};
use crate::model::rules::NoRules;

/// The declaration.
pub static KIND: KindDef = KindDef {
    name: "auditevent",
    root: "AuditEvent",
    list: "AuditEvents",
    path: "auditevents",
    attrs: &[],
    seed_attrs: 0,
    unique: &[],
    scope: Scope::None,
    natural_key: NaturalKey::None,
    write_aliases: &[],
    aliases: &[],
    parameters: &[
        "eventId",
        "moduleId",
        "category",
        "client",
        "kind",
        "entityId",
        "referenceId",
        "from",
        "to",
    ],
    lists_entities: true,
    administrative: true,
    rules: &NoRules,
    doc: "A record of a change or refusal.",
};

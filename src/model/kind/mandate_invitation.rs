//! Mandate invitations: a mandate offered to somebody who is not registered yet (contract: Mandates).

use crate::model::kind::{KindDef, NaturalKey, Scope};
use crate::model::rules::NoRules;

/// The declaration.
pub static KIND: KindDef = KindDef {
    name: "mandateinvitation",
    root: "MandateInvitation",
    list: "MandateInvitations",
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
    doc: "An offer of a mandate to an e-mail address.",
};

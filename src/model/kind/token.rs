//! Access tokens of API clients; the token itself stands hashed in the secret store, never in an attribute
//! (contract: Credentials).

use crate::model::kind::{KindDef, NaturalKey, Scope};
use crate::model::rules::NoRules;

/// The declaration.
pub static KIND: KindDef = KindDef {
    name: "token",
    root: "Token",
    list: "Tokens",
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
    doc: "An access token of an API client.",
};

//! Access tokens of API clients. The token itself stands hashed in the secret store, never in an attribute: this is
//! what can be listed, and deleted to revoke it.

use crate::model::attribute::{Access, AttrDef, AttrId, OnDelete};
use crate::model::kind::{Kind, KindDef, NaturalKey, Scope};
use crate::model::rules::{Context, Rules};
use crate::model::value::Syntax;
use crate::model::{Attributes, Error, Value};

/// The client it stands for.
pub const CLIENT: AttrId = Kind::Token.own_attr(1);
/// What it was made for, in its maker's words.
pub const NAME: AttrId = Kind::Token.own_attr(2);
/// The first instant at which it is no longer good.
pub const EXPIRES: AttrId = Kind::Token.own_attr(3);
/// The client that made it.
pub const CREATED_BY: AttrId = Kind::Token.own_attr(4);

static CLIENT_TARGETS: [(Kind, OnDelete); 1] = [(Kind::ApiClient, OnDelete::Cascade)];

static ATTRS: [AttrDef; 4] = [
    AttrDef {
        number: 1,
        name: "client",
        syntax: Syntax::Reference(&CLIENT_TARGETS),
        required: true,
        access: Access::CreateOnly,
        rank: 10,
        doc: "Client it stands for; unless given, the one that asks.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 2,
        name: "name",
        access: Access::CreateOnly,
        rank: 20,
        doc: "What it is for, in the words of whoever asks.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 3,
        name: "expires",
        syntax: Syntax::Instant,
        required: true,
        access: Access::CreateOnly,
        rank: 60,
        doc: "First instant at which it is no longer good; `ttl` gives it as seconds from now.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 4,
        name: "createdBy",
        access: Access::ServerSet,
        rank: 40,
        doc: "Name of the client that made it.",
        ..AttrDef::TEXT
    },
];

/// The declaration.
pub static KIND: KindDef = KindDef {
    name: "token",
    root: "Token",
    list: "Tokens",
    path: "tokens",
    attrs: &ATTRS,
    seed_attrs: 4,
    unique: &[],
    scope: Scope::Ref(1),
    natural_key: NaturalKey::None,
    write_aliases: &[],
    aliases: &[],
    parameters: &["ttl", "token"],
    lists_entities: true,
    administrative: true,
    rules: &TokenRules,
    doc: "An access token of an API client.",
};

struct TokenRules;

impl Rules for TokenRules {
    fn complete(&self, new: &mut Attributes, context: &Context<'_>) -> Result<(), Error> {
        if new.first(CREATED_BY).is_none() {
            new.put(CREATED_BY, Value::text(context.client));
        }
        Ok(())
    }
}

/// The first instant at which a token is no longer good, microseconds.
pub fn expires(token: &Attributes) -> i64 {
    match token.first(EXPIRES) {
        Some(Value::Instant(at)) => *at,
        _ => i64::MIN,
    }
}

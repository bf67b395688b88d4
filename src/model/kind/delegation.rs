//! Delegations: roles of a received mandate passed on to a user of the receiving organization. They live as long as
//! their mandate and give no more than it does; making and ending them is `operation/delegate.rs`.

use crate::model::attribute::{Access, AttrDef, AttrId, OnDelete};
use crate::model::kind::{Kind, KindDef, NaturalKey, Scope, Unique};
use crate::model::rules::NoRules;
use crate::model::value::Syntax;

/// The mandate that is passed on.
pub const MANDATE: AttrId = Kind::Delegation.own_attr(1);
/// The user it is passed on to.
pub const USER: AttrId = Kind::Delegation.own_attr(2);
/// The roles passed on.
pub const ROLE: AttrId = Kind::Delegation.own_attr(3);
/// The client that made it.
pub const CREATED_BY: AttrId = Kind::Delegation.own_attr(4);

static ATTRS: [AttrDef; 4] = [
    AttrDef {
        number: 1,
        name: "mandate",
        syntax: Syntax::Reference(&[(Kind::Mandate, OnDelete::Cascade)]),
        access: Access::ServerSet,
        rank: 20,
        doc: "Mandate that is passed on; the one in the address.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 2,
        name: "user",
        syntax: Syntax::Reference(&[(Kind::User, OnDelete::Cascade)]),
        required: true,
        access: Access::CreateOnly,
        rank: 21,
        doc: "User it is passed on to; of the organization that received the mandate, or of one below it.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 3,
        name: "role",
        syntax: Syntax::Reference(&[(Kind::Role, OnDelete::Restrict)]),
        many: true,
        access: Access::CreateOnly,
        rank: 22,
        doc: "Roles passed on; all of the mandate by default.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 4,
        name: "createdBy",
        access: Access::ServerSet,
        rank: 42,
        doc: "Client that made the delegation.",
        ..AttrDef::TEXT
    },
];

/// The declaration.
pub static KIND: KindDef = KindDef {
    name: "delegation",
    root: "Delegation",
    list: "Delegations",
    path: "delegations",
    attrs: &ATTRS,
    seed_attrs: 4,
    unique: &[Unique { attr: 2, within: Some(1), ignore_case: false, with: None }],
    scope: Scope::Ref(1),
    natural_key: NaturalKey::None,
    write_aliases: &[],
    aliases: &[],
    parameters: &["id"],
    lists_entities: true,
    administrative: false,
    rules: &NoRules,
    doc: "Roles of a received mandate passed on to a user of the receiving organization.",
};

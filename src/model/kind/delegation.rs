//! Delegations: roles of a received mandate passed on to a user of the receiving organization.
//!
//! REQ007 lists the mandates delegated to a user, so the kind exists; its own addresses and rules come with the
//! mandate life cycle.

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

const LINK: AttrDef = AttrDef { required: true, access: Access::CreateOnly, ..AttrDef::TEXT };

static ATTRS: [AttrDef; 3] = [
    AttrDef {
        number: 1,
        name: "mandate",
        syntax: Syntax::Reference(&[(Kind::Mandate, OnDelete::Cascade)]),
        doc: "Mandate that is passed on.",
        ..LINK
    },
    AttrDef {
        number: 2,
        name: "user",
        syntax: Syntax::Reference(&[(Kind::User, OnDelete::Cascade)]),
        doc: "User it is passed on to.",
        ..LINK
    },
    AttrDef {
        number: 3,
        name: "role",
        syntax: Syntax::Reference(&[(Kind::Role, OnDelete::Restrict)]),
        many: true,
        doc: "Roles passed on.",
        ..LINK
    },
];

/// The declaration.
pub static KIND: KindDef = KindDef {
    name: "delegation",
    root: "Delegation",
    list: "Delegations",
    path: "",
    attrs: &ATTRS,
    seed_attrs: 3,
    unique: &[Unique { attr: 2, within: Some(1), ignore_case: false }],
    scope: Scope::Ref(1),
    natural_key: NaturalKey::None,
    write_aliases: &[],
    aliases: &[],
    parameters: &[],
    lists_entities: false,
    administrative: false,
    rules: &NoRules,
    doc: "Internal: roles of a received mandate passed on to a user.",
};

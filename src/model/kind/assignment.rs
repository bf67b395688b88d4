//! Assignments: the internal link between a user and a role, an entity of its own so that assigning a role
//! changes neither the user's nor the role's version. Has no address.

use crate::model::attribute::{Access, AttrDef, AttrId, OnDelete};
use crate::model::kind::{Kind, KindDef, NaturalKey, Scope, Unique};
use crate::model::rules::NoRules;
use crate::model::value::Syntax;

/// The user that has the role.
pub const USER: AttrId = Kind::Assignment.own_attr(1);
/// The role.
pub const ROLE: AttrId = Kind::Assignment.own_attr(2);

const LINK: AttrDef = AttrDef { required: true, access: Access::CreateOnly, ..AttrDef::TEXT };

static ATTRS: [AttrDef; 2] = [
    AttrDef {
        number: 1,
        name: "user",
        syntax: Syntax::Reference(&[(Kind::User, OnDelete::Cascade)]),
        doc: "User that has the role.",
        ..LINK
    },
    AttrDef {
        number: 2,
        name: "role",
        syntax: Syntax::Reference(&[(Kind::Role, OnDelete::Cascade)]),
        doc: "Role that is assigned.",
        ..LINK
    },
];

/// The declaration.
pub static KIND: KindDef = KindDef {
    name: "assignment",
    root: "Assignment",
    list: "Assignments",
    path: "",
    attrs: &ATTRS,
    seed_attrs: 2,
    unique: &[Unique { attr: 2, within: Some(1), ignore_case: false, with: None }],
    scope: Scope::Ref(2),
    natural_key: NaturalKey::None,
    write_aliases: &[],
    aliases: &[],
    parameters: &[],
    lists_entities: false,
    administrative: false,
    rules: &NoRules,
    doc: "Internal: a role assigned to a user.",
};

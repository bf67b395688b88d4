//! Which role may call which action, and in which tenant that is said (contract: Roles, actions and the authorization
//! decision).

use crate::model::Error;
use crate::model::attribute::{Access, AttrDef, AttrId, OnDelete};
use crate::model::kind::{Kind, KindDef, NaturalKey, Scope, Unique};
use crate::model::rules::Rules;
use crate::model::state::Given;
use crate::model::value::Syntax;

/// Role that may.
pub const ROLE: AttrId = Kind::RoleAction.own_attr(1);
/// Action that it may call.
pub const ACTION: AttrId = Kind::RoleAction.own_attr(2);
/// Tenant in which, and below which, it may.
pub const TENANT: AttrId = Kind::RoleAction.own_attr(3);
/// Code of the action, as the tables of origin repeat it.
pub const ACTION_CODE: AttrId = Kind::RoleAction.own_attr(4);

/// The most characters of a tenant's name.
pub const TENANT_MAX: usize = 256;
/// The most characters of a role's code.
pub const CODE_MAX: usize = 64;

/// Declares a reference that is fixed at creation.
const FIXED: AttrDef = AttrDef { access: Access::CreateOnly, required: true, ..AttrDef::TEXT };

static ATTRS: [AttrDef; 4] = [
    AttrDef {
        number: 1,
        name: "role",
        syntax: Syntax::Reference(&[(Kind::Role, OnDelete::Cascade)]),
        rank: 20,
        doc: "Role that may, by id, entity name, or its code in the tenant or above.",
        ..FIXED
    },
    AttrDef {
        number: 2,
        name: "action",
        syntax: Syntax::Reference(&[(Kind::Action, OnDelete::Cascade)]),
        rank: 21,
        doc: "Action that it may call, by id, TENANT:NUMBER, or its number in the tenant or above.",
        ..FIXED
    },
    AttrDef {
        number: 3,
        name: "tenant",
        syntax: Syntax::Reference(&[(Kind::Organization, OnDelete::Cascade)]),
        rank: 35,
        doc: "Tenant in which, and below which, it may: an organization's id, entity name, or its name with dots.",
        ..FIXED
    },
    AttrDef {
        number: 4,
        name: "actionCode",
        rank: 45,
        doc: "Code of the action, as the tables of origin repeat it; nothing depends on it.",
        ..AttrDef::TEXT
    },
];

/// The declaration.
pub static KIND: KindDef = KindDef {
    name: "roleaction",
    root: "RoleAction",
    list: "RoleActions",
    path: "roleactions",
    attrs: &ATTRS,
    seed_attrs: 4,
    unique: &[Unique { attr: 2, within: Some(1), ignore_case: false, with: Some(3) }],
    scope: Scope::Ref(3),
    natural_key: NaturalKey::None,
    write_aliases: &[],
    aliases: &[],
    parameters: &["id"],
    lists_entities: true,
    administrative: false,
    rules: &RoleActionRules,
    doc: "Which role may call which action in a tenant.",
};

struct RoleActionRules;

impl Rules for RoleActionRules {
    fn given(&self, given: &[(AttrId, Vec<Given>)], _creating: bool) -> Result<(), Error> {
        check_tenant(given, TENANT)?;
        check_code(given, ROLE)
    }
}

fn named(given: &[(AttrId, Vec<Given>)], attr: AttrId) -> impl Iterator<Item = &str> {
    let values = given.iter().filter(move |(known, _)| *known == attr).flat_map(|(_, values)| values);
    values.filter_map(|value| match value {
        Given::Reference(text) => Some(&**text),
        Given::Value(_) => None,
    })
}

/// Error 1 when the name of a tenant is longer than any.
pub(super) fn check_tenant(given: &[(AttrId, Vec<Given>)], attr: AttrId) -> Result<(), Error> {
    if named(given, attr).any(|text| text.chars().count() > TENANT_MAX) {
        return Err(Error::invalid("tenant", format!("expected at most {TENANT_MAX} characters")));
    }
    Ok(())
}

/// Error 1 when the code of a role is longer than any; an entity name may be.
pub(super) fn check_code(given: &[(AttrId, Vec<Given>)], attr: AttrId) -> Result<(), Error> {
    if named(given, attr).any(|text| !text.contains('/') && text.chars().count() > CODE_MAX) {
        return Err(Error::invalid("role", format!("expected a code of at most {CODE_MAX} characters")));
    }
    Ok(())
}

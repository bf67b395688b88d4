//! Which role has which feature, and in which tenant that is said (contract: Roles, actions and the authorization
//! decision).

use crate::model::Error;
use crate::model::attribute::{Access, AttrDef, AttrId, OnDelete};
use crate::model::kind::{Kind, KindDef, NaturalKey, Scope, Unique};
use crate::model::rules::Rules;
use crate::model::state::Given;
use crate::model::value::Syntax;

/// Feature.
pub const FEATURE: AttrId = Kind::FeatureRole.own_attr(1);
/// Role that has it.
pub const ROLE: AttrId = Kind::FeatureRole.own_attr(2);
/// Tenant in which, and below which, it has.
pub const TENANT: AttrId = Kind::FeatureRole.own_attr(3);

const FIXED: AttrDef = AttrDef { access: Access::CreateOnly, required: true, ..AttrDef::TEXT };

static ATTRS: [AttrDef; 3] = [
    AttrDef {
        number: 1,
        name: "feature",
        syntax: Syntax::Reference(&[(Kind::Feature, OnDelete::Cascade)]),
        rank: 21,
        doc: "Feature, by id, TENANT:CODE, or its code in the tenant or above.",
        ..FIXED
    },
    AttrDef {
        number: 2,
        name: "role",
        syntax: Syntax::Reference(&[(Kind::Role, OnDelete::Cascade)]),
        rank: 20,
        doc: "Role that has it, by id, entity name, or its code in the tenant or above.",
        ..FIXED
    },
    AttrDef {
        number: 3,
        name: "tenant",
        syntax: Syntax::Reference(&[(Kind::Organization, OnDelete::Cascade)]),
        rank: 35,
        doc: "Tenant in which, and below which, it has: an organization's id, entity name, or its name with dots.",
        ..FIXED
    },
];

/// The declaration.
pub static KIND: KindDef = KindDef {
    name: "featurerole",
    root: "FeatureRole",
    list: "FeatureRoles",
    path: "featureroles",
    attrs: &ATTRS,
    seed_attrs: 3,
    unique: &[Unique { attr: 2, within: Some(1), ignore_case: false, with: Some(3) }],
    scope: Scope::Ref(3),
    natural_key: NaturalKey::None,
    write_aliases: &[],
    aliases: &[],
    parameters: &["id"],
    lists_entities: true,
    administrative: false,
    rules: &FeatureRoleRules,
    doc: "Which role has which feature in a tenant.",
};

struct FeatureRoleRules;

impl Rules for FeatureRoleRules {
    fn given(&self, given: &[(AttrId, Vec<Given>)], _creating: bool) -> Result<(), Error> {
        super::role_action::check_tenant(given, TENANT)?;
        super::role_action::check_code(given, ROLE)
    }
}

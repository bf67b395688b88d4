//! Features: services taken together under a code, so that a role is mapped to all their actions at once (contract:
//! Roles, actions and the authorization decision).

use crate::model::attribute::{Access, AttrDef, AttrId, OnDelete};
use crate::model::kind::{Kind, KindDef, NaturalKey, Scope, Unique};
use crate::model::rules::{Context, Rules};
use crate::model::state::Given;
use crate::model::value::Syntax;
use crate::model::{Attributes, Error, Stored};

/// Code, unique in the tenant.
pub const CODE: AttrId = Kind::Feature.own_attr(1);
/// Name for people.
pub const NAME: AttrId = Kind::Feature.own_attr(2);
/// What it is for.
pub const DESCRIPTION: AttrId = Kind::Feature.own_attr(3);
/// Services whose actions it stands for.
pub const SERVICE_CODE: AttrId = Kind::Feature.own_attr(4);
/// Tenant that holds it.
pub const TENANT: AttrId = Kind::Feature.own_attr(5);

static ATTRS: [AttrDef; 5] = [
    AttrDef {
        number: 1,
        name: "code",
        required: true,
        rank: 12,
        doc: "Code, unique in its tenant.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 2,
        name: "name",
        syntax: Syntax::Text { max: 255, ignore_case: true },
        rank: 20,
        doc: "Name for people.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 3,
        name: "description",
        syntax: Syntax::Text { max: 2000, ignore_case: false },
        rank: 55,
        doc: "What it is for.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 4,
        name: "serviceCode",
        many: true,
        rank: 30,
        doc: "Services whose actions it stands for; none without one.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 5,
        name: "tenant",
        syntax: Syntax::Reference(&[(Kind::Organization, OnDelete::Cascade)]),
        required: true,
        access: Access::CreateOnly,
        rank: 35,
        doc: "Tenant that holds it: an organization's id, entity name, or its name with dots.",
        ..AttrDef::TEXT
    },
];

/// The declaration.
pub static KIND: KindDef = KindDef {
    name: "feature",
    root: "Feature",
    list: "Features",
    path: "features",
    attrs: &ATTRS,
    seed_attrs: 5,
    unique: &[Unique { attr: 1, within: Some(5), ignore_case: false, with: None }],
    scope: Scope::Ref(5),
    natural_key: NaturalKey::InTenant(1),
    write_aliases: &[],
    aliases: &[],
    parameters: &["id"],
    lists_entities: true,
    administrative: false,
    rules: &FeatureRules,
    doc: "Services taken together, to whose actions roles are mapped at once.",
};

struct FeatureRules;

impl Rules for FeatureRules {
    fn given(&self, given: &[(AttrId, Vec<Given>)], _creating: bool) -> Result<(), Error> {
        super::role_action::check_tenant(given, TENANT)
    }

    fn check(&self, new: &Attributes, _old: Option<&Stored>, _context: &Context<'_>) -> Result<(), Error> {
        let code = new.text(CODE).unwrap_or_default();
        if uuid::Uuid::try_parse(code).is_ok() || code.contains(':') {
            return Err(Error::invalid(
                "code",
                "a code that holds a colon or looks like an id would never be found",
            ));
        }
        Ok(())
    }
}

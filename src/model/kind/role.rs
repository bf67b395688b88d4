//! Roles: named within one organization (contract: Roles; REQ005, REQ051).

use uuid::Uuid;

use crate::model::attribute::{Access, AttrDef, AttrId, Index, OnDelete};
use crate::model::kind::{Kind, KindDef, NaturalKey, Scope, Unique};
use crate::model::rules::{Context, Rules};
use crate::model::value::Syntax;
use crate::model::visible::Names;
use crate::model::{Attributes, Error, Stored, Value};

/// The name within its organization.
pub const NAME: AttrId = Kind::Role.own_attr(1);
/// The organization's entity name, `/` and the name (derived).
pub const ENTITY_NAME: AttrId = Kind::Role.own_attr(2);
/// The name for people.
pub const FRIENDLY_NAME: AttrId = Kind::Role.own_attr(3);
/// What the role is for.
pub const DESCRIPTION: AttrId = Kind::Role.own_attr(4);
/// The organization it belongs to.
pub const ORGANIZATION: AttrId = Kind::Role.own_attr(5);
/// The roles that having it gives too.
pub const INCLUDES: AttrId = Kind::Role.own_attr(6);

static ATTRS: [AttrDef; 6] = [
    AttrDef {
        number: 1,
        name: "name",
        required: true,
        rank: 20,
        doc: "Name, unique in its organization: letters, digits, space, äöåÄÖÅ and , . _ -",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 2,
        name: "entityName",
        syntax: Syntax::Text { max: 8192, ignore_case: true },
        access: Access::Derived,
        index: Index::Derived,
        rank: 10,
        doc: "Entity name of the organization, / and the name.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 3,
        name: "friendlyName",
        syntax: Syntax::Text { max: 255, ignore_case: true },
        rank: 21,
        doc: "Name for people.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 4,
        name: "description",
        syntax: Syntax::Text { max: 2000, ignore_case: false },
        rank: 51,
        doc: "What the role is for.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 5,
        name: "organization",
        syntax: Syntax::Reference(&[(Kind::Organization, OnDelete::Cascade)]),
        required: true,
        access: Access::CreateOnly,
        rank: 30,
        doc: "Organization it belongs to.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 6,
        name: "includes",
        syntax: Syntax::Reference(&[(Kind::Role, OnDelete::Restrict)]),
        many: true,
        rank: 31,
        doc: "Roles, of whichever organization, that having it gives too; never itself, directly or through others.",
        ..AttrDef::TEXT
    },
];

/// The declaration.
pub static KIND: KindDef = KindDef {
    name: "role",
    root: "Role",
    list: "Roles",
    path: "roles",
    attrs: &ATTRS,
    seed_attrs: 2,
    unique: &[Unique { attr: 1, within: Some(5), ignore_case: false, with: None }],
    scope: Scope::Ref(5),
    natural_key: NaturalKey::EntityName,
    write_aliases: &[],
    aliases: &[("organizationId", "organization")],
    parameters: &["id"],
    lists_entities: true,
    administrative: false,
    rules: &RoleRules,
    doc: "A role of an organization, given to users by assignment, mandate or invitation.",
};

struct RoleRules;

impl Rules for RoleRules {
    fn check(&self, new: &Attributes, _old: Option<&Stored>, _context: &Context<'_>) -> Result<(), Error> {
        check_name("name", new.text(NAME).unwrap_or_default())
    }

    fn named(&self, stored: &Stored) -> Vec<Uuid> {
        stored.attributes().reference(ORGANIZATION).map(|to| to.id).into_iter().collect()
    }

    fn derived(&self, stored: &Stored, attr: AttrId, names: &dyn Names) -> Option<Vec<Value>> {
        if attr != ENTITY_NAME {
            return None;
        }
        let organization =
            stored.attributes().reference(ORGANIZATION).and_then(|to| names.organization(to.id));
        let name = stored.attributes().text(NAME).unwrap_or_default();
        let full = organization.map(|organization| Value::text(format!("{}/{name}", organization.entity)));
        Some(full.into_iter().collect())
    }
}

/// Error 1 unless `name` is a well-formed role name; `parameter` names it in the message.
pub fn check_name(parameter: &str, name: &str) -> Result<(), Error> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || " äöåÄÖÅ,._-".contains(c);
    if name.trim().is_empty() || !name.chars().all(allowed) {
        return Err(Error::invalid(parameter, "expected letters, digits, space, äöåÄÖÅ and , . _ -"));
    }
    Ok(())
}

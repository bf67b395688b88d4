//! Organizations: a tree of normal and virtual ones below one root (contract: Organizations; MOD001, MOD003,
//! REQ003, REQ004).

use uuid::Uuid;

use crate::model::attribute::{Access, AttrDef, AttrId, Index, OnDelete};
use crate::model::kind::{Kind, KindDef, NaturalKey, Scope, Unique};
use crate::model::rules::{Context, OrganizationClass, Rules};
use crate::model::value::Syntax;
use crate::model::visible::Names;
use crate::model::{Attributes, Error, Stored, Value};

/// The path of technical names (derived).
pub const ENTITY_NAME: AttrId = Kind::Organization.own_attr(1);
/// The name for people.
pub const FRIENDLY_NAME: AttrId = Kind::Organization.own_attr(2);
/// The class.
pub const CLASS: AttrId = Kind::Organization.own_attr(3);
/// The virtual organizations it belongs to.
pub const MEMBERSHIPS: AttrId = Kind::Organization.own_attr(4);
/// The name among its siblings.
pub const TECHNICAL_NAME: AttrId = Kind::Organization.own_attr(5);
/// Whether it is virtual.
pub const VIRTUAL: AttrId = Kind::Organization.own_attr(6);
/// The parent; only the root has none.
pub const PARENT: AttrId = Kind::Organization.own_attr(7);

/// The technical name of the one root organization, reserved among its children.
pub const ROOT_NAME: &str = "root";

const NAME: AttrDef = AttrDef { syntax: Syntax::Text { max: 255, ignore_case: true }, ..AttrDef::TEXT };

static ATTRS: [AttrDef; 7] = [
    AttrDef {
        number: 1,
        name: "entityName",
        syntax: Syntax::Text { max: 8192, ignore_case: true },
        access: Access::Derived,
        index: Index::Derived,
        rank: 10,
        doc: "Path of technical names below the root, joined by /.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 2,
        name: "friendlyName",
        rank: 12,
        doc: "Name for people; the technical name by default.",
        ..NAME
    },
    AttrDef {
        number: 3,
        name: "organizationClass",
        syntax: Syntax::Class,
        rank: 40,
        doc: "Configured class.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 4,
        name: "memberships",
        syntax: Syntax::Reference(&[(Kind::Organization, OnDelete::RemoveValue)]),
        many: true,
        rank: 30,
        doc: "Entity names of the virtual organizations it belongs to.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 5,
        name: "technicalName",
        required: true,
        access: Access::CreateOnly,
        rank: 11,
        doc: "Name among its siblings, without /; the entity's own id by default.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 6,
        name: "virtual",
        syntax: Syntax::Boolean,
        access: Access::CreateOnly,
        rank: 50,
        doc: "Whether the organization is virtual.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 7,
        name: "parent",
        syntax: Syntax::Reference(&[(Kind::Organization, OnDelete::Subtree)]),
        access: Access::CreateOnly,
        rank: 31,
        doc: "Parent organization; only the root has none.",
        ..AttrDef::TEXT
    },
];

/// The declaration.
pub static KIND: KindDef = KindDef {
    name: "organization",
    root: "Organization",
    list: "Organizations",
    path: "organizations",
    attrs: &ATTRS,
    seed_attrs: 4,
    unique: &[Unique { attr: 5, within: Some(7), ignore_case: false, with: None }],
    scope: Scope::Own,
    natural_key: NaturalKey::EntityName,
    write_aliases: &[],
    aliases: &[("organizationType", "organizationClass"), ("parentOrganizationId", "parent")],
    parameters: &["id"],
    lists_entities: true,
    administrative: false,
    rules: &OrganizationRules,
    doc: "A normal or virtual organization in the tree below the root.",
};

struct OrganizationRules;

impl Rules for OrganizationRules {
    fn complete(&self, new: &mut Attributes, context: &Context<'_>) -> Result<(), Error> {
        if new.text(TECHNICAL_NAME).is_none_or(str::is_empty) {
            new.put(TECHNICAL_NAME, Value::text(context.id.to_string()));
        }
        let technical = new.text(TECHNICAL_NAME).unwrap_or_default().to_owned();
        if new.text(FRIENDLY_NAME).is_none_or(str::is_empty) {
            new.put(FRIENDLY_NAME, Value::text(technical));
        }
        if new.first(VIRTUAL).is_none() {
            new.put(VIRTUAL, Value::Bool(false));
        }
        if new.first(CLASS).is_none()
            && let Some(class) = context.settings.default_class(new.flag(VIRTUAL))
        {
            new.put(CLASS, Value::text(class.name.as_str()));
        }
        Ok(())
    }

    fn check(&self, new: &Attributes, old: Option<&Stored>, context: &Context<'_>) -> Result<(), Error> {
        // In the contract's order of checks: arguments, parents, configuration, names that are taken.
        let class = chosen_class(new, old, context)?;
        if old.is_none() {
            check_technical_name(new, context)?;
        }
        let parent = context.with.of(new, PARENT);
        if let Some(parent) = parent {
            check_parent(new, parent)?;
        }
        if new.values(MEMBERSHIPS).iter().filter_map(Value::as_ref).any(|to| to.id == context.id) {
            return Err(Error::reference("memberships", "expected other organizations than itself"));
        }
        let of_normal = new.values(MEMBERSHIPS).iter().filter_map(Value::as_ref).any(|to| {
            context.with.get(to.id).is_some_and(|organization| !organization.attributes().flag(VIRTUAL))
        });
        if of_normal {
            return Err(Error::ParentNotVirtual { parameter: "memberships".into() });
        }
        if let Some(class) = class {
            check_class(new, class)?;
        }
        let below_root = parent.is_some_and(|parent| parent.attributes().first(PARENT).is_none());
        if old.is_none() && below_root && new.text(TECHNICAL_NAME) == Some(ROOT_NAME) {
            return Err(Error::AlreadyExists { parameter: "technicalName".into() });
        }
        Ok(())
    }

    fn named(&self, stored: &Stored) -> Vec<Uuid> {
        let memberships = stored.attributes().values(MEMBERSHIPS).iter().filter_map(Value::as_ref);
        std::iter::once(stored.id()).chain(memberships.map(|to| to.id)).collect()
    }

    fn derived(&self, stored: &Stored, attr: AttrId, names: &dyn Names) -> Option<Vec<Value>> {
        let entity_name = |id| names.organization(id).map(|name| Value::Text(name.entity));
        match attr {
            ENTITY_NAME => Some(entity_name(stored.id()).into_iter().collect()),
            MEMBERSHIPS => {
                let memberships = stored.attributes().values(MEMBERSHIPS).iter().filter_map(Value::as_ref);
                Some(memberships.filter_map(|to| entity_name(to.id)).collect())
            }
            _ => None,
        }
    }
}

/// The class a change chooses; none when it stays. Error 1 when it is not configured.
fn chosen_class<'c>(
    new: &Attributes,
    old: Option<&Stored>,
    context: &Context<'c>,
) -> Result<Option<&'c OrganizationClass>, Error> {
    let name = new.text(CLASS).unwrap_or_default();
    if old.is_some_and(|stored| stored.attributes().text(CLASS) == Some(name)) {
        return Ok(None);
    }
    context.settings.class(name).map(Some).ok_or_else(|| {
        Error::invalid("organizationClass", "expected the name of a configured organization class")
    })
}

fn check_class(new: &Attributes, class: &OrganizationClass) -> Result<(), Error> {
    if class.is_virtual != new.flag(VIRTUAL) {
        let which = if class.is_virtual { "virtual" } else { "normal" };
        return Err(Error::conflict(format!(
            "organizationClass: {} is a class of {which} organizations",
            class.name
        )));
    }
    Ok(())
}

fn check_technical_name(new: &Attributes, context: &Context<'_>) -> Result<(), Error> {
    let name = new.text(TECHNICAL_NAME).unwrap_or_default();
    let is_own_id = name == context.id.to_string();
    if name.contains('/') || name.trim().is_empty() {
        return Err(Error::invalid("technicalName", "expected a name without /"));
    }
    if Uuid::try_parse(name).is_ok() && !is_own_id {
        return Err(Error::invalid("technicalName", "a name shaped as a UUID could be mistaken for an id"));
    }
    Ok(())
}

/// Virtual under either and normal under normal are allowed; normal under virtual is not (MOD001).
pub fn check_parent(new: &Attributes, parent: &Stored) -> Result<(), Error> {
    if parent.attributes().flag(VIRTUAL) && !new.flag(VIRTUAL) {
        return Err(Error::ParentVirtual { parameter: "parentOrganizationId".into() });
    }
    Ok(())
}

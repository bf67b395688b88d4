//! Policy groups: the sets of policies among which partners choose (contract: Policy group and policy).

use uuid::Uuid;

use crate::model::attribute::{AttrDef, AttrId};
use crate::model::kind::{Kind, KindDef, NaturalKey, Scope, Unique};
use crate::model::rules::{Context, Rules};
use crate::model::value::Syntax;
use crate::model::{Attributes, Error, Stored, Value};

/// Name, unique whatever the letter case.
pub const NAME: AttrId = Kind::PolicyGroup.own_attr(1);
/// What it is for.
pub const DESCRIPTION: AttrId = Kind::PolicyGroup.own_attr(2);
/// Whether its policies may be used.
pub const ACTIVE: AttrId = Kind::PolicyGroup.own_attr(3);

/// Whether the policies of a group may be used.
pub fn is_active(group: &Attributes) -> bool {
    group.flag(ACTIVE)
}

static ATTRS: [AttrDef; 3] = [
    AttrDef {
        number: 1,
        name: "name",
        syntax: Syntax::Text { max: 128, ignore_case: true },
        required: true,
        rank: 10,
        doc: "Name, unique whatever the letter case; may stand in the place of the id.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 2,
        name: "desc",
        syntax: Syntax::Text { max: 2000, ignore_case: false },
        rank: 55,
        doc: "What it is for.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 3,
        name: "active",
        syntax: Syntax::Boolean,
        rank: 45,
        doc: "Whether its policies may be used; true unless given.",
        ..AttrDef::TEXT
    },
];

/// The declaration.
pub static KIND: KindDef = KindDef {
    name: "policygroup",
    root: "PolicyGroup",
    list: "PolicyGroups",
    path: "policygroups",
    attrs: &ATTRS,
    seed_attrs: 3,
    unique: &[Unique { attr: 1, within: None, ignore_case: true, with: None }],
    scope: Scope::None,
    natural_key: NaturalKey::Unique(1),
    write_aliases: &[],
    aliases: &[],
    parameters: &[],
    lists_entities: true,
    administrative: false,
    rules: &PolicyGroupRules,
    doc: "A set of policies that partners may ask for.",
};

struct PolicyGroupRules;

impl Rules for PolicyGroupRules {
    fn complete(&self, new: &mut Attributes, _context: &Context<'_>) -> Result<(), Error> {
        if new.first(ACTIVE).is_none() {
            new.put(ACTIVE, Value::Bool(true));
        }
        Ok(())
    }

    fn check(&self, new: &Attributes, _old: Option<&Stored>, _context: &Context<'_>) -> Result<(), Error> {
        if new.text(NAME).is_some_and(|name| Uuid::try_parse(name).is_ok()) {
            return Err(Error::invalid("name", "a name that looks like an id would never be found"));
        }
        Ok(())
    }
}

//! Mandate templates: named sets of roles and validity that a mandate can be made from (contract: Mandates).

use uuid::Uuid;

use crate::model::attribute::{AttrDef, AttrId, OnDelete};
use crate::model::kind::{Kind, KindDef, NaturalKey, Scope, Unique};
use crate::model::rules::{Context, Rules};
use crate::model::value::Syntax;
use crate::model::{Attributes, Error, Stored, Value};

/// The name.
pub const NAME: AttrId = Kind::MandateTemplate.own_attr(1);
/// The roles that a mandate gets.
pub const ROLE: AttrId = Kind::MandateTemplate.own_attr(2);
/// How long a mandate is valid, in days.
pub const VALIDITY: AttrId = Kind::MandateTemplate.own_attr(3);

/// The longest validity, in days: about a century.
const LONGEST: i64 = 36_525;

static ATTRS: [AttrDef; 4] = [
    AttrDef {
        number: 1,
        name: "name",
        required: true,
        rank: 10,
        doc: "Name, unique; may stand in the place of the id.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 2,
        name: "role",
        syntax: Syntax::Reference(&[(Kind::Role, OnDelete::RemoveValue)]),
        many: true,
        rank: 30,
        doc: "Roles that a mandate made from it gives, unless the request names others.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 3,
        name: "validity",
        syntax: Syntax::Integer,
        rank: 40,
        doc: "Days from its beginning after which such a mandate expires; without end when absent.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 4,
        name: "description",
        syntax: Syntax::Text { max: 2000, ignore_case: false },
        rank: 51,
        doc: "What it is for.",
        ..AttrDef::TEXT
    },
];

/// The declaration.
pub static KIND: KindDef = KindDef {
    name: "mandatetemplate",
    root: "MandateTemplate",
    list: "MandateTemplates",
    path: "mandatetemplates",
    attrs: &ATTRS,
    seed_attrs: 4,
    unique: &[Unique { attr: 1, within: None, ignore_case: false, with: None }],
    scope: Scope::None,
    natural_key: NaturalKey::Unique(1),
    write_aliases: &[],
    aliases: &[],
    parameters: &["id"],
    lists_entities: true,
    administrative: false,
    rules: &MandateTemplateRules,
    doc: "A named set of roles and validity that mandates can be made from.",
};

struct MandateTemplateRules;

impl Rules for MandateTemplateRules {
    fn check(&self, new: &Attributes, _old: Option<&Stored>, _context: &Context<'_>) -> Result<(), Error> {
        if new.text(NAME).is_some_and(|name| Uuid::try_parse(name).is_ok()) {
            return Err(Error::invalid("name", "a name that looks like an id would never be found"));
        }
        match new.first(VALIDITY) {
            Some(Value::Int(days)) if !(1..=LONGEST).contains(days) => {
                Err(Error::invalid("validity", format!("expected 1 to {LONGEST} days")))
            }
            _ => Ok(()),
        }
    }
}

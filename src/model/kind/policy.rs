//! Policies: what partners may do, each a JSON document that its type's schema describes (contract: Policy group and policy).

mod state;

use crate::model::attribute::{Access, AttrDef, AttrId, Index, OnDelete};
use crate::model::kind::{Kind, KindDef, NaturalKey, Scope, Unique};
use crate::model::rules::{Context, Rules};
use crate::model::value::{Choice, Syntax};
use crate::model::{Attributes, Error, Stored, Value};

pub use state::{State, Step, has_ended, in_force, is_active};

/// Policy group it belongs to.
pub const POLICY_GROUP: AttrId = Kind::Policy.own_attr(1);
/// Name, unique within its group whatever the letter case.
pub const NAME: AttrId = Kind::Policy.own_attr(2);
/// What it is for.
pub const DESCRIPTION: AttrId = Kind::Policy.own_attr(3);
/// Version of the document.
pub const VERSION: AttrId = Kind::Policy.own_attr(4);
/// Type, one of the configured ones.
pub const TYPE: AttrId = Kind::Policy.own_attr(5);
/// The document, a JSON object.
pub const POLICIES: AttrId = Kind::Policy.own_attr(6);
/// Draft, Published or Deactivated.
pub const STATE: AttrId = Kind::Policy.own_attr(7);
/// First instant at which it is good.
pub const VALID_FROM: AttrId = Kind::Policy.own_attr(8);
/// First instant at which it is no longer good.
pub const VALID_UNTIL: AttrId = Kind::Policy.own_attr(9);

static STATES: [Choice; 3] = [
    Choice { number: None, name: "Draft", technical: "draft" },
    Choice { number: None, name: "Published", technical: "published" },
    Choice { number: None, name: "Deactivated", technical: "deactivated" },
];

const SET: AttrDef = AttrDef { access: Access::ServerSet, ..AttrDef::TEXT };
const FIXED: AttrDef = AttrDef { access: Access::CreateOnly, ..AttrDef::TEXT };

static ATTRS: [AttrDef; 9] = [
    AttrDef {
        number: 1,
        name: "policyGroup",
        syntax: Syntax::Reference(&[(Kind::PolicyGroup, OnDelete::Restrict)]),
        required: true,
        rank: 20,
        doc: "Policy group it belongs to.",
        ..FIXED
    },
    AttrDef {
        number: 2,
        name: "name",
        syntax: Syntax::Text { max: 128, ignore_case: true },
        required: true,
        rank: 10,
        doc: "Name, unique within its group whatever the letter case.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 3,
        name: "desc",
        syntax: Syntax::Text { max: 2000, ignore_case: false },
        rank: 55,
        doc: "What it is for.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 4,
        name: "version",
        syntax: Syntax::Text { max: 64, ignore_case: false },
        rank: 52,
        doc: "Version of the document.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 5,
        name: "policyType",
        syntax: Syntax::Text { max: 64, ignore_case: false },
        required: true,
        rank: 40,
        doc: "Type, one of the configured ones; its JSON Schema describes the document.",
        ..FIXED
    },
    AttrDef {
        number: 6,
        name: "policies",
        syntax: Syntax::Text { max: 65536, ignore_case: false },
        required: true,
        index: Index::None,
        doc: "The document, a JSON object.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 7,
        name: "state",
        syntax: Syntax::Choice(&STATES),
        rank: 42,
        doc: "Draft, Published or Deactivated.",
        ..SET
    },
    AttrDef {
        number: 8,
        name: "validFrom",
        syntax: Syntax::Instant,
        rank: 46,
        doc: "First instant at which it is good; that of its creation unless given.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 9,
        name: "validUntil",
        syntax: Syntax::Instant,
        rank: 47,
        doc: "First instant at which it is no longer good; so many days later as configured unless given.",
        ..AttrDef::TEXT
    },
];

/// The declaration.
pub static KIND: KindDef = KindDef {
    name: "policy",
    root: "Policy",
    list: "Policies",
    path: "policies",
    attrs: &ATTRS,
    seed_attrs: 9,
    unique: &[Unique { attr: 2, within: Some(1), ignore_case: true, with: None }],
    scope: Scope::None,
    natural_key: NaturalKey::None,
    write_aliases: &[],
    aliases: &[],
    parameters: &["status"],
    lists_entities: true,
    administrative: false,
    rules: &PolicyRules,
    doc: "What a partner may do, as a document of its type.",
};

struct PolicyRules;

impl Rules for PolicyRules {
    fn complete(&self, new: &mut Attributes, context: &Context<'_>) -> Result<(), Error> {
        if new.first(STATE).is_none() {
            new.put(STATE, Value::text(State::Draft.name()));
        }
        if new.first(VALID_FROM).is_none() {
            new.put(VALID_FROM, Value::Instant(context.now));
        }
        if let (None, Some(Value::Instant(from))) = (new.first(VALID_UNTIL), new.first(VALID_FROM)) {
            let until = context.settings.policy_end(*from);
            new.put(VALID_UNTIL, Value::Instant(until));
        }
        Ok(())
    }

    fn check(&self, new: &Attributes, _old: Option<&Stored>, _context: &Context<'_>) -> Result<(), Error> {
        match (new.first(VALID_FROM), new.first(VALID_UNTIL)) {
            (Some(Value::Instant(from)), Some(Value::Instant(until))) if from >= until => {
                Err(Error::invalid("validUntil", "must lie behind validFrom"))
            }
            _ => Ok(()),
        }
    }
}

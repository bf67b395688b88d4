//! MISPs: providers of the infrastructure between partners and the service (contract: MISP).

pub mod state;

use crate::model::attribute::{Access, AttrDef, AttrId};
use crate::model::kind::partner::{check_email, check_number};
use crate::model::kind::{DECISIONS, Kind, KindDef, NaturalKey, Scope, Unique};
use crate::model::rules::{Context, Rules};
use crate::model::state::Given;
use crate::model::value::Syntax;
use crate::model::{Attributes, Error, Value};

pub use state::{Decision, Status};

/// Number given at registration, from 100 on.
pub const MISP_ID: AttrId = Kind::Misp.own_attr(1);
/// Name of the organization, unique whatever the letter case.
pub const ORGANIZATION_NAME: AttrId = Kind::Misp.own_attr(2);
/// Telephone number.
pub const CONTACT_NUMBER: AttrId = Kind::Misp.own_attr(3);
/// E-mail address.
pub const EMAIL: AttrId = Kind::Misp.own_attr(4);
/// Postal address.
pub const ADDRESS: AttrId = Kind::Misp.own_attr(5);
/// Whether it was decided, and how.
pub const STATUS: AttrId = Kind::Misp.own_attr(6);
/// Whether it may act.
pub const ACTIVE: AttrId = Kind::Misp.own_attr(7);

const SET: AttrDef = AttrDef { access: Access::ServerSet, ..AttrDef::TEXT };

static ATTRS: [AttrDef; 7] = [
    AttrDef {
        number: 1,
        name: "mispId",
        syntax: Syntax::Text { max: 20, ignore_case: false },
        rank: 5,
        doc: "Number given at registration, from 100 on; stands in the place of the id in paths.",
        ..SET
    },
    AttrDef {
        number: 2,
        name: "organizationName",
        syntax: Syntax::Text { max: 128, ignore_case: true },
        required: true,
        rank: 10,
        doc: "Name of the organization, unique whatever the letter case.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 3,
        name: "contactNumber",
        syntax: Syntax::Telephone,
        rank: 54,
        doc: "Telephone number.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 4,
        name: "emailId",
        syntax: Syntax::Email,
        required: true,
        rank: 11,
        doc: "E-mail address.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 5,
        name: "address",
        syntax: Syntax::Text { max: 2000, ignore_case: false },
        rank: 55,
        doc: "Postal address.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 6,
        name: "status",
        syntax: Syntax::Choice(&DECISIONS),
        rank: 42,
        doc: "InProgress, approved or rejected.",
        ..SET
    },
    AttrDef {
        number: 7,
        name: "active",
        syntax: Syntax::Boolean,
        rank: 45,
        doc: "Whether it may act; activation and de-activation change it.",
        ..SET
    },
];

/// The declaration.
pub static KIND: KindDef = KindDef {
    name: "misp",
    root: "Misp",
    list: "Misps",
    path: "misps",
    attrs: &ATTRS,
    seed_attrs: 7,
    unique: &[
        Unique { attr: 1, within: None, ignore_case: false, with: None },
        Unique { attr: 2, within: None, ignore_case: true, with: None },
    ],
    scope: Scope::None,
    natural_key: NaturalKey::Unique(1),
    write_aliases: &[],
    aliases: &[],
    parameters: &["mispStatus"],
    lists_entities: true,
    administrative: false,
    rules: &MispRules,
    doc: "A provider of infrastructure between partners and the service.",
};

struct MispRules;

impl Rules for MispRules {
    fn given(&self, given: &[(AttrId, Vec<Given>)], _creating: bool) -> Result<(), Error> {
        check_number(given, CONTACT_NUMBER, "contactNumber")?;
        check_email(given, EMAIL, "emailId")
    }

    fn complete(&self, new: &mut Attributes, _context: &Context<'_>) -> Result<(), Error> {
        if new.first(STATUS).is_none() {
            Status::InProgress.put(new);
        }
        if new.first(ACTIVE).is_none() {
            new.put(ACTIVE, Value::Bool(true));
        }
        Ok(())
    }
}

/// What the trail calls a MISP with these attributes.
pub fn number(misp: &Attributes) -> &str {
    misp.text(MISP_ID).unwrap_or_default()
}

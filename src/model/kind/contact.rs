//! Contacts of partners, one for each e-mail address (contract: Partner, contacts).

use crate::model::attribute::{Access, AttrDef, AttrId, OnDelete};
use crate::model::kind::partner::{check_email, check_number};
use crate::model::kind::{Kind, KindDef, NaturalKey, Scope, Unique};
use crate::model::rules::{Context, Rules};
use crate::model::state::Given;
use crate::model::value::Syntax;
use crate::model::{Attributes, Error, Value};

/// Partner it belongs to.
pub const PARTNER: AttrId = Kind::Contact.own_attr(1);
/// E-mail address, unique within the partner.
pub const EMAIL: AttrId = Kind::Contact.own_attr(2);
/// Postal address.
pub const ADDRESS: AttrId = Kind::Contact.own_attr(3);
/// Telephone number.
pub const CONTACT_NUMBER: AttrId = Kind::Contact.own_attr(4);
/// Whether the contact is in use.
pub const ACTIVE: AttrId = Kind::Contact.own_attr(5);

const FIXED: AttrDef = AttrDef { access: Access::CreateOnly, ..AttrDef::TEXT };

static ATTRS: [AttrDef; 5] = [
    AttrDef {
        number: 1,
        name: "partner",
        syntax: Syntax::Reference(&[(Kind::Partner, OnDelete::Cascade)]),
        required: true,
        rank: 20,
        doc: "Partner it belongs to.",
        ..FIXED
    },
    AttrDef {
        number: 2,
        name: "emailId",
        syntax: Syntax::Email,
        required: true,
        rank: 10,
        doc: "E-mail address, unique within the partner.",
        ..FIXED
    },
    AttrDef {
        number: 3,
        name: "address",
        syntax: Syntax::Text { max: 2000, ignore_case: false },
        rank: 55,
        doc: "Postal address.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 4,
        name: "contactNumber",
        syntax: Syntax::Telephone,
        rank: 54,
        doc: "Telephone number.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 5,
        name: "active",
        syntax: Syntax::Boolean,
        rank: 45,
        doc: "Whether the contact is in use.",
        ..AttrDef::TEXT
    },
];

/// The declaration.
pub static KIND: KindDef = KindDef {
    name: "contact",
    root: "Contact",
    list: "Contacts",
    path: "contacts",
    attrs: &ATTRS,
    seed_attrs: 5,
    unique: &[Unique { attr: 2, within: Some(1), ignore_case: true, with: None }],
    scope: Scope::Ref(1),
    natural_key: NaturalKey::None,
    write_aliases: &[],
    aliases: &[],
    parameters: &[],
    lists_entities: true,
    administrative: false,
    rules: &ContactRules,
    doc: "A person to turn to at a partner.",
};

struct ContactRules;

impl Rules for ContactRules {
    fn given(&self, given: &[(AttrId, Vec<Given>)], _creating: bool) -> Result<(), Error> {
        check_number(given, CONTACT_NUMBER, "contactNumber")?;
        check_email(given, EMAIL, "emailId")
    }

    fn complete(&self, new: &mut Attributes, _context: &Context<'_>) -> Result<(), Error> {
        if new.first(ACTIVE).is_none() {
            new.put(ACTIVE, Value::Bool(true));
        }
        Ok(())
    }
}

//! Partners: organizations that work with the service, each of a type that may need a policy group (contract: Partner).

pub mod standing;

use uuid::Uuid;

use crate::model::attribute::{Access, AttrDef, AttrId, OnDelete};
use crate::model::kind::{DECISIONS, Kind, KindDef, NaturalKey, Scope, Unique, policy_group};
use crate::model::letter::check_address;
use crate::model::rules::{Context, PartnerType, Rules, Settings};
use crate::model::state::Given;
use crate::model::value::Syntax;
use crate::model::{Attributes, Error, Stored};

pub use standing::{Standing, Step};

/// Own id, chosen at registration.
pub const PARTNER_ID: AttrId = Kind::Partner.own_attr(1);
/// Name of the organization, unique whatever the letter case.
pub const ORGANIZATION_NAME: AttrId = Kind::Partner.own_attr(2);
/// Postal address.
pub const ADDRESS: AttrId = Kind::Partner.own_attr(3);
/// Telephone number.
pub const CONTACT_NUMBER: AttrId = Kind::Partner.own_attr(4);
/// E-mail address, unique.
pub const EMAIL: AttrId = Kind::Partner.own_attr(5);
/// Type, one of the configured ones.
pub const TYPE: AttrId = Kind::Partner.own_attr(6);
/// Policy group, mandatory for the types that need one.
pub const POLICY_GROUP: AttrId = Kind::Partner.own_attr(7);
/// Whether it was decided, and how.
pub const STATUS: AttrId = Kind::Partner.own_attr(8);
/// Whether it may act.
pub const ACTIVE: AttrId = Kind::Partner.own_attr(9);
/// Organization of its users, when it registered with credentials.
pub const ORGANIZATION: AttrId = Kind::Partner.own_attr(10);

const SET: AttrDef = AttrDef { access: Access::ServerSet, ..AttrDef::TEXT };
const FIXED: AttrDef = AttrDef { access: Access::CreateOnly, ..AttrDef::TEXT };

static ATTRS: [AttrDef; 10] = [
    AttrDef {
        number: 1,
        name: "partnerId",
        syntax: Syntax::Text { max: 36, ignore_case: false },
        required: true,
        rank: 5,
        doc: "Own id, chosen at registration; stands in the place of the id in paths.",
        ..FIXED
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
        name: "emailId",
        syntax: Syntax::Email,
        required: true,
        rank: 11,
        doc: "E-mail address, unique.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 6,
        name: "partnerType",
        syntax: Syntax::Text { max: 64, ignore_case: false },
        required: true,
        rank: 40,
        doc: "Type, one of the configured ones.",
        ..FIXED
    },
    AttrDef {
        number: 7,
        name: "policyGroup",
        syntax: Syntax::Reference(&[(Kind::PolicyGroup, OnDelete::Restrict)]),
        rank: 30,
        doc: "Policy group, mandatory for the types that need one.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 8,
        name: "status",
        syntax: Syntax::Choice(&DECISIONS),
        rank: 42,
        doc: "InProgress, approved or rejected.",
        ..SET
    },
    AttrDef {
        number: 9,
        name: "active",
        syntax: Syntax::Boolean,
        rank: 45,
        doc: "Whether it may act.",
        ..SET
    },
    AttrDef {
        number: 10,
        name: "organization",
        syntax: Syntax::Reference(&[(Kind::Organization, OnDelete::Restrict)]),
        rank: 31,
        doc: "Organization of its users, when it registered with credentials.",
        ..SET
    },
];

/// The declaration.
pub static KIND: KindDef = KindDef {
    name: "partner",
    root: "Partner",
    list: "Partners",
    path: "partners",
    attrs: &ATTRS,
    seed_attrs: 10,
    unique: &[
        Unique { attr: 1, within: None, ignore_case: true, with: None },
        Unique { attr: 2, within: None, ignore_case: true, with: None },
        Unique { attr: 5, within: None, ignore_case: true, with: None },
    ],
    scope: Scope::Ref(10),
    natural_key: NaturalKey::Unique(1),
    write_aliases: &[],
    aliases: &[],
    parameters: &["otp", "login", "pwd"],
    lists_entities: true,
    administrative: false,
    rules: &PartnerRules,
    doc: "An organization that works with the service under a policy group.",
};

/// The most characters of a telephone number.
const NUMBER_MAX: usize = 16;

/// Error 1 unless `text` can be a partner's own id: no space, not in the form of a UUID, not a word of the addresses.
pub fn check_id(text: &str) -> Result<(), Error> {
    let spaced = text.chars().any(|letter| letter.is_whitespace() || letter.is_control());
    let taken = matches!(text, "." | "..") || text.eq_ignore_ascii_case("otp");
    if spaced || taken || Uuid::try_parse(text).is_ok() {
        return Err(Error::invalid("partnerId", "expected a word that is not in the form of a UUID"));
    }
    Ok(())
}

/// Error 1 on the attribute called `name` unless the texts given for `attr` are short enough for a telephone number.
pub fn check_number(given: &[(AttrId, Vec<Given>)], attr: AttrId, name: &str) -> Result<(), Error> {
    let too_long = |text: &str| text.chars().count() > NUMBER_MAX;
    if texts(given, attr).any(too_long) {
        return Err(Error::invalid(name, format!("expected at most {NUMBER_MAX} characters")));
    }
    Ok(())
}

/// Error 1 on the attribute called `name` unless mail can be sent to the addresses given for `attr`.
pub fn check_email(given: &[(AttrId, Vec<Given>)], attr: AttrId, name: &str) -> Result<(), Error> {
    texts(given, attr).try_for_each(|text| check_address(name, text))
}

/// The texts that were given for an attribute.
fn texts(given: &[(AttrId, Vec<Given>)], attr: AttrId) -> impl Iterator<Item = &str> {
    let values = given.iter().filter(move |(known, _)| *known == attr).flat_map(|(_, values)| values);
    values.filter_map(|value| match value {
        Given::Value(value) => value.as_text(),
        Given::Reference(text) => Some(text.as_ref()),
    })
}

/// The configured type of a partner that is to be made. Error 1 when there is none of that name, or when it needs a
/// policy group and none is named.
pub fn type_of<'s>(settings: &'s Settings, given: &[(AttrId, Vec<Given>)]) -> Result<&'s PartnerType, Error> {
    let name = texts(given, TYPE).next().unwrap_or_default();
    let found = known_type(settings, name)?;
    let group = texts(given, POLICY_GROUP).next();
    if found.needs_policy_group && group.is_none() {
        return Err(no_group());
    }
    Ok(found)
}

fn known_type<'s>(settings: &'s Settings, name: &str) -> Result<&'s PartnerType, Error> {
    settings.partner_type(name).ok_or_else(|| Error::invalid("partnerType", "expected a configured type"))
}

fn no_group() -> Error {
    Error::invalid("policyGroup", "mandatory for partners of this type")
}

struct PartnerRules;

impl Rules for PartnerRules {
    fn given(&self, given: &[(AttrId, Vec<Given>)], _creating: bool) -> Result<(), Error> {
        texts(given, PARTNER_ID).try_for_each(check_id)?;
        check_number(given, CONTACT_NUMBER, "contactNumber")?;
        check_email(given, EMAIL, "emailId")
    }

    fn complete(&self, new: &mut Attributes, _context: &Context<'_>) -> Result<(), Error> {
        if new.first(STATUS).is_none() {
            Standing::InProgress.put(new);
        }
        Ok(())
    }

    fn check(&self, new: &Attributes, old: Option<&Stored>, context: &Context<'_>) -> Result<(), Error> {
        let old = old.map(Stored::attributes);
        let group = new.reference(POLICY_GROUP);
        let name = new.text(TYPE).unwrap_or_default();
        let known = match old {
            None => Some(known_type(context.settings, name)?),
            // A type may have gone from the configuration since.
            Some(_) => context.settings.partner_type(name),
        };
        if group.is_none() && known.is_some_and(|known| known.needs_policy_group) {
            return Err(no_group());
        }
        let is_new = group != old.and_then(|old| old.reference(POLICY_GROUP));
        let chosen = context.with.of(new, POLICY_GROUP);
        if is_new && chosen.is_some_and(|group| !group.attributes().flag(policy_group::ACTIVE)) {
            return Err(Error::conflict("policyGroup: the policy group is not active"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_own_id_cannot_be_taken_for_an_id_or_for_a_word_of_an_address() {
        for good in ["acme", "ACME-1", "a/b", "ä", "123", &"x".repeat(36)] {
            check_id(good).unwrap();
        }
        let uuid = "0197c2b2-0000-7000-8000-000000000001";
        let bad = ["a b", "a\tb", " ", "otp", "OTP", ".", "..", uuid];
        for bad in bad.into_iter().chain([uuid.to_uppercase().as_str(), &uuid.replace('-', "")]) {
            let Err(Error::Invalid { parameter, .. }) = check_id(bad) else { panic!("{bad}") };
            assert_eq!(parameter, "partnerId");
        }
    }
}

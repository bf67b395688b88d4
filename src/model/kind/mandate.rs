//! Mandates: a mandater lets a mandatee act for it in roles (contract: Mandates; REQ007, REQ008).

pub mod state;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use self::state::instant;
pub use self::state::{State, Step};
use crate::model::attribute::{Access, AttrDef, AttrId, Index, OnDelete};
use crate::model::kind::{Kind, KindDef, NaturalKey, Scope, organization, role, user};
use crate::model::lapse::Lapse;
use crate::model::rules::{Context, Rules};
use crate::model::state::Given;
use crate::model::value::{Choice, Syntax};
use crate::model::visible::Names;
use crate::model::{Attributes, Error, Stored, Value};

/// The id once more, as the seed prints it (derived).
pub const ID: AttrId = Kind::Mandate.own_attr(1);
/// The type that follows from the two ends.
pub const TYPE: AttrId = Kind::Mandate.own_attr(2);
/// The percent-encoded name.
pub const ENTITY_NAME: AttrId = Kind::Mandate.own_attr(3);
/// The name.
pub const NAME: AttrId = Kind::Mandate.own_attr(4);
/// The mandatee's e-mail address.
pub const ASSIGNEE_EMAIL: AttrId = Kind::Mandate.own_attr(5);
/// Who gives.
pub const MANDATER: AttrId = Kind::Mandate.own_attr(6);
/// Who receives.
pub const MANDATEE: AttrId = Kind::Mandate.own_attr(7);
/// The roles given.
pub const ROLE: AttrId = Kind::Mandate.own_attr(8);
/// Where it stands in its life.
pub const STATE: AttrId = Kind::Mandate.own_attr(9);
/// The client that made it.
pub const CREATED_BY: AttrId = Kind::Mandate.own_attr(10);
/// The first instant of its validity.
pub const VALID_FROM: AttrId = Kind::Mandate.own_attr(11);
/// The first instant after its validity.
pub const VALID_UNTIL: AttrId = Kind::Mandate.own_attr(12);
/// The template it was made from.
pub const TEMPLATE: AttrId = Kind::Mandate.own_attr(13);
/// The client that approved or rejected it.
pub const DECIDED_BY: AttrId = Kind::Mandate.own_attr(14);
/// The client that revoked it.
pub const REVOKED_BY: AttrId = Kind::Mandate.own_attr(15);

static TYPES: [Choice; 4] = [
    Choice { number: None, name: "OrgToPer", technical: "org_to_per" },
    Choice { number: None, name: "OrgToOrg", technical: "org_to_org" },
    Choice { number: None, name: "PerToPer", technical: "per_to_per" },
    Choice { number: None, name: "PerToOrg", technical: "per_to_org" },
];

static STATES: [Choice; 6] = [
    Choice { number: None, name: "Invited", technical: "invited" },
    Choice { number: None, name: "Pending", technical: "pending" },
    Choice { number: None, name: "Active", technical: "active" },
    Choice { number: None, name: "Revoked", technical: "revoked" },
    Choice { number: None, name: "Rejected", technical: "rejected" },
    Choice { number: None, name: "Expired", technical: "expired" },
];

const ENDS: Syntax =
    Syntax::Reference(&[(Kind::Organization, OnDelete::Subtree), (Kind::User, OnDelete::Cascade)]);

static ATTRS: [AttrDef; 15] = [
    AttrDef {
        number: 1,
        name: "id",
        access: Access::Derived,
        index: Index::Derived,
        rank: 1,
        doc: "The mandate's own id.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 2,
        name: "type",
        syntax: Syntax::Choice(&TYPES),
        access: Access::ServerSet,
        rank: 41,
        doc: "OrgToPer, OrgToOrg, PerToPer or PerToOrg; follows from the two ends.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 3,
        name: "entityName",
        syntax: Syntax::Text { max: 1024, ignore_case: true },
        access: Access::ServerSet,
        rank: 11,
        doc: "The name, percent-encoded.",
        ..AttrDef::TEXT
    },
    AttrDef { number: 4, name: "name", rank: 12, doc: "Name; the mandatee's by default.", ..AttrDef::TEXT },
    AttrDef {
        number: 5,
        name: "assigneeEmail",
        syntax: Syntax::Email,
        rank: 13,
        doc: "E-mail address of the mandatee; the user's own by default. Alone, it invites somebody not registered yet.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 6,
        name: "mandater",
        syntax: ENDS,
        required: true,
        access: Access::CreateOnly,
        rank: 30,
        doc: "Organization or user that gives the mandate.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 7,
        name: "mandatee",
        syntax: ENDS,
        access: Access::CreateOnly,
        rank: 31,
        doc: "User or organization that receives it; it or assigneeEmail must be given.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 8,
        name: "role",
        syntax: Syntax::Reference(&[(Kind::Role, OnDelete::Restrict)]),
        many: true,
        access: Access::CreateOnly,
        rank: 32,
        doc: "Roles in which the mandatee may act; the template's by default, else mandatory.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 9,
        name: "state",
        syntax: Syntax::Choice(&STATES),
        access: Access::ServerSet,
        rank: 40,
        doc: "Where it stands in its life; Expired follows from validUntil at every instant.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 10,
        name: "createdBy",
        access: Access::ServerSet,
        rank: 42,
        doc: "Client that made the mandate.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 11,
        name: "validFrom",
        syntax: Syntax::Instant,
        rank: 43,
        doc: "From when on it is in force; at once by default. Cannot be changed once it has begun.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 12,
        name: "validUntil",
        syntax: Syntax::Instant,
        rank: 44,
        doc: "From when on it is not in force any more; without end by default.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 13,
        name: "template",
        syntax: Syntax::Reference(&[(Kind::MandateTemplate, OnDelete::ToText)]),
        access: Access::CreateOnly,
        rank: 45,
        doc: "Template it was made from, given by id or name.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 14,
        name: "decidedBy",
        access: Access::ServerSet,
        rank: 46,
        doc: "Client that approved or rejected it.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 15,
        name: "revokedBy",
        access: Access::ServerSet,
        rank: 47,
        doc: "Client that revoked it, or took its last role away.",
        ..AttrDef::TEXT
    },
];

/// The declaration.
pub static KIND: KindDef = KindDef {
    name: "mandate",
    root: "Mandate",
    list: "Mandates",
    path: "mandates",
    attrs: &ATTRS,
    seed_attrs: 8,
    unique: &[],
    scope: Scope::Ref(6),
    natural_key: NaturalKey::None,
    write_aliases: &[],
    aliases: &[],
    parameters: &[],
    lists_entities: true,
    administrative: false,
    rules: &MandateRules,
    doc: "A mandater lets a mandatee act for it in roles.",
};

/// Everything but the unreserved characters of RFC 3986.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

struct MandateRules;

impl Rules for MandateRules {
    fn given(&self, given: &[(AttrId, Vec<Given>)], creating: bool) -> Result<(), Error> {
        let has = |attr| given.iter().any(|(known, values)| *known == attr && !values.is_empty());
        if creating && !has(MANDATEE) && !has(ASSIGNEE_EMAIL) {
            return Err(Error::invalid(
                "mandatee",
                "expected mandatee, or assigneeEmail of somebody not registered",
            ));
        }
        if creating && !has(ROLE) && !has(TEMPLATE) {
            return Err(Error::invalid("role", "mandatory, unless a template has roles"));
        }
        Ok(())
    }

    fn complete(&self, new: &mut Attributes, context: &Context<'_>) -> Result<(), Error> {
        let mandatee = context.with.of(new, MANDATEE);
        if new.first(ASSIGNEE_EMAIL).is_none()
            && let Some(email) = mandatee.and_then(|mandatee| mandatee.attributes().first(user::EMAIL))
        {
            new.put(ASSIGNEE_EMAIL, email.clone());
        }
        if new.text(NAME).is_none_or(str::is_empty) {
            let address = new.text(ASSIGNEE_EMAIL).unwrap_or_default().to_owned();
            new.put(NAME, Value::text(mandatee.map_or(address, called)));
        }
        let encoded = utf8_percent_encode(new.text(NAME).unwrap_or_default(), ENCODED).to_string();
        new.put(ENTITY_NAME, Value::text(encoded));
        set_type(new);
        if new.first(STATE).is_none() {
            let state = match (mandatee, context.settings.mandate_approval) {
                (None, _) => State::Invited,
                (Some(_), true) => State::Pending,
                (Some(_), false) => State::Active,
            };
            new.put(STATE, Value::text(state.name()));
            new.put(CREATED_BY, Value::text(context.client));
        }
        Ok(())
    }

    fn check(&self, new: &Attributes, old: Option<&Stored>, context: &Context<'_>) -> Result<(), Error> {
        check_end(new, old.map(Stored::attributes), context.now)?;
        if let Some(old) = old {
            return check_change(old.attributes(), new, context);
        }
        check_window(new)?;
        if new.values(ROLE).is_empty() {
            return Err(Error::invalid("role", "mandatory: the template has no role"));
        }
        if new.reference(MANDATER) == new.reference(MANDATEE) {
            return Err(Error::reference("mandatee", "expected somebody else than the mandater"));
        }
        check_held(new, context)
    }

    fn derived(&self, stored: &Stored, attr: AttrId, names: &dyn Names) -> Option<Vec<Value>> {
        match attr {
            ID => Some(vec![Value::text(stored.id().to_string())]),
            STATE => Some(vec![Value::text(State::at(stored.attributes(), names.now()).name())]),
            _ => None,
        }
    }

    fn lapse(&self) -> Option<&'static Lapse> {
        Some(&state::LAPSE)
    }
}

/// Error 1 unless an end that is given now lies ahead.
fn check_end(new: &Attributes, old: Option<&Attributes>, now: i64) -> Result<(), Error> {
    let changed = old.is_none_or(|old| old.first(VALID_UNTIL) != new.first(VALID_UNTIL));
    if changed && instant(new, VALID_UNTIL).is_some_and(|until| until <= now) {
        return Err(Error::invalid("validUntil", "expected an instant in the future"));
    }
    Ok(())
}

/// Error 1 unless a window is one.
fn check_window(new: &Attributes) -> Result<(), Error> {
    let (from, until) = (instant(new, VALID_FROM), instant(new, VALID_UNTIL));
    if from.zip(until).is_some_and(|(from, until)| until <= from) {
        return Err(Error::invalid("validUntil", "expected an instant after validFrom"));
    }
    Ok(())
}

/// Error 15 where the state does not let an attribute be changed.
fn check_change(old: &Attributes, new: &Attributes, context: &Context<'_>) -> Result<(), Error> {
    let state = State::at(old, context.now);
    let changed = |attr| old.first(attr) != new.first(attr);
    if changed(VALID_FROM) || changed(VALID_UNTIL) {
        if !state.is_open() {
            let words = format!("state: the mandate is {}, its validity cannot be changed", state.name());
            return Err(Error::conflict(words));
        }
        if changed(VALID_FROM) && state == State::Active && state::has_begun(old, context.now) {
            return Err(Error::conflict("validFrom: the mandate is in force already"));
        }
        check_window(new)?;
        // A longer life must not bring back a role that was lost meanwhile.
        check_held(new, context)?;
    }
    if changed(ASSIGNEE_EMAIL) && state == State::Invited {
        return Err(Error::conflict("assigneeEmail: the invitation is at this address; revoke the mandate"));
    }
    Ok(())
}

/// Error 10 unless the mandater has every role.
fn check_held(new: &Attributes, context: &Context<'_>) -> Result<(), Error> {
    let giver = new.reference(MANDATER);
    let may_give = |given: &Value| {
        let role = given.as_ref().and_then(|to| context.with.get(to.id));
        role.is_some_and(|role| match giver {
            Some(from) if from.kind == Kind::User => context.with.held.contains(&role.id()),
            Some(from) => role.attributes().reference(role::ORGANIZATION) == Some(from),
            None => false,
        })
    };
    if !new.values(ROLE).iter().all(may_give) {
        return Err(Error::reference("role", "a mandater can give only roles that it has"));
    }
    Ok(())
}

/// Sets the type that follows from the two ends. Somebody who is only invited will be a user.
pub fn set_type(mandate: &mut Attributes) {
    let to = mandate.reference(MANDATEE).map_or(Kind::User, |to| to.kind);
    if let Some(from) = mandate.reference(MANDATER) {
        mandate.put(TYPE, Value::text(type_name(from.kind, to)));
    }
}

fn called(entity: &Stored) -> String {
    match entity.kind() {
        Kind::User => user::display_name(entity.attributes()),
        _ => entity.attributes().text(organization::FRIENDLY_NAME).unwrap_or_default().to_owned(),
    }
}

fn type_name(from: Kind, to: Kind) -> &'static str {
    match (from == Kind::User, to == Kind::User) {
        (false, true) => "OrgToPer",
        (false, false) => "OrgToOrg",
        (true, true) => "PerToPer",
        (true, false) => "PerToOrg",
    }
}

//! Mandates: a mandater lets a mandatee act for it in roles (contract: Mandates; REQ007, REQ008).

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::model::attribute::{Access, AttrDef, AttrId, Index, OnDelete};
use crate::model::kind::{Kind, KindDef, NaturalKey, Scope, organization, role, user};
use crate::model::rules::{Context, Rules};
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
/// Active or Revoked.
pub const STATE: AttrId = Kind::Mandate.own_attr(9);
/// The client that made it.
pub const CREATED_BY: AttrId = Kind::Mandate.own_attr(10);

static TYPES: [Choice; 4] = [
    Choice { number: None, name: "OrgToPer", technical: "org_to_per" },
    Choice { number: None, name: "OrgToOrg", technical: "org_to_org" },
    Choice { number: None, name: "PerToPer", technical: "per_to_per" },
    Choice { number: None, name: "PerToOrg", technical: "per_to_org" },
];

static STATES: [Choice; 2] = [
    Choice { number: None, name: "Active", technical: "active" },
    Choice { number: None, name: "Revoked", technical: "revoked" },
];

/// The states of a mandate and what may follow; the only way from one to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// In force.
    Active,
    /// Ended by the mandater.
    Revoked,
}

impl State {
    /// The state an entity's attributes hold.
    pub fn of(mandate: &Attributes) -> Self {
        match mandate.text(STATE) {
            Some("Revoked") => Self::Revoked,
            _ => Self::Active,
        }
    }

    /// The state after revoking; error 15 where that is no step.
    pub fn revoke(self) -> Result<Self, Error> {
        match self {
            Self::Active => Ok(Self::Revoked),
            Self::Revoked => Err(Error::conflict("state: the mandate is already Revoked")),
        }
    }

    /// The word that is stored and answered.
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "Active",
            Self::Revoked => "Revoked",
        }
    }
}

const ENDS: Syntax =
    Syntax::Reference(&[(Kind::Organization, OnDelete::Subtree), (Kind::User, OnDelete::Cascade)]);

static ATTRS: [AttrDef; 10] = [
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
        doc: "E-mail address of the mandatee; the user's own by default.",
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
        required: true,
        access: Access::CreateOnly,
        rank: 31,
        doc: "User or organization that receives it.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 8,
        name: "role",
        syntax: Syntax::Reference(&[(Kind::Role, OnDelete::Restrict)]),
        many: true,
        required: true,
        access: Access::CreateOnly,
        rank: 32,
        doc: "Roles in which the mandatee may act.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 9,
        name: "state",
        syntax: Syntax::Choice(&STATES),
        access: Access::ServerSet,
        rank: 40,
        doc: "Active or Revoked.",
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
    parameters: &["template", "validFrom", "validUntil"],
    lists_entities: true,
    administrative: false,
    rules: &MandateRules,
    doc: "A mandater lets a mandatee act for it in roles.",
};

/// Everything but the unreserved characters of RFC 3986.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

struct MandateRules;

impl Rules for MandateRules {
    fn complete(&self, new: &mut Attributes, context: &Context<'_>) -> Result<(), Error> {
        let mandatee = context.with.of(new, MANDATEE);
        if new.text(NAME).is_none_or(str::is_empty) {
            let name = mandatee.map(called).unwrap_or_default();
            new.put(NAME, Value::text(name));
        }
        let encoded = utf8_percent_encode(new.text(NAME).unwrap_or_default(), ENCODED).to_string();
        new.put(ENTITY_NAME, Value::text(encoded));
        if new.first(ASSIGNEE_EMAIL).is_none()
            && let Some(email) = mandatee.and_then(|mandatee| mandatee.attributes().first(user::EMAIL))
        {
            new.put(ASSIGNEE_EMAIL, email.clone());
        }
        if let (Some(from), Some(to)) = (new.reference(MANDATER), new.reference(MANDATEE)) {
            new.put(TYPE, Value::text(type_name(from.kind, to.kind)));
        }
        if new.first(STATE).is_none() {
            new.put(STATE, Value::text(State::Active.name()));
            new.put(CREATED_BY, Value::text(context.client));
        }
        Ok(())
    }

    fn check(&self, new: &Attributes, old: Option<&Stored>, context: &Context<'_>) -> Result<(), Error> {
        if old.is_some() {
            return Ok(());
        }
        let giver = new.reference(MANDATER);
        if giver == new.reference(MANDATEE) {
            return Err(Error::reference("mandatee", "expected somebody else than the mandater"));
        }
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

    fn derived(&self, stored: &Stored, attr: AttrId, _names: &dyn Names) -> Option<Vec<Value>> {
        (attr == ID).then(|| vec![Value::text(stored.id().to_string())])
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

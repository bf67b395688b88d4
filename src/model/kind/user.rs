//! Users: people with a login, at home in one organization (contract: Users; REQ001, REQ002, MOD004, MOD010).

pub mod status;

use uuid::Uuid;

use crate::model::attribute::{Access, AttrDef, AttrId, Index, OnDelete};
use crate::model::kind::{Kind, KindDef, NaturalKey, Scope, Unique, organization};
use crate::model::lapse::Lapse;
use crate::model::rules::{Context, Rules};
use crate::model::state::Given;
use crate::model::value::{Choice, Syntax};
use crate::model::visible::Names;
use crate::model::{Attributes, Error, Stored, Value};

/// The repository id, set by the server.
pub const CN: AttrId = Kind::User.own_attr(3);
/// The e-mail address.
pub const EMAIL: AttrId = Kind::User.own_attr(2);
/// The family name.
pub const SURNAME: AttrId = Kind::User.own_attr(5);
/// The login name.
pub const LOGIN: AttrId = Kind::User.own_attr(6);
/// The given name.
pub const FIRSTNAME: AttrId = Kind::User.own_attr(7);
/// The status, by name.
pub const STATUS: AttrId = Kind::User.own_attr(9);
/// The home organization.
pub const HOME: AttrId = Kind::User.own_attr(10);
/// The home organization's technical name (derived).
pub const HOME_NAME: AttrId = Kind::User.own_attr(1);
/// The preferred locale.
pub const LOCALE: AttrId = Kind::User.own_attr(11);
/// Whether the password may be used.
pub const PASSWORD_ACTIVE: AttrId = Kind::User.own_attr(12);

/// When a lock ends.
pub const LOCKED_UNTIL: AttrId = Kind::User.own_attr(13);
/// Whether the user must choose another password.
pub const CHANGE_REQUIRED: AttrId = Kind::User.own_attr(14);

/// The search parameter for the first instant of the last change, and the number it is known by in a search.
pub const CHANGED_FROM: (&str, AttrId) = ("lastModifiedStartTimestamp", Kind::User.own_attr(254));
/// The search parameter for the first instant beyond.
pub const CHANGED_TO: (&str, AttrId) = ("lastModifiedEndTimestamp", Kind::User.own_attr(255));

/// How a lock ends by itself.
pub static LAPSE: Lapse = Lapse {
    state: STATUS,
    until: LOCKED_UNTIL,
    open: &[Status::Locked.name()],
    lapsed: Status::Enabled.name(),
    stored: true,
};

pub use status::{Event, Status};

/// The six statuses of the seed and of the vendor's documentation.
pub static STATUSES: [Choice; 6] = [
    Choice { number: Some(0), name: "Pending", technical: "pending" },
    Choice { number: Some(1), name: "Enabled", technical: "enabled" },
    Choice { number: Some(2), name: "Disabled", technical: "disabled" },
    Choice { number: Some(3), name: "Locked", technical: "locked" },
    Choice { number: Some(4), name: "Not initialized", technical: "not_initialized" },
    Choice { number: Some(5), name: "Waiting for registration", technical: "waiting_for_registration" },
];

const NAME: AttrDef = AttrDef { syntax: Syntax::Text { max: 255, ignore_case: true }, ..AttrDef::TEXT };

static ATTRS: [AttrDef; 14] = [
    AttrDef {
        number: 1,
        name: "organization",
        access: Access::Derived,
        index: Index::Derived,
        rank: 30,
        doc: "Technical name of the home organization.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 2,
        name: "email",
        syntax: Syntax::Email,
        rank: 11,
        doc: "E-mail address.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 3,
        name: "cn",
        access: Access::ServerSet,
        rank: 10,
        doc: "Repository UUID; differs from the id, set by the server.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 4,
        name: "ssn",
        sensitive: true,
        rank: 12,
        doc: "Social security number.",
        ..AttrDef::TEXT
    },
    AttrDef { number: 5, name: "surname", rank: 21, doc: "Family name.", ..NAME },
    AttrDef {
        number: 6,
        name: "login",
        required: true,
        rank: 10,
        doc: "Login name, unique whatever its letter case.",
        ..NAME
    },
    AttrDef { number: 7, name: "firstname", rank: 22, doc: "Given name.", ..NAME },
    AttrDef {
        number: 8,
        name: "mobile",
        syntax: Syntax::Telephone,
        rank: 13,
        doc: "Mobile telephone number.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 9,
        name: "status",
        syntax: Syntax::Choice(&STATUSES),
        rank: 40,
        doc: "Status, answered by name.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 11,
        name: "locale",
        syntax: Syntax::Text { max: 35, ignore_case: false },
        rank: 41,
        doc: "Preferred locale.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 10,
        name: "organizationId",
        syntax: Syntax::Reference(&[(Kind::Organization, OnDelete::Subtree)]),
        access: Access::CreateOnly,
        rank: 31,
        doc: "Id of the home organization.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 12,
        name: "pwd.activated",
        syntax: Syntax::Boolean,
        rank: 42,
        doc: "Whether the password may be used to authenticate.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 13,
        name: "lockedUntil",
        syntax: Syntax::Instant,
        access: Access::ServerSet,
        rank: 43,
        doc: "When the lock after too many wrong passwords ends.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 14,
        name: "pwd.changeRequired",
        syntax: Syntax::Boolean,
        access: Access::ServerSet,
        rank: 44,
        doc: "Whether the user must choose another password; a new one clears it.",
        ..AttrDef::TEXT
    },
];

/// The declaration.
pub static KIND: KindDef = KindDef {
    name: "user",
    root: "User",
    list: "Users",
    path: "users",
    attrs: &ATTRS,
    seed_attrs: 9,
    unique: &[Unique { attr: 6, within: None, ignore_case: true, with: None }],
    scope: Scope::Ref(10),
    natural_key: NaturalKey::None,
    write_aliases: &[("organization", "organizationId")],
    aliases: &[],
    parameters: &[
        "pwd",
        "pwd.hash",
        "role",
        "id",
        "inviter",
        "message",
        "token",
        "user",
        CHANGED_FROM.0,
        CHANGED_TO.0,
    ],
    lists_entities: true,
    administrative: false,
    rules: &UserRules,
    doc: "A person with a login, at home in one organization.",
};

struct UserRules;

impl Rules for UserRules {
    fn given(&self, given: &[(AttrId, Vec<Given>)], _creating: bool) -> Result<(), Error> {
        let settable =
            [Status::Enabled, Status::Disabled].map(|status| Given::Value(Value::text(status.name())));
        let mut statuses = given.iter().filter(|(attr, _)| *attr == STATUS).flat_map(|(_, values)| values);
        if statuses.any(|status| !settable.contains(status)) {
            return Err(Error::invalid("status", "only Enabled or Disabled can be set"));
        }
        Ok(())
    }

    fn complete(&self, new: &mut Attributes, context: &Context<'_>) -> Result<(), Error> {
        if new.first(CN).is_none() {
            new.put(CN, Value::text(context.other_id.to_string()));
        }
        if new.first(STATUS).is_none() {
            new.put(STATUS, Value::text(Status::Enabled.name()));
        }
        // A lock whose time is over does not outlive the next change, nor its end the lock.
        Status::at(new, context.now).put(new);
        if new.first(PASSWORD_ACTIVE).is_none() {
            new.put(PASSWORD_ACTIVE, Value::Bool(false));
        }
        Ok(())
    }

    fn check(&self, new: &Attributes, old: Option<&Stored>, context: &Context<'_>) -> Result<(), Error> {
        let status = Status::stored(new);
        let before = old.map(|stored| Status::at(stored.attributes(), context.now));
        let event = match status {
            _ if before == Some(status) => None,
            Status::Enabled => Some(Event::SetEnabled),
            Status::Disabled => Some(Event::SetDisabled),
            Status::Pending | Status::Locked | Status::NotInitialized | Status::Waiting => {
                return Err(Error::invalid("status", "only Enabled or Disabled can be set"));
            }
        };
        let home = context
            .with
            .of(new, HOME)
            .ok_or_else(|| Error::ParentNotFound { parameter: "organizationId".into() })?;
        if home.attributes().flag(organization::VIRTUAL) {
            return Err(Error::ParentVirtual { parameter: "organizationId".into() });
        }
        match (before, event) {
            (Some(before), Some(event)) => before.after(event).map(drop),
            _ => Ok(()),
        }
    }

    fn named(&self, stored: &Stored) -> Vec<Uuid> {
        stored.attributes().reference(HOME).map(|to| to.id).into_iter().collect()
    }

    fn lapse(&self) -> Option<&'static Lapse> {
        Some(&LAPSE)
    }

    fn derived(&self, stored: &Stored, attr: AttrId, names: &dyn Names) -> Option<Vec<Value>> {
        match attr {
            HOME_NAME => {}
            STATUS | LOCKED_UNTIL if LAPSE.has_lapsed(stored.attributes(), names.now()) => {
                let status = Value::text(Status::Enabled.name());
                return Some((attr == STATUS).then_some(status).into_iter().collect());
            }
            _ => return None,
        }
        let name = stored.attributes().reference(HOME).and_then(|to| names.organization(to.id));
        Some(name.map(|name| Value::Text(name.technical)).into_iter().collect())
    }
}

/// How a person is called in other entities: given and family name, else the login.
pub fn display_name(user: &Attributes) -> String {
    let parts: Vec<&str> = [FIRSTNAME, SURNAME].into_iter().filter_map(|attr| user.text(attr)).collect();
    if parts.is_empty() { user.text(LOGIN).unwrap_or_default().to_owned() } else { parts.join(" ") }
}

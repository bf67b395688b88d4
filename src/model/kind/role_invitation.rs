//! Role invitations: an offer of roles to a user or an e-mail address (contract: Role invitations; REQ011,
//! `REQ011c`). Accepting one comes with the invitation life cycle.

use crate::model::attribute::{Access, AttrDef, AttrId, OnDelete};
use crate::model::kind::{Kind, KindDef, NaturalKey, Scope};
use crate::model::rules::{Context, Rules};
use crate::model::value::{Choice, Syntax};
use crate::model::{Attributes, Error, Stored, Value};

/// The user invited.
pub const USER: AttrId = Kind::RoleInvitation.own_attr(1);
/// The address invited.
pub const EMAIL: AttrId = Kind::RoleInvitation.own_attr(2);
/// The roles offered.
pub const ROLE: AttrId = Kind::RoleInvitation.own_attr(3);
/// Who invites.
pub const INVITER: AttrId = Kind::RoleInvitation.own_attr(4);
/// Sent or Withdrawn.
pub const STATE: AttrId = Kind::RoleInvitation.own_attr(6);
/// Until when it stands.
pub const EXPIRES: AttrId = Kind::RoleInvitation.own_attr(7);

static STATES: [Choice; 2] = [
    Choice { number: None, name: "Sent", technical: "sent" },
    Choice { number: None, name: "Withdrawn", technical: "withdrawn" },
];

/// The states of a role invitation and what may follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Open.
    Sent,
    /// Taken back.
    Withdrawn,
}

impl State {
    /// The state an entity's attributes hold.
    pub fn of(invitation: &Attributes) -> Self {
        match invitation.text(STATE) {
            Some("Withdrawn") => Self::Withdrawn,
            _ => Self::Sent,
        }
    }

    /// The state after withdrawing; error 15 where that is no step.
    pub fn withdraw(self) -> Result<Self, Error> {
        match self {
            Self::Sent => Ok(Self::Withdrawn),
            Self::Withdrawn => Err(Error::conflict("state: the invitation is already Withdrawn")),
        }
    }

    /// The word that is stored and answered.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sent => "Sent",
            Self::Withdrawn => "Withdrawn",
        }
    }
}

static ATTRS: [AttrDef; 7] = [
    AttrDef {
        number: 1,
        name: "user",
        syntax: Syntax::Reference(&[(Kind::User, OnDelete::Cascade)]),
        access: Access::CreateOnly,
        rank: 20,
        doc: "User that is invited.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 2,
        name: "email",
        syntax: Syntax::Email,
        access: Access::CreateOnly,
        rank: 21,
        doc: "Address that is invited, when there is no user yet.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 3,
        name: "role",
        syntax: Syntax::Reference(&[(Kind::Role, OnDelete::RemoveValue)]),
        many: true,
        required: true,
        access: Access::CreateOnly,
        rank: 22,
        doc: "Roles that are offered.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 4,
        name: "inviter",
        syntax: Syntax::Reference(&[(Kind::User, OnDelete::ToText)]),
        access: Access::CreateOnly,
        rank: 41,
        doc: "User in whose name it is sent; the client's name by default.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 5,
        name: "message",
        syntax: Syntax::Text { max: 2000, ignore_case: false },
        access: Access::CreateOnly,
        rank: 51,
        doc: "Personal message.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 6,
        name: "state",
        syntax: Syntax::Choice(&STATES),
        access: Access::ServerSet,
        rank: 40,
        doc: "Sent or Withdrawn.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 7,
        name: "expires",
        syntax: Syntax::Instant,
        access: Access::CreateOnly,
        rank: 42,
        doc: "Until when it stands.",
        ..AttrDef::TEXT
    },
];

/// The declaration.
pub static KIND: KindDef = KindDef {
    name: "roleinvitation",
    root: "RoleInvitation",
    list: "RoleInvitations",
    path: "roleinvitations",
    attrs: &ATTRS,
    seed_attrs: 7,
    unique: &[],
    scope: Scope::Ref(3),
    natural_key: NaturalKey::None,
    write_aliases: &[],
    aliases: &[],
    parameters: &["token"],
    lists_entities: false,
    administrative: false,
    rules: &RoleInvitationRules,
    doc: "An offer of roles to a user or an e-mail address.",
};

const DAY: i64 = 86_400_000_000;

struct RoleInvitationRules;

impl Rules for RoleInvitationRules {
    fn complete(&self, new: &mut Attributes, context: &Context<'_>) -> Result<(), Error> {
        if new.first(STATE).is_none() {
            new.put(STATE, Value::text(State::Sent.name()));
        }
        if new.first(EXPIRES).is_none() {
            let days = context.settings.invitation_days.saturating_mul(DAY);
            new.put(EXPIRES, Value::Instant(context.now.saturating_add(days)));
        }
        if new.first(INVITER).is_none() {
            new.put(INVITER, Value::text(context.client));
        }
        Ok(())
    }

    fn check(&self, new: &Attributes, old: Option<&Stored>, context: &Context<'_>) -> Result<(), Error> {
        if new.first(USER).is_none() == new.first(EMAIL).is_none() {
            return Err(Error::invalid("user", "expected either user or email"));
        }
        let expired = matches!(new.first(EXPIRES), Some(Value::Instant(at)) if *at <= context.now);
        if old.is_none() && expired {
            return Err(Error::invalid("expires", "expected an instant in the future"));
        }
        Ok(())
    }
}

//! Role invitations: an offer of roles to a user or an e-mail address (contract: Role invitations; REQ011,
//! `REQ011c`). Their states are those of every invitation, in `model/invitation.rs`.

use crate::model::attribute::{Access, AttrDef, AttrId, OnDelete};
use crate::model::invitation::{STATES, State, lapse};
use crate::model::kind::{Kind, KindDef, NaturalKey, Scope};
use crate::model::lapse::Lapse;
use crate::model::rules::{Context, Rules};
use crate::model::value::Syntax;
use crate::model::visible::Names;
use crate::model::{Attributes, Error, Stored, Value};

/// The user invited.
pub const USER: AttrId = Kind::RoleInvitation.own_attr(1);
/// The address invited.
pub const EMAIL: AttrId = Kind::RoleInvitation.own_attr(2);
/// The roles offered.
pub const ROLE: AttrId = Kind::RoleInvitation.own_attr(3);
/// Who invites.
pub const INVITER: AttrId = Kind::RoleInvitation.own_attr(4);
/// A personal message.
pub const MESSAGE: AttrId = Kind::RoleInvitation.own_attr(5);
/// The state as it is stored; Expired follows from [`EXPIRES`].
pub const STATE: AttrId = Kind::RoleInvitation.own_attr(6);
/// Until when it stands.
pub const EXPIRES: AttrId = Kind::RoleInvitation.own_attr(7);
/// The locale of its mail.
pub const LOCALE: AttrId = Kind::RoleInvitation.own_attr(8);

/// Where the state and the end of a role invitation stand.
pub const LIFE: (AttrId, AttrId) = (STATE, EXPIRES);

static LAPSE: Lapse = lapse(LIFE);

static ATTRS: [AttrDef; 8] = [
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
        doc: "Address that is invited, when there is no user yet; whoever accepts becomes its user.",
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
        doc: "Sent, Accepted, Declined, Expired or Withdrawn; Expired by the clock.",
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
    AttrDef {
        number: 8,
        name: "locale",
        syntax: Syntax::Text { max: 35, ignore_case: false },
        access: Access::CreateOnly,
        rank: 52,
        doc: "Locale of its mail; the user's own by default.",
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
    parameters: &["id", "token", "login", "pwd", "firstname", "surname", "mobile"],
    lists_entities: false,
    administrative: false,
    rules: &RoleInvitationRules,
    doc: "An offer of roles to a user or an e-mail address.",
};

struct RoleInvitationRules;

impl Rules for RoleInvitationRules {
    fn complete(&self, new: &mut Attributes, context: &Context<'_>) -> Result<(), Error> {
        if new.first(STATE).is_none() {
            new.put(STATE, Value::text(State::Sent.name()));
        }
        if new.first(EXPIRES).is_none() {
            new.put(EXPIRES, Value::Instant(context.settings.invitation_end(context.now)));
        }
        if new.first(INVITER).is_none() {
            new.put(INVITER, Value::text(context.client));
        }
        Ok(())
    }

    fn lapse(&self) -> Option<&'static Lapse> {
        Some(&LAPSE)
    }

    fn derived(&self, stored: &Stored, attr: AttrId, names: &dyn Names) -> Option<Vec<Value>> {
        (attr == STATE).then(|| vec![Value::text(State::of(stored.attributes(), LIFE, names.now()).name())])
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

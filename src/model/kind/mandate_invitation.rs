//! Mandate invitations: a mandate offered to somebody who is not registered yet (contract: Mandates). Made with the
//! mandate, in the same transaction; their states are those of every invitation, in `model/invitation.rs`.

use crate::model::attribute::{Access, AttrDef, AttrId, OnDelete};
use crate::model::invitation::{STATES, State, lapse};
use crate::model::kind::{Kind, KindDef, NaturalKey, Scope};
use crate::model::lapse::Lapse;
use crate::model::rules::Rules;
use crate::model::value::Syntax;
use crate::model::visible::Names;
use crate::model::{Stored, Value};

/// The mandate offered.
pub const MANDATE: AttrId = Kind::MandateInvitation.own_attr(1);
/// The address invited.
pub const EMAIL: AttrId = Kind::MandateInvitation.own_attr(2);
/// The state as it is stored; Expired follows from [`EXPIRES`].
pub const STATE: AttrId = Kind::MandateInvitation.own_attr(3);
/// Until when it stands.
pub const EXPIRES: AttrId = Kind::MandateInvitation.own_attr(4);
/// Who invites.
pub const INVITER: AttrId = Kind::MandateInvitation.own_attr(5);

/// Where the state and the end of a mandate invitation stand.
pub const LIFE: (AttrId, AttrId) = (STATE, EXPIRES);

static LAPSE: Lapse = lapse(LIFE);

const SET: AttrDef = AttrDef { access: Access::ServerSet, ..AttrDef::TEXT };

static ATTRS: [AttrDef; 5] = [
    AttrDef {
        number: 1,
        name: "mandate",
        syntax: Syntax::Reference(&[(Kind::Mandate, OnDelete::Cascade)]),
        rank: 20,
        doc: "Mandate that is offered.",
        ..SET
    },
    AttrDef {
        number: 2,
        name: "email",
        syntax: Syntax::Email,
        rank: 21,
        doc: "Address that is invited: the mandate's `assigneeEmail`.",
        ..SET
    },
    AttrDef {
        number: 3,
        name: "state",
        syntax: Syntax::Choice(&STATES),
        rank: 40,
        doc: "Sent, Accepted, Declined, Expired or Withdrawn; Expired by the clock.",
        ..SET
    },
    AttrDef {
        number: 4,
        name: "expires",
        syntax: Syntax::Instant,
        rank: 42,
        doc: "Until when it stands.",
        ..SET
    },
    AttrDef {
        number: 5,
        name: "inviter",
        syntax: Syntax::Reference(&[(Kind::User, OnDelete::ToText)]),
        rank: 41,
        doc: "Who invites: the client that made the mandate.",
        ..SET
    },
];

/// The declaration.
pub static KIND: KindDef = KindDef {
    name: "mandateinvitation",
    root: "MandateInvitation",
    list: "MandateInvitations",
    path: "mandateinvitations",
    attrs: &ATTRS,
    seed_attrs: 0,
    unique: &[],
    scope: Scope::Ref(1),
    natural_key: NaturalKey::None,
    write_aliases: &[],
    aliases: &[],
    parameters: &["id", "token", "login", "pwd", "firstname", "surname", "mobile", "locale", "user"],
    lists_entities: false,
    administrative: false,
    rules: &MandateInvitationRules,
    doc: "An offer of a mandate to an e-mail address.",
};

struct MandateInvitationRules;

impl Rules for MandateInvitationRules {
    fn lapse(&self) -> Option<&'static Lapse> {
        Some(&LAPSE)
    }

    fn derived(&self, stored: &Stored, attr: AttrId, names: &dyn Names) -> Option<Vec<Value>> {
        (attr == STATE).then(|| vec![Value::text(State::of(stored.attributes(), LIFE, names.now()).name())])
    }
}

//! Invitations and what follows from them: sending, answering, taking back, inviting users, deciding workflows.
//!
//! `token` makes the secret that a mail carries, `send` keeps it and writes the mail, `answer` accepts and declines,
//! `person` registers whoever accepts, `grant` gives roles or begins workflows, `step` resends and withdraws,
//! `invite_user` makes users that are invited, `decide` approves and rejects.

pub mod answer;
pub mod decide;
pub mod grant;
pub mod invite_user;
pub mod mandate;
pub mod person;
pub mod send;
pub mod step;
pub mod token;

use uuid::Uuid;

use crate::audit::event::changes;
use crate::audit::{Action, Events};
use crate::model::invitation::{State, Step};
use crate::model::kind::{mandate_invitation, role_invitation};
use crate::model::rules::{Companions, by_server};
use crate::model::{AttrId, Attributes, Error, Kind, Stored, Value, Verb};
use crate::store::{Replace, Write};

/// What an invitation offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offer {
    /// Roles.
    Roles,
    /// A mandate.
    Mandate,
}

impl Offer {
    /// The kind of its invitations.
    pub fn kind(self) -> Kind {
        match self {
            Self::Roles => Kind::RoleInvitation,
            Self::Mandate => Kind::MandateInvitation,
        }
    }

    /// Where state and end of its invitations stand.
    pub fn life(self) -> (AttrId, AttrId) {
        match self {
            Self::Roles => role_invitation::LIFE,
            Self::Mandate => mandate_invitation::LIFE,
        }
    }

    /// What its tokens are kept as.
    pub fn purpose(self) -> &'static str {
        match self {
            Self::Roles => "invitation",
            Self::Mandate => "mandateinvitation",
        }
    }
}

/// What can be asked of invitations, invited users and workflows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inviting {
    /// Accept an invitation.
    Accept(Offer),
    /// Decline an invitation.
    Decline(Offer),
    /// Send an invitation again.
    Resend(Offer),
    /// Take an invitation back.
    Withdraw(Offer),
    /// Make a user and invite it to register.
    InviteUser,
    /// Invite such a user again.
    Reinvite,
    /// Approve a workflow, or reject it.
    Decide(bool),
}

impl Inviting {
    /// What must be granted, and what the records say.
    pub fn action(self, target: Option<Uuid>) -> Action {
        let (verb, kind, word) = match self {
            Self::Accept(offer) => (Verb::Invite, offer.kind(), "ACCEPT"),
            Self::Decline(offer) => (Verb::Invite, offer.kind(), "DECLINE"),
            Self::Resend(offer) => (Verb::Invite, offer.kind(), "RESEND"),
            Self::Withdraw(offer) => (Verb::Delete, offer.kind(), "WITHDRAW"),
            Self::InviteUser => (Verb::Invite, Kind::User, "INVITE"),
            Self::Reinvite => (Verb::Invite, Kind::User, "REINVITE"),
            Self::Decide(true) => (Verb::Approve, Kind::Workflow, "APPROVE"),
            Self::Decide(false) => (Verb::Approve, Kind::Workflow, "REJECT"),
        };
        Action { verb, kind, word, target }
    }

    /// Whether its token opens it to somebody without an account.
    pub fn is_door(self) -> bool {
        matches!(self, Self::Accept(_) | Self::Decline(_))
    }
}

/// Writes an entity whose references stay as they are.
async fn rewrite(
    tx: &mut dyn Write,
    old: &Stored,
    attributes: Attributes,
    now: i64,
) -> Result<(Stored, Vec<String>), Error> {
    let valid = by_server(old.kind(), attributes);
    let none = Companions::default();
    let new = tx.replace(&Replace { old, now, home: old.home(), valid: &valid, rows: &none }).await?;
    let differences = changes(old.attributes(), new.attributes(), &tx.registry());
    Ok((new, differences))
}

/// Ends an open invitation by `step`: its state changes and its token is worth nothing any more.
async fn end(
    tx: &mut dyn Write,
    offer: Offer,
    invitation: &Stored,
    step: (Step, Action),
    (now, events): (i64, &mut Events),
) -> Result<(), Error> {
    let (step, action) = step;
    let next = State::of(invitation.attributes(), offer.life(), now).after(step)?;
    let mut attributes = invitation.attributes().clone();
    attributes.put(offer.life().0, Value::text(next.name()));
    let (_, differences) = rewrite(tx, invitation, attributes, now).await?;
    tx.drop_secrets(offer.purpose(), invitation.row()).await?;
    events.succeeded(action, differences);
    Ok(())
}

//! Invitations to a mandate: made with a mandate that names an address and no mandatee, ended with it.

use uuid::Uuid;

use crate::audit::event::changes;
use crate::audit::{Action, Events};
use crate::model::invitation::{State, Step};
use crate::model::kind::{mandate, mandate_invitation};
use crate::model::letter::LetterKind;
use crate::model::rules::{Companions, by_server};
use crate::model::{Attributes, Error, Kind, Row, Stored, Value, Verb};
use crate::operation::engine::Engine;
use crate::operation::every;
use crate::operation::invitation::send::Sending;
use crate::operation::invitation::{Inviting, Offer, end};
use crate::operation::mandates::{accept_mandate, decline_mandate};
use crate::store::{Insert, Source, Write};

/// The invitation that goes with a new mandate; its id is fixed before the first run.
#[derive(Debug)]
pub struct MandateMail {
    engine: Engine,
    id: Uuid,
    sending: Sending,
    now: i64,
}

impl MandateMail {
    /// For a mandate that is being made.
    pub fn new(engine: &Engine) -> Self {
        let sending = Sending::new(engine, Offer::Mandate, LetterKind::MandateInvitation);
        Self { engine: engine.clone(), id: engine.world.id(), sending, now: engine.world.now() }
    }

    /// Invites whoever stands behind the address of a mandate that has no mandatee.
    pub async fn send(&self, tx: &mut dyn Write, mandate: &Stored, events: &mut Events) -> Result<(), Error> {
        let given = mandate.attributes();
        let (None, Some(email)) = (given.first(mandate::MANDATEE), given.first(mandate::ASSIGNEE_EMAIL))
        else {
            return Ok(());
        };
        let mut attributes = Attributes::default();
        attributes.put(mandate_invitation::MANDATE, Value::Ref(mandate.reference()));
        attributes.put(mandate_invitation::EMAIL, email.clone());
        attributes.put(mandate_invitation::STATE, Value::text(State::Sent.name()));
        let expires = self.engine.settings.invitation_end(self.now);
        attributes.put(mandate_invitation::EXPIRES, Value::Instant(expires));
        if let Some(by) = given.first(mandate::CREATED_BY) {
            attributes.put(mandate_invitation::INVITER, by.clone());
        }
        let mut with = Companions::default();
        with.add(mandate.clone());
        let valid = by_server(Kind::MandateInvitation, attributes);
        let insert = Insert { id: self.id, now: self.now, home: mandate.home(), valid: &valid, rows: &with };
        let made = tx.insert(std::slice::from_ref(&insert)).await?.pop();
        let made = made.ok_or_else(|| Error::internal("an insert returned no entity"))?;
        let action = Action::of(Verb::Create, Kind::MandateInvitation, Some(self.id));
        events.succeeded(action, changes(&Attributes::default(), made.attributes(), &tx.registry()));
        self.sending.send(tx, &made).await.map(drop)
    }
}

/// The mandate that an invitation offers, locked.
async fn offered(tx: &mut dyn Write, invitation: &Stored) -> Result<Stored, Error> {
    let to = invitation.attributes().reference(mandate_invitation::MANDATE);
    let to = to.ok_or_else(|| Error::internal("an invitation without its mandate"))?;
    tx.load(&[to.id]).await?.pop().ok_or_else(|| Error::internal("an invitation without its mandate"))
}

/// Makes `user` the mandatee of what the invitation offers.
pub(super) async fn receive(
    tx: &mut dyn Write,
    engine: &Engine,
    invitation: &Stored,
    (user, now): (&Stored, i64),
    events: &mut Events,
) -> Result<(), Error> {
    let mandate = offered(tx, invitation).await?;
    accept_mandate(tx, (&mandate, user), now, &engine.settings, events).await.map(drop)
}

/// Ends the mandate that whoever was invited does not want.
pub(super) async fn declined(
    tx: &mut dyn Write,
    invitation: &Stored,
    now: i64,
    events: &mut Events,
) -> Result<(), Error> {
    let mandate = offered(tx, invitation).await?;
    decline_mandate(tx, &mandate, now, events).await.map(drop)
}

/// Takes back the open invitations to a mandate that ended otherwise.
pub async fn withdraw_for(
    tx: &mut dyn Write,
    mandate: Row,
    now: i64,
    events: &mut Events,
) -> Result<(), Error> {
    let source = Source::RefersTo { attr: mandate_invitation::MANDATE, to: vec![mandate] };
    let rows = every::rows(&every::hits_in(tx, &source).await?);
    for invitation in tx.load_rows(&rows).await? {
        if invitation.attributes().text(mandate_invitation::STATE) == Some(State::Sent.name()) {
            let action = Inviting::Withdraw(Offer::Mandate).action(Some(invitation.id()));
            end(tx, Offer::Mandate, &invitation, (Step::Withdraw, action), (now, events)).await?;
        }
    }
    Ok(())
}

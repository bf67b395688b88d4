//! Resending an invitation and taking it back; what the end of an invitation means to a user who was to register.

use uuid::Uuid;

use crate::audit::{Action, Events};
use crate::model::invitation::Step;
use crate::model::kind::user::{Event, Status};
use crate::model::kind::{role_invitation, workflow};
use crate::model::letter::LetterKind;
use crate::model::{AttrId, Error, Kind, Row, Stored, Verb};
use crate::operation::engine::Engine;
use crate::operation::every;
use crate::operation::invitation::send::{Sending, renew};
use crate::operation::invitation::{Inviting, Offer, end, rewrite};
use crate::operation::perform::Change;
use crate::operation::scope;
use crate::operation::update::{Precondition, target};
use crate::store::{Source, Write};

/// Sends an invitation again, or takes it back.
#[derive(Debug)]
pub struct Resend {
    engine: Engine,
    offer: Offer,
    id: Uuid,
    precondition: Precondition,
    sending: Sending,
    now: i64,
}

impl Resend {
    /// Sends the invitation `id` again, only if the precondition holds.
    pub fn new(engine: &Engine, offer: Offer, id: Uuid, precondition: Precondition) -> Self {
        let letter = match offer {
            Offer::Roles => LetterKind::RoleInvitation,
            Offer::Mandate => LetterKind::MandateInvitation,
        };
        let sending = Sending::new(engine, offer, letter);
        Self { engine: engine.clone(), offer, id, precondition, sending, now: engine.world.now() }
    }
}

impl Change for Resend {
    type Out = Uuid;

    fn action(&self) -> Action {
        Inviting::Resend(self.offer).action(Some(self.id))
    }

    fn touches(&self) -> &'static [Kind] {
        &[]
    }

    async fn run<'t>(&'t self, tx: &'t mut (dyn Write + 't), events: &'t mut Events) -> Result<Uuid, Error> {
        let old = target(tx, self.offer.kind(), self.id).await?;
        self.precondition.check(old.version())?;
        let attributes = renew(&self.engine, self.offer, old.attributes(), self.now)?;
        let (new, differences) = rewrite(tx, &old, attributes, self.now).await?;
        if !self.sending.send(tx, &new).await? {
            return Err(Error::conflict(
                "email: the user that is invited has no address that mail can reach",
            ));
        }
        events.succeeded(self.action(), differences);
        Ok(self.id)
    }
}

/// Takes an invitation back (DELETE).
#[derive(Debug)]
pub struct Withdraw {
    offer: Offer,
    id: Uuid,
    precondition: Precondition,
    now: i64,
}

impl Withdraw {
    /// Takes the invitation `id` back, only if the precondition holds.
    pub fn new(engine: &Engine, offer: Offer, id: Uuid, precondition: Precondition) -> Self {
        Self { offer, id, precondition, now: engine.world.now() }
    }
}

impl Change for Withdraw {
    type Out = Uuid;

    fn action(&self) -> Action {
        Inviting::Withdraw(self.offer).action(Some(self.id))
    }

    fn touches(&self) -> &'static [Kind] {
        &[Kind::User]
    }

    async fn run<'t>(&'t self, tx: &'t mut (dyn Write + 't), events: &'t mut Events) -> Result<Uuid, Error> {
        let old = target(tx, self.offer.kind(), self.id).await?;
        self.precondition.check(old.version())?;
        end(tx, self.offer, &old, (Step::Withdraw, self.action()), (self.now, events)).await?;
        if self.offer == Offer::Roles {
            end_registration(tx, &old, self.now, events).await?;
        }
        Ok(self.id)
    }
}

/// The invitations of a user that are stored as Sent, in the order they were made, locked.
pub async fn open_invitations(tx: &mut dyn Write, user: Row) -> Result<Vec<Stored>, Error> {
    let source = Source::RefersTo { attr: role_invitation::USER, to: vec![user] };
    let rows = every::rows(&every::hits_in(tx, &source).await?);
    let mut found = tx.load_rows(&rows).await?;
    found.retain(|invitation| invitation.attributes().text(role_invitation::STATE) == Some("Sent"));
    Ok(found)
}

/// A user who waits for registration and whose last invitation has ended waits no more.
pub async fn end_registration(
    tx: &mut dyn Write,
    ended: &Stored,
    now: i64,
    events: &mut Events,
) -> Result<(), Error> {
    let Some(to) = ended.attributes().reference(role_invitation::USER) else { return Ok(()) };
    let Some(user) = tx.load(&[to.id]).await?.pop() else { return Ok(()) };
    // The roles offered may stand inside a client's bounds and the user outside: then it goes on waiting.
    if !scope::changes(tx, &user).await? {
        return Ok(());
    }
    let status = Status::at(user.attributes(), now);
    if status != Status::Waiting || !open_invitations(tx, user.row()).await?.is_empty() {
        return Ok(());
    }
    let mut attributes = user.attributes().clone();
    status.after(Event::InvitationEnded)?.put(&mut attributes);
    let (_, differences) = rewrite(tx, &user, attributes, now).await?;
    events.succeeded(Action::of(Verb::Update, Kind::User, Some(user.id())), differences);
    Ok(())
}

/// What follows when a delete took the last role of an invitation or workflow, and so ended it: the token is worth
/// nothing, and a registration is not waited for any more, or is rejected.
pub async fn emptied(
    tx: &mut dyn Write,
    (old, new): (&Stored, &Stored),
    now: i64,
    events: &mut Events,
) -> Result<(), Error> {
    let ended = |attr: AttrId| old.attributes().text(attr) != new.attributes().text(attr);
    match new.kind() {
        Kind::RoleInvitation if ended(role_invitation::STATE) => {
            tx.drop_secrets(Offer::Roles.purpose(), new.row()).await?;
            end_registration(tx, new, now, events).await
        }
        Kind::Workflow if ended(workflow::STATE) => {
            let registers = workflow::Type::of(new.attributes()) == workflow::Type::Registration;
            let Some(to) = new.attributes().reference(workflow::USER).filter(|_| registers) else {
                return Ok(());
            };
            let Some(user) = tx.load(&[to.id]).await?.pop() else { return Ok(()) };
            super::decide::register(tx, &user, false, (now, events)).await.map(drop)
        }
        _ => Ok(()),
    }
}

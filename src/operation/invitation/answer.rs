//! Accepting and declining an invitation, with its token or by a client on somebody's behalf.
//!
//! Whoever presents a token learns one thing when it is refused: that it is not good. Unknown, used, expired and
//! foreign tokens, invitations that are over and such that never were are answered alike, after the same work.

use uuid::Uuid;

use crate::audit::{Action, Events};
use crate::model::invitation::{State, Step};
use crate::model::kind::user::Status;
use crate::model::kind::{mandate_invitation, role_invitation, user};
use crate::model::rules::{Companions, by_server};
use crate::model::{Error, Kind, Ref, Stored, Value};
use crate::operation::engine::{Caller, Engine};
use crate::operation::invitation::grant::Granting;
use crate::operation::invitation::person::{Person, Place, Registrar, home_of_role};
use crate::operation::invitation::step::end_registration;
use crate::operation::invitation::token::TokenHash;
use crate::operation::invitation::{Inviting, Offer, end};
use crate::operation::perform::Change;
use crate::operation::update::{Precondition, target};
use crate::store::{Replace, Write};

/// Why somebody may answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// A token, by its hash.
    Token(TokenHash),
    /// A client's grant.
    Grant,
}

/// Who accepts.
#[derive(Debug)]
pub enum Who {
    /// The user invited, or somebody who becomes a user by what is said here.
    Invited(Box<Person>),
    /// A user that exists, by its id.
    User(Uuid),
    /// Somebody who gave a login and not its password.
    Unproven,
}

/// Accepts or declines one invitation.
#[derive(Debug)]
pub struct Answer {
    engine: Engine,
    offer: Offer,
    id: Uuid,
    /// `None` declines.
    who: Option<Who>,
    proof: Proof,
    registrar: Registrar,
    precondition: Precondition,
    now: i64,
}

impl Answer {
    /// An answer to the invitation `id`; `who` accepts it, nobody declines it.
    pub fn new(
        engine: &Engine,
        caller: &Caller,
        (offer, id): (Offer, Uuid),
        proof: Proof,
        who: Option<Who>,
    ) -> Self {
        Self {
            engine: engine.clone(),
            offer,
            id,
            who,
            proof,
            registrar: Registrar::new(engine, &caller.scene.client),
            precondition: Precondition::None,
            now: engine.world.now(),
        }
    }

    /// Only when the precondition holds.
    #[must_use]
    pub fn only_if(mut self, precondition: Precondition) -> Self {
        self.precondition = precondition;
        self
    }

    /// The invitation, locked, once it is shown that this one may answer it. The invitation is locked before its
    /// token is used up, in the order in which everybody else goes.
    async fn proven(&self, tx: &mut dyn Write) -> Result<Stored, Error> {
        let Proof::Token(hash) = &self.proof else { return target(tx, self.offer.kind(), self.id).await };
        let found = tx.load(&[self.id]).await?.pop().filter(|entity| entity.kind() == self.offer.kind());
        let subject = tx.consume_secret(self.offer.purpose(), hash, self.now).await?;
        match found {
            Some(invitation) if subject == Some(invitation.row()) => Ok(invitation),
            _ => Err(not_good()),
        }
    }

    async fn accept(
        &self,
        tx: &mut dyn Write,
        invitation: &Stored,
        who: &Who,
        events: &mut Events,
    ) -> Result<Option<Ref>, Error> {
        match self.offer {
            Offer::Roles => self.accept_roles(tx, invitation, who, events).await,
            Offer::Mandate => {
                let user = self.receiver(tx, invitation, who, events).await?;
                super::mandate::receive(tx, &self.engine, invitation, (&user, self.now), events).await?;
                Ok(None)
            }
        }
    }

    async fn accept_roles(
        &self,
        tx: &mut dyn Write,
        invitation: &Stored,
        who: &Who,
        events: &mut Events,
    ) -> Result<Option<Ref>, Error> {
        let offered = invitation.attributes();
        let ids: Vec<Uuid> =
            offered.values(role_invitation::ROLE).iter().filter_map(Value::as_ref).map(|to| to.id).collect();
        let mut roles = if ids.is_empty() { Vec::new() } else { tx.companions(&ids).await? };
        roles.sort_by_key(|role| ids.iter().position(|id| *id == role.id()));
        let (user, registered) = match offered.reference(role_invitation::USER) {
            Some(to) => self.invited(tx, to.id, who, events).await?,
            None => self.mailed(tx, invitation, (who, roles.first()), events).await?,
        };
        let inviter = offered.first(role_invitation::INVITER).cloned();
        let (engine, now) = (&self.engine, self.now);
        Granting { engine, user: &user, registered, roles, inviter, now }.run(tx, events).await?;
        Ok(Some(user.reference()))
    }

    /// The user that an invitation names, registered now if it was waiting for that.
    async fn invited(
        &self,
        tx: &mut dyn Write,
        id: Uuid,
        who: &Who,
        events: &mut Events,
    ) -> Result<(Stored, bool), Error> {
        let user = target(tx, Kind::User, id).await?;
        let person = match who {
            Who::Invited(person) => person,
            Who::User(given) if *given == id => &Box::default(),
            Who::User(_) => return Err(Error::reference("user", "expected the user that is invited")),
            Who::Unproven => return Err(not_good()),
        };
        let status = Status::at(user.attributes(), self.now);
        if matches!(status, Status::Waiting | Status::NotInitialized) {
            if self.proof != Proof::Grant && person.credential.is_none() {
                return Err(Error::invalid("pwd", "mandatory: the user chooses a password"));
            }
            return Ok((self.registrar.complete(tx, &user, person, events).await?, true));
        }
        status.accepted(false)?;
        if person.credential.is_some() || !person.given.is_empty() {
            return Err(Error::invalid("pwd", "the user that is invited is registered already"));
        }
        Ok((user, false))
    }

    /// Whoever accepts an invitation by mail: somebody new, or a user that a client names.
    async fn mailed(
        &self,
        tx: &mut dyn Write,
        invitation: &Stored,
        (who, first): (&Who, Option<&Stored>),
        events: &mut Events,
    ) -> Result<(Stored, bool), Error> {
        let person = match who {
            Who::Invited(person) => person,
            Who::User(id) => return Ok((self.existing(tx, *id).await?, false)),
            Who::Unproven => return Err(not_good()),
        };
        let first = first.ok_or_else(|| Error::conflict("role: nothing is offered any more"))?;
        let home = home_of_role(tx, first).await?;
        let offered = invitation.attributes();
        let place = Place {
            home: &home,
            email: offered.text(role_invitation::EMAIL).unwrap_or_default(),
            locale: offered.text(role_invitation::LOCALE),
        };
        Ok((self.new_user(tx, person, &place, events).await?, true))
    }

    /// Whoever accepts a mandate: somebody new, at home in the root organization, or a user that exists.
    async fn receiver(
        &self,
        tx: &mut dyn Write,
        invitation: &Stored,
        who: &Who,
        events: &mut Events,
    ) -> Result<Stored, Error> {
        let person = match who {
            Who::Invited(person) => person,
            Who::User(id) => return self.existing(tx, *id).await,
            Who::Unproven => return Err(not_good()),
        };
        let home = tx.companions(&[self.engine.root]).await?.pop();
        let home = home.ok_or_else(|| Error::internal("the root organization is gone"))?;
        let email = invitation.attributes().text(mandate_invitation::EMAIL).unwrap_or_default();
        let user = self.new_user(tx, person, &Place { home: &home, email, locale: None }, events).await?;
        let inviter = invitation.attributes().first(mandate_invitation::INVITER).cloned();
        let (engine, now, roles) = (&self.engine, self.now, Vec::new());
        Granting { engine, user: &user, registered: true, roles, inviter, now }.run(tx, events).await?;
        Ok(user)
    }

    async fn existing(&self, tx: &mut dyn Write, id: Uuid) -> Result<Stored, Error> {
        let user = target(tx, Kind::User, id).await.map_err(|error| match error {
            Error::NotFound { .. } => Error::reference("user", "expected an existing user"),
            other => other,
        })?;
        match Status::at(user.attributes(), self.now) {
            Status::Waiting | Status::NotInitialized => {
                Err(Error::conflict("status: the user must accept its own invitation first"))
            }
            status => status.accepted(false).map(|_| user),
        }
    }

    async fn new_user(
        &self,
        tx: &mut dyn Write,
        person: &Person,
        place: &Place<'_>,
        events: &mut Events,
    ) -> Result<Stored, Error> {
        if self.proof == Proof::Grant {
            return Err(Error::invalid("user", "expected the user who accepts, where no token is given"));
        }
        if person.credential.is_none() {
            return Err(Error::invalid("pwd", "mandatory: a new user chooses a password"));
        }
        self.registrar.register(tx, person, place, events).await
    }

    /// Stores that it was accepted, and by whom.
    async fn close(
        &self,
        tx: &mut dyn Write,
        invitation: &Stored,
        by: Option<Ref>,
        events: &mut Events,
    ) -> Result<(), Error> {
        let mut attributes = invitation.attributes().clone();
        attributes.put(self.offer.life().0, Value::text(State::Accepted.name()));
        let mut with = Companions::default();
        if let Some(by) = by {
            attributes.put(role_invitation::USER, Value::Ref(by));
            crate::operation::resolve::load_companions(tx, &attributes, &mut with).await?;
        }
        let valid = by_server(invitation.kind(), attributes);
        let home = invitation.home();
        let new =
            tx.replace(&Replace { old: invitation, now: self.now, home, valid: &valid, rows: &with }).await?;
        tx.drop_secrets(self.offer.purpose(), invitation.row()).await?;
        let differences =
            crate::audit::event::changes(invitation.attributes(), new.attributes(), &tx.registry());
        events.succeeded(self.action(), differences);
        Ok(())
    }

    /// To whoever came with a token, an invitation that is over is no invitation.
    fn said(&self, error: Error) -> Error {
        if self.proof == Proof::Grant { error } else { not_good() }
    }

    async fn decline(
        &self,
        tx: &mut dyn Write,
        invitation: &Stored,
        events: &mut Events,
    ) -> Result<(), Error> {
        State::of(invitation.attributes(), self.offer.life(), self.now)
            .after(Step::Decline)
            .map_err(|error| self.said(error))?;
        end(tx, self.offer, invitation, (Step::Decline, self.action()), (self.now, events)).await?;
        match self.offer {
            Offer::Roles => end_registration(tx, invitation, self.now, events).await,
            Offer::Mandate => super::mandate::declined(tx, invitation, self.now, events).await,
        }
    }
}

/// What is said of every token that is not good.
fn not_good() -> Error {
    Error::NotProven { what: "the token is not valid for this invitation" }
}

impl Change for Answer {
    type Out = Uuid;

    fn action(&self) -> Action {
        let step =
            if self.who.is_some() { Inviting::Accept(self.offer) } else { Inviting::Decline(self.offer) };
        step.action(Some(self.id))
    }

    fn touches(&self) -> &'static [Kind] {
        &[Kind::Assignment, Kind::User]
    }

    async fn run<'t>(&'t self, tx: &'t mut (dyn Write + 't), events: &'t mut Events) -> Result<Uuid, Error> {
        let invitation = self.proven(tx).await?;
        self.precondition.check(invitation.version())?;
        let state = State::of(invitation.attributes(), self.offer.life(), self.now);
        match &self.who {
            Some(who) => {
                state.after(Step::Accept).map_err(|error| self.said(error))?;
                let by = self.accept(tx, &invitation, who, events).await?;
                self.close(tx, &invitation, by, events).await?;
            }
            None => self.decline(tx, &invitation, events).await?,
        }
        Ok(self.id)
    }
}

/// The id of the user with that login, outside any transaction.
pub async fn with_login(engine: &Engine, login: &str) -> Result<Option<Uuid>, Error> {
    let key = crate::model::key::unique_key(login, true);
    let Some(row) = engine.store.holder(user::LOGIN, 0, &key).await? else { return Ok(None) };
    Ok(engine.store.by_rows(&[row]).await?.pop().map(|found| found.id()))
}

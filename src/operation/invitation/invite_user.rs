//! Inviting somebody to become a user (POST `/users/invite`), and once more (PUT `/users/{id}/reinvite`).

use uuid::Uuid;

use crate::audit::event::changes;
use crate::audit::{Action, Events};
use crate::model::invitation::State;
use crate::model::kind::role_invitation::{EXPIRES, INVITER, ROLE, STATE, USER};
use crate::model::kind::user;
use crate::model::kind::user::Status;
use crate::model::letter::LetterKind;
use crate::model::rules::{Companions, Context, by_server, validate};
use crate::model::state::{Draft, Given};
use crate::model::{AttrId, Attributes, Error, Kind, Row, Stored, Value, Verb};
use crate::operation::create::{default_owner, home_of};
use crate::operation::engine::{Caller, Engine};
use crate::operation::invitation::send::{Sending, mailable, renew};
use crate::operation::invitation::step::open_invitations;
use crate::operation::invitation::{Inviting, Offer, rewrite};
use crate::operation::perform::Change;
use crate::operation::resolve::{apply, load_companions};
use crate::operation::update::{Precondition, target};
use crate::store::{Insert, Write};

/// Makes a user that waits for registration, and its invitation.
#[derive(Debug)]
pub struct InviteUser {
    engine: Engine,
    draft: Draft,
    /// What the invitation says: roles, inviter, message.
    offer: Vec<(AttrId, Vec<Given>)>,
    client: String,
    id: Uuid,
    other_id: Uuid,
    invitation: Uuid,
    sending: Sending,
    now: i64,
}

impl InviteUser {
    /// An invitation of the user that `draft` describes; `offer` are attributes of its role invitation.
    pub fn new(engine: &Engine, caller: &Caller, mut draft: Draft, offer: Vec<(AttrId, Vec<Given>)>) -> Self {
        default_owner(&mut draft, engine.root);
        let world = &engine.world;
        Self {
            draft,
            offer,
            client: caller.scene.client.clone(),
            id: world.id(),
            other_id: world.unordered_id(),
            invitation: world.id(),
            sending: Sending::new(engine, Offer::Roles, LetterKind::UserInvitation),
            now: world.now(),
            engine: engine.clone(),
        }
    }

    async fn user(&self, tx: &mut dyn Write) -> Result<Stored, Error> {
        let (mut attributes, mut with) = (Attributes::default(), Companions::default());
        apply(tx, &self.draft.given, &mut attributes, &mut with).await?;
        if attributes.first(user::LOGIN).is_none()
            && let Some(email) = attributes.first(user::EMAIL).cloned()
        {
            attributes.put(user::LOGIN, email);
        }
        let context = Context {
            now: self.now,
            id: self.id,
            other_id: self.other_id,
            client: &self.client,
            settings: &self.engine.settings,
            with: &with,
        };
        let valid = validate(Kind::User, attributes, &context)?;
        let mut attributes = valid.attributes().clone();
        Status::INVITED.put(&mut attributes);
        let home = home_of(Kind::User, &attributes, &with);
        insert(tx, (self.id, Kind::User, self.now), attributes, (home, &with)).await
    }
}

impl Change for InviteUser {
    type Out = Uuid;

    fn action(&self) -> Action {
        Inviting::InviteUser.action(Some(self.id))
    }

    fn includes(&self) -> Option<Action> {
        let offers = self.offer.iter().any(|(attr, values)| *attr == ROLE && !values.is_empty());
        offers.then(|| Action::of(Verb::Create, Kind::RoleInvitation, None))
    }

    fn touches(&self) -> &'static [Kind] {
        &[]
    }

    async fn run<'t>(&'t self, tx: &'t mut (dyn Write + 't), events: &'t mut Events) -> Result<Uuid, Error> {
        let user = self.user(tx).await?;
        let made = changes(&Attributes::default(), user.attributes(), &tx.registry());
        events.succeeded(self.action(), made);
        let (mut attributes, mut with) = (Attributes::default(), Companions::default());
        apply(tx, &self.offer, &mut attributes, &mut with).await?;
        if attributes.first(INVITER).is_none() {
            attributes.put(INVITER, Value::text(self.client.as_str()));
        }
        let end = self.engine.settings.invitation_end(self.now);
        let invitation = invite(tx, (self.invitation, self.now), (&user, attributes, end), events).await?;
        if !self.sending.send(tx, &invitation).await? {
            return Err(Error::invalid("email", "expected an address that mail can reach"));
        }
        Ok(self.id)
    }
}

/// Makes the invitation by which a waiting user registers.
async fn invite(
    tx: &mut dyn Write,
    (id, now): (Uuid, i64),
    (user, mut attributes, end): (&Stored, Attributes, i64),
    events: &mut Events,
) -> Result<Stored, Error> {
    attributes.put(USER, Value::Ref(user.reference()));
    attributes.put(STATE, Value::text(State::Sent.name()));
    attributes.put(EXPIRES, Value::Instant(end));
    let mut with = Companions::default();
    with.add(user.clone());
    load_companions(tx, &attributes, &mut with).await?;
    // Without a role it belongs to the organization that the user will be at home in.
    let home = home_of(Kind::RoleInvitation, &attributes, &with).or(user.home());
    let made = insert(tx, (id, Kind::RoleInvitation, now), attributes, (home, &with)).await?;
    let action = Action::of(Verb::Create, Kind::RoleInvitation, Some(id));
    events.succeeded(action, changes(&Attributes::default(), made.attributes(), &tx.registry()));
    Ok(made)
}

async fn insert(
    tx: &mut dyn Write,
    (id, kind, now): (Uuid, Kind, i64),
    attributes: Attributes,
    (home, with): (Option<Row>, &Companions),
) -> Result<Stored, Error> {
    let valid = by_server(kind, attributes);
    let insert = Insert { id, now, home, valid: &valid, rows: with };
    let made = tx.insert(std::slice::from_ref(&insert)).await?.pop();
    made.ok_or_else(|| Error::internal("an insert returned no entity"))
}

/// Sends the invitation of a waiting user again.
#[derive(Debug)]
pub struct Reinvite {
    engine: Engine,
    id: Uuid,
    precondition: Precondition,
    client: String,
    invitation: Uuid,
    sending: Sending,
    now: i64,
}

impl Reinvite {
    /// Sends the invitation of the user `id` again, only if the precondition holds.
    pub fn new(engine: &Engine, caller: &Caller, id: Uuid, precondition: Precondition) -> Self {
        Self {
            engine: engine.clone(),
            id,
            precondition,
            client: caller.scene.client.clone(),
            invitation: engine.world.id(),
            sending: Sending::new(engine, Offer::Roles, LetterKind::Reinvitation),
            now: engine.world.now(),
        }
    }

    /// The newest open invitation, renewed; a new one without roles where every one has ended.
    async fn renewed(&self, tx: &mut dyn Write, user: &Stored, events: &mut Events) -> Result<Stored, Error> {
        let Some(open) = open_invitations(tx, user.row()).await?.pop() else {
            let mut attributes = Attributes::default();
            attributes.put(INVITER, Value::text(self.client.as_str()));
            let end = self.engine.settings.invitation_end(self.now);
            return invite(tx, (self.invitation, self.now), (user, attributes, end), events).await;
        };
        let attributes = renew(&self.engine, Offer::Roles, open.attributes(), self.now)?;
        let (new, differences) = rewrite(tx, &open, attributes, self.now).await?;
        events.succeeded(Inviting::Resend(Offer::Roles).action(Some(open.id())), differences);
        Ok(new)
    }
}

impl Change for Reinvite {
    /// The user's id and the address that was written to.
    type Out = (Uuid, String);

    fn action(&self) -> Action {
        Inviting::Reinvite.action(Some(self.id))
    }

    fn touches(&self) -> &'static [Kind] {
        &[]
    }

    async fn run<'t>(
        &'t self,
        tx: &'t mut (dyn Write + 't),
        events: &'t mut Events,
    ) -> Result<(Uuid, String), Error> {
        let user = target(tx, Kind::User, self.id).await?;
        self.precondition.check(user.version())?;
        Status::at(user.attributes(), self.now).reinvited()?;
        let email = mailable(user.attributes()).map(str::to_owned);
        let email =
            email.ok_or_else(|| Error::conflict("email: the user has no address that mail can reach"))?;
        let invitation = self.renewed(tx, &user, events).await?;
        self.sending.send(tx, &invitation).await?;
        events.succeeded(self.action(), Vec::new());
        Ok((self.id, email))
    }
}

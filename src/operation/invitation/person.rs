//! Whoever accepts an invitation: somebody new becomes a user, an invited user completes its registration.

use uuid::Uuid;

use crate::audit::event::changes;
use crate::audit::{Action, Events};
use crate::model::kind::{organization, role, user};
use crate::model::password::Password;
use crate::model::rules::{Companions, Context, by_server, revalidate, validate};
use crate::model::state::Given;
use crate::model::{AttrId, Attributes, Error, Kind, Stored, Value, Verb};
use crate::operation::engine::Engine;
use crate::operation::resolve::{apply, load_companions};
use crate::store::{Credential, Insert, Replace, Write};
use user::Status;

/// What somebody who accepts says of himself.
#[derive(Debug, Default)]
pub struct Person {
    /// Attributes of a user.
    pub given: Vec<(AttrId, Vec<Given>)>,
    /// The chosen password, to be judged beside the user it is for.
    pub password: Option<Password>,
    /// Its hash.
    pub credential: Option<Credential>,
}

impl Person {
    fn says(&self, attr: AttrId) -> bool {
        self.given.iter().any(|(given, values)| *given == attr && !values.is_empty())
    }
}

/// Registers people; ids and clock are fixed before the first run.
#[derive(Debug)]
pub struct Registrar {
    engine: Engine,
    client: String,
    id: Uuid,
    other_id: Uuid,
    now: i64,
}

/// Where somebody new comes to be.
#[derive(Debug)]
pub struct Place<'a> {
    /// The home organization.
    pub home: &'a Stored,
    /// The address invited.
    pub email: &'a str,
    /// The locale of the invitation.
    pub locale: Option<&'a str>,
}

impl Registrar {
    /// A registration on behalf of `client`.
    pub fn new(engine: &Engine, client: &str) -> Self {
        Self {
            engine: engine.clone(),
            client: client.to_owned(),
            id: engine.world.id(),
            other_id: engine.world.unordered_id(),
            now: engine.world.now(),
        }
    }

    fn context<'a>(&'a self, id: Uuid, with: &'a Companions) -> Context<'a> {
        Context {
            now: self.now,
            id,
            other_id: self.other_id,
            client: &self.client,
            settings: &self.engine.settings,
            with,
        }
    }

    /// Makes a user of somebody new: Enabled, or Pending where the home organization asks for approval.
    pub async fn register(
        &self,
        tx: &mut dyn Write,
        person: &Person,
        place: &Place<'_>,
        events: &mut Events,
    ) -> Result<Stored, Error> {
        let mut with = Companions::default();
        with.add(place.home.clone());
        let mut attributes = Attributes::default();
        attributes.put(user::LOGIN, Value::text(place.email));
        attributes.put(user::EMAIL, Value::text(place.email));
        attributes.put(user::HOME, Value::Ref(place.home.reference()));
        if let Some(locale) = place.locale {
            attributes.put(user::LOCALE, Value::text(locale));
        }
        attributes.put(user::PASSWORD_ACTIVE, Value::Bool(person.credential.is_some()));
        apply(tx, &said(person), &mut attributes, &mut with).await?;
        let valid = validate(Kind::User, attributes, &self.context(self.id, &with))?;
        let mut attributes = valid.attributes().clone();
        let approval = self.engine.settings.asks_approval(place.home.attributes());
        Status::INVITED.accepted(approval)?.put(&mut attributes);
        let valid = by_server(Kind::User, attributes);
        let home = Some(place.home.row());
        let insert = Insert { id: self.id, now: self.now, home, valid: &valid, rows: &with };
        let made = tx.insert(std::slice::from_ref(&insert)).await?.pop();
        let made = made.ok_or_else(|| Error::internal("an insert returned no entity"))?;
        self.keep(tx, &made, person).await?;
        let action = Action::of(Verb::Create, Kind::User, Some(self.id));
        events.succeeded(action, changes(&Attributes::default(), made.attributes(), &tx.registry()));
        Ok(made)
    }

    /// Completes the registration of a user that was invited: its status follows as [`Status::accepted`] says.
    pub async fn complete(
        &self,
        tx: &mut dyn Write,
        invited: &Stored,
        person: &Person,
        events: &mut Events,
    ) -> Result<Stored, Error> {
        let (mut attributes, mut with) = (invited.attributes().clone(), Companions::default());
        apply(tx, &said(person), &mut attributes, &mut with).await?;
        if person.credential.is_some() {
            attributes.put(user::PASSWORD_ACTIVE, Value::Bool(true));
        }
        load_companions(tx, &attributes, &mut with).await?;
        let valid = revalidate(invited, attributes, &self.context(invited.id(), &with))?;
        let home = with.of(valid.attributes(), user::HOME);
        let home = home.ok_or_else(|| Error::internal("a user without a home organization"))?;
        let approval = self.engine.settings.asks_approval(home.attributes());
        let mut attributes = valid.attributes().clone();
        Status::at(&attributes, self.now).accepted(approval)?.put(&mut attributes);
        let valid = by_server(Kind::User, attributes);
        let change =
            Replace { old: invited, now: self.now, home: invited.home(), valid: &valid, rows: &with };
        let done = tx.replace(&change).await?;
        self.keep(tx, &done, person).await?;
        let action = Action::of(Verb::Update, Kind::User, Some(invited.id()));
        events.succeeded(action, changes(invited.attributes(), done.attributes(), &tx.registry()));
        Ok(done)
    }

    async fn keep(&self, tx: &mut dyn Write, user: &Stored, person: &Person) -> Result<(), Error> {
        if let Some(password) = &person.password {
            password.check_own(user.attributes())?;
        }
        match &person.credential {
            Some(credential) => tx.set_credential(user.row(), credential).await,
            None => Ok(()),
        }
    }
}

/// What a person gave; an empty value says nothing, so that nobody accepts himself out of a login.
fn said(person: &Person) -> Vec<(AttrId, Vec<Given>)> {
    person.given.iter().filter(|(attr, _)| person.says(*attr)).cloned().collect()
}

/// The nearest organization that is not virtual, from that of `role` upwards: where somebody who accepts it is at
/// home.
pub async fn home_of_role(tx: &mut dyn Write, role: &Stored) -> Result<Stored, Error> {
    let mut next = role.attributes().reference(role::ORGANIZATION);
    while let Some(to) = next {
        let found = tx.companions(&[to.id]).await?.pop();
        let found = found.ok_or_else(|| Error::internal("an organization is missing"))?;
        if !found.attributes().flag(organization::VIRTUAL) {
            return Ok(found);
        }
        next = found.attributes().reference(organization::PARENT);
    }
    Err(Error::internal("a role has no normal organization above it"))
}

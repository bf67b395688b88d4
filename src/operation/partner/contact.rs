//! Contacts of a partner (POST `/partners/{id}/contacts`): one for each e-mail address, made or changed.

use std::sync::Arc;

use uuid::Uuid;

use crate::audit::event::changes;
use crate::audit::{Action, Events};
use crate::model::kind::contact;
use crate::model::rules::{Companions, Context, Settings, revalidate, validate};
use crate::model::state::Given;
use crate::model::{AttrId, Error, Kind, Stored, key};
use crate::operation::engine::{Caller, Engine};
use crate::operation::partner::{Partnering, owner};
use crate::operation::perform::Change;
use crate::operation::resolve::{apply, load_companions};
use crate::operation::update::Precondition;
use crate::store::{Insert, Replace, Write};

/// Stores one contact.
#[derive(Debug)]
pub struct StoreContact {
    partner: Uuid,
    given: Vec<(AttrId, Vec<Given>)>,
    precondition: Precondition,
    id: Uuid,
    other_id: Uuid,
    now: i64,
    client: String,
    settings: Arc<Settings>,
}

impl StoreContact {
    /// Stores what was given, which names the partner `partner` too, by its e-mail address.
    pub fn new(
        engine: &Engine,
        caller: &Caller,
        partner: Uuid,
        given: Vec<(AttrId, Vec<Given>)>,
        precondition: Precondition,
    ) -> Self {
        Self {
            partner,
            given,
            precondition,
            id: engine.world.id(),
            other_id: engine.world.unordered_id(),
            now: engine.world.now(),
            client: caller.scene.client.clone(),
            settings: Arc::clone(&engine.settings),
        }
    }

    /// The partner's contact with the address that was given, locked.
    async fn known(&self, tx: &mut dyn Write, partner: &Stored) -> Result<Option<Stored>, Error> {
        let mut values = self.given.iter().filter(|(attr, _)| *attr == contact::EMAIL);
        let Some(Given::Value(value)) = values.next().and_then(|(_, values)| values.first()) else {
            return Ok(None);
        };
        let email = key::unique_key(value.as_text().unwrap_or_default(), true);
        match tx.holder(contact::EMAIL, partner.row(), &email).await? {
            Some(row) => Ok(tx.load_rows(&[row]).await?.pop()),
            None => Ok(None),
        }
    }
}

impl Change for StoreContact {
    type Out = Uuid;

    fn action(&self) -> Action {
        Partnering::Contact.action(None)
    }

    fn touches(&self) -> &'static [Kind] {
        &[]
    }

    async fn run<'t>(&'t self, tx: &'t mut (dyn Write + 't), events: &'t mut Events) -> Result<Uuid, Error> {
        // Locked, so that two who store the same address come one after the other.
        let partner = owner(tx, self.partner).await?;
        let old = self.known(tx, &partner).await?;
        match (&old, &self.precondition) {
            (Some(old), condition) => condition.check(old.version())?,
            (None, Precondition::OneOf(_)) => return Err(Error::Precondition),
            (None, _) => {}
        }
        let mut companions = Companions::default();
        let before = old.as_ref().map(|old| old.attributes().clone()).unwrap_or_default();
        let mut attributes = before.clone();
        apply(tx, &self.given, &mut attributes, &mut companions).await?;
        load_companions(tx, &attributes, &mut companions).await?;
        if let Some(email) = before.first(contact::EMAIL) {
            // The address it was made with tells it apart; another letter case does not change it.
            attributes.put(contact::EMAIL, email.clone());
        }
        let context = Context {
            now: self.now,
            id: old.as_ref().map_or(self.id, Stored::id),
            other_id: self.other_id,
            client: &self.client,
            settings: &self.settings,
            with: &companions,
        };
        let (home, now) = (partner.home(), self.now);
        let stored = if let Some(old) = &old {
            let valid = revalidate(old, attributes, &context)?;
            Some(tx.replace(&Replace { old, now, home, valid: &valid, rows: &companions }).await?)
        } else {
            let valid = validate(Kind::Contact, attributes, &context)?;
            let insert = Insert { id: self.id, now, home, valid: &valid, rows: &companions };
            tx.insert(std::slice::from_ref(&insert)).await?.pop()
        };
        let stored = stored.ok_or_else(|| Error::internal("an insert returned no entity"))?;
        let action = Partnering::Contact.action(Some(stored.id()));
        events.succeeded(action, changes(&before, stored.attributes(), &tx.registry()));
        Ok(stored.id())
    }
}

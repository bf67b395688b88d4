//! A partner asks for an API key under a policy (POST `/partners/{id}/apikeyrequests`).

use std::sync::Arc;

use uuid::Uuid;

use crate::audit::event::changes;
use crate::audit::{Action, Events};
use crate::model::kind::api_key_request;
use crate::model::rules::{Companions, Context, Settings, validate};
use crate::model::state::Given;
use crate::model::{AttrId, Attributes, Error, Kind, Stored, Value};
use crate::operation::engine::{Caller, Engine};
use crate::operation::keys::{Keying, acts, owner, policy};
use crate::operation::perform::Change;
use crate::store::{Insert, Write};

/// What a request for a key says beside its policy.
pub type Said = Vec<(AttrId, Vec<Given>)>;

/// Makes a request for a key.
#[derive(Debug)]
pub struct Ask {
    id: Uuid,
    other_id: Uuid,
    partner: Uuid,
    policy: String,
    said: Said,
    client: String,
    now: i64,
    settings: Arc<Settings>,
}

impl Ask {
    /// The partner of that id asks for a key to the policy of that name.
    pub fn new(engine: &Engine, caller: &Caller, partner: Uuid, (policy, said): (String, Said)) -> Self {
        Self {
            id: engine.world.id(),
            other_id: engine.world.unordered_id(),
            partner,
            policy,
            said,
            client: caller.scene.client.clone(),
            now: engine.world.now(),
            settings: Arc::clone(&engine.settings),
        }
    }
}

/// Puts plain values that were given into attributes.
pub(super) fn put(said: &Said, attributes: &mut Attributes) {
    for (attr, values) in said {
        let plain = values.iter().filter_map(|value| match value {
            Given::Value(value) => Some(value.clone()),
            Given::Reference(_) => None,
        });
        attributes.set(*attr, plain.collect());
    }
}

/// A new entity that belongs to a partner and a policy, with its id and instant.
pub(super) struct New<'a> {
    pub(super) kind: Kind,
    pub(super) ids: (Uuid, Uuid),
    pub(super) now: i64,
    pub(super) client: &'a str,
    pub(super) settings: &'a Settings,
    pub(super) attributes: Attributes,
}

/// Writes a new entity beside its partner; `owners` are what it refers to, the partner first.
pub(super) async fn insert(
    tx: &mut dyn Write,
    new: New<'_>,
    owners: &[&Stored],
) -> Result<(Stored, Vec<String>), Error> {
    let mut with = Companions::default();
    for owner in owners {
        with.add((*owner).clone());
    }
    let (id, other_id) = new.ids;
    let context =
        Context { now: new.now, id, other_id, client: new.client, settings: new.settings, with: &with };
    let valid = validate(new.kind, new.attributes, &context)?;
    let home = owners.first().and_then(|partner| partner.home());
    let insert = Insert { id, now: new.now, home, valid: &valid, rows: &with };
    let stored = tx.insert(std::slice::from_ref(&insert)).await?.pop();
    let stored = stored.ok_or_else(|| Error::internal("an insert returned no entity"))?;
    let made = changes(&Attributes::default(), stored.attributes(), &tx.registry());
    Ok((stored, made))
}

impl Change for Ask {
    type Out = Uuid;

    fn action(&self) -> Action {
        Keying::Ask.action(Some(self.id))
    }

    fn touches(&self) -> &'static [Kind] {
        &[]
    }

    async fn run<'t>(&'t self, tx: &'t mut (dyn Write + 't), events: &'t mut Events) -> Result<Uuid, Error> {
        let partner = owner(tx, self.partner, false, events).await?;
        let (policy, _) = policy::wanted(tx, &partner, (&self.policy, self.now)).await?;
        acts(&partner)?;
        let mut attributes = Attributes::default();
        put(&self.said, &mut attributes);
        attributes.put(api_key_request::PARTNER, Value::Ref(partner.reference()));
        attributes.put(api_key_request::POLICY, Value::Ref(policy.reference()));
        let new = New {
            kind: Kind::ApiKeyRequest,
            ids: (self.id, self.other_id),
            now: self.now,
            client: &self.client,
            settings: &self.settings,
            attributes,
        };
        let (_, made) = insert(tx, new, &[&partner, &policy]).await?;
        events.succeeded(self.action(), made);
        Ok(self.id)
    }
}

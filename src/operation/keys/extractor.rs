//! What extracts biometric templates for a partner under a policy: one for each attribute, stored over what was there
//! (POST `/partners/{id}/policies/{policy}/extractors`).

use std::sync::Arc;

use uuid::Uuid;

use crate::audit::coded::partner::POLICY_NOT_MAPPED;
use crate::audit::event::changes;
use crate::audit::{Action, Events};
use crate::model::kind::api_key_request::{self, State};
use crate::model::kind::biometric_extractor as extractor;
use crate::model::rules::{Companions, Context, Settings, revalidate};
use crate::model::{Attributes, Error, Kind, Stored, Value};
use crate::operation::engine::{Caller, Engine};
use crate::operation::keys::ask::{New, Said, insert, put};
use crate::operation::keys::policy::addressed;
use crate::operation::keys::{Keying, owner, referring};
use crate::operation::perform::Change;
use crate::store::{Replace, Write};

/// Stores one extractor.
#[derive(Debug)]
pub struct StoreExtractor {
    ids: (Uuid, Uuid),
    partner: Uuid,
    policy: String,
    said: Said,
    client: String,
    now: i64,
    settings: Arc<Settings>,
}

impl StoreExtractor {
    /// For the partner of that id under the policy of that id or name.
    pub fn new(engine: &Engine, caller: &Caller, partner: Uuid, (policy, said): (String, Said)) -> Self {
        Self {
            ids: (engine.world.id(), engine.world.unordered_id()),
            partner,
            policy,
            said,
            client: caller.scene.client.clone(),
            now: engine.world.now(),
            settings: Arc::clone(&engine.settings),
        }
    }

    /// Writes what was given over an extractor that is there.
    async fn replace(&self, tx: &mut dyn Write, old: &Stored, events: &mut Events) -> Result<Uuid, Error> {
        let mut attributes = old.attributes().clone();
        put(&self.said, &mut attributes);
        let with = Companions::default();
        let context = Context {
            now: self.now,
            id: old.id(),
            other_id: self.ids.1,
            client: &self.client,
            settings: &self.settings,
            with: &with,
        };
        let valid = revalidate(old, attributes, &context)?;
        let change = Replace { old, now: self.now, home: old.home(), valid: &valid, rows: &with };
        let new = tx.replace(&change).await?;
        let differences = changes(old.attributes(), new.attributes(), &tx.registry());
        events.succeeded(Keying::Extract.action(Some(old.id())), differences);
        Ok(old.id())
    }
}

/// Whether the partner was ever given a key to this policy.
async fn is_mapped(tx: &mut dyn Write, partner: &Stored, policy: &Stored) -> Result<bool, Error> {
    let asked = referring(tx, api_key_request::PARTNER, partner.row()).await?;
    Ok(asked.iter().map(Stored::attributes).any(|request| {
        let to = request.reference(api_key_request::POLICY);
        to.is_some_and(|to| to.id == policy.id()) && State::of(request) == State::Approved
    }))
}

impl Change for StoreExtractor {
    type Out = Uuid;

    fn action(&self) -> Action {
        Keying::Extract.action(None)
    }

    fn touches(&self) -> &'static [Kind] {
        &[]
    }

    async fn run<'t>(&'t self, tx: &'t mut (dyn Write + 't), events: &'t mut Events) -> Result<Uuid, Error> {
        let partner = owner(tx, self.partner, true, events).await?;
        let (policy, _) = addressed(tx, &partner, &self.policy).await?;
        if !is_mapped(tx, &partner, &policy).await? {
            events.fails_as(&POLICY_NOT_MAPPED);
            return Err(Error::conflict("policy: the partner has no approved request for this policy"));
        }
        let mut attributes = Attributes::default();
        put(&self.said, &mut attributes);
        let name = attributes.text(extractor::ATTRIBUTE_NAME).unwrap_or_default().to_owned();
        let known = referring(tx, extractor::PARTNER, partner.row()).await?;
        let same = known.iter().find(|known| {
            let to = known.attributes().reference(extractor::POLICY);
            to.is_some_and(|to| to.id == policy.id())
                && known.attributes().text(extractor::ATTRIBUTE_NAME) == Some(name.as_str())
        });
        if let Some(old) = same {
            return self.replace(tx, old, events).await;
        }
        attributes.put(extractor::PARTNER, Value::Ref(partner.reference()));
        attributes.put(extractor::POLICY, Value::Ref(policy.reference()));
        let new = New {
            kind: Kind::BiometricExtractor,
            ids: self.ids,
            now: self.now,
            client: &self.client,
            settings: &self.settings,
            attributes,
        };
        let (stored, made) = insert(tx, new, &[&partner, &policy]).await?;
        events.succeeded(Keying::Extract.action(Some(stored.id())), made);
        Ok(stored.id())
    }
}

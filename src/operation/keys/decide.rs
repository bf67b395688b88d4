//! A request for an API key is approved or rejected, once (PUT `/apikeyrequests/{id}/status`). Approval makes the key.

use std::sync::Arc;

use uuid::Uuid;

use crate::audit::{Action, Events};
use crate::model::kind::api_key_request::{self, Decision, State};
use crate::model::kind::{api_key, policy};
use crate::model::rules::{Companions, Settings};
use crate::model::{Attributes, Error, Kind, Ref, Stored, Value};
use crate::operation::engine::{Caller, Engine};
use crate::operation::key_text::{KEPT, KeyHash};
use crate::operation::keys::ask::{New, insert};
use crate::operation::keys::policy::unusable;
use crate::operation::keys::{Keying, PURPOSE, acts, own_id, rewrite};
use crate::operation::perform::Change;
use crate::operation::update::{Precondition, target};
use crate::store::Write;
use crate::store::secret::Secret;

/// Decides a request; `key` is the hash of the key that it gets when it is approved.
#[derive(Debug)]
pub struct Decide {
    id: Uuid,
    decision: Decision,
    key: KeyHash,
    key_ids: (Uuid, Uuid),
    label: Option<String>,
    precondition: Precondition,
    client: String,
    now: i64,
    settings: Arc<Settings>,
}

/// What a decision left.
#[derive(Debug)]
pub struct Decided {
    /// The request.
    pub request: Uuid,
    /// The key, when it was approved.
    pub key: Option<Stored>,
}

impl Decide {
    /// Decides the request `id`.
    pub fn new(engine: &Engine, caller: &Caller, (id, decision): (Uuid, Decision), key: KeyHash) -> Self {
        Self {
            id,
            decision,
            key,
            key_ids: (engine.world.id(), engine.world.unordered_id()),
            label: None,
            precondition: Precondition::None,
            client: caller.scene.client.clone(),
            now: engine.world.now(),
            settings: Arc::clone(&engine.settings),
        }
    }

    /// The key is called this, whatever its request says.
    #[must_use]
    pub fn labelled(mut self, label: Option<String>) -> Self {
        self.label = label;
        self
    }

    /// Only when the precondition holds.
    #[must_use]
    pub fn only_if(mut self, precondition: Precondition) -> Self {
        self.precondition = precondition;
        self
    }

    async fn make(
        &self,
        tx: &mut dyn Write,
        request: &Stored,
        owners: [&Stored; 2],
    ) -> Result<(Stored, Vec<String>), Error> {
        let [partner, policy] = owners;
        let mut attributes = Attributes::default();
        attributes.put(api_key::PARTNER, Value::Ref(partner.reference()));
        attributes.put(api_key::POLICY, Value::Ref(policy.reference()));
        attributes.put(api_key::REQUEST, Value::Ref(request.reference()));
        let asked = request.attributes().first(api_key_request::LABEL).cloned();
        if let Some(label) = self.label.as_deref().map(Value::text).or(asked) {
            attributes.put(api_key::LABEL, label);
        }
        attributes.put(api_key::STATUS, Value::text(api_key::Status::Active.name()));
        attributes.put(api_key::EXPIRES, Value::Instant(self.settings.api_key_end(self.now)));
        let new = New {
            kind: Kind::ApiKey,
            ids: self.key_ids,
            now: self.now,
            client: &self.client,
            settings: &self.settings,
            attributes,
        };
        let (key, made) = insert(tx, new, &[partner, policy, request]).await?;
        let secret = Secret {
            purpose: PURPOSE,
            hash: &self.key,
            subject: key.row(),
            expires: KEPT,
            uses: 1,
            tries: 1,
        };
        tx.put_secret(&secret).await?;
        let made = made.into_iter().map(|change| format!("apikey {} {change}", key.id())).collect();
        Ok((key, made))
    }
}

/// What a request refers to by an attribute that it must have, kept as it is.
async fn referred(tx: &mut dyn Write, to: Option<Ref>) -> Result<Stored, Error> {
    let missing = || Error::internal("what a request for a key refers to is missing");
    let to = to.ok_or_else(missing)?;
    tx.companions(&[to.id]).await?.pop().ok_or_else(missing)
}

impl Change for Decide {
    type Out = Decided;

    fn action(&self) -> Action {
        let word = match self.decision {
            Decision::Approve => "APPROVE",
            Decision::Reject => "REJECT",
        };
        Action { word, ..Keying::Decide.action(Some(self.id)) }
    }

    fn touches(&self) -> &'static [Kind] {
        &[]
    }

    async fn run<'t>(
        &'t self,
        tx: &'t mut (dyn Write + 't),
        events: &'t mut Events,
    ) -> Result<Decided, Error> {
        let old = target(tx, Kind::ApiKeyRequest, self.id).await?;
        let partner = referred(tx, old.attributes().reference(api_key_request::PARTNER)).await?;
        events.about(own_id(&partner));
        self.precondition.check(old.version())?;
        let state = State::of(old.attributes()).decided(self.decision)?;
        let mut attributes = old.attributes().clone();
        attributes.put(api_key_request::STATUS, Value::text(state.name()));
        attributes.put(api_key_request::DECIDED, Value::Instant(self.now));
        attributes.put(api_key_request::DECIDED_BY, Value::text(self.client.as_str()));
        let (new, mut differences) =
            rewrite(tx, &old, attributes, (self.now, &Companions::default())).await?;
        let mut key = None;
        if self.decision == Decision::Approve {
            acts(&partner)?;
            let policy = referred(tx, old.attributes().reference(api_key_request::POLICY)).await?;
            let group = referred(tx, policy.attributes().reference(policy::POLICY_GROUP)).await?;
            // What could be asked for may have ended since.
            if let Some(why) = unusable(policy.attributes(), group.attributes(), self.now) {
                return Err(Error::conflict(format!("policyName: {why}")));
            }
            let (made, also) = self.make(tx, &new, [&partner, &policy]).await?;
            differences.extend(also);
            key = Some(made);
        }
        events.succeeded(self.action(), differences);
        Ok(Decided { request: self.id, key })
    }
}

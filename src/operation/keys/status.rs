//! A key is switched on or off, or opens another policy (PUT `/apikeys/{id}/status`, `/apikeys/{id}/policy`).

use uuid::Uuid;

use crate::audit::{Action, Events};
use crate::model::kind::api_key::{self, Status, Step, check_unexpired, is_expired};
use crate::model::rules::Companions;
use crate::model::{Error, Kind, Value};
use crate::operation::engine::Engine;
use crate::operation::keys::{Keying, own_id, policy, rewrite};
use crate::operation::perform::Change;
use crate::operation::update::{Precondition, target};
use crate::store::Write;

/// What is to become of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// Another status.
    Status(Step),
    /// Another policy, by name or id.
    Policy(String),
}

/// Changes one key.
#[derive(Debug)]
pub struct ChangeKey {
    id: Uuid,
    wanted: Wanted,
    precondition: Precondition,
    now: i64,
}

impl ChangeKey {
    /// Changes the key `id`, only if the precondition holds.
    pub fn new(engine: &Engine, id: Uuid, wanted: Wanted, precondition: Precondition) -> Self {
        Self { id, wanted, precondition, now: engine.world.now() }
    }
}

impl Change for ChangeKey {
    type Out = Uuid;

    fn action(&self) -> Action {
        let asked = match self.wanted {
            Wanted::Status(_) => Keying::Status,
            Wanted::Policy(_) => Keying::Policy,
        };
        asked.action(Some(self.id))
    }

    fn touches(&self) -> &'static [Kind] {
        &[]
    }

    async fn run<'t>(&'t self, tx: &'t mut (dyn Write + 't), events: &'t mut Events) -> Result<Uuid, Error> {
        let old = target(tx, Kind::ApiKey, self.id).await?;
        let partner = old.attributes().reference(api_key::PARTNER).map(|to| to.id).unwrap_or_default();
        let partner = tx.companions(&[partner]).await?.pop();
        let partner = partner.ok_or_else(|| Error::internal("a key without a partner"))?;
        events.about(own_id(&partner));
        self.precondition.check(old.version())?;
        let mut attributes = old.attributes().clone();
        let mut with = Companions::default();
        match &self.wanted {
            Wanted::Status(step) => {
                let expired = is_expired(old.attributes(), self.now);
                let next = Status::of(old.attributes()).after(*step, expired)?;
                attributes.put(api_key::STATUS, Value::text(next.name()));
            }
            Wanted::Policy(name) => {
                let (policy, _) = policy::wanted(tx, &partner, (name, self.now)).await?;
                check_unexpired(old.attributes(), self.now)?;
                attributes.put(api_key::POLICY, Value::Ref(policy.reference()));
                with.add(policy);
            }
        }
        let (_, differences) = rewrite(tx, &old, attributes, (self.now, &with)).await?;
        events.succeeded(self.action(), differences);
        Ok(self.id)
    }
}

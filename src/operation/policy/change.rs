//! Editing, publishing, activating and de-activating a policy.

use std::sync::Arc;

use uuid::Uuid;

use crate::audit::event::changes;
use crate::audit::{Action, Events};
use crate::crypto::policy_schema::PolicyTypes;
use crate::model::kind::policy::{self, State, Step};
use crate::model::kind::policy_group;
use crate::model::rules::{Companions, by_server};
use crate::model::{Attributes, Error, Kind, Stored, Value};
use crate::operation::engine::Engine;
use crate::operation::perform::Change;
use crate::operation::policy::{LOCK, PolicyStep};
use crate::operation::update::{Precondition, Update, target};
use crate::store::{Replace, Write};

/// Error 1 unless the document of a policy fits its type.
pub(super) fn check_document(types: &PolicyTypes, policy: &Attributes) -> Result<(), Error> {
    let text = |attr| policy.text(attr).unwrap_or_default();
    types.check(text(policy::TYPE), text(policy::POLICIES))
}

/// Edits a draft.
#[derive(Debug)]
pub struct EditPolicy {
    update: Update,
    id: Uuid,
    precondition: Precondition,
    types: Arc<PolicyTypes>,
}

impl EditPolicy {
    /// Does `update`, which is about the policy `id`, under the same precondition.
    pub fn new(engine: &Engine, id: Uuid, update: Update, precondition: Precondition) -> Self {
        let types = Arc::clone(&engine.policy_types);
        Self { update: update.only_if(precondition.clone()), id, precondition, types }
    }
}

impl Change for EditPolicy {
    type Out = Uuid;

    fn action(&self) -> Action {
        self.update.action()
    }

    fn touches(&self) -> &'static [Kind] {
        self.update.touches()
    }

    async fn run<'t>(&'t self, tx: &'t mut (dyn Write + 't), events: &'t mut Events) -> Result<Uuid, Error> {
        let old = target(tx, Kind::Policy, self.id).await?;
        self.precondition.check(old.version())?;
        State::of(old.attributes()).after(Step::Edit)?;
        self.update.run(tx, events).await?;
        let new = target(tx, Kind::Policy, self.id).await?;
        check_document(&self.types, new.attributes())?;
        Ok(self.id)
    }
}

/// Takes a policy one step further in its life.
#[derive(Debug)]
pub struct TakeStep {
    asked: PolicyStep,
    step: Step,
    id: Uuid,
    precondition: Precondition,
    now: i64,
    types: Arc<PolicyTypes>,
}

impl TakeStep {
    /// `step` for the policy `id`, asked for as `asked`, only if the precondition holds.
    pub fn new(
        engine: &Engine,
        (asked, step): (PolicyStep, Step),
        id: Uuid,
        precondition: Precondition,
    ) -> Self {
        let types = Arc::clone(&engine.policy_types);
        Self { asked, step, id, precondition, now: engine.world.now(), types }
    }

    /// Error 15 unless the policy can be in force: not ended, its group active, its document what its type asks for
    /// today, whatever that was when it was written.
    async fn may_hold(&self, tx: &mut dyn Write, policy: &Stored) -> Result<(), Error> {
        if policy::has_ended(policy.attributes(), self.now) {
            return Err(Error::conflict("validUntil: the validity of the policy is over"));
        }
        let group = policy.attributes().reference(policy::POLICY_GROUP);
        let group = match group {
            Some(to) => tx.companions(&[to.id]).await?.pop(),
            None => None,
        };
        if !group.is_some_and(|group| policy_group::is_active(group.attributes())) {
            return Err(Error::conflict("policyGroup: the group of the policy is not active"));
        }
        check_document(&self.types, policy.attributes()).map_err(|error| Error::conflict(error.to_string()))
    }
}

impl Change for TakeStep {
    type Out = Uuid;

    fn action(&self) -> Action {
        self.asked.action(Some(self.id))
    }

    fn touches(&self) -> &'static [Kind] {
        &[]
    }

    async fn run<'t>(&'t self, tx: &'t mut (dyn Write + 't), events: &'t mut Events) -> Result<Uuid, Error> {
        tx.lock(&[LOCK]).await?;
        let old = target(tx, Kind::Policy, self.id).await?;
        self.precondition.check(old.version())?;
        let next = State::of(old.attributes()).after(self.step)?;
        if next == State::Published {
            self.may_hold(tx, &old).await?;
        }
        let mut attributes = old.attributes().clone();
        attributes.put(policy::STATE, Value::text(next.name()));
        let valid = by_server(Kind::Policy, attributes);
        // No reference changes, so no companion is needed.
        let none = Companions::default();
        let change = Replace { old: &old, now: self.now, home: old.home(), valid: &valid, rows: &none };
        let new = tx.replace(&change).await?;
        events.succeeded(self.action(), changes(old.attributes(), new.attributes(), &tx.registry()));
        Ok(self.id)
    }
}

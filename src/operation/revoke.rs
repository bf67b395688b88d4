//! Steps of a mandate: approving, rejecting and revoking it (PUT `/mandates/{id}/revoke`).

use uuid::Uuid;

use crate::audit::event::changes;
use crate::audit::{Action, Events};
use crate::model::kind::mandate;
use crate::model::rules::{Companions, by_server};
use crate::model::{Attributes, Error, Kind, Stored, Verb};
use crate::operation::delegate::end_all;
use crate::operation::engine::{Caller, Engine};
use crate::operation::invitation::mandate::withdraw_for;
use crate::operation::mandates::advance;
use crate::operation::perform::Change;
use crate::operation::scope;
use crate::operation::update::{Precondition, target};
use crate::store::{Replace, Write};

/// One step of a state machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Invited, Pending or Active → Revoked.
    RevokeMandate,
    /// Pending → Active.
    ApproveMandate,
    /// Pending → Rejected.
    RejectMandate,
}

impl Step {
    fn kind(self) -> Kind {
        match self {
            Self::RevokeMandate | Self::ApproveMandate | Self::RejectMandate => Kind::Mandate,
        }
    }

    /// What must be granted, and what the records say.
    pub fn action(self, target: Option<Uuid>) -> Action {
        let (verb, word) = match self {
            Self::RevokeMandate => (Verb::Update, "REVOKE"),
            Self::ApproveMandate => (Verb::Approve, "APPROVE"),
            Self::RejectMandate => (Verb::Approve, "REJECT"),
        };
        Action { verb, kind: self.kind(), word, target }
    }

    /// The entity that the step is about; error 7 when there is none with which the client may take it.
    async fn target(self, tx: &mut dyn Write, id: Uuid) -> Result<Stored, Error> {
        if !matches!(self, Self::ApproveMandate | Self::RejectMandate) || tx.bound().is_none() {
            return target(tx, self.kind(), id).await;
        }
        // It is the receiver who decides.
        let mandate = scope::seen_target(tx, Kind::Mandate, id).await?;
        let receiver = mandate.attributes().reference(mandate::MANDATEE);
        let receiver = match receiver {
            Some(to) => tx.companions(&[to.id]).await?.pop(),
            None => None,
        };
        let decides = scope::changes(tx, receiver.as_ref().unwrap_or(&mandate)).await?;
        if decides { Ok(mandate) } else { Err(Error::not_found(Kind::Mandate)) }
    }

    fn apply(self, attributes: &mut Attributes, by: &str, now: i64) -> Result<(), Error> {
        match self {
            Self::RevokeMandate => advance(attributes, mandate::Step::Revoke, by, now)?,
            Self::ApproveMandate => advance(attributes, mandate::Step::Approve, by, now)?,
            Self::RejectMandate => advance(attributes, mandate::Step::Reject, by, now)?,
        }
        Ok(())
    }
}

/// Takes one entity one step further.
#[derive(Debug)]
pub struct TakeStep {
    step: Step,
    id: Uuid,
    precondition: Precondition,
    now: i64,
    by: String,
}

impl TakeStep {
    /// `step` for the entity `id`, only if the precondition holds.
    pub fn new(engine: &Engine, step: Step, id: Uuid, precondition: Precondition) -> Self {
        Self { step, id, precondition, now: engine.world.now(), by: String::new() }
    }

    /// In the name of `caller`.
    #[must_use]
    pub fn by(mut self, caller: &Caller) -> Self {
        self.by.clone_from(&caller.scene.client);
        self
    }
}

impl Change for TakeStep {
    type Out = Uuid;

    fn action(&self) -> Action {
        self.step.action(Some(self.id))
    }

    fn touches(&self) -> &'static [Kind] {
        match self.step.kind() {
            Kind::Mandate => &[Kind::Mandate, Kind::Delegation],
            _ => &[],
        }
    }

    async fn run<'t>(&'t self, tx: &'t mut (dyn Write + 't), events: &'t mut Events) -> Result<Uuid, Error> {
        let old = self.step.target(tx, self.id).await?;
        self.precondition.check(old.version())?;
        let mut attributes = old.attributes().clone();
        self.step.apply(&mut attributes, &self.by, self.now)?;
        let valid = by_server(old.kind(), attributes);
        // No reference changes, so no companion is needed.
        let none = Companions::default();
        let change = Replace { old: &old, now: self.now, home: old.home(), valid: &valid, rows: &none };
        let new = tx.replace(&change).await?;
        events.succeeded(self.action(), changes(old.attributes(), new.attributes(), &tx.registry()));
        if new.kind() == Kind::Mandate && !mandate::State::stored(new.attributes()).is_open() {
            end_all(tx, &[new.row()], events).await?;
            withdraw_for(tx, new.row(), self.now, events).await?;
        }
        Ok(self.id)
    }
}

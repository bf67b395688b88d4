//! Changing a policy group: it cannot be de-activated under its active policies.

use uuid::Uuid;

use crate::audit::{Action, Events};
use crate::model::kind::{policy, policy_group};
use crate::model::{Error, Kind, Row};
use crate::operation::engine::Engine;
use crate::operation::every::Every;
use crate::operation::perform::Change;
use crate::operation::policy::LOCK;
use crate::operation::update::{Precondition, Update, target};
use crate::store::{Source, Write};

/// Changes a policy group.
#[derive(Debug)]
pub struct UpdateGroup {
    update: Update,
    id: Uuid,
    precondition: Precondition,
    now: i64,
}

impl UpdateGroup {
    /// Does `update`, which is about the group `id`, under the same precondition.
    pub fn new(engine: &Engine, id: Uuid, update: Update, precondition: Precondition) -> Self {
        let now = engine.world.now();
        Self { update: update.only_if(precondition.clone()), id, precondition, now }
    }
}

/// Whether a group has policies that are in force or will be.
pub(super) async fn has_active(tx: &mut dyn Write, group: Row, now: i64) -> Result<bool, Error> {
    let source = Source::RefersTo { attr: policy::POLICY_GROUP, to: vec![group] };
    let mut every = Every::of(&source);
    while let Some(hits) = every.next(tx).await? {
        let ids: Vec<Uuid> = hits.iter().map(|hit| hit.id).collect();
        let policies = tx.companions(&ids).await?;
        if policies.iter().any(|found| policy::is_active(found.attributes(), now)) {
            return Ok(true);
        }
    }
    Ok(false)
}

impl Change for UpdateGroup {
    type Out = Uuid;

    fn action(&self) -> Action {
        self.update.action()
    }

    fn touches(&self) -> &'static [Kind] {
        self.update.touches()
    }

    async fn run<'t>(&'t self, tx: &'t mut (dyn Write + 't), events: &'t mut Events) -> Result<Uuid, Error> {
        tx.lock(&[LOCK]).await?;
        let old = target(tx, Kind::PolicyGroup, self.id).await?;
        // The address may have named it.
        events.about(self.id.to_string());
        self.precondition.check(old.version())?;
        self.update.run(tx, events).await?;
        let new = target(tx, Kind::PolicyGroup, self.id).await?;
        let ends = policy_group::is_active(old.attributes()) && !policy_group::is_active(new.attributes());
        if ends && has_active(tx, new.row(), self.now).await? {
            return Err(Error::conflict("active: policies of this group are published and have not ended"));
        }
        Ok(self.id)
    }
}

//! Changing a partner (PUT `/partners/{id}`).

use uuid::Uuid;

use crate::audit::{Action, Events};
use crate::model::kind::partner;
use crate::model::state::Patch;
use crate::model::{Error, Kind};
use crate::operation::engine::{Caller, Engine};
use crate::operation::perform::Change;
use crate::operation::update::{Precondition, Update, target};
use crate::store::Write;

/// Changes one partner.
#[derive(Debug)]
pub struct UpdatePartner {
    id: Uuid,
    update: Update,
}

impl UpdatePartner {
    /// Changes the partner `id` by `patch`, only if the precondition holds.
    pub fn new(engine: &Engine, caller: &Caller, id: Uuid, patch: Patch, precondition: Precondition) -> Self {
        Self { id, update: Update::new(engine, caller, id, patch).only_if(precondition) }
    }
}

impl Change for UpdatePartner {
    type Out = Uuid;

    fn action(&self) -> Action {
        self.update.action()
    }

    fn touches(&self) -> &'static [Kind] {
        &[]
    }

    async fn run<'t>(&'t self, tx: &'t mut (dyn Write + 't), events: &'t mut Events) -> Result<Uuid, Error> {
        let old = target(tx, Kind::Partner, self.id).await?;
        // The trail calls it by its own id, whatever the address did.
        events.about(old.attributes().text(partner::PARTNER_ID).unwrap_or_default());
        self.update.run(tx, events).await
    }
}

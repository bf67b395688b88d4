//! Changing a MISP (PUT `/misps/{id}`): a change like any other, with the events of the service.

use uuid::Uuid;

use crate::audit::coded::misp as coded;
use crate::audit::{Action, Events};
use crate::model::kind::misp::number;
use crate::model::{Error, Kind};
use crate::operation::perform::Change;
use crate::operation::update::{Update, target};
use crate::store::Write;

/// Changes one MISP.
#[derive(Debug)]
pub struct UpdateMisp {
    id: Uuid,
    update: Update,
}

impl UpdateMisp {
    /// Does `update`, which is about the MISP `id`.
    pub fn new(id: Uuid, update: Update) -> Self {
        Self { id, update }
    }
}

impl Change for UpdateMisp {
    type Out = Uuid;

    fn action(&self) -> Action {
        self.update.action()
    }

    fn touches(&self) -> &'static [Kind] {
        &[Kind::Misp]
    }

    async fn run<'t>(&'t self, tx: &'t mut (dyn Write + 't), events: &'t mut Events) -> Result<Uuid, Error> {
        let misp = target(tx, Kind::Misp, self.id).await?;
        events.about(number(misp.attributes()));
        let mut done = Events::default();
        let id = self.update.run(tx, &mut done).await?;
        events.coded(self.action(), &coded::UPDATE_ANSWERED);
        events.append(done);
        Ok(id)
    }
}

//! Activating and de-activating a MISP (PUT `/misps/{id}/activation`). Its licence keys go along: off with it, and on
//! again with it unless they were switched off themselves, withdrawn by a rejection, or have expired.

use uuid::Uuid;

use crate::audit::coded::misp as coded;
use crate::audit::event::changes;
use crate::audit::{Action, Events};
use crate::model::kind::license_key::Step;
use crate::model::kind::misp::{ACTIVE, number};
use crate::model::rules::{Companions, by_server};
use crate::model::{Error, Kind, Stored, Value, Verb};
use crate::operation::engine::Engine;
use crate::operation::misp::keys::advance_all;
use crate::operation::perform::Change;
use crate::operation::update::{Precondition, target};
use crate::store::{Replace, Write};

/// Activates or de-activates one MISP; one that is so already stays as it is.
#[derive(Debug)]
pub struct Activate {
    id: Uuid,
    active: bool,
    precondition: Precondition,
    now: i64,
}

impl Activate {
    /// The MISP `id` is to be active, or not.
    pub fn new(engine: &Engine, (id, active): (Uuid, bool), precondition: Precondition) -> Self {
        Self { id, active, precondition, now: engine.world.now() }
    }

    async fn store(&self, tx: &mut dyn Write, old: &Stored) -> Result<Vec<String>, Error> {
        if old.attributes().flag(ACTIVE) == self.active {
            return Ok(Vec::new());
        }
        let mut attributes = old.attributes().clone();
        attributes.put(ACTIVE, Value::Bool(self.active));
        let valid = by_server(Kind::Misp, attributes);
        // No reference changes, so no companion is needed.
        let none = Companions::default();
        let change = Replace { old, now: self.now, home: old.home(), valid: &valid, rows: &none };
        let new = tx.replace(&change).await?;
        Ok(changes(old.attributes(), new.attributes(), &tx.registry()))
    }
}

impl Change for Activate {
    type Out = Uuid;

    fn action(&self) -> Action {
        Action { verb: Verb::Approve, kind: Kind::Misp, word: "ACTIVATE", target: Some(self.id) }
    }

    fn touches(&self) -> &'static [Kind] {
        &[Kind::Misp, Kind::LicenseKey]
    }

    async fn run<'t>(&'t self, tx: &'t mut (dyn Write + 't), events: &'t mut Events) -> Result<Uuid, Error> {
        let action = self.action();
        let misp = target(tx, Kind::Misp, self.id).await?;
        events.about(number(misp.attributes()));
        self.precondition.check(misp.version())?;
        let mut differences = self.store(tx, &misp).await?;
        events.coded(action, &coded::ACTIVATION_CHANGED);
        let step = if self.active { Step::MispActivated } else { Step::MispDeactivated };
        differences.extend(advance_all(tx, misp.row(), step, self.now).await?);
        events.coded(action, &coded::KEY_STATUS_CHANGED);
        events.coded(action, &coded::ACTIVATION_IS);
        events.succeeded(action, differences);
        Ok(self.id)
    }
}

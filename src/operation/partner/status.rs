//! Approving, rejecting, activating and de-activating a partner (PUT `/partners/{id}/status`).

use uuid::Uuid;

use crate::audit::event::changes;
use crate::audit::{Action, Events};
use crate::model::kind::partner::{self, Standing, Step};
use crate::model::rules::{Companions, by_server};
use crate::model::{Error, Kind, Stored};
use crate::operation::engine::Engine;
use crate::operation::partner::Partnering;
use crate::operation::perform::Change;
use crate::operation::update::{Precondition, target};
use crate::store::{Replace, Write};

/// Takes one partner one step further.
#[derive(Debug)]
pub struct TakeStep {
    id: Uuid,
    step: Step,
    precondition: Precondition,
    now: i64,
}

impl TakeStep {
    /// `step` for the partner `id`, only if the precondition holds.
    pub fn new(engine: &Engine, id: Uuid, step: Step, precondition: Precondition) -> Self {
        Self { id, step, precondition, now: engine.world.now() }
    }
}

/// Writes what follows a step; returns the partner as it is then, and what differs, for the trail. Error 15 when the
/// step cannot be taken. `old` must be locked in this transaction.
pub async fn take(
    tx: &mut dyn Write,
    old: &Stored,
    step: Step,
    now: i64,
) -> Result<(Stored, Vec<String>), Error> {
    let mut attributes = old.attributes().clone();
    Standing::of(&attributes).after(step)?.put(&mut attributes);
    let valid = by_server(Kind::Partner, attributes);
    // No reference changes, so no companion is needed.
    let none = Companions::default();
    let new = tx.replace(&Replace { old, now, home: old.home(), valid: &valid, rows: &none }).await?;
    let differences = changes(old.attributes(), new.attributes(), &tx.registry());
    Ok((new, differences))
}

impl Change for TakeStep {
    type Out = Uuid;

    fn action(&self) -> Action {
        Partnering::Status.action(Some(self.id))
    }

    fn touches(&self) -> &'static [Kind] {
        &[]
    }

    async fn run<'t>(&'t self, tx: &'t mut (dyn Write + 't), events: &'t mut Events) -> Result<Uuid, Error> {
        let old = target(tx, Kind::Partner, self.id).await?;
        events.about(old.attributes().text(partner::PARTNER_ID).unwrap_or_default());
        self.precondition.check(old.version())?;
        let (_, differences) = take(tx, &old, self.step, self.now).await?;
        events.succeeded(self.action(), differences);
        Ok(self.id)
    }
}

//! Renewing a licence key (POST `/misps/{id}/licensekey`): another one in the place of the current one, which has
//! expired. One that was switched off on purpose is never replaced so; rejecting and approving its MISP again does.

use uuid::Uuid;

use crate::audit::event::changes;
use crate::audit::{Action, Events};
use crate::model::kind::license_key::{State, has_expired};
use crate::model::kind::misp::number;
use crate::model::kind::misp::state::may_act;
use crate::model::{Attributes, Error, Kind, Stored, Verb};
use crate::operation::engine::Engine;
use crate::operation::misp::keys::{NewKey, current};
use crate::operation::misp::owner;
use crate::operation::perform::Change;
use crate::store::Write;

/// Renews the licence key of one MISP.
#[derive(Debug)]
pub struct Renew {
    misp: Uuid,
    key: NewKey,
    now: i64,
}

impl Renew {
    /// The MISP `misp` gets `key` in the place of its expired one.
    pub fn new(engine: &Engine, misp: Uuid, key: NewKey) -> Self {
        Self { misp, key, now: engine.world.now() }
    }
}

/// Error 15 unless `key` may be replaced at the instant `now`.
fn check(key: Option<&Stored>, now: i64) -> Result<(), Error> {
    let Some(key) = key else { return Err(Error::conflict("the MISP never had a licence key")) };
    if State::of(key.attributes()) == State::Disabled {
        return Err(Error::conflict(
            "status: the licence key was de-activated on purpose and is not replaced",
        ));
    }
    if !has_expired(key.attributes(), now) {
        return Err(Error::conflict("validTo: the licence key has not expired yet"));
    }
    Ok(())
}

impl Change for Renew {
    type Out = Stored;

    fn action(&self) -> Action {
        Action { verb: Verb::Create, kind: Kind::LicenseKey, word: "RENEW", target: Some(self.key.id()) }
    }

    fn touches(&self) -> &'static [Kind] {
        &[Kind::LicenseKey]
    }

    async fn run<'t>(
        &'t self,
        tx: &'t mut (dyn Write + 't),
        events: &'t mut Events,
    ) -> Result<Stored, Error> {
        let misp = owner(tx, self.misp).await?;
        events.about(number(misp.attributes()));
        may_act(misp.attributes())?;
        check(current(tx, misp.row()).await?.as_ref(), self.now)?;
        let made = self.key.make(tx, &misp).await?;
        events.succeeded(self.action(), changes(&Attributes::default(), made.attributes(), &tx.registry()));
        Ok(made)
    }
}

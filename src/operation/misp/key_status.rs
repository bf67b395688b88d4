//! Switching a licence key on or off (PUT `/misps/{id}/licensekey`). What is switched off so stays off until it is
//! switched on so; an expired one cannot be switched on, nor one whose MISP may not act.

use uuid::Uuid;

use crate::audit::coded::misp as coded;
use crate::audit::{Action, Events};
use crate::model::kind::license_key::{self, Step, has_expired};
use crate::model::kind::misp::number;
use crate::model::kind::misp::state::may_act;
use crate::model::{Error, Kind, Row, Stored, Verb};
use crate::operation::engine::Engine;
use crate::operation::key_text::KeyText;
use crate::operation::misp::keys::{PURPOSE, advance};
use crate::operation::misp::owner;
use crate::operation::perform::Change;
use crate::operation::update::Precondition;
use crate::store::Write;

/// Switches one licence key on or off; one that is so already stays as it is.
#[derive(Debug)]
pub struct SetKeyStatus {
    misp: Uuid,
    key: Option<Row>,
    active: bool,
    precondition: Precondition,
    now: i64,
}

impl SetKeyStatus {
    /// The key of that text, which must be one of the MISP `misp`, is to be active, or not. What has no row is no key.
    pub async fn of(
        engine: &Engine,
        misp: Uuid,
        (text, active): (Option<&KeyText>, bool),
        precondition: Precondition,
    ) -> Result<Self, Error> {
        let now = engine.world.now();
        // A key keeps its hash for good, so that looking before the transaction is as good as in it.
        let key = match text {
            Some(text) => engine.store.secret_subject(PURPOSE, &text.hash(), now).await?,
            None => None,
        };
        Ok(Self { misp, key, active, precondition, now })
    }

    async fn key(&self, tx: &mut dyn Write, misp: &Stored) -> Result<Stored, Error> {
        let found = match self.key {
            Some(row) => tx.load_rows(&[row]).await?.pop(),
            None => None,
        };
        let is_own = |key: &Stored| key.attributes().reference(license_key::MISP) == Some(misp.reference());
        found.filter(is_own).ok_or_else(|| Error::not_found(Kind::LicenseKey))
    }
}

impl Change for SetKeyStatus {
    type Out = Uuid;

    fn action(&self) -> Action {
        Action { verb: Verb::Approve, kind: Kind::LicenseKey, word: "UPDATE", target: None }
    }

    fn touches(&self) -> &'static [Kind] {
        &[Kind::LicenseKey]
    }

    async fn run<'t>(&'t self, tx: &'t mut (dyn Write + 't), events: &'t mut Events) -> Result<Uuid, Error> {
        let misp = owner(tx, self.misp).await?;
        events.about(number(misp.attributes()));
        let key = self.key(tx, &misp).await?;
        self.precondition.check(key.version())?;
        if self.active {
            may_act(misp.attributes())?;
            if has_expired(key.attributes(), self.now) {
                return Err(Error::conflict("validTo: the licence key has expired; renew it"));
            }
        }
        let step = if self.active { Step::Enable } else { Step::Disable };
        let differences = advance(tx, &key, step, self.now).await?;
        let action = Action { target: Some(key.id()), ..self.action() };
        events.coded(action, &coded::KEY_STATUS_CHANGED);
        events.succeeded(action, differences);
        Ok(key.id())
    }
}

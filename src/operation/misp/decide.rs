//! Approving and rejecting a MISP (PUT `/misps/{id}/status`). An approval makes a licence key; a rejection switches
//! every key off, and only a step on a key itself brings it back.

use uuid::Uuid;

use crate::audit::coded::misp as coded;
use crate::audit::event::changes;
use crate::audit::{Action, Events};
use crate::model::kind::license_key;
use crate::model::kind::misp::state::Refusal;
use crate::model::kind::misp::{ACTIVE, Decision, Status, number};
use crate::model::rules::{Companions, by_server};
use crate::model::{Error, Kind, Stored, Verb};
use crate::operation::engine::Engine;
use crate::operation::misp::keys::{NewKey, advance_all};
use crate::operation::perform::Change;
use crate::operation::update::{Precondition, target};
use crate::store::{Replace, Write};

/// Decides about one MISP.
#[derive(Debug)]
pub struct Decide {
    id: Uuid,
    decision: Decision,
    key: NewKey,
    precondition: Precondition,
    now: i64,
}

impl Decide {
    /// `decision` about the MISP `id`; `key` is the one it gets when it is approved.
    pub fn new(
        engine: &Engine,
        (id, decision): (Uuid, Decision),
        key: NewKey,
        precondition: Precondition,
    ) -> Self {
        Self { id, decision, key, precondition, now: engine.world.now() }
    }

    async fn store(&self, tx: &mut dyn Write, old: &Stored, next: Status) -> Result<Vec<String>, Error> {
        let mut attributes = old.attributes().clone();
        next.put(&mut attributes);
        let valid = by_server(Kind::Misp, attributes);
        // No reference changes, so no companion is needed.
        let none = Companions::default();
        let change = Replace { old, now: self.now, home: old.home(), valid: &valid, rows: &none };
        let new = tx.replace(&change).await?;
        Ok(changes(old.attributes(), new.attributes(), &tx.registry()))
    }
}

impl Change for Decide {
    /// The licence key that was made.
    type Out = Option<Stored>;

    fn action(&self) -> Action {
        Action { verb: Verb::Approve, kind: Kind::Misp, word: "DECIDE", target: Some(self.id) }
    }

    fn touches(&self) -> &'static [Kind] {
        &[Kind::Misp, Kind::LicenseKey]
    }

    async fn run<'t>(
        &'t self,
        tx: &'t mut (dyn Write + 't),
        events: &'t mut Events,
    ) -> Result<Option<Stored>, Error> {
        let action = self.action();
        let misp = target(tx, Kind::Misp, self.id).await?;
        events.about(number(misp.attributes()));
        events.coded(action, &coded::STATUS_ID_VALID);
        self.precondition.check(misp.version())?;
        let status = Status::of(misp.attributes());
        let next = status.after(self.decision, misp.attributes().flag(ACTIVE)).map_err(|refusal| {
            events.fails_as(match refusal {
                Refusal::Repeated(_) => &coded::STATUS_REPEATED,
                Refusal::NotActive => &coded::STATUS_NOT_ACTIVE,
            });
            Error::from(refusal)
        })?;
        let mut differences = self.store(tx, &misp, next).await?;
        events.coded(action, &coded::STATUS_CHANGED);
        let made = match self.decision {
            Decision::Approve => {
                let made = self.key.make(tx, &misp).await?;
                differences.push(format!("licensekey {}: made", made.id()));
                Some(made)
            }
            Decision::Reject => {
                let step = license_key::Step::MispRejected;
                differences.extend(advance_all(tx, misp.row(), step, self.now).await?);
                events.coded(action, &coded::KEY_STATUS_CHANGED);
                events.coded(action, &coded::NO_KEY_WHEN_REJECTED);
                None
            }
        };
        events.succeeded(action, differences);
        Ok(made)
    }
}

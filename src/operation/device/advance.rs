//! Approving and revoking a contract (PUT `/contracts/{id}/approve`, DELETE `/contracts/{id}`).

use uuid::Uuid;

use crate::audit::event::changes;
use crate::audit::ledger::LedgerEvent;
use crate::audit::{Action, Events};
use crate::model::kind::contract::{self, State, Step};
use crate::model::rules::{Companions, by_server};
use crate::model::{Error, Kind, Stored, Value, Verb};
use crate::operation::device::record::Page;
use crate::operation::device::{ContractStep, count, devices_of};
use crate::operation::engine::{Caller, Engine};
use crate::operation::perform::Change;
use crate::operation::update::{Precondition, target};
use crate::store::{Replace, Write};

/// Takes one contract a step further.
#[derive(Debug)]
pub struct Advance {
    id: Uuid,
    step: Step,
    precondition: Precondition,
    now: i64,
    by: String,
}

impl Advance {
    /// `step` for the contract `id`, in the name of `caller`.
    pub fn new(engine: &Engine, caller: &Caller, (id, step): (Uuid, Step), only_if: Precondition) -> Self {
        let by = caller.scene.client.clone();
        Self { id, step, precondition: only_if, now: engine.world.now(), by }
    }

    /// How many active contracts its devices have more.
    fn difference(old: State, new: State) -> i64 {
        i64::from(new == State::Active) - i64::from(old == State::Active)
    }

    async fn store(&self, tx: &mut dyn Write, old: &Stored, state: State) -> Result<Vec<String>, Error> {
        let mut attributes = old.attributes().clone();
        state.put(&mut attributes);
        if state == State::Revoked {
            attributes.set(contract::STANDING, Vec::new());
            attributes.put(contract::REVOKED_AT, Value::Instant(self.now));
            attributes.put(contract::REVOKED_BY, Value::text(self.by.as_str()));
        }
        let valid = by_server(Kind::Contract, attributes);
        // No reference changes, so no companion is needed.
        let none = Companions::default();
        let change = Replace { old, now: self.now, home: old.home(), valid: &valid, rows: &none };
        let new = tx.replace(&change).await?;
        Ok(changes(old.attributes(), new.attributes(), &tx.registry()))
    }
}

impl Change for Advance {
    type Out = Uuid;

    fn action(&self) -> Action {
        let action = Action::of(Verb::Update, Kind::Contract, Some(self.id));
        ContractStep::from(self.step).action(Some(self.id)).unwrap_or(action)
    }

    fn touches(&self) -> &'static [Kind] {
        &[Kind::Contract, Kind::Device]
    }

    async fn run<'t>(&'t self, tx: &'t mut (dyn Write + 't), events: &'t mut Events) -> Result<Uuid, Error> {
        let page = Page::open(tx).await?;
        let old = target(tx, Kind::Contract, self.id).await?;
        self.precondition.check(old.version())?;
        let before = State::of(old.attributes());
        let state = before.after(self.step)?;
        let differences = self.store(tx, &old, state).await?;
        let by = Self::difference(before, state);
        let event = match self.step {
            Step::Approve => LedgerEvent::Approved,
            Step::Revoke => LedgerEvent::Revoked,
        };
        let txid = old.attributes().text(contract::TXID).unwrap_or_default().to_owned();
        tx.append_ledger(&page.record(self.now, self.id, event, vec![txid, self.by.clone()])).await?;
        events.succeeded(self.action(), differences);
        if by != 0 {
            let devices = tx.load(&devices_of(old.attributes())).await?;
            count(tx, &devices, (by, self.now), events).await?;
        }
        Ok(self.id)
    }
}

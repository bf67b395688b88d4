//! Devices and contracts (contract: devices): a file per operation.
//!
//! Whatever is done to a contract takes the lock of the ledger first, then the contract, then its devices; deletes that
//! may meet contracts take it too. So the ledger's order is the order of everything, and nobody waits in a circle.

pub mod advance;
pub mod check;
pub mod create;
pub mod enrol;
mod fit;
pub mod memory;
pub mod orchestrator;
mod record;
pub mod verify;

use uuid::Uuid;

use crate::audit::event::changes;
use crate::audit::{Action, Events};
use crate::model::kind::contract::{Part, Step};
use crate::model::kind::device;
use crate::model::rules::{Companions, by_server};
use crate::model::{Attributes, Error, Kind, Stored, Value, Verb};
use crate::store::{Replace, Write};

/// The named lock that every change of a contract takes first.
pub const LOCK: &str = "ledger";

/// What can be done with a contract beside making and reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContractStep {
    /// Let a pending one come into force.
    Approve,
    /// End it.
    Revoke,
    /// Ask whether a function may be called.
    Check,
}

impl ContractStep {
    /// What must be granted, and what the records say; `None` for what is read.
    pub fn action(self, target: Option<Uuid>) -> Option<Action> {
        let (verb, word) = match self {
            Self::Approve => (Verb::Approve, "APPROVE"),
            Self::Revoke => (Verb::Delete, "REVOKE"),
            Self::Check => return None,
        };
        Some(Action { verb, kind: Kind::Contract, word, target })
    }
}

impl From<Step> for ContractStep {
    fn from(step: Step) -> Self {
        match step {
            Step::Approve => Self::Approve,
            Step::Revoke => Self::Revoke,
        }
    }
}

/// The ids of the devices that have part in a contract, each once, as far as they are there.
fn devices_of(contract: &Attributes) -> Vec<Uuid> {
    let mut ids: Vec<Uuid> =
        Part::ALL.iter().filter_map(|part| contract.reference(part.device())).map(|to| to.id).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// Adds `by` to the number of active contracts of each of these devices, which the caller has locked.
async fn count(
    tx: &mut dyn Write,
    devices: &[Stored],
    (by, now): (i64, i64),
    events: &mut Events,
) -> Result<(), Error> {
    let registry = tx.registry();
    for old in devices {
        let mut attributes = old.attributes().clone();
        attributes.put(device::CONTRACTS, Value::Int((device::contracts(&attributes) + by).max(0)));
        let valid = by_server(Kind::Device, attributes);
        // No reference changes, so no companion is needed.
        let none = Companions::default();
        let new = tx.replace(&Replace { old, now, home: old.home(), valid: &valid, rows: &none }).await?;
        let action = Action::of(Verb::Update, Kind::Device, Some(old.id()));
        events.succeeded(action, changes(old.attributes(), new.attributes(), &registry));
    }
    Ok(())
}

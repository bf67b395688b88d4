//! The MISP service (contract: MISP): a file per operation. A MISP is locked before its licence keys, whatever is done
//! to either, so that decisions, activations, renewals and changes of a key's status happen one after the other.

pub mod activate;
pub mod decide;
pub mod key_status;
pub mod keys;
pub mod register;
pub mod renew;
pub mod update;
pub mod validate;

use uuid::Uuid;

use crate::audit::Action;
use crate::model::{Error, Kind, Stored, Verb};
use crate::operation::update::target;
use crate::store::Write;

/// What can be done with a MISP beside registering, reading and changing it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MispStep {
    /// Approve or reject it.
    Decide,
    /// Activate or de-activate it.
    Activate,
    /// Read what its licence key is good for.
    ReadKey,
    /// Replace its expired licence key.
    Renew,
    /// Ask whether somebody's licence key is good.
    Validate,
    /// Switch a licence key on or off.
    KeyStatus,
}

impl MispStep {
    /// What must be granted, and what the records say; `None` for what is read.
    pub fn action(self, target: Option<Uuid>) -> Option<Action> {
        let (verb, kind, word) = match self {
            Self::Decide => (Verb::Approve, Kind::Misp, "DECIDE"),
            Self::Activate => (Verb::Approve, Kind::Misp, "ACTIVATE"),
            Self::ReadKey => return None,
            Self::Renew => (Verb::Create, Kind::LicenseKey, "RENEW"),
            Self::Validate => (Verb::Read, Kind::LicenseKey, "VALIDATE"),
            Self::KeyStatus => (Verb::Approve, Kind::LicenseKey, "UPDATE"),
        };
        Some(Action { verb, kind, word, target })
    }
}

/// The MISP that owns the licence keys an address is about, locked; error 5 when there is none.
async fn owner(tx: &mut dyn Write, id: Uuid) -> Result<Stored, Error> {
    target(tx, Kind::Misp, id).await.map_err(orphaned)
}

/// An owner that is not found is another error than what it owns.
pub fn orphaned(error: Error) -> Error {
    match error {
        Error::NotFound { kind } if kind == Kind::Misp.name() => {
            Error::ParentNotFound { parameter: kind.to_owned() }
        }
        other => other,
    }
}

//! Policy groups and policies beside the general road of create and update: what may be edited, published and
//! de-activated when.
//!
//! A group that is not active holds no active policy: whatever could break that takes the lock `policies`.

pub mod change;
pub mod group;
pub mod imported;

use uuid::Uuid;

use crate::audit::Action;
use crate::crypto::policy_schema;
use crate::model::{Error, Kind, Verb};

/// What lets nobody publish into a group that is being de-activated.
const LOCK: &str = "policies";

/// Error 1 unless the document of a policy whose type is not known yet is a JSON object.
pub fn check_object(document: &str) -> Result<(), Error> {
    policy_schema::object(document).map(drop)
}

/// What can be done with a policy that has an address of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicyStep {
    /// PUT `/policies/{}/publish`.
    Publish,
    /// PUT `/policies/{}/status`.
    Status,
}

impl PolicyStep {
    /// What must be granted, and what the records say.
    pub fn action(self, target: Option<Uuid>) -> Action {
        let word = match self {
            Self::Publish => "PUBLISH",
            Self::Status => "STATUS",
        };
        Action { word, ..Action::of(Verb::Approve, Kind::Policy, target) }
    }
}

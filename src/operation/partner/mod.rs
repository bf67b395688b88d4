//! Partners: registering them, changing them, deciding on them, and their contacts (contract: Partner).

pub mod account;
pub mod code;
pub mod contact;
pub mod people;
pub mod register;
pub mod status;
pub mod update;

use uuid::Uuid;

use crate::audit::Action;
use crate::model::{Error, Kind, Stored, Verb};
use crate::operation::update::target;
use crate::store::Write;

/// What a request asks for about partners.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Partnering {
    /// Have a one-time code sent, with which one may be made.
    AskCode,
    /// Make one.
    Register,
    /// Change one.
    Update,
    /// Approve, reject, activate or de-activate one.
    Status,
    /// Store a contact of one.
    Contact,
}

impl Partnering {
    /// What must be granted, and what the records say.
    pub fn action(self, target: Option<Uuid>) -> Action {
        match self {
            Self::AskCode => Action { word: "OTP", ..Action::of(Verb::Create, Kind::Partner, target) },
            Self::Register => Action::of(Verb::Create, Kind::Partner, target),
            Self::Update => Action::of(Verb::Update, Kind::Partner, target),
            Self::Status => Action { word: "STATUS", ..Action::of(Verb::Approve, Kind::Partner, target) },
            Self::Contact => Action::of(Verb::Create, Kind::Contact, target),
        }
    }

    /// Whether its arguments may come as a document.
    pub fn takes_document(self) -> bool {
        self != Self::Status
    }

    /// Whether the address names the entity that it is about.
    pub fn is_about_named(self) -> bool {
        matches!(self, Self::Update | Self::Status)
    }
}

/// The partner that owns what a change is about, locked; error 5 when there is none that the client may change.
pub async fn owner(tx: &mut dyn Write, id: Uuid) -> Result<Stored, Error> {
    target(tx, Kind::Partner, id).await.map_err(|error| match error {
        Error::NotFound { kind } => Error::ParentNotFound { parameter: kind.to_owned() },
        other => other,
    })
}

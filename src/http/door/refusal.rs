//! Refusals of the JSON interface in the trail: what was asked for, and why it was not done.

use crate::audit::Action;
use crate::auth::origin::Origin;
use crate::http::door::said::Said;
use crate::http::door::{Does, Visit};
use crate::http::identify::source;
use crate::model::{Kind, Verb};
use crate::operation::device::ContractStep;
use crate::operation::device::orchestrator::{init, properties};
use crate::operation::refuse;
use crate::operation::sign_in::SignIn;

/// What requests from other sites are counted under; no login, since none was read.
const CROSS_SITE: &str = "cross-site request";

impl Does {
    /// The change that is asked for; `None` for what only reads, or ends the caller's own session.
    pub(super) fn change(self, method: &str) -> Option<Action> {
        match (self, method) {
            (Self::Contracts, "POST") => Some(Action::of(Verb::Create, Kind::Contract, None)),
            (Self::Contract, _) => ContractStep::Revoke.action(None),
            (Self::Properties, "POST") => Some(properties::action()),
            (Self::Init, _) => Some(init::action(None)),
            (Self::InitAdmin, _) | (Self::Users, "POST") => Some(Action::of(Verb::Create, Kind::User, None)),
            (Self::Login, _) => Some(SignIn::of(None)),
            (Self::User, "DELETE") => Some(Action::of(Verb::Delete, Kind::User, None)),
            (Self::User, _) => Some(Action::of(Verb::Update, Kind::User, None)),
            // Only reads are left of those that know a change as well.
            (
                Self::Contracts
                | Self::Properties
                | Self::Users
                | Self::Devices
                | Self::Device
                | Self::Info
                | Self::InfoBelow
                | Self::Logout,
                _,
            ) => None,
        }
    }
}

impl Visit<'_> {
    /// Records that a change was refused before it could begin, and says so.
    pub(super) async fn refused(&self, action: Action, said: Said) -> Said {
        let error = refuse(&self.service.engine, &self.caller, action, said.error(action.kind)).await;
        // Either the refusal could not be recorded, or it is our own fault and says so already.
        if error.is_ours() { error.into() } else { said }
    }

    /// What was read of a body; a refusal is recorded.
    pub(super) async fn understood<T>(&self, action: Action, read: Result<T, Said>) -> Result<T, Said> {
        match read {
            Ok(read) => Ok(read),
            Err(said) => Err(self.refused(action, said).await),
        }
    }

    /// Whether a refusal of somebody unknown is recorded by itself; beyond a few a minute they are only counted, as
    /// failed sign-ins are, so that a flood cannot fill the disk.
    pub(super) fn is_single(&self, name: &str) -> bool {
        let origin = Origin::of(source(self.request)).to_string();
        self.service.flood.failed(name, &origin, self.service.engine.world.now())
    }

    /// Records that a page of another site asked for a change, and says so.
    pub(super) async fn foreign(&self, does: Does, said: Said) -> Said {
        match does.change(self.method) {
            Some(action) if self.is_single(CROSS_SITE) => self.refused(action, said).await,
            Some(_) | None => said,
        }
    }
}

//! Roles mapped to the addresses of services: what may be given, found and taken away.

mod actions;
pub mod answers;
mod doors;
mod guard;
mod imported;
mod mappings;
mod menus;
mod nodes;
mod oracle;
mod several;
mod users;

use crate::api::{below, make, organization, role};
use crate::kit::Caller;

/// A state and one of its cities, with a role of the state and an action.
pub struct State {
    pub uk: String,
    pub dehradun: String,
    pub role: String,
    pub action: String,
}

impl State {
    /// Lays it below the root.
    pub async fn lay(admin: &Caller<'_>) -> Self {
        let uk = organization(admin, "uk").await;
        let dehradun = below(admin, &uk, "dehradun").await;
        let role = role(admin, &uk, "TL_CEMP").await;
        let action = "actions/?id=1685&url=/tl/v1/_create&enabled=false&serviceCode=tl-services&tenant=uk";
        let action = make(admin, action).await;
        Self { uk, dehradun, role, action }
    }
}

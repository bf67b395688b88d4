//! What the HTTP room works with: the engine, the authenticator and the configuration, shared by all workers.

use std::sync::Arc;

use metrics_exporter_prometheus::PrometheusHandle;

use crate::audit::flood::SignInFlood;
use crate::auth::authenticate::Authenticator;
use crate::auth::bearer::Bearers;
use crate::auth::doors::DoorLimit;
use crate::auth::password::Verifier;
use crate::auth::turns::Turns;
use crate::config::Config;
use crate::http::identify::{Clients, Tokens};
use crate::http::partner_people::People;
use crate::model::letter::Courier;
use crate::operation::Engine;
use crate::operation::device::orchestrator::session::Sessions;

/// The service behind every listener of a process.
pub struct Service {
    /// Store, world, settings and caches.
    pub engine: Engine,
    /// Who calls.
    pub authenticator: Arc<Authenticator<Clients>>,
    /// Partners' own users that call.
    pub people: Arc<Authenticator<People>>,
    /// Carries one-time codes; `None` where no mail server is configured.
    pub courier: Option<Arc<dyn Courier>>,
    /// Who calls with a token.
    pub bearers: Arc<Bearers<Tokens>>,
    /// Hashes new passwords.
    pub verifier: Arc<Verifier>,
    /// Attempts on one user's password come one after the other.
    pub turns: Turns,
    /// The configuration in force.
    pub config: Config,
    /// How often one address may knock at the doors that need no credentials.
    pub doors: DoorLimit,
    /// Which sessions of the JSON interface were prolonged lately.
    pub sessions: Sessions,
    /// Failed sign-ins.
    pub flood: SignInFlood,
    /// Renders the metrics; `None` where none are gathered.
    pub metrics: Option<PrometheusHandle>,
}

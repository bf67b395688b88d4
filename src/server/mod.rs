//! The composition root: the one room that sees every other. Used by `serve` and by the tests, which listen on
//! port 0.

pub mod bare;
pub mod bootstrap;
pub mod compose;
pub mod demo;
pub mod issuers;
pub mod listen;
pub mod tasks;
pub mod tls;

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use actix_web::{App, web};

use crate::config::Config;
use crate::http::road::SERVICES;
use crate::http::service::Service;
use crate::model::Error;
use crate::server::listen::{Door, bind};
use crate::server::tasks::Tasks;
use crate::server::tls::{Certificates, TlsError};
use crate::store::SharedStore;
use crate::world::SharedWorld;

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database, or what stands in it.
    #[error("database: {0:?}")]
    Store(#[from] Error),
    /// The certificate.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The listener.
    #[error("listening on {address}: {cause}")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// What the system says.
        cause: std::io::Error,
    },
    /// The password verifier.
    #[error("password verifier: {0}")]
    Verifier(#[from] crate::auth::password::VerifyError),
    /// The keys of an issuer of tokens.
    #[error("auth.jwt: the keys of {issuer}: {cause}")]
    Issuer {
        /// Its short name.
        issuer: String,
        /// What is wrong.
        cause: String,
    },
    /// A type of policies.
    #[error("policies.types: {name}: {cause}")]
    PolicyType {
        /// Its name.
        name: String,
        /// What is wrong.
        cause: String,
    },
    /// The data directory.
    #[error("data directory {directory}: {cause}")]
    Directory {
        /// The directory.
        directory: String,
        /// What the system says.
        cause: std::io::Error,
    },
    /// Letters, or the mail server's configuration.
    #[error(transparent)]
    Mail(#[from] crate::mail::MailError),
    /// Sample data on an address that others can reach.
    #[error("--demo serves on a loopback address only")]
    DemoNotLocal,
}

/// A server that runs.
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    /// Its base address, as the ready line prints it.
    pub base: String,
    /// The password of the first client, when this start made it from random letters: to be shown once.
    pub first_password: Option<String>,
    service: web::Data<Service>,
    door: listen::Running,
    tasks: Tasks,
}

/// Starts a server: opens and prepares the database, makes the first client and sample data as configured,
/// listens. It runs until [`Running::stop`].
pub async fn start(config: Config, world: SharedWorld) -> Result<Running, StartError> {
    if config.serve.demo && !config.serve.listen.ip().is_loopback() {
        return Err(StartError::DemoNotLocal);
    }
    let store = compose::open(&config, &world, !config.serve.no_migrate).await?;
    start_over(store, config, world).await
}

/// As [`start`], over a store that is open already.
pub async fn start_over(
    store: SharedStore,
    config: Config,
    world: SharedWorld,
) -> Result<Running, StartError> {
    // Whatever can refuse the start comes before the first client: its password is shown only once.
    let certificates = certificates(&config, &world)?;
    let asked = config.serve.listen;
    let socket = bind(asked).map_err(|cause| StartError::Listen { address: asked, cause })?;
    // Links in letters lead to the port that was found.
    let mut config = config;
    config.serve.listen = socket.local_addr().unwrap_or(asked);
    let mailer = compose::mailer(&store, &config, &world)?;
    let service = compose::service(store, config, Arc::clone(&world)).await?;
    issuers::read_first(&service).await?;
    if service.config.serve.demo {
        demo::load(&service).await?;
    }
    let service = web::Data::new(service);
    let door = open_door(&service, socket, certificates.as_ref())?;
    let first_password = bootstrap::first_client(&service).await?;
    let address = door.addrs().first().copied().unwrap_or(service.config.serve.listen);
    let scheme = if certificates.is_some() { "https" } else { "http" };
    let tasks = Tasks::start(service.clone(), certificates, mailer);
    let base = format!("{scheme}://{address}{SERVICES}/2.0");
    Ok(Running { address, base, first_password, service, door, tasks })
}

fn certificates(config: &Config, world: &SharedWorld) -> Result<Option<Arc<Certificates>>, TlsError> {
    if config.serve.plain_http {
        return Ok(None);
    }
    Certificates::open(&config.tls, &config.store.data_dir, Arc::clone(world)).map(Some)
}

fn open_door(
    service: &web::Data<Service>,
    socket: TcpListener,
    certificates: Option<&Arc<Certificates>>,
) -> Result<listen::Running, StartError> {
    let config = &service.config;
    let tls = match certificates {
        None => None,
        Some(certificates) => Some(Arc::new(certificates.server_config()?)),
    };
    let door = Door {
        sockets: vec![socket],
        tls,
        serve: config.serve.clone(),
        limits: config.limits.clone(),
        world: Arc::clone(&service.engine.world),
    };
    let shared = service.clone();
    let factory = move || App::new().app_data(shared.clone()).default_service(web::to(crate::http::handle));
    let address = config.serve.listen;
    listen::start(door, factory).map_err(|cause| StartError::Listen { address, cause })
}

impl Running {
    /// The service, for tests that look behind the door.
    pub fn service(&self) -> &Service {
        &self.service
    }

    /// Stops accepting, lets what is in flight finish within the configured time, and closes the store.
    pub async fn stop(self) {
        self.door.stopper().stop().await;
        if let Err(error) = self.door.ended().await {
            tracing::error!(%error, "the listener ended with an error");
        }
        self.tasks.stop().await;
        if let Err(error) = self.service.engine.sink.flush().await {
            tracing::error!(detail = ?error, "records of reads were lost");
        }
        self.service.engine.store.close().await;
    }
}

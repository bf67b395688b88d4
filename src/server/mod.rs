//! The composition root: the one room that sees every other. Used by `serve` and by the tests, which listen on
//! port 0.

pub mod bare;
pub mod bootstrap;
pub mod compose;
pub mod demo;
pub mod tasks;
pub mod tls;

use std::net::SocketAddr;
use std::sync::Arc;

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpServer, web};
use tokio::task::JoinHandle;

use crate::config::Config;
use crate::http::road::SERVICES;
use crate::http::service::Service;
use crate::model::Error;
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
    /// The data directory.
    #[error("data directory {directory}: {cause}")]
    Directory {
        /// The directory.
        directory: String,
        /// What the system says.
        cause: std::io::Error,
    },
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
    handle: ServerHandle,
    serving: JoinHandle<std::io::Result<()>>,
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
    let service = compose::service(store, config, Arc::clone(&world)).await?;
    let first_password = bootstrap::first_client(&service).await?;
    if service.config.serve.demo {
        demo::load(&service).await?;
    }
    let service = web::Data::new(service);
    let certificates = certificates(&service.config, &world)?;
    let (address, server) = listen(&service, certificates.as_ref())?;
    let scheme = if certificates.is_some() { "https" } else { "http" };
    let handle = server.handle();
    let serving = tokio::spawn(server);
    let tasks = Tasks::start(service.clone(), certificates);
    let base = format!("{scheme}://{address}{SERVICES}/2.0");
    Ok(Running { address, base, first_password, service, handle, serving, tasks })
}

fn certificates(config: &Config, world: &SharedWorld) -> Result<Option<Arc<Certificates>>, TlsError> {
    if config.serve.plain_http {
        return Ok(None);
    }
    Certificates::open(&config.tls, &config.store.data_dir, Arc::clone(world)).map(Some)
}

fn listen(
    service: &web::Data<Service>,
    certificates: Option<&Arc<Certificates>>,
) -> Result<(SocketAddr, actix_web::dev::Server), StartError> {
    let config = &service.config;
    let asked = config.serve.listen;
    let failed = |cause| StartError::Listen { address: asked, cause };
    let shared = service.clone();
    let factory = move || App::new().app_data(shared.clone()).default_service(web::to(crate::http::handle));
    let workers = config
        .serve
        .workers
        .map_or_else(|| std::thread::available_parallelism().map_or(2, std::num::NonZero::get), usize::from);
    let server = HttpServer::new(factory)
        .workers(workers)
        .tcp_nodelay(true)
        .keep_alive(std::time::Duration::from_secs(config.limits.keep_alive_seconds.into()))
        .client_request_timeout(std::time::Duration::from_secs(config.limits.head_seconds.into()))
        .shutdown_timeout(config.serve.stop_seconds.into())
        .disable_signals();
    let server = match certificates {
        None => server.bind(asked).map_err(failed)?,
        Some(certificates) => {
            server.bind_rustls_0_23(asked, certificates.server_config()?).map_err(failed)?
        }
    };
    let address = server.addrs().first().copied().unwrap_or(asked);
    Ok((address, server.run()))
}

impl Running {
    /// The service, for tests that look behind the door.
    pub fn service(&self) -> &Service {
        &self.service
    }

    /// Stops accepting, lets what is in flight finish within the configured time, and closes the store.
    pub async fn stop(self) {
        self.handle.stop(true).await;
        if let Ok(Err(error)) = self.serving.await {
            tracing::error!(%error, "the listener ended with an error");
        }
        self.tasks.stop().await;
        self.service.engine.store.close().await;
    }
}

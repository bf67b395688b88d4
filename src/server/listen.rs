//! The listener: accepts connections, speaks HTTP/1.1 with or without TLS, and answers every request that cannot
//! be read with an error document.
//!
//! `HttpServer` of actix-web cannot do that: it owns the stream, refuses a malformed head by an answer without a
//! body or by closing, and limits the time of a connection's first head only. So the same parts are put together
//! here around an own stream: actix-server accepts, actix-http parses and dispatches, actix-web's `App` serves.
//! The stream holds back the library's bare refusals (`guard`), a service around the application tells when a
//! request begins and ends (`checked`), and the task of the connection keeps the times and has the last word
//! (`conversation`). A body over its size or time ends for its reader with `PayloadError::Overflow` or `Io` of kind
//! `TimedOut`: the answer to that is the application's. Signals are the caller's.
//! Errors: `io::Error`, of binding and starting only.

mod checked;
mod conversation;
mod front;
mod guard;
mod intake;
mod refusal;
mod watch;
mod wire;

use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_http::body::MessageBody;
use actix_http::{HttpService, KeepAlive, Request, Response};
use actix_service::{
    IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt as _, fn_service, map_config,
};
use actix_web::dev::{AppConfig, Server, ServerHandle};
use rustls::ServerConfig;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use self::checked::{CheckedFactory, Sizes};
use self::conversation::{DRAIN, Patience};
use self::front::FrontFactory;
use self::guard::Guard;
use crate::config::{LimitsConfig, ServeConfig};
use crate::world::SharedWorld;

/// As many request threads as the server library takes.
const MOST_WORKERS: usize = 512;

/// Where and how to listen.
pub struct Door {
    /// Bound sockets, at least one.
    pub sockets: Vec<TcpListener>,
    /// Present: speak TLS. A certificate resolver in it may change its certificate at any time.
    pub tls: Option<Arc<ServerConfig>>,
    /// `workers` and `stop_seconds` are used.
    pub serve: ServeConfig,
    /// `request_line`, `body` and the four times are used.
    pub limits: LimitsConfig,
    /// The clock and the ids of refusals.
    pub world: SharedWorld,
}

/// Binds `addr` so that a restart need not wait for old connections to fade away. Errors name `serve.listen`.
pub fn bind(addr: SocketAddr) -> io::Result<TcpListener> {
    // The standard library sets SO_REUSEADDR and the longest backlog the system allows.
    TcpListener::bind(addr)
        .map_err(|error| io::Error::new(error.kind(), format!("serve.listen: cannot bind {addr}: {error}")))
}

/// Serves the application of `factory`, which is called once per worker and socket, as by `HttpServer::new`.
/// Must be called within a Tokio runtime. Errors: no socket, or one that cannot be used.
pub fn start<F, I, S, B>(door: Door, factory: F) -> io::Result<Running>
where
    F: Fn() -> I + Send + Clone + 'static,
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig> + 'static,
    S::Error: Into<actix_web::Error>,
    S::InitError: fmt::Debug,
    S::Response: Into<Response<B>>,
    S::Future: 'static,
    <S::Service as Service<Request>>::Future: 'static,
    S::Service: 'static,
    B: MessageBody + 'static,
{
    if door.sockets.is_empty() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "sockets: expected at least one"));
    }
    let set_up = SetUp::of(&door);
    let mut builder = Server::build().disable_signals().shutdown_timeout(u64::from(door.serve.stop_seconds));
    if let Some(workers) = door.serve.workers {
        builder = builder.workers(usize::from(workers).clamp(1, MOST_WORKERS));
    }
    let stopping = builder.graceful_shutdown_signal();
    let mut addrs = Vec::with_capacity(door.sockets.len());
    for socket in door.sockets {
        let addr = socket.local_addr()?;
        addrs.push(addr);
        let (factory, set_up, stopping) = (factory.clone(), set_up.clone(), stopping.clone());
        builder = builder.listen(format!("http {addr}"), socket, move || {
            let stopping = stopping.clone();
            let stopping = move || {
                let stopping = stopping.clone();
                async move { stopping.notified().await }
            };
            set_up.front(addr, stopping, factory().into_factory())
        })?;
    }
    let server = builder.run();
    let handle = server.handle();
    Ok(Running { addrs, handle, server: tokio::spawn(server) })
}

/// What every worker needs.
#[derive(Clone)]
struct SetUp {
    tls: Option<TlsAcceptor>,
    keep_alive: KeepAlive,
    sizes: Arc<Sizes>,
    patience: Arc<Patience>,
}

impl SetUp {
    fn of(door: &Door) -> Self {
        let limits = &door.limits;
        let sizes = Sizes {
            line: limits.request_line,
            body: limits.body,
            body_time: Duration::from_secs(u64::from(limits.body_seconds)),
            world: Arc::clone(&door.world),
        };
        let patience = Patience {
            head_seconds: limits.head_seconds,
            stall: Duration::from_secs(u64::from(limits.stall_seconds)),
            line: limits.request_line,
            world: Arc::clone(&door.world),
        };
        let keep_alive = match limits.keep_alive_seconds {
            0 => KeepAlive::Disabled,
            seconds => KeepAlive::Timeout(Duration::from_secs(u64::from(seconds))),
        };
        Self {
            tls: door.tls.clone().map(TlsAcceptor::from),
            keep_alive,
            sizes: Arc::new(sizes),
            patience: Arc::new(patience),
        }
    }

    /// The service of one worker for the socket at `addr`.
    fn front<S, B, G, W>(
        &self,
        addr: SocketAddr,
        stopping: G,
        app: S,
    ) -> impl ServiceFactory<tokio::net::TcpStream, Config = (), Response = ()> + use<S, B, G, W>
    where
        S: ServiceFactory<Request, Config = AppConfig> + 'static,
        S::Error: Into<actix_web::Error>,
        S::InitError: fmt::Debug,
        S::Response: Into<Response<B>>,
        S::Future: 'static,
        S::Service: 'static,
        <S::Service as Service<Request>>::Future: 'static,
        B: MessageBody + 'static,
        G: Fn() -> W + 'static,
        W: Future<Output = ()> + 'static,
    {
        let secure = self.tls.is_some();
        let app = app.map_err(|error| Response::from(error.into().error_response()));
        // The only way to tell the application its scheme and address; `HttpServer` uses the same constructor
        // under a private name.
        let app = map_config(app, move |()| AppConfig::__priv_test_new(secure, addr.to_string(), addr));
        let app = CheckedFactory { app: app.map(Into::into), sizes: Arc::clone(&self.sizes) };
        let sizes = Arc::clone(&self.sizes);
        // A client that asks before it sends a body learns that it is too large.
        let expect = move |request: Request| {
            let sizes = Arc::clone(&sizes);
            async move { sizes.expect(request) }
        };
        let http = HttpService::build()
            .keep_alive(self.keep_alive)
            // The first head is timed in `conversation`, like all others.
            .client_request_timeout(Duration::ZERO)
            // How long the rest of a body that was answered early is read.
            .client_disconnect_timeout(DRAIN)
            .local_addr(addr)
            .graceful_shutdown_signal(stopping)
            .on_connect_ext(|guard: &Guard, extensions: &mut actix_http::Extensions| {
                extensions.insert(guard.watch());
            })
            .expect(fn_service(expect))
            .h1(app);
        FrontFactory { http, tls: self.tls.clone(), patience: Arc::clone(&self.patience) }
    }
}

/// A server at work. Dropping it lets it work on; it ends with its runtime.
#[must_use = "the server can only be stopped through this"]
pub struct Running {
    addrs: Vec<SocketAddr>,
    handle: ServerHandle,
    server: JoinHandle<io::Result<()>>,
}

impl Running {
    /// The addresses listened on, in the order of the sockets.
    pub fn addrs(&self) -> &[SocketAddr] {
        &self.addrs
    }

    /// A way to stop the server from elsewhere, such as a handler of signals.
    pub fn stopper(&self) -> Stopper {
        Stopper(self.handle.clone())
    }

    /// Waits until the server has been stopped. Errors: a worker could not be started.
    pub async fn ended(self) -> io::Result<()> {
        self.server.await.map_err(io::Error::other)?
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").field("addrs", &self.addrs).finish_non_exhaustive()
    }
}

/// Stops a server.
#[derive(Debug, Clone)]
pub struct Stopper(ServerHandle);

impl Stopper {
    /// Accepts nothing more, closes idle connections and returns when the requests in flight are answered, at the
    /// latest `stop_seconds` (of `ServeConfig`) later; what is not done by then is cut off. Idempotent.
    pub async fn stop(&self) {
        self.0.stop(true).await;
    }
}

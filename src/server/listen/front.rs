//! What a worker does with an accepted connection: TLS where it is spoken, then a conversation.
//!
//! Must not wait for a client without a limit; a failed handshake is nobody's fault and only a debug line.

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

use actix_http::error::DispatchError;
use actix_service::{Service, ServiceFactory};
use futures_util::future::LocalBoxFuture;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::conversation::{Patience, converse, turn_away};
use super::guard::Guard;
use super::refusal::Refusal;
use super::watch::Watch;
use super::wire::{Metered, Wire};

/// Makes the front of one worker.
pub(super) struct FrontFactory<H> {
    /// Makes the HTTP service.
    pub(super) http: H,
    /// Present: connections speak TLS.
    pub(super) tls: Option<TlsAcceptor>,
    /// The patience with a client.
    pub(super) patience: Arc<Patience>,
}

impl<H> ServiceFactory<TcpStream> for FrontFactory<H>
where
    H: ServiceFactory<(Guard, Option<SocketAddr>), Config = (), Response = (), Error = DispatchError>,
    H::Service: 'static,
    H::Future: 'static,
{
    type Response = ();
    type Error = ();
    type Config = ();
    type Service = Front<H::Service>;
    type InitError = H::InitError;
    type Future = LocalBoxFuture<'static, Result<Self::Service, H::InitError>>;

    fn new_service(&self, (): ()) -> Self::Future {
        let http = self.http.new_service(());
        let (tls, patience) = (self.tls.clone(), Arc::clone(&self.patience));
        Box::pin(async move { Ok(Front { http: Rc::new(http.await?), tls, patience }) })
    }
}

/// The front of one worker.
pub(super) struct Front<H> {
    http: Rc<H>,
    tls: Option<TlsAcceptor>,
    patience: Arc<Patience>,
}

impl<H> Service<TcpStream> for Front<H>
where
    H: Service<(Guard, Option<SocketAddr>), Response = (), Error = DispatchError> + 'static,
{
    type Response = ();
    type Error = ();
    type Future = LocalBoxFuture<'static, Result<(), ()>>;

    fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<Result<(), ()>> {
        self.http.poll_ready(cx).map_err(|_| ())
    }

    fn call(&self, tcp: TcpStream) -> Self::Future {
        let (http, tls, patience) = (Rc::clone(&self.http), self.tls.clone(), Arc::clone(&self.patience));
        Box::pin(async move {
            let peer = tcp.peer_addr().ok();
            let watch = Rc::new(Watch::new(patience.line));
            match open(tcp, tls, &watch, &patience).await {
                Ok(Some(wire)) => {
                    let guard = Guard::new(wire, Rc::clone(&watch));
                    converse(http.call((guard, peer)), watch, &patience).await;
                }
                Ok(None) => {}
                Err(error) => tracing::debug!(%error, "a connection did not come about"),
            }
            Ok(())
        })
    }
}

/// The connection ready for HTTP; `None` when it was answered and closed already.
async fn open(
    tcp: TcpStream,
    tls: Option<TlsAcceptor>,
    watch: &Rc<Watch>,
    patience: &Patience,
) -> io::Result<Option<Wire>> {
    // Otherwise a streamed answer waits for the client's delayed acknowledgements.
    tcp.set_nodelay(true)?;
    let Some(acceptor) = tls else {
        return Ok(Some(Wire::Plain(Metered::new(tcp, Rc::clone(watch)))));
    };
    let mut first = [0];
    if timeout(patience.head(), tcp.peek(&mut first)).await?? == 1
        && first.first().copied().is_some_and(is_http)
    {
        let wire = Wire::Plain(Metered::new(tcp, Rc::clone(watch)));
        turn_away(wire, &Refusal::malformed("scheme: this port speaks https"), patience).await;
        return Ok(None);
    }
    let accepted = timeout(patience.head(), acceptor.accept(Metered::new(tcp, Rc::clone(watch)))).await??;
    Ok(Some(Wire::Tls(Box::new(accepted))))
}

/// Whether a first byte begins a request line, not a record of TLS.
fn is_http(byte: u8) -> bool {
    byte.is_ascii_alphabetic()
}

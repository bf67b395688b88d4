//! The bytes of a connection: TCP, with or without TLS on it.
//!
//! Progress of writing is noted below TLS, where the client's pace shows. Nothing here knows HTTP.

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use super::watch::Watch;

/// A TCP stream that tells the watch of its connection how writing goes.
pub(super) struct Metered {
    tcp: TcpStream,
    watch: Rc<Watch>,
}

impl Metered {
    pub(super) fn new(tcp: TcpStream, watch: Rc<Watch>) -> Self {
        Self { tcp, watch }
    }
}

impl AsyncRead for Metered {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_read(cx, buf)
    }
}

impl AsyncWrite for Metered {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let Poll::Ready(written) = Pin::new(&mut self.tcp).poll_write(cx, buf) else {
            self.watch.write_blocked();
            return Poll::Pending;
        };
        self.watch.wrote(*written.as_ref().unwrap_or(&0));
        Poll::Ready(written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(cx)
    }
}

/// The connection as HTTP sees it.
pub(super) enum Wire {
    /// Without TLS.
    Plain(Metered),
    /// With TLS; boxed, because its state is much larger.
    Tls(Box<TlsStream<Metered>>),
}

impl Wire {
    /// Drops the connection so that the client sees it was cut, not ended: what is still unsent is discarded.
    pub(super) fn abort(self) {
        let tcp = match &self {
            Self::Plain(metered) => &metered.tcp,
            Self::Tls(stream) => &stream.get_ref().0.tcp,
        };
        // Where it cannot be set, the connection is merely closed a little later.
        let _ = tcp.set_zero_linger();
    }
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(metered) => Pin::new(metered).poll_read(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(metered) => Pin::new(metered).poll_write(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(metered) => Pin::new(metered).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(metered) => Pin::new(metered).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

/// Writes all of `bytes` from `*done` on; `Pending` leaves the rest for the next call.
pub(super) fn poll_write_all(
    wire: &mut Wire,
    cx: &mut Context<'_>,
    bytes: &[u8],
    done: &mut usize,
) -> Poll<io::Result<()>> {
    while let Some(rest) = bytes.get(*done..).filter(|rest| !rest.is_empty()) {
        let written = ready!(Pin::new(&mut *wire).poll_write(cx, rest))?;
        if written == 0 {
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        *done += written;
    }
    Poll::Ready(Ok(()))
}

//! The stream that the HTTP library works on, between it and the wire.
//!
//! The library refuses what it cannot parse by an answer without a body and then ends. Such an answer is held
//! back here; when the end follows, the task of the connection sends an error document in its place, and when
//! anything else follows, it is released unchanged. Bytes pass without being copied; nothing is decided here.

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::watch::{Returned, Watch};
use super::wire::{Wire, poll_write_all};

/// The refusals of the HTTP library: its answers to a head it cannot parse or that is too large for its buffer.
const REFUSALS: [&[u8]; 2] = [b" 400 Bad Request\r\n", b" 431 Request Header Fields Too Large\r\n"];
/// Their heads end so, as do those of all answers without a body.
const HEAD_END: &[u8] = b"\r\n\r\n";
/// Longer than any refusal of the library.
const LONGEST_REFUSAL: usize = 256;

/// A stream that gives the wire back to the task of its connection when it is dropped.
pub(super) struct Guard {
    wire: Option<Wire>,
    watch: Rc<Watch>,
    withheld: Vec<u8>,
    released: usize,
}

impl Guard {
    pub(super) fn new(wire: Wire, watch: Rc<Watch>) -> Self {
        Self { wire: Some(wire), watch, withheld: Vec::new(), released: 0 }
    }

    /// The watch of this connection.
    pub(super) fn watch(&self) -> Rc<Watch> {
        Rc::clone(&self.watch)
    }

    /// What was held back was not the last word: out with it.
    fn poll_release(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Some(wire) = self.wire.as_mut() {
            ready!(poll_write_all(wire, cx, &self.withheld, &mut self.released))?;
        }
        self.withheld = Vec::new();
        self.released = 0;
        self.watch.withhold(false);
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Guard {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if !this.withheld.is_empty() {
            ready!(this.poll_release(cx))?;
        }
        let Some(wire) = this.wire.as_mut() else { return Poll::Ready(Ok(())) };
        let before = buf.filled().len();
        ready!(Pin::new(wire).poll_read(cx, buf))?;
        this.watch.received(buf.filled().get(before..).unwrap_or_default());
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Guard {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if !this.withheld.is_empty() {
            ready!(this.poll_release(cx))?;
        }
        let Some(wire) = this.wire.as_mut() else {
            return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
        };
        match refusal_at(buf) {
            None => Pin::new(wire).poll_write(cx, buf),
            // The answers before it go out first; the rest comes here again.
            Some(at) if at > 0 => Pin::new(wire).poll_write(cx, buf.get(..at).unwrap_or(buf)),
            Some(_) => {
                this.withheld = buf.to_vec();
                this.watch.withhold(true);
                Poll::Ready(Ok(buf.len()))
            }
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.wire.as_mut() {
            Some(wire) => Pin::new(wire).poll_flush(cx),
            None => Poll::Ready(Ok(())),
        }
    }

    /// Closing is left to the task of the connection, which may have something to say first.
    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let released = self.released.min(self.withheld.len());
        let withheld = self.withheld.split_off(released);
        if let Some(wire) = self.wire.take() {
            self.watch.bring_home(Returned { wire, withheld });
        }
    }
}

/// Where in `buf` the library's own refusal begins, if `buf` ends in one.
fn refusal_at(buf: &[u8]) -> Option<usize> {
    if !buf.ends_with(HEAD_END) {
        return None;
    }
    let from = buf.len().saturating_sub(LONGEST_REFUSAL);
    let tail = buf.get(from..)?;
    let at = tail.windows(7).rposition(|window| window == b"HTTP/1.")?;
    let head = tail.get(at..)?;
    let rest = head.get(8..)?;
    let refused = REFUSALS.iter().any(|line| {
        rest.strip_prefix(*line).is_some_and(|fields| fields.starts_with(b"content-length: 0\r\n"))
    });
    let one_head = head.windows(HEAD_END.len()).filter(|window| *window == HEAD_END).count() == 1;
    (refused && one_head).then_some(from + at)
}

#[cfg(test)]
mod tests {
    use super::refusal_at;

    const REFUSAL: &[u8] = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\ndate: Thu, 01 Jan 1970 00:00:00 GMT\r\n\r\n";

    #[test]
    fn a_refusal_is_found_alone_and_behind_other_answers() {
        assert_eq!(refusal_at(REFUSAL), Some(0));
        let other = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
        assert_eq!(refusal_at(&[other, REFUSAL].concat()), Some(other.len()));
    }

    #[test]
    fn answers_with_a_body_or_of_another_status_are_not_refusals() {
        for answer in [
            &b"HTTP/1.1 400 Bad Request\r\ncontent-length: 3\r\n\r\nabc"[..],
            b"HTTP/1.1 204 No Content\r\ndate: x\r\n\r\n",
            b"HTTP/1.1 304 Not Modified\r\n\r\n",
            b"5\r\nabcde\r\n0\r\n\r\n",
            b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nx: y\r\n\r\n\r\n\r\n",
            b"",
        ] {
            assert_eq!(refusal_at(answer), None, "{}", String::from_utf8_lossy(answer));
        }
    }
}

//! A request body on its way to the application: its true size, the time it takes, and whether it was read to
//! its end.
//!
//! Must not keep bytes. Errors are the library's: `Overflow` over the size, `Io` of kind `TimedOut` over the time.

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_http::Payload;
use actix_http::error::PayloadError;
use actix_web::web::Bytes;
use futures_util::Stream;
use tokio::time::{Sleep, sleep};

use super::watch::Watch;

/// The body of one request.
pub(super) struct Intake {
    body: Payload,
    watch: Rc<Watch>,
    /// Bytes that may still come.
    left: usize,
    time: Duration,
    /// Made when there is something to wait for.
    deadline: Option<Pin<Box<Sleep>>>,
    over: bool,
}

impl Intake {
    /// Of at most `largest` bytes, all of them within `time`.
    pub(super) fn new(body: Payload, watch: Rc<Watch>, largest: usize, time: Duration) -> Self {
        Self { body, watch, left: largest, time, deadline: None, over: false }
    }

    fn is_late(&mut self, cx: &mut Context<'_>) -> bool {
        let time = self.time;
        self.deadline.get_or_insert_with(|| Box::pin(sleep(time))).as_mut().poll(cx).is_ready()
    }
}

impl Stream for Intake {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if this.over {
            return Poll::Ready(None);
        }
        let polled = Pin::new(&mut this.body).poll_next(cx);
        if polled.is_pending() && this.is_late(cx) {
            this.over = true;
            return Poll::Ready(Some(Err(PayloadError::Io(io::ErrorKind::TimedOut.into()))));
        }
        let item = ready!(polled);
        match &item {
            Some(Ok(bytes)) => {
                let Some(left) = this.left.checked_sub(bytes.len()) else {
                    this.over = true;
                    return Poll::Ready(Some(Err(PayloadError::Overflow)));
                };
                this.left = left;
            }
            Some(Err(_)) => this.over = true,
            None => {
                this.over = true;
                this.watch.body_done();
            }
        }
        Poll::Ready(item)
    }
}

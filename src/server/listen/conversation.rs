//! One connection from its first byte to its last: the HTTP library's dispatcher, the times a client is given,
//! and what is said to one whose request the dispatcher could not read.
//!
//! Must not parse HTTP: the dispatcher does, the watch counts, and here both are drawn together.

use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_http::error::DispatchError;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{Instant, Sleep, sleep, timeout};

use super::refusal::Refusal;
use super::watch::{Returned, Watch};
use super::wire::Wire;
use crate::world::SharedWorld;

/// How long a client whose request was refused may go on sending before it is cut off: closing at once would
/// reset the connection and could take the answer with it.
pub(super) const DRAIN: Duration = Duration::from_secs(2);
/// How many bytes of it are read at most.
const DRAIN_BYTES: usize = 16 << 20;
/// How long an ordinary close may take: TLS has a last word to send.
const CLOSE: Duration = Duration::from_secs(2);

/// The patience with one client.
pub(super) struct Patience {
    /// With a head, seconds.
    pub(super) head_seconds: u16,
    /// With a client that does not read.
    pub(super) stall: Duration,
    /// Longest request line, bytes.
    pub(super) line: usize,
    /// Ids and the clock of refusals.
    pub(super) world: SharedWorld,
}

impl Patience {
    /// With a head.
    pub(super) fn head(&self) -> Duration {
        Duration::from_secs(u64::from(self.head_seconds))
    }
}

/// How the dispatcher came to its end.
enum End {
    Over(Result<(), DispatchError>),
    LongLine,
    SlowHead,
    Stalled,
}

/// Drives a connection to its end and closes it.
pub(super) async fn converse<D>(dispatcher: D, watch: Rc<Watch>, patience: &Patience)
where
    D: Future<Output = Result<(), DispatchError>>,
{
    let end = drive(dispatcher, &watch, patience).await;
    let Some(Returned { wire, withheld }) = watch.take_home() else { return };
    let refusal = refusal(&end, &watch, patience);
    match (end, refusal) {
        (_, Some(refusal)) => part(wire, &refusal.bytes(patience.world.as_ref()), true, patience).await,
        (End::Stalled | End::Over(Err(DispatchError::Body(_))), None) => wire.abort(),
        (_, None) => part(wire, &withheld, watch.may_be_sending(), patience).await,
    }
}

/// The dispatcher, until it ends or patience does. The stream is back home when this returns.
async fn drive<D>(dispatcher: D, watch: &Watch, patience: &Patience) -> End
where
    D: Future<Output = Result<(), DispatchError>>,
{
    let mut dispatcher = pin!(dispatcher);
    let mut head = Timer::new(patience.head());
    let mut stall = Timer::new(patience.stall);
    poll_fn(|cx| {
        if let Poll::Ready(result) = dispatcher.as_mut().poll(cx) {
            return Poll::Ready(End::Over(result));
        }
        if watch.withholding() {
            // It was not the last word; the next poll begins with a read, which releases it.
            cx.waker().wake_by_ref();
        }
        if watch.head_wait().is_some() && watch.line_too_long() {
            return Poll::Ready(End::LongLine);
        }
        if head.is_over(cx, watch.head_wait()) {
            return Poll::Ready(End::SlowHead);
        }
        if stall.is_over(cx, watch.write_wait()) {
            return Poll::Ready(End::Stalled);
        }
        Poll::Pending
    })
    .await
}

/// What remains to be said, if anything.
fn refusal(end: &End, watch: &Watch, patience: &Patience) -> Option<Refusal> {
    match end {
        End::LongLine => Some(Refusal::line_too_long(patience.line)),
        // It has had its answer.
        End::SlowHead if watch.is_draining() => None,
        End::SlowHead => Some(Refusal::slow_head(patience.head_seconds)),
        End::Over(Err(DispatchError::Parse(error))) => Some(if watch.line_too_long() {
            Refusal::line_too_long(patience.line)
        } else {
            Refusal::unparsable(error)
        }),
        // The dispatcher gives up without an answer on a body whose chunks it cannot follow.
        End::Over(Ok(()) | Err(DispatchError::Io(_))) if watch.unanswered() => {
            Some(Refusal::malformed("body: its chunked coding is malformed or it ended early"))
        }
        End::Over(Ok(())) if watch.head_cut_off() => {
            Some(Refusal::malformed("request head: ended before its empty line"))
        }
        End::Over(_) | End::Stalled => None,
    }
}

/// Says `last` and closes; with `drain`, reads on for a while so that the client gets to it.
async fn part(mut wire: Wire, last: &[u8], drain: bool, patience: &Patience) {
    let said = timeout(patience.stall, say(&mut wire, last)).await;
    if !matches!(said, Ok(Ok(()))) {
        return wire.abort();
    }
    // A client that is gone already is as good as one that closed.
    let _ = timeout(CLOSE, wire.shutdown()).await;
    if drain {
        let _ = timeout(DRAIN, drink(&mut wire)).await;
    }
}

async fn say(wire: &mut Wire, last: &[u8]) -> io::Result<()> {
    if !last.is_empty() {
        wire.write_all(last).await?;
        wire.flush().await?;
    }
    Ok(())
}

async fn drink(wire: &mut Wire) -> io::Result<()> {
    let mut glass = vec![0; 16 << 10];
    let mut total = 0;
    while total < DRAIN_BYTES {
        match wire.read(&mut glass).await? {
            0 => break,
            some => total += some,
        }
    }
    Ok(())
}

/// A limit on one kind of waiting, made when there is something to wait for.
struct Timer {
    limit: Duration,
    sleep: Option<Pin<Box<Sleep>>>,
    mark: u64,
}

impl Timer {
    fn new(limit: Duration) -> Self {
        Self { limit, sleep: None, mark: 0 }
    }

    /// Whether the wait named by `mark` has lasted for the limit; `None`: nothing is waited for. Another mark is
    /// another wait.
    fn is_over(&mut self, cx: &mut Context<'_>, mark: Option<u64>) -> bool {
        let Some(mark) = mark else {
            self.sleep = None;
            return false;
        };
        let limit = self.limit;
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep(limit)));
        if mark != self.mark {
            sleep.as_mut().reset(Instant::now() + limit);
            self.mark = mark;
        }
        sleep.as_mut().poll(cx).is_ready()
    }
}

/// Answers a connection that never gets to speak HTTP, and closes it.
pub(super) async fn turn_away(wire: Wire, refusal: &Refusal, patience: &Patience) {
    part(wire, &refusal.bytes(patience.world.as_ref()), true, patience).await;
}

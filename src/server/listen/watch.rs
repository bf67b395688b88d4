//! What the parts of one connection know of each other: the stream, the service and the task that holds both.
//!
//! One `Watch` a connection, on one thread. It counts and remembers; it must not read, write, wait or decide.

use std::cell::Cell;
use std::rc::Rc;

use super::wire::Wire;

/// The stream as the dispatcher left it.
pub(super) struct Returned {
    /// The connection, still open.
    pub(super) wire: Wire,
    /// An answer without a body that was held back because it may be a refusal of the HTTP library's own.
    pub(super) withheld: Vec<u8>,
}

/// The shared state of one connection.
pub(super) struct Watch {
    /// Longest request line, bytes.
    line_limit: usize,
    /// Requests whose answer is not wholly handed over yet.
    in_flight: Cell<u32>,
    /// Requests whose head was understood.
    called: Cell<u64>,
    /// Requests whose answer has begun.
    answered: Cell<u64>,
    /// Whether the last request brought a body that was not read to its end: what comes next need not be a head.
    body_open: Cell<bool>,
    /// Whether more has come after the answer to a request whose body was not read to its end.
    draining: Cell<bool>,
    /// Whether bytes of a head that is not complete have come.
    partial: Cell<bool>,
    /// Bytes of the request line so far.
    line: Cell<usize>,
    /// Whether the end of the request line was seen.
    line_ended: Cell<bool>,
    /// Whether the client has closed its side.
    ended: Cell<bool>,
    /// Bytes that the client's side of the connection took.
    sent: Cell<u64>,
    /// Whether the last write had to wait.
    blocked: Cell<bool>,
    /// Whether an answer is being held back.
    withholding: Cell<bool>,
    /// Where the stream goes when the dispatcher lets go of it.
    home: Cell<Option<Returned>>,
}

impl Watch {
    pub(super) fn new(line_limit: usize) -> Self {
        Self {
            line_limit,
            in_flight: Cell::new(0),
            called: Cell::new(0),
            answered: Cell::new(0),
            body_open: Cell::new(false),
            draining: Cell::new(false),
            partial: Cell::new(false),
            line: Cell::new(0),
            line_ended: Cell::new(false),
            ended: Cell::new(false),
            sent: Cell::new(0),
            blocked: Cell::new(false),
            withholding: Cell::new(false),
            home: Cell::new(None),
        }
    }

    /// Bytes came; none: the client has closed its side. Those that come while a request is in flight are its
    /// body or wait behind it, and are not looked at: a head that begins there is timed from its next byte on,
    /// and without one the connection ends as an idle one does.
    pub(super) fn received(&self, bytes: &[u8]) {
        if bytes.is_empty() {
            self.ended.set(true);
        } else if self.in_flight.get() == 0 {
            if self.body_open.get() {
                self.draining.set(true);
            } else {
                self.count_head(bytes);
            }
        }
    }

    fn count_head(&self, mut bytes: &[u8]) {
        // Empty lines before a request are allowed and are no request.
        if !self.partial.get() {
            let Some(first) = bytes.iter().position(|byte| !matches!(byte, b'\r' | b'\n')) else { return };
            bytes = bytes.get(first..).unwrap_or_default();
            self.partial.set(true);
        }
        if !self.line_ended.get() {
            let end = bytes.iter().position(|byte| *byte == b'\n');
            self.line.set(self.line.get().saturating_add(end.unwrap_or(bytes.len())));
            self.line_ended.set(end.is_some());
        }
    }

    /// Whether the line being received is over the limit.
    pub(super) fn line_too_long(&self) -> bool {
        // One more for the carriage return.
        self.line.get() > self.line_limit.saturating_add(1)
    }

    /// A head was understood.
    pub(super) fn head_done(&self) {
        self.body_open.set(false);
        self.draining.set(false);
        self.partial.set(false);
        self.line.set(0);
        self.line_ended.set(false);
    }

    /// The present request has a body.
    pub(super) fn body_begun(&self) {
        self.body_open.set(true);
    }

    /// The body of the present request was read to its end.
    pub(super) fn body_done(&self) {
        self.body_open.set(false);
    }

    /// Whether what comes is the rest of a body that was answered without being read.
    pub(super) fn is_draining(&self) -> bool {
        self.draining.get()
    }

    /// Whether a head, or the rest of a body that nobody reads, is being waited for: a mark that changes with
    /// every new wait; `None` while a request is in flight or the connection is idle between requests.
    pub(super) fn head_wait(&self) -> Option<u64> {
        let begun = self.called.get() == 0 || self.partial.get() || self.draining.get();
        (self.in_flight.get() == 0 && begun).then(|| self.called.get())
    }

    /// Whether the client closed its side in the middle of a head.
    pub(super) fn head_cut_off(&self) -> bool {
        self.ended.get() && self.partial.get() && self.in_flight.get() == 0
    }

    /// Whether the body of a request could not be read to its end, and no answer was begun.
    pub(super) fn unanswered(&self) -> bool {
        self.body_open.get() && self.called.get() > self.answered.get()
    }

    /// Whether the client may still be sending what nobody reads.
    pub(super) fn may_be_sending(&self) -> bool {
        self.body_open.get() && !self.ended.get()
    }

    /// The client's side took `bytes`.
    pub(super) fn wrote(&self, bytes: usize) {
        self.sent.set(self.sent.get().wrapping_add(bytes as u64));
        self.blocked.set(false);
    }

    /// The client's side takes no more for now.
    pub(super) fn write_blocked(&self) {
        self.blocked.set(true);
    }

    /// As `head_wait`, for a client that does not read: the mark changes with every byte it takes.
    pub(super) fn write_wait(&self) -> Option<u64> {
        self.blocked.get().then(|| self.sent.get())
    }

    /// Notes whether an answer is being held back.
    pub(super) fn withhold(&self, yes: bool) {
        self.withholding.set(yes);
    }

    /// Whether an answer is being held back.
    pub(super) fn withholding(&self) -> bool {
        self.withholding.get()
    }

    /// Hands the stream over to the task of the connection.
    pub(super) fn bring_home(&self, returned: Returned) {
        self.home.set(Some(returned));
    }

    /// The stream, once the dispatcher is gone.
    pub(super) fn take_home(&self) -> Option<Returned> {
        self.home.take()
    }
}

/// A request in flight, from its head to the last byte of its answer.
pub(super) struct InFlight(Rc<Watch>);

impl InFlight {
    pub(super) fn begin(watch: Rc<Watch>) -> Self {
        watch.called.set(watch.called.get().wrapping_add(1));
        watch.in_flight.set(watch.in_flight.get().saturating_add(1));
        Self(watch)
    }

    /// The answer begins.
    pub(super) fn answered(&self) {
        self.0.answered.set(self.0.answered.get().wrapping_add(1));
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.set(self.0.in_flight.get().saturating_sub(1));
    }
}

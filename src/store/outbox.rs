//! The outbox: mails that commit with the change they tell of, and are sent afterwards by one worker.
//!
//! A mail is `queued` until it was accepted by a mail server (`sent`, its text is then erased) or given up
//! (`failed`). Taking one counts an attempt and puts it off, so that a worker that dies does not lose it: it is tried
//! again, and may then arrive twice.

use std::fmt;

use async_trait::async_trait;
use uuid::Uuid;

use crate::model::Error;

/// A new mail.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    /// Its id.
    pub id: Uuid,
    /// When it was written, microseconds; also when it may first be sent.
    pub created: i64,
    /// The address.
    pub recipient: String,
    /// The subject, one line.
    pub subject: String,
    /// The text. May hold a token.
    pub body: String,
}

/// Where a mail stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailState {
    /// Waits to be sent.
    Queued,
    /// A mail server took it.
    Sent,
    /// Given up.
    Failed,
}

impl MailState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Queued, Self::Sent, Self::Failed];

    /// The word in the table and in answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Failed => "failed",
        }
    }

    /// The state of that word.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// A mail as it stands in the outbox.
#[derive(Clone, PartialEq, Eq)]
pub struct HeldMail {
    /// The mail; its text is empty once it was sent.
    pub mail: Mail,
    /// Where it stands.
    pub state: MailState,
    /// When it may be tried, or was settled, microseconds.
    pub due: i64,
    /// How often it was tried.
    pub attempts: i64,
    /// What went wrong last; empty when nothing did.
    pub last_error: String,
}

/// What became of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// A mail server took it, at this instant.
    Sent(i64),
    /// Not now: to be tried again at this instant.
    Again(i64, String),
    /// Never; decided at this instant.
    Failed(i64, String),
}

/// Which mails are wanted; every condition that is present must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OutboxQuery {
    /// In this state.
    pub state: Option<&'static str>,
    /// The address is this, letter case included.
    pub recipient: Option<String>,
    /// The address begins so, ASCII letter case aside; given in lower case.
    pub recipient_begins: Option<String>,
}

/// What can be done with mails within a transaction.
#[async_trait]
pub trait Outbox: Send {
    /// Puts a mail into the outbox. The listeners of the commit are told of [`crate::model::Kind::Message`].
    async fn put_mail(&mut self, mail: &Mail) -> Result<(), Error>;

    /// Takes the queued mail that has been due longest at `now`: counts an attempt and puts it off until `until`.
    async fn take_mail(&mut self, now: i64, until: i64) -> Result<Option<HeldMail>, Error>;

    /// Records what became of attempt number `attempt`; false when the mail is not queued any more or another
    /// attempt began since.
    async fn settle_mail(&mut self, id: Uuid, attempt: i64, delivery: &Delivery) -> Result<bool, Error>;

    /// Forgets mails that were sent or given up before `before`; returns how many.
    async fn drop_settled_mail(&mut self, before: i64) -> Result<u64, Error>;
}

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail").field("id", &self.id).finish_non_exhaustive()
    }
}

impl fmt::Debug for HeldMail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { mail, state, due, attempts, .. } = self;
        let mut shown = f.debug_struct("HeldMail");
        shown.field("id", &mail.id).field("state", state).field("due", due).field("attempts", attempts);
        shown.finish_non_exhaustive()
    }
}

//! The one list of what can go wrong with an operation, in the words of the contract's error table.
//!
//! Every room below `http` speaks this type; `http/failure.rs` turns it into a status and a document with one
//! exhaustive match. Nothing here may hold a secret: messages name parameters, never the values of secrets.

use std::time::Duration;

use crate::model::Kind;

/// Why an operation was refused or failed. The number in brackets is the contract's error code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// (1) An argument is unknown, missing, repeated or ill-formed.
    #[error("{parameter}: {expected}")]
    Invalid {
        /// The parameter or document part at fault.
        parameter: String,
        /// What was expected, in a few words.
        expected: String,
    },
    /// (3) The client lacks the grant for this verb and kind.
    #[error("this client may not {verb} {kind} entities")]
    Forbidden {
        /// The verb that was asked for.
        verb: &'static str,
        /// The kind it was asked for.
        kind: &'static str,
    },
    /// (3) What somebody without a grant showed as proof — the token of an invitation — is not good.
    #[error("{what}")]
    NotProven {
        /// What was shown; the same words whatever is wrong with it.
        what: &'static str,
    },
    /// (3) The client would give more than it has.
    #[error("{parameter}: this client cannot give, or touch, more than it has itself")]
    Exceeds {
        /// The parameter or kind that goes beyond it.
        parameter: &'static str,
    },
    /// (3) The password is wrong, or its user may not sign in: which, nobody is told.
    #[error("pwd: wrong, or this user may not sign in")]
    WrongPassword,
    /// (4) A unique value is taken.
    #[error("{parameter}: the value is already in use")]
    AlreadyExists {
        /// The attribute that must be unique.
        parameter: String,
    },
    /// (5) The parent or owner that was named does not exist.
    #[error("{parameter}: no such organization or owner")]
    ParentNotFound {
        /// The parameter or path segment that named it.
        parameter: String,
    },
    /// (7) No such entity, or none that this client may know of.
    #[error("no such {kind}")]
    NotFound {
        /// What was looked for.
        kind: &'static str,
    },
    /// (8) A normal parent stands where a virtual one is needed.
    #[error("{parameter}: a virtual organization is needed here")]
    ParentNotVirtual {
        /// The parameter that named the parent.
        parameter: String,
    },
    /// (9) A virtual parent stands where a normal one is needed.
    #[error("{parameter}: a normal, non-virtual organization is needed here")]
    ParentVirtual {
        /// The parameter that named the parent.
        parameter: String,
    },
    /// (10, 400) A reference to something that does not exist or is of the wrong kind.
    #[error("{parameter}: {expected}")]
    InvalidReference {
        /// The parameter that referred.
        parameter: String,
        /// What it may refer to.
        expected: String,
    },
    /// (10, 409) A delete is refused because others refer to the entity.
    #[error("still referred to by {by}")]
    Referenced {
        /// The kind and attribute that refer.
        by: String,
    },
    /// (10, 409) The change would close a cycle.
    #[error("{parameter}: this would make a cycle")]
    Cycle {
        /// The parameter that would close it.
        parameter: String,
    },
    /// (12) More results than the configured ceiling.
    #[error("more than {limit} results; narrow the search or use maxResults")]
    SizeLimit {
        /// The configured ceiling.
        limit: u64,
    },
    /// (14, 412) `If-Match` or `If-None-Match` does not hold.
    #[error("the entity has changed: its version is not the one of the precondition")]
    Precondition,
    /// (15, 409) The request was performed before, under the same `Idempotency-Key`; answered by what is kept of it.
    #[error("Idempotency-Key: this request was performed before, and its answer is not known any more")]
    Repeated,
    /// (15) The configuration or the state forbids it.
    #[error("{reason}")]
    Conflict {
        /// What forbids it.
        reason: String,
    },
    /// (6, 503) The database is away or too busy; the caller may try again.
    #[error("the service is not available at the moment")]
    Unavailable {
        /// For the log only.
        detail: String,
        /// When to try again.
        retry_after: Duration,
    },
    /// (6, 500) A fault of ours.
    #[error("internal error")]
    Internal {
        /// For the log only.
        detail: String,
    },
}

impl Error {
    /// (1) `parameter` is at fault; `expected` says what it should be.
    pub fn invalid(parameter: impl Into<String>, expected: impl Into<String>) -> Self {
        Self::Invalid { parameter: parameter.into(), expected: expected.into() }
    }

    /// The same error with its parameter under another name, where it names one that the request may know otherwise.
    #[must_use]
    pub fn renamed(self, rename: impl FnOnce(String) -> String) -> Self {
        match self {
            Self::Invalid { parameter, expected } => Self::Invalid { parameter: rename(parameter), expected },
            Self::InvalidReference { parameter, expected } => {
                Self::InvalidReference { parameter: rename(parameter), expected }
            }
            Self::AlreadyExists { parameter } => Self::AlreadyExists { parameter: rename(parameter) },
            Self::ParentNotFound { parameter } => Self::ParentNotFound { parameter: rename(parameter) },
            Self::ParentNotVirtual { parameter } => Self::ParentNotVirtual { parameter: rename(parameter) },
            Self::ParentVirtual { parameter } => Self::ParentVirtual { parameter: rename(parameter) },
            Self::Cycle { parameter } => Self::Cycle { parameter: rename(parameter) },
            other => other,
        }
    }

    /// (7) No such entity of `kind`.
    pub fn not_found(kind: Kind) -> Self {
        Self::NotFound { kind: kind.name() }
    }

    /// (10) `parameter` refers to nothing usable.
    pub fn reference(parameter: impl Into<String>, expected: impl Into<String>) -> Self {
        Self::InvalidReference { parameter: parameter.into(), expected: expected.into() }
    }

    /// (15) The state or configuration forbids it.
    pub fn conflict(reason: impl Into<String>) -> Self {
        Self::Conflict { reason: reason.into() }
    }

    /// (6) A fault of ours; `detail` goes to the log only.
    pub fn internal(detail: impl Into<String>) -> Self {
        Self::Internal { detail: detail.into() }
    }

    /// (6) The database is away or overloaded; `detail` goes to the log only.
    pub fn unavailable(detail: impl Into<String>) -> Self {
        Self::Unavailable { detail: detail.into(), retry_after: Duration::from_secs(1) }
    }

    /// Whether the fault is the server's (codes 6), so that it is logged as an error.
    pub fn is_ours(&self) -> bool {
        matches!(self, Self::Unavailable { .. } | Self::Internal { .. })
    }
}

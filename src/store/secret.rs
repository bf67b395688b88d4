//! The one store of secrets: invitations, one-time codes, keys, tokens, sessions. It holds hashes only; the
//! secret itself never comes here.

use async_trait::async_trait;

use crate::model::{Error, Row};

/// A secret to be kept.
#[derive(Clone, Copy)]
pub struct Secret<'a> {
    /// What it is for, for example `invitation`; a hash is unique within it.
    pub purpose: &'a str,
    /// The hash (BLAKE3) of the secret.
    pub hash: &'a [u8; 32],
    /// The row of the entity it belongs to, and with which it goes; 0 when there is none.
    pub subject: Row,
    /// The first instant at which it is no longer good, microseconds.
    pub expires: i64,
    /// How often it may be used.
    pub uses: i64,
    /// How many wrong attempts on its subject it survives.
    pub tries: i64,
}

/// What can be done with secrets within a transaction.
#[async_trait]
pub trait Secrets: Send {
    /// Keeps a secret. Error 6 when the same hash is kept already for this purpose.
    async fn put_secret(&mut self, secret: &Secret<'_>) -> Result<(), Error>;

    /// Keeps a secret unless the same hash is kept already for this purpose; whether it was kept now. Of many who try at
    /// once, one succeeds.
    async fn put_secret_once(&mut self, secret: &Secret<'_>) -> Result<bool, Error>;

    /// Uses a secret up by one and returns its subject; `None` when there is no such secret, or it is used up,
    /// tried too often or expired at `now`. One conditional statement: of many who try at once, only as many
    /// succeed as it has uses.
    async fn consume_secret(
        &mut self,
        purpose: &str,
        hash: &[u8; 32],
        now: i64,
    ) -> Result<Option<Row>, Error>;

    /// Counts a wrong attempt on all secrets of a subject.
    async fn miss_secret(&mut self, purpose: &str, subject: Row) -> Result<(), Error>;

    /// Counts a try on all secrets of a subject that are still good at `now`; whether there is one. The last try is never
    /// counted away: a secret kept with one try more than may be made can be used after the last. One conditional
    /// statement: of many at once only as many find one as there are tries.
    async fn try_secret(&mut self, purpose: &str, subject: Row, now: i64) -> Result<bool, Error>;

    /// Forgets all secrets of a subject.
    async fn drop_secrets(&mut self, purpose: &str, subject: Row) -> Result<(), Error>;

    /// Forgets all secrets that have expired at `now`; returns how many.
    async fn drop_expired_secrets(&mut self, now: i64) -> Result<u64, Error>;
}

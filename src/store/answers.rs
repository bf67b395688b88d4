//! Answers that are kept, so that a request sent twice under one key is performed once.
//!
//! A key is claimed by the transaction that performs the request, and the answer is written into it before it
//! commits: there is no instant at which the change is there and its answer is not. A transaction that claims a key
//! which another one holds waits for the end of that one.

use async_trait::async_trait;

use crate::model::Error;

/// A key to be claimed.
#[derive(Debug, Clone, Copy)]
pub struct Claim<'a> {
    /// Whose key it is: keys of different clients have nothing to do with each other.
    pub client: &'a str,
    /// The key.
    pub key: &'a str,
    /// What the request asks for.
    pub fingerprint: &'a [u8; 32],
    /// The present instant, microseconds.
    pub now: i64,
    /// What was kept up to this instant counts as gone.
    pub forgotten: i64,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Its HTTP status; 0 while it is not known.
    pub status: i64,
    /// Its content type.
    pub content_type: String,
    /// Its body, without any secret that it showed.
    pub body: Vec<u8>,
}

/// What is kept under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// What the request asked for.
    pub fingerprint: Vec<u8>,
    /// When it was performed, microseconds.
    pub created: i64,
    /// The answer it got.
    pub answer: Answer,
}

/// What can be done with kept answers within a transaction.
#[async_trait]
pub trait Answers: Send {
    /// Claims a key: `None` when this transaction has it now, else what is kept under it.
    async fn claim_key(&mut self, claim: &Claim<'_>) -> Result<Option<Kept>, Error>;

    /// Keeps the answer under a key that was claimed.
    async fn keep_answer(&mut self, client: &str, key: &str, answer: &Answer) -> Result<(), Error>;

    /// Forgets what was kept up to an instant; returns how many.
    async fn drop_answers(&mut self, until: i64) -> Result<u64, Error>;
}

pub(super) const KEPT: &str = "SELECT i.fingerprint, i.created, i.status, i.content_type, i.body \
     FROM idempotency i WHERE i.client = $1 AND i.key = $2";
pub(super) const CLAIM: &str = "INSERT INTO idempotency (client, key, fingerprint, status, content_type, body, created) \
     VALUES ($1, $2, $3, 0, '', $4, $5) ON CONFLICT (client, key) DO UPDATE SET \
     fingerprint = excluded.fingerprint, status = 0, content_type = '', body = excluded.body, \
     created = excluded.created WHERE idempotency.created <= $6";
pub(super) const KEEP: &str =
    "UPDATE idempotency SET status = $1, content_type = $2, body = $3 WHERE client = $4 AND key = $5";
pub(super) const DROP: &str = "DELETE FROM idempotency WHERE created <= $1";

/// What writes.
#[cfg(test)]
pub(super) const WRITES: [&str; 3] = [CLAIM, KEEP, DROP];

/// Implements `Answers` for the transaction of one database.
macro_rules! answers {
    ($module:ident, $tx:ident) => {
        /// Kept answers.
        mod $module {
            use async_trait::async_trait;

            use super::$tx::{RowExt as _, Tx, query};
            use crate::model::Error;
            use crate::store::answers::{self, Answer, Answers, Claim, Kept};
            use crate::store::convert::column;

            #[async_trait]
            impl Answers for Tx<'_> {
                async fn claim_key(&mut self, claim: &Claim<'_>) -> Result<Option<Kept>, Error> {
                    let statement = query(answers::CLAIM)
                        .bind(claim.client.to_owned())
                        .bind(claim.key.to_owned())
                        .bind(claim.fingerprint.to_vec())
                        .bind(Vec::<u8>::new())
                        .bind(claim.now)
                        .bind(claim.forgotten);
                    if self.execute(statement).await? == 1 {
                        return Ok(None);
                    }
                    let statement =
                        query(answers::KEPT).bind(claim.client.to_owned()).bind(claim.key.to_owned());
                    let rows = self.fetch(statement).await?;
                    let row = rows.first().ok_or_else(|| Error::unavailable("a kept answer went away"))?;
                    let answer = Answer {
                        status: column!(row, 2),
                        content_type: column!(row, 3),
                        body: column!(row, 4),
                    };
                    Ok(Some(Kept { fingerprint: column!(row, 0), created: column!(row, 1), answer }))
                }

                async fn keep_answer(
                    &mut self,
                    client: &str,
                    key: &str,
                    answer: &Answer,
                ) -> Result<(), Error> {
                    let statement = query(answers::KEEP)
                        .bind(answer.status)
                        .bind(answer.content_type.clone())
                        .bind(answer.body.clone())
                        .bind(client.to_owned())
                        .bind(key.to_owned());
                    self.execute(statement).await.map(|_| ())
                }

                async fn drop_answers(&mut self, until: i64) -> Result<u64, Error> {
                    self.execute(query(answers::DROP).bind(until)).await
                }
            }
        }
    };
}
pub(super) use answers;

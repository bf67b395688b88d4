//! What signing in asks of a transaction: counts of wrong passwords, the stored hash, sessions, and the home of what
//! belongs to a user who moves. One body, expanded for each database beside `transaction.rs`.

use async_trait::async_trait;

use crate::model::{Error, Row};
use crate::store::Credential;

/// How signing in went for a user lately.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SignInCount {
    /// Wrong passwords in a row.
    pub failures: i64,
    /// Passwords being verified.
    pub pending: i64,
    /// When one of both last changed, microseconds.
    pub at: i64,
}

/// What can be done about signing in within a transaction. The caller has locked the user.
#[async_trait]
pub trait SignIns: Send {
    /// The count of a user; nothing counted is all zero.
    async fn sign_ins(&mut self, subject: Row) -> Result<SignInCount, Error>;

    /// Sets the count of a user; without failures and pending ones it is forgotten.
    async fn set_sign_ins(&mut self, subject: Row, count: SignInCount) -> Result<(), Error>;

    /// As [`crate::store::Read::credential`], within the transaction.
    async fn credential(&mut self, subject: Row) -> Result<Option<Credential>, Error>;

    /// Puts another hash of the same password in the place of `old`; false when that is not stored any more.
    async fn renew_credential(&mut self, subject: Row, old: &str, phc: &str) -> Result<bool, Error>;

    /// Moves the end of a session's secret that is still good at `now` to `until`, never back; whether there is one.
    async fn prolong_session(
        &mut self,
        purpose: &str,
        hash: &[u8; 32],
        (now, until): (i64, i64),
    ) -> Result<bool, Error>;

    /// Gives an entity another owning organization and changes nothing else of it.
    async fn rehome(&mut self, row: Row, home: Row) -> Result<(), Error>;
}

pub(super) const SIGN_INS: &str = "SELECT s.failures, s.pending, s.at FROM sign_in s WHERE s.subject = $1";
pub(super) const SET_SIGN_INS: &str = "INSERT INTO sign_in (subject, failures, pending, at) VALUES ($1, $2, $3, $4) \
     ON CONFLICT (subject) DO UPDATE SET failures = excluded.failures, pending = excluded.pending, at = excluded.at";
pub(super) const FORGET_SIGN_INS: &str = "DELETE FROM sign_in WHERE subject = $1";
pub(super) const RENEW_CREDENTIAL: &str = "UPDATE credential SET phc = $1 WHERE subject = $2 AND phc = $3";
pub(super) const PROLONG_SESSION: &str = "UPDATE secret SET \
     expires = CASE WHEN expires < $1 THEN $1 ELSE expires END \
     WHERE purpose = $2 AND hash = $3 AND expires > $4 AND uses_left > 0 AND tries_left > 0";
pub(super) const REHOME: &str = "UPDATE entity SET home = $1 WHERE row = $2";

/// Implements [`SignIns`] for the transaction of one database.
macro_rules! sign_ins {
    ($module:ident, $tx:ident) => {
        /// Signing in.
        mod $module {
            use async_trait::async_trait;

            use super::$tx::{RowExt as _, Tx, query};
            use crate::model::{Error, Row};
            use crate::store::Credential;
            use crate::store::convert::column;
            use crate::store::sign_in::{self, SignInCount, SignIns};
            use crate::store::statements;

            #[async_trait]
            impl SignIns for Tx<'_> {
                async fn sign_ins(&mut self, subject: Row) -> Result<SignInCount, Error> {
                    match self.fetch(query(sign_in::SIGN_INS).bind(subject)).await?.first() {
                        Some(row) => Ok(SignInCount {
                            failures: column!(row, 0),
                            pending: column!(row, 1),
                            at: column!(row, 2),
                        }),
                        None => Ok(SignInCount::default()),
                    }
                }

                async fn set_sign_ins(&mut self, subject: Row, count: SignInCount) -> Result<(), Error> {
                    let statement = if count.failures == 0 && count.pending == 0 {
                        query(sign_in::FORGET_SIGN_INS).bind(subject)
                    } else {
                        query(sign_in::SET_SIGN_INS)
                            .bind(subject)
                            .bind(count.failures)
                            .bind(count.pending)
                            .bind(count.at)
                    };
                    self.execute(statement).await.map(|_| ())
                }

                async fn credential(&mut self, subject: Row) -> Result<Option<Credential>, Error> {
                    match self.fetch(query(statements::CREDENTIAL).bind(subject)).await?.first() {
                        Some(row) => Ok(Some(Credential { phc: column!(row, 0), set: column!(row, 1) })),
                        None => Ok(None),
                    }
                }

                async fn renew_credential(
                    &mut self,
                    subject: Row,
                    old: &str,
                    phc: &str,
                ) -> Result<bool, Error> {
                    let statement = query(sign_in::RENEW_CREDENTIAL)
                        .bind(phc.to_owned())
                        .bind(subject)
                        .bind(old.to_owned());
                    self.execute(statement).await.map(|renewed| renewed == 1)
                }

                async fn prolong_session(
                    &mut self,
                    purpose: &str,
                    hash: &[u8; 32],
                    (now, until): (i64, i64),
                ) -> Result<bool, Error> {
                    let statement = query(sign_in::PROLONG_SESSION)
                        .bind(until)
                        .bind(purpose.to_owned())
                        .bind(hash.to_vec())
                        .bind(now);
                    self.execute(statement).await.map(|prolonged| prolonged == 1)
                }

                async fn rehome(&mut self, row: Row, home: Row) -> Result<(), Error> {
                    self.execute(query(sign_in::REHOME).bind(home).bind(row)).await.map(|_| ())
                }
            }
        }
    };
}
pub(super) use sign_ins;

//! The outbox within a transaction; one body, expanded for each database beside `transaction.rs`.

/// Implements `Outbox` for the transaction of one database.
macro_rules! post {
    ($module:ident, $tx:ident) => {
        /// Mails.
        mod $module {
            use async_trait::async_trait;
            use uuid::Uuid;

            use super::$tx::{RowExt as _, Tx, query};
            use crate::model::Error;
            use crate::store::convert::{self, column, mail_row};
            use crate::store::outbox::{Delivery, HeldMail, Mail, MailState, Outbox};
            use crate::store::post_statements as statements;

            #[async_trait]
            impl Outbox for Tx<'_> {
                async fn put_mail(&mut self, mail: &Mail) -> Result<(), Error> {
                    self.posted();
                    let statement = query(statements::PUT_MAIL)
                        .bind(mail.id)
                        .bind(mail.created)
                        .bind(mail.recipient.clone())
                        .bind(mail.subject.clone())
                        .bind(mail.body.clone());
                    self.execute(statement).await.map(|_| ())
                }

                async fn take_mail(&mut self, now: i64, until: i64) -> Result<Option<HeldMail>, Error> {
                    let rows = self.fetch(query(statements::TAKE_MAIL).bind(until).bind(now)).await?;
                    rows.first().map(|row| mail_row!(*row)).transpose()
                }

                async fn settle_mail(
                    &mut self,
                    id: Uuid,
                    attempt: i64,
                    delivery: &Delivery,
                ) -> Result<bool, Error> {
                    let statement = match delivery {
                        Delivery::Sent(at) => query(statements::MAIL_SENT).bind(*at),
                        Delivery::Again(due, error) => query(statements::MAIL_NOT_SENT)
                            .bind(MailState::Queued.name())
                            .bind(*due)
                            .bind(error.clone()),
                        Delivery::Failed(at, error) => query(statements::MAIL_NOT_SENT)
                            .bind(MailState::Failed.name())
                            .bind(*at)
                            .bind(error.clone()),
                    };
                    self.execute(statement.bind(id).bind(attempt)).await.map(|settled| settled == 1)
                }

                async fn drop_settled_mail(&mut self, before: i64) -> Result<u64, Error> {
                    self.execute(query(statements::DROP_SETTLED_MAIL).bind(before)).await
                }
            }
        }
    };
}
pub(super) use post;

//! Reading the outbox (GET `/outbox`, GET `/outbox/{id}`): what waits to be sent, what was sent, what was given up.
//! A mail that was not sent is shown with its text, so that somebody may hand it over by other means.

use async_trait::async_trait;
use uuid::Uuid;

use crate::model::value::instant_text;
use crate::model::{Error, Kind};
use crate::operation::engine::Engine;
use crate::operation::entry::{Entries, Entry};
use crate::store::Position;
use crate::store::outbox::{HeldMail, MailState, OutboxQuery};

/// The mails that pass the filters, in the order they were written.
pub struct Mails(pub OutboxQuery);

#[async_trait]
impl Entries for Mails {
    fn kind(&self) -> Kind {
        Kind::Message
    }

    fn identity(&self) -> String {
        format!("outbox {:?}", self.0)
    }

    async fn read(
        &self,
        engine: &Engine,
        after: &Position,
        (limit, whole): (usize, bool),
    ) -> Result<Vec<Entry>, Error> {
        let after = Uuid::from_slice(&after.key).unwrap_or(Uuid::nil());
        let mails = engine.store.outbox(&self.0, after, limit).await?;
        Ok(mails.iter().map(|held| entry(held, whole)).collect())
    }
}

/// One mail; error 7 when there is none of that id.
pub async fn one(engine: &Engine, segment: &str) -> Result<Entry, Error> {
    let id = Uuid::try_parse(segment).map_err(|_| Error::not_found(Kind::Message))?;
    let held = engine.store.mail(id).await?.ok_or_else(|| Error::not_found(Kind::Message))?;
    Ok(entry(&held, true))
}

fn entry(held: &HeldMail, whole: bool) -> Entry {
    let HeldMail { mail, state, due, attempts, last_error } = held;
    let fields = if whole {
        let fields = [
            ("id", mail.id.to_string()),
            ("recipient", mail.recipient.clone()),
            ("subject", mail.subject.clone()),
            ("body", mail.body.clone()),
            ("state", state.name().to_owned()),
            ("attempts", attempts.to_string()),
            ("due", instant_text(*due)),
            ("created", instant_text(mail.created)),
            ("lastError", last_error.clone()),
        ];
        let given = fields.into_iter().filter(|(_, text)| !text.is_empty());
        given.map(|(name, text)| (name, vec![text])).collect()
    } else {
        Vec::new()
    };
    let at = Position { key: mail.id.as_bytes().to_vec(), row: 0 };
    // A mail changes when it is tried and when that is settled.
    let version = attempts * 2 + i64::from(*state != MailState::Queued) + 1;
    let updated = match state {
        MailState::Sent | MailState::Failed => *due,
        MailState::Queued if *attempts == 0 => mail.created,
        // When it was last tried is not kept.
        MailState::Queued => 0,
    };
    Entry { id: mail.id, at, version, updated, fields }
}

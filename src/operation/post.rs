//! Putting a letter into the outbox, in the transaction of the change that it tells of.

use uuid::Uuid;

use crate::model::Error;
use crate::model::letter::{Letter, check_address};
use crate::operation::engine::Engine;
use crate::store::Write;
use crate::store::outbox::Mail;

/// Writes `letter` and puts it into the outbox; returns the mail's id. It is sent after the commit, and never
/// without it.
pub async fn post(tx: &mut (dyn Write + '_), engine: &Engine, letter: &Letter) -> Result<Uuid, Error> {
    check_address("email", &letter.to)?;
    let written = engine.letters.write(letter)?;
    let mail = Mail {
        id: engine.world.id(),
        created: engine.world.now(),
        recipient: letter.to.clone(),
        subject: written.subject,
        body: written.body,
    };
    tx.put_mail(&mail).await?;
    Ok(mail.id)
}

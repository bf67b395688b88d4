//! Letters that are sent from memory: one-time codes, which must not stand in the outbox while they are good.
//!
//! A letter is tried a few times within the first minute and then given up, as it is when the process ends: whoever
//! waits for it asks for another. The outbox gets a line without the text, so that administrators see that it was sent.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Semaphore;

use crate::mail::smtp::{Failure, Smtp};
use crate::model::Error;
use crate::model::letter::{Courier, Written};
use crate::store::outbox::{Delivery, Mail};
use crate::store::{SharedStore, Touched, Unit, Write};
use crate::world::SharedWorld;

/// The pauses between the attempts.
const PAUSES: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(8), Duration::from_secs(30)];
/// The most letters on their way at once.
const MOST: usize = 256;

/// Sends letters at once.
#[derive(Clone)]
pub struct Direct {
    road: Arc<Road>,
}

struct Road {
    store: SharedStore,
    world: SharedWorld,
    smtp: Smtp,
    places: Arc<Semaphore>,
}

impl Direct {
    /// By way of this mail server.
    pub fn new(store: SharedStore, world: SharedWorld, smtp: Smtp) -> Self {
        Self { road: Arc::new(Road { store, world, smtp, places: Arc::new(Semaphore::new(MOST)) }) }
    }
}

impl Courier for Direct {
    fn carry(&self, to: String, letter: Written) {
        let road = Arc::clone(&self.road);
        let Written { subject, body } = letter;
        let (id, created) = (road.world.id(), road.world.now());
        let mail = Mail { id, created, recipient: to, subject, body };
        let place = Arc::clone(&road.places).try_acquire_owned();
        tokio::spawn(async move {
            let outcome = if place.is_ok() { road.send(&mail).await } else { Err(too_many()) };
            road.note(mail, outcome).await;
            drop(place);
        });
    }
}

fn too_many() -> Failure {
    let reason = "too many letters were on their way".to_owned();
    Failure { permanent: false, brief: "full".to_owned(), reason }
}

impl Road {
    async fn send(&self, mail: &Mail) -> Result<(), Failure> {
        for pause in PAUSES {
            match self.smtp.send(mail).await {
                Err(failure) if !failure.permanent => {
                    tracing::warn!(id = %mail.id, status = failure.brief, "a one-time code was not sent");
                }
                settled => return settled,
            }
            tokio::time::sleep(pause).await;
        }
        self.smtp.send(mail).await
    }

    /// Leaves a line in the outbox, without the text.
    async fn note(&self, mail: Mail, outcome: Result<(), Failure>) {
        let now = self.world.now();
        let (delivery, word) = match outcome {
            Ok(()) => (Delivery::Sent(now), "sent"),
            Err(failure) => {
                tracing::warn!(id = %mail.id, status = failure.brief, "a one-time code was given up");
                (Delivery::Failed(now, failure.reason), "failed")
            }
        };
        metrics::counter!("valtuus_mails_total", "outcome" => word).increment(1);
        let mail = Mail { body: String::new(), ..mail };
        if let Err(error) = self.store.transact(Arc::new(Note { mail, delivery })).await {
            tracing::error!(detail = ?error, "a line could not be left in the outbox");
        }
    }
}

struct Note {
    mail: Mail,
    delivery: Delivery,
}

#[async_trait]
impl Unit for Note {
    async fn run(&self, tx: &mut dyn Write) -> Result<Touched, Error> {
        tx.put_mail(&self.mail).await?;
        // Settled as it is put in: nobody else ever sees it queued.
        tx.settle_mail(self.mail.id, 0, &self.delivery).await?;
        Ok(Touched::default())
    }

    async fn refused(&self, _tx: &mut dyn Write, _error: &Error) -> Result<(), Error> {
        Ok(())
    }
}

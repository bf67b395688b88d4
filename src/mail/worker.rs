//! The way of mails from the outbox to the mail server.
//!
//! One worker in the whole installation holds the job `mail`. For each mail it takes the lease again and the mail with
//! it in one transaction, sends, and settles. Who dies between sending and settling has sent a mail that is sent once
//! more after the lease: at least once, never lost, with the same `Message-ID`.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;
use tokio::sync::{Notify, watch};
use uuid::Uuid;

use crate::mail::smtp::{Failure, Smtp};
use crate::model::{Error, Kind};
use crate::store::job::{self, Lease};
use crate::store::outbox::{Delivery, HeldMail};
use crate::store::{SharedStore, Touched, Unit, Write};
use crate::world::SharedWorld;

/// The job.
const JOB: &str = "mail";
/// How often the outbox is looked at, whether or not something was heard of it.
const POLL: Duration = Duration::from_secs(15);
/// How much longer than one attempt a lease lasts.
const MARGIN: Duration = Duration::from_secs(30);
/// How long a mail on its way may take once the server is told to stop.
const GRACE: Duration = Duration::from_secs(5);
/// How often settling is tried before the mail is left to be sent again.
const SETTLING: u32 = 5;
const HOUR: i64 = 3_600_000_000;

/// How often and when a mail is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Attempts before a mail is given up.
    pub attempts: u16,
    /// The delay after the first failure; each further one doubles it.
    pub first_delay: Duration,
    /// The longest delay.
    pub longest_delay: Duration,
    /// How long one attempt may take.
    pub timeout: Duration,
    /// How long settled mails stay listed.
    pub keep: Duration,
}

/// Carries mails.
pub struct Worker {
    store: SharedStore,
    world: SharedWorld,
    smtp: Smtp,
    policy: Policy,
    lease: Lease,
    wake: Arc<Notify>,
    tidied: i64,
}

impl Worker {
    /// A worker that listens to the commits of `store`; it works once it is run.
    pub fn new(store: SharedStore, world: SharedWorld, smtp: Smtp, policy: Policy) -> Self {
        let wake = Arc::new(Notify::new());
        let told = Arc::clone(&wake);
        store.on_commit(Arc::new(move |touched: Touched| {
            if touched.has(Kind::Message) {
                told.notify_one();
            }
        }));
        let lease = Lease { name: JOB.to_owned(), owner: world.unordered_id() };
        Self { store, world, smtp, policy, lease, wake, tidied: 0 }
    }

    /// Works until `stopped`; a mail on its way is finished, if it does not take long.
    pub async fn run(mut self, mut stopped: watch::Receiver<bool>) {
        while !*stopped.borrow() {
            if let Err(error) = self.round(&mut stopped).await {
                tracing::error!(detail = ?error, "mails could not be taken from the outbox");
                // The database is in trouble: no hurry.
                _ = tokio::time::timeout(POLL, stopped.changed()).await;
                continue;
            }
            let pause = self.pause().await;
            tokio::select! {
                _ = stopped.changed() => {}
                () = self.wake.notified() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// How long until the next mail is due, or another worker may have died.
    async fn pause(&self) -> Duration {
        let due = self.store.mail_due().await.ok().flatten();
        let Some(due) = due else { return POLL };
        let wait = due.saturating_sub(self.world.now());
        // What is due now is in the hands of another worker, or was put in this moment: then the commit is heard.
        if wait <= 0 { POLL } else { Duration::from_micros(wait.unsigned_abs()).min(POLL) }
    }

    /// Sends everything that is due.
    async fn round(&mut self, stopped: &mut watch::Receiver<bool>) -> Result<(), Error> {
        if self.store.mail_due().await?.is_none_or(|due| due > self.world.now()) {
            return self.tidy().await;
        }
        let mut holds = false;
        while !*stopped.borrow() {
            match self.take().await? {
                Taken::Mail(held) => {
                    holds = true;
                    self.deliver(*held, stopped).await?;
                }
                Taken::Nothing => {
                    holds = true;
                    break;
                }
                Taken::ByAnother => return Ok(()),
            }
        }
        if holds {
            job::release(self.store.as_ref(), &self.lease, "").await?;
        }
        Ok(())
    }

    async fn take(&self) -> Result<Taken, Error> {
        let now = self.world.now();
        let until = now.saturating_add(micros(self.policy.timeout + MARGIN));
        let unit =
            Arc::new(Take { lease: self.lease.clone(), now, until, taken: Mutex::new(Taken::Nothing) });
        self.store.transact(Arc::clone(&unit) as Arc<dyn Unit>).await?;
        let taken = std::mem::replace(&mut *unit.taken.lock(), Taken::Nothing);
        Ok(taken)
    }

    async fn deliver(&self, held: HeldMail, stopped: &mut watch::Receiver<bool>) -> Result<(), Error> {
        let sent = tokio::select! {
            sent = self.smtp.send(&held.mail) => sent,
            () = grace(stopped.clone()) => Err(Failure {
                permanent: false,
                brief: "stopped".to_owned(),
                reason: "the server was stopped meanwhile".to_owned(),
            }),
        };
        let delivery = self.judge(&held, sent);
        let mut tries = 0;
        loop {
            tries += 1;
            match self.settle(held.mail.id, held.attempts, &delivery).await {
                Ok(()) => return Ok(()),
                Err(error) if tries == SETTLING => return Err(error),
                Err(_) => tokio::time::sleep(Duration::from_millis(200)).await,
            }
        }
    }

    /// What follows from an attempt; told to log and metrics without recipient and words.
    fn judge(&self, held: &HeldMail, sent: Result<(), Failure>) -> Delivery {
        let (id, attempt, now) = (held.mail.id, held.attempts, self.world.now());
        let (delivery, outcome) = match sent {
            Ok(()) => (Delivery::Sent(now), "sent"),
            Err(failure) if failure.permanent || attempt >= i64::from(self.policy.attempts) => {
                tracing::warn!(%id, attempt, status = failure.brief, "a mail was given up");
                (Delivery::Failed(now, failure.reason), "failed")
            }
            Err(failure) => {
                let delay = self.delay(attempt);
                tracing::warn!(%id, attempt, status = failure.brief, delay = ?delay, "a mail was not sent");
                (Delivery::Again(now.saturating_add(micros(delay)), failure.reason), "again")
            }
        };
        metrics::counter!("valtuus_mails_total", "outcome" => outcome).increment(1);
        delivery
    }

    /// Doubles with every attempt, up to the longest; a quarter more or less, so that many do not come together.
    fn delay(&self, attempt: i64) -> Duration {
        let doublings = u32::try_from(attempt.saturating_sub(1)).unwrap_or(u32::MAX).min(31);
        let delay = self.policy.first_delay.saturating_mul(1_u32 << doublings).min(self.policy.longest_delay);
        let mut random = [0; 2];
        self.world.random(&mut random);
        let share = f64::from(u16::from_be_bytes(random)) / f64::from(u16::MAX);
        delay.mul_f64(0.75 + share / 2.0)
    }

    async fn settle(&self, id: Uuid, attempt: i64, delivery: &Delivery) -> Result<(), Error> {
        self.store.transact(Arc::new(Settle { id, attempt, delivery: delivery.clone() })).await
    }

    /// Forgets, once an hour, what was settled long ago.
    async fn tidy(&mut self) -> Result<(), Error> {
        let now = self.world.now();
        if now < self.tidied.saturating_add(HOUR) {
            return Ok(());
        }
        self.tidied = now;
        self.store.transact(Arc::new(Tidy { before: now.saturating_sub(micros(self.policy.keep)) })).await
    }
}

/// Ends some time after the server was told to stop.
async fn grace(mut stopped: watch::Receiver<bool>) {
    // Nobody to tell any more: the same as being told.
    _ = stopped.wait_for(|stopped| *stopped).await;
    tokio::time::sleep(GRACE).await;
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

enum Taken {
    Mail(Box<HeldMail>),
    Nothing,
    ByAnother,
}

struct Take {
    lease: Lease,
    now: i64,
    until: i64,
    taken: Mutex<Taken>,
}

#[async_trait]
impl Unit for Take {
    async fn run(&self, tx: &mut dyn Write) -> Result<Touched, Error> {
        let Lease { name, owner } = &self.lease;
        let taken = match tx.acquire_job(name, *owner, self.now, self.until).await? {
            None => Taken::ByAnother,
            Some(_) => match tx.take_mail(self.now, self.until).await? {
                Some(held) => Taken::Mail(Box::new(held)),
                None => Taken::Nothing,
            },
        };
        *self.taken.lock() = taken;
        Ok(Touched::default())
    }

    async fn refused(&self, _tx: &mut dyn Write, _error: &Error) -> Result<(), Error> {
        Ok(())
    }
}

struct Settle {
    id: Uuid,
    attempt: i64,
    delivery: Delivery,
}

#[async_trait]
impl Unit for Settle {
    async fn run(&self, tx: &mut dyn Write) -> Result<Touched, Error> {
        // False: settled already, by an earlier try whose answer was lost.
        tx.settle_mail(self.id, self.attempt, &self.delivery).await?;
        Ok(Touched::default())
    }

    async fn refused(&self, _tx: &mut dyn Write, _error: &Error) -> Result<(), Error> {
        Ok(())
    }
}

struct Tidy {
    before: i64,
}

#[async_trait]
impl Unit for Tidy {
    async fn run(&self, tx: &mut dyn Write) -> Result<Touched, Error> {
        tx.drop_settled_mail(self.before).await?;
        Ok(Touched::default())
    }

    async fn refused(&self, _tx: &mut dyn Write, _error: &Error) -> Result<(), Error> {
        Ok(())
    }
}

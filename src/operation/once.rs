//! Requests that must not be performed twice: a key of the client's, claimed by the transaction of the change, with
//! the answer kept beside it for a day.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use parking_lot::Mutex;

use crate::model::Error;
use crate::operation::engine::Engine;
use crate::store::answers::{Answer, Claim, Kept};
use crate::store::{Touched, Unit, Write};

/// How long an answer is kept, microseconds.
pub const KEPT_FOR: i64 = 24 * 3_600 * 1_000_000;

/// The key under which a request is performed at most once.
#[derive(Debug)]
pub struct Once {
    client: String,
    key: String,
    fingerprint: [u8; 32],
    performed: AtomicBool,
    kept: AtomicBool,
}

impl Once {
    /// The key `key` of `client`, for the request with this fingerprint.
    pub fn new(client: String, key: String, fingerprint: [u8; 32]) -> Self {
        Self { client, key, fingerprint, performed: AtomicBool::new(false), kept: AtomicBool::new(false) }
    }

    /// The answer that this request got before. Error 4 when the key was used for another one, [`Error::Repeated`] when
    /// its answer is not known.
    pub async fn answered(&self, engine: &Engine) -> Result<Option<Answer>, Error> {
        let kept = engine.store.kept_answer(&self.client, &self.key).await?;
        let Some(kept) = kept.filter(|kept| kept.created > engine.world.now() - KEPT_FOR) else {
            return Ok(None);
        };
        self.must_be_same(&kept)?;
        if kept.answer.status == 0 { Err(Error::Repeated) } else { Ok(Some(kept.answer)) }
    }

    fn must_be_same(&self, kept: &Kept) -> Result<(), Error> {
        if kept.fingerprint == self.fingerprint {
            return Ok(());
        }
        Err(Error::AlreadyExists { parameter: "Idempotency-Key".to_owned() })
    }

    /// Claims the key; false when the request was performed before.
    pub(super) async fn claim(&self, tx: &mut dyn Write, now: i64) -> Result<bool, Error> {
        let (client, key, fingerprint) = (self.client.as_str(), self.key.as_str(), &self.fingerprint);
        let claim = Claim { client, key, fingerprint, now, forgotten: now - KEPT_FOR };
        match tx.claim_key(&claim).await? {
            None => Ok(true),
            Some(kept) => self.must_be_same(&kept).map(|()| false),
        }
    }

    pub(super) async fn keep(&self, tx: &mut dyn Write, answer: &Answer) -> Result<(), Error> {
        tx.keep_answer(&self.client, &self.key, answer).await?;
        self.kept.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Whether a change of this request has been committed under the key.
    pub fn is_performed(&self) -> bool {
        self.performed.load(Ordering::Relaxed)
    }

    pub(super) fn performed(&self) {
        self.performed.store(true, Ordering::Relaxed);
    }

    /// Keeps the answer of an operation whose change committed without one.
    pub async fn keep_afterwards(self: &Arc<Self>, engine: &Engine, answer: Answer) -> Result<(), Error> {
        if !self.is_performed() || self.kept.load(Ordering::Relaxed) {
            return Ok(());
        }
        engine.store.transact(Arc::new(Keeping { once: Arc::clone(self), answer })).await
    }
}

struct Keeping {
    once: Arc<Once>,
    answer: Answer,
}

#[async_trait]
impl Unit for Keeping {
    async fn run(&self, tx: &mut dyn Write) -> Result<Touched, Error> {
        self.once.keep(tx, &self.answer).await?;
        Ok(Touched::default())
    }

    async fn refused(&self, _tx: &mut dyn Write, _error: &Error) -> Result<(), Error> {
        Ok(())
    }
}

struct Forgetting {
    until: i64,
    forgotten: Mutex<u64>,
}

#[async_trait]
impl Unit for Forgetting {
    async fn run(&self, tx: &mut dyn Write) -> Result<Touched, Error> {
        *self.forgotten.lock() = tx.drop_answers(self.until).await?;
        Ok(Touched::default())
    }

    async fn refused(&self, _tx: &mut dyn Write, _error: &Error) -> Result<(), Error> {
        Ok(())
    }
}

/// Forgets the answers that have been kept long enough; returns how many.
pub async fn forget(engine: &Engine) -> Result<u64, Error> {
    let unit = Forgetting { until: engine.world.now() - KEPT_FOR, forgotten: Mutex::new(0) };
    let unit = Arc::new(unit);
    engine.store.transact(Arc::clone(&unit) as Arc<dyn Unit>).await?;
    let forgotten = *unit.forgotten.lock();
    Ok(forgotten)
}

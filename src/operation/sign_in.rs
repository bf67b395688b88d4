//! Checking a user's password for a single sign-on (POST `/users/{id}/authenticate`).
//!
//! Three steps, because a password is verified outside every transaction: [`reserve`] takes one of the places that the
//! wrong passwords so far leave open, then the caller verifies, then [`SignIn`] settles what came of it. The places
//! stand in the database, so that all nodes together verify no more wrong passwords than lock a user. Nothing here
//! sees a password.

use std::sync::Arc;

use async_trait::async_trait;
use parking_lot::Mutex;
use uuid::Uuid;

use crate::audit::event::changes;
use crate::audit::{Action, Events};
use crate::model::kind::user::{self, Event, Status};
use crate::model::rules::{Companions, UserLock, by_server};
use crate::model::{Error, Kind, Row, Stored, Value, Verb};
use crate::operation::engine::{Caller, Engine};
use crate::operation::perform::{Change, bound};
use crate::operation::update::{Precondition, target};
use crate::store::sign_in::SignInCount;
use crate::store::{Credential, Replace, Touched, Unit, Write};

/// How long a place is held for a verification. A node that dies takes its verifications with it.
const HELD: i64 = 30_000_000;

/// Whether a password may be verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reserved {
    /// Yes: against this hash, or against none when the user may not sign in whatever the password.
    Place(Option<String>),
    /// No: too many wrong ones.
    Barred,
    /// Not now: as many are being verified as may still be wrong.
    Full,
}

/// What an attempt may do, asked of one user.
struct Reserving {
    id: Uuid,
    precondition: Precondition,
    bound: Option<Row>,
    lock: UserLock,
    now: i64,
    out: Mutex<Option<Reserved>>,
}

/// What of a count still matters at `now`: failures for the time of a lock, held places while their nodes live.
fn aged(count: SignInCount, now: i64, lock: UserLock) -> SignInCount {
    let since = now.saturating_sub(count.at);
    SignInCount {
        failures: if since >= lock.micros { 0 } else { count.failures },
        pending: if since >= HELD { 0 } else { count.pending },
        at: count.at,
    }
}

impl Reserving {
    async fn reserve(&self, tx: &mut dyn Write) -> Result<Reserved, Error> {
        let user = target(tx, Kind::User, self.id).await?;
        self.precondition.check(user.version())?;
        let status = Status::at(user.attributes(), self.now);
        let count = aged(tx.sign_ins(user.row()).await?, self.now, self.lock);
        let most = i64::from(self.lock.after);
        if status == Status::Locked || count.failures >= most {
            return Ok(Reserved::Barred);
        }
        if count.failures + count.pending >= most {
            return Ok(Reserved::Full);
        }
        let count = SignInCount { pending: count.pending + 1, at: self.now, ..count };
        tx.set_sign_ins(user.row(), count).await?;
        if !may_sign_in(&user, self.now) {
            return Ok(Reserved::Place(None));
        }
        Ok(Reserved::Place(tx.credential(user.row()).await?.map(|credential| credential.phc)))
    }
}

/// Whether a user may sign in, whatever the password.
pub fn may_sign_in(user: &Stored, now: i64) -> bool {
    Status::at(user.attributes(), now) == Status::Enabled && user.attributes().flag(user::PASSWORD_ACTIVE)
}

#[async_trait]
impl Unit for Reserving {
    async fn run(&self, tx: &mut dyn Write) -> Result<Touched, Error> {
        tx.bind(self.bound);
        *self.out.lock() = Some(self.reserve(tx).await?);
        Ok(Touched::default())
    }

    async fn refused(&self, _tx: &mut dyn Write, _error: &Error) -> Result<(), Error> {
        // Whoever asked has the refusal recorded, after as much work as any other.
        Ok(())
    }
}

/// Takes a place for one verification. Error 7 when the caller knows no such user, 14 when the precondition fails.
pub async fn reserve(
    engine: &Engine,
    caller: &Caller,
    id: Uuid,
    precondition: &Precondition,
) -> Result<Reserved, Error> {
    let unit = Arc::new(Reserving {
        id,
        precondition: precondition.clone(),
        bound: bound(engine, caller).await?,
        lock: engine.settings.lock,
        now: engine.world.now(),
        out: Mutex::new(None),
    });
    engine.store.transact(Arc::clone(&unit) as Arc<dyn Unit>).await?;
    let out = unit.out.lock().take();
    out.ok_or_else(|| Error::internal("a committed reservation left no result"))
}

/// Gives a place back that was not used, because nothing could be verified.
struct Releasing(Uuid);

#[async_trait]
impl Unit for Releasing {
    async fn run(&self, tx: &mut dyn Write) -> Result<Touched, Error> {
        if let Some(user) = tx.load(&[self.0]).await?.pop() {
            let count = tx.sign_ins(user.row()).await?;
            let pending = (count.pending - 1).max(0);
            tx.set_sign_ins(user.row(), SignInCount { pending, ..count }).await?;
        }
        Ok(Touched::default())
    }

    async fn refused(&self, _tx: &mut dyn Write, _error: &Error) -> Result<(), Error> {
        Ok(())
    }
}

/// Gives back the place that [`reserve`] took for this user.
pub async fn release(engine: &Engine, id: Uuid) -> Result<(), Error> {
    engine.store.transact(Arc::new(Releasing(id))).await
}

/// What the verification of a password found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Whether the password is the one of the hash that [`reserve`] named.
    pub right: bool,
    /// That hash, and a stronger one of the same password to put in its place.
    pub renewal: Option<(String, String)>,
}

/// The hash that a right password was verified against, and the one that took its place; never printed.
pub struct Proof(Vec<String>);

impl Proof {
    /// Of what `reserve` named and the verification renewed.
    pub fn of(hash: Option<String>, verified: &Verified) -> Self {
        let renewed = verified.renewal.as_ref().map(|(_, new)| new.clone());
        Self(hash.into_iter().chain(renewed).collect())
    }

    /// Whether it is the password that this credential is of: none that was set since.
    pub fn is_of(&self, credential: Option<&Credential>) -> bool {
        credential.is_some_and(|credential| self.0.contains(&credential.phc))
    }
}

impl std::fmt::Debug for Proof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Proof(…)")
    }
}

/// Settles one attempt: counts it, locks the user after the last one that may be wrong, forgets the wrong ones after a
/// right one.
#[derive(Debug)]
pub struct SignIn {
    id: Uuid,
    verified: Verified,
    lock: UserLock,
    now: i64,
}

impl SignIn {
    /// The settlement of an attempt on the user `id`.
    pub fn new(engine: &Engine, id: Uuid, verified: Verified) -> Self {
        Self { id, verified, lock: engine.settings.lock, now: engine.world.now() }
    }

    /// The action, for grants and for the records of attempts that come to nothing before they are settled.
    pub fn of(id: Option<Uuid>) -> Action {
        Action::of(Verb::Authenticate, Kind::User, id)
    }

    async fn right(&self, tx: &mut dyn Write, user: &Stored, events: &mut Events) -> Result<(), Error> {
        tx.set_sign_ins(user.row(), SignInCount::default()).await?;
        let mut differences = Vec::new();
        if Status::stored(user.attributes()) == Status::Locked {
            differences = change_status(tx, user, Event::Unlocked, None, self.now).await?;
        }
        if let Some((old, new)) = &self.verified.renewal
            && tx.renew_credential(user.row(), old, new).await?
        {
            differences.push("pwd: hashed anew".to_owned());
        }
        events.succeeded(self.action(), differences);
        Ok(())
    }

    async fn wrong(&self, tx: &mut dyn Write, user: &Stored, events: &mut Events) -> Result<(), Error> {
        let count = aged(tx.sign_ins(user.row()).await?, self.now, self.lock);
        let failures = count.failures + 1;
        let count = SignInCount { failures, pending: (count.pending - 1).max(0), at: self.now };
        tx.set_sign_ins(user.row(), count).await?;
        events.failed(self.action(), &Error::WrongPassword);
        if failures >= i64::from(self.lock.after)
            && Status::at(user.attributes(), self.now) == Status::Enabled
        {
            let until = self.now.saturating_add(self.lock.micros);
            let differences = change_status(tx, user, Event::Locked, Some(until), self.now).await?;
            events.succeeded(Action { word: "LOCK", ..self.action() }, differences);
        }
        Ok(())
    }
}

/// Takes a user to the status that `event` leads to; `until` is the end of a lock.
async fn change_status(
    tx: &mut dyn Write,
    old: &Stored,
    event: Event,
    until: Option<i64>,
    now: i64,
) -> Result<Vec<String>, Error> {
    let mut attributes = old.attributes().clone();
    Status::stored(&attributes).after(event)?.put(&mut attributes);
    if let Some(until) = until {
        attributes.put(user::LOCKED_UNTIL, Value::Instant(until));
    }
    let valid = by_server(Kind::User, attributes);
    let none = Companions::default();
    let change = Replace { old, now, home: old.home(), valid: &valid, rows: &none };
    let new = tx.replace(&change).await?;
    Ok(changes(old.attributes(), new.attributes(), &tx.registry()))
}

impl Change for SignIn {
    /// Whether the user is let in.
    type Out = bool;

    fn action(&self) -> Action {
        Self::of(Some(self.id))
    }

    fn touches(&self) -> &'static [Kind] {
        &[]
    }

    async fn run<'t>(&'t self, tx: &'t mut (dyn Write + 't), events: &'t mut Events) -> Result<bool, Error> {
        let user = target(tx, Kind::User, self.id).await?;
        // Between the verification and now somebody may have disabled the user, or locked it.
        let right = self.verified.right && may_sign_in(&user, self.now);
        if right {
            self.right(tx, &user, events).await?;
        } else {
            self.wrong(tx, &user, events).await?;
        }
        Ok(right)
    }
}

//! The one road of a change: authorize → begin → run → audit → commit.
//!
//! A change is data, so that PostgreSQL may run it again. Hashing, reading bodies and network happen before it
//! is handed in; ids are fixed in it.

use std::future::Future;
use std::sync::Arc;

use async_trait::async_trait;
use parking_lot::Mutex;

use crate::audit::{Action, Events, Record};
use crate::model::{Error, Kind, Row};
use crate::operation::access::stamp;
use crate::operation::engine::{Caller, Engine};
use crate::operation::once::Once;
use crate::operation::scope::check_kind;
use crate::store::answers::Answer;
use crate::store::{AuditRow, Touched, Unit, Write};
use crate::world::World;

/// One change, to be run in a transaction, perhaps more than once.
pub trait Change: Send + Sync + 'static {
    /// What the caller learns.
    type Out: Send + 'static;

    /// What must be granted, and what the records say.
    fn action(&self) -> Action;

    /// The kinds whose entities may differ afterwards, for the caches.
    fn touches(&self) -> &'static [Kind];

    /// Whether more than a thousand rows may be touched.
    fn is_bulk(&self) -> bool {
        false
    }

    /// What must be granted beside [`Change::action`], because the change does that too.
    fn includes(&self) -> Option<Action> {
        None
    }

    /// Whether it is about nothing but the caller itself, so that no grant is asked for.
    fn is_own(&self) -> bool {
        false
    }

    /// Does it. The request is recorded already; each success is to be added to `events`.
    fn run<'t>(
        &'t self,
        tx: &'t mut (dyn Write + 't),
        events: &'t mut Events,
    ) -> impl Future<Output = Result<Self::Out, Error>> + Send + 't;
}

type Render<O> = dyn Fn(&O) -> Option<Answer> + Send + Sync;

struct Performing<C: Change> {
    change: C,
    engine: Engine,
    caller: Caller,
    bound: Option<Row>,
    /// The answer to be kept with the change; without any secret.
    render: Box<Render<C::Out>>,
    out: Mutex<Option<C::Out>>,
    /// What the last run passed before it failed.
    passed: Mutex<Events>,
}

impl<C: Change> Performing<C> {
    async fn record(&self, tx: &mut dyn Write, events: &Events) -> Result<(), Error> {
        let rows = rows(events, &self.caller, self.engine.world.as_ref());
        // A change whose record cannot be written must not happen, and it is not the client's fault.
        tx.append_audit(&rows).await.map_err(|error| match error {
            Error::Unavailable { .. } => error,
            other => Error::unavailable(format!("audit: {other:?}")),
        })
    }

    /// The key of the request, unless an earlier change of the same request has claimed it.
    fn once(&self) -> Option<&Once> {
        self.caller.once.as_deref().filter(|once| !once.is_performed())
    }
}

#[async_trait]
impl<C: Change> Unit for Performing<C> {
    async fn run(&self, tx: &mut dyn Write) -> Result<Touched, Error> {
        // An earlier run that was undone has left nothing.
        *self.out.lock() = None;
        *self.passed.lock() = Events::default();
        let mut events = Events::default();
        events.requested(self.change.action());
        if let Some(once) = self.once()
            && !once.claim(tx, self.engine.world.now()).await?
        {
            // Performed before: nothing is left to do, and there is no result.
            return Ok(Touched::default());
        }
        tx.bind(self.bound);
        let outcome = self.change.run(tx, &mut events).await;
        let out = match outcome {
            Ok(out) => out,
            Err(error) => {
                *self.passed.lock() = events;
                return Err(error);
            }
        };
        stamp::leave(tx, self.engine.world.as_ref()).await?;
        self.record(tx, &events).await?;
        if let Some(once) = self.once()
            && let Some(answer) = (self.render)(&out)
        {
            once.keep(tx, &answer).await?;
        }
        *self.out.lock() = Some(out);
        Ok(self.change.touches().iter().fold(Touched::default(), |touched, kind| touched.with(*kind)))
    }

    async fn refused(&self, tx: &mut dyn Write, error: &Error) -> Result<(), Error> {
        let passed = std::mem::take(&mut *self.passed.lock());
        let mut events =
            if passed == Events::default() { asked(self.change.action()) } else { passed.undone() };
        events.failed(self.change.action(), error);
        self.record(tx, &events).await
    }

    fn is_bulk(&self) -> bool {
        self.change.is_bulk()
    }
}

/// What a transaction of the caller is bounded to. Read before it begins and without a lock: rows are never given
/// anew, and a lock would make bounded clients wait for every change of the organization on top.
pub async fn bound(engine: &Engine, caller: &Caller) -> Result<Option<Row>, Error> {
    let Some(id) = caller.within else { return Ok(None) };
    // No entity has row 0, so nothing stands below an organization that is gone.
    Ok(Some(engine.store.by_id(id).await?.map_or(0, |top| top.row())))
}

/// The audit table's rows of events that happen now.
pub(super) fn rows(events: &Events, caller: &Caller, world: &dyn World) -> Vec<AuditRow> {
    events.records(&caller.scene, world.now(), || world.id()).iter().map(Record::row).collect()
}

fn asked(action: Action) -> Events {
    let mut events = Events::default();
    events.requested(action);
    events
}

/// Performs a change for `caller`. When this returns, the change and its records, or the records of its
/// refusal, are durable.
pub async fn perform<C: Change>(engine: &Engine, caller: &Caller, change: C) -> Result<C::Out, Error> {
    perform_kept(engine, caller, change, |_| None).await
}

/// As [`perform`]; `render` makes the answer that is kept in the same transaction for a repetition of the request, if
/// it came with a key. A secret that the real answer shows must not be in it. [`Error::Repeated`] when the request
/// was performed before.
pub async fn perform_kept<C: Change>(
    engine: &Engine,
    caller: &Caller,
    change: C,
    render: impl Fn(&C::Out) -> Option<Answer> + Send + Sync + 'static,
) -> Result<C::Out, Error> {
    let action = change.action();
    for needed in std::iter::once(action).chain(change.includes()) {
        let allowed = if change.is_own() { Ok(()) } else { caller.grants.require(needed.verb, needed.kind) };
        if let Err(error) = allowed.and_then(|()| check_kind(needed.kind, caller.within)) {
            return Err(refuse(engine, caller, action, error).await);
        }
    }
    let bound = bound(engine, caller).await?;
    let performing = Arc::new(Performing {
        change,
        bound,
        engine: engine.clone(),
        caller: caller.clone(),
        render: Box::new(render),
        out: Mutex::new(None),
        passed: Mutex::default(),
    });
    engine.store.transact(Arc::clone(&performing) as Arc<dyn Unit>).await?;
    let out = performing.out.lock().take();
    match (out, performing.once()) {
        (Some(out), once) => {
            if let Some(once) = once {
                once.performed();
            }
            Ok(out)
        }
        (None, Some(_)) => Err(Error::Repeated),
        (None, None) => Err(Error::internal("a committed change left no result")),
    }
}

/// Records that a change was refused before it could begin, and returns what to answer: `error`, or that the
/// service is not available when even the record cannot be written.
pub async fn refuse(engine: &Engine, caller: &Caller, action: Action, error: Error) -> Error {
    let mut events = asked(action);
    events.failed(action, &error);
    match engine.sink.write(rows(&events, caller, engine.world.as_ref())).await {
        Ok(()) => error,
        Err(unrecorded) => Error::unavailable(format!("audit: {unrecorded:?}")),
    }
}

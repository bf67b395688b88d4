//! One chunk of an import as a change: its records, or the references that waited, and the resume point, in one
//! transaction with the records of the trail.

use std::sync::Arc;

use crate::audit::{Action, Events};
use crate::model::{Error, Kind, Verb};
use crate::operation::import::Plan;
use crate::operation::import::cursor::{Checkpoint, Cursor, Deferred, Outcome};
use crate::operation::import::entry::Entry;
use crate::operation::import::settle::settle;
use crate::operation::import::writer::Writer;
use crate::operation::perform::Change;
use crate::store::Write;

static KINDS: [Kind; Kind::COUNT] = Kind::ALL;

/// What a chunk does.
pub enum Work {
    /// Writes records, all of one kind.
    Records(Vec<Entry>),
    /// Sets references that waited, all of one kind.
    Settle(Vec<Deferred>),
    /// Notes that the file is at its end.
    Finish,
}

/// One chunk.
pub struct Chunk {
    plan: Arc<Plan>,
    kind: Kind,
    work: Arc<Work>,
    before: Cursor,
    checkpoint: Option<Checkpoint>,
    /// Whether the import begins anew, whatever an earlier one has left.
    anew: bool,
    now: i64,
}

impl Chunk {
    /// A chunk of entities of `kind` that follows `before`.
    pub fn new(plan: &Arc<Plan>, kind: Kind, work: Arc<Work>, before: Cursor) -> Self {
        let now = plan.engine.world.now();
        Self { plan: Arc::clone(plan), kind, work, before, checkpoint: None, anew: false, now }
    }

    /// Moves the file's resume point in the same transaction; `anew` when it is the first chunk of an import that
    /// does not resume.
    #[must_use]
    pub fn noting(mut self, checkpoint: Option<Checkpoint>, anew: bool) -> Self {
        self.checkpoint = checkpoint;
        self.anew = anew;
        self
    }

    /// Does the work; returns what came of it and the cursor behind it.
    pub(super) async fn write(
        &self,
        tx: &mut (dyn Write + '_),
        events: &mut Events,
    ) -> Result<(Outcome, Cursor), Error> {
        let kind_and_now = (self.kind, self.now);
        let outcome = match self.work.as_ref() {
            Work::Records(entries) => {
                let waiting = self.before.deferred.len();
                Writer::new(&mut *tx, &self.plan, events, kind_and_now, waiting).write(entries).await?
            }
            Work::Settle(late) => settle(&mut *tx, &self.plan, events, kind_and_now, late).await?,
            Work::Finish => Outcome::default(),
        };
        let after = self.after(&outcome);
        if let Some(checkpoint) = &self.checkpoint {
            let before = (!self.anew).then_some(&self.before);
            checkpoint.advance(tx, before, &after, self.now).await?;
        }
        Ok((outcome, after))
    }

    fn after(&self, outcome: &Outcome) -> Cursor {
        match self.work.as_ref() {
            Work::Records(entries) => self.before.after(entries.len() as u64, outcome),
            Work::Settle(late) => {
                let mut after = self.before.after(0, outcome);
                after.deferred.retain(|waiting| !late.contains(waiting));
                after
            }
            Work::Finish => Cursor { done: true, ..self.before.clone() },
        }
    }
}

impl Change for Chunk {
    type Out = (Outcome, Cursor);

    fn action(&self) -> Action {
        Action { word: "IMPORT", ..Action::of(Verb::Create, self.kind, None) }
    }

    fn touches(&self) -> &'static [Kind] {
        match self.kind {
            Kind::User => &[Kind::User, Kind::Assignment],
            Kind::Organization => &[Kind::Organization, Kind::Role],
            other => KINDS.get(other.index()..=other.index()).unwrap_or_default(),
        }
    }

    fn is_bulk(&self) -> bool {
        true
    }

    async fn run<'t>(
        &'t self,
        tx: &'t mut (dyn Write + 't),
        events: &'t mut Events,
    ) -> Result<Self::Out, Error> {
        self.write(tx, events).await
    }
}

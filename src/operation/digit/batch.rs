//! Writing entities of one kind so that they say what the rows of a file say: new ones are made, those that say
//! something else are changed, all others are left alone. By the rules, keys and records of single changes.

use std::collections::HashMap;
use std::sync::Arc;

use uuid::Uuid;

use crate::audit::event::changes;
use crate::audit::{Action, Events};
use crate::model::derive::derive;
use crate::model::rules::{Companions, Context, Settings, revalidate, validate};
use crate::model::{Attributes, Error, Grants, Kind, Registry, Row, Stored, Valid, Value, Verb};
use crate::operation::create::home_of;
use crate::operation::digit::judge::Said;
use crate::operation::digit::{Master, Report};
use crate::store::bulk::Probe;
use crate::store::{Insert, Replace, Write};

/// Rows dealt with by one set of statements.
const BATCH: usize = 1_000;

/// Told how many rows have been dealt with.
pub(crate) type Watch = Arc<dyn Fn(u64) + Send + Sync>;

/// Who writes, and by what.
pub(super) struct Author {
    pub(super) grants: Grants,
    pub(super) client: String,
    pub(super) settings: Arc<Settings>,
    pub(super) now: i64,
    pub(super) watch: Watch,
}

/// One entity as a row wants it.
pub(super) struct Item<'m> {
    pub(super) at: (u64, u64),
    /// Its id, should it be new.
    pub(super) id: Uuid,
    /// What makes it what it is: its key and its references.
    pub(super) fixed: Vec<Said>,
    /// What the row says of it.
    pub(super) said: &'m [Said],
}

impl Item<'_> {
    fn put_into(&self, attributes: &mut Attributes) {
        for (attr, value) in self.fixed.iter().chain(self.said) {
            attributes.set(*attr, value.iter().cloned().collect());
        }
    }

    fn attributes(&self) -> Attributes {
        let mut attributes = Attributes::default();
        self.put_into(&mut attributes);
        attributes
    }
}

/// The entities of one import on their way into the database.
pub(super) struct Batch<'a> {
    pub(super) tx: &'a mut (dyn Write + 'a),
    pub(super) events: &'a mut Events,
    pub(super) author: &'a Author,
    pub(super) companions: Companions,
    pub(super) report: Report,
    pub(super) dealt_with: u64,
}

/// A new entity that waits to be written.
struct Ready {
    id: Uuid,
    valid: Valid,
    home: Option<Row>,
}

impl Batch<'_> {
    /// Writes what the rows of `master` want. Returns the entity of each row; none where it was refused.
    pub(super) async fn write(
        &mut self,
        master: Master,
        items: &[Item<'_>],
    ) -> Result<Vec<Option<Uuid>>, Error> {
        let mut written = Vec::with_capacity(items.len());
        for items in items.chunks(BATCH) {
            written.extend(self.write_some(master, items).await?);
            self.dealt_with(items.len());
        }
        Ok(written)
    }

    /// Tells that so many rows more are behind.
    pub(super) fn dealt_with(&mut self, rows: usize) {
        self.dealt_with += rows as u64;
        (self.author.watch)(self.dealt_with);
    }

    async fn write_some(&mut self, master: Master, items: &[Item<'_>]) -> Result<Vec<Option<Uuid>>, Error> {
        let existing = self.existing(master.kind(), items).await?;
        let mut written = vec![None; items.len()];
        let mut ready = Vec::new();
        for (place, (item, existing)) in items.iter().zip(existing).enumerate() {
            let outcome = match &existing {
                Some(old) => self.change(master, item, old).await,
                None => self.prepare(master, item).map(|new| ready.push(new)),
            };
            match outcome {
                Ok(()) => {}
                Err(error) if is_refusal(&error) => {
                    self.report.refuse(master, item.at, error.to_string());
                    continue;
                }
                Err(error) => return Err(error),
            }
            if let Some(slot) = written.get_mut(place) {
                *slot = Some(existing.as_ref().map_or(item.id, Stored::id));
            }
            if let Some(old) = existing {
                self.companions.add(old);
            }
        }
        self.insert(master, &ready).await?;
        Ok(written)
    }

    /// The entity that has the key of each item.
    async fn existing(&mut self, kind: Kind, items: &[Item<'_>]) -> Result<Vec<Option<Stored>>, Error> {
        let registry = self.tx.registry();
        let probe = |item: &Item<'_>| {
            let unique = derive(kind, &item.attributes(), &registry).unique.into_iter().next();
            let unique = unique.ok_or_else(|| Error::internal("a kind of masters without a key"))?;
            let scope = unique.scope.map_or(0, |id| self.companions.row(id));
            Ok(Probe { attr: unique.attr, scope, key: unique.key })
        };
        let probes = items.iter().map(probe).collect::<Result<Vec<Probe>, Error>>()?;
        let held = self.tx.holders(&probes).await?;
        let rows: Vec<Row> = held.iter().flatten().copied().collect();
        let found = if rows.is_empty() { Vec::new() } else { self.tx.load_rows(&rows).await? };
        let mut found: HashMap<Row, Stored> =
            found.into_iter().map(|entity| (entity.row(), entity)).collect();
        Ok(held.into_iter().map(|row| row.and_then(|row| found.remove(&row))).collect())
    }

    fn context(&self, id: Uuid) -> Context<'_> {
        let Author { client, settings, now, .. } = self.author;
        Context { now: *now, id, other_id: id, client, settings, with: &self.companions }
    }

    fn prepare(&self, master: Master, item: &Item<'_>) -> Result<Ready, Error> {
        let kind = master.kind();
        let valid = validate(kind, item.attributes(), &self.context(item.id))?;
        let home = home_of(kind, valid.attributes(), &self.companions);
        Ok(Ready { id: item.id, valid, home })
    }

    /// Changes an entity, if it says something else.
    async fn change(&mut self, master: Master, item: &Item<'_>, old: &Stored) -> Result<(), Error> {
        let mut attributes = old.attributes().clone();
        item.put_into(&mut attributes);
        if attributes == *old.attributes() {
            self.report.tally_mut(master).unchanged += 1;
            return Ok(());
        }
        let kind = master.kind();
        let valid = revalidate(old, attributes, &self.context(old.id()))?;
        self.author.grants.require(Verb::Update, kind)?;
        let home = home_of(kind, valid.attributes(), &self.companions);
        let replace = Replace { old, now: self.author.now, home, valid: &valid, rows: &self.companions };
        let new = self.tx.replace(&replace).await?;
        let registry = self.tx.registry();
        let action = Action::of(Verb::Update, kind, Some(old.id()));
        self.events.succeeded(action, changes(old.attributes(), new.attributes(), &registry));
        self.report.tally_mut(master).changed += 1;
        Ok(())
    }

    async fn insert(&mut self, master: Master, ready: &[Ready]) -> Result<(), Error> {
        if ready.is_empty() {
            return Ok(());
        }
        let (now, rows) = (self.author.now, &self.companions);
        let news = ready.iter();
        let inserts: Vec<Insert<'_>> =
            news.map(|new| Insert { id: new.id, now, home: new.home, valid: &new.valid, rows }).collect();
        let stored = self.tx.insert(&inserts).await?;
        let registry: Arc<Registry> = self.tx.registry();
        self.report.tally_mut(master).made += stored.len() as u64;
        for entity in stored {
            let action = Action::of(Verb::Create, master.kind(), Some(entity.id()));
            self.events.succeeded(action, changes(&Attributes::default(), entity.attributes(), &registry));
            self.companions.add(entity);
        }
        Ok(())
    }
}

/// Whether a rule found fault with what the row says; anything else ends the import.
fn is_refusal(error: &Error) -> bool {
    matches!(error, Error::Invalid { .. })
}

/// One value of an attribute.
pub(super) fn value(attr: crate::model::AttrId, value: Value) -> Said {
    (attr, Some(value))
}

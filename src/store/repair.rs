//! Rebuilding and checking what follows from the entities: search keys, unique keys, references, the tree.
//!
//! Both walk the same way, one batch at a time in a transaction of its own, beside a running server: first the
//! derived tables by key (is every row still true?), then the entities by row (is everything there?), then the
//! tree, then what the sealed trail is searched by. `reindex` mends what it finds; `check` names it. Neither prints a key: it may be a secret of a person.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use async_trait::async_trait;
use parking_lot::Mutex;
use uuid::Uuid;

use crate::model::derive::derive;
use crate::model::kind::organization;
use crate::model::{AttrId, Error, Kind, Row, Stored};
use crate::store::following::{Following, IndexRow, ReferenceRow, UniqueRow, ids_named};
use crate::store::trail::Mending;
use crate::store::trail::mend::{self, TrailPlace};
use crate::store::{Position, Source, Touched, Unit, Write};

/// Entities, and rows of a derived table, in one batch.
const BATCH: usize = 1_000;
/// Differences that are named; after that only that there are more.
const NAMED: usize = 10_000;

/// A row of `tree`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TreeRow {
    pub(super) ancestor: Row,
    pub(super) organization: Row,
    pub(super) depth: i64,
}

/// A transaction that can look at the derived tables themselves.
#[async_trait]
pub(super) trait Inspect: Write + Mending {
    /// Entities by row; locked against change when `lock`.
    async fn entities_after(&mut self, after: Row, limit: usize, lock: bool) -> Result<Vec<Stored>, Error>;
    /// The entities of those rows that exist; locked against change when `lock`.
    async fn entities_of(&mut self, rows: Vec<Row>, lock: bool) -> Result<Vec<Stored>, Error>;
    /// The rows of those ids that exist.
    async fn rows_of_ids(&mut self, ids: Vec<Uuid>) -> Result<HashMap<Uuid, Row>, Error>;
    /// Search keys in the order of the table.
    async fn index_after(&mut self, after: &IndexRow, limit: usize) -> Result<Vec<IndexRow>, Error>;
    /// Unique keys in the order of the table.
    async fn unique_after(&mut self, after: &UniqueRow, limit: usize) -> Result<Vec<UniqueRow>, Error>;
    /// References in the order of the table.
    async fn reference_after(
        &mut self,
        after: &ReferenceRow,
        limit: usize,
    ) -> Result<Vec<ReferenceRow>, Error>;
    /// Tree rows in the order of the table.
    async fn tree_after(&mut self, after: &TreeRow, limit: usize) -> Result<Vec<TreeRow>, Error>;
    /// Those of `rows` that the tables do not hold.
    async fn missing(&mut self, rows: &Following) -> Result<Following, Error>;
    /// Removes rows and adds others; what a unique key forbids stays out.
    async fn mend(&mut self, gone: &Following, come: &Following) -> Result<(), Error>;
    /// Removes and adds tree rows.
    async fn mend_tree(&mut self, gone: &[TreeRow], come: &[TreeRow]) -> Result<(), Error>;
    /// Marks indexes that were building as ready; if there were any, every node reads the registry again.
    async fn indexes_ready(&mut self) -> Result<(), Error>;
}

/// What a transaction of the store runs.
pub(super) enum Work {
    /// A change of the service.
    Unit(Arc<dyn Unit>),
    /// A step of [`reindex`].
    Repair(Arc<Step>),
}

impl Work {
    pub(super) async fn run<T: Inspect>(&self, tx: &mut T) -> Result<Touched, Error> {
        match self {
            Self::Unit(unit) => unit.run(tx).await,
            Self::Repair(step) => step.run(tx).await,
        }
    }

    pub(super) async fn refused<T: Inspect>(&self, tx: &mut T, error: &Error) -> Result<(), Error> {
        match self {
            Self::Unit(unit) => unit.refused(tx, error).await,
            Self::Repair(_) => Ok(()),
        }
    }

    pub(super) fn is_bulk(&self) -> bool {
        match self {
            Self::Unit(unit) => unit.is_bulk(),
            Self::Repair(_) => true,
        }
    }
}

/// Where the walk stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    Index(IndexRow),
    Unique(UniqueRow),
    Reference(ReferenceRow),
    Entities(Row),
    Tree,
    Trail(TrailPlace),
    Done,
}

impl Place {
    /// Before everything.
    pub(super) fn start() -> Self {
        Self::Index(IndexRow { attr: 0, key: Vec::new(), row: 0 })
    }
}

/// What the walk has found.
#[derive(Debug, Default, Clone)]
pub(super) struct Report {
    pub(super) entities: u64,
    differences: Vec<String>,
    more: u64,
}

impl Report {
    fn name(&mut self, difference: String) {
        if self.differences.len() < NAMED {
            self.differences.push(difference);
        } else {
            self.more += 1;
        }
    }

    fn count(&self) -> u64 {
        self.differences.len() as u64 + self.more
    }

    /// The differences as sentences.
    pub(super) fn sentences(mut self) -> Vec<String> {
        if self.more > 0 {
            self.differences.push(format!("{} more differences are not named", self.more));
        }
        self.differences
    }
}

/// One batch of a reindex, as a transaction runs it.
pub(super) struct Step {
    from: Place,
    before: Report,
    outcome: Mutex<Option<(Place, Report)>>,
}

impl Step {
    async fn run<T: Inspect>(&self, tx: &mut T) -> Result<Touched, Error> {
        let mut report = self.before.clone();
        let next = Walk { tx, report: &mut report, mend: true }.step(&self.from).await?;
        let touched = if report.count() > self.before.count() { Touched::ALL } else { Touched::default() };
        *self.outcome.lock() = Some((next, report));
        Ok(touched)
    }
}

/// Runs transactions.
#[async_trait]
pub(super) trait Runner: Sync {
    /// Runs `work` in a transaction.
    async fn work(&self, work: Work) -> Result<(), Error>;
}

/// Rebuilds the derived tables; returns how many entities there are.
pub(super) async fn reindex(store: &dyn Runner) -> Result<u64, Error> {
    let (mut place, mut report) = (Place::start(), Report::default());
    let mut steps = 0_u64;
    while place != Place::Done {
        // What was found stays behind: the report of a rebuild is only counted.
        let before = Report { entities: report.entities, differences: Vec::new(), more: report.count() };
        let step = Arc::new(Step { from: place, before, outcome: Mutex::new(None) });
        store.work(Work::Repair(Arc::clone(&step))).await?;
        let outcome = step.outcome.lock().take();
        (place, report) = outcome.ok_or_else(|| Error::internal("a step of the reindex has no outcome"))?;
        steps += 1;
        if steps.is_multiple_of(100) {
            tracing::info!(steps, entities = report.entities, mended = report.count(), "reindexing");
        }
    }
    tracing::info!(entities = report.entities, mended = report.count(), "reindexed");
    Ok(report.entities)
}

/// The walk over one batch.
pub(super) struct Walk<'w, T> {
    pub(super) tx: &'w mut T,
    pub(super) report: &'w mut Report,
    pub(super) mend: bool,
}

/// Entities with what should follow from them.
struct Expected {
    entities: HashMap<Row, (Kind, Uuid)>,
    rows: Following,
}

impl<T: Inspect> Walk<'_, T> {
    /// Handles the batch at `place`; returns the next place.
    pub(super) async fn step(&mut self, place: &Place) -> Result<Place, Error> {
        match place {
            Place::Index(after) => self.index(after).await,
            Place::Unique(after) => self.unique(after).await,
            Place::Reference(after) => self.reference(after).await,
            Place::Entities(after) => self.entities(*after).await,
            Place::Tree => self.tree().await,
            Place::Trail(at) => self.trail(*at).await,
            Place::Done => Ok(Place::Done),
        }
    }

    async fn index(&mut self, after: &IndexRow) -> Result<Place, Error> {
        let rows = self.tx.index_after(after, BATCH).await?;
        let Some(last) = rows.last().cloned() else {
            return Ok(Place::Unique(UniqueRow { attr: 0, scope: 0, key: Vec::new(), row: 0 }));
        };
        let expected = self.expected(rows.iter().map(|entry| entry.row).collect()).await?;
        let held: HashSet<&IndexRow> = expected.rows.index.iter().collect();
        let index: Vec<IndexRow> = rows.into_iter().filter(|entry| !held.contains(entry)).collect();
        for entry in &index {
            self.untrue("a search key", entry.attr, entry.row, &expected);
        }
        self.remove(Following { index, ..Following::default() }).await?;
        Ok(Place::Index(last))
    }

    async fn unique(&mut self, after: &UniqueRow) -> Result<Place, Error> {
        let rows = self.tx.unique_after(after, BATCH).await?;
        let Some(last) = rows.last().cloned() else {
            return Ok(Place::Reference(ReferenceRow { to: 0, attr: 0, from: 0 }));
        };
        let expected = self.expected(rows.iter().map(|entry| entry.row).collect()).await?;
        let held: HashSet<&UniqueRow> = expected.rows.unique.iter().collect();
        let unique: Vec<UniqueRow> = rows.into_iter().filter(|entry| !held.contains(entry)).collect();
        for entry in &unique {
            self.untrue("a unique key", entry.attr, entry.row, &expected);
        }
        self.remove(Following { unique, ..Following::default() }).await?;
        Ok(Place::Unique(last))
    }

    async fn reference(&mut self, after: &ReferenceRow) -> Result<Place, Error> {
        let rows = self.tx.reference_after(after, BATCH).await?;
        let Some(last) = rows.last().copied() else { return Ok(Place::Entities(0)) };
        let expected = self.expected(rows.iter().map(|entry| entry.from).collect()).await?;
        let held: HashSet<&ReferenceRow> = expected.rows.reference.iter().collect();
        let reference: Vec<ReferenceRow> = rows.into_iter().filter(|entry| !held.contains(entry)).collect();
        for entry in &reference {
            self.untrue("a reference", entry.attr, entry.from, &expected);
        }
        self.remove(Following { reference, ..Following::default() }).await?;
        Ok(Place::Reference(last))
    }

    async fn remove(&mut self, gone: Following) -> Result<(), Error> {
        if self.mend && gone != Following::default() {
            self.tx.mend(&gone, &Following::default()).await?;
        }
        Ok(())
    }

    async fn entities(&mut self, after: Row) -> Result<Place, Error> {
        let entities = self.tx.entities_after(after, BATCH, self.mend).await?;
        let Some(last) = entities.last().map(Stored::row) else { return Ok(Place::Tree) };
        self.report.entities += entities.len() as u64;
        let expected = self.follow(&entities, true).await?;
        let missing = self.tx.missing(&expected.rows).await?;
        for entry in &missing.index {
            self.absent("search key", entry.attr, entry.row, &expected);
        }
        for entry in &missing.unique {
            self.absent("unique key", entry.attr, entry.row, &expected);
        }
        for entry in &missing.reference {
            self.absent("reference", entry.attr, entry.from, &expected);
        }
        if self.mend && missing != Following::default() {
            self.tx.mend(&Following::default(), &missing).await?;
        }
        Ok(Place::Entities(last))
    }

    async fn expected(&mut self, mut rows: Vec<Row>) -> Result<Expected, Error> {
        rows.sort_unstable();
        rows.dedup();
        let entities = self.tx.entities_of(rows, self.mend).await?;
        self.follow(&entities, false).await
    }

    /// What follows from `entities`; `name` tells whether references to nothing are named.
    async fn follow(&mut self, entities: &[Stored], name: bool) -> Result<Expected, Error> {
        let registry = self.tx.registry();
        let mut derived: Vec<_> =
            entities.iter().map(|entity| derive(entity.kind(), entity.attributes(), &registry)).collect();
        let mut ids: Vec<Uuid> = derived.iter().flat_map(ids_named).collect();
        ids.sort_unstable();
        ids.dedup();
        let places = if ids.is_empty() { HashMap::new() } else { self.tx.rows_of_ids(ids).await? };
        let mut rows = Following::default();
        for (entity, derived) in entities.iter().zip(&mut derived) {
            for (attr, to) in derived.references.iter().filter(|(_, to)| name && !places.contains_key(to)) {
                let attr = self.attribute(attr.number());
                let (kind, id) = (entity.kind().name(), entity.id());
                self.report.name(format!("{kind} {id}: {attr} refers to {to}, which does not exist"));
            }
            derived.references.retain(|(_, to)| places.contains_key(to));
            derived.unique.retain(|unique| unique.scope.is_none_or(|scope| places.contains_key(&scope)));
            rows.add(entity.row(), std::mem::take(derived), &|id| places.get(&id).copied().unwrap_or(0))?;
        }
        rows.sort();
        let entities = entities.iter().map(|entity| (entity.row(), (entity.kind(), entity.id()))).collect();
        Ok(Expected { entities, rows })
    }

    fn attribute(&self, attr: i64) -> String {
        let known =
            u32::try_from(attr).ok().and_then(|attr| self.tx.registry().numbered(AttrId(attr)).cloned());
        known.map_or_else(|| format!("attribute {attr}"), |known| known.name.to_string())
    }

    fn untrue(&mut self, what: &str, attr: i64, row: Row, expected: &Expected) {
        let attr = self.attribute(attr);
        self.report.name(match expected.entities.get(&row) {
            Some((kind, id)) => {
                format!("{what} of {attr} stands for {} {id}, whose attributes do not say so", kind.name())
            }
            None => format!("{what} of {attr} stands for row {row}, which does not exist"),
        });
    }

    fn absent(&mut self, what: &str, attr: i64, row: Row, expected: &Expected) {
        let attr = self.attribute(attr);
        let (kind, id) = expected
            .entities
            .get(&row)
            .map_or(("row", row.to_string()), |(kind, id)| (kind.name(), id.to_string()));
        self.report.name(format!("{kind} {id}: the {what} of {attr} is missing"));
    }

    async fn tree(&mut self) -> Result<Place, Error> {
        let mut expected = tree_of(&self.organizations().await?);
        let mut gone: Vec<TreeRow> = Vec::new();
        let mut after = TreeRow { ancestor: 0, organization: 0, depth: 0 };
        loop {
            let rows = self.tx.tree_after(&after, BATCH).await?;
            let Some(last) = rows.last().copied() else { break };
            for row in rows {
                if expected.get(&(row.ancestor, row.organization)) == Some(&row.depth) {
                    expected.remove(&(row.ancestor, row.organization));
                } else {
                    let TreeRow { ancestor, organization, depth } = row;
                    self.report.name(format!(
                        "tree: row {organization} stands {depth} below row {ancestor}, which no parent says"
                    ));
                    gone.push(row);
                }
            }
            after = last;
        }
        let come: Vec<TreeRow> = expected
            .into_iter()
            .map(|((ancestor, organization), depth)| TreeRow { ancestor, organization, depth })
            .collect();
        for TreeRow { ancestor, organization, depth } in &come {
            self.report.name(format!("tree: row {organization} is missing {depth} below row {ancestor}"));
        }
        if self.mend {
            self.tx.mend_tree(&gone, &come).await?;
            self.tx.indexes_ready().await?;
            self.tx.set_setting(super::UNICODE_SETTING, crate::model::key::UNICODE_VERSION).await?;
        }
        Ok(Place::Trail(TrailPlace::START))
    }

    async fn trail(&mut self, at: TrailPlace) -> Result<Place, Error> {
        let (next, wrong) = mend::step(self.tx, at, self.mend).await?;
        for difference in wrong {
            self.report.name(difference);
        }
        Ok(next.map_or(Place::Done, Place::Trail))
    }

    /// Every organization's row with the id of its parent.
    async fn organizations(&mut self) -> Result<HashMap<Uuid, (Row, Option<Uuid>)>, Error> {
        let mut known = HashMap::new();
        let mut after: Option<Position> = None;
        loop {
            let hits = self.tx.scan(&Source::Kind(Kind::Organization), after.as_ref(), BATCH).await?;
            let Some(last) = hits.last() else { return Ok(known) };
            after = Some(last.at.clone());
            let rows = hits.iter().map(|hit| hit.row).collect();
            for entity in self.tx.entities_of(rows, self.mend).await? {
                let parent = entity.attributes().reference(organization::PARENT).map(|to| to.id);
                known.insert(entity.id(), (entity.row(), parent));
            }
        }
    }
}

/// Every organization under itself and each of its ancestors, with the distance.
fn tree_of(organizations: &HashMap<Uuid, (Row, Option<Uuid>)>) -> BTreeMap<(Row, Row), i64> {
    let mut tree = BTreeMap::new();
    for (row, parent) in organizations.values() {
        let (mut ancestor, mut above, mut depth) = (*row, *parent, 0);
        // A second meeting is a cycle of parents: it ends there.
        while tree.insert((ancestor, *row), depth).is_none() {
            let Some((next, parent)) = above.and_then(|id| organizations.get(&id)) else { break };
            (ancestor, above, depth) = (*next, *parent, depth + 1);
        }
    }
    tree
}

//! Which source drives a listing. The order is fixed by the request: exact before prefix, then the attribute's
//! declared rank, then its name; the plan is free, and sorts when it drives by another source.

use std::collections::BTreeMap;

use crate::model::term::{Term, Test};
use crate::model::{Error, Row, Stored, key};
use crate::operation::engine::Engine;
use crate::operation::every::{self, Every};
use crate::operation::search::{Condition, Found};
use crate::store::{Hit, Position, Source};

/// A source with at most this many hits is read whole and sorted when it is not the driving one.
const FEW: usize = 2_000;

/// What a listing walks along.
#[derive(Debug, Clone)]
pub enum Drive {
    /// Sources one after another; those with a key order by (that key, row).
    Segments(Vec<(Option<Vec<u8>>, Source)>),
    /// A source with keys, and hits of the same order in between.
    Merged(Source, Vec<Hit>),
    /// Hits in order, all known.
    Sorted(Vec<Hit>),
}

/// How a listing is carried out.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What it walks along.
    pub drive: Drive,
    /// What must hold of each entity beside.
    pub recheck: Vec<Term>,
    /// The term whose smallest matching key is an entity's place, when an entity may have several.
    pub smallest: Option<Term>,
}

impl Plan {
    /// Walks along hits that are all known, in order.
    pub fn of(hits: Vec<Hit>) -> Self {
        Self { drive: Drive::Sorted(hits), recheck: Vec::new(), smallest: None }
    }

    /// Whether the entities themselves must be read to know which hits count.
    pub fn reads_entities(&self) -> bool {
        !self.recheck.is_empty() || self.smallest.is_some()
    }
}

/// The key of every place in a walk along links, which tells such a place from one in creation order.
const ALONG_LINKS: &[u8] = b"links";

/// What a listing without conditions walks along: its base, by creation. Links, and the users of many organizations,
/// are read whole and sorted where they are few; else link by link, organization by organization. A listing goes on in the order it began with.
pub async fn unfiltered(engine: &Engine, base: Source, at: Option<&Position>) -> Result<Plan, Error> {
    let whole = |drive| Plan { drive, recheck: Vec::new(), smallest: None };
    let key = match base {
        Source::Linked { .. } => Some(ALONG_LINKS.to_vec()),
        Source::ByOrganization { .. } => None,
        _ => return Ok(whole(Drive::Segments(vec![(None, base)]))),
    };
    let few = match at {
        Some(at) => at.key.is_empty(),
        None => engine.store.count(&base, FEW).await? < FEW,
    };
    if !few {
        return Ok(whole(Drive::Segments(vec![(key, base)])));
    }
    let found = every::hits(engine.store.as_ref(), &base).await?;
    let mut hits: Vec<Hit> =
        found.into_iter().map(|hit| Hit { at: Position { key: Vec::new(), row: hit.row }, ..hit }).collect();
    hits.sort_by(|a, b| a.at.cmp(&b.at));
    Ok(whole(Drive::Sorted(hits)))
}

/// Plans a listing: `base` bounds it (the users of an organization …), `conditions`, at least one, must hold.
pub async fn plan(
    engine: &Engine,
    base: Source,
    base_term: Option<Term>,
    mut conditions: Vec<Condition>,
) -> Result<Plan, Error> {
    let names = |c: &Condition| c.term.attribute.name.clone();
    conditions.sort_by(|a, b| {
        let rank = |c: &Condition| (!c.term.is_exact(), c.term.attribute.rank);
        rank(a).cmp(&rank(b)).then_with(|| names(a).cmp(&names(b)))
    });
    let Some((driver, others)) = conditions.split_first() else {
        return unfiltered(engine, base, None).await;
    };
    if let Some(narrow) = narrower(engine, &base, base_term.is_some(), driver, others).await? {
        let terms: Vec<Term> = conditions.iter().map(|c| c.term.clone()).chain(base_term).collect();
        let hits = sorted(engine, &narrow, driver, &terms).await?;
        return Ok(Plan { drive: Drive::Sorted(hits), recheck: Vec::new(), smallest: None });
    }
    let mut recheck: Vec<Term> =
        others.iter().map(|condition| condition.term.clone()).chain(base_term).collect();
    if matches!(driver.found, Found::Source(Source::Keys { .. })) && !driver.term.range_is_exact() {
        recheck.insert(0, driver.term.clone());
    }
    let several = driver.term.attribute.many && matches!(driver.found, Found::Source(Source::Keys { .. }));
    let drive = match &driver.found {
        Found::Source(source) => Drive::Segments(vec![(None, source.clone())]),
        Found::Groups(groups) => {
            Drive::Segments(groups.iter().map(|(key, source)| (Some(key.clone()), source.clone())).collect())
        }
        Found::Merged(source, listed) => Drive::Merged(source.clone(), listed.iter().map(hit).collect()),
        Found::Listed(listed) => Drive::Sorted(listed.iter().map(hit).collect()),
    };
    Ok(Plan { drive, recheck, smallest: several.then(|| driver.term.clone()) })
}

fn hit((key, row, id): &(Vec<u8>, Row, uuid::Uuid)) -> Hit {
    Hit { at: Position { key: key.clone(), row: *row }, row: *row, id: *id }
}

/// A source other than the driving one that has few hits while the driving one has many.
async fn narrower(
    engine: &Engine,
    base: &Source,
    bounded: bool,
    driver: &Condition,
    others: &[Condition],
) -> Result<Option<Source>, Error> {
    let (Found::Source(driving) | Found::Merged(driving, _)) = &driver.found else { return Ok(None) };
    let candidates = others.iter().filter_map(|condition| match &condition.found {
        Found::Source(source) => Some(source),
        Found::Groups(_) | Found::Listed(_) | Found::Merged(..) => None,
    });
    let candidates: Vec<&Source> = candidates.chain(bounded.then_some(base)).collect();
    if candidates.is_empty() || engine.store.count(driving, FEW).await? < FEW {
        return Ok(None);
    }
    let mut best: Option<(usize, &Source)> = None;
    for source in candidates {
        let count = engine.store.count(source, FEW).await?;
        if count < FEW && best.is_none_or(|(least, _)| count < least) {
            best = Some((count, source));
        }
    }
    Ok(best.map(|(_, source)| source.clone()))
}

/// Reads a narrow source whole, keeps what satisfies every term, and orders it by the driving one.
async fn sorted(
    engine: &Engine,
    source: &Source,
    driver: &Condition,
    terms: &[Term],
) -> Result<Vec<Hit>, Error> {
    let mut kept: BTreeMap<Position, uuid::Uuid> = BTreeMap::new();
    let mut every = Every::of(source);
    while let Some(hits) = every.next_committed(engine.store.as_ref()).await? {
        for entity in engine.store.by_rows(&every::rows(&hits)).await? {
            if terms.iter().all(|term| holds(term, &entity)) {
                let key = smallest_key(&driver.term, &entity);
                kept.insert(Position { key, row: entity.row() }, entity.id());
            }
        }
    }
    Ok(kept.into_iter().map(|(at, id)| Hit { row: at.row, at, id }).collect())
}

/// Whether an entity satisfies a term; terms on derived attributes hold for a list of ids.
pub fn holds(term: &Term, entity: &Stored) -> bool {
    match &term.test {
        Test::OneOf(ids) => ids.contains(&entity.id()),
        Test::Changed(from, to) => (*from..*to).contains(&entity.updated()),
        _ => term.holds(entity.attributes()),
    }
}

/// The smallest key among an entity's values that satisfy `term`: its place in the order. Empty where the
/// order is by creation alone.
pub fn smallest_key(term: &Term, entity: &Stored) -> Vec<u8> {
    match &term.test {
        Test::Changed(..) => return key::integer_key(entity.updated()).to_vec(),
        // Whoever lapsed into a state stands among those that are stored in it.
        Test::Counts(_, state, _) => return state.key().unwrap_or_default(),
        _ => {}
    }
    let matching = entity.attributes().values(term.attribute.id).iter().filter(|value| term.matches(value));
    matching.filter_map(crate::model::Value::key).min().unwrap_or_default()
}

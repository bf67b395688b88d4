//! The bounds of a client: an organization with everything below it. What stands outside looks as if it did not
//! exist, whatever the verb.
//!
//! An organization stands where it is in the tree; other entities where their owning organization does. A mandate can
//! be read from both its ends and changed by the mandater's; a delegation by who can read its mandate. Kinds without
//! an owning organization are invisible to bounded clients.

use std::collections::HashMap;

use uuid::Uuid;

use crate::model::kind::{Scope, delegation, mandate};
use crate::model::{Error, Kind, Row, Stored};
use crate::operation::engine::{Caller, Engine};
use crate::store::Write;

/// Error 7 for a bounded caller when entities of `kind` belong to no organization.
pub fn check_kind(kind: Kind, within: Option<Uuid>) -> Result<(), Error> {
    if within.is_some() && kind.def().scope == Scope::None {
        return Err(Error::not_found(kind));
    }
    Ok(())
}

/// The organization that decides whether a bounded client may change an entity.
fn home(entity: &Stored) -> Option<Row> {
    if entity.kind() == Kind::Organization { Some(entity.row()) } else { entity.home() }
}

/// What else decides whether a bounded client may read an entity.
fn other_end(entity: &Stored) -> Option<Uuid> {
    let attr = match entity.kind() {
        Kind::Mandate => mandate::MANDATEE,
        Kind::Delegation => delegation::MANDATE,
        _ => return None,
    };
    entity.attributes().reference(attr).map(|to| to.id)
}

/// Whether the transaction's client may change `entity`.
pub async fn changes(tx: &mut dyn Write, entity: &Stored) -> Result<bool, Error> {
    let Some(within) = tx.bound() else { return Ok(true) };
    match home(entity) {
        Some(home) => tx.stands_below(home, within).await,
        None => Ok(false),
    }
}

/// Whether the transaction's client may see `entity`.
pub async fn sees(tx: &mut dyn Write, entity: &Stored) -> Result<bool, Error> {
    if changes(tx, entity).await? {
        return Ok(true);
    }
    let Some(id) = other_end(entity) else { return Ok(false) };
    let Some(other) = tx.companions(&[id]).await?.pop() else { return Ok(false) };
    if changes(tx, &other).await? {
        return Ok(true);
    }
    // A delegation's mandate has another end of its own.
    let Some(id) = other_end(&other) else { return Ok(false) };
    match tx.companions(&[id]).await?.pop() {
        Some(other) => changes(tx, &other).await,
        None => Ok(false),
    }
}

/// The entity of `kind` that a change names beside its target, kept as it is; error 7 when the client sees none.
pub async fn companion(tx: &mut dyn Write, kind: Kind, id: Uuid) -> Result<Stored, Error> {
    let found = tx.companions(&[id]).await?.pop().filter(|entity| entity.kind() == kind);
    seen(tx, kind, found).await
}

/// The entity that a change of another is about, locked: it need only be visible to the client, because the change
/// is the right of whoever sees it. Error 7 when there is none.
pub async fn seen_target(tx: &mut dyn Write, kind: Kind, id: Uuid) -> Result<Stored, Error> {
    let found = tx.load(&[id]).await?.pop().filter(|entity| entity.kind() == kind);
    seen(tx, kind, found).await
}

async fn seen(tx: &mut dyn Write, kind: Kind, found: Option<Stored>) -> Result<Stored, Error> {
    let Some(entity) = found else { return Err(Error::not_found(kind)) };
    if sees(tx, &entity).await? { Ok(entity) } else { Err(Error::not_found(kind)) }
}

/// What one reader sees of committed data; it remembers which organizations stand inside.
#[derive(Debug, Clone)]
pub struct Sight {
    within: Option<Uuid>,
    known: HashMap<Row, bool>,
}

impl Sight {
    /// The sight of `caller`.
    pub fn of(caller: &Caller) -> Self {
        Self { within: caller.within, known: HashMap::new() }
    }

    /// The organization on top, for bounded callers.
    pub fn within(&self) -> Option<Uuid> {
        self.within
    }

    async fn stands_inside(&mut self, engine: &Engine, organization: Option<Row>) -> Result<bool, Error> {
        let (Some(within), Some(row)) = (self.within, organization) else { return Ok(self.within.is_none()) };
        if let Some(inside) = self.known.get(&row) {
            return Ok(*inside);
        }
        let inside = engine.store.ancestry(row).await?.iter().any(|above| above.id() == within);
        self.known.insert(row, inside);
        Ok(inside)
    }

    /// Whether the reader sees `entity`.
    pub async fn sees(&mut self, engine: &Engine, entity: &Stored) -> Result<bool, Error> {
        if self.within.is_none() || self.stands_inside(engine, home(entity)).await? {
            return Ok(true);
        }
        let mut next = other_end(entity);
        while let Some(id) = next {
            let Some(other) = engine.store.by_id(id).await? else { return Ok(false) };
            if self.stands_inside(engine, home(&other)).await? {
                return Ok(true);
            }
            next = other_end(&other);
        }
        Ok(false)
    }
}

//! Roles that include other roles: no cycles, and what having a role gives.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use crate::model::kind::{assignment, role};
use crate::model::{Attributes, Error, Row, Stored};
use crate::operation::engine::Engine;
use crate::operation::every;
use crate::store::{Hit, Position, SharedStore, Source, Write};

/// The roles that a role with these attributes includes.
pub fn included(role: &Attributes) -> impl Iterator<Item = Uuid> + '_ {
    role.values(role::INCLUDES).iter().filter_map(|value| value.as_ref().map(|to| to.id))
}

/// Error 10 (409) when the role `id` with these attributes would include itself, directly or through others. The
/// caller holds the lock `inclusion`: two changes at once could each be free of a cycle and close one together.
pub async fn refuse_cycle(tx: &mut dyn Write, id: Uuid, attributes: &Attributes) -> Result<(), Error> {
    let mut seen: HashSet<Uuid> = HashSet::new();
    let mut frontier: Vec<Uuid> = included(attributes).collect();
    while !frontier.is_empty() {
        if frontier.contains(&id) {
            return Err(Error::Cycle { parameter: "includes".to_owned() });
        }
        seen.extend(&frontier);
        let roles = tx.companions(&frontier).await?;
        let next: HashSet<Uuid> = roles.iter().flat_map(|role| included(role.attributes())).collect();
        frontier = next.into_iter().filter(|id| !seen.contains(id)).collect();
    }
    Ok(())
}

/// Adds to `roles` all that they include, directly or through others.
pub(super) async fn add_included(
    store: &SharedStore,
    roles: &mut HashMap<Uuid, Stored>,
) -> Result<(), Error> {
    let mut frontier: Vec<Uuid> = roles.values().flat_map(|role| included(role.attributes())).collect();
    while let Some(id) = frontier.pop() {
        if roles.contains_key(&id) {
            continue;
        }
        let Some(role) = store.by_id(id).await? else { continue };
        frontier.extend(included(role.attributes()));
        roles.insert(id, role);
    }
    Ok(())
}

/// The roles of a user with those that they include, each once, in the order of creation; `None` when none includes
/// one that the user does not have anyway.
pub async fn roles_of_user(engine: &Engine, user: Row) -> Result<Option<Vec<Hit>>, Error> {
    let source = Source::Linked { from: assignment::USER, to: user, onto: assignment::ROLE };
    let (mut held, mut wanted) = (HashMap::new(), Vec::new());
    for role in every::entities(engine.store.as_ref(), &source).await? {
        held.insert(role.id(), role.row());
        wanted.extend(included(role.attributes()));
    }
    let mut more = HashMap::new();
    for id in wanted.into_iter().filter(|id| !held.contains_key(id)) {
        if let Some(role) = engine.store.by_id(id).await? {
            more.insert(id, role);
        }
    }
    if more.is_empty() {
        return Ok(None);
    }
    add_included(&engine.store, &mut more).await?;
    held.extend(more.values().map(|role| (role.id(), role.row())));
    let place = |row: Row| Position { key: Vec::new(), row };
    let mut hits: Vec<Hit> = held.into_iter().map(|(id, row)| Hit { at: place(row), row, id }).collect();
    hits.sort_by_key(|hit| hit.row);
    Ok(Some(hits))
}

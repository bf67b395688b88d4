//! What goes with an entity that is deleted, what must be edited, and what forbids it (contract: what a delete
//! does to references).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use uuid::Uuid;

use crate::model::attribute::OnDelete;
use crate::model::invitation;
use crate::model::kind::{contract, role_invitation, workflow};
use crate::model::registry::Attribute;
use crate::model::value::Syntax;
use crate::model::{AttrId, Attributes, Error, Kind, Registry, Row, Stored, Value};
use crate::store::{Source, Write};

/// Everything a delete touches.
#[derive(Debug, Default)]
pub struct Closure {
    /// What goes, in row order.
    pub gone: BTreeMap<Row, Stored>,
    /// What stays and loses references, in row order.
    pub edited: BTreeMap<Row, Stored>,
}

/// Collects the closure of deleting `start`; error 10 names who still refers.
pub async fn collect(tx: &mut dyn Write, start: Stored, recursive: bool) -> Result<Closure, Error> {
    let registry = tx.registry();
    if !recursive {
        refuse_at_once(tx, &registry, &start).await?;
    }
    let mut closure = Closure::default();
    let mut gone: HashMap<Uuid, Kind> = HashMap::new();
    let mut blocking: BTreeSet<(Row, AttrId)> = BTreeSet::new();
    let mut edits: BTreeSet<Row> = BTreeSet::new();
    let mut frontier = vec![start];
    while !frontier.is_empty() {
        let rows: Vec<Row> = frontier.iter().map(Stored::row).collect();
        let kinds: HashMap<Row, Kind> = frontier.iter().map(|entity| (entity.row(), entity.kind())).collect();
        gone.extend(frontier.iter().map(|entity| (entity.id(), entity.kind())));
        closure.gone.extend(frontier.into_iter().map(|entity| (entity.row(), entity)));
        let mut next: BTreeSet<Row> = BTreeSet::new();
        for (from, attr, to) in tx.referrers(&rows).await? {
            let Some(kind) = kinds.get(&to) else { continue };
            match on_delete(&registry, attr, *kind) {
                OnDelete::Cascade => drop(next.insert(from)),
                OnDelete::Subtree if recursive => drop(next.insert(from)),
                OnDelete::Subtree | OnDelete::Restrict => drop(blocking.insert((from, attr))),
                OnDelete::RemoveValue | OnDelete::ToText => drop(edits.insert(from)),
            }
        }
        let fresh: Vec<Row> = next.into_iter().filter(|row| !closure.gone.contains_key(row)).collect();
        frontier = if fresh.is_empty() { Vec::new() } else { tx.load_rows(&fresh).await? };
        // While the locks were waited for, a referrer may have come to refer to something else.
        frontier.retain(|entity| goes_along(&registry, entity, &gone, recursive));
    }
    if let Some((_, attr)) = blocking.iter().find(|(row, _)| !closure.gone.contains_key(row)) {
        return Err(Error::Referenced { by: described(&registry, *attr) });
    }
    let staying: Vec<Row> = edits.into_iter().filter(|row| !closure.gone.contains_key(row)).collect();
    if !staying.is_empty() {
        let refers = |e: &Stored| e.attributes().references().any(|(_, to)| gone.contains_key(&to.id));
        let staying = tx.load_rows(&staying).await?.into_iter().filter(refers);
        closure.edited = staying.map(|e| (e.row(), e)).collect();
    }
    if closure.gone.values().chain(closure.edited.values()).any(stands) {
        return Err(Error::Referenced { by: "a contract that is not revoked".to_owned() });
    }
    Ok(closure)
}

/// Whether it is a contract that only a revocation may end.
fn stands(entity: &Stored) -> bool {
    entity.kind() == Kind::Contract && contract::State::of(entity.attributes()) != contract::State::Revoked
}

/// Refuses before everything is collected: an organization may have very many users. Only what nothing can take
/// along is asked for; a referrer that might go as well is judged with the whole closure.
async fn refuse_at_once(tx: &mut dyn Write, registry: &Registry, start: &Stored) -> Result<(), Error> {
    let (kind, to) = (start.kind(), vec![start.row()]);
    for attribute in
        Kind::ALL.into_iter().filter(|by| !may_go_along(registry, *by)).flat_map(|by| registry.of(by))
    {
        let stops =
            rule(attribute, kind).is_some_and(|r| matches!(r, OnDelete::Restrict | OnDelete::Subtree));
        let source = Source::RefersTo { attr: attribute.id, to: to.clone() };
        if stops && !tx.scan(&source, None, 1).await?.is_empty() {
            return Err(Error::Referenced { by: described(registry, attribute.id) });
        }
    }
    Ok(())
}

/// Whether a kind has a reference whose end takes it along.
fn may_go_along(registry: &Registry, kind: Kind) -> bool {
    registry.of(kind).any(|attribute| match attribute.syntax {
        Syntax::Reference(targets) => targets.iter().any(|(_, rule)| *rule == OnDelete::Cascade),
        _ => false,
    })
}

/// Whether an entity refers to anything of what goes in a way that takes it along.
fn goes_along(registry: &Registry, entity: &Stored, gone: &HashMap<Uuid, Kind>, recursive: bool) -> bool {
    entity.attributes().references().any(|(attr, to)| {
        gone.get(&to.id).is_some_and(|kind| match on_delete(registry, attr, *kind) {
            OnDelete::Cascade => true,
            OnDelete::Subtree => recursive,
            OnDelete::Restrict | OnDelete::RemoveValue | OnDelete::ToText => false,
        })
    })
}

/// What the end of a `target` does to an entity that refers to it by `attribute`.
fn rule(attribute: &Attribute, target: Kind) -> Option<OnDelete> {
    let Syntax::Reference(targets) = attribute.syntax else { return None };
    targets.iter().find(|(kind, _)| *kind == target).map(|(_, rule)| *rule)
}

fn on_delete(registry: &Registry, attr: AttrId, target: Kind) -> OnDelete {
    registry.numbered(attr).and_then(|attribute| rule(attribute, target)).unwrap_or(OnDelete::Restrict)
}

fn described(registry: &Registry, attr: AttrId) -> String {
    registry.numbered(attr).map_or_else(String::new, |a| format!("the {} of a {}", a.name, a.kind.name()))
}

impl Closure {
    /// The attributes of an edited entity without references to what goes.
    pub fn without_references(&self, entity: &Stored, registry: &Registry) -> Attributes {
        let mut attributes = entity.attributes().clone();
        let gone: BTreeSet<Uuid> = self.gone.values().map(Stored::id).collect();
        let held: Vec<AttrId> = attributes.references().map(|(attr, _)| attr).collect();
        for attr in held {
            let values = attributes.values(attr).to_vec();
            let kept = values.into_iter().filter_map(|value| match value.as_ref() {
                Some(to) if gone.contains(&to.id) => match on_delete(registry, attr, to.kind) {
                    OnDelete::ToText => Some(Value::text(to.id.to_string())),
                    _ => None,
                },
                _ => Some(value),
            });
            attributes.set(attr, kept.collect());
        }
        emptied(entity, &mut attributes);
        attributes
    }

    /// How many entities of each kind go, beside the one that was asked for.
    pub fn counts(&self, target: Row) -> BTreeMap<Kind, usize> {
        let mut counts = BTreeMap::new();
        for entity in self.gone.values().filter(|entity| entity.row() != target) {
            *counts.entry(entity.kind()).or_default() += 1;
        }
        counts
    }
}

/// What was open and has lost its last role offers nothing any more: an invitation is Withdrawn, a workflow Rejected.
fn emptied(entity: &Stored, attributes: &mut Attributes) {
    let (role, state, open, ended) = match entity.kind() {
        Kind::RoleInvitation => (
            role_invitation::ROLE,
            role_invitation::STATE,
            invitation::State::Sent.name(),
            invitation::State::Withdrawn.name(),
        ),
        Kind::Workflow => (
            workflow::ROLE,
            workflow::STATE,
            workflow::State::Pending.name(),
            workflow::State::Rejected.name(),
        ),
        _ => return,
    };
    let had = !entity.attributes().values(role).is_empty();
    if had && attributes.values(role).is_empty() && attributes.text(state) == Some(open) {
        attributes.put(state, Value::text(ended));
    }
}

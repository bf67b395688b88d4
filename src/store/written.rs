//! What an entity is once it is written, and at which organization that is news for the indexes of who may call what.
//! The same for both databases; it touches none.

use std::collections::HashMap;

use uuid::Uuid;

use crate::model::kind::Scope;
use crate::model::state::Head;
use crate::model::{Error, Kind, Row, Stored};
use crate::store::following;
use crate::store::traits::{Insert, Part, Replace};

/// A new entity as it was written.
pub(super) fn made(insert: &Insert<'_>, made: &HashMap<Uuid, Row>) -> Result<Stored, Error> {
    let row = following::row_of(made, insert.id)?;
    let kind = insert.valid.kind();
    let home = if kind.def().scope == Scope::Own { Some(row) } else { insert.home };
    let (created, updated) = (insert.now, insert.now);
    let head = Head { row, id: insert.id, kind, home, version: 1, created, updated };
    Ok(Stored::loaded(head, insert.valid.attributes().clone()))
}

/// A changed entity as it was written.
pub(super) fn replaced(change: &Replace<'_>) -> Stored {
    let old = change.old;
    let kind = old.kind();
    let home = if kind.def().scope == Scope::Own { Some(old.row()) } else { change.home };
    let (id, row, created) = (old.id(), old.row(), old.created());
    let head = Head { row, id, kind, home, version: old.version() + 1, created, updated: change.now };
    Stored::loaded(head, change.valid.attributes().clone())
}

/// What a new entity changes of what its organization says. A new role changes nothing: nothing is mapped to it yet.
pub(super) fn said_by_new(insert: &Insert<'_>) -> Option<(Row, Part)> {
    let kind = Some(insert.valid.kind()).filter(|kind| *kind != Kind::Role)?;
    Some((insert.home?, part_of(kind)?))
}

/// What the change or the end of an entity changes of what its organization says.
pub(super) fn said_by(entity: &Stored) -> Option<(Row, Part)> {
    Some((entity.home()?, part_of(entity.kind())?))
}

fn part_of(kind: Kind) -> Option<Part> {
    match kind {
        Kind::Role | Kind::Action | Kind::Feature => Some(Part::Definitions),
        Kind::RoleAction | Kind::FeatureRole => Some(Part::Mappings),
        _ => None,
    }
}

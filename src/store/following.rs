//! The rows that follow from entities, as the tables hold them: sorted, so that transactions that write the same
//! rows take their locks in the same order.

use std::collections::HashMap;

use uuid::Uuid;

use crate::model::derive::{Derived, derive};
use crate::model::{AttrId, Error, Registry, Row, Stored};
use crate::store::columns::Column;
use crate::store::traits::{Insert, document};

/// A row of `attr_index`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct IndexRow {
    pub(super) attr: i64,
    pub(super) key: Vec<u8>,
    pub(super) row: Row,
}

/// A row of `attr_unique`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct UniqueRow {
    pub(super) attr: i64,
    pub(super) scope: Row,
    pub(super) key: Vec<u8>,
    pub(super) row: Row,
}

/// A row of `reference`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct ReferenceRow {
    pub(super) to: Row,
    pub(super) attr: i64,
    pub(super) from: Row,
}

/// Rows of the three tables that follow from entities one by one.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Following {
    pub(super) index: Vec<IndexRow>,
    pub(super) unique: Vec<UniqueRow>,
    pub(super) reference: Vec<ReferenceRow>,
}

impl Following {
    /// Adds what follows from the entity in `row`; `place` tells the row of an id. Error 6 when it knows none.
    pub(super) fn add(
        &mut self,
        row: Row,
        derived: Derived,
        place: &dyn Fn(Uuid) -> Row,
    ) -> Result<(), Error> {
        let known = |attr: AttrId, id: Uuid| match place(id) {
            0 => Err(Error::internal(format!("attribute {}: {id} was not loaded in this change", attr.0))),
            row => Ok(row),
        };
        for (attr, key) in derived.index {
            self.index.push(IndexRow { attr: attr.number(), key, row });
        }
        for unique in derived.unique {
            let scope = unique.scope.map_or(Ok(0), |id| known(unique.attr, id))?;
            self.unique.push(UniqueRow { attr: unique.attr.number(), scope, key: unique.key, row });
        }
        for (attr, id) in derived.references {
            self.reference.push(ReferenceRow { to: known(attr, id)?, attr: attr.number(), from: row });
        }
        Ok(())
    }

    /// What follows from new entities, whose rows are in `made`.
    pub(super) fn of_new(
        new: &[Insert<'_>],
        made: &HashMap<Uuid, Row>,
        registry: &Registry,
    ) -> Result<Self, Error> {
        let mut following = Self::default();
        for insert in new {
            let row = row_of(made, insert.id)?;
            let derived = derive(insert.valid.kind(), insert.valid.attributes(), registry);
            following
                .add(row, derived, &|id| made.get(&id).copied().unwrap_or_else(|| insert.rows.row(id)))?;
        }
        following.sort();
        Ok(following)
    }

    /// Puts every table's rows in the order of its key.
    pub(super) fn sort(&mut self) {
        self.index.sort_unstable();
        self.unique.sort_unstable();
        self.reference.sort_unstable();
    }
}

/// The row of a new entity.
pub(super) fn row_of(made: &HashMap<Uuid, Row>, id: Uuid) -> Result<Row, Error> {
    made.get(&id).copied().ok_or_else(|| Error::internal(format!("{id} was written without a row")))
}

/// What is in one set of derived rows and not in the other: (gone, come).
pub(super) fn difference(old: &Derived, new: &Derived) -> (Derived, Derived) {
    let minus = |a: &Derived, b: &Derived| Derived {
        index: a.index.difference(&b.index).cloned().collect(),
        unique: a.unique.difference(&b.unique).cloned().collect(),
        references: a.references.difference(&b.references).copied().collect(),
    };
    (minus(old, new), minus(new, old))
}

/// The ids whose rows are needed to write or remove these derived rows.
pub(super) fn ids_named(derived: &Derived) -> impl Iterator<Item = Uuid> {
    derived
        .unique
        .iter()
        .filter_map(|unique| unique.scope)
        .chain(derived.references.iter().map(|(_, id)| *id))
}

/// The search keys of entities, as the table holds them.
pub(super) fn index_of(entities: &[Stored], registry: &Registry) -> Vec<IndexRow> {
    let mut rows: Vec<IndexRow> = Vec::new();
    for entity in entities {
        let derived = derive(entity.kind(), entity.attributes(), registry);
        let row = entity.row();
        rows.extend(derived.index.into_iter().map(|(attr, key)| IndexRow { attr: attr.number(), key, row }));
    }
    rows.sort_unstable();
    rows
}

/// The columns of new entities: id, kind, home, instant, document.
pub(super) fn entity_columns(new: &[Insert<'_>]) -> Result<Vec<Column>, Error> {
    let docs: Result<Vec<String>, Error> =
        new.iter().map(|insert| document(insert.valid.attributes())).collect();
    Ok(vec![
        Column::Id(new.iter().map(|insert| insert.id).collect()),
        Column::Int(new.iter().map(|insert| i64::from(insert.valid.kind().number())).collect()),
        Column::MaybeInt(new.iter().map(|insert| insert.home).collect()),
        Column::Int(new.iter().map(|insert| insert.now).collect()),
        Column::Text(docs?),
    ])
}

/// The columns of search keys: attribute, key, row.
pub(super) fn index_columns(rows: &[IndexRow]) -> Vec<Column> {
    vec![
        Column::Int(rows.iter().map(|entry| entry.attr).collect()),
        Column::Bytes(rows.iter().map(|entry| entry.key.clone()).collect()),
        Column::Int(rows.iter().map(|entry| entry.row).collect()),
    ]
}

/// The columns of unique keys: attribute, scope, key, row.
pub(super) fn unique_columns(rows: &[UniqueRow]) -> Vec<Column> {
    vec![
        Column::Int(rows.iter().map(|entry| entry.attr).collect()),
        Column::Int(rows.iter().map(|entry| entry.scope).collect()),
        Column::Bytes(rows.iter().map(|entry| entry.key.clone()).collect()),
        Column::Int(rows.iter().map(|entry| entry.row).collect()),
    ]
}

/// The columns of references: to, attribute, from.
pub(super) fn reference_columns(rows: &[ReferenceRow]) -> Vec<Column> {
    vec![
        Column::Int(rows.iter().map(|entry| entry.to).collect()),
        Column::Int(rows.iter().map(|entry| entry.attr).collect()),
        Column::Int(rows.iter().map(|entry| entry.from).collect()),
    ]
}

/// The columns of audit records.
pub(super) fn audit_columns(records: &[crate::store::AuditRow]) -> Vec<Column> {
    let text =
        |of: fn(&crate::store::AuditRow) -> &String| Column::Text(records.iter().map(of).cloned().collect());
    vec![
        Column::Id(records.iter().map(|record| record.id).collect()),
        Column::Int(records.iter().map(|record| record.at).collect()),
        text(|record| &record.event_id),
        text(|record| &record.module_id),
        text(|record| &record.category),
        text(|record| &record.client),
        text(|record| &record.kind),
        Column::MaybeId(records.iter().map(|record| record.entity_id).collect()),
        text(|record| &record.reference_id),
        Column::Bytes(records.iter().map(|record| record.canonical.clone()).collect()),
    ]
}

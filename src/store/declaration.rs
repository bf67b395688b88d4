//! Custom attributes within a transaction: whether one is in use, taking one away, building and clearing its index.
//!
//! Who writes values of a custom attribute on PostgreSQL holds its row shared until the end; who changes or removes it
//! waits for them, and they for it. So what is found here about its use stays true until the commit.

use std::sync::Arc;

use async_trait::async_trait;

use crate::model::{AttrId, Error, Kind, Registry, Row};

/// What is declared of a custom attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Declared {
    /// Whether it can be searched, now or when its index is built.
    pub indexed: bool,
    /// Whether it may have several values.
    pub many: bool,
    /// Whether its index is being built, or cleared.
    pub building: bool,
}

/// What can be done with custom attributes within a transaction.
#[async_trait]
pub trait Declarations: Send {
    /// The attributes as they are declared now; nobody else declares any until the end.
    async fn fresh_registry(&mut self) -> Result<Arc<Registry>, Error>;

    /// What is declared of `attr`; it and its values in all entities stay so until the end.
    async fn declaration(&mut self, attr: AttrId) -> Result<Option<Declared>, Error>;

    /// Whether any entity of `kind` has a value of `attr`. Looks at every entity where there is none.
    async fn is_used(&mut self, kind: Kind, attr: AttrId) -> Result<bool, Error>;

    /// Whether any entity of `kind` has several values of `attr`. Looks at every entity where there is none.
    async fn has_several(&mut self, kind: Kind, attr: AttrId) -> Result<bool, Error>;

    /// Takes the declaration away; nothing may use it.
    async fn undeclare(&mut self, attr: AttrId) -> Result<(), Error>;

    /// Removes up to `limit` search keys of `attr`; returns how many.
    async fn clear_index(&mut self, attr: AttrId, limit: usize) -> Result<u64, Error>;

    /// Writes the search keys of `attr` for up to `limit` entities of `kind` beyond `after`; returns the last of them,
    /// `None` when there was none.
    async fn build_index(
        &mut self,
        kind: Kind,
        attr: AttrId,
        (after, limit): (Row, usize),
    ) -> Result<Option<Row>, Error>;

    /// Says that the index of `attr` is as declared, and forgets its job; unless `indexed` is not what is declared.
    async fn index_ready(&mut self, attr: AttrId, indexed: bool) -> Result<(), Error>;
}

/// The name of the job that builds or clears the index of an attribute.
pub fn index_job(attr: AttrId) -> String {
    job_of(attr.number())
}

pub(super) fn job_of(attr: i64) -> String {
    format!("index-{attr}")
}

/// How an attribute's values begin in the document of an entity. Inside a text the quotes would be escaped.
pub(super) fn key_in_document(attr: AttrId) -> String {
    format!("\"{}\":", attr.number())
}

pub(super) const UNFINISHED_INDEXES: &str =
    "SELECT a.attr FROM attribute a WHERE a.state = 'building' ORDER BY a.attr";
pub(super) const UNDECLARE: &str = "DELETE FROM attribute WHERE attr = $1";
pub(super) const INDEX_READY: &str =
    "UPDATE attribute SET state = 'ready' WHERE attr = $1 AND indexed = $2 AND state = 'building'";
pub(super) const CLEAR_INDEX: &str = "DELETE FROM attr_index WHERE attr = $1 AND (key, row) IN \
     (SELECT i.key, i.row FROM attr_index i WHERE i.attr = $1 ORDER BY i.key, i.row LIMIT $2)";
pub(super) const DROP_JOB: &str = "DELETE FROM job WHERE name = $1";

/// Entities of a kind in whose document a text stands; `$find` is the database's function for that.
macro_rules! using {
    ($find:literal) => {
        concat!(
            "SELECT e.row, e.id, e.kind, e.home, e.version, e.created, e.updated, e.doc FROM entity e \
             WHERE e.kind = $1 AND e.row > $2 AND ",
            $find,
            "(e.doc, $3) > 0 ORDER BY e.row LIMIT $4"
        )
    };
}

/// What SQLite alone writes so.
pub(super) mod sqlite {
    pub(in crate::store) const USING_ATTRIBUTE: &str = using!("instr");
    /// There is one writer: its transaction excludes every other.
    pub(in crate::store) const SHARE_ATTRIBUTES: Option<&str> = None;
    pub(in crate::store) const HOLD_ATTRIBUTE: &str =
        "SELECT a.indexed, a.many, a.state = 'building' FROM attribute a WHERE a.attr = $1";
}

/// What PostgreSQL alone writes so.
pub(super) mod postgres {
    pub(in crate::store) const USING_ATTRIBUTE: &str = using!("strpos");
    pub(in crate::store) const SHARE_ATTRIBUTES: Option<&str> = Some(
        "SELECT a.attr, a.indexed, a.many FROM attribute a WHERE a.attr = ANY($1) ORDER BY a.attr FOR SHARE",
    );
    pub(in crate::store) const HOLD_ATTRIBUTE: &str =
        "SELECT a.indexed, a.many, a.state = 'building' FROM attribute a WHERE a.attr = $1 FOR UPDATE";
}

/// Implements `Declarations` for the transaction of one database.
macro_rules! declarations {
    ($module:ident, $tx:ident, $own:ident, $sql:ident, $batch:path) => {
        /// Custom attributes.
        mod $module {
            use std::collections::BTreeMap;
            use std::sync::Arc;

            use async_trait::async_trait;

            use super::$tx::{RowExt as _, Tx, query};
            use crate::model::{AttrId, Attributes, Error, Kind, Registry, Row, Stored};
            use crate::store::columns::Column;
            use crate::store::convert::{self, column, entity_row};
            use crate::store::declaration::{self as statements, $own as own};
            use crate::store::declaration::{Declarations, Declared, job_of, key_in_document};
            use crate::store::following;
            use crate::store::statements::$sql as batch;
            use crate::store::{Position, Source, Write};

            /// Entities looked at together.
            const CHUNK: i64 = 1_000;

            fn limited(limit: usize) -> i64 {
                i64::try_from(limit).unwrap_or(i64::MAX)
            }

            impl Tx<'_> {
                /// Holds the custom attributes of what is about to be written as they are known to this transaction.
                pub(in crate::store) async fn hold_custom<'a>(
                    &mut self,
                    written: impl Iterator<Item = &'a Attributes>,
                ) -> Result<(), Error> {
                    let mut most: BTreeMap<i64, usize> = BTreeMap::new();
                    for (attr, values) in
                        written.flat_map(Attributes::iter).filter(|(attr, _)| attr.is_custom())
                    {
                        let held = most.entry(attr.number()).or_default();
                        *held = values.len().max(*held);
                    }
                    if most.is_empty() {
                        return Ok(());
                    }
                    let registry = Write::registry(self);
                    let known =
                        |attr: i64| u32::try_from(attr).ok().and_then(|attr| registry.numbered(AttrId(attr)));
                    for (attr, values) in &most {
                        match known(*attr) {
                            None => {
                                let error = Error::invalid("attribute", "it was removed at the same moment");
                                return self.fail(error);
                            }
                            Some(one) if *values > 1 && !one.many => {
                                return self.fail(Error::invalid(one.name.as_ref(), "expected only once"));
                            }
                            Some(_) => {}
                        }
                    }
                    let Some(sql) = own::SHARE_ATTRIBUTES else { return Ok(()) };
                    let rows =
                        self.fetch($batch(sql, vec![Column::Int(most.keys().copied().collect())])).await?;
                    let mut same = 0;
                    for row in &rows {
                        let (indexed, many): (bool, bool) = (column!(row, 1), column!(row, 2));
                        let as_known = |one: &Arc<crate::model::Attribute>| {
                            one.many == many && one.index.has_keys() == indexed
                        };
                        same += usize::from(known(column!(row, 0)).is_some_and(as_known));
                    }
                    if same == most.len() {
                        return Ok(());
                    }
                    self.again("custom attributes were declared at the same moment")
                }

                /// Forgets how far the index of an attribute has come.
                pub(in crate::store) async fn forget_index_job(&mut self, attr: i64) -> Result<(), Error> {
                    self.execute(query(statements::DROP_JOB).bind(job_of(attr))).await.map(|_| ())
                }

                async fn using(
                    &mut self,
                    (kind, attr): (Kind, AttrId),
                    after: Row,
                    limit: i64,
                ) -> Result<Vec<Stored>, Error> {
                    let statement = query(own::USING_ATTRIBUTE)
                        .bind(i64::from(kind.number()))
                        .bind(after)
                        .bind(key_in_document(attr))
                        .bind(limit);
                    self.fetch(statement).await?.iter().map(|row| entity_row!(row)).collect()
                }
            }

            #[async_trait]
            impl Declarations for Tx<'_> {
                async fn fresh_registry(&mut self) -> Result<Arc<Registry>, Error> {
                    self.redeclared().await?;
                    Ok(Write::registry(self))
                }

                async fn declaration(&mut self, attr: AttrId) -> Result<Option<Declared>, Error> {
                    match self.fetch(query(own::HOLD_ATTRIBUTE).bind(attr.number())).await?.first() {
                        Some(row) => Ok(Some(Declared {
                            indexed: column!(row, 0),
                            many: column!(row, 1),
                            building: column!(row, 2),
                        })),
                        None => Ok(None),
                    }
                }

                async fn is_used(&mut self, kind: Kind, attr: AttrId) -> Result<bool, Error> {
                    self.using((kind, attr), 0, 1).await.map(|found| !found.is_empty())
                }

                async fn has_several(&mut self, kind: Kind, attr: AttrId) -> Result<bool, Error> {
                    let mut after = 0;
                    loop {
                        let found = self.using((kind, attr), after, CHUNK).await?;
                        if found.iter().any(|entity| entity.attributes().values(attr).len() > 1) {
                            return Ok(true);
                        }
                        let Some(last) = found.last() else { return Ok(false) };
                        after = last.row();
                    }
                }

                async fn undeclare(&mut self, attr: AttrId) -> Result<(), Error> {
                    self.execute(query(statements::UNDECLARE).bind(attr.number())).await?;
                    self.redeclared().await
                }

                async fn clear_index(&mut self, attr: AttrId, limit: usize) -> Result<u64, Error> {
                    let statement = query(statements::CLEAR_INDEX).bind(attr.number()).bind(limited(limit));
                    self.execute(statement).await
                }

                async fn build_index(
                    &mut self,
                    kind: Kind,
                    attr: AttrId,
                    (after, limit): (Row, usize),
                ) -> Result<Option<Row>, Error> {
                    let after = Position { key: Vec::new(), row: after };
                    let hits = Write::scan(self, &Source::Kind(kind), Some(&after), limit).await?;
                    let Some(last) = hits.last().map(|hit| hit.row) else { return Ok(None) };
                    let rows: Vec<Row> = hits.iter().map(|hit| hit.row).collect();
                    // Locked: nobody changes one between looking at it and writing its keys.
                    let entities = self.load_rows(&rows).await?;
                    let mut index = following::index_of(&entities, &Write::registry(self));
                    index.retain(|entry| entry.attr == attr.number());
                    if !index.is_empty() {
                        self.insert_rows(batch::INSERT_INDEX, following::index_columns(&index)).await?;
                    }
                    Ok(Some(last))
                }

                async fn index_ready(&mut self, attr: AttrId, indexed: bool) -> Result<(), Error> {
                    let statement = query(statements::INDEX_READY).bind(attr.number()).bind(indexed);
                    if self.execute(statement).await? == 1 {
                        self.execute(query(statements::DROP_JOB).bind(job_of(attr.number()))).await?;
                        self.redeclared().await?;
                    }
                    Ok(())
                }
            }
        }
    };
}
pub(super) use declarations;

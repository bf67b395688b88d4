//! What repairs and checks ask of a transaction beyond changes; one body, expanded for each database beside
//! `transaction.rs`.

/// Implements `Inspect` for the transaction of one database.
macro_rules! inspect {
    ($module:ident, $tx:ident, $sql:ident, $batch:path) => {
        /// Looking at the derived tables themselves.
        mod $module {
            use std::collections::HashMap;

            use async_trait::async_trait;
            use uuid::Uuid;

            use super::$tx::{RowExt as _, Tx, query};
            use crate::model::{Error, Row, Stored};
            use crate::store::Write;
            use crate::store::columns::Column;
            use crate::store::convert::{self, column, entity_row};
            use crate::store::following::{self, Following, IndexRow, ReferenceRow, UniqueRow};
            use crate::store::repair::{Inspect, TreeRow};
            use crate::store::statements::{self, $sql as batch};

            fn limited(limit: usize) -> i64 {
                i64::try_from(limit).unwrap_or(i64::MAX)
            }

            fn tree_columns(rows: &[TreeRow]) -> Vec<Column> {
                vec![
                    Column::Int(rows.iter().map(|row| row.ancestor).collect()),
                    Column::Int(rows.iter().map(|row| row.organization).collect()),
                    Column::Int(rows.iter().map(|row| row.depth).collect()),
                ]
            }

            impl Tx<'_> {
                /// The entries of `rows` whose places `sql` returns.
                async fn picked<R: Clone>(
                    &mut self,
                    sql: &'static str,
                    columns: Vec<Column>,
                    rows: &[R],
                ) -> Result<Vec<R>, Error> {
                    if rows.is_empty() {
                        return Ok(Vec::new());
                    }
                    let mut picked = Vec::new();
                    for row in &self.fetch($batch(sql, columns)).await? {
                        let place: i64 = column!(row, 0);
                        picked.extend(usize::try_from(place).ok().and_then(|place| rows.get(place)).cloned());
                    }
                    Ok(picked)
                }
            }

            #[async_trait]
            impl Inspect for Tx<'_> {
                async fn entities_after(
                    &mut self,
                    after: Row,
                    limit: usize,
                    lock: bool,
                ) -> Result<Vec<Stored>, Error> {
                    let statement = query(statements::ENTITIES_AFTER).bind(after).bind(limited(limit));
                    let rows = self.fetch(statement).await?;
                    let entities: Vec<Stored> =
                        rows.iter().map(|row| entity_row!(row)).collect::<Result<_, Error>>()?;
                    if !lock {
                        return Ok(entities);
                    }
                    let rows: Vec<Row> = entities.iter().map(Stored::row).collect();
                    self.load_rows(&rows).await
                }

                async fn entities_of(&mut self, rows: Vec<Row>, lock: bool) -> Result<Vec<Stored>, Error> {
                    if lock {
                        return self.load_rows(&rows).await;
                    }
                    let rows = self.fetch($batch(batch::BY_ROWS, vec![Column::Int(rows)])).await?;
                    rows.iter().map(|row| entity_row!(row)).collect()
                }

                async fn rows_of_ids(&mut self, ids: Vec<Uuid>) -> Result<HashMap<Uuid, Row>, Error> {
                    let rows = self.fetch($batch(batch::ROWS_OF_IDS, vec![Column::Id(ids)])).await?;
                    rows.iter().map(|row| Ok((column!(row, 0), column!(row, 1)))).collect()
                }

                async fn index_after(
                    &mut self,
                    after: &IndexRow,
                    limit: usize,
                ) -> Result<Vec<IndexRow>, Error> {
                    let statement = query(statements::SWEEP_INDEX)
                        .bind(after.attr)
                        .bind(after.key.clone())
                        .bind(after.row)
                        .bind(limited(limit));
                    let rows = self.fetch(statement).await?;
                    rows.iter()
                        .map(|row| {
                            Ok(IndexRow { attr: column!(row, 0), key: column!(row, 1), row: column!(row, 2) })
                        })
                        .collect()
                }

                async fn unique_after(
                    &mut self,
                    after: &UniqueRow,
                    limit: usize,
                ) -> Result<Vec<UniqueRow>, Error> {
                    let statement = query(statements::SWEEP_UNIQUE)
                        .bind(after.attr)
                        .bind(after.scope)
                        .bind(after.key.clone())
                        .bind(limited(limit));
                    let rows = self.fetch(statement).await?;
                    rows.iter()
                        .map(|row| {
                            let (attr, scope) = (column!(row, 0), column!(row, 1));
                            Ok(UniqueRow { attr, scope, key: column!(row, 2), row: column!(row, 3) })
                        })
                        .collect()
                }

                async fn reference_after(
                    &mut self,
                    after: &ReferenceRow,
                    limit: usize,
                ) -> Result<Vec<ReferenceRow>, Error> {
                    let statement = query(statements::SWEEP_REFERENCE)
                        .bind(after.to)
                        .bind(after.attr)
                        .bind(after.from)
                        .bind(limited(limit));
                    let rows = self.fetch(statement).await?;
                    rows.iter()
                        .map(|row| {
                            Ok(ReferenceRow {
                                to: column!(row, 0),
                                attr: column!(row, 1),
                                from: column!(row, 2),
                            })
                        })
                        .collect()
                }

                async fn tree_after(&mut self, after: &TreeRow, limit: usize) -> Result<Vec<TreeRow>, Error> {
                    let statement = query(statements::SWEEP_TREE)
                        .bind(after.ancestor)
                        .bind(after.organization)
                        .bind(limited(limit));
                    let rows = self.fetch(statement).await?;
                    rows.iter()
                        .map(|row| {
                            let (ancestor, organization) = (column!(row, 0), column!(row, 1));
                            Ok(TreeRow { ancestor, organization, depth: column!(row, 2) })
                        })
                        .collect()
                }

                async fn missing(&mut self, rows: &Following) -> Result<Following, Error> {
                    let index = following::index_columns(&rows.index);
                    let unique = following::unique_columns(&rows.unique);
                    let reference = following::reference_columns(&rows.reference);
                    Ok(Following {
                        index: self.picked(batch::MISSING_INDEX, index, &rows.index).await?,
                        unique: self.picked(batch::MISSING_UNIQUE, unique, &rows.unique).await?,
                        reference: self.picked(batch::MISSING_REFERENCE, reference, &rows.reference).await?,
                    })
                }

                async fn mend(&mut self, gone: &Following, come: &Following) -> Result<(), Error> {
                    self.delete_following(gone).await?;
                    self.insert_rows(batch::INSERT_INDEX, following::index_columns(&come.index)).await?;
                    self.insert_rows(batch::INSERT_UNIQUE, following::unique_columns(&come.unique)).await?;
                    let reference = following::reference_columns(&come.reference);
                    self.insert_rows(batch::INSERT_REFERENCE, reference).await.map(|_| ())
                }

                async fn mend_tree(&mut self, gone: &[TreeRow], come: &[TreeRow]) -> Result<(), Error> {
                    for part in gone.chunks(10_000) {
                        self.execute($batch(batch::DELETE_TREE, tree_columns(part))).await?;
                    }
                    for part in come.chunks(10_000) {
                        self.execute($batch(batch::INSERT_TREE, tree_columns(part))).await?;
                    }
                    Ok(())
                }

                async fn indexes_ready(&mut self) -> Result<(), Error> {
                    match self.execute(query(statements::INDEXES_READY)).await? {
                        0 => Ok(()),
                        _ => self.redeclared().await,
                    }
                }
            }
        }
    };
}
pub(super) use inspect;

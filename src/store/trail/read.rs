//! The read side of the trail: one body, expanded for each database. The store gives `trail_rows`, which runs a
//! statement over committed data.

/// Implements `Trail` for the store of one database, and the decoders that its transaction uses too.
macro_rules! trail {
    ($module:ident, $store:ident, $driver:path, $sql:ident, $batch:path) => {
        /// Reading the trail.
        mod $module {
            use async_trait::async_trait;
            use uuid::Uuid;

            use driver::{DbRow, RowExt as _, query};
            use $driver as driver;

            use super::$store;
            use crate::audit::record::AuditRow;
            use crate::model::{Error, Row};
            use crate::store::Position;
            use crate::store::columns::Column;
            use crate::store::convert::{audit_row, column};
            use crate::store::trail::statements::{self, $sql as batch};
            use crate::store::trail::{
                Checkpoint, Held, Link, Posting, Seal, Sealed, Trail, TrailRow, listing,
            };
            use crate::store::traits::AuditQuery;

            fn limited(limit: usize) -> i64 {
                i64::try_from(limit).unwrap_or(i64::MAX)
            }

            fn record_of(row: &DbRow) -> Result<(Row, AuditRow), Error> {
                Ok(audit_row!(*row))
            }

            /// A record with its seal.
            pub(super) fn trail_row(held: &DbRow) -> Result<TrailRow, Error> {
                let (row, record) = record_of(held)?;
                let (seq, hash): (Option<i64>, Option<Vec<u8>>) = (column!(held, 11), column!(held, 12));
                let seal = seq.map(|seq| Seal { seq, hash: hash.unwrap_or_default() });
                Ok(TrailRow { row, record, seal })
            }

            fn link(row: &DbRow) -> Result<Link, Error> {
                let there: Option<i64> = column!(row, 0);
                let record = match (there, record_of(row)) {
                    (None, _) => Held::Missing,
                    (Some(_), Ok((_, record))) => Held::Record(Box::new(record)),
                    (Some(_), Err(_)) => Held::Unreadable,
                };
                let seal = Seal { seq: column!(row, 11), hash: column!(row, 12) };
                Ok(Link { seal, row: column!(row, 13), record })
            }

            /// A checkpoint.
            pub(super) fn checkpoint(row: &DbRow) -> Result<Checkpoint, Error> {
                Ok(Checkpoint {
                    first: column!(row, 0),
                    seq: column!(row, 1),
                    hash: column!(row, 2),
                    row: column!(row, 3),
                    records: column!(row, 4),
                    at: column!(row, 5),
                    digest: column!(row, 6),
                })
            }

            fn first_number(rows: &[DbRow]) -> Result<Option<i64>, Error> {
                rows.first().map(|row| Ok(column!(row, 0))).transpose()
            }

            #[async_trait]
            impl Trail for $store {
                async fn audit_record(&self, id: Uuid) -> Result<Option<TrailRow>, Error> {
                    let rows = self.trail_rows(query(statements::RECORD).bind(id)).await?;
                    rows.first().map(trail_row).transpose()
                }

                async fn audit_at(&self, seq: i64) -> Result<Option<TrailRow>, Error> {
                    Ok(self.audit_run(seq.saturating_sub(1), seq, 1).await?.pop())
                }

                async fn audit_numbered(&self, seqs: &[i64]) -> Result<Vec<TrailRow>, Error> {
                    let statement = $batch(batch::NUMBERED, vec![Column::Int(seqs.to_vec())]);
                    self.trail_rows(statement).await?.iter().map(trail_row).collect()
                }

                async fn audit_run(
                    &self,
                    after: i64,
                    until: i64,
                    limit: usize,
                ) -> Result<Vec<TrailRow>, Error> {
                    let statement = query(statements::RUN).bind(after).bind(until).bind(limited(limit));
                    self.trail_rows(statement).await?.iter().map(trail_row).collect()
                }

                async fn audit_unsealed(&self, after: Row, limit: usize) -> Result<Vec<TrailRow>, Error> {
                    let statement = query(statements::UNSEALED).bind(after).bind(limited(limit));
                    self.trail_rows(statement).await?.iter().map(trail_row).collect()
                }

                async fn audit_postings(
                    &self,
                    term: i64,
                    block: i64,
                    limit: usize,
                ) -> Result<Vec<Posting>, Error> {
                    let statement = query(statements::POSTINGS).bind(term).bind(block).bind(limited(limit));
                    let rows = self.trail_rows(statement).await?;
                    let posting = |row: &DbRow| {
                        Ok(Posting { term: column!(row, 0), block: column!(row, 1), bits: column!(row, 2) })
                    };
                    rows.iter().map(posting).collect()
                }

                async fn audit_block_from(&self, from: i64) -> Result<Option<i64>, Error> {
                    first_number(&self.trail_rows(query(statements::BLOCK_FROM).bind(from)).await?)
                }

                async fn audit_block_to(&self, to: i64) -> Result<Option<i64>, Error> {
                    first_number(&self.trail_rows(query(statements::BLOCK_TO).bind(to)).await?)
                }

                async fn audit_sealed(&self) -> Result<Sealed, Error> {
                    let rows = self.trail_rows(query(statements::SEALED)).await?;
                    let row = rows.first().ok_or_else(|| Error::internal("an aggregate without a row"))?;
                    Ok(Sealed { seq: column!(row, 0), row: column!(row, 1), low: column!(row, 2) })
                }

                async fn audit_links(&self, after: i64, limit: usize) -> Result<Vec<Link>, Error> {
                    let statement = query(statements::LINKS).bind(after).bind(limited(limit));
                    self.trail_rows(statement).await?.iter().map(link).collect()
                }

                async fn audit_checkpoint(&self) -> Result<Option<Checkpoint>, Error> {
                    let rows = self.trail_rows(query(statements::CHECKPOINT)).await?;
                    rows.first().map(checkpoint).transpose()
                }

                async fn audit(
                    &self,
                    query: &AuditQuery,
                    after: &Position,
                    limit: usize,
                ) -> Result<Vec<(Position, TrailRow)>, Error> {
                    listing::page(self, query, after, limit).await
                }
            }
        }
    };
}
pub(in crate::store) use trail;

//! Sealing and archiving within a transaction: one body, expanded for each database beside `transaction.rs`. Who may
//! still be writing is told by the database in its own way (`horizon`).

/// Implements `Sealing` for the transaction of one database.
macro_rules! sealing {
    ($module:ident, $tx:ident, $read:ident, $sql:ident, $batch:path, horizon: [$($horizon:tt)*]) => {
        /// Sealing and archiving.
        mod $module {
            use async_trait::async_trait;

            use super::$read::{checkpoint, trail_row};
            use super::$tx::{RowExt as _, Tx, query};
            use crate::model::{Error, Row};
            use crate::store::columns::Column;
            use crate::store::convert::column;
            use crate::store::trail::index::Index;
            use crate::store::trail::statements::{self, $sql as batch};
            use crate::store::trail::{Bounds, Checkpoint, Horizon, NewSeal, Posting, Seal, Sealing, TrailRow};

            fn posting_columns(postings: &[Posting]) -> Vec<Column> {
                vec![
                    Column::Int(postings.iter().map(|posting| posting.term).collect()),
                    Column::Int(postings.iter().map(|posting| posting.block).collect()),
                    Column::Int(postings.iter().map(|posting| posting.bits).collect()),
                ]
            }

            fn block_columns(blocks: &[Bounds]) -> Vec<Column> {
                vec![
                    Column::Int(blocks.iter().map(|bounds| bounds.block).collect()),
                    Column::Int(blocks.iter().map(|bounds| bounds.latest).collect()),
                    Column::Int(blocks.iter().map(|bounds| bounds.floor).collect()),
                ]
            }

            impl Tx<'_> {
                async fn last_row(&mut self) -> Result<Row, Error> {
                    let rows = self.fetch(query(statements::LAST_ROW)).await?;
                    let row = rows.first().ok_or_else(|| Error::internal("an aggregate without a row"))?;
                    Ok(column!(row, 0))
                }
            }

            #[async_trait]
            impl Sealing for Tx<'_> {
                $($horizon)*

                async fn unsealed(&mut self, after: Row, limit: usize) -> Result<Vec<TrailRow>, Error> {
                    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
                    let statement = query(statements::UNSEALED).bind(after).bind(limit);
                    self.fetch(statement).await?.iter().map(trail_row).collect()
                }

                async fn last_seal(&mut self) -> Result<Seal, Error> {
                    if let Some(row) = self.fetch(query(statements::LAST_SEAL)).await?.first() {
                        return Ok(Seal { seq: column!(row, 0), hash: column!(row, 1) });
                    }
                    let last = self.last_checkpoint().await?;
                    Ok(last.map_or(Seal { seq: 0, hash: vec![0; 32] }, |last| Seal {
                        seq: last.seq,
                        hash: last.hash,
                    }))
                }

                async fn last_checkpoint(&mut self) -> Result<Option<Checkpoint>, Error> {
                    let rows = self.fetch(query(statements::CHECKPOINT)).await?;
                    rows.first().map(checkpoint).transpose()
                }

                async fn latest_sealed(&mut self) -> Result<i64, Error> {
                    let rows = self.fetch(query(statements::LATEST)).await?;
                    rows.first().map_or(Ok(i64::MIN), |row| Ok(column!(row, 0)))
                }

                async fn put_seals(&mut self, seals: &[NewSeal]) -> Result<(), Error> {
                    let columns = vec![
                        Column::Int(seals.iter().map(|seal| seal.seq).collect()),
                        Column::Int(seals.iter().map(|seal| seal.row).collect()),
                        Column::Bytes(seals.iter().map(|seal| seal.hash.to_vec()).collect()),
                    ];
                    self.execute($batch(batch::PUT_SEALS, columns)).await.map(|_| ())
                }

                async fn put_index(&mut self, index: &Index) -> Result<(), Error> {
                    let (Some(earliest), Some(first)) = (index.earliest, index.blocks.first()) else {
                        return Ok(());
                    };
                    self.execute($batch(batch::ADD_POSTINGS, posting_columns(&index.postings))).await?;
                    self.execute(query(statements::LOWER_FLOORS).bind(earliest).bind(first.block)).await?;
                    self.execute($batch(batch::PUT_BLOCKS, block_columns(&index.blocks))).await.map(|_| ())
                }

                async fn drop_sealed(&mut self, rows: &[TrailRow], at: &Checkpoint) -> Result<(), Error> {
                    let numbered = || rows.iter().filter_map(|held| Some((held.seal.as_ref()?.seq, &held.record)));
                    let (Some((first, _)), Some((last, _))) = (numbered().next(), numbered().next_back()) else {
                        return Ok(());
                    };
                    self.execute(query(statements::DROP_SEALS).bind(first).bind(last)).await?;
                    let gone = rows.iter().map(|held| held.row).collect();
                    self.execute($batch(batch::DROP_RECORDS, vec![Column::Int(gone)])).await?;
                    // The block that the cut goes through keeps its postings: its other records need them.
                    let (cut, _) = crate::store::trail::index::place(last.saturating_add(1));
                    let whole = Index::of(numbered(), i64::MIN).postings;
                    let whole: Vec<Posting> = whole.into_iter().filter(|posting| posting.block < cut).collect();
                    let mut columns = posting_columns(&whole);
                    columns.truncate(2);
                    self.execute($batch(batch::DROP_POSTINGS, columns)).await?;
                    self.execute(query(statements::DROP_BLOCKS).bind(cut)).await?;
                    let statement = query(statements::PUT_CHECKPOINT)
                        .bind(at.first)
                        .bind(at.seq)
                        .bind(at.hash.clone())
                        .bind(at.row)
                        .bind(at.records)
                        .bind(at.at)
                        .bind(at.digest.clone());
                    self.execute(statement).await.map(|_| ())
                }
            }
        }
    };
}
pub(in crate::store) use sealing;

//! Comparing postings and bounds with the sealed records, and mending them: a part of `store/repair.rs`.
//!
//! Only what is missing matters: an untrue bit is found out whenever its record is read.

use std::collections::HashMap;

use async_trait::async_trait;

use crate::model::Error;
use crate::store::trail::index::{Index, place};
use crate::store::trail::{Bounds, Posting, TrailRow};

/// Records of one batch: sixteen blocks.
const BATCH: usize = 1_024;

/// A transaction that can look at what follows from the trail.
#[async_trait]
pub(in crate::store) trait Mending: Send {
    /// Up to `limit` sealed records with a number above `after`, by number.
    async fn sealed_after(&mut self, after: i64, limit: usize) -> Result<Vec<TrailRow>, Error>;
    /// What the table holds of these postings.
    async fn held_postings(&mut self, postings: &[Posting]) -> Result<Vec<Posting>, Error>;
    /// The bounds of the blocks from `first` to `last`, by block.
    async fn held_bounds(&mut self, first: i64, last: i64) -> Result<Vec<Bounds>, Error>;
    /// Adds bits to postings.
    async fn mend_postings(&mut self, postings: &[Posting]) -> Result<(), Error>;
    /// Puts bounds in the place of others, the last of them only widened: a sealer may be at that block.
    async fn mend_bounds(&mut self, index: &Index) -> Result<(), Error>;
}

/// Where the walk along the trail stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) struct TrailPlace {
    /// The last number that was looked at.
    after: i64,
    /// The bounds of the block before: the latest instant, and the earliest from there on.
    before: (i64, i64),
}

impl TrailPlace {
    /// Before everything.
    pub(in crate::store) const START: Self = Self { after: i64::MIN, before: (i64::MIN, i64::MIN) };
}

/// Handles the batch behind `at`; returns the next place, `None` at the end, and what is wrong.
pub(in crate::store) async fn step<T: Mending>(
    tx: &mut T,
    at: TrailPlace,
    mend: bool,
) -> Result<(Option<TrailPlace>, Vec<String>), Error> {
    let mut rows = tx.sealed_after(at.after, BATCH).await?;
    let seq = |held: &TrailRow| held.seal.as_ref().map_or(0, |seal| seal.seq);
    if rows.len() == BATCH {
        // A block is looked at as a whole.
        let cut = rows.last().map_or(0, |held| place(seq(held).saturating_add(1)).0);
        rows.retain(|held| place(seq(held)).0 < cut);
    }
    let Some(last) = rows.last().map(seq) else { return Ok((None, Vec::new())) };
    let index = Index::of(rows.iter().map(|held| (seq(held), &held.record)), at.before.0);
    let missing = missing(&index.postings, &tx.held_postings(&index.postings).await?);
    let mut wrong: Vec<String> = missing.iter().map(|posting| posting.block).collect::<Blocks>().sentences();
    let (first, end) = (place(rows.first().map_or(last, seq)).0, place(last).0);
    let held = tx.held_bounds(first, end).await?;
    let (narrow, before) = narrow(&index.blocks, &held, at.before);
    wrong.extend(
        narrow.iter().map(|block| format!("audit: the bounds in time of block {block} are not true")),
    );
    if mend && !missing.is_empty() {
        tx.mend_postings(&missing).await?;
    }
    if mend && !narrow.is_empty() {
        tx.mend_bounds(&index).await?;
    }
    Ok((Some(TrailPlace { after: last, before }), wrong))
}

#[derive(Default)]
struct Blocks(Vec<i64>);

impl FromIterator<i64> for Blocks {
    fn from_iter<I: IntoIterator<Item = i64>>(blocks: I) -> Self {
        let mut blocks: Vec<i64> = blocks.into_iter().collect();
        blocks.sort_unstable();
        blocks.dedup();
        Self(blocks)
    }
}

impl Blocks {
    fn sentences(self) -> Vec<String> {
        self.0.into_iter().map(|block| format!("audit: postings of block {block} are missing")).collect()
    }
}

fn missing(wanted: &[Posting], held: &[Posting]) -> Vec<Posting> {
    let held: HashMap<(i64, i64), i64> =
        held.iter().map(|posting| ((posting.term, posting.block), posting.bits)).collect();
    let lacks = |posting: &&Posting| {
        let bits = held.get(&(posting.term, posting.block)).copied().unwrap_or(0);
        posting.bits & !bits != 0
    };
    wanted.iter().filter(lacks).copied().collect()
}

/// The blocks whose bounds leave a record out or do not rise as they must, and the last bounds as they are to be.
fn narrow(wanted: &[Bounds], held: &[Bounds], before: (i64, i64)) -> (Vec<i64>, (i64, i64)) {
    let (mut before, mut narrow) = (before, Vec::new());
    for bounds in wanted {
        let latest = bounds.latest.max(before.0);
        // The first block may have its instant from records that an archive took away.
        let fits = |held: &&Bounds| held.latest == latest || before.0 == i64::MIN && held.latest > latest;
        let wide = |held: &&Bounds| held.floor <= bounds.floor && held.floor >= before.1;
        let found = held.iter().find(|held| held.block == bounds.block).filter(fits).filter(wide);
        before = found.map_or((latest, bounds.floor), |held| (held.latest, held.floor));
        if found.is_none() {
            narrow.push(bounds.block);
        }
    }
    (narrow, before)
}

/// Implements [`Mending`] for the transaction of one database.
macro_rules! mending {
    ($module:ident, $tx:ident, $read:ident, $sql:ident, $batch:path) => {
        /// Comparing what follows from the trail.
        mod $module {
            use async_trait::async_trait;

            use super::$read::trail_row;
            use super::$tx::{RowExt as _, Tx, query};
            use crate::model::Error;
            use crate::store::columns::Column;
            use crate::store::convert::column;
            use crate::store::trail::index::Index;
            use crate::store::trail::statements::{self, $sql as batch};
            use crate::store::trail::{Bounds, Mending, Posting, TrailRow};

            fn columns(postings: &[Posting], bits: bool) -> Vec<Column> {
                let mut columns = vec![
                    Column::Int(postings.iter().map(|posting| posting.term).collect()),
                    Column::Int(postings.iter().map(|posting| posting.block).collect()),
                ];
                if bits {
                    columns.push(Column::Int(postings.iter().map(|posting| posting.bits).collect()));
                }
                columns
            }

            fn block_columns(blocks: &[Bounds]) -> Vec<Column> {
                vec![
                    Column::Int(blocks.iter().map(|bounds| bounds.block).collect()),
                    Column::Int(blocks.iter().map(|bounds| bounds.latest).collect()),
                    Column::Int(blocks.iter().map(|bounds| bounds.floor).collect()),
                ]
            }

            #[async_trait]
            impl Mending for Tx<'_> {
                async fn sealed_after(&mut self, after: i64, limit: usize) -> Result<Vec<TrailRow>, Error> {
                    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
                    let statement = query(statements::RUN).bind(after).bind(i64::MAX).bind(limit);
                    self.fetch(statement).await?.iter().map(trail_row).collect()
                }

                async fn held_postings(&mut self, postings: &[Posting]) -> Result<Vec<Posting>, Error> {
                    let rows = self.fetch($batch(batch::HELD_POSTINGS, columns(postings, false))).await?;
                    rows.iter()
                        .map(|row| {
                            let (term, block) = (column!(row, 0), column!(row, 1));
                            Ok(Posting { term, block, bits: column!(row, 2) })
                        })
                        .collect()
                }

                async fn held_bounds(&mut self, first: i64, last: i64) -> Result<Vec<Bounds>, Error> {
                    let statement = query(statements::BOUNDS).bind(first).bind(last);
                    let rows = self.fetch(statement).await?;
                    rows.iter()
                        .map(|row| {
                            let (block, latest) = (column!(row, 0), column!(row, 1));
                            Ok(Bounds { block, latest, floor: column!(row, 2) })
                        })
                        .collect()
                }

                async fn mend_postings(&mut self, postings: &[Posting]) -> Result<(), Error> {
                    self.execute($batch(batch::ADD_POSTINGS, columns(postings, true))).await.map(|_| ())
                }

                async fn mend_bounds(&mut self, index: &Index) -> Result<(), Error> {
                    let (Some(earliest), Some(first)) = (index.earliest, index.blocks.first()) else {
                        return Ok(());
                    };
                    self.execute(query(statements::LOWER_FLOORS).bind(earliest).bind(first.block)).await?;
                    if let Some((last, whole)) = index.blocks.split_last() {
                        if !whole.is_empty() {
                            self.execute($batch(batch::SET_BLOCKS, block_columns(whole))).await?;
                        }
                        self.execute($batch(batch::PUT_BLOCKS, block_columns(&[*last]))).await?;
                    }
                    Ok(())
                }
            }
        }
    };
}
pub(in crate::store) use mending;

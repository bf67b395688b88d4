//! Every hit of a source, a batch at a time: within a transaction, and of what is committed. The one place that walks
//! a source to its end without a caller who asks for pages.

use crate::model::{Error, Row, Stored};
use crate::store::{Hit, Position, Read, Source, Write};

/// How many hits are read at a time.
const BATCH: usize = 1_000;

/// A walk along a source. Entities that were written behind its place while it goes on are met as well.
pub struct Every<'s> {
    source: &'s Source,
    at: Option<Position>,
}

impl<'s> Every<'s> {
    /// From the beginning of `source`.
    pub fn of(source: &'s Source) -> Self {
        Self { source, at: None }
    }

    fn went(&mut self, hits: Vec<Hit>) -> Option<Vec<Hit>> {
        self.at = Some(hits.last()?.at.clone());
        Some(hits)
    }

    /// The next hits within a transaction; `None` at the end.
    pub async fn next(&mut self, tx: &mut dyn Write) -> Result<Option<Vec<Hit>>, Error> {
        let hits = tx.scan(self.source, self.at.as_ref(), BATCH).await?;
        Ok(self.went(hits))
    }

    /// The next entities within a transaction, locked; `None` at the end.
    pub async fn next_loaded(&mut self, tx: &mut dyn Write) -> Result<Option<Vec<Stored>>, Error> {
        match self.next(tx).await? {
            Some(hits) => tx.load_rows(&rows(&hits)).await.map(Some),
            None => Ok(None),
        }
    }

    /// The next hits of what is committed; `None` at the end.
    pub async fn next_committed<R: Read + ?Sized>(&mut self, read: &R) -> Result<Option<Vec<Hit>>, Error> {
        let hits = read.scan(self.source, self.at.as_ref(), BATCH).await?;
        Ok(self.went(hits))
    }
}

/// The rows of hits.
pub fn rows(hits: &[Hit]) -> Vec<Row> {
    hits.iter().map(|hit| hit.row).collect()
}

/// Every hit within a transaction.
pub async fn hits_in(tx: &mut dyn Write, source: &Source) -> Result<Vec<Hit>, Error> {
    let (mut every, mut found) = (Every::of(source), Vec::new());
    while let Some(hits) = every.next(tx).await? {
        found.extend(hits);
    }
    Ok(found)
}

/// Every hit of what is committed.
pub async fn hits<R: Read + ?Sized>(read: &R, source: &Source) -> Result<Vec<Hit>, Error> {
    let (mut every, mut found) = (Every::of(source), Vec::new());
    while let Some(hits) = every.next_committed(read).await? {
        found.extend(hits);
    }
    Ok(found)
}

/// Every entity of what is committed, in the order of the source.
pub async fn entities<R: Read + ?Sized>(read: &R, source: &Source) -> Result<Vec<Stored>, Error> {
    let (mut every, mut found) = (Every::of(source), Vec::new());
    while let Some(hits) = every.next_committed(read).await? {
        found.extend(read.by_rows(&rows(&hits)).await?);
    }
    Ok(found)
}

//! The resume point of an import: how far it came and what came of it. It stands in the job table and moves in the
//! transaction of each chunk, so that a process that dies between two chunks has lost nothing and repeats nothing.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::model::Error;
use crate::store::Write;
use crate::store::job::Lease;

/// A record that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Its number in the file, from 1.
    pub record: u64,
    /// The line it begins on.
    pub line: u64,
    /// Why; never a value of it.
    pub reason: String,
}

/// References of a new entity to entities that come later in the file; set at its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deferred {
    /// The record's number.
    pub record: u64,
    /// The line it begins on.
    pub line: u64,
    /// The kind's name.
    pub kind: String,
    /// The entity.
    pub id: Uuid,
    /// The number of the attribute.
    pub attr: u32,
    /// What it refers to, as given.
    pub to: Vec<String>,
}

/// How far an import came.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// Records dealt with.
    pub at: u64,
    /// Entities made.
    pub made: u64,
    /// Entities changed.
    pub updated: u64,
    /// Records passed over, or that said what is there already.
    pub skipped: u64,
    /// Records refused.
    pub refused: u64,
    /// References that wait for the end.
    pub deferred: Vec<Deferred>,
    /// What the last chunk refused: a report that was not written any more can be completed.
    pub last: Vec<Refusal>,
    /// Whether the file was dealt with to its end.
    pub done: bool,
}

/// What came of one chunk.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Entities made.
    pub made: u64,
    /// Entities changed.
    pub updated: u64,
    /// Records passed over.
    pub skipped: u64,
    /// Records refused.
    pub refused: Vec<Refusal>,
    /// References that wait for the end.
    pub deferred: Vec<Deferred>,
}

impl Cursor {
    /// The cursor after a chunk of `records` records.
    #[must_use]
    pub fn after(&self, records: u64, outcome: &Outcome) -> Self {
        let mut deferred = self.deferred.clone();
        deferred.extend(outcome.deferred.iter().cloned());
        Self {
            at: self.at + records,
            made: self.made + outcome.made,
            updated: self.updated + outcome.updated,
            skipped: self.skipped + outcome.skipped,
            refused: self.refused + outcome.refused.len() as u64,
            deferred,
            last: outcome.refused.clone(),
            done: false,
        }
    }

    fn text(&self) -> Result<String, Error> {
        serde_json::to_string(self).map_err(|error| Error::internal(format!("resume point: {error}")))
    }
}

/// The name under which a file's resume point is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    lease: Lease,
}

impl Checkpoint {
    /// The resume point of the file with that hash.
    pub fn of(hash: &blake3::Hash) -> Self {
        // The owner follows from the file: who resumes after a crash need not wait until a lease ends. Two imports of
        // one file at once meet at the cursor.
        let (head, _) = hash.as_bytes().split_at(16);
        let owner = Uuid::from_slice(head).unwrap_or_default();
        Self { lease: Lease { name: format!("import:{}", hash.to_hex()), owner } }
    }

    /// Reads the resume point; `None` when the file was never begun.
    pub async fn read(&self, tx: &mut dyn Write, now: i64) -> Result<Option<Cursor>, Error> {
        let text = tx.acquire_job(&self.lease.name, self.lease.owner, now, now).await?.unwrap_or_default();
        if text.is_empty() {
            return Ok(None);
        }
        let cursor = serde_json::from_str(&text);
        cursor.map(Some).map_err(|error| Error::internal(format!("resume point: {error}")))
    }

    /// Moves the resume point from `before` to `after`; `before` is not asked for when the import begins anew.
    pub async fn advance(
        &self,
        tx: &mut dyn Write,
        before: Option<&Cursor>,
        after: &Cursor,
        now: i64,
    ) -> Result<(), Error> {
        let Lease { name, owner } = &self.lease;
        let held = tx.acquire_job(name, *owner, now, now.saturating_add(1)).await?;
        if let Some(before) = before
            && held.as_deref() != Some(before.text()?.as_str())
        {
            return Err(Error::conflict("another import of the same file is at work"));
        }
        if tx.release_job(&self.lease, &after.text()?).await? {
            return Ok(());
        }
        Err(Error::internal("the resume point was lost"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_adds_up_and_keeps_only_the_last_refusals() {
        let refusal = |record| Refusal { record, line: record + 1, reason: "login: taken".into() };
        let first = Outcome { made: 3, refused: vec![refusal(2)], ..Outcome::default() };
        let second = Outcome { skipped: 1, refused: vec![refusal(5)], ..Outcome::default() };
        let cursor = Cursor::default().after(4, &first).after(2, &second);
        assert_eq!((cursor.at, cursor.made, cursor.skipped, cursor.refused), (6, 3, 1, 2));
        assert_eq!(cursor.last, [refusal(5)]);
        let text = cursor.text().unwrap();
        assert_eq!(serde_json::from_str::<Cursor>(&text).unwrap(), cursor);
    }
}

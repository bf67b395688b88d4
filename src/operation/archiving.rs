//! Archiving the audit trail: sealed records into a file that verifies without the database, and then, if that is
//! wanted, out of the database. A checkpoint stands in their place and keeps the chain whole.

use std::io::Write;
use std::sync::Arc;

use async_trait::async_trait;

use crate::audit::segment::{self, Summary};
use crate::audit::verify::{Finding, Verifier};
use crate::model::value::instant_text;
use crate::model::{Error, Row};
use crate::operation::verifying;
use crate::store::trail::Checkpoint;
use crate::store::{SharedStore, Touched, TrailRow, Unit, Write as Transaction};

/// Records read, or removed, at a time.
const CHUNK: usize = 1_000;

/// Why nothing was archived.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The database or the operation refuses.
    #[error("{}", words(.0))]
    Refused(#[from] Error),
    /// The file cannot be written.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// The trail does not hold; what is broken is not put away.
    #[error("the trail does not hold: {0}")]
    Broken(Finding),
}

fn words(error: &Error) -> String {
    match error {
        Error::Unavailable { detail, .. } | Error::Internal { detail } => format!("{error}: {detail}"),
        other => other.to_string(),
    }
}

/// Writes the sealed records from the beginning up to, not including, the first of the instant `before` or later.
/// Verifies the chain on the way. `now` is told in the file. Instants are microseconds.
pub async fn copy<W: Write>(
    store: &SharedStore,
    (before, now): (i64, i64),
    out: W,
) -> Result<(W, Summary), ArchiveError> {
    let start = verifying::start(store).await?.map_err(ArchiveError::Broken)?;
    let mut writer = segment::Writer::new(out, start, instant_text(now))?;
    let mut walk = Verifier::new(start, None);
    'chunks: loop {
        let rows = store.audit_run(walk.head.seq, i64::MAX, CHUNK).await?;
        if rows.is_empty() {
            break;
        }
        for held in &rows {
            let Some(seal) = &held.seal else { continue };
            if held.record.at >= before {
                break 'chunks;
            }
            let canonical = &held.record.canonical;
            walk.next((seal.seq, held.row), &seal.hash, canonical).map_err(ArchiveError::Broken)?;
            if !verifying::fits(&held.record) {
                let detail = "the columns of the record are not those of its canonical form";
                return Err(ArchiveError::Broken(Finding::at(seal.seq, Some(held.row), "altered", detail)));
            }
            writer.record(walk.head, held.row, canonical)?;
        }
    }
    Ok(writer.finish()?)
}

/// Removes the records that a file holds, a part at a time, beginning where an earlier removal of them was broken off;
/// `now` is noted. The file must be safe and verified. Error 10 when the trail does not begin within the file, or the
/// records of the trail are not those of the file.
pub async fn remove(store: &SharedStore, file: &Summary, now: i64) -> Result<(), Error> {
    let earlier = store.audit_checkpoint().await?;
    let begins = verifying::start(store).await?.map_err(|finding| Error::conflict(finding.to_string()))?;
    if begins.seq < file.start.seq || begins.seq >= file.head.seq {
        return Err(Error::conflict("the records of the file are gone already, or others stand before them"));
    }
    if store
        .audit_run(file.head.seq.saturating_sub(1), file.head.seq, 1)
        .await?
        .pop()
        .and_then(|held| held.seal)
        .is_none_or(|seal| seal.hash != file.head.hash)
    {
        return Err(Error::conflict("the records of the trail are not those of the file"));
    }
    let mut done = Checkpoint {
        first: file.start.seq.saturating_add(1),
        seq: begins.seq,
        hash: begins.hash.to_vec(),
        row: earlier.map_or(0, |checkpoint| checkpoint.row),
        records: begins.seq.saturating_sub(file.start.seq),
        at: now,
        digest: file.digest.clone(),
    };
    while done.seq < file.head.seq {
        let rows = store.audit_run(done.seq, file.head.seq, CHUNK).await?;
        let Some(last) = rows.last().and_then(|held| held.seal.clone()) else {
            return Err(Error::conflict("the records of the file are gone already"));
        };
        let before = done.seq;
        done.seq = last.seq;
        done.hash = last.hash;
        done.row = rows.iter().map(|held| held.row).fold(done.row, Row::max);
        done.records = done.records.saturating_add(i64::try_from(rows.len()).unwrap_or(i64::MAX));
        store.transact(Arc::new(Drop { rows, before, checkpoint: done.clone() })).await?;
    }
    Ok(())
}

struct Drop {
    rows: Vec<TrailRow>,
    /// The number behind which they begin.
    before: i64,
    checkpoint: Checkpoint,
}

#[async_trait]
impl Unit for Drop {
    async fn run(&self, tx: &mut dyn Transaction) -> Result<Touched, Error> {
        let checkpoint = tx.last_checkpoint().await?;
        let stands = checkpoint.map_or(0, |checkpoint| checkpoint.seq);
        if stands != self.before {
            return Err(Error::conflict("another archive has removed records meanwhile"));
        }
        tx.drop_sealed(&self.rows, &self.checkpoint).await?;
        Ok(Touched::default())
    }

    async fn refused(&self, _tx: &mut dyn Transaction, _error: &Error) -> Result<(), Error> {
        Ok(())
    }

    fn is_bulk(&self) -> bool {
        true
    }
}

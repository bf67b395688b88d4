//! Verifying the audit trail: the chain is walked from its beginning, or from the last checkpoint, and the first place
//! where it does not hold is named. Reads only, in chunks, beside whoever writes.

use crate::audit::Record;
use crate::audit::chain::{Hash, Head};
use crate::audit::record::AuditRow;
use crate::audit::verify::{Finding, Verifier};
use crate::model::{Error, Row};
use crate::store::SharedStore;
use crate::store::trail::{Checkpoint, Held, Link};

/// Seals read at a time.
const CHUNK: usize = 2_000;

/// What verifying came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Where the walk began.
    pub start: Head,
    /// How far the chain holds.
    pub head: Head,
    /// Sealed records that were verified.
    pub records: u64,
    /// Records that waited for their seal when they were counted, before the walk, which may have met some of them
    /// sealed; 0 where something was found. Of a whole trail every record that was committed before is among these or
    /// the verified.
    pub unsealed: u64,
    /// What is wrong; nothing was looked at beyond it.
    pub finding: Option<Finding>,
}

/// The next seal of the chain, with the record it was given to.
fn follow(walk: &mut Verifier, link: &Link) -> Result<(), Finding> {
    let (seq, row) = (link.seal.seq, link.row);
    walk.number(seq, row)?;
    let found = |what, detail: &str| Err(Finding::at(seq, Some(row), what, detail));
    match &link.record {
        Held::Missing => found("missing", "its seal is there, the record is not"),
        Held::Unreadable => found("altered", "the record does not have the form of one"),
        Held::Record(record) if !fits(record) => {
            found("altered", "the columns of the record are not those of its canonical form")
        }
        Held::Record(record) => walk.next((seq, row), &link.seal.hash, &record.canonical),
    }
}

/// Whether the columns say what the canonical bytes say.
pub(super) fn fits(record: &AuditRow) -> bool {
    Record::from_canonical(&record.canonical).is_some_and(|read| read.row() == *record)
}

fn checkpoint_head(checkpoint: &Checkpoint) -> Result<Head, Finding> {
    let hash: Result<Hash, _> = checkpoint.hash.as_slice().try_into();
    let damaged = |_| Finding::at(checkpoint.seq, None, "altered", "the checkpoint holds no hash");
    hash.map(|hash| Head { seq: checkpoint.seq, hash }).map_err(damaged)
}

/// Where the chain that the database holds begins.
pub async fn start(store: &SharedStore) -> Result<Result<Head, Finding>, Error> {
    let checkpoint = store.audit_checkpoint().await?;
    Ok(checkpoint.as_ref().map_or(Ok(Head::GENESIS), checkpoint_head))
}

/// The head of the chain, as it is stored; not verified.
pub async fn head(store: &SharedStore) -> Result<Head, Error> {
    let sealed = store.audit_sealed().await?;
    let links = store.audit_links(sealed.seq.saturating_sub(1), 1).await?;
    let Some(link) = links.first() else {
        return start(store).await?.map_err(|finding| Error::internal(finding.to_string()));
    };
    let hash = link.seal.hash.as_slice().try_into();
    let hash = hash.map_err(|_| Error::internal("the last seal is damaged"))?;
    Ok(Head { seq: link.seal.seq, hash })
}

/// Verifies the whole trail, and that `expected`, noted at some time before, is a place in it. Error 1 names `head` when
/// that place was archived.
pub async fn verify(store: &SharedStore, expected: Option<Head>) -> Result<Verdict, Error> {
    loop {
        let begun = store.audit_checkpoint().await?;
        let verdict = once(store, begun.as_ref(), expected).await?;
        // An archive that took records away meanwhile looks like a hand that did.
        if verdict.finding.is_none() || store.audit_checkpoint().await? == begun {
            return Ok(verdict);
        }
    }
}

async fn once(
    store: &SharedStore,
    checkpoint: Option<&Checkpoint>,
    expected: Option<Head>,
) -> Result<Verdict, Error> {
    let start = match checkpoint.map_or(Ok(Head::GENESIS), checkpoint_head) {
        Ok(start) => start,
        Err(finding) => {
            let head = Head::GENESIS;
            return Ok(Verdict { start: head, head, records: 0, unsealed: 0, finding: Some(finding) });
        }
    };
    if expected.is_some_and(|expected| expected.seq < start.seq) {
        let why = format!("that number was archived; the database begins behind number {}", start.seq);
        return Err(Error::invalid("head", why));
    }
    let low = store.audit_sealed().await?.low;
    // Counted before the walk: afterwards, one that is sealed in between would be in neither count. What cannot be
    // counted must not hide what the walk finds.
    let unsealed = waiting(store, low).await;
    let mut walk = Verifier::new(start, expected);
    let broken = |finding: Finding, walk: &Verifier| {
        let (head, records) = (walk.head, walk.records);
        Ok(Verdict { start, head, records, unsealed: 0, finding: Some(finding) })
    };
    if let Some(expected) = expected.filter(|expected| expected.seq == start.seq && *expected != start) {
        let detail = "the chain begins otherwise than with the head that was given";
        return broken(Finding::at(expected.seq, None, "altered", detail), &walk);
    }
    let row = match walk_links(store, &mut walk).await? {
        Ok(row) => row.max(checkpoint.map_or(0, |checkpoint| checkpoint.row)),
        Err(finding) => return broken(finding, &walk),
    };
    if let Some(finding) = ends(&walk, (row, low), expected) {
        return broken(finding, &walk);
    }
    if let Some(first) = store.audit_unsealed(i64::MIN, 1).await?.first().filter(|held| held.row <= low) {
        let detail = "a record without a seal stands among sealed ones".to_owned();
        let finding = Finding { seq: None, row: Some(first.row), what: "inserted", detail };
        return broken(finding, &walk);
    }
    Ok(Verdict { start, head: walk.head, records: walk.records, unsealed: unsealed?, finding: None })
}

/// Walks every link; tells the highest row.
async fn walk_links(store: &SharedStore, walk: &mut Verifier) -> Result<Result<Row, Finding>, Error> {
    let mut row = 0;
    let mut chunk = store.audit_links(i64::MIN, CHUNK).await?;
    while let Some(last) = chunk.last().map(|link| link.seal.seq) {
        // The next chunk is read while this one is verified.
        let reader = SharedStore::clone(store);
        let next = tokio::spawn(async move { reader.audit_links(last, CHUNK).await });
        for link in &chunk {
            if let Err(finding) = follow(walk, link) {
                return Ok(Err(finding));
            }
            row = row.max(link.row);
        }
        chunk = next.await.map_err(|error| Error::internal(format!("reading seals: {error}")))??;
    }
    Ok(Ok(row))
}

/// Whether the end of the trail was cut off.
fn ends(walk: &Verifier, (row, low): (Row, Row), expected: Option<Head>) -> Option<Finding> {
    let end = walk.head.seq;
    if let Some(expected) = expected.filter(|expected| expected.seq > end) {
        let detail = format!("the trail ends at number {end}, but had a number {} once", expected.seq);
        return Some(Finding::at(end.saturating_add(1), None, "cut", &detail));
    }
    (row < low).then(|| {
        let detail = format!("the trail ends at number {end}, but was sealed up to row {low} once");
        Finding::at(end.saturating_add(1), None, "cut", &detail)
    })
}

async fn waiting(store: &SharedStore, low: Row) -> Result<u64, Error> {
    let (mut count, mut after) = (0_u64, low);
    loop {
        let rows = store.audit_unsealed(after, CHUNK).await?;
        let Some(last) = rows.last() else { return Ok(count) };
        count += rows.len() as u64;
        after = last.row;
    }
}

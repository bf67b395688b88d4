//! The audit trail as the database holds it: records, their seals, and what makes sealed records quick to find.
//!
//! A sealed record has a dense number (`seq`) and a hash of the chain. For each block of 64 numbers a posting tells
//! which of its records have a value, and two instants bound it in time. All of that is written by the sealer alone;
//! postings and bounds can be made anew from the records.
//!
//! - `statements`: the SQL. `read`, `write`: one body each for both databases.
//! - [`listing`]: the records that pass filters, in order.
//! - [`index`]: what follows from sealed records. `mend`: comparing and mending it.

pub mod index;
pub mod listing;
pub(in crate::store) mod mend;
mod read;
pub(in crate::store) mod statements;
mod write;

use async_trait::async_trait;
use uuid::Uuid;

use crate::audit::chain::Hash;
use crate::audit::record::AuditRow;
use crate::model::{Error, Row};
use crate::store::Position;
use crate::store::traits::AuditQuery;

pub(super) use mend::{Mending, mending};
pub(super) use read::trail;
pub(super) use write::sealing;

/// The job of the sealer. Its cursor is the low-water mark: every record up to that row that will ever be committed
/// is sealed.
pub const SEAL_JOB: &str = "seal";

/// Sequence numbers of a block.
pub const BLOCK: i64 = 64;

/// A record as it stands in the trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrailRow {
    /// Its row in the audit table.
    pub row: Row,
    /// The record.
    pub record: AuditRow,
    /// Its place in the chain, once it is sealed.
    pub seal: Option<Seal>,
}

/// A record's place in the chain, as the database holds it: nothing here was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal {
    /// Its number.
    pub seq: i64,
    /// Its hash.
    pub hash: Vec<u8>,
}

/// A seal with the record it was given to, if that is still there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The seal.
    pub seal: Seal,
    /// The row of the record.
    pub row: Row,
    /// The record.
    pub record: Held,
}

/// A record whose seal is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// It is gone.
    Missing,
    /// It is there, but not in the form that records have.
    Unreadable,
    /// It is there.
    Record(Box<AuditRow>),
}

/// Which records of a block have a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Posting {
    /// The value's number, see [`crate::audit::chain::term`].
    pub term: i64,
    /// The block.
    pub block: i64,
    /// Bit `i` stands for number `64 * block + i`.
    pub bits: i64,
}

/// The bounds of a block in time; both rise with the blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// The block.
    pub block: i64,
    /// The latest instant of any record up to the end of this block.
    pub latest: i64,
    /// The earliest instant of any record from the beginning of this block on.
    pub floor: i64,
}

/// How far the trail is sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sealed {
    /// The highest number; that of the checkpoint when nothing else is sealed.
    pub seq: i64,
    /// The highest row that is sealed or archived.
    pub row: Row,
    /// The low-water mark, see [`SEAL_JOB`].
    pub low: Row,
}

/// Where an archive took records away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The first number it took.
    pub first: i64,
    /// The last number it took.
    pub seq: i64,
    /// The hash of the last.
    pub hash: Vec<u8>,
    /// The highest row it took.
    pub row: Row,
    /// How many records.
    pub records: i64,
    /// When, microseconds.
    pub at: i64,
    /// SHA-256 of the file that holds them.
    pub digest: Vec<u8>,
}

/// What is known of the writers of the trail at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Horizon {
    /// The highest row that was visible.
    pub last: Row,
    /// The transactions that, looked at after that, may still commit records; names that are never used again.
    pub writers: Vec<String>,
}

/// A seal to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewSeal {
    /// Its number.
    pub seq: i64,
    /// The row of its record.
    pub row: Row,
    /// Its hash.
    pub hash: Hash,
}

/// Reads of the committed trail.
#[async_trait]
pub trait Trail: Send + Sync {
    /// The record of that id.
    async fn audit_record(&self, id: Uuid) -> Result<Option<TrailRow>, Error>;

    /// The record of that number.
    async fn audit_at(&self, seq: i64) -> Result<Option<TrailRow>, Error>;

    /// The records of those numbers that exist, by number.
    async fn audit_numbered(&self, seqs: &[i64]) -> Result<Vec<TrailRow>, Error>;

    /// Up to `limit` records with a number above `after` and up to `until`, by number.
    async fn audit_run(&self, after: i64, until: i64, limit: usize) -> Result<Vec<TrailRow>, Error>;

    /// Up to `limit` records above row `after` that are not sealed, by row.
    async fn audit_unsealed(&self, after: Row, limit: usize) -> Result<Vec<TrailRow>, Error>;

    /// Up to `limit` postings of a term from `block` on, by block.
    async fn audit_postings(&self, term: i64, block: i64, limit: usize) -> Result<Vec<Posting>, Error>;

    /// The first block with an instant of `from` or later up to its end; `None` when there is none.
    async fn audit_block_from(&self, from: i64) -> Result<Option<i64>, Error>;

    /// The last block with an instant before `to` from its beginning on; `None` when there is none.
    async fn audit_block_to(&self, to: i64) -> Result<Option<i64>, Error>;

    /// How far the trail is sealed.
    async fn audit_sealed(&self) -> Result<Sealed, Error>;

    /// Up to `limit` seals with a number above `after`, by number, each with its record.
    async fn audit_links(&self, after: i64, limit: usize) -> Result<Vec<Link>, Error>;

    /// The last checkpoint.
    async fn audit_checkpoint(&self) -> Result<Option<Checkpoint>, Error>;

    /// The records that pass the filters, beyond `after`: see [`listing::page`].
    async fn audit(
        &self,
        query: &AuditQuery,
        after: &Position,
        limit: usize,
    ) -> Result<Vec<(Position, TrailRow)>, Error>;
}

/// What sealing and archiving do to the trail within a transaction.
#[async_trait]
pub trait Sealing: Send {
    /// What is known of the writers now; look before [`Sealing::unsealed`].
    async fn audit_horizon(&mut self) -> Result<Horizon, Error>;

    /// Up to `limit` records above row `after` that are not sealed, by row.
    async fn unsealed(&mut self, after: Row, limit: usize) -> Result<Vec<TrailRow>, Error>;

    /// The last seal, or what the last checkpoint says when nothing is sealed after it; number 0 before everything.
    async fn last_seal(&mut self) -> Result<Seal, Error>;

    /// The last checkpoint.
    async fn last_checkpoint(&mut self) -> Result<Option<Checkpoint>, Error>;

    /// The latest instant of any sealed record; the earliest possible one when none is sealed.
    async fn latest_sealed(&mut self) -> Result<i64, Error>;

    /// Writes seals; a number or a row that has one already is an error.
    async fn put_seals(&mut self, seals: &[NewSeal]) -> Result<(), Error>;

    /// Adds what follows from records that were just sealed: bits to postings, bounds to blocks.
    async fn put_index(&mut self, index: &index::Index) -> Result<(), Error>;

    /// Removes records with their seals and all that follows from them alone, and notes how the chain stood there.
    async fn drop_sealed(&mut self, rows: &[TrailRow], checkpoint: &Checkpoint) -> Result<(), Error>;
}

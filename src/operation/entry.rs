//! Rows that are shown like entities and are none: audit records, mails, declared attributes. Each source of them is
//! read in pages along an order of its own.

use async_trait::async_trait;
use uuid::Uuid;

use crate::model::{Error, Kind};
use crate::operation::engine::{Caller, Engine};
use crate::store::Position;

/// One row as it is shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its public id.
    pub id: Uuid,
    /// Where it stands in its list.
    pub at: Position,
    /// Grows with every change of it.
    pub version: i64,
    /// When it last changed, microseconds; 0 when that is not known.
    pub updated: i64,
    /// Names and values, in the order of the answer; empty where only ids were asked for.
    pub fields: Vec<(&'static str, Vec<String>)>,
}

/// A list of entries, with its filters.
#[async_trait]
pub trait Entries: Send + Sync {
    /// The kind by which they are granted and named.
    fn kind(&self) -> Kind;

    /// What the filters are; cursors are bound to it.
    fn identity(&self) -> String;

    /// Up to `limit` entries beyond `after`; with their fields when `whole`. Error 3 without the grant to read them.
    async fn page(
        &self,
        engine: &Engine,
        caller: &Caller,
        after: &Position,
        (limit, whole): (usize, bool),
    ) -> Result<Vec<Entry>, Error>;
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Entry").field("id", &self.id).finish_non_exhaustive()
    }
}

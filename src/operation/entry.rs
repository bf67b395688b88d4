//! Rows that are shown like entities and are none: audit records, mails, declared attributes. Each source of them is
//! read in pages along an order of its own.

use async_trait::async_trait;
use uuid::Uuid;

use crate::model::{Error, Kind, Verb};
use crate::operation::engine::{Caller, Engine};
use crate::operation::scope::check_kind;
use crate::operation::{attribute_definition, audit_trail, outbox};
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

    /// Up to `limit` entries beyond `after`; with their fields when `whole`. To be asked through [`page`] only, which
    /// looks whether the caller may read them.
    async fn read(
        &self,
        engine: &Engine,
        after: &Position,
        (limit, whole): (usize, bool),
    ) -> Result<Vec<Entry>, Error>;
}

/// Error 3 without the grant to read entries of `kind`; error 7 for a caller that is bounded to an organization.
fn readable(caller: &Caller, kind: Kind) -> Result<(), Error> {
    caller.grants.require(Verb::Read, kind)?;
    check_kind(kind, caller.within)
}

/// Up to `limit` entries beyond `after`; with their fields when `whole`. Error 3 without the grant to read them.
pub async fn page(
    entries: &dyn Entries,
    engine: &Engine,
    caller: &Caller,
    after: &Position,
    limit_and_whole: (usize, bool),
) -> Result<Vec<Entry>, Error> {
    readable(caller, entries.kind())?;
    entries.read(engine, after, limit_and_whole).await
}

/// The entry of `kind` that a path segment names. Error 3 without the grant to read it; error 7 when there is none.
pub async fn one(engine: &Engine, caller: &Caller, kind: Kind, segment: &str) -> Result<Entry, Error> {
    readable(caller, kind)?;
    match kind {
        Kind::Message => outbox::one(engine, segment).await,
        Kind::AttributeDefinition => attribute_definition::one(engine, caller, segment).await,
        _ => audit_trail::one(engine, segment).await,
    }
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Entry").field("id", &self.id).finish_non_exhaustive()
    }
}

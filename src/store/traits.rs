//! What the store offers to the other rooms. Both databases behave the same behind these traits; one
//! conformance suite holds them to it.

use std::sync::Arc;

use async_trait::async_trait;
use uuid::Uuid;

pub use crate::audit::record::AuditRow;
use crate::model::registry::Attribute;
use crate::model::{AttrId, Attributes, Error, Kind, Registry, Row, Stored, Valid};
use crate::store::answers::{Answers, Kept};
use crate::store::bulk::Bulk;
use crate::store::declaration::Declarations;
use crate::store::job::Jobs;
use crate::store::ledger::{Ledger, Ledgering};
use crate::store::look::View;
use crate::store::outbox::{HeldMail, Outbox, OutboxQuery};
use crate::store::secret::Secrets;
use crate::store::sign_in::SignIns;
use crate::store::trail::{Sealing, Trail};

/// A set of entities in a fixed order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Every entity of a kind, by row. The key of a hit is empty.
    Kind(Kind),
    /// The entities with a search key from `low` up to, not including, `high`; by (key, row). An entity with
    /// several keys in the range is a hit for each of them.
    Keys {
        /// The attribute searched.
        attr: AttrId,
        /// The first key.
        low: Vec<u8>,
        /// The first key beyond; `None` is no end.
        high: Option<Vec<u8>>,
    },
    /// The entities whose reference `attr` points to one of these rows; by row, each once.
    RefersTo {
        /// The reference.
        attr: AttrId,
        /// The targets.
        to: Vec<Row>,
    },
    /// The entities whose reference `attr`, which must hold one value, points to `ancestor` or an organization
    /// below it; by row. A page costs its size times the number of organizations: for few of these.
    Subtree {
        /// The reference.
        attr: AttrId,
        /// The organization on top.
        ancestor: Row,
    },
    /// As [`Source::Subtree`], one organization after another in their order, within each by row; the key of a
    /// hit is the organization's row, big-endian. A page costs its size however many organizations there are.
    ByOrganization {
        /// The reference.
        attr: AttrId,
        /// The organization on top.
        ancestor: Row,
    },
    /// The organizations below `ancestor`, without itself, at any depth; by row.
    Below {
        /// The organization on top.
        ancestor: Row,
    },
    /// The entities of a kind whose last change lies at or after `from` and before `to`; by instant of the change,
    /// which is the key (as of an instant's value), then row.
    Changed {
        /// The kind.
        kind: Kind,
        /// The first instant, microseconds.
        from: i64,
        /// The first instant beyond.
        to: i64,
    },
    /// What the links whose `from` points to `to` point to by `onto`; in the order of linking: a hit stands at the
    /// row of its link. Two ends have at most one link. (A user's roles through assignments; the mandates
    /// delegated to a user.)
    Linked {
        /// The link's reference to the known end.
        from: AttrId,
        /// The known end.
        to: Row,
        /// The link's reference to the other end.
        onto: AttrId,
    },
}

/// A place in the order of a [`Source`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Position {
    /// The key; empty for sources ordered by row.
    pub key: Vec<u8>,
    /// The row.
    pub row: Row,
}

/// One entity found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Where it stands.
    pub at: Position,
    /// Its own row; in [`Source::Linked`] another than that of its place.
    pub row: Row,
    /// Its public id.
    pub id: Uuid,
}

/// The secret side of a user or API client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// The PHC string of the password's hash.
    pub phc: String,
    /// When it was set, microseconds.
    pub set: i64,
}

/// Which audit records are wanted; every condition that is present must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditQuery {
    /// Equal to the event id.
    pub event_id: Option<String>,
    /// Equal to the module.
    pub module_id: Option<String>,
    /// Equal to the category.
    pub category: Option<String>,
    /// Equal to the client.
    pub client: Option<String>,
    /// Equal to the kind's name.
    pub kind: Option<String>,
    /// Equal to the entity.
    pub entity_id: Option<Uuid>,
    /// Equal to the reference.
    pub reference_id: Option<String>,
    /// Not before this instant, microseconds.
    pub from: Option<i64>,
    /// Before this instant, microseconds.
    pub to: Option<i64>,
}

/// Reads of committed data.
#[async_trait]
pub trait Read: Trail + Ledger + Send + Sync {
    /// The entity of that id.
    async fn by_id(&self, id: Uuid) -> Result<Option<Stored>, Error>;

    /// The entities of those rows that exist, in the order asked.
    async fn by_rows(&self, rows: &[Row]) -> Result<Vec<Stored>, Error>;

    /// Up to `limit` hits of `source` beyond `after`, in the source's order.
    async fn scan(&self, source: &Source, after: Option<&Position>, limit: usize) -> Result<Vec<Hit>, Error>;

    /// As [`Read::scan`], each hit with its entity; `None` where that vanished meanwhile.
    async fn page(
        &self,
        source: &Source,
        after: Option<&Position>,
        limit: usize,
    ) -> Result<Vec<(Hit, Option<Stored>)>, Error> {
        page_apart(self, source, after, limit).await
    }

    /// How many hits `source` has, counting no further than `limit`.
    async fn count(&self, source: &Source, limit: usize) -> Result<usize, Error>;

    /// The row that holds a unique key; `scope` 0 is everywhere.
    async fn holder(&self, attr: AttrId, scope: Row, key: &[u8]) -> Result<Option<Row>, Error>;

    /// The organizations from the root down to `organization`, itself last.
    async fn ancestry(&self, organization: Row) -> Result<Vec<Stored>, Error>;

    /// The stored password of a user or API client.
    async fn credential(&self, subject: Row) -> Result<Option<Credential>, Error>;

    /// The subject of a secret that is still good at `now`, without using it up; the other condition is that it has uses
    /// and tries left.
    async fn secret_subject(&self, purpose: &str, hash: &[u8; 32], now: i64) -> Result<Option<Row>, Error>;

    /// Up to `limit` mails of the outbox in the order of their ids, beyond `after`.
    async fn outbox(&self, query: &OutboxQuery, after: Uuid, limit: usize) -> Result<Vec<HeldMail>, Error>;

    /// One mail of the outbox.
    async fn mail(&self, id: Uuid) -> Result<Option<HeldMail>, Error>;

    /// When the next queued mail is due; `None` when none is queued.
    async fn mail_due(&self) -> Result<Option<i64>, Error>;

    /// What is kept under a key of a client.
    async fn kept_answer(&self, client: &str, key: &str) -> Result<Option<Kept>, Error>;

    /// The custom attributes that are declared.
    async fn custom_attributes(&self) -> Result<Vec<Attribute>, Error>;

    /// The custom attributes whose index is being built or cleared.
    async fn unfinished_indexes(&self) -> Result<Vec<AttrId>, Error>;

    /// The value of a setting.
    async fn setting(&self, name: &str) -> Result<Option<String>, Error>;

    /// Whether the database answers and its migrations are current.
    async fn ready(&self) -> Result<(), Error>;
}

/// Reads hits and their entities one after the other.
pub(super) async fn page_apart<R: Read + ?Sized>(
    store: &R,
    source: &Source,
    after: Option<&Position>,
    limit: usize,
) -> Result<Vec<(Hit, Option<Stored>)>, Error> {
    let hits = store.scan(source, after, limit).await?;
    let rows: Vec<Row> = hits.iter().map(|hit| hit.row).collect();
    let mut entities = store.by_rows(&rows).await?.into_iter().peekable();
    // Entities come in the order asked; one that vanished since the scan is missing.
    let with_entity = |hit: Hit| {
        let entity = entities.next_if(|entity| entity.row() == hit.row);
        (hit, entity)
    };
    Ok(hits.into_iter().map(with_entity).collect())
}

/// A new entity, ready to be written.
#[derive(Debug)]
pub struct Insert<'a> {
    /// Its id.
    pub id: Uuid,
    /// The instant of creation, microseconds.
    pub now: i64,
    /// Row of the owning organization; not asked of kinds that own themselves.
    pub home: Option<Row>,
    /// Its attributes.
    pub valid: &'a Valid,
    /// What its references and unique scopes point to: every id must be here, or be new in the same call.
    pub rows: &'a dyn Rows,
}

/// A changed entity, ready to be written over the old one.
#[derive(Debug)]
pub struct Replace<'a> {
    /// The entity as it was loaded in this transaction.
    pub old: &'a Stored,
    /// The instant of the change, microseconds.
    pub now: i64,
    /// Row of the owning organization.
    pub home: Option<Row>,
    /// Its attributes now.
    pub valid: &'a Valid,
    /// What changed references and unique scopes point to.
    pub rows: &'a dyn Rows,
}

/// Turns the ids of loaded companions into rows.
pub trait Rows: Send + Sync + std::fmt::Debug {
    /// The row of that id, 0 when it is not loaded.
    fn row(&self, id: Uuid) -> Row;
}

impl Rows for crate::model::rules::Companions {
    fn row(&self, id: Uuid) -> Row {
        Self::row(self, id)
    }
}

/// One transaction, in the hands of one change. After its first error nothing of it can be committed any more,
/// whatever the change does then.
#[async_trait]
pub trait Write:
    Answers + Secrets + SignIns + Jobs + Bulk + Outbox + Declarations + Sealing + Ledgering + Send
{
    /// Bounds the transaction's client to the organization of that row and what stands below; `None` lifts it.
    /// The store only carries this; operations obey it.
    fn bind(&mut self, within: Option<Row>);

    /// What the transaction's client is bounded to.
    fn bound(&self) -> Option<Row>;

    /// The organizations that stay, about whose roles, actions, features or mappings the transaction has written; in
    /// order, each part once.
    fn said(&self) -> Vec<(Row, Part)>;

    /// The attribute registry the transaction works with.
    fn registry(&self) -> Arc<Registry>;

    /// The entities of those ids that exist, locked against change until the end, in row order.
    async fn load(&mut self, ids: &[Uuid]) -> Result<Vec<Stored>, Error>;

    /// The entities of those ids that exist, kept from being changed or removed until the end, in row order;
    /// several transactions may hold the same companion.
    async fn companions(&mut self, ids: &[Uuid]) -> Result<Vec<Stored>, Error>;

    /// The entities of those rows that exist, locked against change until the end, in row order.
    async fn load_rows(&mut self, rows: &[Row]) -> Result<Vec<Stored>, Error>;

    /// As [`Read::scan`], within the transaction and without locks.
    async fn scan(
        &mut self,
        source: &Source,
        after: Option<&Position>,
        limit: usize,
    ) -> Result<Vec<Hit>, Error>;

    /// As [`Read::holder`], within the transaction.
    async fn holder(&mut self, attr: AttrId, scope: Row, key: &[u8]) -> Result<Option<Row>, Error>;

    /// Writes new entities with all that derives from them; at most five statements whatever their number.
    /// Error 4 names the attribute whose unique key is taken.
    async fn insert(&mut self, new: &[Insert<'_>]) -> Result<Vec<Stored>, Error>;

    /// Writes a changed entity over the old one and raises its version. Error 4 as in [`Write::insert`].
    async fn replace(&mut self, change: &Replace<'_>) -> Result<Stored, Error>;

    /// Removes entities with all that derives from them and their credentials; the tree too. References to
    /// them from outside the set must be gone: the database refuses otherwise (error 10).
    async fn remove(&mut self, entities: &[Stored]) -> Result<(), Error>;

    /// Who refers to any of these rows: (referring row, attribute, row referred to), by referring row.
    async fn referrers(&mut self, to: &[Row]) -> Result<Vec<(Row, AttrId, Row)>, Error>;

    /// Enters a new organization into the tree below `parent` (none: the root).
    async fn plant(&mut self, organization: Row, parent: Option<Row>) -> Result<(), Error>;

    /// Moves an organization with all below it under another parent. The caller has refused cycles.
    async fn transplant(&mut self, organization: Row, parent: Row) -> Result<(), Error>;

    /// Whether `organization` is `ancestor` or stands below it.
    async fn stands_below(&mut self, organization: Row, ancestor: Row) -> Result<bool, Error>;

    /// Takes the named locks until the end, in alphabetical order; names come to be as they are used.
    async fn lock(&mut self, names: &[&str]) -> Result<(), Error>;

    /// Raises a counter by one and returns it; dense, because the counter's row is locked.
    async fn count_up(&mut self, counter: &str) -> Result<i64, Error>;

    /// Lets the counter go on behind `value`, unless it has come further.
    async fn count_past(&mut self, counter: &str, value: i64) -> Result<(), Error>;

    /// Sets or replaces the password of a user or API client.
    async fn set_credential(&mut self, subject: Row, credential: &Credential) -> Result<(), Error>;

    /// The value of a setting, within the transaction.
    async fn setting(&mut self, name: &str) -> Result<Option<String>, Error>;

    /// Sets a setting.
    async fn set_setting(&mut self, name: &str, value: &str) -> Result<(), Error>;

    /// Declares a custom attribute, or changes `many`/`indexed` of a declared one. When a declared one becomes
    /// indexed or ceases to be, its index is to be built or cleared, in steps or by [`Store::reindex`].
    async fn declare(&mut self, kind: Kind, name: &str, indexed: bool, many: bool) -> Result<(), Error>;

    /// Appends audit records in one statement.
    async fn append_audit(&mut self, records: &[AuditRow]) -> Result<(), Error>;
}

/// What an organization says of who may call what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// Roles, actions and features, which organizations below it may map too.
    Definitions,
    /// Mappings of its own.
    Mappings,
}

/// Which kinds a committed change touched, for the caches of every node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Touched(pub u64);

impl Touched {
    /// Everything: after a commit of another process whose extent is unknown.
    pub const ALL: Self = Self(u64::MAX);

    /// With `kind` added.
    #[must_use]
    pub fn with(self, kind: Kind) -> Self {
        Self(self.0 | 1_u64 << kind.number())
    }

    /// With the attribute registry: bit 0, which no kind has.
    #[must_use]
    pub fn with_registry(self) -> Self {
        Self(self.0 | 1)
    }

    /// Whether custom attributes were declared.
    pub fn has_registry(self) -> bool {
        self.0 & 1 != 0
    }

    /// Whether `kind` was touched.
    pub fn has(self, kind: Kind) -> bool {
        self.0 & (1_u64 << kind.number()) != 0
    }
}

/// Work to be done in one transaction. It may be run several times (PostgreSQL, after a serialization failure):
/// every run starts from the same state.
#[async_trait]
pub trait Unit: Send + Sync {
    /// Does the work; an error undoes it.
    async fn run(&self, tx: &mut dyn Write) -> Result<Touched, Error>;

    /// Called after the work was undone because of `error`, in a transaction that will be committed: the place
    /// for the records of the refusal.
    async fn refused(&self, tx: &mut dyn Write, error: &Error) -> Result<(), Error>;

    /// Whether the change may touch more than a thousand rows, and so stands alone in its group.
    fn is_bulk(&self) -> bool {
        false
    }
}

/// The store as the service holds it.
#[async_trait]
pub trait Store: Read {
    /// Runs `unit` in a transaction and commits it; on an error undoes it and commits its refusal instead. When
    /// this returns, the outcome is durable and every cache of this node has been told.
    async fn transact(&self, unit: Arc<dyn Unit>) -> Result<(), Error>;

    /// The present attribute registry.
    fn registry(&self) -> Arc<Registry>;

    /// Reads the custom attributes again (another node may have declared some).
    async fn reload_registry(&self) -> Result<Arc<Registry>, Error>;

    /// Has `listener` called after every commit, before its answer, and for commits of other processes.
    fn on_commit(&self, listener: Arc<dyn Fn(Touched) + Send + Sync>);

    /// Whether commits of other processes reach the listeners in time; while not, nothing cached may be used.
    fn is_following(&self) -> bool;

    /// Rebuilds every derived table from the entities; returns how many entities there are.
    async fn reindex(&self) -> Result<u64, Error>;

    /// Compares every derived row, reference and unique key with the entities; names each difference.
    async fn check(&self) -> Result<Vec<String>, Error>;

    /// Lets `view` look at the database as it is now, whatever is committed meanwhile.
    async fn view(&self, view: &mut dyn View) -> Result<(), Error>;

    /// Closes every connection; what was acknowledged is durable.
    async fn close(&self);
}

/// The store as handed around.
pub type SharedStore = Arc<dyn Store>;

/// The text of an entity's document.
pub fn document(attributes: &Attributes) -> Result<String, Error> {
    serde_json::to_string(attributes).map_err(|error| Error::internal(format!("document: {error}")))
}

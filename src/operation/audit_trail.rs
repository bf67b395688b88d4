//! Reading the audit trail (GET `/auditevents`, GET `/auditevents/{id}`).

use uuid::Uuid;

use crate::audit::Record;
use crate::model::{Error, Kind, Row, Verb};
use crate::operation::engine::{Caller, Engine};
use crate::operation::scope::check_kind;
use crate::store::AuditQuery;

/// One page of records with their places.
pub type AuditPage = Vec<(Row, Record)>;

/// Up to `limit` records beyond `after`, in the order they were written.
pub async fn page(
    engine: &Engine,
    caller: &Caller,
    query: &AuditQuery,
    after: Row,
    limit: usize,
) -> Result<AuditPage, Error> {
    caller.grants.require(Verb::Read, Kind::AuditEvent)?;
    check_kind(Kind::AuditEvent, caller.within)?;
    let rows = engine.store.audit(query, after, limit).await?;
    rows.into_iter().map(|(row, held)| read(&held.canonical).map(|record| (row, record))).collect()
}

/// One record; error 7 when there is none of that id.
pub async fn one(engine: &Engine, caller: &Caller, segment: &str) -> Result<Record, Error> {
    caller.grants.require(Verb::Read, Kind::AuditEvent)?;
    check_kind(Kind::AuditEvent, caller.within)?;
    let id = Uuid::try_parse(segment).map_err(|_| Error::not_found(Kind::AuditEvent))?;
    let held = engine.store.audit_record(id).await?.ok_or_else(|| Error::not_found(Kind::AuditEvent))?;
    read(&held.canonical)
}

fn read(canonical: &[u8]) -> Result<Record, Error> {
    Record::from_canonical(canonical).ok_or_else(|| Error::internal("an audit record is damaged"))
}

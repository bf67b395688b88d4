//! Reading the audit trail (GET `/auditevents`, GET `/auditevents/{id}`).

use async_trait::async_trait;
use uuid::Uuid;

use crate::audit::Record;
use crate::model::{Error, Kind, Verb};
use crate::operation::engine::{Caller, Engine};
use crate::operation::entry::{Entries, Entry};
use crate::operation::scope::check_kind;
use crate::store::{AuditQuery, Position};

/// A record never changes.
const VERSION: i64 = 1;

/// The records that pass the filters, in the order they were written.
pub struct AuditTrail(pub AuditQuery);

#[async_trait]
impl Entries for AuditTrail {
    fn kind(&self) -> Kind {
        Kind::AuditEvent
    }

    fn identity(&self) -> String {
        format!("auditevents {:?}", self.0)
    }

    async fn page(
        &self,
        engine: &Engine,
        caller: &Caller,
        after: &Position,
        (limit, whole): (usize, bool),
    ) -> Result<Vec<Entry>, Error> {
        caller.grants.require(Verb::Read, Kind::AuditEvent)?;
        check_kind(Kind::AuditEvent, caller.within)?;
        let rows = engine.store.audit(&self.0, after.row, limit).await?;
        let entry = |(row, held): (_, crate::store::AuditRow)| {
            let at = Position { key: Vec::new(), row };
            read(&held.canonical).map(|record| entry(&record, at, whole))
        };
        rows.into_iter().map(entry).collect()
    }
}

/// One record; error 7 when there is none of that id.
pub async fn one(engine: &Engine, caller: &Caller, segment: &str) -> Result<Entry, Error> {
    caller.grants.require(Verb::Read, Kind::AuditEvent)?;
    check_kind(Kind::AuditEvent, caller.within)?;
    let id = Uuid::try_parse(segment).map_err(|_| Error::not_found(Kind::AuditEvent))?;
    let held = engine.store.audit_record(id).await?.ok_or_else(|| Error::not_found(Kind::AuditEvent))?;
    read(&held.canonical).map(|record| entry(&record, Position::default(), true))
}

fn entry(record: &Record, at: Position, whole: bool) -> Entry {
    let fields = if whole { record.shown() } else { Vec::new() };
    Entry { id: record.id, at, version: VERSION, updated: record.at, fields }
}

fn read(canonical: &[u8]) -> Result<Record, Error> {
    Record::from_canonical(canonical).ok_or_else(|| Error::internal("an audit record is damaged"))
}

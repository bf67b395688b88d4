//! Reading the audit trail (GET `/auditevents`, GET `/auditevents/{id or seq}`).

use async_trait::async_trait;
use uuid::Uuid;

use crate::audit::Record;
use crate::audit::chain::hex;
use crate::model::{Error, Kind};
use crate::operation::engine::Engine;
use crate::operation::entry::{Entries, Entry};
use crate::store::{AuditQuery, Position, TrailRow};

/// A record never changes; it is shown otherwise once it is sealed.
const UNSEALED: i64 = 1;
const SEALED: i64 = 2;
/// Where number and hash stand in an answer: behind id and instant.
const BEHIND_THE_INSTANT: usize = 2;

/// The records that pass the filters: the sealed ones by number, then those that wait for their seal.
pub struct AuditTrail(pub AuditQuery);

#[async_trait]
impl Entries for AuditTrail {
    fn kind(&self) -> Kind {
        Kind::AuditEvent
    }

    fn identity(&self) -> String {
        format!("auditevents {:?}", self.0)
    }

    async fn read(
        &self,
        engine: &Engine,
        after: &Position,
        (limit, whole): (usize, bool),
    ) -> Result<Vec<Entry>, Error> {
        let rows = engine.store.audit(&self.0, after, limit).await?;
        rows.iter().map(|(at, held)| entry(held, at.clone(), whole)).collect()
    }
}

/// One record, by its id or its number; error 7 when there is none.
pub async fn one(engine: &Engine, segment: &str) -> Result<Entry, Error> {
    let digits = !segment.is_empty() && segment.bytes().all(|digit| digit.is_ascii_digit());
    let held = match (digits, Uuid::try_parse(segment)) {
        (_, Ok(id)) => engine.store.audit_record(id).await?,
        // A number that no column can hold is none that was given.
        (true, Err(_)) => match segment.parse() {
            Ok(seq) => engine.store.audit_at(seq).await?,
            Err(_) => None,
        },
        (false, Err(_)) => None,
    };
    let held = held.ok_or_else(|| Error::not_found(Kind::AuditEvent))?;
    entry(&held, Position::default(), true)
}

fn entry(held: &TrailRow, at: Position, whole: bool) -> Result<Entry, Error> {
    let damaged = || Error::internal("an audit record is damaged");
    let record = Record::from_canonical(&held.record.canonical).ok_or_else(damaged)?;
    let fields = if whole { shown(&record, held) } else { Vec::new() };
    let version = if held.seal.is_some() { SEALED } else { UNSEALED };
    Ok(Entry { id: record.id, at, version, updated: record.at, fields })
}

/// The names and values of a record, in the order of the answer.
pub fn shown(record: &Record, held: &TrailRow) -> Vec<(&'static str, Vec<String>)> {
    let mut fields = record.shown();
    if let Some(seal) = &held.seal {
        let sealed = [("seq", vec![seal.seq.to_string()]), ("hash", vec![hex(&seal.hash)])];
        let at = BEHIND_THE_INSTANT.min(fields.len());
        fields.splice(at..at, sealed);
    }
    fields
}

//! One audit record and its canonical form (contract: audit).
//!
//! Canonical form, version 1: the byte 1, then every field in the order of [`Record::FIELDS`], each as a
//! four-byte big-endian length and its UTF-8; then the number of changes and the changes in the same way. The
//! bytes are fixed for good: the chain is computed over them.

use uuid::Uuid;

use crate::model::value::instant_text;

/// The version byte of the canonical form.
pub const VERSION: u8 = 1;

/// An audit record as the table holds it: canonical bytes, and the columns that filters use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRow {
    /// The record's id.
    pub id: Uuid,
    /// Microseconds.
    pub at: i64,
    /// The event id, for example `VLT_USER_CREATE`.
    pub event_id: String,
    /// The module.
    pub module_id: String,
    /// request, success or failure.
    pub category: String,
    /// The acting client; empty when unknown.
    pub client: String,
    /// The kind's name.
    pub kind: String,
    /// The entity concerned.
    pub entity_id: Option<Uuid>,
    /// The reference of the event; empty when none.
    pub reference_id: String,
    /// The canonical form, version byte first; the truth the other columns derive from.
    pub canonical: Vec<u8>,
}

/// One record as it is read; see the contract for the meaning of each field.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Record {
    /// The record's id.
    pub id: Uuid,
    /// Microseconds.
    pub at: i64,
    /// Everything else, by the names of [`Record::FIELDS`], in that order.
    pub fields: [String; 16],
    /// `attribute: old → new`, values of sensitive attributes masked.
    pub changes: Vec<String>,
}

impl Record {
    /// The names of the fields, in canonical order; also the order of the answer.
    pub const FIELDS: [&'static str; 16] = [
        "eventId",
        "eventName",
        "eventType",
        "category",
        "moduleId",
        "moduleName",
        "referenceId",
        "referenceIdType",
        "description",
        "client",
        "sourceAddress",
        "requestId",
        "verb",
        "kind",
        "entityId",
        "outcome",
    ];

    /// The field of that name; empty when there is none.
    pub fn field(&self, name: &str) -> &str {
        let at = Self::FIELDS.iter().position(|field| *field == name);
        at.and_then(|at| self.fields.get(at)).map_or("", String::as_str)
    }

    /// The canonical bytes.
    pub fn canonical(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        put(&mut bytes, &self.id.to_string());
        put(&mut bytes, &self.at.to_string());
        for field in &self.fields {
            put(&mut bytes, field);
        }
        bytes.extend_from_slice(&length(self.changes.len()));
        for change in &self.changes {
            put(&mut bytes, change);
        }
        bytes
    }

    /// Reads canonical bytes; `None` when they are not of a known version or do not fit.
    pub fn from_canonical(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes.strip_prefix(&[VERSION])?;
        let mut record = Self {
            id: take(&mut rest)?.parse().ok()?,
            at: take(&mut rest)?.parse().ok()?,
            ..Self::default()
        };
        for field in &mut record.fields {
            *field = take(&mut rest)?;
        }
        for _ in 0..take_length(&mut rest)? {
            record.changes.push(take(&mut rest)?);
        }
        rest.is_empty().then_some(record)
    }

    /// The row of the audit table.
    pub fn row(&self) -> AuditRow {
        AuditRow {
            id: self.id,
            at: self.at,
            event_id: self.field("eventId").to_owned(),
            module_id: self.field("moduleId").to_owned(),
            category: self.field("category").to_owned(),
            client: self.field("client").to_owned(),
            kind: self.field("kind").to_owned(),
            entity_id: Uuid::try_parse(self.field("entityId")).ok(),
            reference_id: self.field("referenceId").to_owned(),
            canonical: self.canonical(),
        }
    }

    /// The record as names and values, in the order of the answer; empty fields are left out.
    pub fn shown(&self) -> Vec<(&'static str, Vec<String>)> {
        let head = [("id", vec![self.id.to_string()]), ("at", vec![instant_text(self.at)])];
        let fields = Self::FIELDS.iter().zip(&self.fields).filter(|(_, text)| !text.is_empty());
        let mut shown: Vec<_> =
            head.into_iter().chain(fields.map(|(name, text)| (*name, vec![text.clone()]))).collect();
        if !self.changes.is_empty() {
            shown.push(("changes", self.changes.clone()));
        }
        shown
    }
}

fn length(len: usize) -> [u8; 4] {
    u32::try_from(len).unwrap_or(u32::MAX).to_be_bytes()
}

fn put(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend_from_slice(&length(text.len()));
    bytes.extend_from_slice(text.as_bytes());
}

fn take_length(rest: &mut &[u8]) -> Option<usize> {
    let (head, tail) = rest.split_first_chunk::<4>()?;
    *rest = tail;
    usize::try_from(u32::from_be_bytes(*head)).ok()
}

fn take(rest: &mut &[u8]) -> Option<String> {
    let len = take_length(rest)?;
    let (text, tail) = rest.split_at_checked(len)?;
    *rest = tail;
    String::from_utf8(text.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        let mut record = Record { id: Uuid::from_u128(7), at: 1_700_000_000_000_000, ..Record::default() };
        for (number, field) in record.fields.iter_mut().enumerate() {
            *field = format!("field {number} ä");
        }
        record.changes = vec!["email: a → b".into(), String::new()];
        record
    }

    #[test]
    fn the_canonical_form_is_read_back_whole() {
        let bytes = record().canonical();
        assert_eq!(Record::from_canonical(&bytes), Some(record()));
    }

    #[test]
    fn a_cut_or_lengthened_form_is_refused() {
        let mut bytes = record().canonical();
        for len in 0..bytes.len() {
            assert_eq!(Record::from_canonical(&bytes[..len]), None, "cut at {len}");
        }
        bytes.push(0);
        assert_eq!(Record::from_canonical(&bytes), None);
    }

    #[test]
    fn the_canonical_form_never_changes() {
        let mut plain = Record { id: Uuid::from_u128(1), at: 1, ..Record::default() };
        plain.fields[0] = "VLT_USER_CREATE".into();
        let digest = blake3::hash(&plain.canonical()).to_hex();
        assert_eq!(digest.as_str(), include_str!("../../fixtures/audit-canonical-v1.txt").trim());
    }
}

//! What a test compares before and after: every entity with its version, and the audit trail. Holds no test.

use std::collections::BTreeMap;

use uuid::Uuid;
use valtuus::audit::Record;
use valtuus::model::Kind;
use valtuus::store::{AuditQuery, Position, SharedStore, Source};

/// Every entity of every kind: its kind and its version.
pub type Versions = BTreeMap<Uuid, (Kind, i64)>;

/// The entities of a kind, whole.
pub async fn entities(store: &SharedStore, kind: Kind) -> Vec<valtuus::model::Stored> {
    let (mut found, mut at) = (Vec::new(), None::<Position>);
    loop {
        let hits = store.scan(&Source::Kind(kind), at.as_ref(), 500).await.unwrap();
        let Some(last) = hits.last() else { return found };
        at = Some(last.at.clone());
        let rows: Vec<_> = hits.iter().map(|hit| hit.row).collect();
        found.extend(store.by_rows(&rows).await.unwrap());
    }
}

/// Every entity there is with its version: equal before and after means that nothing was changed.
pub async fn versions(store: &SharedStore) -> Versions {
    let mut versions = Versions::new();
    for kind in Kind::ALL.into_iter().filter(|kind| *kind != Kind::AuditEvent) {
        for entity in entities(store, kind).await {
            versions.insert(entity.id(), (kind, entity.version()));
        }
    }
    versions
}

/// The audit records that `query` asks for, in the order of the listing: that of their numbers, then of
/// their rows.
pub async fn records(store: &SharedStore, query: &AuditQuery) -> Vec<Record> {
    let (mut records, mut after) = (Vec::new(), Position::default());
    loop {
        let page = store.audit(query, &after, 500).await.unwrap();
        let Some((last, _)) = page.last() else { return records };
        after = last.clone();
        records.extend(page.iter().map(|(_, held)| Record::from_canonical(&held.record.canonical).unwrap()));
    }
}

/// The records of one request, by its id.
pub async fn records_of_request(store: &SharedStore, request: &str) -> Vec<Record> {
    let all = records(store, &AuditQuery::default()).await;
    all.into_iter().filter(|record| record.field("requestId") == request).collect()
}

//! What each operation of the three services leaves in the trail, as one table: operation, outcome, the rows in their
//! order, and how the outcome is brought about. The driver compares every field; the law counts what is reached.

mod certificate;
mod keys;
mod misp;
mod partner;
mod policy;

use std::collections::BTreeSet;

use futures_util::future::BoxFuture;
use valtuus::audit::coded::{self, Coded, Service};
use valtuus::audit::{Category, Record};

use super::fresh;
use crate::kit::cases::soon;
use crate::kit::trace::records_of_request;
use crate::kit::{Answer, Bed, Caller};

/// One record that is expected.
#[derive(Debug, Clone, Copy)]
pub enum Row {
    /// A row of the table of coded events.
    Coded(&'static Coded),
    /// A generic event, where the table has none.
    Generic(&'static str, Category),
}

/// A coded event.
pub const fn c(row: &'static Coded) -> Row {
    Row::Coded(row)
}

/// The generic request of that id.
pub const fn request(id: &'static str) -> Row {
    Row::Generic(id, Category::Request)
}

/// The generic success of that id.
pub const fn success(id: &'static str) -> Row {
    Row::Generic(id, Category::Success)
}

/// The generic failure of that id.
pub const fn failure(id: &'static str) -> Row {
    Row::Generic(id, Category::Failure)
}

/// What a driver brought about: the answer to its one request, and what the coded events must call the entity.
pub struct Driven {
    pub answer: Answer,
    pub subject: String,
}

/// Prepares what is needed with the bed's own callers, then makes one request with the caller it is given.
pub type Drive = for<'b> fn(&'b Bed, Caller<'b>) -> BoxFuture<'b, Driven>;

/// An operation and one of its outcomes.
pub struct Sequence {
    pub operation: &'static str,
    pub outcome: &'static str,
    /// The status of the answer.
    pub status: u16,
    /// The records of the request, in the order they are written.
    pub rows: &'static [Row],
    pub drive: Drive,
}

/// What happened to an operation, as a line of a table.
pub const fn sequence(
    (operation, outcome): (&'static str, &'static str),
    status: u16,
    rows: &'static [Row],
    drive: Drive,
) -> Sequence {
    Sequence { operation, outcome, status, rows, drive }
}

/// Every table.
static TABLES: [(Service, &[Sequence]); 5] = [
    (Service::Misp, misp::TABLE),
    (Service::Partner, partner::TABLE),
    (Service::Partner, keys::TABLE),
    (Service::Partner, certificate::TABLE),
    (Service::Policy, policy::TABLE),
];

/// Drives every line of a table and compares the trail.
pub async fn drive_all(bed: &Bed, table: &[Sequence]) {
    for line in table {
        let id = fresh("sequence-");
        let caller = bed.admin().header("x-request-id", &id);
        let driven = soon(line.outcome, (line.drive)(bed, caller)).await;
        let context = format!("{}, {}: {}", line.operation, line.outcome, driven.answer.text());
        assert_eq!(driven.answer.status.as_u16(), line.status, "{context}");
        let records = records_of_request(&bed.server.service().engine.store, &id).await;
        let ids: Vec<&str> = records.iter().map(|record| record.field("eventId")).collect();
        assert_eq!(ids, line.rows.iter().map(wanted_id).collect::<Vec<_>>(), "{context}");
        for (record, row) in records.iter().zip(line.rows) {
            compare(record, row, &driven.subject, &context);
        }
    }
    bed.must_be_sound().await;
}

fn wanted_id(row: &Row) -> &'static str {
    match row {
        Row::Coded(row) => row.id,
        Row::Generic(id, _) => id,
    }
}

fn compare(record: &Record, row: &Row, subject: &str, context: &str) {
    let is = |field: &str, wanted: &str| {
        assert_eq!(record.field(field), wanted, "{field} of {} in {context}", record.field("eventId"));
    };
    match row {
        Row::Generic(_, category) => {
            is("category", category.name());
            is("moduleId", "VLT");
        }
        Row::Coded(row) => {
            is("category", row.category.name());
            is("eventName", row.name);
            is("eventType", row.origin);
            is("moduleId", row.service.module_id());
            is("moduleName", row.service.module_name());
            is("referenceIdType", row.reference.unwrap_or("No ID Type"));
            is("referenceId", row.reference.map_or("No ID", |_| subject));
            let sentence = row.description(Some(subject));
            let said = record.field("description");
            assert!(said.starts_with(&sentence), "{said:?} should begin {sentence:?} in {context}");
        }
    }
}

/// Name of a service in the fixture.
fn name(service: Service) -> &'static str {
    match service {
        Service::Partner => "partner",
        Service::Policy => "policy",
        Service::Misp => "misp",
    }
}

#[test]
fn every_event_of_the_fixture_is_declared_and_no_other() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/coded-events.csv");
    let mut wanted: Vec<Vec<String>> = Vec::new();
    for line in csv::Reader::from_path(path).unwrap().records() {
        wanted.push(line.unwrap().iter().map(str::to_owned).collect());
    }
    assert_eq!(wanted.len(), 80);
    let mut declared: Vec<Vec<String>> = coded::rows()
        .map(|row| {
            let reference = row.reference.unwrap_or("No ID Type");
            let fields = [name(row.service), row.category.name(), row.id, row.meaning, row.origin, row.name];
            fields.into_iter().chain([reference]).map(str::to_owned).collect()
        })
        .collect();
    wanted.sort();
    declared.sort();
    assert_eq!(declared, wanted);
    let ids: BTreeSet<&str> = coded::rows().map(|row| row.id).collect();
    assert_eq!(ids.len(), 78, "two ids stand for two events each");
}

#[test]
fn every_declared_event_is_reached_by_a_sequence() {
    let reached: BTreeSet<(&str, &str)> = TABLES
        .iter()
        .flat_map(|(_, table)| table.iter().flat_map(|line| line.rows))
        .filter_map(|row| match row {
            Row::Coded(row) => Some((name(row.service), row.meaning)),
            Row::Generic(..) => None,
        })
        .collect();
    for (service, _) in &TABLES {
        let rows = coded::rows().filter(|row| row.service == *service);
        let missing: Vec<&str> = rows
            .map(|row| row.meaning)
            .filter(|meaning| !reached.contains(&(name(*service), meaning)))
            .collect();
        assert!(missing.is_empty(), "{service:?} never reaches {missing:?}");
    }
}

#[test]
fn no_line_of_the_tables_stands_twice() {
    for (service, table) in &TABLES {
        let mut seen = BTreeSet::new();
        for line in *table {
            assert!(
                seen.insert((line.operation, line.outcome)),
                "{service:?}: {} {}",
                line.operation,
                line.outcome
            );
            assert!(!line.rows.is_empty(), "{} {}", line.operation, line.outcome);
        }
    }
}

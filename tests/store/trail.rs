//! The sealed trail: dense numbers in the order of commits, listings that no seal disturbs, filters that find what a
//! walk over everything finds.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use sqlx::Connection as _;
use uuid::Uuid;
use valtuus::audit::Record;
use valtuus::audit::chain::Head;
use valtuus::operation::sealing::{Progress, Sealer};
use valtuus::operation::verifying;
use valtuus::store::trail::SEAL_JOB;
use valtuus::store::{AuditQuery, AuditRow, Position, SharedStore, TrailRow};
use valtuus::world::{Real, Still, World};

use super::kit::{Bench, change};
use super::on_both;
use crate::kit::walk::Dice;

on_both!(
    records_are_sealed_once_in_the_order_they_were_written,
    one_sealer_works_and_another_takes_over_when_its_lease_ends,
    sealers_at_once_seal_nothing_twice,
    what_verifying_tells_leaves_no_record_out,
    a_listing_goes_on_where_it_was_whatever_is_sealed_meanwhile,
    filters_find_what_a_walk_over_everything_finds,
    a_clock_that_jumps_hides_no_record_from_a_span_of_time,
    lost_postings_and_bounds_are_named_and_put_back,
);

/// A record that has every field.
pub(crate) fn record(n: u64, at: i64) -> AuditRow {
    let id = Real.id();
    let entity = Uuid::from_u128(u128::from(n % 7));
    let mut record = Record { id, at, ..Record::default() };
    let fields = [
        (0, format!("VLT_EVENT_{}", n % 5)),
        (3, ["request", "success", "failure"][usize::try_from(n % 3).unwrap()].to_owned()),
        (4, if n.is_multiple_of(11) { "PMS_PRT" } else { "VLT" }.to_owned()),
        (6, if n.is_multiple_of(2) { entity.to_string() } else { "No ID".to_owned() }),
        (8, format!("record {n}")),
        (9, format!("client-{}", n % 4)),
        (13, if n.is_multiple_of(13) { "organization" } else { "user" }.to_owned()),
        (14, if n.is_multiple_of(3) { String::new() } else { entity.to_string() }),
    ];
    for (at, text) in fields {
        record.fields[at] = text;
    }
    record.changes = vec![format!("surname: {n} → ä")];
    record.row()
}

pub(crate) async fn append(store: &SharedStore, records: Vec<AuditRow>) {
    let work = change(store, move |tx| {
        let records = records.clone();
        Box::pin(async move { tx.append_audit(&records).await })
    });
    work.await.unwrap();
}

pub(super) async fn fill(store: &SharedStore, from: u64, count: u64) {
    append(store, (from..from + count).map(|n| record(n, i64::try_from(n).unwrap() * 10)).collect()).await;
}

pub(super) fn sealer(store: &SharedStore) -> Sealer {
    Sealer::new(Arc::clone(store), Arc::new(Real))
}

pub(super) async fn seal_all(store: &SharedStore) {
    let done = sealer(store).finish().await.unwrap();
    assert!(matches!(done, Progress::Done(_)), "{done:?}");
}

async fn all(store: &SharedStore, query: &AuditQuery, page: usize) -> Vec<TrailRow> {
    let (mut found, mut after) = (Vec::new(), Position::default());
    loop {
        let rows = store.audit(query, &after, page).await.unwrap();
        let Some((last, _)) = rows.last() else { return found };
        assert!(rows.len() <= page);
        after = last.clone();
        found.extend(rows.into_iter().map(|(_, held)| held));
    }
}

fn numbers(rows: &[TrailRow]) -> Vec<Option<i64>> {
    rows.iter().map(|held| held.seal.as_ref().map(|seal| seal.seq)).collect()
}

async fn records_are_sealed_once_in_the_order_they_were_written(bench: &Bench) {
    let store = &bench.store;
    assert_eq!(verifying::head(store).await.unwrap(), Head::GENESIS);
    fill(store, 0, 150).await;
    let before = all(store, &AuditQuery::default(), 40).await;
    assert!(before.len() == 150 && before.iter().all(|held| held.seal.is_none()));
    let sealer = sealer(store);
    assert_eq!(sealer.step(100).await.unwrap(), Progress::More(100));
    let half = all(store, &AuditQuery::default(), 40).await;
    let wanted: Vec<Option<i64>> = (1..=150).map(|seq| (seq <= 100).then_some(seq)).collect();
    assert_eq!(numbers(&half), wanted);
    assert_eq!(sealer.step(100).await.unwrap(), Progress::Done(50));
    assert_eq!(sealer.step(100).await.unwrap(), Progress::Done(0));
    let after = all(store, &AuditQuery::default(), 1_000).await;
    assert_eq!(numbers(&after), (1..=150).map(Some).collect::<Vec<_>>());
    let bare = |rows: &[TrailRow]| rows.iter().map(|held| held.record.clone()).collect::<Vec<_>>();
    assert_eq!(bare(&after), bare(&before));
    let mut head = Head::GENESIS;
    for held in &after {
        head = head.next(&held.record.canonical);
        assert_eq!(held.seal.as_ref().unwrap().hash, head.hash);
        assert_eq!(store.audit_at(head.seq).await.unwrap().as_ref(), Some(held));
        assert_eq!(store.audit_record(held.record.id).await.unwrap().as_ref(), Some(held));
    }
    assert_eq!(verifying::head(store).await.unwrap(), head);
    assert_eq!(store.audit_at(151).await.unwrap(), None);
    let verdict = verifying::verify(store, Some(head)).await.unwrap();
    assert_eq!((verdict.finding, verdict.records, verdict.unsealed), (None, 150, 0));
    fill(store, 150, 5).await;
    let verdict = verifying::verify(store, Some(head)).await.unwrap();
    assert_eq!((verdict.finding, verdict.records, verdict.unsealed), (None, 150, 5));
}

async fn one_sealer_works_and_another_takes_over_when_its_lease_ends(bench: &Bench) {
    let store = &bench.store;
    let clock = Arc::new(Still::at(1_000_000_000));
    let world = || Arc::<Still>::clone(&clock);
    let (first, second) = (Sealer::new(Arc::clone(store), world()), Sealer::new(Arc::clone(store), world()));
    fill(store, 0, 3).await;
    assert_eq!(first.step(2).await.unwrap(), Progress::More(2));
    assert_eq!(second.step(9).await.unwrap(), Progress::ByAnother);
    assert_eq!(second.finish().await.unwrap(), Progress::ByAnother);
    clock.advance(6_000_000);
    assert_eq!(second.step(9).await.unwrap(), Progress::Done(1));
    assert_eq!(first.step(9).await.unwrap(), Progress::ByAnother);
    // Nothing waits: giving the job up is not asked for by who does not hold it.
    assert_eq!(second.finish().await.unwrap(), Progress::Done(0));
    fill(store, 3, 1).await;
    assert_eq!(first.step(9).await.unwrap(), Progress::Done(1));
    assert_eq!(verifying::verify(store, None).await.unwrap().records, 4);
    assert_eq!(SEAL_JOB, "seal");
}

async fn sealers_at_once_seal_nothing_twice(bench: &Bench) {
    let other = bench.other().await;
    let stores = [&bench.store, &other];
    let writing = async {
        for n in 0..40 {
            fill(stores[usize::try_from(n % 2).unwrap()], n * 10, 10).await;
        }
    };
    let work = |store: SharedStore| async move {
        let sealer = sealer(&store);
        for _ in 0..30 {
            sealer.step(17).await.unwrap();
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
        sealer.finish().await.unwrap();
    };
    tokio::join!(writing, work(Arc::clone(stores[0])), work(Arc::clone(stores[1])));
    seal_all(&bench.store).await;
    let verdict = verifying::verify(&bench.store, None).await.unwrap();
    assert_eq!((verdict.finding, verdict.records, verdict.unsealed), (None, 400, 0));
    other.close().await;
}

async fn what_verifying_tells_leaves_no_record_out(bench: &Bench) {
    let store = &bench.store;
    let (written, over, between) = (AtomicU64::new(0), AtomicBool::new(false), AtomicU64::new(0));
    let writing = async {
        let sealer = sealer(store);
        for n in 0..400 {
            fill(store, n * 3, 3).await;
            written.store((n + 1) * 3, Ordering::SeqCst);
            sealer.step(10).await.unwrap();
        }
        over.store(true, Ordering::SeqCst);
    };
    let verifying = async {
        while !over.load(Ordering::SeqCst) {
            let before = written.load(Ordering::SeqCst);
            let verdict = verifying::verify(store, None).await.unwrap();
            assert_eq!(verdict.finding, None);
            assert!(verdict.records + verdict.unsealed >= before, "{before} were there: {verdict:?}");
            between.fetch_add(u64::from((1..1_200).contains(&verdict.records)), Ordering::SeqCst);
        }
    };
    tokio::join!(writing, verifying);
    assert!(between.load(Ordering::SeqCst) > 0, "nothing was verified while it was written");
}

async fn a_listing_goes_on_where_it_was_whatever_is_sealed_meanwhile(bench: &Bench) {
    let store = &bench.store;
    let sealer = sealer(store);
    for (seed, query) in
        [AuditQuery::default(), AuditQuery { client: Some("client-1".into()), ..AuditQuery::default() }]
            .into_iter()
            .enumerate()
    {
        let mut dice = Dice::new(u64::try_from(seed).unwrap());
        fill(store, 0, 200).await;
        let expected: Vec<Uuid> = all(store, &query, 500).await.iter().map(|held| held.record.id).collect();
        let (mut found, mut after) = (Vec::new(), Position::default());
        loop {
            let limit = usize::try_from(1 + dice.below(30)).unwrap();
            let page = store.audit(&query, &after, limit).await.unwrap();
            let Some((last, _)) = page.last() else { break };
            after = last.clone();
            found.extend(page.iter().map(|(_, held)| held.record.id));
            if dice.chance(1, 2) {
                sealer.step(usize::try_from(1 + dice.below(40)).unwrap()).await.unwrap();
            }
        }
        assert_eq!(found, expected, "each once, in order");
    }
}

async fn filters_find_what_a_walk_over_everything_finds(bench: &Bench) {
    let store = &bench.store;
    fill(store, 0, 700).await;
    let sealer = sealer(store);
    for limit in [1, 63, 130, 300] {
        sealer.step(limit).await.unwrap();
    }
    let everything = all(store, &AuditQuery::default(), 100).await;
    assert_eq!(everything.len(), 700);
    let mut dice = Dice::new(7);
    for round in 0..150 {
        let mut some = |options: &[&str]| -> Option<String> {
            dice.chance(1, 3).then(|| (*dice.any(options).unwrap()).to_owned())
        };
        let event_id = some(&["VLT_EVENT_0", "VLT_EVENT_4", "VLT_EVENT_9"]);
        let module_id = some(&["VLT", "PMS_PRT"]);
        let category = some(&["request", "success"]);
        let client = some(&["client-0", "client-3", "nobody"]);
        let kind = some(&["user", "organization"]);
        let entity = Uuid::from_u128(4).to_string();
        let reference_id = some(&["No ID", &entity]);
        let entity_id = some(&[&entity]).map(|id| id.parse().unwrap());
        let from = some(&["0", "1230", "6990"]).map(|at| at.parse().unwrap());
        let to = some(&["0", "1230", "4000", "9999"]).map(|at| at.parse().unwrap());
        let query =
            AuditQuery { event_id, module_id, category, client, kind, entity_id, reference_id, from, to };
        let expected: Vec<&TrailRow> = everything.iter().filter(|held| query.admits(&held.record)).collect();
        let page = [1, 7, 100, 1_000][round % 4];
        let found = all(store, &query, page).await;
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{query:?}");
    }
}

async fn a_clock_that_jumps_hides_no_record_from_a_span_of_time(bench: &Bench) {
    let store = &bench.store;
    let mut dice = Dice::new(11);
    let sealer = sealer(store);
    for n in 0..30 {
        // An hour on, and sometimes back to the beginning.
        let base = if dice.chance(1, 5) { 0 } else { n * 1_000 };
        let records = (0..dice.below(50)).map(|m| record(m, base + i64::try_from(dice.below(500)).unwrap()));
        append(store, records.collect()).await;
        sealer.step(1_000).await.unwrap();
    }
    let everything = all(store, &AuditQuery::default(), 1_000).await;
    for _ in 0..100 {
        let mut instant = || dice.chance(2, 3).then(|| i64::try_from(dice.below(31_000)).unwrap());
        let query = AuditQuery { from: instant(), to: instant(), ..AuditQuery::default() };
        let expected = everything.iter().filter(|held| query.admits(&held.record)).count();
        assert_eq!(all(store, &query, 100).await.len(), expected, "{query:?}");
    }
    let last = everything.last().unwrap().record.at;
    assert!(everything.iter().any(|held| held.record.at > last), "no clock has jumped");
}

async fn lost_postings_and_bounds_are_named_and_put_back(bench: &Bench) {
    let store = &bench.store;
    fill(store, 0, 3_000).await;
    seal_all(store).await;
    assert_eq!(store.check().await.unwrap(), Vec::<String>::new());
    let query = AuditQuery { client: Some("client-2".into()), from: Some(5_000), ..AuditQuery::default() };
    let expected = all(store, &query, 200).await;
    let damage: [&[&'static str]; 4] = [
        &["DELETE FROM audit_posting WHERE block % 3 = 1"],
        &["UPDATE audit_posting SET bits = bits & 255 WHERE block = 20"],
        &["DELETE FROM audit_block WHERE block > 9"],
        &[
            "UPDATE audit_block SET latest = latest * 9 WHERE block = 12",
            "UPDATE audit_block SET floor = 0 WHERE block = 33",
        ],
    ];
    for statements in damage {
        super::upkeep::behind(bench, statements).await;
        let named = store.check().await.unwrap();
        assert!(!named.is_empty() && named.iter().all(|line| line.starts_with("audit: ")), "{named:?}");
        store.reindex().await.unwrap();
        assert_eq!(store.check().await.unwrap(), Vec::<String>::new());
        assert_eq!(all(store, &query, 200).await, expected);
    }
    // What was mended is gone on with.
    fill(store, 3_000, 500).await;
    seal_all(store).await;
    assert_eq!(store.check().await.unwrap(), Vec::<String>::new());
}

/// On PostgreSQL a record can be committed after one with a higher row: the sealer must come back for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_record_that_is_committed_late_is_sealed_all_the_same() {
    const LATE: &str = "INSERT INTO audit (id, at, event_id, module_id, category, client, kind, reference_id, canonical) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING row";
    let Some(bench) = Bench::postgres().await else { return };
    let store = &bench.store;
    let sealer = sealer(store);
    let mut late = sqlx::PgConnection::connect(&bench.url).await.unwrap();
    let mut tx = late.begin().await.unwrap();
    let mut late_record = Record::from_canonical(&record(0, 1).canonical).unwrap();
    late_record.fields[14] = String::new();
    let held = late_record.row();
    let row: i64 = sqlx::query_scalar(LATE)
        .bind(held.id)
        .bind(held.at)
        .bind(&held.event_id)
        .bind(&held.module_id)
        .bind(&held.category)
        .bind(&held.client)
        .bind(&held.kind)
        .bind(&held.reference_id)
        .bind(&held.canonical)
        .fetch_one(&mut *tx)
        .await
        .unwrap();
    for n in 1..6 {
        fill(store, n, 1).await;
        sealer.step(100).await.unwrap();
        let sealed = store.audit_sealed().await.unwrap();
        assert!(sealed.row > row && sealed.low < row, "the mark went past a row that may come: {sealed:?}");
    }
    tx.commit().await.unwrap();
    assert_eq!(sealer.step(100).await.unwrap(), Progress::Done(1));
    let last = store.audit_at(6).await.unwrap().unwrap();
    assert_eq!((last.row, &last.record), (row, &held));
    assert!(store.audit_sealed().await.unwrap().low > row);
    let verdict = verifying::verify(store, None).await.unwrap();
    assert_eq!((verdict.finding, verdict.records, verdict.unsealed), (None, 6, 0));
    store.close().await;
}

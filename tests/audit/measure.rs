//! Measuring by hand: a long trail sealed, verified and searched. Judges nothing but that what is found is right.
//!
//! `VALTUUS_RECORDS=10000000 cargo test --release --test suite -- --ignored --nocapture audit::measure`

use std::sync::Arc;
use std::time::Instant;

use uuid::Uuid;
use valtuus::audit::Record;
use valtuus::operation::sealing::{Progress, STEP, Sealer};
use valtuus::operation::verifying;
use valtuus::store::{AuditQuery, AuditRow, Position, SharedStore};
use valtuus::world::Real;

use crate::store::kit::Bench;
use crate::store::trail::{append, record};

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
fn rate(count: u64, since: Instant) -> f64 {
    count as f64 / since.elapsed().as_secs_f64()
}

/// A client in a million records, one in a thousand, one in a block, and ten that have the rest.
fn client(n: u64) -> String {
    match n {
        n if n % 1_000_000 == 50_000 => "rare".to_owned(),
        n if n.is_multiple_of(1_000) => "some".to_owned(),
        n if n.is_multiple_of(64) => "one-a-block".to_owned(),
        n => format!("client-{}", n % 10),
    }
}

fn records(from: u64, count: u64) -> Vec<AuditRow> {
    let one = |n: u64| {
        let mut one = Record::from_canonical(&record(n, i64::try_from(n).unwrap()).canonical).unwrap();
        one.fields[9] = client(n);
        one.fields[14] = Uuid::from_u128(u128::from(n / 2)).to_string();
        one.row()
    };
    (from..from + count).map(one).collect()
}

async fn search(store: &SharedStore, name: &str, query: AuditQuery) {
    let mut times = Vec::new();
    let mut found = 0;
    for _ in 0..20 {
        let begun = Instant::now();
        found = store.audit(&query, &Position::default(), 100).await.unwrap().len();
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    println!("{name}: {found} found, median {:?}, slowest {:?}", times[10], times[19]);
}

async fn measure(bench: &Bench) {
    let all: u64 =
        std::env::var("VALTUUS_RECORDS").ok().and_then(|text| text.parse().ok()).unwrap_or(100_000);
    let store = &bench.store;
    let begun = Instant::now();
    for from in (0..all).step_by(1_000) {
        append(store, records(from, 1_000.min(all - from))).await;
    }
    println!("written: {:.0} records/s", rate(all, begun));
    let (sealer, begun) = (Sealer::new(Arc::clone(store), Arc::new(Real)), Instant::now());
    let mut steps = 0_u32;
    while !matches!(sealer.step(STEP).await.unwrap(), Progress::Done(_)) {
        steps += 1;
    }
    println!("sealed: {:.0} records/s in steps of {:?}", rate(all, begun), begun.elapsed() / steps.max(1));
    let begun = Instant::now();
    let walked = verifying::verify(store, None).await.unwrap();
    assert_eq!((walked.finding, walked.records), (None, all));
    println!("verified: {:.0} records/s", rate(all, begun));
    let text = |value: &str| Some(value.to_owned());
    let base = AuditQuery::default;
    search(store, "no filter", base()).await;
    for client in ["rare", "some", "one-a-block", "client-3", "nobody"] {
        search(store, client, AuditQuery { client: text(client), ..base() }).await;
    }
    let entity = Some(Uuid::from_u128(u128::from(all / 3)));
    search(store, "entity", AuditQuery { entity_id: entity, ..base() }).await;
    search(store, "event", AuditQuery { event_id: text("VLT_EVENT_3"), ..base() }).await;
    search(store, "category", AuditQuery { category: text("failure"), ..base() }).await;
    search(store, "kind", AuditQuery { kind: text("organization"), ..base() }).await;
    search(store, "module", AuditQuery { module_id: text("PMS_PRT"), ..base() }).await;
    search(store, "reference", AuditQuery { reference_id: text("No ID"), ..base() }).await;
    let middle = i64::try_from(all / 2).unwrap();
    search(store, "from the middle", AuditQuery { from: Some(middle), ..base() }).await;
    search(
        store,
        "never together",
        AuditQuery { client: text("some"), event_id: text("VLT_EVENT_3"), ..base() },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures; run by hand"]
async fn a_long_trail_on_sqlite() {
    let bench = Bench::sqlite().await.unwrap();
    measure(&bench).await;
    bench.store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures; run by hand"]
async fn a_long_trail_on_postgres() {
    let Some(bench) = Bench::postgres().await else { return };
    measure(&bench).await;
    bench.store.close().await;
}

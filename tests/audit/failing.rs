//! A trail that cannot be written: changes, and reads that must leave records, are refused with 503 and change nothing,
//! other reads are answered, and all is well again as soon as the cause is gone.

use std::sync::Arc;

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, SqliteConnection};
use valtuus::model::{Error, Kind};
use valtuus::operation::verifying;
use valtuus::store::{AuditQuery, StoreOptions, connect};
use valtuus::world::Real;

use crate::kit::Bed;
use crate::kit::trace::{records, versions};
use crate::on_both;
use crate::store::kit::{new, now, user_pairs};

const DENY_SQLITE: &str =
    "CREATE TRIGGER deny BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no room'); END";
const DENY_POSTGRES: &str = "CREATE FUNCTION deny() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = '53100'; END $$ \
     LANGUAGE plpgsql; CREATE TRIGGER deny BEFORE INSERT ON audit FOR EACH STATEMENT EXECUTE FUNCTION deny()";

async fn behind(bed: &Bed, sqlite: &str, postgres: &str) {
    let config = &bed.server.service().config;
    let url = valtuus::server::compose::database_url(config);
    if url.starts_with("sqlite") {
        let mut connection = SqliteConnection::connect(&url).await.unwrap();
        connection.execute(AssertSqlSafe(sqlite.to_owned())).await.unwrap();
        connection.close().await.unwrap();
    } else {
        let mut connection = PgConnection::connect(&url).await.unwrap();
        connection.execute(AssertSqlSafe(postgres.to_owned())).await.unwrap();
        connection.close().await.unwrap();
    }
}

on_both! {
    async fn a_change_whose_record_cannot_be_written_does_not_happen(bed: Bed) {
        let admin = bed.admin();
        let anna = crate::api::make(&admin, "users/?login=anna").await;
        let store = &bed.server.service().engine.store;
        behind(&bed, DENY_SQLITE, DENY_POSTGRES).await;
        let (before, told) = (versions(store).await, records(store, &AuditQuery::default()).await.len());
        for _ in 0..3 {
            admin.post("users/?login=bertil").await.refused(503, 6, "");
            admin.put(&format!("users/{anna}?surname=x")).await.refused(503, 6, "");
            admin.delete(&format!("users/{anna}")).await.refused(503, 6, "");
            // Its refusal cannot be recorded either.
            admin.post("users/?login=anna").await.refused(503, 6, "");
            bed.reader().delete(&format!("users/{anna}")).await.refused(503, 6, "");
        }
        assert_eq!(admin.get(&format!("users/{anna}")).await.ok().value("login"), "anna");
        admin.get("auditevents?maxResults=5").await.ok();
        for watched in ["partners", "policies", "misps/100"] {
            admin.get(watched).await.refused(503, 6, "");
        }
        assert_eq!(versions(store).await, before);
        assert_eq!(records(store, &AuditQuery::default()).await.len(), told);
        behind(&bed, "DROP TRIGGER deny", "DROP TRIGGER deny ON audit").await;
        crate::api::make(&admin, "users/?login=bertil").await;
        admin.put(&format!("users/{anna}?surname=x")).await.ok();
        admin.get("partners").await.ok();
        let verdict = verifying::verify(store, None).await.unwrap();
        assert_eq!(verdict.finding, None);
        bed.must_be_sound().await;
    }
}

on_both! {
    async fn a_record_that_the_database_refuses_takes_no_other_along(bed: Bed) {
        let sink = &bed.server.service().engine.sink;
        let record = |client: &str| {
            let mut record = valtuus::audit::Record { id: valtuus::world::World::id(&Real), at: now(), ..Default::default() };
            client.clone_into(&mut record.fields[9]);
            sink.write(vec![record.row()])
        };
        let clients: Vec<String> = (0..20).map(|n| if n == 7 { "nul\0".to_owned() } else { format!("group-{n}") }).collect();
        let written = futures_util::future::join_all(clients.iter().map(|client| record(client))).await;
        for (client, written) in clients.iter().zip(written) {
            assert!(written.is_ok() || client.starts_with("nul"), "{client}: {written:?}");
        }
        let store = &bed.server.service().engine.store;
        let all = records(store, &AuditQuery::default()).await;
        assert_eq!(all.iter().filter(|record| record.field("client").starts_with("group-")).count(), 19);
    }

    async fn a_name_with_control_characters_is_no_credential_and_leaves_no_record(bed: Bed) {
        use base64::Engine as _;
        for name in ["a\0b", "admin\0", "admin\n", "\u{7f}"] {
            let header = base64::engine::general_purpose::STANDARD.encode(format!("{name}:admin-password"));
            let caller = bed.anonymous().with(crate::kit::caller::Credentials::Header(format!("Basic {header}")));
            let reader = bed.reader();
            let (refused, other) = tokio::join!(caller.get("partners"), reader.get("partners"));
            refused.refused(401, 2, "authentication failed");
            other.ok();
        }
        let all = records(&bed.server.service().engine.store, &AuditQuery::default()).await;
        assert!(all.iter().all(|record| !record.field("client").contains(char::is_control)));
    }
}

/// The file may grow no further: what a full disk is to the one writer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_file_refuses_changes_answers_reads_and_recovers_by_itself() {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", directory.path().join("full.db").display());
    let options = || StoreOptions::new(url.clone(), Arc::new(Real));
    let store = connect(options()).await.unwrap();
    let anna = new(&store, Kind::User, user_pairs("anna", None)).await.unwrap();
    store.close().await;
    let mut other = SqliteConnection::connect(&url).await.unwrap();
    let ballast = "CREATE TABLE ballast (b BLOB); INSERT INTO ballast VALUES (zeroblob(2000000))";
    other.execute(ballast).await.unwrap();
    let pages: i64 = sqlx::query_scalar("PRAGMA page_count").fetch_one(&mut other).await.unwrap();
    let store =
        connect(StoreOptions { max_pages: Some(u32::try_from(pages).unwrap()), ..options() }).await.unwrap();
    let mut made = 0_u64;
    let refusal = loop {
        let record = crate::store::kit::change(&store, move |tx| {
            let mut record = valtuus::audit::Record {
                id: valtuus::world::World::id(&Real),
                at: now(),
                ..Default::default()
            };
            record.fields[8] = "x".repeat(2_000);
            Box::pin(async move { tx.append_audit(&[record.row()]).await })
        });
        match record.await {
            Ok(()) => made += 1,
            Err(error) => break error,
        }
        assert!(made < 10_000, "the file was never full");
    };
    assert!(matches!(refusal, Error::Unavailable { .. }), "{refusal:?}");
    for n in 0..3 {
        let refused = new(&store, Kind::User, user_pairs(&format!("{n}{}", "b".repeat(200)), None)).await;
        if let Err(refused) = refused {
            assert!(matches!(refused, Error::Unavailable { .. }), "{refused:?}");
        }
        assert!(store.by_id(anna.id()).await.unwrap().is_some());
    }
    let held =
        store.audit(&AuditQuery::default(), &valtuus::store::Position::default(), 100_000).await.unwrap();
    assert_eq!(held.len() as u64, made);
    other.execute("DROP TABLE ballast").await.unwrap();
    for n in 0..20 {
        new(&store, Kind::User, user_pairs(&format!("after-{n}"), None)).await.unwrap();
    }
    assert_eq!(store.check().await.unwrap(), Vec::<String>::new());
    store.close().await;
}

//! Migrations, plans, the rebuilding and checking of what follows, secrets, leases, and the store that fails on
//! command.

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use futures_util::future::join_all;
use sqlx::{Connection, Row as _};
use valtuus::model::attribute::Index;
use valtuus::model::kind::user;
use valtuus::model::{Error, Kind, Value};
use valtuus::store::fault::{Faults, Faulty};
use valtuus::store::job::{self, Lease};
use valtuus::store::secret::Secret;
use valtuus::store::{Engine, SharedStore, Source, StoreOptions, connect, migrate, read_statements};
use valtuus::world::{Real, World};

use super::kit::{Bench, assign, change, new, org, person, remove, rewrite, role_in, rows, user_pairs};

super::on_both!(
    migrating_again_changes_nothing_and_a_database_without_them_is_refused,
    every_read_is_driven_by_an_index,
    a_reindex_after_the_derived_tables_are_wiped_leaves_nothing_to_name,
    a_check_names_each_kind_of_difference,
    an_attribute_that_becomes_indexed_is_found_after_a_reindex,
    a_secret_is_consumed_once_by_sixteen_who_try,
    a_secret_ends_by_time_by_misses_and_with_its_subject,
    a_secret_is_looked_at_without_being_used_up_and_kept_once_by_sixteen_who_try,
    a_lease_has_one_holder_and_hands_its_cursor_on,
    a_fault_strikes_the_nth_call_and_undoes_the_change,
    a_closed_store_answers_unavailable,
);

/// Runs `statements` behind the store's back, with foreign keys off.
pub(super) async fn behind(bench: &Bench, statements: &[&'static str]) {
    if bench.url.starts_with("sqlite") {
        let mut connection = sqlx::SqliteConnection::connect(&bench.url).await.unwrap();
        sqlx::query("PRAGMA foreign_keys = 0").execute(&mut connection).await.unwrap();
        for sql in statements {
            sqlx::query(*sql).execute(&mut connection).await.unwrap();
        }
        connection.close().await.unwrap();
    } else {
        let mut connection = sqlx::PgConnection::connect(&bench.url).await.unwrap();
        // Replication role: no foreign key is checked.
        sqlx::query("SET session_replication_role = replica").execute(&mut connection).await.unwrap();
        for sql in statements {
            let sql = sqlx::AssertSqlSafe(sql.replace("x'00'", "'\\x00'::bytea"));
            sqlx::query(sql).execute(&mut connection).await.unwrap();
        }
        connection.close().await.unwrap();
    }
}

async fn migrating_again_changes_nothing_and_a_database_without_them_is_refused(bench: &Bench) {
    assert_eq!(migrate::apply(&bench.url).await.unwrap(), 0);
    let states = migrate::status(&bench.url).await.unwrap();
    assert!(!states.is_empty() && states.iter().all(|state| state.applied));
    person(&bench.store, "anna", None).await;
    let again = join_all((0..4).map(|_| migrate::apply(&bench.url))).await;
    assert!(again.into_iter().all(|applied| applied == Ok(0)));
    assert_eq!(bench.store.count(&Source::Kind(Kind::User), 9).await.unwrap(), 1);
    behind(bench, &["DELETE FROM _sqlx_migrations"]).await;
    let options = StoreOptions { migrate: false, pool: 1, ..StoreOptions::new(&*bench.url, Arc::new(Real)) };
    let refused = connect(options).await.err().unwrap();
    assert!(matches!(&refused, Error::Conflict { reason } if reason.contains("migrations")), "{refused:?}");
    assert!(matches!(bench.store.ready().await.unwrap_err(), Error::Unavailable { .. }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn several_processes_may_migrate_a_new_file_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", directory.path().join("new.db").display());
    assert!(migrate::status(&url).await.unwrap().iter().all(|state| !state.applied));
    let stores = join_all((0..4).map(|_| connect(StoreOptions::new(&*url, Arc::new(Real))))).await;
    for store in stores {
        store.unwrap().close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn only_the_servers_own_user_may_read_the_files() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    valtuus::store::private::create_dir(&data).unwrap();
    assert_eq!(data.metadata().unwrap().permissions().mode() & 0o777, 0o700);
    let url = format!("sqlite://{}", data.join("new.db").display());
    let store = connect(StoreOptions::new(url, Arc::new(Real))).await.unwrap();
    person(&store, "anna", None).await;
    let files: Vec<_> = std::fs::read_dir(&data).unwrap().map(Result::unwrap).collect();
    assert!(files.len() > 1, "{files:?}");
    for file in files {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
    }
    store.close().await;
}

async fn every_read_is_driven_by_an_index(bench: &Bench) {
    if bench.url.starts_with("sqlite") {
        let mut connection = sqlx::SqliteConnection::connect(&bench.url).await.unwrap();
        for sql in read_statements(Engine::Sqlite) {
            let explain = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
            for row in sqlx::query(explain).fetch_all(&mut connection).await.unwrap() {
                let detail: String = row.get("detail");
                let scanned = detail.starts_with("SCAN ")
                    && ![
                        "SCAN j",
                        "SCAN found",
                        "SCAN few",
                        "SCAN here",
                        "SCAN there",
                        "SCAN (",
                        "SCAN CONSTANT",
                    ]
                    .iter()
                    .any(|fine| detail.starts_with(fine));
                assert!(!scanned, "{sql}\n{detail}");
            }
        }
    } else {
        let mut connection = sqlx::PgConnection::connect(&bench.url).await.unwrap();
        for setting in ["SET enable_seqscan = off", "SET plan_cache_mode = force_generic_plan"] {
            sqlx::query(setting).execute(&mut connection).await.unwrap();
        }
        for (number, sql) in read_statements(Engine::Postgres).into_iter().enumerate() {
            let prepare = sqlx::AssertSqlSafe(format!("PREPARE s{number} AS {sql}"));
            sqlx::raw_sql(prepare).execute(&mut connection).await.unwrap();
            let arguments =
                sql.split('$').skip(1).map(|part| part.split(|c: char| !c.is_ascii_digit()).next().unwrap());
            let count = arguments.map(|digits| digits.parse::<usize>().unwrap()).max().unwrap_or(0);
            let nulls = vec!["NULL"; count].join(",");
            let execute = if count == 0 { format!("s{number}") } else { format!("s{number}({nulls})") };
            let explain = sqlx::AssertSqlSafe(format!("EXPLAIN EXECUTE {execute}"));
            for row in sqlx::raw_sql(explain).fetch_all(&mut connection).await.unwrap() {
                let line: String = row.get(0);
                assert!(!line.contains("Seq Scan"), "{sql}\n{line}");
            }
        }
    }
}

async fn peopled(store: &SharedStore) {
    let root = org(store, "root", None).await;
    let below = org(store, "below", Some(&root)).await;
    let (boss, anna) = (role_in(store, "boss", &below).await, person(store, "anna", Some(&below)).await);
    assign(store, &anna, &boss).await;
    for number in 0..1_100 {
        if number % 100 == 0 {
            person(store, &format!("u{number}"), Some(&root)).await;
        }
    }
}

async fn a_reindex_after_the_derived_tables_are_wiped_leaves_nothing_to_name(bench: &Bench) {
    let store = &bench.store;
    peopled(store).await;
    assert_eq!(store.check().await.unwrap(), Vec::<String>::new());
    let source = Source::Keys { attr: user::LOGIN, low: b"u".to_vec(), high: None };
    let before = rows(store, &source, 5).await;
    behind(
        bench,
        &["DELETE FROM attr_index", "DELETE FROM attr_unique", "DELETE FROM reference", "DELETE FROM tree"],
    )
    .await;
    assert!(store.check().await.unwrap().len() > 50);
    assert_eq!(store.reindex().await.unwrap(), 16);
    assert_eq!(store.check().await.unwrap(), Vec::<String>::new());
    assert_eq!(rows(store, &source, 5).await, before);
}

async fn a_check_names_each_kind_of_difference(bench: &Bench) {
    let store = &bench.store;
    peopled(store).await;
    behind(
        bench,
        &[
            "INSERT INTO attr_index (attr, key, row) VALUES (262, x'00', 1)",
            "INSERT INTO attr_index (attr, key, row) VALUES (262, x'00', 987654)",
            "INSERT INTO attr_unique (attr, scope, key, row) VALUES (262, 0, x'00', 1)",
            "INSERT INTO reference (to_row, attr, from_row) VALUES (1, 266, 2)",
            "INSERT INTO tree (ancestor, organization, depth) VALUES (2, 1, 3)",
        ],
    )
    .await;
    let planted = store.check().await.unwrap();
    let names = |found: &[String], part: &str| found.iter().any(|sentence| sentence.contains(part));
    for part in [
        "a search key of login stands for organization",
        "a search key of login stands for row 987654, which does not exist",
        "a unique key of login stands for organization",
        "a reference of organizationId stands for organization",
        "tree: row 1 stands 3 below row 2",
    ] {
        assert!(names(&planted, part), "{part}: {planted:?}");
    }
    assert_eq!(planted.len(), 5, "{planted:?}");
    store.reindex().await.unwrap();
    assert_eq!(store.check().await.unwrap(), Vec::<String>::new());
    behind(
        bench,
        &[
            "DELETE FROM attr_index WHERE attr = 262 AND row = 4",
            "DELETE FROM attr_unique WHERE attr = 262 AND row = 4",
            "DELETE FROM reference WHERE attr = 266 AND from_row = 4",
            "DELETE FROM tree WHERE organization = 2 AND depth = 1",
        ],
    )
    .await;
    let missing = store.check().await.unwrap();
    for part in [
        "the search key of login is missing",
        "the unique key of login is missing",
        "the reference of organizationId is missing",
        "tree: row 2 is missing 1 below row 1",
    ] {
        assert!(names(&missing, part), "{part}: {missing:?}");
    }
    assert_eq!(missing.len(), 4, "{missing:?}");
    behind(bench, &["DELETE FROM attr_index WHERE row = 1", "DELETE FROM entity WHERE row = 1"]).await;
    let dangling = store.check().await.unwrap();
    assert!(names(&dangling, "which does not exist") && names(&dangling, "parent refers to"), "{dangling:?}");
}

async fn an_attribute_that_becomes_indexed_is_found_after_a_reindex(bench: &Bench) {
    let store = &bench.store;
    let declare = |indexed| {
        change(store, move |tx| {
            Box::pin(async move {
                tx.declare(Kind::User, "colour", indexed, false).await?;
                Ok(tx.registry().named(Kind::User, "colour").unwrap().id)
            })
        })
    };
    let attr = declare(false).await.unwrap();
    let mut pairs = user_pairs("anna", None);
    pairs.push((attr, Value::text("red")));
    let anna = new(store, Kind::User, pairs).await.unwrap();
    let red = Source::Keys { attr, low: b"red".to_vec(), high: None };
    let state = || store.registry().numbered(attr).unwrap().index;
    assert_eq!(state(), Index::None);
    // Declared again before it is ready, it stays in the making.
    for _ in 0..2 {
        assert_eq!(declare(true).await.unwrap(), attr);
        assert_eq!(state(), Index::Building);
    }
    assert_eq!(store.count(&red, 9).await.unwrap(), 0);
    let mut pairs = user_pairs("berta", None);
    pairs.push((attr, Value::text("red")));
    let berta = new(store, Kind::User, pairs).await.unwrap();
    assert_eq!(rows(store, &red, 9).await, [berta.row()]);
    remove(store, &[&berta]).await.unwrap();
    store.reindex().await.unwrap();
    assert_eq!(state(), Index::Search);
    assert_eq!(store.custom_attributes().await.unwrap()[0].index, Index::Search);
    assert_eq!(rows(store, &red, 9).await, [anna.row()]);
    let mut pairs = user_pairs("anna", None);
    pairs.push((attr, Value::text("blue")));
    rewrite(store, &anna, pairs).await.unwrap();
    assert_eq!(store.check().await.unwrap(), Vec::<String>::new());
}

async fn put_secret(store: &SharedStore, seed: u8, subject: i64, tries: i64) {
    change(store, move |tx| {
        Box::pin(async move {
            let hash = [seed; 32];
            tx.put_secret(&Secret { purpose: "otp", hash: &hash, subject, expires: 100, uses: 1, tries })
                .await
        })
    })
    .await
    .unwrap();
}

async fn consume(store: &SharedStore, seed: u8, now: i64) -> Option<i64> {
    let found =
        change(store, move |tx| Box::pin(async move { tx.consume_secret("otp", &[seed; 32], now).await }));
    found.await.unwrap()
}

async fn a_secret_is_consumed_once_by_sixteen_who_try(bench: &Bench) {
    put_secret(&bench.store, 1, 42, 3).await;
    let outcomes = join_all((0..16).map(|_| consume(&bench.store, 1, 50))).await;
    assert_eq!(outcomes.iter().flatten().collect::<Vec<_>>(), [&42]);
    assert_eq!(consume(&bench.store, 2, 50).await, None);
}

async fn tries_leave_the_last_one(store: &SharedStore) {
    let tried =
        |now: i64| change(store, move |tx| Box::pin(async move { tx.try_secret("otp", -7, now).await }));
    assert!(!tried(50).await.unwrap(), "there is none");
    put_secret(store, 7, -7, 6).await;
    let outcomes = join_all((0..16).map(|_| tried(50))).await;
    assert_eq!(outcomes.into_iter().filter(|outcome| *outcome == Ok(true)).count(), 5);
    assert!(!tried(50).await.unwrap());
    assert_eq!(consume(store, 7, 50).await, Some(-7), "what was tried five times is good for the fifth");
    put_secret(store, 8, -8, 6).await;
    let late = change(store, |tx| Box::pin(async move { tx.try_secret("otp", -8, 100).await }));
    assert!(!late.await.unwrap(), "it has expired");
    change(store, |tx| Box::pin(async move { tx.drop_secrets("otp", -7).await })).await.unwrap();
    change(store, |tx| Box::pin(async move { tx.drop_secrets("otp", -8).await })).await.unwrap();
}

async fn a_secret_ends_by_time_by_misses_and_with_its_subject(bench: &Bench) {
    let store = &bench.store;
    put_secret(store, 1, 42, 2).await;
    assert_eq!(consume(store, 1, 100).await, None);
    for _ in 0..2 {
        change(store, |tx| Box::pin(async move { tx.miss_secret("otp", 42).await })).await.unwrap();
    }
    assert_eq!(consume(store, 1, 50).await, None);
    tries_leave_the_last_one(store).await;
    let anna = person(store, "anna", None).await;
    put_secret(store, 2, anna.row(), 2).await;
    put_secret(store, 3, 43, 2).await;
    super::kit::remove(store, &[&anna]).await.unwrap();
    assert_eq!(consume(store, 2, 50).await, None);
    change(store, |tx| Box::pin(async move { tx.drop_secrets("otp", 43).await })).await.unwrap();
    assert_eq!(consume(store, 3, 50).await, None);
    let dropped = change(store, |tx| Box::pin(async move { tx.drop_expired_secrets(100).await }));
    assert_eq!(dropped.await.unwrap(), 1);
}

async fn a_secret_is_looked_at_without_being_used_up_and_kept_once_by_sixteen_who_try(bench: &Bench) {
    let store = &bench.store;
    put_secret(store, 1, 42, 3).await;
    for _ in 0..3 {
        assert_eq!(store.secret_subject("otp", &[1; 32], 99).await.unwrap(), Some(42));
    }
    assert_eq!(store.secret_subject("otp", &[1; 32], 100).await.unwrap(), None, "ended");
    assert_eq!(store.secret_subject("other", &[1; 32], 50).await.unwrap(), None, "another purpose");
    assert_eq!(store.secret_subject("otp", &[2; 32], 50).await.unwrap(), None, "unknown");
    assert_eq!(consume(store, 1, 50).await, Some(42));
    assert_eq!(store.secret_subject("otp", &[1; 32], 50).await.unwrap(), None, "used up");
    let once = |seed: u8| {
        change(store, move |tx| {
            Box::pin(async move {
                let hash = [seed; 32];
                let secret =
                    Secret { purpose: "once", hash: &hash, subject: 0, expires: 100, uses: 1, tries: 1 };
                tx.put_secret_once(&secret).await
            })
        })
    };
    let kept = join_all((0..16).map(|_| once(7))).await;
    assert_eq!(kept.into_iter().filter(|kept| *kept.as_ref().unwrap()).count(), 1);
    assert!(once(8).await.unwrap());
}

async fn a_lease_has_one_holder_and_hands_its_cursor_on(bench: &Bench) {
    let store = &bench.store;
    let lease = || Lease { name: "seal".to_owned(), owner: Real.unordered_id() };
    let leases: Vec<Lease> = (0..16).map(|_| lease()).collect();
    let taken = join_all(leases.iter().map(|lease| job::acquire(store.as_ref(), lease, 10, 20))).await;
    let holders: Vec<&Lease> = leases
        .iter()
        .zip(&taken)
        .filter(|(_, taken)| taken.as_ref().unwrap().is_some())
        .map(|(lease, _)| lease)
        .collect();
    assert_eq!(holders.len(), 1);
    let (holder, next) = (holders[0], lease());
    assert!(job::renew(store.as_ref(), holder, "at 5", (15, 30)).await.unwrap());
    assert_eq!(job::acquire(store.as_ref(), &next, 29, 40).await.unwrap(), None);
    assert_eq!(job::acquire(store.as_ref(), &next, 30, 40).await.unwrap().as_deref(), Some("at 5"));
    assert!(!job::renew(store.as_ref(), holder, "late", (31, 50)).await.unwrap());
    assert!(job::release(store.as_ref(), &next, "at 9").await.unwrap());
    assert!(!job::release(store.as_ref(), &next, "again").await.unwrap());
    assert_eq!(job::acquire(store.as_ref(), holder, 31, 40).await.unwrap().as_deref(), Some("at 9"));
}

async fn a_fault_strikes_the_nth_call_and_undoes_the_change(bench: &Bench) {
    let faults = Arc::new(Faults::default());
    let store: SharedStore = Arc::new(Faulty::new(Arc::clone(&bench.store), Arc::clone(&faults)));
    let down = || Error::unavailable("on purpose");
    faults.fail("Write::insert", 2, down());
    person(&store, "anna", None).await;
    assert_eq!(new(&store, Kind::User, user_pairs("berta", None)).await.unwrap_err(), down());
    faults.fail("Store::commit", 1, down());
    assert_eq!(new(&store, Kind::User, user_pairs("berta", None)).await.unwrap_err(), down());
    faults.fail("Read::by_id", 1, down());
    assert_eq!(store.by_id(Real.id()).await.unwrap_err(), down());
    assert_eq!(faults.pending(), 0);
    assert_eq!(rows(&store, &Source::Kind(Kind::User), 9).await.len(), 1);
    person(&store, "berta", None).await;
}

async fn a_closed_store_answers_unavailable(bench: &Bench) {
    let store = bench.other().await;
    person(&store, "anna", None).await;
    store.close().await;
    assert!(matches!(store.by_id(Real.id()).await.unwrap_err(), Error::Unavailable { .. }));
    assert!(matches!(new(&store, Kind::User, vec![]).await.unwrap_err(), Error::Unavailable { .. }));
    assert_eq!(bench.store.count(&Source::Kind(Kind::User), 9).await.unwrap(), 1);
}

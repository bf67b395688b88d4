//! What changes promise: uniqueness, no lost update, all or nothing, and the records of a refusal.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use valtuus::model::kind::{organization, role, user};
use valtuus::model::{AttrId, Error, Kind, Value};
use valtuus::store::{AuditQuery, AuditRow, Position, Replace, Source, Touched};
use valtuus::world::{Real, World};

use super::kit::{
    Bench, act, assign, attributes, change, client, new, now, org, person, put, remove, rewrite, role_in,
    rows, to, user_pairs, valid,
};

super::on_both!(
    a_taken_key_is_refused_by_the_name_of_its_attribute,
    a_key_is_free_again_after_a_change_or_a_removal,
    two_new_entities_of_one_call_may_not_share_a_key_but_may_refer_to_each_other,
    one_of_sixteen_writers_gets_the_key,
    an_id_is_used_once,
    no_update_is_lost_among_concurrent_ones,
    an_old_version_is_not_written_over_a_newer_one,
    what_is_referred_to_is_not_removed,
    a_removal_takes_everything_that_follows_along,
    a_refused_unit_leaves_only_its_refusal,
    a_unit_that_goes_on_after_an_error_is_not_committed,
    a_panicking_unit_is_undone_and_the_store_goes_on,
    a_caller_that_goes_away_does_not_end_its_change,
    many_changes_at_once_are_all_durable_and_told_before_their_answers,
    a_declared_attribute_is_found_in_this_transaction_and_by_every_later_one,
    reads_within_a_transaction_see_its_own_writes,
    audit_records_are_filtered_and_paged_in_order,
    locks_serialize_and_counters_are_dense,
    another_process_sees_a_commit_within_a_second,
    a_deadlock_is_run_again_until_both_succeed,
);

fn taken(parameter: &str) -> Error {
    Error::AlreadyExists { parameter: parameter.to_owned() }
}

async fn a_taken_key_is_refused_by_the_name_of_its_attribute(bench: &Bench) {
    let store = &bench.store;
    let root = org(store, "root", None).await;
    person(store, "anna", Some(&root)).await;
    assert_eq!(new(store, Kind::User, user_pairs("ANNA", None)).await.unwrap_err(), taken("login"));
    role_in(store, "boss", &root).await;
    let again = vec![(role::NAME, Value::text("boss")), (role::ORGANIZATION, to(&root))];
    assert_eq!(new(store, Kind::Role, again).await.unwrap_err(), taken("name"));
    let bert = person(store, "bert", None).await;
    assert_eq!(rewrite(store, &bert, user_pairs("anna", None)).await.unwrap_err(), taken("login"));
    assert_eq!(rows(store, &Source::Kind(Kind::User), 10).await.len(), 2);
}

async fn a_key_is_free_again_after_a_change_or_a_removal(bench: &Bench) {
    let store = &bench.store;
    let anna = person(store, "anna", None).await;
    let anna = rewrite(store, &anna, user_pairs("berta", None)).await.unwrap();
    let second = person(store, "anna", None).await;
    remove(store, &[&second]).await.unwrap();
    person(store, "anna", None).await;
    rewrite(store, &anna, user_pairs("Berta", None)).await.unwrap();
    assert_eq!(store.check().await.unwrap(), Vec::<String>::new());
}

async fn two_new_entities_of_one_call_may_not_share_a_key_but_may_refer_to_each_other(bench: &Bench) {
    let store = &bench.store;
    let insert_two = |second_login: &'static str| {
        change(store, move |tx| {
            Box::pin(async move {
                let ids = [Real.id(), Real.id(), Real.id()];
                let home = Value::Ref(valtuus::model::Ref { kind: Kind::Organization, id: ids[0] });
                let valid = [
                    valid(
                        Kind::Organization,
                        vec![(organization::TECHNICAL_NAME, Value::text(second_login))],
                    ),
                    valid(Kind::User, vec![(user::LOGIN, Value::text("one")), (user::HOME, home.clone())]),
                    valid(Kind::User, vec![(user::LOGIN, Value::text(second_login)), (user::HOME, home)]),
                ];
                let none = valtuus::model::rules::Companions::default();
                let new: Vec<_> = ids
                    .iter()
                    .zip(&valid)
                    .map(|(id, valid)| valtuus::store::Insert {
                        id: *id,
                        now: now(),
                        home: None,
                        valid,
                        rows: &none,
                    })
                    .collect();
                let made = tx.insert(&new).await?;
                tx.plant(made[0].row(), None).await?;
                Ok(made)
            })
        })
    };
    assert_eq!(insert_two("One").await.unwrap_err(), taken("login"));
    let made = insert_two("two").await.unwrap();
    assert!(made.iter().map(valtuus::model::Stored::row).collect::<Vec<_>>().is_sorted());
    let at_home = Source::RefersTo { attr: user::HOME, to: vec![made[0].row()] };
    assert_eq!(rows(store, &at_home, 10).await, [made[1].row(), made[2].row()]);
}

async fn one_of_sixteen_writers_gets_the_key(bench: &Bench) {
    let store = &bench.store;
    for round in 0..5 {
        let login = format!("contested{round}");
        let outcomes = join_all((0..16).map(|_| new(store, Kind::User, user_pairs(&login, None)))).await;
        let (won, lost): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
        assert_eq!(won.len(), 1);
        assert!(lost.into_iter().all(|outcome| outcome == Err(taken("login"))));
    }
    assert_eq!(rows(store, &Source::Kind(Kind::User), 100).await.len(), 5);
}

async fn an_id_is_used_once(bench: &Bench) {
    let store = &bench.store;
    let id = person(store, "a", None).await.id();
    let outcome = change(store, move |tx| {
        Box::pin(async move {
            let valid = valid(Kind::User, user_pairs("b", None));
            let none = valtuus::model::rules::Companions::default();
            tx.insert(&[valtuus::store::Insert { id, now: 1, home: None, valid: &valid, rows: &none }]).await
        })
    });
    assert_eq!(outcome.await.unwrap_err(), taken("id"));
}

const COUNT: AttrId = user::SURNAME;

async fn no_update_is_lost_among_concurrent_ones(bench: &Bench) {
    let store = &bench.store;
    let mut pairs = user_pairs("counter", None);
    pairs.push((COUNT, Value::text("0")));
    let id = new(store, Kind::User, pairs).await.unwrap().id();
    let raise = || {
        change(store, move |tx| {
            Box::pin(async move {
                let old = tx.load(&[id]).await?.remove(0);
                let count: u32 = old.attributes().text(COUNT).unwrap().parse().unwrap();
                let mut now = old.attributes().clone();
                now.put(COUNT, Value::text((count + 1).to_string()));
                let valid = valtuus::model::rules::by_server(Kind::User, now);
                let none = valtuus::model::rules::Companions::default();
                tx.replace(&Replace { old: &old, now: 2, home: None, valid: &valid, rows: &none }).await
            })
        })
    };
    for outcome in join_all((0..24).map(|_| raise())).await {
        outcome.unwrap();
    }
    let stored = store.by_id(id).await.unwrap().unwrap();
    assert_eq!((stored.attributes().text(COUNT), stored.version()), (Some("24"), 25));
    assert_eq!(store.check().await.unwrap(), Vec::<String>::new());
}

async fn an_old_version_is_not_written_over_a_newer_one(bench: &Bench) {
    let store = &bench.store;
    let old = person(store, "a", None).await;
    rewrite(store, &old, user_pairs("b", None)).await.unwrap();
    assert_eq!(rewrite(store, &old, user_pairs("c", None)).await.unwrap_err(), Error::Precondition);
    assert_eq!(store.holder(user::LOGIN, 0, b"c").await.unwrap(), None);
}

async fn what_is_referred_to_is_not_removed(bench: &Bench) {
    let store = &bench.store;
    let root = org(store, "root", None).await;
    let anna = person(store, "anna", Some(&root)).await;
    let refused = remove(store, &[&root]).await.unwrap_err();
    assert_eq!(refused, Error::Referenced { by: "user (organizationId)".to_owned() });
    let referrers = change(store, {
        let row = root.row();
        move |tx| Box::pin(async move { tx.referrers(&[row]).await })
    });
    assert_eq!(referrers.await.unwrap(), [(anna.row(), user::HOME, root.row())]);
    remove(store, &[&root, &anna]).await.unwrap();
    assert!(store.by_id(root.id()).await.unwrap().is_none());
}

async fn a_removal_takes_everything_that_follows_along(bench: &Bench) {
    let store = &bench.store;
    let root = org(store, "root", None).await;
    let below = org(store, "below", Some(&root)).await;
    let (boss, anna) = (role_in(store, "boss", &below).await, person(store, "anna", Some(&below)).await);
    let link = assign(store, &anna, &boss).await;
    let subject = anna.row();
    change(store, move |tx| {
        Box::pin(async move {
            tx.set_credential(subject, &valtuus::store::Credential { phc: "x".into(), set: 1 }).await
        })
    })
    .await
    .unwrap();
    assert!(matches!(remove(store, &[&anna]).await.unwrap_err(), Error::Referenced { .. }));
    remove(store, &[&below, &boss, &anna, &link]).await.unwrap();
    assert!(store.credential(subject).await.unwrap().is_none());
    assert!(rows(store, &Source::Below { ancestor: root.row() }, 9).await.is_empty());
    assert_eq!(
        store.count(&Source::Keys { attr: user::LOGIN, low: vec![], high: None }, 9).await.unwrap(),
        0
    );
    assert_eq!(store.check().await.unwrap(), Vec::<String>::new());
}

fn record(event: &str, client: &str) -> AuditRow {
    AuditRow {
        id: Real.id(),
        at: now(),
        event_id: event.to_owned(),
        module_id: "VLT".to_owned(),
        category: "success".to_owned(),
        client: client.to_owned(),
        kind: "user".to_owned(),
        entity_id: None,
        reference_id: String::new(),
        canonical: vec![1, 0, 255],
    }
}

async fn events(bench: &Bench) -> Vec<String> {
    let found = bench.store.audit(&AuditQuery::default(), &Position::default(), 1000).await.unwrap();
    found.into_iter().map(|(_, held)| held.record.event_id).collect()
}

async fn a_refused_unit_leaves_only_its_refusal(bench: &Bench) {
    let store = &bench.store;
    let unit = act(|tx| {
        Box::pin(async move {
            put(tx, &valid(Kind::User, user_pairs("anna", None))).await?;
            tx.append_audit(&[record("DONE", "c")]).await?;
            Err(Error::conflict("not today"))
        })
    })
    .or(|tx| Box::pin(async move { tx.append_audit(&[record("REFUSED", "c")]).await }));
    assert_eq!(unit.on(store).await.unwrap_err(), Error::conflict("not today"));
    assert_eq!(events(bench).await, ["REFUSED"]);
    assert!(rows(store, &Source::Kind(Kind::User), 9).await.is_empty());
    let unrecorded = act(|_| Box::pin(async { Err(Error::conflict("not today")) }))
        .or(|_| Box::pin(async { Err(Error::internal("no room for the record")) }));
    assert!(matches!(unrecorded.on(store).await.unwrap_err(), Error::Unavailable { .. }));
    assert_eq!(events(bench).await, ["REFUSED"]);
}

async fn a_unit_that_goes_on_after_an_error_is_not_committed(bench: &Bench) {
    let store = &bench.store;
    person(store, "anna", None).await;
    let unit = act(|tx| {
        Box::pin(async move {
            let refused = put(tx, &valid(Kind::User, user_pairs("anna", None))).await;
            assert_eq!(refused.unwrap_err(), taken("login"));
            Ok(Touched::default())
        })
    });
    assert_eq!(unit.on(store).await.unwrap_err(), taken("login"));
    assert_eq!(rows(store, &Source::Kind(Kind::User), 9).await.len(), 1);
}

async fn a_panicking_unit_is_undone_and_the_store_goes_on(bench: &Bench) {
    let store = &bench.store;
    let unit = act(|tx| {
        Box::pin(async move {
            put(tx, &valid(Kind::User, user_pairs("anna", None))).await?;
            panic!("on purpose");
        })
    });
    assert!(matches!(unit.on(store).await.unwrap_err(), Error::Internal { .. }));
    person(store, "anna", None).await;
}

async fn a_caller_that_goes_away_does_not_end_its_change(bench: &Bench) {
    let store = bench.store.clone();
    let begun = Arc::new(tokio::sync::Notify::new());
    let inside = Arc::clone(&begun);
    let caller = tokio::spawn(async move {
        let unit = act(move |tx| {
            let inside = Arc::clone(&inside);
            Box::pin(async move {
                put(tx, &valid(Kind::User, user_pairs("anna", None))).await?;
                inside.notify_one();
                tokio::time::sleep(Duration::from_millis(100)).await;
                put(tx, &valid(Kind::User, user_pairs("berta", None))).await?;
                Ok(Touched::ALL)
            })
        });
        unit.on(&store).await
    });
    begun.notified().await;
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    person(&bench.store, "cecilia", None).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(rows(&bench.store, &Source::Kind(Kind::User), 9).await.len(), 3);
}

async fn many_changes_at_once_are_all_durable_and_told_before_their_answers(bench: &Bench) {
    let store = &bench.store;
    let told = Arc::new(AtomicUsize::new(0));
    let listener = Arc::clone(&told);
    store.on_commit(Arc::new(move |touched| {
        assert!(touched.has(Kind::User));
        listener.fetch_add(1, Ordering::SeqCst);
    }));
    let made = join_all((0..200).map(|n| {
        let told = Arc::clone(&told);
        async move {
            let made = new(store, Kind::User, user_pairs(&format!("u{n}"), None)).await.unwrap();
            assert!(told.load(Ordering::SeqCst) > 0);
            assert!(store.by_id(made.id()).await.unwrap().is_some());
            made
        }
    }))
    .await;
    assert_eq!(made.len(), 200);
    assert_eq!(bench.other().await.count(&Source::Kind(Kind::User), 999).await.unwrap(), 200);
}

async fn a_declared_attribute_is_found_in_this_transaction_and_by_every_later_one(bench: &Bench) {
    let store = &bench.store;
    let other = bench.other().await;
    let attr = change(store, |tx| {
        Box::pin(async move {
            tx.declare(Kind::User, "browsers", true, true).await?;
            let attr = tx.registry().named(Kind::User, "browsers").unwrap().id;
            let mut pairs = user_pairs("anna", None);
            pairs.push((attr, Value::text("Lynx")));
            put(tx, &valid(Kind::User, pairs)).await?;
            Ok(attr)
        })
    })
    .await
    .unwrap();
    assert!(attr.is_custom() && store.registry().numbered(attr).unwrap().many);
    let found = Source::Keys { attr, low: b"lynx".to_vec(), high: None };
    assert_eq!(store.count(&found, 9).await.unwrap(), 1);
    // The other process writes with the new registry although nobody told it yet.
    let seen = change(&other, |tx| {
        Box::pin(async move { Ok(tx.registry().named(Kind::User, "browsers").is_some()) })
    });
    assert!(seen.await.unwrap());
    assert!(other.reload_registry().await.unwrap().numbered(attr).is_some());
    change(store, |tx| Box::pin(async move { tx.declare(Kind::User, "browsers", false, false).await }))
        .await
        .unwrap();
    let declared = store.custom_attributes().await.unwrap();
    assert_eq!((declared.len(), declared[0].id, declared[0].many), (1, attr, false));
    let failed = act(|tx| {
        Box::pin(async move {
            tx.declare(Kind::Role, "gone", true, false).await?;
            Err(Error::conflict("no"))
        })
    });
    failed.on(store).await.unwrap_err();
    assert!(store.registry().named(Kind::Role, "gone").is_none());
    other.close().await;
}

async fn reads_within_a_transaction_see_its_own_writes(bench: &Bench) {
    let store = &bench.store;
    change(store, |tx| {
        Box::pin(async move {
            let made = put(tx, &valid(Kind::User, user_pairs("anna", None))).await?;
            assert_eq!(tx.holder(user::LOGIN, 0, b"anna").await?, Some(made.row()));
            assert_eq!(tx.scan(&Source::Kind(Kind::User), None, 9).await?[0].id, made.id());
            let keys = Source::Keys { attr: user::EMAIL, low: b"a".to_vec(), high: None };
            assert_eq!(tx.scan(&keys, None, 9).await?[0].at.key, b"anna@x.fi");
            assert_eq!(tx.load_rows(&[made.row(), made.row(), 77]).await?, [made]);
            Ok(())
        })
    })
    .await
    .unwrap();
    assert_eq!(attributes(user_pairs("anna", None)).text(user::LOGIN), Some("anna"));
}

async fn audit_records_are_filtered_and_paged_in_order(bench: &Bench) {
    let store = &bench.store;
    let about = client(store, "c").await.id();
    let written: Vec<AuditRow> = (0..10)
        .map(|n| AuditRow {
            entity_id: (n % 2 == 0).then_some(about),
            at: n,
            ..record(&format!("E{}", n % 3), if n < 5 { "anna" } else { "berta" })
        })
        .collect();
    let records = written.clone();
    change(store, move |tx| {
        let records = records.clone();
        Box::pin(async move { tx.append_audit(&records).await })
    })
    .await
    .unwrap();
    let start = Position::default();
    let all = store.audit(&AuditQuery::default(), &start, 100).await.unwrap();
    assert_eq!(all.iter().map(|(_, held)| held.record.clone()).collect::<Vec<_>>(), written);
    let rest = store.audit(&AuditQuery::default(), &all[6].0, 2).await.unwrap();
    assert_eq!(rest, all[7..9]);
    let filtered = AuditQuery {
        event_id: Some("E0".into()),
        client: Some("berta".into()),
        entity_id: Some(about),
        module_id: Some("VLT".into()),
        category: Some("success".into()),
        kind: Some("user".into()),
        reference_id: Some(String::new()),
        from: Some(6),
        to: Some(7),
    };
    assert_eq!(store.audit(&filtered, &start, 9).await.unwrap(), all[6..7]);
    assert!(store.audit(&AuditQuery { to: Some(6), ..filtered }, &start, 9).await.unwrap().is_empty());
    assert_eq!(store.audit_record(written[3].id).await.unwrap().unwrap().record, written[3]);
}

async fn locks_serialize_and_counters_are_dense(bench: &Bench) {
    let store = &bench.store;
    let inside = Arc::new(AtomicU64::new(0));
    let counted = join_all((0..16).map(|n| {
        let inside = Arc::clone(&inside);
        let failing = n % 4 == 0;
        change(store, move |tx| {
            let inside = Arc::clone(&inside);
            Box::pin(async move {
                tx.lock(if failing { &["tree", "ledger"] } else { &["ledger", "tree"] }).await?;
                assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                tokio::time::sleep(Duration::from_millis(2)).await;
                inside.fetch_sub(1, Ordering::SeqCst);
                let number = tx.count_up("dense").await?;
                if failing { Err(Error::conflict("no")) } else { Ok(number) }
            })
        })
    }))
    .await;
    let mut numbers: Vec<i64> = counted.into_iter().filter_map(Result::ok).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=12).collect::<Vec<i64>>());
}

async fn another_process_sees_a_commit_within_a_second(bench: &Bench) {
    let other = bench.other().await;
    let told = Arc::new(AtomicU64::new(0));
    let inside = Arc::clone(&told);
    other.on_commit(Arc::new(move |touched| _ = inside.fetch_or(touched.0, Ordering::SeqCst)));
    // Lets the watch take its first look: what was before it is nobody's news.
    tokio::time::sleep(Duration::from_millis(500)).await;
    person(&bench.store, "anna", None).await;
    let seen = async {
        while told.load(Ordering::SeqCst) & (1 << Kind::User.number()) == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(1), seen).await.unwrap();
    assert!(other.is_following());
    other.close().await;
}

async fn a_deadlock_is_run_again_until_both_succeed(bench: &Bench) {
    let store = &bench.store;
    let (a, b) = (person(store, "a", None).await.id(), person(store, "b", None).await.id());
    let crossing = |first: uuid::Uuid, second: uuid::Uuid| {
        change(store, move |tx| {
            Box::pin(async move {
                for id in [first, second] {
                    let old = tx.load(&[id]).await?.remove(0);
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    let valid = valtuus::model::rules::by_server(Kind::User, old.attributes().clone());
                    let none = valtuus::model::rules::Companions::default();
                    tx.replace(&Replace { old: &old, now: 3, home: None, valid: &valid, rows: &none })
                        .await?;
                }
                Ok(())
            })
        })
    };
    let (one, two) = tokio::join!(crossing(a, b), crossing(b, a));
    assert_eq!((one, two), (Ok(()), Ok(())));
    assert_eq!(store.by_id(a).await.unwrap().unwrap().version(), 3);
}

/// Only SQLite has one writer that can be kept from others.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_keeps_the_writer_too_long_is_undone_unless_bulk() {
    let bench = Bench::sqlite().await.unwrap();
    let slow = |bulk: bool, login: &'static str| {
        let mut unit = act(move |tx| {
            Box::pin(async move {
                put(tx, &valid(Kind::User, user_pairs(login, None))).await?;
                tokio::time::sleep(Duration::from_millis(2_300)).await;
                Ok(Touched::ALL)
            })
        });
        unit.bulk = bulk;
        unit.on(&bench.store)
    };
    assert!(matches!(slow(false, "slow").await.unwrap_err(), Error::Unavailable { .. }));
    slow(true, "bulk").await.unwrap();
    person(&bench.store, "slow", None).await;
    assert_eq!(rows(&bench.store, &Source::Kind(Kind::User), 9).await.len(), 2);
}

/// Only SQLite shares commits.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn changes_that_wait_together_share_a_commit() {
    let bench = Bench::sqlite().await.unwrap();
    let commits = Arc::new(AtomicUsize::new(0));
    let inside = Arc::clone(&commits);
    bench.store.on_commit(Arc::new(move |_| _ = inside.fetch_add(1, Ordering::SeqCst)));
    let names: Vec<String> = (0..128).map(|n| format!("u{n}")).collect();
    let made = join_all(names.iter().map(|name| new(&bench.store, Kind::User, user_pairs(name, None)))).await;
    assert!(made.into_iter().all(|made| made.is_ok()));
    assert!(commits.load(Ordering::SeqCst) <= 64, "{commits:?} commits");
}

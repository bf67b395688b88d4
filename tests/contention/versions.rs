//! One entity, sixteen who change it: preconditions let one through, and without them nothing is lost.

use std::collections::BTreeSet;

use valtuus::model::Kind;
use valtuus::store::AuditQuery;

use super::{WRITERS, at_once, successes};
use crate::kit::Bed;
use crate::kit::trace::{entities, records};
use crate::on_both;

async fn user(bed: &Bed) -> String {
    bed.admin().post("users/?login=anna").await.ok().id()
}

async fn etag(bed: &Bed, path: &str) -> String {
    bed.admin().get(path).await.ok().header("etag").to_owned()
}

fn version(etag: &str) -> i64 {
    etag.trim_matches('"').split('-').next().unwrap().parse().unwrap()
}

on_both! {
    async fn the_same_if_match_lets_one_through(bed: Bed) {
        let id = user(&bed).await;
        let path = format!("users/{id}");
        for round in 0..5 {
            let tag = etag(&bed, &path).await;
            let answers = at_once(|n| {
                let (admin, path) = (bed.admin().header("If-Match", &tag), format!("{path}?surname=r{round}w{n}"));
                async move { admin.put(&path).await }
            })
            .await;
            assert_eq!(successes(&answers, &[(412, 14)]), 1);
            let winner = answers.iter().position(|answer| answer.status == 200).unwrap();
            assert_eq!(bed.admin().get(&path).await.ok().value("surname"), format!("r{round}w{winner}"));
        }
        let tag = etag(&bed, &path).await;
        let answers = at_once(|_| {
            let (admin, path) = (bed.admin().header("If-Match", &tag), path.clone());
            async move { admin.delete(&path).await }
        })
        .await;
        assert_eq!(successes(&answers, &[(412, 14), (404, 7)]), 1);
        bed.must_be_sound().await;
    }

    async fn changes_of_different_attributes_all_land(bed: Bed) {
        let id = user(&bed).await;
        let path = format!("users/{id}");
        let before = version(&etag(&bed, &path).await);
        let names = ["firstname", "surname", "email", "mobile", "locale", "ssn", "browsers", "age", "notes"];
        let value = |n: usize, round: usize| if names[n] == "email" { format!("w{round}@x.fi") } else { format!("w{round}") };
        let rounds = 6;
        for round in 0..rounds {
            let answers = at_once(|n| {
                // The writers beyond the attributes write the logins of nobody else.
                let query = if n < names.len() { format!("{}={}", names[n], value(n, round)) } else { format!("status={}", 1 + n % 2) };
                let (admin, path) = (bed.admin(), format!("{path}?{query}"));
                async move { admin.put(&path).await }
            })
            .await;
            assert_eq!(successes(&answers, &[]), WRITERS);
        }
        let user = bed.admin().get(&path).await.ok();
        for (n, name) in names.iter().enumerate() {
            assert_eq!(user.value(name), value(n, rounds - 1), "{name}");
        }
        let changes = i64::try_from(rounds * WRITERS).unwrap();
        assert_eq!(version(user.header("etag")), before + changes);
        bed.must_be_sound().await;
    }

    async fn changes_of_one_attribute_follow_each_other_in_one_order(bed: Bed) {
        let id = user(&bed).await;
        let answers = at_once(|n| {
            let (admin, path) = (bed.admin(), format!("users/{id}?surname=w{n}"));
            async move { admin.put(&path).await }
        })
        .await;
        assert_eq!(successes(&answers, &[]), WRITERS);
        let store = &bed.server.service().engine.store;
        let query = AuditQuery { entity_id: Some(id.parse().unwrap()), category: Some("success".into()), ..AuditQuery::default() };
        let mut links = Vec::new();
        for record in records(store, &query).await.iter().filter(|record| record.field("verb") == "update") {
            let change = record.changes.iter().find_map(|change| change.strip_prefix("surname: ")).unwrap();
            let (old, new) = change.split_once(" → ").unwrap();
            links.push((old.to_owned(), new.to_owned()));
        }
        // Each change began where another ended: one chain from nothing to what is there now.
        let mut at = String::new();
        for _ in 0..WRITERS {
            let next = links.iter().position(|(old, _)| *old == at).expect("the chain breaks off");
            at = links.swap_remove(next).1;
        }
        assert!(links.is_empty());
        assert_eq!(bed.admin().get(&format!("users/{id}")).await.ok().value("surname"), at);
        bed.must_be_sound().await;
    }

    async fn read_modify_write_with_if_match_loses_no_step(bed: Bed) {
        let id = user(&bed).await;
        let path = format!("users/{id}");
        bed.admin().put(&format!("{path}?age=0")).await.ok();
        let steps = 4;
        let one = async || {
            for _ in 0..steps {
                loop {
                    let user = bed.admin().get(&path).await.ok();
                    let next = user.value("age").parse::<usize>().unwrap() + 1;
                    let admin = bed.admin().header("If-Match", user.header("etag"));
                    let answer = admin.put(&format!("{path}?age={next}")).await;
                    if successes(std::slice::from_ref(&answer), &[(412, 14)]) == 1 {
                        break;
                    }
                }
            }
        };
        let all = futures_util::future::join_all((0..WRITERS).map(|_| one()));
        tokio::time::timeout(std::time::Duration::from_mins(1), all).await.unwrap();
        assert_eq!(bed.admin().get(&path).await.ok().value("age"), (WRITERS * steps).to_string());
        bed.must_be_sound().await;
    }

    async fn one_role_assigned_sixteen_times_is_one_assignment(bed: Bed) {
        let admin = bed.admin();
        let id = user(&bed).await;
        let role = admin.post("roles/?name=Signatory&organization=root").await.ok().id();
        let path = format!("users/{id}/roles/{role}");
        let before = etag(&bed, &format!("users/{id}")).await;
        for _ in 0..3 {
            let answers = at_once(|_| async { bed.admin().put(&path).await }).await;
            assert_eq!(successes(&answers, &[]), WRITERS);
            assert_eq!(admin.get(&format!("users/{id}/roles")).await.ok().ids(), std::slice::from_ref(&role));
            assert_eq!(entities(&bed.server.service().engine.store, Kind::Assignment).await.len(), 1);
            let answers = at_once(|_| async { bed.admin().delete(&path).await }).await;
            assert_eq!(successes(&answers, &[]), WRITERS);
            assert!(admin.get(&format!("users/{id}/roles")).await.ok().ids().is_empty());
            // Both at once: whatever comes last, it is there once or not at all.
            let answers = at_once(|n| {
                let (admin, path) = (bed.admin(), path.clone());
                async move { if n % 2 == 0 { admin.put(&path).await } else { admin.delete(&path).await } }
            })
            .await;
            assert_eq!(successes(&answers, &[]), WRITERS);
            assert!(entities(&bed.server.service().engine.store, Kind::Assignment).await.len() <= 1);
            admin.delete(&path).await.ok();
        }
        assert_eq!(etag(&bed, &format!("users/{id}")).await, before);
        bed.must_be_sound().await;
    }

    async fn an_entity_that_is_deleted_while_it_is_changed_stays_deleted(bed: Bed) {
        let admin = bed.admin();
        for round in 0..5 {
            let id = admin.post(&format!("users/?login=gone{round}")).await.ok().id();
            let answers = at_once(|n| {
                let (admin, path) = (bed.admin(), format!("users/{id}"));
                async move {
                    if n == 8 { admin.delete(&path).await } else { admin.put(&format!("{path}?surname=w{n}")).await }
                }
            })
            .await;
            assert_eq!(answers[8].status, 200);
            successes(&answers, &[(404, 7)]);
            admin.get(&format!("users/{id}")).await.refused(404, 7, "user");
            assert!(admin.get("users/?surname=w").await.ok().ids().is_empty());
            admin.post(&format!("users/?login=gone{round}")).await.ok();
        }
        bed.must_be_sound().await;
    }

    async fn sixteen_different_users_are_sixteen_rows_in_the_trail(bed: Bed) {
        let answers = at_once(|n| {
            let admin = bed.admin();
            async move { admin.post(&format!("users/?login=many{n}")).await }
        })
        .await;
        assert_eq!(successes(&answers, &[]), WRITERS);
        let ids: BTreeSet<String> = answers.iter().map(crate::kit::Answer::id).collect();
        let query = AuditQuery { event_id: Some("VLT_USER_CREATE".into()), category: Some("success".into()), ..AuditQuery::default() };
        let told = records(&bed.server.service().engine.store, &query).await;
        assert_eq!(told.iter().map(|record| record.field("entityId").to_owned()).collect::<BTreeSet<_>>(), ids);
        assert_eq!(told.len(), WRITERS);
    }
}

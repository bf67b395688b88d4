//! A message id that is a UUID makes a create happen once; two who write at the same time leave one outcome.

use futures_util::future::join_all;
use serde_json::{Value, json};
use valtuus::store::AuditQuery;
use valtuus::world::{Real, World};

use super::{Guest, body, refusal, state};
use crate::kit::trace::{records, versions};
use crate::kit::{Answer, Caller};
use crate::on_both;

/// A message id that was never used.
fn fresh_id() -> String {
    Real.id().to_string()
}

/// A body with this message id.
fn keyed(id: &str, rest: &Value) -> Value {
    let mut body = body(rest);
    body["RequestInfo"]["msgId"] = json!(id);
    body
}

fn role(code: &str) -> Value {
    json!({"tenantId": "uk", "roles": [{"code": code, "name": "One"}]})
}

#[track_caller]
fn repeats(again: &Answer, first: &Answer) {
    assert_eq!((again.status, again.text()), (first.status, first.text()));
    assert_eq!((first.header("idempotency-replayed"), again.header("idempotency-replayed")), ("", "true"));
}

on_both! {
    async fn every_create_with_a_repeated_message_id_is_performed_once(bed: Bed) {
        let admin = state(&bed).await;
        let store = &bed.server.service().engine.store;
        for (path, rest) in [
            ("roles/_create", role("A")),
            ("actions/_create", json!({"tenantId": "uk", "actions": [{"name": "a", "url": "/x", "enabled": true}]})),
            ("actions/_create", json!({"tenantId": "uk", "actions": [{"id": 100, "url": "/x", "enabled": true}]})),
            ("role-actions/_create", json!({"role": {"code": "A"}, "actions": [{"id": 100}], "tenantId": "uk"})),
            ("feature-role/_create", json!({"roleId": ["A"], "feature": {"code": "F"}, "tenantId": "uk"})),
        ] {
            let id = fresh_id();
            let first = admin.post(path, &keyed(&id, &rest)).await.ok();
            let (before, told) = (versions(store).await, records(store, &AuditQuery::default()).await.len());
            repeats(&admin.post(path, &keyed(&id, &rest)).await, &first);
            // What a request says of itself beside its id does not count, nor the order of its members.
            let mut other = keyed(&id.to_uppercase(), &rest);
            other["RequestInfo"]["ts"] = json!("2026-01-01T00:00:00");
            repeats(&admin.post(&format!("{path}/"), &other).await, &first);
            assert_eq!(versions(store).await, before, "{path}");
            assert_eq!(records(store, &AuditQuery::default()).await.len(), told, "nothing happened, nothing is recorded");
            let mut changed = keyed(&id, &rest);
            changed["tenantId"] = json!("uk.dehradun");
            let found = refusal(&admin.post(path, &changed).await, 409);
            assert_eq!((&found["code"], &found["params"]), (&json!("ALREADY_EXISTS"), &json!(["RequestInfo.msgId"])));
        }
    }

    async fn a_message_id_of_another_form_is_no_key_and_none_holds_for_updates(bed: Bed) {
        let admin = state(&bed).await;
        admin.post("roles/_create", &keyed("20170310130900|en_IN", &role("A"))).await.ok();
        admin.post("roles/_create", &keyed("20170310130900|en_IN", &role("B"))).await.ok();
        let id = fresh_id();
        for name in ["Two", "Three"] {
            let rest = json!({"tenantId": "uk", "roles": [{"code": "A", "name": name}]});
            let changed = admin.post("roles/_update", &keyed(&id, &rest)).await.ok().json();
            assert_eq!(changed["roles"][0]["name"], name);
        }
        // It is still free for a create.
        admin.post("roles/_create", &keyed(&id, &role("C"))).await.ok();
    }

    async fn a_key_in_the_header_goes_before_the_message_id(bed: Bed) {
        let admin = state(&bed).await;
        let with_key = |key: &str| Guest { bed: &bed, caller: admin.caller.clone().header("idempotency-key", key) };
        let first = with_key("k").post("roles/_create", &keyed(&fresh_id(), &role("A"))).await.ok();
        repeats(&with_key("k").post("roles/_create", &keyed(&fresh_id(), &role("A"))).await, &first);
        let found = refusal(&with_key("k").post("roles/_create", &body(&role("B"))).await, 409);
        assert_eq!(found["params"], json!(["Idempotency-Key"]));
        refusal(&with_key("two words").post("roles/_create", &body(&role("B"))).await, 400);
        let update = json!({"tenantId": "uk", "roles": [{"code": "A", "name": "Two"}]});
        let first = with_key("u").post("roles/_update", &body(&update)).await.ok();
        repeats(&with_key("u").post("roles/_update", &body(&update)).await, &first);
    }

    async fn a_refusal_is_not_kept_and_keys_of_others_are_theirs(bed: Bed) {
        let admin = state(&bed).await;
        let id = fresh_id();
        let elsewhere = json!({"tenantId": "uk.new", "roles": [{"code": "A", "name": "One"}]});
        refusal(&admin.post("roles/_create", &keyed(&id, &elsewhere)).await, 400);
        bed.admin().post("organizations/?technicalName=new&parentOrganizationId=uk").await.ok();
        admin.post("roles/_create", &keyed(&id, &elsewhere)).await.ok();
        let writer = Guest::of(&bed, Caller::basic(&bed, "writer"));
        writer.post("roles/_create", &keyed(&id, &role("B"))).await.ok();
        refusal(&Guest::named(&bed, "reader").post("roles/_create", &keyed(&id, &elsewhere)).await, 403);
    }

    async fn of_many_at_once_with_one_id_one_is_performed_and_all_are_answered(bed: Bed) {
        let admin = state(&bed).await;
        let id = fresh_id();
        let action = json!({"tenantId": "uk", "actions": [{"name": "a", "url": "/x", "enabled": true}]});
        let request = keyed(&id, &action);
        let answers = join_all((0..16).map(|_| admin.post("actions/_create", &request))).await;
        let bodies: std::collections::BTreeSet<String> = answers.into_iter().map(|answer| answer.ok().text()).collect();
        assert_eq!(bodies.len(), 1, "{bodies:?}");
        assert_eq!(bed.admin().get("actions").await.ok().ids().len(), 1);
        bed.must_be_sound().await;
    }

    async fn two_who_write_at_once_leave_one_outcome(bed: Bed) {
        let admin = state(&bed).await;
        let requests = (0..8).map(|n| {
            let admin = admin.clone();
            async move {
                let roles = json!([{"code": format!("OWN{n}"), "name": "own"}, {"code": "SHARED", "name": "shared"}]);
                admin.post("roles/_create", &body(&json!({"tenantId": "uk", "roles": roles}))).await.status.as_u16()
            }
        });
        let mut statuses = join_all(requests).await;
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 400, 400, 400, 400, 400, 400, 400]);
        assert_eq!(admin.ask("roles/_search?tenantId=uk", json!({})).await["roles"].as_array().unwrap().len(), 2);
        let action = body(&json!({"tenantId": "uk", "actions": [{"name": "n", "url": "/x", "enabled": true}]}));
        let made = join_all((0..8).map(|_| admin.post("actions/_create", &action))).await;
        let number = |answer: Answer| answer.ok().json()["actions"][0]["id"].as_i64().unwrap();
        let mut ids: Vec<i64> = made.into_iter().map(number).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 8, "every one has a number of its own");
        // Changes of the same two in both orders end, and what stands is one of them.
        let both = (0..12).map(|n| {
            let admin = admin.clone();
            async move {
                let mut roles = vec![json!({"code": "SHARED", "name": format!("s{n}")}), json!({"code": "LAST", "name": format!("s{n}")})];
                if n % 2 == 0 { roles.reverse(); }
                admin.post("roles/_update", &body(&json!({"tenantId": "uk", "roles": roles}))).await.ok()
            }
        });
        admin.ask("roles/_create", role("LAST")).await;
        join_all(both).await;
        let names = admin.ask("roles/_search?tenantId=uk&code=SHARED,LAST", json!({})).await;
        assert_eq!(names["roles"][0]["name"], names["roles"][1]["name"], "{names}");
        bed.must_be_sound().await;
    }
}

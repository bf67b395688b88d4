//! The decision through the door: the contract's table of known answers, and what requests for one may not hold.

use serde_json::{Value, json};
use valtuus::config::{AccessMatch, Config};

use super::{Guest, body, known, refusal};
use crate::kit::Bed;
use crate::refusals::reader::client;
use crate::{on_both, on_both_with};
use reqwest::Method;

const CREATE: &str = "/tl/v1/_create";

/// Roles as `CODE@TENANT`, tenants, address; the answer for words and for segments.
type Known = (&'static str, &'static [&'static str], &'static str, bool, bool);

const TABLE: [Known; 15] = [
    ("TL_CEMP@uk.dehradun", &["uk.dehradun"], CREATE, true, true),
    ("TL_CEMP@uk", &["uk.dehradun"], CREATE, true, true),
    ("TL_CEMP@uk.dehradun", &["uk"], CREATE, false, false),
    ("TL_CEMP@uk.almora", &["uk.dehradun"], CREATE, false, false),
    ("TL_CEMP@uk.almora", &["uk.dehradun", "uk.almora"], CREATE, true, true),
    ("TL_CEMP@uk.dehradun", &["uk.dehradun"], "/tl/v1/_create/", false, false),
    ("TL_CEMP@uk.dehradun", &["uk.dehradun"], "/TL/v1/_create", false, false),
    ("TL_CEMP@uk.dehradun", &["uk.dehradun"], "/tl/v1/_create?x=1", false, false),
    ("SUPERUSER@uk", &["uk"], "/user/users/123/_updatenovalidate", true, true),
    ("SUPERUSER@uk", &["uk"], "/user/users/5c1d-aa/_updatenovalidate", false, true),
    ("SUPERUSER@uk", &["uk"], "/egov-location/boundarys/_search", true, true),
    ("SUPERUSER@uk", &["uk"], "/egov-location/boundarys/a/b", false, false),
    ("TL_CEMP@uk", &["nowhere"], CREATE, false, false),
    ("TL_CEMP@uk", &["uk.nowhere"], CREATE, true, true),
    ("NOBODY@uk", &["uk"], CREATE, false, false),
];

fn request(role: &str, tenants: &[&str], uri: &str) -> Value {
    let (code, tenant) = role.split_once('@').unwrap();
    let roles = json!([{"code": code, "tenantId": tenant}]);
    json!({"AuthorizationRequest": {"roles": roles, "uri": uri, "tenantIds": tenants}})
}

fn validation(tenant: &str, role: &str, uri: &str) -> Value {
    let holder = json!({"tenantId": tenant, "roles": [{"name": role}]});
    json!({"validateAction": {"tenantRole": holder, "actionUrl": uri}})
}

/// Whether the door says yes, by its status; both answers hold nothing.
async fn allows(guest: &Guest<'_>, rest: &Value) -> bool {
    let answer = guest.post("actions/_authorize", &body(rest)).await;
    assert_eq!(answer.text(), "", "{rest}");
    assert_eq!(answer.header("www-authenticate"), "", "{rest}: nothing is wrong with the credentials");
    match answer.status.as_u16() {
        200 => true,
        401 => false,
        other => panic!("{rest}: {other}"),
    }
}

/// `rest` with another value at a JSON pointer; `null` takes it away.
fn with(rest: &Value, pointer: &str, value: Value) -> Value {
    let mut changed = rest.clone();
    let (holder, name) = pointer.rsplit_once('/').unwrap();
    changed.pointer_mut(holder).unwrap()[name] = value;
    changed
}

/// Asks every question of the table in both ways.
async fn all_are_known(bed: &Bed, wanted: fn(&Known) -> bool) {
    let admin = known(bed).await;
    for asked in &TABLE {
        let (role, tenants, uri, ..) = asked;
        assert_eq!(
            allows(&admin, &request(role, tenants, uri)).await,
            wanted(asked),
            "{role} {tenants:?} {uri}"
        );
        // The other way tells one tenant, where the roles are held.
        let (code, at) = role.split_once('@').unwrap();
        if *tenants == [at] {
            let answer = admin.ask("actions/_validate", validation(at, code, uri)).await;
            let word = if wanted(asked) { "TRUE" } else { "FALSE" };
            assert_eq!(answer["actionValidation"]["allowed"], word, "{role} {tenants:?} {uri}");
        }
    }
}

fn by_segment(config: &mut Config) {
    config.access.r#match = AccessMatch::Segment;
}

on_both_with! { by_segment;
    async fn the_known_answers_are_given_for_segments(bed: Bed) {
        all_are_known(&bed, |known| known.4).await;
    }
}

on_both! {
    async fn the_known_answers_are_given_for_words(bed: Bed) {
        all_are_known(&bed, |known| known.3).await;
    }

    async fn several_roles_are_asked_for_at_once(bed: Bed) {
        let admin = known(&bed).await;
        let mut several = request("TL_CEMP@uk.almora", &["uk.dehradun"], CREATE);
        let roles = json!([
            {"code": "NOBODY", "tenantId": "uk"},
            {"id": 1, "name": "Counter employee", "description": "d", "code": "TL_CEMP", "tenantId": "uk.dehradun"},
        ]);
        several["AuthorizationRequest"]["roles"] = roles;
        assert!(allows(&admin, &several).await);
    }

    async fn a_validation_is_answered_in_words(bed: Bed) {
        let admin = known(&bed).await;
        for (tenant, role, uri, word) in [
            ("uk", "TL_CEMP", CREATE, "TRUE"), ("uk.dehradun", "TL_CEMP", CREATE, "TRUE"),
            ("uk", "SUPERUSER", CREATE, "FALSE"), ("uk", "TL_CEMP", "/tl/v1", "FALSE"),
            ("nowhere", "TL_CEMP", CREATE, "FALSE"), ("uk", "NOBODY", CREATE, "FALSE"),
        ] {
            let answer = admin.ask("actions/_validate", validation(tenant, role, uri)).await;
            assert_eq!(answer["actionValidation"], json!({"allowed": word}), "{tenant} {role} {uri}");
            assert_eq!(answer["ResponseInfo"]["status"], "SUCCESSFUL");
        }
    }

    async fn a_change_through_the_door_is_seen_by_the_next_decision(bed: Bed) {
        let admin = known(&bed).await;
        let asked = request("TL_CEMP@uk", &["uk.dehradun"], "/egov-location/boundarys/x");
        assert!(!allows(&admin, &asked).await);
        let mapping = json!({"role": {"code": "TL_CEMP"}, "actions": [{"id": 8}], "tenantId": "uk"});
        admin.ask("role-actions/_create", mapping).await;
        assert!(allows(&admin, &asked).await);
        admin.ask("actions/_update", json!({"tenantId": "uk", "actions": [{"id": 8, "url": "/moved/{code}"}]})).await;
        assert!(!allows(&admin, &asked).await);
        assert!(allows(&admin, &request("TL_CEMP@uk", &["uk"], "/moved/x")).await);
    }

    async fn what_is_wrong_with_a_question_is_named(bed: Bed) {
        let admin = known(&bed).await;
        let good = request("TL_CEMP@uk", &["uk"], CREATE);
        let many: Vec<Value> = (0..1_001).map(|_| json!("uk")).collect();
        for (at, value, param) in [
            ("tenantIds", json!(many), "tenantIds"), ("tenantIds", json!(["uk", "u".repeat(257)]), "tenantIds[1]"),
            ("roles/0/code", json!("X".repeat(65)), "roles[0].code"), ("roles/0/tenantId", json!("u".repeat(257)), "roles[0].tenantId"),
            ("uri", json!(null), "uri"), ("uri", json!(""), "uri"), ("uri", json!([]), "uri"),
            ("tenantIds", json!(null), "tenantIds"), ("tenantIds", json!([]), "tenantIds"),
            ("tenantIds", json!([""]), "tenantIds[0]"), ("tenantIds", json!("uk"), "tenantIds"),
            ("roles", json!(null), "roles"), ("roles", json!([]), "roles"), ("roles", json!(["X"]), "roles[0]"),
            ("roles/0/code", json!(null), "roles[0].code"), ("roles/0/code", json!(""), "roles[0].code"),
            ("roles/0/tenantId", json!(null), "roles[0].tenantId"),
            ("roles/0/colour", json!(1), "roles[0].colour"), ("colour", json!(1), "colour"),
        ] {
            let wrong = with(&good, &format!("/AuthorizationRequest/{at}"), value);
            let param = format!("AuthorizationRequest.{param}");
            admin.refused("actions/_authorize", wrong, &param).await;
        }
        let good = validation("uk", "TL_CEMP", CREATE);
        for (at, value, param) in [
            ("actionUrl", json!(null), "actionUrl"), ("tenantRole", json!(null), "tenantRole"),
            ("tenantRole", json!([]), "tenantRole"), ("tenantRole/tenantId", json!(""), "tenantRole.tenantId"),
            ("tenantRole/roles", json!([]), "tenantRole.roles"), ("tenantRole/roles/0/name", json!(null), "tenantRole.roles[0].name"),
            ("tenantRole/roles/0/colour", json!(1), "tenantRole.roles[0].colour"),
            ("tenantRole/colour", json!(1), "tenantRole.colour"), ("colour", json!(1), "colour"),
        ] {
            let wrong = with(&good, &format!("/validateAction/{at}"), value);
            admin.refused("actions/_validate", wrong, &format!("validateAction.{param}")).await;
        }
    }

    async fn who_asks_needs_the_grant_and_keeps_its_bounds(bed: Bed) {
        known(&bed).await;
        let reader = Guest::named(&bed, "reader");
        for (path, rest) in [
            ("actions/_authorize", request("TL_CEMP@uk", &["uk"], CREATE)),
            ("actions/_validate", validation("uk", "TL_CEMP", CREATE)),
        ] {
            assert_eq!(refusal(&reader.post(path, &body(&rest)).await, 403)["code"], "UNAUTHORIZED", "{path}");
        }
        let gateway = Guest::of(&bed, client(&bed, "gateway", &["decide:action"]).await);
        assert!(allows(&gateway, &request("TL_CEMP@uk", &["uk"], CREATE)).await);
        let nobody = Guest::of(&bed, bed.anonymous());
        let unknown = nobody.send(Method::POST, "actions/_authorize", body(&request("TL_CEMP@uk", &["uk"], CREATE)).to_string()).await;
        assert_eq!(refusal(&unknown, 401)["code"], "AUTHENTICATION_FAILED");
        assert!(unknown.header("www-authenticate").starts_with("Basic"));
        bed.admin().post("apiclients?name=city&grants=decide:action&pwd=city-password&within=uk/dehradun").await.ok();
        let credentials = crate::kit::caller::Credentials::Basic("city".into(), "city-password".into());
        let city = Guest::of(&bed, bed.anonymous().with(credentials));
        for (tenant, allowed) in [("uk.dehradun", true), ("uk", false), ("uk.almora", false)] {
            assert_eq!(allows(&city, &request("TL_CEMP@uk", &[tenant], CREATE)).await, allowed, "{tenant}");
        }
    }
}

//! Every address with every fault that all of them know: no request info, no JSON, a missing or unknown member, an
//! unknown tenant, wrong credentials. None of them changes anything.

use reqwest::Method;
use serde_json::{Value, json};
use valtuus::config::Config;
use valtuus::http::dialect::digit::{Door, ENTRIES, Entry};

use super::{Guest, body, known, refusal};
use crate::kit::caller::Credentials;
use crate::kit::trace::versions;
use crate::on_both_with;

/// A sound request, and a member without which it is none.
pub fn sound(entry: &Entry) -> (Value, Option<&'static str>) {
    match entry.door {
        Door::SearchRoles => (json!({}), None),
        Door::SearchActions => (json!({"tenantId": "uk"}), Some("tenantId")),
        Door::GetActions | Door::GetMaster | Door::ListModules => {
            (json!({"tenantId": "uk", "roleCodes": ["TL_CEMP"]}), Some("roleCodes"))
        }
        Door::CreateRoles => {
            (json!({"tenantId": "uk", "roles": [{"code": "NEW", "name": "New"}]}), Some("roles"))
        }
        Door::UpdateRoles => {
            (json!({"tenantId": "uk", "roles": [{"code": "TL_CEMP", "name": "N"}]}), Some("roles"))
        }
        Door::CreateActions => (
            json!({"tenantId": "uk", "actions": [{"id": 99, "url": "/n", "enabled": true}]}),
            Some("actions"),
        ),
        Door::UpdateActions => {
            (json!({"tenantId": "uk", "actions": [{"id": 7, "url": "/n"}]}), Some("actions"))
        }
        Door::MapActions => {
            (json!({"role": {"code": "TL_CEMP"}, "actions": [{"id": 7}], "tenantId": "uk"}), Some("role"))
        }
        Door::MapFeature => {
            (json!({"roleId": ["TL_CEMP"], "feature": {"code": "N"}, "tenantId": "uk"}), Some("feature"))
        }
        Door::Validate => {
            let holder = json!({"tenantId": "uk", "roles": [{"name": "TL_CEMP"}]});
            let request = json!({"tenantRole": holder, "actionUrl": "/tl/v1/_create"});
            (json!({"validateAction": request}), Some("validateAction"))
        }
        Door::Authorize => {
            let roles = json!([{"code": "TL_CEMP", "tenantId": "uk"}]);
            let request = json!({"roles": roles, "uri": "/tl/v1/_create", "tenantIds": ["uk"]});
            (json!({"AuthorizationRequest": request}), Some("AuthorizationRequest"))
        }
    }
}

/// The same request for a tenant that there is not.
fn elsewhere(rest: &Value) -> Value {
    serde_json::from_str(&rest.to_string().replace("\"uk\"", "\"uk.nowhere\"")).unwrap()
}

/// Wrong credentials are tried at every address under one name.
fn patient(config: &mut Config) {
    config.auth.attempts.free = 10_000;
    config.auth.attempts.lock_after = 10_000;
}

on_both_with! {
    patient;

    async fn every_address_refuses_what_all_of_them_refuse(bed: Bed) {
        let admin = known(&bed).await;
        let nobody = Guest::of(&bed, bed.anonymous());
        let wrong = Guest::of(&bed, bed.anonymous().with(Credentials::Basic("admin".into(), "wrong".into())));
        let before = versions(&bed.server.service().engine.store).await;
        for entry in &ENTRIES {
            let (path, (rest, missing)) = (entry.path, sound(entry));
            let whole = body(&rest);
            assert_eq!(refusal(&admin.post(path, &rest).await, 400)["params"], json!(["RequestInfo"]), "{path}");
            for broken in ["", "x", "null", "[1]", &whole.to_string()[1..], &whole.to_string().replace('"', "'")] {
                refusal(&admin.send(Method::POST, path, broken).await, 400);
            }
            if let Some(missing) = missing {
                let mut without = whole.clone();
                without.as_object_mut().unwrap().remove(missing);
                assert_eq!(refusal(&admin.post(path, &without).await, 400)["params"], json!([missing]), "{path}");
                without[missing] = json!(null);
                assert_eq!(refusal(&admin.post(path, &without).await, 400)["params"], json!([missing]), "{path}");
                without[missing] = json!(true);
                refusal(&admin.post(path, &without).await, 400);
            }
            let mut more = whole.clone();
            more["colour"] = json!(1);
            assert_eq!(refusal(&admin.post(path, &more).await, 400)["params"], json!(["colour"]), "{path}");
            refusal(&nobody.post(path, &whole).await, 401);
            refusal(&wrong.post(path, &whole).await, 401);
            let mut with_token = whole.clone();
            with_token["RequestInfo"]["authToken"] = json!("no-good");
            refusal(&nobody.post(path, &with_token).await, 401);
            if entry.door.action().is_some() {
                let found = refusal(&admin.post(path, &body(&elsewhere(&rest))).await, 400);
                assert!(found["params"].to_string().contains("tenantId"), "{path}: {found}");
            }
        }
        assert_eq!(versions(&bed.server.service().engine.store).await, before);
    }

    async fn a_tenant_that_is_not_there_has_nothing_to_be_found(bed: Bed) {
        let admin = known(&bed).await;
        for (path, member) in [("actions/_search", "actions"), ("actions/_get", "actions"), ("actions/mdms/_get", "actions"), ("actions/_list", "modules")] {
            let rest = |tenant: &str| json!({"tenantId": tenant, "roleCodes": ["TL_CEMP"]});
            assert_eq!(admin.ask(path, rest("fi.nowhere")).await[member], json!([]), "{path}");
            // What is no organization itself is known by the one above it, as to the decision.
            assert_eq!(admin.ask(path, rest("uk.nowhere")).await[member], admin.ask(path, rest("uk")).await[member], "{path}");
            admin.refused(path, json!({"tenantId": "uk", "roleCodes": []}), "roleCodes").await;
            admin.refused(path, json!({"tenantId": "uk", "roleCodes": [""]}), "roleCodes[0]").await;
            admin.refused(path, json!({"tenantId": "", "roleCodes": ["X"]}), "tenantId").await;
            admin.refused(path, json!({"tenantId": "u".repeat(257), "roleCodes": ["X"]}), "tenantId").await;
            admin.refused(path, json!({"tenantId": "uk", "roleCodes": ["X"], "enabled": 1}), "enabled").await;
        }
        admin.refused("actions/_search", json!({"tenantId": "uk", "featureIds": []}), "featureIds").await;
        admin.refused("actions/_get", json!({"tenantId": "uk", "roleCodes": ["X"], "featureIds": ["F"]}), "featureIds").await;
        admin.refused("actions/mdms/_get", json!({"tenantId": "uk", "roleCodes": ["X"], "actionMaster": "actions"}), "actionMaster").await;
        admin.refused("actions/_get", json!({"tenantId": "uk", "roleCodes": ["X"], "actionMaster": "actions-test"}), "actionMaster").await;
    }
}

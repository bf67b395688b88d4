//! Grants and bounds hold at the door as everywhere, and what it refuses stands in the trail.

use reqwest::Method;
use serde_json::{Value, json};
use valtuus::store::AuditQuery;

use super::{Guest, body, known, refusal};
use crate::kit::Bed;
use crate::kit::caller::Credentials;
use crate::kit::trace::{records, records_of_request, versions};
use crate::on_both;

/// A client with these grants, or bounds.
async fn client<'b>(bed: &'b Bed, name: &str, words: &str) -> Guest<'b> {
    bed.admin().post(&format!("apiclients?name={name}&pwd={name}-password&{words}")).await.ok();
    let credentials = Credentials::Basic(name.to_owned(), format!("{name}-password"));
    Guest::of(bed, bed.anonymous().with(credentials))
}

/// A sound request for every address that changes something.
fn changes() -> [(&'static str, Value); 6] {
    [
        ("roles/_create", json!({"tenantId": "uk", "roles": [{"code": "N", "name": "N"}]})),
        ("roles/_update", json!({"tenantId": "uk", "roles": [{"code": "TL_CEMP", "name": "N"}]})),
        ("actions/_create", json!({"tenantId": "uk", "actions": [{"id": 99, "url": "/n", "enabled": true}]})),
        ("actions/_update", json!({"tenantId": "uk", "actions": [{"id": 7, "url": "/n"}]})),
        (
            "role-actions/_create",
            json!({"role": {"code": "TL_CEMP"}, "actions": [{"id": 7}], "tenantId": "uk"}),
        ),
        ("feature-role/_create", json!({"roleId": ["TL_CEMP"], "feature": {"code": "N"}, "tenantId": "uk"})),
    ]
}

on_both! {
    async fn who_may_not_is_refused_before_anything_is_looked_up_and_recorded(bed: Bed) {
        known(&bed).await;
        let store = &bed.server.service().engine.store;
        let before = versions(store).await;
        let reader = Guest::named(&bed, "reader");
        for (path, rest) in changes() {
            let answer = reader.post(path, &body(&rest)).await;
            assert_eq!(refusal(&answer, 403)["code"], "UNAUTHORIZED", "{path}");
            let told = records_of_request(store, answer.header("x-request-id")).await;
            assert_eq!(told.len(), 2, "{path}: a request and its failure");
            // An unknown tenant tells nobody anything who may not ask.
            let mut unknown = body(&rest);
            unknown["tenantId"] = json!("nowhere");
            refusal(&reader.post(path, &unknown).await, 403);
        }
        reader.ask("actions/_search", json!({"tenantId": "uk"})).await;
        let narrow = client(&bed, "narrow", "grants=read:user").await;
        for (path, rest) in [
            ("roles/_search", json!({})), ("actions/_search", json!({"tenantId": "uk"})),
            ("actions/_get", json!({"tenantId": "uk", "roleCodes": ["X"]})), ("actions/mdms/_get", json!({"tenantId": "nowhere", "roleCodes": ["X"]})),
            ("actions/_list", json!({"tenantId": "uk", "roleCodes": ["X"]})),
        ] {
            refusal(&narrow.post(path, &body(&rest)).await, 403);
        }
        let after = versions(store).await;
        assert_eq!(after.len(), before.len() + 1, "only the client was made");
    }

    async fn a_change_and_its_refusals_stand_in_the_trail(bed: Bed) {
        let admin = known(&bed).await;
        let store = &bed.server.service().engine.store;
        for (path, rest) in changes() {
            let answer = admin.post(path, &body(&rest)).await.ok();
            let told = records_of_request(store, answer.header("x-request-id")).await;
            assert!(told.len() >= 2, "{path}: {told:?}");
            assert!(told.iter().any(|record| record.field("category") == "success"), "{path}");
        }
        for broken in [json!({"RequestInfo": {}, "colour": 1}), json!({"roles": []})] {
            let answer = admin.post("roles/_create", &broken).await;
            refusal(&answer, 400);
            let told = records_of_request(store, answer.header("x-request-id")).await;
            assert_eq!(told.len(), 2, "{broken}: {told:?}");
        }
    }

    async fn who_may_write_and_not_read_gets_back_what_it_named(bed: Bed) {
        known(&bed).await;
        let blind = client(&bed, "blind", "grants=update:role&grants=update:action&grants=create:featurerole").await;
        let role = blind.ask("roles/_update", json!({"tenantId": "uk", "roles": [{"code": "TL_CEMP", "description": "d"}]})).await;
        assert_eq!(role["roles"], json!([{"code": "TL_CEMP", "tenantId": "uk"}]));
        let action = blind.ask("actions/_update", json!({"tenantId": "uk", "actions": [{"name": "Update user", "enabled": false}]})).await;
        assert_eq!(action["actions"], json!([{"id": 7, "tenantId": "uk"}]));
        // To give a feature that is not there yet it would have to make it.
        let mapping = json!({"roleId": ["TL_CEMP"], "feature": {"code": "F"}, "tenantId": "uk"});
        refusal(&blind.post("feature-role/_create", &body(&mapping)).await, 403);
        bed.admin().post("features/?code=F&name=Hidden&tenant=uk").await.ok();
        let mapped = blind.ask("feature-role/_create", mapping).await;
        assert_eq!(mapped["feature"], json!({"code": "F", "tenantId": "uk"}));
    }

    async fn what_lies_outside_the_bounds_of_a_client_is_not_there_for_it(bed: Bed) {
        let admin = known(&bed).await;
        admin.ask("roles/_create", json!({"tenantId": "uk.dehradun", "roles": [{"code": "LOCAL", "name": "Local"}]})).await;
        admin.ask("actions/_create", json!({"tenantId": "uk.dehradun", "actions": [{"id": 3, "url": "/l", "enabled": true}]})).await;
        let bounded = client(&bed, "bounded", "preset=admin&within=uk/dehradun").await;
        let before = versions(&bed.server.service().engine.store).await;
        for (path, rest) in changes() {
            let found = refusal(&bounded.post(path, &body(&rest)).await, 400);
            assert!(found["params"].to_string().contains("tenantId"), "{path}: {found}");
        }
        let outside = json!({"role": {"code": "TL_CEMP"}, "actions": [{"id": 3}], "tenantId": "uk.dehradun"});
        bounded.refused("role-actions/_create", outside, "role.code").await;
        let outside = json!({"role": {"code": "LOCAL"}, "actions": [{"id": 7}], "tenantId": "uk.dehradun"});
        bounded.refused("role-actions/_create", outside, "actions[0].id").await;
        assert_eq!(versions(&bed.server.service().engine.store).await, before);
        let found = bounded.ask("roles/_search", json!({})).await;
        assert_eq!(found["roles"], json!([{"code": "LOCAL", "name": "Local", "tenantId": "uk.dehradun"}]));
        assert_eq!(bounded.ask("actions/_search", json!({"tenantId": "uk"})).await["actions"], json!([]));
        let found = bounded.ask("actions/_search", json!({"tenantId": "uk.dehradun"})).await;
        assert_eq!(found["actions"].as_array().unwrap().len(), 1);
        let inside = json!({"role": {"code": "LOCAL"}, "actions": [{"id": 3}], "tenantId": "uk.dehradun"});
        bounded.ask("role-actions/_create", inside).await;
    }

    async fn a_wrong_token_leaves_a_record_without_it(bed: Bed) {
        let nobody = Guest::of(&bed, bed.anonymous());
        for path in ["roles/_search", "roles/_create"] {
            let mut request = body(&json!({}));
            request["RequestInfo"]["authToken"] = json!("CANARY-TOKEN");
            refusal(&nobody.send(Method::POST, path, request.to_string()).await, 401);
        }
        let trail = records(&bed.server.service().engine.store, &AuditQuery::default()).await;
        assert!(trail.iter().any(|record| record.field("action") == "AUTHENTICATE" || format!("{record:?}").contains("authentication failed")));
        assert!(!format!("{trail:?}").contains("CANARY-TOKEN"));
    }
}

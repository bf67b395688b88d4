//! Mappings through the door: a role to actions, and roles to a feature.

use serde_json::{Value, json};

use super::{body, known, refusal, state};
use crate::kit::trace::versions;
use crate::on_both;

fn mapping(role: &str, action: &Value, tenant: &str) -> Value {
    json!({"role": {"code": role}, "actions": [action], "tenantId": tenant})
}

fn feature(roles: &[&str], feature: &Value) -> Value {
    json!({"roleId": roles, "feature": feature, "tenantId": "uk"})
}

on_both! {
    async fn a_role_is_mapped_to_actions_by_number_or_name(bed: Bed) {
        let admin = known(&bed).await;
        let made = admin.ask("role-actions/_create", json!({
            "role": {"code": "TL_CEMP"}, "tenantId": "uk.dehradun",
            "actions": [{"id": 7, "actioncode": "c"}, {"name": "Boundaries"}, {"id": "1685", "name": "Create TradeLicense"}],
        })).await;
        assert_eq!(made["roleActions"], json!([
            {"rolecode": "TL_CEMP", "actionid": 7, "actioncode": "c", "tenantId": "uk.dehradun"},
            {"rolecode": "TL_CEMP", "actionid": 8, "actioncode": "", "tenantId": "uk.dehradun"},
            {"rolecode": "TL_CEMP", "actionid": 1685, "actioncode": "", "tenantId": "uk.dehradun"},
        ]));
        assert_eq!(bed.admin().get("roleactions?tenant=uk.dehradun&role=TL_CEMP").await.ok().ids().len(), 3);
    }

    async fn what_is_wrong_with_a_mapping_is_named_and_none_of_them_is_made(bed: Bed) {
        let admin = known(&bed).await;
        admin.ask("roles/_create", json!({"tenantId": "uk.almora", "roles": [{"code": "LOCAL", "name": "Local"}]})).await;
        let there = json!([{"id": 5, "name": "There", "url": "/x", "enabled": true}]);
        admin.ask("actions/_create", json!({"tenantId": "uk.almora", "actions": there})).await;
        let same = json!([{"id": 20, "name": "same", "url": "/x", "enabled": true}, {"id": 21, "name": "same", "url": "/x", "enabled": true}]);
        admin.ask("actions/_create", json!({"tenantId": "uk", "actions": same})).await;
        let before = versions(&bed.server.service().engine.store).await;
        for (rest, param) in [
            (json!({"actions": [{"id": 7}], "tenantId": "uk"}), "role"), (json!({"role": {}, "actions": [{"id": 7}], "tenantId": "uk"}), "role.code"),
            (json!({"role": {"code": "TL_CEMP"}, "tenantId": "uk"}), "actions"), (json!({"role": {"code": "TL_CEMP"}, "actions": [{"id": 7}]}), "tenantId"),
            (json!({"role": {"code": "TL_CEMP"}, "actions": [], "tenantId": "uk"}), "actions"),
            (json!({"role": {"code": "TL_CEMP", "name": "x"}, "actions": [{"id": 7}], "tenantId": "uk"}), "role.name"),
            (mapping("NONE", &json!({"id": 7}), "uk"), "role.code"), (mapping("LOCAL", &json!({"id": 7}), "uk"), "role.code"),
            (mapping("TL_CEMP", &json!({"id": 7}), "nowhere"), "tenantId"), (mapping(&"X".repeat(65), &json!({"id": 7}), "uk"), "role.code"),
            (mapping("TL_CEMP", &json!({"id": 5}), "uk"), "actions[0].id"), (mapping("TL_CEMP", &json!({"name": "There"}), "uk"), "actions[0].name"),
            (mapping("TL_CEMP", &json!({"name": "same"}), "uk"), "actions[0].name"), (mapping("TL_CEMP", &json!({"id": 7, "name": "Boundaries"}), "uk"), "actions[0].name"),
            (mapping("TL_CEMP", &json!({"id": "x"}), "uk"), "actions[0].id"), (mapping("TL_CEMP", &json!({}), "uk"), "actions[0].id"),
            (mapping("TL_CEMP", &json!({"id": 1685}), "uk"), "actions[0].id"), (mapping("TL_CEMP", &json!({"id": 7, "url": "/x"}), "uk"), "actions[0].url"),
        ] {
            admin.refused("role-actions/_create", rest, param).await;
        }
        let twice = json!({"role": {"code": "TL_CEMP"}, "actions": [{"id": 7}, {"id": 8}, {"id": 7}], "tenantId": "uk"});
        admin.refused("role-actions/_create", twice, "actions[2].id").await;
        assert_eq!(versions(&bed.server.service().engine.store).await, before);
    }

    async fn roles_are_given_a_feature_which_is_made_where_there_is_none(bed: Bed) {
        let admin = known(&bed).await;
        let told = json!({"code": "TRADE", "name": "Trade", "description": "Licences", "serviceCode": ["tl", "pt"], "tenantId": "uk"});
        let made = admin.ask("feature-role/_create", feature(&["SUPERUSER"], &told)).await;
        assert_eq!(made["feature"], told);
        assert_eq!(made["roles"], json!([{"code": "SUPERUSER", "tenantId": "uk"}]));
        // It is there now, and is not made anew.
        let again = admin.ask("feature-role/_create", feature(&["TL_CEMP"], &json!({"code": "TRADE", "name": "Trade"}))).await;
        assert_eq!(again["feature"], told);
        assert_eq!(bed.admin().get("features").await.ok().ids().len(), 1);
        assert_eq!(bed.admin().get("featureroles").await.ok().ids().len(), 2);
        // Below, the feature from above counts.
        let below = json!({"roleId": ["TL_CEMP", "SUPERUSER"], "feature": {"code": "TRADE"}, "tenantId": "uk.dehradun"});
        assert_eq!(admin.ask("feature-role/_create", below).await["feature"], told);
        assert_eq!(bed.admin().get("features").await.ok().ids().len(), 1);
    }

    async fn what_is_wrong_with_a_feature_is_named_and_nothing_of_it_is_made(bed: Bed) {
        let admin = known(&bed).await;
        admin.ask("feature-role/_create", feature(&["SUPERUSER"], &json!({"code": "TRADE", "name": "Trade", "serviceCode": "tl"}))).await;
        let before = versions(&bed.server.service().engine.store).await;
        let new = json!({"code": "NEW", "name": "New"});
        for (rest, param) in [
            (json!({"feature": new, "tenantId": "uk"}), "roleId"), (json!({"roleId": [], "feature": new, "tenantId": "uk"}), "roleId"),
            (json!({"roleId": ["TL_CEMP"], "tenantId": "uk"}), "feature"), (json!({"roleId": ["TL_CEMP"], "feature": new}), "tenantId"),
            (feature(&["TL_CEMP"], &json!({"name": "x"})), "feature.code"), (feature(&["TL_CEMP", "NONE"], &new), "roleId[1]"),
            (feature(&["TL_CEMP", "TL_CEMP"], &new), "roleId[1]"), (feature(&["SUPERUSER"], &json!({"code": "TRADE"})), "roleId[0]"),
            (feature(&["TL_CEMP"], &json!({"code": "TRADE", "name": "Other"})), "feature.name"),
            (feature(&["TL_CEMP"], &json!({"code": "TRADE", "description": "Other"})), "feature.description"),
            (feature(&["TL_CEMP"], &json!({"code": "TRADE", "serviceCode": "pt"})), "feature.serviceCode"),
            (feature(&["TL_CEMP"], &json!({"code": "A:B", "name": "x"})), "feature.code"),
            (feature(&["TL_CEMP"], &json!({"code": "N", "tenantId": "nowhere"})), "feature.tenantId"),
            (feature(&["TL_CEMP"], &json!({"code": "N", "colour": 1})), "feature.colour"),
            (feature(&["TL_CEMP"], &json!({"code": "N", "name": "x".repeat(256)})), "feature.name"),
        ] {
            admin.refused("feature-role/_create", rest, param).await;
        }
        // A feature of a sibling cannot be mapped at the tenant.
        let aside = json!({"roleId": ["TL_CEMP"], "feature": {"code": "N", "tenantId": "uk.almora"}, "tenantId": "uk.dehradun"});
        refusal(&admin.post("feature-role/_create", &body(&aside)).await, 400);
        assert_eq!(versions(&bed.server.service().engine.store).await, before);
    }

    async fn a_feature_alone_in_its_request_is_told_apart_from_its_tenant(bed: Bed) {
        let admin = state(&bed).await;
        admin.ask("roles/_create", json!({"tenantId": "uk", "roles": [{"code": "R", "name": "R"}]})).await;
        let above = json!({"roleId": ["R"], "feature": {"code": "F", "tenantId": "uk"}, "tenantId": "uk.dehradun"});
        let made = admin.ask("feature-role/_create", above).await;
        assert_eq!((&made["feature"]["tenantId"], &made["roles"][0]["tenantId"]), (&json!("uk"), &json!("uk.dehradun")));
        assert_eq!(bed.admin().get("features?tenant=uk").await.ok().ids().len(), 1);
    }
}

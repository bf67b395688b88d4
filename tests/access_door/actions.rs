//! Actions through the door: made, changed, found by roles and features, and as modules.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Guest, body, known, state};
use crate::kit::trace::versions;
use crate::on_both;

fn ids(answer: &Value) -> Vec<i64> {
    answer["actions"].as_array().unwrap().iter().map(|action| action["id"].as_i64().unwrap()).collect()
}

async fn found(guest: &Guest<'_>, path: &str, rest: Value) -> Vec<i64> {
    ids(&guest.ask(path, rest).await)
}

on_both! {
    async fn an_action_made_here_is_found_here_and_everywhere(bed: Bed) {
        let admin = state(&bed).await;
        let whole = json!({
            "id": 1685, "name": "Create TradeLicense", "url": "/tl-services/v1/_create", "queryParams": "a=1",
            "displayName": "Create", "orderNumber": 3, "parentModule": "rainmaker-tl", "enabled": false,
            "serviceCode": "tl-services", "code": "null", "path": "TL.Create", "navigationURL": "tl/apply",
            "leftIcon": "left", "rightIcon": "right", "method": "POST", "tenantId": "uk",
        });
        let bare = json!({"name": "Update", "url": "/tl-services/v1/_update", "enabled": true, "tenantId": "uk.dehradun"});
        let made = admin.ask("actions/_create", json!({"actions": [whole, bare]})).await;
        assert_eq!(made["actions"][0], whole);
        let given = made["actions"][1]["id"].as_i64().unwrap();
        assert_eq!(made["actions"][1]["tenantId"], "uk.dehradun");
        let stored = bed.admin().get("actions/uk:1685").await.ok();
        assert_eq!((stored.value("url"), stored.value("enabled")), ("/tl-services/v1/_create".into(), "false".into()));
        assert_eq!(found(&admin, "actions/_search", json!({"tenantId": "uk"})).await, [1685]);
        assert_eq!(found(&admin, "actions/_search", json!({"tenantId": "uk.dehradun"})).await, [1685, given]);
        // What an answer shows may be sent back.
        let again = admin.ask("actions/_update", json!({"actions": made["actions"]})).await;
        assert_eq!(again["actions"], made["actions"]);
    }

    async fn what_is_told_once_for_all_actions_holds_where_one_tells_nothing_else(bed: Bed) {
        let admin = state(&bed).await;
        let made = admin.ask("actions/_create", json!({
            "tenantId": "uk", "enabled": true, "leftIcon": "l", "rightIcon": "r", "navigationURL": "n", "actionMaster": "actions-test",
            "actions": [{"id": 1, "url": "/a"}, {"id": "2", "url": "/b", "enabled": false, "leftIcon": "own", "tenantId": "uk.almora"}],
        })).await;
        assert_eq!(made["actions"], json!([
            {"id": 1, "url": "/a", "enabled": true, "leftIcon": "l", "rightIcon": "r", "navigationURL": "n", "tenantId": "uk"},
            {"id": 2, "url": "/b", "enabled": false, "leftIcon": "own", "rightIcon": "r", "navigationURL": "n", "tenantId": "uk.almora"},
        ]));
    }

    async fn an_action_is_changed_by_its_number_else_by_its_name(bed: Bed) {
        let admin = state(&bed).await;
        let action = |id: i64, name: &str| json!({"id": id, "name": name, "url": "/x", "enabled": true, "displayName": "d"});
        admin.ask("actions/_create", json!({"tenantId": "uk", "actions": [action(1, "one"), action(2, "two"), action(3, "same"), action(4, "same")]})).await;
        let changed = admin.ask("actions/_update", json!({"tenantId": "uk", "actions": [
            {"id": 2, "name": "zwei", "url": "/y"}, {"name": "one", "displayName": "", "enabled": false},
        ]})).await;
        assert_eq!(changed["actions"], json!([
            {"id": 2, "name": "zwei", "url": "/y", "enabled": true, "displayName": "d", "tenantId": "uk"},
            {"id": 1, "name": "one", "url": "/x", "enabled": false, "tenantId": "uk"},
        ]));
        let put = body(&json!({"actions": [{"id": 2, "name": "deux", "tenantId": "uk"}]}));
        admin.send(Method::PUT, "actions/_update", put.to_string()).await.ok();
        assert_eq!(bed.admin().get("actions/uk:2").await.ok().value("name"), "deux");
        let before = versions(&bed.server.service().engine.store).await;
        for (second, param) in [
            (json!({"name": "same", "url": "/z"}), "actions[1].name"), (json!({"name": "none", "url": "/z"}), "actions[1].name"),
            (json!({"id": 9, "url": "/z"}), "actions[1].id"), (json!({"id": "x", "url": "/z"}), "actions[1].id"),
            (json!({"id": 1, "url": "/z", "tenantId": "uk.almora"}), "actions[1].id"), (json!({"name": "deux"}), "actions[1]"),
            (json!({"id": 1, "url": ""}), "actions[1].url"), (json!({"id": 1, "enabled": "yes"}), "actions[1].enabled"),
            (json!({"url": "/z"}), "actions[1].id"), (json!({"id": 1, "tenantId": "nowhere"}), "actions[1].tenantId"),
            (json!({"id": 1, "colour": 1}), "actions[1].colour"), (json!({"id": 1, "method": "post"}), "actions[1].method"),
        ] {
            let first = json!({"id": 2, "url": "/changed"});
            admin.refused("actions/_update", json!({"tenantId": "uk", "actions": [first, second]}), param).await;
        }
        assert_eq!(versions(&bed.server.service().engine.store).await, before);
    }

    async fn what_is_wrong_with_an_action_is_named_and_none_of_them_is_made(bed: Bed) {
        let admin = state(&bed).await;
        admin.ask("actions/_create", json!({"tenantId": "uk", "actions": [{"id": 1, "url": "/x", "enabled": true}]})).await;
        let before = versions(&bed.server.service().engine.store).await;
        for (second, param) in [
            (json!({"id": 9, "enabled": true}), "actions[1].url"), (json!({"id": 9, "url": "", "enabled": true}), "actions[1].url"),
            (json!({"id": 9, "url": "/x"}), "actions[1].enabled"), (json!({"url": "/x", "enabled": true}), "actions[1].id"),
            (json!({"id": -1, "url": "/x", "enabled": true}), "actions[1].id"), (json!({"id": 1.5, "url": "/x", "enabled": true}), "actions[1].id"),
            (json!({"id": 1, "url": "/x", "enabled": true}), "actions[1].id"), (json!({"id": 8, "url": "/x", "enabled": true}), "actions[1].id"),
            (json!({"id": 9, "url": "/x", "enabled": 1}), "actions[1].enabled"), (json!({"id": 9, "url": 1.0, "enabled": true, "createdBy": 1}), "actions[1].createdBy"),
            (json!({"id": 9, "url": "x".repeat(2_049), "enabled": true}), "actions[1].url"),
            (json!({"id": 9, "url": "/x", "enabled": true, "name": "x".repeat(256)}), "actions[1].name"),
            (json!({"id": 9, "url": "/x", "enabled": true, "orderNumber": "x"}), "actions[1].orderNumber"),
            (json!({"id": 9, "url": "/x", "enabled": true, "tenantId": "uk.nowhere"}), "actions[1].tenantId"),
        ] {
            let first = json!({"id": 8, "url": "/y", "enabled": true});
            admin.refused("actions/_create", json!({"tenantId": "uk", "actions": [first, second]}), param).await;
        }
        let one = json!([{"id": 9, "url": "/x", "enabled": true}]);
        for (rest, param) in [
            (json!({"actions": one}), "actions[0].tenantId"), (json!({"tenantId": "uk"}), "actions"), (json!({"tenantId": "uk", "actions": []}), "actions"),
            (json!({"tenantId": "uk", "actions": one, "actionMaster": "actions"}), "actionMaster"),
            (json!({"tenantId": "uk", "actions": one, "roleCodes": ["X"]}), "roleCodes"),
        ] {
            admin.refused("actions/_create", rest, param).await;
        }
        assert_eq!(versions(&bed.server.service().engine.store).await, before);
    }

    async fn actions_are_found_by_roles_features_and_flag_at_a_tenant_and_above(bed: Bed) {
        let admin = known(&bed).await;
        admin.ask("feature-role/_create", json!({"roleId": ["SUPERUSER"], "tenantId": "uk.dehradun", "feature": {"code": "TRADE", "name": "Trade", "serviceCode": "tl"}})).await;
        for (path, rest, wanted) in [
            ("actions/_search", json!({"tenantId": "uk", "roleCodes": ["TL_CEMP"]}), vec![1685]),
            ("actions/_search", json!({"tenantId": "uk.dehradun", "roleCodes": ["TL_CEMP", "NONE"], "actionMaster": "actions-test"}), vec![1685]),
            ("actions/_search", json!({"tenantId": "uk", "roleCodes": ["SUPERUSER"]}), vec![7, 8]),
            ("actions/_search", json!({"tenantId": "uk.dehradun", "roleCodes": ["SUPERUSER"]}), vec![7, 8, 1685]),
            ("actions/_search", json!({"tenantId": "uk.dehradun", "featureIds": ["TRADE"]}), vec![1685]),
            ("actions/_search", json!({"tenantId": "uk.dehradun", "featureIds": ["TRADE"], "roleCodes": ["TL_CEMP"], "enabled": true}), vec![]),
            ("actions/_search", json!({"tenantId": "uk", "featureIds": ["TRADE"]}), vec![]),
            ("actions/_search", json!({"tenantId": "uk", "enabled": true}), vec![7, 8]),
            ("actions/_search", json!({"tenantId": "nowhere"}), vec![]),
            ("actions/_get", json!({"tenantId": "uk", "roleCodes": ["TL_CEMP", "SUPERUSER"], "enabled": false}), vec![1685]),
            ("actions/_get", json!({"tenantId": "uk.almora", "roleCodes": ["TL_CEMP"], "enabled": null}), vec![1685]),
            ("actions/mdms/_get", json!({"tenantId": "uk", "roleCodes": ["SUPERUSER"], "actionMaster": "actions-test"}), vec![7, 8]),
            ("actions/mdms/_get", json!({"tenantId": "nowhere", "roleCodes": ["SUPERUSER"]}), vec![]),
        ] {
            assert_eq!(found(&admin, path, rest.clone()).await, wanted, "{path} {rest}");
        }
        let feature = bed.admin().get("features?code=TRADE").await.ok().id();
        assert_eq!(found(&admin, "actions/_search", json!({"tenantId": "uk.dehradun", "featureIds": [feature]})).await, [1685]);
    }

    async fn modules_hold_their_actions_as_a_tree(bed: Bed) {
        let admin = state(&bed).await;
        let action = |id: i64, module: &str| json!({"id": id, "name": format!("n{id}"), "displayName": format!("d{id}"), "url": "/x", "enabled": true, "parentModule": module});
        admin.ask("roles/_create", json!({"tenantId": "uk", "roles": [{"code": "R", "name": "R"}]})).await;
        admin.ask("actions/_create", json!({"tenantId": "uk", "actions": [action(1, "PGR"), action(2, "1"), action(3, "PGR"), action(4, "")]})).await;
        let all = json!([{"id": 1}, {"id": 2}, {"id": 3}, {"id": 4}]);
        admin.ask("role-actions/_create", json!({"role": {"code": "R"}, "actions": all, "tenantId": "uk"})).await;
        let tree = admin.ask("actions/_list", json!({"tenantId": "uk", "roleCodes": ["R"]})).await;
        let [pgr, rest] = tree["modules"].as_array().unwrap().as_slice() else { panic!("{tree}") };
        assert_eq!((&pgr["name"], &pgr["code"], &rest["name"]), (&json!("PGR"), &json!("PGR"), &json!("")));
        assert_eq!((&pgr["actionList"][0]["id"], &pgr["actionList"][1]["id"]), (&json!(1), &json!(3)));
        let below = &pgr["subModules"][0];
        assert_eq!((&below["name"], &below["displayName"], &below["actionList"][0]["id"]), (&json!("1"), &json!("d1"), &json!(2)));
        assert_eq!(rest["actionList"][0]["id"], 4);
        let none = admin.ask("actions/_list", json!({"tenantId": "uk", "roleCodes": ["NONE"], "enabled": true})).await;
        assert_eq!(none["modules"], json!([]));
    }
}

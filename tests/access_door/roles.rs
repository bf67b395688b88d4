//! Roles through the door are the roles of everybody else.

use reqwest::Method;
use serde_json::json;

use super::{body, refusal, state};
use crate::kit::trace::versions;
use crate::on_both;

on_both! {
    async fn a_role_made_here_is_found_here_and_everywhere(bed: Bed) {
        let admin = state(&bed).await;
        let made = admin.ask("roles/_create", json!({"roles": [
            {"code": "TL_CEMP", "name": "Counter employee", "description": "at the counter", "tenantId": "uk"},
            {"code": "CITIZEN", "name": "Citizen", "tenantId": "uk.dehradun"},
        ]})).await;
        assert_eq!(made["roles"], json!([
            {"code": "TL_CEMP", "name": "Counter employee", "description": "at the counter", "tenantId": "uk"},
            {"code": "CITIZEN", "name": "Citizen", "tenantId": "uk.dehradun"},
        ]));
        let role = bed.admin().get("roles/uk%2FTL_CEMP").await.ok();
        assert_eq!((role.value("friendlyName"), role.value("description")), ("Counter employee".into(), "at the counter".into()));
        bed.admin().get("roles/uk%2Fdehradun%2FCITIZEN").await.ok();
        bed.admin().post("roles/?name=CLERK&organization=uk/dehradun").await.ok();
        for (query, codes) in [
            ("code=TL_CEMP", vec!["TL_CEMP"]),
            ("code=CITIZEN,TL_CEMP,TL_CEMP,NONE", vec!["CITIZEN", "TL_CEMP"]),
            ("code=TL_CEMP&tenantId=uk", vec!["TL_CEMP"]),
            ("code=TL_CEMP&tenantId=uk.dehradun", vec![]),
            ("tenantId=uk.dehradun", vec!["CITIZEN", "CLERK"]),
            ("tenantId=uk.nowhere", vec![]),
            ("code=TL_CEM", vec![]),
            ("code=tl_cemp", vec![]),
        ] {
            let found = admin.ask(&format!("roles/_search?{query}"), json!({})).await;
            let found: Vec<&str> = found["roles"].as_array().unwrap().iter().map(|role| role["code"].as_str().unwrap()).collect();
            assert_eq!(found, codes, "{query}");
        }
        bed.admin().post("organizations?technicalName=a.b").await.ok();
        bed.admin().post("roles/?name=DOTTED&organization=a.b").await.ok();
        let all = admin.ask("roles/_search", json!({})).await;
        assert!(all["roles"].as_array().unwrap().len() >= 3);
        assert!(!all.to_string().contains("DOTTED"), "an organization with a dot is no tenant");
    }

    async fn a_role_is_changed_by_its_code_and_keeps_what_is_not_told(bed: Bed) {
        let admin = state(&bed).await;
        admin.ask("roles/_create", json!({"tenantId": "uk", "roles": [
            {"code": "A", "name": "One", "description": "first"}, {"code": "B", "name": "Two", "description": "second"},
        ]})).await;
        let changed = admin.ask("roles/_update", json!({"tenantId": "uk", "roles": [
            {"code": "B", "name": "Zwei"}, {"code": "A", "description": ""},
        ]})).await;
        assert_eq!(changed["roles"], json!([
            {"code": "B", "name": "Zwei", "description": "second", "tenantId": "uk"},
            {"code": "A", "name": "One", "tenantId": "uk"},
        ]));
        let put = body(&json!({"roles": [{"code": "A", "name": "Eins", "tenantid": "uk"}]}));
        admin.send(Method::PUT, "roles/_update", put.to_string()).await.ok();
        assert_eq!(bed.admin().get("roles/uk%2FA").await.ok().value("friendlyName"), "Eins");
    }

    async fn what_is_wrong_with_a_role_is_named_and_none_of_them_is_made(bed: Bed) {
        let admin = state(&bed).await;
        admin.ask("roles/_create", json!({"tenantId": "uk", "roles": [{"code": "A", "name": "One"}]})).await;
        let before = versions(&bed.server.service().engine.store).await;
        let good = json!({"code": "NEW", "name": "New"});
        for (second, param) in [
            (json!({"name": "x"}), "roles[1].code"), (json!({"code": "", "name": "x"}), "roles[1].code"),
            (json!({"code": "X"}), "roles[1].name"), (json!({"code": "X", "name": ""}), "roles[1].name"),
            (json!({"code": "a/b", "name": "x"}), "roles[1].code"), (json!({"code": "X".repeat(65), "name": "x"}), "roles[1].code"),
            (json!({"code": "X", "name": "x".repeat(256)}), "roles[1].name"),
            (json!({"code": "X", "name": "x", "description": "x".repeat(2_001)}), "roles[1].description"),
            (json!({"code": "X", "name": "x\u{1}"}), "roles[1].name"), (json!({"code": ["X"], "name": "x"}), "roles[1].code"),
            (json!({"code": "X", "name": "x", "colour": 1}), "roles[1].colour"),
            (json!({"code": "X", "name": "x", "tenantId": "uk.nowhere"}), "roles[1].tenantId"),
            (json!({"code": "X", "name": "x", "tenantId": "uk/dehradun"}), "roles[1].tenantId"),
            (json!({"code": "X", "name": "x", "tenantId": "u".repeat(257)}), "roles[1].tenantId"),
            (json!({"code": "X", "name": "x", "tenantId": "uk", "tenantid": "uk"}), "roles[1].tenantid"),
            (json!({"code": "NEW", "name": "again"}), "roles[1].code"), (json!({"code": "A", "name": "taken"}), "roles[1].code"),
            (json!("X"), "roles[1]"),
        ] {
            admin.refused("roles/_create", json!({"tenantId": "uk", "roles": [good, second]}), param).await;
        }
        for (rest, param) in [
            (json!({"tenantId": "uk"}), "roles"), (json!({"tenantId": "uk", "roles": []}), "roles"),
            (json!({"tenantId": "uk", "roles": {}}), "roles"), (json!({"roles": [good]}), "roles[0].tenantId"),
            (json!({"tenantId": "uk", "roles": [good], "role": {}}), "role"),
        ] {
            admin.refused("roles/_create", rest, param).await;
        }
        for (role, param) in [
            (json!({"code": "A", "name": ""}), "roles[1].name"), (json!({"code": "B", "name": "x"}), "roles[1].code"),
            (json!({"code": "A", "name": "x", "tenantId": "uk.dehradun"}), "roles[1].code"),
            (json!({"code": "A", "name": "x"}), "roles[1].code"),
        ] {
            let first = json!({"code": "A", "name": "Changed"});
            admin.refused("roles/_update", json!({"tenantId": "uk", "roles": [first, role]}), param).await;
        }
        for query in ["code=", "code=,", "code=A&code=B", "colour=1", "tenantId=uk&tenantId=uk"] {
            refusal(&admin.post(&format!("roles/_search?{query}"), &body(&json!({}))).await, 400);
        }
        refusal(&admin.post("roles/_create?tenantId=uk", &body(&json!({"roles": [good]}))).await, 400);
        assert_eq!(versions(&bed.server.service().engine.store).await, before);
    }
}

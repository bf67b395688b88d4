//! What requests say of themselves and answers repeat; credentials in every place; addresses, methods and forms.

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;
use valtuus::http::dialect::digit::ENTRIES;
use valtuus::world::{Real, World};

use super::{Guest, body, info, refusal, state};
use crate::kit::Caller;
use crate::kit::caller::Credentials;
use crate::kit::issuer::bearer;
use crate::on_both;

const SEARCH: &str = "roles/_search";

fn told(info: &Value) -> Value {
    json!({"RequestInfo": info})
}

/// A request without a client, whose token stands in it.
fn with_token(token: &str) -> Value {
    let mut info = info();
    info["authToken"] = json!(token);
    told(&info)
}

fn is_close(ts: i64) -> bool {
    (Real.now() / 1_000 - ts).abs() < 60_000
}

on_both! {
    async fn an_answer_repeats_what_the_request_says_of_itself(bed: Bed) {
        let admin = Guest::named(&bed, "admin");
        let first = admin.post(SEARCH, &told(&info())).await.ok().json();
        let repeated = &first["ResponseInfo"];
        for name in ["apiId", "ver", "msgId"] {
            assert_eq!(repeated[name], info()[name], "{name}");
        }
        assert!(is_close(repeated["ts"].as_i64().unwrap()), "{repeated}");
        let again = admin.post(SEARCH, &json!({"requestInfo": info()})).await.ok().json();
        assert_ne!(again["ResponseInfo"]["resMsgId"], repeated["resMsgId"], "fresh each time");
        // A refusal repeats it as well.
        let refused = admin.post("roles/_create", &told(&info())).await;
        refusal(&refused, 400);
        assert_eq!(refused.json()["ResponseInfo"]["msgId"], info()["msgId"]);
        let nothing = admin.post(SEARCH, &told(&json!({}))).await.ok().json();
        assert_eq!(nothing["ResponseInfo"]["apiId"], Value::Null);
    }

    async fn an_instant_is_answered_in_the_form_of_the_request(bed: Bed) {
        let admin = Guest::named(&bed, "admin");
        for (ts, ending) in [
            ("2017-03-10T00:00:00+02:00", "+02:00"), ("2017-03-10T00:00:00", "+05:30"),
            ("2017-03-10T00:00:00Z", "+00:00"), ("2017-03-10T00:00:00-09:30", "-09:30"),
        ] {
            let answer = admin.post(SEARCH, &told(&json!({"ts": ts}))).await.ok().json();
            let text = answer["ResponseInfo"]["ts"].as_str().unwrap().to_owned();
            assert!(text.ends_with(ending) && text.len() == "2017-03-10T00:00:00+02:00".len(), "{ts}: {text}");
            let at = time::OffsetDateTime::parse(&text, &time::format_description::well_known::Rfc3339).unwrap();
            assert!(is_close(at.unix_timestamp() * 1_000), "{text}");
        }
        for none in [json!(null), json!("")] {
            let answer = admin.post(SEARCH, &told(&json!({"ts": none}))).await.ok().json();
            assert!(answer["ResponseInfo"]["ts"].is_i64());
        }
        for wrong in [json!("10-03-2017 00:00:00"), json!("2017-03-10"), json!(1.5), json!(true), json!([])] {
            let found = refusal(&admin.post(SEARCH, &told(&json!({"ts": wrong}))).await, 400);
            assert_eq!(found["params"], json!(["RequestInfo.ts"]), "{wrong}");
        }
    }

    async fn a_request_says_of_itself_what_it_may_and_nothing_else(bed: Bed) {
        let admin = Guest::named(&bed, "admin");
        let whole = json!({
            "apiId": "a", "ver": 1.0, "ts": 1, "action": "_search", "did": "1", "key": "", "msgId": null,
            "requesterId": "61", "authToken": null, "correlationId": "c", "plainAccessRequest": {},
            "userInfo": {"id": 1, "roles": [{"code": "EMPLOYEE", "tenantId": "uk"}]},
        });
        let answer = admin.post(SEARCH, &told(&whole)).await.ok().json();
        assert_eq!(answer["ResponseInfo"]["ver"], json!(1.0));
        for (wrong, param) in [
            (json!({"RequestInfo": {"apiId": true}}), "RequestInfo.apiId"),
            (json!({"RequestInfo": {"userInfo": "x"}}), "RequestInfo.userInfo"),
            (json!({"RequestInfo": {"colour": 1}}), "RequestInfo.colour"),
            (json!({"RequestInfo": []}), "RequestInfo"),
            (json!({"RequestInfo": null}), "RequestInfo"),
            (json!({"RequestInfo": {}, "requestInfo": {}}), "requestInfo"),
            (json!({"RequestInfo": {}, "colour": 1}), "colour"),
            (json!({}), "RequestInfo"),
            (json!([]), "document"),
        ] {
            assert_eq!(refusal(&admin.post(SEARCH, &wrong).await, 400)["params"], json!([param]), "{wrong}");
        }
    }

    async fn credentials_stand_in_the_header_the_query_or_the_body(bed: Bed) {
        let made = bed.admin().post("tokens?name=door").await.ok();
        let token = made.value("token");
        let plain = told(&info());
        let guests = [Guest::named(&bed, "admin"), Guest::of(&bed, bed.anonymous().with(bearer(&token)))];
        for guest in &guests {
            guest.post(SEARCH, &plain).await.ok();
        }
        let nobody = Guest::of(&bed, bed.anonymous());
        nobody.post(&format!("{SEARCH}?username=admin&password=admin-password"), &plain).await.ok();
        nobody.post(SEARCH, &with_token(&token)).await.ok();
        nobody.post(SEARCH, &json!({"requestInfo": {"authToken": token}})).await.ok();
        // The header wins, the query goes before the body, and none is passed over for another.
        guests[0].post(SEARCH, &with_token("of-another-service")).await.ok();
        let wrong = Guest::of(&bed, bed.anonymous().with(Credentials::Basic("admin".into(), "wrong".into())));
        for answer in [
            wrong.post(SEARCH, &with_token(&token)).await,
            nobody.post(&format!("{SEARCH}?username=admin&password=wrong"), &with_token(&token)).await,
            nobody.post(SEARCH, &with_token("of-another-service")).await,
            nobody.post(SEARCH, &with_token("")).await,
            nobody.post(SEARCH, &plain).await,
            nobody.post("nowhere", &plain).await,
            nobody.send(Method::GET, SEARCH, "").await,
        ] {
            let found = refusal(&answer, 401);
            assert_eq!(found["code"], "AUTHENTICATION_FAILED");
            assert!(answer.header("www-authenticate").starts_with("Basic"), "{:?}", answer.headers);
            assert!(!answer.text().contains("of-another-service"));
        }
        let id = bed.admin().get("tokens?name=door").await.ok().id();
        bed.admin().delete(&format!("tokens/{id}")).await.ok();
        refusal(&nobody.post(SEARCH, &with_token(&token)).await, 401);
    }

    async fn what_a_body_without_credentials_says_wrong_is_told(bed: Bed) {
        let nobody = Guest::of(&bed, bed.anonymous());
        refusal(&nobody.send(Method::POST, SEARCH, "{\"RequestInfo\": {\"authToken\":").await, 400);
        let formless = Guest { bed: &bed, caller: bed.anonymous() };
        refusal(&formless.send(Method::POST, SEARCH, "x").await, 401);
    }

    async fn every_address_knows_its_methods_with_and_without_a_slash(bed: Bed) {
        let admin = Guest::named(&bed, "admin");
        for entry in &ENTRIES {
            let changes = entry.path.ends_with("_update");
            let known = if changes { "POST, PUT, OPTIONS" } else { "POST, OPTIONS" };
            let told = admin.send(Method::OPTIONS, entry.path, "").await;
            assert_eq!((told.status.as_u16(), told.header("allow")), (204, known), "{}", entry.path);
            for method in [Method::GET, Method::HEAD, Method::DELETE, Method::PATCH, Method::PUT] {
                if method == Method::PUT && changes { continue; }
                let answer = admin.send(method.clone(), &format!("{}/", entry.path), "").await;
                assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, known), "{method} {}", entry.path);
            }
        }
        for path in ["", "actions", "actions/_search/x", "actions//_search", "roles/_delete"] {
            assert_eq!(refusal(&admin.post(path, &body(&json!({}))).await, 404)["code"], "ENTITY_NOT_FOUND", "{path}");
        }
        refusal(&admin.post("actions/%zz", &json!({})).await, 400);
    }

    async fn forms_and_sizes_are_bounded_in_the_words_of_the_door(bed: Bed) {
        let admin = Guest::named(&bed, "admin");
        let plain = told(&info()).to_string();
        let send = async |name: &str, value: &str| {
            let guest = Guest { bed: &bed, caller: Caller::basic(&bed, "admin").header(name, value) };
            guest.send(Method::POST, SEARCH, plain.clone()).await
        };
        assert_eq!(refusal(&send("content-type", "application/xml").await, 415)["code"], "CLIENT_ERROR");
        assert_eq!(refusal(&send("content-type", "text/plain").await, 415)["code"], "CLIENT_ERROR");
        let picky = |accept: &str| Guest { bed: &bed, caller: admin.caller.clone().header("accept", accept) };
        refusal(&picky("application/xml").post(SEARCH, &told(&info())).await, 406);
        picky("application/json, text/plain, */*").post(SEARCH, &told(&info())).await.ok();
        let long = format!("{{\"RequestInfo\":{{}},\"x\":\"{}\"}}", "x".repeat(70_000));
        refusal(&admin.send(Method::POST, SEARCH, long).await, 413);
        admin.send(Method::POST, SEARCH, " ".repeat(1 << 21)).await.refused(413, 1, "1048576");
        refusal(&admin.send(Method::POST, SEARCH, "[".repeat(200)).await, 413);
        admin.post(&format!("{SEARCH}?code={}", "x".repeat(9_000)), &told(&info())).await.refused(414, 1, "8192");
        refusal(&admin.send(Method::POST, SEARCH, "").await, 400);
        refusal(&admin.send(Method::POST, SEARCH, format!("{plain} x")).await, 400);
        refusal(&admin.send(Method::POST, SEARCH, "{\"RequestInfo\":{},\"RequestInfo\":{}}").await, 400);
        let many: Vec<Value> = (0..10_001).map(|_| json!(1)).collect();
        refusal(&admin.post("actions/_create", &body(&json!({"actions": many}))).await, 413);
    }

    async fn a_request_is_counted_by_its_address_and_its_client_is_logged_by_name(bed: Bed) {
        let admin = state(&bed).await;
        admin.ask("roles/_search?code=CANARY", json!({})).await;
        let metrics = bed.anonymous().send_to(Method::GET, &format!("{}/metrics", bed.root()), None).await.text();
        assert!(metrics.contains("route=\"access/v1/roles/_search\""), "{metrics}");
        assert!(!metrics.contains("CANARY"));
    }
}

#[test]
fn the_judge_of_the_door_refuses_other_shapes() {
    let good = json!({"ResponseInfo": {"apiId": null, "ver": "1", "ts": 1, "resMsgId": Uuid::nil(), "msgId": null, "status": "SUCCESSFUL"}});
    let judge = |status, value: &Value| crate::kit::digit::judge(status, value.to_string().as_bytes());
    judge(200, &good).unwrap();
    judge(400, &good).expect_err("success with 400");
    let mut bad = good.clone();
    bad["ResponseInfo"]["status"] = json!("FAILED");
    judge(400, &bad).expect_err("no errors");
    bad["Errors"] = json!([{"code": "X", "message": "m", "description": "d"}]);
    judge(400, &bad).expect_err("no params");
    bad["Errors"][0]["params"] = json!([]);
    judge(400, &bad).unwrap();
}

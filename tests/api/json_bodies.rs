//! JSON documents as bodies of POST and PUT, in the place of query arguments or XML.

use reqwest::Method;
use serde_json::{Value, json};

use super::{make, organization, role, user};
use crate::kit::cases::{Case, all_refused, case};
use crate::kit::{Answer, Bed};
use crate::on_both;

async fn send(bed: &Bed, method: Method, path: &str, body: &Value) -> Answer {
    let admin = bed.admin().header("content-type", "application/json");
    admin.send(method, path, Some(body.to_string().into_bytes())).await
}

fn attributes(attributes: &Value) -> Value {
    json!({"attributes": attributes})
}

on_both! {
    async fn every_kind_can_be_made_and_changed_by_a_json_document(bed: Bed) {
        let post = |path: &'static str, body: Value| { let bed = &bed; async move {
            send(bed, Method::POST, path, &body).await.ok().id()
        }};
        let acme = post("organizations/", attributes(&json!({"technicalName": ["acme"], "vatnumber": ["1", "2,3"]}))).await;
        let clerk = post("roles", json!({"type": "Role", "attributes": {"name": ["Clerk"],
            "organization": [{"type": "organization", "id": acme}]}})).await;
        let anna = post("users/", attributes(&json!({"login": ["anna"], "surname": ["O'Hara & Ä"], "browsers": ["IE", "a,b"],
            "role": [clerk], "pwd": ["long-enough"], "organization": ["acme"]}))).await;
        let bertil = post("organizations/acme/users", attributes(&json!({"login": ["bertil"]}))).await;
        let given = post("mandates/", attributes(&json!({"mandater": [acme], "mandatee": [anna], "role": [clerk], "name": ["Osto"]}))).await;
        let invited = post("roleinvitations/", attributes(&json!({"user": [bertil], "role": ["acme/Clerk"], "message": ["two\nlines"]}))).await;
        let admin = bed.admin();
        let read = admin.get(&format!("users/{anna}")).await.ok();
        assert_eq!(read.value("surname"), "O'Hara & Ä");
        assert_eq!(read.values("browsers"), ["IE", "a,b"]);
        assert_eq!(read.value("organizationId"), acme);
        assert_eq!(read.value("pwd.activated"), "true");
        assert_eq!(admin.get(&format!("users/{anna}/roles")).await.ok().ids(), std::slice::from_ref(&clerk));
        assert_eq!(admin.get(&format!("organizations/{acme}")).await.ok().values("vatnumber"), ["1", "2,3"]);
        assert_eq!(admin.get(&format!("roleinvitations/{invited}")).await.ok().value("message"), "two\nlines");
        for (path, root, name) in [
            (format!("users/{anna}"), "User", "surname"),
            (format!("organizations/{acme}"), "Organization", "friendlyName"),
            (format!("roles/{clerk}"), "Role", "description"),
            (format!("mandates/{given}"), "Mandate", "name"),
        ] {
            let body = json!({"type": root, "inResponseTo": "/2.0/x", "method": "GET", "attributes": {name: ["Uusi"]}});
            send(&bed, Method::PUT, &path, &body).await.ok();
            assert_eq!(admin.get(&path).await.ok().value(name), "Uusi", "{path}");
        }
        bed.must_be_sound().await;
    }

    async fn an_empty_list_or_text_removes_an_attribute_and_a_missing_one_stays(bed: Bed) {
        let id = make(&bed.admin(), "users/?login=anna&firstname=A&surname=B&email=a@b.fi").await;
        let body = attributes(&json!({"firstname": [""], "surname": []}));
        send(&bed, Method::PUT, &format!("users/{id}"), &body).await.ok();
        let read = bed.admin().get(&format!("users/{id}")).await.ok();
        assert_eq!((read.values("firstname"), read.values("surname")), (vec![], vec![]));
        assert_eq!(read.value("email"), "a@b.fi");
    }

    async fn what_is_not_such_a_document_is_refused_by_name_and_changes_nothing(bed: Bed) {
        let anna = format!("users/{}", user(&bed.admin(), "anna").await);
        let put = |status: (u16, u16), words: &str, body: &[u8]| {
            case(Method::PUT, anna.clone(), status, words).body(body).header("Content-Type", "application/json")
        };
        let deep = format!("{{\"attributes\":{}1{}}}", "[".repeat(40), "]".repeat(40));
        let many = format!("{{\"attributes\":{{\"browsers\":[{}\"x\"]}}}}", "\"x\",".repeat(10_000));
        let long = format!("{{\"attributes\":{{\"surname\":[\"{}\"]}}}}", "x".repeat(70_000));
        let cases: Vec<Case> = vec![
            put((400, 1), "EOF", b"{"),
            put((400, 1), "object", b"[]"),
            put((400, 1), "object", b"null"),
            put((400, 1), "attributes", b"{}"),
            put((400, 1), "colour", br#"{"attributes":{},"colour":"x"}"#),
            put((400, 1), "nonsense", br#"{"attributes":{"nonsense":["x"]}}"#),
            put((400, 1), "surname", br#"{"attributes":{"surname":"x"}}"#),
            put((400, 1), "surname", br#"{"attributes":{"surname":[7]}}"#),
            put((400, 1), "surname", br#"{"attributes":{"surname":["x","y"]}}"#),
            put((400, 1), "surname", br#"{"attributes":{"surname":["x"],"surname":["y"]}}"#),
            put((400, 1), "surname", br#"{"attributes":{"surname":["a\u0000b"]}}"#),
            put((400, 1), "surname", br#"{"attributes":{"surname":[{"id":"x","attributes":{}}]}}"#),
            put((400, 1), "pwd.activated", br#"{"attributes":{"pwd.activated":[1]}}"#),
            put((400, 1), "pwd.activated", br#"{"attributes":{"pwd.activated":[true]}}"#),
            put((400, 1), "pwd.activated", br#"{"attributes":{"pwd.activated":["1"]}}"#),
            put((400, 1), "cn", br#"{"attributes":{"cn":["x"]}}"#),
            put((400, 1), "type User", br#"{"type":"Role","attributes":{}}"#),
            put((400, 1), "id", br#"{"id":"x","attributes":{}}"#),
            put((400, 1), "line 1", b"{\"attributes\":{\"surname\":[\"\xFF\"]}}"),
            put((400, 1), "trailing", br#"{"attributes":{}}{}"#),
            put((400, 1), "line 1", br#"{"attributes":{"surname":["\ud800"]}}"#),
            put((413, 1), "deeper", deep.as_bytes()),
            put((413, 1), "members", many.as_bytes()),
            put((413, 1), "65536", long.as_bytes()),
            case(Method::PUT, format!("{anna}?surname=x"), (400, 1), "not in both")
                .body(r#"{"attributes":{}}"#).header("Content-Type", "application/json"),
            put((400, 1), "line 1", b"<User/>"),
            case(Method::PUT, anna.clone(), (415, 14), "application/json").body("{}").header("Content-Type", "text/json"),
            case(Method::PUT, anna.clone(), (415, 14), "UTF-8").body("{}").header("Content-Type", "application/json;charset=latin1"),
            case(Method::PUT, anna.clone(), (400, 1), "line 1").body("{}").header("Content-Type", "application/xml"),
        ];
        all_refused(&bed, &bed.admin(), &cases).await;
    }

    async fn a_secret_in_a_refused_document_is_not_told_again(bed: Bed) {
        let anna = format!("users/{}", user(&bed.admin(), "anna").await);
        for body in [r#"{"attributes":{"pwd":"hunter2"}}"#, r#"{"attributes":{"pwd":["hunter2}"#, r#"{"attributes":{"pwd":["hunter2","hunter2"]}}"#] {
            let admin = bed.admin().json().header("content-type", "application/json");
            let answer = admin.send(Method::PUT, &anna, Some(body.into())).await.refused(400, 1, "");
            assert!(!answer.text().contains("hunter2"), "{}", answer.text());
        }
    }

    async fn operations_without_a_document_take_none_as_json_either(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let clerk = role(&admin, &acme, "Clerk").await;
        let anna = user(&admin, "anna").await;
        let path = format!("users/{anna}/roles/{clerk}");
        let answer = send(&bed, Method::PUT, &path, &attributes(&json!({}))).await;
        answer.refused(400, 1, "body");
    }
}

//! Answers as JSON: the same model as XML on every address, negotiated, paged, streamed and validated alike.

use reqwest::Method;
use serde_json::{Value, json};
use valtuus::http::dialect::{Operation, v2_0::ROUTES};
use valtuus::xml::generated::{AttributeTypeContent, EntityType};
use valtuus::xml::{Document, Limits, decode};

use super::{many_users, user};
use crate::kit::Answer;
use crate::on_both;
use crate::refusals::ground::walked;
use crate::refusals::ground::{Ground, NOBODY};

/// What an XML entity says, in the shape of JSON without ids, which XML of version 2.0 does not show.
fn model(entity: &EntityType) -> Value {
    let one = |attribute: &valtuus::xml::generated::AttributeType| {
        let values: Vec<Value> = match &attribute.content {
            AttributeTypeContent::Value(values) => values
                .iter()
                .map(|value| match &value.type_ {
                    Some(kind) => json!({"type": kind, "id": value.content}),
                    None => json!(value.content),
                })
                .collect(),
            AttributeTypeContent::Entity(entities) => entities.iter().map(model).collect(),
        };
        (attribute.name.clone().unwrap(), Value::Array(values))
    };
    Value::Object(entity.attribute.iter().map(one).collect())
}

/// The attributes of a JSON entity, entities inside reduced to theirs.
fn attributes(entity: &Value) -> Value {
    let one = |value: &Value| match value.get("attributes") {
        Some(_) => attributes(value),
        None => value.clone(),
    };
    let all = entity["attributes"].as_object().unwrap();
    Value::Object(
        all.iter()
            .map(|(name, values)| (name.clone(), values.as_array().unwrap().iter().map(one).collect()))
            .collect(),
    )
}

/// Fails unless both answers say the same.
fn must_agree(xml: &Answer, json: &Answer) {
    let found = json.json();
    match decode(&xml.body, &Limits::default()).unwrap() {
        Document::Entity { root, entity } => {
            assert_eq!(found["type"], root);
            assert_eq!(found["inResponseTo"], json!(entity.in_response_to));
            assert_eq!(attributes(&found), model(&entity));
        }
        Document::List { root, list, own } => {
            assert_eq!(found["type"], root);
            assert_eq!(found["inResponseTo"], json!(list.in_response_to));
            let mut entities = [list.user, list.organization, list.role, list.mandate, own].concat();
            if let Some(ids) = found.get("ids") {
                assert_eq!(ids, &json!(list.id));
                assert!(entities.is_empty());
            } else {
                assert!(list.id.is_empty());
                let found: Vec<Value> =
                    found["entities"].as_array().unwrap().iter().map(attributes).collect();
                let wanted: Vec<Value> = entities.drain(..).map(|entity| model(&entity)).collect();
                assert_eq!(found, wanted);
            }
        }
    }
}

on_both! {
    async fn every_read_answers_the_same_in_both_forms(bed: Bed) {
        let ground = Ground::lay(&bed).await;
        let (mut lists, mut entities) = (0, 0);
        for route in walked(ROUTES).filter(|route| route.method == "GET") {
            let path = ground.path(route);
            let mut addresses = vec![path.clone()];
            match route.operation {
                Operation::List(kind, _) if kind.def().lists_entities => addresses.push(format!("{path}?entities=true")),
                Operation::ListRows(_) => addresses.push(format!("{path}?entities=true&maxResults=5")),
                Operation::EffectiveRoles | Operation::Get(valtuus::model::Kind::Mandate) => {
                    addresses.push(format!("{path}?entities=true"));
                }
                _ => {}
            }
            for address in addresses {
                let xml = bed.admin().get(&address).await;
                let json = bed.admin().json().get(&address).await;
                assert_eq!(xml.status, json.status, "{address}");
                for answer in [&xml, &json] {
                    assert_eq!(answer.header("vary"), "Accept", "{address}");
                    assert_eq!(answer.header("cache-control"), "no-store", "{address}");
                }
                if xml.status == 200 {
                    must_agree(&xml, &json);
                    let list = json.json().get("attributes").is_none();
                    lists += usize::from(list);
                    entities += usize::from(!list);
                } else {
                    json.refused(xml.status.as_u16(), 7, "");
                }
            }
        }
        assert!(lists > 15 && entities > 5, "{lists} lists and {entities} entities");
    }

    async fn an_entity_tells_its_id_and_a_reference_its_kind(bed: Bed) {
        let ground = Ground::lay(&bed).await;
        let found = bed.admin().json().get(&format!("mandates/{}", ground.mandate)).await.ok().json();
        assert_eq!((&found["type"], &found["id"], &found["method"]), (&json!("Mandate"), &json!(ground.mandate), &json!("GET")));
        assert_eq!(found["attributes"]["mandater"], json!([{"type": "organization", "id": ground.company}]));
        let whole = bed.admin().json().get(&format!("mandates/{}?entities=true", ground.mandate)).await.ok().json();
        let mandatee = &whole["attributes"]["mandatee"][0];
        assert_eq!((&mandatee["type"], &mandatee["id"]), (&json!("user"), &json!(ground.anna)));
        assert_eq!(mandatee["attributes"]["login"], json!(["anna"]));
        let listed = bed.admin().json().get("users?login=anna&entities=true").await.ok().json();
        assert_eq!((&listed["entities"][0]["id"], &listed["entities"][0]["type"]), (&json!(ground.anna), &json!("User")));
        let none = bed.admin().json().get("users?login=nobody&entities=true").await.ok().json();
        assert_eq!((&none["entities"], none.get("ids")), (&json!([]), None));
        let none = bed.admin().json().get("users?login=nobody").await.ok().json();
        assert_eq!((&none["ids"], none.get("entities")), (&json!([]), None));
    }

    async fn a_change_answers_ids_in_the_form_asked_for(bed: Bed) {
        let made = bed.admin().json().post("users/?login=anna").await.ok().json();
        let id = made["ids"][0].as_str().unwrap().to_owned();
        assert_eq!((&made["type"], &made["method"]), (&json!("Users"), &json!("POST")));
        let changed = bed.admin().json().put(&format!("users/{id}?surname=x")).await.ok().json();
        assert_eq!((&changed["ids"], &changed["inResponseTo"]), (&json!([id]), &json!(format!("/2.0/users/{id}"))));
        let gone = bed.admin().json().delete(&format!("users/{id}")).await.ok().json();
        assert_eq!(gone["ids"], json!([id]));
    }

    async fn the_form_is_chosen_by_name_and_weight(bed: Bed) {
        for (accept, kind) in [
            ("*/*", "application/xml;charset=UTF-8"),
            ("application/json;q=0.9, application/xml;q=0.8", "application/json"),
            ("application/json;q=0.8, application/xml;q=0.9", "application/xml;charset=UTF-8"),
            ("application/json, text/plain, */*", "application/json"),
            ("application/json;q=0, */*", "application/xml;charset=UTF-8"),
            ("text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8", "application/xml;charset=UTF-8"),
        ] {
            let answer = bed.admin().header("accept", accept).get("users").await.ok();
            assert_eq!(answer.header("content-type"), kind, "{accept}");
        }
    }

    async fn refusals_come_in_the_form_asked_for_whatever_stands_before_the_negotiation(bed: Bed) {
        let admin = || bed.admin().json();
        admin().get("users/%zz").await.refused(400, 1, "percent");
        admin().get(&format!("users?login={}", "x".repeat(9_000))).await.refused(414, 1, "8192");
        bed.anonymous().json().get("users").await.refused(401, 2, "authentication");
        admin().get("planets").await.refused(404, 7, "address");
        admin().send(Method::PATCH, "users", None).await.refused(405, 13, "GET, POST, HEAD, OPTIONS");
        admin().get("users?nonsense=1").await.refused(400, 1, "nonsense");
        bed.reader().json().post("users?login=x").await.refused(403, 3, "may not");
        admin().get(&format!("users/{NOBODY}")).await.refused(404, 7, "user");
        for answer in [admin().get("planets").await, bed.anonymous().json().get("users").await] {
            answer.json();
            assert_eq!(answer.header("vary"), "Accept");
        }
        let neither = bed.admin().header("accept", "text/html").get("users").await.refused(406, 14, "application/json");
        assert!(neither.header("content-type").starts_with("application/xml"));
        let url = format!("{}/healthz", bed.root());
        bed.anonymous().json().send_to(Method::POST, &url, None).await.refused(405, 13, "GET").json();
    }

    async fn a_tag_belongs_to_one_form_and_a_version_to_both(bed: Bed) {
        let path = format!("users/{}", user(&bed.admin(), "anna").await);
        let xml = bed.admin().get(&path).await.ok();
        let json = bed.admin().json().get(&path).await.ok();
        assert_ne!(xml.header("etag"), json.header("etag"));
        assert_eq!(xml.header("last-modified"), json.header("last-modified"));
        let again = bed.admin().json().header("if-none-match", json.header("etag")).get(&path).await;
        assert_eq!((again.status.as_u16(), again.header("vary"), again.body.len()), (304, "Accept", 0));
        bed.admin().json().header("if-none-match", xml.header("etag")).get(&path).await.ok().json();
        bed.admin().header("if-match", json.header("etag")).put(&format!("{path}?surname=x")).await.ok();
        bed.admin().json().header("if-match", xml.header("etag")).put(&format!("{path}?surname=y")).await.refused(412, 14, "");
    }

    async fn long_lists_are_streamed_and_paged_as_json_too(bed: Bed) {
        many_users(&bed, 5_000, None).await;
        let xml = bed.admin().get("users").await.ok().ids();
        let json = bed.admin().json().get("users").await.ok();
        assert_eq!(json.header("content-length"), "", "streamed");
        assert_eq!(json.json()["ids"], json!(xml));
        let whole = bed.admin().json().get("users?entities=true").await.ok().json();
        let ids: Vec<&Value> = whole["entities"].as_array().unwrap().iter().map(|entity| &entity["id"]).collect();
        assert_eq!(json!(ids), json!(xml));
        let mut seen = Vec::new();
        let mut path = "users?maxResults=1999".to_owned();
        loop {
            let page = bed.admin().json().get(&path).await.ok();
            seen.extend(page.json()["ids"].as_array().unwrap().clone());
            let link = page.header("link");
            assert_eq!(page.header("x-result-truncated") == "true", !link.is_empty());
            let Some(next) = link.split(['<', '>']).nth(1) else { break };
            next.strip_prefix("/customerid-rest/services/2.0/").unwrap().clone_into(&mut path);
        }
        assert_eq!(json!(seen), json!(xml));
    }
}

//! Version 2.1: the same operations, told otherwise. Every answer is judged by `cid-2.1.xsd` on the way.

use reqwest::Method;
use serde_json::json;
use valtuus::http::dialect::{Operation, known, v2_1::ROUTES};
use valtuus::model::Kind;

use super::{make, organization, role, user};
use crate::kit::trace::versions;
use crate::on_both;
use crate::refusals::ground::walked;
use crate::refusals::ground::{Ground, NOBODY, needed};

on_both! {
    async fn every_read_says_the_same_in_both_versions_but_for_what_differs(bed: Bed) {
        let ground = Ground::lay(&bed).await;
        let mut same = 0;
        for route in walked(ROUTES).filter(|route| route.method == "GET") {
            let path = ground.path(route);
            let whole = match route.operation {
                Operation::List(kind, _) => kind.def().lists_entities,
                Operation::Get(kind) => kind == Kind::Mandate,
                _ => false,
            };
            for path in [path.clone(), format!("{path}?entities=true")].into_iter().take(1 + usize::from(whole)) {
                for (older, newer) in [
                    (bed.admin().get(&path).await, bed.admin().newer().get(&path).await),
                    (bed.admin().json().get(&path).await, bed.admin().json().newer().get(&path).await),
                ] {
                    assert_eq!(older.status, newer.status, "{path}");
                    assert_eq!(older.header("link").replace("2.0", "2.1"), newer.header("link"));
                    if older.status != 200 || path.starts_with("auditevents") {
                        continue;
                    }
                    assert_eq!(plain(&newer.text()), plain(&older.text()), "{path}");
                    same += 1;
                }
            }
        }
        assert!(same > 40, "{same}");
    }

    async fn every_change_is_the_same_operation(bed: Bed) {
        let ground = Ground::lay(&bed).await;
        for route in walked(ROUTES).filter(|route| matches!(route.method, "POST" | "PUT")) {
            let path = format!("{}?{}", ground.path(route), needed(route, &ground));
            let newer = bed.admin().newer().send(Method::from_bytes(route.method.as_bytes()).unwrap(), &path, None).await;
            let text = newer.text();
            assert!(newer.status != 404 && newer.status != 405, "{path}: {text}");
            assert!(newer.status != 200 || text.contains("inResponseTo=\"/2.1/"), "{path}: {text}");
        }
        bed.admin().newer().get("planets").await.refused(404, 7, "");
        bed.anonymous().newer().get("users").await.refused(401, 2, "");
        bed.reader().newer().post("users?login=x").await.refused(403, 3, "");
        bed.admin().newer().get(&format!("users/{NOBODY}")).await.refused(404, 7, "user");
        bed.admin().newer().get("users?nonsense=1").await.refused(400, 1, "nonsense");
        let answer = bed.admin().newer().send(Method::PATCH, "users", None).await.refused(405, 13, "");
        assert_eq!(answer.header("allow"), known(vec!["GET", "POST"]).join(", "));
        let answer = bed.admin().newer().send(Method::OPTIONS, "users", None).await;
        assert_eq!((answer.status.as_u16(), answer.header("allow")), (204, "GET, POST, HEAD, OPTIONS"));
    }

    async fn an_organization_has_a_type_in_place_of_a_class(bed: Bed) {
        let newer = || bed.admin().newer();
        let id = newer().post("organizations/?technicalName=acme&organizationType=company").await.ok();
        let id = id.text().split("<Id>").nth(1).unwrap()[..36].to_owned();
        let text = newer().get(&format!("organizations/{id}")).await.ok().text();
        let head = format!("<Organization xmlns=\"http://schema.ubisecure.com/customerid/api\" id=\"{id}\" type=\"company\" inResponseTo=\"/2.1/organizations/{id}\" method=\"GET\">");
        assert!(text.contains(&head), "{text}");
        assert!(text.contains("<Attribute name=\"organizationType\"><Value>company</Value></Attribute>"), "{text}");
        assert!(!text.contains("organizationClass"), "{text}");
        let json = newer().json().get(&format!("organizations/{id}")).await.ok().json();
        assert_eq!((&json["type"], &json["id"], &json["entityType"]), (&json!("Organization"), &json!(id), &json!("company")));
        assert_eq!((&json["attributes"]["organizationType"], json["attributes"].get("organizationClass")), (&json!(["company"]), None));
        newer().put(&format!("organizations/{id}?organizationType=organization")).await;
        let found = newer().get("organizations?organizationType=company").await.ok().text();
        let older = bed.admin().get("organizations?organizationClass=company").await.ok().ids();
        assert!(older.iter().all(|id| found.contains(id)));
        newer().put(&format!("organizations/{id}?organizationType=nonsense")).await.refused(400, 1, "");
        newer().put(&format!("organizations/{id}?organizationType=company&organizationClass=company")).await.refused(400, 1, "twice");
    }

    async fn a_status_is_answered_by_its_technical_name_and_taken_by_every_name(bed: Bed) {
        let id = user(&bed.admin(), "anna").await;
        let path = format!("users/{id}");
        let status = |name: &str| format!("<Attribute name=\"status\"><Value>{name}</Value></Attribute>");
        let newer = || bed.admin().newer();
        assert!(newer().get(&path).await.ok().text().contains(&status("enabled")));
        newer().put(&format!("{path}?status=disabled")).await.ok();
        assert!(newer().get(&path).await.ok().text().contains(&status("disabled")));
        assert!(bed.admin().get(&path).await.ok().text().contains(&status("Disabled")));
        for name in ["2", "Disabled", "disabled"] {
            assert!(newer().get(&format!("users?status={name}")).await.ok().text().contains(&id), "{name}");
        }
        let listed = newer().get("users?login=anna&entities=true").await.ok().text();
        assert!(listed.contains(&format!("<User id=\"{id}\">")) && listed.contains(&status("disabled")), "{listed}");
    }

    async fn a_mandate_tells_its_type_and_the_ids_of_what_it_refers_to(bed: Bed) {
        let ground = Ground::lay(&bed).await;
        let text = bed.admin().newer().get(&format!("mandates/{}?entities=true", ground.mandate)).await.ok().text();
        assert!(text.contains(&format!("id=\"{}\" type=\"OrgToPer\" inResponseTo", ground.mandate)), "{text}");
        for id in [&ground.anna, &ground.role] {
            assert!(text.contains(&format!("<Entity id=\"{id}\">")), "{text}");
        }
        assert!(text.contains(&format!("<Entity id=\"{}\" type=\"", ground.company)), "{text}");
    }

    async fn no_limit_is_told_by_nothing_and_by_0(bed: Bed) {
        for n in 0..12 {
            user(&bed.admin(), &format!("user{n}")).await;
        }
        let count = |text: &str| text.matches("<Id>").count();
        for path in ["users", "users?maxResults=0"] {
            let answer = bed.admin().newer().get(path).await.ok();
            assert_eq!((count(&answer.text()), answer.header("link")), (12, ""), "{path}");
        }
        let page = bed.admin().newer().get("users?maxResults=5").await.ok();
        let next = page.header("link").split(['<', '>']).nth(1).unwrap().to_owned();
        let next = next.strip_prefix("/customerid-rest/services/2.1/").unwrap();
        assert_eq!(count(&bed.admin().newer().get(next).await.ok().text()), 5);
    }

    async fn a_document_of_the_newer_version_may_carry_the_type_but_tells_no_id(bed: Bed) {
        let namespace = "xmlns=\"http://schema.ubisecure.com/customerid/api\"";
        let newer = || bed.admin().newer().header("content-type", "application/xml");
        let body = format!("<Organization {namespace} type=\"company\"><Attribute name=\"technicalName\"><Value>acme</Value></Attribute></Organization>");
        newer().send(Method::POST, "organizations", Some(body.clone().into_bytes())).await.ok();
        let before = versions(&bed.server.service().engine.store).await;
        let with_id = body.replace("type=", "id=\"1\" type=").replace("acme", "other");
        newer().send(Method::POST, "organizations", Some(with_id.into_bytes())).await.refused(400, 1, "id");
        assert_eq!(versions(&bed.server.service().engine.store).await, before);
    }

    async fn the_older_version_is_as_it_was(bed: Bed) {
        let admin = bed.admin();
        let acme = make(&admin, "organizations?technicalName=acme&organizationClass=company").await;
        let clerk = role(&admin, &acme, "Clerk").await;
        let text = admin.get(&format!("organizations/{acme}")).await.ok().text();
        assert!(text.contains("organizationClass") && !text.contains(" id=\"") && !text.contains(" type=\"company\""), "{text}");
        assert!(!admin.get(&format!("roles/{clerk}")).await.ok().text().contains(" id=\""));
        let other = organization(&admin, "other").await;
        assert!(admin.get(&format!("organizations/{other}")).await.ok().text().contains("method=\"GET\""));
    }
}

/// An answer without what the versions tell otherwise.
fn plain(text: &str) -> String {
    let mut text = text
        .replace("/2.1/", "/2.0/")
        .replace("organizationType", "organizationClass")
        .replace("<Value>enabled</Value>", "<Value>Enabled</Value>")
        .replace("\"status\":[\"enabled\"]", "\"status\":[\"Enabled\"]");
    for (begin, end) in [(" id=\"", "\""), ("\"entityType\":\"", "\",")] {
        while let Some(at) = text.find(begin) {
            let rest = at + begin.len();
            let end = rest + text[rest..].find(end).unwrap() + end.len();
            text.replace_range(at..end, "");
        }
    }
    for name in [
        "company",
        "network",
        "association",
        "organization",
        "virtual",
        "OrgToPer",
        "OrgToOrg",
        "rolerequest",
    ] {
        for element in ["<Entity", "<Organization", "<Mandate"] {
            text = text.replace(&format!("{element} type=\"{name}\""), element);
        }
        text = text.replace(&format!("/api\" type=\"{name}\""), "/api\"");
    }
    text
}

//! Several entities in one document: all or none, in order, in both forms.

use reqwest::Method;

use super::State;
use crate::kit::{Answer, Bed};
use crate::on_both;

const NAMESPACE: &str = "http://schema.ubisecure.com/customerid/api";

fn entity(root: &str, pairs: &[(&str, &str)]) -> String {
    let attribute = |(name, value): &(&str, &str)| {
        format!("<Attribute name=\"{name}\"><Value>{value}</Value></Attribute>")
    };
    format!("<{root}>{}</{root}>", pairs.iter().map(attribute).collect::<String>())
}

fn action(id: &str, url: &str) -> String {
    entity("Action", &[("id", id), ("url", url), ("enabled", "true"), ("tenant", "uk")])
}

fn list(root: &str, inside: &[String]) -> String {
    format!("<{root} xmlns=\"{NAMESPACE}\" method=\"POST\">{}</{root}>", inside.concat())
}

async fn post(bed: &Bed, path: &str, body: impl Into<Vec<u8>>) -> Answer {
    let body = body.into();
    let kind = if body.starts_with(b"{") { "application/json" } else { "application/xml" };
    bed.admin().header("content-type", kind).send(Method::POST, path, Some(body)).await
}

on_both! {
    async fn a_list_makes_all_of_it_in_its_order(bed: Bed) {
        let state = State::lay(&bed.admin()).await;
        let numbers = ["20", "9", "10"];
        let actions = numbers.map(|id| action(id, &format!("/{id}")));
        let made = post(&bed, "actions/", list("Actions", &actions)).await.ok().ids();
        assert_eq!(made.len(), 3);
        for (id, number) in made.iter().zip(numbers) {
            assert_eq!(bed.admin().get(&format!("actions/{id}")).await.ok().value("id"), number);
        }
        let mappings = numbers.map(|id| entity("RoleAction", &[("role", "TL_CEMP"), ("action", id), ("tenant", "uk")]));
        assert_eq!(post(&bed, "roleactions/", list("RoleActions", &mappings)).await.ok().ids().len(), 3);
        assert_eq!(bed.admin().get(&format!("roleactions/?role={}", state.role)).await.ok().ids().len(), 3);
        let one = format!("{{\"attributes\":{{\"url\":[\"/j\"],\"enabled\":[\"true\"],\"tenant\":[\"{}\"]}}}}", state.uk);
        let json = format!("{{\"type\":\"Actions\",\"entities\":[{one},{one}]}}");
        assert_eq!(post(&bed, "actions/", json).await.ok().ids().len(), 2);
        bed.must_be_sound().await;
    }

    async fn features_and_their_roles_are_made_as_lists_too(bed: Bed) {
        State::lay(&bed.admin()).await;
        let feature = |code: &str| entity("Feature", &[("code", code), ("name", code), ("serviceCode", "tl-services"), ("tenant", "uk")]);
        let given = |code: &str| entity("FeatureRole", &[("role", "TL_CEMP"), ("feature", code), ("tenant", "uk.dehradun")]);
        for (path, root, second, status, code, words) in [
            ("features", "Features", feature("A"), 409, 4, "entity 3, code"),
            ("features", "Features", feature(""), 400, 1, "entity 3, code"),
        ] {
            post(&bed, path, list(root, &[feature("A"), feature("B"), second])).await.refused(status, code, words);
            assert!(bed.admin().get(path).await.ok().ids().is_empty(), "all or none");
        }
        assert_eq!(post(&bed, "features", list("Features", &[feature("A"), feature("B")])).await.ok().ids().len(), 2);
        for (second, status, code, words) in [
            (given("A"), 409, 4, "entity 3"), (given("NONE"), 400, 10, "entity 3, feature"),
        ] {
            post(&bed, "featureroles", list("FeatureRoles", &[given("A"), given("B"), second])).await.refused(status, code, words);
            assert!(bed.admin().get("featureroles").await.ok().ids().is_empty(), "all or none");
        }
        assert_eq!(post(&bed, "featureroles", list("FeatureRoles", &[given("A"), given("B")])).await.ok().ids().len(), 2);
        for (tenant, allowed) in [("uk.dehradun", "true"), ("uk", "false")] {
            let asked = format!("authorizations?uri=/tl/v1/_create&tenant={tenant}&role=TL_CEMP@uk");
            assert_eq!(bed.admin().get(&asked).await.ok().value("allowed"), allowed, "{tenant}");
        }
        bed.must_be_sound().await;
    }

    async fn one_bad_entity_refuses_all(bed: Bed) {
        State::lay(&bed.admin()).await;
        let good = action("1", "/1");
        let bad = |status: u16, code: u16, second: String, words: &'static str| (list("Actions", &[good.clone(), second]), status, code, words);
        for (body, status, code, words) in [
            bad(400, 1, action("x", "/2"), "entity 2, id"),
            bad(400, 1, action("2", ""), "entity 2, url"),
            bad(400, 1, entity("Action", &[("id", "2"), ("colour", "red")]), "entity 2, colour"),
            bad(400, 10, action("2", "/2").replace("uk", "fi"), "entity 2, tenant"),
            bad(409, 4, action("1", "/2"), "entity 2, id"),
            bad(409, 4, action("1685", "/2"), "entity 2, id"),
            (list("Actions", &[]), 400, 1, "document: expected one entity or more"),
            (list("Roles", &[]), 400, 1, "document: expected a Action element"),
            (list("Actions", &["<Id>018f0000-0000-7000-8000-000000000000</Id>".to_owned()]), 400, 1, "document"),
            (list("Features", &[entity("Feature", &[("code", "x")])]), 400, 1, "document"),
            ("{\"type\":\"Features\",\"entities\":[]}".to_owned(), 400, 1, "expected the type Actions"),
            ("{\"entities\":[]}".to_owned(), 400, 1, "one entity or more"),
            ("{\"entities\":[{\"type\":\"Role\",\"attributes\":{}}]}".to_owned(), 400, 1, "entity 1, document: expected the type Action"),
        ] {
            post(&bed, "actions/", body).await.refused(status, code, words);
        }
        assert_eq!(bed.admin().get("actions").await.ok().ids().len(), 1);
        let reader = bed.reader().header("content-type", "application/xml");
        let body = list("Actions", &[action("1", "/1")]).into_bytes();
        reader.send(Method::POST, "actions/", Some(body)).await.refused(403, 3, "create action");
        let users = list("Users", &[entity("User", &[("login", "x")])]);
        post(&bed, "users/", users).await.refused(400, 1, "expected a User element");
        post(&bed, "users/", "{\"entities\":[{\"attributes\":{\"login\":[\"x\"]}}]}").await.refused(400, 1, "expected the type User");
    }

    async fn a_list_sent_again_under_its_key_is_made_once(bed: Bed) {
        State::lay(&bed.admin()).await;
        let send = async |actions: &[String]| {
            let body = list("Actions", actions).into_bytes();
            let caller = bed.admin().header("content-type", "application/xml").header("idempotency-key", "k1");
            caller.send(Method::POST, "actions/", Some(body)).await
        };
        let first = send(&[action("1", "/1"), action("2", "/2")]).await.ok().ids();
        assert_eq!(send(&[action("1", "/1"), action("2", "/2")]).await.ok().ids(), first);
        send(&[action("1", "/1"), action("3", "/2")]).await.refused(409, 4, "Idempotency-Key");
    }
}

//! Actions and features: their arguments, keys, searches and ends.

use super::State;
use crate::api::{make, organization};
use crate::kit::caller::Credentials;
use crate::on_both;

const NOBODY: &str = "018f0000-0000-7000-8000-000000000000";

on_both! {
    async fn an_action_is_made_read_found_and_changed(bed: Bed) {
        let admin = bed.admin();
        let state = State::lay(&admin).await;
        let read = admin.get(&format!("actions/{}", state.action)).await.ok();
        assert_eq!(read.names(), ["id", "url", "enabled", "serviceCode", "tenant"]);
        let values = ["id", "url", "enabled", "serviceCode", "tenant"].map(|name| read.value(name));
        assert_eq!(values, ["1685", "/tl/v1/_create", "false", "tl-services", state.uk.as_str()]);
        for key in ["uk:1685", "uk%3A1685"] {
            assert_eq!(admin.get(&format!("actions/{key}")).await.ok().value("url"), "/tl/v1/_create");
        }
        let city = "actions/?id=7&url=/x&enabled=true&method=GET&name=See&tenant=uk.dehradun";
        let city = make(&admin, city).await;
        for key in ["uk.dehradun:7", "uk%2Fdehradun:7", "uk%2Fdehradun%3A7"] {
            assert_eq!(admin.get(&format!("actions/{key}")).await.ok().value("name"), "See", "{key}");
        }
        for (query, found) in [
            ("tenant=uk", vec![&state.action]),
            ("tenant=uk.dehradun", vec![&city]),
            ("tenant=uk/dehradun&enabled=true", vec![&city]),
            ("tenant=uk&enabled=true", vec![]),
            ("id=1685", vec![&state.action]),
            ("url=/tl/", vec![&state.action]),
            ("serviceCode=tl-services&exactMatch=true", vec![&state.action]),
            ("tenant=fi", vec![]),
        ] {
            let ids = admin.get(&format!("actions/?{query}")).await.ok().ids();
            assert_eq!(ids.iter().collect::<Vec<_>>(), found, "{query}");
        }
        admin.put("actions/uk:1685?displayName=Create&orderNumber=3&url=/tl/v2/_create").await.ok();
        let read = admin.get("actions/uk:1685").await.ok();
        let values = ["displayName", "orderNumber", "url"].map(|name| read.value(name));
        assert_eq!(values, ["Create", "3", "/tl/v2/_create"]);
        admin.delete("actions/uk:1685").await.ok();
        admin.get("actions/uk:1685").await.refused(404, 7, "action");
        bed.must_be_sound().await;
    }

    async fn an_action_without_a_number_gets_one_that_its_tenant_has_never_seen(bed: Bed) {
        let admin = bed.admin();
        State::lay(&admin).await;
        make(&admin, "actions/?id=2&url=/two&enabled=true&tenant=uk").await;
        let mut numbers = Vec::new();
        for tenant in ["uk", "uk", "uk.dehradun"] {
            let id = make(&admin, &format!("actions/?url=/x&enabled=true&tenant={tenant}")).await;
            numbers.push(admin.get(&format!("actions/{id}")).await.ok().value("id"));
        }
        assert_eq!(numbers, ["1686", "1687", "1"]);
        // One that is free again may stand in somebody's files.
        let last = make(&admin, "actions/?id=5000&url=/x&enabled=true&tenant=uk").await;
        admin.delete(&format!("actions/{last}")).await.ok();
        make(&admin, "actions/?id=9223372036854775807&url=/far&enabled=true&tenant=uk").await;
        let id = make(&admin, "actions/?url=/x&enabled=true&tenant=uk").await;
        assert_eq!(admin.get(&format!("actions/{id}")).await.ok().value("id"), "5001");
    }

    async fn bad_arguments_of_an_action_are_named(bed: Bed) {
        let admin = bed.admin();
        let state = State::lay(&admin).await;
        let dotted = organization(&admin, "a.b").await;
        let long = |count: usize| "x".repeat(count);
        let good = "id=9&url=/x&enabled=true&tenant=uk";
        let with = |name: &str, value: &str| {
            let kept = good.split('&').filter(|part| !part.starts_with(&format!("{name}=")));
            format!("actions/?{}&{name}={value}", kept.collect::<Vec<_>>().join("&"))
        };
        for (path, words) in [
            (with("url", ""), "url: mandatory"),
            (with("enabled", ""), "enabled: mandatory"),
            (with("enabled", "1"), "enabled: expected true or false"),
            (with("tenant", ""), "tenant: mandatory"),
            (with("tenant", &long(257)), "tenant: expected at most 256"),
            (with("id", "-1"), "id: expected a number, 0 or more"),
            (with("id", "one"), "id: expected a decimal integer"),
            (with("method", "get"), "method: expected an HTTP method in capitals"),
            (with("method", &"G".repeat(17)), "method: expected at most 16"),
            (with("name", &long(256)), "name: expected at most 255"),
            (with("displayName", &long(256)), "displayName: expected at most 255"),
            (with("queryParams", &long(256)), "queryParams: expected at most 255"),
            (with("navigationURL", &long(256)), "navigationURL: expected at most 255"),
            (with("url", &long(2_049)), "url: expected at most 2048"),
            (with("orderNumber", "x"), "orderNumber: expected a decimal integer"),
            (with("colour", "red"), "colour"),
        ] {
            admin.post(&path).await.refused(400, 1, words);
        }
        for name in ["name", "displayName", "queryParams", "navigationURL"] {
            admin.post(&with(name, &long(255)).replace("id=9&", "")).await.ok();
        }
        admin.post(&with("url", &long(2_048))).await.ok();
        for tenant in [NOBODY, "fi", "uk.nowhere", "a.b", dotted.as_str(), state.role.as_str()] {
            admin.post(&with("tenant", tenant)).await.refused(400, 10, "tenant");
        }
        admin.post(&with("tenant", "uk")).await.refused(409, 4, "id");
        admin.put("actions/uk:1685?url=").await.refused(400, 1, "url");
        admin.put("actions/uk:1685?tenant=uk").await.refused(400, 1, "tenant");
        admin.put("actions/uk:1685?id=5").await.refused(400, 1, "id");
        for key in ["uk:99", "fi:1685", "1685", "uk:x", ":1685", "uk:"] {
            admin.get(&format!("actions/{key}")).await.refused(404, 7, "action");
        }
        assert_eq!(admin.get("actions/uk:1685").await.ok().value("url"), "/tl/v1/_create");
    }

    async fn a_feature_is_made_found_by_its_key_and_changed(bed: Bed) {
        let admin = bed.admin();
        State::lay(&admin).await;
        let made = make(&admin, "features/?code=TRADE&name=Trade&serviceCode=tl-services&serviceCode=pt&tenant=uk").await;
        let read = admin.get("features/uk:TRADE").await.ok();
        assert_eq!(read.values("serviceCode"), ["tl-services", "pt"]);
        admin.post("features/?code=TRADE&tenant=uk").await.refused(409, 4, "code");
        make(&admin, "features/?code=TRADE&tenant=uk.dehradun").await;
        assert_eq!(admin.get("features/?code=TRADE&tenant=uk").await.ok().ids(), [made.as_str()]);
        admin.put(&format!("features/{made}?code=LICENCES&serviceCode=")).await.ok();
        assert_eq!(admin.get("features/uk:LICENCES").await.ok().values("serviceCode").len(), 0);
        for (query, words) in [
            ("tenant=uk".to_owned(), "code: mandatory"),
            ("code=x".to_owned(), "tenant: mandatory"),
            ("code=a:b&tenant=uk".to_owned(), "code: a code that holds a colon"),
            (format!("code={NOBODY}&tenant=uk"), "code: a code that holds a colon"),
            (format!("code={}&tenant=uk", "x".repeat(256)), "code: expected at most 255"),
        ] {
            admin.post(&format!("features/?{query}")).await.refused(400, 1, words);
        }
    }

    async fn a_bounded_client_keeps_to_its_own_tenant(bed: Bed) {
        let admin = bed.admin();
        let state = State::lay(&admin).await;
        let path = format!("apiclients?name=city&preset=admin&pwd=city-password&within={}", state.dehradun);
        admin.post(&path).await.ok();
        let city = bed.anonymous().with(Credentials::Query("city".into(), "city-password".into()));
        city.get("actions/uk:1685").await.refused(404, 7, "action");
        city.post("actions/?url=/x&enabled=true&tenant=uk").await.refused(400, 10, "tenant");
        let own = make(&city, "actions/?url=/x&enabled=true&tenant=uk.dehradun").await;
        assert_eq!(city.get("actions").await.ok().ids(), std::slice::from_ref(&own));
        city.post(&format!("roleactions/?role=TL_CEMP&action={own}&tenant=uk.dehradun")).await.refused(400, 10, "role");
        city.delete(&format!("actions/{}", state.action)).await.refused(404, 7, "action");
    }
}

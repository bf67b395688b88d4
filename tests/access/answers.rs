//! The contract's table of known answers, in both ways of matching: by query, by one document of all questions, and
//! straight at the operation; and whatever may be wrong with a question.

use reqwest::Method;
use valtuus::config::{AccessMatch, Config};
use valtuus::operation::Caller as Local;
use valtuus::operation::access::ask::{Answered, Asked, Asking, RoleAt, Who};

use crate::api::{below, make, organization, role};
use crate::kit::caller::Credentials;
use crate::kit::{Bed, Caller};
use crate::refusals::reader::client;
use crate::{on_both, on_both_with};

const NAMESPACE: &str = "http://schema.ubisecure.com/customerid/api";

/// Roles, tenants, uri, what all tenants must say; the answer for words and for segments.
type Known = (&'static str, &'static str, &'static str, Option<&'static str>, bool, bool);

const CREATE: &str = "/tl/v1/_create";

const TABLE: [Known; 19] = [
    ("TL_CEMP@uk.dehradun", "uk.dehradun", CREATE, None, true, true),
    ("TL_CEMP@uk", "uk.dehradun", CREATE, None, true, true),
    ("TL_CEMP@uk/dehradun", "uk/dehradun", CREATE, None, true, true),
    ("TL_CEMP@root", "uk.dehradun", CREATE, None, true, true),
    ("TL_CEMP@uk.dehradun", "uk", CREATE, None, false, false),
    ("TL_CEMP@uk.almora", "uk.dehradun", CREATE, None, false, false),
    ("TL_CEMP@uk.almora", "uk.dehradun,uk.almora", CREATE, None, true, true),
    ("TL_CEMP@uk.almora", "uk.dehradun,uk.almora", CREATE, Some("any"), true, true),
    ("TL_CEMP@uk.almora", "uk.dehradun,uk.almora", CREATE, Some("all"), false, false),
    ("TL_CEMP@uk", "uk.dehradun,uk.almora", CREATE, Some("all"), true, true),
    ("TL_CEMP@uk.dehradun", "uk.dehradun", "/tl/v1/_create/", None, false, false),
    ("TL_CEMP@uk.dehradun", "uk.dehradun", "/TL/v1/_create", None, false, false),
    ("TL_CEMP@uk.dehradun", "uk.dehradun", "/tl/v1/_create?x=1", None, false, false),
    ("SUPERUSER@uk", "uk", "/user/users/123/_updatenovalidate", None, true, true),
    ("SUPERUSER@uk", "uk", "/user/users/5c1d-aa/_updatenovalidate", None, false, true),
    ("SUPERUSER@uk", "uk", "/egov-location/boundarys/_search", None, true, true),
    ("SUPERUSER@uk", "uk", "/egov-location/boundarys/a/b", None, false, false),
    // A city that is no organization is known by its state; a state that is none is not.
    ("TL_CEMP@uk", "uk.nowhere", CREATE, None, true, true),
    ("TL_CEMP@fi,CITIZEN@uk", "fi,uk", CREATE, None, false, false),
];

/// The data of the table: a state with two cities, two roles, three actions.
pub async fn lay(admin: &Caller<'_>) -> [String; 3] {
    let uk = organization(admin, "uk").await;
    let cities = [below(admin, &uk, "dehradun").await, below(admin, &uk, "almora").await];
    for name in ["TL_CEMP", "SUPERUSER"] {
        role(admin, &uk, name).await;
    }
    for (number, role, url) in [
        (1, "TL_CEMP", CREATE),
        (2, "SUPERUSER", "/user/users/{id}/_updatenovalidate"),
        (3, "SUPERUSER", "/egov-location/boundarys/{code}"),
    ] {
        make(admin, &format!("actions/?id={number}&url={url}&enabled=false&tenant=uk")).await;
        make(admin, &format!("roleactions/?role={role}&action={number}&tenant=uk")).await;
    }
    let [dehradun, almora] = cities;
    [uk, dehradun, almora]
}

fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

fn query(known: &Known) -> String {
    let (roles, tenants, uri, all, ..) = known;
    let all = all.map(|all| format!("&tenants={all}")).unwrap_or_default();
    format!("authorizations/?uri={}&tenant={tenants}&role={}{all}", encoded(uri), encoded(roles))
}

fn question(known: &Known) -> String {
    let (roles, tenants, uri, all, ..) = known;
    let attribute = |name: &str, values: &str| {
        let values = values.replace(',', "</Value><Value>");
        format!("<Attribute name=\"{name}\"><Value>{values}</Value></Attribute>")
    };
    let all = all.map(|all| attribute("tenants", all)).unwrap_or_default();
    let (roles, tenants, uri) =
        (attribute("role", roles), attribute("tenant", tenants), attribute("uri", uri));
    format!("<Authorization>{uri}{tenants}{roles}{all}</Authorization>")
}

fn asked(known: &Known) -> Asked {
    let (roles, tenants, uri, all, ..) = known;
    let role = |text: &str| {
        let (code, tenant) = text.split_once('@').unwrap();
        RoleAt { code: code.to_owned(), tenant: tenant.to_owned() }
    };
    Asked {
        uri: (*uri).to_owned(),
        method: None,
        tenants: tenants.split(',').map(str::to_owned).collect(),
        who: Who::Roles(roles.split(',').map(role).collect()),
        all: all.map(|all| all == "all"),
    }
}

async fn all_are_known(bed: &Bed, wanted: impl Fn(&Known) -> bool) {
    let admin = bed.admin();
    lay(&admin).await;
    let service = bed.server.service();
    let local = Local::local("test");
    for known in &TABLE {
        let answer = admin.get(&query(known)).await.ok();
        assert_eq!(answer.value("allowed"), wanted(known).to_string(), "{known:?}: {}", answer.text());
        let mut asking = Asking::begin(&service.engine, &local).await.unwrap();
        let answered = asking.answer(&asked(known)).await.unwrap();
        assert_eq!(matches!(answered, Answered::Allowed { .. }), wanted(known), "{known:?}");
    }
    let inside: String = TABLE.iter().map(question).collect();
    let body = format!("<Authorizations xmlns=\"{NAMESPACE}\" method=\"POST\">{inside}</Authorizations>");
    let poster = bed.admin().header("content-type", "application/xml");
    let text = poster.send(Method::POST, "authorizations/", Some(body.into_bytes())).await.ok().text();
    let found: Vec<bool> = text
        .split("<Attribute name=\"allowed\"><Value>")
        .skip(1)
        .map(|rest| rest.starts_with("true"))
        .collect();
    assert_eq!(found, TABLE.iter().map(wanted).collect::<Vec<_>>());
}

fn by_segment(config: &mut Config) {
    config.access.r#match = AccessMatch::Segment;
}

on_both_with! { by_segment;
    async fn the_known_answers_are_given_for_segments(bed: Bed) {
        all_are_known(&bed, |known| known.5).await;
    }
}

on_both! {
    async fn the_known_answers_are_given_for_words(bed: Bed) {
        all_are_known(&bed, |known| known.4).await;
    }

    async fn an_answer_says_by_which_role_and_action_or_why_not(bed: Bed) {
        let admin = bed.admin();
        let [uk, dehradun, _] = lay(&admin).await;
        let allowed = admin.get(&format!("authorizations?uri={CREATE}&tenant=uk.dehradun&role=X@uk&role=TL_CEMP@uk")).await.ok();
        assert_eq!(allowed.names(), ["allowed", "decidedByRole", "decidedByAction"]);
        assert_eq!([allowed.value("decidedByRole"), allowed.value("decidedByAction")], ["TL_CEMP@uk", "uk:1"]);
        // The answer names the action as its address does.
        admin.get(&format!("actions/{}", allowed.value("decidedByAction"))).await.ok();
        let by_id = admin.get(&format!("authorizations?uri={CREATE}&tenant={dehradun}&role=TL_CEMP@{uk}")).await.ok();
        assert_eq!(by_id.value("decidedByRole"), "TL_CEMP@uk");
        for (query, words) in [
            (format!("uri={CREATE}&tenant=fi&role=TL_CEMP@fi"), "the tenant is not known"),
            (format!("uri={CREATE}&tenant=uk&role=TL_CEMP@uk.dehradun"), "no role is held"),
            ("uri=/x&tenant=uk&role=TL_CEMP@uk".to_owned(), "no mapped action"),
            (format!("uri={CREATE}&tenant=uk&role=SUPERUSER@uk"), "no role is mapped"),
        ] {
            let refused = admin.get(&format!("authorizations?{query}")).await.ok();
            assert_eq!(refused.names(), ["allowed", "reason"], "{query}");
            assert!(refused.value("reason").contains(words), "{query}: {}", refused.text());
        }
        let json = bed.admin().json().get(&format!("authorizations?uri={CREATE}&tenant=uk&role=TL_CEMP@uk")).await.ok().json();
        assert_eq!(json["attributes"]["allowed"], serde_json::json!(["true"]));
        let body = format!("{{\"entities\":[{{\"attributes\":{{\"uri\":[\"{CREATE}\"],\"tenant\":[\"uk\"],\"role\":[\"TL_CEMP@uk\"]}}}}]}}");
        let poster = bed.admin().json().header("content-type", "application/json");
        let json = poster.send(Method::POST, "authorizations", Some(body.into_bytes())).await.ok().json();
        assert_eq!(json["entities"][0]["attributes"]["decidedByAction"], serde_json::json!(["uk:1"]));
    }

    async fn a_method_counts_where_an_action_has_one(bed: Bed) {
        let admin = bed.admin();
        lay(&admin).await;
        make(&admin, "actions/?id=9&url=/m&method=POST&enabled=false&tenant=uk").await;
        make(&admin, "roleactions/?role=TL_CEMP&action=9&tenant=uk").await;
        for (uri, method, allowed) in [
            ("/m", "", "false"), ("/m", "&method=GET", "false"), ("/m", "&method=POST", "true"),
            (CREATE, "", "true"), (CREATE, "&method=GET", "true"),
        ] {
            let answer = admin.get(&format!("authorizations?uri={uri}&tenant=uk&role=TL_CEMP@uk{method}")).await.ok();
            assert_eq!(answer.value("allowed"), allowed, "{uri} {method}");
        }
    }

    async fn bad_questions_are_named(bed: Bed) {
        let admin = bed.admin();
        lay(&admin).await;
        for (query, words) in [
            ("tenant=uk&role=A@uk", "uri: mandatory"),
            ("uri=&tenant=uk&role=A@uk", "uri: must not be empty"),
            ("uri=/x&uri=/y&tenant=uk&role=A@uk", "uri: expected only once"),
            ("uri=/x&role=A@uk", "tenant: mandatory"),
            ("uri=/x&tenant=&role=A@uk", "tenant: must not be empty"),
            ("uri=/x&tenant=uk,&role=A@uk", "tenant: must not be empty"),
            ("uri=/x&tenant=uk", "role: expected role or user"),
            ("uri=/x&tenant=uk&role=", "role: must not be empty"),
            (&format!("uri=/x&tenant=uk&role={}@uk", "A".repeat(65)), "role: expected at most 64 characters"),
            (&format!("uri=/x&tenant=uk&role=A@{}", "u".repeat(257)), "role: expected at most 256 characters"),
            (&format!("uri=/x&tenant={}&role=A@uk", "u".repeat(257)), "tenant: expected at most 256 characters"),
            ("uri=/x&tenant=uk&role=A", "role: expected CODE@TENANT"),
            ("uri=/x&tenant=uk&role=@uk", "role: expected CODE@TENANT"),
            ("uri=/x&tenant=uk&role=A@", "role: expected CODE@TENANT"),
            ("uri=/x&tenant=uk&role=A@uk&user=anna", "user: expected either role or user"),
            ("uri=/x&tenant=uk&role=A@uk&mandate=x", "mandate: goes with user only"),
            ("uri=/x&tenant=uk&mandate=x", "mandate: goes with user only"),
            ("uri=/x&tenant=uk&user=", "user: must not be empty"),
            ("uri=/x&tenant=uk&role=A@uk&method=", "method: must not be empty"),
            ("uri=/x&tenant=uk&role=A@uk&tenants=some", "tenants: expected any or all"),
            ("uri=/x&tenant=uk&role=A@uk&colour=red", "colour: this operation has no such parameter"),
        ] {
            admin.get(&format!("authorizations/?{query}")).await.refused(400, 1, words);
            admin.post(&format!("authorizations/?{query}")).await.refused(400, 1, words);
        }
        let poster = bed.admin().header("content-type", "application/xml");
        let send = async |body: String| poster.send(Method::POST, "authorizations", Some(body.into_bytes())).await;
        let good = question(&TABLE[0]);
        let list = |inside: String| format!("<Authorizations xmlns=\"{NAMESPACE}\" method=\"POST\">{inside}</Authorizations>");
        // A comma separates in a query only.
        let comma = send(list(good.replace("TL_CEMP@", "A,B@"))).await.ok().text();
        assert!(comma.contains("<Value>false</Value>"), "{comma}");
        send(list(String::new())).await.refused(400, 1, "one entity or more");
        send(list(format!("{good}{}", good.replace("@uk", "")))).await.refused(400, 1, "entity 2, role");
        send(list(good.clone()).replace("Authorization", "Role")).await.refused(400, 1, "document");
        poster.send(Method::POST, "authorizations?uri=/x", Some(list(good).into_bytes())).await.refused(400, 1, "uri");
        admin.put("authorizations?uri=/x").await.refused(405, 13, "");
        bed.anonymous().get("authorizations?uri=/x&tenant=uk&role=A@uk").await.refused(401, 2, "");
    }

    async fn who_asks_needs_the_grant_and_keeps_its_bounds(bed: Bed) {
        let admin = bed.admin();
        let [_, dehradun, _] = lay(&admin).await;
        let path = |tenant: &str| format!("authorizations?uri={CREATE}&tenant={tenant}&role=TL_CEMP@uk");
        bed.reader().get(&path("uk")).await.refused(403, 3, "decide action");
        let gateway = client(&bed, "gateway", &["decide:action"]).await;
        assert_eq!(gateway.get(&path("uk")).await.ok().value("allowed"), "true");
        gateway.get(&format!("authorizations?uri={CREATE}&tenant=uk&user=anna")).await.refused(403, 3, "read user");
        let made = format!("apiclients?name=city&grants=decide:action&pwd=city-password&within={dehradun}");
        admin.post(&made).await.ok();
        let city = bed.anonymous().with(Credentials::Basic("city".into(), "city-password".into()));
        for (tenant, allowed) in [("uk.dehradun", "true"), ("uk.dehradun.ward", "true"), ("uk", "false"), ("uk.almora", "false")] {
            assert_eq!(city.get(&path(tenant)).await.ok().value("allowed"), allowed, "{tenant}");
        }
        assert_eq!(city.get(&path("uk")).await.ok().value("reason"), "the tenant is not known");
    }
}

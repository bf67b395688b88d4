//! Refusals of addresses, methods and forms, for every route of the table, so that none can be forgotten.

use std::collections::BTreeMap;

use reqwest::Method;
use valtuus::http::dialect::{Operation, Route, v2_0::ROUTES};
use valtuus::model::Kind;
use valtuus::operation::misp::MispStep;
use valtuus::operation::partner::Partnering;

use super::ground::walked;
use super::ground::{Ground, NOBODY, keys, needed};
use crate::kit::Caller;
use crate::kit::cases::{Case, all_refused, case, soon};
use crate::kit::trace::versions;
use crate::on_both;

fn method(route: &Route) -> Method {
    Method::from_bytes(route.method.as_bytes()).unwrap()
}

/// The code for an owner that is missing is 5, for an entity that is missing 7.
fn missing(route: &Route) -> u16 {
    let owned = match route.operation {
        Operation::List(_, base) => base.owner().is_some(),
        Operation::Create(_, below) => below,
        Operation::EffectiveRoles | Operation::Delegate | Operation::Partner(Partnering::Contact) => true,
        Operation::Misp(step) => !matches!(step, MispStep::Decide | MispStep::Activate),
        _ => false,
    };
    if owned { 5 } else { 7 }
}

/// The route's path with `wrong` as its key number `place` and existing ids elsewhere.
fn with_wrong(route: &Route, ground: &Ground, place: usize, wrong: &str) -> String {
    let mut seen = 0;
    let right = ground.path(route);
    let segments = route.path.split('/').zip(right.split('/')).map(|(wanted, right)| {
        seen += usize::from(wanted == "{}");
        if wanted == "{}" && seen == place + 1 { wrong } else { right }
    });
    segments.collect::<Vec<_>>().join("/")
}

/// Keys that name nothing: unknown, of another kind, ill-formed.
fn wrong_keys(kind: Kind, ground: &Ground) -> Vec<String> {
    let other = if kind == Kind::User { &ground.role } else { &ground.anna };
    let texts = [
        "no-such-name",
        "%2F",
        "a%2Fb%2Fc",
        "..%2F..",
        "%20",
        "%C3%A4",
        "%01",
        "0",
        "'%22;--",
        "%F0%9F%A6%80",
    ];
    let mut keys = vec![NOBODY.to_owned(), other.clone(), format!("{}x", ground.one_or(kind))];
    keys.extend(texts.map(str::to_owned));
    keys.push("n".repeat(2_000));
    keys
}

impl Ground {
    fn one_or(&self, kind: Kind) -> &str {
        if matches!(kind, Kind::AuditEvent | Kind::Message) { NOBODY } else { self.one(kind) }
    }
}

/// Every distinct path of the table with the methods it knows.
fn paths(ground: &Ground) -> BTreeMap<String, Vec<&'static str>> {
    let mut paths: BTreeMap<String, Vec<&'static str>> = BTreeMap::new();
    for route in walked(ROUTES) {
        paths.entry(ground.path(route)).or_default().push(route.method);
    }
    paths
}

fn with_query(path: String, query: &str) -> String {
    if query.is_empty() { path } else { format!("{path}?{query}") }
}

on_both! {
    async fn a_key_that_names_nothing_is_refused_on_every_path(bed: Bed) {
        let ground = Ground::lay(&bed).await;
        let mut cases = Vec::new();
        for route in walked(ROUTES) {
            for (place, kind) in keys(route).into_iter().enumerate() {
                for wrong in wrong_keys(kind, &ground) {
                    let path = with_query(with_wrong(route, &ground, place, &wrong), &needed(route, &ground));
                    cases.push(case(method(route), path, (404, missing(route)), ""));
                }
            }
        }
        assert!(cases.len() > 300);
        all_refused(&bed, &bed.admin(), &cases).await;
    }

    async fn an_address_that_does_not_exist_is_error_7_whatever_the_method(bed: Bed) {
        let mut cases = Vec::new();
        for path in ["", "planets", "users/a/b/c", "users//roles", "Users", "users/a/Roles", "users/a/roles/b/c",
            "mandates/a/applaud", "roles/a//users", "auditevents/a/b", "users;a=b", "%75sers/x"] {
            for method in [Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
                cases.push(case(method, path, (404, 7), "nothing at this address"));
            }
        }
        let admin = Caller::basic(&bed, "admin");
        // The kit strips a leading slash, so these are asked as whole addresses.
        for path in ["", "/", "/customerid-rest", "/customerid-rest/services/", "/customerid-rest/services/2.2/users",
            "/customerid-rest/services/2.0", "/customerid-rest/services/2.0x/users", "/favicon.ico", "/schema/x.xsd"] {
            let url = format!("{}{path}", bed.root());
            soon(path, admin.send_to(Method::GET, &url, None)).await.refused(404, 7, "");
        }
        cases.retain(|case| case.path != "%75sers/x");
        all_refused(&bed, &bed.admin(), &cases).await;
    }

    async fn a_method_that_an_address_does_not_know_is_error_13_and_says_what_it_knows(bed: Bed) {
        let ground = Ground::lay(&bed).await;
        let before = versions(&bed.server.service().engine.store).await;
        let all = ["GET", "POST", "PUT", "DELETE", "PATCH", "TRACE", "BREW"];
        for (path, known) in paths(&ground) {
            for wrong in all.iter().filter(|method| !known.contains(method)) {
                let method = Method::from_bytes(wrong.as_bytes()).unwrap();
                for path in [path.clone(), format!("{path}/")] {
                    let answer = soon(&path, bed.admin().send(method.clone(), &path, None)).await;
                    let allow = answer.header("allow").to_owned();
                    let mut allowed: Vec<&str> = allow.split(", ").collect();
                    allowed.sort_unstable();
                    let mut known = valtuus::http::dialect::known(known.clone());
                    known.sort_unstable();
                    assert_eq!(allowed, known, "{wrong} {path}: {}", answer.text());
                    answer.refused(405, 13, "");
                }
            }
        }
        for path in ["healthz", "readyz", "metrics", "schema/cid-2.0.xsd"] {
            for method in [Method::POST, Method::DELETE, Method::PATCH] {
                let url = format!("{}/{path}", bed.root());
                let answer = bed.anonymous().send_to(method, &url, None).await.refused(405, 13, "GET");
                assert_eq!(answer.header("allow"), "GET, HEAD, OPTIONS");
            }
        }
        assert_eq!(versions(&bed.server.service().engine.store).await, before);
    }

    async fn an_accept_that_cannot_be_met_is_406_on_every_route(bed: Bed) {
        let ground = Ground::lay(&bed).await;
        let unmet = ["text/html", "image/*", "application/xml;q=0", "nonsense", "text/html, image/png;q=0.5"];
        let cases: Vec<Case> = walked(ROUTES).flat_map(|route| {
            let path = with_query(ground.path(route), &needed(route, &ground));
            unmet.map(|accept| case(method(route), path.clone(), (406, 14), "").header("Accept", accept))
        }).collect();
        all_refused(&bed, &bed.admin(), &cases).await;
    }

    async fn a_body_of_another_type_is_415_on_every_route_that_reads_one(bed: Bed) {
        let ground = Ground::lay(&bed).await;
        let types = ["application/jsonx", "application/json;charset=latin1", "text/json", "text/plain", "application/x-www-form-urlencoded", "application/xmlx",
            "application/xml; charset=iso-8859-1", "text/xml;charset=utf-16", "multipart/form-data"];
        let mut cases = Vec::new();
        for route in walked(ROUTES).filter(|route| matches!(route.method, "POST" | "PUT")) {
            let asked = case(method(route), ground.path(route), (415, 14), "").body("<User/>");
            cases.extend(types.map(|name| asked.clone().header("Content-Type", name)));
            cases.push(asked);
        }
        all_refused(&bed, &bed.admin(), &cases).await;
    }

    async fn a_parameter_that_no_operation_knows_is_named_on_every_route(bed: Bed) {
        let ground = Ground::lay(&bed).await;
        let mut cases = Vec::new();
        for route in walked(ROUTES) {
            // Names are case-sensitive, and reserved names are no attributes.
            for wrong in ["nonsense", "Login", "EXACTMATCH", "entities%5B%5D", "ma%C3%A4", "x-y", "a.b"] {
                let needed = needed(route, &ground);
                let query = format!("{needed}{}{wrong}=1", if needed.is_empty() { "" } else { "&" });
                let said = wrong.replace("%5B%5D", "[]").replace("%C3%A4", "ä");
                cases.push(case(method(route), format!("{}?{query}", ground.path(route)), (400, 1), &said));
            }
        }
        all_refused(&bed, &bed.admin(), &cases).await;
    }
}

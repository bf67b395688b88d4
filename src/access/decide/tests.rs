//! Known answers and hostile data of the decision.

use std::sync::Arc;

use uuid::Uuid;

use super::{Held, Outcome, Question, Reason, Tenant, decide, reaches};
use crate::access::{Facts, Level, Mapping, Match, Target};

fn target(number: i64, url: &str) -> Arc<Target> {
    Arc::new(Target {
        id: Uuid::from_u128(u128::try_from(number).unwrap()),
        row: number,
        number,
        tenant: Uuid::nil(),
        url: url.into(),
        method: None,
        service: None,
        enabled: true,
    })
}

fn mapped(role: &str, target: &Arc<Target>) -> Mapping {
    Mapping { role: role.into(), target: Arc::clone(target) }
}

/// The data of the contract's table of known answers, at the tenant uk.
fn uk() -> Arc<Level> {
    let create = target(1, "/tl/v1/_create");
    let update = target(2, "/user/users/{id}/_updatenovalidate");
    let boundary = target(3, "/egov-location/boundarys/{code}");
    let mappings =
        vec![mapped("TL_CEMP", &create), mapped("SUPERUSER", &update), mapped("SUPERUSER", &boundary)];
    Arc::new(Level::compile(Facts { mappings, ..Facts::default() }))
}

fn ask<'q>(
    chain: &'q [Arc<Level>],
    roles: &'q [Held<'q>],
    (path, uri): (&'q str, &'q str),
    style: Match,
) -> Outcome<'q> {
    decide(&Question { uri, method: None, roles }, &Tenant { path, chain }, style)
}

#[test]
fn the_known_answers_are_given() {
    let (state, city) = ([uk()], [Arc::new(Level::default()), uk()]);
    for (code, at, path, uri, word, segment) in [
        ("TL_CEMP", "uk/dehradun", "uk/dehradun", "/tl/v1/_create", true, true),
        ("TL_CEMP", "uk", "uk/dehradun", "/tl/v1/_create", true, true),
        ("TL_CEMP", "", "uk/dehradun", "/tl/v1/_create", true, true),
        ("TL_CEMP", "uk/dehradun", "uk", "/tl/v1/_create", false, false),
        ("TL_CEMP", "uk/almora", "uk/dehradun", "/tl/v1/_create", false, false),
        ("TL_CEMP", "uk/dehra", "uk/dehradun", "/tl/v1/_create", false, false),
        ("tl_cemp", "uk", "uk", "/tl/v1/_create", false, false),
        ("TL_CEMP", "uk", "uk", "/tl/v1/_create/", false, false),
        ("TL_CEMP", "uk", "uk", "/TL/v1/_create", false, false),
        ("TL_CEMP", "uk", "uk", "/tl/v1/_create?x=1", false, false),
        ("SUPERUSER", "uk", "uk", "/user/users/123/_updatenovalidate", true, true),
        ("SUPERUSER", "uk", "uk", "/user/users/5c1d-aa/_updatenovalidate", false, true),
        ("SUPERUSER", "uk", "uk", "/user/users/{id}/_updatenovalidate", true, true),
        ("SUPERUSER", "uk", "uk", "/egov-location/boundarys/_search", true, true),
        ("SUPERUSER", "uk", "uk", "/egov-location/boundarys/a/b", false, false),
        ("SUPERUSER", "uk", "uk", "/egov-location/boundarys/", false, false),
        ("SUPERUSER", "uk", "uk", "/tl/v1/_create", false, false),
    ] {
        let chain: &[Arc<Level>] = if path == "uk" { &state } else { &city };
        for (style, wanted) in [(Match::Word, word), (Match::Segment, segment)] {
            let roles = [Held { code, at }];
            assert_eq!(
                ask(chain, &roles, (path, uri), style).is_ok(),
                wanted,
                "{code}@{at} {path} {uri} {style:?}"
            );
        }
    }
}

#[test]
fn the_reason_says_what_is_missing() {
    let chain = [uk()];
    let roles = [Held { code: "TL_CEMP", at: "uk" }];
    let reason = |chain: &[Arc<Level>], path: &str, uri: &str| {
        ask(chain, &roles, (path, uri), Match::Word).unwrap_err()
    };
    assert_eq!(reason(&[], "uk", "/tl/v1/_create"), Reason::UnknownTenant);
    assert_eq!(reason(&chain, "fi", "/tl/v1/_create"), Reason::NoRole);
    assert_eq!(reason(&chain, "uk", "/x"), Reason::NoAction);
    assert_eq!(reason(&chain, "uk", "/egov-location/boundarys/x"), Reason::NotMapped);
}

#[test]
fn an_exact_address_is_named_before_a_template_and_a_literal_segment_before_a_variable() {
    let (any, half, exact) = (target(1, "/a/{x}/{y}"), target(2, "/a/b/{y}"), target(3, "/a/b/c"));
    let all = [&any, &half, &exact].map(|target| mapped("R", target)).to_vec();
    let level = |mappings| [Arc::new(Level::compile(Facts { mappings, ..Facts::default() }))];
    let roles = [Held { code: "R", at: "t" }];
    let named =
        |chain: &[Arc<Level>], uri| ask(chain, &roles, ("t", uri), Match::Word).map(|it| it.target.number);
    let chain = level(all);
    assert_eq!(named(&chain, "/a/b/c"), Ok(3));
    assert_eq!(named(&chain, "/a/b/x"), Ok(2));
    assert_eq!(named(&chain, "/a/x/c"), Ok(1));
    // A better match that is not permitted does not stand in the way of another.
    let chain = level(vec![mapped("OTHER", &exact), mapped("OTHER", &half), mapped("R", &any)]);
    assert_eq!(named(&chain, "/a/b/c"), Ok(1));
}

#[test]
fn a_method_is_asked_for_by_name() {
    let with = Arc::new(Target { method: Some("POST".into()), ..(*target(1, "/x")).clone() });
    let chain = [Arc::new(Level::compile(Facts { mappings: vec![mapped("R", &with)], ..Facts::default() }))];
    let roles = [Held { code: "R", at: "t" }];
    let tenant = Tenant { path: "t", chain: &chain };
    for (method, allowed) in
        [(None, false), (Some("GET"), false), (Some("POST"), true), (Some("post"), false)]
    {
        let question = Question { uri: "/x", method, roles: &roles };
        assert_eq!(decide(&question, &tenant, Match::Word).is_ok(), allowed, "{method:?}");
    }
    let chain = [Arc::new(Level::compile(Facts {
        mappings: vec![mapped("R", &target(1, "/x"))],
        ..Facts::default()
    }))];
    let question = Question { uri: "/x", method: Some("POST"), roles: &roles };
    assert!(decide(&question, &Tenant { path: "t", chain: &chain }, Match::Word).is_ok());
}

#[test]
fn a_feature_gives_the_actions_of_its_services_at_the_tenant_and_below() {
    let served = Arc::new(Target { service: Some("tl".into()), ..(*target(1, "/x")).clone() });
    let other = Arc::new(Target { service: Some("pt".into()), ..(*target(2, "/y")).clone() });
    let holder = Facts { actions: vec![served, other], ..Facts::default() };
    let holder = Arc::new(Level::compile(holder));
    let giver = Facts { services: vec![("R".into(), "tl".into())], ..Facts::default() };
    let giver = Arc::new(Level::compile(giver));
    let roles = [Held { code: "R", at: "t" }];
    let allowed = |chain: &[Arc<Level>], uri| ask(chain, &roles, ("t/u", uri), Match::Word).is_ok();
    for chain in [[Arc::clone(&giver), Arc::clone(&holder)], [Arc::clone(&holder), Arc::clone(&giver)]] {
        assert!(allowed(&chain, "/x") && !allowed(&chain, "/y"));
    }
    assert!(!allowed(&[holder], "/x"));
}

#[test]
fn an_address_of_very_many_segments_and_templates_made_to_be_slow_end_soon() {
    let hostile = (0..2_i64.pow(10)).map(|bits| {
        let segment = |place: u32| if bits & 1_i64.wrapping_shl(place) == 0_i64 { "{x}" } else { "a" };
        let url: Vec<&str> = (0..10).map(segment).collect();
        mapped("OTHER", &target(bits, &url.join("/")))
    });
    let chain = [Arc::new(Level::compile(Facts { mappings: hostile.collect(), ..Facts::default() }))];
    let roles = [Held { code: "R", at: "t" }];
    let uri = ["a"; 10].join("/");
    assert_eq!(ask(&chain, &roles, ("t", &uri), Match::Word), Err(Reason::NotMapped));
    let long = "a/".repeat(100_000);
    assert_eq!(ask(&chain, &roles, ("t", &long), Match::Word), Err(Reason::NoAction));
}

#[test]
fn a_role_reaches_its_tenant_and_what_stands_below() {
    for (at, tenant, wanted) in [
        ("uk", "uk", true),
        ("uk", "uk/a", true),
        ("uk/a", "uk", false),
        ("uk", "ukraine", false),
        ("", "uk", true),
        ("uk/", "uk/a", false),
    ] {
        assert_eq!(reaches(at, tenant), wanted, "{at:?} {tenant:?}");
    }
}

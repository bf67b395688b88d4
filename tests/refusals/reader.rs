//! What a client without the grant gets: error 3 before anything is looked up, on every changing route, recorded;
//! and sensitive values that only disclosing clients see.

use reqwest::Method;
use valtuus::audit::coded::Trail;
use valtuus::http::change::action;
use valtuus::http::dialect::v2_0::ROUTES;
use valtuus::model::{Grants, Verb};

use super::ground::walked;
use super::ground::{Ground, NOBODY, is_open, keys, needed};
use crate::kit::caller::Credentials;
use crate::kit::cases::{Case, all_refused, case, soon};
use crate::kit::trace::{records_of_request, versions};
use crate::kit::{Bed, Caller};
use crate::on_both;

/// Adds a client with these grants and returns it.
pub(crate) async fn client<'b>(bed: &'b Bed, name: &str, grants: &[&str]) -> Caller<'b> {
    let service = bed.server.service();
    let password = format!("{name}-password");
    let phc = service.verifier.hash(zeroize::Zeroizing::new(password.clone())).await.unwrap();
    let grants: Vec<String> = grants.iter().map(|word| (*word).to_owned()).collect();
    assert!(Grants::parse(grants.iter().map(String::as_str)).is_ok());
    let credential = valtuus::store::Credential { phc, set: 0 };
    let local = valtuus::operation::Caller::local("test");
    valtuus::operation::client::add(&service.engine, &local, name, &grants, credential).await.unwrap();
    bed.anonymous().with(Credentials::Basic(name.to_owned(), password))
}

on_both! {
    async fn a_reader_changes_nothing_and_every_try_is_recorded(bed: Bed) {
        let ground = Ground::lay(&bed).await;
        let store = &bed.server.service().engine.store;
        let before = versions(store).await;
        for route in walked(ROUTES).filter(|route| !is_open(route)) {
            let Some(action) = action(route.operation).filter(|action| action.verb != Verb::Read) else { continue };
            let path = format!("{}?{}", ground.path(route), needed(route, &ground));
            let method = Method::from_bytes(route.method.as_bytes()).unwrap();
            let answer = soon(&path, bed.reader().send(method, &path, None)).await;
            let answer = answer.refused(403, 3, action.kind.name());
            let records = records_of_request(store, answer.header("x-request-id")).await;
            let categories: Vec<&str> = records.iter().map(|record| record.field("category")).collect();
            assert_eq!(categories, ["request", "failure"], "{path}");
            let generic = format!("VLT_{}_{}", action.kind.name().to_uppercase(), action.word);
            let entry = Trail::of(action.kind, action.word).and_then(|trail| trail.entry);
            let events = [entry.map_or(generic.as_str(), |entry| entry.id), &generic];
            for (record, event) in records.iter().zip(events) {
                assert_eq!(record.field("client"), "reader");
                assert_eq!(record.field("eventId"), event, "{path}");
            }
        }
        assert_eq!(versions(store).await, before);
    }

    async fn a_reader_learns_nothing_about_what_exists_by_trying_to_change_it(bed: Bed) {
        let ground = Ground::lay(&bed).await;
        let mut cases: Vec<Case> = Vec::new();
        for route in walked(ROUTES).filter(|route| action(route.operation).is_some_and(|action| action.verb != Verb::Read) && !keys(route).is_empty()) {
            for wrong in [NOBODY, "no-such-name", "company%2Fnowhere"] {
                let path = route.path.replace("{}", wrong);
                let method = Method::from_bytes(route.method.as_bytes()).unwrap();
                let path = format!("{path}?{}", needed(route, &ground));
                cases.push(case(method, path, (403, 3), "may not"));
            }
        }
        all_refused(&bed, &bed.reader(), &cases).await;
    }

    async fn the_trail_is_for_administrators(bed: Bed) {
        let cases = ["auditevents", "auditevents/?kind=user", &format!("auditevents/{NOBODY}")]
            .map(|path| case(Method::GET, path, (403, 3), "auditevent"));
        all_refused(&bed, &bed.reader(), &cases).await;
        all_refused(&bed, &Caller::query(&bed, "writer"), &cases).await;
    }

    async fn a_client_without_the_grant_to_read_a_kind_gets_none_of_its_lists(bed: Bed) {
        let ground = Ground::lay(&bed).await;
        let only_roles = client(&bed, "roles", &["read:role"]).await;
        only_roles.get("roles").await.ok();
        let Ground { company, anna, role, mandate, invitation, .. } = &ground;
        let cases = [
            "users".to_owned(), format!("users/{anna}"), format!("users/{NOBODY}"), "organizations".to_owned(),
            format!("organizations/{company}"), format!("organizations/{company}/users"), "mandates".to_owned(),
            format!("mandates/{mandate}"), format!("roleinvitations/{invitation}"), format!("roles/{role}/users"),
            // The owner of a sub-collection must be readable too.
            format!("organizations/{company}/roles"), format!("users/{anna}/roles"), format!("users/{NOBODY}/roles"),
        ]
        .map(|path| case(Method::GET, path, (403, 3), "may not read"));
        all_refused(&bed, &only_roles, &cases).await;
    }

    async fn only_a_disclosing_client_sees_a_sensitive_value(bed: Bed) {
        let ground = Ground::lay(&bed).await;
        let Ground { anna, mandate, company, .. } = &ground;
        let reads = [format!("users/{anna}"), "users/?entities=true".to_owned(),
            format!("organizations/{company}/users?entities=true"), format!("mandates/{mandate}?entities=true")];
        for path in &reads {
            let open = bed.admin().get(path).await.ok().text();
            assert!(open.contains("010190-999A"), "{path}: {open}");
            let closed = bed.reader().get(path).await.ok().text();
            assert!(!closed.contains("010190-999A") && !closed.contains("ssn"), "{path}: {closed}");
            assert!(closed.contains("anna"), "{path}: {closed}");
        }
        // A search would tell the value letter by letter.
        for search in ["0", "010190-999A", "1"] {
            let path = format!("users/?ssn={search}");
            bed.reader().get(&path).await.refused(403, 3, "disclose");
        }
        assert_eq!(bed.admin().get("users/?ssn=0101").await.ok().ids(), std::slice::from_ref(anna));
        // The trail tells that it was set, and not to what.
        let trail = bed.admin().get(&format!("auditevents/?entityId={anna}&entities=true")).await.ok().text();
        assert!(trail.contains("ssn: ***") && !trail.contains("010190-999A"), "{trail}");
    }
}

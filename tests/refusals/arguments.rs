//! Refusals of arguments: repeated, ill-formed, undeclared, not settable; each names the parameter.

use reqwest::Method;
use valtuus::http::dialect::{Operation, v2_0::ROUTES};

use super::ground::walked;
use super::ground::{Ground, NOBODY};
use crate::kit::cases::{all_refused, case};
use crate::on_both;

fn get(path: impl Into<String>, words: &str) -> crate::kit::cases::Case {
    case(Method::GET, path, (400, 1), words)
}

fn put(path: impl Into<String>, words: &str) -> crate::kit::cases::Case {
    case(Method::PUT, path, (400, 1), words)
}

fn post(path: impl Into<String>, words: &str) -> crate::kit::cases::Case {
    case(Method::POST, path, (400, 1), words)
}

on_both! {
    async fn what_a_list_takes_once_is_refused_twice(bed: Bed) {
        let ground = Ground::lay(&bed).await;
        let mut cases = Vec::new();
        for route in walked(ROUTES).filter(|route| matches!(route.operation, Operation::List(..) | Operation::ListRows(_))) {
            let path = ground.path(route);
            let audit = route.operation == Operation::ListRows(valtuus::model::Kind::AuditEvent);
            for name in ["exactMatch", "entities", "maxResults", "after"] {
                if audit && name == "exactMatch" {
                    continue;
                }
                cases.push(get(format!("{path}?{name}=1&{name}=1"), name));
            }
        }
        for (path, name) in [("users", "login"), ("users", "organization"), ("users", "browsers"), ("users", "status"),
            ("organizations", "entityName"), ("organizations", "vatnumber"), ("roles", "name"),
            ("roles", "organization"), ("mandates", "mandater"), ("mandates", "state"), ("roleinvitations", "email"),
            ("auditevents", "kind"), ("auditevents", "from"), ("auditevents", "entityId"),
            ("outbox", "state"), ("outbox", "recipient")] {
            cases.push(get(format!("{path}/?{name}=1&{name}=2"), name));
            cases.push(get(format!("{path}/?{name}=1&{name}=1"), name));
        }
        // An alias is the same attribute.
        cases.push(get("organizations/?organizationClass=company&organizationType=company", "organizationType"));
        all_refused(&bed, &bed.admin(), &cases).await;
    }

    async fn a_boolean_is_true_or_false_and_nothing_else(bed: Bed) {
        let ground = Ground::lay(&bed).await;
        let Ground { company, anna, mandate, .. } = &ground;
        let mut cases = Vec::new();
        for wrong in ["yes", "TRUE", "1", "0", "", "true%20", "truefalse", "%FF%FF"] {
            if wrong.starts_with("%FF") {
                cases.push(get(format!("users/?exactMatch={wrong}"), "UTF-8"));
                continue;
            }
            for (path, name) in [
                ("users/".to_owned(), "exactMatch"), ("users/".to_owned(), "recursive"), ("users/".to_owned(), "entities"),
                (format!("organizations/{company}/users"), "recursive"), (format!("mandates/{mandate}"), "entities"),
                ("mandates/".to_owned(), "entities"), ("roles".to_owned(), "exactMatch"),
                ("auditevents".to_owned(), "entities"),
            ] {
                cases.push(get(format!("{path}?{name}={wrong}"), name));
            }
            if !wrong.is_empty() {
                cases.push(post(format!("organizations/?virtual={wrong}"), "virtual"));
                cases.push(put(format!("users/{anna}?pwd.activated={wrong}"), "pwd.activated"));
                cases.push(get(format!("organizations/?virtual={wrong}"), "virtual"));
                cases.push(get(format!("users/?pwd.activated={wrong}"), "pwd.activated"));
            }
            cases.push(case(Method::DELETE, format!("organizations/{company}?recursive={wrong}"), (400, 1), "recursive"));
        }
        all_refused(&bed, &bed.admin(), &cases).await;
    }

    async fn a_count_is_a_whole_number(bed: Bed) {
        Ground::lay(&bed).await;
        let mut cases = Vec::new();
        for wrong in ["-1", "1.5", "abc", "", "%2B5", "+5", "5+", "0x10", "1e3", "%D9%A3", "99999999999999999999"] {
            for path in ["users/", "organizations/", "roles", "mandates", "roleinvitations/", "auditevents"] {
                cases.push(get(format!("{path}?maxResults={wrong}"), "maxResults"));
            }
        }
        all_refused(&bed, &bed.admin(), &cases).await;
    }

    async fn a_status_or_state_is_one_of_its_set(bed: Bed) {
        let ground = Ground::lay(&bed).await;
        let Ground { anna, mandate, .. } = &ground;
        let mut cases = Vec::new();
        for wrong in ["6", "-1", "01", "Enable", "enabled%20", "", "Enabled,Disabled", "%C4%B0"] {
            cases.push(get(format!("users/?status={wrong}"), "status"));
            cases.push(put(format!("users/{anna}?status={wrong}"), "status"));
            cases.push(post(format!("users/?login=x&status={wrong}"), "status"));
            cases.push(get(format!("mandates/?state={wrong}"), "state"));
            cases.push(get(format!("roleinvitations/?state={wrong}"), "state"));
        }
        // Only Enabled and Disabled can be set.
        for forbidden in ["0", "Pending", "3", "Locked", "not_initialized", "5"] {
            cases.push(put(format!("users/{anna}?status={forbidden}"), "status"));
            cases.push(post(format!("users/?login=x&status={forbidden}"), "status"));
        }
        cases.push(put(format!("mandates/{mandate}?state=Revoked"), "state"));
        all_refused(&bed, &bed.admin(), &cases).await;
    }

    async fn ill_formed_values_are_refused_by_the_syntax_of_their_attribute(bed: Bed) {
        let ground = Ground::lay(&bed).await;
        let Ground { company, anna, bertil, role, .. } = &ground;
        let long = "x".repeat(256);
        let mut cases = vec![
            put(format!("users/{anna}?email=nobody"), "email"),
            put(format!("users/{anna}?email=a%20b@c.fi"), "email"),
            put(format!("users/{anna}?email={}@c.fi", "a".repeat(260)), "email"),
            put(format!("users/{anna}?firstname={long}"), "firstname"),
            put(format!("users/{anna}?browsers={long}"), "browsers"),
            put(format!("users/{anna}?firstname=a&firstname=b"), "firstname"),
            put(format!("users/{anna}?pwd=short"), "pwd"),
            put(format!("users/{anna}?pwd={}", "x".repeat(257)), "pwd"),
            put(format!("users/{anna}?pwd=long-enough&pwd=long-enough"), "pwd"),
            put(format!("users/{anna}?pwd="), "pwd"),
            put(format!("users/{anna}?login="), "login"),
            post("users/", "login"),
            post("users/?login=", "login"),
            post("users/?firstname=A", "login"),
            post(format!("roles/?organization={company}&name=a/b"), "name"),
            post(format!("roles/?organization={company}&name=%F0%9F%A6%80"), "name"),
            post(format!("roles/?organization={company}&name=%20"), "name"),
            post(format!("roles/?organization={company}"), "name"),
            post("roles/?name=Auditor", "organization"),
            post("organizations/?technicalName=a/b", "technicalName"),
            post("organizations/?technicalName=%20", "technicalName"),
            post(format!("organizations/?technicalName={NOBODY}"), "technicalName"),
            post("organizations/?organizationClass=guild", "organizationClass"),
            put(format!("organizations/{company}?organizationClass=guild"), "organizationClass"),
            put(format!("organizations/{company}?technicalName=other"), "technicalName"),
            put(format!("organizations/{company}?virtual=true"), "virtual"),
            put(format!("organizations/{company}?parentOrganizationId={NOBODY}"), "parentOrganizationId"),
            put(format!("organizations/{company}/parent"), "parentOrganizationId"),
            put(format!("organizations/{company}/parent?parentOrganizationId="), "parentOrganizationId"),
            post(format!("roleinvitations/?role={role}"), "user"),
            post(format!("roleinvitations/?role={role}&user={bertil}&email=a@b.fi"), "user"),
            post(format!("roleinvitations/?user={bertil}"), "role"),
            post(format!("roleinvitations/?role={role}&user={bertil}&expires=tomorrow"), "expires"),
            post(format!("roleinvitations/?role={role}&user={bertil}&expires=2001-01-01T00:00:00Z"), "expires"),
            post(format!("mandates/?mandater={company}&role={role}"), "mandatee"),
            post(format!("mandates/?mandatee={anna}&role={role}"), "mandater"),
            post(format!("mandates/?mandater={company}&mandatee={anna}"), "role"),
            get("auditevents/?entityId=x", "entityId"),
            get("auditevents/?from=yesterday", "from"),
            get("auditevents/?to=", "to"),
            get("users/?after=nonsense", "after"),
            get("users/?after=", "after"),
            get("roleinvitations/?entities=true", "entities"),
            get("roleinvitations/?expires=x", "expires"),
        ];
        for name in ["cn", "organization", "id", "type", "role", "createdBy"] {
            let of_user = put(format!("users/{anna}?{name}=x"), name);
            // The home organization moves by an operation of its own.
            cases.push(of_user);
        }
        all_refused(&bed, &bed.admin(), &cases).await;
    }

    async fn an_attribute_that_is_not_declared_or_not_indexed_is_named(bed: Bed) {
        let ground = Ground::lay(&bed).await;
        let Ground { company, anna, role, .. } = &ground;
        let cases = [
            put(format!("users/{anna}?shoesize=43"), "shoesize"),
            post("users/?login=x&shoesize=43", "shoesize"),
            get("users/?shoesize=43", "shoesize"),
            // Declared for another kind.
            put(format!("users/{anna}?vatnumber=1"), "vatnumber"),
            put(format!("organizations/{company}?browsers=1"), "browsers"),
            get("roles/?browsers=1", "browsers"),
            put(format!("roles/{role}?vatnumber=1"), "vatnumber"),
            get("users/?notes=x", "notes"),
            put(format!("users/{anna}?{}=1", "n".repeat(300)), "nnnn"),
        ];
        all_refused(&bed, &bed.admin(), &cases).await;
    }

    async fn a_reference_names_something_that_exists_and_is_of_the_right_kind(bed: Bed) {
        let ground = Ground::lay(&bed).await;
        let Ground { company, network, anna, bertil, role, mandate, .. } = &ground;
        let bad = |path: String, words| case(Method::POST, path, (400, 10), words);
        let mut cases = vec![
            bad(format!("mandates/?mandater={company}&mandatee={company}&role={role}"), "mandatee"),
            // A mandater cannot give what it does not have.
            bad(format!("mandates/?mandater={bertil}&mandatee={anna}&role={role}"), "role"),
            bad(format!("mandates/?mandater={network}&mandatee={anna}&role={role}"), "role"),
            case(Method::PUT, format!("organizations/{company}?memberships={anna}"), (400, 10), "memberships"),
        ];
        for wrong in [NOBODY, "x", "not-a-uuid-at-all", mandate, "a/b", "/"] {
            cases.push(bad(format!("mandates/?mandater={wrong}&mandatee={anna}&role={role}"), "mandater"));
            cases.push(bad(format!("mandates/?mandater={company}&mandatee={wrong}&role={role}"), "mandatee"));
            cases.push(bad(format!("mandates/?mandater={company}&mandatee={anna}&role={wrong}"), "role"));
            cases.push(bad(format!("roleinvitations/?user={wrong}&role={role}"), "user"));
            cases.push(bad(format!("roleinvitations/?user={bertil}&role={wrong}"), "role"));
            cases.push(bad(format!("roleinvitations/?user={bertil}&role={role}&role={wrong}"), "role"));
            cases.push(bad(format!("users/?login=x&role={wrong}"), "role"));
            let membership = format!("organizations/{company}?memberships={wrong}");
            cases.push(case(Method::PUT, membership, (400, 10), "memberships"));
        }
        all_refused(&bed, &bed.admin(), &cases).await;
    }
}

//! Where two faults meet, the earlier check of the contract answers: malformed, size, public, 401, unknown path,
//! 405, 406, 415, arguments, 403, entity, 412, parent or reference, 8 or 9, 15, 4.

use reqwest::Method;

use super::ground::{Ground, NOBODY};
use super::reader::client;
use crate::kit::caller::Credentials;
use crate::kit::cases::{Case, all_refused, case};
use crate::on_both;

const HTML: (&str, &str) = ("Accept", "text/html");
const PLAIN: (&str, &str) = ("Content-Type", "text/plain");
const STALE: (&str, &str) = ("If-Match", "\"99\"");

fn with(case: Case, headers: &[(&'static str, &str)]) -> Case {
    headers.iter().fold(case, |case, (name, value)| case.header(name, value))
}

/// Longer than a request line may be.
fn long() -> String {
    "x".repeat(9_000)
}

on_both! {
    async fn what_cannot_be_read_comes_before_who_asks(bed: Bed) {
        let cases = [
            case(Method::GET, "users/%zz", (400, 1), "percent"),
            case(Method::GET, "users/?login=%ff", (400, 1), "UTF-8"),
            case(Method::GET, "planets/%00", (400, 1), "NUL"),
            case(Method::PATCH, "users/?a=%0", (400, 1), "percent"),
            case(Method::GET, format!("users/?login={}", long()), (414, 1), "8192"),
            case(Method::GET, format!("planets/{}", long()), (414, 1), "8192"),
            case(Method::GET, format!("users/?{}", "a=1&".repeat(101)), (414, 1), "100"),
            case(Method::POST, "users/", (413, 1), "body").body("x".repeat(2 << 20)),
            case(Method::POST, "planets/", (413, 1), "body").body("x".repeat(2 << 20)),
        ];
        all_refused(&bed, &bed.anonymous(), &cases).await;
    }

    async fn who_asks_comes_before_where_and_how(bed: Bed) {
        let cases = [
            case(Method::GET, "planets", (401, 2), ""),
            case(Method::PATCH, "users", (401, 2), ""),
            with(case(Method::GET, "users", (401, 2), ""), &[HTML]),
            with(case(Method::POST, "users", (401, 2), "").body("x"), &[PLAIN]),
            case(Method::POST, "users?nonsense=1", (401, 2), ""),
            case(Method::GET, format!("users/{NOBODY}"), (401, 2), ""),
        ];
        all_refused(&bed, &bed.anonymous(), &cases).await;
        // A public address asks nobody.
        let wrong = bed.anonymous().with(Credentials::Basic("admin".into(), "wrong".into()));
        wrong.send_to(Method::GET, &format!("{}/healthz", bed.root()), None).await.ok();
    }

    async fn where_and_how_come_before_what(bed: Bed) {
        let ground = Ground::lay(&bed).await;
        let Ground { anna, .. } = &ground;
        let control = "users?login=%01";
        let cases = [
            with(case(Method::GET, "planets", (404, 7), "address"), &[HTML]),
            with(case(Method::PATCH, "planets", (404, 7), "address"), &[HTML]),
            case(Method::GET, "planets?nonsense=1", (404, 7), "address"),
            with(case(Method::PATCH, "users", (405, 13), ""), &[HTML]),
            with(case(Method::PATCH, "users?nonsense=1", (405, 13), "").body("x"), &[PLAIN]),
            with(case(Method::POST, "users?nonsense=1", (406, 14), "").body("x"), &[HTML, PLAIN]),
            with(case(Method::GET, format!("users/{NOBODY}?nonsense=1"), (406, 14), ""), &[HTML]),
            with(case(Method::POST, "users?nonsense=1", (415, 14), "").body("x"), &[PLAIN]),
            with(case(Method::POST, control, (415, 14), "").body("x"), &[PLAIN]),
            with(case(Method::PUT, format!("users/{anna}"), (415, 14), "").body("x"), &[PLAIN, ("If-Match", "bad")]),
            with(case(Method::PUT, format!("mandates/{NOBODY}/revoke"), (415, 14), "").body("x"), &[PLAIN]),
        ];
        all_refused(&bed, &bed.admin(), &cases).await;
        all_refused(&bed, &bed.reader(), &cases).await;
    }

    async fn what_is_asked_comes_before_whether_one_may(bed: Bed) {
        let ground = Ground::lay(&bed).await;
        let Ground { anna, company, role, .. } = &ground;
        let bad = |method: Method, path: String, words| case(method, path, (400, 1), words);
        let cases = [
            bad(Method::POST, "users?login=x&nonsense=1".to_owned(), "nonsense"),
            bad(Method::POST, "users".to_owned(), "login"),
            bad(Method::POST, "users?login=".to_owned(), "login"),
            bad(Method::POST, format!("users?organizationId={NOBODY}"), "login"),
            bad(Method::POST, format!("mandates?mandater={company}"), "mandat"),
            bad(Method::POST, "roles?name=x".to_owned(), "organization"),
            bad(Method::PUT, format!("users/{anna}?login="), "login"),
            bad(Method::PUT, format!("users/{NOBODY}?status=7"), "status"),
            bad(Method::PUT, format!("users/{NOBODY}?pwd=x"), "pwd"),
            bad(Method::PUT, format!("organizations/{NOBODY}/parent"), "parentOrganizationId"),
            bad(Method::PUT, format!("users/{NOBODY}/roles/{role}?nonsense=1"), "nonsense"),
            bad(Method::DELETE, format!("organizations/{NOBODY}?recursive=maybe"), "recursive"),
            bad(Method::DELETE, format!("users/{NOBODY}?recursive=true"), "recursive"),
            with(bad(Method::PUT, format!("users/{NOBODY}?locale=fi"), "if-match".to_owned().leak()), &[("If-Match", "bad")]),
            bad(Method::POST, "users".to_owned(), "line 1").document("<User"),
        ];
        all_refused(&bed, &bed.reader(), &cases).await;
        let nothing = client(&bed, "nothing", &["read:role"]).await;
        let cases = [
            bad(Method::GET, "users?nonsense=1".to_owned(), "nonsense"),
            bad(Method::GET, "users?login=a&login=b".to_owned(), "login"),
            bad(Method::GET, "users?status=7".to_owned(), "status"),
            bad(Method::GET, "users?notes=x".to_owned(), "notes"),
            bad(Method::GET, "users?after=nonsense".to_owned(), "after"),
            bad(Method::GET, "auditevents?entityId=x".to_owned(), "entityId"),
            bad(Method::GET, format!("users/{NOBODY}?nonsense=1"), "nonsense"),
        ];
        all_refused(&bed, &nothing, &cases).await;
    }

    async fn whether_one_may_comes_before_what_exists(bed: Bed) {
        let ground = Ground::lay(&bed).await;
        let Ground { company, network, .. } = &ground;
        let no = |method: Method, path: String| case(method, path, (403, 3), "may not");
        let cases = [
            no(Method::PUT, format!("users/{NOBODY}?locale=fi")),
            with(no(Method::PUT, format!("users/{NOBODY}?locale=fi")), &[STALE]),
            no(Method::POST, format!("organizations/{NOBODY}/users?login=x")),
            no(Method::POST, format!("users?login=x&organizationId={NOBODY}")),
            no(Method::POST, format!("users?login=anna&organizationId={network}")),
            no(Method::DELETE, format!("organizations/{company}")),
            no(Method::PUT, format!("organizations/{company}/parent?parentOrganizationId={NOBODY}")),
        ];
        all_refused(&bed, &bed.reader(), &cases).await;
    }

    async fn what_exists_and_its_version_come_before_what_is_referred_to(bed: Bed) {
        let ground = Ground::lay(&bed).await;
        let Ground { company, below, anna, mandate, .. } = &ground;
        let cases = [
            with(case(Method::PUT, format!("users/{NOBODY}?locale=fi"), (404, 7), ""), &[STALE]),
            case(Method::PUT, format!("organizations/{NOBODY}?memberships={NOBODY}"), (404, 7), ""),
            case(Method::PUT, format!("organizations/{NOBODY}/parent?parentOrganizationId={NOBODY}"), (404, 7), ""),
            with(case(Method::PUT, format!("organizations/{company}?memberships={NOBODY}"), (412, 14), ""), &[STALE]),
            with(case(Method::PUT, format!("organizations/{below}?memberships={company}"), (412, 14), ""), &[STALE]),
            with(case(Method::PUT, format!("organizations/{company}/parent?parentOrganizationId={NOBODY}"), (412, 14), ""), &[STALE]),
            with(case(Method::PUT, format!("users/{anna}?login=bertil"), (412, 14), ""), &[STALE]),
            with(case(Method::DELETE, format!("organizations/{company}"), (412, 14), ""), &[STALE]),
            with(case(Method::DELETE, "organizations/root", (412, 14), ""), &[STALE]),
            with(case(Method::PUT, format!("mandates/{mandate}/revoke"), (412, 14), ""), &[STALE]),
            with(case(Method::PUT, format!("organizations/{company}?organizationClass=network"), (412, 14), ""), &[STALE]),
        ];
        all_refused(&bed, &bed.admin(), &cases).await;
    }

    async fn what_is_referred_to_comes_before_the_sort_the_configuration_and_the_name(bed: Bed) {
        let ground = Ground::lay(&bed).await;
        let Ground { company, network, below, anna, role, .. } = &ground;
        let make = |query: String, expected| case(Method::POST, format!("organizations?{query}"), expected, "");
        let cases = [
            make(format!("parentOrganizationId={NOBODY}&memberships={company}"), (404, 5)),
            make(format!("parentOrganizationId={NOBODY}&organizationClass=network&virtual=false"), (404, 5)),
            make(format!("parentOrganizationId={network}&memberships={NOBODY}"), (400, 10)),
            make(format!("technicalName=company&memberships={NOBODY}"), (400, 10)),
            make(format!("parentOrganizationId={network}&organizationClass=network&virtual=false"), (409, 9)),
            make(format!("memberships={company}&organizationClass=network&virtual=false"), (409, 8)),
            make(format!("technicalName=company&memberships={company}"), (409, 8)),
            make("technicalName=company&organizationClass=network&virtual=false".to_owned(), (409, 15)),
            make("technicalName=root&organizationClass=network&virtual=false".to_owned(), (409, 15)),
            case(Method::PUT, format!("organizations/{below}?memberships={company}&memberships={NOBODY}"), (400, 10), ""),
            case(Method::POST, format!("users?login=anna&organizationId={NOBODY}"), (404, 5), ""),
            case(Method::POST, format!("users?login=anna&organizationId={network}"), (409, 9), ""),
            case(Method::POST, format!("roles?name=Signatory&organization={NOBODY}"), (404, 5), ""),
            case(Method::POST, format!("mandates?mandater={NOBODY}&mandatee={anna}&role={role}"), (400, 10), "mandater"),
        ];
        all_refused(&bed, &bed.admin(), &cases).await;
    }
}

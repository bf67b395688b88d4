//! Refusals that come from the tree and from names: missing parents, virtual and normal ones, names taken.

use reqwest::Method;

use super::ground::{Ground, NOBODY};
use crate::kit::cases::{all_refused, case};
use crate::on_both;

on_both! {
    async fn a_parent_that_does_not_exist_is_error_5(bed: Bed) {
        let ground = Ground::lay(&bed).await;
        let Ground { company, anna, .. } = &ground;
        let mut cases = Vec::new();
        for missing in [NOBODY, "nowhere", "company/nowhere", anna.as_str(), "root/root"] {
            let lost = |method: Method, path: String, words| case(method, path, (404, 5), words);
            cases.push(lost(Method::POST, format!("organizations/?parentOrganizationId={missing}"), ""));
            cases.push(lost(Method::POST, format!("users/?login=x&organizationId={missing}"), "organizationId"));
            cases.push(lost(Method::POST, format!("users/?login=x&organization={missing}"), "organization"));
            cases.push(lost(Method::POST, format!("roles/?name=x&organization={missing}"), "organization"));
            let owner = missing.replace('/', "%2F");
            cases.push(lost(Method::POST, format!("organizations/{owner}/users?login=x"), ""));
            let moved = format!("organizations/{company}/parent?parentOrganizationId={missing}");
            cases.push(lost(Method::PUT, moved, ""));
        }
        all_refused(&bed, &bed.admin(), &cases).await;
    }

    async fn virtual_and_normal_organizations_go_together_only_as_allowed(bed: Bed) {
        let ground = Ground::lay(&bed).await;
        let Ground { company, below, network, .. } = &ground;
        let cases = [
            case(Method::POST, format!("organizations/?parentOrganizationId={network}"), (409, 9), "parent"),
            case(Method::POST, format!("users/?login=x&organizationId={network}"), (409, 9), "organization"),
            case(Method::POST, "users/?login=x&organization=network", (409, 9), "organization"),
            case(Method::POST, format!("organizations/{network}/users?login=x"), (409, 9), "organization"),
            case(Method::PUT, format!("organizations/{below}/parent?parentOrganizationId={network}"), (409, 9), ""),
            case(Method::PUT, format!("organizations/{below}?memberships={company}"), (409, 8), "memberships"),
            case(Method::POST, format!("organizations/?memberships={company}"), (409, 8), "memberships"),
            case(Method::POST, format!("organizations/?memberships={network}&memberships={company}"), (409, 8), ""),
            // The class belongs to the other sort.
            case(Method::POST, "organizations/?organizationClass=network&virtual=false", (409, 15), "organizationClass"),
            case(Method::POST, "organizations/?organizationClass=company&virtual=true", (409, 15), "organizationClass"),
            case(Method::PUT, format!("organizations/{network}?organizationClass=company"), (409, 15), "organizationClass"),
        ];
        all_refused(&bed, &bed.admin(), &cases).await;
        let admin = bed.admin();
        // Both allowed ways, so that the refusals above do not refuse everything.
        admin.post(&format!("organizations/?virtual=true&parentOrganizationId={network}")).await.ok();
        admin.post(&format!("organizations/?virtual=true&parentOrganizationId={company}")).await.ok();
        admin.put(&format!("organizations/{below}?memberships={network}")).await.ok();
    }

    async fn a_login_is_taken_whatever_its_letter_case(bed: Bed) {
        let ground = Ground::lay(&bed).await;
        let admin = bed.admin();
        admin.post("users/?login=stra%C3%9Fe").await.ok();
        admin.post("users/?login=%C3%85ngstr%C3%B6m").await.ok();
        let mut cases = Vec::new();
        for taken in ["anna", "ANNA", "aNNa", "STRASSE", "stra%C3%9Fe", "STRA%E1%BA%9EE", "a%CC%8Angstr%C3%B6m",
            "%C3%A5NGSTRO%CC%88M"] {
            cases.push(case(Method::POST, format!("users/?login={taken}"), (409, 4), "login"));
            cases.push(case(Method::PUT, format!("users/{}?login={taken}", ground.bertil), (409, 4), "login"));
        }
        all_refused(&bed, &admin, &cases).await;
        // One's own name in another letter case is no clash.
        admin.put(&format!("users/{}?login=ANNA", ground.anna)).await.ok();
        bed.must_be_sound().await;
    }

    async fn names_are_taken_among_siblings_only(bed: Bed) {
        let ground = Ground::lay(&bed).await;
        let Ground { company, below, role, .. } = &ground;
        let admin = bed.admin();
        admin.post(&format!("roles/?name=Auditor&organization={company}")).await.ok();
        admin.post("organizations/?technicalName=below").await.ok();
        let cases = [
            case(Method::POST, "organizations/?technicalName=company", (409, 4), "technicalName"),
            case(Method::POST, "organizations/?technicalName=root", (409, 4), "technicalName"),
            case(Method::POST, format!("organizations/?technicalName=below&parentOrganizationId={company}"), (409, 4), "technicalName"),
            case(Method::POST, format!("roles/?name=Signatory&organization={company}"), (409, 4), "name"),
            case(Method::PUT, format!("roles/{role}?name=Auditor"), (409, 4), "name"),
            // A move must not make two siblings of one name.
            case(Method::PUT, format!("organizations/{below}/parent?parentOrganizationId=root"), (409, 4), ""),
        ];
        all_refused(&bed, &admin, &cases).await;
        admin.post(&format!("roles/?name=Signatory&organization={below}")).await.ok();
        admin.post(&format!("organizations/?technicalName=company&parentOrganizationId={company}")).await.ok();
        bed.must_be_sound().await;
    }

    async fn what_others_refer_to_is_not_deleted_and_no_organization_stands_below_itself(bed: Bed) {
        let ground = Ground::lay(&bed).await;
        let Ground { company, below, role, .. } = &ground;
        let cases = [
            case(Method::DELETE, format!("organizations/{company}"), (409, 10), ""),
            case(Method::DELETE, format!("organizations/{company}?recursive=false"), (409, 10), ""),
            case(Method::DELETE, format!("roles/{role}"), (409, 10), "mandate"),
            case(Method::DELETE, "organizations/root", (409, 15), "root"),
            case(Method::DELETE, "organizations/root?recursive=true", (409, 15), "root"),
            case(Method::PUT, format!("organizations/{company}/parent?parentOrganizationId={below}"), (409, 10), ""),
            case(Method::PUT, format!("organizations/{company}/parent?parentOrganizationId={company}"), (409, 10), ""),
        ];
        all_refused(&bed, &bed.admin(), &cases).await;
        bed.must_be_sound().await;
    }
}

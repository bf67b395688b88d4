//! Questions about users: their own, included, mandated and delegated roles, and those of one mandate alone.

use super::answers::lay;
use crate::api::{delegation, make, mandate, organization, role, user_of};
use crate::kit::{Bed, Caller};
use crate::on_both;
use crate::refusals::reader::client;

const CREATE: &str = "/tl/v1/_create";

async fn allowed(caller: &Caller<'_>, rest: &str) -> String {
    let answer = caller.get(&format!("authorizations?uri={CREATE}&{rest}")).await.ok();
    answer.value("allowed")
}

async fn role_id(bed: &Bed, name: &str) -> String {
    bed.admin().get(&format!("roles?name={name}&exactMatch=true")).await.ok().id()
}

on_both! {
    async fn the_roles_of_a_user_are_those_that_count_for_it(bed: Bed) {
        let admin = bed.admin();
        let [uk, dehradun, _] = lay(&admin).await;
        let clerk = role_id(&bed, "TL_CEMP").await;
        let anna = user_of(&admin, &dehradun, "anna").await;
        let ask = |rest: &str| format!("tenant=uk.dehradun&user={rest}");
        assert_eq!(allowed(&admin, &ask(&anna)).await, "false");
        admin.put(&format!("users/{anna}/roles/{clerk}")).await.ok();
        assert_eq!(allowed(&admin, &ask(&anna)).await, "true");
        admin.delete(&format!("users/{anna}/roles/{clerk}")).await.ok();
        assert_eq!(allowed(&admin, &ask(&anna)).await, "false");
        // A role that includes it.
        let chief = role(&admin, &uk, "CHIEF").await;
        admin.put(&format!("roles/{chief}?includes={clerk}")).await.ok();
        admin.put(&format!("users/{anna}/roles/{chief}")).await.ok();
        assert_eq!(allowed(&admin, &ask(&anna)).await, "true");
        admin.delete(&format!("users/{anna}/roles/{chief}")).await.ok();
        // For a user every tenant must allow it, unless one is enough.
        let own = role(&admin, &dehradun, "TL_CEMP").await;
        admin.put(&format!("users/{anna}/roles/{own}")).await.ok();
        let two = format!("tenant=uk.dehradun&tenant=uk.almora&user={anna}");
        assert_eq!(allowed(&admin, &two).await, "false");
        assert_eq!(allowed(&admin, &format!("{two}&tenants=any")).await, "true");
        assert_eq!(allowed(&admin, &format!("{two}&tenants=all")).await, "false");
    }

    async fn a_mandate_gives_its_roles_while_it_is_in_force(bed: Bed) {
        let admin = bed.admin();
        let [uk, dehradun, _] = lay(&admin).await;
        let clerk = role_id(&bed, "TL_CEMP").await;
        let anna = user_of(&admin, &dehradun, "anna").await;
        let bertil = user_of(&admin, &dehradun, "bertil").await;
        let given = mandate(&admin, &uk, &anna, &clerk).await;
        let ask = |user: &str, mandate: &str| format!("tenant=uk&user={user}{mandate}");
        let only = format!("&mandate={given}");
        assert_eq!(allowed(&admin, &ask(&anna, "")).await, "true");
        assert_eq!(allowed(&admin, &ask(&anna, &only)).await, "true");
        assert_eq!(allowed(&admin, &ask(&bertil, &only)).await, "false");
        // Only the mandate's roles count when it is named.
        let other = role(&admin, &uk, "OTHER").await;
        let other = mandate(&admin, &uk, &anna, &other).await;
        assert_eq!(allowed(&admin, &ask(&anna, &format!("&mandate={other}"))).await, "false");
        admin.put(&format!("mandates/{given}/revoke")).await.ok();
        assert_eq!(allowed(&admin, &ask(&anna, "")).await, "false");
        let refused = admin.get(&format!("authorizations?uri={CREATE}&{}", ask(&anna, &only))).await.ok();
        assert!(refused.value("reason").contains("not in force"), "{}", refused.text());
    }

    async fn a_delegation_gives_its_roles(bed: Bed) {
        let admin = bed.admin();
        let [uk, _, _] = lay(&admin).await;
        let clerk = role_id(&bed, "TL_CEMP").await;
        let firm = organization(&admin, "firm").await;
        let cecilia = user_of(&admin, &firm, "cecilia").await;
        let received = mandate(&admin, &uk, &firm, &clerk).await;
        assert_eq!(allowed(&admin, &format!("tenant=uk&user={cecilia}")).await, "false");
        delegation(&admin, &received, &cecilia, &clerk).await;
        assert_eq!(allowed(&admin, &format!("tenant=uk&user={cecilia}")).await, "true");
    }

    async fn who_is_not_there_is_an_error_and_reading_is_granted(bed: Bed) {
        let admin = bed.admin();
        let [uk, dehradun, _] = lay(&admin).await;
        let clerk = role_id(&bed, "TL_CEMP").await;
        let anna = user_of(&admin, &uk, "anna").await;
        let given = mandate(&admin, &uk, &anna, &clerk).await;
        let nobody = "018f0000-0000-7000-8000-000000000000";
        let ask = |rest: String| format!("authorizations?uri={CREATE}&tenant=uk.dehradun&{rest}");
        for user in [nobody, "nobody", clerk.as_str()] {
            admin.get(&ask(format!("user={user}"))).await.refused(404, 7, "user");
        }
        admin.get(&ask(format!("user={anna}&mandate={nobody}"))).await.refused(404, 7, "mandate");
        admin.get(&ask(format!("user={anna}&mandate={anna}"))).await.refused(404, 7, "mandate");
        let some = client(&bed, "some", &["decide:action", "read:user"]).await;
        some.get(&ask(format!("user={anna}&mandate={given}"))).await.refused(403, 3, "read mandate");
        some.get(&ask(format!("user={anna}"))).await.ok();
        make(&admin, &format!("apiclients?name=city&preset=admin&pwd=city-password&within={dehradun}")).await;
        let city = bed.anonymous().with(crate::kit::caller::Credentials::Basic("city".into(), "city-password".into()));
        city.get(&ask(format!("user={anna}"))).await.refused(404, 7, "user");
    }
}

//! Roles that include others: `includes`, and GET `/users/{id}/roles` with `roles.recursion` on and off.

use valtuus::config::Config;

use super::{in_order, make, organization, role, same};
use crate::kit::Caller;
use crate::on_both;

const NOBODY: &str = "018f0000-0000-7000-8000-000000000000";

async fn include(admin: &Caller<'_>, role: &str, others: &[&String]) {
    let query: Vec<String> = others.iter().map(|other| format!("includes={other}")).collect();
    admin.put(&format!("roles/{role}?{}", query.join("&"))).await.ok();
}

/// Four roles of one organization and one of another.
async fn five(admin: &Caller<'_>) -> [String; 5] {
    let (acme, other) = (organization(admin, "acme").await, organization(admin, "other").await);
    [
        role(admin, &acme, "A").await,
        role(admin, &acme, "B").await,
        role(admin, &acme, "C").await,
        role(admin, &acme, "D").await,
        role(admin, &other, "E").await,
    ]
}

on_both! {
    async fn a_role_includes_others_as_long_as_no_cycle_arises(bed: Bed) {
        let admin = bed.admin();
        let [top, left, right, low, far] = five(&admin).await;
        let made = make(&admin, &format!("roles/?name=F&organization=acme&includes={top}&includes=other/E")).await;
        assert_eq!(admin.get(&format!("roles/{made}")).await.ok().values("includes"), [top.clone(), far.clone()]);
        include(&admin, &top, &[&left, &right]).await;
        include(&admin, &left, &[&low]).await;
        include(&admin, &right, &[&low, &far]).await;
        for (role, includes) in [(&top, &top), (&left, &top), (&low, &top), (&low, &left), (&far, &top), (&far, &made), (&low, &right)] {
            admin.put(&format!("roles/{role}?includes={includes}")).await.refused(409, 10, "includes");
        }
        admin.put(&format!("roles/{low}?includes={far}&includes={top}")).await.refused(409, 10, "includes");
        assert_eq!(admin.get(&format!("roles/{low}")).await.ok().values("includes"), [""; 0]);
        for (query, status, code) in [
            (format!("includes={NOBODY}"), 400, 10),
            ("includes=acme".to_owned(), 400, 10),
            (format!("includes={}", bed.server.service().engine.root), 400, 10),
        ] {
            admin.put(&format!("roles/{low}?{query}")).await.refused(status, code, "includes");
        }
        same(admin.get(&format!("roles?includes={low}")).await.ok().ids(), &[&left, &right]);
        admin.delete(&format!("roles/{low}")).await.refused(409, 10, "includes");
        admin.put(&format!("roles/{left}?includes=")).await.ok();
        include(&admin, &right, &[&far]).await;
        admin.delete(&format!("roles/{low}")).await.ok();
        // The other way round now closes no cycle.
        include(&admin, &top, &[&right]).await;
        include(&admin, &left, &[&top]).await;
        bed.must_be_sound().await;
    }

    async fn the_roles_of_a_user_are_with_what_they_include_each_once(bed: Bed) {
        let admin = bed.admin();
        let [top, left, right, low, far] = five(&admin).await;
        include(&admin, &top, &[&left, &right]).await;
        include(&admin, &left, &[&low]).await;
        include(&admin, &right, &[&low, &far]).await;
        let anna = make(&admin, &format!("users/?login=anna&role={right}&role={top}")).await;
        let bertil = make(&admin, &format!("users/?login=bertil&role={low}&role={far}")).await;
        let path = format!("users/{anna}/roles");
        in_order(&admin.get(&path).await.ok().ids(), &[&top, &left, &right, &low, &far]);
        in_order(&admin.get(&format!("users/{bertil}/roles")).await.ok().ids(), &[&low, &far]);
        let whole = admin.get(&format!("{path}?entities=true")).await.ok().text();
        assert_eq!(whole.matches("<Role>").count(), 5, "{whole}");
        in_order(&admin.get(&format!("{path}?organization=acme&name=D")).await.ok().ids(), &[&low]);
        same(admin.get(&format!("{path}?organization=acme")).await.ok().ids(), &[&top, &left, &right, &low]);
        in_order(&admin.get(&format!("{path}?entityName=other/")).await.ok().ids(), &[&far]);
        let (mut found, mut after) = (Vec::new(), String::new());
        loop {
            let page = admin.get(&format!("{path}?maxResults=2{after}")).await.ok();
            found.extend(page.ids());
            let Some(cursor) = page.header("link").split("after=").nth(1) else { break };
            after = format!("&after={}", cursor.split('>').next().unwrap());
        }
        in_order(&found, &[&top, &left, &right, &low, &far]);
        // Having a role by inclusion is not having it assigned.
        assert_eq!(admin.get(&format!("roles/{far}/users")).await.ok().ids(), [bertil]);
        admin.post(&format!("mandates/?mandater={anna}&mandatee=other&role={low}")).await.refused(400, 10, "role");
        admin.delete(&format!("users/{anna}/roles/{top}")).await.ok();
        in_order(&admin.get(&path).await.ok().ids(), &[&right, &low, &far]);
        include(&admin, &right, &[&left]).await;
        in_order(&admin.get(&path).await.ok().ids(), &[&left, &right, &low]);
    }
}

fn flat(config: &mut Config) {
    config.roles.recursion = false;
}

crate::on_both_with! { flat;
    async fn without_recursion_only_what_is_assigned_counts(bed: Bed) {
        let admin = bed.admin();
        let [top, left, ..] = five(&admin).await;
        include(&admin, &top, &[&left]).await;
        let anna = make(&admin, &format!("users/?login=anna&role={top}")).await;
        in_order(&admin.get(&format!("users/{anna}/roles")).await.ok().ids(), &[&top]);
        in_order(&admin.get(&format!("users/{anna}/effectiveroles")).await.ok().ids(), &[&top]);
        admin.put(&format!("roles/{left}?includes={top}")).await.refused(409, 10, "includes");
    }
}

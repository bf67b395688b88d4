//! PUT `/users/{id}/organization`: a user goes to another home.

use crate::api::{below, in_order, make, mandate, organization, role, user, user_of, virtual_organization};
use crate::on_both;

const NOBODY: &str = "018f0000-0000-7000-8000-000000000000";

on_both! {
    async fn a_user_moves_with_what_it_has_given(bed: Bed) {
        let admin = bed.admin();
        let (acme, other) = (organization(&admin, "acme").await, organization(&admin, "other").await);
        let espoo = below(&admin, &other, "espoo").await;
        let clerk = role(&admin, &acme, "Clerk").await;
        let anna = make(&admin, &format!("organizations/{acme}/users?login=anna&role={clerk}")).await;
        let bertil = user_of(&admin, &acme, "bertil").await;
        let given = mandate(&admin, &anna, &bertil, &clerk).await;
        let moved = admin.put(&format!("users/{anna}/organization?organizationId={espoo}")).await.ok();
        assert_eq!(moved.id(), anna);
        assert!(moved.text().contains(&format!("inResponseTo=\"/2.0/users/{anna}/organization\" method=\"PUT\"")));
        let read = admin.get(&format!("users/{anna}")).await.ok();
        assert_eq!((read.value("organization"), read.value("organizationId")), ("espoo".to_owned(), espoo.clone()));
        in_order(&admin.get(&format!("organizations/{acme}/users")).await.ok().ids(), &[&bertil]);
        in_order(&admin.get(&format!("organizations/{other}/users?recursive=true")).await.ok().ids(), &[&anna]);
        in_order(&admin.get("users/?organization=espoo").await.ok().ids(), &[&anna]);
        in_order(&admin.get(&format!("users/{anna}/roles")).await.ok().ids(), &[&clerk]);
        // The mandate is owned where its giver is at home, without having changed.
        let store = &bed.server.service().engine.store;
        let (home, held) = (store.by_id(espoo.parse().unwrap()).await.unwrap(), store.by_id(given.parse().unwrap()).await.unwrap());
        assert_eq!(held.as_ref().unwrap().home(), Some(home.unwrap().row()));
        assert_eq!(held.unwrap().version(), 1);
        for back in ["acme", "acme"] {
            admin.put(&format!("users/{anna}/organization/?organization={back}")).await.ok();
        }
        assert_eq!(admin.get(&format!("users/{anna}")).await.ok().value("organization"), "acme");
        bed.must_be_sound().await;
    }

    async fn delegations_received_through_what_is_left_end(bed: Bed) {
        let admin = bed.admin();
        let (giver, acme) = (organization(&admin, "giver").await, organization(&admin, "acme").await);
        let espoo = below(&admin, &acme, "espoo").await;
        let other = organization(&admin, "other").await;
        let signs = role(&admin, &giver, "Signs").await;
        let anna = user_of(&admin, &acme, "anna").await;
        let given = mandate(&admin, &giver, &acme, &signs).await;
        let passed = admin.post(&format!("mandates/{given}/delegations?user={anna}")).await.ok().id();
        admin.put(&format!("users/{anna}/organization?organizationId={espoo}")).await.ok();
        admin.get(&format!("delegations/{passed}")).await.ok();
        admin.put(&format!("users/{anna}/organization?organizationId={other}")).await.ok();
        admin.get(&format!("delegations/{passed}")).await.refused(404, 7, "delegation");
        in_order(&admin.get(&format!("users/{anna}/receivedmandatedelegations")).await.ok().ids(), &[]);
        admin.get(&format!("mandates/{given}")).await.ok();
        bed.must_be_sound().await;
    }

    async fn a_move_that_cannot_be_is_refused_and_changes_nothing(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let club = virtual_organization(&admin, "club").await;
        let anna = user(&admin, "anna").await;
        let before = admin.get(&format!("users/{anna}")).await.ok();
        let path = format!("users/{anna}/organization");
        admin.put(&path).await.refused(400, 1, "organizationId");
        admin.put(&format!("{path}?organizationId=")).await.refused(400, 1, "organizationId");
        admin.put(&format!("{path}?organizationId={acme}&organization=acme")).await.refused(400, 1, "organization");
        admin.put(&format!("{path}?organizationId={acme}&organizationId={acme}")).await.refused(400, 1, "organizationId");
        admin.put(&format!("{path}?organizationId={acme}&surname=x")).await.refused(400, 1, "surname");
        bed.reader().put(&format!("{path}?organizationId={acme}")).await.refused(403, 3, "update");
        admin.put(&format!("users/{NOBODY}/organization?organizationId={acme}")).await.refused(404, 7, "user");
        admin.put(&format!("users/{acme}/organization?organizationId={acme}")).await.refused(404, 7, "user");
        let stale = admin.clone().header("if-match", "\"99\"");
        stale.put(&format!("{path}?organizationId={NOBODY}")).await.refused(412, 14, "");
        for unknown in [NOBODY, "nowhere", anna.as_str()] {
            admin.put(&format!("{path}?organizationId={unknown}")).await.refused(404, 5, "organizationId");
        }
        admin.put(&format!("{path}?organizationId={club}")).await.refused(409, 9, "organizationId");
        assert_eq!(admin.get(&format!("users/{anna}")).await.ok().header("etag"), before.header("etag"));
    }
}

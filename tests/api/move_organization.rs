//! PUT `/organizations/{id}/parent`: a subtree goes under another parent.

use super::{below, organization, role, user_of, virtual_organization};
use crate::on_both;

on_both! {
    async fn entity_names_below_follow_a_move(bed: Bed) {
        let admin = bed.admin();
        let (acme, other) = (organization(&admin, "acme").await, organization(&admin, "other").await);
        let espoo = below(&admin, &acme, "espoo").await;
        let north = below(&admin, &espoo, "north").await;
        let clerk = role(&admin, &north, "Clerk").await;
        let anna = user_of(&admin, &north, "anna").await;
        assert_eq!(admin.get(&format!("roles/{clerk}")).await.ok().value("entityName"), "acme/espoo/north/Clerk");
        let moved = admin.put(&format!("organizations/{espoo}/parent?parentOrganizationId={other}")).await.ok();
        assert_eq!(moved.id(), espoo);
        let read = admin.get(&format!("organizations/{espoo}")).await.ok();
        assert_eq!((read.value("entityName"), read.value("parent")), ("other/espoo".to_owned(), other.clone()));
        assert_eq!(admin.get(&format!("organizations/{north}")).await.ok().value("entityName"), "other/espoo/north");
        assert_eq!(admin.get(&format!("roles/{clerk}")).await.ok().value("entityName"), "other/espoo/north/Clerk");
        assert_eq!(admin.get("organizations/other%2Fespoo%2Fnorth").await.ok().value("technicalName"), "north");
        admin.get("organizations/acme%2Fespoo").await.refused(404, 7, "organization");
        assert_eq!(admin.get("organizations?entityName=other/espoo/n").await.ok().id(), north);
        assert_eq!(admin.get("organizations?entityName=acme/").await.ok().ids(), [""; 0]);
        let under = |id: &str| format!("organizations/{id}/users?recursive=true");
        assert_eq!(admin.get(&under(&other)).await.ok().ids(), std::slice::from_ref(&anna));
        assert_eq!(admin.get(&under(&acme)).await.ok().ids(), [""; 0]);
        assert_eq!(admin.get(&format!("users/{anna}")).await.ok().value("organization"), "north");
        let back = admin.put(&format!("organizations/{espoo}/parent/?parentOrganizationId=root")).await.ok();
        assert_eq!(back.id(), espoo);
        assert_eq!(admin.get(&format!("organizations/{north}")).await.ok().value("entityName"), "espoo/north");
        bed.must_be_sound().await;
    }

    async fn a_move_that_would_close_a_cycle_is_refused(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let espoo = below(&admin, &acme, "espoo").await;
        let north = below(&admin, &espoo, "north").await;
        for parent in [&acme, &espoo, &north] {
            let address = format!("organizations/{acme}/parent?parentOrganizationId={parent}");
            admin.put(&address).await.refused(409, 10, "parentOrganizationId");
        }
        assert_eq!(admin.get(&format!("organizations/{north}")).await.ok().value("entityName"), "acme/espoo/north");
        bed.must_be_sound().await;
    }

    async fn a_move_obeys_the_rules_of_a_creation(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let network = virtual_organization(&admin, "network").await;
        let espoo = below(&admin, &acme, "espoo").await;
        organization(&admin, "espoo").await;
        let inner_root = below(&admin, &acme, "root").await;
        let address = |id: &str, parent: &str| format!("organizations/{id}/parent?parentOrganizationId={parent}");
        admin.put(&address(&acme, &network)).await.refused(409, 9, "parentOrganizationId");
        admin.put(&address(&espoo, "root")).await.refused(409, 4, "technicalName");
        admin.put(&address(&inner_root, "root")).await.refused(409, 4, "technicalName");
        admin.put(&address(&espoo, "nobody")).await.refused(404, 5, "parent");
        admin.put(&address("root", &acme)).await.refused(409, 15, "root");
        admin.put(&address("018f0000-0000-7000-8000-000000000000", &acme)).await.refused(404, 7, "organization");
        admin.put(&format!("organizations/{espoo}/parent")).await.refused(400, 1, "parentOrganizationId");
        admin.put(&format!("organizations/{espoo}/parent?parent={acme}")).await.refused(400, 1, "parent");
        admin
            .put(&format!("{}&friendlyName=x", address(&espoo, &network)))
            .await
            .refused(400, 1, "friendlyName");
        assert_eq!(admin.put(&address(&network, &acme)).await.ok().id(), network);
        assert_eq!(admin.get(&format!("organizations/{network}")).await.ok().value("entityName"), "acme/network");
        bed.reader().put(&address(&espoo, &network)).await.refused(403, 3, "update");
        bed.must_be_sound().await;
    }
}

//! What a delete does to references: the contract's table, row by row.

use super::{
    below, delegation, in_order, invitation, make, mandate, organization, role, user, user_of,
    virtual_organization,
};
use crate::on_both;

on_both! {
    async fn an_assignment_goes_with_its_user_and_with_its_role(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let (clerk, chief) = (role(&admin, &acme, "Clerk").await, role(&admin, &acme, "Chief").await);
        let (anna, bertil) = (user(&admin, "anna").await, user(&admin, "bertil").await);
        for (user, role) in [(&anna, &clerk), (&bertil, &clerk), (&bertil, &chief)] {
            admin.put(&format!("users/{user}/roles/{role}")).await.ok();
        }
        admin.delete(&format!("users/{anna}")).await.ok();
        in_order(&admin.get(&format!("roles/{clerk}/users")).await.ok().ids(), &[&bertil]);
        admin.delete(&format!("roles/{clerk}")).await.ok();
        in_order(&admin.get(&format!("users/{bertil}/roles")).await.ok().ids(), &[&chief]);
        bed.must_be_sound().await;
    }

    async fn a_mandate_goes_with_a_user_at_either_end_and_holds_an_organization(bed: Bed) {
        let admin = bed.admin();
        let (acme, other) = (organization(&admin, "acme").await, organization(&admin, "other").await);
        let clerk = role(&admin, &acme, "Clerk").await;
        let anna = make(&admin, &format!("users/?login=anna&role={clerk}")).await;
        let given = mandate(&admin, &anna, &other, &clerk).await;
        let received = mandate(&admin, &acme, &anna, &clerk).await;
        let between = mandate(&admin, &acme, &other, &clerk).await;
        for organization in [&acme, &other] {
            admin.delete(&format!("organizations/{organization}")).await.refused(409, 10, "mandate");
        }
        admin.delete(&format!("users/{anna}")).await.ok();
        for gone in [&given, &received] {
            admin.get(&format!("mandates/{gone}")).await.refused(404, 7, "mandate");
        }
        in_order(&admin.get("mandates").await.ok().ids(), &[&between]);
        admin.delete(&format!("organizations/{other}?recursive=true")).await.ok();
        assert_eq!(admin.get("mandates").await.ok().ids(), [""; 0]);
        bed.must_be_sound().await;
    }

    async fn a_role_of_a_mandate_an_organization_with_children_or_users_stay(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let espoo = below(&admin, &acme, "espoo").await;
        let clerk = role(&admin, &acme, "Clerk").await;
        let anna = user_of(&admin, &espoo, "anna").await;
        let given = mandate(&admin, &acme, &anna, &clerk).await;
        admin.delete(&format!("roles/{clerk}")).await.refused(409, 10, "the role of a mandate");
        admin.delete(&format!("organizations/{acme}")).await.refused(409, 10, "");
        admin.delete(&format!("organizations/{espoo}")).await.refused(409, 10, "of a user");
        in_order(&admin.get(&format!("mandates/{given}")).await.ok().values("role"), &[&clerk]);
        admin.put(&format!("mandates/{given}/revoke")).await.ok();
        admin.delete(&format!("roles/{clerk}")).await.refused(409, 10, "the role of a mandate");
        admin.delete(&format!("mandates/{given}")).await.ok();
        admin.delete(&format!("roles/{clerk}")).await.ok();
        bed.must_be_sound().await;
    }

    async fn a_mandate_of_a_stranger_in_a_role_below_stops_even_a_recursive_delete(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let clerk = role(&admin, &acme, "Clerk").await;
        let anna = make(&admin, &format!("users/?login=anna&role={clerk}")).await;
        let bertil = user(&admin, "bertil").await;
        let given = mandate(&admin, &anna, &bertil, &clerk).await;
        let address = format!("organizations/{acme}?recursive=true");
        admin.delete(&address).await.refused(409, 10, "the role of a mandate");
        assert_eq!(admin.get(&format!("roles/{clerk}")).await.ok().value("name"), "Clerk");
        admin.delete(&format!("mandates/{given}")).await.ok();
        admin.delete(&address).await.ok();
        assert_eq!(admin.get(&format!("users/{anna}/roles")).await.ok().ids(), [""; 0]);
        bed.must_be_sound().await;
    }

    async fn a_delegation_goes_with_its_mandate_and_with_its_user(bed: Bed) {
        let admin = bed.admin();
        let (acme, other) = (organization(&admin, "acme").await, organization(&admin, "other").await);
        let clerk = role(&admin, &acme, "Clerk").await;
        let (anna, bertil) = (user_of(&admin, &other, "anna").await, user_of(&admin, &other, "bertil").await);
        let given = mandate(&admin, &acme, &other, &clerk).await;
        delegation(&admin, &given, &anna, &clerk).await;
        delegation(&admin, &given, &bertil, &clerk).await;
        admin.delete(&format!("users/{anna}")).await.ok();
        let list = format!("users/{bertil}/receivedmandatedelegations");
        in_order(&admin.get(&list).await.ok().ids(), &[&given]);
        admin.delete(&format!("mandates/{given}")).await.ok();
        assert_eq!(admin.get(&list).await.ok().ids(), [""; 0]);
        admin.delete(&format!("roles/{clerk}")).await.ok();
        bed.must_be_sound().await;
    }

    async fn an_invitation_goes_with_its_user(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let clerk = role(&admin, &acme, "Clerk").await;
        let (anna, bertil) = (user(&admin, "anna").await, user(&admin, "bertil").await);
        let gone = invitation(&admin, &anna, &clerk).await;
        let stays = invitation(&admin, &bertil, &clerk).await;
        admin.delete(&format!("users/{anna}")).await.ok();
        admin.get(&format!("roleinvitations/{gone}")).await.refused(404, 7, "roleinvitation");
        in_order(&admin.get("roleinvitations").await.ok().ids(), &[&stays]);
        bed.must_be_sound().await;
    }

    async fn a_role_is_taken_out_of_invitations_and_the_last_one_ends_them(bed: Bed) {
        let admin = bed.admin();
        let (acme, other) = (organization(&admin, "acme").await, organization(&admin, "other").await);
        let (clerk, agent) = (role(&admin, &acme, "Clerk").await, role(&admin, &other, "Agent").await);
        let id = make(&admin, &format!("roleinvitations/?email=a@example.org&role={clerk}&role={agent}")).await;
        let address = format!("roleinvitations/{id}");
        admin.delete(&format!("roles/{clerk}")).await.ok();
        let read = admin.get(&address).await.ok();
        assert_eq!((read.values("role"), read.value("state")), (vec![agent.clone()], "Sent".to_owned()));
        in_order(&admin.get(&format!("organizations/{other}/roleinvitations")).await.ok().ids(), &[&id]);
        assert_eq!(admin.get(&format!("organizations/{acme}/roleinvitations")).await.ok().ids(), [""; 0]);
        admin.delete(&format!("organizations/{other}")).await.ok();
        let read = admin.get(&address).await.ok();
        assert_eq!((read.values("role"), read.value("state")), (vec![], "Withdrawn".to_owned()));
        let records = admin.get(&format!("auditevents?entities=true&entityId={id}&eventId=VLT_ROLEINVITATION_UPDATE")).await.ok();
        assert!(records.text().contains("state: Sent → Withdrawn"), "{}", records.text());
        bed.must_be_sound().await;
    }

    async fn an_inviter_becomes_text(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let clerk = role(&admin, &acme, "Clerk").await;
        let (anna, bertil) = (user(&admin, "anna").await, user(&admin, "bertil").await);
        let id = make(&admin, &format!("roleinvitations/?user={anna}&role={clerk}&inviter={bertil}")).await;
        let before = admin.get(&format!("roleinvitations/{id}")).await.ok();
        assert!(before.text().contains(&format!("<Value type=\"user\">{bertil}</Value>")));
        admin.delete(&format!("users/{bertil}")).await.ok();
        let after = admin.get(&format!("roleinvitations/{id}")).await.ok();
        assert!(after.text().contains(&format!("<Value>{bertil}</Value>")), "{}", after.text());
        assert_eq!(after.value("state"), "Sent");
        assert_ne!(before.header("etag"), after.header("etag"));
        bed.must_be_sound().await;
    }

    async fn a_membership_is_taken_out_when_its_virtual_organization_goes(bed: Bed) {
        let admin = bed.admin();
        let network = virtual_organization(&admin, "network").await;
        virtual_organization(&admin, "union").await;
        let acme = make(&admin, "organizations/?technicalName=acme&memberships=network&memberships=union").await;
        admin.delete(&format!("organizations/{network}")).await.ok();
        assert_eq!(admin.get(&format!("organizations/{acme}")).await.ok().values("memberships"), ["union"]);
        bed.must_be_sound().await;
    }

    async fn a_user_whose_own_invitation_it_sent_goes_as_a_whole(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let clerk = role(&admin, &acme, "Clerk").await;
        let anna = make(&admin, &format!("users/?login=anna&role={clerk}")).await;
        make(&admin, &format!("roleinvitations/?user={anna}&role={clerk}&inviter={anna}")).await;
        let given = mandate(&admin, &anna, "root", &clerk).await;
        mandate(&admin, &acme, &anna, &clerk).await;
        let bertil = user(&admin, "bertil").await;
        delegation(&admin, &given, &bertil, &clerk).await;
        admin.delete(&format!("users/{anna}")).await.ok();
        assert_eq!(admin.get("roleinvitations").await.ok().ids(), [""; 0]);
        assert_eq!(admin.get("mandates").await.ok().ids(), [""; 0]);
        bed.must_be_sound().await;
    }

    async fn thousands_go_along_in_one_transaction(bed: Bed) {
        use valtuus::model::Kind;
        use valtuus::model::kind::assignment::{ROLE, USER};
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let clerk = role(&admin, &acme, "Clerk").await;
        let store = &bed.server.service().engine.store;
        let stored = |id: &str| store.by_id(uuid::Uuid::parse_str(id).unwrap());
        let home = stored(&acme).await.unwrap().unwrap();
        let users = crate::api::many_users(&bed, 2_500, Some(&home)).await;
        let given = stored(&clerk).await.unwrap().unwrap();
        let to = |entity: &valtuus::model::Stored| valtuus::model::Value::Ref(entity.reference());
        let links = users.iter().map(|user| vec![(USER, to(user)), (ROLE, to(&given))]).collect();
        let known = users.iter().cloned().chain([given.clone(), home.clone()]).collect();
        crate::api::many(store, Kind::Assignment, links, known).await;
        assert_eq!(admin.get(&format!("roles/{clerk}/users")).await.ok().ids().len(), 2_500);
        admin.delete(&format!("roles/{clerk}")).await.ok();
        let first = users[0].id();
        assert_eq!(admin.get(&format!("users/{first}/roles")).await.ok().ids(), [""; 0]);
        admin.delete(&format!("organizations/{acme}")).await.refused(409, 10, "of a user");
        assert_eq!(admin.delete(&format!("organizations/{acme}?recursive=true")).await.ok().id(), acme);
        assert_eq!(admin.get("users").await.ok().ids(), [""; 0]);
        let record = admin.get(&format!("auditevents?entities=true&entityId={acme}&category=success")).await.ok();
        assert!(record.text().contains("user: 2500 went along"), "{}", record.text());
        bed.must_be_sound().await;
    }
}

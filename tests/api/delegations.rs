//! Delegations: `/mandates/{id}/delegations`, `/delegations` and what a user received by them.

use std::slice::from_ref;

use super::{below, delegation, in_order, make, mandate, organization, role, user, user_of};
use crate::kit::Caller;
use crate::on_both;

const NOBODY: &str = "018f0000-0000-7000-8000-000000000000";

/// An organization with two roles, one that received a mandate in both, a branch of that, and a user of each.
struct Scene {
    acme: String,
    other: String,
    clerk: String,
    chief: String,
    carl: String,
    dora: String,
    anna: String,
    given: String,
}

async fn scene(admin: &Caller<'_>) -> Scene {
    let (acme, other) = (organization(admin, "acme").await, organization(admin, "other").await);
    let (clerk, chief) = (role(admin, &acme, "Clerk").await, role(admin, &acme, "Chief").await);
    let branch = below(admin, &other, "branch").await;
    let carl = user_of(admin, &other, "carl").await;
    let dora = user_of(admin, &branch, "dora").await;
    let anna = user(admin, "anna").await;
    let given =
        make(admin, &format!("mandates/?mandater={acme}&mandatee={other}&role={clerk}&role={chief}")).await;
    Scene { acme, other, clerk, chief, carl, dora, anna, given }
}

on_both! {
    async fn a_delegation_is_made_read_listed_and_ended(bed: Bed) {
        let admin = bed.admin();
        let Scene { clerk, chief, carl, dora, given, .. } = scene(&admin).await;
        let address = format!("mandates/{given}/delegations");
        let made = admin.post(&format!("{address}?user={carl}&role={clerk}")).await.ok();
        assert!(made.text().contains(&format!("<Delegations xmlns=\"http://schema.ubisecure.com/customerid/api\" inResponseTo=\"/2.0/{address}\" method=\"POST\"")), "{}", made.text());
        let one = made.id();
        let read = admin.get(&format!("delegations/{one}")).await.ok();
        assert!(read.text().contains("<Delegation "), "{}", read.text());
        assert_eq!(read.names(), ["mandate", "user", "role", "createdBy"]);
        assert!(read.text().contains(&format!("<Value type=\"mandate\">{given}</Value>")));
        assert!(read.text().contains(&format!("<Value type=\"role\">{clerk}</Value>")));
        assert_eq!((read.value("user"), read.value("createdBy")), (carl.clone(), "admin".to_owned()));
        // All of the mandate's roles, to a user of an organization below, by a document.
        let document = format!(
            "<Delegation xmlns=\"http://schema.ubisecure.com/customerid/api\"><Attribute name=\"user\"><Value>{dora}</Value></Attribute></Delegation>"
        );
        let by_document = admin.clone().header("Content-Type", "application/xml");
        let two = by_document.send(reqwest::Method::POST, &address, Some(document.into_bytes())).await.ok().id();
        assert_eq!(admin.get(&format!("delegations/{two}")).await.ok().values("role"), [clerk.clone(), chief]);
        for (path, wanted) in [
            (address.clone(), vec![&one, &two]),
            ("delegations".to_owned(), vec![&one, &two]),
            (format!("delegations/?user={carl}"), vec![&one]),
            (format!("{address}?user={dora}"), vec![&two]),
            (format!("users/{carl}/receivedmandateroledelegations"), vec![&one]),
            (format!("users/{dora}/receivedmandateroledelegations/"), vec![&two]),
            (format!("users/{dora}/receivedmandatedelegations"), vec![&given]),
        ] {
            in_order(&admin.get(&path).await.ok().ids(), &wanted);
        }
        let whole = admin.get(&format!("users/{carl}/receivedmandateroledelegations?entities=true")).await.ok().text();
        assert!(whole.contains("<Delegations ") && whole.matches("<Delegation>").count() == 1, "{whole}");
        assert_eq!(admin.delete(&format!("delegations/{one}")).await.ok().id(), one);
        admin.get(&format!("delegations/{one}")).await.refused(404, 7, "delegation");
        in_order(&admin.get(&address).await.ok().ids(), &[&two]);
        bed.must_be_sound().await;
    }

    async fn a_delegation_that_cannot_be_is_refused(bed: Bed) {
        let admin = bed.admin();
        let Scene { acme, other, clerk, chief, carl, dora, anna, given } = scene(&admin).await;
        let foreign = role(&admin, &other, "Agent").await;
        let narrow = mandate(&admin, &acme, &other, &chief).await;
        delegation(&admin, &given, &dora, &clerk).await;
        let known = admin.get("delegations").await.ok().ids();
        for (mandate, query, status, code, words) in [
            (given.as_str(), String::new(), 400, 1, "user"),
            (&given, "user=".to_owned(), 400, 1, "user"),
            (&given, format!("user={carl}&user={dora}"), 400, 1, "user"),
            (&given, format!("user={carl}&mandate={given}"), 400, 1, "mandate"),
            (&given, format!("user={carl}&name=x"), 400, 1, "name"),
            (&given, format!("user={NOBODY}"), 400, 10, "user"),
            (&given, format!("user={acme}"), 400, 10, "user"),
            (&given, format!("user={anna}"), 400, 10, "user"),
            (&given, format!("user={carl}&role={foreign}"), 400, 10, "role"),
            (&given, format!("user={carl}&role={clerk}&role={NOBODY}"), 400, 10, "role"),
            (&narrow, format!("user={carl}&role={clerk}"), 400, 10, "role"),
            (&given, format!("user={dora}&role={chief}"), 409, 4, "user"),
            (NOBODY, format!("user={carl}"), 404, 5, "mandate"),
            (&carl, format!("user={carl}"), 404, 5, "mandate"),
            ("nothing", format!("user={carl}"), 404, 5, "mandate"),
        ] {
            admin.post(&format!("mandates/{mandate}/delegations?{query}")).await.refused(status, code, words);
        }
        bed.reader().post(&format!("mandates/{given}/delegations?user={carl}")).await.refused(403, 3, "delegation");
        bed.reader().delete(&format!("delegations/{}", known[0])).await.refused(403, 3, "delegation");
        admin.put(&format!("delegations/{}", known[0])).await.refused(405, 13, "");
        admin.get(&format!("mandates/{NOBODY}/delegations")).await.refused(404, 5, "mandate");
        assert_eq!(admin.get("delegations").await.ok().ids(), known);
    }

    async fn only_what_an_organization_received_and_is_in_force_is_passed_on(bed: Bed) {
        let admin = bed.admin();
        let Scene { acme, clerk, carl, anna, given, .. } = scene(&admin).await;
        let personal = mandate(&admin, &acme, &anna, &clerk).await;
        admin.post(&format!("mandates/{personal}/delegations?user={carl}")).await.refused(409, 15, "organization");
        admin.put(&format!("mandates/{given}/revoke")).await.ok();
        admin.post(&format!("mandates/{given}/delegations?user={carl}")).await.refused(409, 15, "Revoked");
        // A user who gives a mandate to its own organization has the roles anyway.
        admin.put(&format!("users/{anna}/roles/{clerk}")).await.ok();
        let own = mandate(&admin, &anna, "root", &clerk).await;
        admin.post(&format!("mandates/{own}/delegations?user={anna}")).await.refused(400, 10, "user");
        admin.post(&format!("mandates/{own}/delegations?user={carl}")).await.ok();
    }

    async fn delegations_end_with_their_mandate(bed: Bed) {
        let admin = bed.admin();
        let Scene { acme, other, clerk, carl, dora, given, .. } = scene(&admin).await;
        let second = mandate(&admin, &acme, &other, &clerk).await;
        for user in [&carl, &dora] {
            delegation(&admin, &given, user, &clerk).await;
            delegation(&admin, &second, user, &clerk).await;
        }
        let of = async |who: &str| bed.admin().get(&format!("users/{who}/receivedmandateroledelegations")).await.ok().ids().len();
        let effective = async |who: &str| bed.admin().get(&format!("users/{who}/effectiveroles")).await.ok().ids();
        assert_eq!((of(&carl).await, of(&dora).await), (2, 2));
        admin.put(&format!("mandates/{given}/revoke")).await.ok();
        assert_eq!((of(&carl).await, of(&dora).await), (1, 1));
        assert_eq!(effective(&dora).await, from_ref(&clerk));
        admin.delete(&format!("mandates/{second}")).await.ok();
        assert_eq!(admin.get("delegations").await.ok().ids(), [""; 0]);
        assert_eq!(effective(&dora).await, [""; 0]);
        bed.must_be_sound().await;
    }

    async fn a_role_that_a_mandater_loses_is_taken_out_of_what_it_gave(bed: Bed) {
        let admin = bed.admin();
        let Scene { other, clerk, chief, carl, dora, anna, .. } = scene(&admin).await;
        for role in [&clerk, &chief] {
            admin.put(&format!("users/{anna}/roles/{role}")).await.ok();
        }
        let both = make(&admin, &format!("mandates/?mandater={anna}&mandatee={other}&role={clerk}&role={chief}")).await;
        let only = mandate(&admin, &anna, &carl, &clerk).await;
        let ended = mandate(&admin, &anna, &carl, &clerk).await;
        admin.put(&format!("mandates/{ended}/revoke")).await.ok();
        let one = delegation(&admin, &both, &carl, &clerk).await;
        let two = make(&admin, &format!("mandates/{both}/delegations?user={dora}")).await;
        let read = async |path: String| bed.admin().get(&path).await;
        let before = admin.get(&format!("mandates/{ended}")).await.ok().header("etag").to_owned();
        admin.delete(&format!("users/{anna}/roles/{clerk}")).await.ok();
        let mandate = read(format!("mandates/{both}")).await.ok();
        assert_eq!((mandate.value("state"), mandate.values("role")), ("Active".to_owned(), vec![chief.clone()]));
        read(format!("delegations/{one}")).await.refused(404, 7, "delegation");
        assert_eq!(read(format!("delegations/{two}")).await.ok().values("role"), from_ref(&chief));
        let mandate = read(format!("mandates/{only}")).await.ok();
        let shown = ["state", "revokedBy", "role"].map(|name| mandate.value(name));
        assert_eq!(shown, ["Revoked", "admin", &clerk], "the role stays, as a record");
        assert_eq!(read(format!("mandates/{ended}")).await.ok().header("etag"), before);
        admin.delete(&format!("users/{anna}/roles/{chief}")).await.ok();
        assert_eq!(read(format!("mandates/{both}")).await.ok().value("state"), "Revoked");
        assert_eq!(admin.get("delegations").await.ok().ids(), [""; 0]);
        // Having the role again does not bring anything back.
        admin.put(&format!("users/{anna}/roles/{chief}")).await.ok();
        assert_eq!(read(format!("mandates/{both}")).await.ok().value("state"), "Revoked");
        assert_eq!(read(format!("users/{dora}/effectiveroles")).await.ok().ids(), [""; 0]);
        bed.must_be_sound().await;
    }

    async fn a_delegation_ends_when_the_users_organization_leaves_the_one_that_received(bed: Bed) {
        let admin = bed.admin();
        let Scene { other, clerk, carl, dora, given, .. } = scene(&admin).await;
        let inner = below(&admin, &other, "inner").await;
        let ended = delegation(&admin, &given, &dora, &clerk).await;
        let kept = delegation(&admin, &given, &carl, &clerk).await;
        let effective = format!("users/{dora}/effectiveroles");
        // Within the receiver nothing ends.
        admin.put(&format!("organizations/other%2Fbranch/parent?parentOrganizationId={inner}")).await.ok();
        assert_eq!(admin.get(&effective).await.ok().ids(), from_ref(&clerk));
        admin.put("organizations/other%2Finner%2Fbranch/parent?parentOrganizationId=root").await.ok();
        assert_eq!(admin.get(&effective).await.ok().ids(), [""; 0]);
        admin.get(&format!("delegations/{ended}")).await.refused(404, 7, "delegation");
        assert_eq!(admin.get(&format!("mandates/{given}/delegations")).await.ok().ids(), [kept]);
        // Coming back brings nothing back.
        admin.put("organizations/branch/parent?parentOrganizationId=other").await.ok();
        assert_eq!(admin.get(&effective).await.ok().ids(), [""; 0]);
        let gone = admin.get(&format!("auditevents?entityId={ended}&entities=true")).await.ok();
        assert!(gone.text().contains("VLT_DELEGATION_DELETE"), "{}", gone.text());
        bed.must_be_sound().await;
    }
}

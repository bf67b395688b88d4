//! Organizations: `/organizations` (MOD001, MOD003, REQ003, REQ004) and what hangs below one.

use super::{below, in_order, make, organization, role, same, virtual_organization};
use crate::on_both;

const NOBODY: &str = "018f0000-0000-7000-8000-000000000000";

on_both! {
    async fn mod001_fills_in_every_default(bed: Bed) {
        let admin = bed.admin();
        let made = admin.post("organizations/").await.ok();
        assert!(made.text().contains("inResponseTo=\"/2.0/organizations/\" method=\"POST\""));
        let id = made.id();
        let read = admin.get(&format!("organizations/{id}")).await.ok();
        assert_eq!(read.value("technicalName"), id);
        assert_eq!(read.value("friendlyName"), id);
        assert_eq!(read.value("entityName"), id);
        assert_eq!(read.value("virtual"), "false");
        assert_eq!(read.value("organizationClass"), "organization");
        let root = admin.get("organizations/root").await.ok();
        assert_eq!(read.value("parent"), bed.server.service().engine.root.to_string());
        assert_eq!(root.values("parent"), [""; 0]);
        let other = virtual_organization(&admin, "network").await;
        let read = admin.get(&format!("organizations/{other}")).await.ok();
        assert_eq!(read.value("virtual"), "true");
        assert_eq!(read.value("organizationClass"), "virtual");
        assert_eq!(read.value("friendlyName"), "network");
    }

    async fn mod001_takes_every_parameter(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let id = make(
            &admin,
            &format!(
                "organizations?virtual=false&technicalName=espoo&friendlyName=Luotava%20Organisaatio\
                 &parentOrganizationId={acme}&organizationClass=company&vatnumber=12345"
            ),
        )
        .await;
        let read = admin.get(&format!("organizations/{id}")).await.ok();
        for (name, value) in [
            ("technicalName", "espoo"),
            ("friendlyName", "Luotava Organisaatio"),
            ("entityName", "acme/espoo"),
            ("organizationClass", "company"),
            ("vatnumber", "12345"),
            ("parent", &acme),
        ] {
            assert_eq!(read.value(name), value, "{name}");
        }
        let typed = make(&admin, "organizations?organizationType=company&parentOrganizationId=acme").await;
        let read = admin.get(&format!("organizations/{typed}")).await.ok();
        assert_eq!(read.value("organizationClass"), "company");
        assert_eq!(read.value("entityName"), format!("acme/{typed}"));
    }

    async fn mod001_refuses_what_cannot_be(bed: Bed) {
        let admin = bed.admin();
        organization(&admin, "acme").await;
        let network = virtual_organization(&admin, "network").await;
        for (query, status, code, name) in [
            ("technicalName=acme", 409, 4, "technicalName"),
            ("technicalName=root", 409, 4, "technicalName"),
            ("technicalName=a/b", 400, 1, "technicalName"),
            ("technicalName=%20", 400, 1, "technicalName"),
            ("technicalName=018f0000-0000-7000-8000-000000000000", 400, 1, "technicalName"),
            ("virtual=1", 400, 1, "virtual"),
            ("organizationClass=unknown", 400, 1, "organizationClass"),
            ("organizationClass=company&organizationType=company", 400, 1, "organization"),
            ("virtual=true&organizationClass=company", 409, 15, "organizationClass"),
            ("virtual=false&organizationClass=network", 409, 15, "organizationClass"),
            ("organizationClass=network", 409, 15, "organizationClass"),
            ("entityName=x", 400, 1, "entityName"),
            ("parentOrganizationId=nobody", 404, 5, "parentOrganizationId"),
            (&format!("parentOrganizationId={NOBODY}"), 404, 5, "parent"),
            (&format!("parentOrganizationId={network}"), 409, 9, "parentOrganizationId"),
            (&format!("parentOrganizationId={network}&organizationClass=network"), 409, 9, "parent"),
            ("friendlyName=a&friendlyName=b", 400, 1, "friendlyName"),
            ("shoesize=1", 400, 1, "shoesize"),
            ("memberships=acme", 409, 8, "memberships"),
            ("memberships=nobody", 400, 10, "memberships"),
        ] {
            admin.post(&format!("organizations/?{query}")).await.refused(status, code, name);
        }
        organization(&admin, "ACME").await;
        let inner = make(&admin, &format!("organizations/?virtual=true&parentOrganizationId={network}")).await;
        let read = admin.get(&format!("organizations/{inner}")).await.ok();
        assert_eq!(read.value("entityName"), format!("network/{inner}"));
        make(&admin, "organizations/?virtual=true&parentOrganizationId=acme").await;
        below(&admin, "acme", "acme").await;
        below(&admin, "acme", "root").await;
        bed.must_be_sound().await;
    }

    async fn mod003_replaces_what_is_given(bed: Bed) {
        let admin = bed.admin();
        virtual_organization(&admin, "network").await;
        virtual_organization(&admin, "union").await;
        let id = make(&admin, "organizations/?technicalName=acme&friendlyName=Acme&vatnumber=1&customAttribute=x").await;
        let address = format!("organizations/{id}");
        let answer = admin.put(&format!("{address}?friendlyName=TestOrganizationRENAME")).await.ok();
        assert_eq!(answer.id(), id);
        let echo = format!("inResponseTo=\"/2.0/organizations/{id}\" method=\"PUT\"");
        assert!(answer.text().contains(&echo), "{}", answer.text());
        admin.put(&format!("{address}?vatnumber=2&memberships=network&memberships=union")).await.ok();
        let read = admin.get(&address).await.ok();
        assert_eq!(read.value("friendlyName"), "TestOrganizationRENAME");
        assert_eq!(read.value("vatnumber"), "2");
        assert_eq!(read.value("customAttribute"), "x");
        assert_eq!(read.values("memberships"), ["network", "union"]);
        admin.put(&format!("{address}?friendlyName=&vatnumber=&memberships=")).await.ok();
        let read = admin.get(&address).await.ok();
        assert_eq!(read.value("friendlyName"), "acme");
        assert_eq!(read.values("vatnumber"), [""; 0]);
        assert_eq!(read.values("memberships"), [""; 0]);
        for fixed in ["technicalName=x", "virtual=true", "parentOrganizationId=network", "parent=network", "entityName=x"] {
            admin.put(&format!("{address}?{fixed}")).await.refused(400, 1, fixed.split('=').next().unwrap());
        }
        admin.put(&format!("{address}?memberships={id}")).await.refused(400, 10, "memberships");
        admin.put(&format!("{address}?organizationClass=network")).await.refused(409, 15, "organizationClass");
        admin.put(&format!("{address}?organizationClass=unknown")).await.refused(400, 1, "organizationClass");
        bed.must_be_sound().await;
    }

    async fn a_class_brings_its_roles_and_a_change_adds_those_of_the_new_one(bed: Bed) {
        let admin = bed.admin();
        let names = |id: String| {
            let admin = bed.admin();
            async move {
                let roles = admin.get(&format!("organizations/{id}/roles?entities=true")).await.ok().text();
                let mut names: Vec<&str> = ["Administrator", "Signatory", "Coordinator", "Clerk"]
                    .into_iter()
                    .filter(|name| roles.contains(&format!("<Value>{name}</Value>")))
                    .collect();
                names.sort_unstable();
                names.join(" ")
            }
        };
        let company = make(&admin, "organizations/?organizationClass=company").await;
        assert_eq!(names(company).await, "Administrator Signatory");
        let network = make(&admin, "organizations/?virtual=true&organizationClass=network").await;
        assert_eq!(names(network).await, "Coordinator");
        let plain = organization(&admin, "plain").await;
        role(&admin, &plain, "Signatory").await;
        role(&admin, &plain, "Clerk").await;
        admin.put(&format!("organizations/{plain}?organizationClass=company")).await.ok();
        assert_eq!(names(plain.clone()).await, "Administrator Clerk Signatory");
        assert_eq!(admin.get(&format!("organizations/{plain}/roles")).await.ok().ids().len(), 3);
        admin.put(&format!("organizations/{plain}?organizationClass=organization")).await.ok();
        assert_eq!(names(plain).await, "Administrator Clerk Signatory");
        bed.must_be_sound().await;
    }

    async fn an_organization_is_addressed_by_id_and_by_entity_name(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let espoo = below(&admin, &acme, "espoo").await;
        for path in [espoo.as_str(), "acme%2Fespoo", &espoo.to_uppercase()] {
            let read = admin.get(&format!("organizations/{path}")).await.ok();
            assert_eq!(read.value("entityName"), "acme/espoo", "{path}");
            assert!(read.text().contains(&format!("inResponseTo=\"/2.0/organizations/{path}\"")));
        }
        assert_eq!(admin.put("organizations/acme%2Fespoo?vatnumber=7").await.ok().id(), espoo);
        assert_eq!(admin.get(&format!("organizations/{espoo}/")).await.ok().value("vatnumber"), "7");
        for unknown in ["Acme", "espoo", "acme%2Fturku", NOBODY, "root%2Facme"] {
            admin.get(&format!("organizations/{unknown}")).await.refused(404, 7, "organization");
        }
        admin.get("organizations/acme/espoo").await.refused(404, 7, "");
        let root = admin.get("organizations/root").await.ok();
        assert_eq!(root.value("entityName"), "root");
    }

    async fn what_hangs_below_an_organization_is_listed(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let espoo = below(&admin, &acme, "espoo").await;
        let north = below(&admin, &espoo, "north").await;
        let turku = below(&admin, &acme, "turku").await;
        let clerk = role(&admin, &acme, "Clerk").await;
        role(&admin, &espoo, "Clerk").await;
        let list = format!("organizations/{acme}/organizations");
        in_order(&admin.get(&list).await.ok().ids(), &[&espoo, &turku]);
        in_order(&admin.get(&format!("{list}?recursive=true")).await.ok().ids(), &[&espoo, &north, &turku]);
        let filtered = admin.get(&format!("{list}?recursive=true&technicalName=n")).await.ok();
        in_order(&filtered.ids(), &[&north]);
        assert_eq!(admin.get(&format!("{list}?technicalName=n")).await.ok().ids(), [""; 0]);
        in_order(&admin.get(&format!("organizations/{acme}/roles")).await.ok().ids(), &[&clerk]);
        for below in ["organizations", "roles", "roleinvitations", "users", "givenmandates", "receivedmandates"] {
            admin.get(&format!("organizations/{NOBODY}/{below}")).await.refused(404, 5, "organization");
        }
    }

    async fn a_delete_is_refused_while_something_hangs_below(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let address = format!("organizations/{acme}");
        let espoo = below(&admin, &acme, "espoo").await;
        admin.delete(&address).await.refused(409, 10, "organization");
        admin.delete(&format!("organizations/{espoo}")).await.ok();
        let anna = crate::api::user_of(&admin, &acme, "anna").await;
        admin.delete(&address).await.refused(409, 10, "user");
        admin.delete(&format!("users/{anna}")).await.ok();
        let clerk = role(&admin, &acme, "Clerk").await;
        let bertil = crate::api::user(&admin, "bertil").await;
        let given = crate::api::mandate(&admin, &acme, &bertil, &clerk).await;
        admin.delete(&address).await.refused(409, 10, "mandate");
        admin.delete(&format!("mandates/{given}")).await.ok();
        let other = organization(&admin, "other").await;
        let their_role = role(&admin, &other, "Agent").await;
        let received = crate::api::mandate(&admin, &other, &acme, &their_role).await;
        admin.delete(&address).await.refused(409, 10, "mandate");
        admin.delete(&format!("mandates/{received}")).await.ok();
        admin.delete(&format!("{address}?recursive=perhaps")).await.refused(400, 1, "recursive");
        assert_eq!(admin.delete(&address).await.ok().id(), acme);
        admin.get(&format!("roles/{clerk}")).await.refused(404, 7, "role");
        admin.delete("organizations/root?recursive=true").await.refused(409, 15, "root");
        bed.must_be_sound().await;
    }

    async fn a_recursive_delete_takes_everything_below_and_answers_the_organizations(bed: Bed) {
        let admin = bed.admin();
        let (acme, other) = (organization(&admin, "acme").await, organization(&admin, "other").await);
        let espoo = below(&admin, &acme, "espoo").await;
        let north = below(&admin, &espoo, "north").await;
        let clerk = role(&admin, &espoo, "Clerk").await;
        let agent = role(&admin, &other, "Agent").await;
        let anna = crate::api::user_of(&admin, &north, "anna").await;
        let bertil = crate::api::user_of(&admin, &other, "bertil").await;
        admin.put(&format!("users/{bertil}/roles/{clerk}")).await.ok();
        admin.put(&format!("users/{bertil}/roles/{agent}")).await.ok();
        let given = crate::api::mandate(&admin, &espoo, &bertil, &clerk).await;
        let received = crate::api::mandate(&admin, &other, &acme, &agent).await;
        let invited = crate::api::invitation(&admin, &anna, &agent).await;
        let gone = admin.delete(&format!("organizations/{acme}?recursive=true")).await.ok().ids();
        same(gone, &[&acme, &espoo, &north]);
        for address in [
            format!("organizations/{north}"),
            format!("roles/{clerk}"),
            format!("users/{anna}"),
            format!("mandates/{given}"),
            format!("mandates/{received}"),
            format!("roleinvitations/{invited}"),
        ] {
            admin.get(&address).await.refused(404, 7, "");
        }
        in_order(&admin.get(&format!("users/{bertil}/roles")).await.ok().ids(), &[&agent]);
        let records = admin.get(&format!("auditevents?entities=true&entityId={acme}&category=success")).await.ok();
        for count in ["organization: 2 went along", "user: 1 went along", "role: 1 went along",
                      "mandate: 2 went along", "roleinvitation: 1 went along"] {
            assert!(records.text().contains(count), "{count}: {}", records.text());
        }
        bed.must_be_sound().await;
    }
}

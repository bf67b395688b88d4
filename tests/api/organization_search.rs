//! REQ003 and its likes: organizations and roles found by names, classes, parents, memberships, entity names.

use super::{below, in_order, make, organization, role, same, virtual_organization};
use crate::on_both;

on_both! {
    async fn req003_searches_the_four_names_of_the_seed(bed: Bed) {
        let admin = bed.admin();
        let acme = make(&admin, "organizations/?technicalName=acme&friendlyName=Acme%20Oy&organizationClass=company").await;
        let espoo = make(
            &admin,
            "organizations/?technicalName=espoo&friendlyName=acme%20Espoo&parentOrganizationId=acme",
        )
        .await;
        let other = organization(&admin, "accent").await;
        let root = bed.server.service().engine.root.to_string();
        for path in ["organizations", "organizations/"] {
            in_order(&admin.get(path).await.ok().ids(), &[&root, &acme, &espoo, &other]);
        }
        let searches: [(&str, Vec<&String>); 16] = [
            ("entityName=acme", vec![&acme, &espoo]),
            ("entityName=ACME/ES", vec![&espoo]),
            ("entityName=acme/espoo&exactMatch=true", vec![&espoo]),
            ("entityName=acme/Espoo&exactMatch=true", vec![]),
            ("entityName=acme/esp&exactMatch=true", vec![]),
            ("technicalName=ac", vec![&other, &acme]),
            ("technicalName=AC", vec![]),
            ("technicalName=espoo&exactMatch=true", vec![&espoo]),
            ("friendlyName=ACME", vec![&espoo, &acme]),
            ("friendlyName=Acme%20Oy&exactMatch=true", vec![&acme]),
            ("friendlyName=acme%20oy&exactMatch=true", vec![]),
            ("organizationClass=company", vec![&acme]),
            ("organizationType=company", vec![&acme]),
            ("organizationClass=comp", vec![]),
            ("friendlyName=acme&organizationClass=organization", vec![&espoo]),
            ("entityName=a&friendlyName=acme", vec![&acme, &espoo]),
        ];
        for (search, wanted) in searches {
            let found = admin.get(&format!("organizations?{search}")).await.ok().ids();
            let wanted: Vec<String> = wanted.into_iter().cloned().collect();
            assert_eq!(found, wanted, "{search}");
        }
        for (bad, name) in [
            ("entityName=a&entityName=b", "entityName"),
            ("organizationClass=a&organizationType=b", "organization"),
            ("login=a", "login"),
            ("recursive=true", "recursive"),
            ("exactMatch=yes", "exactMatch"),
        ] {
            admin.get(&format!("organizations?{bad}")).await.refused(400, 1, name);
        }
    }

    async fn any_other_attribute_of_an_organization_can_be_searched(bed: Bed) {
        let admin = bed.admin();
        let network = virtual_organization(&admin, "network").await;
        let acme = make(&admin, "organizations/?technicalName=acme&vatnumber=12345&memberships=network").await;
        let espoo = below(&admin, &acme, "espoo").await;
        let searches: [(String, Vec<&String>); 11] = [
            ("virtual=true".to_owned(), vec![&network]),
            ("vatnumber=123".to_owned(), vec![&acme]),
            ("vatnumber=123&exactMatch=true".to_owned(), vec![]),
            (format!("parent={acme}"), vec![&espoo]),
            ("parent=acme".to_owned(), vec![&espoo]),
            (format!("parentOrganizationId={acme}"), vec![&espoo]),
            ("parent=root&virtual=false".to_owned(), vec![&acme]),
            ("memberships=network".to_owned(), vec![&acme]),
            (format!("memberships={network}"), vec![&acme]),
            ("memberships=net".to_owned(), vec![]),
            ("parent=nobody".to_owned(), vec![]),
        ];
        for (search, wanted) in searches {
            let found = admin.get(&format!("organizations?{search}")).await.ok().ids();
            let wanted: Vec<String> = wanted.into_iter().cloned().collect();
            assert_eq!(found, wanted, "{search}");
        }
        admin.get("organizations?virtual=maybe").await.refused(400, 1, "virtual");
        let whole = admin.get("organizations?entities=true&virtual=true").await.ok();
        assert!(whole.text().contains("<Organization>") && whole.text().contains("<Value>network</Value>"));
    }

    async fn the_roots_own_name_is_no_part_of_entity_names(bed: Bed) {
        let admin = bed.admin();
        let root = bed.server.service().engine.root.to_string();
        let rooster = organization(&admin, "rooster").await;
        let inner = below(&admin, &rooster, "root").await;
        same(admin.get("organizations?entityName=roo").await.ok().ids(), &[&root, &rooster, &inner]);
        in_order(&admin.get("organizations?entityName=root&exactMatch=true").await.ok().ids(), &[&root]);
        in_order(&admin.get("organizations?entityName=rooster/").await.ok().ids(), &[&inner]);
        assert_eq!(admin.get("organizations?entityName=root/").await.ok().ids(), [""; 0]);
        same(admin.get("organizations?entityName=").await.ok().ids(), &[&root, &rooster, &inner]);
    }

    async fn an_entity_name_search_crosses_levels_in_the_order_of_the_names(bed: Bed) {
        let admin = bed.admin();
        let ab = organization(&admin, "ab").await;
        let a = organization(&admin, "a").await;
        let a_z = below(&admin, &a, "z").await;
        let a_b = below(&admin, &a, "b").await;
        let a_b_c = below(&admin, &a_b, "c").await;
        // The solidus sorts before letters, as in any comparison of the whole names.
        in_order(&admin.get("organizations?entityName=a").await.ok().ids(), &[&a, &a_b, &a_b_c, &a_z, &ab]);
        in_order(&admin.get("organizations?entityName=a/").await.ok().ids(), &[&a_b, &a_b_c, &a_z]);
        in_order(&admin.get("organizations?entityName=a/b").await.ok().ids(), &[&a_b, &a_b_c]);
        in_order(&admin.get("organizations?entityName=a/b/").await.ok().ids(), &[&a_b_c]);
        assert_eq!(admin.get("organizations?entityName=a//").await.ok().ids(), [""; 0]);
        assert_eq!(admin.get("organizations?entityName=/").await.ok().ids(), [""; 0]);
    }

    async fn roles_are_found_by_entity_name(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let espoo = below(&admin, &acme, "espoo").await;
        let root = bed.server.service().engine.root.to_string();
        let top = role(&admin, &root, "Auditor").await;
        let chief = role(&admin, &espoo, "Chief").await;
        let clerk = role(&admin, &acme, "Clerk").await;
        let early = role(&admin, &acme, "Early").await;
        let searches: [(String, Vec<&String>); 10] = [
            ("entityName=acme".to_owned(), vec![&clerk, &early, &chief]),
            ("entityName=acme/E".to_owned(), vec![&early, &chief]),
            ("entityName=ACME/espoo/ch".to_owned(), vec![&chief]),
            ("entityName=acme/Clerk&exactMatch=true".to_owned(), vec![&clerk]),
            ("entityName=acme/clerk&exactMatch=true".to_owned(), vec![]),
            ("entityName=acme/espoo&exactMatch=true".to_owned(), vec![]),
            ("entityName=root/A".to_owned(), vec![&top]),
            (format!("entityName={clerk}&exactMatch=true"), vec![]),
            ("entityName=Clerk".to_owned(), vec![]),
            ("entityName=acme&name=C".to_owned(), vec![&clerk, &chief]),
        ];
        for (search, wanted) in searches {
            let found = admin.get(&format!("roles?{search}")).await.ok().ids();
            let wanted: Vec<String> = wanted.into_iter().cloned().collect();
            assert_eq!(found, wanted, "{search}");
        }
        assert_eq!(admin.get(&format!("roles/{top}")).await.ok().value("entityName"), "root/Auditor");
    }
}

//! How values compare and how results order, whatever the kind: beginnings, exact values, letter case, Unicode,
//! several values, driving terms.

use super::{in_order, make, organization, user, user_of};
use crate::on_both;

on_both! {
    async fn letter_case_is_ignored_only_where_it_is_declared_and_never_exactly(bed: Bed) {
        let admin = bed.admin();
        let anna = make(
            &admin,
            "users/?login=Anna&email=Anna@Example.org&firstname=Anna&surname=VirtaNen&browsers=Lynx&locale=FI",
        )
        .await;
        for found in ["login=aNN", "email=anna@EXAMPLE", "firstname=ANNA", "surname=virtan", "browsers=Ly", "locale=F"] {
            assert_eq!(admin.get(&format!("users?{found}")).await.ok().ids(), std::slice::from_ref(&anna), "{found}");
        }
        for exact in ["login=Anna", "email=Anna@Example.org", "surname=VirtaNen", "browsers=Lynx"] {
            let found = admin.get(&format!("users?{exact}&exactMatch=true")).await.ok().ids();
            assert_eq!(found, std::slice::from_ref(&anna), "{exact}");
        }
        for nothing in [
            "browsers=lynx", "locale=f", "login=anna&exactMatch=true", "email=anna@example.org&exactMatch=true",
            "surname=VirtaNe&exactMatch=true", "browsers=Lyn&exactMatch=true", "login=nna",
        ] {
            assert_eq!(admin.get(&format!("users?{nothing}")).await.ok().ids(), [""; 0], "{nothing}");
        }
    }

    async fn composed_and_decomposed_letters_are_the_same(bed: Bed) {
        let admin = bed.admin();
        let decomposed = make(&admin, "users/?login=a&surname=A%CC%88ija%CC%88&age=%C3%85").await;
        let composed = make(&admin, "users/?login=b&surname=%C3%84ij%C3%A4&age=A%CC%8A").await;
        for search in [
            "surname=%C3%84i", "surname=A%CC%88i", "surname=%C3%A4IJ", "surname=%C3%84ij%C3%A4&exactMatch=true",
            "surname=A%CC%88ija%CC%88&exactMatch=true", "age=%C3%85", "age=A%CC%8A&exactMatch=true",
        ] {
            in_order(&admin.get(&format!("users?{search}")).await.ok().ids(), &[&decomposed, &composed]);
        }
        assert_eq!(admin.get(&format!("users/{decomposed}")).await.ok().value("surname"), "A\u{308}ija\u{308}");
        admin.post("users/?login=%C3%A4").await.ok();
        admin.post("users/?login=a%CC%88").await.refused(409, 4, "login");
        bed.must_be_sound().await;
    }

    async fn no_letter_of_a_search_is_special(bed: Bed) {
        let admin = bed.admin();
        let percent = make(&admin, "users/?login=a%25b").await;
        let under = make(&admin, "users/?login=a_b").await;
        let star = make(&admin, "users/?login=a*b").await;
        let quote = make(&admin, "users/?login=a'b").await;
        user(&admin, "axb").await;
        for (search, wanted) in [("a%25", &percent), ("a_", &under), ("a*", &star), ("a'", &quote)] {
            in_order(&admin.get(&format!("users?login={search}")).await.ok().ids(), &[wanted]);
        }
        assert_eq!(admin.get("users?login=%25").await.ok().ids(), [""; 0]);
    }

    async fn an_empty_beginning_finds_whoever_has_the_attribute(bed: Bed) {
        let admin = bed.admin();
        let b = make(&admin, "users/?login=b&email=b@example.org").await;
        let a = make(&admin, "users/?login=a").await;
        in_order(&admin.get("users?login=").await.ok().ids(), &[&a, &b]);
        in_order(&admin.get("users?email=").await.ok().ids(), &[&b]);
        assert_eq!(admin.get("users?email=&exactMatch=true").await.ok().ids(), [""; 0]);
    }

    async fn results_order_by_the_value_of_the_driving_term_then_by_creation(bed: Bed) {
        let admin = bed.admin();
        let one = make(&admin, "users/?login=z1&surname=Vb&firstname=Ac&email=e@x.fi").await;
        let two = make(&admin, "users/?login=z3&surname=Va&firstname=Ab&email=e@x.fi").await;
        let three = make(&admin, "users/?login=z2&surname=Vb&firstname=Aa&email=e@x.fi").await;
        for (search, wanted) in [
            ("surname=V", [&two, &one, &three]),
            ("firstname=A", [&three, &two, &one]),
            // Both are beginnings: the surname's rank is lower than the first name's, the login's lowest.
            ("firstname=A&surname=V", [&two, &one, &three]),
            ("surname=V&login=z", [&one, &three, &two]),
            // Exact before beginning, whatever the ranks; all have the same value, so creation decides.
            ("login=z&status=Enabled", [&one, &two, &three]),
            ("email=e@x.fi&surname=V&firstname=A", [&two, &one, &three]),
        ] {
            if search.starts_with("email") {
                // The e-mail address ranks before the names, and is the same for all.
                in_order(&admin.get(&format!("users?{search}")).await.ok().ids(), &[&one, &two, &three]);
                continue;
            }
            in_order(&admin.get(&format!("users?{search}")).await.ok().ids(), &wanted);
        }
        in_order(&admin.get("users?surname=Vb&firstname=Aa&exactMatch=true").await.ok().ids(), &[&three]);
    }

    async fn an_entity_stands_once_at_its_smallest_matching_value(bed: Bed) {
        let admin = bed.admin();
        let one = make(&admin, "users/?login=a&browsers=bz&browsers=bc&browsers=aa").await;
        let two = make(&admin, "users/?login=b&browsers=bb&browsers=bd").await;
        let three = make(&admin, "users/?login=c&browsers=bca&browsers=b").await;
        in_order(&admin.get("users?browsers=b").await.ok().ids(), &[&three, &two, &one]);
        in_order(&admin.get("users?browsers=bc").await.ok().ids(), &[&one, &three]);
        in_order(&admin.get("users?browsers=").await.ok().ids(), &[&one, &three, &two]);
        in_order(&admin.get("users?browsers=bd&exactMatch=true").await.ok().ids(), &[&two]);
        in_order(&admin.get("users?browsers=b&login=c").await.ok().ids(), &[&three]);
    }

    async fn users_are_found_by_the_technical_name_of_their_organization(bed: Bed) {
        let admin = bed.admin();
        let (beta, alpha) = (organization(&admin, "beta").await, organization(&admin, "alpha").await);
        let inner = crate::api::below(&admin, &beta, "alpha").await;
        let b = user_of(&admin, &beta, "b").await;
        let inner_user = user_of(&admin, &inner, "i").await;
        let a = user_of(&admin, &alpha, "a").await;
        let late = user_of(&admin, &inner, "l").await;
        in_order(&admin.get("users?organization=alp").await.ok().ids(), &[&inner_user, &a, &late]);
        in_order(&admin.get("users?organization=").await.ok().ids(), &[&inner_user, &a, &late, &b]);
        in_order(&admin.get("users?organization=beta&exactMatch=true").await.ok().ids(), &[&b]);
        assert_eq!(admin.get("users?organization=bet&exactMatch=true").await.ok().ids(), [""; 0]);
        assert_eq!(admin.get("users?organization=Alpha").await.ok().ids(), [""; 0]);
        in_order(&admin.get("users?organization=alpha&login=l").await.ok().ids(), &[&late]);
        in_order(&admin.get("users?organizationId=beta/alpha").await.ok().ids(), &[&inner_user, &late]);
        in_order(&admin.get(&format!("users?organizationId={alpha}")).await.ok().ids(), &[&a]);
        assert_eq!(admin.get("users?organizationId=alp").await.ok().ids(), [""; 0]);
        assert_eq!(admin.get(&format!("users?organizationId={a}")).await.ok().ids(), [""; 0]);
    }

    async fn a_change_is_found_at_once_and_the_old_value_no_more(bed: Bed) {
        let admin = bed.admin();
        let id = make(&admin, "users/?login=anna&surname=Virtanen&browsers=a&browsers=b").await;
        admin.put(&format!("users/{id}?surname=Korhonen&browsers=b&browsers=c")).await.ok();
        for (search, found) in [("surname=Virt", false), ("surname=Korh", true), ("browsers=a", false), ("browsers=b", true), ("browsers=c", true)] {
            assert_eq!(!admin.get(&format!("users?{search}")).await.ok().ids().is_empty(), found, "{search}");
        }
        admin.delete(&format!("users/{id}")).await.ok();
        assert_eq!(admin.get("users?surname=K").await.ok().ids(), [""; 0]);
        bed.must_be_sound().await;
    }
}

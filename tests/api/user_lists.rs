//! REQ001: lists of users, of the whole system and of an organization, with every parameter of the seed.

use super::{below, in_order, make, organization, user, user_of};
use crate::on_both;

on_both! {
    async fn users_are_listed_by_creation_globally_and_by_organization(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let espoo = below(&admin, &acme, "espoo").await;
        let north = below(&admin, &espoo, "north").await;
        let other = organization(&admin, "other").await;
        let d = user_of(&admin, &north, "d").await;
        let c = user_of(&admin, &acme, "c").await;
        let b = user_of(&admin, &other, "b").await;
        let a = user_of(&admin, &espoo, "a").await;
        for path in ["users", "users/", "users?recursive=true", "users?recursive=false"] {
            in_order(&admin.get(path).await.ok().ids(), &[&d, &c, &b, &a]);
        }
        in_order(&admin.get(&format!("organizations/{acme}/users")).await.ok().ids(), &[&c]);
        in_order(&admin.get(&format!("organizations/{acme}/users/?recursive=false")).await.ok().ids(), &[&c]);
        in_order(
            &admin.get(&format!("organizations/{acme}/users/?recursive=true")).await.ok().ids(),
            &[&d, &c, &a],
        );
        in_order(&admin.get("organizations/acme%2Fespoo/users?recursive=true").await.ok().ids(), &[&d, &a]);
        let under = format!("organizations/{acme}/users?recursive=true&login=");
        in_order(&admin.get(&format!("{under}a")).await.ok().ids(), &[&a]);
        assert_eq!(admin.get(&format!("{under}b")).await.ok().ids(), [""; 0]);
        admin.get("users?recursive=yes").await.refused(400, 1, "recursive");
        admin.get("users?recursive=true&recursive=true").await.refused(400, 1, "recursive");
    }

    async fn any_attribute_can_be_searched_and_all_must_match(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let query = "login=anna&email=anna@example.org&firstname=Anna&surname=Virtanen&mobile=%2B358401\
                     &ssn=010199-1234&locale=fi_FI&pwd.activated=true&browsers=IE&browsers=chrome&age=45";
        let anna = make(&admin, &format!("organizations/{acme}/users?{query}")).await;
        user(&admin, "bertil").await;
        let cn = admin.get(&format!("users/{anna}")).await.ok().value("cn");
        let searches = [
            "login=anna", "email=anna@", "firstname=Anna", "surname=Virta", "mobile=%2B358", "mobile=+358401",
            "ssn=010199", "locale=fi", "pwd.activated=true", "browsers=IE", "browsers=chrome", "age=45",
            "organization=acme", &format!("cn={cn}"), &format!("organizationId={acme}"),
            "organizationId=acme", "login=anna&surname=Virtanen&age=4&browsers=chr&organization=ac",
        ];
        for search in searches {
            let found = admin.get(&format!("users?{search}")).await.ok().ids();
            assert_eq!(found, std::slice::from_ref(&anna), "{search}");
            let found = admin.get(&format!("organizations/{acme}/users?{search}")).await.ok().ids();
            assert_eq!(found, std::slice::from_ref(&anna), "{search} in the organization");
        }
        for search in ["login=anna&surname=Korhonen", "browsers=IE&age=46", "organization=root&login=anna"] {
            assert_eq!(admin.get(&format!("users?{search}")).await.ok().ids(), [""; 0], "{search}");
        }
    }

    async fn a_status_is_searched_by_number_name_and_technical_name(bed: Bed) {
        use valtuus::model::kind::user::STATUS;
        use valtuus::model::{Kind, Value};
        let admin = bed.admin();
        let store = &bed.server.service().engine.store;
        let names =
            ["Pending", "Enabled", "Disabled", "Locked", "Not initialized", "Waiting for registration"];
        let mut made = Vec::new();
        for (number, name) in names.iter().enumerate() {
            // Four of the six come only from events of later operations; the store can hold them already.
            let mut pairs = crate::store::kit::user_pairs(&format!("user{number}"), None);
            pairs.push((STATUS, Value::text(*name)));
            let stored = crate::store::kit::new(store, Kind::User, pairs).await.unwrap();
            made.push(stored.id().to_string());
        }
        for (number, name) in names.iter().enumerate() {
            let technical = name.to_lowercase().replace(' ', "_");
            for value in [number.to_string(), (*name).to_owned(), technical, name.to_uppercase()] {
                let found = admin.get(&format!("users?status={value}")).await.ok().ids();
                assert_eq!(found, std::slice::from_ref(&made[number]), "{value}");
                let exact = admin.get(&format!("users?status={value}&exactMatch=true")).await.ok().ids();
                assert_eq!(exact, std::slice::from_ref(&made[number]), "{value}, exactly");
            }
        }
        for bad in ["6", "-1", "Enab", "", "01"] {
            admin.get(&format!("users?status={bad}")).await.refused(400, 1, "status");
        }
    }

    async fn a_limit_cuts_the_list_and_exact_match_compares_the_whole_value(bed: Bed) {
        let admin = bed.admin();
        let ann = user(&admin, "ann").await;
        let anna = user(&admin, "anna").await;
        let annalisa = user(&admin, "Annalisa").await;
        in_order(&admin.get("users?maxResults=2").await.ok().ids(), &[&ann, &anna]);
        for unlimited in ["users?maxResults=0", "users?maxResults=3", "users?maxResults=100000"] {
            let answer = admin.get(unlimited).await.ok();
            in_order(&answer.ids(), &[&ann, &anna, &annalisa]);
            assert_eq!(answer.header("link"), "", "{unlimited}");
        }
        in_order(&admin.get("users?login=anna").await.ok().ids(), &[&anna, &annalisa]);
        in_order(&admin.get("users?login=anna&exactMatch=false").await.ok().ids(), &[&anna, &annalisa]);
        in_order(&admin.get("users?login=anna&exactMatch=true").await.ok().ids(), &[&anna]);
        assert_eq!(admin.get("users?login=ANNA&exactMatch=true").await.ok().ids(), [""; 0]);
        for bad in ["-1", "x", "", "1.5", "99999999999999999999999"] {
            admin.get(&format!("users?maxResults={bad}")).await.refused(400, 1, "maxResults");
        }
        admin.get("users?exactMatch=1").await.refused(400, 1, "exactMatch");
        admin.get("users?maxResults=1&maxResults=2").await.refused(400, 1, "maxResults");
    }

    async fn an_argument_that_is_no_attribute_or_given_twice_is_refused(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        for list in ["users".to_owned(), format!("organizations/{acme}/users")] {
            for bad in ["shoesize=42", "Login=anna", "role=x", "vatnumber=1", "pwd=x", "id=x"] {
                let name = bad.split('=').next().unwrap();
                admin.get(&format!("{list}?{bad}")).await.refused(400, 1, name);
            }
            admin.get(&format!("{list}?login=a&login=b")).await.refused(400, 1, "login");
            admin.get(&format!("{list}?browsers=a&browsers=b")).await.refused(400, 1, "browsers");
            admin.get(&format!("{list}?notes=a")).await.refused(400, 1, "notes");
        }
    }

    async fn entities_are_answered_whole(bed: Bed) {
        let admin = bed.admin();
        let anna = make(&admin, "users/?login=anna&surname=Virtanen").await;
        make(&admin, "users/?login=bertil&surname=Korhonen").await;
        let answer = admin.get("users?entities=true&login=a").await.ok();
        assert!(answer.text().contains("<Value>Virtanen</Value>"), "{}", answer.text());
        assert!(!answer.text().contains("Korhonen"));
        assert_eq!(answer.ids(), [""; 0]);
        assert_eq!(admin.get("users?entities=false&login=a").await.ok().ids(), [anna]);
        admin.get("users?entities=2").await.refused(400, 1, "entities");
    }

    async fn an_empty_list_is_a_document_too(bed: Bed) {
        let answer = bed.reader().get("users").await.ok();
        assert_eq!(answer.ids(), [""; 0]);
        assert!(answer.text().contains("<Users"));
        assert_eq!(answer.header("x-result-truncated"), "");
    }
}

//! Users: `/users`, `/users/{id}` and POST `/organizations/{id}/users` (REQ002, MOD004, MOD010 and creation).

use reqwest::Method;

use super::{in_order, make, organization, role, same, user, user_of, virtual_organization};
use crate::on_both;

const NOBODY: &str = "018f0000-0000-7000-8000-000000000000";

on_both! {
    async fn a_user_is_made_read_changed_and_deleted(bed: Bed) {
        let admin = bed.admin();
        let id = admin.post("users/?login=anna&firstname=Anna&surname=Virtanen").await.ok().id();
        let user = admin.get(&format!("users/{id}")).await.ok();
        assert_eq!(user.value("login"), "anna");
        assert_eq!(user.value("status"), "Enabled");
        admin.put(&format!("users/{id}?mobile=+358401234567891&status=Disabled")).await.ok();
        let user = admin.get(&format!("users/{id}")).await.ok();
        assert_eq!(user.value("mobile"), "+358401234567891");
        assert_eq!(user.value("status"), "Disabled");
        assert_eq!(admin.get("users/?login=AN").await.ok().ids(), std::slice::from_ref(&id));
        assert_eq!(admin.delete(&format!("users/{id}")).await.ok().id(), id);
        admin.get(&format!("users/{id}")).await.refused(404, 7, "user");
        bed.must_be_sound().await;
    }

    async fn the_line_printed_for_mod004_works_as_printed(bed: Bed) {
        let id = user(&bed.admin(), "anna").await;
        bed.admin().put(&format!("users/{id}?status=Disabled")).await.ok();
        let line = format!(
            "{}/users/{id}?username=admin&amp;password=admin-password&amp;mobile=+358401234567891&status=Enabled",
            bed.base()
        );
        assert_eq!(bed.anonymous().send_to(Method::PUT, &line, None).await.ok().id(), id);
        let changed = bed.admin().get(&format!("users/{id}")).await.ok();
        assert_eq!(changed.value("mobile"), "+358401234567891");
        assert_eq!(changed.value("status"), "Enabled");
    }

    async fn every_parameter_of_mod004_is_taken(bed: Bed) {
        let admin = bed.admin();
        let id = user(&admin, "anna").await;
        let given = [
            ("login", "anna.virtanen"),
            ("email", "anna@example.org"),
            ("firstname", "Anna"),
            ("surname", "Virtanen"),
            ("mobile", "0401234567"),
            ("ssn", "010199-1234"),
            ("locale", "fi_FI"),
            ("pwd.activated", "true"),
            ("status", "Disabled"),
        ];
        let query: Vec<String> = given.iter().map(|(name, value)| format!("{name}={value}")).collect();
        admin.put(&format!("users/{id}?pwd=a-long-password&{}", query.join("&"))).await.ok();
        let changed = admin.get(&format!("users/{id}")).await.ok();
        for (name, value) in given {
            assert_eq!(changed.value(name), value, "{name}");
        }
        assert!(!changed.names().iter().any(|name| name == "pwd"));
        assert!(!changed.text().contains("a-long-password"));
    }

    async fn an_empty_value_removes_and_a_missing_one_stays(bed: Bed) {
        let admin = bed.admin();
        let id = make(&admin, "users/?login=anna&firstname=Anna&surname=Virtanen&email=a@example.org").await;
        admin.put(&format!("users/{id}?firstname=&email=")).await.ok();
        let changed = admin.get(&format!("users/{id}")).await.ok();
        assert_eq!(changed.values("firstname"), [""; 0]);
        assert_eq!(changed.values("email"), [""; 0]);
        assert_eq!(changed.value("surname"), "Virtanen");
        assert_eq!(admin.get("users/?firstname=Anna").await.ok().ids(), [""; 0]);
        admin.put(&format!("users/{id}?login=")).await.refused(400, 1, "login");
        bed.must_be_sound().await;
    }

    async fn a_login_is_unique_whatever_its_letter_case(bed: Bed) {
        let admin = bed.admin();
        let anna = user(&admin, "anna").await;
        let bertil = user(&admin, "bertil").await;
        admin.post("users/?login=ANNA").await.refused(409, 4, "login");
        admin.put(&format!("users/{bertil}?login=Anna")).await.refused(409, 4, "login");
        admin.put(&format!("users/{anna}?login=ANNA")).await.ok();
        admin.delete(&format!("users/{anna}")).await.ok();
        admin.put(&format!("users/{bertil}?login=anna")).await.ok();
    }

    async fn only_enabled_and_disabled_can_be_set(bed: Bed) {
        let admin = bed.admin();
        let id = user(&admin, "anna").await;
        for status in ["Pending", "Locked", "3", "waiting_for_registration", "Sleeping", ""] {
            admin.put(&format!("users/{id}?status={status}")).await.refused(400, 1, "status");
        }
        for (given, answered) in [("2", "Disabled"), ("enabled", "Enabled"), ("Disabled", "Disabled")] {
            admin.put(&format!("users/{id}?status={given}")).await.ok();
            assert_eq!(admin.get(&format!("users/{id}")).await.ok().value("status"), answered);
        }
        admin.post("users/?login=b&status=Locked").await.refused(400, 1, "status");
        let disabled = make(&admin, "users/?login=c&status=Disabled").await;
        assert_eq!(admin.get(&format!("users/{disabled}")).await.ok().value("status"), "Disabled");
    }

    async fn what_the_server_sets_cannot_be_set_by_a_client(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let id = user(&admin, "anna").await;
        let cn = admin.get(&format!("users/{id}")).await.ok().value("cn");
        assert_ne!(cn, id);
        crate::api::must_be_id(&cn);
        admin.put(&format!("users/{id}?cn={id}")).await.refused(400, 1, "cn");
        admin.put(&format!("users/{id}?organization={acme}")).await.refused(400, 1, "organization");
        admin.put(&format!("users/{id}?organizationId={acme}")).await.refused(400, 1, "organizationId");
        admin.put(&format!("users/{id}?role={acme}")).await.refused(400, 1, "role");
        admin.post("users/?login=b&cn=x").await.refused(400, 1, "cn");
        admin.put(&format!("users/{id}?surname=a&surname=b")).await.refused(400, 1, "surname");
        admin.put(&format!("users/{id}?shoesize=42")).await.refused(400, 1, "shoesize");
    }

    async fn a_password_follows_the_policy_and_makes_itself_usable(bed: Bed) {
        let admin = bed.admin();
        let id = make(&admin, "users/?login=anna").await;
        assert_eq!(admin.get(&format!("users/{id}")).await.ok().value("pwd.activated"), "false");
        admin.put(&format!("users/{id}?pwd=short")).await.refused(400, 1, "pwd");
        admin.put(&format!("users/{id}?pwd=")).await.refused(400, 1, "pwd");
        admin.put(&format!("users/{id}?pwd=one-password&pwd=two-passwords")).await.refused(400, 1, "pwd");
        admin.put(&format!("users/{id}?pwd=long-enough")).await.ok();
        assert_eq!(admin.get(&format!("users/{id}")).await.ok().value("pwd.activated"), "true");
        admin.put(&format!("users/{id}?pwd.activated=perhaps")).await.refused(400, 1, "pwd.activated");
        let other = make(&admin, "users/?login=b&pwd=long-enough&pwd.activated=false").await;
        assert_eq!(admin.get(&format!("users/{other}")).await.ok().value("pwd.activated"), "false");
        admin.get("users/?pwd=long-enough").await.refused(400, 1, "pwd");
    }

    async fn a_social_security_number_is_shown_only_where_it_is_granted(bed: Bed) {
        let id = make(&bed.admin(), "users/?login=anna&ssn=010199-1234").await;
        assert_eq!(bed.admin().get(&format!("users/{id}")).await.ok().value("ssn"), "010199-1234");
        let read = bed.reader().get(&format!("users/{id}")).await.ok();
        assert!(!read.text().contains("010199-1234"));
        let listed = bed.reader().get("users/?entities=true").await.ok();
        assert!(listed.text().contains("anna") && !listed.text().contains("010199-1234"));
        bed.reader().get("users?ssn=010199").await.refused(403, 3, "disclose");
        bed.reader().get("users?login=a&ssn=010199-1234&exactMatch=true").await.refused(403, 3, "disclose");
        assert_eq!(bed.admin().get("users?ssn=010199").await.ok().ids(), [id]);
    }

    async fn a_user_is_at_home_in_the_root_unless_it_is_said_otherwise(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let espoo = crate::api::below(&admin, &acme, "espoo").await;
        let network = virtual_organization(&admin, "network").await;
        let home = |id: String| {
            let admin = bed.admin();
            async move {
                let user = admin.get(&format!("users/{id}")).await.ok();
                (user.value("organization"), user.value("organizationId"))
            }
        };
        assert_eq!(home(user(&admin, "a").await).await.0, "root");
        let wanted = ("espoo".to_owned(), espoo.clone());
        for (login, given) in [
            ("b", format!("organizationId={espoo}")),
            ("c", format!("organization={espoo}")),
            ("d", "organization=acme/espoo".to_owned()),
            ("e", "organizationId=acme/espoo".to_owned()),
        ] {
            assert_eq!(home(make(&admin, &format!("users/?login={login}&{given}")).await).await, wanted);
        }
        assert_eq!(home(user_of(&admin, &espoo, "f").await).await, wanted);
        assert_eq!(home(user_of(&admin, "acme%2Fespoo", "g").await).await, wanted);
        admin.post(&format!("users/?login=x&organizationId={NOBODY}")).await.refused(404, 5, "organizationId");
        admin.post("users/?login=x&organization=acme/turku").await.refused(404, 5, "organizationId");
        admin.post(&format!("users/?login=x&organizationId={network}")).await.refused(409, 9, "organizationId");
        admin.post(&format!("organizations/{network}/users?login=x")).await.refused(409, 9, "organizationId");
        admin.post(&format!("organizations/{NOBODY}/users?login=x")).await.refused(404, 5, "organization");
        admin
            .post(&format!("organizations/{acme}/users?login=x&organizationId={espoo}"))
            .await
            .refused(400, 1, "organizationId");
        admin.post("users/?firstname=Nobody").await.refused(400, 1, "login");
        bed.must_be_sound().await;
    }

    async fn roles_can_be_assigned_at_once(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let (clerk, chief) = (role(&admin, &acme, "Clerk").await, role(&admin, &acme, "Chief").await);
        let id = make(&admin, &format!("users/?login=anna&role={clerk}&role=acme/Chief&role={clerk}")).await;
        same(admin.get(&format!("users/{id}/roles")).await.ok().ids(), &[&clerk, &chief]);
        admin.post(&format!("users/?login=b&role={clerk}&role={NOBODY}")).await.refused(400, 10, "role");
        admin.post(&format!("users/?login=b&role={acme}")).await.refused(400, 10, "role");
        assert_eq!(admin.get("users/?login=b").await.ok().ids(), [""; 0]);
        bed.must_be_sound().await;
    }

    async fn an_unknown_user_is_error_7_and_the_owner_of_a_list_error_5(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        for id in [NOBODY, acme.as_str(), "anna", "%00x"] {
            let (status, code) = if id.starts_with('%') { (400, 1) } else { (404, 7) };
            admin.get(&format!("users/{id}")).await.refused(status, code, "");
            admin.put(&format!("users/{id}?surname=x")).await.refused(status, code, "");
            admin.delete(&format!("users/{id}")).await.refused(status, code, "");
        }
        let lists = ["roles", "roleinvitations", "givenmandates", "receivedmandates", "receivedmandatedelegations"];
        for list in lists {
            admin.get(&format!("users/{NOBODY}/{list}")).await.refused(404, 5, "user");
            admin.get(&format!("users/{acme}/{list}")).await.refused(404, 5, "user");
        }
        admin.get(&format!("organizations/{NOBODY}/users")).await.refused(404, 5, "organization");
    }

    async fn an_answer_repeats_path_and_method_but_never_the_query(bed: Bed) {
        let admin = bed.admin();
        let id = user(&admin, "anna").await;
        for (path, echo) in [
            (format!("users/{id}"), format!("/2.0/users/{id}")),
            (format!("users/{id}/"), format!("/2.0/users/{id}/")),
            ("users".to_owned(), "/2.0/users".to_owned()),
            ("users/?surname=x".to_owned(), "/2.0/users/".to_owned()),
            (format!("users/{id}/roles/"), format!("/2.0/users/{id}/roles/")),
        ] {
            let answer = admin.get(&path).await.ok();
            assert!(answer.text().contains(&format!("inResponseTo=\"{echo}\" method=\"GET\"")), "{}", answer.text());
            assert!(!answer.text().contains("password"));
            assert_eq!(answer.header("content-type"), "application/xml;charset=UTF-8");
            assert_eq!(answer.header("cache-control"), "no-store");
            assert!(!answer.header("x-request-id").is_empty());
        }
        let made = admin.post("users/?login=b").await.ok();
        assert!(made.text().contains("inResponseTo=\"/2.0/users/\" method=\"POST\""));
        let gone = admin.delete(&format!("users/{id}")).await.ok();
        assert!(gone.text().contains(&format!("inResponseTo=\"/2.0/users/{id}\" method=\"DELETE\"")));
    }

    async fn mod010_deletes_once(bed: Bed) {
        let admin = bed.admin();
        let (anna, bertil) = (user(&admin, "anna").await, user(&admin, "bertil").await);
        admin.delete(&format!("users/{anna}?recursive=true")).await.refused(400, 1, "recursive");
        assert_eq!(admin.delete(&format!("users/{anna}")).await.ok().id(), anna);
        admin.delete(&format!("users/{anna}")).await.refused(404, 7, "user");
        in_order(&admin.get("users").await.ok().ids(), &[&bertil]);
        admin.get(&format!("users/{bertil}?entities=true")).await.refused(400, 1, "entities");
    }

    async fn every_text_that_xml_can_carry_comes_back_as_it_was(bed: Bed) {
        let admin = bed.admin();
        let id = user(&admin, "anna").await;
        for (sent, text) in [
            ("a%0D%0Ab%09c%0Ad", "a\r\nb\tc\nd"),
            ("%20%20leading%20and%20trailing%20", "  leading and trailing "),
            ("a+b%2Bc", "a b+c"),
            ("%3Cb%3E%26amp%3B%22%27%5D%5D%3E", "<b>&amp;\"']]>"),
            ("%F0%9F%98%80%E2%80%A8%C2%A0%EF%BF%BD", "😀\u{2028}\u{a0}\u{fffd}"),
        ] {
            admin.put(&format!("users/{id}?age={sent}&surname={sent}")).await.ok();
            let read = admin.get(&format!("users/{id}")).await.ok();
            assert_eq!((read.value("age"), read.value("surname")), (text.to_owned(), text.to_owned()));
            in_order(&admin.get(&format!("users?age={sent}&exactMatch=true")).await.ok().ids(), &[&id]);
            in_order(&admin.get(&format!("users?surname={sent}")).await.ok().ids(), &[&id]);
        }
        for (bad, words) in [("%01", "age"), ("%EF%BF%BE", "age"), ("%1F", "age"), ("%00", ""), ("%FF", ""), ("%ED%A0%80", "")] {
            admin.put(&format!("users/{id}?age={bad}")).await.refused(400, 1, words);
            admin.get(&format!("users?age={bad}")).await.refused(400, 1, words);
        }
        admin.put(&format!("users/{id}?email=nobody")).await.refused(400, 1, "email");
        admin.put(&format!("users/{id}?login={}", "x".repeat(256))).await.refused(400, 1, "login");
        bed.must_be_sound().await;
    }
}

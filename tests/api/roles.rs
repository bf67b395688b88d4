//! Roles: `/roles` (REQ005, REQ051), and who has them (`/users/{id}/roles/{role}`, `/roles/{id}/users`).

use super::{in_order, make, organization, role, user};
use crate::on_both;

const NOBODY: &str = "018f0000-0000-7000-8000-000000000000";

on_both! {
    async fn a_role_is_made_read_changed_and_deleted(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let made = admin
            .post(&format!("roles/?name=Clerk&organization={acme}&friendlyName=The%20clerk&description=Clerks"))
            .await
            .ok();
        assert!(made.text().contains("<Roles ") && made.text().contains("inResponseTo=\"/2.0/roles/\" method=\"POST\""));
        let address = format!("roles/{}", made.id());
        let read = admin.get(&address).await.ok();
        for (name, value) in [
            ("name", "Clerk"),
            ("entityName", "acme/Clerk"),
            ("friendlyName", "The clerk"),
            ("description", "Clerks"),
            ("organization", &acme),
        ] {
            assert_eq!(read.value(name), value, "{name}");
        }
        assert!(read.text().contains(&format!("<Value type=\"organization\">{acme}</Value>")));
        assert_eq!(admin.get("roles/acme%2FClerk").await.ok().value("name"), "Clerk");
        assert_eq!(admin.put(&format!("{address}?name=Chief,%20%C3%84%C3%B6_1.-&description=")).await.ok().id(), made.id());
        let read = admin.get(&address).await.ok();
        assert_eq!(read.value("entityName"), "acme/Chief, Äö_1.-");
        assert_eq!(read.values("description"), [""; 0]);
        assert_eq!(read.value("friendlyName"), "The clerk");
        assert_eq!(admin.delete(&address).await.ok().id(), made.id());
        admin.get(&address).await.refused(404, 7, "role");
        bed.must_be_sound().await;
    }

    async fn a_role_that_cannot_be_is_refused(bed: Bed) {
        let admin = bed.admin();
        let (acme, other) = (organization(&admin, "acme").await, organization(&admin, "other").await);
        let clerk = role(&admin, &acme, "Clerk").await;
        let chief = role(&admin, &acme, "Chief").await;
        role(&admin, &other, "Clerk").await;
        make(&admin, "roles/?name=Typed&organizationId=acme").await;
        for (query, status, code, name) in [
            (format!("name=Clerk&organization={acme}"), 409, 4, "name"),
            (format!("organization={acme}"), 400, 1, "name"),
            ("name=Clerk".to_owned(), 400, 1, "organization"),
            (format!("name=a/b&organization={acme}"), 400, 1, "name"),
            (format!("name=%C3%A9&organization={acme}"), 400, 1, "name"),
            (format!("name=%20&organization={acme}"), 400, 1, "name"),
            (format!("name=X&organization={NOBODY}"), 404, 5, "organization"),
            (format!("name=X&organization={clerk}"), 404, 5, "organization"),
            (format!("name=X&organization={acme}&entityName=x"), 400, 1, "entityName"),
            (format!("name=X&organization={acme}&pwd=x"), 400, 1, "pwd"),
        ] {
            admin.post(&format!("roles/?{query}")).await.refused(status, code, name);
        }
        admin.put(&format!("roles/{chief}?name=Clerk")).await.refused(409, 4, "name");
        admin.put(&format!("roles/{chief}?name=")).await.refused(400, 1, "name");
        admin.put(&format!("roles/{chief}?organization={other}")).await.refused(400, 1, "organization");
        for unknown in [NOBODY, acme.as_str(), "Clerk", "acme%2Fnobody"] {
            admin.get(&format!("roles/{unknown}")).await.refused(404, 7, "role");
        }
        bed.must_be_sound().await;
    }

    async fn req051_lists_every_role_and_takes_filters(bed: Bed) {
        let admin = bed.admin();
        let (acme, other) = (organization(&admin, "acme").await, organization(&admin, "other").await);
        let clerk = role(&admin, &acme, "Clerk").await;
        let chief = role(&admin, &acme, "Chief").await;
        let theirs = role(&admin, &other, "Clerk").await;
        for path in ["roles", "roles/"] {
            in_order(&admin.get(path).await.ok().ids(), &[&clerk, &chief, &theirs]);
        }
        in_order(&admin.get("roles?name=Cl").await.ok().ids(), &[&clerk, &theirs]);
        in_order(&admin.get(&format!("roles?organization={acme}")).await.ok().ids(), &[&clerk, &chief]);
        in_order(&admin.get("roles?organizationId=other").await.ok().ids(), &[&theirs]);
        in_order(&admin.get("roles?entityName=acme/").await.ok().ids(), &[&chief, &clerk]);
        in_order(&admin.get(&format!("roles?name=Clerk&organization={acme}")).await.ok().ids(), &[&clerk]);
        assert_eq!(admin.get("roles?name=Cl&exactMatch=true").await.ok().ids(), [""; 0]);
        let whole = admin.get("roles?entities=true&entityName=acme/Clerk").await.ok();
        assert!(whole.text().contains("<Value>acme/Clerk</Value>") && !whole.text().contains("other/"));
        admin.get("roles?login=x").await.refused(400, 1, "login");
        admin.get("roles?recursive=true").await.refused(400, 1, "recursive");
    }

    async fn assigning_is_idempotent_and_changes_nobodys_version(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let (clerk, chief) = (role(&admin, &acme, "Clerk").await, role(&admin, &acme, "Chief").await);
        let anna = user(&admin, "anna").await;
        let tags = || async {
            let user = bed.admin().get(&format!("users/{anna}")).await.ok();
            let role = bed.admin().get(&format!("roles/{clerk}")).await.ok();
            (user.header("etag").to_owned(), role.header("etag").to_owned(), user.header("last-modified").to_owned())
        };
        let before = tags().await;
        let address = format!("users/{anna}/roles/{clerk}");
        for _ in 0..2 {
            let answer = admin.put(&address).await.ok();
            assert_eq!(answer.id(), clerk);
            assert!(answer.text().contains("<Roles "), "{}", answer.text());
        }
        admin.put(&format!("users/{anna}/roles/acme%2FChief")).await.ok();
        in_order(&admin.get(&format!("users/{anna}/roles")).await.ok().ids(), &[&clerk, &chief]);
        in_order(&admin.get(&format!("roles/{clerk}/users")).await.ok().ids(), &[&anna]);
        for _ in 0..2 {
            assert_eq!(admin.delete(&address).await.ok().id(), clerk);
        }
        in_order(&admin.get(&format!("users/{anna}/roles/")).await.ok().ids(), &[&chief]);
        assert_eq!(admin.get(&format!("roles/{clerk}/users")).await.ok().ids(), [""; 0]);
        assert_eq!(tags().await, before);
        admin.put(&address).await.ok();
        in_order(&admin.get(&format!("roles/{clerk}/users")).await.ok().ids(), &[&anna]);
        bed.must_be_sound().await;
    }

    async fn assigning_what_is_not_there_is_refused(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let clerk = role(&admin, &acme, "Clerk").await;
        let anna = user(&admin, "anna").await;
        for method in ["PUT", "DELETE"] {
            let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
            let send = |path: String| {
                let (admin, method) = (bed.admin(), method.clone());
                async move { admin.send(method, &path, None).await }
            };
            send(format!("users/{anna}/roles/{NOBODY}")).await.refused(404, 7, "role");
            send(format!("users/{anna}/roles/{acme}")).await.refused(404, 7, "role");
            send(format!("users/{anna}/roles/acme%2Fnobody")).await.refused(404, 7, "role");
            send(format!("users/{NOBODY}/roles/{clerk}")).await.refused(404, 7, "user");
            send(format!("users/{anna}/roles/{clerk}?force=true")).await.refused(400, 1, "force");
        }
        bed.reader().put(&format!("users/{anna}/roles/{clerk}")).await.refused(403, 3, "create");
    }

    async fn roles_and_users_of_each_other_take_filters(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let (clerk, chief) = (role(&admin, &acme, "Clerk").await, role(&admin, &acme, "Chief").await);
        let (anna, bertil) = (user(&admin, "anna").await, user(&admin, "bertil").await);
        for (user, role) in [(&bertil, &clerk), (&anna, &clerk), (&anna, &chief)] {
            admin.put(&format!("users/{user}/roles/{role}")).await.ok();
        }
        in_order(&admin.get(&format!("roles/{clerk}/users")).await.ok().ids(), &[&anna, &bertil]);
        in_order(&admin.get(&format!("roles/{clerk}/users?login=b")).await.ok().ids(), &[&bertil]);
        in_order(&admin.get(&format!("users/{anna}/roles?name=Ch")).await.ok().ids(), &[&chief]);
        in_order(&admin.get(&format!("users/{anna}/roles?organization={acme}")).await.ok().ids(), &[&clerk, &chief]);
        let whole = admin.get(&format!("users/{bertil}/roles?entities=true")).await.ok();
        assert!(whole.text().contains("<Value>acme/Clerk</Value>") && !whole.text().contains("Chief"));
        admin.get(&format!("roles/{NOBODY}/users")).await.refused(404, 5, "role");
        admin.get(&format!("users/{anna}/roles?recursive=true")).await.refused(400, 1, "recursive");
    }
}

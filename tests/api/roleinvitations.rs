//! Role invitations: `/roleinvitations` (REQ011, `REQ011c`), made, read and withdrawn.

use super::{in_order, invitation, make, organization, role, user};
use crate::on_both;

const NOBODY: &str = "018f0000-0000-7000-8000-000000000000";

on_both! {
    async fn an_invitation_is_made_for_a_user_or_an_address_and_withdrawn_once(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let (clerk, chief) = (role(&admin, &acme, "Clerk").await, role(&admin, &acme, "Chief").await);
        let (anna, bertil) = (user(&admin, "anna").await, user(&admin, "bertil").await);
        let made = admin
            .post(&format!("roleinvitations/?user={anna}&role={clerk}&role=acme/Chief&inviter={bertil}&message=Tervetuloa"))
            .await
            .ok();
        assert!(made.text().contains("<RoleInvitations "));
        let address = format!("roleinvitations/{}", made.id());
        let read = admin.get(&address).await.ok();
        for (name, value) in [("user", &anna), ("inviter", &bertil)] {
            assert_eq!(read.value(name), *value, "{name}");
            assert!(read.text().contains(&format!("<Value type=\"user\">{value}</Value>")));
        }
        assert_eq!(read.values("role"), [clerk.clone(), chief.clone()]);
        assert_eq!(read.value("message"), "Tervetuloa");
        assert_eq!(read.value("state"), "Sent");
        assert!(read.value("expires").ends_with('Z'), "{}", read.value("expires"));
        assert_eq!(read.values("email"), [""; 0]);
        let by_mail = make(&admin, &format!("roleinvitations/?email=uusi@example.org&role={clerk}")).await;
        let mailed = admin.get(&format!("roleinvitations/{by_mail}")).await.ok();
        assert_eq!(mailed.value("email"), "uusi@example.org");
        assert_eq!(mailed.value("inviter"), "admin");
        bed.reader().delete(&address).await.refused(403, 3, "roleinvitation");
        assert_eq!(admin.delete(&address).await.ok().id(), made.id());
        assert_eq!(admin.get(&address).await.ok().value("state"), "Withdrawn");
        admin.delete(&address).await.refused(409, 15, "state");
        bed.must_be_sound().await;
    }

    async fn an_invitation_that_cannot_be_is_refused(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let clerk = role(&admin, &acme, "Clerk").await;
        let anna = user(&admin, "anna").await;
        for (query, code, name) in [
            (format!("role={clerk}"), 1, "user"),
            (format!("role={clerk}&user={anna}&email=a@example.org"), 1, "user"),
            (format!("user={anna}"), 1, "role"),
            (format!("user={NOBODY}&role={clerk}"), 10, "user"),
            (format!("user={clerk}&role={clerk}"), 10, "user"),
            (format!("user={anna}&role={anna}"), 10, "role"),
            (format!("user={anna}&role={clerk}&inviter={acme}"), 10, "inviter"),
            (format!("email=nobody&role={clerk}"), 1, "email"),
            (format!("user={anna}&role={clerk}&state=Accepted"), 1, "state"),
            (format!("user={anna}&role={clerk}&expires=yesterday"), 1, "expires"),
            (format!("user={anna}&role={clerk}&expires=2001-01-01T00:00:00Z"), 1, "expires"),
            (format!("user={anna}&role={clerk}&token=x"), 1, "token"),
        ] {
            admin.post(&format!("roleinvitations/?{query}")).await.refused(400, code, name);
        }
        let later = make(&admin, &format!("roleinvitations?user={anna}&role={clerk}&expires=4102444800000")).await;
        let read = admin.get(&format!("roleinvitations/{later}")).await.ok();
        assert_eq!(read.value("expires"), "2100-01-01T00:00:00Z");
        admin.put(&format!("roleinvitations/{later}?message=x")).await.refused(405, 13, "");
        admin.get(&format!("roleinvitations/{anna}")).await.refused(404, 7, "roleinvitation");
    }

    async fn req011_lists_every_invitation_and_req011c_those_of_a_user(bed: Bed) {
        let admin = bed.admin();
        let (acme, other) = (organization(&admin, "acme").await, organization(&admin, "other").await);
        let (clerk, agent) = (role(&admin, &acme, "Clerk").await, role(&admin, &other, "Agent").await);
        let (anna, bertil) = (user(&admin, "anna").await, user(&admin, "bertil").await);
        let first = invitation(&admin, &anna, &clerk).await;
        let second = invitation(&admin, &bertil, &agent).await;
        let third = invitation(&admin, &anna, &agent).await;
        let mailed = make(&admin, &format!("roleinvitations/?email=uusi@example.org&role={clerk}&role={agent}")).await;
        let lists: [(String, Vec<&String>); 10] = [
            ("roleinvitations".to_owned(), vec![&first, &second, &third, &mailed]),
            ("roleinvitations/".to_owned(), vec![&first, &second, &third, &mailed]),
            (format!("users/{anna}/roleinvitations"), vec![&first, &third]),
            (format!("users/{bertil}/roleinvitations/"), vec![&second]),
            (format!("organizations/{acme}/roleinvitations"), vec![&first, &mailed]),
            (format!("organizations/{other}/roleinvitations"), vec![&second, &third, &mailed]),
            ("roleinvitations?email=uusi".to_owned(), vec![&mailed]),
            (format!("roleinvitations?role={clerk}"), vec![&first, &mailed]),
            (format!("roleinvitations?user={anna}&role=other/Agent"), vec![&third]),
            ("roleinvitations?state=Withdrawn".to_owned(), vec![]),
        ];
        for (address, wanted) in &lists {
            let answer = admin.get(address).await.ok();
            in_order(&answer.ids(), wanted);
            let path = address.split('?').next().unwrap();
            assert!(answer.text().contains(&format!("inResponseTo=\"/2.0/{path}\"")), "{}", answer.text());
        }
        admin.get("roleinvitations?entities=true").await.refused(400, 1, "entities");
        admin.get(&format!("users/{anna}/roleinvitations?entities=true")).await.refused(400, 1, "entities");
        admin.get("roleinvitations?exactMatch=true&message=x").await.ok();
    }
}

//! Who comes to be when an invitation by mail is accepted, and what a user who is invited gets.

use super::{association, every_mail, mails, no_good, token};
use crate::api::{below, make, organization, role, same, virtual_organization};
use crate::on_both;

const PWD: &str = "pwd=a+long+enough+secret";

on_both! {
    async fn whoever_accepts_by_mail_becomes_an_enabled_user_with_the_roles(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let (clerk, chief) = (role(&admin, &acme, "Clerk").await, role(&admin, &acme, "Chief").await);
        let address = format!("roleinvitations/?email=Uusi@example.org&role={clerk}&role={chief}&locale=fi&message=Tervetuloa");
        let id = make(&admin, &address).await;
        let mail = mails(&bed, "Uusi@example.org").await.pop().unwrap().mail;
        for words in ["Clerk", "Chief", "acme", "admin", "Tervetuloa"] {
            assert!(mail.body.contains(words), "{words}: {}", mail.body);
        }
        let good = token(&bed, "Uusi@example.org").await;
        let said = "login=uusi&firstname=Uusi&surname=K%C3%A4ytt%C3%A4j%C3%A4&mobile=%2B3581&locale=sv";
        let answer = bed.anonymous().put(&format!("roleinvitations/{id}/accept?token={good}&{PWD}&{said}")).await.ok();
        assert_eq!(answer.id(), id);
        assert!(answer.text().contains("<RoleInvitations "));
        let user = admin.get("users?login=uusi&exactMatch=true").await.ok().id();
        let read = admin.get(&format!("users/{user}")).await.ok();
        for (name, value) in [
            ("login", "uusi"), ("email", "Uusi@example.org"), ("firstname", "Uusi"), ("surname", "Käyttäjä"),
            ("mobile", "+3581"), ("locale", "sv"), ("status", "Enabled"), ("organization", "acme"),
            ("organizationId", &acme), ("pwd.activated", "true"),
        ] {
            assert_eq!(read.value(name), value, "{name}");
        }
        same(admin.get(&format!("users/{user}/roles")).await.ok().ids(), &[&clerk, &chief]);
        let now = admin.get(&format!("roleinvitations/{id}")).await.ok();
        assert_eq!((now.value("state"), now.value("user")), ("Accepted".to_owned(), user.clone()));
        assert_eq!(admin.get(&format!("users/{user}/roleinvitations")).await.ok().ids(), [id]);
        bed.must_be_sound().await;
    }

    async fn the_login_is_the_address_unless_said_and_the_home_is_the_nearest_normal_organization(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let network = virtual_organization(&admin, "network").await;
        let under = make(&admin, &format!("organizations/?technicalName=inner&virtual=true&parentOrganizationId={acme}")).await;
        let deep = make(&admin, &format!("organizations/?technicalName=deep&virtual=true&parentOrganizationId={under}")).await;
        for (owner, home) in [(&network, "root"), (&deep, "acme")] {
            let member = role(&admin, owner, "Member").await;
            let to = format!("{home}@example.org");
            let id = make(&admin, &format!("roleinvitations/?email={to}&role={member}&locale=fi-FI")).await;
            let good = token(&bed, &to).await;
            bed.anonymous().put(&format!("roleinvitations/{id}/accept?token={good}&{PWD}&login=")).await.ok();
            let user = admin.get(&format!("users?login={to}")).await.ok().id();
            let read = admin.get(&format!("users/{user}")).await.ok();
            assert_eq!(read.value("organization"), home);
            assert_eq!(read.value("locale"), "fi-FI");
        }
    }

    async fn a_user_who_is_invited_gets_the_roles_by_token_or_by_a_client(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let (clerk, chief) = (role(&admin, &acme, "Clerk").await, role(&admin, &acme, "Chief").await);
        let anna = make(&admin, "users/?login=anna&email=anna@example.org").await;
        let mute = make(&admin, "users/?login=mute").await;
        let by_token = make(&admin, &format!("roleinvitations/?user={anna}&role={clerk}")).await;
        let good = token(&bed, "anna@example.org").await;
        let path = format!("roleinvitations/{by_token}/accept?token={good}");
        bed.anonymous().put(&format!("{path}&{PWD}")).await.refused(400, 1, "pwd");
        bed.anonymous().put(&format!("{path}&firstname=Eve")).await.refused(400, 1, "registered already");
        bed.anonymous().put(&path).await.ok();
        assert_eq!(admin.get(&format!("users/{anna}/roles")).await.ok().ids(), std::slice::from_ref(&clerk));
        let before = every_mail(&bed).await.len();
        let quiet = make(&admin, &format!("roleinvitations/?user={mute}&role={chief}&role={clerk}")).await;
        assert_eq!(every_mail(&bed).await.len(), before);
        let address = format!("roleinvitations/{quiet}");
        admin.put(&format!("{address}/resend")).await.refused(409, 15, "email");
        admin.put(&format!("{address}/accept?user={anna}")).await.refused(400, 10, "user");
        admin.put(&format!("{address}/accept?user=anna")).await.refused(400, 10, "user");
        admin.put(&format!("{address}/accept")).await.ok();
        same(admin.get(&format!("users/{mute}/roles")).await.ok().ids(), &[&clerk, &chief]);
        bed.must_be_sound().await;
    }

    async fn a_client_accepts_by_mail_only_for_a_user_that_exists(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let clerk = role(&admin, &acme, "Clerk").await;
        let anna = make(&admin, "users/?login=anna").await;
        let id = make(&admin, &format!("roleinvitations/?email=uusi@example.org&role={clerk}")).await;
        let address = format!("roleinvitations/{id}/accept");
        admin.put(&address).await.refused(400, 1, "user");
        admin.put(&format!("{address}?login=new&{PWD}")).await.refused(400, 1, "user");
        admin.put(&format!("{address}?user={clerk}")).await.refused(400, 10, "user");
        admin.put(&format!("{address}?user={anna}&{PWD}")).await.refused(400, 1, "user");
        bed.reader().put(&format!("{address}?user={anna}")).await.refused(403, 3, "roleinvitation");
        admin.put(&format!("{address}?user={anna}")).await.ok();
        assert_eq!(admin.get(&format!("users/{anna}/roles")).await.ok().ids(), [clerk]);
        assert_eq!(admin.get(&format!("roleinvitations/{id}")).await.ok().value("user"), anna);
    }

    async fn a_disabled_user_takes_no_roles_by_accepting(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let clerk = role(&admin, &acme, "Clerk").await;
        let anna = make(&admin, "users/?login=anna&email=anna@example.org&status=Disabled").await;
        let id = make(&admin, &format!("roleinvitations/?user={anna}&role={clerk}")).await;
        let good = token(&bed, "anna@example.org").await;
        bed.anonymous().put(&format!("roleinvitations/{id}/accept?token={good}")).await.refused(409, 15, "Disabled");
        admin.put(&format!("users/{anna}?status=Enabled")).await.ok();
        bed.anonymous().put(&format!("roleinvitations/{id}/accept?token={good}")).await.ok();
    }

    async fn the_last_role_that_is_deleted_ends_an_open_invitation_and_its_token(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let inner = below(&admin, &acme, "inner").await;
        let (clerk, chief) = (role(&admin, &acme, "Clerk").await, role(&admin, &inner, "Chief").await);
        let open = make(&admin, &format!("roleinvitations/?email=uusi@example.org&role={clerk}&role={chief}")).await;
        let anna = make(&admin, "users/?login=anna&email=anna@example.org").await;
        let done = make(&admin, &format!("roleinvitations/?user={anna}&role={clerk}")).await;
        admin.put(&format!("roleinvitations/{done}/decline")).await.ok();
        admin.delete(&format!("roles/{clerk}")).await.ok();
        let read = admin.get(&format!("roleinvitations/{open}")).await.ok();
        assert_eq!((read.value("state"), read.value("role")), ("Sent".to_owned(), chief.clone()));
        assert_eq!(admin.get(&format!("roleinvitations/{done}")).await.ok().value("state"), "Declined");
        let good = token(&bed, "uusi@example.org").await;
        admin.delete(&format!("roles/{chief}")).await.ok();
        assert_eq!(admin.get(&format!("roleinvitations/{open}")).await.ok().value("state"), "Withdrawn");
        no_good(bed.anonymous().put(&format!("roleinvitations/{open}/accept?token={good}&{PWD}")).await);
        bed.must_be_sound().await;
    }

    async fn approval_keeps_a_new_user_pending_and_without_roles(bed: Bed) {
        let admin = bed.admin();
        let club = association(&admin, "club").await;
        let member = role(&admin, &club, "Member").await;
        let id = make(&admin, &format!("roleinvitations/?email=uusi@example.org&role={member}")).await;
        let good = token(&bed, "uusi@example.org").await;
        bed.anonymous().put(&format!("roleinvitations/{id}/accept?token={good}&{PWD}")).await.ok();
        let user = admin.get("users?login=uusi@example.org").await.ok().id();
        assert_eq!(admin.get(&format!("users/{user}")).await.ok().value("status"), "Pending");
        assert!(admin.get(&format!("users/{user}/roles")).await.ok().ids().is_empty());
        let workflow = admin.get(&format!("workflows?user={user}&state=Pending")).await.ok().id();
        let read = admin.get(&format!("workflows/{workflow}")).await.ok();
        for (name, value) in [
            ("type", "registration"), ("state", "Pending"), ("user", &user), ("organization", &club),
            ("role", &member), ("createdBy", "admin"), ("decidedBy", ""), ("decided", ""),
        ] {
            assert_eq!(read.value(name), value, "{name}");
        }
        assert!(read.value("created").ends_with('Z'));
    }
}

//! Users that are invited: POST `/users/invite`, PUT `/users/{id}/reinvite`.

use super::{association, every_mail, link, mails, no_good, token, users};
use crate::api::{make, organization, role};
use crate::on_both;

const PWD: &str = "pwd=a+long+enough+secret";

on_both! {
    async fn an_invited_user_waits_until_it_registers_by_its_mail(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let clerk = role(&admin, &acme, "Clerk").await;
        let bertil = make(&admin, "users/?login=bertil&firstname=Bertil&surname=Berg").await;
        let query = format!("email=uusi@example.org&firstname=Uusi&organizationId={acme}&role={clerk}&message=Hei&inviter={bertil}");
        let invited = admin.post(&format!("users/invite?{query}")).await.ok();
        assert!(invited.text().contains("<Users "));
        let id = invited.id();
        let read = admin.get(&format!("users/{id}")).await.ok();
        for (name, value) in [
            ("login", "uusi@example.org"), ("status", "Waiting for registration"), ("pwd.activated", "false"),
            ("organization", "acme"),
        ] {
            assert_eq!(read.value(name), value, "{name}");
        }
        assert_eq!(admin.get("users?status=5").await.ok().ids(), std::slice::from_ref(&id));
        assert!(admin.get(&format!("users/{id}/roles")).await.ok().ids().is_empty());
        let invitation = admin.get(&format!("users/{id}/roleinvitations")).await.ok().id();
        let mail = mails(&bed, "uusi@example.org").await.pop().unwrap().mail;
        for words in ["Bertil Berg", "acme", "Clerk", "Hei"] {
            assert!(mail.body.contains(words), "{words}: {}", mail.body);
        }
        let (path, good) = link(&bed, "uusi@example.org").await;
        assert_eq!(path, format!("roleinvitations/{invitation}/accept"));
        bed.anonymous().put(&format!("{path}?token={good}")).await.refused(400, 1, "pwd");
        bed.anonymous().put(&format!("{path}?token={good}&{PWD}&login=bertil")).await.refused(409, 4, "login");
        bed.anonymous().put(&format!("{path}?token={good}&{PWD}&login=uusi&surname=Nyman")).await.ok();
        let read = admin.get(&format!("users/{id}")).await.ok();
        for (name, value) in [
            ("login", "uusi"), ("status", "Enabled"), ("pwd.activated", "true"), ("firstname", "Uusi"),
            ("surname", "Nyman"), ("email", "uusi@example.org"),
        ] {
            assert_eq!(read.value(name), value, "{name}");
        }
        assert_eq!(admin.get(&format!("users/{id}/roles")).await.ok().ids(), [clerk]);
        no_good(bed.anonymous().put(&format!("{path}?token={good}&{PWD}")).await);
        bed.must_be_sound().await;
    }

    async fn an_invitation_that_cannot_be_made_leaves_no_user(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let network = make(&admin, "organizations/?technicalName=network&virtual=true").await;
        make(&admin, "users/?login=taken").await;
        let count = users(&admin).await;
        for (query, status, code, words) in [
            (String::new(), 400, 1, "email"),
            ("email=".to_owned(), 400, 1, "email"),
            ("email=nobody".to_owned(), 400, 1, "email"),
            ("email=a@b..fi".to_owned(), 400, 1, "email"),
            (format!("email=a@b.fi&{PWD}"), 400, 1, "pwd"),
            ("email=a@b.fi&status=Enabled".to_owned(), 400, 1, "status"),
            ("email=a@b.fi&pwd.activated=true".to_owned(), 400, 1, "pwd.activated"),
            ("email=a@b.fi&nonsense=1".to_owned(), 400, 1, "nonsense"),
            ("email=a@b.fi&token=1".to_owned(), 400, 1, "token"),
            ("email=a@b.fi&login=taken".to_owned(), 409, 4, "login"),
            (format!("email=a@b.fi&role={acme}"), 400, 10, "role"),
            (format!("email=a@b.fi&inviter={acme}"), 400, 10, "inviter"),
            (format!("email=a@b.fi&organizationId={network}"), 409, 9, "organizationId"),
            ("email=a@b.fi&organization=nowhere".to_owned(), 404, 5, "organizationId"),
        ] {
            admin.post(&format!("users/invite?{query}")).await.refused(status, code, words);
        }
        bed.reader().post("users/invite?email=a@b.fi").await.refused(403, 3, "user");
        assert_eq!(users(&admin).await, count);
        assert!(admin.get("roleinvitations").await.ok().ids().is_empty());
        assert!(every_mail(&bed).await.is_empty());
    }

    async fn inviting_again_answers_its_own_document_and_makes_the_old_mail_worthless(bed: Bed) {
        let admin = bed.admin();
        let id = make(&admin, "users/invite?email=uusi@example.org&locale=fi").await;
        let (path, old) = link(&bed, "uusi@example.org").await;
        let answer = admin.put(&format!("users/{id}/reinvite")).await.ok();
        let document = format!(
            "<ReinviteResponse xmlns=\"http://schema.ubisecure.com/customerid/api\" \
             inResponseTo=\"/2.0/users/{id}/reinvite\" method=\"PUT\"><userId>{id}</userId>\
             <email>uusi@example.org</email></ReinviteResponse>"
        );
        assert!(answer.text().ends_with(&document), "{}", answer.text());
        let again = token(&bed, "uusi@example.org").await;
        assert_ne!(again, old);
        no_good(bed.anonymous().put(&format!("{path}?token={old}&{PWD}")).await);
        bed.reader().put(&format!("users/{id}/reinvite")).await.refused(403, 3, "user");
        admin.put(&format!("users/{id}?email=")).await.ok();
        admin.put(&format!("users/{id}/reinvite")).await.refused(409, 15, "email");
        admin.put(&format!("users/{id}?email=toinen@example.org")).await.ok();
        admin.put(&format!("users/{id}/reinvite")).await.ok();
        let (path, good) = link(&bed, "toinen@example.org").await;
        bed.anonymous().put(&format!("{path}?token={good}&{PWD}")).await.ok();
        admin.put(&format!("users/{id}/reinvite")).await.refused(409, 15, "status");
        assert_eq!(admin.get(&format!("users/{id}/roleinvitations")).await.ok().ids().len(), 1);
    }

    async fn whose_invitation_ended_waits_no_more_and_can_be_enabled_by_hand(bed: Bed) {
        let admin = bed.admin();
        for (name, decline) in [("one", true), ("two", false)] {
            let id = make(&admin, &format!("users/invite?email={name}@example.org")).await;
            let (path, good) = link(&bed, &format!("{name}@example.org")).await;
            if decline {
                let path = path.replace("/accept", "/decline");
                bed.anonymous().put(&format!("{path}?token={good}")).await.ok();
            } else {
                admin.delete(path.strip_suffix("/accept").unwrap()).await.ok();
            }
            assert_eq!(admin.get(&format!("users/{id}")).await.ok().value("status"), "Not initialized");
            admin.put(&format!("users/{id}/reinvite")).await.refused(409, 15, "status");
            admin.put(&format!("users/{id}?status=Enabled")).await.ok();
        }
    }

    async fn a_waiting_user_registers_through_whichever_invitation_it_accepts(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let clerk = role(&admin, &acme, "Clerk").await;
        let id = make(&admin, "users/invite?email=uusi@example.org").await;
        let (first, registering) = link(&bed, "uusi@example.org").await;
        let more = make(&admin, &format!("roleinvitations/?user={id}&role={clerk}")).await;
        admin.put(&format!("roleinvitations/{more}/decline")).await.ok();
        assert_eq!(admin.get(&format!("users/{id}")).await.ok().value("status"), "Waiting for registration");
        let again = make(&admin, &format!("roleinvitations/?user={id}&role={clerk}")).await;
        let good = token(&bed, "uusi@example.org").await;
        bed.anonymous().put(&format!("roleinvitations/{again}/accept?token={good}&{PWD}")).await.ok();
        assert_eq!(admin.get(&format!("users/{id}")).await.ok().value("status"), "Enabled");
        bed.anonymous().put(&format!("{first}?token={registering}")).await.ok();
        assert_eq!(admin.get(&format!("users/{id}")).await.ok().value("status"), "Enabled");
    }

    async fn approval_of_the_home_organization_comes_after_the_registration(bed: Bed) {
        let admin = bed.admin();
        let club = association(&admin, "club").await;
        let id = make(&admin, &format!("users/invite?email=uusi@example.org&organizationId={club}")).await;
        let (path, good) = link(&bed, "uusi@example.org").await;
        bed.anonymous().put(&format!("{path}?token={good}&{PWD}")).await.ok();
        assert_eq!(admin.get(&format!("users/{id}")).await.ok().value("status"), "Pending");
        admin.put(&format!("users/{id}?status=Enabled")).await.refused(409, 15, "status");
        let workflow = admin.get("workflows?type=registration").await.ok().id();
        admin.put(&format!("workflows/{workflow}/approve")).await.ok();
        assert_eq!(admin.get(&format!("users/{id}")).await.ok().value("status"), "Enabled");
    }

    async fn a_document_invites_as_parameters_do(bed: Bed) {
        let admin = bed.admin().header("Content-Type", "application/xml");
        let body = "<User xmlns=\"http://schema.ubisecure.com/customerid/api\"><Attribute name=\"email\">\
                    <Value>uusi@example.org</Value></Attribute><Attribute name=\"message\"><Value>Hei &amp; tervetuloa\
                    </Value></Attribute></User>";
        admin.send(reqwest::Method::POST, "users/invite", Some(body.into())).await.ok();
        let mail = mails(&bed, "uusi@example.org").await.pop().unwrap().mail;
        assert!(mail.body.contains("Hei & tervetuloa"), "{}", mail.body);
    }
}

//! Invitations to a mandate: made with it, accepted and declined by whoever gets the mail.

use super::{link, mails, no_good, token, users};
use crate::api::{make, organization, role, user};
use crate::kit::Caller;
use crate::{on_both, on_both_still};

const PWD: &str = "pwd=a+long+enough+secret";
const FORTNIGHT: i64 = 14 * 86_400_000_000;

/// A mandate offered to an address: itself and its invitation.
async fn offered(admin: &Caller<'_>, from: &str, role: &str, to: &str) -> (String, String) {
    let mandate = make(admin, &format!("mandates/?mandater={from}&assigneeEmail={to}&role={role}")).await;
    let invitation = admin.get(&format!("mandateinvitations?mandate={mandate}")).await.ok().id();
    (mandate, invitation)
}

async fn states(admin: &Caller<'_>, mandate: &str, invitation: &str) -> (String, String) {
    let of = async |address: String| admin.get(&address).await.ok().value("state");
    (of(format!("mandates/{mandate}")).await, of(format!("mandateinvitations/{invitation}")).await)
}

fn both(mandate: &str, invitation: &str) -> (String, String) {
    (mandate.to_owned(), invitation.to_owned())
}

on_both! {
    async fn whoever_accepts_becomes_a_user_and_the_mandatee(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let clerk = role(&admin, &acme, "Clerk").await;
        let (mandate, invitation) = offered(&admin, &acme, &clerk, "uusi@example.org").await;
        let read = admin.get(&format!("mandateinvitations/{invitation}")).await.ok();
        for (name, value) in [
            ("mandate", mandate.as_str()), ("email", "uusi@example.org"), ("state", "Sent"), ("inviter", "admin"),
        ] {
            assert_eq!(read.value(name), value, "{name}");
        }
        assert_eq!(states(&admin, &mandate, &invitation).await, both("Invited", "Sent"));
        let mail = mails(&bed, "uusi@example.org").await.pop().unwrap().mail;
        assert!(mail.body.contains("Clerk") && mail.body.contains("acme"), "{}", mail.body);
        let (path, good) = link(&bed, "uusi@example.org").await;
        assert_eq!(path, format!("mandateinvitations/{invitation}/accept"));
        bed.anonymous().put(&path).await.refused(401, 2, "");
        no_good(bed.anonymous().put(&format!("{path}?token=x&{PWD}")).await);
        bed.anonymous().put(&format!("{path}?token={good}")).await.refused(400, 1, "pwd");
        bed.anonymous().put(&format!("{path}?token={good}&{PWD}&firstname=Uusi")).await.ok();
        let made = admin.get("users?login=uusi@example.org").await.ok().id();
        let read = admin.get(&format!("users/{made}")).await.ok();
        assert_eq!((read.value("status"), read.value("organization")), both("Enabled", "root"));
        assert_eq!(admin.get(&format!("mandates/{mandate}")).await.ok().value("mandatee"), made);
        assert_eq!(states(&admin, &mandate, &invitation).await, both("Active", "Accepted"));
        assert_eq!(admin.get(&format!("users/{made}/receivedmandates")).await.ok().ids(), [mandate]);
        no_good(bed.anonymous().put(&format!("{path}?token={good}&{PWD}")).await);
        bed.must_be_sound().await;
    }

    async fn a_user_accepts_with_login_and_password_and_a_client_for_any(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let clerk = role(&admin, &acme, "Clerk").await;
        let anna = make(&admin, &format!("users/?login=anna&{PWD}")).await;
        let bertil = user(&admin, "bertil").await;
        let count = users(&admin).await;
        let (mandate, invitation) = offered(&admin, &acme, &clerk, "uusi@example.org").await;
        let good = token(&bed, "uusi@example.org").await;
        let path = format!("mandateinvitations/{invitation}/accept?token={good}");
        no_good(bed.anonymous().put(&format!("{path}&login=anna&pwd=a+wrong+secret+phrase")).await);
        // Whoever holds no good token tries no passwords, and so locks nobody out.
        let guess = format!("mandateinvitations/{invitation}/accept?token=x&login=anna");
        for _ in 0..12 {
            no_good(bed.anonymous().put(&format!("{guess}&pwd=a+wrong+secret+phrase")).await);
            no_good(bed.anonymous().put(&format!("{guess}&{PWD}")).await);
        }
        no_good(bed.anonymous().put(&format!("{path}&login=bertil&{PWD}")).await);
        assert_eq!(states(&admin, &mandate, &invitation).await, both("Invited", "Sent"));
        bed.anonymous().put(&format!("{path}&login=ANNA&{PWD}")).await.ok();
        assert_eq!(admin.get(&format!("mandates/{mandate}")).await.ok().value("mandatee"), anna);
        let (mandate, invitation) = offered(&admin, &acme, &clerk, "muu@example.org").await;
        let address = format!("mandateinvitations/{invitation}");
        bed.reader().put(&format!("{address}/accept?user={bertil}")).await.refused(403, 3, "mandateinvitation");
        admin.put(&format!("{address}/accept")).await.refused(400, 1, "user");
        admin.put(&format!("{address}/accept?user={bertil}")).await.ok();
        assert_eq!(admin.get(&format!("mandates/{mandate}")).await.ok().value("mandatee"), bertil);
        assert_eq!(users(&admin).await, count);
        let own = make(&admin, &format!("mandates/?mandater={acme}&mandatee={anna}&role={clerk}")).await;
        assert!(admin.get(&format!("mandateinvitations?mandate={own}")).await.ok().ids().is_empty());
    }

    async fn wrong_passwords_of_who_holds_the_token_lock_the_user(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let clerk = role(&admin, &acme, "Clerk").await;
        let anna = make(&admin, &format!("users/?login=anna&{PWD}")).await;
        let (mandate, invitation) = offered(&admin, &acme, &clerk, "uusi@example.org").await;
        let good = token(&bed, "uusi@example.org").await;
        let path = format!("mandateinvitations/{invitation}/accept?token={good}&login=anna");
        for _ in 0..bed.server.service().config.users.lock_after {
            no_good(bed.anonymous().put(&format!("{path}&pwd=a+wrong+secret+phrase")).await);
        }
        no_good(bed.anonymous().put(&format!("{path}&{PWD}")).await);
        assert_eq!(admin.get(&format!("users/{anna}")).await.ok().value("status"), "Locked");
        assert_eq!(states(&admin, &mandate, &invitation).await, both("Invited", "Sent"));
    }

    async fn nobody_receives_a_mandate_that_he_gave(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let clerk = role(&admin, &acme, "Clerk").await;
        let anna = make(&admin, &format!("users/?login=anna&role={clerk}&{PWD}")).await;
        let (mandate, invitation) = offered(&admin, &anna, &clerk, "uusi@example.org").await;
        let good = token(&bed, "uusi@example.org").await;
        let path = format!("mandateinvitations/{invitation}/accept?token={good}&login=anna&{PWD}");
        bed.anonymous().put(&path).await.refused(400, 10, "mandatee");
        assert_eq!(states(&admin, &mandate, &invitation).await, both("Invited", "Sent"));
    }

    async fn declining_rejects_the_mandate_and_revoking_it_withdraws_the_invitation(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let clerk = role(&admin, &acme, "Clerk").await;
        let (mandate, invitation) = offered(&admin, &acme, &clerk, "uusi@example.org").await;
        let good = token(&bed, "uusi@example.org").await;
        let path = format!("mandateinvitations/{invitation}/decline?token={good}");
        bed.anonymous().put(&path).await.ok();
        assert_eq!(states(&admin, &mandate, &invitation).await, both("Rejected", "Declined"));
        no_good(bed.anonymous().put(&path).await);
        let (mandate, invitation) = offered(&admin, &acme, &clerk, "muu@example.org").await;
        let good = token(&bed, "muu@example.org").await;
        admin.put(&format!("mandates/{mandate}/revoke")).await.ok();
        assert_eq!(states(&admin, &mandate, &invitation).await, both("Revoked", "Withdrawn"));
        no_good(bed.anonymous().put(&format!("mandateinvitations/{invitation}/accept?token={good}&{PWD}")).await);
        let (mandate, invitation) = offered(&admin, &acme, &clerk, "kolmas@example.org").await;
        admin.delete(&format!("mandates/{mandate}")).await.ok();
        admin.get(&format!("mandateinvitations/{invitation}")).await.refused(404, 7, "mandateinvitation");
        bed.must_be_sound().await;
    }

    async fn the_last_role_taken_from_the_mandater_ends_the_offer(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let clerk = role(&admin, &acme, "Clerk").await;
        let anna = make(&admin, &format!("users/?login=anna&role={clerk}")).await;
        let (mandate, invitation) = offered(&admin, &anna, &clerk, "uusi@example.org").await;
        admin.delete(&format!("users/{anna}/roles/{clerk}")).await.ok();
        assert_eq!(states(&admin, &mandate, &invitation).await, both("Revoked", "Withdrawn"));
    }

    async fn mandate_invitations_are_listed_and_not_made_by_hand(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let clerk = role(&admin, &acme, "Clerk").await;
        let (_, first) = offered(&admin, &acme, &clerk, "a@example.org").await;
        let (second_mandate, second) = offered(&admin, &acme, &clerk, "b@example.org").await;
        admin.put(&format!("mandateinvitations/{second}/decline")).await.ok();
        for (query, wanted) in [
            ("", vec![first.clone(), second.clone()]),
            ("?state=Sent", vec![first.clone()]),
            ("?state=Declined", vec![second.clone()]),
            ("?email=b@", vec![second.clone()]),
            (&format!("?mandate={second_mandate}"), vec![second.clone()]),
        ] {
            assert_eq!(admin.get(&format!("mandateinvitations{query}")).await.ok().ids(), wanted, "{query}");
        }
        admin.post("mandateinvitations?email=c@example.org").await.refused(405, 13, "");
        admin.delete(&format!("mandateinvitations/{first}")).await.refused(405, 13, "");
        admin.get("mandateinvitations?entities=true").await.refused(400, 1, "entities");
    }
}

on_both_still! { |_| ();
    async fn an_offer_expires_by_the_clock_and_can_be_sent_again(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let clerk = role(&admin, &acme, "Clerk").await;
        let (mandate, invitation) = offered(&admin, &acme, &clerk, "uusi@example.org").await;
        let old = token(&bed, "uusi@example.org").await;
        bed.advance(FORTNIGHT);
        assert_eq!(states(&admin, &mandate, &invitation).await, both("Invited", "Expired"));
        let path = format!("mandateinvitations/{invitation}/accept");
        no_good(bed.anonymous().put(&format!("{path}?token={old}&{PWD}")).await);
        admin.put(&format!("mandateinvitations/{invitation}/decline")).await.refused(409, 15, "Expired");
        admin.put(&format!("mandateinvitations/{invitation}/resend")).await.ok();
        let good = token(&bed, "uusi@example.org").await;
        no_good(bed.anonymous().put(&format!("{path}?token={old}&{PWD}")).await);
        bed.anonymous().put(&format!("{path}?token={good}&{PWD}")).await.ok();
        assert_eq!(states(&admin, &mandate, &invitation).await, both("Active", "Accepted"));
        admin.put(&format!("mandateinvitations/{invitation}/resend")).await.refused(409, 15, "Accepted");
    }
}

/// Where receivers must approve, accepting an invitation is not approving.
fn approving(config: &mut valtuus::config::Config) {
    config.mandates.approval = true;
}

crate::on_both_with! { approving;
    async fn with_approval_an_accepted_mandate_is_pending(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let clerk = role(&admin, &acme, "Clerk").await;
        let (mandate, invitation) = offered(&admin, &acme, &clerk, "uusi@example.org").await;
        let good = token(&bed, "uusi@example.org").await;
        bed.anonymous().put(&format!("mandateinvitations/{invitation}/accept?token={good}&{PWD}")).await.ok();
        assert_eq!(states(&admin, &mandate, &invitation).await, both("Pending", "Accepted"));
    }
}

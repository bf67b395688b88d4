//! Every state of an invitation × everything that can be done to it.

use super::{link, mails, no_good, role_of, token};
use crate::api::make;
use crate::kit::{Bed, Caller};
use crate::on_both_still;

const FORTNIGHT: i64 = 14 * 86_400_000_000;
const STATES: [&str; 5] = ["Sent", "Accepted", "Declined", "Expired", "Withdrawn"];
const STEPS: [&str; 4] = ["accept", "decline", "resend", "withdraw"];

/// What follows; `None` where that is no step.
fn after(state: &str, step: &str) -> Option<&'static str> {
    match (state, step) {
        ("Sent", "accept") => Some("Accepted"),
        ("Sent", "decline") => Some("Declined"),
        ("Sent" | "Expired", "resend") => Some("Sent"),
        ("Sent" | "Expired", "withdraw") => Some("Withdrawn"),
        _ => None,
    }
}

async fn step(caller: &Caller<'_>, address: &str, step: &str) -> crate::kit::Answer {
    match step {
        "withdraw" => caller.delete(address).await,
        other => caller.put(&format!("{address}/{other}")).await,
    }
}

/// Brings a fresh invitation into a state.
async fn bring(bed: &Bed, address: &str, state: &str) {
    let admin = bed.admin();
    match state {
        "Accepted" => drop(step(&admin, address, "accept").await.ok()),
        "Declined" => drop(step(&admin, address, "decline").await.ok()),
        "Withdrawn" => drop(step(&admin, address, "withdraw").await.ok()),
        "Expired" => bed.advance(FORTNIGHT),
        _ => {}
    }
    assert_eq!(admin.get(address).await.ok().value("state"), state);
}

on_both_still! { |_| ();
    async fn every_state_of_a_role_invitation_lets_happen_what_the_table_says(bed: Bed) {
        let admin = bed.admin();
        let clerk = role_of(&admin, "acme", "Clerk").await;
        for state in STATES {
            for what in STEPS {
                let name = format!("{}-{what}", state.to_lowercase());
                let to = format!("{name}@example.org");
                let user = make(&admin, &format!("users/?login={name}&email={to}")).await;
                let id = make(&admin, &format!("roleinvitations/?user={user}&role={clerk}")).await;
                let address = format!("roleinvitations/{id}");
                bring(&bed, &address, state).await;
                let (before, sent) = (admin.get(&address).await.ok(), mails(&bed, &to).await.len());
                let roles = admin.get(&format!("users/{user}/roles")).await.ok().ids();
                let answer = step(&admin, &address, what).await;
                let now = admin.get(&address).await.ok();
                if let Some(next) = after(state, what) {
                    assert_eq!(answer.ok().id(), id, "{state} {what}");
                    assert_eq!(now.value("state"), next, "{state} {what}");
                } else {
                    answer.refused(409, 15, &format!("state: the invitation is {state} already"));
                    assert_eq!(now.body, before.body, "{state} {what} changed something");
                    assert_eq!(now.header("etag"), before.header("etag"));
                }
                let resent = what == "resend" && after(state, what).is_some();
                assert_eq!(mails(&bed, &to).await.len(), sent + usize::from(resent), "{state} {what}");
                let accepted = what == "accept" && after(state, what).is_some();
                let held = admin.get(&format!("users/{user}/roles")).await.ok().ids();
                assert_eq!(held.len(), roles.len() + usize::from(accepted), "{state} {what}");
            }
        }
        bed.must_be_sound().await;
    }

    async fn an_invitation_expires_at_its_very_instant_in_answers_searches_and_use(bed: Bed) {
        let admin = bed.admin();
        let clerk = role_of(&admin, "acme", "Clerk").await;
        let id = make(&admin, &format!("roleinvitations/?email=uusi@example.org&role={clerk}")).await;
        let address = format!("roleinvitations/{id}");
        let (path, first) = link(&bed, "uusi@example.org").await;
        assert_eq!(path, format!("{address}/accept"));
        let found = async |state: &str| admin.get(&format!("roleinvitations?state={state}")).await.ok().ids();
        bed.advance(FORTNIGHT - 1);
        assert_eq!(admin.get(&address).await.ok().value("state"), "Sent");
        assert_eq!((found("Sent").await, found("Expired").await), (vec![id.clone()], vec![]));
        bed.advance(1);
        assert_eq!(admin.get(&address).await.ok().value("state"), "Expired");
        assert_eq!((found("Sent").await, found("Expired").await), (vec![], vec![id.clone()]));
        let late = format!("{path}?token={first}&pwd=a+long+enough+secret");
        no_good(bed.anonymous().put(&late).await);
        admin.put(&format!("{address}/resend")).await.ok();
        assert_eq!(admin.get(&address).await.ok().value("state"), "Sent");
        no_good(bed.anonymous().put(&late).await);
        let again = token(&bed, "uusi@example.org").await;
        bed.anonymous().put(&format!("{path}?token={again}&pwd=a+long+enough+secret")).await.ok();
        assert_eq!(found("Accepted").await, [id]);
    }

    async fn a_state_is_changed_only_by_who_may_and_only_of_the_version_named(bed: Bed) {
        let admin = bed.admin();
        let clerk = role_of(&admin, "acme", "Clerk").await;
        let user = make(&admin, "users/?login=anna&email=anna@example.org").await;
        let id = make(&admin, &format!("roleinvitations/?user={user}&role={clerk}")).await;
        let address = format!("roleinvitations/{id}");
        let stale = admin.clone().header("If-Match", "\"7-00000000\"");
        for what in STEPS {
            step(&bed.reader(), &address, what).await.refused(403, 3, "roleinvitation");
            step(&stale, &address, what).await.refused(412, 14, "version");
            step(&admin, &format!("roleinvitations/{user}"), what).await.refused(404, 7, "roleinvitation");
        }
        assert_eq!(admin.get(&address).await.ok().value("state"), "Sent");
    }
}

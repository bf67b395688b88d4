//! Validity windows of mandates: what the clock decides, at the very instants where it decides otherwise.

use std::slice::from_ref;

use super::{in_order, make, organization, role, user, user_of};
use crate::kit::Bed;
use crate::on_both_still;

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

/// An instant so many microseconds ahead, as a request says it.
fn at(bed: &Bed, ahead: i64) -> String {
    ((bed.now() + ahead) / 1_000).to_string()
}

on_both_still! { |_| ();
    async fn a_mandate_counts_from_its_first_to_before_its_last_instant(bed: Bed) {
        let admin = bed.admin();
        let (acme, other) = (organization(&admin, "acme").await, organization(&admin, "other").await);
        let clerk = role(&admin, &acme, "Clerk").await;
        let (anna, carl) = (user(&admin, "anna").await, user_of(&admin, &other, "carl").await);
        let window = format!("role={clerk}&validFrom={}&validUntil={}", at(&bed, DAY), at(&bed, 2 * DAY));
        let to_anna = make(&admin, &format!("mandates/?mandater={acme}&mandatee={anna}&{window}")).await;
        let to_other = make(&admin, &format!("mandates/?mandater={acme}&mandatee={other}&{window}")).await;
        let effective = async |who: &str| bed.admin().get(&format!("users/{who}/effectiveroles")).await.ok().ids();
        let states = async || {
            let mut found = Vec::new();
            for state in ["Active", "Expired"] {
                found.push(bed.admin().get(&format!("mandates?state={state}")).await.ok().ids().len());
            }
            (found, bed.admin().get(&format!("mandates/{to_anna}")).await.ok().value("state"))
        };
        let delegate = format!("mandates/{to_other}/delegations?user={carl}");
        admin.post(&delegate).await.refused(409, 15, "not in force");
        bed.advance(DAY - 1);
        assert_eq!(effective(&anna).await, [""; 0]);
        assert_eq!(states().await, (vec![2, 0], "Active".to_owned()));
        admin.post(&delegate).await.refused(409, 15, "not in force");
        bed.advance(1);
        assert_eq!(effective(&anna).await, from_ref(&clerk));
        let delegation = admin.post(&delegate).await.ok().id();
        assert_eq!(effective(&carl).await, from_ref(&clerk));
        bed.advance(DAY - 1);
        assert_eq!((effective(&anna).await, effective(&carl).await), (vec![clerk.clone()], vec![clerk.clone()]));
        assert_eq!(states().await, (vec![2, 0], "Active".to_owned()));
        let etag = admin.get(&format!("mandates/{to_anna}")).await.ok().header("etag").to_owned();
        bed.advance(1);
        assert_eq!((effective(&anna).await, effective(&carl).await), (vec![], vec![]));
        assert_eq!(states().await, (vec![0, 2], "Expired".to_owned()));
        assert_ne!(admin.get(&format!("mandates/{to_anna}")).await.ok().header("etag"), etag);
        admin.post(&format!("mandates/{to_other}/delegations?user={carl}")).await.refused(409, 15, "Expired");
        assert_eq!(admin.get(&format!("delegations/{delegation}")).await.ok().value("mandate"), to_other);
        bed.must_be_sound().await;
    }

    async fn a_search_by_state_finds_what_is_answered_whatever_is_stored(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let clerk = role(&admin, &acme, "Clerk").await;
        let anna = user(&admin, "anna").await;
        let to_anna = format!("mandates/?mandater={acme}&mandatee={anna}&role={clerk}");
        let endless = make(&admin, &to_anna).await;
        let long = make(&admin, &format!("{to_anna}&validUntil={}", at(&bed, 3 * DAY))).await;
        let short = make(&admin, &format!("{to_anna}&validUntil={}", at(&bed, DAY))).await;
        let invited = make(
            &admin,
            &format!("mandates/?mandater={acme}&role={clerk}&assigneeEmail=x@example.org&validUntil={}", at(&bed, 2 * DAY)),
        )
        .await;
        let revoked = make(&admin, &format!("{to_anna}&validUntil={}", at(&bed, DAY))).await;
        admin.put(&format!("mandates/{revoked}/revoke")).await.ok();
        let find = async |search: &str| bed.admin().get(&format!("mandates?{search}")).await.ok().ids();
        let entities = async |search: &str| {
            bed.admin().get(&format!("mandates?{search}&entities=true")).await.ok().text().matches("<Value>Expired</Value>").count()
        };
        in_order(&find("state=Active").await, &[&endless, &long, &short]);
        assert_eq!(find("state=Expired").await, [""; 0]);
        bed.advance(DAY);
        in_order(&find("state=Active").await, &[&endless, &long]);
        in_order(&find("state=Invited").await, &[&invited]);
        in_order(&find("state=Expired").await, &[&short]);
        in_order(&find("state=Revoked").await, &[&revoked]);
        bed.advance(2 * DAY);
        in_order(&find("state=active").await, &[&endless]);
        assert_eq!(find("state=Invited").await, [""; 0]);
        in_order(&find("state=Expired").await, &[&short, &invited, &long]);
        assert_eq!((entities("state=Expired").await, entities("name=").await), (3, 3));
        // The mandatee drives here, so these come as they were made.
        in_order(&find(&format!("state=Expired&mandatee={anna}")).await, &[&long, &short]);
        let page = admin.get("mandates?state=Expired&maxResults=2").await.ok();
        in_order(&page.ids(), &[&short, &invited]);
        let link = page.header("link").to_owned();
        let after = link.split("after=").nth(1).unwrap().split('>').next().unwrap();
        in_order(&find(&format!("state=Expired&maxResults=2&after={after}")).await, &[&long]);
        let given = admin.get(&format!("organizations/{acme}/givenmandates?state=Expired")).await.ok().ids();
        in_order(&given, &[&short, &invited, &long]);
    }

    async fn a_window_is_changed_only_while_that_means_something(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let clerk = role(&admin, &acme, "Clerk").await;
        let anna = user(&admin, "anna").await;
        let window = format!("validFrom={}&validUntil={}", at(&bed, DAY), at(&bed, 2 * DAY));
        let id = make(&admin, &format!("mandates/?mandater={acme}&mandatee={anna}&role={clerk}&{window}")).await;
        let put = async |what: String| bed.admin().put(&format!("mandates/{id}?{what}")).await;
        put(format!("validUntil={}", at(&bed, -1))).await.refused(400, 1, "validUntil");
        put(format!("validUntil={}", at(&bed, DAY))).await.refused(400, 1, "validFrom");
        put(format!("validFrom={}", at(&bed, 2 * DAY))).await.refused(400, 1, "validFrom");
        put("validUntil=soon".to_owned()).await.refused(400, 1, "validUntil");
        put(format!("validFrom={}", at(&bed, SECOND))).await.ok();
        put("validUntil=".to_owned()).await.ok();
        bed.advance(SECOND);
        put(format!("validFrom={}", at(&bed, DAY))).await.refused(409, 15, "validFrom");
        put("validFrom=".to_owned()).await.refused(409, 15, "validFrom");
        put(format!("validUntil={}", at(&bed, DAY))).await.ok();
        assert_eq!(admin.get(&format!("users/{anna}/effectiveroles")).await.ok().ids(), [clerk]);
        bed.advance(DAY);
        put(format!("validUntil={}", at(&bed, DAY))).await.refused(409, 15, "Expired");
        put("validUntil=".to_owned()).await.refused(409, 15, "Expired");
        assert_eq!(admin.get(&format!("mandates/{id}")).await.ok().value("state"), "Expired");
        bed.must_be_sound().await;
    }
}

//! `lastModifiedStartTimestamp` and `lastModifiedEndTimestamp`: users by their last change.

use valtuus::model::value::instant_text;

use crate::api::{in_order, make, organization, role, user, user_of};
use crate::{on_both, on_both_still};

const SECOND: i64 = 1_000_000;

on_both_still! {
    |_| ();

    async fn users_are_found_by_their_last_change_in_its_order(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let clerk = role(&admin, &acme, "Clerk").await;
        let begin = bed.now();
        let mut made = Vec::new();
        for login in ["a", "b", "c", "d"] {
            bed.advance(SECOND);
            made.push(user_of(&admin, &acme, login).await);
        }
        bed.advance(SECOND);
        let elsewhere = make(&admin, &format!("users/?login=e&role={clerk}")).await;
        let [a, b, c, d] = [&made[0], &made[1], &made[2], &made[3]];
        let millis = |seconds: i64| ((begin + seconds * SECOND) / 1_000).to_string();
        let text = |seconds: i64| instant_text(begin + seconds * SECOND);
        let list = async |path: &str| admin.get(path).await.ok().ids();
        let (start, end) = ("lastModifiedStartTimestamp", "lastModifiedEndTimestamp");
        in_order(&list(&format!("users/?{start}={}", millis(2))).await, &[b, c, d, &elsewhere]);
        in_order(&list(&format!("users/?{end}={}", text(2))).await, &[a]);
        in_order(&list(&format!("users/?{start}={}&{end}={}", text(2), millis(4))).await, &[b, c]);
        in_order(&list(&format!("users/?{start}={}&{end}={}", text(4), millis(2))).await, &[]);
        bed.advance(SECOND);
        admin.put(&format!("users/{b}?surname=x")).await.ok();
        in_order(&list(&format!("users/?{start}={}", millis(2))).await, &[c, d, &elsewhere, b]);
        in_order(&list(&format!("users/?{start}={}&login=b", millis(2))).await, &[b]);
        in_order(&list(&format!("users/?{start}={}&login=b&exactMatch=true", millis(7))).await, &[]);
        let under = format!("organizations/{acme}/users?recursive=true&{start}={}", millis(3));
        in_order(&list(&under).await, &[c, d, b]);
        in_order(&list(&format!("roles/{clerk}/users?{start}={}", millis(0))).await, &[&elsewhere]);
        in_order(&list(&format!("roles/{clerk}/users?{end}={}", millis(5))).await, &[]);
        let whole = admin.get(&format!("users/?{start}={}&entities=true", millis(6))).await.ok().text();
        assert_eq!(whole.matches("<User>").count(), 1, "{whole}");
        let (mut path, mut all) = (format!("users/?maxResults=1&{start}={}", millis(0)), Vec::new());
        loop {
            let page = admin.get(&path).await.ok();
            all.extend(page.ids());
            let link = page.header("link").to_owned();
            let Some(cursor) = link.split("after=").nth(1).and_then(|rest| rest.split(['&', '>']).next()) else { break };
            path = format!("users/?maxResults=1&{start}={}&after={cursor}", millis(0));
        }
        in_order(&all, &[a, c, d, &elsewhere, b]);
    }
}

on_both! {
    async fn a_time_that_is_none_or_twice_is_refused_and_other_kinds_do_not_know_it(bed: Bed) {
        let admin = bed.admin();
        let id = user(&admin, "anna").await;
        for name in ["lastModifiedStartTimestamp", "lastModifiedEndTimestamp"] {
            for bad in ["", "yesterday", "2026-13-01T00:00:00Z", "1e9", "99999999999999999999"] {
                admin.get(&format!("users/?{name}={bad}")).await.refused(400, 1, name);
            }
            admin.get(&format!("users/?{name}=1&{name}=1")).await.refused(400, 1, name);
            admin.put(&format!("users/{id}?{name}=1")).await.refused(400, 1, name);
            for list in ["organizations", "roles", "mandates"] {
                admin.get(&format!("{list}?{name}=1")).await.refused(400, 1, name);
            }
        }
    }
}

//! `maxResults`, `Link` and `after`: every listing can be walked page by page, whatever drives it, and long ones
//! are streamed whole.

use reqwest::Method;

use super::{below, make, mandate, many_users, organization, role};
use crate::kit::{Answer, Bed, Caller};
use crate::on_both;

/// The address a `Link` header leads to; none when there is no more.
fn next(bed: &Bed, answer: &Answer) -> Option<String> {
    let link = answer.header("link");
    if link.is_empty() {
        assert_eq!(answer.header("x-result-truncated"), "");
        return None;
    }
    assert_eq!(answer.header("x-result-truncated"), "true");
    assert!(!link.contains("password") && !link.contains("username"), "{link}");
    let path = link.strip_prefix('<').and_then(|rest| rest.strip_suffix(">; rel=\"next\""));
    Some(format!("{}{}", bed.root(), path.unwrap_or_else(|| panic!("{link}"))))
}

/// Walks a listing in pages of `size` and returns every id in the order met.
async fn walk(bed: &Bed, address: &str, size: usize) -> Vec<String> {
    let separator = if address.contains('?') { '&' } else { '?' };
    let mut answer = bed.admin().get(&format!("{address}{separator}maxResults={size}")).await.ok();
    let mut ids = Vec::new();
    loop {
        let page = answer.ids();
        assert!(page.len() <= size, "{address}");
        ids.extend(page);
        let Some(url) = next(bed, &answer) else { return ids };
        answer = Caller::basic(bed, "admin").send_to(Method::GET, &url, None).await.ok();
    }
}

/// A walk in pages of every size from 1 on must meet what the whole listing has, in the same order.
async fn must_walk(bed: &Bed, address: &str, expected: usize) {
    let whole = bed.admin().get(address).await.ok().ids();
    assert_eq!(whole.len(), expected, "{address}");
    for size in [1, 2, expected.saturating_sub(1).max(1), expected, expected + 1] {
        assert_eq!(walk(bed, address, size).await, whole, "{address} in pages of {size}");
    }
}

on_both! {
    async fn every_kind_of_driver_is_walked_without_a_gap_or_a_repeat(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let aces = organization(&admin, "aces").await;
        let espoo = below(&admin, &acme, "espoo").await;
        let clerk = role(&admin, &acme, "Clerk").await;
        for number in 0..3 {
            for home in [&acme, &aces, &espoo] {
                let id = make(
                    &admin,
                    &format!(
                        "organizations/{home}/users?login=user{number}{home}&surname=Same&role={clerk}\
                         &browsers=b{}&browsers=b{number}&browsers=c",
                        9 - number
                    ),
                )
                .await;
                mandate(&admin, &acme, &id, &clerk).await;
                crate::api::invitation(&admin, &id, &clerk).await;
            }
            role(&admin, &espoo, &format!("Role{number}")).await;
            below(&admin, &espoo, &format!("unit{number}")).await;
        }
        for (address, expected) in [
            ("users".to_owned(), 9),
            ("users?login=user".to_owned(), 9),
            ("users?surname=Same".to_owned(), 9),
            ("users?surname=Same&exactMatch=true".to_owned(), 9),
            ("users?browsers=b".to_owned(), 9),
            ("users?browsers=b&login=user".to_owned(), 9),
            ("users?status=1&surname=S".to_owned(), 9),
            (format!("users?organizationId={acme}"), 3),
            ("users?organization=ac".to_owned(), 6),
            ("users?organization=ac&surname=Sa".to_owned(), 6),
            (format!("organizations/{acme}/users"), 3),
            (format!("organizations/{acme}/users?recursive=true"), 6),
            (format!("organizations/{acme}/users?recursive=true&login=user"), 6),
            (format!("roles/{clerk}/users"), 9),
            (format!("roles/{clerk}/users?browsers=b"), 9),
            ("organizations".to_owned(), 7),
            ("organizations?entityName=ac".to_owned(), 6),
            ("organizations?entityName=acme/espoo&technicalName=un".to_owned(), 3),
            (format!("organizations/{acme}/organizations?recursive=true"), 4),
            ("roles?entityName=acme".to_owned(), 4),
            (format!("organizations/{espoo}/roles"), 3),
            (format!("organizations/{acme}/givenmandates"), 9),
            (format!("mandates?mandater={acme}"), 9),
            (format!("organizations/{acme}/roleinvitations"), 9),
            ("roleinvitations?state=Sent".to_owned(), 9),
        ] {
            must_walk(&bed, &address, expected).await;
        }
        assert!(walk(&bed, "auditevents", 7).await.len() > 60);
    }

    async fn users_below_many_organizations_are_walked_in_the_order_the_walk_began_with(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let mut homes = vec![acme.clone()];
        for number in 0..14 {
            homes.push(below(&admin, &acme, &format!("unit{number}")).await);
        }
        let mut by_creation = Vec::new();
        for (number, home) in homes.iter().rev().enumerate().step_by(2) {
            for part in ["a", "b"] {
                by_creation.push(crate::api::user_of(&admin, home, &format!("{part}{number}")).await);
            }
        }
        let address = format!("organizations/{acme}/users?recursive=true");
        must_walk(&bed, &address, 16).await;
        assert_eq!(walk(&bed, &address, 3).await, by_creation);
        let begun = admin.get(&format!("{address}&maxResults=5")).await.ok();
        for number in 14..18 {
            below(&admin, &acme, &format!("unit{number}")).await;
        }
        let rest = Caller::basic(&bed, "admin").send_to(Method::GET, &next(&bed, &begun).unwrap(), None).await;
        assert_eq!([begun.ids(), rest.ok().ids()].concat()[..10], by_creation[..10]);
        must_walk(&bed, &address, 16).await;
        must_walk(&bed, &format!("{address}&login=a"), 8).await;
        assert_eq!(walk(&bed, &address, 4).await, by_creation, "few users come by creation");
        let unit = uuid::Uuid::parse_str(&homes[14]).unwrap();
        let unit = bed.server.service().engine.store.by_id(unit).await.unwrap().unwrap();
        crate::api::many_users(&bed, 2_100, Some(&unit)).await;
        let walked = walk(&bed, &address, 500).await;
        let mut sorted = walked.clone();
        sorted.sort();
        sorted.dedup();
        assert_eq!((walked.len(), sorted.len()), (2_116, 2_116), "each exactly once");
        assert_ne!(walked[..16], by_creation, "many users come one organization after another");
    }

    async fn pages_of_whole_entities_follow_each_other_too(bed: Bed) {
        for login in ["a", "b", "c"] {
            crate::api::user(&bed.admin(), login).await;
        }
        let first = bed.admin().get("users?entities=true&maxResults=2&login=").await.ok();
        assert_eq!(first.text().matches("<User>").count(), 2);
        let url = next(&bed, &first).unwrap();
        assert!(url.contains("entities=true") && url.contains("maxResults=2"), "{url}");
        let second = Caller::basic(&bed, "admin").send_to(Method::GET, &url, None).await.ok();
        assert_eq!(second.text().matches("<User>").count(), 1);
        assert!(second.text().contains("<Value>c</Value>"));
        assert_eq!(next(&bed, &second), None);
    }

    async fn a_cursor_is_good_for_its_own_listing_only(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        for login in ["a1", "a2", "a3"] {
            crate::api::user_of(&admin, &acme, login).await;
        }
        let answer = admin.get("users?login=a&maxResults=1").await.ok();
        let url = next(&bed, &answer).unwrap();
        let cursor = url.split("after=").nth(1).unwrap().to_owned();
        assert_eq!(admin.get(&format!("users?login=a&after={cursor}")).await.ok().ids().len(), 2);
        for foreign in [
            format!("users?login=b&after={cursor}"),
            format!("users?after={cursor}"),
            format!("users?login=a&exactMatch=true&after={cursor}"),
            format!("users?login=a&surname=x&after={cursor}"),
            format!("organizations/{acme}/users?login=a&after={cursor}"),
            format!("roles?after={cursor}"),
            format!("auditevents?after={cursor}"),
            "users?login=a&after=".to_owned(),
            "users?login=a&after=AAAA".to_owned(),
            format!("users?login=a&after={cursor}x"),
            format!("users?login=a&after={cursor}&after={cursor}"),
        ] {
            admin.get(&foreign).await.refused(400, 1, "after");
        }
    }

    async fn what_is_made_or_deleted_on_the_way_disturbs_nobody_else(bed: Bed) {
        let admin = bed.admin();
        let mut ids = Vec::new();
        for login in ["b", "d", "f", "h"] {
            ids.push(crate::api::user(&admin, login).await);
        }
        let first = admin.get("users?login=&maxResults=2").await.ok();
        assert_eq!(first.ids(), ids[..2]);
        crate::api::user(&admin, "a").await;
        let between = crate::api::user(&admin, "e").await;
        admin.delete(&format!("users/{}", ids[1])).await.ok();
        admin.delete(&format!("users/{}", ids[2])).await.ok();
        let url = next(&bed, &first).unwrap();
        let second = Caller::basic(&bed, "admin").send_to(Method::GET, &url, None).await.ok();
        assert_eq!(second.ids(), [between, ids[3].clone()]);
    }

    async fn five_thousand_users_are_streamed_whole_and_searched_by_the_narrowest_term(bed: Bed) {
        let made = many_users(&bed, 5_000, None).await;
        let ids: Vec<String> = made.iter().map(|user| user.id().to_string()).collect();
        let admin = bed.admin();
        assert_eq!(admin.get("users").await.ok().ids(), ids);
        assert_eq!(admin.get("users?login=user").await.ok().ids(), ids);
        assert_eq!(admin.get("users?status=Enabled").await.ok().ids(), ids);
        let answer = admin.get("users?maxResults=4999").await.ok();
        assert_eq!(answer.ids(), ids[..4_999]);
        assert!(next(&bed, &answer).is_some());
        assert_eq!(walk(&bed, "users?login=user", 1_700).await, ids);
        // The status drives, but the login leads to fewer: read whole and sorted.
        assert_eq!(admin.get("users?status=Enabled&login=user0012").await.ok().ids(), ids[120..130]);
        must_walk(&bed, "users?status=Enabled&login=user0012", 10).await;
        let whole = admin.get("users?entities=true&login=user04").await.ok();
        assert_eq!(whole.text().matches("<User>").count(), 1_000);
        assert!(whole.text().ends_with("</Users>"), "the closing tag is missing");
    }

    async fn a_limit_beyond_what_is_gathered_whole_still_ends_in_a_link(bed: Bed) {
        let made = many_users(&bed, 10_050, None).await;
        let ids: Vec<String> = made.iter().map(|user| user.id().to_string()).collect();
        let answer = bed.admin().get("users?maxResults=10010").await.ok();
        assert_eq!(answer.ids(), ids[..10_010]);
        let url = next(&bed, &answer).unwrap();
        let rest = Caller::basic(&bed, "admin").send_to(Method::GET, &url, None).await.ok();
        assert_eq!(rest.ids(), ids[10_010..]);
        let answer = bed.admin().get("users?login=user&maxResults=20000").await.ok();
        assert_eq!(answer.ids(), ids);
        assert_eq!(next(&bed, &answer), None);
    }
}

/// A ceiling of three results.
fn three(config: &mut valtuus::config::Config) {
    config.limits.max_results = 3;
}

crate::on_both_with! { three;
    async fn a_configured_ceiling_refuses_longer_lists(bed: Bed) {
        let admin = bed.admin();
        for login in ["a", "b", "c"] {
            crate::api::user(&admin, login).await;
        }
        assert_eq!(admin.get("users").await.ok().ids().len(), 3);
        crate::api::user(&admin, "d").await;
        admin.get("users").await.refused(400, 12, "3");
        admin.get("users?maxResults=4").await.refused(400, 12, "3");
        assert_eq!(admin.get("users?maxResults=3").await.ok().ids().len(), 3);
        assert_eq!(walk(&bed, "users", 2).await.len(), 4);
    }

    async fn the_ceiling_holds_for_lists_of_rows_too(bed: Bed) {
        let admin = bed.admin();
        // Others are declared already.
        for name in ["rows-a", "rows-b", "rows-c"] {
            admin.post(&format!("attributes?kind=user&name={name}")).await.ok();
        }
        assert_eq!(admin.get("attributes?name=rows-").await.ok().ids().len(), 3);
        admin.post("attributes?kind=user&name=rows-d").await.ok();
        for list in ["attributes?name=rows-", "auditevents?client=admin"] {
            for query in ["", "&maxResults=4", "&entities=true"] {
                admin.get(&format!("{list}{query}")).await.refused(400, 12, "3");
            }
            assert_eq!(admin.get(&format!("{list}&maxResults=3")).await.ok().ids().len(), 3);
        }
        assert_eq!(walk(&bed, "attributes?name=rows-", 3).await.len(), 4);
        assert_eq!(admin.get("outbox").await.ok().ids(), [""; 0]);
    }
}

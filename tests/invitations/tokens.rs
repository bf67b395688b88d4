//! What the token of an invitation is worth: once, in time, for one invitation, and not a word more.

use reqwest::Method;
use valtuus::config::Config;

use super::{link, no_good, role_of, token, users};
use crate::api::make;
use crate::kit::Bed;
use crate::{on_both, on_both_with};

const NOBODY: &str = "018f0000-0000-7000-8000-000000000000";
const PWD: &str = "pwd=a+long+enough+secret";

/// An invitation by mail; answers its id and its token.
async fn invited(bed: &Bed, role: &str, to: &str) -> (String, String) {
    let id = make(&bed.admin(), &format!("roleinvitations/?email={to}&role={role}")).await;
    (id, token(bed, to).await)
}

on_both! {
    async fn every_token_that_is_not_good_gets_the_same_answer(bed: Bed) {
        let (admin, nobody) = (bed.admin(), bed.anonymous());
        let clerk = role_of(&admin, "acme", "Clerk").await;
        let (open, good) = invited(&bed, &clerk, "open@example.org").await;
        let (used, spent) = invited(&bed, &clerk, "used@example.org").await;
        let (withdrawn, dead) = invited(&bed, &clerk, "withdrawn@example.org").await;
        let (resent, old) = invited(&bed, &clerk, "resent@example.org").await;
        let (declined, refused) = invited(&bed, &clerk, "declined@example.org").await;
        nobody.put(&format!("roleinvitations/{used}/accept?token={spent}&{PWD}")).await.ok();
        admin.delete(&format!("roleinvitations/{withdrawn}")).await.ok();
        admin.put(&format!("roleinvitations/{resent}/resend")).await.ok();
        nobody.put(&format!("roleinvitations/{declined}/decline?token={refused}")).await.ok();
        let count = users(&admin).await;
        let mut said = std::collections::BTreeSet::new();
        for (id, token) in [
            (used.as_str(), spent.as_str()),
            (&withdrawn, &dead),
            (&resent, &old),
            (&declined, &refused),
            (&open, "x"),
            (&open, &spent),
            (&used, &good),
            (&clerk, &good),
            (NOBODY, &good),
            ("no-id", &good),
        ] {
            for step in ["accept", "decline"] {
                let pwd = if step == "accept" { format!("&{PWD}") } else { String::new() };
                let answer = nobody.put(&format!("roleinvitations/{id}/{step}?token={token}{pwd}")).await;
                said.insert(no_good(answer));
                // A client that hands the token on is told the same.
                said.insert(no_good(bed.reader().put(&format!("roleinvitations/{id}/{step}?token={token}{pwd}")).await));
            }
        }
        assert_eq!(said.len(), 1, "{said:?}");
        assert_eq!(users(&admin).await, count);
        nobody.put(&format!("roleinvitations/{open}/accept?token={good}&{PWD}")).await.ok();
        bed.must_be_sound().await;
    }

    async fn a_thousand_guesses_open_nothing(bed: Bed) {
        let clerk = role_of(&bed.admin(), "acme", "Clerk").await;
        let (id, good) = invited(&bed, &clerk, "uusi@example.org").await;
        let address = format!("roleinvitations/{id}");
        let before = bed.admin().get(&address).await.ok().body;
        for number in 0..1_000_u32 {
            let mut guess = good.replace('%', "x").into_bytes();
            let place = usize::try_from(number).unwrap() % guess.len();
            guess[place] = if guess[place] == b'A' { b'B' } else { b'A' };
            let guess = format!("{}{}", String::from_utf8(guess).unwrap(), number / 43);
            no_good(bed.anonymous().put(&format!("{address}/decline?token={guess}")).await);
        }
        assert_eq!(bed.admin().get(&address).await.ok().body, before);
        bed.anonymous().put(&format!("{address}/decline?token={good}")).await.ok();
    }

    async fn without_a_token_there_is_no_door(bed: Bed) {
        let clerk = role_of(&bed.admin(), "acme", "Clerk").await;
        let (id, good) = invited(&bed, &clerk, "uusi@example.org").await;
        let nobody = bed.anonymous();
        for path in [
            format!("roleinvitations/{id}/accept"),
            format!("roleinvitations/{id}/accept?{PWD}"),
            format!("roleinvitations/{id}/decline"),
            format!("roleinvitations/{id}/resend?token={good}"),
        ] {
            nobody.put(&path).await.refused(401, 2, "authentication");
        }
        nobody.get(&format!("roleinvitations/{id}?token={good}")).await.refused(401, 2, "");
        nobody.delete(&format!("roleinvitations/{id}?token={good}")).await.refused(401, 2, "");
        nobody.put(&format!("workflows/{id}/approve?token={good}")).await.refused(401, 2, "");
        // Credentials that are there and wrong are never passed over.
        let wrong = crate::kit::caller::Credentials::Basic("admin".to_owned(), "wrong".to_owned());
        let path = format!("roleinvitations/{id}/decline?token={good}");
        nobody.clone().with(wrong).put(&path).await.refused(401, 2, "");
        let xml = nobody.clone().header("Content-Type", "application/xml");
        let document = |attributes: &str| {
            let space = "http://schema.ubisecure.com/customerid/api";
            Some(format!("<RoleInvitation xmlns=\"{space}\">{attributes}</RoleInvitation>").into_bytes())
        };
        let text = |name: &str, value: &str| format!("<Attribute name=\"{name}\"><Value>{value}</Value></Attribute>");
        let address = format!("roleinvitations/{id}/accept");
        let without = document(&text("pwd", "a long enough secret"));
        xml.send(Method::PUT, &address, without).await.refused(401, 2, "");
        let plain = good.replace("%2D", "-").replace("%5F", "_");
        let with = document(&[text("token", &plain), text("pwd", "a long enough secret")].concat());
        xml.send(Method::PUT, &address, with).await.ok();
    }

    async fn what_is_wrong_beside_the_token_is_told_and_leaves_the_token_good(bed: Bed) {
        let admin = bed.admin();
        let clerk = role_of(&admin, "acme", "Clerk").await;
        make(&admin, "users/?login=taken").await;
        let (id, good) = invited(&bed, &clerk, "uusi@example.org").await;
        let address = format!("roleinvitations/{id}");
        let before = (admin.get(&address).await.ok().body, users(&admin).await);
        for (query, status, code, words) in [
            (String::new(), 400, 1, "pwd"),
            ("pwd=".to_owned(), 400, 1, "pwd"),
            ("pwd=short".to_owned(), 400, 1, "pwd"),
            (format!("{PWD}&login=taken"), 409, 4, "login"),
            (format!("{PWD}&login=TAKEN"), 409, 4, "login"),
            (format!("{PWD}&status=Enabled"), 400, 1, "status"),
            (format!("{PWD}&organizationId={NOBODY}"), 400, 1, "organizationId"),
            (format!("{PWD}&role={clerk}"), 400, 1, "role"),
            (format!("{PWD}&user={NOBODY}"), 400, 1, "user"),
            (format!("{PWD}&firstname=a&firstname=b"), 400, 1, "firstname"),
            (format!("{PWD}&token=x"), 400, 1, "token"),
            (format!("{PWD}&surname={}", "x".repeat(256)), 400, 1, "surname"),
        ] {
            let path = format!("{address}/accept?token={good}&{query}");
            bed.anonymous().put(&path).await.refused(status, code, words);
        }
        bed.anonymous().put(&format!("{address}/decline?token={good}&{PWD}")).await.refused(400, 1, "pwd");
        bed.anonymous().put(&format!("{address}/decline?token=")).await.refused(400, 1, "token");
        assert_eq!((admin.get(&address).await.ok().body, users(&admin).await), before);
        bed.anonymous().put(&format!("{address}/accept?token={good}&{PWD}")).await.ok();
    }

    async fn a_token_stands_in_the_mail_and_nowhere_else(bed: Bed) {
        let admin = bed.admin();
        let clerk = role_of(&admin, "acme", "Clerk").await;
        let (id, _) = invited(&bed, &clerk, "uusi@example.org").await;
        let (path, good) = link(&bed, "uusi@example.org").await;
        let plain = good.replace("%2D", "-").replace("%5F", "_");
        let answer = bed.anonymous().put(&format!("{path}?token={good}&{PWD}")).await.ok();
        let texts = [
            answer.text(),
            admin.get(&format!("roleinvitations/{id}")).await.ok().text(),
            admin.get("auditevents?entities=true").await.ok().text(),
        ];
        for text in texts {
            assert!(!text.contains(&plain) && !text.contains(&good) && !text.contains("long enough"), "{text}");
        }
    }
}

fn narrow(config: &mut Config) {
    config.doors.burst = 5;
    config.doors.per_minute = 1;
}

on_both_with! { narrow;
    async fn beyond_the_limit_of_the_door_the_answer_is_429_for_tokens_and_for_nobody_else(bed: Bed) {
        let clerk = role_of(&bed.admin(), "acme", "Clerk").await;
        let (id, good) = invited(&bed, &clerk, "uusi@example.org").await;
        let path = format!("roleinvitations/{id}/decline?token=");
        for _ in 0..5 {
            no_good(bed.anonymous().put(&format!("{path}wrong")).await);
        }
        for token in ["wrong", &good] {
            let answer = bed.anonymous().put(&format!("{path}{token}")).await.refused(429, 14, "too many");
            assert!(answer.header("retry-after").parse::<u64>().unwrap() >= 1);
        }
        bed.admin().get("roleinvitations").await.ok();
        bed.admin().put(&format!("{path}{good}")).await.ok();
    }
}

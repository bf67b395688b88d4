//! What a new password must be like, and the demand for another one.

use reqwest::Method;
use valtuus::config::Config;
use valtuus::model::kind::user::Status;

use super::{RIGHT, in_status, person, sign_in};
use crate::api::{in_order, make, user};
use crate::{on_both, on_both_with};

const NOBODY: &str = "018f0000-0000-7000-8000-000000000000";

fn strict(config: &mut Config) {
    config.password_policy.min = 10;
    config.password_policy.max = 20;
    config.password_policy.words = vec!["Hämeenlinna".to_owned()];
}

on_both! {
    async fn what_everybody_tries_first_and_ones_own_name_are_no_passwords(bed: Bed) {
        let admin = bed.admin();
        let id = make(&admin, "users/?login=anna.virtanen&email=av@example.org&surname=Ruotsalainen").await;
        for bad in ["password123", "PASSWORD123", "qwertyuiop", "xxxxxxxxxxxx", "valtuus-2026", "Anna.Virtanen",
                    "anna.virtanen1", "AV@example.org", "ruotsalainen!"] {
            let answer = admin.put(&format!("users/{id}?pwd={bad}")).await.refused(400, 1, "pwd");
            assert!(!answer.text().to_lowercase().contains(&bad.to_lowercase()), "{}", answer.text());
        }
        for (login, bad) in [("sirpaleinen", "Sirpaleinen"), ("x", "12345678"), ("y", "y1234567")] {
            admin.post(&format!("users/?login={login}&pwd={bad}")).await.refused(400, 1, "pwd");
        }
        admin.put(&format!("users/{id}?login=onnellinen&pwd=onnellinen7")).await.refused(400, 1, "pwd");
        let body = "<User xmlns=\"http://schema.ubisecure.com/customerid/api\"><Attribute name=\"pwd\">\
                    <Value>football1</Value></Attribute></User>";
        let sent = admin.clone().header("content-type", "application/xml");
        sent.send(Method::PUT, &format!("users/{id}"), Some(body.into())).await.refused(400, 1, "pwd");
        assert_eq!(admin.get(&format!("users/{id}")).await.ok().value("login"), "anna.virtanen");
        for good in ["yksi%20kaksi%20kolme", "%F0%9F%98%80%F0%9F%98%81%F0%9F%98%82%F0%9F%A4%A3%F0%9F%98%83%F0%9F%98%84%F0%9F%98%85%F0%9F%98%86",
                     "anna.virtanen%20walks", "lowercaseonlyok"] {
            admin.put(&format!("users/{id}?pwd={good}&pwd.activated=true")).await.ok();
            sign_in(&admin, &id, good).await.ok();
        }
        bed.reader().put(&format!("users/{id}?pwd=password123")).await.refused(400, 1, "pwd");
        bed.reader().put(&format!("users/{id}?pwd=anna.virtanen")).await.refused(403, 3, "update");
        admin.put(&format!("users/{NOBODY}?pwd=anna.virtanen")).await.refused(404, 7, "user");
    }

    async fn another_password_can_be_demanded_until_it_is_given(bed: Bed) {
        let admin = bed.admin();
        let id = person(&admin, "anna").await;
        let other = person(&admin, "other").await;
        let demand = format!("users/{id}/forcepasswordchange");
        for _ in 0..2 {
            let answer = admin.put(&demand).await;
            assert_eq!((answer.status.as_u16(), answer.text().as_str()), (204, ""));
        }
        let read = admin.get(&format!("users/{id}")).await.ok();
        assert_eq!(read.value("pwd.changeRequired"), "true");
        in_order(&admin.get("users/?pwd.changeRequired=true").await.ok().ids(), &[&id]);
        assert_eq!(sign_in(&admin, &id, RIGHT).await.ok().value("pwd.changeRequired"), "true");
        assert_eq!(sign_in(&admin, &other, RIGHT).await.ok().values("pwd.changeRequired"), [""; 0]);
        admin.put(&format!("users/{id}?pwd.changeRequired=false")).await.refused(400, 1, "pwd.changeRequired");
        admin.put(&format!("users/{id}?surname=x")).await.ok();
        assert_eq!(admin.get(&format!("users/{id}")).await.ok().value("pwd.changeRequired"), "true");
        admin.put(&format!("users/{id}?pwd=another%20good%20one")).await.ok();
        assert_eq!(sign_in(&admin, &id, "another%20good%20one").await.ok().values("pwd.changeRequired"), [""; 0]);
        in_order(&admin.get("users/?pwd.changeRequired=true").await.ok().ids(), &[]);
        bed.must_be_sound().await;
    }

    async fn another_password_can_be_demanded_in_every_status_by_who_may_change_users(bed: Bed) {
        let admin = bed.admin();
        for status in Status::ALL {
            let id = in_status(&bed, status).await;
            assert_eq!(admin.put(&format!("users/{id}/forcepasswordchange")).await.status, 204);
            let read = admin.get(&format!("users/{id}")).await.ok();
            assert_eq!((read.value("status").as_str(), read.value("pwd.changeRequired").as_str()), (status.name(), "true"));
        }
        let id = user(&admin, "anna").await;
        let demand = format!("users/{id}/forcepasswordchange");
        admin.put(&format!("{demand}?nonsense=1")).await.refused(400, 1, "nonsense");
        bed.reader().put(&demand).await.refused(403, 3, "update");
        admin.put(&format!("users/{NOBODY}/forcepasswordchange")).await.refused(404, 7, "user");
        admin.post(&demand).await.refused(405, 13, "");
        admin.clone().header("if-match", "\"99\"").put(&demand).await.refused(412, 14, "");
        assert_eq!(admin.get(&format!("users/{id}")).await.ok().values("pwd.changeRequired"), [""; 0]);
    }
}

on_both_with! { strict;
    async fn the_configuration_bounds_passwords_and_names_words_that_are_none(bed: Bed) {
        let admin = bed.admin();
        for (bad, words) in [("nine-long", "10"), ("twenty-one-long-words", "20"), ("H%C3%A4meenlinna99", "word"), ("h%C3%84MEENLINNA", "word")] {
            admin.post(&format!("users/?login=anna&pwd={bad}")).await.refused(400, 1, words);
        }
        admin.post("users/?login=anna&pwd=ten-long-w").await.ok();
        admin.post("users/?login=bertil&pwd=twenty-long-words-ok").await.ok();
    }
}

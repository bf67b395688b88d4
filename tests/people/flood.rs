//! A thousand wrong passwords at once: no more are verified than may be wrong, and others are let in meanwhile.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use futures_util::future::join_all;
use uuid::Uuid;
use valtuus::config::Config;

use super::{RIGHT, person, verifications};
use crate::kit::Bed;
use crate::on_both_with;
use crate::store::kit::change;

const FLOOD: usize = 1_000;
const OTHERS: usize = 100;

fn seven(config: &mut Config) {
    config.users.lock_after = 7;
    // The client's own credentials must not be verified again while the test counts.
    config.auth.cache.ttl_seconds = 3_600;
    config.auth.argon2.wait_seconds = 60;
    // A machine with much else to do takes its time to read a thousand requests.
    config.limits.head_seconds = 60;
    config.limits.body_seconds = 60;
}

fn ten(config: &mut Config) {
    config.auth.attempts.free = 10;
    config.auth.attempts.lock_after = 10;
    config.auth.cache.ttl_seconds = 3_600;
    config.auth.argon2.wait_seconds = 60;
    // A machine with much else to do takes its time to read a thousand requests.
    config.limits.head_seconds = 60;
    config.limits.body_seconds = 60;
}

/// Asks all at once and answers the status of each.
async fn all(http: &reqwest::Client, method: reqwest::Method, urls: Vec<String>) -> Vec<u16> {
    let tasks = urls.into_iter().map(|url| {
        let request = http.request(method.clone(), url);
        tokio::spawn(async move { request.send().await.unwrap().status().as_u16() })
    });
    join_all(tasks.collect::<Vec<_>>()).await.into_iter().map(Result::unwrap).collect()
}

/// What had been verified, and how often the server had forgotten who called, before the flood.
struct Before {
    verified: u64,
    forgotten: u64,
}

impl Before {
    fn of(bed: &Bed) -> Self {
        Self { verified: verifications(bed), forgotten: bed.server.service().authenticator.times_forgotten() }
    }

    /// A node that hears no news of others, for want of processor time, verifies its callers again each time it
    /// forgets them: nothing else may add to what was expected.
    fn must_have_verified(&self, bed: &Bed, expected: u64) {
        let now = Self::of(bed);
        let (verified, forgotten) = (now.verified - self.verified, now.forgotten - self.forgotten);
        let most = expected + forgotten;
        assert!((expected..=most).contains(&verified), "{verified} instead of {expected} to {most}");
    }
}

/// The wrong passwords counted for a user, and those that still seem to be under way.
async fn counted(bed: &Bed, id: &str) -> (i64, i64) {
    let id: Uuid = id.parse().unwrap();
    let count = change(&bed.server.service().engine.store, move |tx| {
        Box::pin(async move {
            let user = tx.load(&[id]).await?.pop().unwrap();
            tx.sign_ins(user.row()).await
        })
    });
    let count = count.await.unwrap();
    (count.failures, count.pending)
}

fn address(bed: &Bed, id: &str, pwd: &str) -> String {
    format!("{}/users/{id}/authenticate?pwd={pwd}&username=admin&password=admin-password", bed.base())
}

on_both_with! { seven;
    async fn of_a_thousand_wrong_passwords_for_a_user_as_many_are_verified_as_lock_it(bed: Bed) {
        let admin = bed.admin();
        let victim = person(&admin, "victim").await;
        let mut others = Vec::new();
        for number in 0..5 {
            others.push(person(&admin, &format!("other{number}")).await);
        }
        let before = Before::of(&bed);
        let wrong = (0..FLOOD).map(|number| address(&bed, &victim, &format!("wrong-one-{number}"))).collect();
        let right = (0..OTHERS).map(|number| address(&bed, &others[number % 5], RIGHT)).collect();
        let http = Arc::new(bed.http.clone());
        let (wrong, right) = tokio::join!(
            all(&http, reqwest::Method::POST, wrong),
            all(&http, reqwest::Method::POST, right)
        );
        // 429: as many as may still be wrong were under way for as long as one waits.
        assert!(wrong.iter().all(|status| matches!(status, 403 | 429)), "{wrong:?}");
        assert!(right.iter().all(|status| *status == 200), "{right:?}");
        before.must_have_verified(&bed, 7 + u64::try_from(OTHERS).unwrap());
        assert_eq!(counted(&bed, &victim).await, (7, 0), "as many were wrong as were verified for the user");
        assert_eq!(admin.get(&format!("users/{victim}")).await.ok().value("status"), "Locked");
        assert_eq!(bed.server.service().turns.queues(), 0);
        for other in &others {
            assert_eq!(admin.get(&format!("users/{other}")).await.ok().value("status"), "Enabled");
        }
    }

    async fn of_a_hundred_right_passwords_for_one_user_all_are_let_in(bed: Bed) {
        let id = person(&bed.admin(), "anna").await;
        let urls = (0..OTHERS).map(|_| address(&bed, &id, RIGHT)).collect();
        let answers = all(&bed.http, reqwest::Method::POST, urls).await;
        assert!(answers.iter().all(|status| *status == 200), "{answers:?}");
    }
}

on_both_with! { ten;
    async fn of_a_thousand_wrong_passwords_of_a_client_ten_are_verified_and_it_gets_in_from_elsewhere(bed: Bed) {
        let url = |password: &str| format!("{}/roles?username=writer&password={password}", bed.base());
        let elsewhere = reqwest::Client::builder()
            .local_address(IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2)))
            .build()
            .unwrap();
        let before = Before::of(&bed);
        let wrong = (0..FLOOD).map(|number| url(&format!("wrong-one-{number}"))).collect();
        let right = (0..OTHERS).map(|_| url("writer-password")).collect();
        let (wrong, right) = tokio::join!(
            all(&bed.http, reqwest::Method::GET, wrong),
            all(&elsewhere, reqwest::Method::GET, right)
        );
        assert!(wrong.iter().all(|status| matches!(status, 401 | 429)), "{wrong:?}");
        assert!(right.iter().all(|status| *status == 200), "{right:?}");
        // One for all of the right ones.
        before.must_have_verified(&bed, 10 + 1);
    }
}

//! GET `/contracts/check`: who may call what, at once after every change, and its refusals.

use reqwest::Method;

use super::{enrolled, organization, xpub};
use crate::kit::Caller;
use crate::kit::caller::Credentials;
use crate::kit::cases::{all_refused, case};
use crate::on_both;

async fn allowed(caller: &Caller<'_>, provider: &str, user: &str, function: i64) -> bool {
    let path = format!("contracts/check?provider={provider}&user={user}&function={function}");
    let answer = caller.get(&path).await.ok();
    assert_eq!(answer.names(), ["allowed"]);
    answer.value("allowed") == "true"
}

on_both! {
    async fn a_check_follows_every_change_at_once(bed: Bed) {
        let home = organization(&bed, "makers").await;
        let admin = bed.admin();
        let (a, b) = (xpub("a"), xpub("b"));
        let one = enrolled(&admin, "a", &a, &home).await;
        let two = enrolled(&admin, "b", &b, &home).await;
        assert!(!allowed(&admin, &one, &two, 33).await);
        for _ in 0..5 {
            let first = admin.post(&format!("contracts?provider={one}&user={two}&functions=33")).await.ok().id();
            assert!(allowed(&admin, &one, &two, 33).await && allowed(&admin, &a, &b, 33).await);
            assert!(!allowed(&admin, &two, &one, 33).await, "not the other way round");
            assert!(!allowed(&admin, &one, &two, 34).await);
            let second = admin.post(&format!("contracts?provider={one}&user={two}&functions=33&functions=34")).await.ok().id();
            assert!(allowed(&admin, &a, &two, 34).await);
            admin.delete(&format!("contracts/{first}")).await.ok();
            assert!(allowed(&admin, &one, &two, 33).await, "the second contract still says so");
            admin.delete(&format!("contracts/{second}")).await.ok();
            assert!(!allowed(&admin, &one, &two, 33).await && !allowed(&admin, &a, &b, 34).await);
        }
        for function in [0, 28, 143] {
            assert!(!allowed(&admin, &one, &two, function).await);
        }
    }

    async fn what_is_asked_wrongly_is_refused(bed: Bed) {
        let home = organization(&bed, "makers").await;
        let admin = bed.admin();
        let one = enrolled(&admin, "a", &xpub("a"), &home).await;
        let two = enrolled(&admin, "b", &xpub("b"), &home).await;
        let cases = [
            ("", (400, 1), "provider"),
            (&format!("provider={one}&function=33"), (400, 1), "user"),
            (&format!("provider={one}&user={two}"), (400, 1), "function"),
            (&format!("provider={one}&user={two}&function="), (400, 1), "function"),
            (&format!("provider={one}&user={two}&function=144"), (400, 1), "function"),
            (&format!("provider={one}&user={two}&function=-1"), (400, 1), "function"),
            (&format!("provider={one}&user={two}&function=x"), (400, 1), "function"),
            (&format!("provider={one}&provider={one}&user={two}&function=33"), (400, 1), "provider"),
            (&format!("provider={one}&user={two}&function=33&other=1"), (400, 1), "other"),
            (&format!("provider=nobody&user={two}&function=33"), (400, 10), "provider"),
            (&format!("provider={one}&user={home}&function=33"), (400, 10), "user"),
        ];
        let cases: Vec<_> = cases.iter().map(|(query, expected, words)| {
            case(Method::GET, format!("contracts/check?{query}"), *expected, words)
        }).collect();
        all_refused(&bed, &admin, &cases).await;
        let good = format!("contracts/check?provider={one}&user={two}&function=33");
        bed.anonymous().get(&good).await.refused(401, 2, "");
        admin.post("apiclients?name=narrow&grants=read:device&pwd=narrow-password").await.ok();
        let narrow = bed.anonymous().with(Credentials::Query("narrow".to_owned(), "narrow-password".to_owned()));
        narrow.get(&good).await.refused(403, 3, "contract");
        let strangers = organization(&bed, "strangers").await;
        admin.post(&format!("apiclients?name=outside&preset=reader&pwd=outside-password&within={strangers}")).await.ok();
        let outside = bed.anonymous().with(Credentials::Query("outside".to_owned(), "outside-password".to_owned()));
        // Also from memory, where the administrator's question has put the pair.
        assert!(!allowed(&admin, &one, &two, 33).await);
        outside.get(&good).await.refused(400, 10, "provider");
        for method in [Method::POST, Method::DELETE, Method::PATCH] {
            let answer = admin.send(method.clone(), "contracts/check", None).await;
            assert_eq!(answer.status, 405, "{method}");
        }
    }
}

//! `/partners/{}/policies/{}/extractors`: one for each attribute, only under a policy that the partner was given a key to.

use futures_util::future::join_all;
use reqwest::Method;
use valtuus::model::Kind;

use super::ground::{Ground, approve};
use crate::kit::Caller;
use crate::kit::cases::{all_refused, case};
use crate::kit::trace::entities;
use crate::on_both;

const NOBODY: &str = "018f0000-0000-7000-8000-000000000000";
const FACE: &str = "attributeName=photo&biometric=face&provider=acme&version=1.1";

on_both! {
    async fn an_extractor_is_stored_and_stored_over(bed: Bed) {
        let ground = Ground::new(&bed).await;
        ground.approved(&bed).await;
        let (admin, here) = (bed.admin(), ground.extractors());
        let id = admin.post(&format!("{here}?{FACE}")).await.ok().id();
        let shown = admin.get(&format!("biometricextractors/{id}")).await.ok();
        assert_eq!(shown.names(), ["partner", "policy", "attributeName", "biometric", "provider", "version"]);
        assert_eq!(shown.value("partner"), ground.partner.id().to_string());
        assert_eq!(shown.value("policy"), ground.policy.id().to_string());
        assert_eq!((shown.value("biometric"), shown.value("provider")), ("face".into(), "acme".into()));
        // The same attribute again: another extractor in its place.
        let path = format!("{here}?attributeName=photo&biometric=IRIS%5BLeft,right%5D&provider=other&version=2");
        assert_eq!(admin.post(&path).await.ok().id(), id);
        let shown = admin.get(&format!("biometricextractors/{id}")).await.ok();
        assert_eq!(shown.value("biometric"), "iris[left,right]");
        assert_eq!((shown.value("provider"), shown.value("version")), ("other".into(), "2".into()));
        // Another attribute: one more; by either name of partner and policy.
        let by_id = format!("partners/{}/policies/{}/extractors", ground.partner.id(), ground.policy.id());
        let second = admin.post(&format!("{by_id}?attributeName=Photo&biometric=finger&provider=acme&version=1")).await.ok().id();
        assert_ne!(second, id);
        for path in [&here, &by_id] {
            assert_eq!(admin.get(path).await.ok().ids(), [id.as_str(), second.as_str()]);
        }
        assert_eq!(admin.get(&format!("{here}?provider=acme&entities=true")).await.ok().text().matches("name=\"provider\"").count(), 1);
        bed.must_be_sound().await;
    }

    async fn a_list_holds_the_extractors_of_one_policy_page_by_page(bed: Bed) {
        let ground = Ground::new(&bed).await;
        let second = Ground { policy: Ground::policy_in(&bed, &ground.group, "Published").await, ..Ground::new(&bed).await };
        let second = Ground { partner: ground.partner.clone(), group: ground.group.clone(), ..second };
        let third = Ground { partner: Ground::partner_in(&bed, &ground.group, "Auth_Partner").await, policy: ground.policy.clone(), group: ground.group.clone() };
        let admin = bed.admin();
        let mut mine = Vec::new();
        for on in [&ground, &second, &third] {
            on.approved(&bed).await;
            for number in 0..3 {
                let path = format!("{}?attributeName=a{number}&biometric=face&provider=p&version=1", on.extractors());
                mine.push(admin.post(&path).await.ok().id());
            }
        }
        let here = ground.extractors();
        assert_eq!(admin.get(&here).await.ok().ids(), mine[..3]);
        assert_eq!(admin.get(&second.extractors()).await.ok().ids(), mine[3..6]);
        assert_eq!(admin.get(&third.extractors()).await.ok().ids(), mine[6..]);
        let first = admin.get(&format!("{here}?maxResults=2")).await.ok();
        assert_eq!(first.ids(), mine[..2]);
        let link = first.header("link").to_owned();
        assert!(!link.contains("policy="), "{link}");
        let cursor = link.split("after=").nth(1).unwrap().split('>').next().unwrap();
        assert_eq!(admin.get(&format!("{here}?maxResults=2&after={cursor}")).await.ok().ids(), mine[2..3]);
        // A cursor is good for its own list only.
        admin.get(&format!("{}?maxResults=2&after={cursor}", second.extractors())).await.refused(400, 1, "after");
        assert_eq!(admin.get("biometricextractors").await.ok().ids(), mine);
    }

    async fn what_no_extractor_can_be_stored_from_is_refused(bed: Bed) {
        let (ground, other) = (Ground::new(&bed).await, Ground::new(&bed).await);
        ground.approved(&bed).await;
        let here = ground.extractors();
        let post = |path: String, expected, words: &str| case(Method::POST, path, expected, words);
        let without = |name: &str| {
            let rest: Vec<&str> = FACE.split('&').filter(|pair| !pair.starts_with(name)).collect();
            format!("{here}?{}", rest.join("&"))
        };
        let mut cases = vec![
            post(here.clone(), (400, 1), "attributeName"),
            post(format!("{here}?{FACE}&version=2"), (400, 1), "version"),
            post(format!("{here}?{FACE}&x=y"), (400, 1), "x"),
            post(format!("{here}?{FACE}&partner={}", other.id()), (400, 1), "partner"),
            post(format!("{here}?{FACE}&policy={}", ground.policy.id()), (400, 1), "policy"),
            post(format!("{}&attributeName={}", without("attributeName"), "x".repeat(65)), (400, 1), "attributeName"),
            post(format!("{}&provider={}", without("provider"), "x".repeat(129)), (400, 1), "provider"),
            post(format!("{here}?{FACE}").replace(&ground.id(), "nobody"), (404, 5), "partner"),
            post(format!("{here}?{FACE}").replace(&ground.id(), NOBODY), (404, 5), "partner"),
            post(format!("{here}?{FACE}").replace(&ground.policy_name(), "unknown"), (404, 5), "policy"),
            post(format!("{here}?{FACE}").replace(&ground.policy_name(), NOBODY), (404, 5), "policy"),
            post(format!("{here}?{FACE}").replace(&ground.policy_name(), &other.policy.id().to_string()), (404, 5), "policy"),
            // Another partner's: no request of it was approved.
            post(format!("{}?{FACE}", other.extractors()), (409, 15), "approved request"),
            case(Method::GET, here.replace(&ground.id(), "nobody"), (404, 5), "partner"),
            case(Method::GET, here.replace(&ground.policy_name(), "unknown"), (404, 5), "policy"),
            case(Method::GET, format!("{here}?shoesize=1"), (400, 1), "shoesize"),
            case(Method::PUT, here.clone(), (405, 13), "GET"),
            case(Method::DELETE, format!("biometricextractors/{NOBODY}"), (405, 13), "GET"),
        ];
        for name in ["attributeName", "biometric", "provider", "version"] {
            cases.push(post(without(name), (400, 1), name));
            cases.push(post(format!("{}&{name}=", without(name)), (400, 1), name));
        }
        for bad in ["nose", "face%5B%5D", "face%5Bleft%5D", "iris%5Bup%5D", "iris%5Bleft", "iris%5Bleft,left%5D", "%5Bleft%5D"] {
            cases.push(post(format!("{}&biometric={bad}", without("biometric")), (400, 1), "biometric"));
        }
        all_refused(&bed, &bed.admin(), &cases).await;
        Caller::basic(&bed, "reader").post(&format!("{here}?{FACE}")).await.refused(403, 3, "create biometricextractor");
    }

    async fn a_request_that_waits_or_was_rejected_maps_no_policy(bed: Bed) {
        let ground = Ground::new(&bed).await;
        let path = format!("{}?{FACE}", ground.extractors());
        bed.admin().post(&path).await.refused(409, 15, "approved request");
        let first = ground.request(&bed).await;
        bed.admin().post(&path).await.refused(409, 15, "approved request");
        bed.admin().put(&format!("apikeyrequests/{first}/status?status=rejected")).await.ok();
        bed.admin().post(&path).await.refused(409, 15, "approved request");
        let second = ground.request(&bed).await;
        approve(&bed, &second).await.ok();
        bed.admin().post(&path).await.ok();
    }

    async fn of_many_who_store_the_same_attribute_one_makes_it_and_all_succeed(bed: Bed) {
        let ground = Ground::new(&bed).await;
        ground.approved(&bed).await;
        let admin = bed.admin();
        let path = |number: usize| format!("{}?attributeName=photo&biometric=face&provider=p{number}&version=1", ground.extractors());
        let answers = join_all((0..8).map(|number| { let (admin, path) = (admin.clone(), path(number)); async move { admin.post(&path).await } })).await;
        let ids: std::collections::BTreeSet<String> = answers.into_iter().map(|answer| answer.ok().id()).collect();
        assert_eq!(ids.len(), 1);
        assert_eq!(entities(&bed.server.service().engine.store, Kind::BiometricExtractor).await.len(), 1);
    }
}

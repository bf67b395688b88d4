//! `/apikeys`: made by an approval, shown once, switched on and off, and moved to another policy until they expire.

use futures_util::FutureExt as _;
use reqwest::Method;
use valtuus::model::Value;
use valtuus::model::kind::api_key;

use super::ground::{Ground, approve, key_of, modify};
use crate::kit::caller::Credentials;
use crate::kit::cases::{all_refused, case};
use crate::kit::states::Cell::{No, To};
use crate::kit::{Bed, Caller};
use crate::{on_both, on_both_still};

const NOBODY: &str = "018f0000-0000-7000-8000-000000000000";
const DAY: i64 = 86_400_000_000;

/// A key, by id.
async fn made(bed: &Bed) -> String {
    let shown = Ground::new(bed).await.approved(bed).await;
    key_of(bed, &shown).await
}

async fn status(bed: &Bed, key: &str, word: &str) -> crate::kit::Answer {
    bed.admin().put(&format!("apikeys/{key}/status?status={word}")).await
}

/// Ends a key now.
async fn expire(bed: &Bed, key: &str) {
    modify(bed, key, vec![(api_key::EXPIRES, Some(Value::Instant(bed.now())))]).await;
}

on_both! {
    async fn an_approval_answers_the_key_once_with_all_that_is_known_of_it(bed: Bed) {
        let ground = Ground::new(&bed).await;
        let request = bed.admin().post(&format!("{}&label=web", ground.asking())).await.ok().id();
        let shown = approve(&bed, &request).await.ok();
        assert!(shown.text().contains("<ApiKey "), "{}", shown.text());
        let names = ["partner", "policy", "request", "label", "status", "expires", "created", "apiKey"];
        assert_eq!(shown.names(), names);
        assert!(shown.header("etag").is_empty(), "a validator would be a digest of the key");
        assert_eq!(shown.value("label"), "web");
        let text = shown.value("apiKey");
        assert!(text.len() == 50 && text.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{text}");
        let key = key_of(&bed, &shown).await;
        let again = bed.admin().get(&format!("apikeys/{key}")).await.ok();
        assert_eq!(again.names(), names[..7]);
        assert_eq!(again.value("status"), "active");
        assert_eq!(again.value("partner"), ground.partner.id().to_string());
        assert_eq!(bed.admin().get(&format!("partners/{}/apikeys", ground.id())).await.ok().ids(), [key]);
        assert_eq!(bed.admin().get("apikeys?label=we").await.ok().ids().len(), 1);
        bed.admin().get("partners/nobody/apikeys").await.refused(404, 5, "partner");
        bed.admin().get(&format!("apikeys?apiKey={text}")).await.refused(400, 1, "apiKey");
    }

    async fn the_label_of_the_approval_counts_more_than_that_of_the_request(bed: Bed) {
        let ground = Ground::new(&bed).await;
        let request = bed.admin().post(&format!("{}&label=web", ground.asking())).await.ok().id();
        let path = format!("apikeyrequests/{request}/status?status=approved&label=batch");
        assert_eq!(bed.admin().put(&path).await.ok().value("label"), "batch");
        let without = ground.approved(&bed).await;
        assert_eq!(without.value("label"), "");
    }

    async fn a_key_is_switched_as_its_status_and_the_clock_allow(bed: Bed) {
        let life = crate::life! {
            "apikeys" by "status":
            {
                "activate" => |bed, id| async move { status(bed, id, "active").await }.boxed(),
                "de-activate" => |bed, id| async move { status(bed, id, "de-active").await }.boxed(),
            }
            "active" from |bed| async move { made(bed).await }.boxed() => [To("active"), To("de-active")];
            "de-active" from |bed| async move {
                let key = made(bed).await;
                status(bed, &key, "de-active").await.ok();
                key
            }.boxed() => [To("active"), To("de-active")];
        };
        life.try_all(&bed).await;
        let expired = crate::life! {
            "apikeys" by "status":
            {
                "activate" => |bed, id| async move { status(bed, id, "active").await }.boxed(),
                "de-activate" => |bed, id| async move { status(bed, id, "de-active").await }.boxed(),
            }
            "active" from |bed| async move {
                let key = made(bed).await;
                expire(bed, &key).await;
                key
            }.boxed() => [No(409, 15), To("de-active")];
            "de-active" from |bed| async move {
                let key = made(bed).await;
                status(bed, &key, "de-active").await.ok();
                expire(bed, &key).await;
                key
            }.boxed() => [No(409, 15), To("de-active")];
        };
        expired.try_all(&bed).await;
    }

    async fn a_key_moves_to_another_policy_of_its_group_until_it_expires(bed: Bed) {
        let ground = Ground::new(&bed).await;
        let key = key_of(&bed, &ground.approved(&bed).await).await;
        let second = Ground::policy_in(&bed, &ground.group, "Published").await;
        let draft = Ground::policy_in(&bed, &ground.group, "Draft").await;
        let other = Ground::new(&bed).await;
        let path = |policy: &str| format!("apikeys/{key}/policy?policyName={policy}");
        let put = |path: String, expected, words: &str| case(Method::PUT, path, expected, words);
        let cases = [
            put(format!("apikeys/{key}/policy"), (400, 1), "policyName"),
            put(path(""), (400, 1), "policyName"),
            put(path("x&policyName=y"), (400, 1), "policyName"),
            put(path(&format!("{}&x=y", second.id())), (400, 1), "x"),
            put(path("unknown"), (400, 10), "policyName"),
            put(path(NOBODY), (400, 10), "policyName"),
            put(path(&draft.id().to_string()), (400, 10), "published"),
            put(path(&other.policy_name()), (400, 10), "policyName"),
            put(path(&ground.group.id().to_string()), (400, 10), "policyName"),
            put(path(&second.id().to_string()).replace(&key, NOBODY), (404, 7), "apikey"),
            put(path(&second.id().to_string()), (412, 14), "version").header("If-Match", "\"9-00000000\""),
        ];
        all_refused(&bed, &bed.admin(), &cases).await;
        bed.admin().put(&path(&second.id().to_string())).await.ok();
        let shown = bed.admin().get(&format!("apikeys/{key}")).await.ok();
        assert_eq!(shown.value("policy"), second.id().to_string());
        assert_eq!(bed.admin().get(&format!("apikeys?policy={}", second.id())).await.ok().ids(), std::slice::from_ref(&key));
        bed.must_be_sound().await;
        expire(&bed, &key).await;
        bed.admin().put(&path(&ground.policy_name())).await.refused(409, 15, "expired");
    }

    async fn a_status_is_asked_for_in_its_own_words_by_who_may(bed: Bed) {
        let key = made(&bed).await;
        let path = |query: &str| format!("apikeys/{key}/status{query}");
        let put = |path: String, expected, words: &str| case(Method::PUT, path, expected, words);
        let cases = [
            put(path(""), (400, 1), "status"),
            put(path("?status=approved"), (400, 1), "status"),
            put(path("?status=Active"), (400, 1), "status"),
            put(path("?status=active&status=active"), (400, 1), "status"),
            put(path("?status=active&label=x"), (400, 1), "label"),
            put(path("?status=active").replace(&key, NOBODY), (404, 7), "apikey"),
            put(path("?status=active").replace(&key, "nobody"), (404, 7), "apikey"),
            case(Method::DELETE, format!("apikeys/{key}"), (405, 13), "GET"),
            case(Method::PUT, format!("apikeys/{key}"), (405, 13), "GET"),
            case(Method::POST, "apikeys", (405, 13), "GET"),
        ];
        all_refused(&bed, &bed.admin(), &cases).await;
        bed.admin().post("apiclients?name=some&pwd=some-password&grants=update:apikey&grants=approve:apikeyrequest").await.ok();
        let some = bed.anonymous().with(Credentials::Basic("some".into(), "some-password".into()));
        for path in [path("?status=de-active"), format!("apikeys/{key}/policy?policyName=x")] {
            some.put(&path).await.refused(403, 3, "approve apikey");
            Caller::basic(&bed, "reader").put(&path).await.refused(403, 3, "approve apikey");
        }
        let etag = bed.admin().get(&format!("apikeys/{key}")).await.ok().header("etag").to_owned();
        bed.admin().header("If-Match", &etag).put(&path("?status=de-active")).await.ok();
        bed.admin().header("If-Match", &etag).put(&path("?status=active")).await.refused(412, 14, "version");
    }
}

on_both_still! { |config| config.partners.api_key_days = 2;
    async fn a_key_ends_after_the_configured_days(bed: Bed) {
        let shown = Ground::new(&bed).await.approved(&bed).await;
        assert_eq!(shown.value("expires"), "2026-01-03T12:00:00Z");
        let key = key_of(&bed, &shown).await;
        bed.advance(2 * DAY - 1);
        status(&bed, &key, "de-active").await.ok();
        status(&bed, &key, "active").await.ok();
        bed.advance(1);
        status(&bed, &key, "active").await.refused(409, 15, "expired");
        status(&bed, &key, "de-active").await.ok();
    }
}

//! `/partners/{}/apikeyrequests` and `/apikeyrequests`: asked for by partners that may act, for policies they may use,
//! and decided once.

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use reqwest::Method;
use valtuus::model::Kind;

use super::ground::{Ground, approve, key_of};
use crate::kit::Caller;
use crate::kit::cases::{all_refused, case};
use crate::kit::states::Cell::{No, To};
use crate::kit::trace::entities;
use crate::on_both;

const NOBODY: &str = "018f0000-0000-7000-8000-000000000000";

on_both! {
    async fn a_partner_asks_for_a_key_and_the_request_is_there_to_be_read(bed: Bed) {
        let ground = Ground::new(&bed).await;
        let admin = bed.admin();
        let path = format!("{}&label=web", ground.asking());
        let id = admin.post(&path).await.ok().id();
        let shown = admin.get(&format!("apikeyrequests/{id}")).await.ok();
        let names = ["partner", "policy", "useCaseDescription", "status", "created", "label"];
        assert_eq!(shown.names(), names);
        assert_eq!(shown.value("partner"), ground.partner.id().to_string());
        assert_eq!(shown.value("policy"), ground.policy.id().to_string());
        assert_eq!((shown.value("status"), shown.value("label")), ("InProgress".into(), "web".into()));
        assert_eq!(shown.value("useCaseDescription"), "to sign in");
        let other = Ground::new(&bed).await;
        let others = other.request(&bed).await;
        // By either name of the partner, and only its own.
        for partner in [ground.id(), ground.partner.id().to_string()] {
            let path = format!("partners/{partner}/apikeyrequests");
            assert_eq!(admin.get(&path).await.ok().ids(), [id.as_str()]);
            assert_eq!(admin.get(&format!("{path}/{id}")).await.ok().value("label"), "web");
            admin.get(&format!("{path}/{others}")).await.refused(404, 7, "apikeyrequest");
            let whole = admin.get(&format!("{path}?entities=true&status=InProgress")).await.ok().text();
            assert!(whole.contains("to sign in"), "{whole}");
        }
        assert_eq!(admin.get("apikeyrequests").await.ok().ids(), [id.as_str(), others.as_str()]);
        assert_eq!(admin.get(&format!("apikeyrequests?partner={}", ground.id())).await.ok().id(), id);
        bed.must_be_sound().await;
    }

    async fn a_policy_is_named_in_any_letter_case_or_by_its_id(bed: Bed) {
        let ground = Ground::new(&bed).await;
        for name in [ground.policy_name().to_uppercase(), ground.policy.id().to_string()] {
            let id = bed.admin().post(&format!("{}?policyName={name}", ground.requests())).await.ok().id();
            let policy = bed.admin().get(&format!("apikeyrequests/{id}")).await.ok().value("policy");
            assert_eq!(policy, ground.policy.id().to_string());
        }
    }

    async fn a_request_may_come_as_a_document(bed: Bed) {
        let ground = Ground::new(&bed).await;
        let caller = bed.admin().header("content-type", "application/xml");
        let document = format!(
            "<ApiKeyRequest xmlns=\"http://schema.ubisecure.com/customerid/api\"><Attribute name=\"policyName\">\
             <Value>{}</Value></Attribute><Attribute name=\"label\"><Value>doc</Value></Attribute></ApiKeyRequest>",
            ground.policy_name()
        );
        let made = caller.send(Method::POST, &ground.requests(), Some(document.into_bytes())).await.ok().id();
        let shown = bed.admin().get(&format!("apikeyrequests/{made}")).await.ok();
        assert_eq!((shown.value("label"), shown.value("useCaseDescription")), ("doc".into(), String::new()));
    }

    async fn what_cannot_be_asked_for_is_refused_and_changes_nothing(bed: Bed) {
        let ground = Ground::new(&bed).await;
        let other = Ground::new(&bed).await;
        let draft = Ground::policy_in(&bed, &ground.group, "Draft").await;
        let (here, name) = (ground.requests(), ground.policy_name());
        let post = |path: String, expected, words: &str| case(Method::POST, path, expected, words);
        let long = "x".repeat(2_001);
        let cases = [
            post(here.clone(), (400, 1), "policyName"),
            post(format!("{here}?policyName="), (400, 1), "policyName"),
            post(format!("{here}?policyName=%20"), (400, 1), "policyName"),
            post(format!("{here}?policyName={name}&policyName={name}"), (400, 1), "policyName"),
            post(format!("{here}?policyName=unknown"), (400, 10), "policyName"),
            post(format!("{here}?policyName={NOBODY}"), (400, 10), "policyName"),
            post(format!("{here}?policyName={}", other.policy_name()), (400, 10), "policyName"),
            post(format!("{here}?policyName={}", other.policy.id()), (400, 10), "policyName"),
            post(format!("{here}?policyName={}", draft.id()), (400, 10), "published"),
            post(format!("{here}?policyName={name}&useCaseDescription={long}"), (400, 1), "useCaseDescription"),
            post(format!("{here}?policyName={name}&label={}", "x".repeat(129)), (400, 1), "label"),
            post(format!("{here}?policyName={name}&status=approved"), (400, 1), "status"),
            post(format!("{here}?policyName={name}&partner={}", other.id()), (400, 1), "partner"),
            post(format!("{here}?policyName={name}&policy={}", other.policy.id()), (400, 1), "policy"),
            post(format!("{here}?policyName={name}&shoesize=1"), (400, 1), "shoesize"),
            post(format!("partners/nobody/apikeyrequests?policyName={name}"), (404, 5), "partner"),
            post(format!("partners/{NOBODY}/apikeyrequests?policyName={name}"), (404, 5), "partner"),
            post(format!("partners/{}/apikeyrequests?policyName={name}", ground.policy.id()), (404, 5), "partner"),
            case(Method::GET, "partners/nobody/apikeyrequests", (404, 5), "partner"),
            case(Method::GET, format!("partners/nobody/apikeyrequests/{NOBODY}"), (404, 5), "partner"),
            case(Method::GET, format!("{here}/{NOBODY}"), (404, 7), "apikeyrequest"),
            case(Method::GET, format!("{here}/nobody?x=y"), (400, 1), "x"),
            case(Method::GET, "apikeyrequests/nobody", (404, 7), "apikeyrequest"),
            case(Method::DELETE, format!("apikeyrequests/{NOBODY}"), (405, 13), "GET"),
        ];
        all_refused(&bed, &bed.admin(), &cases).await;
        for (status, active) in [("InProgress", false), ("approved", false), ("rejected", false), ("rejected", true)] {
            ground.stands(&bed, status, active).await;
            bed.admin().post(&ground.asking()).await.refused(409, 15, "partner");
        }
        assert!(entities(&bed.server.service().engine.store, Kind::ApiKeyRequest).await.is_empty());
    }

    async fn a_policy_that_cannot_be_used_is_not_asked_for_nor_approved(bed: Bed) {
        for how in 0.. {
            let ground = Ground::new(&bed).await;
            let request = ground.request(&bed).await;
            let Some(words) = ground.spoil(&bed, how).await else { break };
            bed.admin().post(&ground.asking()).await.refused(400, 10, words);
            approve(&bed, &request).await.refused(409, 15, words);
            // It can still be turned down.
            bed.admin().put(&format!("apikeyrequests/{request}/status?status=rejected")).await.ok();
        }
        assert!(entities(&bed.server.service().engine.store, Kind::ApiKey).await.is_empty());
    }

    async fn a_partner_that_may_not_act_any_more_gets_no_key(bed: Bed) {
        let ground = Ground::new(&bed).await;
        let request = ground.request(&bed).await;
        for (status, active, words) in [("approved", false, "de-active"), ("rejected", false, "not approved")] {
            ground.stands(&bed, status, active).await;
            approve(&bed, &request).await.refused(409, 15, words);
        }
        ground.stands(&bed, "approved", true).await;
        approve(&bed, &request).await.ok();
    }

    async fn a_decision_is_asked_for_in_its_own_words(bed: Bed) {
        let ground = Ground::new(&bed).await;
        let request = ground.request(&bed).await;
        let path = |query: &str| format!("apikeyrequests/{request}/status{query}");
        let put = |path: String, expected, words: &str| case(Method::PUT, path, expected, words);
        let cases = [
            put(path(""), (400, 1), "status"),
            put(path("?status="), (400, 1), "status"),
            put(path("?status=Approved"), (400, 1), "status"),
            put(path("?status=InProgress"), (400, 1), "status"),
            put(path("?status=approved&status=approved"), (400, 1), "status"),
            put(path("?status=approved&x=y"), (400, 1), "x"),
            put(path(&format!("?status=approved&label={}", "x".repeat(129))), (400, 1), "label"),
            put(path("?status=rejected&label=x"), (400, 1), "label"),
            put(path("?status=approved").replace(&request, NOBODY), (404, 7), "apikeyrequest"),
            put(path("?status=approved").replace(&request, "nobody"), (404, 7), "apikeyrequest"),
            put(path("?status=approved").replace(&request, &ground.partner.id().to_string()), (404, 7), "apikeyrequest"),
            put(path("?status=approved"), (412, 14), "version").header("If-Match", "\"7-00000000\""),
            put(path("?status=approved"), (400, 1), "body").document("<ApiKeyRequest/>"),
        ];
        all_refused(&bed, &bed.admin(), &cases).await;
    }

    async fn who_may_not_decide_does_not(bed: Bed) {
        let ground = Ground::new(&bed).await;
        let request = ground.request(&bed).await;
        let only = |name: &'static str, grants: &'static str| {
            let bed = &bed;
            async move {
                bed.admin().post(&format!("apiclients?name={name}&pwd={name}-password&{grants}")).await.ok();
                let own = (name.to_owned(), format!("{name}-password"));
                bed.anonymous().with(crate::kit::caller::Credentials::Basic(own.0, own.1))
            }
        };
        let asker = only("asker", "grants=create:apikeyrequest&grants=update:apikeyrequest").await;
        let decider = only("decider", "grants=approve:apikeyrequest").await;
        asker.put(&format!("apikeyrequests/{request}/status?status=approved")).await.refused(403, 3, "approve");
        asker.get(&format!("apikeyrequests/{request}")).await.refused(403, 3, "read");
        decider.post(&ground.asking()).await.refused(403, 3, "create");
        let mine = asker.post(&ground.asking()).await.ok().id();
        for path in [mine, request] {
            let shown = decider.put(&format!("apikeyrequests/{path}/status?status=approved")).await.ok();
            assert_eq!(shown.value("apiKey").len(), 50);
        }
        // Grants come before what there is.
        asker.put(&format!("apikeyrequests/{NOBODY}/status?status=approved")).await.refused(403, 3, "approve");
        Caller::basic(&bed, "reader").post(&ground.asking()).await.refused(403, 3, "create");
    }

    async fn every_request_is_decided_once(bed: Bed) {
        let life = crate::life! {
            "apikeyrequests" by "status":
            {
                "approve" => |bed, id| approve(bed, id).boxed(),
                "reject" => |bed, id| async move {
                    bed.admin().put(&format!("apikeyrequests/{id}/status?status=rejected")).await
                }.boxed(),
            }
            "InProgress" from |bed| async move { Ground::new(bed).await.request(bed).await }.boxed()
                => [To("approved"), To("rejected")];
            "approved" from |bed| async move {
                let id = Ground::new(bed).await.request(bed).await;
                approve(bed, &id).await.ok();
                id
            }.boxed() => [No(409, 15), No(409, 15)];
            "rejected" from |bed| async move {
                let id = Ground::new(bed).await.request(bed).await;
                bed.admin().put(&format!("apikeyrequests/{id}/status?status=rejected")).await.ok();
                id
            }.boxed() => [No(409, 15), No(409, 15)];
        };
        life.try_all(&bed).await;
        // As many keys as approvals that succeeded.
        assert_eq!(entities(&bed.server.service().engine.store, Kind::ApiKey).await.len(), 3);
    }

    async fn of_many_approvals_at_once_one_makes_a_key(bed: Bed) {
        let ground = Ground::new(&bed).await;
        let request = ground.request(&bed).await;
        let answers = join_all((0..8).map(|_| approve(&bed, &request))).await;
        let made: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
        assert_eq!(made.len(), 1);
        for answer in answers.iter().filter(|answer| answer.status != 200) {
            assert!(answer.status == 409 && answer.text().contains("<code>15</code>"), "{}", answer.text());
        }
        let key = key_of(&bed, made[0]).await;
        assert_eq!(bed.admin().get("apikeys").await.ok().ids(), [key]);
        bed.must_be_sound().await;
    }

    async fn a_decision_says_who_decided_and_when(bed: Bed) {
        let ground = Ground::new(&bed).await;
        let request = ground.request(&bed).await;
        let before = bed.admin().get(&format!("apikeyrequests/{request}")).await.ok();
        assert_eq!((before.value("decided"), before.value("decidedBy")), (String::new(), String::new()));
        let writer = Caller::basic(&bed, "writer");
        let listed = writer.put(&format!("apikeyrequests/{request}/status?status=rejected")).await.ok();
        assert_eq!(listed.id(), request);
        assert!(listed.text().contains("<ApiKeyRequests "), "{}", listed.text());
        let shown = bed.admin().get(&format!("apikeyrequests/{request}")).await.ok();
        assert_eq!((shown.value("status"), shown.value("decidedBy")), ("rejected".into(), "writer".into()));
        assert!(shown.value("decided").starts_with("20"), "{}", shown.text());
    }
}

//! What the operations about keys, extractors and credential types leave in the trail.

use futures_util::FutureExt as _;
use valtuus::audit::coded::partner::{
    CREDENTIAL_TYPE_ASKED, CREDENTIAL_TYPE_MAPPED, EXTRACTORS_ASKED, EXTRACTORS_STORED, KEY_APPROVED,
    KEY_ASKED, KEY_DECISION_ASKED, KEY_REQUESTED, KEY_REQUESTS_ASKED, KEY_REQUESTS_READ, NOT_ALLOWED,
    PARTNER_UNKNOWN, POLICY_GROUP_UNKNOWN, POLICY_NOT_MAPPED,
};

use super::{Driven, Sequence, c, drive_all, failure, request, sequence, success};
use crate::kit::{Answer, Bed, Caller};
use crate::on_both;
use crate::partners::keys::ground::{Ground, approve};

const NOBODY: &str = "018f0000-0000-7000-8000-000000000000";
const FACE: &str = "attributeName=photo&biometric=face&provider=acme&version=1.1";
const DECIDE: &str = "VLT_APIKEYREQUEST_DECIDE";
const APPROVE: &str = "VLT_APIKEYREQUEST_APPROVE";
const REJECT: &str = "VLT_APIKEYREQUEST_REJECT";

fn told(answer: Answer, subject: impl Into<String>) -> Driven {
    Driven { answer, subject: subject.into() }
}

async fn of_type(bed: &Bed, partner_type: &str, caller: &Caller<'_>) -> Driven {
    let ground = Ground::of_type(bed, partner_type).await;
    told(caller.post(&ground.credential_type("auth")).await, ground.id())
}

async fn decided(bed: &Bed, caller: &Caller<'_>, query: &str) -> Driven {
    let ground = Ground::new(bed).await;
    let id = ground.request(bed).await;
    told(caller.put(&format!("apikeyrequests/{id}/status{query}")).await, ground.id())
}

pub(super) static TABLE: &[Sequence] = &[
    sequence(("ask for a key", "taken"), 200, &[c(&KEY_ASKED), c(&KEY_REQUESTED)], |bed, caller| {
        async move {
            let ground = Ground::new(bed).await;
            told(caller.post(&ground.asking()).await, ground.id())
        }
        .boxed()
    }),
    sequence(
        ("ask for a key", "taken, by the partner's UUID"),
        200,
        &[c(&KEY_ASKED), c(&KEY_REQUESTED)],
        |bed, caller| {
            async move {
                let ground = Ground::new(bed).await;
                let path = ground.asking().replace(&ground.id(), &ground.partner.id().to_string());
                told(caller.post(&path).await, ground.id())
            }
            .boxed()
        },
    ),
    sequence(
        ("ask for a key", "no such partner"),
        404,
        &[c(&KEY_ASKED), c(&PARTNER_UNKNOWN)],
        |bed, caller| {
            async move {
                let ground = Ground::new(bed).await;
                told(caller.post(&ground.asking().replace(&ground.id(), "nobody")).await, "nobody")
            }
            .boxed()
        },
    ),
    sequence(
        ("ask for a key", "no such partner, by UUID"),
        404,
        &[c(&KEY_ASKED), c(&PARTNER_UNKNOWN)],
        |bed, caller| {
            async move {
                let ground = Ground::new(bed).await;
                told(caller.post(&ground.asking().replace(&ground.id(), NOBODY)).await, NOBODY)
            }
            .boxed()
        },
    ),
    sequence(
        ("ask for a key", "no such policy"),
        400,
        &[c(&KEY_ASKED), c(&POLICY_GROUP_UNKNOWN)],
        |bed, caller| {
            async move {
                let ground = Ground::new(bed).await;
                told(caller.post(&format!("{}?policyName=none", ground.requests())).await, ground.id())
            }
            .boxed()
        },
    ),
    sequence(
        ("ask for a key", "the policy cannot be used"),
        400,
        &[c(&KEY_ASKED), c(&POLICY_GROUP_UNKNOWN)],
        |bed, caller| {
            async move {
                let ground = Ground::new(bed).await;
                ground.spoil(bed, 0).await;
                told(caller.post(&ground.asking()).await, ground.id())
            }
            .boxed()
        },
    ),
    sequence(
        ("ask for a key", "the partner may not act"),
        409,
        &[c(&KEY_ASKED), failure("VLT_APIKEYREQUEST_CREATE")],
        |bed, caller| {
            async move {
                let ground = Ground::new(bed).await;
                ground.stands(bed, "rejected", false).await;
                told(caller.post(&ground.asking()).await, ground.id())
            }
            .boxed()
        },
    ),
    sequence(
        ("ask for a key", "no policy named, the partner addressed by its id"),
        400,
        &[c(&KEY_ASKED), failure("VLT_APIKEYREQUEST_CREATE")],
        |bed, caller| {
            async move {
                let ground = Ground::new(bed).await;
                let partner = bed.admin().get(&format!("partners?partnerId={}", ground.id())).await.ok().id();
                told(caller.post(&ground.requests().replace(&ground.id(), &partner)).await, ground.id())
            }
            .boxed()
        },
    ),
    sequence(
        ("ask for a key", "no policy named"),
        400,
        &[c(&KEY_ASKED), failure("VLT_APIKEYREQUEST_CREATE")],
        |bed, caller| {
            async move {
                let ground = Ground::new(bed).await;
                told(caller.post(&ground.requests()).await, ground.id())
            }
            .boxed()
        },
    ),
    sequence(("decide", "approved"), 200, &[c(&KEY_DECISION_ASKED), c(&KEY_APPROVED)], |bed, caller| {
        async move { decided(bed, &caller, "?status=approved").await }.boxed()
    }),
    sequence(("decide", "rejected"), 200, &[c(&KEY_DECISION_ASKED), success(REJECT)], |bed, caller| {
        async move { decided(bed, &caller, "?status=rejected").await }.boxed()
    }),
    sequence(("decide", "another word"), 400, &[c(&KEY_DECISION_ASKED), failure(DECIDE)], |bed, caller| {
        async move { decided(bed, &caller, "?status=perhaps").await }.boxed()
    }),
    sequence(
        ("decide", "no such request"),
        404,
        &[c(&KEY_DECISION_ASKED), c(&PARTNER_UNKNOWN)],
        |_, caller| {
            async move {
                let path = format!("apikeyrequests/{NOBODY}/status?status=approved");
                told(caller.put(&path).await, NOBODY)
            }
            .boxed()
        },
    ),
    sequence(("decide", "no id"), 404, &[c(&KEY_DECISION_ASKED), c(&PARTNER_UNKNOWN)], |_, caller| {
        async move { told(caller.put("apikeyrequests/nobody/status?status=rejected").await, "nobody") }
            .boxed()
    }),
    sequence(
        ("decide", "approved before"),
        409,
        &[c(&KEY_DECISION_ASKED), failure(APPROVE)],
        |bed, caller| {
            async move {
                let ground = Ground::new(bed).await;
                let id = ground.request(bed).await;
                approve(bed, &id).await.ok();
                told(caller.put(&format!("apikeyrequests/{id}/status?status=approved")).await, ground.id())
            }
            .boxed()
        },
    ),
    sequence(("decide", "rejected after"), 409, &[c(&KEY_DECISION_ASKED), failure(REJECT)], |bed, caller| {
        async move {
            let ground = Ground::new(bed).await;
            let id = ground.request(bed).await;
            approve(bed, &id).await.ok();
            told(caller.put(&format!("apikeyrequests/{id}/status?status=rejected")).await, ground.id())
        }
        .boxed()
    }),
    sequence(
        ("decide", "the policy cannot be used any more"),
        409,
        &[c(&KEY_DECISION_ASKED), failure(APPROVE)],
        |bed, caller| {
            async move {
                let ground = Ground::new(bed).await;
                let id = ground.request(bed).await;
                ground.spoil(bed, 1).await;
                told(caller.put(&format!("apikeyrequests/{id}/status?status=approved")).await, ground.id())
            }
            .boxed()
        },
    ),
    sequence(
        ("read requests", "a list"),
        200,
        &[c(&KEY_REQUESTS_ASKED), c(&KEY_REQUESTS_READ)],
        |bed, caller| {
            async move {
                let ground = Ground::new(bed).await;
                told(caller.get(&ground.requests()).await, ground.id())
            }
            .boxed()
        },
    ),
    sequence(
        ("read requests", "one"),
        200,
        &[c(&KEY_REQUESTS_ASKED), c(&KEY_REQUESTS_READ)],
        |bed, caller| {
            async move {
                let ground = Ground::new(bed).await;
                let id = ground.request(bed).await;
                told(caller.get(&format!("{}/{id}", ground.requests())).await, ground.id())
            }
            .boxed()
        },
    ),
    sequence(("read requests", "all"), 200, &[c(&KEY_REQUESTS_ASKED), c(&KEY_REQUESTS_READ)], |_, caller| {
        async move { told(caller.get("apikeyrequests").await, "") }.boxed()
    }),
    sequence(
        ("read requests", "no such partner"),
        404,
        &[c(&KEY_REQUESTS_ASKED), c(&PARTNER_UNKNOWN)],
        |_, caller| async move { told(caller.get("partners/nobody/apikeyrequests").await, "nobody") }.boxed(),
    ),
    sequence(
        ("read requests", "one of no such partner"),
        404,
        &[c(&KEY_REQUESTS_ASKED), c(&PARTNER_UNKNOWN)],
        |_, caller| {
            async move { told(caller.get(&format!("partners/nobody/apikeyrequests/{NOBODY}")).await, "nobody") }.boxed()
        },
    ),
    sequence(
        ("read requests", "no such request"),
        404,
        &[c(&KEY_REQUESTS_ASKED), c(&PARTNER_UNKNOWN)],
        |_, caller| {
            async move { told(caller.get(&format!("apikeyrequests/{NOBODY}")).await, NOBODY) }.boxed()
        },
    ),
    sequence(
        ("store extractors", "stored"),
        200,
        &[c(&EXTRACTORS_ASKED), c(&EXTRACTORS_STORED)],
        |bed, caller| {
            async move {
                let ground = Ground::new(bed).await;
                ground.approved(bed).await;
                told(caller.post(&format!("{}?{FACE}", ground.extractors())).await, ground.id())
            }
            .boxed()
        },
    ),
    sequence(
        ("store extractors", "stored over"),
        200,
        &[c(&EXTRACTORS_ASKED), c(&EXTRACTORS_STORED)],
        |bed, caller| {
            async move {
                let ground = Ground::new(bed).await;
                ground.approved(bed).await;
                let path = format!("{}?{FACE}", ground.extractors());
                bed.admin().post(&path).await.ok();
                told(caller.post(&path.replace("1.1", "2")).await, ground.id())
            }
            .boxed()
        },
    ),
    sequence(
        ("store extractors", "no such partner"),
        404,
        &[c(&EXTRACTORS_ASKED), c(&PARTNER_UNKNOWN)],
        |bed, caller| {
            async move {
                let ground = Ground::new(bed).await;
                let path = format!("{}?{FACE}", ground.extractors()).replace(&ground.id(), "nobody");
                told(caller.post(&path).await, "nobody")
            }
            .boxed()
        },
    ),
    sequence(
        ("store extractors", "no such policy"),
        404,
        &[c(&EXTRACTORS_ASKED), c(&POLICY_GROUP_UNKNOWN)],
        |bed, caller| {
            async move {
                let ground = Ground::new(bed).await;
                let path = format!("{}?{FACE}", ground.extractors()).replace(&ground.policy_name(), "none");
                told(caller.post(&path).await, ground.id())
            }
            .boxed()
        },
    ),
    sequence(
        ("store extractors", "no approved request"),
        409,
        &[c(&EXTRACTORS_ASKED), c(&POLICY_NOT_MAPPED)],
        |bed, caller| {
            async move {
                let ground = Ground::new(bed).await;
                ground.request(bed).await;
                told(caller.post(&format!("{}?{FACE}", ground.extractors())).await, ground.id())
            }
            .boxed()
        },
    ),
    sequence(
        ("store extractors", "no biometric"),
        400,
        &[c(&EXTRACTORS_ASKED), failure("VLT_BIOMETRICEXTRACTOR_CREATE")],
        |bed, caller| {
            async move {
                let ground = Ground::new(bed).await;
                let path = format!("{}?{FACE}", ground.extractors()).replace("face", "nose");
                told(caller.post(&path).await, ground.id())
            }
            .boxed()
        },
    ),
    sequence(
        ("map a policy", "mapped"),
        200,
        &[c(&CREDENTIAL_TYPE_ASKED), c(&CREDENTIAL_TYPE_MAPPED)],
        |bed, caller| async move { of_type(bed, "Credential_Partner", &caller).await }.boxed(),
    ),
    sequence(
        ("map a policy", "mapped before"),
        200,
        &[c(&CREDENTIAL_TYPE_ASKED), c(&CREDENTIAL_TYPE_MAPPED)],
        |bed, caller| {
            async move {
                let ground = Ground::new(bed).await;
                bed.admin().post(&ground.credential_type("auth")).await.ok();
                told(caller.post(&ground.credential_type("auth")).await, ground.id())
            }
            .boxed()
        },
    ),
    sequence(
        ("map a policy", "not open to the type of partner"),
        409,
        &[c(&CREDENTIAL_TYPE_ASKED), c(&NOT_ALLOWED)],
        |bed, caller| async move { of_type(bed, "Auth_Partner", &caller).await }.boxed(),
    ),
    sequence(
        ("map a policy", "no such partner"),
        404,
        &[c(&CREDENTIAL_TYPE_ASKED), c(&PARTNER_UNKNOWN)],
        |bed, caller| {
            async move {
                let ground = Ground::new(bed).await;
                let path = ground.credential_type("auth").replace(&ground.id(), "nobody");
                told(caller.post(&path).await, "nobody")
            }
            .boxed()
        },
    ),
    sequence(
        ("map a policy", "no such policy"),
        404,
        &[c(&CREDENTIAL_TYPE_ASKED), c(&POLICY_GROUP_UNKNOWN)],
        |bed, caller| {
            async move {
                let ground = Ground::new(bed).await;
                let path = ground.credential_type("auth").replace(&ground.policy_name(), "none");
                told(caller.post(&path).await, ground.id())
            }
            .boxed()
        },
    ),
    sequence(
        ("map a policy", "no such credential type"),
        400,
        &[c(&CREDENTIAL_TYPE_ASKED), failure("VLT_CREDENTIALTYPEMAPPING_CREATE")],
        |bed, caller| {
            async move {
                let ground = Ground::new(bed).await;
                told(caller.post(&ground.credential_type("passport")).await, ground.id())
            }
            .boxed()
        },
    ),
    sequence(
        ("switch a key", "off"),
        200,
        &[request("VLT_APIKEY_STATUS"), success("VLT_APIKEY_STATUS")],
        |bed, caller| {
            async move {
                let ground = Ground::new(bed).await;
                ground.approved(bed).await;
                let key = bed.admin().get(&format!("partners/{}/apikeys", ground.id())).await.ok().id();
                told(caller.put(&format!("apikeys/{key}/status?status=de-active")).await, key)
            }
            .boxed()
        },
    ),
    sequence(
        ("switch a key", "no such key"),
        404,
        &[request("VLT_APIKEY_STATUS"), failure("VLT_APIKEY_STATUS")],
        |_, caller| {
            async move { told(caller.put(&format!("apikeys/{NOBODY}/status?status=active")).await, NOBODY) }
                .boxed()
        },
    ),
    sequence(
        ("move a key", "to no such policy"),
        400,
        &[request("VLT_APIKEY_POLICY"), failure("VLT_APIKEY_POLICY")],
        |bed, caller| {
            async move {
                let ground = Ground::new(bed).await;
                ground.approved(bed).await;
                let key = bed.admin().get(&format!("partners/{}/apikeys", ground.id())).await.ok().id();
                told(caller.put(&format!("apikeys/{key}/policy?policyName=none")).await, key)
            }
            .boxed()
        },
    ),
];

on_both! {
    async fn every_outcome_about_keys_leaves_its_sequence(bed: Bed) {
        drive_all(&bed, TABLE).await;
    }

    async fn who_may_not_leaves_the_entry_and_a_generic_failure(bed: Bed) {
        let ground = Ground::new(&bed).await;
        let id = ground.request(&bed).await;
        let reader = Caller::basic(&bed, "reader");
        for (method, path, entry, generic) in [
            (reqwest::Method::POST, ground.asking(), "PMS_PRT_112", "VLT_APIKEYREQUEST_CREATE"),
            (reqwest::Method::PUT, format!("apikeyrequests/{id}/status?status=approved"), "PMS_PRT_122", DECIDE),
            (reqwest::Method::POST, format!("{}?{FACE}", ground.extractors()), "PMS_PRT_111", "VLT_BIOMETRICEXTRACTOR_CREATE"),
            (reqwest::Method::POST, ground.credential_type("auth"), "PMS_PRT_121", "VLT_CREDENTIALTYPEMAPPING_CREATE"),
        ] {
            let request = crate::partners::fresh("no-");
            reader.clone().header("x-request-id", &request).send(method, &path, None).await.refused(403, 3, "may not");
            let store = &bed.server.service().engine.store;
            let records = crate::kit::trace::records_of_request(store, &request).await;
            let told: Vec<_> = records.iter().map(|record| record.field("eventId")).collect();
            assert_eq!(told, [entry, generic], "{path}");
        }
    }
}

//! `/partners/{}/policies/{}/credentialtypes/{}`: open to the configured types of partners only.

use futures_util::future::join_all;
use reqwest::Method;
use valtuus::config::Config;
use valtuus::model::Kind;

use super::ground::Ground;
use crate::kit::Caller;
use crate::kit::cases::{all_refused, case};
use crate::kit::trace::entities;
use crate::{on_both, on_both_with};

const NOBODY: &str = "018f0000-0000-7000-8000-000000000000";
const ALL: [&str; 5] = ["auth", "qrcode", "euin", "reprint", "vercred"];

fn few(config: &mut Config) {
    for known in &mut config.partners.types {
        known.credential_types = if known.name == "Auth_Partner" { vec!["auth".into()] } else { Vec::new() };
    }
}

on_both! {
    async fn a_policy_is_mapped_to_each_credential_type_once(bed: Bed) {
        for partner_type in ["Credential_Partner", "Online_Verification_Partner"] {
            let ground = Ground::of_type(&bed, partner_type).await;
            let admin = bed.admin();
            for name in ALL {
                let path = ground.credential_type(name);
                admin.get(&path).await.refused(404, 7, "credentialtypemapping");
                let id = admin.post(&path).await.ok().id();
                let shown = admin.get(&path).await.ok();
                assert_eq!(shown.names(), ["partner", "policy", "credentialType"]);
                assert_eq!(shown.value("credentialType"), name);
                assert_eq!(shown.value("policy"), ground.policy.id().to_string());
                let version = |shown: &crate::kit::Answer| shown.header("etag").split('-').next().unwrap().to_owned();
                // Again, and by ids, changes nothing.
                let by_id = format!("partners/{}/policies/{}/credentialtypes/{name}", ground.partner.id(), ground.policy.id());
                assert_eq!(admin.post(&by_id).await.ok().id(), id);
                assert_eq!(version(&admin.get(&by_id).await.ok()), version(&shown));
                assert_eq!(admin.get(&format!("credentialtypemappings/{id}")).await.ok().value("credentialType"), name);
            }
            let listed = admin.get(&format!("credentialtypemappings?partner={}", ground.id())).await.ok().ids();
            assert_eq!(listed.len(), ALL.len());
        }
        bed.must_be_sound().await;
    }

    async fn what_cannot_be_mapped_is_refused(bed: Bed) {
        let (ground, other) = (Ground::new(&bed).await, Ground::new(&bed).await);
        let closed = Ground::of_type(&bed, "Auth_Partner").await;
        let unknown = Ground::of_type(&bed, "No_Such_Type_Any_More").await;
        let here = ground.credential_type("auth");
        let post = |path: String, expected, words: &str| case(Method::POST, path, expected, words);
        let cases = [
            post(ground.credential_type("passport"), (400, 1), "credentialType"),
            post(format!("{here}?x=y"), (400, 1), "x"),
            post(here.clone(), (400, 1), "body").document("<CredentialTypeMapping/>"),
            post(here.replace(&ground.id(), "nobody"), (404, 5), "partner"),
            post(here.replace(&ground.id(), NOBODY), (404, 5), "partner"),
            post(here.replace(&ground.policy_name(), "unknown"), (404, 5), "policy"),
            post(here.replace(&ground.policy_name(), &other.policy.id().to_string()), (404, 5), "policy"),
            post(closed.credential_type("auth"), (409, 15), "credentialType"),
            post(unknown.credential_type("auth"), (409, 15), "credentialType"),
            case(Method::GET, ground.credential_type("passport"), (400, 1), "credentialType"),
            case(Method::GET, here.replace(&ground.id(), "nobody"), (404, 5), "partner"),
            case(Method::GET, here.replace(&ground.policy_name(), "unknown"), (404, 5), "policy"),
            case(Method::GET, here.clone(), (404, 7), "credentialtypemapping"),
            case(Method::DELETE, here.clone(), (405, 13), "GET"),
        ];
        all_refused(&bed, &bed.admin(), &cases).await;
        Caller::basic(&bed, "reader").post(&here).await.refused(403, 3, "create credentialtypemapping");
        Caller::basic(&bed, "reader").get(&here).await.refused(404, 7, "credentialtypemapping");
    }

    async fn of_many_who_map_the_same_one_makes_it_and_all_succeed(bed: Bed) {
        let ground = Ground::new(&bed).await;
        let admin = bed.admin();
        let path = ground.credential_type("qrcode");
        let answers = join_all((0..8).map(|_| admin.post(&path))).await;
        let ids: std::collections::BTreeSet<String> = answers.into_iter().map(|answer| answer.ok().id()).collect();
        assert_eq!(ids.len(), 1);
        assert_eq!(entities(&bed.server.service().engine.store, Kind::CredentialTypeMapping).await.len(), 1);
    }
}

on_both_with! { few;
    async fn the_configuration_says_which_types_of_partners_may(bed: Bed) {
        let (auth, credential) = (Ground::of_type(&bed, "Auth_Partner").await, Ground::new(&bed).await);
        bed.admin().post(&auth.credential_type("auth")).await.ok();
        bed.admin().post(&auth.credential_type("qrcode")).await.refused(409, 15, "credentialType");
        bed.admin().post(&credential.credential_type("auth")).await.refused(409, 15, "credentialType");
    }
}

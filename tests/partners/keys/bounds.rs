//! Clients bounded to an organization: they see and touch the keys of partners of that organization only.

use valtuus::model::kind::{organization, partner};
use valtuus::model::{Kind, Stored, Value};

use super::ground::{Ground, approve, key_of, put, text};
use super::validation::Whole;
use crate::kit::caller::Credentials;
use crate::kit::{Bed, Caller};
use crate::on_both;
use crate::partners::fresh;

/// A partner of an organization, in the group of `ground`.
async fn partner_of(bed: &Bed, ground: &Ground, home: &Stored) -> Ground {
    let id = fresh("own-");
    let pairs = vec![
        text(partner::PARTNER_ID, &id),
        text(partner::ORGANIZATION_NAME, &id),
        text(partner::EMAIL, &format!("{id}@example.org")),
        text(partner::TYPE, "Credential_Partner"),
        (partner::POLICY_GROUP, Value::Ref(ground.group.reference())),
        text(partner::STATUS, "approved"),
        (partner::ACTIVE, Value::Bool(true)),
        (partner::ORGANIZATION, Value::Ref(home.reference())),
    ];
    let partner = put(bed, Kind::Partner, pairs, &[&ground.group, home]).await;
    Ground { partner, group: ground.group.clone(), policy: ground.policy.clone() }
}

async fn home(bed: &Bed) -> Stored {
    let id = crate::api::organization(&bed.admin(), &fresh("home")).await;
    let store = &bed.server.service().engine.store;
    let found = store.by_id(id.parse().unwrap()).await.unwrap().unwrap();
    assert!(found.attributes().first(organization::TECHNICAL_NAME).is_some());
    found
}

async fn bounded<'b>(bed: &'b Bed, within: &Stored) -> Caller<'b> {
    let name = fresh("bounded");
    bed.admin()
        .post(&format!("apiclients?name={name}&pwd={name}-password&grants=*:*&within={}", within.id()))
        .await
        .ok();
    bed.anonymous().with(Credentials::Basic(name.clone(), format!("{name}-password")))
}

on_both! {
    async fn a_bounded_client_works_with_its_own_partner(bed: Bed) {
        let other = Ground::new(&bed).await;
        let home = home(&bed).await;
        let own = partner_of(&bed, &other, &home).await;
        let client = bounded(&bed, &home).await;
        let request = client.post(&own.asking()).await.ok().id();
        assert_eq!(client.get("apikeyrequests").await.ok().ids(), std::slice::from_ref(&request));
        let shown = client.put(&format!("apikeyrequests/{request}/status?status=approved")).await.ok();
        let key = key_of(&bed, &shown).await;
        assert_eq!(client.get(&format!("partners/{}/apikeys", own.id())).await.ok().ids(), std::slice::from_ref(&key));
        client.put(&format!("apikeys/{key}/status?status=de-active")).await.ok();
        let face = "attributeName=photo&biometric=face&provider=acme&version=1.1";
        client.post(&format!("{}?{face}", own.extractors())).await.ok();
        assert_eq!(client.get(&own.extractors()).await.ok().ids().len(), 1);
        client.post(&own.credential_type("auth")).await.ok();
        client.get(&own.credential_type("auth")).await.ok();
        bed.must_be_sound().await;
    }

    async fn of_other_partners_a_bounded_client_learns_nothing(bed: Bed) {
        let whole = Whole::new(&bed).await;
        let other = &whole.ground;
        let waiting = other.request(&bed).await;
        bed.admin().post(&other.credential_type("auth")).await.ok();
        let client = bounded(&bed, &home(&bed).await).await;
        client.post(&other.asking()).await.refused(404, 5, "partner");
        client.get(&other.requests()).await.refused(404, 5, "partner");
        client.get(&format!("{}/{waiting}", other.requests())).await.refused(404, 5, "partner");
        client.get(&format!("apikeyrequests/{waiting}")).await.refused(404, 7, "apikeyrequest");
        client.put(&format!("apikeyrequests/{waiting}/status?status=approved")).await.refused(404, 7, "apikeyrequest");
        client.get(&format!("apikeys/{}", whole.key)).await.refused(404, 7, "apikey");
        client.put(&format!("apikeys/{}/status?status=de-active", whole.key)).await.refused(404, 7, "apikey");
        client.put(&format!("apikeys/{}/policy?policyName=x", whole.key)).await.refused(404, 7, "apikey");
        client.get(&other.extractors()).await.refused(404, 5, "partner");
        client.post(&format!("{}?attributeName=a&biometric=face&provider=p&version=1", other.extractors())).await.refused(404, 5, "partner");
        client.get(&other.credential_type("auth")).await.refused(404, 5, "partner");
        client.post(&other.credential_type("auth")).await.refused(404, 5, "partner");
        client.post(&whole.path()).await.refused(404, 7, "partner");
        for list in ["apikeyrequests", "apikeys", "biometricextractors", "credentialtypemappings"] {
            assert!(client.get(list).await.ok().ids().is_empty(), "{list}");
        }
        // As if it had not been tried.
        approve(&bed, &waiting).await.ok();
    }
}

//! Short ways to make partners and what they need.

use uuid::Uuid;
use valtuus::model::kind::policy_group;
use valtuus::model::rules::Companions;
use valtuus::model::{Kind, Value};
use valtuus::store::Replace;

use crate::api::{make, many};
use crate::kit::Bed;
use crate::store::kit::{change, now, valid};

/// An active policy group, straight through the store.
pub async fn group(bed: &Bed, name: &str) -> String {
    let pairs = vec![(policy_group::NAME, Value::text(name)), (policy_group::ACTIVE, Value::Bool(true))];
    let store = &bed.server.service().engine.store;
    let made = many(store, Kind::PolicyGroup, vec![pairs], Vec::new()).await;
    made.first().unwrap().id().to_string()
}

/// De-activates a policy group, straight through the store.
pub async fn close(bed: &Bed, group: &str) {
    let id: Uuid = group.parse().unwrap();
    let done = change(&bed.server.service().engine.store, move |tx| {
        Box::pin(async move {
            let old = tx.load(&[id]).await?.pop().unwrap();
            let name = old.attributes().text(policy_group::NAME).unwrap().to_owned();
            let pairs =
                vec![(policy_group::NAME, Value::text(name)), (policy_group::ACTIVE, Value::Bool(false))];
            let (valid, rows) = (valid(Kind::PolicyGroup, pairs), Companions::default());
            tx.replace(&Replace { old: &old, now: now(), home: None, valid: &valid, rows: &rows }).await
        })
    });
    done.await.unwrap();
}

/// A partner that needs no policy group, registered and not decided on.
pub async fn partner(bed: &Bed, name: &str) -> String {
    let words = format!("organizationName={name}&emailId={name}@partner.example&partnerType=Device_Provider");
    make(&bed.admin(), &format!("partners/?partnerId={name}&{words}")).await
}

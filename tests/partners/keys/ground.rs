//! What keys stand on: a policy group with a policy, and a partner, put straight into the store so that each test can
//! bring them into any state. Holds no test.

use valtuus::model::kind::{partner, policy, policy_group};
use valtuus::model::{AttrId, Kind, Stored, Value};

use crate::api::many;
use crate::kit::{Answer, Bed};
use crate::partners::fresh;
use crate::store::kit::{change, now, valid};

/// Puts one entity; `known` is what it refers to, an organization becomes its home.
pub async fn put(bed: &Bed, kind: Kind, pairs: Vec<(AttrId, Value)>, known: &[&Stored]) -> Stored {
    let known = known.iter().map(|entity| (*entity).clone()).collect();
    many(&bed.server.service().engine.store, kind, vec![pairs], known).await.pop().unwrap()
}

/// Sets plain values of an entity, whatever its rules say; without a value the attribute is removed.
pub async fn modify(bed: &Bed, id: &str, pairs: Vec<(AttrId, Option<Value>)>) {
    let id = id.parse().unwrap();
    change(&bed.server.service().engine.store, move |tx| {
        let pairs = pairs.clone();
        Box::pin(async move {
            let old = tx.load(&[id]).await?.pop().unwrap();
            let mut all: Vec<(AttrId, Value)> = Vec::new();
            for (attr, values) in old.attributes().iter() {
                if !pairs.iter().any(|(set, _)| *set == attr) {
                    all.extend(values.iter().map(|value| (attr, value.clone())));
                }
            }
            all.extend(pairs.into_iter().filter_map(|(attr, value)| Some((attr, value?))));
            let valid = valid(old.kind(), all);
            let with = valtuus::model::rules::Companions::default();
            let change = valtuus::store::Replace {
                old: &old,
                now: now(),
                home: old.home(),
                valid: &valid,
                rows: &with,
            };
            tx.replace(&change).await
        })
    })
    .await
    .unwrap();
}

/// A partner that may act, with its group and a policy of it.
pub struct Ground {
    pub group: Stored,
    pub policy: Stored,
    pub partner: Stored,
}

pub fn text(attr: AttrId, text: &str) -> (AttrId, Value) {
    (attr, Value::text(text))
}

impl Ground {
    /// A partner of the type `Credential_Partner`.
    pub async fn new(bed: &Bed) -> Self {
        Self::of_type(bed, "Credential_Partner").await
    }

    pub async fn of_type(bed: &Bed, partner_type: &str) -> Self {
        let name = fresh("group");
        let group = vec![text(policy_group::NAME, &name), (policy_group::ACTIVE, Value::Bool(true))];
        let group = put(bed, Kind::PolicyGroup, group, &[]).await;
        let policy = Self::policy_in(bed, &group, "Published").await;
        let partner = Self::partner_in(bed, &group, partner_type).await;
        Self { group, policy, partner }
    }

    /// One more policy of a group.
    pub async fn policy_in(bed: &Bed, group: &Stored, state: &str) -> Stored {
        let pairs = vec![
            (policy::POLICY_GROUP, Value::Ref(group.reference())),
            text(policy::NAME, &fresh("Policy-")),
            text(policy::DESCRIPTION, "what may be asked"),
            text(policy::TYPE, "Auth"),
            text(policy::POLICIES, "{}"),
            text(policy::STATE, state),
        ];
        put(bed, Kind::Policy, pairs, &[group]).await
    }

    /// One more partner of a group.
    pub async fn partner_in(bed: &Bed, group: &Stored, partner_type: &str) -> Stored {
        let id = fresh("partner-");
        let pairs = vec![
            text(partner::PARTNER_ID, &id),
            text(partner::ORGANIZATION_NAME, &id),
            text(partner::EMAIL, &format!("{id}@example.org")),
            text(partner::TYPE, partner_type),
            (partner::POLICY_GROUP, Value::Ref(group.reference())),
            text(partner::STATUS, "approved"),
            (partner::ACTIVE, Value::Bool(true)),
        ];
        put(bed, Kind::Partner, pairs, &[group]).await
    }

    /// The partner's own id.
    pub fn id(&self) -> String {
        self.partner.attributes().text(partner::PARTNER_ID).unwrap().to_owned()
    }

    /// The policy's name.
    pub fn policy_name(&self) -> String {
        self.policy.attributes().text(policy::NAME).unwrap().to_owned()
    }

    /// The address of the collection of its requests.
    pub fn requests(&self) -> String {
        format!("partners/{}/apikeyrequests", self.id())
    }

    /// The address to ask for a key under its policy.
    pub fn asking(&self) -> String {
        format!("{}?policyName={}&useCaseDescription=to%20sign%20in", self.requests(), self.policy_name())
    }

    /// Asks for a key; the id of the request.
    pub async fn request(&self, bed: &Bed) -> String {
        bed.admin().post(&self.asking()).await.ok().id()
    }

    /// The address of the extractors under its policy.
    pub fn extractors(&self) -> String {
        format!("partners/{}/policies/{}/extractors", self.id(), self.policy_name())
    }

    /// The address of a credential type under its policy.
    pub fn credential_type(&self, credential_type: &str) -> String {
        format!("partners/{}/policies/{}/credentialtypes/{credential_type}", self.id(), self.policy_name())
    }

    /// Asks for a key and approves it: the answer that shows it.
    pub async fn approved(&self, bed: &Bed) -> Answer {
        let request = self.request(bed).await;
        approve(bed, &request).await.ok()
    }

    /// Marks the partner as it stands.
    pub async fn stands(&self, bed: &Bed, status: &str, active: bool) {
        let pairs =
            vec![(partner::STATUS, Some(Value::text(status))), (partner::ACTIVE, Some(Value::Bool(active)))];
        modify(bed, &self.partner.id().to_string(), pairs).await;
    }

    /// Makes the policy unusable, each time in another way; what the refusal says of it.
    pub async fn spoil(&self, bed: &Bed, how: usize) -> Option<&'static str> {
        let policy = self.policy.id().to_string();
        let set = |attr, value| vec![(attr, Some(value))];
        match how {
            0 => modify(bed, &policy, set(policy::STATE, Value::text("Draft"))).await,
            1 => modify(bed, &policy, set(policy::STATE, Value::text("Deactivated"))).await,
            2 => modify(bed, &policy, set(policy::VALID_UNTIL, Value::Instant(bed.now()))).await,
            3 => {
                modify(bed, &policy, set(policy::VALID_FROM, Value::Instant(bed.now() + 3_600_000_000)))
                    .await;
            }
            4 => {
                let group = self.group.id().to_string();
                modify(bed, &group, set(policy_group::ACTIVE, Value::Bool(false))).await;
            }
            _ => return None,
        }
        Some(["not published", "not published", "expired", "not valid yet", "group is not active"][how])
    }
}

/// Approves a request.
pub async fn approve(bed: &Bed, request: &str) -> Answer {
    bed.admin().put(&format!("apikeyrequests/{request}/status?status=approved")).await
}

/// The id of the key that an answer shows.
pub async fn key_of(bed: &Bed, shown: &Answer) -> String {
    let request = shown.value("request");
    bed.admin().get(&format!("apikeys?request={request}")).await.ok().id()
}

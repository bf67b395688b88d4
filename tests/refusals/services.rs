//! What the ground has of the partner, policy and MISP services. Holds no test.

use uuid::Uuid;
use valtuus::crypto::hd_key::HdKey;
use valtuus::model::kind::{policy, policy_group};
use valtuus::model::{Kind, Value};

use crate::api::many;
use crate::kit::Bed;

/// The ids of what is there.
pub struct Services {
    pub misp: String,
    /// The licence key of the MISP, and the id of what is known of it.
    pub key: (String, String),
    pub partner: String,
    pub contact: String,
    pub group: String,
    pub policy: String,
    /// A device without contracts.
    pub device: String,
    /// Two devices, and an active contract of the first with the second.
    pub parties: [String; 2],
    pub contract: String,
}

/// An extended public key of that name.
pub fn xpub(name: &str) -> String {
    HdKey::fresh(blake3::hash(name.as_bytes()).as_bytes()).unwrap()
}

impl Services {
    /// One of each; names that are unique everywhere begin with `prefix`.
    pub async fn lay(bed: &Bed, prefix: &str, company: &str) -> Self {
        let admin = bed.admin();
        let make = async |path: String| admin.post(&path).await.ok().id();
        let misp = format!("misps/?organizationName={prefix}Misp&emailId=office@misp.example");
        let misp = make(misp).await;
        let key = admin.put(&format!("misps/{misp}/status?mispStatus=approved")).await.ok();
        let key = (key.value("mispLicenseKey"), newest(bed, Kind::LicenseKey).await);
        let named = format!("partnerId={prefix}partner&organizationName={prefix}Partner");
        let partner =
            format!("partners/?{named}&emailId={prefix}p@partner.example&partnerType=Device_Provider");
        let partner = make(partner).await;
        let contact = make(format!("partners/{partner}/contacts?emailId={prefix}c@partner.example")).await;
        let store = &bed.server.service().engine.store;
        let group = vec![
            (policy_group::NAME, Value::text(format!("{prefix}group"))),
            (policy_group::ACTIVE, Value::Bool(true)),
        ];
        let group = many(store, Kind::PolicyGroup, vec![group], Vec::new()).await.remove(0);
        let fields = vec![
            (policy::NAME, Value::text("policy")),
            (policy::POLICY_GROUP, Value::Ref(group.reference())),
        ];
        let policy = many(store, Kind::Policy, vec![fields], vec![group.clone()]).await.remove(0);
        let device = async |name: &str| {
            let xpub = xpub(&format!("{prefix}{name}"));
            make(format!("devices?name={name}&xpub={xpub}&organization={company}")).await
        };
        let (lock, gate, key_ring) = (device("lock").await, device("gate").await, device("ring").await);
        let contract = make(format!("contracts?provider={gate}&user={key_ring}")).await;
        Self {
            misp,
            key,
            partner,
            contact,
            group: group.id().to_string(),
            policy: policy.id().to_string(),
            device: lock,
            parties: [gate, key_ring],
            contract,
        }
    }

    /// The one of that kind, as far as the services have one.
    pub fn one(&self, kind: Kind) -> Option<&str> {
        match kind {
            Kind::Misp => Some(&self.misp),
            Kind::LicenseKey => Some(&self.key.1),
            Kind::Partner => Some(&self.partner),
            Kind::Contact => Some(&self.contact),
            Kind::PolicyGroup => Some(&self.group),
            Kind::Policy => Some(&self.policy),
            Kind::Device => Some(&self.device),
            Kind::Contract => Some(&self.contract),
            _ => None,
        }
    }
}

async fn newest(bed: &Bed, kind: Kind) -> String {
    let all = crate::kit::trace::entities(&bed.server.service().engine.store, kind).await;
    all.last().map_or(Uuid::nil(), valtuus::model::Stored::id).to_string()
}

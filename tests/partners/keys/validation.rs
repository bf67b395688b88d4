//! POST `/partners/{}/validation`: the first thing that does not fit is told, in the order of the contract.

use reqwest::Method;
use valtuus::model::kind::{api_key, certificate, license_key, misp, policy, policy_group};
use valtuus::model::{Kind, Stored, Value};
use valtuus::operation::key_text::{KEPT, KeyText};
use valtuus::operation::misp::keys::PURPOSE as LICENCE;
use valtuus::store::secret::Secret;
use valtuus::world::Real;

use super::ground::{Ground, key_of, modify, put, text};
use crate::kit::cases::{all_refused, case};
use crate::kit::trace::records_of_request;
use crate::kit::{Answer, Bed, Caller};
use crate::on_both;
use crate::partners::fresh;
use crate::store::kit::change;

const NOBODY: &str = "018f0000-0000-7000-8000-000000000000";
const HOUR: i64 = 3_600_000_000;

/// Everything that a good request shows.
pub struct Whole {
    pub ground: Ground,
    pub key_text: String,
    pub key: String,
    pub misp: Stored,
    pub licence: Stored,
    pub licence_text: String,
}

/// A licence key of a MISP that may act.
async fn licence(bed: &Bed) -> (Stored, Stored, String) {
    let name = fresh("misp");
    let pairs = vec![
        text(misp::MISP_ID, &name),
        text(misp::ORGANIZATION_NAME, &name),
        text(misp::EMAIL, "misp@example.org"),
        text(misp::STATUS, "approved"),
        (misp::ACTIVE, Value::Bool(true)),
    ];
    let owner = put(bed, Kind::Misp, pairs, &[]).await;
    let pairs = vec![
        (license_key::MISP, Value::Ref(owner.reference())),
        text(license_key::STATUS, "active"),
        (license_key::VALID_FROM, Value::Instant(bed.now() - HOUR)),
        (license_key::VALID_TO, Value::Instant(bed.now() + HOUR)),
    ];
    let entity = put(bed, Kind::LicenseKey, pairs, &[&owner]).await;
    let key = KeyText::fresh(&Real);
    let (hash, subject) = (key.hash(), entity.row());
    change(&bed.server.service().engine.store, move |tx| {
        Box::pin(async move {
            let purpose = LICENCE;
            tx.put_secret(&Secret { purpose, hash: &hash, subject, expires: KEPT, uses: 1, tries: 1 }).await
        })
    })
    .await
    .unwrap();
    (owner, entity, key.expose().to_owned())
}

impl Whole {
    pub async fn new(bed: &Bed) -> Self {
        let ground = Ground::new(bed).await;
        let shown = ground.approved(bed).await;
        let key = key_of(bed, &shown).await;
        let (misp, licence, licence_text) = licence(bed).await;
        Self { ground, key_text: shown.value("apiKey"), key, misp, licence, licence_text }
    }

    pub fn path(&self) -> String {
        format!(
            "partners/{}/validation?apiKey={}&mispLicenseKey={}",
            self.ground.id(),
            self.key_text,
            self.licence_text
        )
    }

    async fn asked(&self, bed: &Bed) -> Answer {
        bed.admin().post(&self.path()).await
    }

    /// Spoils one thing; what is said of it then, and the way back.
    async fn spoil(&self, bed: &Bed, how: usize) -> Option<&'static str> {
        let (licence, misp) = (self.licence.id().to_string(), self.misp.id().to_string());
        let (policy, group) = (self.ground.policy.id().to_string(), self.ground.group.id().to_string());
        let (off, ended) = (Value::text("de-active"), Value::Instant(bed.now()));
        let (id, attr, value, said) = match how {
            0 => (&licence, license_key::STATUS, off, "licence key is not active"),
            1 => (&licence, license_key::VALID_TO, ended, "licence key has expired"),
            2 => (&misp, misp::STATUS, Value::text("rejected"), "MISP is not approved"),
            3 => (&misp, misp::ACTIVE, Value::Bool(false), "MISP is not active"),
            4 => {
                self.ground.stands(bed, "rejected", false).await;
                return Some("partner is not approved");
            }
            5 => {
                self.ground.stands(bed, "approved", false).await;
                return Some("partner is de-active");
            }
            6 => (&self.key, api_key::STATUS, off, "apiKey: the key is not active"),
            7 => (&self.key, api_key::EXPIRES, ended, "apiKey: the key has expired"),
            8 => (&policy, policy::STATE, Value::text("Deactivated"), "policy is not published"),
            9 => (&policy, policy::VALID_FROM, Value::Instant(bed.now() + HOUR), "policy is not valid yet"),
            10 => (&policy, policy::VALID_UNTIL, ended, "policy has expired"),
            11 => (&group, policy_group::ACTIVE, Value::Bool(false), "policy group is not active"),
            _ => return None,
        };
        modify(bed, id, vec![(attr, Some(value))]).await;
        Some(said)
    }
}

on_both! {
    async fn what_fits_together_is_answered_with_policy_and_ends(bed: Bed) {
        let whole = Whole::new(&bed).await;
        let shown = whole.asked(&bed).await.ok();
        assert!(shown.text().contains("<Validation "), "{}", shown.text());
        let ground = &whole.ground;
        for (name, value) in [
            ("partner", ground.partner.id().to_string()),
            ("partnerId", ground.id()),
            ("organizationName", ground.id()),
            ("policy", ground.policy.id().to_string()),
            ("policyGroup", ground.group.id().to_string()),
            ("policyName", ground.policy_name()),
            ("policyState", "Published".to_owned()),
            ("policies", "{}".to_owned()),
            ("mispId", whole.misp.attributes().text(misp::MISP_ID).unwrap().to_owned()),
            ("certificateData", String::new()),
        ] {
            assert_eq!(shown.value(name), value, "{name}");
        }
        let key = bed.admin().get(&format!("apikeys/{}", whole.key)).await.ok();
        assert_eq!(shown.value("apiKeyExpires"), key.value("expires"));
        assert!(shown.value("mispLicenseKeyExpires").starts_with("20"));
        // Nothing is used up, and neither key is repeated.
        let again = bed.admin().json().post(&whole.path()).await.ok();
        assert_eq!(again.json()["type"], "Validation");
        for text in [shown.text(), again.text()] {
            assert!(!text.contains(&whole.key_text) && !text.contains(&whole.licence_text), "{text}");
        }
        let by_id = whole.path().replace(&ground.id(), &ground.partner.id().to_string());
        Caller::basic(&bed, "reader").post(&by_id).await.ok();
    }

    async fn the_first_thing_that_does_not_fit_is_told(bed: Bed) {
        let whole = Whole::new(&bed).await;
        // From the last to the first: each hides all that were wrong before.
        for how in (0..12).rev() {
            let alone = Whole::new(&bed).await;
            for whole in [&whole, &alone] {
                let said = whole.spoil(&bed, how).await.unwrap();
                whole.asked(&bed).await.refused(409, 15, said);
            }
        }
        assert_eq!(whole.spoil(&bed, 12).await, None);
        let unknown = "x".repeat(50);
        let path = format!("partners/{}/validation?apiKey={unknown}&mispLicenseKey={unknown}", whole.ground.id());
        bed.admin().post(&path).await.refused(409, 15, "mispLicenseKey: there is no such licence key");
    }

    async fn a_key_of_nobody_and_a_key_of_somebody_else_are_told_alike(bed: Bed) {
        let (one, other) = (Whole::new(&bed).await, Whole::new(&bed).await);
        let with = |key: &str, licence: &str| {
            format!("partners/{}/validation?apiKey={key}&mispLicenseKey={licence}", one.ground.id())
        };
        let mut said = Vec::new();
        for key in [other.key_text.as_str(), &"x".repeat(50), "short", &one.licence_text, &one.key_text.to_lowercase()] {
            said.push(bed.admin().post(&with(key, &one.licence_text)).await.refused(409, 15, "apiKey").text());
        }
        said.dedup();
        assert_eq!(said.len(), 1, "{said:?}");
        for licence in ["short", &"x".repeat(50), &one.key_text] {
            bed.admin().post(&with(&one.key_text, licence)).await.refused(409, 15, "mispLicenseKey");
        }
        // A licence key is not bound to a partner.
        bed.admin().post(&with(&one.key_text, &other.licence_text)).await.ok();
    }

    async fn what_cannot_be_asked_is_refused(bed: Bed) {
        let whole = Whole::new(&bed).await;
        let good = whole.path();
        let post = |path: String, expected, words: &str| case(Method::POST, path, expected, words);
        let cases = [
            post(format!("partners/{}/validation", whole.ground.id()), (400, 1), "apiKey"),
            post(format!("partners/{}/validation?apiKey=x", whole.ground.id()), (400, 1), "mispLicenseKey"),
            post(format!("partners/{}/validation?mispLicenseKey=x&apiKey=", whole.ground.id()), (400, 1), "apiKey"),
            post(format!("{good}&apiKey=x"), (400, 1), "apiKey"),
            post(format!("{good}&needPartnerCert=yes"), (400, 1), "needPartnerCert"),
            post(format!("{good}&x=y"), (400, 1), "x"),
            post(good.replace(&whole.ground.id(), "nobody"), (404, 7), "partner"),
            post(good.replace(&whole.ground.id(), NOBODY), (404, 7), "partner"),
            post(format!("{good}&needPartnerCert=true"), (409, 15), "certificate"),
            post(format!("partners/{}/validation", whole.ground.id()), (400, 1), "document").document("<Partner/>"),
            case(Method::GET, good.clone(), (405, 13), "POST"),
        ];
        all_refused(&bed, &bed.admin(), &cases).await;
        bed.admin().post("apiclients?name=keys&pwd=keys-password&grants=read:apikey").await.ok();
        let keys = bed.anonymous().with(crate::kit::caller::Credentials::Basic("keys".into(), "keys-password".into()));
        keys.post(&good).await.refused(403, 3, "read partner");
    }

    async fn the_keys_may_come_as_a_document(bed: Bed) {
        let whole = Whole::new(&bed).await;
        let path = format!("partners/{}/validation", whole.ground.id());
        let attribute = |name: &str, value: &str| format!("<Attribute name=\"{name}\"><Value>{value}</Value></Attribute>");
        let document = format!(
            "<Validation xmlns=\"http://schema.ubisecure.com/customerid/api\">{}{}</Validation>",
            attribute("apiKey", &whole.key_text),
            attribute("mispLicenseKey", &whole.licence_text)
        );
        let caller = bed.admin().header("content-type", "application/xml");
        caller.send(Method::POST, &path, Some(document.into_bytes())).await.ok();
        let document = format!(r#"{{"type":"Validation","attributes":{{"apiKey":["{}"],"mispLicenseKey":["x"]}}}}"#, whole.key_text);
        let caller = bed.admin().header("content-type", "application/json");
        caller.send(Method::POST, &path, Some(document.into_bytes())).await.refused(409, 15, "mispLicenseKey");
    }

    async fn the_certificate_comes_along_where_it_is_wanted_and_good(bed: Bed) {
        let whole = Whole::new(&bed).await;
        let path = format!("{}&needPartnerCert=true", whole.path());
        bed.admin().post(&path).await.refused(409, 15, "has no certificate");
        let pairs = vec![
            (certificate::PARTNER, Value::Ref(whole.ground.partner.reference())),
            text(certificate::DATA, "-----BEGIN CERTIFICATE-----"),
            (certificate::VALID_UNTIL, Value::Instant(bed.now() + HOUR)),
        ];
        let stored = put(&bed, Kind::Certificate, pairs, &[&whole.ground.partner]).await;
        let shown = bed.admin().post(&path).await.ok();
        assert_eq!(shown.value("certificateData"), "-----BEGIN CERTIFICATE-----");
        assert_eq!(whole.asked(&bed).await.ok().value("certificateData"), "");
        let past = vec![(certificate::VALID_UNTIL, Some(Value::Instant(bed.now() - 1)))];
        modify(&bed, &stored.id().to_string(), past).await;
        bed.admin().post(&path).await.refused(409, 15, "certificate of the partner has expired");
    }

    async fn every_check_is_recorded_before_it_is_answered_without_any_key(bed: Bed) {
        let whole = Whole::new(&bed).await;
        let store = &bed.server.service().engine.store;
        let wrong = whole.path().replace(&whole.key_text, &"q".repeat(50));
        let cases = [
            (whole.path(), 200, "success"),
            (wrong, 409, "failure"),
            (whole.path().replace(&whole.ground.id(), "nobody"), 404, "failure"),
            (format!("{}&needPartnerCert=x", whole.path()), 400, "failure"),
        ];
        for (path, status, category) in cases {
            let id = fresh("check-");
            let answer = bed.admin().header("x-request-id", &id).post(&path).await;
            assert_eq!(answer.status, status, "{}", answer.text());
            let records = records_of_request(store, &id).await;
            let told: Vec<_> = records.iter().map(|r| (r.field("eventId"), r.field("category"))).collect();
            assert_eq!(told, [("VLT_PARTNER_VALIDATE", "request"), ("VLT_PARTNER_VALIDATE", category)]);
            if status == 200 {
                assert_eq!(records[1].field("entityId"), whole.ground.partner.id().to_string());
            }
            for record in &records {
                let text = format!("{record:?}");
                let leaked = [&whole.key_text, &whole.licence_text, &"q".repeat(50)];
                assert!(leaked.iter().all(|key| !text.contains(*key)), "{text}");
            }
        }
    }
}

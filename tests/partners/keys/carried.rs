//! Keys and what goes with them leave by export and come in by import, without what they are; a backup carries that too.

use valtuus::operation::key_text::KeyText;
use valtuus::operation::keys::PURPOSE;
use valtuus::world::{Real, World as _};

use crate::bulk::{command, exported, import};
use crate::kit::On;
use crate::kit::process::House;
use crate::schema::judge::validate_with;
use crate::store::kit::open;

/// A policy group with a policy, and a partner that may act: records with the ids they had elsewhere.
pub const GROUND: &str = r#"<Export xmlns="http://schema.ubisecure.com/customerid/api">
<PolicyGroup><Attribute name="id"><Value>01900000-0000-7000-8000-000000000001</Value></Attribute>
 <Attribute name="name"><Value>Banks</Value></Attribute><Attribute name="active"><Value>true</Value></Attribute></PolicyGroup>
<Policy><Attribute name="id"><Value>01900000-0000-7000-8000-000000000002</Value></Attribute>
 <Attribute name="policyGroup"><Value>Banks</Value></Attribute><Attribute name="name"><Value>Sign-in</Value></Attribute>
 <Attribute name="policyType"><Value>Auth</Value></Attribute>
 <Attribute name="policies"><Value>{"authTokenType":"random","allowedAuthTypes":[{"authType":"otp","mandatory":true}],"allowedKycAttributes":[{"attributeName":"fullName"}]}</Value></Attribute>
 <Attribute name="state"><Value>Published</Value></Attribute></Policy>
<Partner><Attribute name="id"><Value>01900000-0000-7000-8000-000000000003</Value></Attribute>
 <Attribute name="partnerId"><Value>acme</Value></Attribute><Attribute name="organizationName"><Value>Acme</Value></Attribute>
 <Attribute name="emailId"><Value>it@acme.example</Value></Attribute>
 <Attribute name="partnerType"><Value>Credential_Partner</Value></Attribute>
 <Attribute name="policyGroup"><Value>Banks</Value></Attribute><Attribute name="status"><Value>approved</Value></Attribute>
 <Attribute name="active"><Value>true</Value></Attribute></Partner>
</Export>"#;

/// Fills a house; the key that was made.
async fn furnish(house: &House) -> String {
    let told = import(house, "ground.xml", GROUND, &[]).ended(0);
    assert_eq!(told.counts()[0], 3, "{}", told.err);
    let server = house.serve();
    let client = server.first();
    let asked = client.post("partners/acme/apikeyrequests?policyName=sign-in&label=web").await.ok().id();
    let path = format!("apikeyrequests/{asked}/status?status=approved");
    let shown = client.send(reqwest::Method::PUT, &path).await.ok();
    let waiting = client.post("partners/acme/apikeyrequests?policyName=sign-in").await.ok().id();
    assert_ne!(waiting, asked);
    let under = "partners/acme/policies/sign-in";
    let face = "attributeName=photo&biometric=face&provider=p&version=1";
    client.post(&format!("{under}/extractors?{face}")).await.ok();
    client.post(&format!("{under}/credentialtypes/auth")).await.ok();
    client.post("partners/acme/contacts?emailId=a@acme.example").await.ok();
    server.stop().await;
    shown.value("apiKey")
}

/// Whether a house knows a key.
async fn knows(house: &House, key: &str) -> bool {
    let store = open(&house.url()).await;
    let hash = KeyText::presented(key.to_owned()).unwrap().hash();
    let known = store.secret_subject(PURPOSE, &hash, Real.now()).await.unwrap().is_some();
    store.close().await;
    known
}

async fn there_and_back(on: On, other: On) {
    let Some(first) = House::new(on).await else { return };
    let Some(second) = House::new(other).await else { return };
    let Some(third) = House::new(other).await else { return };
    let key = furnish(&first).await;
    assert!(knows(&first, &key).await);
    let original = exported(&first);
    validate_with("export.xsd", original.as_bytes()).unwrap();
    for root in [
        "PolicyGroup",
        "Policy",
        "Partner",
        "Contact",
        "ApiKeyRequest",
        "ApiKey",
        "BiometricExtractor",
        "CredentialTypeMapping",
    ] {
        assert!(original.contains(&format!("<{root}>")), "{root}");
    }
    assert!(!original.contains(&key));
    let told = import(&second, "all.xml", &original, &[]).ended(0);
    assert_eq!(told.counts()[3], 0, "{}", told.err);
    assert_eq!(exported(&second), original);
    second.must_be_sound();
    assert!(!knows(&second, &key).await, "an export holds no key");

    let path = first.data().parent().unwrap().join("keys.backup");
    command(&first, &["backup", path.to_str().unwrap()]).ended(0);
    let saved = std::fs::read_to_string(&path).unwrap();
    assert!(!saved.contains(&key), "a backup holds no key");
    command(&third, &["restore", path.to_str().unwrap()]).ended(0);
    assert_eq!(exported(&third), original);
    assert!(knows(&third, &key).await, "a backup holds the hashes of keys");
    third.must_be_sound();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_sqlite_to_postgresql_keys_come_along_and_stay_secret() {
    there_and_back(On::Sqlite, On::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_postgresql_to_sqlite_keys_come_along_and_stay_secret() {
    there_and_back(On::Postgres, On::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_made_by_more_than_its_attributes_is_not_imported_without_the_id_it_had() {
    let Some(house) = House::new(On::Sqlite).await else { return };
    import(&house, "ground.xml", GROUND, &[]).ended(0);
    for (name, header, record) in [
        ("apikeyrequests.csv", "partner,policy", "acme,01900000-0000-7000-8000-000000000002"),
        ("apikeys.csv", "partner,policy", "acme,01900000-0000-7000-8000-000000000002"),
        (
            "credentialtypemappings.csv",
            "partner,policy,credentialType",
            "acme,01900000-0000-7000-8000-000000000002,auth",
        ),
        (
            "biometricextractors.csv",
            "partner,policy,attributeName,biometric,provider,version",
            "acme,01900000-0000-7000-8000-000000000002,photo,face,p,1",
        ),
        ("misps.csv", "organizationName,emailId", "Post,post@example.org"),
    ] {
        let told = import(&house, name, format!("{header}\n{record}\n"), &[]).ended(3);
        assert_eq!(told.counts(), [0, 0, 0, 1], "{name}: {}", told.err);
    }
}

//! MISPs and their licence keys. Here are only short ways to make and ask.

mod arguments;
mod keys;
mod life;
mod races;

use super::fresh;
use crate::kit::{Answer, Bed, Caller};

/// How long a licence key is good, microseconds.
pub const NINETY_DAYS: i64 = 90 * 86_400_000_000;
/// A key that nobody has.
pub const UNKNOWN_KEY: &str = "00000000001111111111222222222233333333334444444444";

/// A MISP that was registered.
#[derive(Debug, Clone)]
pub struct Misp {
    pub id: String,
    pub number: String,
    pub name: String,
}

/// A fresh MISP.
pub async fn registered(bed: &Bed) -> Misp {
    let name = fresh("Misp");
    let path = format!("misps/?organizationName={name}&emailId=office@misp.example");
    let id = bed.admin().post(&path).await.ok().id();
    let number = bed.admin().get(&format!("misps/{id}")).await.ok().value("mispId");
    Misp { id, number, name }
}

/// Approves or rejects.
pub async fn decide(caller: &Caller<'_>, id: &str, word: &str) -> Answer {
    caller.put(&format!("misps/{id}/status?mispStatus={word}")).await
}

/// Activates or de-activates.
pub async fn activate(caller: &Caller<'_>, id: &str, word: &str) -> Answer {
    caller.put(&format!("misps/{id}/activation?mispStatus={word}")).await
}

/// Approves a MISP; answers its new key.
pub async fn approve(bed: &Bed, id: &str) -> String {
    let key = decide(&bed.admin(), id, "approved").await.ok().value("mispLicenseKey");
    assert!(key.len() == 50 && key.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{key}");
    key
}

/// A fresh MISP that is approved, and its key.
pub async fn approved(bed: &Bed) -> (Misp, String) {
    let misp = registered(bed).await;
    let key = approve(bed, &misp.id).await;
    (misp, key)
}

/// Switches a key on or off.
pub async fn key_status(caller: &Caller<'_>, id: &str, key: &str, word: &str) -> Answer {
    let path = format!("misps/{id}/licensekey?mispLicenseKey={key}&mispLicenseKeyStatus={word}");
    caller.put(&path).await
}

/// Asks whether a key is good.
pub async fn validate(caller: &Caller<'_>, id: &str, key: &str) -> Answer {
    caller.post(&format!("misps/{id}/licensekey/validate?mispLicenseKey={key}")).await
}

/// `valid` and `active` of a key.
pub async fn flags(bed: &Bed, id: &str, key: &str) -> [bool; 2] {
    let answer = validate(&bed.admin(), id, key).await.ok();
    assert_eq!(answer.names(), ["valid", "active", "validFrom", "validTo"]);
    ["valid", "active"].map(|name| answer.value(name) == "true")
}

/// `status` and `disabledBy` of the current key.
pub async fn current(bed: &Bed, id: &str) -> (String, String) {
    let key = bed.admin().get(&format!("misps/{id}/licensekey")).await.ok();
    (key.value("status"), key.value("disabledBy"))
}

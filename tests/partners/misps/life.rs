//! Every state of a MISP and of a licence key × everything that can be done to it.

use uuid::Uuid;
use valtuus::model::kind::license_key::{DISABLED_BY, MISP, STATUS};
use valtuus::model::{Kind, Stored};

use super::{activate, approve, approved, current, decide, flags, key_status, registered};
use crate::kit::trace::entities;
use crate::kit::{Answer, Bed};
use crate::on_both_still;

const STATUSES: [&str; 3] = ["InProgress", "approved", "rejected"];
const STEPS: [&str; 4] = ["approved", "rejected", "active", "de-active"];

/// What follows; `None` where that is no step.
fn after(status: &'static str, active: bool, step: &'static str) -> Option<(&'static str, bool)> {
    match (status, active, step) {
        ("InProgress" | "rejected", true, "approved") => Some(("approved", true)),
        ("InProgress" | "approved", _, "rejected") => Some(("rejected", active)),
        (_, _, "active") => Some((status, true)),
        (_, _, "de-active") => Some((status, false)),
        _ => None,
    }
}

async fn take(bed: &Bed, id: &str, step: &str) -> Answer {
    match step {
        "active" | "de-active" => activate(&bed.admin(), id, step).await,
        _ => decide(&bed.admin(), id, step).await,
    }
}

/// What stays whatever is decided.
fn rest(misp: &Answer) -> Vec<Vec<String>> {
    let names = ["mispId", "organizationName", "emailId", "contactNumber", "address"];
    names.map(|name| misp.values(name)).to_vec()
}

/// The states of a key: how it is told, and the steps that lead there from a fresh one.
const KEY_STATES: [(&str, (&str, &str), &[&str]); 4] = [
    ("Active", ("active", ""), &[]),
    ("Disabled", ("de-active", "key"), &["off"]),
    ("Suspended", ("de-active", "misp"), &["de-active"]),
    ("Withdrawn", ("de-active", "rejection"), &["rejected", "approved"]),
];

async fn touch(bed: &Bed, id: &str, key: &str, step: &str) -> Answer {
    match step {
        "on" => key_status(&bed.admin(), id, key, "active").await,
        "off" => key_status(&bed.admin(), id, key, "de-active").await,
        other => take(bed, id, other).await,
    }
}

/// The state of a key that has not expired after a step; `None` where that is refused.
fn key_after(state: &str, step: &str) -> Option<&'static str> {
    match (state, step) {
        // Its MISP is de-activated.
        ("Suspended", "on") => None,
        (_, "on") | ("Active" | "Suspended", "active") => Some("Active"),
        (_, "off") | ("Disabled", _) => Some("Disabled"),
        ("Active" | "Suspended", "rejected") | ("Withdrawn", _) => Some("Withdrawn"),
        ("Active" | "Suspended", "de-active") => Some("Suspended"),
        other => panic!("{other:?}"),
    }
}

/// The newest key of a MISP.
async fn newest(bed: &Bed, misp: &str) -> Uuid {
    let store = &bed.server.service().engine.store;
    let misp: Uuid = misp.parse().unwrap();
    let owner = |key: &Stored| key.attributes().reference(MISP).map(|to| to.id);
    let keys = entities(store, Kind::LicenseKey).await;
    keys.iter().rfind(|key| owner(key) == Some(misp)).unwrap().id()
}

/// `status` and `disabledBy` of a key, which need not be the current one.
async fn told(bed: &Bed, id: Uuid) -> (String, String) {
    let store = &bed.server.service().engine.store;
    let key = store.by_id(id).await.unwrap().unwrap();
    let text = |attr| key.attributes().text(attr).unwrap_or_default().to_owned();
    (text(STATUS), text(DISABLED_BY))
}

on_both_still! { |_| ();
    async fn every_status_of_a_misp_lets_happen_what_the_table_says(bed: Bed) {
        for status in STATUSES {
            for active in [true, false] {
                for step in STEPS {
                    let misp = registered(&bed).await;
                    if status != "InProgress" {
                        decide(&bed.admin(), &misp.id, status).await.ok();
                    }
                    if !active {
                        activate(&bed.admin(), &misp.id, "de-active").await.ok();
                    }
                    let path = format!("misps/{}", misp.id);
                    let before = bed.admin().get(&path).await.ok();
                    let answer = take(&bed, &misp.id, step).await;
                    let now = bed.admin().get(&path).await.ok();
                    let what = format!("{status} {active} {step}: {}", answer.text());
                    if let Some((status, active)) = after(status, active, step) {
                        assert_eq!(answer.status, 200, "{what}");
                        let is = (now.value("status"), now.value("active"));
                        assert_eq!(is, (status.to_owned(), active.to_string()), "{what}");
                        assert_eq!(rest(&now), rest(&before), "{what}");
                    } else {
                        answer.refused(409, 15, "");
                        let unchanged = (before.text(), before.header("etag"));
                        assert_eq!((now.text(), now.header("etag")), unchanged, "{what}");
                    }
                }
            }
        }
        bed.must_be_sound().await;
    }

    async fn every_state_of_a_key_lets_happen_what_the_table_says(bed: Bed) {
        for (state, shown, way) in KEY_STATES {
            for step in ["on", "off", "active", "de-active", "rejected"] {
                let (misp, key) = approved(&bed).await;
                let id = newest(&bed, &misp.id).await;
                for before in way {
                    touch(&bed, &misp.id, &key, before).await.ok();
                }
                let words = |(status, by): (&str, &str)| (status.to_owned(), by.to_owned());
                assert_eq!(told(&bed, id).await, words(shown), "{state}");
                let answer = touch(&bed, &misp.id, &key, step).await;
                let what = format!("{state} {step}: {}", answer.text());
                let next = key_after(state, step);
                let wanted = next.unwrap_or(state);
                if next.is_some() {
                    assert_eq!(answer.status, 200, "{what}");
                } else {
                    answer.refused(409, 15, "");
                }
                let (_, shown, _) = KEY_STATES.into_iter().find(|(state, ..)| *state == wanted).unwrap();
                assert_eq!(told(&bed, id).await, words(shown), "{what}");
                let good = wanted == "Active";
                assert_eq!(flags(&bed, &misp.id, &key).await, [good, good], "{what}");
            }
        }
        bed.must_be_sound().await;
    }

    async fn activation_brings_back_what_it_took_and_nothing_else(bed: Bed) {
        let (misp, first) = approved(&bed).await;
        decide(&bed.admin(), &misp.id, "rejected").await.ok();
        let second = approve(&bed, &misp.id).await;
        assert_eq!(flags(&bed, &misp.id, &first).await, [false, false], "an approval revives no withdrawn key");
        activate(&bed.admin(), &misp.id, "de-active").await.ok();
        assert_eq!(current(&bed, &misp.id).await, ("de-active".to_owned(), "misp".to_owned()));
        activate(&bed.admin(), &misp.id, "active").await.ok();
        assert_eq!(flags(&bed, &misp.id, &first).await, [false, false]);
        assert_eq!(flags(&bed, &misp.id, &second).await, [true, true]);
        key_status(&bed.admin(), &misp.id, &second, "de-active").await.ok();
        activate(&bed.admin(), &misp.id, "de-active").await.ok();
        activate(&bed.admin(), &misp.id, "active").await.ok();
        assert_eq!(flags(&bed, &misp.id, &second).await, [false, false], "it was switched off on purpose");
        key_status(&bed.admin(), &misp.id, &second, "active").await.ok();
        assert_eq!(flags(&bed, &misp.id, &second).await, [true, true]);
    }

    async fn a_decision_is_taken_only_by_who_may_and_only_of_the_version_named(bed: Bed) {
        let (misp, key) = approved(&bed).await;
        let stale = bed.admin().header("If-Match", "\"77-00000000\"");
        let path = format!("misps/{}", misp.id);
        let before = bed.admin().get(&path).await.ok();
        decide(&stale, &misp.id, "rejected").await.refused(412, 14, "");
        activate(&stale, &misp.id, "de-active").await.refused(412, 14, "");
        key_status(&stale, &misp.id, &key, "de-active").await.refused(412, 14, "");
        stale.post(&format!("{path}/licensekey")).await.refused(412, 14, "");
        stale.put(&format!("{path}?address=x")).await.refused(412, 14, "");
        let now = bed.admin().get(&path).await.ok();
        assert_eq!((now.text(), now.header("etag")), (before.text(), before.header("etag")));
        let known = bed.admin().header("If-Match", before.header("etag"));
        activate(&known, &misp.id, "de-active").await.ok();
        activate(&known, &misp.id, "active").await.refused(412, 14, "");
    }
}

//! Licence keys in time: validation, expiry at its very instant, renewal, and that a key is shown once.

use valtuus::model::Kind;

use super::{
    NINETY_DAYS, UNKNOWN_KEY, activate, approve, approved, current, decide, flags, key_status, registered,
    validate,
};
use crate::kit::trace::entities;
use crate::kit::{Answer, Bed};
use crate::{on_both_still, on_both_with};

async fn renew(bed: &Bed, id: &str) -> Answer {
    bed.admin().post(&format!("misps/{id}/licensekey")).await
}

on_both_still! { |_| ();
    async fn a_key_ends_at_its_very_instant_and_is_then_renewed(bed: Bed) {
        let (misp, first) = approved(&bed).await;
        renew(&bed, &misp.id).await.refused(409, 15, "validTo");
        bed.advance(NINETY_DAYS - 1);
        assert_eq!(flags(&bed, &misp.id, &first).await, [true, true]);
        renew(&bed, &misp.id).await.refused(409, 15, "validTo");
        bed.advance(1);
        assert_eq!(flags(&bed, &misp.id, &first).await, [false, true]);
        let made = renew(&bed, &misp.id).await.ok();
        let second = made.value("mispLicenseKey");
        assert_ne!(second, first);
        assert_eq!(flags(&bed, &misp.id, &second).await, [true, true]);
        assert_eq!(flags(&bed, &misp.id, &first).await, [false, true], "the old one is known and has expired");
        renew(&bed, &misp.id).await.refused(409, 15, "validTo");
        key_status(&bed.admin(), &misp.id, &first, "active").await.refused(409, 15, "validTo");
        bed.must_be_sound().await;
    }

    async fn only_an_approved_and_active_misp_gets_another_key(bed: Bed) {
        let misp = registered(&bed).await;
        renew(&bed, &misp.id).await.refused(409, 15, "status");
        bed.admin().get(&format!("misps/{}/licensekey", misp.id)).await.refused(404, 7, "licensekey");
        approve(&bed, &misp.id).await;
        bed.advance(NINETY_DAYS);
        activate(&bed.admin(), &misp.id, "de-active").await.ok();
        renew(&bed, &misp.id).await.refused(409, 15, "active");
        activate(&bed.admin(), &misp.id, "active").await.ok();
        assert_eq!(current(&bed, &misp.id).await, ("de-active".to_owned(), "misp".to_owned()), "what has expired stays off");
        renew(&bed, &misp.id).await.ok();
        assert_eq!(current(&bed, &misp.id).await, ("active".to_owned(), String::new()));
        decide(&bed.admin(), &misp.id, "rejected").await.ok();
        bed.advance(NINETY_DAYS);
        renew(&bed, &misp.id).await.refused(409, 15, "status");
    }

    async fn a_key_that_was_switched_off_on_purpose_is_not_replaced(bed: Bed) {
        let (misp, key) = approved(&bed).await;
        key_status(&bed.admin(), &misp.id, &key, "de-active").await.ok();
        bed.advance(NINETY_DAYS);
        renew(&bed, &misp.id).await.refused(409, 15, "status");
        key_status(&bed.admin(), &misp.id, &key, "active").await.refused(409, 15, "validTo");
        decide(&bed.admin(), &misp.id, "rejected").await.ok();
        let fresh = approve(&bed, &misp.id).await;
        assert_eq!(flags(&bed, &misp.id, &fresh).await, [true, true]);
        assert_eq!(flags(&bed, &misp.id, &key).await, [false, false]);
    }

    async fn a_validation_is_the_same_by_document_and_keeps_no_answer(bed: Bed) {
        let (misp, key) = approved(&bed).await;
        let path = format!("misps/{}/licensekey/validate", misp.number);
        let xml = format!("<LicenseKey xmlns=\"http://schema.ubisecure.com/customerid/api\"><Attribute name=\"mispLicenseKey\"><Value>{key}</Value></Attribute></LicenseKey>");
        let json = format!("{{\"attributes\":{{\"mispLicenseKey\":[\"{key}\"]}}}}");
        for (kind, body) in [("application/xml", xml), ("application/json", json)] {
            let caller = bed.admin().header("content-type", kind);
            let answer = caller.send(reqwest::Method::POST, &path, Some(body.into())).await.ok();
            assert_eq!((answer.value("valid"), answer.value("validFrom")), ("true".to_owned(), "2026-01-01T12:00:00Z".to_owned()));
            assert_eq!(answer.value("validTo"), "2026-04-01T12:00:00Z");
        }
        let caller = bed.reader().header("idempotency-key", "k");
        assert_eq!(validate(&caller, &misp.id, &key).await.ok().value("valid"), "true");
        key_status(&bed.admin(), &misp.id, &key, "de-active").await.ok();
        let again = validate(&caller, &misp.id, &key).await.ok();
        assert_eq!((again.value("valid"), again.header("idempotency-replayed")), ("false".to_owned(), ""));
        let shown = bed.admin().json().post(&format!("{path}?mispLicenseKey={key}")).await.ok().json();
        assert_eq!(shown["type"], "Validation");
    }

    async fn a_key_is_shown_once_and_kept_nowhere(bed: Bed) {
        let (misp, first) = approved(&bed).await;
        bed.advance(NINETY_DAYS);
        let once = bed.admin().header("idempotency-key", "renewal");
        let path = format!("misps/{}/licensekey", misp.id);
        let second = once.post(&path).await.ok().value("mispLicenseKey");
        let again = once.post(&path).await.ok();
        assert_eq!(again.header("idempotency-replayed"), "true");
        assert_eq!(again.ids().len(), 1);
        validate(&bed.admin(), &misp.id, &first).await.ok();
        key_status(&bed.admin(), &misp.id, &second, "de-active").await.ok();
        let mut said = vec![again.text()];
        for read in [path, format!("misps/{}", misp.id), "misps?entities=true".to_owned(), "auditevents?entities=true".to_owned()] {
            said.push(bed.admin().get(&read).await.ok().text());
        }
        let store = &bed.server.service().engine.store;
        for key in entities(store, Kind::LicenseKey).await {
            said.push(format!("{:?}", key.attributes()));
        }
        for key in [first, second] {
            assert!(said.iter().all(|text| !text.contains(&key)), "{said:?}");
        }
    }
}

on_both_with! { |config| config.misp.license_days = 1;
    async fn the_configuration_says_how_long_a_key_is_good(bed: Bed) {
        let (misp, key) = approved(&bed).await;
        let answer = validate(&bed.admin(), &misp.id, &key).await.ok();
        let at = |name: &str| valtuus::model::value::parse_instant(&answer.value(name)).unwrap();
        assert_eq!(at("validTo") - at("validFrom"), 86_400_000_000);
        for wrong in [UNKNOWN_KEY, "short", &"ä".repeat(25), &format!("{key}0"), &key.to_lowercase()] {
            validate(&bed.admin(), &misp.id, wrong).await.refused(404, 7, "licensekey");
        }
    }
}

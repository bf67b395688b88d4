//! Devices and contracts in the attribute model: enrolment, the life of a contract, its addresses, and every refusal.

use reqwest::Method;
use valtuus::config::Config;

use super::{ONE, OTHER, enrolled, must_hold, organization, xpub};
use crate::kit::cases::{all_refused, case};
use crate::kit::{Bed, Caller};
use crate::{on_both, on_both_with};

/// Two devices of the contract's vectors in one organization.
async fn vectors(bed: &Bed) -> (String, String, String) {
    let home = organization(bed, "makers").await;
    let admin = bed.admin();
    let one = enrolled(&admin, "one", ONE, &home).await;
    let other = enrolled(&admin, "other", OTHER, &home).await;
    (home, one, other)
}

async fn count(bed: &Bed, device: &str) -> String {
    bed.admin().get(&format!("devices/{device}")).await.ok().value("contracts")
}

on_both! {
    async fn a_device_is_enrolled_found_by_its_key_and_deleted(bed: Bed) {
        let (home, one, _) = vectors(&bed).await;
        let admin = bed.admin();
        let found = admin.get(&format!("devices/{ONE}")).await.ok();
        assert_eq!(found.names(), ["name", "xpub", "recipe", "contracts", "shared", "status", "organization"]);
        let values = ["name", "xpub", "recipe", "contracts", "shared", "status", "organization"].map(|name| found.value(name));
        assert_eq!(values, ["one", ONE, "test", "0", "false", "ENROLLED", &home]);
        assert_eq!(admin.get("devices?name=o").await.ok().ids().len(), 2);
        assert_eq!(admin.get(&format!("devices?xpub={ONE}&exactMatch=true")).await.ok().id(), one);
        assert_eq!(admin.get("devices?entities=true&maxResults=1").await.ok().header("x-result-truncated"), "true");
        assert_eq!(admin.delete(&format!("devices/{ONE}")).await.ok().id(), one);
        admin.get(&format!("devices/{one}")).await.refused(404, 7, "");
        must_hold(&bed).await;
    }

    async fn a_contract_lives_from_its_creation_to_its_revocation(bed: Bed) {
        let (home, one, other) = vectors(&bed).await;
        let admin = bed.admin();
        let id = admin.post(&format!("contracts?provider={ONE}&user={OTHER}&functions=35&functions=34&functions=35")).await.ok().id();
        let made = admin.get(&format!("contracts/{id}")).await.ok();
        for (name, value) in [
            ("provider", one.as_str()), ("providerName", "one"), ("providerXpub", ONE),
            ("providerAddress", "mj3Ggr43QMSea1s6H3nYJRE3m5GjhGFcLb"),
            ("user", &other), ("userName", "other"), ("userXpub", OTHER),
            ("revoker", &one), ("revokerAddress", "mvshkGmi8S1xkXnbWVqUEeyom9a15ot2LM"),
            ("recipe", "Access"), ("status", "ACTIVE"), ("shared", "false"), ("organization", &home),
            ("mask", "00000000000c00000000000000000000000000"),
        ] {
            assert_eq!(made.value(name), value, "{name}");
        }
        assert_eq!(made.values("functions"), ["34", "35"]);
        let txid = made.value("txid");
        assert!(txid.len() == 64 && txid.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)), "{txid}");
        let age = bed.now() / 1_000 - made.value("timestamp").parse::<i64>().unwrap();
        assert!((0..60_000).contains(&age), "{age}");
        assert_eq!((count(&bed, &one).await, count(&bed, &other).await), ("1".to_owned(), "1".to_owned()));
        admin.post(&format!("contracts?provider={one}&user={other}&functions=34&functions=35")).await.refused(409, 4, "contract");
        let second = admin.post(&format!("contracts?provider={one}&user={other}&functions=40")).await.ok().id();
        let second = admin.get(&format!("contracts/{second}")).await.ok();
        assert_eq!(second.value("providerAddress"), "mwGSeZ94LAp48pzqf2Pdm5Mmzc3n6xgmS6");
        // The other way round, the first device has its first addresses as a user.
        let back = admin.post(&format!("contracts?provider={other}&user={one}&revoker={one}")).await.ok().id();
        let back = admin.get(&format!("contracts/{back}")).await.ok();
        assert_eq!(back.value("providerAddress"), "mgvAfpjBzHVtGQqtqRC9QSgfR7AKawSUEN");
        assert_eq!(back.value("userAddress"), "mgXg8FWaYaDVcsvjJq4jW7vrxQCRtjPchs");
        assert_eq!(back.values("functions"), ["33", "34", "35", "36", "37"]);
        assert_eq!(admin.delete(&format!("contracts/{txid}")).await.ok().id(), id);
        admin.delete(&format!("contracts/{txid}")).await.refused(404, 7, "");
        let gone = admin.get(&format!("contracts/{txid}")).await.ok();
        assert_eq!((gone.value("status"), gone.value("revokedBy"), gone.value("standing")), ("REVOKED".to_owned(), "admin".to_owned(), String::new()));
        assert!(!gone.value("revokedAt").is_empty());
        assert_eq!(count(&bed, &one).await, "2");
        // What was revoked may be agreed on again, under other addresses and another txid.
        let again = admin.post(&format!("contracts?provider={one}&user={other}&functions=34&functions=35")).await.ok().id();
        let again = admin.get(&format!("contracts/{again}")).await.ok();
        assert_ne!((again.value("txid"), again.value("userAddress")), (txid, gone.value("userAddress")));
        assert_eq!(admin.get("contracts?status=ACTIVE").await.ok().ids().len(), 3);
        must_hold(&bed).await;
    }

    async fn a_device_stays_while_a_contract_of_it_stands(bed: Bed) {
        let (_, one, other) = vectors(&bed).await;
        let admin = bed.admin();
        let contract = admin.post(&format!("contracts?provider={one}&user={other}")).await.ok().id();
        for device in [&one, &other] {
            admin.delete(&format!("devices/{device}")).await.refused(409, 10, "contract");
        }
        admin.delete("organizations/makers?recursive=true").await.refused(409, 10, "contract");
        admin.delete(&format!("contracts/{contract}")).await.ok();
        admin.delete(&format!("devices/{one}")).await.ok();
        let left = admin.get(&format!("contracts/{contract}")).await.ok();
        assert_eq!((left.value("provider"), left.value("providerXpub")), (one.clone(), ONE.to_owned()));
        must_hold(&bed).await;
        // The same key enrolled again goes on where it stopped: no address comes twice.
        let home = admin.get("organizations/?technicalName=makers&exactMatch=true").await.ok().id();
        let again = enrolled(&admin, "again", ONE, &home).await;
        let contract = admin.post(&format!("contracts?provider={again}&user={other}")).await.ok().id();
        let made = admin.get(&format!("contracts/{contract}")).await.ok();
        assert_eq!(made.value("providerAddress"), "mwGSeZ94LAp48pzqf2Pdm5Mmzc3n6xgmS6");
        admin.delete(&format!("contracts/{contract}")).await.ok();
        admin.delete("organizations/makers?recursive=true").await.ok();
        assert!(admin.get("contracts").await.ok().ids().is_empty());
        must_hold(&bed).await;
    }

    async fn every_bad_argument_is_named(bed: Bed) {
        let (home, one, other) = vectors(&bed).await;
        let fresh = xpub("fresh");
        let mut cases = Vec::new();
        for (query, expected, words) in [
            (format!("name=x&organization={home}"), (400, 1), "xpub"),
            (format!("name=x&xpub=&organization={home}"), (400, 1), "xpub"),
            (format!("name=x&xpub=nonsense&organization={home}"), (400, 1), "xpub"),
            (format!("name=x&xpub={fresh}x&organization={home}"), (400, 1), "xpub"),
            (format!("xpub={fresh}&organization={home}"), (400, 1), "name"),
            (format!("name=x&xpub={fresh}"), (400, 1), "organization"),
            (format!("name=x&xpub={fresh}&organization={one}"), (404, 5), "organization"),
            (format!("name=x&xpub={ONE}&organization={home}"), (409, 4), "xpub"),
            (format!("name=x&xpub={fresh}&organization={home}&contracts=3"), (400, 1), "contracts"),
            (format!("name=x&xpub={fresh}&organization={home}&status=ENROLLED"), (400, 1), "status"),
        ] {
            cases.push(case(Method::POST, format!("devices?{query}"), expected, words));
        }
        for (query, expected, words) in [
            (format!("user={other}"), (400, 1), "provider"),
            (format!("provider={one}"), (400, 1), "user"),
            (format!("provider={one}&user={one}"), (400, 1), "user"),
            (format!("provider={one}&user={ONE}"), (400, 1), "user"),
            (format!("provider={home}&user={other}"), (400, 10), "provider"),
            (format!("provider={one}&user=nobody"), (400, 10), "user"),
            (format!("provider={one}&user={other}&revoker={home}"), (400, 10), "revoker"),
            (format!("provider={one}&user={other}&functions="), (400, 1), "functions"),
            (format!("provider={one}&user={other}&functions=28"), (400, 1), "functions"),
            (format!("provider={one}&user={other}&functions=144"), (400, 1), "functions"),
            (format!("provider={one}&user={other}&functions=-1"), (400, 1), "functions"),
            (format!("provider={one}&user={other}&functions=a"), (400, 1), "functions"),
            (format!("provider={one}&user={other}&functions=99999999999999999999"), (400, 1), "functions"),
            (format!("provider={one}&user={other}&status=ACTIVE"), (400, 1), "status"),
            (format!("provider={one}&user={other}&txid=00"), (400, 1), "txid"),
        ] {
            cases.push(case(Method::POST, format!("contracts?{query}"), expected, words));
        }
        cases.push(case(Method::PUT, format!("devices/{one}?name=x"), (405, 13), ""));
        cases.push(case(Method::PUT, format!("contracts/{one}/approve"), (404, 7), ""));
        cases.push(case(Method::DELETE, format!("contracts/{one}"), (404, 7), ""));
        all_refused(&bed, &bed.admin(), &cases).await;
        let id = bed.admin().post(&format!("contracts?provider={one}&user={other}")).await.ok().id();
        bed.admin().put(&format!("contracts/{id}/approve")).await.refused(409, 15, "PENDING");
        bed.admin().header("If-Match", "\"7\"").delete(&format!("contracts/{id}")).await.refused(412, 14, "");
        must_hold(&bed).await;
    }

    async fn a_client_bounded_to_another_organization_sees_nothing_of_it(bed: Bed) {
        let (home, one, other) = vectors(&bed).await;
        let strangers = organization(&bed, "strangers").await;
        let admin = bed.admin();
        let contract = admin.post(&format!("contracts?provider={one}&user={other}")).await.ok().id();
        for (name, within) in [("inside", &home), ("outside", &strangers)] {
            admin.post(&format!("apiclients?name={name}&preset=writer&pwd=bounded-password&within={within}")).await.ok();
        }
        let bounded = |name: &str| Caller::query(&bed, "admin").with(crate::kit::caller::Credentials::Query(name.to_owned(), "bounded-password".to_owned()));
        let (inside, outside) = (bounded("inside"), bounded("outside"));
        assert_eq!(inside.get("contracts").await.ok().ids(), std::slice::from_ref(&contract));
        assert!(outside.get("contracts").await.ok().ids().is_empty() && outside.get("devices").await.ok().ids().is_empty());
        outside.get(&format!("contracts/{contract}")).await.refused(404, 7, "");
        outside.delete(&format!("contracts/{contract}")).await.refused(404, 7, "");
        outside.delete(&format!("devices/{one}")).await.refused(404, 7, "");
        outside.post(&format!("contracts?provider={one}&user={other}&functions=50")).await.refused(400, 10, "provider");
        outside.post(&format!("devices?name=x&xpub={}&organization={home}", xpub("x"))).await.refused(404, 5, "");
        inside.delete(&format!("contracts/{contract}")).await.ok();
        bed.reader().post(&format!("contracts?provider={one}&user={other}")).await.refused(403, 3, "");
        bed.reader().delete(&format!("contracts/{contract}")).await.refused(403, 3, "");
    }
}

fn asking(config: &mut Config) {
    config.contracts.approval = true;
}

on_both_with! { asking;
    async fn where_approval_is_asked_for_a_contract_waits_for_it(bed: Bed) {
        let (_, one, other) = vectors(&bed).await;
        let admin = bed.admin();
        let make = format!("contracts?provider={one}&user={other}");
        let id = admin.post(&make).await.ok().id();
        assert_eq!(admin.get(&format!("contracts/{id}")).await.ok().value("status"), "PENDING");
        assert_eq!(count(&bed, &one).await, "0");
        admin.post(&make).await.refused(409, 4, "contract");
        admin.delete(&format!("devices/{other}")).await.refused(409, 10, "contract");
        let check = format!("contracts/check?provider={one}&user={other}&function=33");
        assert_eq!(admin.get(&check).await.ok().value("allowed"), "false");
        bed.reader().put(&format!("contracts/{id}/approve")).await.refused(403, 3, "");
        admin.put(&format!("contracts/{id}/approve")).await.ok();
        admin.put(&format!("contracts/{id}/approve")).await.refused(409, 15, "PENDING");
        assert_eq!(admin.get(&check).await.ok().value("allowed"), "true");
        assert_eq!(count(&bed, &one).await, "1");
        admin.delete(&format!("contracts/{id}")).await.ok();
        admin.put(&format!("contracts/{id}/approve")).await.refused(409, 15, "REVOKED");
        assert_eq!((count(&bed, &one).await, admin.get(&check).await.ok().value("allowed")), ("0".to_owned(), "false".to_owned()));
        let pending = admin.post(&make).await.ok().id();
        admin.delete(&format!("contracts/{pending}")).await.ok();
        assert_eq!(count(&bed, &one).await, "0");
        must_hold(&bed).await;
    }
}

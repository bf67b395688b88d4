//! What becomes an anchor or intermediate of a domain.

use futures_util::future::join_all;
use rcgen::{BasicConstraints, CertificateParams, CustomExtension, IsCa, KeyUsagePurpose, date_time_ymd};

use super::{Authority, DOMAIN, acme, authority_shape, fixture, present, root, shape, trust, upload};
use crate::api::{make, organization};
use crate::kit::caller::Credentials;
use crate::on_both_still;

fn changed(change: impl FnOnce(&mut CertificateParams)) -> String {
    let mut params = authority_shape("Changed");
    change(&mut params);
    Authority::root(params).pem()
}

on_both_still! { |_| ();
    async fn an_anchor_is_taken_read_listed_and_taken_again(bed: Bed) {
        let admin = bed.admin();
        let root = root();
        let id = trust(&bed, &root.pem()).await.ok().id();
        let read = admin.get(&format!("certificates/{id}")).await.ok();
        let values = ["certificateType", "partnerDomain", "validFrom", "validUntil", "uploaded"].map(|name| read.value(name));
        assert_eq!(values, ["anchor", DOMAIN, "2025-01-01T00:00:00Z", "2030-01-01T00:00:00Z", "2026-01-01T12:00:00Z"]);
        assert_eq!(read.value("subject"), read.value("issuer"));
        assert_eq!(read.value("certificateData").replace("\r\n", "\n"), root.pem().replace("\r\n", "\n"));
        assert_eq!(read.value("thumbprint").len(), 64);
        assert_eq!(admin.get(&format!("certificates/?partnerDomain={DOMAIN}&certificateType=anchor")).await.ok().ids(), std::slice::from_ref(&id));
        bed.advance(60_000_000);
        assert_eq!(trust(&bed, &root.pem()).await.ok().id(), id);
        assert_eq!(admin.get("certificates").await.ok().ids(), std::slice::from_ref(&id));
        assert_eq!(admin.get(&format!("certificates/{id}")).await.ok().value("uploaded"), "2026-01-01T12:01:00Z");
        assert_ne!(upload(&admin, "certificates/ca", &root.pem(), "DEVICE").await.ok().id(), id);
    }

    async fn an_intermediate_needs_its_issuer_stored_or_in_the_same_upload(bed: Bed) {
        let root = root();
        let below = root.below(authority_shape("Below"));
        let deeper = below.below(authority_shape("Deeper"));
        trust(&bed, &below.pem()).await.refused(400, 1, "does not chain to a trusted certificate");
        let together = format!("{}{}{}", deeper.pem(), below.pem(), root.pem());
        assert_eq!(trust(&bed, &together).await.ok().ids().len(), 3);
        let other = below.below(authority_shape("Other"));
        let id = trust(&bed, &other.pem()).await.ok().id();
        assert_eq!(bed.admin().get(&format!("certificates/{id}")).await.ok().value("certificateType"), "intermediate");
        upload(&bed.admin(), "certificates/ca", &other.pem(), "DEVICE").await.refused(400, 1, "does not chain");
        bed.must_be_sound().await;
    }

    async fn what_cannot_be_an_authority_is_refused(bed: Bed) {
        let plain = Authority::root(shape("Trust Oy", "Plain"));
        let limited = Authority::root({
            let mut params = authority_shape("Limited");
            params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
            params
        });
        trust(&bed, &limited.pem()).await.ok();
        let known = root();
        trust(&bed, &known.pem()).await.ok();
        let forged = Authority::root(known.params.clone()).below(authority_shape("Forged"));
        let strange = CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 99_999, 1], vec![5, 0]);
        for (data, words) in [
            (plain.pem(), "not one of an authority"),
            (root().issue(&shape("Acme Oy", "leaf")), "not one of an authority"),
            (changed(|params| params.key_usages = vec![KeyUsagePurpose::DigitalSignature]), "may not sign certificates"),
            (changed(|params| params.key_usages.clear()), "may not sign certificates"),
            (changed(|params| params.not_after = date_time_ymd(2025, 12, 31)), "has expired"),
            (changed(|params| params.not_before = date_time_ymd(2026, 1, 2)), "not valid yet"),
            (changed(|params| {
                let mut strange = strange.clone();
                strange.set_criticality(true);
                params.custom_extensions.push(strange);
            }), "a critical extension of it is not understood"),
            (limited.below(authority_shape("Too deep")).pem(), "longer than an authority on it allows"),
            (forged.pem(), "a signature in its chain is wrong"),
            (fixture("weak-root.pem"), "its key is too weak"),
            (fixture("sha1-root.pem"), "a signature in its chain is wrong"),
        ] {
            trust(&bed, &data).await.refused(400, 1, words);
        }
        let held = bed.admin().get("certificates").await.ok().ids().len();
        assert_eq!(held, 2);
        trust(&bed, &changed(|params| params.custom_extensions.push(strange))).await.ok();
        trust(&bed, &fixture("rsa-root.pem")).await.ok();
    }

    async fn one_bad_certificate_refuses_all_that_came_with_it(bed: Bed) {
        let bad = changed(|params| params.key_usages.clear());
        trust(&bed, &format!("{}{bad}", root().pem())).await.refused(400, 1, "may not sign");
        assert_eq!(bed.admin().get("certificates").await.ok().ids(), [""; 0]);
    }

    async fn whom_a_domain_trusts_is_for_unbounded_clients_with_the_grant(bed: Bed) {
        let admin = bed.admin();
        let data = root().pem();
        upload(&bed.reader(), "certificates/ca", &data, DOMAIN).await.refused(403, 3, "create certificate");
        upload(&bed.anonymous(), "certificates/ca", &data, DOMAIN).await.refused(401, 2, "");
        let acme = organization(&admin, "acme").await;
        make(&admin, &format!("apiclients/?name=bounded&preset=admin&pwd=bounded-password&within={acme}")).await;
        let bounded = bed.anonymous().with(Credentials::Query("bounded".into(), "bounded-password".into()));
        upload(&bounded, "certificates/ca", &data, DOMAIN).await.refused(404, 7, "certificate");
        assert_eq!(admin.get("certificates").await.ok().ids(), [""; 0]);
    }

    async fn uploaded_at_once_it_stands_once(bed: Bed) {
        let data = root().pem();
        let ids: Vec<String> = join_all((0..6).map(|_| trust(&bed, &data))).await.into_iter().map(|a| a.ok().id()).collect();
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    }

    async fn an_anchor_that_is_deleted_vouches_for_nobody(bed: Bed) {
        let admin = bed.admin();
        let root = root();
        let id = trust(&bed, &root.pem()).await.ok().id();
        let (partner, leaf) = (acme(&bed).await, root.issue(&shape("Acme Oy", "leaf")));
        present(&bed, &partner, &leaf).await.ok();
        admin.delete(&format!("certificates/{id}")).await.ok();
        present(&bed, &partner, &leaf).await.refused(400, 1, "does not chain");
    }
}

//! The certificate of a partner: taken, replaced, read, gone with it, and what it approves.

use futures_util::future::join_all;

use super::{DOMAIN, acme, partner, present, root, shape, trust, upload};
use crate::{on_both, on_both_still};

const NOBODY: &str = "018f0000-0000-7000-8000-000000000000";

on_both_still! { |config| config.partners.approve_by_certificate = true;
    async fn a_valid_certificate_approves_a_partner_that_was_not_decided_on(bed: Bed) {
        let (admin, root) = (bed.admin(), root());
        trust(&bed, &root.pem()).await.ok();
        let id = acme(&bed).await;
        let path = format!("partners/{id}");
        let standing = async || {
            let read = admin.get(&path).await.ok();
            (read.value("status"), read.value("active"))
        };
        present(&bed, &id, &root.issue(&shape("Other Oy", "leaf"))).await.refused(400, 1, "organization");
        assert_eq!(standing().await.0, "InProgress");
        present(&bed, &id, &root.issue(&shape("Acme Oy", "leaf"))).await.ok();
        assert_eq!(standing().await, ("approved".to_owned(), "true".to_owned()));
        for word in ["de-active", "rejected"] {
            admin.put(&format!("{path}/status?status={word}")).await.ok();
            let before = standing().await;
            present(&bed, &id, &root.issue(&shape("Acme Oy", "leaf"))).await.ok();
            assert_eq!(standing().await, before, "a decision stands whatever is uploaded");
        }
        bed.must_be_sound().await;
    }
}

on_both! {
    async fn the_next_certificate_takes_the_place_of_the_one_before(bed: Bed) {
        let (admin, root) = (bed.admin(), root());
        trust(&bed, &root.pem()).await.ok();
        let id = acme(&bed).await;
        let path = format!("partners/{id}/certificate");
        let (one, other) = (root.issue(&shape(" acme OY ", "one")), root.issue(&shape("Acme Oy", "other")));
        let first = present(&bed, &id, &one).await.ok().id();
        let read = admin.get(&path).await.ok();
        assert_eq!(read.value("certificateData").replace('\r', ""), one.replace('\r', ""));
        assert_eq!(present(&bed, &id, &other).await.ok().id(), first);
        let read = admin.get(&path).await.ok();
        assert_eq!(read.value("certificateData").replace('\r', ""), other.replace('\r', ""));
        let uuid = admin.get(&format!("partners/?partnerId={id}&exactMatch=true")).await.ok().id();
        assert_eq!(read.value("partner"), uuid);
        assert_eq!(admin.get(&format!("certificates/{first}")).await.ok().value("partner"), uuid);
        assert_eq!(admin.get(&format!("partners/{id}")).await.ok().value("status"), "InProgress");
        let stale = admin.clone().header("if-match", "\"7\"");
        upload(&stale, &path, &one, DOMAIN).await.refused(412, 14, "");
        bed.must_be_sound().await;
    }

    async fn of_many_uploads_at_once_one_certificate_is_left(bed: Bed) {
        let root = root();
        trust(&bed, &root.pem()).await.ok();
        let id = acme(&bed).await;
        let leaves: Vec<String> = (0..6).map(|n| root.issue(&shape("Acme Oy", &format!("leaf {n}")))).collect();
        let ids: Vec<String> = join_all(leaves.iter().map(|leaf| present(&bed, &id, leaf))).await.into_iter().map(|a| a.ok().id()).collect();
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
        assert_eq!(bed.admin().get("certificates/?certificateType=partner").await.ok().ids().len(), 1);
        bed.must_be_sound().await;
    }

    async fn a_partner_that_does_not_exist_has_no_certificate(bed: Bed) {
        let admin = bed.admin();
        let root = root();
        trust(&bed, &root.pem()).await.ok();
        let leaf = root.issue(&shape("Acme Oy", "leaf"));
        for key in [NOBODY, "nobody"] {
            present(&bed, key, &leaf).await.refused(404, 5, "partner");
            admin.get(&format!("partners/{key}/certificate")).await.refused(404, 5, "partner");
        }
        present(&bed, &"x".repeat(37), &leaf).await.refused(400, 1, "partnerId");
        let without = partner(&bed, &crate::partners::fresh("bare")).await;
        admin.get(&format!("partners/{without}/certificate")).await.refused(404, 7, "certificate");
        upload(&bed.reader(), &format!("partners/{without}/certificate"), &leaf, "AUTH").await.refused(403, 3, "create certificate");
    }
}

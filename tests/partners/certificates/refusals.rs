//! Certificates of partners that are refused, each for its reason, and nothing kept of it.

use rcgen::{BasicConstraints, CertificateParams, CustomExtension, DnType, IsCa, KeyPair, date_time_ymd};

use super::{Authority, ORGANIZATION, acme, authority_shape, fixture, present, root, shape, trust, upload};
use crate::on_both_still;

fn leaf(change: impl FnOnce(&mut CertificateParams)) -> CertificateParams {
    let mut params = shape(ORGANIZATION, "leaf");
    change(&mut params);
    params
}

on_both_still! { |_| ();
    async fn a_certificate_is_refused_for_what_is_wrong_with_it(bed: Bed) {
        let (partner, root) = (acme(&bed).await, root());
        trust(&bed, &format!("{}{}", root.pem(), fixture("rsa-root.pem"))).await.ok();
        let unknown = Authority::root(authority_shape("Unknown"));
        // The same name as the trusted one, another key.
        let forger = Authority::root(root.params.clone());
        let good = root.issue(&leaf(|_| ()));
        let two = format!("{good}{}", root.issue(&leaf(|_| ())));
        let mut strange = CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 99_999, 1], vec![5, 0]);
        strange.set_criticality(true);
        let alone = leaf(|_| ()).self_signed(&KeyPair::generate().unwrap()).unwrap().pem();
        for (data, words) in [
            (root.issue(&leaf(|params| params.not_after = date_time_ymd(2026, 1, 1))), "the certificate has expired"),
            (root.issue(&leaf(|params| params.not_before = date_time_ymd(2026, 1, 2))), "not valid yet"),
            (alone, "self-signed"),
            (unknown.issue(&leaf(|_| ())), "does not chain to a trusted certificate"),
            (forger.issue(&leaf(|_| ())), "a signature in its chain is wrong"),
            (root.issue(&shape("Other Oy", "leaf")), "organization"),
            (root.issue(&leaf(|params| params.distinguished_name = rcgen::DistinguishedName::new())), "organization"),
            (root.issue(&leaf(|params| {
                params.distinguished_name.push(DnType::OrganizationName, "Acme Oy Ab");
            })), "organization"),
            (root.pem(), "one of an authority"),
            (root.issue(&authority_shape("CA as leaf")), "one of an authority"),
            (fixture("weak-rsa-leaf.pem"), "its key is too weak"),
            (fixture("weak-curve-leaf.pem"), "its key is too weak"),
            (root.issue(&leaf(|params| params.custom_extensions.push(strange))), "a critical extension of it is not understood"),
            (two, "expected one certificate"),
        ] {
            present(&bed, &partner, &data).await.refused(400, 1, words);
        }
        bed.admin().get(&format!("partners/{partner}/certificate")).await.refused(404, 7, "certificate");
        present(&bed, &partner, &good).await.ok();
        present(&bed, &partner, &fixture("rsa-leaf.pem")).await.ok();
    }

    async fn an_intermediate_may_be_stored_or_supplied_but_must_be_there(bed: Bed) {
        let (partner, root) = (acme(&bed).await, root());
        let below = root.below(authority_shape("Below"));
        let deeper = below.below(authority_shape("Deeper"));
        trust(&bed, &root.pem()).await.ok();
        let leaf = deeper.issue(&leaf(|_| ()));
        present(&bed, &partner, &leaf).await.refused(400, 1, "does not chain");
        present(&bed, &partner, &format!("{leaf}{}", deeper.pem())).await.refused(400, 1, "does not chain");
        present(&bed, &partner, &format!("{leaf}{}{}", deeper.pem(), below.pem())).await.ok();
        present(&bed, &partner, &format!("{}{leaf}{}{}", root.pem(), below.pem(), deeper.pem())).await.ok();
        trust(&bed, &below.pem()).await.ok();
        trust(&bed, &deeper.pem()).await.ok();
        present(&bed, &partner, &leaf).await.ok();
    }

    async fn a_root_that_is_only_supplied_is_not_trusted(bed: Bed) {
        let (partner, root) = (acme(&bed).await, root());
        let data = format!("{}{}", root.issue(&leaf(|_| ())), root.pem());
        present(&bed, &partner, &data).await.refused(400, 1, "does not chain");
    }

    async fn who_is_no_authority_or_has_no_more_room_below_it_cannot_issue(bed: Bed) {
        let (partner, root) = (acme(&bed).await, root());
        let mut bounded = authority_shape("Bounded");
        bounded.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        let bounded = Authority::root(bounded);
        trust(&bed, &format!("{}{}", root.pem(), bounded.pem())).await.ok();
        let no_authority = root.below(shape("Trust Oy", "leaf as authority"));
        let below = bounded.below(authority_shape("Below"));
        let data = format!("{}{}", no_authority.issue(&leaf(|_| ())), no_authority.pem());
        present(&bed, &partner, &data).await.refused(400, 1, "expected one certificate");
        let data = format!("{}{}", below.issue(&leaf(|_| ())), below.pem());
        present(&bed, &partner, &data).await.refused(400, 1, "longer than an authority on it allows");
        present(&bed, &partner, &bounded.issue(&leaf(|_| ()))).await.ok();
        let mut unsigning = authority_shape("Unsigning");
        unsigning.key_usages.clear();
        let unsigning = root.below(unsigning);
        let data = format!("{}{}", unsigning.issue(&leaf(|_| ())), unsigning.pem());
        present(&bed, &partner, &data).await.refused(400, 1, "may not sign certificates");
    }

    async fn a_chain_is_judged_by_the_clock_from_end_to_end(bed: Bed) {
        let partner = acme(&bed).await;
        let mut short = authority_shape("Short");
        short.not_after = date_time_ymd(2026, 1, 10);
        let root = Authority::root(short);
        let mut shorter = authority_shape("Shorter");
        shorter.not_after = date_time_ymd(2026, 1, 5);
        let below = root.below(shorter);
        trust(&bed, &format!("{}{}", root.pem(), below.pem())).await.ok();
        let (near, far) = (root.issue(&leaf(|_| ())), below.issue(&leaf(|_| ())));
        present(&bed, &partner, &far).await.ok();
        bed.advance(5 * 86_400_000_000);
        present(&bed, &partner, &far).await.refused(400, 1, "a certificate of its chain has expired");
        present(&bed, &partner, &near).await.ok();
        bed.advance(5 * 86_400_000_000);
        present(&bed, &partner, &near).await.refused(400, 1, "the anchor of its chain is not valid");
        let mut again = root.params.clone();
        again.not_after = date_time_ymd(2030, 1, 1);
        trust(&bed, &again.self_signed(&root.key).unwrap().pem()).await.ok();
        present(&bed, &partner, &near).await.ok();
    }

    async fn a_domain_trusts_its_own_anchors_only(bed: Bed) {
        let (partner, root) = (acme(&bed).await, root());
        upload(&bed.admin(), "certificates/ca", &root.pem(), "DEVICE").await.ok();
        present(&bed, &partner, &root.issue(&leaf(|_| ()))).await.refused(400, 1, "does not chain");
    }
}

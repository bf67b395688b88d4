//! In which forms certificates come, and what is no certificate at all.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;

use super::{DOMAIN, acme, fixture, present, root, shape, trust, upload};
use crate::on_both_still;
use crate::partners::policies::encoded;

on_both_still! { |_| ();
    async fn pem_and_pkcs7_in_pem_or_base64_are_taken_and_answered_in_pem(bed: Bed) {
        let partner = acme(&bed).await;
        trust(&bed, &fixture("rsa-root.pem")).await.ok();
        let path = format!("partners/{partner}/certificate");
        let leaf = fixture("rsa-leaf.pem");
        let der = STANDARD.encode(pem::parse(&leaf).unwrap().contents());
        let forms = [
            leaf.clone(),
            leaf.replace('\n', "\r\n"),
            format!("subject=acme\n\n{leaf}"),
            fixture("bundle.p7b"),
            fixture("bundle.p7b").replace("PKCS7", "CMS"),
            fixture("leaf.p7b.base64"),
            der,
        ];
        for form in forms {
            present(&bed, &partner, &form).await.ok();
            let read = bed.admin().get(&path).await.ok();
            assert_eq!(read.value("certificateData"), leaf);
            assert_eq!(read.value("serialNumber"), "02");
        }
        let query = format!("{path}?certificateData={}&partnerDomain={DOMAIN}", encoded(&leaf));
        bed.admin().post(&query).await.ok();
        trust(&bed, &fixture("bundle.p7b")).await.refused(400, 1, "not one of an authority");
    }

    async fn what_is_no_certificate_is_refused_and_never_repeated(bed: Bed) {
        let partner = acme(&bed).await;
        let good = root().issue(&shape("Acme Oy", "leaf"));
        let key = rcgen::KeyPair::generate().unwrap().serialize_pem();
        let cut = |from: usize, to: usize| good[from..good.len() - to].to_owned();
        let middle = good.len() / 2;
        let flipped = format!("{}{}", &good[..middle], good[middle..].replacen(['A', 'B', 'C', 'D'], "!", 1));
        let swapped = STANDARD.encode([&[0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF][..], &[0; 64]].concat());
        for (data, words) in [
            (cut(0, 30), "a PEM block is broken"),
            (cut(5, 0), ""),
            (cut(27, 0), ""),
            (flipped, ""),
            (good.replace("CERTIFICATE", "PUBLIC KEY"), "expected PEM blocks of CERTIFICATE or PKCS7"),
            (good.replace("BEGIN CERTIFICATE", "BEGIN PKCS7").replace("END CERTIFICATE", "END PKCS7"), "PKCS #7"),
            (format!("{good}{key}"), "holds a private key"),
            (key.clone(), "holds a private key"),
            (good.repeat(17), ""),
            ("hello".to_owned(), "expected X.509 certificates"),
            ("AAAA".to_owned(), "expected X.509 certificates"),
            (swapped, "expected X.509 certificates"),
            ("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----".to_owned(), ""),
        ] {
            for answer in [present(&bed, &partner, &data).await, trust(&bed, &data).await] {
                let text = answer.refused(400, 1, "certificateData").text();
                assert!(text.contains(words), "{text} should say {words}");
                let secret = key.lines().nth(1).unwrap();
                assert!(!text.contains(secret) && text.len() < 400, "{text}");
            }
        }
        let trail = bed.admin().get("auditevents?entities=true").await.ok().text();
        assert!(!trail.contains(key.lines().nth(1).unwrap()));
    }

    async fn missing_and_surplus_arguments_are_named(bed: Bed) {
        let admin = bed.admin();
        let partner = acme(&bed).await;
        for path in [format!("partners/{partner}/certificate"), "certificates/ca".to_owned()] {
            admin.post(&path).await.refused(400, 1, "mandatory");
            admin.post(&format!("{path}?certificateData=x")).await.refused(400, 1, "partnerDomain");
            admin.post(&format!("{path}?partnerDomain=x")).await.refused(400, 1, "certificateData");
            let both = format!("{path}?certificateData=x&partnerDomain={}", "x".repeat(65));
            admin.post(&both).await.refused(400, 1, "partnerDomain");
            let more = format!("{path}?certificateData=x&partnerDomain=x&subject=x");
            admin.post(&more).await.refused(400, 1, "subject");
        }
        admin.get(&format!("partners/{partner}/certificate?x=1")).await.refused(400, 1, "x");
    }

    async fn a_mebibyte_of_garbage_is_refused_and_the_server_serves_on(bed: Bed) {
        let partner = acme(&bed).await;
        let path = format!("partners/{partner}/certificate");
        let garbage: Vec<u8> = (0..1_u32 << 20).map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
        for path in [path.as_str(), "certificates/ca"] {
            let typed = bed.admin().header("content-type", "application/xml");
            let answer = typed.send(Method::POST, path, Some(garbage.clone())).await;
            assert!(matches!(answer.status.as_u16(), 400 | 413), "{}", answer.text());
            let text = STANDARD.encode(&garbage);
            for data in [&text[..60_000], &text[..65_000], &text[..700_000]] {
                let answer = upload(&bed.admin(), path, data, DOMAIN).await;
                assert!(matches!(answer.status.as_u16(), 400 | 413), "{}", answer.text());
                assert!(answer.text().len() < 400);
            }
        }
        bed.admin().get(&format!("partners/{partner}")).await.ok();
    }
}

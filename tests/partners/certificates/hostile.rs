//! Whatever bytes come, reading them ends with certificates or a refusal.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use valtuus::crypto::certificate::{Trust, issued, leaf, read};

use super::{fixture, root, shape};

/// Reads, and does with what was read all that a server would.
fn exercise(text: &str) {
    let Ok(found) = read(text) else { return };
    let trust = Trust { anchors: found.clone(), intermediates: found.clone() };
    for certificate in &found {
        let _ = leaf(certificate, &found, &trust, 1_767_268_800_000_000);
        let _ = issued(certificate, &found, 0);
        let _ = certificate.check_organization("x");
        let again = read(&certificate.pem()).unwrap();
        assert_eq!(again, std::slice::from_ref(certificate));
    }
}

fn der(pem: &str) -> Vec<u8> {
    pem::parse(pem).unwrap().into_contents()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,400}") {
        exercise(&text);
        exercise(&format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n"));
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        exercise(&STANDARD.encode(&bytes));
        exercise(&pem::encode(&pem::Pem::new("PKCS7", bytes)));
    }

    #[test]
    fn any_change_of_a_certificate_is_read_or_refused(
        which in 0_usize..4,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in proptest::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = match which {
            0 => der(&fixture("rsa-leaf.pem")),
            1 => der(&fixture("rsa-root.pem")),
            2 => der(&fixture("bundle.p7b")),
            _ => root().certificate.der().to_vec(),
        };
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        exercise(&STANDARD.encode(&bytes));
    }
}

#[test]
fn a_certificate_with_one_byte_changed_is_no_longer_trusted() {
    let root = root();
    let good = der(&root.issue(&shape("Acme Oy", "leaf")));
    let anchors = read(&root.pem()).unwrap();
    let trust = Trust { anchors, intermediates: Vec::new() };
    let noon = 1_767_268_800_000_000;
    let judge = |bytes: &[u8]| {
        let found = read(&STANDARD.encode(bytes)).ok()?.pop()?;
        leaf(&found, &[], &trust, noon).ok()
    };
    assert!(judge(&good).is_some());
    for at in 0..good.len() {
        let mut changed = good.clone();
        changed[at] ^= 1;
        assert!(judge(&changed).is_none(), "byte {at} of {} does not count", good.len());
    }
}

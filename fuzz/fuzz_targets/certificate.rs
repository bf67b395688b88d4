//! Any text as certificates: it is read or refused, and what was read can be judged and written again.
//!
//! `cargo +nightly fuzz run certificate` from this folder; the files of `fixtures/certificates` are a good start.
#![no_main]

use libfuzzer_sys::fuzz_target;
use valtuus::crypto::certificate::{Trust, issued, leaf, read};

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let found = match read(&text) {
        Ok(found) => found,
        Err(error) => {
            let message = error.to_string();
            assert!(message.len() < 300 && !message.contains('\n'), "{message:?}");
            return;
        }
    };
    let trust = Trust { anchors: found.clone(), intermediates: found.clone() };
    for certificate in &found {
        let _ = leaf(certificate, &found, &trust, 1_767_268_800_000_000);
        let _ = issued(certificate, &found, 0);
        assert_eq!(read(&certificate.pem()).as_deref(), Ok(std::slice::from_ref(certificate)));
    }
});

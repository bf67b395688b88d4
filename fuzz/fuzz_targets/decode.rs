//! Any bytes through the strict reader: it must answer, and what it refuses it must explain on one line.
//!
//! `cargo +nightly fuzz run decode -- -dict=fuzz_targets/decode.dict` from this folder; the corpus of
//! `fixtures/hostile-xml` is a good start. The folder `corpus/` that the fuzzer fills is not checked in.
#![no_main]

use libfuzzer_sys::fuzz_target;
use valtuus::xml::{Limits, decode};

fuzz_target!(|bytes: &[u8]| {
    if let Err(error) = decode(bytes, &Limits::default()) {
        let message = error.to_string();
        assert!(message.len() < 300 && !message.contains('\n'), "{message:?}");
    }
});

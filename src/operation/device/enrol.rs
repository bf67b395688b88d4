//! What enrolling a device asks beyond its declaration: a key that is one. Making it is a change like any other.

use crate::crypto::hd_key::HdKey;
use crate::model::kind::device::XPUB;
use crate::model::state::Given;
use crate::model::{AttrId, Attributes, Error};

/// A fresh key from 32 random bytes, as text; nobody has its private half.
pub fn fresh_key(seed: &[u8; 32]) -> Result<String, Error> {
    HdKey::fresh(seed)
}

/// Error 1 unless the text is an extended public key from which addresses can be derived.
pub fn check_key(text: &str) -> Result<(), Error> {
    HdKey::parse(text)?.wallet().map(|_| ())
}

/// Error 1 unless the key that is given is one.
pub fn check_given_key(given: &[(AttrId, Vec<Given>)]) -> Result<(), Error> {
    let values = given.iter().filter(|(attr, _)| *attr == XPUB).flat_map(|(_, values)| values);
    for value in values {
        match value {
            Given::Value(value) => check_key(value.as_text().unwrap_or_default())?,
            Given::Reference(text) => check_key(text)?,
        }
    }
    Ok(())
}

/// Error 1 unless the key of a device with these attributes is one.
pub fn check_stored_key(device: &Attributes) -> Result<(), Error> {
    check_key(device.text(XPUB).unwrap_or_default())
}

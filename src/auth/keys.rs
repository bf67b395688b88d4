//! The public keys of an issuer (JWKS), as far as they can verify signatures.
//!
//! Keys of other uses, of unknown types, symmetric ones and RSA keys that are too short are passed over, as RFC 7517
//! asks. Reads text only: where it comes from is the business of whoever starts the server.

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;

/// The most keys of an issuer that are kept.
const MOST: usize = 100;
/// Letters of the base64 of a 2,048-bit modulus: shorter RSA keys can be broken.
const LEAST_MODULUS: usize = 342;

/// Why a set of keys cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeysError {
    /// Not a JWKS document.
    #[error("not a set of keys: expected JSON with a list `keys`")]
    Malformed,
}

/// One key.
#[derive(Clone)]
pub struct Key {
    jwk: Jwk,
    decoding: DecodingKey,
}

/// The keys of an issuer.
#[derive(Clone, Default)]
pub struct Keys {
    list: Vec<Key>,
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<serde_json::Value>,
}

impl Keys {
    /// Reads a JWKS document; keeps the keys that verify one of `algorithms`. There may be none: an issuer that
    /// withdraws all its keys means it.
    pub fn read(document: &[u8], algorithms: &[Algorithm]) -> Result<Self, KeysError> {
        let Document { keys } = serde_json::from_slice(document).map_err(|_| KeysError::Malformed)?;
        let usable = |value| {
            let jwk: Jwk = serde_json::from_value(value).ok()?;
            if !algorithms.iter().any(|algorithm| verifies(&jwk, *algorithm)) {
                return None;
            }
            let decoding = DecodingKey::from_jwk(&jwk).ok()?;
            Some(Key { jwk, decoding })
        };
        Ok(Self { list: keys.into_iter().filter_map(usable).take(MOST).collect() })
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether they are the same as `other`.
    pub fn same(&self, other: &Self) -> bool {
        self.list.len() == other.list.len()
            && self.list.iter().zip(&other.list).all(|(mine, theirs)| mine.jwk == theirs.jwk)
    }

    /// Whether a key has that id.
    pub fn has(&self, id: &str) -> bool {
        self.list.iter().any(|key| key.jwk.common.key_id.as_deref() == Some(id))
    }

    /// The keys that may have signed with `algorithm`: those of the id that the token names, or, when it names none,
    /// the only one there is.
    pub fn candidates(&self, id: Option<&str>, algorithm: Algorithm) -> Vec<&DecodingKey> {
        let named = |key: &&Key| id.is_none() || key.jwk.common.key_id.as_deref() == id;
        let found = self.list.iter().filter(named).filter(|key| verifies(&key.jwk, algorithm));
        let found: Vec<&DecodingKey> = found.map(|key| &key.decoding).collect();
        if id.is_none() && found.len() > 1 { Vec::new() } else { found }
    }
}

/// Whether a key is meant for signatures of `algorithm`, and strong enough.
fn verifies(jwk: &Jwk, algorithm: Algorithm) -> bool {
    let common = &jwk.common;
    let for_signatures = common.public_key_use.as_ref().is_none_or(|of| *of == PublicKeyUse::Signature)
        && common.key_operations.as_ref().is_none_or(|list| list.contains(&KeyOperations::Verify));
    let own = common.key_algorithm.is_none_or(|own| own.to_string() == format!("{algorithm:?}"));
    let fits = match (&jwk.algorithm, algorithm) {
        (AlgorithmParameters::EllipticCurve(key), Algorithm::ES256) => key.curve == EllipticCurve::P256,
        (AlgorithmParameters::EllipticCurve(key), Algorithm::ES384) => key.curve == EllipticCurve::P384,
        (AlgorithmParameters::OctetKeyPair(key), Algorithm::EdDSA) => key.curve == EllipticCurve::Ed25519,
        (
            AlgorithmParameters::RSA(key),
            Algorithm::RS256
            | Algorithm::RS384
            | Algorithm::RS512
            | Algorithm::PS256
            | Algorithm::PS384
            | Algorithm::PS512,
        ) => key.n.trim_end_matches('=').len() >= LEAST_MODULUS,
        _ => false,
    };
    for_signatures && own && fits
}

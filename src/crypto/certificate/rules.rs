//! What a certificate must be like by itself, whoever issued it: version, extensions, key, use.

use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::public_key::PublicKey;
use x509_parser::x509::{SubjectPublicKeyInfo, X509Version};

use crate::crypto::certificate::{Certificate, refused};
use crate::model::{Error, key};

/// Extensions that are understood here or by the verifier of chains: a critical one beside them refuses. Basic
/// constraints, key usage, alternative names, extended key usage, name constraints, and the names of keys.
const UNDERSTOOD: [&str; 7] =
    ["2.5.29.19", "2.5.29.15", "2.5.29.17", "2.5.29.37", "2.5.29.30", "2.5.29.14", "2.5.29.35"];
/// The curves P-256, P-384 and P-521.
const CURVES: [&str; 3] = ["1.2.840.10045.3.1.7", "1.3.132.0.34", "1.3.132.0.35"];
const ED25519: &str = "1.3.101.112";
/// Bits of an RSA key.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2_048..=16_384;

impl Certificate {
    fn with<T>(&self, look: impl FnOnce(&X509Certificate<'_>) -> Result<T, Error>) -> Result<T, Error> {
        let (_, read) = X509Certificate::from_der(&self.der).map_err(|_| refused("cannot be read again"))?;
        look(&read)
    }

    /// Error 1 unless it can be one of an authority.
    pub fn check_authority(&self) -> Result<(), Error> {
        if !self.is_authority {
            return Err(refused("the certificate is not one of an authority (basic constraints)"));
        }
        self.with(|read| {
            sound(read)?;
            let usage = read.key_usage().map_err(|_| refused("its key usage cannot be read"))?;
            if usage.is_none_or(|usage| !usage.value.key_cert_sign()) {
                return Err(refused("its key may not sign certificates (key usage)"));
            }
            Ok(())
        })
    }

    /// Error 1 unless it can be one of a partner.
    pub fn check_leaf(&self) -> Result<(), Error> {
        if self.is_authority {
            return Err(refused("the certificate is one of an authority, not of a partner"));
        }
        if self.is_self_issued {
            return Err(refused("the certificate is self-signed: expected one that an authority issued"));
        }
        self.with(sound)
    }

    /// Error 1 unless its subject names this organization and no other; letter case and space around do not count.
    pub fn check_organization(&self, organization: &str) -> Result<(), Error> {
        let folded = |name: &str| key::fold(name.trim());
        let wanted = folded(organization);
        let named = &self.organizations;
        if named.is_empty() || named.iter().any(|name| folded(name) != wanted) {
            return Err(refused("the organization in its subject is not that of the partner"));
        }
        Ok(())
    }
}

fn sound(read: &X509Certificate<'_>) -> Result<(), Error> {
    if read.version() != X509Version::V3 {
        return Err(refused("expected a certificate of version 3"));
    }
    let known = read.extensions_map().map_err(|_| refused("an extension stands twice in it"))?;
    let is_strange = |oid: &str| !UNDERSTOOD.contains(&oid);
    if known.values().any(|found| found.critical && is_strange(&found.oid.to_id_string())) {
        return Err(refused("a critical extension of it is not understood"));
    }
    if known.values().any(|found| found.parsed_extension().error().is_some()) {
        return Err(refused("an extension of it cannot be read"));
    }
    strong(read.public_key())
}

fn strong(key: &SubjectPublicKeyInfo<'_>) -> Result<(), Error> {
    let weak = || refused("its key is too weak: expected RSA from 2048 bits, P-256, P-384, P-521 or Ed25519");
    if key.algorithm.algorithm.to_id_string() == ED25519 {
        return Ok(());
    }
    let is_strong = match key.parsed() {
        Ok(PublicKey::RSA(rsa)) => RSA_BITS.contains(&rsa.key_size()),
        Ok(PublicKey::EC(_)) => {
            let curve = key.algorithm.parameters.as_ref().and_then(|found| found.as_oid().ok());
            curve.is_some_and(|curve| CURVES.contains(&curve.to_id_string().as_str()))
        }
        _ => false,
    };
    if is_strong { Ok(()) } else { Err(weak()) }
}

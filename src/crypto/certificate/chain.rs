//! From a certificate up to an anchor. Paths are built and verified by webpki: signatures, validity, basic and name
//! constraints, path length, depth, critical extensions; beside it the rules for each authority on the way.

use std::time::Duration;

use rustls_pki_types::{CertificateDer, TrustAnchor, UnixTime};
use webpki::{
    ALL_VERIFICATION_ALGS, EndEntityCert, ExtendedKeyUsageValidator, KeyPurposeIdIter,
    anchor_from_trusted_cert,
};
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::crypto::certificate::{Certificate, refused};
use crate::model::Error;

/// What a domain trusts.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    /// Where chains end.
    pub anchors: Vec<Certificate>,
    /// What may stand between, already vouched for.
    pub intermediates: Vec<Certificate>,
}

/// Certificates are for whatever the partner does with them: any use is right, if it can be read.
struct AnyUse;

impl ExtendedKeyUsageValidator for AnyUse {
    fn validate(&self, uses: KeyPurposeIdIter<'_, '_>) -> Result<(), webpki::Error> {
        for found in uses {
            found?;
        }
        Ok(())
    }
}

/// Error 1 unless `certificate` is good at `now` and chains to an anchor, through `supplied` or stored intermediates
/// that are authorities and good at `now` themselves.
pub fn leaf(
    certificate: &Certificate,
    supplied: &[Certificate],
    trust: &Trust,
    now: i64,
) -> Result<(), Error> {
    certificate.check_leaf()?;
    certificate.is_good_at(now)?;
    let between: Vec<&Certificate> =
        supplied.iter().filter(|found| !found.is_self_issued).chain(&trust.intermediates).collect();
    for authority in &between {
        authority.check_authority()?;
    }
    let between: Vec<CertificateDer<'_>> =
        between.iter().map(|found| CertificateDer::from(found.der.as_slice())).collect();
    // Of two anchors with the same name and key, the one that is good now is found first.
    let mut anchors: Vec<&Certificate> = trust.anchors.iter().collect();
    anchors.sort_by_key(|anchor| anchor.is_good_at(now).is_err());
    let ders: Vec<CertificateDer<'_>> =
        anchors.iter().map(|found| CertificateDer::from(found.der.as_slice())).collect();
    let trusted: Result<Vec<TrustAnchor<'_>>, _> = ders.iter().map(anchor_from_trusted_cert).collect();
    let trusted = trusted.map_err(|_| refused("a stored anchor of this domain cannot be used"))?;
    let der = CertificateDer::from(certificate.der.as_slice());
    let end = EndEntityCert::try_from(&der).map_err(|error| refused(words(&error)))?;
    let seconds = u64::try_from(now.div_euclid(1_000_000)).unwrap_or(0);
    let at = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    let path = end
        .verify_for_usage(ALL_VERIFICATION_ALGS, &trusted, &between, at, AnyUse, None, None)
        .map_err(|error| refused(words(&error)))?;
    let place = trusted.iter().position(|known| known == path.anchor());
    let anchor =
        place.and_then(|place| anchors.get(place)).ok_or_else(|| refused("its chain has no anchor"))?;
    if anchor.is_good_at(now).is_err() {
        return Err(refused("the anchor of its chain is not valid at this time"));
    }
    let longest =
        anchor.path_length.map_or(usize::MAX, |length| usize::try_from(length).unwrap_or(usize::MAX));
    if path.intermediate_certificates().count() > longest {
        return Err(refused(words(&webpki::Error::PathLenConstraintViolated)));
    }
    Ok(())
}

/// Error 1 unless `authority` is good at `now`, and issued by itself or by one of `issuers` that is good at `now`.
pub fn issued(authority: &Certificate, issuers: &[Certificate], now: i64) -> Result<(), Error> {
    authority.check_authority()?;
    authority.is_good_at(now)?;
    if authority.is_self_issued {
        return match signed(authority, authority) {
            Ok(true) => Ok(()),
            Ok(false) => Err(refused(words(&webpki::Error::InvalidSignatureForPublicKey))),
            Err(error) => Err(error),
        };
    }
    let mut problem = webpki::Error::UnknownIssuer;
    for issuer in issuers.iter().filter(|issuer| issuer.subject == authority.issuer) {
        if !signed(authority, issuer)? {
            problem = webpki::Error::InvalidSignatureForPublicKey;
        } else if issuer.path_length == Some(0) {
            problem = webpki::Error::PathLenConstraintViolated;
        } else if issuer.is_good_at(now).is_err() {
            return Err(refused("the certificate of its issuer is not valid at this time"));
        } else {
            return Ok(());
        }
    }
    Err(refused(words(&problem)))
}

/// Whether the key of `issuer` made the signature of `certificate`, by an algorithm that still counts.
fn signed(certificate: &Certificate, issuer: &Certificate) -> Result<bool, Error> {
    let (_, read) =
        X509Certificate::from_der(&certificate.der).map_err(|_| refused("cannot be read again"))?;
    let der = CertificateDer::from(issuer.der.as_slice());
    let key = EndEntityCert::try_from(&der).map_err(|error| refused(words(&error)))?;
    let (message, signature) = (read.tbs_certificate.as_ref(), read.signature_value.data.as_ref());
    Ok(ALL_VERIFICATION_ALGS
        .iter()
        .any(|algorithm| key.verify_signature(*algorithm, message, signature).is_ok()))
}

/// What is wrong with a chain.
fn words(error: &webpki::Error) -> &'static str {
    use webpki::Error as Found;
    match error {
        Found::CertExpired { .. } => "a certificate of its chain has expired",
        Found::CertNotValidYet { .. } => "a certificate of its chain is not valid yet",
        Found::UnknownIssuer => "it does not chain to a trusted certificate of this domain",
        Found::InvalidSignatureForPublicKey => "a signature in its chain is wrong",
        Found::CaUsedAsEndEntity => "the certificate is one of an authority, not of a partner",
        Found::EndEntityUsedAsCa => "a certificate of its chain is not one of an authority",
        Found::PathLenConstraintViolated => "its chain is longer than an authority on it allows",
        Found::MaximumPathDepthExceeded => "its chain is too long",
        Found::NameConstraintViolation => "an authority on its chain may not vouch for its names",
        Found::UnsupportedCriticalExtension => "a critical extension of it is not understood",
        Found::UnsupportedCertVersion => "expected a certificate of version 3",
        Found::UnsupportedSignatureAlgorithmContext(_)
        | Found::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => {
            "a signature in its chain is of an algorithm that does not count any more"
        }
        _ => "the certificate or its chain is malformed",
    }
}

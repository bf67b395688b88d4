//! From the text of a request to certificates: PEM, PKCS #7 in PEM, or base64 of either's DER.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cms::cert::CertificateChoices;
use cms::content_info::ContentInfo;
use cms::signed_data::SignedData;
use der::asn1::ObjectIdentifier;
use der::{Decode, Encode};

use crate::crypto::certificate::{Certificate, MOST, refused};
use crate::model::Error;

/// Most bytes that are looked at.
const LIMIT: usize = 65_536;
/// `id-signedData` of RFC 5652.
const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");

/// The certificates that a text holds, each once, in its order. Error 1 says what was expected; a private key among
/// them refuses the whole.
pub fn read(text: &str) -> Result<Vec<Certificate>, Error> {
    if text.len() > LIMIT {
        return Err(refused(format!("expected at most {LIMIT} bytes")));
    }
    if text.contains("PRIVATE KEY") {
        return Err(refused("holds a private key, which belongs to its owner alone: consider it lost"));
    }
    let ders = if text.contains("-----BEGIN") { of_pem(text)? } else { of_base64(text)? };
    let mut found: Vec<Certificate> = Vec::with_capacity(ders.len());
    for der in ders {
        let certificate = Certificate::of_der(der)?;
        if !found.contains(&certificate) {
            found.push(certificate);
        }
    }
    if found.is_empty() {
        return Err(refused("holds no certificate"));
    }
    Ok(found)
}

fn of_pem(text: &str) -> Result<Vec<Vec<u8>>, Error> {
    let blocks = pem::parse_many(text).map_err(|_| refused("a PEM block is broken"))?;
    // The reader passes over what it cannot make out; nothing is passed over here.
    if blocks.len() != text.matches("-----BEGIN").count() || blocks.len() != text.matches("-----END").count()
    {
        return Err(refused("a PEM block is broken"));
    }
    let mut ders = Vec::new();
    for block in blocks {
        match block.tag() {
            "CERTIFICATE" | "X509 CERTIFICATE" => ders.push(block.into_contents()),
            "PKCS7" | "CMS" => ders.extend(of_pkcs7(block.contents())?),
            _ => return Err(refused("expected PEM blocks of CERTIFICATE or PKCS7")),
        }
        few(ders.len())?;
    }
    Ok(ders)
}

fn of_base64(text: &str) -> Result<Vec<Vec<u8>>, Error> {
    let packed: String = text.chars().filter(|letter| !letter.is_ascii_whitespace()).collect();
    let expected = || refused("expected X.509 certificates in PEM, or PKCS #7 in PEM or base64");
    let der = STANDARD.decode(packed).map_err(|_| expected())?;
    if let Ok(ders) = of_pkcs7(&der) {
        return Ok(ders);
    }
    Ok(vec![der])
}

/// The certificates of a message that holds nothing else of interest; who signed it, if anybody, is not asked.
fn of_pkcs7(der: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
    let broken = || refused("expected PKCS #7 with certificates");
    let content = ContentInfo::from_der(der).map_err(|_| broken())?;
    if content.content_type != SIGNED_DATA {
        return Err(broken());
    }
    let signed: SignedData = content.content.decode_as().map_err(|_| broken())?;
    let held = signed.certificates.map(|set| set.0.into_vec()).unwrap_or_default();
    few(held.len())?;
    held.into_iter()
        .map(|choice| match choice {
            CertificateChoices::Certificate(found) => found.to_der().map_err(|_| broken()),
            CertificateChoices::Other(_) => Err(broken()),
        })
        .collect()
}

fn few(count: usize) -> Result<(), Error> {
    if count > MOST { Err(refused(format!("expected at most {MOST} certificates"))) } else { Ok(()) }
}

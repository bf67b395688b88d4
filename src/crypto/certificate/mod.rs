//! X.509 certificates: read from text (`bundle`), judged one by one (`rules`), and verified up to an anchor (`chain`).
//!
//! Errors speak of the parameter `certificateData` and repeat nothing of it.

mod bundle;
mod chain;
mod rules;

use std::fmt::Write as _;

use pem::{EncodeConfig, LineEnding, Pem, encode_config};
use ring::digest::{SHA256, digest};
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::model::Error;

pub use bundle::read;
pub use chain::{Trust, issued, leaf};

/// Most certificates that are uploaded at once.
pub const MOST: usize = 16;
/// Most characters of a distinguished name.
const NAME_MAX: usize = 2_000;
/// Most bytes of a serial number.
const SERIAL_MAX: usize = 32;

/// The parameter that errors name.
const PARAMETER: &str = "certificateData";

fn refused(expected: impl Into<String>) -> Error {
    Error::invalid(PARAMETER, expected)
}

/// A certificate that could be read, with what is asked of it. Whether it may be trusted is another question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    der: Vec<u8>,
    /// Distinguished name of its subject.
    pub subject: String,
    /// Distinguished name of its issuer.
    pub issuer: String,
    /// Serial number, hexadecimal.
    pub serial: String,
    /// First instant at which it is good, microseconds.
    pub valid_from: i64,
    /// Last instant at which it is good, microseconds.
    pub valid_until: i64,
    /// The organizations its subject names.
    organizations: Vec<String>,
    /// Whether it says that it is one of an authority.
    pub is_authority: bool,
    /// Whether its subject is its issuer.
    pub is_self_issued: bool,
    /// How many authorities may stand below it.
    path_length: Option<u32>,
}

impl Certificate {
    /// Reads one from DER, to the last byte.
    pub fn of_der(der: Vec<u8>) -> Result<Self, Error> {
        let broken = || refused("expected X.509 certificates in PEM, or PKCS #7 in PEM or base64");
        let (rest, read) = X509Certificate::from_der(&der).map_err(|_| broken())?;
        if !rest.is_empty() {
            return Err(broken());
        }
        let constraints = read.basic_constraints().map_err(|_| broken())?.map(|found| found.value);
        let serial = read.raw_serial();
        if serial.len() > SERIAL_MAX {
            return Err(refused("its serial number is too long"));
        }
        let validity = read.validity();
        let micros = |seconds: i64| seconds.saturating_mul(1_000_000);
        let organizations = read.subject().iter_organization().map(|name| name.as_str().map(str::to_owned));
        let organizations: Result<Vec<String>, _> = organizations.collect();
        Ok(Self {
            subject: name(&read.subject().to_string())?,
            issuer: name(&read.issuer().to_string())?,
            serial: hexadecimal(serial),
            valid_from: micros(validity.not_before.timestamp()),
            valid_until: micros(validity.not_after.timestamp()),
            organizations: organizations
                .map_err(|_| refused("the organization in its subject is not text"))?,
            is_authority: constraints.is_some_and(|found| found.ca),
            is_self_issued: read.subject().as_raw() == read.issuer().as_raw(),
            path_length: constraints.and_then(|found| found.path_len_constraint),
            der,
        })
    }

    /// SHA-256 of it, hexadecimal.
    pub fn thumbprint(&self) -> String {
        hexadecimal(digest(&SHA256, &self.der).as_ref())
    }

    /// It in PEM.
    pub fn pem(&self) -> String {
        let config = EncodeConfig::new().set_line_ending(LineEnding::LF);
        encode_config(&Pem::new("CERTIFICATE", self.der.clone()), config)
    }

    /// Error 1 unless it is good at the instant `now`.
    pub fn is_good_at(&self, now: i64) -> Result<(), Error> {
        if now < self.valid_from {
            return Err(refused("the certificate is not valid yet"));
        }
        // The last second counts whole.
        if now >= self.valid_until.saturating_add(1_000_000) {
            return Err(refused("the certificate has expired"));
        }
        Ok(())
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A distinguished name that documents can carry.
fn name(text: &str) -> Result<String, Error> {
    let is_plain = |letter: char| !letter.is_control() && !matches!(letter, '\u{FFFE}' | '\u{FFFF}');
    if text.chars().count() > NAME_MAX || !text.chars().all(is_plain) {
        return Err(refused("its subject or issuer is too long or not plain text"));
    }
    Ok(text.to_owned())
}

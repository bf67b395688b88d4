//! Certificates of authorities and partners: what is taken, what is refused and why, on servers whose clock stands at
//! noon of 2026-01-01. The certificates are made here, except those that the library cannot make.

mod authorities;
mod forms;
mod hostile;
mod partners;
mod refusals;
mod trail;

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use reqwest::Method;

use super::fresh;
use super::made::partner;
use crate::kit::{Answer, Bed, Caller};

/// The domain that the tests use unless it matters.
pub const DOMAIN: &str = "AUTH";

/// The organization of [`acme`].
pub const ORGANIZATION: &str = "Acme Oy";

/// A certificate of the fixtures.
pub fn fixture(name: &str) -> String {
    let path = format!("{}/fixtures/certificates/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap()
}

/// The parameters of a certificate of an organization, good from 2025 to 2030.
pub fn shape(organization: &str, name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, organization);
    params.distinguished_name.push(DnType::CommonName, name);
    (params.not_before, params.not_after) = (date_time_ymd(2025, 1, 1), date_time_ymd(2030, 1, 1));
    params.is_ca = IsCa::ExplicitNoCa;
    params
}

/// As [`shape`], of an authority.
pub fn authority_shape(name: &str) -> CertificateParams {
    let mut params = shape("Trust Oy", name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

/// An authority that can issue.
pub struct Authority {
    params: CertificateParams,
    key: KeyPair,
    pub certificate: Certificate,
}

impl Authority {
    /// A self-signed one.
    pub fn root(params: CertificateParams) -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        Self { params, key, certificate }
    }

    /// One that this one issues.
    pub fn below(&self, params: CertificateParams) -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer()).unwrap();
        Self { params, key, certificate }
    }

    fn issuer(&self) -> Issuer<'_, &KeyPair> {
        Issuer::from_params(&self.params, &self.key)
    }

    /// A certificate that this one issues, in PEM.
    pub fn issue(&self, params: &CertificateParams) -> String {
        params.signed_by(&KeyPair::generate().unwrap(), &self.issuer()).unwrap().pem()
    }

    /// In PEM.
    pub fn pem(&self) -> String {
        self.certificate.pem()
    }
}

/// A root of a name that no other has.
pub fn root() -> Authority {
    Authority::root(authority_shape(&fresh("Root ")))
}

/// Uploads as a document.
pub async fn upload(caller: &Caller<'_>, path: &str, data: &str, domain: &str) -> Answer {
    let attribute =
        |name: &str, value: &str| format!("<Attribute name=\"{name}\"><Value>{value}</Value></Attribute>");
    let body = format!(
        "<Certificate xmlns=\"http://schema.ubisecure.com/customerid/api\">{}{}</Certificate>",
        attribute("certificateData", data),
        attribute("partnerDomain", domain)
    );
    let caller = caller.clone().header("content-type", "application/xml");
    caller.send(Method::POST, path, Some(body.into_bytes())).await
}

/// Uploads certificates of authorities.
pub async fn trust(bed: &Bed, data: &str) -> Answer {
    upload(&bed.admin(), "certificates/ca", data, DOMAIN).await
}

/// A partner called [`ORGANIZATION`]; answers its own id.
pub async fn acme(bed: &Bed) -> String {
    let id = fresh("acme");
    let words = format!("organizationName=Acme+Oy&emailId={id}@acme.example&partnerType=Device_Provider");
    bed.admin().post(&format!("partners/?partnerId={id}&{words}")).await.ok();
    id
}

/// Uploads the certificate of a partner.
pub async fn present(bed: &Bed, partner: &str, data: &str) -> Answer {
    upload(&bed.admin(), &format!("partners/{partner}/certificate"), data, DOMAIN).await
}

//! Certificates: those of authorities, by domain, and those of partners, which must chain to them.
//!
//! Whatever stands in the store was vouched for when it came; a chain is verified anew each time one is uploaded.

pub mod authority;
pub mod partner;
mod trust;

use uuid::Uuid;

use crate::audit::Action;
use crate::crypto::certificate::Certificate;
use crate::model::kind::certificate;
use crate::model::rules::by_server;
use crate::model::{Attributes, Kind, Ref, Valid, Value, Verb};

/// What can be uploaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Upload {
    /// POST `/certificates/ca`.
    Authority,
    /// POST `/partners/{}/certificate`.
    Partner,
}

impl Upload {
    /// What must be granted, and what the records say.
    pub fn action(self, target: Option<Uuid>) -> Action {
        Action::of(Verb::Create, Kind::Certificate, target)
    }
}

/// The place of a certificate in a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Anchor,
    Intermediate,
    Partner(Ref),
}

/// The entity of a certificate within a domain.
fn described(read: &Certificate, place: Place, domain: &str, now: i64) -> Valid {
    let mut attributes = Attributes::default();
    let mut text = |attr, text: &str| attributes.put(attr, Value::text(text));
    text(certificate::DOMAIN, domain);
    text(certificate::SUBJECT, &read.subject);
    text(certificate::ISSUER, &read.issuer);
    text(certificate::SERIAL, &read.serial);
    text(certificate::THUMBPRINT, &read.thumbprint());
    text(certificate::DATA, &read.pem());
    let word = match place {
        Place::Anchor => certificate::ANCHOR,
        Place::Intermediate => certificate::INTERMEDIATE,
        Place::Partner(partner) => {
            attributes.put(certificate::PARTNER, Value::Ref(partner));
            certificate::OF_PARTNER
        }
    };
    attributes.put(certificate::TYPE, Value::text(word));
    attributes.put(certificate::VALID_FROM, Value::Instant(read.valid_from));
    attributes.put(certificate::VALID_UNTIL, Value::Instant(read.valid_until));
    attributes.put(certificate::UPLOADED, Value::Instant(now));
    by_server(Kind::Certificate, attributes)
}

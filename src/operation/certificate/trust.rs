//! What a domain trusts, as far as a chain may need it: looked up by the names of issuers, upwards.

use std::collections::HashSet;

use crate::crypto::certificate::{self as crypto, Certificate, Trust};
use crate::model::kind::certificate;
use crate::model::{Error, Stored, key};
use crate::operation::every::Every;
use crate::store::{Source, Write};

/// How many names of issuers are followed.
const NAMES: usize = 64;

/// The certificate that an entity holds.
pub(super) fn held(stored: &Stored) -> Result<Certificate, Error> {
    let text = stored.attributes().text(certificate::DATA).unwrap_or_default();
    let mut read =
        crypto::read(text).map_err(|error| Error::internal(format!("a stored certificate: {error}")))?;
    read.pop().ok_or_else(|| Error::internal("a stored certificate is empty"))
}

/// The authorities of a domain with that name, kept as they are until the end.
pub(super) async fn authorities(
    tx: &mut dyn Write,
    domain: &str,
    subject: &str,
) -> Result<Vec<Stored>, Error> {
    let low = key::text_key(subject);
    let source = Source::Keys { attr: certificate::SUBJECT, high: key::successor(&low), low };
    let (mut every, mut found) = (Every::of(&source), Vec::new());
    while let Some(hits) = every.next(tx).await? {
        let ids: Vec<_> = hits.iter().map(|hit| hit.id).collect();
        found.extend(tx.companions(&ids).await?.into_iter().filter(|entity| {
            let text = |attr| entity.attributes().text(attr).unwrap_or_default();
            text(certificate::SUBJECT) == subject
                && text(certificate::DOMAIN) == domain
                && text(certificate::TYPE) != certificate::OF_PARTNER
        }));
    }
    Ok(found)
}

/// What a domain trusts of the names that stand above `certificates`.
pub(super) async fn above(
    tx: &mut dyn Write,
    domain: &str,
    certificates: &[Certificate],
) -> Result<Trust, Error> {
    let mut trust = Trust::default();
    let mut wanted: Vec<String> = certificates.iter().map(|found| found.issuer.clone()).collect();
    let mut seen = HashSet::new();
    while let Some(name) = wanted.pop() {
        if seen.len() >= NAMES || !seen.insert(name.clone()) {
            continue;
        }
        for stored in authorities(tx, domain, &name).await? {
            let found = held(&stored)?;
            if found.is_self_issued {
                trust.anchors.push(found);
            } else {
                wanted.push(found.issuer.clone());
                trust.intermediates.push(found);
            }
        }
    }
    Ok(trust)
}

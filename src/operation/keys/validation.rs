//! Whether what a request of a partner shows fits together: licence key and MISP, partner, API key, policy and group
//! (POST `/partners/{id}/validation`). Reads only, one entity after another, up to the first that does not fit.
//!
//! A key is looked up by its hash, so no comparison tells how near a wrong one came; that a key is unknown and that it
//! is somebody else's is one answer.

use crate::model::kind::{api_key, certificate, license_key, misp, policy};
use crate::model::{Attributes, Error, Ref, Stored, Value};
use crate::operation::engine::Engine;
use crate::operation::key_text::KeyText;
use crate::operation::keys::policy::unusable;
use crate::operation::keys::{PURPOSE, halted};
use crate::operation::misp::keys::PURPOSE as LICENCE;
use crate::store::{Position, Source};

/// What a request shows; `None` for what cannot be a key.
#[derive(Debug)]
pub struct Shown {
    /// The partner's key.
    pub api_key: Option<KeyText>,
    /// The licence key of the MISP that it comes through.
    pub licence_key: Option<KeyText>,
    /// Whether the partner's certificate is wanted.
    pub certificate: bool,
}

/// What fits together.
#[derive(Debug)]
pub struct Fitting {
    /// The licence key's entity.
    pub licence: Stored,
    /// The MISP it belongs to.
    pub misp: Stored,
    /// The API key's entity.
    pub key: Stored,
    /// The policy it opens.
    pub policy: Stored,
    /// The group of the policy.
    pub group: Stored,
    /// The partner's certificate, when it was wanted.
    pub certificate: Option<Stored>,
}

fn no(why: &str) -> Error {
    Error::conflict(why)
}

fn instant(attributes: &Attributes, attr: crate::model::AttrId) -> Option<i64> {
    match attributes.first(attr) {
        Some(Value::Instant(at)) => Some(*at),
        _ => None,
    }
}

async fn by_key(engine: &Engine, purpose: &str, key: Option<&KeyText>) -> Result<Option<Stored>, Error> {
    let Some(key) = key else { return Ok(None) };
    let now = engine.world.now();
    let Some(row) = engine.store.secret_subject(purpose, &key.hash(), now).await? else { return Ok(None) };
    Ok(engine.store.by_rows(&[row]).await?.pop())
}

async fn referred(engine: &Engine, to: Option<Ref>) -> Result<Option<Stored>, Error> {
    match to {
        Some(to) => engine.store.by_id(to.id).await,
        None => Ok(None),
    }
}

/// The licence key and its MISP; error 15 for the first thing that is wrong with them.
async fn licence(engine: &Engine, key: Option<&KeyText>, now: i64) -> Result<(Stored, Stored), Error> {
    let unknown = || no("mispLicenseKey: there is no such licence key");
    let licence = by_key(engine, LICENCE, key).await?.ok_or_else(unknown)?;
    let attributes = licence.attributes();
    if attributes.text(license_key::STATUS) != Some("active") {
        return Err(no("mispLicenseKey: the licence key is not active"));
    }
    let has_begun = instant(attributes, license_key::VALID_FROM).is_none_or(|from| from <= now);
    if !has_begun || instant(attributes, license_key::VALID_TO).is_none_or(|to| to <= now) {
        return Err(no("mispLicenseKey: the licence key has expired"));
    }
    let misp = referred(engine, attributes.reference(license_key::MISP)).await?.ok_or_else(unknown)?;
    if misp.attributes().text(misp::STATUS) != Some("approved") {
        return Err(no("mispLicenseKey: the MISP is not approved"));
    }
    if !misp.attributes().flag(misp::ACTIVE) {
        return Err(no("mispLicenseKey: the MISP is not active"));
    }
    Ok((licence, misp))
}

/// The partner's key; error 15 for the first thing that is wrong with it.
async fn api_key(
    engine: &Engine,
    partner: &Stored,
    key: Option<&KeyText>,
    now: i64,
) -> Result<Stored, Error> {
    let key = by_key(engine, PURPOSE, key).await?;
    let own = |key: &Stored| {
        let owner = key.attributes().reference(api_key::PARTNER);
        owner.is_some_and(|owner| owner.id == partner.id())
    };
    let key = key.filter(own).ok_or_else(|| no("apiKey: the partner has no such key"))?;
    if api_key::Status::of(key.attributes()) != api_key::Status::Active {
        return Err(no("apiKey: the key is not active"));
    }
    if api_key::is_expired(key.attributes(), now) {
        return Err(no("apiKey: the key has expired"));
    }
    Ok(key)
}

/// The certificate of a partner that is good at `now`; error 15 when it has none.
async fn certificate_of(engine: &Engine, partner: &Stored, now: i64) -> Result<Stored, Error> {
    let source = Source::RefersTo { attr: certificate::PARTNER, to: vec![partner.row()] };
    let (mut newest, mut at) = (None, None::<Position>);
    loop {
        let page = engine.store.page(&source, at.as_ref(), 100).await?;
        let Some((last, _)) = page.last() else { break };
        at = Some(last.at.clone());
        newest = page.into_iter().filter_map(|(_, entity)| entity).next_back().or(newest);
    }
    let newest = newest.ok_or_else(|| no("needPartnerCert: the partner has no certificate"))?;
    if instant(newest.attributes(), certificate::VALID_UNTIL).is_some_and(|until| until < now) {
        return Err(no("needPartnerCert: the certificate of the partner has expired"));
    }
    Ok(newest)
}

/// What fits together, for `partner`; error 15 with the first reason against it.
pub async fn validate(engine: &Engine, partner: &Stored, shown: &Shown) -> Result<Fitting, Error> {
    let now = engine.world.now();
    let (licence, misp) = licence(engine, shown.licence_key.as_ref(), now).await?;
    if let Some(why) = halted(partner.attributes()) {
        return Err(Error::conflict(format!("partner: {why}")));
    }
    let key = api_key(engine, partner, shown.api_key.as_ref(), now).await?;
    let gone = || Error::internal("a key without its policy");
    let policy = referred(engine, key.attributes().reference(api_key::POLICY)).await?.ok_or_else(gone)?;
    let group = policy.attributes().reference(policy::POLICY_GROUP);
    let group = referred(engine, group).await?.ok_or_else(gone)?;
    if let Some(why) = unusable(policy.attributes(), group.attributes(), now) {
        return Err(Error::conflict(format!("apiKey: {why}")));
    }
    let certificate =
        if shown.certificate { Some(certificate_of(engine, partner, now).await?) } else { None };
    Ok(Fitting { licence, misp, key, policy, group, certificate })
}

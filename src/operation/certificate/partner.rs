//! The certificate of a partner: uploaded, replaced by the next one, and read.

use std::collections::HashMap;

use uuid::Uuid;

use crate::audit::event::changes;
use crate::audit::{Action, Events};
use crate::crypto::certificate::{self as crypto, Certificate};
use crate::model::kind::certificate;
use crate::model::kind::partner::{self, Standing, Step};
use crate::model::rules::Companions;
use crate::model::{Attributes, Error, Kind, Row, Stored, Verb};
use crate::operation::certificate::trust::above;
use crate::operation::certificate::{Place, Upload, described};
use crate::operation::create::home_of;
use crate::operation::engine::{Caller, Engine};
use crate::operation::partner::status::take;
use crate::operation::partner::{Partnering, owner};
use crate::operation::perform::Change;
use crate::operation::read::{self, Found};
use crate::operation::update::Precondition;
use crate::store::{Insert, Replace, Source, Write};

/// Most characters of a partner's own id.
pub const PARTNER_ID_MAX: usize = 36;

/// The error of a sub-collection whose partner does not exist.
fn no_partner(error: Error) -> Error {
    match error {
        Error::NotFound { kind } if kind == Kind::Partner.name() => {
            Error::ParentNotFound { parameter: kind.to_owned() }
        }
        other => other,
    }
}

/// Error 1 when an address names a partner by what is too long to be an own id of one.
pub fn check_partner_id(key: &str) -> Result<(), Error> {
    if key.chars().count() > PARTNER_ID_MAX {
        return Err(Error::invalid("partnerId", format!("expected at most {PARTNER_ID_MAX} characters")));
    }
    Ok(())
}

fn of_partner(row: Row) -> Source {
    Source::RefersTo { attr: certificate::PARTNER, to: vec![row] }
}

/// Takes a partner's certificate, in the place of the one before.
#[derive(Debug)]
pub struct UploadCertificate {
    id: Uuid,
    partner: Uuid,
    leaf: Certificate,
    supplied: Vec<Certificate>,
    domain: String,
    precondition: Precondition,
    now: i64,
    approves: bool,
}

impl UploadCertificate {
    /// An upload of `data` for a partner of `domain`. Error 1 unless it holds one certificate that is
    /// none of an authority; those of authorities may come along.
    pub fn new(engine: &Engine, data: &str, domain: &str, precondition: Precondition) -> Result<Self, Error> {
        let (supplied, mut own): (Vec<_>, Vec<_>) =
            crypto::read(data)?.into_iter().partition(|found| found.is_authority);
        let leaf = match (own.pop(), own.pop(), supplied.first()) {
            (Some(leaf), None, _) => leaf,
            (None, _, Some(authority)) => return Err(authority_instead(authority)),
            _ => {
                return Err(Error::invalid(
                    "certificateData",
                    "expected one certificate, beside those of authorities",
                ));
            }
        };
        let (id, now, domain) = (engine.world.id(), engine.world.now(), domain.to_owned());
        let approves = engine.settings.approve_by_certificate;
        Ok(Self { id, partner: Uuid::nil(), leaf, supplied, domain, precondition, now, approves })
    }

    /// For the partner of that id.
    #[must_use]
    pub fn of(self, partner: Uuid) -> Self {
        Self { partner, ..self }
    }

    /// The certificate that the partner has, held for a change.
    async fn present(&self, tx: &mut dyn Write, partner: &Stored) -> Result<Option<Stored>, Error> {
        let hits = tx.scan(&of_partner(partner.row()), None, 1).await?;
        let ids: Vec<Uuid> = hits.iter().map(|hit| hit.id).collect();
        let present = if ids.is_empty() { None } else { tx.load(&ids).await?.pop() };
        match (&present, &self.precondition) {
            (Some(present), precondition) => precondition.check(present.version())?,
            // There is no version that could match.
            (None, Precondition::OneOf(_)) => return Err(Error::Precondition),
            (None, _) => {}
        }
        Ok(present)
    }

    async fn judge(&self, tx: &mut dyn Write, partner: &Stored) -> Result<(), Error> {
        self.leaf
            .check_organization(partner.attributes().text(partner::ORGANIZATION_NAME).unwrap_or_default())?;
        let mut names = self.supplied.clone();
        names.push(self.leaf.clone());
        let trust = above(tx, &self.domain, &names).await?;
        crypto::leaf(&self.leaf, &self.supplied, &trust, self.now)
    }
}

/// Why a bundle without a partner's own certificate is refused.
fn authority_instead(authority: &Certificate) -> Error {
    let problem = authority.check_leaf().err();
    problem.unwrap_or_else(|| Error::internal("an authority that is none"))
}

impl Change for UploadCertificate {
    type Out = Uuid;

    fn action(&self) -> Action {
        Upload::Partner.action(None)
    }

    fn touches(&self) -> &'static [Kind] {
        &[]
    }

    async fn run<'t>(&'t self, tx: &'t mut (dyn Write + 't), events: &'t mut Events) -> Result<Uuid, Error> {
        let partner = owner(tx, self.partner).await?;
        if let Some(own) = partner.attributes().text(partner::PARTNER_ID) {
            events.about(own);
        }
        let present = self.present(tx, &partner).await?;
        self.judge(tx, &partner).await?;
        let valid = described(&self.leaf, Place::Partner(partner.reference()), &self.domain, self.now);
        let mut companions = Companions::default();
        companions.add(partner.clone());
        let home = home_of(Kind::Certificate, valid.attributes(), &companions);
        let (before, stored) = if let Some(old) = present {
            let change = Replace { old: &old, now: self.now, home, valid: &valid, rows: &companions };
            (old.attributes().clone(), tx.replace(&change).await?)
        } else {
            let insert = Insert { id: self.id, now: self.now, home, valid: &valid, rows: &companions };
            let stored = tx.insert(std::slice::from_ref(&insert)).await?.pop();
            let stored = stored.ok_or_else(|| Error::internal("an insert returned no entity"))?;
            (Attributes::default(), stored)
        };
        let action = Upload::Partner.action(Some(stored.id()));
        events.succeeded(action, changes(&before, stored.attributes(), &tx.registry()));
        if self.approves && Standing::of(partner.attributes()) == Standing::InProgress {
            let (_, differences) = take(tx, &partner, Step::Approve, self.now).await?;
            events.succeeded(Partnering::Status.action(Some(partner.id())), differences);
        }
        Ok(stored.id())
    }
}

/// Reads the certificate of the partner that an address names; error 5 when there is no such partner, error 7 when it has
/// none.
pub async fn certificate_of(engine: &Engine, caller: &Caller, key: &str) -> Result<Found, Error> {
    caller.grants.require(Verb::Read, Kind::Certificate)?;
    caller.grants.require(Verb::Read, Kind::Partner)?;
    let partner = read::find(engine, caller, Kind::Partner, key).await.map_err(no_partner)?;
    let page = engine.store.page(&of_partner(partner.row()), None, 1).await?;
    let entity = page.into_iter().find_map(|(_, entity)| entity);
    let entity = entity.ok_or_else(|| Error::not_found(Kind::Certificate))?;
    let (mut found, _, names) = read::with_names(engine, caller, vec![entity], false).await?;
    let entity = found.pop().ok_or_else(|| Error::not_found(Kind::Certificate))?;
    Ok(Found { entity, referred: HashMap::new(), names })
}

//! API keys of partners: asked for, decided, switched on and off; what extracts biometrics and which credentials a
//! partner gets under a policy; and whether all that a request of a partner shows fits together (contract: Partner).

pub mod ask;
pub mod decide;
pub mod extractor;
pub mod mapping;
pub mod policy;
pub mod status;
pub mod validation;

use uuid::Uuid;

use crate::audit::event::changes;
use crate::audit::{Action, Events};
use crate::model::kind::partner::{self, Standing};
use crate::model::rules::{Companions, by_server};
use crate::model::{AttrId, Attributes, Error, Kind, Row, Stored, Verb};
use crate::operation::scope::companion;
use crate::operation::update::target;
use crate::store::{Position, Replace, Source, Write};

/// What the secret store calls API keys.
pub const PURPOSE: &str = "apikey";

/// What can be asked of keys and what goes with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keying {
    /// Ask for a key.
    Ask,
    /// Approve or reject a request for one.
    Decide,
    /// Switch a key on or off.
    Status,
    /// Let a key open another policy.
    Policy,
    /// Store a biometric extractor.
    Extract,
    /// Map a policy to a credential type.
    Map,
    /// Check what a request of a partner shows.
    Validate,
}

impl Keying {
    /// What must be granted, and what the records say.
    pub fn action(self, target: Option<Uuid>) -> Action {
        let (verb, kind, word) = match self {
            Self::Ask => return Action::of(Verb::Create, Kind::ApiKeyRequest, target),
            Self::Extract => return Action::of(Verb::Create, Kind::BiometricExtractor, target),
            Self::Map => return Action::of(Verb::Create, Kind::CredentialTypeMapping, target),
            Self::Decide => (Verb::Approve, Kind::ApiKeyRequest, "DECIDE"),
            Self::Status => (Verb::Approve, Kind::ApiKey, "STATUS"),
            Self::Policy => (Verb::Approve, Kind::ApiKey, "POLICY"),
            Self::Validate => (Verb::Read, Kind::Partner, "VALIDATE"),
        };
        Action { verb, kind, word, target }
    }

    /// Whether its arguments may come as a document.
    pub fn takes_document(self) -> bool {
        matches!(self, Self::Ask | Self::Extract | Self::Validate)
    }

    /// Whether the first key of its address names the entity that it is about.
    pub fn is_about_named(self) -> bool {
        matches!(self, Self::Decide | Self::Status | Self::Policy | Self::Validate)
    }
}

/// The partner that owns what a change is about; error 5 when there is none that the client may change. Locked when
/// `alone`, so that two changes of the same come one after the other, else only kept as it is.
async fn owner(tx: &mut dyn Write, id: Uuid, alone: bool, events: &mut Events) -> Result<Stored, Error> {
    let found =
        if alone { target(tx, Kind::Partner, id).await } else { companion(tx, Kind::Partner, id).await };
    let partner = found.map_err(|error| match error {
        Error::NotFound { kind } => Error::ParentNotFound { parameter: kind.to_owned() },
        other => other,
    })?;
    events.about(own_id(&partner));
    Ok(partner)
}

/// What a partner calls itself.
fn own_id(partner: &Stored) -> String {
    partner.attributes().text(partner::PARTNER_ID).unwrap_or_default().to_owned()
}

/// Why a partner may not act; `None` when it may.
pub fn halted(partner: &Attributes) -> Option<&'static str> {
    match Standing::of(partner) {
        Standing::Active => None,
        Standing::Inactive => Some("the partner is de-active"),
        Standing::InProgress | Standing::Rejected => Some("the partner is not approved"),
    }
}

/// Error 15 unless a partner may act.
fn acts(partner: &Stored) -> Result<(), Error> {
    match halted(partner.attributes()) {
        None => Ok(()),
        Some(why) => Err(Error::conflict(format!("partner: {why}"))),
    }
}

/// What refers to `to` by `attr`, kept as it is.
async fn referring(tx: &mut dyn Write, attr: AttrId, to: Row) -> Result<Vec<Stored>, Error> {
    let source = Source::RefersTo { attr, to: vec![to] };
    let (mut found, mut at) = (Vec::new(), None::<Position>);
    loop {
        let hits = tx.scan(&source, at.as_ref(), 1_000).await?;
        let Some(last) = hits.last() else { return Ok(found) };
        at = Some(last.at.clone());
        let ids: Vec<Uuid> = hits.iter().map(|hit| hit.id).collect();
        found.extend(tx.companions(&ids).await?);
    }
}

/// Writes an entity over the old one; `with` holds what changed references point to.
async fn rewrite(
    tx: &mut dyn Write,
    old: &Stored,
    attributes: Attributes,
    (now, with): (i64, &Companions),
) -> Result<(Stored, Vec<String>), Error> {
    if attributes == *old.attributes() {
        return Ok((old.clone(), Vec::new()));
    }
    let valid = by_server(old.kind(), attributes);
    let new = tx.replace(&Replace { old, now, home: old.home(), valid: &valid, rows: with }).await?;
    let differences = changes(old.attributes(), new.attributes(), &tx.registry());
    Ok((new, differences))
}

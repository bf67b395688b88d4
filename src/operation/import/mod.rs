//! Bringing many entities in at once: records in the order of a file, in chunks of one transaction each, by the same
//! rules, keys and references as single ones, with a resume point that moves in the same transaction.
//!
//! A record with an id lived elsewhere and is taken as it was there; one without is made new. Whatever is wrong with
//! a record refuses that record only; what is wrong with the database ends the import. Knows neither files nor forms.

pub mod chunk;
pub mod cursor;
pub mod entry;
mod references;
pub mod rehearse;
mod settle;
mod writer;

use std::collections::HashMap;

use parking_lot::Mutex;
use uuid::Uuid;

use crate::model::{AttrId, Error, Kind};
use crate::operation::Engine;

/// What happens to a record whose id or unique value is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnDuplicate {
    /// It is refused.
    #[default]
    Error,
    /// It is passed over.
    Skip,
    /// What it gives replaces what is there.
    Update,
}

/// What one import does with every record.
#[derive(Debug)]
pub struct Plan {
    /// The services.
    pub engine: Engine,
    /// Who acts, for the records of the trail.
    pub client: String,
    /// What happens to duplicates.
    pub on_duplicate: OnDuplicate,
    /// Whether new organizations get the roles of their class.
    pub class_roles: bool,
    /// Error 1 unless a hash can be verified later.
    pub check_hash: fn(&str) -> Result<(), Error>,
    /// Names looked up before; each is checked again where it is used.
    names: Mutex<HashMap<(AttrId, Box<str>), Uuid>>,
}

impl Plan {
    /// A plan for `client` that refuses duplicates; `check_hash` tells which hashes of passwords can be verified.
    pub fn new(engine: Engine, client: &str, check_hash: fn(&str) -> Result<(), Error>) -> Self {
        let (client, on_duplicate) = (client.to_owned(), OnDuplicate::default());
        Self { engine, client, on_duplicate, class_roles: false, check_hash, names: Mutex::default() }
    }
}

/// The kinds an export holds, each after those it refers to. What is left out: assignments stand with their users,
/// contracts with the ledger that proves them, tokens and messages hold secrets of this installation, audit records are
/// the trail's own.
pub const ORDER: [Kind; 27] = [
    Kind::AttributeDefinition,
    Kind::Organization,
    Kind::Role,
    Kind::User,
    Kind::MandateTemplate,
    Kind::Mandate,
    Kind::Delegation,
    Kind::RoleInvitation,
    Kind::MandateInvitation,
    Kind::Workflow,
    Kind::PolicyGroup,
    Kind::Policy,
    Kind::Misp,
    Kind::LicenseKey,
    Kind::Partner,
    Kind::Contact,
    Kind::ApiKeyRequest,
    Kind::ApiKey,
    Kind::BiometricExtractor,
    Kind::CredentialTypeMapping,
    Kind::Certificate,
    Kind::Action,
    Kind::Feature,
    Kind::RoleAction,
    Kind::FeatureRole,
    Kind::Device,
    Kind::ApiClient,
];

/// Error 1 unless records of `kind` can be imported.
pub fn check_kind(kind: Kind) -> Result<(), Error> {
    if ORDER.contains(&kind) {
        return Ok(());
    }
    let names: Vec<&str> = ORDER.iter().map(|kind| kind.name()).collect();
    Err(Error::invalid("kind", format!("expected one of {}", names.join(", "))))
}

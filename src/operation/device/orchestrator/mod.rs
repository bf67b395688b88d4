//! The orchestrator: the organization whose devices the JSON interface shows, its name and key, its first
//! administrator, its properties. One for an installation, made once; kept in the settings.

pub mod init;
pub mod properties;
pub mod session;
pub mod users;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::crypto::hd_key::Wallet;
use crate::model::kind::role;
use crate::model::{Error, Grants, Kind, Row, Stored, key};
use crate::operation::engine::Engine;
use crate::store::Write;

/// The setting, and the named lock of whoever changes it.
const SETTING: &str = "orchestrator";
/// The role that opens the interface.
pub const ROLE: &str = "Orchestrator";

/// The orchestrator as it was initialized.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Orchestrator {
    /// The organization.
    pub organization: Uuid,
    /// Its name.
    pub name: String,
    /// Its extended public key; nobody has the private one.
    pub public_key: String,
    /// Whether the first administrator was made.
    pub admin: bool,
}

fn read(text: Option<String>) -> Result<Option<Orchestrator>, Error> {
    let damaged = |error| Error::internal(format!("the setting {SETTING}: {error}"));
    text.map(|text| serde_json::from_str(&text).map_err(damaged)).transpose()
}

/// The orchestrator; `None` before it is initialized.
pub async fn present(engine: &Engine) -> Result<Option<Orchestrator>, Error> {
    read(engine.store.setting(SETTING).await?)
}

/// As [`present`], in a transaction that has locked it.
async fn locked(tx: &mut dyn Write) -> Result<Option<Orchestrator>, Error> {
    tx.lock(&[SETTING]).await?;
    read(tx.setting(SETTING).await?)
}

async fn put(tx: &mut dyn Write, orchestrator: &Orchestrator) -> Result<(), Error> {
    let text = serde_json::to_string(orchestrator);
    let text = text.map_err(|error| Error::internal(format!("the setting {SETTING}: {error}")))?;
    tx.set_setting(SETTING, &text).await
}

/// Error 15 when what is about to go holds the orchestrator's organization: its ledger, users and key would stay behind
/// without an owner, and whoever came first could initialize it anew.
pub(in crate::operation) async fn keep(
    tx: &mut dyn Write,
    gone: &BTreeMap<Row, Stored>,
) -> Result<(), Error> {
    if gone.values().all(|entity| entity.kind() != Kind::Organization) {
        return Ok(());
    }
    // No lock of the setting is needed: whoever initializes for an organization has locked it or refers to it.
    let Some(orchestrator) = read(tx.setting(SETTING).await?)? else { return Ok(()) };
    if gone.values().any(|entity| entity.id() == orchestrator.organization) {
        let reason =
            "the JSON interface of devices (/api/v1) belongs to this organization, or to one below it";
        return Err(Error::conflict(reason));
    }
    Ok(())
}

impl Orchestrator {
    /// The role that opens the interface, as it stands now; `None` when there is none. It is found by its name, so that
    /// one that was made anew counts.
    pub async fn role(&self, engine: &Engine) -> Result<Option<Stored>, Error> {
        let store = &engine.store;
        let Some(home) = store.by_id(self.organization).await? else { return Ok(None) };
        let held = store.holder(role::NAME, home.row(), &key::unique_key(ROLE, false)).await?;
        let Some(row) = held else { return Ok(None) };
        Ok(store.by_rows(&[row]).await?.pop())
    }

    /// The first address of its key.
    pub fn address(&self) -> Result<String, Error> {
        let wallet = Wallet::of(&self.public_key);
        let wallet = wallet.map_err(|error| Error::internal(format!("the orchestrator's key: {error}")))?;
        Ok(wallet.first().to_owned())
    }

    /// What a user of the interface may do, in its organization.
    pub fn grants() -> Result<Grants, Error> {
        let verbs = ["read", "create", "update", "delete"];
        let kinds = [Kind::Device, Kind::Contract, Kind::User, Kind::Assignment];
        let words: Vec<String> =
            kinds.iter().flat_map(|kind| verbs.map(|verb| format!("{verb}:{}", kind.name()))).collect();
        Grants::parse(words.iter().map(String::as_str))
    }
}

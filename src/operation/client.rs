//! API clients as the server and its command line need them; changes go the general road of create and update.

use uuid::Uuid;

use crate::model::kind::api_client;
use crate::model::state::{Given, Patch};
use crate::model::{Error, Grants, Kind, Row, Stored, Value, key};
use crate::operation::administer::{CreateClient, UpdateClient};
use crate::operation::engine::{Caller, Engine};
use crate::operation::every;
use crate::operation::perform::perform;
use crate::operation::update::Update;
use crate::store::{Credential, SharedStore, Source};

/// An API client with what a sign-in needs.
#[derive(Debug, Clone)]
pub struct Client {
    /// Its row.
    pub row: Row,
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Whether it may sign in.
    pub enabled: bool,
    /// Its grants as words.
    pub words: Vec<String>,
    /// Its grants.
    pub grants: Grants,
    /// The organization it is bounded to.
    pub within: Option<Uuid>,
}

/// Reads a client off its entity.
pub fn client(stored: &Stored) -> Result<Client, Error> {
    let attributes = stored.attributes();
    let words = attributes.values(api_client::GRANTS).iter().filter_map(Value::as_text);
    Ok(Client {
        row: stored.row(),
        id: stored.id(),
        name: attributes.text(api_client::NAME).unwrap_or_default().to_owned(),
        enabled: api_client::is_enabled(attributes),
        words: words.map(str::to_owned).collect(),
        grants: api_client::grants(attributes)?,
        within: attributes.reference(api_client::WITHIN).map(|to| to.id),
    })
}

/// The client of that name and the hash of its password.
pub async fn find(store: &SharedStore, name: &str) -> Result<Option<(Client, Option<Credential>)>, Error> {
    let Some(row) = store.holder(api_client::NAME, 0, &key::unique_key(name, false)).await? else {
        return Ok(None);
    };
    let Some(stored) = store.by_rows(&[row]).await?.pop() else { return Ok(None) };
    let credential = store.credential(row).await?;
    client(&stored).map(|client| Some((client, credential)))
}

/// Whether there is a client of that name.
pub async fn is_known(store: &SharedStore, name: &str) -> Result<bool, Error> {
    Ok(store.holder(api_client::NAME, 0, &key::unique_key(name, false)).await?.is_some())
}

/// Every client, in the order they were made.
pub async fn all(store: &SharedStore) -> Result<Vec<Client>, Error> {
    every::entities(store.as_ref(), &Source::Kind(Kind::ApiClient)).await?.iter().map(client).collect()
}

/// Makes a client, bounded to nothing. Error 4 when the name is taken, error 1 when a grant is not understood.
pub async fn add(
    engine: &Engine,
    caller: &Caller,
    name: &str,
    grants: &[String],
    credential: Credential,
) -> Result<Uuid, Error> {
    add_within(engine, caller, (name, grants, None), credential).await
}

/// Makes a client of a name and grants, bounded to the organization of that entity name or id. Error 10 when there is
/// no such organization; else as [`add`].
pub async fn add_within(
    engine: &Engine,
    caller: &Caller,
    (name, grants, within): (&str, &[String], Option<&str>),
    credential: Credential,
) -> Result<Uuid, Error> {
    let grants = grants.iter().map(|word| Given::Value(Value::text(word.as_str()))).collect();
    let mut given =
        vec![(api_client::NAME, vec![Given::Value(Value::text(name))]), (api_client::GRANTS, grants)];
    given.extend(within.map(|within| (api_client::WITHIN, vec![Given::Reference(within.into())])));
    let create = CreateClient::new(engine, caller, given, |create| create.with_credential(Some(credential)));
    perform(engine, caller, create).await.map(|made| made.id())
}

/// What may be changed of a client.
#[derive(Debug, Clone)]
pub enum ClientChange {
    /// May sign in, or may not.
    Enabled(bool),
    /// Another password.
    Reset(Credential),
}

/// Changes the client of that name; error 7 when there is none.
pub async fn change(engine: &Engine, caller: &Caller, name: &str, change: ClientChange) -> Result<(), Error> {
    let found = find(&engine.store, name).await?;
    let (client, _) = found.ok_or_else(|| Error::not_found(Kind::ApiClient))?;
    let update = match change {
        ClientChange::Enabled(enabled) => {
            let state = if enabled { "Enabled" } else { "Disabled" };
            let given = vec![(api_client::STATE, vec![Given::Value(Value::text(state))])];
            Update::new(engine, caller, client.id, Patch { kind: Kind::ApiClient, given })
        }
        ClientChange::Reset(credential) => reset(engine, caller, client.id, credential),
    };
    perform(engine, caller, UpdateClient::new(engine, caller, client.id, update)).await.map(|_| ())
}

/// The change of a client's password.
pub fn reset(engine: &Engine, caller: &Caller, id: Uuid, credential: Credential) -> Update {
    let patch = Patch { kind: Kind::ApiClient, given: Vec::new() };
    Update::new(engine, caller, id, patch).with_credential(Some(credential)).recorded_as("RESET")
}

//! Changing API clients: nobody gives, or lays hands on, more than it has itself, and one administrator always
//! remains. Whoever stands at the command line is free of both: it could write the database as well.

use uuid::Uuid;

use crate::audit::event::changes;
use crate::audit::{Action, Events};
use crate::model::kind::{api_client, token};
use crate::model::rules::{Companions, by_server};
use crate::model::state::{Draft, Given};
use crate::model::{Error, Grants, Kind, Stored, Value, Verb};
use crate::operation::create::Create;
use crate::operation::delete::Delete;
use crate::operation::engine::{Caller, Engine, Identity};
use crate::operation::every::Every;
use crate::operation::perform::Change;
use crate::operation::scope;
use crate::operation::update::{Update, target};
use crate::store::{Replace, Source, Write};

/// Whoever changes a client: it can pass on and touch what it has itself.
#[derive(Debug, Clone)]
pub struct Giver {
    grants: Grants,
    is_local: bool,
}

impl Giver {
    /// The caller as a giver.
    pub fn of(caller: &Caller) -> Self {
        Self { grants: caller.grants.clone(), is_local: caller.identity == Identity::Local }
    }

    /// Error 3 unless these words grant nothing that the giver has not.
    fn may_give<'w>(&self, words: impl IntoIterator<Item = &'w str>) -> Result<(), Error> {
        let given = Grants::parse(words)?;
        if self.grants.covers(&given) { Ok(()) } else { Err(Error::Exceeds { parameter: "grants" }) }
    }

    /// Error 3 unless the giver can do all that `client` can, wherever it can.
    pub async fn covers(&self, tx: &mut dyn Write, client: &Stored) -> Result<(), Error> {
        self.may_give(client.attributes().values(api_client::GRANTS).iter().filter_map(Value::as_text))?;
        if scope::changes(tx, client).await? { Ok(()) } else { Err(Error::Exceeds { parameter: "within" }) }
    }

    /// Error 15 when `old` was the last administrator and is none any more.
    async fn leaves_one(&self, tx: &mut dyn Write, old: &Stored, new: Option<&Stored>) -> Result<(), Error> {
        let is = |client: &Stored| api_client::is_administrator(client.attributes());
        if self.is_local || !is(old) || new.is_some_and(is) {
            return Ok(());
        }
        let (source, others) = (Source::Kind(Kind::ApiClient), |client: &Stored| client.row() != old.row());
        let mut every = Every::of(&source);
        while let Some(clients) = every.next_loaded(tx).await? {
            if clients.iter().any(|client| others(client) && is(client)) {
                return Ok(());
            }
        }
        Err(Error::conflict("this is the last client that may do everything; make another one first"))
    }
}

/// Makes a client. The client made is bounded like the one that makes it, unless it is bounded further.
#[derive(Debug)]
pub struct CreateClient {
    create: Create,
    giver: Giver,
    words: Vec<String>,
    id: Uuid,
}

impl CreateClient {
    /// Of the attributes in `given`; `adapt` adds what else there is to a creation (a password).
    pub fn new(
        engine: &Engine,
        caller: &Caller,
        mut given: Vec<(crate::model::AttrId, Vec<Given>)>,
        adapt: impl FnOnce(Create) -> Create,
    ) -> Self {
        let bounded = given.iter().any(|(attr, values)| *attr == api_client::WITHIN && !values.is_empty());
        if let (false, Some(within)) = (bounded, caller.within) {
            given.retain(|(attr, _)| *attr != api_client::WITHIN);
            given.push((api_client::WITHIN, vec![Given::Reference(within.to_string().into())]));
        }
        let words =
            given.iter().filter(|(attr, _)| *attr == api_client::GRANTS).flat_map(|(_, values)| values);
        let words = words.filter_map(|value| match value {
            Given::Value(value) => value.as_text().map(str::to_owned),
            Given::Reference(_) => None,
        });
        let words = words.collect();
        let id = engine.world.id();
        let create = Create::new(engine, caller, Draft { kind: Kind::ApiClient, given }).with_id(id);
        Self { create: adapt(create), giver: Giver::of(caller), words, id }
    }
}

impl Change for CreateClient {
    type Out = Stored;

    fn action(&self) -> Action {
        self.create.action()
    }

    fn touches(&self) -> &'static [Kind] {
        &[Kind::ApiClient]
    }

    async fn run<'t>(
        &'t self,
        tx: &'t mut (dyn Write + 't),
        events: &'t mut Events,
    ) -> Result<Stored, Error> {
        self.giver.may_give(self.words.iter().map(String::as_str))?;
        self.create.run(tx, events).await?;
        target(tx, Kind::ApiClient, self.id).await
    }
}

/// Changes a client.
#[derive(Debug)]
pub struct UpdateClient {
    update: Update,
    giver: Giver,
    id: Uuid,
    now: i64,
}

impl UpdateClient {
    /// Does `update`, which is about the client `id`.
    pub fn new(engine: &Engine, caller: &Caller, id: Uuid, update: Update) -> Self {
        Self { update, giver: Giver::of(caller), id, now: engine.world.now() }
    }

    /// Lets the client's tokens belong to the organization that it belongs to now.
    async fn move_tokens(
        &self,
        tx: &mut dyn Write,
        client: &Stored,
        events: &mut Events,
    ) -> Result<(), Error> {
        let source = Source::RefersTo { attr: token::CLIENT, to: vec![client.row()] };
        let mut every = Every::of(&source);
        while let Some(tokens) = every.next_loaded(tx).await? {
            for old in tokens {
                let valid = by_server(Kind::Token, old.attributes().clone());
                let none = Companions::default();
                let change =
                    Replace { old: &old, now: self.now, home: client.home(), valid: &valid, rows: &none };
                let new = tx.replace(&change).await?;
                let action = Action { word: "MOVE", ..Action::of(Verb::Update, Kind::Token, Some(new.id())) };
                events.succeeded(action, Vec::new());
            }
        }
        Ok(())
    }
}

impl Change for UpdateClient {
    type Out = Stored;

    fn action(&self) -> Action {
        self.update.action()
    }

    fn touches(&self) -> &'static [Kind] {
        &[Kind::ApiClient]
    }

    async fn run<'t>(
        &'t self,
        tx: &'t mut (dyn Write + 't),
        events: &'t mut Events,
    ) -> Result<Stored, Error> {
        tx.lock(&["clients"]).await?;
        let old = target(tx, Kind::ApiClient, self.id).await?;
        self.giver.covers(tx, &old).await?;
        self.update.run(tx, events).await?;
        let new = tx.load(&[self.id]).await?.pop().ok_or_else(|| Error::not_found(Kind::ApiClient))?;
        self.giver.covers(tx, &new).await?;
        self.giver.leaves_one(tx, &old, Some(&new)).await?;
        if old.home() != new.home() {
            self.move_tokens(tx, &new, events).await?;
        }
        Ok(new)
    }
}

/// Deletes a client, and with it its tokens.
#[derive(Debug)]
pub struct DeleteClient {
    delete: Delete,
    giver: Giver,
    id: Uuid,
}

impl DeleteClient {
    /// Does `delete`, which is about the client `id`.
    pub fn new(caller: &Caller, id: Uuid, delete: Delete) -> Self {
        Self { delete, giver: Giver::of(caller), id }
    }
}

impl Change for DeleteClient {
    type Out = Vec<Uuid>;

    fn action(&self) -> Action {
        self.delete.action()
    }

    fn touches(&self) -> &'static [Kind] {
        &[Kind::ApiClient]
    }

    async fn run<'t>(
        &'t self,
        tx: &'t mut (dyn Write + 't),
        events: &'t mut Events,
    ) -> Result<Vec<Uuid>, Error> {
        tx.lock(&["clients"]).await?;
        let old = target(tx, Kind::ApiClient, self.id).await?;
        self.giver.covers(tx, &old).await?;
        let gone = self.delete.run(tx, events).await?;
        self.giver.leaves_one(tx, &old, None).await?;
        Ok(gone)
    }
}

/// Records that the tokens in `gone` went by themselves.
pub(super) fn went(gone: &[Stored], events: &mut Events, registry: &crate::model::Registry) {
    for entity in gone {
        let action = Action::of(Verb::Delete, entity.kind(), Some(entity.id()));
        events
            .succeeded(action, changes(entity.attributes(), &crate::model::Attributes::default(), registry));
    }
}

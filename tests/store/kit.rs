//! Stores to test, and short ways to write entities into them.

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use uuid::Uuid;
use valtuus::model::kind::{api_client, assignment, organization, role, user};
use valtuus::model::rules::{Companions, by_server};
use valtuus::model::{AttrId, Attributes, Error, Kind, Ref, Row, Stored, Valid, Value};
use valtuus::store::{
    Insert, Position, Replace, SharedStore, Source, StoreOptions, Touched, Unit, Write, connect,
};
use valtuus::world::{Real, World};

use crate::kit::postgres::Database;

/// A store under test with what must outlive it.
pub(crate) struct Bench {
    pub(crate) store: SharedStore,
    pub(super) url: String,
    _directory: Option<tempfile::TempDir>,
    _database: Option<Database>,
}

impl Bench {
    pub(crate) async fn sqlite() -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", directory.path().join("store.db").display());
        Some(Self { store: open(&url).await, url, _directory: Some(directory), _database: None })
    }

    pub(crate) async fn postgres() -> Option<Self> {
        let database = Database::fresh().await?;
        let url = database.url.clone();
        Some(Self { store: open(&url).await, url, _directory: None, _database: Some(database) })
    }

    /// A second store on the same database, as another process has it.
    pub(super) async fn other(&self) -> SharedStore {
        open(&self.url).await
    }
}

pub(crate) async fn open(url: &str) -> SharedStore {
    connect(StoreOptions { pool: 4, ..StoreOptions::new(url, Arc::new(Real)) }).await.unwrap()
}

type Work = dyn for<'t> Fn(&'t mut dyn Write) -> BoxFuture<'t, Result<Touched, Error>> + Send + Sync;
type Refusal = dyn for<'t> Fn(&'t mut dyn Write) -> BoxFuture<'t, Result<(), Error>> + Send + Sync;

/// A unit made of closures.
pub(super) struct Act {
    work: Box<Work>,
    refusal: Box<Refusal>,
    pub(super) bulk: bool,
}

#[async_trait]
impl Unit for Act {
    async fn run(&self, tx: &mut dyn Write) -> Result<Touched, Error> {
        (self.work)(tx).await
    }

    async fn refused(&self, tx: &mut dyn Write, _error: &Error) -> Result<(), Error> {
        (self.refusal)(tx).await
    }

    fn is_bulk(&self) -> bool {
        self.bulk
    }
}

pub(super) fn act(
    work: impl for<'t> Fn(&'t mut dyn Write) -> BoxFuture<'t, Result<Touched, Error>> + Send + Sync + 'static,
) -> Act {
    Act { work: Box::new(work), refusal: Box::new(|_| Box::pin(async { Ok(()) })), bulk: false }
}

impl Act {
    pub(super) fn or(
        self,
        refusal: impl for<'t> Fn(&'t mut dyn Write) -> BoxFuture<'t, Result<(), Error>> + Send + Sync + 'static,
    ) -> Self {
        Self { refusal: Box::new(refusal), ..self }
    }

    pub(super) async fn on(self, store: &SharedStore) -> Result<(), Error> {
        store.transact(Arc::new(self)).await
    }
}

/// Runs `work` in a transaction and returns what it returns.
pub(crate) async fn change<T: Send + 'static>(
    store: &SharedStore,
    work: impl for<'t> Fn(&'t mut dyn Write) -> BoxFuture<'t, Result<T, Error>> + Send + Sync + 'static,
) -> Result<T, Error> {
    let out = Arc::new(Mutex::new(None));
    let inside = Arc::clone(&out);
    let work = Arc::new(work);
    let unit = act(move |tx| {
        let (inside, work) = (Arc::clone(&inside), Arc::clone(&work));
        Box::pin(async move {
            let value = work(tx).await?;
            *inside.lock() = Some(value);
            Ok(Touched::ALL)
        })
    });
    unit.on(store).await?;
    let value = out.lock().take();
    Ok(value.unwrap())
}

pub(crate) fn now() -> i64 {
    Real.now()
}

/// Attributes from pairs.
pub(super) fn attributes(pairs: Vec<(AttrId, Value)>) -> Attributes {
    let mut held = Attributes::default();
    for (attr, value) in pairs {
        let mut values = held.values(attr).to_vec();
        values.push(value);
        held.set(attr, values);
    }
    held
}

pub(crate) fn valid(kind: Kind, pairs: Vec<(AttrId, Value)>) -> Valid {
    by_server(kind, attributes(pairs))
}

pub(super) fn to(entity: &Stored) -> Value {
    Value::Ref(Ref { kind: entity.kind(), id: entity.id() })
}

/// Loads what `valid` refers to.
pub(super) async fn companions(tx: &mut dyn Write, valid: &Valid) -> Result<Companions, Error> {
    let ids: Vec<Uuid> = valid.attributes().references().map(|(_, to)| to.id).collect();
    let mut with = Companions::default();
    for entity in tx.load(&ids).await? {
        with.add(entity);
    }
    Ok(with)
}

/// Writes one new entity within a transaction; organizations enter the tree.
pub(super) async fn put(tx: &mut dyn Write, valid: &Valid) -> Result<Stored, Error> {
    let with = companions(tx, valid).await?;
    let insert = Insert { id: Real.id(), now: now(), home: None, valid, rows: &with };
    let stored = tx.insert(&[insert]).await?.remove(0);
    if stored.kind() == Kind::Organization {
        let parent = with.of(stored.attributes(), organization::PARENT).map(Stored::row);
        tx.plant(stored.row(), parent).await?;
    }
    Ok(stored)
}

/// Writes one new entity.
pub(crate) async fn new(
    store: &SharedStore,
    kind: Kind,
    pairs: Vec<(AttrId, Value)>,
) -> Result<Stored, Error> {
    let valid = Arc::new(valid(kind, pairs));
    change(store, move |tx| {
        let valid = Arc::clone(&valid);
        Box::pin(async move { put(tx, &valid).await })
    })
    .await
}

/// Replaces an entity's attributes.
pub(super) async fn rewrite(
    store: &SharedStore,
    old: &Stored,
    pairs: Vec<(AttrId, Value)>,
) -> Result<Stored, Error> {
    let valid = Arc::new(valid(old.kind(), pairs));
    let old = old.clone();
    change(store, move |tx| {
        let (valid, old) = (Arc::clone(&valid), old.clone());
        Box::pin(async move {
            let with = companions(tx, &valid).await?;
            tx.replace(&Replace { old: &old, now: now(), home: None, valid: &valid, rows: &with }).await
        })
    })
    .await
}

/// Removes entities.
pub(super) async fn remove(store: &SharedStore, entities: &[&Stored]) -> Result<(), Error> {
    let ids: Vec<Uuid> = entities.iter().map(|entity| entity.id()).collect();
    change(store, move |tx| {
        let ids = ids.clone();
        Box::pin(async move {
            let loaded = tx.load(&ids).await?;
            tx.remove(&loaded).await
        })
    })
    .await
}

pub(super) async fn org(store: &SharedStore, name: &str, parent: Option<&Stored>) -> Stored {
    let mut pairs = vec![
        (organization::TECHNICAL_NAME, Value::text(name)),
        (organization::FRIENDLY_NAME, Value::text(name)),
    ];
    pairs.extend(parent.map(|parent| (organization::PARENT, to(parent))));
    new(store, Kind::Organization, pairs).await.unwrap()
}

pub(crate) fn user_pairs(login: &str, home: Option<&Stored>) -> Vec<(AttrId, Value)> {
    let mut pairs =
        vec![(user::LOGIN, Value::text(login)), (user::EMAIL, Value::text(format!("{login}@x.fi")))];
    pairs.extend(home.map(|home| (user::HOME, to(home))));
    pairs
}

pub(super) async fn person(store: &SharedStore, login: &str, home: Option<&Stored>) -> Stored {
    new(store, Kind::User, user_pairs(login, home)).await.unwrap()
}

pub(super) async fn role_in(store: &SharedStore, name: &str, home: &Stored) -> Stored {
    new(store, Kind::Role, vec![(role::NAME, Value::text(name)), (role::ORGANIZATION, to(home))])
        .await
        .unwrap()
}

pub(super) async fn assign(store: &SharedStore, user: &Stored, role: &Stored) -> Stored {
    new(store, Kind::Assignment, vec![(assignment::USER, to(user)), (assignment::ROLE, to(role))])
        .await
        .unwrap()
}

pub(super) async fn client(store: &SharedStore, name: &str) -> Stored {
    new(store, Kind::ApiClient, vec![(api_client::NAME, Value::text(name))]).await.unwrap()
}

/// The rows of all hits, read in pages of `page`.
pub(super) async fn rows(store: &SharedStore, source: &Source, page: usize) -> Vec<Row> {
    let (mut found, mut after): (Vec<Row>, Option<Position>) = (Vec::new(), None);
    loop {
        let hits = store.scan(source, after.as_ref(), page).await.unwrap();
        let Some(last) = hits.last() else { return found };
        after = Some(last.at.clone());
        found.extend(hits.iter().map(|hit| hit.row));
    }
}

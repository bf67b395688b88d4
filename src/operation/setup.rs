//! What a database needs before it can serve: the root organization, the cursor key, and the custom attributes
//! that the configuration declares. Safe to run on every start and on several nodes at once.

use std::sync::Arc;

use async_trait::async_trait;
use parking_lot::Mutex;
use uuid::Uuid;

use crate::audit::{Action, Events, Record, Scene};
use crate::model::kind::organization;
use crate::model::registry::check_custom_name;
use crate::model::rules::{Companions, Context, Settings, validate};
use crate::model::value::Syntax;
use crate::model::{Attributes, Error, Kind, Stored, Value, Verb, key};
use crate::operation::attribute_definition::single;
use crate::store::{Insert, SharedStore, Touched, Unit, Write};
use crate::world::SharedWorld;

const CURSOR_KEY: &str = "cursor-key";

/// What every operation needs to know of a prepared database.
#[derive(Debug, Clone, Copy)]
pub struct Prepared {
    /// The root organization.
    pub root: Uuid,
    /// The key that authenticates cursors.
    pub cursor_key: [u8; 32],
}

/// A custom attribute that the configuration declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declaration {
    /// The kind it belongs to.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// Whether it can be searched.
    pub indexed: bool,
    /// Whether it may have several values.
    pub many: bool,
}

struct Prepare {
    world: SharedWorld,
    settings: Settings,
    root: Uuid,
    fresh_key: [u8; 32],
    out: Mutex<Option<Prepared>>,
}

impl Prepare {
    async fn root(&self, tx: &mut dyn Write) -> Result<Uuid, Error> {
        let name = key::unique_key(organization::ROOT_NAME, false);
        if let Some(row) = tx.holder(organization::TECHNICAL_NAME, 0, &name).await? {
            let found = tx.load_rows(&[row]).await?.pop();
            return found
                .map(|root| root.id())
                .ok_or_else(|| Error::internal("the root organization is gone"));
        }
        let mut attributes = Attributes::default();
        attributes.put(organization::TECHNICAL_NAME, Value::text(organization::ROOT_NAME));
        attributes.put(organization::VIRTUAL, Value::Bool(false));
        let none = Companions::default();
        let context = Context {
            now: self.world.now(),
            id: self.root,
            other_id: self.root,
            client: "valtuus",
            settings: &self.settings,
            with: &none,
        };
        let valid = validate(Kind::Organization, attributes, &context)?;
        let insert = Insert { id: self.root, now: context.now, home: None, valid: &valid, rows: &none };
        let stored = tx.insert(std::slice::from_ref(&insert)).await?;
        let row = stored.first().map(Stored::row).ok_or_else(|| Error::internal("no root organization"))?;
        tx.plant(row, None).await?;
        let mut events = Events::default();
        let action = Action::of(Verb::Create, Kind::Organization, Some(self.root));
        events.requested(action);
        events.succeeded(action, Vec::new());
        record(tx, &events, &self.world).await?;
        Ok(self.root)
    }

    async fn cursor_key(&self, tx: &mut dyn Write) -> Result<[u8; 32], Error> {
        if let Some(text) = tx.setting(CURSOR_KEY).await? {
            return blake3::Hash::from_hex(&text)
                .map(|hash| *hash.as_bytes())
                .map_err(|_| Error::internal("the stored cursor key is damaged"));
        }
        let text = blake3::Hash::from_bytes(self.fresh_key).to_hex();
        tx.set_setting(CURSOR_KEY, text.as_str()).await?;
        Ok(self.fresh_key)
    }
}

#[async_trait]
impl Unit for Prepare {
    async fn run(&self, tx: &mut dyn Write) -> Result<Touched, Error> {
        tx.lock(&["setup"]).await?;
        let prepared = Prepared { root: self.root(tx).await?, cursor_key: self.cursor_key(tx).await? };
        *self.out.lock() = Some(prepared);
        Ok(Touched::default())
    }

    async fn refused(&self, _tx: &mut dyn Write, _error: &Error) -> Result<(), Error> {
        Ok(())
    }
}

/// Makes the root organization and the cursor key unless they are there.
pub async fn prepare(
    store: &SharedStore,
    world: &SharedWorld,
    settings: &Settings,
) -> Result<Prepared, Error> {
    let mut fresh_key = [0; 32];
    world.random(&mut fresh_key);
    let unit = Arc::new(Prepare {
        world: Arc::clone(world),
        settings: settings.clone(),
        root: world.id(),
        fresh_key,
        out: Mutex::new(None),
    });
    store.transact(Arc::clone(&unit) as Arc<dyn Unit>).await?;
    let prepared = unit.out.lock().take();
    prepared.ok_or_else(|| Error::internal("the database was not prepared"))
}

/// Appends the records of what the server did by itself.
async fn record(tx: &mut dyn Write, events: &Events, world: &SharedWorld) -> Result<(), Error> {
    let scene = Scene {
        client: "valtuus".to_owned(),
        source: "local".to_owned(),
        request_id: String::new(),
        subject: None,
    };
    let rows: Vec<_> = events.records(&scene, world.now(), || world.id()).iter().map(Record::row).collect();
    tx.append_audit(&rows).await
}

struct Declare {
    world: SharedWorld,
    declarations: Vec<Declaration>,
}

#[async_trait]
impl Unit for Declare {
    // Looking for several values may take long.
    fn is_bulk(&self) -> bool {
        true
    }

    async fn run(&self, tx: &mut dyn Write) -> Result<Touched, Error> {
        tx.lock(&["registry"]).await?;
        let mut events = Events::default();
        for Declaration { kind, name, indexed, many } in &self.declarations {
            let known = tx.registry().named(*kind, name).cloned();
            let verb = if known.is_some() { Verb::Update } else { Verb::Create };
            if let Some(known) = known.filter(|known| known.many && !many) {
                // Held: nobody writes several values from here on.
                tx.declaration(known.id).await?;
                single(tx, (*kind, known.id), name).await?;
            }
            tx.declare(*kind, name, *indexed, *many).await?;
            let action = Action { word: "DECLARE", ..Action::of(verb, *kind, None) };
            events.requested(action);
            events.succeeded(action, vec![format!("{name}: indexed={indexed}, many={many}")]);
        }
        record(tx, &events, &self.world).await?;
        Ok(Touched::ALL)
    }

    async fn refused(&self, _tx: &mut dyn Write, _error: &Error) -> Result<(), Error> {
        Ok(())
    }
}

/// Declares the configured custom attributes; the index of one that has become searchable is built in the background of
/// a server. Error 1 names one whose name is taken, error 15 one that entities have several values of and that shall
/// take one. What was declared before and is not configured any more stays.
pub async fn declare(
    store: &SharedStore,
    world: &SharedWorld,
    declarations: Vec<Declaration>,
) -> Result<(), Error> {
    let before = store.reload_registry().await?;
    let mut changed = Vec::new();
    for declaration in declarations {
        check_custom_name(declaration.kind, &declaration.name)?;
        let known = before.named(declaration.kind, &declaration.name);
        let searched = known.is_some_and(|attribute| attribute.index.has_keys());
        let same = known.is_some_and(|attribute| {
            matches!(attribute.syntax, Syntax::Text { .. })
                && attribute.many == declaration.many
                && searched == declaration.indexed
        });
        if !same {
            changed.push(declaration);
        }
    }
    if !changed.is_empty() {
        store.transact(Arc::new(Declare { world: Arc::clone(world), declarations: changed })).await?;
        store.reload_registry().await?;
    }
    Ok(())
}

struct Note {
    name: &'static str,
    value: &'static str,
}

#[async_trait]
impl Unit for Note {
    async fn run(&self, tx: &mut dyn Write) -> Result<Touched, Error> {
        tx.set_setting(self.name, self.value).await?;
        Ok(Touched::default())
    }

    async fn refused(&self, _tx: &mut dyn Write, _error: &Error) -> Result<(), Error> {
        Ok(())
    }
}

/// Keeps a setting of the server itself.
pub async fn note(store: &SharedStore, name: &'static str, value: &'static str) -> Result<(), Error> {
    store.transact(Arc::new(Note { name, value })).await
}

//! Making or changing several entities of a kind in one transaction, all or none, with an answer that shows them.

use std::collections::HashMap;

use uuid::Uuid;

use crate::audit::{Action, Events};
use crate::model::{Error, Kind, Stored, Verb};
use crate::operation::create::Create;
use crate::operation::perform::Change;
use crate::operation::update::Update;
use crate::store::Write;

/// More than this and the change stands alone in its group.
const FEW: usize = 50;

/// Where in a request an entity of several comes from.
#[derive(Debug)]
pub enum Place {
    /// The part of the document that describes it, such as `roles[2]`.
    Part(String),
    /// Its number in the list, from 1.
    Entry(usize),
}

impl Place {
    fn of(&self, error: Error) -> Error {
        match self {
            Self::Part(place) => of_item(error, place),
            Self::Entry(number) => of_entry(error, *number),
        }
    }
}

/// The same error about an item of a list: its parameter is a part of the item at `place`.
pub fn of_item(error: Error, place: &str) -> Error {
    match error {
        Error::NotFound { kind } => Error::reference(place, format!("no such {kind}")),
        other => other.renamed(|parameter| format!("{place}.{parameter}")),
    }
}

/// The same error, which says which entity of a list it is about.
pub fn of_entry(error: Error, number: usize) -> Error {
    error.renamed(|parameter| format!("entity {number}, {parameter}"))
}

/// The entities of these ids in their order, as the transaction sees them.
async fn loaded(tx: &mut dyn Write, ids: &[Uuid]) -> Result<Vec<Stored>, Error> {
    let places: HashMap<Uuid, usize> = ids.iter().zip(0..).map(|(id, place)| (*id, place)).collect();
    let mut found = tx.load(ids).await?;
    found.sort_by_key(|entity| places.get(&entity.id()).copied());
    Ok(found)
}

/// Makes entities of one kind, in order; answers them as they were stored, which is one more read of them all.
#[derive(Debug)]
pub struct Creates {
    kind: Kind,
    creates: Vec<(Place, Create)>,
}

impl Creates {
    /// The creations, all of `kind`, each with the place in the request that it comes from.
    pub fn new(kind: Kind, creates: Vec<(Place, Create)>) -> Self {
        Self { kind, creates }
    }
}

impl Change for Creates {
    type Out = Vec<Stored>;

    fn action(&self) -> Action {
        Action::of(Verb::Create, self.kind, None)
    }

    fn touches(&self) -> &'static [Kind] {
        self.creates.first().map_or(&[], |(_, create)| create.touches())
    }

    fn is_bulk(&self) -> bool {
        self.creates.len() > FEW
    }

    async fn run<'t>(
        &'t self,
        tx: &'t mut (dyn Write + 't),
        events: &'t mut Events,
    ) -> Result<Vec<Stored>, Error> {
        let mut made = Vec::with_capacity(self.creates.len());
        for (place, create) in &self.creates {
            made.push(create.run(tx, events).await.map_err(|error| place.of(error))?);
        }
        loaded(tx, &made).await
    }
}

/// Changes entities of one kind.
#[derive(Debug)]
pub struct Updates {
    kind: Kind,
    updates: Vec<(String, Uuid, Update)>,
}

impl Updates {
    /// The changes, all of `kind`: for each the place in the request that it comes from and the entity it is about,
    /// none of them twice.
    pub fn new(kind: Kind, updates: Vec<(String, Uuid, Update)>) -> Self {
        Self { kind, updates }
    }
}

impl Change for Updates {
    type Out = Vec<Stored>;

    fn action(&self) -> Action {
        Action::of(Verb::Update, self.kind, None)
    }

    fn touches(&self) -> &'static [Kind] {
        self.updates.first().map_or(&[], |(_, _, update)| update.touches())
    }

    fn is_bulk(&self) -> bool {
        self.updates.len() > FEW
    }

    async fn run<'t>(
        &'t self,
        tx: &'t mut (dyn Write + 't),
        events: &'t mut Events,
    ) -> Result<Vec<Stored>, Error> {
        let ids: Vec<Uuid> = self.updates.iter().map(|(_, id, _)| *id).collect();
        // All rows at once, in the store's order: two requests that name them in different orders do not block each
        // other for good.
        tx.load(&ids).await?;
        for (place, _, update) in &self.updates {
            update.run(tx, events).await.map_err(|error| of_item(error, place))?;
        }
        loaded(tx, &ids).await
    }
}

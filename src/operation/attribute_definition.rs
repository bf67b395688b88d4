//! Custom attributes at run time: declaring, changing and removing one, and what is shown of them. They are rows of the
//! attribute table; their public ids follow from their numbers, which are never given twice.

use async_trait::async_trait;
use uuid::Uuid;

use crate::audit::{Action, Events};
use crate::model::attribute::Index;
use crate::model::registry::{Attribute, check_custom_name};
use crate::model::{AttrId, Error, Kind, Verb};
use crate::operation::engine::{Caller, Engine};
use crate::operation::entry::{Entries, Entry};
use crate::operation::perform::Change;
use crate::operation::scope::check_kind;
use crate::operation::setup::Declaration;
use crate::operation::update::Precondition;
use crate::store::declaration::Declared;
use crate::store::{Position, Write};

const KIND: Kind = Kind::AttributeDefinition;
/// The upper half of every id: a UUID of version 8, whose meaning is ours.
const HIGH: u64 = 0x7661_6c74_7575_8000;
/// The variant's bits of the lower half.
const LOW: u64 = 0x8000_0000_0000_0000;
const TOUCHES: &[Kind] = &[KIND];

/// The public id of a custom attribute.
pub fn id_of(attr: AttrId) -> Uuid {
    Uuid::from_u64_pair(HIGH, LOW | u64::from(attr.0))
}

fn of_id(id: Uuid) -> Option<AttrId> {
    let (high, low) = id.as_u64_pair();
    let number = u32::try_from(low ^ LOW).ok().map(AttrId)?;
    (high == HIGH && number.is_custom()).then_some(number)
}

/// The declared attribute that a path segment names by its id or by `kind.name`; error 7 when there is none.
pub async fn find(engine: &Engine, caller: &Caller, segment: &str) -> Result<Attribute, Error> {
    check_kind(KIND, caller.within)?;
    let custom = engine.store.custom_attributes().await?;
    let wanted = |attribute: &Attribute| match Uuid::try_parse(segment) {
        Ok(id) => of_id(id) == Some(attribute.id),
        Err(_) => segment
            .split_once('.')
            .is_some_and(|(kind, name)| attribute.kind.name() == kind && attribute.name == name),
    };
    custom.into_iter().find(wanted).ok_or_else(|| Error::not_found(KIND))
}

/// What is shown of one; error 7 when there is none.
pub async fn one(engine: &Engine, caller: &Caller, segment: &str) -> Result<Entry, Error> {
    find(engine, caller, segment).await.map(|attribute| entry(&attribute))
}

fn entry(attribute: &Attribute) -> Entry {
    let searched = attribute.index.has_keys();
    let building = attribute.index == Index::Building;
    let state = if building { "building" } else { "ready" };
    let fields = vec![
        ("id", vec![id_of(attribute.id).to_string()]),
        ("kind", vec![attribute.kind.name().to_owned()]),
        ("name", vec![attribute.name.to_string()]),
        ("indexed", vec![searched.to_string()]),
        ("many", vec![attribute.many.to_string()]),
        ("state", vec![state.to_owned()]),
    ];
    let at = Position { key: Vec::new(), row: attribute.id.number() };
    Entry { id: id_of(attribute.id), at, version: version(searched, attribute.many), updated: 0, fields }
}

/// Differs between any two declarations of an attribute.
fn version(indexed: bool, many: bool) -> i64 {
    1 + i64::from(indexed) + 2 * i64::from(many)
}

/// The declared attributes that pass the filters, in the order they were declared.
pub struct Definitions {
    /// Of this kind.
    pub kind: Option<Kind>,
    /// The name is this, or begins so.
    pub name: Option<String>,
    /// Whether names are compared whole.
    pub exact: bool,
}

#[async_trait]
impl Entries for Definitions {
    fn kind(&self) -> Kind {
        KIND
    }

    fn identity(&self) -> String {
        format!("attributes {:?} {:?} {}", self.kind, self.name, self.exact)
    }

    async fn read(
        &self,
        engine: &Engine,
        after: &Position,
        (limit, _whole): (usize, bool),
    ) -> Result<Vec<Entry>, Error> {
        let custom = engine.store.custom_attributes().await?;
        let named = |attribute: &Attribute| match &self.name {
            None => true,
            Some(name) if self.exact => attribute.name == *name,
            Some(name) => attribute.name.starts_with(name.as_str()),
        };
        let wanted = custom.iter().filter(|attribute| {
            attribute.id.number() > after.row
                && self.kind.is_none_or(|kind| attribute.kind == kind)
                && named(attribute)
        });
        Ok(wanted.take(limit).map(entry).collect())
    }
}

/// Error 7 for a bounded client, as for every kind that belongs to no organization.
fn unbounded(tx: &(dyn Write + '_)) -> Result<(), Error> {
    check_kind(KIND, tx.bound().map(|_| Uuid::nil()))
}

/// Declares an attribute.
#[derive(Debug)]
pub struct Declare(pub Declaration);

impl Change for Declare {
    type Out = Uuid;

    fn action(&self) -> Action {
        Action::of(Verb::Create, KIND, None)
    }

    fn touches(&self) -> &'static [Kind] {
        TOUCHES
    }

    async fn run<'t>(&'t self, tx: &'t mut (dyn Write + 't), events: &'t mut Events) -> Result<Uuid, Error> {
        unbounded(tx)?;
        let Declaration { kind, name, indexed, many } = &self.0;
        check_custom_name(*kind, name).map_err(of_name)?;
        tx.lock(&["registry"]).await?;
        if tx.fresh_registry().await?.named(*kind, name).is_some() {
            return Err(Error::AlreadyExists { parameter: "name".to_owned() });
        }
        tx.declare(*kind, name, *indexed, *many).await?;
        let made = tx.registry().named(*kind, name).map(|attribute| attribute.id);
        let id = id_of(made.ok_or_else(|| Error::internal("a declared attribute is unknown"))?);
        let changes = vec![
            format!("kind:  → {}", kind.name()),
            format!("name:  → {name}"),
            format!("indexed:  → {indexed}"),
            format!("many:  → {many}"),
        ];
        events.succeeded(Action { target: Some(id), ..self.action() }, changes);
        Ok(id)
    }
}

/// An error about a name, told of the parameter that held it.
fn of_name(error: Error) -> Error {
    match error {
        Error::Invalid { expected, .. } => Error::invalid("name", expected),
        other => other,
    }
}

/// Changes what is declared of an attribute.
#[derive(Debug)]
pub struct Redeclare {
    /// The attribute.
    pub attribute: Attribute,
    /// Whether it can be searched; unchanged when absent.
    pub indexed: Option<bool>,
    /// Whether it may have several values; unchanged when absent.
    pub many: Option<bool>,
    /// Only when this holds.
    pub precondition: Precondition,
}

impl Redeclare {
    fn id(&self) -> Uuid {
        id_of(self.attribute.id)
    }
}

impl Change for Redeclare {
    type Out = Uuid;

    fn action(&self) -> Action {
        Action::of(Verb::Update, KIND, Some(self.id()))
    }

    fn touches(&self) -> &'static [Kind] {
        TOUCHES
    }

    // It may look at every entity of the kind.
    fn is_bulk(&self) -> bool {
        self.many == Some(false)
    }

    async fn run<'t>(&'t self, tx: &'t mut (dyn Write + 't), events: &'t mut Events) -> Result<Uuid, Error> {
        let Attribute { id, kind, name, .. } = &self.attribute;
        let before = held(tx, *id, &self.precondition).await?;
        let (indexed, many) = (self.indexed.unwrap_or(before.indexed), self.many.unwrap_or(before.many));
        if before.many && !many {
            single(tx, (*kind, *id), name).await?;
        }
        let mut changes = Vec::new();
        for (word, old, new) in [("indexed", before.indexed, indexed), ("many", before.many, many)] {
            if old != new {
                changes.push(format!("{word}: {old} → {new}"));
            }
        }
        if !changes.is_empty() {
            tx.declare(*kind, name, indexed, many).await?;
        }
        events.succeeded(self.action(), changes);
        Ok(self.id())
    }
}

/// Error 15 when an entity has several values of the attribute.
pub async fn single(
    tx: &mut (dyn Write + '_),
    (kind, attr): (Kind, AttrId),
    name: &str,
) -> Result<(), Error> {
    if tx.has_several(kind, attr).await? {
        let reason = format!("many: there are {} entities with several values of {name}", kind.name());
        return Err(Error::conflict(reason));
    }
    Ok(())
}

/// Removes an attribute that nothing uses.
#[derive(Debug)]
pub struct Undeclare {
    /// The attribute.
    pub attribute: Attribute,
    /// Only when this holds.
    pub precondition: Precondition,
}

impl Change for Undeclare {
    type Out = Uuid;

    fn action(&self) -> Action {
        Action::of(Verb::Delete, KIND, Some(id_of(self.attribute.id)))
    }

    fn touches(&self) -> &'static [Kind] {
        TOUCHES
    }

    // It may look at every entity of the kind.
    fn is_bulk(&self) -> bool {
        true
    }

    async fn run<'t>(&'t self, tx: &'t mut (dyn Write + 't), events: &'t mut Events) -> Result<Uuid, Error> {
        let Attribute { id, kind, name, .. } = &self.attribute;
        let before = held(tx, *id, &self.precondition).await?;
        if before.building {
            return Err(Error::conflict(format!("the index of {name} is still being built or cleared")));
        }
        if tx.is_used(*kind, *id).await? {
            return Err(Error::conflict(format!("there are {} entities with values of {name}", kind.name())));
        }
        tx.undeclare(*id).await?;
        events.succeeded(self.action(), vec![format!("name: {name} → ")]);
        Ok(id_of(*id))
    }
}

/// What is declared of an attribute that is about to change; it and its use stay so until the end.
async fn held(
    tx: &mut (dyn Write + '_),
    attr: AttrId,
    precondition: &Precondition,
) -> Result<Declared, Error> {
    unbounded(tx)?;
    tx.lock(&["registry"]).await?;
    let declared = tx.declaration(attr).await?.ok_or_else(|| Error::not_found(KIND))?;
    precondition.check(version(declared.indexed, declared.many))?;
    Ok(declared)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_that_of_one_attribute_and_of_no_built_in_one() {
        let first = AttrId(AttrId::FIRST_CUSTOM);
        assert_eq!(of_id(id_of(first)), Some(first));
        assert_eq!(id_of(first).get_version_num(), 8);
        assert_eq!(of_id(id_of(AttrId(257))), None);
        assert_eq!(of_id(Uuid::from_u64_pair(1, 1 << 20)), None);
        assert_eq!(of_id(Uuid::nil()), None);
    }
}

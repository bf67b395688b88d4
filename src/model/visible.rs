//! What a client gets to see of an entity: names and values in the order of the answer.
//!
//! Encoders take only these types; they are made only from a [`Permitted`] entity.

use std::borrow::Cow;
use std::collections::HashMap;

use uuid::Uuid;

use crate::model::attribute::AttrDef;
use crate::model::registry::{Attribute, Registry};
use crate::model::state::Permitted;
use crate::model::{Error, Grants, Kind, Stored, Value, Verb};

/// The names of an organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrganizationName {
    /// Its technical name.
    pub technical: Box<str>,
    /// The path of technical names from below the root, joined by `/`; the root's is its technical name.
    pub entity: Box<str>,
}

/// What derived attributes follow from beside the entity: names of organizations, and the clock.
pub trait Names: Send + Sync {
    /// The names of the organization of that id.
    fn organization(&self, id: Uuid) -> Option<OrganizationName>;

    /// The instant for which is answered, microseconds.
    fn now(&self) -> i64;
}

/// The names that an answer needs, and its instant.
#[derive(Debug, Clone, Default)]
pub struct Known {
    names: HashMap<Uuid, OrganizationName>,
    now: i64,
}

impl Known {
    /// These names, for an answer of the instant `now`.
    pub fn at(now: i64, names: HashMap<Uuid, OrganizationName>) -> Self {
        Self { names, now }
    }

    /// Adds more names.
    pub fn extend(&mut self, names: HashMap<Uuid, OrganizationName>) {
        self.names.extend(names);
    }

    /// The same names for another instant: every page of one listing is of the same.
    #[must_use]
    pub fn as_of(self, now: i64) -> Self {
        Self { now, ..self }
    }
}

impl Names for Known {
    fn organization(&self, id: Uuid) -> Option<OrganizationName> {
        self.names.get(&id).cloned()
    }

    fn now(&self) -> i64 {
        self.now
    }
}

/// One value as it is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown<'a> {
    /// Plain text.
    Text(Cow<'a, str>),
    /// A reference: the kind's name and the id.
    Reference(Kind, Uuid),
    /// A referred entity in its place.
    Entity(Box<Visible<'a>>),
}

/// One attribute as it is answered; never without values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field<'a> {
    /// The attribute's name.
    pub name: &'a str,
    /// Its values.
    pub values: Values<'a>,
}

/// The values of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Values<'a> {
    /// As they are stored: most fields of most answers.
    Stored(&'a [Value]),
    /// Made for this answer.
    Made(Vec<Shown<'a>>),
}

impl<'a> Values<'a> {
    /// Hands each value to `take` as it is answered.
    pub fn each(&self, mut take: impl FnMut(&Shown<'a>)) {
        match self {
            Self::Stored(values) => values.iter().for_each(|value| take(&shown(value))),
            Self::Made(values) => values.iter().for_each(take),
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::Stored(values) => values.is_empty(),
            Self::Made(values) => values.is_empty(),
        }
    }

    /// The kind referred to, when the values are references to one kind.
    pub fn referred_kind(&self) -> Option<Kind> {
        match self {
            Self::Stored(values) => values.first().and_then(Value::as_ref).map(|to| to.kind),
            Self::Made(values) => {
                let kind = |value: &Shown<'_>| match value {
                    Shown::Reference(kind, _) => Some(*kind),
                    Shown::Text(_) | Shown::Entity(_) => None,
                };
                let first = values.first().and_then(kind)?;
                values.iter().all(|value| kind(value) == Some(first)).then_some(first)
            }
        }
    }
}

/// An entity as this client may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visible<'a> {
    /// The kind.
    pub kind: Kind,
    /// The id.
    pub id: Uuid,
    /// The version, for the ETag.
    pub version: i64,
    /// Instant of the last change, microseconds.
    pub updated: i64,
    /// The attributes in the order of the answer.
    pub fields: Vec<Field<'a>>,
}

/// The id of an entity that this client may list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VisibleId(Uuid);

impl VisibleId {
    /// The id of an entity whose kind the caller may read.
    pub fn of(_: &ListPermit, id: Uuid) -> Self {
        Self(id)
    }

    /// The id.
    pub fn id(self) -> Uuid {
        self.0
    }
}

/// Proof that a client may list entities of a kind; only [`ListPermit::check`] makes one.
#[derive(Debug, Clone, Copy)]
pub struct ListPermit(());

impl ListPermit {
    /// Error 3 unless `grants` let their holder read entities of `kind`.
    pub fn check(kind: Kind, grants: &Grants) -> Result<Self, Error> {
        grants.require(Verb::Read, kind)?;
        Ok(Self(()))
    }
}

impl<'a> Permitted<'a> {
    /// What the client sees: the seed's attributes in the seed's order, the custom ones, then ours.
    pub fn visible<'r: 'a>(&self, registry: &'r Registry, names: &dyn Names) -> Visible<'a> {
        let stored = self.stored();
        let def = stored.kind().def();
        let mut fields = Vec::with_capacity(def.attrs.len());
        let (seed, ours) = def.attrs.split_at(def.seed_attrs.min(def.attrs.len()));
        for attr in seed {
            fields.extend(self.built_in(attr, names));
        }
        for attribute in registry.custom_of(stored.kind()) {
            fields.extend(self.custom(attribute));
        }
        for attr in ours {
            fields.extend(self.built_in(attr, names));
        }
        head(stored, fields)
    }

    fn built_in(&self, def: &'static AttrDef, names: &dyn Names) -> Option<Field<'a>> {
        if def.sensitive && !self.discloses() {
            return None;
        }
        let stored = self.stored();
        let attr = stored.kind().attr_id(def);
        let values = match stored.kind().def().rules.derived(stored, attr, names) {
            Some(values) => {
                let own = |value: &Value| Shown::Text(Cow::Owned(value.shown().into_owned()));
                Values::Made(values.iter().map(own).collect())
            }
            None => Values::Stored(stored.attributes().values(attr)),
        };
        (!values.is_empty()).then_some(Field { name: def.name, values })
    }

    fn custom(&self, attribute: &'a Attribute) -> Option<Field<'a>> {
        let values = Values::Stored(self.stored().attributes().values(attribute.id));
        let hidden = values.is_empty() || (attribute.sensitive && !self.discloses());
        (!hidden).then(|| Field { name: &attribute.name, values })
    }
}

fn shown(value: &Value) -> Shown<'_> {
    match value {
        Value::Ref(to) => Shown::Reference(to.kind, to.id),
        other => Shown::Text(other.shown()),
    }
}

fn head<'a>(stored: &Stored, fields: Vec<Field<'a>>) -> Visible<'a> {
    Visible {
        kind: stored.kind(),
        id: stored.id(),
        version: stored.version(),
        updated: stored.updated(),
        fields,
    }
}

//! The states an entity passes through, so that forgetting a check does not compile.
//!
//! A [`Draft`] or [`Patch`] holds what a client gave; [`Valid`] what the rules let through; [`Stored`] what the
//! database holds; [`Permitted`] what this client may touch. Only the store calls [`Stored::loaded`].

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::model::attribute::AttrId;
use crate::model::{Error, Grants, Kind, Ref, Row, Value, Verb};

/// The attributes of an entity, ordered by number; in a document a map from number to values.
///
/// All values stand in one list, because entities are read far more often than they are changed and every list of its
/// own would be a separate allocation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Attributes {
    values: Vec<Value>,
    /// Each attribute that has values, and where in `values` they end; they begin where the one before ends.
    ends: Vec<(AttrId, usize)>,
}

impl Attributes {
    /// Where the values of the attribute at `place` stand.
    fn range(&self, place: usize) -> std::ops::Range<usize> {
        let end = |place: usize| self.ends.get(place).map_or(0, |(_, end)| *end);
        place.checked_sub(1).map_or(0, end)..end(place)
    }

    /// The place of an attribute, or the place where it would stand.
    fn find(&self, attr: AttrId) -> Result<usize, usize> {
        self.ends.binary_search_by_key(&attr, |(id, _)| *id)
    }

    /// All values of an attribute; empty when it has none.
    pub fn values(&self, attr: AttrId) -> &[Value] {
        self.find(attr).ok().and_then(|place| self.values.get(self.range(place))).unwrap_or_default()
    }

    /// The first value of an attribute.
    pub fn first(&self, attr: AttrId) -> Option<&Value> {
        self.values(attr).first()
    }

    /// The first value, when it is text.
    pub fn text(&self, attr: AttrId) -> Option<&str> {
        self.first(attr).and_then(Value::as_text)
    }

    /// The first value, when it is a reference.
    pub fn reference(&self, attr: AttrId) -> Option<Ref> {
        self.first(attr).and_then(Value::as_ref)
    }

    /// The first value, when it is a Boolean; else false.
    pub fn flag(&self, attr: AttrId) -> bool {
        matches!(self.first(attr), Some(Value::Bool(true)))
    }

    /// Replaces all values of an attribute; no values removes it.
    pub fn set(&mut self, attr: AttrId, values: Vec<Value>) {
        let (place, held) = match self.find(attr) {
            Ok(place) => {
                let held = self.range(place);
                self.ends.remove(place);
                (place, held)
            }
            Err(place) => {
                let begin = self.range(place).start;
                (place, begin..begin)
            }
        };
        let (come, gone) = (values.len(), held.len());
        if come > 0 {
            // Its end before the values are changed, as the ends behind it still say.
            self.ends.insert(place, (attr, held.end));
        }
        for (_, end) in self.ends.iter_mut().skip(place) {
            *end = *end - gone + come;
        }
        self.values.splice(held, values);
    }

    /// Replaces an attribute by one value.
    pub fn put(&mut self, attr: AttrId, value: Value) {
        self.set(attr, vec![value]);
    }

    /// Every attribute with its values, by number.
    pub fn iter(&self) -> impl Iterator<Item = (AttrId, &[Value])> {
        let values = |place| self.values.get(self.range(place)).unwrap_or_default();
        self.ends.iter().enumerate().map(move |(place, (id, _))| (*id, values(place)))
    }

    /// Every reference, with the attribute it stands in.
    pub fn references(&self) -> impl Iterator<Item = (AttrId, Ref)> + '_ {
        self.iter().flat_map(|(id, values)| values.iter().filter_map(move |v| v.as_ref().map(|to| (id, to))))
    }

    /// The attributes whose values differ between `self` and `other`.
    pub fn changed(&self, other: &Self) -> Vec<AttrId> {
        let mut ids: Vec<AttrId> = self.ends.iter().chain(&other.ends).map(|(id, _)| *id).collect();
        ids.sort_unstable();
        ids.dedup();
        ids.retain(|id| self.values(*id) != other.values(*id));
        ids
    }
}

impl Serialize for Attributes {
    fn serialize<S: serde::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_map(self.iter().map(|(id, values)| (id.0, values)))
    }
}

struct AttributesVisitor;

impl<'de> serde::de::Visitor<'de> for AttributesVisitor {
    type Value = Attributes;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a map from attribute number to values")
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Attributes, A::Error> {
        let mut held = Attributes { values: Vec::with_capacity(16), ends: Vec::with_capacity(16) };
        while let Some(id) = map.next_key::<u32>()?.map(AttrId) {
            let before = held.values.len();
            map.next_value_seed(Append(&mut held.values))?;
            if held.ends.last().is_some_and(|(last, _)| id <= *last) {
                let values = held.values.split_off(before);
                held.set(id, values);
            } else if held.values.len() > before {
                held.ends.push((id, held.values.len()));
            }
        }
        Ok(held)
    }
}

/// Reads a list of values behind those that are there.
struct Append<'a>(&'a mut Vec<Value>);

impl<'de> serde::de::DeserializeSeed<'de> for Append<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de> serde::de::Visitor<'de> for Append<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a list of values")
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(value) = list.next_element()? {
            self.0.push(value);
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for Attributes {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(AttributesVisitor)
    }
}

/// One value as a client gave it: read already, or a reference still to be looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given {
    /// A value of a plain syntax.
    Value(Value),
    /// The UUID or natural key of another entity, as text.
    Reference(Box<str>),
}

/// What a client gave for a new entity: every attribute at most once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The kind to be made.
    pub kind: Kind,
    /// The attributes given, in the client's order.
    pub given: Vec<(AttrId, Vec<Given>)>,
}

/// What a client gave for a change: an attribute without values is removed, an absent one stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patch {
    /// The kind to be changed.
    pub kind: Kind,
    /// The attributes given, in the client's order.
    pub given: Vec<(AttrId, Vec<Given>)>,
}

/// Attributes that passed every rule of their kind; made only by [`crate::model::rules::validate`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Valid {
    kind: Kind,
    attributes: Attributes,
}

impl Valid {
    pub(in crate::model) fn new(kind: Kind, attributes: Attributes) -> Self {
        Self { kind, attributes }
    }

    /// The kind.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The attributes.
    pub fn attributes(&self) -> &Attributes {
        &self.attributes
    }
}

/// An entity as the database holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    row: Row,
    id: Uuid,
    kind: Kind,
    home: Option<Row>,
    version: i64,
    created: i64,
    updated: i64,
    attributes: Attributes,
}

/// The columns of an entity beside its attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The store's number.
    pub row: Row,
    /// The public id.
    pub id: Uuid,
    /// The kind.
    pub kind: Kind,
    /// The row of the owning organization.
    pub home: Option<Row>,
    /// Grows by one with every change; the ETag.
    pub version: i64,
    /// Microseconds.
    pub created: i64,
    /// Microseconds.
    pub updated: i64,
}

impl Stored {
    /// An entity read from or written to the database. Only the store may call this (a law test holds it).
    pub fn loaded(head: Head, attributes: Attributes) -> Self {
        let Head { row, id, kind, home, version, created, updated } = head;
        Self { row, id, kind, home, version, created, updated, attributes }
    }

    /// An entity as another database held it, for the rules only: it has no row here.
    pub(in crate::model) fn elsewhere(kind: Kind, id: Uuid, attributes: Attributes) -> Self {
        Self { row: 0, id, kind, home: None, version: 1, created: 0, updated: 0, attributes }
    }

    /// The store's number.
    pub fn row(&self) -> Row {
        self.row
    }

    /// The public id.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// The kind.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The row of the owning organization.
    pub fn home(&self) -> Option<Row> {
        self.home
    }

    /// The version, from 1.
    pub fn version(&self) -> i64 {
        self.version
    }

    /// Instant of creation, microseconds.
    pub fn created(&self) -> i64 {
        self.created
    }

    /// Instant of the last change, microseconds.
    pub fn updated(&self) -> i64 {
        self.updated
    }

    /// The attributes.
    pub fn attributes(&self) -> &Attributes {
        &self.attributes
    }

    /// A reference to this entity.
    pub fn reference(&self) -> Ref {
        Ref { kind: self.kind, id: self.id }
    }

    /// Lets a client with `grants` apply `verb` to this entity; error 3 when the grant is missing.
    pub fn permit(&self, verb: Verb, grants: &Grants) -> Result<Permitted<'_>, Error> {
        grants.require(verb, self.kind)?;
        Ok(Permitted { stored: self, disclose: grants.allow(Verb::Disclose, self.kind) })
    }

    /// For the client that has just made or changed this entity, in the answer to that: it has given what it sees.
    pub fn made(&self) -> Permitted<'_> {
        Permitted { stored: self, disclose: false }
    }
}

/// A stored entity that this client may touch.
#[derive(Debug, Clone, Copy)]
pub struct Permitted<'a> {
    stored: &'a Stored,
    disclose: bool,
}

impl<'a> Permitted<'a> {
    /// The entity.
    pub fn stored(&self) -> &'a Stored {
        self.stored
    }

    /// Whether sensitive attributes may be shown.
    pub fn discloses(&self) -> bool {
        self.disclose
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn setting_and_removing_keeps_the_order() {
        let mut held = Attributes::default();
        held.put(AttrId(9), Value::text("z"));
        held.put(AttrId(3), Value::text("a"));
        held.put(AttrId(5), Value::Bool(true));
        held.set(AttrId(9), vec![]);
        assert_eq!(held.iter().map(|(id, _)| id.0).collect::<Vec<_>>(), [3, 5]);
        assert!(held.flag(AttrId(5)));
        let text = serde_json::to_string(&held).unwrap();
        assert_eq!(text, r#"{"3":["a"],"5":[true]}"#);
        assert_eq!(serde_json::from_str::<Attributes>(&text).unwrap(), held);
    }

    #[test]
    fn a_document_in_any_order_is_read_as_the_same_attributes() {
        let ordered = r#"{"2":["b","c"],"3":[],"7":[true],"9":["a"]}"#;
        let mixed = r#"{"9":["a"],"2":["x"],"7":[true],"2":["b","c"],"3":[]}"#;
        let read = |text: &str| serde_json::from_str::<Attributes>(text).unwrap();
        assert_eq!(read(ordered), read(mixed));
        let read = read(mixed);
        assert_eq!(
            read.iter().map(|(id, values)| (id.0, values.len())).collect::<Vec<_>>(),
            [(2, 2), (7, 1), (9, 1)]
        );
        assert_eq!(read.values(AttrId(2)), [Value::text("b"), Value::text("c")]);
        assert_eq!((read.values(AttrId(3)), read.text(AttrId(9))), (&[][..], Some("a")));
    }

    #[test]
    fn changed_names_what_differs_on_either_side() {
        let (mut a, mut b) = (Attributes::default(), Attributes::default());
        a.put(AttrId(1), Value::Int(1));
        a.put(AttrId(2), Value::Int(1));
        b.put(AttrId(2), Value::Int(2));
        b.put(AttrId(3), Value::Int(1));
        assert_eq!(a.changed(&b), [AttrId(1), AttrId(2), AttrId(3)]);
    }
}

//! From arguments — query parameters or a document — to what an operation takes. The one border where names of
//! attributes become attributes.

use std::collections::{HashMap, HashSet};

use crate::http::params::shortened;
use crate::json;
use crate::model::attribute::Access;
use crate::model::registry::Attribute;
use crate::model::state::Given;
use crate::model::value::Syntax;
use crate::model::{AttrId, Error, Kind};
use crate::operation::Engine;
use crate::operation::digit::Files;
use crate::operation::search::{Argument, attribute};
use crate::operation::several::of_entry;
use crate::xml::Document;
use crate::xml::chars::is_xml_text;
use crate::xml::generated::{AttributeTypeContent, EntityType};

/// The most different values of one attribute, and the most roles given at once.
pub const MOST_VALUES: usize = 1_000;

/// The root of a list, and of one entity.
pub type Roots = (&'static str, &'static str);

/// Arguments with their values together, and whether they came from a query, where a comma may separate values.
#[derive(Debug, Clone, Default)]
pub struct Arguments {
    /// Names in order of appearance, each once, with every value.
    pub named: Vec<(String, Vec<String>)>,
    /// Whether they stand in the query.
    pub from_query: bool,
    /// The master files that came with them.
    pub files: Option<Files>,
    /// The arguments of each entity, where the document was a list; there are no others then.
    pub several: Option<Vec<Self>>,
}

impl Arguments {
    /// Arguments of a query; repeats are values of one argument.
    pub fn of_query(arguments: Vec<Argument>) -> Self {
        let mut named: Vec<(String, Vec<String>)> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        for Argument { name, value } in arguments {
            let place = *places.entry(name.clone()).or_insert_with(|| {
                named.push((name, Vec::new()));
                named.len() - 1
            });
            if let Some((_, values)) = named.get_mut(place) {
                values.push(value);
            }
        }
        Self { named, from_query: true, ..Self::default() }
    }

    /// Arguments of a document: its root must be `wanted`, every attribute stands once, by value.
    pub fn of_document(wanted: &str, document: Document) -> Result<Self, Error> {
        let expected = || Error::invalid("document", format!("expected a {wanted} element"));
        let Document::Entity { root, entity } = document else { return Err(expected()) };
        if root != wanted {
            return Err(expected());
        }
        Ok(Self { named: values(entity)?, ..Self::default() })
    }

    /// Arguments of a JSON document: its `type`, where it says one, must be `wanted`.
    pub fn of_json(wanted: &str, document: json::Document) -> Result<Self, Error> {
        if document.root.is_some_and(|root| root != wanted) || document.entities.is_some() {
            return Err(Error::invalid("document", format!("expected the type {wanted}")));
        }
        if document.id.is_some() {
            return Err(Error::invalid(
                "id",
                "the address names the entity; a new one gets its id by itself",
            ));
        }
        let removed = |values: Vec<String>| if values.is_empty() { vec![String::new()] } else { values };
        let named = document.attributes.into_iter().map(|(name, values)| (name, removed(values)));
        Ok(Self { named: named.collect(), ..Self::default() })
    }

    /// Arguments of a document that may also be a list, whose root is `list`, of such entities.
    pub fn of_documents((list, wanted): Roots, document: Document) -> Result<Self, Error> {
        let (held, own) = match document {
            Document::List { root, list: held, own } if root == list => (held, own),
            other => return Self::of_document(wanted, other),
        };
        let plain = |entities: &Vec<EntityType>| entities.is_empty();
        if !held.id.is_empty()
            || ![&held.user, &held.organization, &held.role, &held.mandate].into_iter().all(plain)
        {
            return Err(Error::invalid("document", format!("expected {wanted} elements only")));
        }
        let one = |entity| Ok(Self { named: values(entity)?, ..Self::default() });
        Self::of_several(own.into_iter().map(one).collect())
    }

    /// As [`Arguments::of_documents`], of JSON.
    pub fn of_json_documents((list, wanted): Roots, document: json::Document) -> Result<Self, Error> {
        let Some(entities) = document.entities else { return Self::of_json(wanted, document) };
        if document.root.is_some_and(|root| root != list) {
            return Err(Error::invalid("document", format!("expected the type {list}")));
        }
        Self::of_several(entities.into_iter().map(|entity| Self::of_json(wanted, entity)).collect())
    }

    fn of_several(several: Vec<Result<Self, Error>>) -> Result<Self, Error> {
        if several.is_empty() {
            return Err(Error::invalid("document", "expected one entity or more"));
        }
        let numbered = several.into_iter().zip(1..);
        let several = numbered.map(|(one, number)| one.map_err(|error| of_entry(error, number)));
        Ok(Self { several: Some(several.collect::<Result<_, _>>()?), ..Self::default() })
    }

    /// Takes the values of that name out; empty when it was not given.
    pub fn take(&mut self, name: &str) -> Vec<String> {
        let found = self.named.iter().position(|(known, _)| known == name);
        found.map(|at| self.named.remove(at).1).unwrap_or_default()
    }

    /// Takes the one value of that name out; error 1 when there are several.
    pub fn take_one(&mut self, name: &str) -> Result<Option<String>, Error> {
        let mut values = self.take(name);
        if values.len() > 1 {
            return Err(Error::invalid(name, "expected only once"));
        }
        Ok(values.pop())
    }
}

fn values(entity: EntityType) -> Result<Vec<(String, Vec<String>)>, Error> {
    let mut named: Vec<(String, Vec<String>)> = Vec::new();
    let mut seen: HashSet<String> = HashSet::new();
    for attribute in entity.attribute {
        let name = attribute.name.ok_or_else(|| Error::invalid("document", "an Attribute without a name"))?;
        if !seen.insert(name.clone()) {
            return Err(Error::invalid(shortened(&name), "the attribute stands twice in the document"));
        }
        let AttributeTypeContent::Value(values) = attribute.content else {
            return Err(Error::invalid(shortened(&name), "expected Value elements, not Entity"));
        };
        let values: Vec<String> = values.into_iter().map(|value| value.content).collect();
        // An attribute without values says the same as an empty one: it is removed.
        named.push((name, if values.is_empty() { vec![String::new()] } else { values }));
    }
    Ok(named)
}

/// Turns arguments into values of attributes that the client may set; `creating` also lets it set those fixed
/// at creation. Error 1 names an unknown, forbidden, repeated or ill-formed one.
pub async fn given(
    engine: &Engine,
    kind: Kind,
    arguments: Arguments,
    creating: bool,
) -> Result<Vec<(AttrId, Vec<Given>)>, Error> {
    let mut given: Vec<(AttrId, Vec<Given>)> = Vec::with_capacity(arguments.named.len());
    let mut seen = HashSet::new();
    for (name, values) in arguments.named {
        let attribute =
            attribute(engine, kind, kind.def().written(&name)).await.map_err(|error| match error {
                Error::Invalid { expected, .. } => Error::invalid(shortened(&name), expected),
                other => other,
            })?;
        let settable = match attribute.access {
            Access::ReadWrite => true,
            Access::CreateOnly => creating,
            Access::ServerSet | Access::Derived => false,
        };
        if !settable {
            return Err(Error::invalid(shortened(&name), "this attribute cannot be set by this operation"));
        }
        if !seen.insert(attribute.id) {
            return Err(Error::invalid(shortened(&name), "the attribute is given twice"));
        }
        let split = arguments.from_query && kind == Kind::Organization && attribute.id.is_custom();
        let values =
            if split { values.iter().flat_map(|value| comma_separated(value)).collect() } else { values };
        given.push((attribute.id, read(&attribute, &name, &values)?));
    }
    Ok(given)
}

fn read(attribute: &Attribute, name: &str, values: &[String]) -> Result<Vec<Given>, Error> {
    let distinct: HashSet<&String> = values.iter().collect();
    if distinct.len() > MOST_VALUES {
        return Err(Error::invalid(name, format!("expected at most {MOST_VALUES} values")));
    }
    let mut read = Vec::with_capacity(values.len());
    for value in values {
        if !is_xml_text(value) {
            return Err(Error::invalid(name, "contains characters that XML cannot carry"));
        }
        if value.is_empty() && !matches!(attribute.syntax, Syntax::Choice(_)) {
            continue;
        }
        read.push(match attribute.syntax {
            Syntax::Reference(_) => Given::Reference(value.as_str().into()),
            syntax => Given::Value(syntax.parse(value).map_err(|expected| Error::invalid(name, expected))?),
        });
    }
    if values.len() > 1 && !attribute.many {
        return Err(Error::invalid(name, "this attribute has a single value"));
    }
    Ok(read)
}

/// Splits at commas; `\,` is a comma and `\\` a backslash (conventions: organizations' custom attributes).
pub(super) fn comma_separated(text: &str) -> Vec<String> {
    let mut values = vec![String::new()];
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        let last = values.len() - 1;
        let Some(value) = values.get_mut(last) else { break };
        match letter {
            ',' => values.push(String::new()),
            '\\' => match letters.next() {
                Some(next @ (',' | '\\')) => value.push(next),
                Some(other) => value.extend(['\\', other]),
                None => value.push('\\'),
            },
            other => value.push(other),
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_separate_unless_escaped() {
        assert_eq!(comma_separated("a,b"), ["a", "b"]);
        assert_eq!(comma_separated(r"a\,b\\,c\d\"), [r"a,b\", r"c\d\"]);
        assert_eq!(comma_separated(""), [""]);
    }

    #[test]
    fn repeats_of_a_query_come_together() {
        let pairs = [("a", "1"), ("b", "2"), ("a", "3")];
        let arguments = pairs.map(|(n, v)| Argument { name: n.into(), value: v.into() }).to_vec();
        let mut arguments = Arguments::of_query(arguments);
        assert_eq!(arguments.take("a"), ["1", "3"]);
        assert_eq!(arguments.take("c"), [""; 0]);
        assert!(arguments.take_one("b").unwrap().is_some());
    }
}

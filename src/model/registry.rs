//! Every attribute a kind has, built-in and custom, as one immutable snapshot taken once per request.
//!
//! Text becomes an attribute here and nowhere else; past this border attributes are numbers.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use crate::model::attribute::{Access, AttrDef, AttrId, Index};
use crate::model::value::Syntax;
use crate::model::{Error, Kind};

/// The most characters of a custom attribute's value (contract).
pub const CUSTOM_MAX: usize = 255;

/// Names that are never attributes because they are parameters of the service.
pub const RESERVED: [&str; 7] =
    ["username", "password", "entities", "recursive", "maxResults", "exactMatch", "after"];

/// One attribute of one kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Attribute {
    /// Its number.
    pub id: AttrId,
    /// The kind it belongs to.
    pub kind: Kind,
    /// Its name on the wire.
    pub name: Cow<'static, str>,
    /// The shape of a value.
    pub syntax: Syntax,
    /// Whether it may have several values.
    pub many: bool,
    /// Whether an entity must have it.
    pub required: bool,
    /// How it is searched.
    pub index: Index,
    /// Who may set it.
    pub access: Access,
    /// Whether it is shown only to clients that may disclose.
    pub sensitive: bool,
    /// Preference as the driving term of a search.
    pub rank: u8,
}

impl Attribute {
    /// A built-in attribute.
    pub fn built_in(kind: Kind, def: &'static AttrDef) -> Self {
        Self {
            id: kind.attr_id(def),
            kind,
            name: Cow::Borrowed(def.name),
            syntax: def.syntax,
            many: def.many,
            required: def.required,
            index: def.index,
            access: def.access,
            sensitive: def.sensitive,
            rank: def.rank,
        }
    }

    /// A custom attribute: text, searched with letter case.
    pub fn custom(id: AttrId, kind: Kind, name: String, indexed: bool, many: bool) -> Self {
        Self {
            id,
            kind,
            name: Cow::Owned(name),
            syntax: Syntax::Text { max: CUSTOM_MAX, ignore_case: false },
            many,
            required: false,
            index: if indexed { Index::Search } else { Index::None },
            access: Access::ReadWrite,
            sensitive: false,
            rank: 60,
        }
    }

    /// The attribute while entities written before it became searchable are still without keys.
    #[must_use]
    pub fn building(self) -> Self {
        let index = if self.index == Index::Search { Index::Building } else { self.index };
        Self { index, ..self }
    }
}

/// Every attribute of every kind at one moment.
#[derive(Debug)]
pub struct Registry {
    by_name: HashMap<(Kind, Cow<'static, str>), Arc<Attribute>>,
    by_id: HashMap<AttrId, Arc<Attribute>>,
    custom: Vec<Arc<Attribute>>,
}

impl Registry {
    /// The built-in attributes and `custom`.
    pub fn new(custom: impl IntoIterator<Item = Attribute>) -> Self {
        let built_in = Kind::ALL
            .into_iter()
            .flat_map(|kind| kind.def().attrs.iter().map(move |def| Attribute::built_in(kind, def)));
        let mut custom: Vec<_> = custom.into_iter().map(Arc::new).collect();
        custom.sort_by_key(|attribute| attribute.id);
        let all: Vec<_> = built_in.map(Arc::new).chain(custom.iter().cloned()).collect();
        Self {
            by_name: all.iter().map(|a| ((a.kind, a.name.clone()), Arc::clone(a))).collect(),
            by_id: all.iter().map(|a| (a.id, Arc::clone(a))).collect(),
            custom,
        }
    }

    /// The attribute of that name, case-sensitive.
    pub fn named(&self, kind: Kind, name: &str) -> Option<&Arc<Attribute>> {
        let built_in = kind.def().alias(name).unwrap_or(name);
        self.by_name.get(&(kind, Cow::Owned(built_in.to_owned())))
    }

    /// The attribute of that number.
    pub fn numbered(&self, id: AttrId) -> Option<&Arc<Attribute>> {
        self.by_id.get(&id)
    }

    /// The custom attributes of a kind, in the order they were declared.
    pub fn custom_of(&self, kind: Kind) -> impl Iterator<Item = &Arc<Attribute>> {
        self.custom.iter().filter(move |attribute| attribute.kind == kind)
    }

    /// Every attribute of a kind.
    pub fn of(&self, kind: Kind) -> impl Iterator<Item = &Arc<Attribute>> {
        self.by_id.values().filter(move |attribute| attribute.kind == kind)
    }
}

/// The kind of that name, when it can have custom attributes.
pub fn custom_kind(name: &str) -> Option<Kind> {
    let takes =
        |def: &crate::model::KindDef| !def.path.is_empty() && !def.attrs.is_empty() && !def.administrative;
    Kind::named(name).filter(|kind| takes(kind.def()))
}

/// Error 1 unless `name` may be declared as a custom attribute of `kind`.
pub fn check_custom_name(kind: Kind, name: &str) -> Result<(), Error> {
    let mut letters = name.bytes();
    let sound = name.len() <= 64
        && letters.next().is_some_and(|first| first.is_ascii_alphabetic())
        && letters.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'));
    if !sound {
        return Err(Error::invalid(
            name,
            "an attribute name is a letter and up to 63 letters, digits, _ . -",
        ));
    }
    let def = kind.def();
    let taken = RESERVED.contains(&name)
        || def.parameters.contains(&name)
        || def.alias(name).is_some()
        || def.attrs.iter().any(|attr| attr.name == name);
    if taken {
        return Err(Error::invalid(name, "this name is reserved or built in"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_and_built_in_names_cannot_be_declared() {
        for bad in ["login", "password", "pwd", "role", "1st", "", "a b", &"x".repeat(65)] {
            assert!(check_custom_name(Kind::User, bad).is_err(), "{bad}");
        }
        check_custom_name(Kind::User, "browsers").unwrap();
    }

    #[test]
    fn a_custom_attribute_is_found_by_name_and_number() {
        let id = AttrId(AttrId::FIRST_CUSTOM);
        let registry = Registry::new([Attribute::custom(id, Kind::User, "age".into(), true, false)]);
        assert_eq!(registry.named(Kind::User, "age").unwrap().id, id);
        assert!(registry.named(Kind::Role, "age").is_none());
        assert_eq!(registry.numbered(id).unwrap().name, "age");
    }
}

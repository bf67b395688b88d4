//! From a record of a file to values of attributes: the border where names become attributes. Passwords are kept
//! apart from everything else and never shown.

use std::collections::HashSet;
use std::sync::Arc;

use uuid::Uuid;

use crate::model::attribute::Access;
use crate::model::kind::{organization, user};
use crate::model::password::Password;
use crate::model::registry::{Attribute, check_custom_name};
use crate::model::state::Given;
use crate::model::value::Syntax;
use crate::model::{AttrId, Attributes, Error, Kind, Registry, Value};
use crate::operation::create::ClassRoles;
use crate::operation::import::{Plan, check_kind};
use crate::operation::setup::Declaration;
use crate::store::Credential;

/// One record of a file: names with their values, in the file's order.
pub struct Record {
    /// Its number in the file, from 1.
    pub number: u64,
    /// The line it begins on.
    pub line: u64,
    /// Its kind.
    pub kind: Kind,
    /// Names with values, or why the record cannot be read.
    pub fields: Result<Vec<(String, Vec<String>)>, Error>,
}

/// A record that was read.
pub struct Entry {
    /// Its number in the file, from 1.
    pub number: u64,
    /// The line it begins on.
    pub line: u64,
    /// Its kind.
    pub kind: Kind,
    /// What it says, or why it is refused.
    pub content: Result<Box<Content>, Error>,
}

/// What a record says of an entity.
pub struct Content {
    /// The id it had elsewhere.
    pub(super) id: Option<Uuid>,
    /// The id it gets when it had none.
    pub(super) fresh: Uuid,
    /// A second id without order.
    pub(super) other: Uuid,
    /// The attributes given.
    pub(super) given: Vec<(AttrId, Vec<Given>)>,
    /// Roles to assign to a user.
    pub(super) roles: Vec<Box<str>>,
    /// The roles of an organization's class, when they are wanted.
    pub(super) class_roles: Option<ClassRoles>,
    /// A custom attribute to declare.
    pub(super) declaration: Option<Declaration>,
    /// A password that is still to be hashed.
    pub password: Option<Password>,
    /// The hash of a password.
    pub credential: Option<Credential>,
}

enum Field {
    Id,
    Password,
    Hash,
    Roles,
    Attribute(Arc<Attribute>),
}

fn field(registry: &Registry, kind: Kind, name: &str) -> Result<Field, Error> {
    match (kind, name) {
        (_, "id") => return Ok(Field::Id),
        (Kind::User, "pwd") => return Ok(Field::Password),
        (Kind::User | Kind::ApiClient, "pwd.hash") => return Ok(Field::Hash),
        (Kind::User, "role") => return Ok(Field::Roles),
        _ => {}
    }
    let attribute = registry.named(kind, kind.def().written(name));
    let unknown = || Error::invalid(shortened(name), format!("not an attribute of {}", kind.name()));
    let attribute = attribute.ok_or_else(unknown)?;
    if attribute.access == Access::Derived {
        return Err(Error::invalid(name, "this attribute follows from others and is not imported"));
    }
    Ok(Field::Attribute(Arc::clone(attribute)))
}

/// A name of the file, cut to what a message should repeat.
fn shortened(name: &str) -> String {
    let mut letters = name.chars();
    let cut: String = letters.by_ref().take(64).map(|c| if c.is_control() { '?' } else { c }).collect();
    if letters.next().is_some() { format!("{cut}…") } else { cut }
}

/// Error 1 unless `name` can stand above a column of records of `kind`.
pub fn check_column(registry: &Registry, kind: Kind, name: &str) -> Result<(), Error> {
    check_kind(kind)?;
    if kind == Kind::AttributeDefinition {
        let known = DEFINITION.contains(&name);
        return if known {
            Ok(())
        } else {
            Err(Error::invalid(shortened(name), "expected kind, name, indexed or many"))
        };
    }
    field(registry, kind, name).map(|_| ())
}

const DEFINITION: [&str; 5] = ["id", "kind", "name", "indexed", "many"];

/// Reads a record.
pub fn read(plan: &Plan, registry: &Registry, record: Record) -> Entry {
    let Record { number, line, kind, fields } = record;
    let content = fields.and_then(|fields| {
        check_kind(kind)?;
        if kind == Kind::AttributeDefinition {
            definition(plan, fields)
        } else {
            content(plan, registry, kind, fields)
        }
    });
    Entry { number, line, kind, content: content.map(Box::new) }
}

fn empty(plan: &Plan) -> Content {
    let world = &plan.engine.world;
    Content {
        id: None,
        fresh: world.id(),
        other: world.unordered_id(),
        given: Vec::new(),
        roles: Vec::new(),
        class_roles: None,
        declaration: None,
        password: None,
        credential: None,
    }
}

fn content(
    plan: &Plan,
    registry: &Registry,
    kind: Kind,
    fields: Vec<(String, Vec<String>)>,
) -> Result<Content, Error> {
    let mut content = empty(plan);
    content.given.reserve(fields.len() + 1);
    let mut seen: HashSet<AttrId> = HashSet::with_capacity(fields.len());
    let mut server_set = None;
    for (name, values) in fields {
        match field(registry, kind, &name)? {
            Field::Id => {
                let id = one(&name, values)?;
                let id = Uuid::try_parse(&id).map_err(|_| Error::invalid("id", "expected a UUID"))?;
                content.id = Some(id);
            }
            Field::Password => content.password = Some(Password::new(one(&name, values)?)),
            Field::Hash => {
                let phc = one(&name, values)?;
                (plan.check_hash)(&phc)?;
                content.credential = Some(Credential { phc, set: plan.engine.world.now() });
            }
            Field::Roles => content.roles = values.into_iter().map(Into::into).collect(),
            Field::Attribute(attribute) => {
                if !seen.insert(attribute.id) {
                    return Err(Error::invalid(shortened(&name), "the attribute is given twice"));
                }
                if attribute.access == Access::ServerSet {
                    server_set.get_or_insert_with(|| attribute.name.to_string());
                }
                let values = parsed(&attribute, &name, values)?;
                content.given.push((attribute.id, values));
            }
        }
    }
    if let (Some(name), None) = (server_set, content.id) {
        return Err(Error::invalid(name, "the server sets this; it is taken only from records with an id"));
    }
    passwords(plan, kind, &mut content)?;
    if plan.class_roles && kind == Kind::Organization {
        content.class_roles = Some(ClassRoles::new(&plan.engine, kind));
    }
    Ok(content)
}

fn one(name: &str, mut values: Vec<String>) -> Result<String, Error> {
    match (values.pop(), values.is_empty()) {
        (Some(value), true) if !value.is_empty() => Ok(value),
        _ => Err(Error::invalid(name, "expected one value")),
    }
}

fn parsed(attribute: &Attribute, name: &str, values: Vec<String>) -> Result<Vec<Given>, Error> {
    let mut read = Vec::with_capacity(values.len());
    if values.len() > 1 && !attribute.many {
        return Err(Error::invalid(name, "this attribute has a single value"));
    }
    for value in values {
        if !carried(&value) {
            return Err(Error::invalid(name, "contains characters that XML cannot carry"));
        }
        if value.is_empty() {
            continue;
        }
        read.push(match attribute.syntax {
            Syntax::Reference(_) => Given::Reference(value.into()),
            syntax => Given::Value(syntax.parse(&value).map_err(|expected| Error::invalid(name, expected))?),
        });
    }
    Ok(read)
}

/// Whether XML 1.0 can carry the text; every value must be fit for an answer.
fn carried(text: &str) -> bool {
    let fit = |c: char| matches!(c, '\t' | '\n' | '\r') || !(c < ' ' || matches!(c, '\u{FFFE}' | '\u{FFFF}'));
    text.chars().all(fit)
}

fn passwords(plan: &Plan, kind: Kind, content: &mut Content) -> Result<(), Error> {
    if let Some(password) = &content.password {
        if content.credential.is_some() {
            return Err(Error::invalid("pwd", "expected either pwd or pwd.hash"));
        }
        password.check(&plan.engine.settings.password)?;
        // The user's own name is no password; the login stands among the attributes given.
        let mut told = Attributes::default();
        for (attr, values) in &content.given {
            let values = values.iter().filter_map(|value| match value {
                Given::Value(value) => Some(value.clone()),
                Given::Reference(_) => None,
            });
            told.set(*attr, values.collect());
        }
        password.check_own(&told)?;
    }
    let has_password = content.password.is_some() || content.credential.is_some();
    let said = content.given.iter().any(|(attr, _)| *attr == user::PASSWORD_ACTIVE);
    if kind == Kind::User && has_password && !said {
        content.given.push((user::PASSWORD_ACTIVE, vec![Given::Value(Value::Bool(true))]));
    }
    Ok(())
}

fn definition(plan: &Plan, fields: Vec<(String, Vec<String>)>) -> Result<Content, Error> {
    let (mut kind, mut name, mut indexed, mut many) = (None, None, true, true);
    let flag = |field: &str, text: &str| match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(Error::invalid(field, "expected true or false")),
    };
    for (field, values) in fields {
        let value = one(&field, values)?;
        match field.as_str() {
            "id" => {}
            "kind" => kind = Kind::named(&value),
            "name" => name = Some(value),
            "indexed" => indexed = flag(&field, &value)?,
            "many" => many = flag(&field, &value)?,
            other => return Err(Error::invalid(shortened(other), "expected kind, name, indexed or many")),
        }
    }
    let kind = kind.ok_or_else(|| Error::invalid("kind", "expected the name of a kind"))?;
    let name = name.ok_or_else(|| Error::invalid("name", "mandatory and must not be empty"))?;
    check_custom_name(kind, &name)?;
    Ok(Content { declaration: Some(Declaration { kind, name, indexed, many }), ..empty(plan) })
}

impl Content {
    /// Whether this is the root organization, which every database has already.
    pub(super) fn is_root(&self, kind: Kind) -> bool {
        let text = |attr| {
            let given = self.given.iter().find(|(given, _)| *given == attr);
            given.and_then(|(_, values)| values.first())
        };
        let named = matches!(text(organization::TECHNICAL_NAME),
            Some(Given::Value(Value::Text(name))) if &**name == organization::ROOT_NAME);
        kind == Kind::Organization && named && text(organization::PARENT).is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_is_cut_in_messages() {
        assert_eq!(shortened("a\nb"), "a?b");
        assert_eq!(shortened(&"x".repeat(1_000)).chars().count(), 65);
    }
}

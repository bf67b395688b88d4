//! Entities as answers of the door show them. Only what is `Visible` is written, and the number of what a client named.

use serde_json::{Map, Value, json};

use crate::model::visible::{Shown, Visible};
use crate::model::{AttrId, Stored, Value as Stores};

fn texts(visible: &Visible<'_>, name: &str) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(field) = visible.fields.iter().find(|field| field.name == name) {
        field.values.each(|value| {
            if let Shown::Text(text) = value {
                found.push(text.to_string());
            }
        });
    }
    found
}

fn text(visible: &Visible<'_>, name: &str) -> Option<String> {
    texts(visible, name).into_iter().next()
}

/// The members of an object: those that have a value.
fn object(members: impl IntoIterator<Item = (&'static str, Option<Value>)>) -> Value {
    let held = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(held.collect::<Map<String, Value>>())
}

/// The number of an entity that its client named.
pub fn number(entity: &Stored, attr: AttrId) -> Value {
    match entity.attributes().first(attr) {
        Some(Stores::Int(number)) => json!(number),
        _ => Value::Null,
    }
}

/// A role of the tenant of that name.
pub fn role(visible: &Visible<'_>, tenant: &str) -> Value {
    let shown = |name| text(visible, name).map(Value::String);
    object([
        ("code", shown("name")),
        ("name", shown("friendlyName")),
        ("description", shown("description")),
        ("tenantId", Some(json!(tenant))),
    ])
}

/// A feature of the tenant of that name.
pub fn feature(visible: &Visible<'_>, tenant: &str) -> Value {
    let shown = |name| text(visible, name).map(Value::String);
    let services = texts(visible, "serviceCode");
    object([
        ("code", shown("code")),
        ("name", shown("name")),
        ("description", shown("description")),
        ("serviceCode", (!services.is_empty()).then(|| json!(services))),
        ("tenantId", Some(json!(tenant))),
    ])
}

/// An action of the tenant of that name; what it holds nothing of is left out.
pub fn action(visible: &Visible<'_>, tenant: &str) -> Value {
    let shown = |name| text(visible, name).map(Value::String);
    let number = |name| text(visible, name).and_then(|text| text.parse::<i64>().ok()).map(Value::from);
    object([
        ("id", number("id")),
        ("name", shown("name")),
        ("url", shown("url")),
        ("queryParams", shown("queryParams")),
        ("displayName", shown("displayName")),
        ("orderNumber", number("orderNumber")),
        ("parentModule", shown("parentModule")),
        ("enabled", text(visible, "enabled").map(|text| Value::Bool(text == "true"))),
        ("serviceCode", shown("serviceCode")),
        ("code", shown("code")),
        ("path", shown("path")),
        ("navigationURL", shown("navigationURL")),
        ("leftIcon", shown("leftIcon")),
        ("rightIcon", shown("rightIcon")),
        ("method", shown("method")),
        ("tenantId", Some(json!(tenant))),
    ])
}

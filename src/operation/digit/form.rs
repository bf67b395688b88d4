//! The three files as an export writes them: one form for equal content, in the order of the keys of the rows, so that
//! two exports can be compared by their bytes. Two spaces a level, one member a line, a line end at the end.

use std::collections::BTreeMap;

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::model::kind::{action, role, role_action};
use crate::model::{AttrId, Attributes, Error, Value};
use crate::operation::digit::{Files, Master, Tenant};

/// The texts of an action that are written even where it has none, as the files of origin do; in their order.
const TEXTS: [(&str, AttrId); 3] =
    [("name", action::NAME), ("url", action::URL), ("parentModule", action::PARENT_MODULE)];
/// More of these, which stand behind the number that says the order.
const MORE_TEXTS: [(&str, AttrId); 3] =
    [("serviceCode", action::SERVICE_CODE), ("code", action::CODE), ("path", action::PATH)];
/// The texts of an action that are written where it has them.
const OPTIONAL: [(&str, AttrId); 5] = [
    ("queryParams", action::QUERY_PARAMS),
    ("navigationURL", action::NAVIGATION_URL),
    ("leftIcon", action::LEFT_ICON),
    ("rightIcon", action::RIGHT_ICON),
    ("method", action::METHOD),
];

/// What the files hold of a tenant, in the order of its keys.
#[derive(Debug, Default)]
pub(super) struct Content {
    /// Roles by code.
    pub(super) roles: BTreeMap<String, Attributes>,
    /// Actions by number.
    pub(super) actions: BTreeMap<i64, Attributes>,
    /// Mappings by the code of the role and the number of the action.
    pub(super) mappings: BTreeMap<(String, i64), Attributes>,
}

fn text(attributes: &Attributes, attr: AttrId) -> &str {
    attributes.text(attr).unwrap_or_default()
}

struct RoleRow<'a>(&'a str, &'a Attributes);

impl Serialize for RoleRow<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let Self(code, attributes) = self;
        let mut map = out.serialize_map(None)?;
        map.serialize_entry("code", code)?;
        // A file must give a name, and a role need not have one.
        map.serialize_entry("name", attributes.text(role::FRIENDLY_NAME).unwrap_or(code))?;
        map.serialize_entry("description", text(attributes, role::DESCRIPTION))?;
        map.end()
    }
}

struct ActionRow<'a>(i64, &'a Attributes);

impl Serialize for ActionRow<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let Self(id, attributes) = self;
        let mut map = out.serialize_map(None)?;
        map.serialize_entry("id", id)?;
        for (key, attr) in TEXTS {
            map.serialize_entry(key, text(attributes, attr))?;
        }
        map.serialize_entry("displayName", text(attributes, action::DISPLAY_NAME))?;
        if let Some(Value::Int(number)) = attributes.first(action::ORDER_NUMBER) {
            map.serialize_entry("orderNumber", number)?;
        }
        map.serialize_entry("enabled", &attributes.flag(action::ENABLED))?;
        for (key, attr) in MORE_TEXTS {
            map.serialize_entry(key, text(attributes, attr))?;
        }
        for (key, attr) in OPTIONAL {
            if let Some(text) = attributes.text(attr) {
                map.serialize_entry(key, text)?;
            }
        }
        map.end()
    }
}

struct MappingRow<'a>(&'a (String, i64), &'a Attributes, &'a Tenant);

impl Serialize for MappingRow<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let Self((code, id), attributes, tenant) = self;
        let mut map = out.serialize_map(None)?;
        map.serialize_entry("rolecode", code)?;
        map.serialize_entry("actionid", id)?;
        map.serialize_entry("actioncode", text(attributes, role_action::ACTION_CODE))?;
        map.serialize_entry("tenantId", tenant.code())?;
        map.end()
    }
}

struct File<'a, R>(Master, &'a Tenant, Vec<R>);

impl<R: Serialize> Serialize for File<'_, R> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let Self(master, tenant, rows) = self;
        let mut map = out.serialize_map(None)?;
        map.serialize_entry("tenantId", tenant.code())?;
        map.serialize_entry("moduleName", master.module())?;
        map.serialize_entry(master.list(), rows)?;
        map.end()
    }
}

fn bytes<R: Serialize>(file: &File<'_, R>) -> Result<Vec<u8>, Error> {
    let mut bytes =
        serde_json::to_vec_pretty(file).map_err(|error| Error::internal(format!("masters: {error}")))?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// The bytes of the three files.
pub(super) fn write(tenant: &Tenant, content: &Content) -> Result<Files, Error> {
    let roles = content.roles.iter().map(|(code, attributes)| RoleRow(code, attributes));
    let actions = content.actions.iter().map(|(id, attributes)| ActionRow(*id, attributes));
    let mappings = content.mappings.iter().map(|(key, attributes)| MappingRow(key, attributes, tenant));
    Ok([
        bytes(&File(Master::Roles, tenant, roles.collect()))?,
        bytes(&File(Master::Actions, tenant, actions.collect()))?,
        bytes(&File(Master::RoleActions, tenant, mappings.collect()))?,
    ])
}

//! Tenants by the names that DIGIT gives them, and what stands in them: `uk.dehradun` is the organization
//! `uk/dehradun`. What a bounded caller does not see is not found.

use uuid::Uuid;

use crate::model::kind::{action, feature, role};
use crate::model::term::Term;
use crate::model::{AttrId, Error, Row, Stored, key};
use crate::operation::access::{TENANT_MAX, check_length};
use crate::operation::engine::{Caller, Engine};
use crate::operation::read::organization_by_name;
use crate::operation::scope::Sight;
use crate::operation::search::matching;

/// A tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// The organization.
    pub id: Uuid,
    /// Its row.
    pub row: Row,
    /// Its name with dots.
    pub name: String,
}

/// A tenant's name for an entity name.
pub fn dotted(entity_name: &str) -> String {
    entity_name.replace('/', ".")
}

/// The tenant of that name, letter case included. Error 1, without saying of what, when the name is too long for any.
pub async fn find(engine: &Engine, caller: &Caller, name: &str) -> Result<Option<Tenant>, Error> {
    check_length("tenantId", name, TENANT_MAX)?;
    // A slash is no part of such a name; with it an organization could be named in two ways.
    if name.contains('/') {
        return Ok(None);
    }
    let Some(row) = organization_by_name(&engine.store, &name.replace('.', "/")).await? else {
        return Ok(None);
    };
    let found = seen(engine, caller, row).await?;
    Ok(found.map(|found| Tenant { id: found.id(), row, name: name.to_owned() }))
}

async fn seen(engine: &Engine, caller: &Caller, row: Row) -> Result<Option<Stored>, Error> {
    let Some(found) = engine.store.by_rows(&[row]).await?.pop() else { return Ok(None) };
    let sees = Sight::of(caller).sees(engine, &found).await?;
    Ok(sees.then_some(found))
}

/// What names something within a tenant: the attribute, and the key of its value.
type Own = (AttrId, Vec<u8>);

/// A role by its code.
pub fn role_of(code: &str) -> Own {
    (role::NAME, key::unique_key(code, false))
}

/// An action by its number.
pub fn action_of(number: i64) -> Own {
    (action::ID, key::integer_key(number).to_vec())
}

/// A feature by its code.
pub fn feature_of(code: &str) -> Own {
    (feature::CODE, key::unique_key(code, false))
}

/// What the tenant itself has of that name.
pub async fn own(
    engine: &Engine,
    caller: &Caller,
    tenant: &Tenant,
    (attr, key): &Own,
) -> Result<Option<Stored>, Error> {
    match engine.store.holder(*attr, tenant.row, key).await? {
        Some(row) => seen(engine, caller, row).await,
        None => Ok(None),
    }
}

/// The tenant and the organizations above it, by row, itself first.
pub async fn line(engine: &Engine, tenant: &Tenant) -> Result<Vec<Row>, Error> {
    Ok(engine.store.ancestry(tenant.row).await?.iter().rev().map(Stored::row).collect())
}

/// What the tenant, or the nearest organization above it, has of that name.
pub async fn nearest(
    engine: &Engine,
    caller: &Caller,
    tenant: &Tenant,
    (attr, key): &Own,
) -> Result<Option<Stored>, Error> {
    for organization in line(engine, tenant).await? {
        if let Some(row) = engine.store.holder(*attr, organization, key).await? {
            return seen(engine, caller, row).await;
        }
    }
    Ok(None)
}

/// The actions of exactly that name that the organization of this row has.
pub async fn actions_named(
    engine: &Engine,
    caller: &Caller,
    organization: Row,
    name: &str,
) -> Result<Vec<Stored>, Error> {
    let registry = engine.registry();
    let attribute = registry.numbered(action::NAME);
    let attribute = attribute.ok_or_else(|| Error::internal("a built-in attribute is not registered"))?;
    let (mut sight, mut found) = (Sight::of(caller), Vec::new());
    for action in matching(engine, &Term::text(attribute, name, true)).await? {
        if action.home() == Some(organization) && sight.sees(engine, &action).await? {
            found.push(action);
        }
    }
    Ok(found)
}

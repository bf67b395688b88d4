//! The tenants of a request: each is looked up once, and named in the answer as it was found.

use std::collections::HashMap;

use uuid::Uuid;

use crate::http::digit::members::Members;
use crate::model::{AttrId, Error, Stored};
use crate::operation::tenants::{self, Tenant, dotted};
use crate::operation::{Caller, Engine};

/// The names under which items tell their tenant.
const NAMES: [&str; 3] = ["tenantId", "tenantid", "tenant"];

/// Takes an item's tenant out; the request's own where it tells none.
pub fn tenant_of(item: &mut Members, request: Option<&str>) -> Result<String, Error> {
    let told = item.text_of(&NAMES)?.filter(|text| !text.is_empty());
    let tenant = told.or_else(|| request.filter(|text| !text.is_empty()).map(str::to_owned));
    tenant.ok_or_else(|| Error::invalid(item.path(NAMES[0]), "mandatory and must not be empty"))
}

/// Tenants by name.
pub struct Tenants<'a> {
    engine: &'a Engine,
    caller: &'a Caller,
    found: HashMap<String, Option<Tenant>>,
}

impl<'a> Tenants<'a> {
    /// As `caller` sees them.
    pub fn of(engine: &'a Engine, caller: &'a Caller) -> Self {
        Self { engine, caller, found: HashMap::new() }
    }

    /// The tenant of that name, which stands in the request at `place`.
    pub async fn find(&mut self, place: &str, name: &str) -> Result<Option<Tenant>, Error> {
        if let Some(known) = self.found.get(name) {
            return Ok(known.clone());
        }
        let found = tenants::find(self.engine, self.caller, name).await;
        let found = found.map_err(|error| error.renamed(|_| place.to_owned()))?;
        self.found.insert(name.to_owned(), found.clone());
        Ok(found)
    }

    /// As [`Tenants::find`]; error 10 when there is none.
    pub async fn needed(&mut self, place: &str, name: &str) -> Result<Tenant, Error> {
        let found = self.find(place, name).await?;
        found.ok_or_else(|| Error::reference(place, "expected an existing tenant"))
    }

    /// The names of what was found.
    pub fn names(&self) -> TenantNames {
        let found = self.found.values().flatten();
        TenantNames(found.map(|tenant| (tenant.id, tenant.name.clone())).collect())
    }
}

/// Names of tenants by their ids.
#[derive(Debug, Clone, Default)]
pub struct TenantNames(HashMap<Uuid, String>);

impl TenantNames {
    /// The names of the tenants to which these entities refer by `attr`. An organization with a dot in its name is none.
    pub async fn of(engine: &Engine, entities: &[Stored], attr: AttrId) -> Result<Self, Error> {
        let mut names = HashMap::new();
        for id in entities.iter().filter_map(|entity| entity.attributes().reference(attr)).map(|to| to.id) {
            if !names.contains_key(&id)
                && let Some(name) = engine.names.name(id).await?
                && !name.entity.contains('.')
            {
                names.insert(id, dotted(&name.entity));
            }
        }
        Ok(Self(names))
    }

    /// Adds more names.
    pub fn add(&mut self, more: Self) {
        self.0.extend(more.0);
    }

    /// The name of the tenant to which an entity refers by `attr`; empty where it is not known.
    pub fn tenant(&self, entity: &Stored, attr: AttrId) -> &str {
        let name = entity.attributes().reference(attr).and_then(|to| self.0.get(&to.id));
        name.map(String::as_str).unwrap_or_default()
    }
}

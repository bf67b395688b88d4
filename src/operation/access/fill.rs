//! Filling an index from the store: what is said at one tenant, read as it is committed.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use uuid::Uuid;

use crate::access::{Facts, Level, Mapping, Target};
use crate::model::kind::{action, feature, feature_role, role, role_action};
use crate::model::{AttrId, Error, Row, Stored, Value};
use crate::operation::every;
use crate::store::{SharedStore, Source};

/// What an index was made of.
pub(super) struct Filled {
    /// The index.
    pub level: Level,
    /// Whether it also holds what belongs to organizations that are not its own or above: a move has parted them, and
    /// no stamp here tells when they change.
    pub is_parted: bool,
}

struct Reading<'s> {
    store: &'s SharedStore,
    /// The tenant and all above it, by row.
    line: &'s [Row],
    roles: HashMap<Uuid, Arc<str>>,
    targets: HashMap<Uuid, Arc<Target>>,
    features: HashMap<Uuid, Vec<Box<str>>>,
    is_parted: bool,
}

async fn referring(store: &SharedStore, attr: AttrId, to: &[Row]) -> Result<Vec<Stored>, Error> {
    every::entities(store.as_ref(), &Source::RefersTo { attr, to: to.to_vec() }).await
}

/// An action as the decision knows it.
fn target(found: &Stored) -> Target {
    let attributes = found.attributes();
    let text = |attr| attributes.text(attr).map(Box::from);
    let number = match attributes.first(action::ID) {
        Some(Value::Int(number)) => *number,
        _ => i64::MAX,
    };
    Target {
        id: found.id(),
        row: found.row(),
        number,
        tenant: attributes.reference(action::TENANT).map_or(Uuid::nil(), |to| to.id),
        url: text(action::URL).unwrap_or_default(),
        method: text(action::METHOD),
        service: text(action::SERVICE_CODE),
        enabled: attributes.flag(action::ENABLED),
    }
}

fn role_name(found: &Stored) -> Arc<str> {
    found.attributes().text(role::NAME).unwrap_or_default().into()
}

fn services_of(found: &Stored) -> Vec<Box<str>> {
    found
        .attributes()
        .values(feature::SERVICE_CODE)
        .iter()
        .filter_map(|value| value.as_text().map(Box::from))
        .collect()
}

/// Reads and compiles the index of the first organization of `line`, which the others stand above.
pub(super) async fn fill(store: &SharedStore, line: &[Row]) -> Result<Filled, Error> {
    let own = line.get(..1).unwrap_or_default();
    let actions = referring(store, action::TENANT, own).await?;
    let mappings = referring(store, role_action::TENANT, own).await?;
    let given = referring(store, feature_role::TENANT, own).await?;
    let actions: Vec<Arc<Target>> = actions.iter().map(|found| Arc::new(target(found))).collect();
    let mut reading = Reading {
        store,
        line,
        roles: HashMap::new(),
        targets: actions.iter().map(|target| (target.id, Arc::clone(target))).collect(),
        features: HashMap::new(),
        is_parted: false,
    };
    reading.read_roles(&mappings, role_action::ROLE).await?;
    reading.read_roles(&given, feature_role::ROLE).await?;
    reading.read_targets(&mappings).await?;
    reading.read_features(&given).await?;
    let services = reading.services(&given);
    let mappings = mappings.iter().filter_map(|mapping| reading.mapping(mapping)).collect();
    let level = Level::compile(Facts { mappings, actions, services });
    Ok(Filled { level, is_parted: reading.is_parted })
}

/// What these entities refer to by `attr` that is not known yet.
fn missing<'m, V>(
    from: &'m [Stored],
    attr: AttrId,
    known: &'m HashMap<Uuid, V>,
) -> impl Iterator<Item = Uuid> + 'm {
    let ids: HashSet<Uuid> =
        from.iter().filter_map(|entity| entity.attributes().reference(attr).map(|to| to.id)).collect();
    ids.into_iter().filter(|id| !known.contains_key(id))
}

impl Reading<'_> {
    /// Entities that are neither of the tenant nor of an organization above it, one by one: there are few.
    async fn apart(&mut self, ids: Vec<Uuid>) -> Result<Vec<Stored>, Error> {
        let mut found = Vec::with_capacity(ids.len());
        for id in ids {
            // What is gone was removed after the mapping was read: this index will not be used for long.
            self.is_parted = true;
            found.extend(self.store.by_id(id).await?);
        }
        Ok(found)
    }

    async fn read_roles(&mut self, from: &[Stored], attr: AttrId) -> Result<(), Error> {
        if missing(from, attr, &self.roles).next().is_none() {
            return Ok(());
        }
        for found in referring(self.store, role::ORGANIZATION, self.line).await? {
            self.roles.insert(found.id(), role_name(&found));
        }
        let apart: Vec<Uuid> = missing(from, attr, &self.roles).collect();
        for found in self.apart(apart).await? {
            self.roles.insert(found.id(), role_name(&found));
        }
        Ok(())
    }

    async fn read_targets(&mut self, mappings: &[Stored]) -> Result<(), Error> {
        if missing(mappings, role_action::ACTION, &self.targets).next().is_none() {
            return Ok(());
        }
        let above = self.line.get(1..).unwrap_or_default();
        for found in referring(self.store, action::TENANT, above).await? {
            self.targets.insert(found.id(), Arc::new(target(&found)));
        }
        let apart: Vec<Uuid> = missing(mappings, role_action::ACTION, &self.targets).collect();
        for found in self.apart(apart).await? {
            self.targets.insert(found.id(), Arc::new(target(&found)));
        }
        Ok(())
    }

    async fn read_features(&mut self, given: &[Stored]) -> Result<(), Error> {
        if given.is_empty() {
            return Ok(());
        }
        for found in referring(self.store, feature::TENANT, self.line).await? {
            self.features.insert(found.id(), services_of(&found));
        }
        let apart: Vec<Uuid> = missing(given, feature_role::FEATURE, &self.features).collect();
        for found in self.apart(apart).await? {
            self.features.insert(found.id(), services_of(&found));
        }
        Ok(())
    }

    fn mapping(&self, mapping: &Stored) -> Option<Mapping> {
        let role = mapping.attributes().reference(role_action::ROLE)?;
        let target = mapping.attributes().reference(role_action::ACTION)?;
        let (role, target) = (self.roles.get(&role.id)?, self.targets.get(&target.id)?);
        Some(Mapping { role: Arc::clone(role), target: Arc::clone(target) })
    }

    fn services(&self, given: &[Stored]) -> Vec<(Arc<str>, Box<str>)> {
        let mut services = Vec::new();
        for given in given {
            let role = given.attributes().reference(feature_role::ROLE);
            let feature = given.attributes().reference(feature_role::FEATURE);
            let role = role.and_then(|to| self.roles.get(&to.id));
            let named = feature.and_then(|to| self.features.get(&to.id));
            if let (Some(role), Some(named)) = (role, named) {
                services.extend(named.iter().map(|service| (Arc::clone(role), service.clone())));
            }
        }
        services
    }
}

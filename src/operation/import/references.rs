//! What the records of a chunk refer to: ids and names looked up together, each loaded once and kept from changing
//! until the chunk is committed.

use std::collections::HashSet;

use uuid::Uuid;

use crate::model::attribute::AttrId;
use crate::model::kind::user;
use crate::model::rules::Companions;
use crate::model::{Error, Kind, Registry, Row, Stored, key};
use crate::operation::access::named::{as_meant, by_key};
use crate::operation::import::Plan;
use crate::operation::resolve::{Transaction, kinds_of, organization_row, role_row};
use crate::store::Write;

/// The most names kept from one chunk to the next.
const KEPT: usize = 100_000;

/// A reference as a record gives it.
pub(super) type Named<'a> = (AttrId, &'a str);

/// What is loaded.
#[derive(Default)]
pub(super) struct References {
    pub(super) companions: Companions,
}

impl References {
    /// The entity that a reference names, when it is loaded.
    pub(super) fn find(&self, plan: &Plan, (attr, text): Named<'_>) -> Option<&Stored> {
        let id = match Uuid::try_parse(text) {
            Ok(id) => id,
            Err(_) => plan.names.lock().get(&(attr, Box::from(text))).copied()?,
        };
        self.companions.get(id)
    }

    /// Loads the entities of `ids` and those that `named` name; what does not exist is left out.
    pub(super) async fn load(
        &mut self,
        plan: &Plan,
        tx: &mut dyn Write,
        named: &[Named<'_>],
        ids: &[Uuid],
    ) -> Result<(), Error> {
        let registry = tx.registry();
        let mut wanted: HashSet<Uuid> = ids.iter().copied().collect();
        let mut by_name: HashSet<Named<'_>> = HashSet::new();
        for &(attr, text) in named {
            match Uuid::try_parse(text) {
                Ok(id) => _ = wanted.insert(id),
                Err(_) => _ = by_name.insert((attr, text)),
            }
        }
        let mut unknown = Vec::new();
        for name in by_name {
            let known = plan.names.lock().get(&(name.0, Box::from(name.1))).copied();
            match known {
                Some(id) => _ = wanted.insert(id),
                None => unknown.push(name),
            }
        }
        wanted.retain(|id| self.companions.get(*id).is_none());
        if !wanted.is_empty() {
            let wanted: Vec<Uuid> = wanted.into_iter().collect();
            for entity in tx.companions(&wanted).await? {
                self.companions.add(entity);
            }
        }
        for name in unknown {
            self.look_up(plan, tx, &registry, name).await?;
        }
        Ok(())
    }

    /// Looks one name up anew.
    pub(super) async fn look_up(
        &mut self,
        plan: &Plan,
        tx: &mut dyn Write,
        registry: &Registry,
        (attr, text): Named<'_>,
    ) -> Result<(), Error> {
        let kinds = registry.numbered(attr).map(|attribute| kinds_of(attribute.syntax)).unwrap_or_default();
        for kind in kinds {
            let Some(row) = row_of(tx, kind, &as_meant(attr, text)).await? else { continue };
            let Some(found) = tx.load_rows(&[row]).await?.pop() else { continue };
            let mut names = plan.names.lock();
            if names.len() >= KEPT {
                names.clear();
            }
            names.insert((attr, Box::from(text)), found.id());
            self.companions.add(found);
            return Ok(());
        }
        Ok(())
    }
}

async fn row_of(tx: &mut dyn Write, kind: Kind, text: &str) -> Result<Option<Row>, Error> {
    match kind {
        Kind::Organization => organization_row(&mut Transaction(tx), text).await,
        Kind::Role => role_row(&mut Transaction(tx), text).await,
        Kind::User => tx.holder(user::LOGIN, 0, &key::unique_key(text, true)).await,
        Kind::Action | Kind::Feature => by_key(&mut Transaction(tx), kind, text).await,
        other => match other.def().natural(other, text) {
            Some((attr, key)) => tx.holder(attr, 0, &key).await,
            None => Ok(None),
        },
    }
}

//! Names of organizations, cached: an answer of a user needs its organization's name, and a name needs the
//! path up to the root.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};

use moka::sync::Cache;
use uuid::Uuid;

use crate::model::kind::organization;
use crate::model::visible::OrganizationName;
use crate::model::{Error, Kind, Stored};
use crate::store::{SharedStore, Touched};

/// How many organizations' names are kept.
const CAPACITY: u64 = 100_000;

/// Names by organization id. Entries remember the epoch noted before they were read; a commit that touches an
/// organization begins a new epoch, so a name read before it is never used after it.
pub struct NameCache {
    store: SharedStore,
    names: Cache<Uuid, (u64, OrganizationName)>,
    changes: AtomicU64,
}

impl NameCache {
    /// An empty cache over `store`.
    pub fn new(store: SharedStore) -> Self {
        Self { store, names: Cache::new(CAPACITY), changes: AtomicU64::new(0) }
    }

    /// To be called after every commit.
    pub fn committed(&self, touched: Touched) {
        if touched.has(Kind::Organization) {
            self.changes.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn epoch(&self) -> Option<u64> {
        // While the store cannot say what other processes committed, nothing cached may be used.
        self.store.is_following().then(|| self.changes.load(Ordering::SeqCst))
    }

    /// The names of every organization that answers of these entities need.
    pub async fn of(&self, entities: &[Stored]) -> Result<HashMap<Uuid, OrganizationName>, Error> {
        let wanted: HashSet<Uuid> =
            entities.iter().flat_map(|entity| entity.kind().def().rules.named(entity)).collect();
        let mut names = HashMap::with_capacity(wanted.len());
        for id in wanted {
            if let Some(name) = self.name(id).await? {
                names.insert(id, name);
            }
        }
        Ok(names)
    }

    /// The names of one organization; `None` when there is none of that id.
    pub async fn name(&self, id: Uuid) -> Result<Option<OrganizationName>, Error> {
        let epoch = self.epoch();
        if let Some(epoch) = epoch
            && let Some((noted, name)) = self.names.get(&id)
            && noted == epoch
        {
            return Ok(Some(name));
        }
        let Some(found) = self.store.by_id(id).await? else { return Ok(None) };
        let name = entity_name(&self.store.ancestry(found.row()).await?);
        if let (Some(epoch), Some(name)) = (epoch, &name) {
            self.names.insert(id, (epoch, name.clone()));
        }
        Ok(name)
    }
}

impl std::fmt::Debug for NameCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NameCache").field("entries", &self.names.entry_count()).finish_non_exhaustive()
    }
}

/// The names of the last of `path`, which runs from the root down.
pub fn entity_name(path: &[Stored]) -> Option<OrganizationName> {
    let technical = |organization: &Stored| {
        organization.attributes().text(organization::TECHNICAL_NAME).unwrap_or_default().to_owned()
    };
    let last = technical(path.last()?);
    // The root's own name is not part of a path; alone it stands for itself.
    let below: Vec<String> = path.iter().skip(1).map(technical).collect();
    let entity = if below.is_empty() { last.clone() } else { below.join("/") };
    Some(OrganizationName { technical: last.into(), entity: entity.into() })
}

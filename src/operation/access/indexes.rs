//! The compiled indexes of this node: filled at the first question, used without the database, and never used for a
//! question that comes after a commit which may have changed them.
//!
//! A commit that touches what they are made of begins a new epoch. Whatever was kept before it is looked at again at
//! the next question: stamps tell which tenants it has touched, and only their indexes are made anew, whole, in the
//! place of the old ones.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::RwLock;
use uuid::Uuid;

use crate::access::{Level, Tenant};
use crate::model::kind::organization;
use crate::model::{Error, Kind, Row, Stored, key};
use crate::operation::access::fill::{Filled, fill};
use crate::operation::access::named::path_of;
use crate::operation::access::stamp::{self, Key, Stamps};
use crate::store::{SharedStore, Touched};

/// How many tenants are kept.
const CAPACITY: usize = 10_000;
/// No organization of a longer path is a tenant.
const LONGEST: usize = 8_192;
/// How often a question reads again because something was committed meanwhile.
const TRIES: usize = 4;

/// A tenant with what is said at it and above, as of one moment.
#[derive(Debug)]
pub struct View {
    /// Its path; empty for the root organization.
    pub path: Box<str>,
    /// Its index and those above; empty when neither it nor one above it is an organization.
    pub levels: Vec<Arc<Level>>,
    /// The organizations whose indexes these are.
    pub organizations: Vec<Organization>,
}

/// An organization of a view.
#[derive(Debug)]
pub struct Organization {
    /// Its id.
    pub id: Uuid,
    /// Its row.
    pub row: Row,
    /// Its path.
    pub path: Box<str>,
}

impl View {
    /// For a question.
    pub fn tenant(&self) -> Tenant<'_> {
        Tenant { path: &self.path, chain: &self.levels }
    }
}

struct Kept {
    epoch: u64,
    /// Of everything that it is made of.
    stamps: Stamps,
    is_parted: bool,
    level: Arc<Level>,
}

impl Kept {
    /// Whether nothing that it is made of has another stamp than then.
    fn is_as(&self, stamps: &Stamps) -> bool {
        !self.is_parted && self.stamps.iter().all(|(key, stamp)| stamps.get(key) == Some(stamp))
    }
}

/// Views by path, each with the epoch it is of.
type Views = HashMap<Box<str>, (u64, Arc<View>)>;

/// The indexes.
pub struct Indexes {
    store: SharedStore,
    epoch: AtomicU64,
    views: RwLock<Views>,
    levels: RwLock<HashMap<Row, Arc<Kept>>>,
    /// Held while reading, so that many questions at once after a commit read once.
    filling: tokio::sync::Mutex<()>,
    compiled: AtomicU64,
}

/// The path of the tenant that a text names in any of its forms but an id.
pub fn path(text: &str) -> std::borrow::Cow<'_, str> {
    if text == organization::ROOT_NAME { "".into() } else { path_of(text) }
}

impl Indexes {
    /// None yet, over `store`.
    pub fn new(store: SharedStore) -> Self {
        Self {
            store,
            epoch: AtomicU64::new(0),
            views: RwLock::default(),
            levels: RwLock::default(),
            filling: tokio::sync::Mutex::default(),
            compiled: AtomicU64::new(0),
        }
    }

    /// To be called after every commit.
    pub fn committed(&self, touched: Touched) {
        let kinds = [
            Kind::Organization,
            Kind::Role,
            Kind::Action,
            Kind::RoleAction,
            Kind::Feature,
            Kind::FeatureRole,
        ];
        if kinds.into_iter().any(|kind| touched.has(kind)) {
            self.epoch.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// How many indexes were made since the start.
    pub fn compiled(&self) -> u64 {
        self.compiled.load(Ordering::Relaxed)
    }

    fn epoch(&self) -> Option<u64> {
        // While the store cannot say what other processes committed, nothing kept may be used.
        self.store.is_following().then(|| self.epoch.load(Ordering::SeqCst))
    }

    /// The view of a tenant, as far as it is kept and nothing was committed since.
    pub fn kept(&self, path: &str) -> Option<Arc<View>> {
        let epoch = self.epoch()?;
        let views = self.views.read();
        let (noted, view) = views.get(path)?;
        (*noted == epoch).then(|| Arc::clone(view))
    }

    /// The view of the tenant of that path.
    pub async fn view(&self, path: &str) -> Result<Arc<View>, Error> {
        if let Some(view) = self.kept(path) {
            return Ok(view);
        }
        let _filling = self.filling.lock().await;
        if let Some(view) = self.kept(path) {
            return Ok(view);
        }
        // Before what it stands for: a commit in between makes the view look older than it is.
        let epoch = self.epoch();
        let view = Arc::new(self.read(path, epoch).await?);
        // Names of nothing are without number.
        if let Some(epoch) = epoch.filter(|_| !view.levels.is_empty()) {
            let mut views = self.views.write();
            bound(&mut views);
            views.insert(path.into(), (epoch, Arc::clone(&view)));
        }
        Ok(view)
    }

    async fn read(&self, path: &str, epoch: Option<u64>) -> Result<View, Error> {
        let organizations = self.line(path).await?;
        let line: Vec<Row> = organizations.iter().map(|(organization, _)| organization.row()).collect();
        let levels = self.line_levels(&line, epoch).await?;
        let named = |(found, path): (Stored, String)| Organization {
            id: found.id(),
            row: found.row(),
            path: path.into(),
        };
        let organizations = organizations.into_iter().map(named).collect();
        Ok(View { path: path.into(), levels, organizations })
    }

    /// The indexes of an organization and those above it, as of one moment.
    async fn line_levels(&self, line: &[Row], epoch: Option<u64>) -> Result<Vec<Arc<Level>>, Error> {
        let lines = || (0..line.len()).filter_map(|place| line.get(place..));
        let kept: Vec<Option<Arc<Kept>>> = {
            let levels = self.levels.read();
            line.iter().map(|own| levels.get(own).cloned()).collect()
        };
        let is_of = |kept: &Arc<Kept>| Some(kept.epoch) == epoch;
        if let Some(current) = kept.iter().map(|kept| kept.clone().filter(is_of)).collect::<Option<Vec<_>>>()
        {
            return Ok(current.iter().map(|kept| Arc::clone(&kept.level)).collect());
        }
        let keys: Vec<Key> = lines()
            .flat_map(stamp::of_index)
            .chain(kept.iter().flatten().flat_map(|kept| kept.stamps.keys().copied()))
            .collect();
        let store = self.store.as_ref();
        let mut before = stamp::read(store, keys.iter().copied()).await?;
        let mut tries = 0;
        loop {
            let (mut levels, mut made) = (Vec::with_capacity(line.len()), false);
            for (line, kept) in lines().zip(&kept) {
                let old = kept.as_ref().filter(|kept| kept.is_as(&before));
                made |= old.is_none();
                levels.push(match old {
                    // With the stamps of then: what it maps stays what it was when its organization has moved.
                    Some(old) => self.keep(line, epoch, old.stamps.clone(), (Arc::clone(&old.level), false)),
                    None => self.made(line, epoch, &before).await?,
                });
            }
            if !made {
                return Ok(levels);
            }
            let after = stamp::read(store, keys.iter().copied()).await?;
            tries += 1;
            // Who writes without pause at a tenant has its questions answered all the same, perhaps between two writes.
            if after == before || tries == TRIES {
                return Ok(levels);
            }
            before = after;
        }
    }

    /// The nearest organization of the path and all above it with their paths, itself first; empty when there is none.
    async fn line(&self, path: &str) -> Result<Vec<(Stored, String)>, Error> {
        let holder = |at: Row, name: &str| {
            let key = key::unique_key(name, false);
            async move { self.store.holder(organization::TECHNICAL_NAME, at, &key).await }
        };
        let Some(root) = holder(0, organization::ROOT_NAME).await? else { return Ok(Vec::new()) };
        let (mut rows, mut paths) = (vec![root], vec![String::new()]);
        let segments = path.split('/').filter(|_| !path.is_empty() && path.len() <= LONGEST);
        for (segment, depth) in segments.zip(1..) {
            let at = rows.last().copied().unwrap_or(root);
            if segment.is_empty() || segment.contains('.') {
                break;
            }
            let Some(row) = holder(at, segment).await? else { break };
            rows.push(row);
            paths.push(path.split('/').take(depth).collect::<Vec<_>>().join("/"));
        }
        if rows.len() == 1 && !path.is_empty() {
            return Ok(Vec::new());
        }
        let found = self.store.by_rows(&rows).await?;
        // One that vanished meanwhile has begun a new epoch.
        Ok(found.into_iter().zip(paths).rev().collect())
    }

    /// Makes the index of the first organization of `line`.
    async fn made(&self, line: &[Row], epoch: Option<u64>, stamps: &Stamps) -> Result<Arc<Level>, Error> {
        let Filled { level, is_parted } = fill(&self.store, line).await?;
        self.compiled.fetch_add(1, Ordering::Relaxed);
        let of = |key: Key| stamps.get(&key).map(|stamp| (key, stamp.clone()));
        let stamps = stamp::of_index(line).filter_map(of).collect();
        Ok(self.keep(line, epoch, stamps, (Arc::new(level), is_parted)))
    }

    fn keep(
        &self,
        line: &[Row],
        epoch: Option<u64>,
        stamps: Stamps,
        (level, is_parted): (Arc<Level>, bool),
    ) -> Arc<Level> {
        if let (Some(epoch), Some(own)) = (epoch, line.first()) {
            let mut levels = self.levels.write();
            bound(&mut levels);
            levels.insert(*own, Arc::new(Kept { epoch, stamps, is_parted, level: Arc::clone(&level) }));
        }
        level
    }
}

/// Makes room: who asks for very many tenants gets none of them kept for long.
fn bound<K, V>(map: &mut HashMap<K, V>) {
    if map.len() >= CAPACITY {
        map.clear();
    }
}

impl std::fmt::Debug for Indexes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Indexes").field("levels", &self.levels.read().len()).finish_non_exhaustive()
    }
}

//! Reading one entity (REQ002, REQ004, REQ005, REQ008): by id or by its natural key.

use std::collections::HashMap;

use uuid::Uuid;

use crate::model::kind::NaturalKey;
use crate::model::visible::Known;
use crate::model::{AttrId, Error, Kind, Row, Stored, Verb};
use crate::operation::access::named;
use crate::operation::engine::{Caller, Engine};
use crate::operation::resolve::{Lookup, organization_row, role_row};
use crate::operation::scope::Sight;
use crate::store::SharedStore;

/// An entity that was read, with what its answer needs beside it.
#[derive(Debug)]
pub struct Found {
    /// The entity.
    pub entity: Stored,
    /// The entities it refers to, when they were asked for.
    pub referred: HashMap<Uuid, Stored>,
    /// The names of the organizations the answer mentions, and its instant.
    pub names: Known,
}

struct Committed<'a>(&'a SharedStore);

impl Lookup for Committed<'_> {
    async fn holder(&mut self, attr: AttrId, scope: Row, key: &[u8]) -> Result<Option<Row>, Error> {
        self.0.holder(attr, scope, key).await
    }
}

/// The row of the organization with that entity name, letter case included.
pub async fn organization_by_name(store: &SharedStore, name: &str) -> Result<Option<Row>, Error> {
    organization_row(&mut Committed(store), name).await
}

/// The row of the role with that entity name, letter case included.
pub async fn role_by_name(store: &SharedStore, name: &str) -> Result<Option<Row>, Error> {
    role_row(&mut Committed(store), name).await
}

/// The entity of `kind` that a path segment addresses; error 7 when there is none that the caller sees.
pub async fn find(engine: &Engine, caller: &Caller, kind: Kind, segment: &str) -> Result<Stored, Error> {
    let entity = locate(engine, kind, segment).await?;
    if Sight::of(caller).sees(engine, &entity).await? { Ok(entity) } else { Err(Error::not_found(kind)) }
}

/// The entity of `kind` that a text names: a UUID is always the id, else it is the natural key. Error 7 when there is
/// none; whether a caller sees it is not asked here.
pub async fn locate(engine: &Engine, kind: Kind, segment: &str) -> Result<Stored, Error> {
    let store = &engine.store;
    let found = if let Ok(id) = Uuid::try_parse(segment) {
        store.by_id(id).await?
    } else if let Some(row) = row_of(store, kind, segment).await? {
        store.by_rows(&[row]).await?.pop()
    } else {
        None
    };
    found.filter(|entity| entity.kind() == kind).ok_or_else(|| Error::not_found(kind))
}

/// The row of the entity with that natural key.
async fn row_of(store: &SharedStore, kind: Kind, key: &str) -> Result<Option<Row>, Error> {
    match (kind.def().natural_key, kind.def().natural(kind, key)) {
        (NaturalKey::EntityName, _) if kind == Kind::Role => role_by_name(store, key).await,
        (NaturalKey::EntityName, _) => organization_by_name(store, key).await,
        (_, Some((attr, key))) => store.holder(attr, 0, &key).await,
        (NaturalKey::InTenant(_), _) => {
            let mut committed = Committed(store);
            Ok(named::by_key(&mut committed, kind, key).await?)
        }
        (NaturalKey::None | NaturalKey::Unique(_), None) => Ok(None),
    }
}

/// Reads one entity; `entities` also loads what it refers to.
pub async fn read(
    engine: &Engine,
    caller: &Caller,
    kind: Kind,
    segment: &str,
    entities: bool,
) -> Result<Found, Error> {
    caller.grants.require(Verb::Read, kind)?;
    let entity = find(engine, caller, kind, segment).await?;
    let mut found = with_names(engine, caller, vec![entity], entities).await?;
    let entity = found.0.pop().ok_or_else(|| Error::not_found(kind))?;
    Ok(Found { entity, referred: found.1, names: found.2 })
}

type Gathered = (Vec<Stored>, HashMap<Uuid, Stored>, Known);

/// Gathers what the answers of `entities` need beside them.
pub async fn with_names(
    engine: &Engine,
    caller: &Caller,
    entities: Vec<Stored>,
    referred: bool,
) -> Result<Gathered, Error> {
    let mut others = HashMap::new();
    if referred {
        let mut sight = Sight::of(caller);
        for entity in &entities {
            for (_, to) in entity.attributes().references() {
                if !others.contains_key(&to.id)
                    && let Some(other) = engine.store.by_id(to.id).await?
                    && sight.sees(engine, &other).await?
                {
                    others.insert(to.id, other);
                }
            }
        }
    }
    let mut names = Known::at(engine.world.now(), engine.names.of(&entities).await?);
    if referred {
        let also: Vec<Stored> = others.values().cloned().collect();
        names.extend(engine.names.of(&also).await?);
    }
    Ok((entities, others, names))
}

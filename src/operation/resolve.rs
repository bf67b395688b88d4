//! From what a client gave to attributes: references looked up by UUID or natural key, and the companions a
//! rule needs loaded and locked.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use crate::model::attribute::{AttrId, OnDelete};
use crate::model::kind::{device, organization, policy, role, user};
use crate::model::rules::Companions;
use crate::model::state::Given;
use crate::model::value::Syntax;
use crate::model::{Attributes, Error, Kind, Ref, Registry, Row, Stored, Value, key};
use crate::operation::access::named::by_key;
use crate::operation::scope;
use crate::store::Write;

/// Attributes that name an owner or parent: unknown ones are error 5 instead of 10.
fn is_owner(attr: AttrId) -> bool {
    [organization::PARENT, role::ORGANIZATION, user::HOME, policy::POLICY_GROUP, device::ORGANIZATION]
        .contains(&attr)
}

/// Puts what was given into `attributes`, looking references up; they are added to `companions`.
pub async fn apply(
    tx: &mut dyn Write,
    given: &[(AttrId, Vec<Given>)],
    attributes: &mut Attributes,
    companions: &mut Companions,
) -> Result<(), Error> {
    let registry = tx.registry();
    let found = look_up(tx, given, &registry).await?;
    for (attr, values) in given {
        let mut read = Vec::with_capacity(values.len());
        let mut seen = HashSet::new();
        for value in values {
            let value = match value {
                Given::Value(value) => value.clone(),
                Given::Reference(text) => {
                    let entity = found.get(&(*attr, text.clone()));
                    Value::Ref(referred(&registry, *attr, entity)?)
                }
            };
            if seen.insert(value.clone()) {
                read.push(value);
            }
        }
        attributes.set(*attr, read);
    }
    for entity in found.into_values() {
        companions.add(entity);
    }
    Ok(())
}

/// The reference that `attr` makes to `entity`; the error says what was expected.
pub(super) fn referred(registry: &Registry, attr: AttrId, entity: Option<&Stored>) -> Result<Ref, Error> {
    let attribute =
        registry.numbered(attr).ok_or_else(|| Error::internal("a reference of an unknown attribute"))?;
    let kinds = kinds_of(attribute.syntax);
    match entity {
        Some(entity) if kinds.contains(&entity.kind()) => Ok(entity.reference()),
        // The parent is given under the name of its parameter.
        _ if attr == organization::PARENT => {
            Err(Error::ParentNotFound { parameter: "parentOrganizationId".to_owned() })
        }
        _ if is_owner(attr) => Err(Error::ParentNotFound { parameter: attribute.name.to_string() }),
        _ => {
            let names: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
            Err(Error::reference(
                attribute.name.as_ref(),
                format!("expected an existing {}", names.join(" or ")),
            ))
        }
    }
}

/// The kinds that a reference may name.
pub(super) fn kinds_of(syntax: Syntax) -> Vec<Kind> {
    let Syntax::Reference(targets) = syntax else { return Vec::new() };
    targets.iter().map(|(kind, _): &(Kind, OnDelete)| *kind).collect()
}

type Found = HashMap<(AttrId, Box<str>), Stored>;

async fn look_up(
    tx: &mut dyn Write,
    given: &[(AttrId, Vec<Given>)],
    registry: &Registry,
) -> Result<Found, Error> {
    let mut wanted: Vec<(AttrId, Box<str>, Uuid)> = Vec::new();
    for (attr, values) in given {
        for value in values {
            let Given::Reference(text) = value else { continue };
            let kinds =
                registry.numbered(*attr).map(|attribute| kinds_of(attribute.syntax)).unwrap_or_default();
            if let Some(id) = id_of(tx, &kinds, text).await? {
                wanted.push((*attr, text.clone(), id));
            }
        }
    }
    let ids: Vec<Uuid> = wanted.iter().map(|(_, _, id)| *id).collect();
    let mut loaded = Vec::with_capacity(ids.len());
    for entity in if ids.is_empty() { Vec::new() } else { tx.companions(&ids).await? } {
        // What the client cannot see it cannot refer to either.
        if scope::sees(tx, &entity).await? {
            loaded.push(entity);
        }
    }
    let by_id: HashMap<Uuid, &Stored> = loaded.iter().map(|entity| (entity.id(), entity)).collect();
    let found = wanted
        .into_iter()
        .filter_map(|(attr, text, id)| by_id.get(&id).map(|entity| ((attr, text), (*entity).clone())));
    Ok(found.collect())
}

async fn id_of(tx: &mut dyn Write, kinds: &[Kind], text: &str) -> Result<Option<Uuid>, Error> {
    if let Ok(id) = Uuid::try_parse(text) {
        return Ok(Some(id));
    }
    for kind in kinds {
        let row = match kind {
            Kind::Organization => organization_row(&mut Transaction(tx), text).await?,
            Kind::Role => role_row(&mut Transaction(tx), text).await?,
            Kind::Action | Kind::Feature => by_key(&mut Transaction(tx), *kind, text).await?,
            other => match other.def().natural(*other, text) {
                Some((attr, key)) => tx.holder(attr, 0, &key).await?,
                None => None,
            },
        };
        if let Some(row) = row {
            return Ok(tx.load_rows(&[row]).await?.first().map(Stored::id));
        }
    }
    Ok(None)
}

/// Looks a unique key up, in a transaction or outside one.
pub trait Lookup {
    /// The row that holds the key.
    fn holder(
        &mut self,
        attr: AttrId,
        scope: Row,
        key: &[u8],
    ) -> impl Future<Output = Result<Option<Row>, Error>> + Send;
}

/// Looks keys up within a transaction.
pub(super) struct Transaction<'a>(pub(super) &'a mut dyn Write);

impl Lookup for Transaction<'_> {
    async fn holder(&mut self, attr: AttrId, scope: Row, key: &[u8]) -> Result<Option<Row>, Error> {
        self.0.holder(attr, scope, key).await
    }
}

/// The row of the organization with that entity name, letter case included.
pub async fn organization_row(
    lookup: &mut (impl Lookup + Send),
    entity_name: &str,
) -> Result<Option<Row>, Error> {
    let name = |text: &str| key::unique_key(text, false);
    let Some(root) = lookup.holder(organization::TECHNICAL_NAME, 0, &name(organization::ROOT_NAME)).await?
    else {
        return Ok(None);
    };
    if entity_name == organization::ROOT_NAME {
        return Ok(Some(root));
    }
    let mut at = root;
    for segment in entity_name.split('/') {
        match lookup.holder(organization::TECHNICAL_NAME, at, &name(segment)).await? {
            Some(row) => at = row,
            None => return Ok(None),
        }
    }
    Ok(Some(at))
}

/// The row of the role with that entity name, letter case included.
pub async fn role_row(lookup: &mut (impl Lookup + Send), entity_name: &str) -> Result<Option<Row>, Error> {
    let Some((path, name)) = entity_name.rsplit_once('/') else { return Ok(None) };
    let Some(owner) = organization_row(lookup, path).await? else { return Ok(None) };
    lookup.holder(role::NAME, owner, &key::unique_key(name, false)).await
}

/// Loads what `attributes` refer to and `companions` do not hold yet.
pub async fn load_companions(
    tx: &mut dyn Write,
    attributes: &Attributes,
    companions: &mut Companions,
) -> Result<(), Error> {
    let missing: Vec<Uuid> =
        attributes.references().map(|(_, to)| to.id).filter(|id| companions.get(*id).is_none()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    for entity in tx.companions(&missing).await? {
        companions.add(entity);
    }
    Ok(())
}

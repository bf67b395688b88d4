//! From the parameters of a search to terms: names through the registry, values read by their syntax, names of
//! organizations looked up.

use std::collections::BTreeSet;
use std::sync::Arc;

use uuid::Uuid;

use crate::model::attribute::{Index, OnDelete};
use crate::model::kind::{organization, role, user};
use crate::model::lapse::Lapse;
use crate::model::registry::Attribute;
use crate::model::term::{Term, Test};
use crate::model::value::{Syntax, parse_instant};
use crate::model::{AttrId, Error, Grants, Kind, Row, Stored, Value, Verb, key};
use crate::operation::access::named::as_meant;
use crate::operation::access::searched;
use crate::operation::engine::Engine;
use crate::operation::every;
use crate::operation::read::{self, organization_by_name, role_by_name};
use crate::store::Source;

/// One search argument as the client gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Argument {
    /// The attribute's name.
    pub name: String,
    /// The value searched for.
    pub value: String,
}

/// A condition ready to be planned.
#[derive(Debug, Clone)]
pub struct Condition {
    /// The condition as a test on an entity.
    pub term: Term,
    /// Where the entities that satisfy it stand, and how they order.
    pub found: Found,
}

/// How the entities that satisfy a condition can be reached.
#[derive(Debug, Clone)]
pub enum Found {
    /// By the condition's own keys or references.
    Source(Source),
    /// By keys, and one by one for what stands at other keys: with the key they count at, in key order.
    Merged(Source, Vec<(Vec<u8>, Row, Uuid)>),
    /// In groups with a key of their own, in key order: the users of organizations found by name.
    Groups(Vec<(Vec<u8>, Source)>),
    /// One by one, with the keys they stand at, in key order: found through entity names.
    Listed(Vec<(Vec<u8>, Row, Uuid)>),
}

/// A search argument that was understood, before anything is looked up for it.
pub type Understood<'a> = (Arc<Attribute>, &'a Argument);

/// Understands the search arguments of a listing of `kind`. Error 1 names an argument that is unknown, given
/// twice, not searchable or ill-formed.
pub async fn understood<'a>(
    engine: &Engine,
    kind: Kind,
    arguments: &'a [Argument],
) -> Result<Vec<Understood<'a>>, Error> {
    let mut seen = BTreeSet::new();
    let mut understood = Vec::with_capacity(arguments.len());
    for argument in arguments {
        let attribute = match change_bound(kind, &argument.name) {
            Some(attribute) => attribute,
            None => attribute(engine, kind, &argument.name).await?,
        };
        if !seen.insert(attribute.id) {
            return Err(Error::invalid(&argument.name, "the same attribute can be searched only once"));
        }
        check_searchable(&attribute, argument)?;
        understood.push((attribute, argument));
    }
    Ok(understood)
}

fn check_searchable(attribute: &Attribute, argument: &Argument) -> Result<(), Error> {
    match (attribute.index, attribute.syntax) {
        (Index::None, _) => Err(Error::invalid(&argument.name, "this attribute cannot be searched")),
        (Index::Building, _) => Err(still_indexed(argument)),
        (Index::Search, Syntax::Reference(_)) | (Index::Derived, _) => Ok(()),
        (Index::Search, syntax) if syntax.matches_prefix() => Ok(()),
        (Index::Search, syntax) => {
            let parsed = syntax.parse(&argument.value);
            parsed.map(drop).map_err(|expected| Error::invalid(&argument.name, expected))
        }
    }
}

/// Part of the entities have no keys yet: an answer would leave them out without saying so.
fn still_indexed(argument: &Argument) -> Error {
    Error::conflict(format!("{}: this attribute is being indexed and cannot be searched yet", argument.name))
}

/// Error 3 when a sensitive attribute is searched without the grant to see it: a search by ever longer beginnings
/// would tell its value.
pub fn check_disclosure(understood: &[Understood<'_>], grants: &Grants) -> Result<(), Error> {
    let sensitive = understood.iter().find(|(attribute, _)| attribute.sensitive);
    sensitive.map_or(Ok(()), |(attribute, _)| grants.require(Verb::Disclose, attribute.kind))
}

/// Turns understood search arguments into conditions as of the instant `now`, looking up what they refer to.
pub async fn conditions(
    engine: &Engine,
    understood: &[Understood<'_>],
    exact: bool,
    now: i64,
) -> Result<Vec<Condition>, Error> {
    let mut conditions = Vec::with_capacity(understood.len());
    conditions.extend(changed(understood));
    for (attribute, argument) in understood.iter().filter(|(attribute, _)| !is_change(attribute)) {
        conditions.push(condition(engine, attribute, argument, exact, now).await?);
    }
    Ok(conditions)
}

/// The attribute of that name; an unknown name reads the declarations again once before it is error 1.
pub async fn attribute(engine: &Engine, kind: Kind, name: &str) -> Result<Arc<Attribute>, Error> {
    if let Some(attribute) = engine.registry().named(kind, name) {
        return Ok(Arc::clone(attribute));
    }
    let registry = engine.store.reload_registry().await?;
    let known = registry.named(kind, name).cloned();
    known.ok_or_else(|| {
        Error::invalid(name, format!("no parameter or attribute of {} has this name", kind.name()))
    })
}

async fn condition(
    engine: &Engine,
    attribute: &Arc<Attribute>,
    argument: &Argument,
    exact: bool,
    now: i64,
) -> Result<Condition, Error> {
    let value = argument.value.as_str();
    match (attribute.index, attribute.syntax) {
        (Index::None, _) => Err(Error::invalid(&argument.name, "this attribute cannot be searched")),
        (Index::Building, _) => Err(still_indexed(argument)),
        (Index::Derived, _) => derived(engine, attribute, value, exact).await,
        (Index::Search, Syntax::Reference(targets)) => {
            let kinds: Vec<Kind> = targets.iter().map(|(kind, _)| *kind).collect();
            if let Some(targets) = searched::targets(engine, attribute.id, value).await? {
                return Ok(refers_to(attribute, &targets));
            }
            let target = target(engine, &kinds, &as_meant(attribute.id, value)).await?;
            // What recorded somebody who is gone, or never was an entity, holds a name or id as text.
            let holds_text = targets.iter().any(|(_, rule)| *rule == OnDelete::ToText);
            match target {
                None if holds_text => Ok(by_keys(Term::text(attribute, value, true))),
                target => Ok(refers_to(attribute, target.as_slice())),
            }
        }
        (Index::Search, syntax) if syntax.matches_prefix() => {
            Ok(by_keys(Term::text(attribute, &syntax.as_meant(value), exact)))
        }
        (Index::Search, syntax) => {
            let value = syntax.parse(value).map_err(|expected| Error::invalid(&argument.name, expected))?;
            equal(engine, attribute, value, now).await
        }
    }
}

/// The term for a typed value. A state that lapses is searched as it is answered at the instant `now`.
async fn equal(
    engine: &Engine,
    attribute: &Arc<Attribute>,
    value: Value,
    now: i64,
) -> Result<Condition, Error> {
    let lapse = attribute.kind.def().rules.lapse().filter(|lapse| lapse.state == attribute.id);
    let named = |names: &[&str]| value.as_text().is_some_and(|text| names.contains(&text));
    let test = match lapse {
        Some(lapse) if named(&[lapse.lapsed]) => {
            let until = engine.registry().numbered(lapse.until).cloned().ok_or_else(unknown)?;
            let lapsed = Term { attribute: until, test: Test::Lapsed(lapse, now) };
            if lapse.stored {
                return counting(engine, attribute, (lapse, value, now), &lapsed).await;
            }
            return Ok(by_keys(lapsed));
        }
        Some(lapse) if named(lapse.open) => Test::InState(lapse, value, now),
        _ => Test::Equal(value),
    };
    Ok(by_keys(Term { attribute: Arc::clone(attribute), test }))
}

/// Who is stored in a state together with who has lapsed into it. Those are few: the next change of each stores it.
async fn counting(
    engine: &Engine,
    attribute: &Arc<Attribute>,
    (lapse, value, now): (&'static Lapse, Value, i64),
    lapsed: &Term,
) -> Result<Condition, Error> {
    let at = value.key().unwrap_or_default();
    let late = matching(engine, lapsed).await?;
    let mut late: Vec<_> = late.iter().map(|entity| (at.clone(), entity.row(), entity.id())).collect();
    late.sort();
    let term = Term { attribute: Arc::clone(attribute), test: Test::Counts(lapse, value, now) };
    let condition = by_keys(term);
    let found = match condition.found {
        Found::Source(source) if !late.is_empty() => Found::Merged(source, late),
        found => found,
    };
    Ok(Condition { found, ..condition })
}

/// The bounds of a search by the last change, which every user has without its being an attribute: the pair stands for
/// the first instant and the first beyond.
const CHANGE: [(&str, AttrId); 2] = [user::CHANGED_FROM, user::CHANGED_TO];

fn is_change(attribute: &Attribute) -> bool {
    CHANGE.iter().any(|(_, id)| *id == attribute.id)
}

/// The attribute that a bound of a search by the last change is understood as.
fn change_bound(kind: Kind, name: &str) -> Option<Arc<Attribute>> {
    let (name, id) = CHANGE.into_iter().find(|(known, _)| kind == Kind::User && *known == name)?;
    let made = Attribute::custom(id, kind, name.to_owned(), true, false);
    Some(Arc::new(Attribute { syntax: Syntax::Instant, rank: 45, ..made }))
}

/// The one condition of both bounds.
fn changed(understood: &[Understood<'_>]) -> Option<Condition> {
    let bound = |wanted: AttrId| understood.iter().find(|(attribute, _)| attribute.id == wanted);
    let [from, to] = CHANGE.map(|(_, id)| bound(id));
    let (attribute, _) = from.or(to)?;
    let instant =
        |bound: Option<&Understood<'_>>| bound.and_then(|(_, argument)| parse_instant(&argument.value));
    let (from, to) = (instant(from).unwrap_or(i64::MIN), instant(to).unwrap_or(i64::MAX));
    let term = Term { attribute: Arc::clone(attribute), test: Test::Changed(from, to) };
    Some(Condition { term, found: Found::Source(Source::Changed { kind: attribute.kind, from, to }) })
}

fn by_keys(term: Term) -> Condition {
    let (low, high) = term.range();
    let source = Source::Keys { attr: term.attribute.id, low, high };
    Condition { term, found: Found::Source(source) }
}

fn refers_to(attribute: &Arc<Attribute>, targets: &[Stored]) -> Condition {
    let source = Source::RefersTo { attr: attribute.id, to: targets.iter().map(Stored::row).collect() };
    let test = Test::RefersTo(targets.iter().map(Stored::id).collect());
    Condition { term: Term { attribute: Arc::clone(attribute), test }, found: Found::Source(source) }
}

/// The entity a reference is searched for; none is no error, it just refers to nothing.
async fn target(engine: &Engine, kinds: &[Kind], text: &str) -> Result<Option<Stored>, Error> {
    for kind in kinds {
        match read::locate(engine, *kind, text).await {
            Ok(found) => return Ok(Some(found)),
            Err(Error::NotFound { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

async fn derived(
    engine: &Engine,
    attribute: &Arc<Attribute>,
    value: &str,
    exact: bool,
) -> Result<Condition, Error> {
    match attribute.id {
        user::HOME_NAME => by_home_name(engine, value, exact).await,
        organization::ENTITY_NAME => {
            let listed = organizations_named(engine, value, exact).await?;
            Ok(listed_condition(attribute, listed))
        }
        role::ENTITY_NAME => Ok(listed_condition(attribute, roles_named(engine, value, exact).await?)),
        _ => {
            let found = Uuid::try_parse(value).ok();
            let entity = match found {
                Some(id) => engine.store.by_id(id).await?.filter(|entity| entity.kind() == attribute.kind),
                None => None,
            };
            let listed = entity.map(|entity| (Vec::new(), entity.row(), entity.id()));
            Ok(listed_condition(attribute, listed.into_iter().collect()))
        }
    }
}

/// A condition on a derived attribute: it holds for exactly the entities listed.
fn listed_condition(attribute: &Arc<Attribute>, mut listed: Vec<(Vec<u8>, Row, Uuid)>) -> Condition {
    listed.sort();
    let test = Test::OneOf(listed.iter().map(|(_, _, id)| *id).collect());
    Condition { term: Term { attribute: Arc::clone(attribute), test }, found: Found::Listed(listed) }
}

/// Users by the technical name of their organization: the organizations found, in the order of their names.
async fn by_home_name(engine: &Engine, value: &str, exact: bool) -> Result<Condition, Error> {
    let registry = engine.registry();
    let name = registry.numbered(organization::TECHNICAL_NAME).ok_or_else(unknown)?;
    let home = registry.numbered(user::HOME).ok_or_else(unknown)?;
    let found = matching(engine, &Term::text(name, value, exact)).await?;
    let mut groups: Vec<(Vec<u8>, Source)> = Vec::new();
    for organization in &found {
        let name = organization.attributes().text(organization::TECHNICAL_NAME).unwrap_or_default();
        let at = key::text_key(name);
        match groups.last_mut() {
            Some((key, Source::RefersTo { to, .. })) if *key == at => to.push(organization.row()),
            _ => groups.push((at, Source::RefersTo { attr: user::HOME, to: vec![organization.row()] })),
        }
    }
    let test = Test::RefersTo(found.iter().map(Stored::id).collect());
    Ok(Condition { term: Term { attribute: Arc::clone(home), test }, found: Found::Groups(groups) })
}

fn unknown() -> Error {
    Error::internal("a built-in attribute is not registered")
}

/// Every entity that satisfies one term, in key order.
pub(super) async fn matching(engine: &Engine, term: &Term) -> Result<Vec<Stored>, Error> {
    let (low, high) = term.range();
    let source = Source::Keys { attr: term.attribute.id, low, high };
    let entities = every::entities(engine.store.as_ref(), &source).await?;
    Ok(entities.into_iter().filter(|entity| term.holds(entity.attributes())).collect())
}

async fn entity_name_of(engine: &Engine, id: Uuid) -> Result<String, Error> {
    Ok(engine.names.name(id).await?.map(|name| name.entity.into_string()).unwrap_or_default())
}

/// The organizations whose entity name is, or starts with, `value`.
async fn organizations_named(
    engine: &Engine,
    value: &str,
    exact: bool,
) -> Result<Vec<(Vec<u8>, Row, Uuid)>, Error> {
    let listed = |organization: &Stored, name: &str| {
        (key::fold(name).into_bytes(), organization.row(), organization.id())
    };
    if exact {
        let wanted = key::nfc(value);
        let Some(row) = organization_by_name(&engine.store, &wanted).await? else { return Ok(Vec::new()) };
        let found = engine.store.by_rows(&[row]).await?;
        return Ok(found.iter().map(|organization| listed(organization, &wanted)).collect());
    }
    let folded = key::fold(value);
    let tops = tops(engine, &folded).await?;
    let mut named = Vec::new();
    for top in tops {
        let name = entity_name_of(engine, top.id()).await?;
        if top.id() == engine.root {
            // The root's name is no part of other names: what stands below it is found by its own name.
            named.push(listed(&top, &name));
            continue;
        }
        for below in every::entities(engine.store.as_ref(), &Source::Below { ancestor: top.row() }).await? {
            let name = entity_name_of(engine, below.id()).await?;
            named.push(listed(&below, &name));
        }
        named.push(listed(&top, &name));
    }
    named.retain(|(name, _, _)| name.starts_with(folded.as_bytes()));
    Ok(named)
}

/// The organizations at the depth of the last segment of `folded` whose folded entity name starts with it.
async fn tops(engine: &Engine, folded: &str) -> Result<Vec<Stored>, Error> {
    let depth = folded.matches('/').count();
    let mut tops = Vec::new();
    let last = folded.rsplit('/').next().unwrap_or_default();
    let low = key::text_key(last);
    let source = Source::Keys { attr: organization::TECHNICAL_NAME, high: key::successor(&low), low };
    for organization in every::entities(engine.store.as_ref(), &source).await? {
        let name = entity_name_of(engine, organization.id()).await?;
        if name.matches('/').count() == depth && key::fold(&name).starts_with(folded) {
            tops.push(organization);
        }
    }
    Ok(tops)
}

/// The roles whose entity name is, or starts with, `value`.
async fn roles_named(engine: &Engine, value: &str, exact: bool) -> Result<Vec<(Vec<u8>, Row, Uuid)>, Error> {
    if exact {
        let Some(row) = role_by_name(&engine.store, &key::nfc(value)).await? else { return Ok(Vec::new()) };
        let found = engine.store.by_rows(&[row]).await?;
        return Ok(found.iter().map(|role| (key::fold(value).into_bytes(), role.row(), role.id())).collect());
    }
    let folded = key::fold(value);
    let mut owners: BTreeSet<Row> =
        organizations_named(engine, value, false).await?.into_iter().map(|(_, row, _)| row).collect();
    if let Some((path, _)) = folded.rsplit_once('/') {
        let above = organizations_named(engine, path, false).await?;
        owners
            .extend(above.into_iter().filter(|(name, _, _)| name == path.as_bytes()).map(|(_, row, _)| row));
    }
    let mut named = Vec::new();
    for owner in owners {
        for role in every::entities(
            engine.store.as_ref(),
            &Source::RefersTo { attr: role::ORGANIZATION, to: vec![owner] },
        )
        .await?
        {
            let owner = role.attributes().reference(role::ORGANIZATION);
            let path = match owner {
                Some(owner) => entity_name_of(engine, owner.id).await?,
                None => continue,
            };
            let name = format!("{path}/{}", role.attributes().text(role::NAME).unwrap_or_default());
            let at = key::fold(&name);
            if at.starts_with(&folded) {
                named.push((at.into_bytes(), role.row(), role.id()));
            }
        }
    }
    Ok(named)
}

//! Everything the database holds, as records that an import reads: one snapshot, kinds and entities in an order in
//! which each comes after what it refers to, the same for equal content on every database.
//!
//! Ids are kept; the root organization has another id in every database and stands under its name. Knows no form of
//! file: a [`Sink`] writes.

use std::borrow::Cow;
use std::collections::HashMap;

use async_trait::async_trait;
use uuid::Uuid;

use crate::model::attribute::Access;
use crate::model::kind::{assignment, organization};
use crate::model::registry::Attribute;
use crate::model::{Attributes, Error, Kind, Registry, Row, Stored, Value};
use crate::operation::import::ORDER;
use crate::store::look::{Look, View};
use crate::store::{Credential, Position, SharedStore, Source};

/// Entities read at a time.
const PAGE: usize = 1_000;

/// One value of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text<'a> {
    /// The value.
    pub text: Cow<'a, str>,
    /// The kind referred to, when it is a reference.
    pub refers: Option<Kind>,
}

/// One record.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Item<'a> {
    /// Names with their values, none empty.
    pub fields: Vec<(Cow<'a, str>, Vec<Text<'a>>)>,
}

/// A name that records of a kind can have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// The name.
    pub name: String,
    /// Whether it can have several values.
    pub many: bool,
}

/// Where records go.
pub trait Sink: Send {
    /// Records of `kind` follow, with values under these names.
    fn begin(&mut self, kind: Kind, columns: &[Column]) -> std::io::Result<()>;
    /// One record.
    fn item(&mut self, kind: Kind, item: &Item<'_>) -> std::io::Result<()>;
}

/// What is exported.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Only this kind.
    pub kind: Option<Kind>,
    /// Also hashes of passwords, and API clients among all kinds.
    pub secrets: bool,
    /// Also attributes that are shown only to those who may disclose.
    pub sensitive: bool,
    /// The root organization.
    pub root: Uuid,
}

impl Wanted {
    /// Whether entities of `kind` are wanted.
    pub fn holds(&self, kind: Kind) -> bool {
        ORDER.contains(&kind)
            && match self.kind {
                Some(only) => only == kind,
                None => kind != Kind::ApiClient || self.secrets,
            }
    }
}

/// Hands everything wanted to `sink`; returns how many records of each kind that were.
pub async fn export(
    store: &SharedStore,
    wanted: &Wanted,
    sink: &mut dyn Sink,
) -> Result<Vec<(Kind, u64)>, Error> {
    let mut exporting = Exporting { wanted, sink, counts: Vec::new() };
    store.view(&mut exporting).await?;
    Ok(exporting.counts)
}

struct Exporting<'e> {
    wanted: &'e Wanted,
    sink: &'e mut dyn Sink,
    counts: Vec<(Kind, u64)>,
}

#[async_trait]
impl View for Exporting<'_> {
    async fn view(&mut self, look: &mut dyn Look) -> Result<(), Error> {
        let wanted = self.wanted;
        for kind in ORDER.into_iter().filter(|kind| wanted.holds(*kind)) {
            let registry = look.registry();
            self.sink.begin(kind, &self.columns(kind, &registry)).map_err(unwritten)?;
            let count = match kind {
                Kind::AttributeDefinition => self.definitions(&registry)?,
                Kind::Organization => self.organizations(look, &registry).await?,
                other => self.entities(look, &registry, other).await?,
            };
            self.counts.push((kind, count));
        }
        Ok(())
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
fn unwritten(error: std::io::Error) -> Error {
    Error::unavailable(format!("writing the export: {error}"))
}

fn text(text: &str) -> Text<'static> {
    Text { text: Cow::Owned(text.to_owned()), refers: None }
}

fn has_hash(kind: Kind) -> bool {
    matches!(kind, Kind::User | Kind::ApiClient)
}

/// The stored attributes of a kind in the order of its answers.
fn stored_of(kind: Kind, registry: &Registry) -> Vec<&Attribute> {
    let def = kind.def();
    let (seed, ours) = def.attrs.split_at(def.seed_attrs.min(def.attrs.len()));
    let built_in = |def| registry.numbered(kind.attr_id(def)).map(AsRef::as_ref);
    let custom = registry.custom_of(kind).map(AsRef::as_ref);
    let all = seed.iter().filter_map(built_in).chain(custom).chain(ours.iter().filter_map(built_in));
    all.filter(|attribute: &&Attribute| attribute.access != Access::Derived).collect()
}

/// The name of an attribute in a file, where `id` is the entity's own.
fn carried_name(attribute: &Attribute) -> &str {
    let aliases = attribute.kind.def().write_aliases;
    let other = aliases.iter().find(|(_, means)| *means == &*attribute.name).map(|(alias, _)| *alias);
    if &*attribute.name == "id" { other.unwrap_or("id") } else { &attribute.name }
}

impl Exporting<'_> {
    fn is_shown(&self, attribute: &Attribute) -> bool {
        self.wanted.sensitive || !attribute.sensitive
    }

    fn columns(&self, kind: Kind, registry: &Registry) -> Vec<Column> {
        let column = |name: &str, many| Column { name: name.to_owned(), many };
        if kind == Kind::AttributeDefinition {
            return ["kind", "name", "indexed", "many"].map(|name| column(name, false)).to_vec();
        }
        let mut columns = vec![column("id", false)];
        let stored = stored_of(kind, registry).into_iter().filter(|attribute| self.is_shown(attribute));
        columns.extend(stored.map(|attribute| column(carried_name(attribute), attribute.many)));
        if kind == Kind::User {
            columns.push(column("role", true));
        }
        if self.wanted.secrets && has_hash(kind) {
            columns.push(column("pwd.hash", false));
        }
        columns
    }

    /// Custom attributes, in the order they were declared.
    fn definitions(&mut self, registry: &Registry) -> Result<u64, Error> {
        let mut custom: Vec<&Attribute> =
            Kind::ALL.into_iter().flat_map(|kind| registry.custom_of(kind)).map(AsRef::as_ref).collect();
        custom.sort_by_key(|attribute| attribute.id);
        for attribute in &custom {
            let flag = |on: bool| text(if on { "true" } else { "false" });
            let fields = vec![
                (Cow::Borrowed("kind"), vec![text(attribute.kind.name())]),
                (Cow::Borrowed("name"), vec![text(&attribute.name)]),
                (Cow::Borrowed("indexed"), vec![flag(attribute.index.has_keys())]),
                (Cow::Borrowed("many"), vec![flag(attribute.many)]),
            ];
            self.sink.item(Kind::AttributeDefinition, &Item { fields }).map_err(unwritten)?;
        }
        Ok(custom.len() as u64)
    }

    /// Organizations, level by level below the root: a moved one may be older than its parent.
    async fn organizations(&mut self, look: &mut dyn Look, registry: &Registry) -> Result<u64, Error> {
        let mut count = 0;
        let mut level = Vec::new();
        let mut at: Option<Position> = None;
        // The root is the first that was made.
        while level.is_empty() {
            let hits = look.scan(&Source::Kind(Kind::Organization), at.as_ref(), PAGE).await?;
            let Some(last) = hits.last() else { return Ok(0) };
            at = Some(last.at.clone());
            let found = look.entities(hits.iter().map(|hit| hit.row).collect()).await?;
            let parentless = |entity: &Stored| entity.attributes().first(organization::PARENT).is_none();
            level.extend(found.into_iter().filter(parentless).map(|root| root.row()));
        }
        count += self.page(look, registry, Kind::Organization, level.clone()).await?;
        while !level.is_empty() {
            let mut next = Vec::new();
            for parents in level.chunks(PAGE) {
                let source = Source::RefersTo { attr: organization::PARENT, to: parents.to_vec() };
                let mut at: Option<Position> = None;
                loop {
                    let hits = look.scan(&source, at.as_ref(), PAGE).await?;
                    let Some(last) = hits.last() else { break };
                    at = Some(last.at.clone());
                    let rows: Vec<Row> = hits.iter().map(|hit| hit.row).collect();
                    next.extend_from_slice(&rows);
                    count += self.page(look, registry, Kind::Organization, rows).await?;
                }
            }
            level = next;
        }
        Ok(count)
    }

    async fn entities(&mut self, look: &mut dyn Look, registry: &Registry, kind: Kind) -> Result<u64, Error> {
        let (mut count, mut at) = (0, None::<Position>);
        loop {
            let hits = look.scan(&Source::Kind(kind), at.as_ref(), PAGE).await?;
            let Some(last) = hits.last() else { return Ok(count) };
            at = Some(last.at.clone());
            count += self.page(look, registry, kind, hits.iter().map(|hit| hit.row).collect()).await?;
        }
    }

    async fn page(
        &mut self,
        look: &mut dyn Look,
        registry: &Registry,
        kind: Kind,
        rows: Vec<Row>,
    ) -> Result<u64, Error> {
        let hashes = if self.wanted.secrets && has_hash(kind) {
            look.credentials(rows.clone()).await?
        } else {
            HashMap::new()
        };
        let mut roles = if kind == Kind::User { roles_of(look, rows.clone()).await? } else { HashMap::new() };
        let attributes: Vec<&Attribute> =
            stored_of(kind, registry).into_iter().filter(|attribute| self.is_shown(attribute)).collect();
        let entities = look.entities(rows).await?;
        for entity in &entities {
            let roles = roles.remove(&entity.id()).unwrap_or_default();
            let item = self.item(entity, &attributes, roles, hashes.get(&entity.row()));
            self.sink.item(kind, &item).map_err(unwritten)?;
        }
        Ok(entities.len() as u64)
    }

    fn item<'i>(
        &self,
        entity: &'i Stored,
        attributes: &[&'i Attribute],
        roles: Vec<Uuid>,
        hash: Option<&'i Credential>,
    ) -> Item<'i> {
        let mut fields: Vec<(Cow<'i, str>, Vec<Text<'i>>)> = Vec::with_capacity(attributes.len() + 2);
        let is_root = entity.id() == self.wanted.root;
        if !is_root {
            fields.push((Cow::Borrowed("id"), vec![text(&entity.id().to_string())]));
        }
        for attribute in attributes {
            // Every database has its root as it must be.
            if is_root
                && attribute.access == Access::CreateOnly
                && attribute.id != organization::TECHNICAL_NAME
            {
                continue;
            }
            let values = self.values(entity.attributes(), attribute);
            if !values.is_empty() {
                fields.push((Cow::Borrowed(carried_name(attribute)), values));
            }
        }
        if !roles.is_empty() {
            let role = |id: Uuid| Text { text: Cow::Owned(id.to_string()), refers: Some(Kind::Role) };
            fields.push((Cow::Borrowed("role"), roles.into_iter().map(role).collect()));
        }
        if let Some(credential) = hash {
            let hash = Text { text: Cow::Borrowed(&*credential.phc), refers: None };
            fields.push((Cow::Borrowed("pwd.hash"), vec![hash]));
        }
        Item { fields }
    }

    fn values<'i>(&self, attributes: &'i Attributes, attribute: &Attribute) -> Vec<Text<'i>> {
        let shown = |value: &'i Value| match value.as_ref() {
            Some(to) if to.id == self.wanted.root => {
                Text { text: Cow::Borrowed(organization::ROOT_NAME), refers: Some(to.kind) }
            }
            refers => Text { text: value.shown(), refers: refers.map(|to| to.kind) },
        };
        attributes.values(attribute.id).iter().map(shown).collect()
    }
}

/// The roles of users, in the order they were assigned.
async fn roles_of(look: &mut dyn Look, users: Vec<Row>) -> Result<HashMap<Uuid, Vec<Uuid>>, Error> {
    let source = Source::RefersTo { attr: assignment::USER, to: users };
    let (mut roles, mut at): (HashMap<Uuid, Vec<Uuid>>, _) = (HashMap::new(), None::<Position>);
    loop {
        let hits = look.scan(&source, at.as_ref(), PAGE).await?;
        let Some(last) = hits.last() else { return Ok(roles) };
        at = Some(last.at.clone());
        for link in look.entities(hits.iter().map(|hit| hit.row).collect()).await? {
            let (user, role) = (assignment::USER, assignment::ROLE);
            if let (Some(user), Some(role)) =
                (link.attributes().reference(user), link.attributes().reference(role))
            {
                roles.entry(user.id).or_default().push(role.id);
            }
        }
    }
}

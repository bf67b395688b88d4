//! Writing the records of one chunk within its transaction: references, duplicates, rules, then all new entities by
//! one call. A record that depends on another of the same chunk makes what waits be written first.

use std::collections::HashSet;
use std::sync::Arc;

use uuid::Uuid;

use crate::audit::event::changes;
use crate::audit::{Action, Events};
use crate::model::attribute::OnDelete;
use crate::model::derive::derive;
use crate::model::kind::{assignment, device, mandate, organization, user};
use crate::model::rules::{Context, by_server, transfer, validate};
use crate::model::state::Given;
use crate::model::value::Syntax;
use crate::model::{AttrId, Attributes, Error, Kind, Registry, Row, Stored, Valid, Value, Verb};
use crate::operation::access::standing;
use crate::operation::create::home_of;
use crate::operation::import::cursor::{Deferred, Outcome, Refusal};
use crate::operation::import::entry::{Content, Entry};
use crate::operation::import::references::{Named, References};
use crate::operation::import::settle::text_of;
use crate::operation::import::{OnDuplicate, Plan};
use crate::operation::mandates::{fill_from_template, hold_roles};
use crate::operation::policy::imported::check_new;
use crate::operation::resolve::referred;
use crate::store::bulk::Probe;
use crate::store::{Credential, Insert, Write};

/// The most references that may wait for the end of a file.
const MOST_DEFERRED: usize = 10_000;

/// What ends a record, or the chunk.
pub(super) enum Fault {
    /// The record is refused.
    Record(Error),
    /// Nothing more can be done in this transaction.
    Chunk(Error),
}

impl Fault {
    /// What an error of a check means: a refusal, unless it is a fault of ours.
    pub(super) fn of(error: Error) -> Self {
        if error.is_ours() { Self::Chunk(error) } else { Self::Record(error) }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Chunk(error)
    }
}

/// A record with its references resolved.
pub(super) struct Draft {
    pub(super) attributes: Attributes,
    probes: Vec<Probe>,
    roles: Vec<Uuid>,
}

/// A record's draft, who holds its keys, what of it waits, and the record without that.
type Late = (Draft, Vec<Option<Row>>, Vec<Deferred>, Option<Content>);

/// A new entity that waits to be written.
struct Ready<'e> {
    content: &'e Content,
    id: Uuid,
    valid: Valid,
    home: Option<Row>,
    roles: Vec<Uuid>,
}

/// The writer of one chunk.
pub(super) struct Writer<'a> {
    pub(super) tx: &'a mut (dyn Write + 'a),
    pub(super) plan: &'a Plan,
    pub(super) events: &'a mut Events,
    pub(super) registry: Arc<Registry>,
    pub(super) kind: Kind,
    pub(super) now: i64,
    /// References that waited before this chunk.
    pub(super) waiting: usize,
    pub(super) references: References,
    pub(super) outcome: Outcome,
    pending: Vec<Ready<'a>>,
    taken: HashSet<Probe>,
    ids: HashSet<Uuid>,
}

impl Draft {
    /// The roles to assign, by id.
    pub(super) fn role_ids(&self) -> &[Uuid] {
        &self.roles
    }
}

impl<'a> Writer<'a> {
    pub(super) fn new(
        tx: &'a mut (dyn Write + 'a),
        plan: &'a Plan,
        events: &'a mut Events,
        (kind, now): (Kind, i64),
        waiting: usize,
    ) -> Self {
        let registry = tx.registry();
        Self {
            tx,
            plan,
            events,
            registry,
            kind,
            now,
            waiting,
            references: References::default(),
            outcome: Outcome::default(),
            pending: Vec::new(),
            taken: HashSet::new(),
            ids: HashSet::new(),
        }
    }

    /// Writes all records.
    pub(super) async fn write(mut self, entries: &'a [Entry]) -> Result<Outcome, Error> {
        if self.kind == Kind::Organization {
            // A move above a new place, at the same moment, would leave it with its old ancestors.
            self.tx.lock(&["tree"]).await?;
        }
        if self.kind == Kind::Role {
            // Two changes at once could each be free of a cycle and close one together.
            self.tx.lock(&["inclusion"]).await?;
        }
        self.load(entries).await?;
        let drafts: Vec<Option<Draft>> = entries
            .iter()
            .map(|entry| entry.content.as_ref().ok().and_then(|content| self.draft(content).ok()))
            .collect();
        let probes: Vec<Probe> =
            drafts.iter().flatten().flat_map(|draft| draft.probes.iter().cloned()).collect();
        let mut held = self.tx.holders(&probes).await?.into_iter();
        for (entry, draft) in entries.iter().zip(drafts) {
            let held: Vec<Option<Row>> =
                draft.as_ref().map_or(Vec::new(), |draft| held.by_ref().take(draft.probes.len()).collect());
            match self.record(entry, draft.map(|draft| (draft, held))).await {
                Ok(()) => {}
                Err(Fault::Record(error)) => self.refuse(entry.number, entry.line, &error),
                Err(Fault::Chunk(error)) => return Err(error),
            }
        }
        self.flush().await?;
        Ok(self.outcome)
    }

    pub(super) fn refuse(&mut self, record: u64, line: u64, error: &Error) {
        let action = Action::of(Verb::Create, self.kind, None);
        self.events.not_imported(action, error);
        self.outcome.refused.push(Refusal { record, line, reason: error.to_string() });
    }

    async fn load(&mut self, entries: &[Entry]) -> Result<(), Error> {
        let (mut names, mut ids): (Vec<Named<'_>>, Vec<Uuid>) = (Vec::new(), vec![self.plan.engine.root]);
        for content in entries.iter().filter_map(|entry| entry.content.as_deref().ok()) {
            ids.extend(content.id);
            for role in &content.roles {
                names.push((assignment::ROLE, role));
            }
            for (attr, values) in &content.given {
                for value in values {
                    if let Given::Reference(text) = value {
                        names.push((*attr, text));
                    }
                }
            }
        }
        self.references.load(self.plan, self.tx, &names, &ids).await
    }

    /// The record's attributes with their references; the error names the first that is not there.
    pub(super) fn draft<'c>(&self, content: &'c Content) -> Result<Draft, (Named<'c>, Error)> {
        let mut attributes = Attributes::default();
        for (attr, values) in &content.given {
            let mut read: Vec<Value> = Vec::with_capacity(values.len());
            for value in values {
                let value = match value {
                    Given::Value(value) => value.clone(),
                    Given::Reference(text) => {
                        let entity = self.references.find(self.plan, (*attr, text));
                        if entity.is_none() && content.id.is_some() && may_be_text(&self.registry, *attr) {
                            read.push(Value::text(&**text));
                            continue;
                        }
                        let to = referred(&self.registry, *attr, entity)
                            .map_err(|error| ((*attr, &**text), error))?;
                        Value::Ref(to)
                    }
                };
                if !read.contains(&value) {
                    read.push(value);
                }
            }
            attributes.set(*attr, read);
        }
        let mut roles = Vec::with_capacity(content.roles.len());
        for text in &content.roles {
            let entity = self.references.find(self.plan, (assignment::ROLE, text));
            let to = referred(&self.registry, assignment::ROLE, entity)
                .map_err(|error| ((assignment::ROLE, &**text), error))?;
            if !roles.contains(&to.id) {
                roles.push(to.id);
            }
        }
        self.own(&mut attributes);
        let probes = self.probes(&attributes);
        Ok(Draft { attributes, probes, roles })
    }

    /// Where a user or organization belongs when the record does not say: the root.
    fn own(&self, attributes: &mut Attributes) {
        let owner = match self.kind {
            Kind::User => user::HOME,
            Kind::Organization => organization::PARENT,
            _ => return,
        };
        if attributes.first(owner).is_none()
            && let Some(root) = self.references.companions.get(self.plan.engine.root)
        {
            attributes.put(owner, Value::Ref(root.reference()));
        }
    }

    /// The unique keys of an entity, with the rows of their scopes.
    pub(super) fn probes(&self, attributes: &Attributes) -> Vec<Probe> {
        let unique = derive(self.kind, attributes, &self.registry).unique;
        let probe = |unique: crate::model::derive::UniqueKey| {
            let scope = unique.scope.map_or(0, |id| self.references.companions.row(id));
            Probe { attr: unique.attr, scope, key: unique.key }
        };
        unique.into_iter().map(probe).collect()
    }

    async fn record(
        &mut self,
        entry: &'a Entry,
        known: Option<(Draft, Vec<Option<Row>>)>,
    ) -> Result<(), Fault> {
        let content: &'a Content = entry.content.as_deref().map_err(|error| Fault::Record(error.clone()))?;
        if let Some(declaration) = &content.declaration {
            return self.declare(declaration).await;
        }
        if content.is_root(self.kind) {
            return self.update(content, self.plan.engine.root, true).await;
        }
        let (draft, mut held, deferred, partly) = match known {
            Some((draft, held)) => (draft, held, Vec::new(), None),
            None => self.late(entry, content).await?,
        };
        let id = content.id.unwrap_or(content.fresh);
        if draft.probes.iter().any(|probe| self.taken.contains(probe)) || self.ids.contains(&id) {
            self.flush().await?;
            held = self.tx.holders(&draft.probes).await?;
        }
        let existing = self.existing(content, &held).await?;
        match existing {
            None => {
                self.make(content, draft).await?;
                self.outcome.deferred.extend(deferred);
                Ok(())
            }
            Some(Err(error)) => Err(Fault::Record(error)),
            Some(Ok(existing)) => match self.plan.on_duplicate {
                OnDuplicate::Skip => {
                    self.outcome.skipped += 1;
                    Ok(())
                }
                OnDuplicate::Update => {
                    self.outcome
                        .deferred
                        .extend(deferred.into_iter().map(|late| Deferred { id: existing, ..late }));
                    self.update(partly.as_ref().unwrap_or(content), existing, false).await
                }
                OnDuplicate::Error => Err(Fault::Record(self.taken_by(content, existing, &draft, &held))),
            },
        }
    }

    /// The draft of a record whose references were not all there when the chunk began: what waits is written first,
    /// and a reference to something later in the file waits for its end.
    async fn late(&mut self, entry: &Entry, content: &'a Content) -> Result<Late, Fault> {
        self.flush().await?;
        let mut partly = content.partly();
        let mut deferred = Vec::new();
        let mut tried: Option<(AttrId, String)> = None;
        let draft = loop {
            let ((attr, text), error) = match self.draft(&partly) {
                Ok(draft) => break draft,
                Err(missing) => missing,
            };
            let text = text.to_owned();
            if tried.as_ref() != Some(&(attr, text.clone())) {
                let registry = Arc::clone(&self.registry);
                match Uuid::try_parse(&text) {
                    Ok(id) => self.references.load(self.plan, self.tx, &[], &[id]).await?,
                    Err(_) => self.references.look_up(self.plan, self.tx, &registry, (attr, &text)).await?,
                }
                tried = Some((attr, text));
                continue;
            }
            let waiting = self.waiting + self.outcome.deferred.len() + deferred.len();
            if !self.may_wait(attr) || waiting >= MOST_DEFERRED {
                return Err(Fault::Record(error));
            }
            deferred.push(self.defer(entry, &mut partly, attr));
        };
        let held = self.tx.holders(&draft.probes).await?;
        Ok((draft, held, deferred, Some(partly)))
    }

    /// Whether an attribute refers to entities of its own kind and can also be set later.
    fn may_wait(&self, attr: AttrId) -> bool {
        use crate::model::attribute::Access::ReadWrite;
        self.registry.numbered(attr).is_some_and(|attribute| {
            let own = |targets: &[(Kind, _)]| targets.iter().any(|(kind, _)| *kind == attribute.kind);
            attribute.access == ReadWrite
                && !attribute.required
                && matches!(attribute.syntax, Syntax::Reference(targets) if own(targets))
        })
    }

    fn defer(&self, entry: &Entry, content: &mut Content, attr: AttrId) -> Deferred {
        let place = content.given.iter().position(|(given, _)| *given == attr);
        let values = place.map(|place| content.given.remove(place).1).unwrap_or_default();
        Deferred {
            record: entry.number,
            line: entry.line,
            kind: self.kind.name().to_owned(),
            id: content.id.unwrap_or(content.fresh),
            attr: attr.0,
            to: values.iter().map(text_of).collect(),
        }
    }

    /// The entity that a record is a duplicate of; an inner error when it cannot be one entity.
    async fn existing(
        &mut self,
        content: &Content,
        held: &[Option<Row>],
    ) -> Result<Option<Result<Uuid, Error>>, Error> {
        let taken = |parameter: &str| Error::AlreadyExists { parameter: parameter.to_owned() };
        let by_key: HashSet<Row> = held.iter().flatten().copied().collect();
        let mut by_id = None;
        if let Some(id) = content.id {
            if self.ids.contains(&id) && self.references.companions.get(id).is_none() {
                self.references.load(self.plan, self.tx, &[], &[id]).await?;
            }
            by_id = self.references.companions.get(id).map(|entity| (entity.kind(), entity.row()));
        }
        let found = match (by_id, by_key.iter().next()) {
            (None, None) => return Ok(None),
            (Some((kind, _)), _) if kind != self.kind => return Ok(Some(Err(taken("id")))),
            // A unique value that another entity has.
            (Some((_, row)), Some(other)) if by_key.len() > 1 || row != *other => {
                return Ok(Some(Err(taken(unique_name(self.kind)))));
            }
            (Some((_, row)), _) => row,
            (None, Some(row)) if content.id.is_none() && by_key.len() == 1 => *row,
            (None, Some(_)) => return Ok(Some(Err(taken(unique_name(self.kind))))),
        };
        let entity = self.tx.load_rows(&[found]).await?.pop();
        Ok(entity.map(|entity| Ok(entity.id())))
    }

    fn taken_by(&self, content: &Content, existing: Uuid, draft: &Draft, held: &[Option<Row>]) -> Error {
        let by_key =
            draft.probes.iter().zip(held).find(|(_, held)| held.is_some()).map(|(probe, _)| probe.attr);
        let name =
            by_key.and_then(|attr| self.registry.numbered(attr)).map(|attribute| attribute.name.to_string());
        let parameter = match name {
            Some(name) if content.id != Some(existing) => name,
            _ => "id".to_owned(),
        };
        Error::AlreadyExists { parameter }
    }

    async fn make(&mut self, content: &'a Content, draft: Draft) -> Result<(), Fault> {
        let Draft { mut attributes, probes, roles } = draft;
        if content.id.is_none() {
            only_with_id(self.kind, &attributes).map_err(Fault::Record)?;
        }
        if self.kind == Kind::Mandate && content.id.is_none() {
            let companions = &mut self.references.companions;
            companions.held.clear();
            fill_from_template(self.tx, &mut attributes, companions, self.now).await?;
            hold_roles(self.tx, &attributes, companions).await?;
        }
        if self.kind == Kind::Device {
            // The contracts it had elsewhere are not here.
            attributes.set(device::CONTRACTS, Vec::new());
        }
        let id = content.id.unwrap_or(content.fresh);
        let rules = Context {
            now: self.now,
            id,
            other_id: content.other,
            client: &self.plan.client,
            settings: &self.plan.engine.settings,
            with: &self.references.companions,
        };
        let valid = match content.id {
            Some(_) => transfer(self.kind, attributes, &rules),
            None => validate(self.kind, attributes, &rules),
        };
        let valid = valid.map_err(Fault::Record)?;
        let (engine, companions) = (&self.plan.engine, &self.references.companions);
        check_new(self.tx, engine, self.kind, valid.attributes(), companions).await.map_err(Fault::of)?;
        if content.id.is_none() {
            // What lived elsewhere may have been parted from its tenant by a move.
            standing::check(self.tx, self.kind, valid.attributes(), companions).await.map_err(Fault::of)?;
        }
        let home = home_of(self.kind, valid.attributes(), &self.references.companions);
        self.taken.extend(probes);
        self.ids.insert(id);
        self.pending.push(Ready { content, id, valid, home, roles });
        Ok(())
    }

    /// Writes what waits.
    async fn flush(&mut self) -> Result<(), Error> {
        let pending = std::mem::take(&mut self.pending);
        if pending.is_empty() {
            return Ok(());
        }
        let rows = &self.references.companions;
        let links: Vec<(Uuid, Valid, Option<Row>)> =
            pending.iter().flat_map(|ready| links(ready, rows)).collect();
        let now = self.now;
        let entities = pending.iter().map(|ready| Insert {
            id: ready.id,
            now,
            home: ready.home,
            valid: &ready.valid,
            rows,
        });
        let assignments =
            links.iter().map(|(id, valid, home)| Insert { id: *id, now, home: *home, valid, rows });
        let inserts: Vec<Insert<'_>> = entities.chain(assignments).collect();
        let stored = self.tx.insert(&inserts).await?;
        let mut credentials: Vec<(Row, Credential)> = Vec::new();
        for (entity, ready) in stored.iter().zip(&pending) {
            let action = Action::of(Verb::Create, self.kind, Some(entity.id()));
            self.events
                .imported(action, changes(&Attributes::default(), entity.attributes(), &self.registry));
            credentials.extend(ready.content.credential.clone().map(|credential| (entity.row(), credential)));
        }
        for link in stored.iter().skip(pending.len()) {
            let user = link.attributes().reference(assignment::USER).map(|user| user.id);
            let action = Action { target: user, ..Action::of(Verb::Create, Kind::Assignment, None) };
            self.events.imported(action, changes(&Attributes::default(), link.attributes(), &self.registry));
        }
        self.tx.set_credentials(&credentials).await?;
        self.outcome.made += pending.len() as u64;
        if matches!(self.kind, Kind::Organization | Kind::Role) {
            self.settle_in(stored, &pending).await?;
        }
        Ok(())
    }

    /// Others of the chunk may refer to these; organizations enter the tree.
    async fn settle_in(&mut self, stored: Vec<Stored>, pending: &[Ready<'_>]) -> Result<(), Error> {
        for (entity, ready) in stored.into_iter().zip(pending) {
            if self.kind == Kind::Organization {
                let parent = self.references.companions.of(entity.attributes(), organization::PARENT);
                self.tx.plant(entity.row(), parent.map(Stored::row)).await?;
                if let Some(roles) = &ready.content.class_roles {
                    roles.add(self.tx, &entity, self.events).await?;
                }
            }
            self.references.companions.add(entity);
        }
        Ok(())
    }
}

/// Whether a reference stays as text when its target is gone: who acted may have been deleted long ago.
fn may_be_text(registry: &Registry, attr: AttrId) -> bool {
    registry.numbered(attr).is_some_and(|attribute| match attribute.syntax {
        Syntax::Reference(targets) => targets.iter().any(|(_, on_delete)| *on_delete == OnDelete::ToText),
        _ => false,
    })
}

/// Error 1 for what is made by more than its attributes (an invitation with its token and mail, a step of a mandate):
/// an import takes such entities only as they were elsewhere.
fn only_with_id(kind: Kind, attributes: &Attributes) -> Result<(), Error> {
    let is_step = matches!(
        kind,
        Kind::Delegation
            | Kind::RoleInvitation
            | Kind::MandateInvitation
            | Kind::Workflow
            | Kind::Misp
            | Kind::LicenseKey
            | Kind::ApiKeyRequest
            | Kind::ApiKey
            | Kind::BiometricExtractor
            | Kind::CredentialTypeMapping
            | Kind::Certificate
    );
    if is_step || (kind == Kind::Mandate && attributes.first(mandate::MANDATEE).is_none()) {
        return Err(Error::invalid(
            "id",
            "records of this kind are taken only with the id they had elsewhere",
        ));
    }
    Ok(())
}

/// The name of a kind's first unique attribute.
fn unique_name(kind: Kind) -> &'static str {
    let unique = kind.def().unique.first().map(|unique| unique.attr);
    let def = kind.def().attrs.iter().find(|def| Some(def.number) == unique);
    def.map_or("id", |def| def.name)
}

/// The assignments of a new user.
fn links(ready: &Ready<'_>, companions: &crate::model::rules::Companions) -> Vec<(Uuid, Valid, Option<Row>)> {
    let link = |role: &Uuid| {
        let role = companions.get(*role)?;
        let mut attributes = Attributes::default();
        let user = crate::model::Ref { kind: Kind::User, id: ready.id };
        attributes.put(assignment::USER, Value::Ref(user));
        attributes.put(assignment::ROLE, Value::Ref(role.reference()));
        let id = crate::operation::assign::link_id(ready.id, role.id());
        Some((id, by_server(Kind::Assignment, attributes), role.home()))
    };
    ready.roles.iter().filter_map(link).collect()
}

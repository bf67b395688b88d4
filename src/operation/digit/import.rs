//! Masters into the database as one change: the tenant's organization, its roles, its actions, and which role may
//! call which action. All of it is written, or nothing.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use async_trait::async_trait;
use parking_lot::Mutex;
use uuid::Uuid;

use crate::audit::event::changes;
use crate::audit::{Action, Events};
use crate::model::kind::{action, organization, role, role_action};
use crate::model::rules::{Companions, Context, validate};
use crate::model::{AttrId, Attributes, Error, Kind, Ref, Row, Stored, Value, Verb, key};
use crate::operation::access::named;
use crate::operation::digit::batch::{Author, Batch, Item, Watch, value};
use crate::operation::digit::report::What;
use crate::operation::digit::{Master, Masters, Report};
use crate::operation::engine::{Caller, Engine};
use crate::operation::perform::{Change, bound, perform_kept, refuse};
use crate::operation::scope;
use crate::store::answers::Answer;
use crate::store::bulk::Probe;
use crate::store::{Insert, Touched, Unit, Write};

/// The kinds whose entities may differ afterwards.
static TOUCHED: [Kind; 4] = [Kind::Organization, Kind::Role, Kind::Action, Kind::RoleAction];

/// What is granted to whoever imports.
const CREATES: [Kind; 3] = [Kind::RoleAction, Kind::Action, Kind::Role];

/// Brings masters in.
pub struct ImportMasters {
    masters: Masters,
    author: Author,
    /// The root organization.
    root: Uuid,
    /// Ids for entities that may be new: organizations, then roles, actions and mappings.
    ids: Vec<Uuid>,
}

impl ImportMasters {
    /// What an import must be granted first, and how it is recorded.
    pub fn of() -> Action {
        Action { word: "IMPORT", ..Action::of(Verb::Create, Kind::RoleAction, None) }
    }

    /// An import of `masters` by `caller`; ids and the clock are fixed here.
    pub fn new(engine: &Engine, caller: &Caller, masters: Masters, watch: Watch) -> Self {
        let author = Author {
            grants: caller.grants.clone(),
            client: caller.scene.client.clone(),
            settings: Arc::clone(&engine.settings),
            now: engine.world.now(),
            watch,
        };
        let organizations = masters.report.tenant.names().count();
        let rows = masters.roles.len() + masters.actions.len() + masters.mappings.len();
        let ids = (0..organizations + rows).map(|_| engine.world.id()).collect();
        Self { masters, author, root: engine.root, ids }
    }

    async fn write(&self, tx: &mut (dyn Write + '_), events: &mut Events) -> Result<Report, Error> {
        // Two imports at once would take the same rows in different orders; a move of an organization above a new
        // one would leave it with its old ancestors.
        tx.lock(&["masters", "tree"]).await?;
        (self.author.watch)(0);
        let mut ids = self.ids.iter().copied();
        let mut work = Work {
            batch: Batch {
                tx,
                events,
                author: &self.author,
                companions: Companions::default(),
                report: self.masters.report.clone(),
                dealt_with: 0,
            },
            masters: &self.masters,
            path: Vec::new(),
        };
        work.tenant(self.root, &mut ids).await?;
        let roles = work.roles(&mut ids).await?;
        let actions = work.actions(&mut ids).await?;
        work.mappings(roles, actions, &mut ids).await?;
        work.numbers().await?;
        let mut report = work.batch.report;
        report.findings.sort();
        Ok(report)
    }
}

impl std::fmt::Debug for ImportMasters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ImportMasters").field("tenant", &self.masters.report.tenant).finish_non_exhaustive()
    }
}

/// An import on its way.
struct Work<'a> {
    batch: Batch<'a>,
    masters: &'a Masters,
    /// The organizations from the root down to the tenant's, itself last.
    path: Vec<Stored>,
}

type Ids<'i> = dyn Iterator<Item = Uuid> + Send + 'i;

fn next(ids: &mut Ids<'_>) -> Result<Uuid, Error> {
    ids.next().ok_or_else(|| Error::internal("an import has run out of ids"))
}

/// What the tenant was called where it cannot be had: the same words whether it exists or not.
fn no_tenant() -> Error {
    Error::ParentNotFound { parameter: "tenant".to_owned() }
}

impl Work<'_> {
    /// Finds the tenant's organization, or makes it and those above it that are missing.
    async fn tenant(&mut self, root: Uuid, ids: &mut Ids<'_>) -> Result<(), Error> {
        let root = self.batch.tx.companions(&[root]).await?.pop();
        let mut parent = root.ok_or_else(|| Error::internal("the root organization is gone"))?;
        self.path.push(parent.clone());
        let tenant = self.batch.report.tenant.clone();
        for name in tenant.names() {
            let id = next(ids)?;
            let name_key = key::unique_key(name, false);
            let row = self.batch.tx.holder(organization::TECHNICAL_NAME, parent.row(), &name_key).await?;
            let found = match row {
                Some(row) => self.batch.tx.load_rows(&[row]).await?.pop(),
                None => None,
            };
            let organization = match found {
                Some(found) => found,
                None => self.make_organization(parent, name, id).await?,
            };
            parent = organization.clone();
            self.path.push(organization);
        }
        let own = self.path.last().ok_or_else(no_tenant)?;
        if !scope::changes(self.batch.tx, own).await? {
            return Err(no_tenant());
        }
        self.batch.companions.add(own.clone());
        Ok(())
    }

    async fn make_organization(&mut self, parent: Stored, name: &str, id: Uuid) -> Result<Stored, Error> {
        if !scope::changes(self.batch.tx, &parent).await? {
            return Err(no_tenant());
        }
        let author = self.batch.author;
        author.grants.require(Verb::Create, Kind::Organization)?;
        let mut attributes = Attributes::default();
        attributes.put(organization::TECHNICAL_NAME, Value::text(name));
        attributes.put(organization::PARENT, Value::Ref(parent.reference()));
        let mut companions = Companions::default();
        let above = parent.row();
        companions.add(parent);
        let context = Context {
            now: author.now,
            id,
            other_id: id,
            client: &author.client,
            settings: &author.settings,
            with: &companions,
        };
        let valid = validate(Kind::Organization, attributes, &context)?;
        let insert = Insert { id, now: author.now, home: None, valid: &valid, rows: &companions };
        let made = self.batch.tx.insert(std::slice::from_ref(&insert)).await?.pop();
        let made = made.ok_or_else(|| Error::internal("an insert returned no entity"))?;
        self.batch.tx.plant(made.row(), Some(above)).await?;
        let action = Action::of(Verb::Create, Kind::Organization, Some(id));
        let told = changes(&Attributes::default(), made.attributes(), &self.batch.tx.registry());
        self.batch.events.succeeded(action, told);
        let names: Vec<&str> = self.path.iter().skip(1).filter_map(technical_name).chain([name]).collect();
        self.batch.report.organizations.push(names.join("/"));
        Ok(made)
    }

    fn own(&self) -> Result<Ref, Error> {
        self.path.last().map(Stored::reference).ok_or_else(no_tenant)
    }

    /// Writes the roles; returns the id of each that is there now, by code.
    async fn roles(&mut self, ids: &mut Ids<'_>) -> Result<HashMap<String, Uuid>, Error> {
        let own = self.own()?;
        let rows = &self.masters.roles;
        let mut items = Vec::with_capacity(rows.len());
        for row in rows {
            let name = value(role::NAME, Value::text(row.key.as_str()));
            let fixed = vec![name, value(role::ORGANIZATION, Value::Ref(own))];
            items.push(Item { at: row.at, id: next(ids)?, fixed, said: &row.said });
        }
        let written = self.batch.write(Master::Roles, &items).await?;
        Ok(rows.iter().zip(written).filter_map(|(row, id)| Some((row.key.clone(), id?))).collect())
    }

    /// Writes the actions; returns the id of each that is there now, by number.
    async fn actions(&mut self, ids: &mut Ids<'_>) -> Result<HashMap<i64, Uuid>, Error> {
        let own = self.own()?;
        let rows = &self.masters.actions;
        let mut items = Vec::with_capacity(rows.len());
        for row in rows {
            let fixed = vec![value(action::ID, Value::Int(row.key)), value(action::TENANT, Value::Ref(own))];
            items.push(Item { at: row.at, id: next(ids)?, fixed, said: &row.said });
        }
        let written = self.batch.write(Master::Actions, &items).await?;
        Ok(rows.iter().zip(written).filter_map(|(row, id)| Some((row.key, id?))).collect())
    }

    /// Writes the mappings whose role and action are known.
    async fn mappings(
        &mut self,
        mut roles: HashMap<String, Uuid>,
        mut actions: HashMap<i64, Uuid>,
        ids: &mut Ids<'_>,
    ) -> Result<(), Error> {
        let masters = self.masters;
        let keys = || masters.mappings.iter().map(|row| &row.key);
        let codes: BTreeSet<String> =
            keys().map(|(code, _)| code).filter(|code| !roles.contains_key(*code)).cloned().collect();
        let numbers: BTreeSet<i64> =
            keys().map(|(_, id)| *id).filter(|id| !actions.contains_key(id)).collect();
        roles.extend(self.elsewhere(role::NAME, codes, |code| Value::text(code.as_str())).await?);
        actions.extend(self.elsewhere(action::ID, numbers, |id| Value::Int(*id)).await?);
        let own = self.own()?;
        let mut items = Vec::with_capacity(masters.mappings.len());
        for row in &masters.mappings {
            let id = next(ids)?;
            let (Some(role), Some(action)) = (roles.get(&row.key.0), actions.get(&row.key.1)) else {
                self.dangling(row.at, &row.key, (&roles, &actions));
                continue;
            };
            let refers = |attr, kind, id: &Uuid| value(attr, Value::Ref(Ref { kind, id: *id }));
            let fixed = vec![
                refers(role_action::ROLE, Kind::Role, role),
                refers(role_action::ACTION, Kind::Action, action),
                value(role_action::TENANT, Value::Ref(own)),
            ];
            items.push(Item { at: row.at, id, fixed, said: &row.said });
        }
        self.batch.write(Master::RoleActions, &items).await?;
        for row in &masters.again {
            if roles.contains_key(&row.key.0) && actions.contains_key(&row.key.1) {
                self.batch.report.again(Master::RoleActions, row.at, row.first, row.differs);
            } else {
                self.dangling(row.at, &row.key, (&roles, &actions));
            }
        }
        Ok(())
    }

    /// No number of the files, also of a mapping that dangles, is given to another action by itself later.
    async fn numbers(&mut self) -> Result<(), Error> {
        let masters = self.masters;
        let of_mappings = masters.mappings.iter().map(|row| row.key.1);
        let numbers = masters.actions.iter().map(|row| row.key).chain(of_mappings);
        let (Some(highest), Some(own)) = (numbers.max(), self.path.last()) else { return Ok(()) };
        named::seen(self.batch.tx, own.row(), highest).await
    }

    /// Counts a mapping as left out, and says what it names that nobody knows.
    fn dangling(
        &mut self,
        at: (u64, u64),
        (code, number): &(String, i64),
        (roles, actions): (&HashMap<String, Uuid>, &HashMap<i64, Uuid>),
    ) {
        let report = &mut self.batch.report;
        report.tally_mut(Master::RoleActions).dangling += 1;
        if !roles.contains_key(code) {
            report.unknown_role_rows += 1;
            report.unknown_roles.insert(code.clone());
            report.find(Master::RoleActions, at, What::UnknownRole, format!("no role {code}"));
        }
        if !actions.contains_key(number) {
            report.unknown_action_rows += 1;
            report.unknown_actions.insert(*number);
            report.find(Master::RoleActions, at, What::UnknownAction, format!("no action {number}"));
        }
    }

    /// Roles or actions that mappings name and the files do not hold: those that the tenant has already, or else an
    /// organization above it, the nearest first.
    async fn elsewhere<K: Send>(
        &mut self,
        attr: AttrId,
        wanted: BTreeSet<K>,
        value: fn(&K) -> Value,
    ) -> Result<Vec<(K, Uuid)>, Error> {
        let mut found = Vec::new();
        let mut wanted: Vec<K> = wanted.into_iter().collect();
        for scope in self.path.iter().rev().map(Stored::row).collect::<Vec<Row>>() {
            if wanted.is_empty() {
                break;
            }
            let probe = |wanted: &K| Probe { attr, scope, key: value(wanted).unique_key(false) };
            let held = self.batch.tx.holders(&wanted.iter().map(probe).collect::<Vec<Probe>>()).await?;
            let rows: Vec<Row> = held.iter().flatten().copied().collect();
            let loaded = if rows.is_empty() { Vec::new() } else { self.batch.tx.load_rows(&rows).await? };
            let mut seen: HashMap<Row, Stored> = HashMap::new();
            for entity in loaded {
                // What the client cannot see it cannot refer to either.
                if scope::sees(self.batch.tx, &entity).await? {
                    seen.insert(entity.row(), entity);
                }
            }
            let mut missing = Vec::new();
            for (wanted, row) in wanted.into_iter().zip(held) {
                match row.and_then(|row| seen.remove(&row)) {
                    Some(entity) => {
                        found.push((wanted, entity.id()));
                        self.batch.companions.add(entity);
                    }
                    None => missing.push(wanted),
                }
            }
            wanted = missing;
        }
        Ok(found)
    }
}

fn technical_name(organization: &Stored) -> Option<&str> {
    organization.attributes().text(organization::TECHNICAL_NAME)
}

impl Change for ImportMasters {
    type Out = Report;

    fn action(&self) -> Action {
        Self::of()
    }

    fn touches(&self) -> &'static [Kind] {
        &TOUCHED
    }

    fn is_bulk(&self) -> bool {
        true
    }

    async fn run<'t>(
        &'t self,
        tx: &'t mut (dyn Write + 't),
        events: &'t mut Events,
    ) -> Result<Report, Error> {
        self.write(tx, events).await
    }
}

/// Imports for `caller`, or with `dry_run` does all of it and undoes it. Error 3 without `create` on roles, actions and
/// mappings; on organizations too where the tenant is missing, and `update` where something there says something else.
/// `render` makes the answer that is kept for a repetition of the request.
pub async fn import(
    engine: &Engine,
    caller: &Caller,
    change: ImportMasters,
    dry_run: bool,
    render: impl Fn(&Report) -> Option<Answer> + Send + Sync + 'static,
) -> Result<Report, Error> {
    let asked = change.action();
    let lacks = |kind: &Kind| caller.grants.require(Verb::Create, *kind).err();
    if let Some(error) = CREATES.iter().find_map(lacks) {
        return Err(refuse(engine, caller, asked, error).await);
    }
    if !dry_run {
        return perform_kept(engine, caller, change, render).await;
    }
    let bound = bound(engine, caller).await?;
    let rehearsal = Arc::new(Rehearsal { change, bound, report: Mutex::new(None) });
    let undone = engine.store.transact(Arc::clone(&rehearsal) as Arc<dyn Unit>).await;
    let report = rehearsal.report.lock().take();
    match (report, undone) {
        (Some(report), Err(_)) => Ok(Report { dry_run: true, ..report }),
        (None, Err(error)) => Err(refuse(engine, caller, asked, error).await),
        (_, Ok(())) => Err(Error::internal("a rehearsal was committed")),
    }
}

/// An import that is undone when it is done.
struct Rehearsal {
    change: ImportMasters,
    bound: Option<Row>,
    report: Mutex<Option<Report>>,
}

#[async_trait]
impl Unit for Rehearsal {
    async fn run(&self, tx: &mut dyn Write) -> Result<Touched, Error> {
        *self.report.lock() = None;
        tx.bind(self.bound);
        let report = self.change.write(tx, &mut Events::default()).await?;
        *self.report.lock() = Some(report);
        // Only an error undoes the work.
        Err(Error::conflict("a rehearsal changes nothing"))
    }

    async fn refused(&self, _tx: &mut dyn Write, _error: &Error) -> Result<(), Error> {
        Ok(())
    }

    fn is_bulk(&self) -> bool {
        true
    }
}

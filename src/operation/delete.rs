//! Deleting an entity with what goes along (MOD010 and the X operations).

use uuid::Uuid;

use crate::audit::event::changes;
use crate::audit::{Action, Events};
use crate::model::kind::{organization, role_invitation, workflow};
use crate::model::rules::{Companions, by_server};
use crate::model::{Attributes, Error, Kind, Registry, Row, Stored, Verb};
use crate::operation::access;
use crate::operation::closure::{Closure, collect};
use crate::operation::device::{self, orchestrator};
use crate::operation::engine::Engine;
use crate::operation::invitation::step::emptied;
use crate::operation::perform::Change;
use crate::operation::resolve::load_companions;
use crate::operation::scope::seen_target;
use crate::operation::update::{Precondition, target};
use crate::store::{Replace, Write};

/// Deletes one entity.
#[derive(Debug)]
pub struct Delete {
    kind: Kind,
    id: Uuid,
    recursive: bool,
    precondition: Precondition,
    now: i64,
}

impl Delete {
    /// A delete of the entity `id`; `recursive` takes everything below an organization along.
    pub fn new(engine: &Engine, kind: Kind, id: Uuid, recursive: bool, precondition: Precondition) -> Self {
        Self { kind, id, recursive, precondition, now: engine.world.now() }
    }

    async fn edit(&self, tx: &mut dyn Write, closure: &Closure, events: &mut Events) -> Result<(), Error> {
        let registry = tx.registry();
        for old in closure.edited.values() {
            let attributes = closure.without_references(old, &registry);
            let mut companions = Companions::default();
            load_companions(tx, &attributes, &mut companions).await?;
            let valid = by_server(old.kind(), attributes);
            let home = edited_home(old, &valid, &companions);
            let change = Replace { old, now: self.now, home, valid: &valid, rows: &companions };
            let new = tx.replace(&change).await?;
            let action = Action::of(Verb::Update, old.kind(), Some(old.id()));
            events.succeeded(action, changes(old.attributes(), new.attributes(), &registry));
            emptied(tx, (old, &new), self.now, events).await?;
        }
        Ok(())
    }
}

/// An invitation is owned by its role's organization; when that role goes, by the next one's, else by the one its
/// user is at home in, or by nobody. A workflow by the organization it awaits, else as an invitation.
fn edited_home(old: &Stored, valid: &crate::model::Valid, with: &Companions) -> Option<Row> {
    let of = |attr| with.of(valid.attributes(), attr);
    match old.kind() {
        Kind::RoleInvitation => {
            of(role_invitation::ROLE).or(of(role_invitation::USER)).and_then(Stored::home)
        }
        Kind::Workflow => {
            let organization = of(workflow::ORGANIZATION).map(Stored::row);
            organization.or_else(|| of(workflow::USER).and_then(Stored::home))
        }
        _ => old.home(),
    }
}

/// A record for each entity that went along, so that the trail of that entity ends with its end.
fn along(gone: &[Stored], target: Row, events: &mut Events, registry: &Registry) {
    for entity in gone.iter().filter(|entity| entity.row() != target) {
        let action = Action::of(Verb::Delete, entity.kind(), Some(entity.id()));
        events.succeeded(action, changes(entity.attributes(), &Attributes::default(), registry));
    }
}

impl Change for Delete {
    /// The ids of the entities that the answer names: the one deleted, and with it the organizations below.
    type Out = Vec<Uuid>;

    fn action(&self) -> Action {
        Action::of(Verb::Delete, self.kind, Some(self.id))
    }

    fn touches(&self) -> &'static [Kind] {
        match self.kind {
            Kind::Organization => &[
                Kind::Organization,
                Kind::Role,
                Kind::Assignment,
                Kind::Mandate,
                Kind::Delegation,
                Kind::Device,
                Kind::Contract,
            ],
            Kind::ApiClient => &[Kind::ApiClient],
            Kind::Token => &[Kind::Token],
            Kind::Device => &[Kind::Device, Kind::Contract],
            Kind::Action | Kind::RoleAction | Kind::Feature | Kind::FeatureRole => {
                access::touched_by(self.kind)
            }
            _ => &[Kind::Role, Kind::Assignment, Kind::Mandate, Kind::Delegation],
        }
    }

    fn is_bulk(&self) -> bool {
        // A role may be assigned to many thousands; an organization's roles as well.
        let many = [Kind::Role, Kind::Organization, Kind::Action, Kind::Feature, Kind::Device];
        self.recursive || many.contains(&self.kind)
    }

    async fn run<'t>(
        &'t self,
        tx: &'t mut (dyn Write + 't),
        events: &'t mut Events,
    ) -> Result<Vec<Uuid>, Error> {
        match self.kind {
            Kind::Organization => tx.lock(&[device::LOCK, "tree"]).await?,
            Kind::Device => tx.lock(&[device::LOCK]).await?,
            _ => {}
        }
        let entity = match self.kind {
            // Both ends of its mandate may end it.
            Kind::Delegation => seen_target(tx, self.kind, self.id).await?,
            _ => target(tx, self.kind, self.id).await?,
        };
        self.precondition.check(entity.version())?;
        let is_root = entity.attributes().first(organization::PARENT).is_none();
        if self.kind == Kind::Organization && is_root {
            return Err(Error::conflict("the root organization cannot be deleted"));
        }
        let row = entity.row();
        let mut differences = changes(entity.attributes(), &Attributes::default(), &tx.registry());
        let closure = collect(tx, entity, self.recursive).await?;
        orchestrator::keep(tx, &closure.gone).await?;
        for (kind, count) in closure.counts(row) {
            differences.push(format!("{}: {count} went along", kind.name()));
        }
        self.edit(tx, &closure, events).await?;
        let gone: Vec<Stored> = closure.gone.into_values().collect();
        tx.remove(&gone).await?;
        events.succeeded(self.action(), differences);
        if !self.recursive {
            along(&gone, row, events, &tx.registry());
        }
        Ok(gone.iter().filter(|entity| entity.kind() == self.kind).map(Stored::id).collect())
    }
}

//! Moving an organization with all below it under another parent (PUT `/organizations/{id}/parent`). Entity
//! names below follow, because they are derived from the tree. What users below received by delegation through
//! organizations that are above them no more ends, as it does for a user that moves.

use uuid::Uuid;

use crate::audit::event::changes;
use crate::audit::{Action, Events};
use crate::model::kind::organization::{self, PARENT};
use crate::model::rules::{Companions, by_server};
use crate::model::state::Given;
use crate::model::{Error, Kind, Stored, Verb};
use crate::operation::delegate::end_delegations_of_leavers;
use crate::operation::engine::Engine;
use crate::operation::perform::Change;
use crate::operation::resolve::{apply, load_companions};
use crate::operation::update::{Precondition, target};
use crate::store::{Replace, Write};

/// Moves one organization.
#[derive(Debug)]
pub struct MoveOrganization {
    id: Uuid,
    parent: Box<str>,
    precondition: Precondition,
    now: i64,
}

impl MoveOrganization {
    /// A move of organization `id` under `parent`, given by UUID or entity name.
    pub fn new(engine: &Engine, id: Uuid, parent: Box<str>, precondition: Precondition) -> Self {
        Self { id, parent, precondition, now: engine.world.now() }
    }
}

async fn check(tx: &mut dyn Write, moved: &Stored, parent: &Stored) -> Result<(), Error> {
    if moved.attributes().first(PARENT).is_none() {
        return Err(Error::conflict("the root organization cannot be moved"));
    }
    if tx.stands_below(parent.row(), moved.row()).await? {
        return Err(Error::Cycle { parameter: "parentOrganizationId".into() });
    }
    let below_root = parent.attributes().first(PARENT).is_none();
    if below_root && moved.attributes().text(organization::TECHNICAL_NAME) == Some(organization::ROOT_NAME) {
        return Err(Error::AlreadyExists { parameter: "technicalName".into() });
    }
    organization::check_parent(moved.attributes(), parent)
}

/// The organizations above one, upwards.
async fn ancestors(tx: &mut dyn Write, organization: &Stored) -> Result<Vec<Stored>, Error> {
    let (mut above, mut next) = (Vec::new(), organization.attributes().reference(PARENT));
    while let Some(parent) = next {
        let found = tx.companions(&[parent.id]).await?.pop();
        next = found.as_ref().and_then(|parent| parent.attributes().reference(PARENT));
        above.extend(found);
    }
    Ok(above)
}

impl Change for MoveOrganization {
    type Out = Uuid;

    fn action(&self) -> Action {
        Action { word: "MOVE", ..Action::of(Verb::Update, Kind::Organization, Some(self.id)) }
    }

    fn touches(&self) -> &'static [Kind] {
        &[Kind::Organization, Kind::Delegation]
    }

    fn is_bulk(&self) -> bool {
        true
    }

    async fn run<'t>(&'t self, tx: &'t mut (dyn Write + 't), events: &'t mut Events) -> Result<Uuid, Error> {
        // Two moves at once could each be free of a cycle and close one together.
        tx.lock(&["tree"]).await?;
        let old = target(tx, Kind::Organization, self.id).await?;
        self.precondition.check(old.version())?;
        let (mut attributes, mut companions) = (old.attributes().clone(), Companions::default());
        let given = vec![Given::Reference(self.parent.clone())];
        apply(tx, &[(PARENT, given)], &mut attributes, &mut companions).await?;
        load_companions(tx, &attributes, &mut companions).await?;
        let parent =
            companions.of(&attributes, PARENT).ok_or_else(|| Error::internal("a parent went missing"))?;
        check(tx, &old, parent).await?;
        let parent_row = parent.row();
        let valid = by_server(Kind::Organization, attributes);
        let change = Replace { old: &old, now: self.now, home: old.home(), valid: &valid, rows: &companions };
        let new = tx.replace(&change).await?;
        let above = ancestors(tx, &old).await?;
        tx.transplant(old.row(), parent_row).await?;
        events.succeeded(self.action(), changes(old.attributes(), new.attributes(), &tx.registry()));
        let mut lost = Vec::new();
        for ancestor in above {
            if !tx.stands_below(new.row(), ancestor.row()).await? {
                lost.push(ancestor);
            }
        }
        end_delegations_of_leavers(tx, &lost, events).await?;
        Ok(self.id)
    }
}

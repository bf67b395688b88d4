//! Moving a user to another home organization (PUT `/users/{id}/organization`). What is owned through the user (the
//! mandates it has given, and what hangs on them) comes to belong to the new organization too; what it received
//! through organizations that it leaves ends.

use std::collections::BTreeSet;

use uuid::Uuid;

use crate::audit::event::changes;
use crate::audit::{Action, Events};
use crate::model::kind::Scope;
use crate::model::kind::user::HOME;
use crate::model::kind::{organization, role_invitation};
use crate::model::rules::{Companions, by_server};
use crate::model::state::Given;
use crate::model::{AttrId, Error, Kind, Row, Stored, Verb};
use crate::operation::delegate::end_delegations_outside;
use crate::operation::engine::Engine;
use crate::operation::invitation::step::open_invitations;
use crate::operation::perform::Change;
use crate::operation::resolve::apply;
use crate::operation::update::{Precondition, target};
use crate::store::{Replace, Write};

/// Moves one user.
#[derive(Debug)]
pub struct MoveUser {
    id: Uuid,
    home: Box<str>,
    precondition: Precondition,
    now: i64,
}

impl MoveUser {
    /// A move of the user `id` to `home`, given by UUID or entity name.
    pub fn new(engine: &Engine, id: Uuid, home: Box<str>, precondition: Precondition) -> Self {
        Self { id, home, precondition, now: engine.world.now() }
    }

    /// The action, with what it is about.
    pub fn of(id: Option<Uuid>) -> Action {
        Action { word: "MOVE", ..Action::of(Verb::Update, Kind::User, id) }
    }
}

/// Whether `attr` is the reference that gives an entity its owning organization.
fn owns(attr: AttrId) -> bool {
    Kind::ALL.into_iter().any(|kind| match kind.def().scope {
        Scope::Ref(number) => kind.own_attr(number) == attr,
        Scope::None | Scope::Own => false,
    })
}

/// Gives everything that belongs to its organization through `user` the same new one.
async fn rehome(tx: &mut dyn Write, user: &Stored, home: Row) -> Result<(), Error> {
    let (mut frontier, mut done) = (vec![user.row()], BTreeSet::new());
    while !frontier.is_empty() {
        let referrers = tx.referrers(&frontier).await?;
        let owned: BTreeSet<Row> =
            referrers.into_iter().filter(|(_, attr, _)| owns(*attr)).map(|(from, ..)| from).collect();
        frontier = owned.into_iter().filter(|row| done.insert(*row)).collect();
        // Locked before they are written, in row order like everywhere.
        for entity in tx.load_rows(&frontier).await? {
            tx.rehome(entity.row(), home).await?;
        }
    }
    // An invitation without roles belongs where its user does.
    for invitation in open_invitations(tx, user.row()).await? {
        if invitation.attributes().values(role_invitation::ROLE).is_empty() {
            tx.rehome(invitation.row(), home).await?;
        }
    }
    Ok(())
}

impl Change for MoveUser {
    type Out = Uuid;

    fn action(&self) -> Action {
        Self::of(Some(self.id))
    }

    fn touches(&self) -> &'static [Kind] {
        &[Kind::Assignment]
    }

    async fn run<'t>(&'t self, tx: &'t mut (dyn Write + 't), events: &'t mut Events) -> Result<Uuid, Error> {
        let old = target(tx, Kind::User, self.id).await?;
        self.precondition.check(old.version())?;
        let (mut attributes, mut companions) = (old.attributes().clone(), Companions::default());
        let given = vec![Given::Reference(self.home.clone())];
        apply(tx, &[(HOME, given)], &mut attributes, &mut companions).await?;
        let home = companions.of(&attributes, HOME).ok_or_else(|| Error::internal("a home went missing"))?;
        if home.attributes().flag(organization::VIRTUAL) {
            return Err(Error::ParentVirtual { parameter: "organizationId".into() });
        }
        let home = home.row();
        if old.home() == Some(home) {
            events.succeeded(self.action(), Vec::new());
            return Ok(self.id);
        }
        let valid = by_server(Kind::User, attributes);
        let change = Replace { old: &old, now: self.now, home: Some(home), valid: &valid, rows: &companions };
        let new = tx.replace(&change).await?;
        events.succeeded(self.action(), changes(old.attributes(), new.attributes(), &tx.registry()));
        end_delegations_outside(tx, &new, home, events).await?;
        rehome(tx, &new, home).await?;
        Ok(self.id)
    }
}

//! Assigning a role to a user and taking it away (PUT, DELETE `/users/{id}/roles/{role}`); both idempotent.

use uuid::Uuid;

use crate::audit::event::changes;
use crate::audit::{Action, Events};
use crate::model::kind::assignment;
use crate::model::rules::{Companions, by_server};
use crate::model::{Attributes, Error, Kind, Stored, Value, Verb, key};
use crate::operation::engine::{Caller, Engine};
use crate::operation::mandates::take_role;
use crate::operation::perform::Change;
use crate::operation::scope::companion;
use crate::operation::update::{Precondition, target};
use crate::store::{Insert, Write};

/// Assigns or takes away one role.
#[derive(Debug)]
pub struct Assign {
    user: Uuid,
    role: Uuid,
    give: bool,
    precondition: Precondition,
    now: i64,
    by: String,
}

impl Assign {
    /// Gives the role to the user (user, role) when `give`, else takes it away; the precondition is on the user.
    pub fn new(engine: &Engine, ends: (Uuid, Uuid), give: bool, precondition: Precondition) -> Self {
        let (user, role) = ends;
        Self { user, role, give, precondition, now: engine.world.now(), by: String::new() }
    }

    /// In the name of `caller`.
    #[must_use]
    pub fn by(mut self, caller: &Caller) -> Self {
        self.by.clone_from(&caller.scene.client);
        self
    }
}

impl Change for Assign {
    type Out = ();

    fn action(&self) -> Action {
        let verb = if self.give { Verb::Create } else { Verb::Delete };
        Action { target: Some(self.user), ..Action::of(verb, Kind::Assignment, None) }
    }

    fn touches(&self) -> &'static [Kind] {
        &[Kind::Assignment, Kind::Mandate, Kind::Delegation]
    }

    async fn run<'t>(&'t self, tx: &'t mut (dyn Write + 't), events: &'t mut Events) -> Result<(), Error> {
        // The user is locked, so that a mandate being given at the same moment sees one state or the other.
        let user = target(tx, Kind::User, self.user).await?;
        self.precondition.check(user.version())?;
        // The role need only stay: users who are given the same one at once do not wait for each other.
        let role = companion(tx, Kind::Role, self.role).await?;
        let held = tx.holder(assignment::ROLE, user.row(), &link_key(&role)).await?;
        let row = match (self.give, held) {
            (true, None) => return link(tx, &user, &role, self.now, events).await,
            (false, Some(row)) => row,
            // It is so already: a success that changes nothing, recorded like any other.
            (true, Some(_)) | (false, None) => {
                events.succeeded(self.action(), Vec::new());
                return Ok(());
            }
        };
        let links = tx.load_rows(&[row]).await?;
        tx.remove(&links).await?;
        for link in &links {
            let gone = changes(link.attributes(), &Attributes::default(), &tx.registry());
            events.succeeded(self.action(), gone);
        }
        // What the user does not have any more it cannot have given either.
        take_role(tx, (&user, &role), &self.by, self.now, events).await
    }
}

/// The id of the link between a user and a role: it follows from both ends, so that two runs of one change make the
/// same link.
pub(super) fn link_id(user: Uuid, role: Uuid) -> Uuid {
    Uuid::from_u128(user.as_u128() ^ role.as_u128().rotate_left(64))
}

fn link_key(role: &Stored) -> Vec<u8> {
    key::reference_key(role.id())
}

/// Gives `role` to `user` unless it has it already. The caller has locked the user, so nobody else assigns
/// meanwhile.
pub async fn link(
    tx: &mut dyn Write,
    user: &Stored,
    role: &Stored,
    now: i64,
    events: &mut Events,
) -> Result<(), Error> {
    if tx.holder(assignment::ROLE, user.row(), &link_key(role)).await?.is_some() {
        return Ok(());
    }
    let mut attributes = Attributes::default();
    attributes.put(assignment::USER, Value::Ref(user.reference()));
    attributes.put(assignment::ROLE, Value::Ref(role.reference()));
    let mut companions = Companions::default();
    companions.add(user.clone());
    companions.add(role.clone());
    let valid = by_server(Kind::Assignment, attributes);
    let id = link_id(user.id(), role.id());
    let insert = Insert { id, now, home: role.home(), valid: &valid, rows: &companions };
    tx.insert(std::slice::from_ref(&insert)).await?;
    let action = Action { target: Some(user.id()), ..Action::of(Verb::Create, Kind::Assignment, None) };
    events.succeeded(action, changes(&Attributes::default(), valid.attributes(), &tx.registry()));
    Ok(())
}

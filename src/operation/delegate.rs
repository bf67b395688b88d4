//! Passing roles of a received mandate on to a user of the receiving organization (POST `/mandates/{id}/delegations`),
//! and ending that when the mandate ends, loses a role, or the user leaves the organization.
//!
//! Locks are taken in one order: mandate, then user and roles, then delegation.

use std::collections::HashSet;

use uuid::Uuid;

use crate::audit::event::changes;
use crate::audit::{Action, Events};
use crate::model::kind::{delegation, mandate};
use crate::model::rules::{Companions, by_server};
use crate::model::state::Given;
use crate::model::{AttrId, Attributes, Error, Kind, Row, Stored, Value, Verb, key};
use crate::operation::create::home_of;
use crate::operation::engine::{Caller, Engine};
use crate::operation::every::{self, Every};
use crate::operation::mandates::write;
use crate::operation::perform::Change;
use crate::operation::resolve::{apply, load_companions};
use crate::operation::scope;
use crate::store::{Insert, Source, Write};

/// Passes roles of one mandate on to one user.
#[derive(Debug)]
pub struct Delegate {
    mandate: Uuid,
    given: Vec<(AttrId, Vec<Given>)>,
    id: Uuid,
    now: i64,
    client: String,
}

impl Delegate {
    /// A delegation of the mandate `mandate` as given: `user`, and `role`s where not all are meant.
    pub fn new(engine: &Engine, caller: &Caller, mandate: Uuid, given: Vec<(AttrId, Vec<Given>)>) -> Self {
        let (id, now) = (engine.world.id(), engine.world.now());
        Self { mandate, given, id, now, client: caller.scene.client.clone() }
    }

    /// Puts what was given into `attributes`. Roles named by the ids that stand in the mandate are taken from it: who
    /// sees the mandate may name them, also a client that sees nothing of the mandater.
    async fn apply(
        &self,
        tx: &mut dyn Write,
        mandate: &Attributes,
        attributes: &mut Attributes,
        with: &mut Companions,
    ) -> Result<(), Error> {
        let received = |value: &Given| match value {
            Given::Reference(text) => {
                let id = Uuid::try_parse(text).ok();
                mandate.values(mandate::ROLE).iter().find(|role| role.as_ref().map(|to| to.id) == id).cloned()
            }
            Given::Value(_) => None,
        };
        let own = |attr: AttrId, value: &Given| match received(value) {
            Some(role) if attr == delegation::ROLE => Given::Value(role),
            _ => value.clone(),
        };
        let given: Vec<(AttrId, Vec<Given>)> = self
            .given
            .iter()
            .map(|(attr, values)| (*attr, values.iter().map(|value| own(*attr, value)).collect()))
            .collect();
        apply(tx, &given, attributes, with).await
    }
}

/// Error 10 unless the roles are the mandate's and the user belongs to the receiving organization; error 15 unless
/// the mandate is in force and was received by an organization.
async fn check(
    tx: &mut dyn Write,
    given: &Attributes,
    mandate: &Attributes,
    with: &Companions,
    now: i64,
) -> Result<(), Error> {
    let receiver = with.of(mandate, mandate::MANDATEE).filter(|to| to.kind() == Kind::Organization);
    let user = with.of(given, delegation::USER);
    if let (Some(receiver), Some(user)) = (receiver, user) {
        let below = match user.home() {
            Some(home) => tx.stands_below(home, receiver.row()).await?,
            None => false,
        };
        if !below || mandate.reference(mandate::MANDATER) == Some(user.reference()) {
            return Err(Error::reference(
                "user",
                "expected a user of the organization that received the mandate",
            ));
        }
    }
    let roles = mandate.values(mandate::ROLE);
    if !given.values(delegation::ROLE).iter().all(|role| roles.contains(role)) {
        return Err(Error::reference("role", "expected roles of the mandate"));
    }
    if receiver.is_none() {
        return Err(Error::conflict("only a mandate that an organization received can be delegated"));
    }
    if !mandate::state::in_force(mandate, now) {
        let state = mandate::State::at(mandate, now).name();
        return Err(Error::conflict(format!("state: the mandate is {state} and not in force now")));
    }
    Ok(())
}

impl Change for Delegate {
    type Out = Uuid;

    fn action(&self) -> Action {
        Action::of(Verb::Create, Kind::Delegation, Some(self.id))
    }

    fn touches(&self) -> &'static [Kind] {
        &[Kind::Delegation]
    }

    async fn run<'t>(&'t self, tx: &'t mut (dyn Write + 't), events: &'t mut Events) -> Result<Uuid, Error> {
        // A move, at the same moment, of the user's organization away from the receiver would not see this.
        tx.lock(&["tree"]).await?;
        // Passing on is the receiver's right, whom the mandate does not belong to.
        let mandate =
            scope::seen_target(tx, Kind::Mandate, self.mandate).await.map_err(|error| match error {
                Error::NotFound { kind } => Error::ParentNotFound { parameter: kind.to_owned() },
                other => other,
            })?;
        let (mut attributes, mut with) = (Attributes::default(), Companions::default());
        self.apply(tx, mandate.attributes(), &mut attributes, &mut with).await?;
        load_companions(tx, mandate.attributes(), &mut with).await?;
        if attributes.values(delegation::ROLE).is_empty() {
            attributes.set(delegation::ROLE, mandate.attributes().values(mandate::ROLE).to_vec());
        }
        load_companions(tx, &attributes, &mut with).await?;
        check(tx, &attributes, mandate.attributes(), &with, self.now).await?;
        attributes.put(delegation::MANDATE, Value::Ref(mandate.reference()));
        attributes.put(delegation::CREATED_BY, Value::text(self.client.as_str()));
        with.add(mandate);
        let home = home_of(Kind::Delegation, &attributes, &with);
        let valid = by_server(Kind::Delegation, attributes);
        let insert = Insert { id: self.id, now: self.now, home, valid: &valid, rows: &with };
        tx.insert(std::slice::from_ref(&insert)).await?;
        let made = changes(&Attributes::default(), valid.attributes(), &tx.registry());
        events.succeeded(self.action(), made);
        Ok(self.id)
    }
}

/// Removes delegations, with a record for each.
async fn end(tx: &mut dyn Write, delegations: &[Stored], events: &mut Events) -> Result<(), Error> {
    tx.remove(delegations).await?;
    for delegation in delegations {
        let action = Action::of(Verb::Delete, Kind::Delegation, Some(delegation.id()));
        let gone = changes(delegation.attributes(), &Attributes::default(), &tx.registry());
        events.succeeded(action, gone);
    }
    Ok(())
}

/// Ends every delegation of these mandates, which the caller has locked.
pub async fn end_all(tx: &mut dyn Write, mandates: &[Row], events: &mut Events) -> Result<(), Error> {
    let source = Source::RefersTo { attr: delegation::MANDATE, to: mandates.to_vec() };
    let mut every = Every::of(&source);
    while let Some(ended) = every.next_loaded(tx).await? {
        end(tx, &ended, events).await?;
    }
    Ok(())
}

/// Leaves the delegations of a mandate, which the caller has locked, only roles that are `left` in it; one without a
/// role ends.
pub(super) async fn narrow(
    tx: &mut dyn Write,
    mandate: Row,
    left: &HashSet<Value>,
    now: i64,
    events: &mut Events,
) -> Result<(), Error> {
    let source = Source::RefersTo { attr: delegation::MANDATE, to: vec![mandate] };
    let (mut ended, mut every) = (Vec::new(), Every::of(&source));
    while let Some(delegations) = every.next_loaded(tx).await? {
        for delegation in delegations {
            let mut attributes = delegation.attributes().clone();
            let held = attributes.values(delegation::ROLE);
            let kept: Vec<Value> = held.iter().filter(|role| left.contains(role)).cloned().collect();
            if kept.is_empty() {
                ended.push(delegation);
            } else if kept.len() < held.len() {
                attributes.set(delegation::ROLE, kept);
                write(tx, (&delegation, "UPDATE"), attributes, (now, &Companions::default()), events).await?;
            }
        }
    }
    end(tx, &ended, events).await
}

/// Ends the delegations of users that are not below the receiver of their mandate any more, for mandates that these
/// organizations received: for organizations that something was moved away from. The caller has locked the tree.
pub async fn end_delegations_of_leavers(
    tx: &mut dyn Write,
    receivers: &[Stored],
    events: &mut Events,
) -> Result<(), Error> {
    for receiver in receivers {
        let received = Source::RefersTo { attr: mandate::MANDATEE, to: vec![receiver.row()] };
        let mut mandates = Every::of(&received);
        while let Some(hits) = mandates.next(tx).await? {
            let of_mandates = Source::RefersTo { attr: delegation::MANDATE, to: every::rows(&hits) };
            let mut every = Every::of(&of_mandates);
            while let Some(delegations) = every.next_loaded(tx).await? {
                let mut left = Vec::new();
                for delegation in delegations {
                    if has_left(tx, &delegation, receiver).await? {
                        left.push(delegation);
                    }
                }
                end(tx, &left, events).await?;
            }
        }
    }
    Ok(())
}

async fn has_left(tx: &mut dyn Write, delegation: &Stored, receiver: &Stored) -> Result<bool, Error> {
    let Some(user) = delegation.attributes().reference(delegation::USER) else { return Ok(false) };
    let home = tx.companions(&[user.id]).await?.pop().and_then(|user| user.home());
    match home {
        Some(home) => tx.stands_below(home, receiver.row()).await.map(|below| !below),
        None => Ok(false),
    }
}

/// Ends the delegations that `user` received through organizations in which, or below which, `new_home` does not
/// stand: for a user that moves. The caller has locked the user.
pub async fn end_delegations_outside(
    tx: &mut dyn Write,
    user: &Stored,
    new_home: Row,
    events: &mut Events,
) -> Result<(), Error> {
    let source = Source::Linked { from: delegation::USER, to: user.row(), onto: delegation::MANDATE };
    let mandates: Vec<Uuid> = every::hits_in(tx, &source).await?.iter().map(|hit| hit.id).collect();
    let mut outside = Vec::new();
    for mandate in tx.companions(&mandates).await? {
        let mut with = Companions::default();
        load_companions(tx, mandate.attributes(), &mut with).await?;
        let receiver = with.of(mandate.attributes(), mandate::MANDATEE).map(Stored::row);
        let stays = match receiver {
            Some(receiver) => tx.stands_below(new_home, receiver).await?,
            None => false,
        };
        if !stays {
            let user = key::reference_key(user.id());
            outside.extend(tx.holder(delegation::USER, mandate.row(), &user).await?);
        }
    }
    let ended = tx.load_rows(&outside).await?;
    end(tx, &ended, events).await
}

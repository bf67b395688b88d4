//! What becomes of mandates beside the general road of create and update: filled from a template, accepted or
//! declined by who was invited, taken a step further, made smaller when their mandater loses a role.
//!
//! Whatever ends a mandate ends its delegations in the same transaction, and whatever takes a role out of it takes
//! that out of them: a delegation's roles are among its mandate's, and those among what the mandater has.

use std::collections::HashSet;

use crate::audit::event::changes;
use crate::audit::{Action, Events};
use crate::model::kind::mandate::{self, State, Step};
use crate::model::kind::{assignment, mandate_template};
use crate::model::rules::{Companions, Settings, by_server};
use crate::model::{Attributes, Error, Kind, Stored, Value, Verb};
use crate::operation::delegate;
use crate::operation::every::{self, Every};
use crate::operation::invitation::mandate::withdraw_for;
use crate::operation::resolve::load_companions;
use crate::store::{Replace, Source, Write};

const DAY: i64 = 86_400_000_000;

/// Fills what a new mandate lacks from the template it names: its roles, and its end.
pub async fn fill_from_template(
    tx: &mut dyn Write,
    attributes: &mut Attributes,
    companions: &mut Companions,
    now: i64,
) -> Result<(), Error> {
    let Some(template) = companions.of(attributes, mandate::TEMPLATE) else { return Ok(()) };
    let template = template.attributes().clone();
    if attributes.values(mandate::ROLE).is_empty() {
        attributes.set(mandate::ROLE, template.values(mandate_template::ROLE).to_vec());
        load_companions(tx, attributes, companions).await?;
    }
    let days = match template.first(mandate_template::VALIDITY) {
        Some(Value::Int(days)) if attributes.first(mandate::VALID_UNTIL).is_none() => *days,
        _ => return Ok(()),
    };
    let from = match attributes.first(mandate::VALID_FROM) {
        Some(Value::Instant(from)) => now.max(*from),
        _ => now,
    };
    attributes.put(mandate::VALID_UNTIL, Value::Instant(from.saturating_add(days.saturating_mul(DAY))));
    Ok(())
}

/// Notes the roles a mandater holds, when it is a user: those assigned to it.
pub async fn hold_roles(
    tx: &mut dyn Write,
    attributes: &Attributes,
    with: &mut Companions,
) -> Result<(), Error> {
    let Some(mandater) = with.of(attributes, mandate::MANDATER).filter(|from| from.kind() == Kind::User)
    else {
        return Ok(());
    };
    let source = Source::Linked { from: assignment::USER, to: mandater.row(), onto: assignment::ROLE };
    with.held.extend(every::hits_in(tx, &source).await?.iter().map(|hit| hit.id));
    Ok(())
}

/// Takes a step in the attributes of a mandate; error 15 where its state does not let it.
pub fn advance(mandate: &mut Attributes, step: Step, by: &str, now: i64) -> Result<(), Error> {
    let next = State::at(mandate, now).after(step)?;
    mandate.put(mandate::STATE, Value::text(next.name()));
    match step {
        Step::Approve | Step::Reject => mandate.put(mandate::DECIDED_BY, Value::text(by)),
        Step::Revoke => mandate.put(mandate::REVOKED_BY, Value::text(by)),
        Step::Accept { .. } | Step::Decline => {}
    }
    Ok(())
}

/// Lets `mandatee` accept an Invited mandate as its receiver: it becomes Pending where receivers must approve, else
/// Active. Both must be loaded in this transaction. Error 15 unless it is Invited, 10 when it would be one's own.
pub async fn accept_mandate(
    tx: &mut dyn Write,
    (mandate, mandatee): (&Stored, &Stored),
    now: i64,
    settings: &Settings,
    events: &mut Events,
) -> Result<Stored, Error> {
    let mut attributes = mandate.attributes().clone();
    if attributes.reference(mandate::MANDATER) == Some(mandatee.reference()) {
        return Err(Error::reference("mandatee", "expected somebody else than the mandater"));
    }
    advance(&mut attributes, Step::Accept { approval: settings.mandate_approval }, "", now)?;
    attributes.put(mandate::MANDATEE, Value::Ref(mandatee.reference()));
    mandate::set_type(&mut attributes);
    let mut rows = Companions::default();
    rows.add(mandatee.clone());
    write(tx, (mandate, "ACCEPT"), attributes, (now, &rows), events).await
}

/// Lets whoever was invited decline an Invited mandate: it becomes Rejected. Error 15 unless it is Invited.
pub async fn decline_mandate(
    tx: &mut dyn Write,
    mandate: &Stored,
    now: i64,
    events: &mut Events,
) -> Result<Stored, Error> {
    let mut attributes = mandate.attributes().clone();
    advance(&mut attributes, Step::Decline, "", now)?;
    write(tx, (mandate, "DECLINE"), attributes, (now, &Companions::default()), events).await
}

/// Writes a mandate or delegation that the server changed, and records it under `word`.
pub(super) async fn write(
    tx: &mut dyn Write,
    (old, word): (&Stored, &'static str),
    attributes: Attributes,
    (now, rows): (i64, &Companions),
    events: &mut Events,
) -> Result<Stored, Error> {
    let valid = by_server(old.kind(), attributes);
    let new = tx.replace(&Replace { old, now, home: old.home(), valid: &valid, rows }).await?;
    let action = Action { word, ..Action::of(Verb::Update, old.kind(), Some(old.id())) };
    events.succeeded(action, changes(old.attributes(), new.attributes(), &tx.registry()));
    Ok(new)
}

/// Takes a role that `user` loses out of the mandates it gave and of their delegations; a mandate that would be left
/// without a role is revoked by `by`. The caller has locked the user, so that no mandate is given meanwhile. Mandates
/// that have ended keep their roles, as a record.
pub async fn take_role(
    tx: &mut dyn Write,
    (user, role): (&Stored, &Stored),
    by: &str,
    now: i64,
    events: &mut Events,
) -> Result<(), Error> {
    let source = Source::RefersTo { attr: mandate::MANDATER, to: vec![user.row()] };
    let mut every = Every::of(&source);
    while let Some(given) = every.next_loaded(tx).await? {
        for mandate in given {
            if State::at(mandate.attributes(), now).is_open() {
                take_out(tx, (&mandate, role), by, now, events).await?;
            }
        }
    }
    Ok(())
}

async fn take_out(
    tx: &mut dyn Write,
    (mandate, role): (&Stored, &Stored),
    by: &str,
    now: i64,
    events: &mut Events,
) -> Result<(), Error> {
    let mut attributes = mandate.attributes().clone();
    let given = attributes.values(mandate::ROLE);
    let kept: Vec<Value> =
        given.iter().filter(|value| **value != Value::Ref(role.reference())).cloned().collect();
    if kept.len() == given.len() {
        return Ok(());
    }
    let none = Companions::default();
    if kept.is_empty() {
        advance(&mut attributes, Step::Revoke, by, now)?;
        write(tx, (mandate, "REVOKE"), attributes, (now, &none), events).await?;
        delegate::end_all(tx, &[mandate.row()], events).await?;
        return withdraw_for(tx, mandate.row(), now, events).await;
    }
    let left: HashSet<Value> = kept.iter().cloned().collect();
    attributes.set(mandate::ROLE, kept);
    write(tx, (mandate, "UPDATE"), attributes, (now, &none), events).await?;
    delegate::narrow(tx, mandate.row(), &left, now, events).await
}

//! Users of the JSON interface: users of the orchestrator's organization that hold its role. Their password is the
//! user's password.

use uuid::Uuid;

use crate::model::kind::{assignment, user};
use crate::model::password::Password;
use crate::model::state::{Draft, Given};
use crate::model::{Error, Kind, Stored, Value, key};
use crate::operation::assign::link_id;
use crate::operation::create::Create;
use crate::operation::device::orchestrator::Orchestrator;
use crate::operation::engine::{Caller, Engine};
use crate::operation::every::entities;
use crate::store::{Credential, Source};

/// The creation of a user of the interface by `caller`: at home in the orchestrator's organization, with its role.
pub fn creation(
    engine: &Engine,
    caller: &Caller,
    (orchestrator, role): (&Orchestrator, Uuid),
    login: &str,
    (password, credential): (Password, Credential),
) -> Create {
    Create::new(engine, caller, draft_of(orchestrator, login))
        .with_credential(Some(credential))
        .judging(Some(password))
        .assigning(vec![role.to_string().into()])
}

fn draft_of(orchestrator: &Orchestrator, login: &str) -> Draft {
    let home = orchestrator.organization.to_string();
    let given = vec![
        (user::LOGIN, vec![Given::Value(Value::text(login))]),
        (user::HOME, vec![Given::Reference(home.into())]),
        (user::PASSWORD_ACTIVE, vec![Given::Value(Value::Bool(true))]),
    ];
    Draft { kind: Kind::User, given }
}

/// Whether somebody is a user at home in the orchestrator's organization.
pub(super) fn is_at_home(orchestrator: &Orchestrator, entity: &Stored) -> bool {
    let home = entity.attributes().reference(user::HOME).map(|to| to.id);
    entity.kind() == Kind::User && home == Some(orchestrator.organization)
}

/// Whether somebody is a user of the interface; nobody is while the role is not there.
pub async fn is_user(engine: &Engine, orchestrator: &Orchestrator, entity: &Stored) -> Result<bool, Error> {
    if !is_at_home(orchestrator, entity) {
        return Ok(false);
    }
    let Some(role) = orchestrator.role(engine).await? else { return Ok(false) };
    let link = engine.store.by_id(link_id(entity.id(), role.id())).await?;
    Ok(link.is_some_and(|link| link.kind() == Kind::Assignment))
}

/// The user of the interface with that login, whatever its letter case.
pub async fn by_login(
    engine: &Engine,
    orchestrator: &Orchestrator,
    login: &str,
) -> Result<Option<Stored>, Error> {
    let held = engine.store.holder(user::LOGIN, 0, &key::unique_key(login, true)).await?;
    let Some(row) = held else { return Ok(None) };
    let Some(found) = engine.store.by_rows(&[row]).await?.pop() else { return Ok(None) };
    Ok(if is_user(engine, orchestrator, &found).await? { Some(found) } else { None })
}

/// The user of the interface that an id or login names.
pub async fn named(
    engine: &Engine,
    orchestrator: &Orchestrator,
    name: &str,
) -> Result<Option<Stored>, Error> {
    let Ok(id) = Uuid::try_parse(name) else { return by_login(engine, orchestrator, name).await };
    let Some(found) = engine.store.by_id(id).await? else { return Ok(None) };
    Ok(if is_user(engine, orchestrator, &found).await? { Some(found) } else { None })
}

/// Every user of the interface.
pub async fn all(engine: &Engine, orchestrator: &Orchestrator) -> Result<Vec<Stored>, Error> {
    let Some(role) = orchestrator.role(engine).await? else { return Ok(Vec::new()) };
    let source = Source::RefersTo { attr: assignment::ROLE, to: vec![role.row()] };
    let mut users = Vec::new();
    for link in entities(engine.store.as_ref(), &source).await? {
        let Some(to) = link.attributes().reference(assignment::USER) else { continue };
        if let Some(found) = engine.store.by_id(to.id).await?
            && is_at_home(orchestrator, &found)
        {
            users.push(found);
        }
    }
    Ok(users)
}

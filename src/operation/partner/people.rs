//! A partner's own people: users that hold the role `Partner` of a partner's organization. They sign in with their own
//! password, see that organization and nothing else, and may do there what a partner does for itself.
//!
//! Nothing of this is remembered: it is asked of the store each time, so that a role that was taken away, a password
//! that was changed or a partner that was rejected counts from the next request on, on every node.

use uuid::Uuid;

use crate::model::kind::partner::{self, Standing};
use crate::model::kind::user::{self, Status};
use crate::model::kind::{assignment, role};
use crate::model::{Error, Grants, Row, Stored, key};
use crate::operation::engine::Engine;
use crate::operation::partner::account::ROLE;
use crate::store::Source;

/// The most roles of a user, and partners of an organization, that are looked at.
const MOST: usize = 200;
/// What they may see, whatever has become of the partner.
const SEES: [&str; 7] = [
    "read:partner",
    "read:contact",
    "read:apikeyrequest",
    "read:apikey",
    "read:certificate",
    "read:biometricextractor",
    "read:credentialtypemapping",
];
/// What they may do while the partner is neither rejected nor de-activated.
const DOES: [&str; 6] = [
    "update:partner",
    "create:contact",
    "create:apikeyrequest",
    "create:certificate",
    "create:biometricextractor",
    "create:credentialtypemapping",
];

/// A user who may act for a partner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The user's row.
    pub row: Row,
    /// The user.
    pub id: Uuid,
    /// Its login.
    pub login: String,
    /// The organization it is bounded to.
    pub within: Uuid,
    /// What it may do there.
    pub grants: Grants,
    /// Whether its status and its password let it sign in.
    pub is_enabled: bool,
}

/// The partner's person of that login, whatever its letter case.
pub async fn with_login(engine: &Engine, login: &str) -> Result<Option<Person>, Error> {
    let store = &engine.store;
    let Some(row) = store.holder(user::LOGIN, 0, &key::unique_key(login, true)).await? else {
        return Ok(None);
    };
    match store.by_rows(&[row]).await?.pop() {
        Some(user) => person(engine, &user).await,
        None => Ok(None),
    }
}

/// The partner's person of that id.
pub async fn of_id(engine: &Engine, id: Uuid) -> Result<Option<Person>, Error> {
    match engine.store.by_id(id).await? {
        Some(user) => person(engine, &user).await,
        None => Ok(None),
    }
}

async fn person(engine: &Engine, user: &Stored) -> Result<Option<Person>, Error> {
    let Some((within, standing)) = place(engine, user).await? else { return Ok(None) };
    let does = match standing {
        Standing::InProgress | Standing::Active => &DOES[..],
        Standing::Inactive | Standing::Rejected => &[],
    };
    let status = Status::at(user.attributes(), engine.world.now());
    Ok(Some(Person {
        row: user.row(),
        id: user.id(),
        login: user.attributes().text(user::LOGIN).unwrap_or_default().to_owned(),
        within,
        grants: Grants::parse(SEES.into_iter().chain(does.iter().copied()))?,
        is_enabled: status == Status::Enabled && user.attributes().flag(user::PASSWORD_ACTIVE),
    }))
}

/// The organization whose role `Partner` the user holds, and how its partner stands: at home before elsewhere.
async fn place(engine: &Engine, user: &Stored) -> Result<Option<(Uuid, Standing)>, Error> {
    let store = &engine.store;
    let held = Source::Linked { from: assignment::USER, to: user.row(), onto: assignment::ROLE };
    let rows: Vec<Row> = store.scan(&held, None, MOST).await?.iter().map(|hit| hit.row).collect();
    let mut organizations: Vec<(Uuid, Option<Row>)> = Vec::new();
    for held in store.by_rows(&rows).await? {
        if held.attributes().text(role::NAME) == Some(ROLE)
            && let Some(to) = held.attributes().reference(role::ORGANIZATION)
        {
            organizations.push((to.id, held.home()));
        }
    }
    let home = user.attributes().reference(user::HOME).map(|to| to.id);
    organizations.sort_by_key(|(id, _)| Some(*id) != home);
    for (id, row) in organizations {
        let Some(row) = row else { continue };
        let source = Source::RefersTo { attr: partner::ORGANIZATION, to: vec![row] };
        let hits: Vec<Row> = store.scan(&source, None, 1).await?.iter().map(|hit| hit.row).collect();
        if let Some(partner) = store.by_rows(&hits).await?.pop() {
            return Ok(Some((id, Standing::of(partner.attributes()))));
        }
    }
    Ok(None)
}

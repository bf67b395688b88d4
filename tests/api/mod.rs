//! What a client observes, against a real server over both databases; the files mirror the addresses. Here are
//! only short ways to make entities; every one of them goes through the interface.

use std::sync::Arc;

use uuid::Uuid;
use valtuus::model::kind::user::STATUS;
use valtuus::model::rules::Companions;
use valtuus::model::{AttrId, Kind, Stored, Valid, Value};
use valtuus::store::{Insert, SharedStore};
use valtuus::world::{Real, World};

use crate::kit::{Bed, Caller};
use crate::store::kit::{change, now, user_pairs, valid};

mod apiclients;
mod attributes;
mod audit_sequence;
mod auditevents;
mod custom;
mod delegations;
mod deletes;
mod documents;
mod effective_roles;
mod etags;
mod examples;
mod grants;
mod idempotency;
mod inclusion;
mod json;
mod json_bodies;
mod jwks_https;
mod jwt;
mod mandate_bounds;
mod mandate_states;
mod mandate_templates;
mod mandate_windows;
mod mandates;
mod methods;
mod move_organization;
mod organization_search;
mod organizations;
mod outbox;
mod paging;
mod public;
mod roleinvitations;
mod roles;
mod round_trips;
mod search;
mod tokens;
mod user_lists;
mod users;
mod version_2_1;

/// Makes an entity and returns its id; `address` is the collection with its query.
#[track_caller]
pub fn must_be_id(text: &str) -> String {
    assert!(Uuid::try_parse(text).is_ok(), "{text} is no UUID");
    text.to_owned()
}

/// Posts and returns the id answered.
pub async fn make(caller: &Caller<'_>, address: &str) -> String {
    must_be_id(&caller.post(address).await.ok().id())
}

/// An organization below the root.
pub async fn organization(caller: &Caller<'_>, technical_name: &str) -> String {
    make(caller, &format!("organizations/?technicalName={technical_name}")).await
}

/// A virtual organization below the root.
pub async fn virtual_organization(caller: &Caller<'_>, technical_name: &str) -> String {
    make(caller, &format!("organizations/?technicalName={technical_name}&virtual=true")).await
}

/// An organization below another one.
pub async fn below(caller: &Caller<'_>, parent: &str, technical_name: &str) -> String {
    let address = format!("organizations/?technicalName={technical_name}&parentOrganizationId={parent}");
    make(caller, &address).await
}

/// A user of the root organization.
pub async fn user(caller: &Caller<'_>, login: &str) -> String {
    make(caller, &format!("users/?login={login}")).await
}

/// A user of an organization.
pub async fn user_of(caller: &Caller<'_>, organization: &str, login: &str) -> String {
    make(caller, &format!("organizations/{organization}/users?login={login}")).await
}

/// A role of an organization.
pub async fn role(caller: &Caller<'_>, organization: &str, name: &str) -> String {
    make(caller, &format!("roles/?name={name}&organization={organization}")).await
}

/// A mandate.
pub async fn mandate(caller: &Caller<'_>, from: &str, to: &str, role: &str) -> String {
    make(caller, &format!("mandates/?mandater={from}&mandatee={to}&role={role}")).await
}

/// An invitation of a user to a role.
pub async fn invitation(caller: &Caller<'_>, user: &str, role: &str) -> String {
    make(caller, &format!("roleinvitations/?user={user}&role={role}")).await
}

/// Passes a role of a mandate on to a user of the organization that received it.
pub async fn delegation(caller: &Caller<'_>, mandate: &str, user: &str, role: &str) -> String {
    make(caller, &format!("mandates/{mandate}/delegations?user={user}&role={role}")).await
}

/// Makes `count` enabled users with logins `user00000` and so on, in that order, straight through the store; at
/// home in an organization where one is given.
pub async fn many_users(bed: &Bed, count: usize, home: Option<&Stored>) -> Vec<Stored> {
    let store = &bed.server.service().engine.store;
    let mut made = Vec::with_capacity(count);
    for first in (0..count).step_by(1_000) {
        let pairs = (first..count.min(first + 1_000)).map(|number| {
            let mut pairs = user_pairs(&format!("user{number:05}"), home);
            pairs.push((STATUS, Value::text("Enabled")));
            pairs
        });
        made.extend(many(store, Kind::User, pairs.collect(), home.cloned().into_iter().collect()).await);
    }
    made
}

type Pairs = Vec<(AttrId, Value)>;

/// Writes entities of one kind in one transaction; `known` are those that they refer to.
pub async fn many(store: &SharedStore, kind: Kind, all: Vec<Pairs>, known: Vec<Stored>) -> Vec<Stored> {
    let valids: Arc<Vec<Valid>> = Arc::new(all.into_iter().map(|pairs| valid(kind, pairs)).collect());
    let made = change(store, move |tx| {
        let (valids, known) = (Arc::clone(&valids), known.clone());
        Box::pin(async move {
            let mut rows = Companions::default();
            let home = known.iter().find(|entity| entity.kind() == Kind::Organization).map(Stored::row);
            for entity in known {
                rows.add(entity);
            }
            let one = |valid| Insert { id: Real.id(), now: now(), home, valid, rows: &rows };
            let inserts: Vec<Insert<'_>> = valids.iter().map(one).collect();
            tx.insert(&inserts).await
        })
    });
    made.await.unwrap()
}

/// The same ids whatever their order.
#[track_caller]
pub fn same(mut found: Vec<String>, wanted: &[&String]) {
    let mut wanted: Vec<String> = wanted.iter().map(|id| (*id).clone()).collect();
    found.sort();
    wanted.sort();
    assert_eq!(found, wanted);
}

/// These ids in this order.
#[track_caller]
pub fn in_order(found: &[String], wanted: &[&String]) {
    let wanted: Vec<String> = wanted.iter().map(|id| (*id).clone()).collect();
    assert_eq!(found, wanted);
}

//! The life of users: statuses, signing in, passwords, moves, memberships, searches by change. Here are only short
//! ways to bring a user into a status, straight through the store where no operation leads there yet.

use futures_util::future::BoxFuture;
use uuid::Uuid;
use valtuus::model::kind::user::{LOCKED_UNTIL, PASSWORD_ACTIVE, Status};
use valtuus::model::rules::{Companions, by_server};
use valtuus::model::{Attributes, Kind, Value};
use valtuus::store::{Credential, Replace};

use crate::api::make;
use crate::kit::{Answer, Bed, Caller};
use crate::store::kit::change;

mod authenticate;
mod flood;
mod lists;
mod machine;
mod memberships;
mod moves;
mod passwords;

/// A password that satisfies every rule.
pub const RIGHT: &str = "a%20right%20good%20one";
/// Another one that is wrong everywhere.
pub const WRONG: &str = "a%20wrong%20bad%20one";

/// A user with a password that may be used.
pub async fn person(admin: &Caller<'_>, login: &str) -> String {
    make(admin, &format!("users/?login={login}&pwd={RIGHT}")).await
}

/// Tries a password.
pub async fn sign_in(caller: &Caller<'_>, id: &str, pwd: &str) -> Answer {
    caller.post(&format!("users/{id}/authenticate?pwd={pwd}")).await
}

/// Changes a user's attributes past every rule.
pub async fn edit(bed: &Bed, id: &str, edit: impl Fn(&mut Attributes) + Send + Sync + Clone + 'static) {
    let id: Uuid = id.parse().unwrap();
    let now = bed.now();
    let done = change(&bed.server.service().engine.store, move |tx| {
        let edit = edit.clone();
        Box::pin(async move {
            let old = tx.load(&[id]).await?.pop().unwrap();
            let mut attributes = old.attributes().clone();
            edit(&mut attributes);
            let valid = by_server(Kind::User, attributes);
            let none = Companions::default();
            let change = Replace { old: &old, now, home: old.home(), valid: &valid, rows: &none };
            tx.replace(&change).await.map(|_| ())
        })
    });
    done.await.unwrap();
}

/// Puts a user into a status past every rule; a lock ends at `until`.
pub async fn put_status(bed: &Bed, id: &str, status: Status, until: Option<i64>) {
    edit(bed, id, move |attributes| {
        status.put(attributes);
        attributes.set(LOCKED_UNTIL, until.map(Value::Instant).into_iter().collect());
    })
    .await;
}

/// Gives a user a hash as an import would.
pub async fn put_hash(bed: &Bed, id: &str, phc: &str) {
    edit(bed, id, |attributes| attributes.put(PASSWORD_ACTIVE, Value::Bool(true))).await;
    let (id, phc): (Uuid, String) = (id.parse().unwrap(), phc.to_owned());
    let done = change(&bed.server.service().engine.store, move |tx| {
        let credential = Credential { phc: phc.clone(), set: 0 };
        Box::pin(async move {
            let user = tx.load(&[id]).await?.pop().unwrap();
            tx.set_credential(user.row(), &credential).await
        })
    });
    done.await.unwrap();
}

/// The hash a user has.
pub async fn hash(bed: &Bed, id: &str) -> String {
    let store = &bed.server.service().engine.store;
    let user = store.by_id(id.parse().unwrap()).await.unwrap().unwrap();
    store.credential(user.row()).await.unwrap().unwrap().phc
}

/// How many passwords were verified so far, those of API clients included.
pub fn verifications(bed: &Bed) -> u64 {
    bed.server.service().verifier.verifications()
}

/// A new user in a status, with a usable password.
pub fn in_status(bed: &Bed, status: Status) -> BoxFuture<'_, String> {
    Box::pin(async move {
        let login = bed.server.service().engine.world.unordered_id();
        let id = person(&bed.admin(), &login.to_string()).await;
        if status != Status::Enabled {
            let until = (status == Status::Locked).then_some(bed.now() + 3_600_000_000);
            put_status(bed, &id, status, until).await;
        }
        id
    })
}

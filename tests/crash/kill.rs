//! kill -9 while sixteen clients write: whatever was acknowledged is there afterwards, with its record, no change is
//! there without one, the trail verifies, and the server starts again by itself. `VALTUUS_ROUNDS` sets how often; three times without it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use reqwest::Method;
use valtuus::model::Kind;
use valtuus::store::{AuditQuery, SharedStore, StoreOptions, connect};
use valtuus::world::Real;

use super::in_houses;
use crate::kit::process::{Client, House};
use crate::kit::trace::{records, versions};
use crate::kit::walk::Dice;

const WRITERS: u64 = 16;

/// What one client knows of a user it made.
#[derive(Debug, Clone, Default)]
struct Known {
    surname: String,
    has_role: bool,
    deleted: bool,
    /// A change that was asked for and never answered: it may have happened or not.
    open: Option<Change>,
}

#[derive(Debug, Clone)]
enum Change {
    Surname(String),
    Role(bool),
    Delete,
}

impl Change {
    fn request(&self, id: &str, role: &str) -> (Method, String) {
        match self {
            Self::Surname(text) => (Method::PUT, format!("users/{id}?surname={text}")),
            Self::Role(true) => (Method::PUT, format!("users/{id}/roles/{role}")),
            Self::Role(false) => (Method::DELETE, format!("users/{id}/roles/{role}")),
            Self::Delete => (Method::DELETE, format!("users/{id}")),
        }
    }

    fn apply(&self, known: &mut Known) {
        match self {
            Self::Surname(text) => known.surname.clone_from(text),
            Self::Role(has) => known.has_role = *has,
            Self::Delete => known.deleted = true,
        }
    }
}

/// One writer: makes users of its own and changes them until the server is gone.
struct Writer {
    client: Client,
    role: String,
    dice: Dice,
    name: String,
    users: BTreeMap<String, Known>,
    /// The request ids of what was acknowledged, and whether it must have changed something.
    acknowledged: Vec<(String, bool)>,
    /// What all writers together have been answered.
    count: Arc<AtomicU64>,
}

impl Writer {
    async fn write(mut self) -> Self {
        for n in 0_u64.. {
            let living: Vec<String> =
                self.users.iter().filter(|(_, known)| !known.deleted).map(|(id, _)| id.clone()).collect();
            let create = self.dice.chance(4, 10);
            let went_on = match self.dice.any(&living) {
                Some(id) if !create => self.change(id, n).await,
                _ => self.create(n).await,
            };
            if !went_on {
                break;
            }
        }
        self
    }

    fn acknowledge(&mut self, request: &str, is_change: bool) {
        self.acknowledged.push((request.to_owned(), is_change));
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    async fn create(&mut self, n: u64) -> bool {
        let with_role = self.dice.chance(1, 2);
        let role = if with_role { format!("&role={}", self.role) } else { String::new() };
        let path = format!("users/?login={}n{n}&surname=first{role}", self.name);
        let Ok(answer) = self.client.try_send(Method::POST, &path).await else { return false };
        self.acknowledge(answer.header("x-request-id"), true);
        let id = answer.ok().id();
        let known = Known { surname: "first".to_owned(), has_role: with_role, ..Known::default() };
        self.users.insert(id, known);
        true
    }

    async fn change(&mut self, id: &str, n: u64) -> bool {
        let change = match self.dice.below(10) {
            0..5 => Change::Surname(format!("n{n}")),
            5 | 6 => Change::Role(true),
            7 => Change::Role(false),
            _ => Change::Delete,
        };
        let known = self.users.get_mut(id).unwrap();
        let (method, path) = change.request(id, &self.role);
        let Ok(answer) = self.client.try_send(method, &path).await else {
            known.open = Some(change);
            return false;
        };
        // To assign what is assigned is no change, and leaves only the record of the request.
        let is_change = !matches!(change, Change::Role(has) if has == known.has_role);
        change.apply(known);
        self.acknowledge(answer.header("x-request-id"), is_change);
        answer.ok();
        true
    }
}

/// Fails unless a user is as the writer knows it, or as its open change would have made it.
async fn compare(client: &Client, role: &str, id: &str, known: &Known) {
    let mut changed = known.clone();
    if let Some(open) = &known.open {
        open.apply(&mut changed);
    }
    let user = client.get(&format!("users/{id}")).await;
    if user.status == 404 {
        assert!(changed.deleted, "an acknowledged user is missing: {id} {known:?}");
        return;
    }
    let user = user.ok();
    assert!(!known.deleted, "an acknowledged delete was undone: {id} {known:?}");
    let surname = user.value("surname");
    assert!(surname == known.surname || surname == changed.surname, "{id}: {surname} is not {known:?}");
    let has_role = client.get(&format!("users/{id}/roles")).await.ok().ids().contains(&role.to_owned());
    assert!(has_role == known.has_role || has_role == changed.has_role, "{id}: role {has_role}, {known:?}");
}

/// Fails unless every version of every user came about by a change that is recorded.
async fn changed_with_records(store: &SharedStore) {
    let query =
        AuditQuery { category: Some("success".into()), kind: Some("user".into()), ..AuditQuery::default() };
    let mut told: BTreeMap<String, i64> = BTreeMap::new();
    for record in records(store, &query).await {
        *told.entry(record.field("entityId").to_owned()).or_default() += 1;
    }
    for (id, (kind, version)) in versions(store).await {
        if kind == Kind::User {
            assert_eq!(
                told.get(&id.to_string()),
                Some(&version),
                "{id} changed without a record, or the reverse"
            );
        }
    }
}

/// Fails unless every acknowledged change has its record of success, and everything else that of its request.
async fn recorded(house: &House, acknowledged: &[(String, bool)]) {
    let options = StoreOptions { pool: 2, ..StoreOptions::new(house.url(), Arc::new(Real)) };
    let store = connect(options).await.unwrap();
    let mut told: BTreeSet<(String, String)> = BTreeSet::new();
    for record in records(&store, &AuditQuery::default()).await {
        told.insert((record.field("requestId").to_owned(), record.field("category").to_owned()));
    }
    changed_with_records(&store).await;
    store.close().await;
    for (request, is_change) in acknowledged {
        let category = if *is_change { "success" } else { "request" };
        assert!(told.contains(&(request.clone(), category.to_owned())), "no record of {request}");
    }
}

/// One round: writes, is killed, starts again, and is compared. Answers how much was acknowledged.
async fn round(house: &House, number: u64, role: &str) -> usize {
    let server = house.serve();
    let mut dice = Dice::new(number);
    let client = server.first();
    let count = Arc::new(AtomicU64::new(0));
    let writer = |n: u64| Writer {
        client: client.clone(),
        role: role.to_owned(),
        dice: Dice::new(1_000 + number * 100 + n),
        name: format!("r{number}w{n}"),
        users: BTreeMap::new(),
        acknowledged: Vec::new(),
        count: Arc::clone(&count),
    };
    let writing = tokio::spawn(join_all((0..WRITERS).map(|n| writer(n).write()).collect::<Vec<_>>()));
    // Counted, not timed: a busy machine must not kill a server that has hardly begun.
    let enough = 40 + dice.below(200);
    let begun = Instant::now();
    while count.load(Ordering::Relaxed) < enough {
        assert!(begun.elapsed() < Duration::from_secs(30), "only {count:?} writes in half a minute");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    tokio::time::sleep(Duration::from_millis(dice.below(20))).await;
    server.kill();
    let writers = tokio::time::timeout(Duration::from_secs(30), writing).await.unwrap().unwrap();

    let server = house.serve();
    let client = server.first();
    let mut acknowledged = Vec::new();
    for writer in &writers {
        for (id, known) in &writer.users {
            compare(&client, role, id, known).await;
        }
        acknowledged.extend_from_slice(&writer.acknowledged);
    }
    recorded(house, &acknowledged).await;
    house.must_be_sound();
    house.must_verify();
    server.stop().await;
    house.must_verify();
    acknowledged.len()
}

in_houses! {
    async fn what_was_acknowledged_survives_kill_9(house: House) {
        let rounds: u64 = std::env::var("VALTUUS_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(3);
        let server = house.serve();
        let role = server.first().post("roles/?name=Signatory&organization=root").await.ok().id();
        server.stop().await;
        let (begun, mut all) = (Instant::now(), 0);
        for number in 0..rounds {
            let acknowledged = round(&house, number, &role).await;
            println!("round {number}: {acknowledged} acknowledged, none missing");
            all += acknowledged;
        }
        println!("{rounds} rounds, {all} acknowledged writes, {:.1} s", begun.elapsed().as_secs_f64());
    }
}

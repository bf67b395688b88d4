//! Paths that every request takes, measured in process with criterion: `cargo bench`. Figures compare only within
//! one run on one machine; no goal is asserted here, because a busy machine would decide it.

#![allow(clippy::unwrap_used, missing_docs, reason = "a bench may stop where a test may")]

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use valtuus::audit::Record;
use valtuus::audit::chain::{Head, terms};
use valtuus::auth::verified::{CacheBounds, VerifiedCache};
use valtuus::config::{AnswersConfig, Config, LimitsConfig};
use valtuus::http::answer::{Echo, etag};
use valtuus::http::dialect::{find, v2_0};
use valtuus::http::params;
use valtuus::model::kind::user;
use valtuus::model::state::{Draft, Given};
use valtuus::model::visible::Known;
use valtuus::model::{Grants, Kind, Stored, Value, Verb, key};
use valtuus::operation::create::Create;
use valtuus::operation::{Caller, Engine, perform, read};
use valtuus::server::compose;
use valtuus::store::Source;
use valtuus::world::{Real, SharedWorld};
use valtuus::xml::{Limits, decode};

/// A store on SQLite with one user in it.
struct Stand {
    runtime: Runtime,
    engine: Engine,
    user: Stored,
    names: Known,
    _folder: TempDir,
}

impl Stand {
    fn new() -> Self {
        let runtime = Runtime::new().unwrap();
        let folder = TempDir::new().unwrap();
        let config = Config::for_testing(folder.path());
        let world: SharedWorld = Arc::new(Real);
        let (engine, user, names) = runtime.block_on(async {
            let store = compose::open(&config, &world, true).await.unwrap();
            let engine = compose::engine(store, &config, Arc::clone(&world)).await.unwrap();
            let user = one_user(&engine).await;
            let names = engine.names.of(std::slice::from_ref(&user)).await.unwrap();
            let names = Known::at(engine.world.now(), names);
            (engine, user, names)
        });
        Self { runtime, engine, user, names, _folder: folder }
    }
}

async fn one_user(engine: &Engine) -> Stored {
    let values = [
        (user::LOGIN, "anna.virtanen.1"),
        (user::EMAIL, "anna.virtanen@example.org"),
        (user::FIRSTNAME, "Anna"),
        (user::SURNAME, "Hämäläinen"),
        (Kind::User.own_attr(4), "010199-1234"),
        (Kind::User.own_attr(8), "+358401234567"),
    ];
    let given = values.map(|(attr, text)| (attr, vec![Given::Value(Value::text(text))])).to_vec();
    let caller = Caller::local("benches");
    let create = Create::new(engine, &caller, Draft { kind: Kind::User, given });
    let id = perform(engine, &caller, create).await.unwrap();
    engine.store.by_id(id).await.unwrap().unwrap()
}

fn requests(c: &mut Criterion) {
    let limits = LimitsConfig::default();
    let query = "username=restuser&password=correct%20horse&surname=H%C3%A4m&exactMatch=false&maxResults=20";
    c.bench_function("parse a query", |b| b.iter(|| params::parse(black_box(query), &limits).is_ok()));
    let segments = ["users", "0190f7a2-0000-7000-8000-000000000001"];
    c.bench_function("match a route", |b| b.iter(|| find(v2_0::ROUTES, "GET", black_box(&segments))));
    c.bench_function("fold a key, ASCII", |b| {
        b.iter(|| key::text_key(black_box("Anna.Virtanen@Example.org")));
    });
    c.bench_function("fold a key, Finnish", |b| b.iter(|| key::text_key(black_box("HÄMÄLÄINEN"))));
    let grants = Grants::parse(["read:user", "create:*"]).unwrap();
    c.bench_function("ask the grants", |b| b.iter(|| grants.allow(black_box(Verb::Read), Kind::User)));
}

fn credentials(c: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let cache: VerifiedCache<u32> = VerifiedCache::new(&Real, CacheBounds::default());
    let filled = runtime.block_on(cache.fill("restuser", "correct horse", async { Ok::<_, ()>(1) }));
    assert_eq!(filled, Ok(1));
    c.bench_function("find a verified credential", |b| {
        b.iter(|| cache.get(black_box("restuser"), black_box("correct horse")));
    });
}

fn documents(c: &mut Criterion) {
    let stand = Stand::new();
    let registry = stand.engine.registry();
    let echo = Echo::new(&AnswersConfig::default(), "/2.0/users/1", "GET", None);
    c.bench_function("show and write a user", |b| {
        b.iter(|| {
            let permitted = black_box(&stand.user).permit(Verb::Read, &Grants::ADMIN).unwrap();
            echo.entity(&permitted.visible(&registry, &stand.names))
        });
    });
    let permitted = stand.user.permit(Verb::Read, &Grants::ADMIN).unwrap();
    let document = echo.entity(&permitted.visible(&registry, &stand.names)).bytes;
    c.bench_function("tag a document", |b| b.iter(|| etag(1, black_box(&document))));
    let limits = Limits::default();
    assert!(decode(&document, &limits).is_ok());
    c.bench_function("decode a user", |b| b.iter(|| decode(black_box(&document), &limits).is_ok()));
}

fn store(c: &mut Criterion) {
    let stand = Stand::new();
    let (engine, id, row) = (&stand.engine, stand.user.id(), stand.user.row());
    let caller = Caller::local("benches");
    let text = id.to_string();
    let run = &stand.runtime;
    c.bench_function("store: a user by id", |b| b.iter(|| run.block_on(engine.store.by_id(black_box(id)))));
    c.bench_function("store: a user by row", |b| {
        b.iter(|| run.block_on(engine.store.by_rows(black_box(&[row]))));
    });
    let keys = Source::Keys { attr: user::LOGIN, low: b"anna".to_vec(), high: Some(b"annb".to_vec()) };
    c.bench_function("store: a page of keys", |b| {
        b.iter(|| run.block_on(engine.store.scan(&keys, None, 20)));
    });
    c.bench_function("operation: read a user", |b| {
        b.iter(|| run.block_on(read::read(engine, &caller, Kind::User, &text, false)).is_ok());
    });
}

/// The pure part of sealing and of verifying: so many records a second one core can do at most.
fn chain(c: &mut Criterion) {
    let mut record = Record { at: 1_767_268_800_000_000, ..Record::default() };
    record.fields.iter_mut().for_each(|field| "a field of usual length".clone_into(field));
    let (canonical, row) = (record.canonical(), record.row());
    c.bench_function("chain: one hash", |b| b.iter(|| Head::GENESIS.next(black_box(&canonical))));
    c.bench_function("chain: columns held to the canonical form", |b| {
        b.iter(|| Record::from_canonical(black_box(&canonical)).is_some_and(|read| read.row() == row));
    });
    c.bench_function("chain: the terms of a record", |b| b.iter(|| terms(black_box(&row))));
}

criterion_group!(benches, requests, credentials, documents, store, chain);
criterion_main!(benches);

//! The authorization decision at 5,000 mappings, in process with criterion: one question, a hundred at once, and making
//! the index of a tenant anew. No goal is asserted here, because a busy machine would decide it.

#![allow(clippy::unwrap_used, missing_docs, reason = "a bench may stop where a test may")]

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use uuid::Uuid;
use valtuus::access::{Held, Match, Question, decide};
use valtuus::config::Config;
use valtuus::model::kind::{action, organization, role, role_action};
use valtuus::model::state::{Draft, Given};
use valtuus::model::{AttrId, Kind, Stored, Value};
use valtuus::operation::access::ask::{Asked, Asking, RoleAt, Who};
use valtuus::operation::access::indexes::Indexes;
use valtuus::operation::create::Create;
use valtuus::operation::several::{Creates, Place};
use valtuus::operation::{Caller, Engine, perform};
use valtuus::server::compose;
use valtuus::store::Touched;
use valtuus::world::{Real, SharedWorld};

const ROLES: usize = 50;
const ACTIONS: usize = 600;
const MAPPINGS: usize = 5_000;

type Fields = Vec<(AttrId, Vec<Given>)>;

fn text(text: String) -> Vec<Given> {
    vec![Given::Value(Value::text(text))]
}

fn refers(id: Uuid) -> Vec<Given> {
    vec![Given::Reference(id.to_string().into())]
}

async fn make(engine: &Engine, kind: Kind, all: Vec<Fields>) -> Vec<Uuid> {
    let caller = Caller::local("benches");
    let mut made = Vec::with_capacity(all.len());
    for some in all.chunks(500) {
        let create = |(given, number): (&Fields, usize)| {
            (Place::Entry(number), Create::new(engine, &caller, Draft { kind, given: given.clone() }))
        };
        let creates = Creates::new(kind, some.iter().zip(1..).map(create).collect());
        let chunk = perform(engine, &caller, creates).await.unwrap();
        made.extend(chunk.iter().map(Stored::id));
    }
    made
}

/// The address of an action; one in ten is a template.
fn url(number: usize) -> String {
    let service = number % 40;
    if number.is_multiple_of(10) {
        format!("/service-{service}/things/{{id}}/v{number}/_update")
    } else {
        format!("/service-{service}/v{number}/_create")
    }
}

/// A state with a city, and everything mapped at the state.
async fn lay(engine: &Engine) {
    let named = |name: &str, parent: Uuid| {
        vec![(organization::TECHNICAL_NAME, text(name.to_owned())), (organization::PARENT, refers(parent))]
    };
    let state = make(engine, Kind::Organization, vec![named("uk", engine.root)]).await.remove(0);
    make(engine, Kind::Organization, vec![named("dehradun", state)]).await;
    let roles = (0..ROLES).map(|number| {
        vec![(role::NAME, text(format!("ROLE_{number}"))), (role::ORGANIZATION, refers(state))]
    });
    let roles = make(engine, Kind::Role, roles.collect()).await;
    let actions = (0..ACTIONS).map(|number| {
        vec![
            (action::ID, vec![Given::Value(Value::Int(i64::try_from(number).unwrap()))]),
            (action::URL, text(url(number))),
            (action::ENABLED, vec![Given::Value(Value::Bool(true))]),
            (action::TENANT, refers(state)),
        ]
    });
    let actions = make(engine, Kind::Action, actions.collect()).await;
    let pairs = actions.iter().flat_map(|action| roles.iter().map(move |role| (*action, *role)));
    let mappings = pairs.step_by(ACTIONS * ROLES / MAPPINGS).map(|(action, role)| {
        vec![
            (role_action::ROLE, refers(role)),
            (role_action::ACTION, refers(action)),
            (role_action::TENANT, refers(state)),
        ]
    });
    let made = make(engine, Kind::RoleAction, mappings.collect()).await;
    assert_eq!(made.len(), MAPPINGS);
}

/// The first role that an action is mapped to.
fn mapped_to(number: usize) -> usize {
    let step = ACTIONS * ROLES / MAPPINGS;
    (step - number * ROLES % step) % step
}

fn asked(number: usize) -> Asked {
    Asked {
        uri: url(number).replace("{id}", "4711"),
        method: None,
        tenants: vec!["uk.dehradun".to_owned()],
        who: Who::Roles(vec![RoleAt {
            code: format!("ROLE_{}", mapped_to(number)),
            tenant: "uk".to_owned(),
        }]),
        all: None,
    }
}

fn decisions(c: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let folder = TempDir::new().unwrap();
    let config = Config::for_testing(folder.path());
    let world: SharedWorld = Arc::new(Real);
    let engine = runtime.block_on(async {
        let store = compose::open(&config, &world, true).await.unwrap();
        let engine = compose::engine(store, &config, Arc::clone(&world)).await.unwrap();
        lay(&engine).await;
        engine
    });
    let view = runtime.block_on(engine.access.view("uk/dehradun")).unwrap();
    let questions: Vec<Asked> = (0..100).map(|number| asked(number * 7 % ACTIONS)).collect();
    let mut group = c.benchmark_group("access");
    for (name, number) in [("an exact address", 1), ("a template", 10)] {
        let uri = url(number).replace("{id}", "4711");
        let code = format!("ROLE_{}", mapped_to(number));
        let roles = [Held { code: &code, at: "uk" }];
        let question = Question { uri: &uri, method: None, roles: &roles };
        assert!(decide(&question, &view.tenant(), Match::Word).is_ok(), "{uri} {code}");
        group.bench_function(format!("decide by {name}"), |b| {
            b.iter(|| decide(black_box(&question), &view.tenant(), Match::Word).is_ok());
        });
        let other = [Held { code: "NOBODY", at: "uk" }];
        let question = Question { roles: &other, ..question };
        group.bench_function(format!("refuse by {name}"), |b| {
            b.iter(|| decide(black_box(&question), &view.tenant(), Match::Word).is_ok());
        });
    }
    let caller = Caller::local("benches");
    group.bench_function("ask once", |b| {
        b.iter(|| {
            runtime.block_on(async {
                let mut asking = Asking::begin(&engine, &caller).await.unwrap();
                asking.answer(black_box(questions.first().unwrap())).await
            })
        });
    });
    group.bench_function("ask a hundred at once", |b| {
        b.iter(|| {
            runtime.block_on(async {
                let mut asking = Asking::begin(&engine, &caller).await.unwrap();
                for question in &questions {
                    assert!(asking.answer(question).await.is_ok());
                }
            });
        });
    });
    group.sample_size(20);
    let indexes = Indexes::new(Arc::clone(&engine.store));
    group.bench_function("read and compile 5,000 mappings", |b| {
        b.iter(|| {
            let fresh = Indexes::new(Arc::clone(&engine.store));
            runtime.block_on(fresh.view("uk")).unwrap()
        });
    });
    group.bench_function("look again after a commit that changed nothing here", |b| {
        b.iter(|| {
            indexes.committed(Touched::ALL);
            runtime.block_on(indexes.view("uk/dehradun")).unwrap()
        });
    });
    group.finish();
}

criterion_group!(benches, decisions);
criterion_main!(benches);

//! Role inclusion is never cyclic, and nobody has more or less by it than what can be reached.

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use uuid::Uuid;
use valtuus::model::kind::role::{INCLUDES, NAME, ORGANIZATION};
use valtuus::model::state::{Given, Patch};
use valtuus::model::{Error, Kind, Value};
use valtuus::operation::delete::Delete;
use valtuus::operation::inclusion::included;
use valtuus::operation::perform;
use valtuus::operation::update::{Precondition, Update};

use super::ground::{CASES, Ground, caller, create, expected, to};

const ROLES: usize = 5;

#[derive(Debug, Clone)]
enum Step {
    /// The role includes exactly these.
    Include(usize, Vec<usize>),
    Delete(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let role = 0..ROLES;
    prop_oneof![
        8 => (role.clone(), vec(role.clone(), 0..3)).prop_map(|(role, others)| Step::Include(role, others)),
        1 => role.prop_map(Step::Delete),
    ]
}

type Graph = BTreeMap<Uuid, BTreeSet<Uuid>>;

/// What can be reached from a role, itself only through others.
fn reached(graph: &Graph, from: Uuid) -> BTreeSet<Uuid> {
    let (mut found, mut next) = (BTreeSet::new(), vec![from]);
    while let Some(role) = next.pop() {
        for other in graph.get(&role).into_iter().flatten() {
            if found.insert(*other) {
                next.push(*other);
            }
        }
    }
    found
}

async fn take(ground: &Ground, roles: &[Uuid], graph: &mut Graph, step: &Step) {
    let engine = ground.engine();
    match step {
        Step::Include(role, others) => {
            let role = roles[*role];
            let others: BTreeSet<Uuid> = others.iter().map(|other| roles[*other]).collect();
            let given = to(INCLUDES, &others.iter().copied().collect::<Vec<_>>());
            let patch = Patch { kind: Kind::Role, given: vec![given] };
            let outcome = perform(engine, &caller(), Update::new(engine, &caller(), role, patch)).await;
            let exist = graph.contains_key(&role) && others.iter().all(|other| graph.contains_key(other));
            let cyclic = others.iter().any(|other| *other == role || reached(graph, *other).contains(&role));
            match outcome {
                Ok(_) => {
                    assert!(exist && !cyclic, "{step:?}");
                    graph.insert(role, others);
                }
                Err(Error::Cycle { .. }) => assert!(exist && cyclic, "{step:?}"),
                other => assert!(expected(other).is_none() && !exist, "{step:?}"),
            }
        }
        Step::Delete(role) => {
            let role = roles[*role];
            let gone = Delete::new(engine, Kind::Role, role, false, Precondition::None);
            let outcome = expected(perform(engine, &caller(), gone).await);
            let included = graph.values().any(|others| others.contains(&role));
            assert_eq!(outcome.is_some(), graph.contains_key(&role) && !included, "{step:?}");
            if outcome.is_some() {
                graph.remove(&role);
            }
        }
    }
}

async fn case(ground: &Ground, organization: Uuid, number: u32, steps: &[Step]) {
    let engine = ground.engine();
    let (mut roles, mut graph) = (Vec::new(), Graph::new());
    for n in 0..ROLES {
        let name = (NAME, vec![Given::Value(Value::text(format!("{number}.{n}")))]);
        let role = create(engine, Kind::Role, vec![name, to(ORGANIZATION, &[organization])]).await.unwrap();
        roles.push(role);
        graph.insert(role, BTreeSet::new());
    }
    for step in steps {
        take(ground, &roles, &mut graph, step).await;
        for role in graph.keys() {
            assert!(!reached(&graph, *role).contains(role), "a cycle after {step:?}");
            let stored = engine.store.by_id(*role).await.unwrap().unwrap();
            assert_eq!(included(stored.attributes()).collect::<BTreeSet<_>>(), graph[role], "{step:?}");
        }
    }
}

#[test]
fn role_inclusion_is_never_cyclic() {
    let ground = Ground::new();
    let organization = ground.engine().root;
    let number = std::cell::Cell::new(0);
    let mut runner = TestRunner::new(Config { cases: CASES, failure_persistence: None, ..Config::default() });
    runner
        .run(&vec(step(), 1..10), |steps| {
            number.set(number.get() + 1);
            ground.wait(case(&ground, organization, number.get(), &steps));
            Ok(())
        })
        .unwrap();
    ground.must_be_sound();
}

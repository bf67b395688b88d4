//! The authorization decision beside casbin and cedar-policy: the same mappings, the same hundred questions (70 of
//! them refused), one process. All must give the same hundred answers before anything is measured.
//!
//! The data is that of `benches/access.rs`: 50 roles, 600 actions of which one in ten is a template, 5,000 mappings at
//! the tenant `uk`, and the city `uk/dehradun` below it, where the questions are asked. Each names one role; what is
//! refused is a known address with a known role that is not mapped to it. What is measured is the decision alone:
//! questions are made ready beforehand as far as an interface allows it.
//!
//! **What the others do not do here.** Their models leave out methods, services that a feature gives, the tenant where a
//! role is held (ours is told it, and looks), and which of several actions is named as the reason.
//! - casbin is asked at `uk`; its caller would have to go up from the city. Its `keyMatch3` takes any letters for `{id}`,
//!   and reads the rest of an address as a regular expression.
//! - cedar has no templates of addresses. The question names an action by the address it was declared with; its caller
//!   would have to find that beforehand. Tenants below others it does know, and answers for the city.
//!
//! **What is done in their favour.** casbin stops at the first row that fits and compares role and tenant before the
//! address; it is also measured with a function that compares addresses without regular expressions. cedar gets
//! its requests ready made; it is also measured with a single policy over the roles that its entities name, because it looks
//! at every policy of a set. Neither is given only the rows of the role that is asked for, as a caller could do.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a bench may stop where a test may"
)]

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hint::black_box;
use std::sync::Arc;

use casbin::rhai::Dynamic;
use casbin::{CoreApi, DefaultModel, Enforcer, MemoryAdapter, MgmtApi, function_map::OperatorFunction};
use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityId, EntityUid, PolicySet, Request,
    RestrictedExpression,
};
use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use tokio::runtime::Builder;
use uuid::Uuid;
use valtuus::access::{Facts, Held, Level, Mapping, Match, Question, Target, Tenant, decide};

const ROLES: usize = 50;
const ACTIONS: usize = 600;
const MAPPINGS: usize = 5_000;
/// Of so many pairs of action and role one is mapped.
const STEP: usize = ACTIONS * ROLES / MAPPINGS;
const QUESTIONS: usize = 100;
const REFUSED: usize = 70;
const STATE: &str = "uk";
const CITY: &str = "uk/dehradun";

const MODEL: &str = "
[request_definition]
r = role, tenant, url

[policy_definition]
p = role, tenant, url

[policy_effect]
e = some(where (p.eft == allow))

[matchers]
m = r.role == p.role && r.tenant == p.tenant && FITS(r.url, p.url)
";

/// Answers a question by its number.
type Answer = Box<dyn Fn(usize) -> bool>;

/// The address of an action; one in ten is a template.
fn url(number: usize) -> String {
    let service = number % 40;
    if number.is_multiple_of(10) {
        format!("/service-{service}/things/{{id}}/v{number}/_update")
    } else {
        format!("/service-{service}/v{number}/_create")
    }
}

fn role(number: usize) -> String {
    format!("ROLE_{number}")
}

/// The mappings as pairs of action and role.
fn mappings() -> Vec<(usize, usize)> {
    let pairs = (0..ACTIONS).flat_map(|action| (0..ROLES).map(move |role| (action, role)));
    pairs.step_by(STEP).collect()
}

/// Whether a role may call an address.
struct Asked {
    action: usize,
    uri: String,
    role: String,
    allowed: bool,
}

/// Three of ten exact addresses and three of ten templates are allowed; roles and actions are spread over all.
fn questions() -> Vec<Asked> {
    let mapped: HashSet<(usize, usize)> = mappings().into_iter().collect();
    let ask = |number: usize| {
        let action = number * 7 % ACTIONS;
        let first = (STEP - action * ROLES % STEP) % STEP;
        let off = usize::from((number + number / 10) % 10 >= 3);
        let held = first + STEP * (number % 8) + off;
        let allowed = mapped.contains(&(action, held));
        Asked { action, uri: url(action).replace("{id}", "4711"), role: role(held), allowed }
    };
    (0..QUESTIONS).map(ask).collect()
}

fn ours(questions: Arc<[Asked]>) -> Answer {
    let target = |number: usize| Target {
        id: Uuid::from_u128(u128::try_from(number).unwrap()),
        row: i64::try_from(number).unwrap(),
        number: i64::try_from(number).unwrap(),
        tenant: Uuid::nil(),
        url: url(number).into(),
        method: None,
        service: None,
        enabled: true,
    };
    let targets: Vec<Arc<Target>> = (0..ACTIONS).map(|number| Arc::new(target(number))).collect();
    let roles: Vec<Arc<str>> = (0..ROLES).map(|number| role(number).into()).collect();
    let mapping = |(action, role): (usize, usize)| Mapping {
        role: Arc::clone(&roles[role]),
        target: Arc::clone(&targets[action]),
    };
    let facts = Facts { mappings: mappings().into_iter().map(mapping).collect(), ..Facts::default() };
    let chain = [Arc::new(Level::default()), Arc::new(Level::compile(facts))];
    Box::new(move |number| {
        let Asked { uri, role, .. } = &questions[number];
        let roles = [Held { code: role, at: STATE }];
        let question = Question { uri, method: None, roles: &roles };
        decide(&question, &Tenant { path: CITY, chain: &chain }, Match::Word).is_ok()
    })
}

/// Whether an address fits another segment by segment, as casbin calls its functions.
fn fits(asked: Dynamic, declared: Dynamic) -> Dynamic {
    let (asked, declared) =
        (asked.into_immutable_string().unwrap(), declared.into_immutable_string().unwrap());
    let mut pairs = asked.split('/').zip(declared.split('/'));
    let alike = pairs.all(|(asked, declared)| asked == declared || declared.starts_with('{'));
    (alike && asked.matches('/').count() == declared.matches('/').count()).into()
}

/// casbin with one row for each mapping.
fn casbin(questions: Arc<[Asked]>, function: &str) -> Answer {
    let row = |(action, held)| vec![role(held), STATE.to_owned(), url(action)];
    let rows: Vec<Vec<String>> = mappings().into_iter().map(row).collect();
    let model = MODEL.replace("FITS", function);
    let runtime = Builder::new_current_thread().build().unwrap();
    let enforcer = runtime.block_on(async {
        let model = DefaultModel::from_str(&model).await.unwrap();
        let mut enforcer = Enforcer::new(model, MemoryAdapter::default()).await.unwrap();
        enforcer.add_function("fits", OperatorFunction::Arg2(fits));
        assert!(enforcer.add_policies(rows).await.unwrap());
        enforcer
    });
    assert_eq!(enforcer.get_policy().len(), MAPPINGS);
    Box::new(move |number| {
        let Asked { uri, role, .. } = &questions[number];
        enforcer.enforce((role, STATE, uri)).unwrap()
    })
}

fn uid(kind: &str, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(kind.parse().unwrap(), EntityId::new(id))
}

/// The city below the state, the roles, and the addresses with the roles mapped to them.
fn entities() -> Entities {
    let mut mapped: BTreeMap<usize, Vec<RestrictedExpression>> = BTreeMap::new();
    for (action, held) in mappings() {
        let held = RestrictedExpression::new_entity_uid(uid("Role", &role(held)));
        mapped.entry(action).or_default().push(held);
    }
    let city = Entity::new(uid("Tenant", CITY), HashMap::new(), HashSet::from([uid("Tenant", STATE)]));
    let state = Entity::new_no_attrs(uid("Tenant", STATE), HashSet::new());
    let roles = (0..ROLES).map(|number| Entity::new_no_attrs(uid("Role", &role(number)), HashSet::new()));
    let urls = mapped.into_iter().map(|(action, roles)| {
        let roles = HashMap::from([("roles".to_owned(), RestrictedExpression::new_set(roles))]);
        Entity::new(uid("Url", &url(action)), roles, HashSet::new()).unwrap()
    });
    let all = [city.unwrap(), state].into_iter().chain(roles).chain(urls);
    Entities::from_entities(all, None).unwrap()
}

/// A policy for each mapping.
fn policies() -> String {
    let policy = |(action, held)| {
        let (role, url) = (role(held), url(action));
        format!(
            "permit(principal in Role::\"{role}\", action == Action::\"call\", resource == Url::\"{url}\") \
             when {{ context.tenant in Tenant::\"{STATE}\" }};\n"
        )
    };
    mappings().into_iter().map(policy).collect()
}

/// One policy for all mappings, which stand at the addresses.
fn policy() -> String {
    format!(
        "permit(principal, action == Action::\"call\", resource) \
         when {{ principal in resource.roles && context.tenant in Tenant::\"{STATE}\" }};"
    )
}

fn cedar(questions: &[Asked], policies: &str, number: usize) -> Answer {
    let policies: PolicySet = policies.parse().unwrap();
    assert_eq!(policies.num_of_policies(), number);
    let request = |asked: &Asked| {
        let tenant = RestrictedExpression::new_entity_uid(uid("Tenant", CITY));
        let context = Context::from_pairs([("tenant".to_owned(), tenant)]).unwrap();
        let (role, url) = (uid("Role", &asked.role), uid("Url", &url(asked.action)));
        Request::new(role, uid("Action", "call"), url, context, None).unwrap()
    };
    let requests: Vec<Request> = questions.iter().map(request).collect();
    let (authorizer, entities) = (Authorizer::new(), entities());
    Box::new(move |number| {
        let response = authorizer.is_authorized(&requests[number], &policies, &entities);
        response.decision() == Decision::Allow
    })
}

fn rivals(c: &mut Criterion) {
    let questions: Arc<[Asked]> = questions().into();
    assert_eq!(questions.iter().filter(|asked| !asked.allowed).count(), REFUSED);
    let all: [(&str, Answer); 5] = [
        ("valtuus", ours(Arc::clone(&questions))),
        ("casbin, keyMatch3", casbin(Arc::clone(&questions), "keyMatch3")),
        ("casbin, a function of ours", casbin(Arc::clone(&questions), "fits")),
        ("cedar, a policy for each mapping", cedar(&questions, &policies(), MAPPINGS)),
        ("cedar, one policy over the entities", cedar(&questions, &policy(), 1)),
    ];
    for (name, answer) in &all {
        for (number, asked) in questions.iter().enumerate() {
            assert_eq!(answer(number), asked.allowed, "{name}: {} at {}", asked.role, asked.uri);
        }
    }
    let mut group = c.benchmark_group("a hundred decisions");
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    group.throughput(Throughput::Elements(u64::try_from(QUESTIONS).unwrap()));
    for (name, answer) in &all {
        group.bench_function(*name, |b| {
            b.iter(|| (0..QUESTIONS).filter(|number| answer(black_box(*number))).count());
        });
    }
    group.finish();
}

criterion_group!(benches, rivals);
criterion_main!(benches);

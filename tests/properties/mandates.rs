//! At every instant a delegation's roles are among its mandate's, and those among what the mandater holds; and what
//! counts for a user is exactly what that allows.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use uuid::Uuid;
use valtuus::model::kind::mandate::{self, State};
use valtuus::model::kind::{assignment, delegation, organization, role, user};
use valtuus::model::state::{Given, Patch};
use valtuus::model::{AttrId, Attributes, Kind, Stored, Value};
use valtuus::operation::assign::Assign;
use valtuus::operation::delegate::Delegate;
use valtuus::operation::delete::Delete;
use valtuus::operation::effective::{How, Sources};
use valtuus::operation::revoke::{Step as Life, TakeStep};
use valtuus::operation::update::{Precondition, Update};
use valtuus::operation::{Change, perform};
use valtuus::store::Source;

use super::ground::{CASES, Ground, all, caller, create, expected, to};

const HOUR: i64 = 3_600_000_000;

#[derive(Debug, Clone)]
enum Step {
    Assign { user: usize, role: usize, give: bool },
    Give { from: usize, to: usize, roles: Vec<usize>, hours: Option<i64> },
    Delegate { mandate: usize, user: usize, roles: Vec<usize> },
    Revoke(usize),
    Prolong(usize, i64),
    DeleteMandate(usize),
    EndDelegation(usize),
    DeleteRole(usize),
    DeleteUser(usize),
    Wait(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let (user, role, place) = (0..3_usize, 0..3_usize, 0..6_usize);
    let roles = vec(role.clone(), 1..3);
    prop_oneof![
        4 => (user.clone(), role.clone(), any::<bool>())
            .prop_map(|(user, role, give)| Step::Assign { user, role, give }),
        6 => (0..5_usize, 0..5_usize, roles, proptest::option::of(1..4_i64))
            .prop_map(|(from, to, roles, hours)| Step::Give { from, to, roles, hours }),
        5 => (place.clone(), user.clone(), vec(role.clone(), 0..3))
            .prop_map(|(mandate, user, roles)| Step::Delegate { mandate, user, roles }),
        2 => place.clone().prop_map(Step::Revoke),
        1 => (place.clone(), 1..4_i64).prop_map(|(mandate, hours)| Step::Prolong(mandate, hours)),
        1 => place.clone().prop_map(Step::DeleteMandate),
        1 => place.prop_map(Step::EndDelegation),
        1 => role.prop_map(Step::DeleteRole),
        1 => user.prop_map(Step::DeleteUser),
        2 => (1..3_i64).prop_map(Step::Wait),
    ]
}

/// The entities of one case.
struct Case<'g> {
    ground: &'g Ground,
    /// The receiving organization, and one that owns the first role.
    organizations: Vec<Uuid>,
    roles: Vec<Uuid>,
    users: Vec<Uuid>,
    mandates: Vec<Uuid>,
    delegations: Vec<Uuid>,
}

fn text(attr: AttrId, text: String) -> (AttrId, Vec<Given>) {
    (attr, vec![Given::Value(Value::text(text))])
}

fn ids(attributes: &Attributes, attr: AttrId) -> BTreeSet<Uuid> {
    attributes.values(attr).iter().filter_map(|value| value.as_ref().map(|to| to.id)).collect()
}

impl<'g> Case<'g> {
    async fn new(ground: &'g Ground, number: u32) -> Self {
        let engine = ground.engine();
        let (mut organizations, mut roles, mut users) = (Vec::new(), Vec::new(), Vec::new());
        for n in 0..2 {
            let name = text(organization::TECHNICAL_NAME, format!("o{number}.{n}"));
            organizations.push(create(engine, Kind::Organization, vec![name]).await.unwrap());
        }
        for n in 0..3 {
            let owner = to(role::ORGANIZATION, &[organizations[usize::from(n > 0)]]);
            let name = text(role::NAME, format!("{n}"));
            roles.push(create(engine, Kind::Role, vec![name, owner]).await.unwrap());
        }
        for n in 0..3 {
            let login = text(user::LOGIN, format!("u{number}.{n}"));
            let home = to(user::HOME, &[organizations[0]]);
            users.push(create(engine, Kind::User, vec![login, home]).await.unwrap());
        }
        Self { ground, organizations, roles, users, mandates: Vec::new(), delegations: Vec::new() }
    }

    async fn perform<C: Change>(&self, change: C) -> Option<C::Out> {
        expected(perform(self.ground.engine(), &caller(), change).await)
    }

    /// One of the five that can give and receive.
    fn end(&self, n: usize) -> Uuid {
        self.users.iter().chain(&self.organizations).nth(n).copied().unwrap()
    }

    fn roles(&self, numbers: &[usize]) -> Vec<Uuid> {
        numbers.iter().map(|n| self.roles[*n]).collect()
    }

    async fn take(&mut self, step: &Step) {
        let (engine, none) = (self.ground.engine(), Precondition::None);
        let known = |list: &[Uuid], n: usize| list.get(n).copied().unwrap_or(self.users[0]);
        match step {
            Step::Assign { user, role, give } => {
                let ends = (self.users[*user], self.roles[*role]);
                self.perform(Assign::new(engine, ends, *give, none)).await;
            }
            Step::Give { from, to: end, roles, hours } => {
                let mut given = vec![
                    to(mandate::MANDATER, &[self.end(*from)]),
                    to(mandate::MANDATEE, &[self.end(*end)]),
                    to(mandate::ROLE, &self.roles(roles)),
                ];
                given.extend(hours.map(|hours| (mandate::VALID_UNTIL, vec![self.after(hours)])));
                self.mandates.extend(expected(create(engine, Kind::Mandate, given).await));
            }
            Step::Delegate { mandate, user, roles } => {
                let given = vec![
                    to(delegation::USER, &[self.users[*user]]),
                    to(delegation::ROLE, &self.roles(roles)),
                ];
                let mandate = known(&self.mandates, *mandate);
                let made = self.perform(Delegate::new(engine, &caller(), mandate, given)).await;
                self.delegations.extend(made);
            }
            Step::Revoke(n) => {
                let id = known(&self.mandates, *n);
                self.perform(TakeStep::new(engine, Life::RevokeMandate, id, none)).await;
            }
            Step::Prolong(n, hours) => {
                let id = known(&self.mandates, *n);
                let patch = Patch {
                    kind: Kind::Mandate,
                    given: vec![(mandate::VALID_UNTIL, vec![self.after(*hours)])],
                };
                self.perform(Update::new(engine, &caller(), id, patch)).await;
            }
            Step::DeleteMandate(n) => {
                let id = known(&self.mandates, *n);
                self.perform(Delete::new(engine, Kind::Mandate, id, false, none)).await;
            }
            Step::EndDelegation(n) => {
                let id = known(&self.delegations, *n);
                self.perform(Delete::new(engine, Kind::Delegation, id, false, none)).await;
            }
            Step::DeleteRole(n) => {
                self.perform(Delete::new(engine, Kind::Role, self.roles[*n], false, none)).await;
            }
            Step::DeleteUser(n) => {
                self.perform(Delete::new(engine, Kind::User, self.users[*n], false, none)).await;
            }
            Step::Wait(hours) => self.ground.advance(hours * HOUR),
        }
    }

    fn after(&self, hours: i64) -> Given {
        Given::Value(Value::Instant(self.ground.engine().world.now() + hours * HOUR))
    }

    async fn entities(&self, ids: &[Uuid]) -> Vec<Stored> {
        let mut found = Vec::new();
        for id in ids {
            found.extend(self.ground.engine().store.by_id(*id).await.unwrap());
        }
        found
    }

    /// What an end of a mandate holds: a user what is assigned to it, an organization the roles that it owns.
    async fn held(&self, id: Uuid) -> BTreeSet<Uuid> {
        let engine = self.ground.engine();
        let end = engine.store.by_id(id).await.unwrap().unwrap();
        let source = match end.kind() {
            Kind::User => Source::Linked { from: assignment::USER, to: end.row(), onto: assignment::ROLE },
            _ => Source::RefersTo { attr: role::ORGANIZATION, to: vec![end.row()] },
        };
        all(engine, &source).await.iter().map(Stored::id).collect()
    }

    async fn check(&self, step: &Step) {
        let (engine, now) = (self.ground.engine(), self.ground.engine().world.now());
        let mandates = self.entities(&self.mandates).await;
        for mandate in &mandates {
            let attributes = mandate.attributes();
            let given = ids(attributes, mandate::ROLE);
            assert!(!given.is_empty(), "a mandate without a role after {step:?}");
            if State::at(attributes, now).is_open() {
                let held = self.held(attributes.reference(mandate::MANDATER).unwrap().id).await;
                assert!(given.is_subset(&held), "a mandate gives more than is held after {step:?}");
            }
        }
        for delegation in self.entities(&self.delegations).await {
            let of = delegation.attributes().reference(delegation::MANDATE).unwrap().id;
            let mandate = mandates.iter().find(|mandate| mandate.id() == of).expect("its mandate");
            let passed_on = ids(delegation.attributes(), delegation::ROLE);
            assert!(!passed_on.is_empty(), "a delegation without a role after {step:?}");
            assert!(
                passed_on.is_subset(&ids(mandate.attributes(), mandate::ROLE)),
                "a delegation gives more than its mandate after {step:?}"
            );
            assert!(State::stored(mandate.attributes()).is_open(), "it outlived its mandate after {step:?}");
        }
        for user in self.entities(&self.users).await {
            let ways = Sources::of(&engine.store, &user, true).await.unwrap().resolve(now, true);
            for way in ways.iter().filter(|way| matches!(way.how, How::Mandate | How::Delegation)) {
                let held = self.held(way.mandater.unwrap().id).await;
                assert!(held.contains(&way.role), "what counts is more than is held after {step:?}");
                assert!(way.until.is_none_or(|until| now < until), "what counts is over after {step:?}");
            }
            let direct: BTreeSet<Uuid> =
                ways.iter().filter(|way| way.how == How::Direct).map(|way| way.role).collect();
            assert_eq!(direct, self.held(user.id()).await);
        }
    }
}

#[test]
fn nobody_passes_on_more_than_was_received_or_is_held() {
    let ground = Ground::new();
    let number = std::cell::Cell::new(0);
    let mut runner = TestRunner::new(Config { cases: CASES, failure_persistence: None, ..Config::default() });
    runner
        .run(&vec(step(), 4..20), |steps| {
            number.set(number.get() + 1);
            ground.wait(async {
                let mut case = Case::new(&ground, number.get()).await;
                for step in &steps {
                    case.take(step).await;
                    case.check(step).await;
                }
            });
            Ok(())
        })
        .unwrap();
    ground.must_be_sound();
}

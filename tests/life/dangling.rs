//! Deleting anything leaves no reference to what is gone: arbitrary graphs of every kind, and random ends.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use uuid::Uuid;
use valtuus::model::Kind;

use super::direct::Direct;
use super::drive::{Driver, Pairs, Request};
use super::property::{Verdict, fails, holds};
use crate::kit::trace::entities;

/// The kinds that are made, as often as they stand here: an invitation to a mandate with a mandate for an address, a
/// workflow by accepting an invitation to a role.
const MADE: [Kind; 15] = [
    Kind::Organization,
    Kind::Organization,
    Kind::User,
    Kind::User,
    Kind::Role,
    Kind::Assignment,
    Kind::Mandate,
    Kind::Delegation,
    Kind::Delegation,
    Kind::MandateTemplate,
    Kind::RoleInvitation,
    Kind::RoleInvitation,
    Kind::MandateInvitation,
    Kind::Workflow,
    Kind::Workflow,
];

/// The kinds that are deleted by themselves.
const DELETED: [Kind; 5] = [Kind::Organization, Kind::User, Kind::Role, Kind::Mandate, Kind::MandateTemplate];

/// An entity to be made, with places of what it refers to, or one to be deleted.
#[derive(Debug, Clone)]
enum Act {
    Make { kind: Kind, to: [usize; 4] },
    Delete { kind: Kind, which: usize, recursive: bool },
}

fn make() -> impl Strategy<Value = Act> {
    let to = prop::array::uniform4(0..32_usize);
    (prop::sample::select(&MADE[..]), to).prop_map(|(kind, to)| Act::Make { kind, to })
}

fn delete() -> impl Strategy<Value = Act> {
    let which = (prop::sample::select(&DELETED[..]), 0..32_usize, any::<bool>());
    which.prop_map(|(kind, which, recursive)| Act::Delete { kind, which, recursive })
}

/// First a graph, then mostly deletes.
fn acts() -> impl Strategy<Value = Vec<Act>> {
    let later = prop_oneof![3 => delete(), 1 => make()];
    (vec(make(), 6..24), vec(later, 1..8)).prop_map(|(made, ended)| [made, ended].concat())
}

/// What there is to refer to.
#[derive(Default)]
struct There {
    organizations: Vec<Uuid>,
    users: Vec<Uuid>,
    /// Roles with their organization.
    roles: Vec<(Uuid, Uuid)>,
    /// Users with a role they have.
    held: Vec<(Uuid, Uuid)>,
    mandates: Vec<Uuid>,
    templates: Vec<Uuid>,
    /// Mandates that an organization received, with a user of it.
    received: Vec<(Uuid, Uuid)>,
    homes: BTreeMap<Uuid, Uuid>,
    /// Invitations to roles, with the user that is invited.
    invitations: Vec<(Uuid, Uuid)>,
}

fn value_of(pairs: &Pairs, wanted: &str) -> Uuid {
    pairs.iter().find(|(name, _)| *name == wanted).unwrap().1.parse().unwrap()
}

/// Of a class whose roles have to be approved when they are accepted.
fn approved() -> (&'static str, String) {
    ("organizationClass", "association".to_owned())
}

fn pick<T: Copy>(of: &[T], at: usize) -> Option<T> {
    (!of.is_empty()).then(|| of[at % of.len()])
}

impl There {
    fn new(root: Uuid) -> Self {
        Self { organizations: vec![root], ..Self::default() }
    }

    /// Adds what a request has made.
    fn add(&mut self, request: &Request, made: Uuid) {
        match request {
            Request::Create(Kind::Organization, _) => self.organizations.push(made),
            Request::Create(Kind::User, pairs) => {
                self.users.push(made);
                self.homes.insert(made, value_of(pairs, "organizationId"));
            }
            Request::Create(Kind::MandateTemplate, _) => self.templates.push(made),
            Request::Create(Kind::Role, pairs) => {
                self.roles.push((made, value_of(pairs, "organization")));
            }
            Request::Create(Kind::Mandate, pairs) => {
                self.mandates.push(made);
                let Some((_, to)) = pairs.iter().find(|(name, _)| *name == "mandatee") else { return };
                let to: Uuid = to.parse().unwrap();
                let members = self.homes.iter().filter(|(_, home)| **home == to).map(|(user, _)| *user);
                self.received.extend(members.map(|user| (made, user)));
            }
            Request::Create(Kind::RoleInvitation, pairs) => {
                let user = pairs.iter().find(|(name, _)| *name == "user");
                self.invitations.extend(user.map(|(_, id)| (made, id.parse().unwrap())));
            }
            Request::Assign(user, role, _) => self.held.push((*user, *role)),
            _ => {}
        }
    }

    /// Forgets what is gone.
    fn keep(&mut self, there: &BTreeMap<Uuid, Kind>) {
        let is = |id: &Uuid| there.contains_key(id);
        self.organizations.retain(is);
        self.users.retain(is);
        self.roles.retain(|(id, _)| is(id));
        self.held.retain(|(user, role)| is(user) && is(role));
        self.mandates.retain(is);
        self.templates.retain(is);
        self.homes.retain(|user, _| is(user));
        self.received.retain(|(mandate, user)| is(mandate) && is(user));
        self.invitations.retain(|(id, user)| is(id) && is(user));
    }

    /// The request that an act comes to; none when there is nothing that it could refer to.
    fn request(&self, number: usize, act: &Act) -> Option<Request> {
        let Act::Make { kind, to } = act else { return self.delete(act) };
        let organization = pick(&self.organizations, to[0])?;
        let of = |name: &'static str, id: Uuid| (name, id.to_string());
        let pairs: Pairs = match kind {
            Kind::Organization => {
                let member = pick(&self.organizations, to[1]).filter(|_| to[2].is_multiple_of(3));
                let name = ("technicalName", format!("o{number}"));
                let is_virtual = to[3].is_multiple_of(3);
                let class = (!is_virtual).then(approved);
                let is_virtual = ("virtual", is_virtual.to_string());
                let member = member.map(|id| of("memberships", id));
                [name, is_virtual, of("parentOrganizationId", organization)]
                    .into_iter()
                    .chain(member)
                    .chain(class)
                    .collect()
            }
            Kind::User => vec![("login", format!("u{number}")), of("organizationId", organization)],
            Kind::Role => {
                let includes = pick(&self.roles, to[1])
                    .filter(|_| to[2].is_multiple_of(3))
                    .map(|(id, _)| of("includes", id));
                let name = ("name", format!("r{number}"));
                [name, of("organization", organization)].into_iter().chain(includes).collect()
            }
            Kind::MandateTemplate => {
                let roles: BTreeSet<Uuid> =
                    to[1..].iter().filter_map(|at| pick(&self.roles, *at)).map(|r| r.0).collect();
                let roles = roles.into_iter().map(|id| of("role", id));
                [("name", format!("t{number}"))].into_iter().chain(roles).collect()
            }
            Kind::Delegation => {
                let (mandate, user) = pick(&self.received, to[0])?;
                return Some(Request::Delegate(mandate, vec![of("user", user)]));
            }
            Kind::Assignment => {
                return Some(Request::Assign(pick(&self.users, to[0])?, pick(&self.roles, to[1])?.0, true));
            }
            Kind::Mandate => self.mandate(to)?,
            Kind::MandateInvitation => {
                let mut mandate = self.mandate(to)?;
                mandate.retain(|(name, _)| *name != "mandatee");
                mandate.push(("assigneeEmail", "a@example.com".to_owned()));
                return Some(Request::Create(Kind::Mandate, mandate));
            }
            Kind::Workflow => {
                let (invitation, user) = pick(&self.invitations, to[0])?;
                return Some(Request::Answer(Kind::RoleInvitation, invitation, true, Some(user)));
            }
            Kind::RoleInvitation => {
                // Few without a user: they stay, withdrawn, when everything else is gone.
                let user = pick(&self.users, to[0]).filter(|_| !to[3].is_multiple_of(16));
                let who = user.map_or(("email", "a@example.com".to_owned()), |id| of("user", id));
                let inviter = pick(&self.users, to[1]).map(|id| of("inviter", id));
                let roles = BTreeSet::from([pick(&self.roles, to[2])?.0, pick(&self.roles, to[3])?.0]);
                let roles = roles.into_iter().map(|id| of("role", id));
                [who].into_iter().chain(inviter).chain(roles).collect()
            }
            other => panic!("{} is not made by itself", other.name()),
        };
        Some(Request::Create(*kind, pairs))
    }

    /// Gives what the mandater has: of an organization its role, of a user one that it holds.
    fn mandate(&self, to: &[usize; 4]) -> Option<Pairs> {
        let own = pick(&self.roles, to[0]).map(|(role, organization)| (organization, role));
        let (from, role) = pick(&self.held, to[1]).filter(|_| to[2].is_multiple_of(2)).or(own)?;
        let ends: Vec<Uuid> = self.users.iter().chain(&self.organizations).copied().collect();
        let template = pick(&self.templates, to[2]).map(|id| ("template", id.to_string()));
        let (from, to, role) = (from.to_string(), pick(&ends, to[3])?.to_string(), role.to_string());
        Some([("mandater", from), ("mandatee", to), ("role", role)].into_iter().chain(template).collect())
    }

    fn delete(&self, act: &Act) -> Option<Request> {
        let Act::Delete { kind, which, recursive } = act else { return None };
        let roles: Vec<Uuid> = self.roles.iter().map(|(id, _)| *id).collect();
        let of = match kind {
            Kind::Organization => &self.organizations,
            Kind::User => &self.users,
            Kind::Role => &roles,
            Kind::MandateTemplate => &self.templates,
            _ => &self.mandates,
        };
        Some(Request::Delete(*kind, pick(of, *which)?, *recursive))
    }
}

/// What there is; fails when anything refers to what is not there, or to what is of another kind than it says.
async fn nothing_dangles(direct: &Direct) -> Result<BTreeMap<Uuid, Kind>, TestCaseError> {
    let mut all = Vec::new();
    for kind in Kind::ALL {
        all.extend(entities(direct.store(), kind).await);
    }
    let there: BTreeMap<Uuid, Kind> = all.iter().map(|entity| (entity.id(), entity.kind())).collect();
    for entity in &all {
        for (attr, to) in entity.attributes().references() {
            if there.get(&to.id) != Some(&to.kind) {
                let (kind, id) = (entity.kind().name(), entity.id());
                return Err(fails(format!("attribute {attr:?} of {kind} {id} refers to {to:?}: gone")));
            }
        }
    }
    Ok(there)
}

/// How often a case got where it should.
#[derive(Default)]
struct Reached {
    gone: Cell<u32>,
    /// Workflows and invitations to mandates that there were after a delete, summed over all deletes.
    workflows: Cell<usize>,
    offers: Cell<usize>,
}

async fn leaves_nothing(direct: &Direct, reached: &Reached, acts: Vec<Act>) -> Verdict {
    let root = direct.engine.root;
    let class = Request::Update(Kind::Organization, root, vec![approved()]);
    direct.change(&class).await.map_err(|no| fails(format!("{class:?}: {no:?}")))?;
    let mut there = There::new(root);
    for (number, act) in acts.iter().enumerate() {
        let Some(request) = there.request(number, act) else { continue };
        let Ok(answered) = direct.change(&request).await else { continue };
        if matches!(act, Act::Delete { .. }) {
            reached.gone.set(reached.gone.get() + 1);
            let left = nothing_dangles(direct).await?;
            let count = |wanted: Kind| left.values().filter(|kind| **kind == wanted).count();
            reached.workflows.set(reached.workflows.get() + count(Kind::Workflow));
            reached.offers.set(reached.offers.get() + count(Kind::MandateInvitation));
            there.keep(&left);
        } else if let Some(made) = answered.first() {
            there.add(&request, *made);
        }
    }
    direct.must_be_sound().await?;
    direct.clear().await?;
    nothing_dangles(direct).await.map(drop)
}

#[test]
fn deleting_anything_leaves_no_reference_to_it() {
    let reached = Reached::default();
    holds(&acts(), async |direct| direct, async |direct, acts| leaves_nothing(direct, &reached, acts).await);
    let Reached { gone, workflows, offers } = reached;
    assert!(gone.get() > 1_000, "only {} deletes succeeded", gone.get());
    assert!(workflows.get() > 100, "only {} workflows stood when something went", workflows.get());
    assert!(offers.get() > 100, "only {} invitations to mandates stood when something went", offers.get());
}

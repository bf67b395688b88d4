//! A simple model of the whole service as maps: users, organizations, roles, assignments, mandates with their
//! templates and delegations, invitations.
//! Written beside the service, never from it; no index, no cleverness.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

/// A class of organizations as the walk's configuration has it: whether virtual, and the roles that come with it.
pub const CLASSES: [(&str, bool, &[&str]); 4] = [
    ("organization", false, &[]),
    ("virtual", true, &[]),
    ("company", false, &["Administrator", "Signatory"]),
    ("network", true, &["Coordinator"]),
];

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization {
    pub name: String,
    pub friendly: String,
    pub class: &'static str,
    /// `None`: the root.
    pub parent: Option<Uuid>,
    pub is_virtual: bool,
    pub memberships: BTreeSet<Uuid>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct User {
    pub login: String,
    pub surname: String,
    pub email: String,
    pub browsers: BTreeSet<String>,
    pub home: Uuid,
    pub status: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    pub name: String,
    pub owner: Uuid,
    pub includes: BTreeSet<Uuid>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mandate {
    pub from: Uuid,
    /// `None`: somebody who is not registered.
    pub to: Option<Uuid>,
    pub email: String,
    pub roles: BTreeSet<Uuid>,
    /// Without regard to the clock.
    pub state: &'static str,
    pub valid_from: Option<i64>,
    pub valid_until: Option<i64>,
    /// A template that may be gone by now.
    pub template: Option<Uuid>,
}

/// The states that a mandate can leave.
pub const OPEN: [&str; 3] = ["Invited", "Pending", "Active"];

impl Mandate {
    /// The state at an instant.
    pub fn state_at(&self, now: i64) -> &'static str {
        let over = self.valid_until.is_some_and(|until| until <= now);
        if over && OPEN.contains(&self.state) { "Expired" } else { self.state }
    }

    /// Whether it gives its roles.
    pub fn in_force(&self, now: i64) -> bool {
        self.state_at(now) == "Active" && self.valid_from.is_none_or(|from| from <= now)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delegation {
    pub mandate: Uuid,
    pub user: Uuid,
    pub roles: BTreeSet<Uuid>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    pub name: String,
    pub roles: BTreeSet<Uuid>,
    /// Days.
    pub validity: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    pub user: Option<Uuid>,
    pub email: String,
    pub roles: BTreeSet<Uuid>,
    /// The id of a user that may be gone by now.
    pub inviter: Option<Uuid>,
    /// Without regard to the clock.
    pub state: &'static str,
    pub expires: i64,
}

impl Invitation {
    /// The state at an instant.
    pub fn state_at(&self, now: i64) -> &'static str {
        if self.state == "Sent" && self.expires <= now { "Expired" } else { self.state }
    }
}

/// An invitation to receive a mandate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    pub mandate: Uuid,
    pub email: String,
    /// Without regard to the clock.
    pub state: &'static str,
    pub expires: i64,
}

impl Offer {
    /// The state at an instant.
    pub fn state_at(&self, now: i64) -> &'static str {
        if self.state == "Sent" && self.expires <= now { "Expired" } else { self.state }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workflow {
    pub user: Uuid,
    /// An organization that may be gone by now.
    pub organization: Uuid,
    pub roles: BTreeSet<Uuid>,
    /// Whether it is about a registration; else about roles.
    pub registers: bool,
    pub state: &'static str,
}

impl Workflow {
    pub fn begun(user: Uuid, organization: Uuid, roles: BTreeSet<Uuid>, registers: bool) -> Self {
        Self { user, organization, roles, registers, state: "Pending" }
    }
}

/// Everything there is.
#[derive(Debug, Clone, Default)]
pub struct Model {
    pub root: Uuid,
    /// The service's clock, microseconds.
    pub now: i64,
    /// Whether receivers must approve mandates.
    pub approval: bool,
    pub organizations: BTreeMap<Uuid, Organization>,
    pub users: BTreeMap<Uuid, User>,
    pub roles: BTreeMap<Uuid, Role>,
    /// User and role.
    pub assignments: BTreeSet<(Uuid, Uuid)>,
    pub mandates: BTreeMap<Uuid, Mandate>,
    pub delegations: BTreeMap<Uuid, Delegation>,
    pub templates: BTreeMap<Uuid, Template>,
    pub invitations: BTreeMap<Uuid, Invitation>,
    pub offers: BTreeMap<Uuid, Offer>,
    pub workflows: BTreeMap<Uuid, Workflow>,
    /// Workflows that have begun and whose ids are not known yet.
    pub begun: Vec<Workflow>,
    /// What was there once.
    pub gone: Vec<Uuid>,
}

impl Model {
    /// With the root alone.
    pub fn new(root: Uuid, now: i64) -> Self {
        let mut model = Self { root, now, ..Self::default() };
        let organization = Organization {
            name: "root".to_owned(),
            friendly: "root".to_owned(),
            class: "organization",
            parent: None,
            is_virtual: false,
            memberships: BTreeSet::new(),
        };
        model.organizations.insert(root, organization);
        model
    }

    /// Whether `id` is `above` or stands below it.
    pub fn stands_below(&self, id: Uuid, above: Uuid) -> bool {
        let mut at = Some(id);
        while let Some(here) = at {
            if here == above {
                return true;
            }
            at = self.organizations.get(&here).and_then(|organization| organization.parent);
        }
        false
    }

    /// `id` and the organizations below it.
    pub fn subtree(&self, id: Uuid) -> BTreeSet<Uuid> {
        self.organizations.keys().copied().filter(|other| self.stands_below(*other, id)).collect()
    }

    /// The path of names below the root; the root's own name stands for itself.
    pub fn entity_name(&self, id: Uuid) -> String {
        let organization = &self.organizations[&id];
        match organization.parent {
            None => organization.name.clone(),
            Some(parent) if parent == self.root => organization.name.clone(),
            Some(parent) => format!("{}/{}", self.entity_name(parent), organization.name),
        }
    }

    /// The name of a role with its organization's.
    pub fn role_name(&self, id: Uuid) -> String {
        let role = &self.roles[&id];
        format!("{}/{}", self.entity_name(role.owner), role.name)
    }

    /// Whether the id is a user's or an organization's.
    pub fn is_end(&self, id: Uuid) -> bool {
        self.users.contains_key(&id) || self.organizations.contains_key(&id)
    }

    /// Takes a user away with what goes along.
    pub fn remove_user(&mut self, id: Uuid) {
        self.users.remove(&id);
        self.gone.push(id);
        self.assignments.retain(|(user, _)| *user != id);
        self.remove_mandates(|mandate| mandate.from == id || mandate.to == Some(id));
        self.remove_delegations(|delegation| delegation.user == id);
        let invited: Vec<Uuid> =
            self.invitations.iter().filter(|(_, i)| i.user == Some(id)).map(|(id, _)| *id).collect();
        for id in invited {
            self.invitations.remove(&id);
            self.gone.push(id);
        }
        self.workflows.retain(|_, workflow| workflow.user != id);
    }

    /// Takes a role away with its assignments; invitations and templates lose it.
    pub fn remove_role(&mut self, id: Uuid) {
        self.roles.remove(&id);
        self.gone.push(id);
        self.assignments.retain(|(_, role)| *role != id);
        for template in self.templates.values_mut() {
            template.roles.remove(&id);
        }
        self.offer_no_more(id);
    }

    /// Takes mandates away.
    pub fn remove_mandates(&mut self, which: impl Fn(&Mandate) -> bool) {
        let going: Vec<Uuid> = self.mandates.iter().filter(|(_, m)| which(m)).map(|(id, _)| *id).collect();
        for id in going {
            self.remove_mandate(id);
        }
    }

    /// Takes a mandate away with its delegations.
    pub fn remove_mandate(&mut self, id: Uuid) {
        self.mandates.remove(&id);
        self.gone.push(id);
        self.remove_delegations(|delegation| delegation.mandate == id);
        self.offers.retain(|_, offer| offer.mandate != id);
    }

    /// Takes delegations away.
    pub fn remove_delegations(&mut self, which: impl Fn(&Delegation) -> bool) {
        let going: Vec<Uuid> = self.delegations.iter().filter(|(_, d)| which(d)).map(|(id, _)| *id).collect();
        for id in going {
            self.delegations.remove(&id);
            self.gone.push(id);
        }
    }

    /// Ends a mandate and with it its delegations and the open invitation to it.
    pub fn end_mandate(&mut self, id: Uuid, state: &'static str) {
        self.mandates.get_mut(&id).unwrap().state = state;
        self.remove_delegations(|delegation| delegation.mandate == id);
        let open = self.offers.values_mut().filter(|offer| offer.mandate == id && offer.state == "Sent");
        open.for_each(|offer| offer.state = "Withdrawn");
    }

    /// Takes an assignment back, and with it the role out of what the user gave.
    pub fn take_away(&mut self, user: Uuid, role: Uuid) {
        if !self.assignments.remove(&(user, role)) {
            return;
        }
        let now = self.now;
        let concerned = |mandate: &Mandate| {
            mandate.from == user && mandate.roles.contains(&role) && OPEN.contains(&mandate.state_at(now))
        };
        let given: Vec<Uuid> =
            self.mandates.iter().filter(|(_, m)| concerned(m)).map(|(id, _)| *id).collect();
        for id in given {
            let mandate = self.mandates.get_mut(&id).unwrap();
            if mandate.roles.len() == 1 {
                self.end_mandate(id, "Revoked");
                continue;
            }
            mandate.roles.remove(&role);
            for delegation in self.delegations.values_mut().filter(|delegation| delegation.mandate == id) {
                delegation.roles.remove(&role);
            }
            self.remove_delegations(|delegation| delegation.roles.is_empty());
        }
    }

    /// Gives a user another home; what it received through organizations that it leaves ends.
    pub fn move_user(&mut self, id: Uuid, home: Uuid) {
        let user = self.users.get_mut(&id).unwrap();
        if user.home == home {
            return;
        }
        user.home = home;
        self.end_delegations_of_leavers();
    }

    /// Ends the delegations of users who are not below the receiver of the mandate any more.
    pub fn end_delegations_of_leavers(&mut self) {
        let receives = |delegation: &Delegation| self.mandates[&delegation.mandate].to;
        let home = |delegation: &Delegation| self.users[&delegation.user].home;
        let left: BTreeSet<Uuid> = self
            .delegations
            .iter()
            .filter(|(_, d)| receives(d).is_none_or(|to| !self.stands_below(home(d), to)))
            .map(|(id, _)| *id)
            .collect();
        for id in left {
            self.delegations.remove(&id);
            self.gone.push(id);
        }
    }

    /// A role and everything it includes, each with the fewest steps to it.
    pub fn included(&self, role: Uuid) -> BTreeMap<Uuid, usize> {
        let (mut found, mut edge, mut steps) = (BTreeMap::new(), BTreeSet::from([role]), 0);
        while !edge.is_empty() {
            found.extend(edge.iter().map(|id| (*id, steps)));
            let next = edge.iter().filter_map(|id| self.roles.get(id)).flat_map(|role| role.includes.clone());
            edge = next.filter(|id| !found.contains_key(id)).collect();
            steps += 1;
        }
        found
    }

    /// Takes organizations away with everything in them.
    pub fn remove_organizations(&mut self, ids: &BTreeSet<Uuid>) {
        let users: Vec<Uuid> =
            self.users.iter().filter(|(_, user)| ids.contains(&user.home)).map(|(id, _)| *id).collect();
        self.remove_mandates(|m| ids.contains(&m.from) || m.to.is_some_and(|to| ids.contains(&to)));
        for id in users {
            self.remove_user(id);
        }
        let roles: Vec<Uuid> =
            self.roles.iter().filter(|(_, role)| ids.contains(&role.owner)).map(|(id, _)| *id).collect();
        for id in roles {
            self.remove_role(id);
        }
        for id in ids {
            self.organizations.remove(id);
            self.gone.push(*id);
        }
        for organization in self.organizations.values_mut() {
            organization.memberships.retain(|id| !ids.contains(id));
        }
    }
}

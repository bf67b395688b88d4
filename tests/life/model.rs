//! A simple model of the whole service as maps: users, organizations, roles, assignments, mandates, invitations.
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
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mandate {
    pub from: Uuid,
    pub to: Uuid,
    pub roles: BTreeSet<Uuid>,
    pub state: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    pub user: Option<Uuid>,
    pub email: String,
    pub roles: BTreeSet<Uuid>,
    /// The id of a user that may be gone by now.
    pub inviter: Option<Uuid>,
    pub state: &'static str,
}

/// Everything there is.
#[derive(Debug, Clone, Default)]
pub struct Model {
    pub root: Uuid,
    pub organizations: BTreeMap<Uuid, Organization>,
    pub users: BTreeMap<Uuid, User>,
    pub roles: BTreeMap<Uuid, Role>,
    /// User and role.
    pub assignments: BTreeSet<(Uuid, Uuid)>,
    pub mandates: BTreeMap<Uuid, Mandate>,
    pub invitations: BTreeMap<Uuid, Invitation>,
    /// What was there once.
    pub gone: Vec<Uuid>,
}

impl Model {
    /// With the root alone.
    pub fn new(root: Uuid) -> Self {
        let mut model = Self { root, ..Self::default() };
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
        self.remove_mandates(|mandate| mandate.from == id || mandate.to == id);
        let invited: Vec<Uuid> =
            self.invitations.iter().filter(|(_, i)| i.user == Some(id)).map(|(id, _)| *id).collect();
        for id in invited {
            self.invitations.remove(&id);
            self.gone.push(id);
        }
    }

    /// Takes a role away with its assignments; invitations lose it.
    pub fn remove_role(&mut self, id: Uuid) {
        self.roles.remove(&id);
        self.gone.push(id);
        self.assignments.retain(|(_, role)| *role != id);
        for invitation in self.invitations.values_mut() {
            if invitation.roles.remove(&id) && invitation.roles.is_empty() {
                invitation.state = "Withdrawn";
            }
        }
    }

    /// Takes mandates away.
    pub fn remove_mandates(&mut self, which: impl Fn(&Mandate) -> bool) {
        let going: Vec<Uuid> = self.mandates.iter().filter(|(_, m)| which(m)).map(|(id, _)| *id).collect();
        for id in going {
            self.remove_mandate(id);
        }
    }

    /// Takes a mandate away.
    pub fn remove_mandate(&mut self, id: Uuid) {
        self.mandates.remove(&id);
        self.gone.push(id);
    }

    /// Takes organizations away with everything in them.
    pub fn remove_organizations(&mut self, ids: &BTreeSet<Uuid>) {
        let users: Vec<Uuid> =
            self.users.iter().filter(|(_, user)| ids.contains(&user.home)).map(|(id, _)| *id).collect();
        self.remove_mandates(|mandate| ids.contains(&mandate.from) || ids.contains(&mandate.to));
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

//! A simple model of users, organizations, roles, assignments and mandates, as maps; no index, no cleverness.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization {
    pub name: String,
    /// `None`: the root.
    pub parent: Option<Uuid>,
    pub is_virtual: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub login: String,
    pub surname: String,
    pub home: Uuid,
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
    pub role: Uuid,
    pub revoked: bool,
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
    /// What was there once.
    pub gone: Vec<Uuid>,
}

impl Model {
    /// With the root alone.
    pub fn new(root: Uuid) -> Self {
        let mut model = Self { root, ..Self::default() };
        let organization = Organization { name: "root".to_owned(), parent: None, is_virtual: false };
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

    /// Takes a user away with what goes along.
    pub fn remove_user(&mut self, id: Uuid) {
        self.users.remove(&id);
        self.gone.push(id);
        self.assignments.retain(|(user, _)| *user != id);
        self.remove_mandates(|mandate| mandate.from == id || mandate.to == id);
    }

    /// Takes a role away with its assignments.
    pub fn remove_role(&mut self, id: Uuid) {
        self.roles.remove(&id);
        self.gone.push(id);
        self.assignments.retain(|(_, role)| *role != id);
    }

    /// Takes mandates away.
    pub fn remove_mandates(&mut self, which: impl Fn(&Mandate) -> bool) {
        let going: Vec<Uuid> = self.mandates.iter().filter(|(_, m)| which(m)).map(|(id, _)| *id).collect();
        for id in going {
            self.mandates.remove(&id);
            self.gone.push(id);
        }
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
    }
}

//! What the contract says a step comes to: success, or a refusal by status and code. Checks stand in its order.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::drive::No;
use super::model::{CLASSES, Mandate, Model, OPEN};
use super::steps::{DAY, Giving, Step};

pub const INVALID: No = (400, 1);
pub const NO_PARENT: No = (404, 5);
pub const NOT_FOUND: No = (404, 7);
pub const TAKEN: No = (409, 4);
pub const NOT_VIRTUAL: No = (409, 8);
pub const VIRTUAL: No = (409, 9);
pub const REFERENCE: No = (400, 10);
pub const REFERRED: No = (409, 10);
pub const STATE: No = (409, 15);

/// Refuses what is wrong.
pub fn unless(wrong: bool, no: No) -> Result<(), No> {
    if wrong { Err(no) } else { Ok(()) }
}

impl Model {
    /// Whether a step is possible.
    pub fn predict(&self, step: &Step) -> Result<(), No> {
        match step {
            Step::AddOrganization { name, parent, is_virtual, class } => {
                let above = self.organizations.get(parent).ok_or(NO_PARENT)?;
                unless(above.is_virtual && !is_virtual, VIRTUAL)?;
                unless(class.is_some_and(|class| of_virtual(class) != *is_virtual), STATE)?;
                unless(self.sibling(name, *parent, None), TAKEN)
            }
            Step::ChangeOrganization { id, .. } => unless(!self.organizations.contains_key(id), NOT_FOUND),
            Step::Reclass { id, class } => {
                let organization = self.organizations.get(id).ok_or(NOT_FOUND)?;
                unless(organization.class != *class && of_virtual(class) != organization.is_virtual, STATE)
            }
            Step::Join { id, memberships } => self.may_join(*id, memberships),
            Step::MoveOrganization { id, parent } => self.may_move(*id, *parent),
            Step::DeleteOrganization { id, recursive } => self.may_delete(*id, *recursive),
            Step::AddUser { login, home, .. } => {
                let home = self.organizations.get(home).ok_or(NO_PARENT)?;
                unless(home.is_virtual, VIRTUAL)?;
                unless(self.login_taken(login, None), TAKEN)
            }
            Step::Rename { id, login } => {
                unless(!self.users.contains_key(id), NOT_FOUND)?;
                unless(self.login_taken(login, Some(*id)), TAKEN)
            }
            Step::Change { id, .. } | Step::Browse { id, .. } | Step::DeleteUser { id } => {
                unless(!self.users.contains_key(id), NOT_FOUND)
            }
            Step::SetStatus { id, status } => {
                let before = self.users.get(id).ok_or(NOT_FOUND)?.status.as_str();
                let awaits =
                    before == "Pending" || (before == "Waiting for registration" && *status == "Enabled");
                unless(awaits, STATE)
            }
            Step::MoveUser { id, home } => {
                unless(!self.users.contains_key(id), NOT_FOUND)?;
                unless(self.organizations.get(home).ok_or(NO_PARENT)?.is_virtual, VIRTUAL)
            }
            Step::Include { .. }
            | Step::AddRole { .. }
            | Step::RenameRole { .. }
            | Step::DeleteRole { .. }
            | Step::Assign { .. } => self.of_roles(step),
            Step::List { .. } | Step::Effective { .. } | Step::Wait { .. } => Ok(()),
            step if step.is_about_mandates() => self.of_mandates(step),
            invitations => self.may_invite(invitations),
        }
    }

    fn of_roles(&self, step: &Step) -> Result<(), No> {
        match step {
            Step::Include { id, includes } => {
                unless(!self.roles.contains_key(id), NOT_FOUND)?;
                unless(includes.iter().any(|role| !self.roles.contains_key(role)), REFERENCE)?;
                unless(includes.iter().any(|role| self.included(*role).contains_key(id)), REFERRED)
            }
            Step::AddRole { name, owner } => {
                unless(!self.organizations.contains_key(owner), NO_PARENT)?;
                unless(self.role_taken(name, *owner, None), TAKEN)
            }
            Step::RenameRole { id, name } => {
                let role = self.roles.get(id).ok_or(NOT_FOUND)?;
                unless(self.role_taken(name, role.owner, Some(*id)), TAKEN)
            }
            Step::DeleteRole { id } => {
                unless(!self.roles.contains_key(id), NOT_FOUND)?;
                unless(self.mandates.values().any(|mandate| mandate.roles.contains(id)), REFERRED)?;
                unless(self.roles.values().any(|role| role.includes.contains(id)), REFERRED)
            }
            Step::Assign { user, role, .. } => {
                unless(!self.users.contains_key(user) || !self.roles.contains_key(role), NOT_FOUND)
            }
            other => panic!("{other:?} is about no role"),
        }
    }

    fn of_mandates(&self, step: &Step) -> Result<(), No> {
        match step {
            Step::AddMandate(giving) => self.may_give(giving),
            Step::Revoke { id } => {
                let mandate = self.mandates.get(id).ok_or(NOT_FOUND)?;
                unless(!OPEN.contains(&mandate.state_at(self.now)), STATE)
            }
            Step::Approve { id } | Step::Reject { id } => {
                let mandate = self.mandates.get(id).ok_or(NOT_FOUND)?;
                unless(mandate.state_at(self.now) != "Pending", STATE)
            }
            Step::Prolong { id, until } => self.may_prolong(*id, *until),
            Step::DeleteMandate { id } => unless(!self.mandates.contains_key(id), NOT_FOUND),
            Step::Delegate { mandate, user, roles } => self.may_delegate(*mandate, *user, roles),
            Step::DeleteDelegation { id } => unless(!self.delegations.contains_key(id), NOT_FOUND),
            Step::AddTemplate { name, roles, .. } => {
                unless(roles.iter().any(|role| !self.roles.contains_key(role)), REFERENCE)?;
                unless(self.templates.values().any(|template| template.name == *name), TAKEN)
            }
            Step::ChangeTemplate { id, roles } => {
                unless(!self.templates.contains_key(id), NOT_FOUND)?;
                unless(roles.iter().any(|role| !self.roles.contains_key(role)), REFERENCE)
            }
            Step::DeleteTemplate { id } => unless(!self.templates.contains_key(id), NOT_FOUND),
            other => panic!("{other:?} is about no mandate"),
        }
    }

    fn sibling(&self, name: &str, parent: Uuid, but: Option<Uuid>) -> bool {
        self.organizations
            .iter()
            .any(|(id, other)| Some(*id) != but && other.parent == Some(parent) && other.name == name)
    }

    /// Whether another user has a login.
    pub fn login_taken(&self, login: &str, but: Option<Uuid>) -> bool {
        let same = |other: &str| other.to_lowercase() == login.to_lowercase();
        self.users.iter().any(|(id, user)| Some(*id) != but && same(&user.login))
    }

    fn role_taken(&self, name: &str, owner: Uuid, but: Option<Uuid>) -> bool {
        self.roles.iter().any(|(id, role)| Some(*id) != but && role.owner == owner && role.name == name)
    }

    fn may_join(&self, id: Uuid, memberships: &BTreeSet<Uuid>) -> Result<(), No> {
        unless(!self.organizations.contains_key(&id), NOT_FOUND)?;
        let joined: Vec<_> = memberships.iter().map(|other| self.organizations.get(other)).collect();
        unless(joined.iter().any(Option::is_none) || memberships.contains(&id), REFERENCE)?;
        unless(joined.iter().flatten().any(|other| !other.is_virtual), NOT_VIRTUAL)
    }

    fn may_move(&self, id: Uuid, parent: Uuid) -> Result<(), No> {
        let moved = self.organizations.get(&id).ok_or(NOT_FOUND)?;
        let above = self.organizations.get(&parent).ok_or(NO_PARENT)?;
        unless(moved.parent.is_none(), STATE)?;
        unless(self.stands_below(parent, id), REFERRED)?;
        unless(above.is_virtual && !moved.is_virtual, VIRTUAL)?;
        unless(self.sibling(&moved.name, parent, Some(id)), TAKEN)
    }

    fn may_delete(&self, id: Uuid, recursive: bool) -> Result<(), No> {
        let organization = self.organizations.get(&id).ok_or(NOT_FOUND)?;
        unless(organization.parent.is_none(), STATE)?;
        let ids = if recursive { self.subtree(id) } else { [id].into() };
        if !recursive {
            let below = self.organizations.values().any(|other| other.parent == Some(id));
            let inhabited = self.users.values().any(|user| user.home == id);
            let mandates = self.mandates.values().any(|m| m.from == id || m.to == Some(id));
            unless(below || inhabited || mandates, REFERRED)?;
        }
        // What stays keeps the roles it gives or includes.
        let lives = |user: &Uuid| self.users.get(user).is_some_and(|user| ids.contains(&user.home));
        let goes = |end: &Uuid| ids.contains(end) || lives(end);
        let kept = |mandate: &&Mandate| !goes(&mandate.from) && !mandate.to.as_ref().is_some_and(goes);
        let ends = |role: &Uuid| self.roles.get(role).is_some_and(|role| ids.contains(&role.owner));
        let given = self.mandates.values().filter(kept).any(|mandate| mandate.roles.iter().any(ends));
        let staying = self.roles.values().filter(|role| !ids.contains(&role.owner));
        unless(given || staying.flat_map(|role| &role.includes).any(ends), REFERRED)
    }

    /// The roles and the end that a mandate comes to have.
    pub fn terms(&self, giving: &Giving) -> (BTreeSet<Uuid>, Option<i64>) {
        let template = giving.template.and_then(|id| self.templates.get(&id));
        let (mut roles, mut until) = (giving.roles.clone(), giving.valid_until);
        if let Some(template) = template {
            if roles.is_empty() {
                roles.clone_from(&template.roles);
            }
            let from = giving.valid_from.unwrap_or(self.now).max(self.now);
            until = until.or(template.validity.map(|days| from + days * DAY));
        }
        (roles, until)
    }

    fn may_give(&self, giving: &Giving) -> Result<(), No> {
        let (from, to) = (giving.from, giving.to);
        unless(!self.is_end(from) || to.is_some_and(|to| !self.is_end(to)), REFERENCE)?;
        unless(giving.roles.iter().any(|role| !self.roles.contains_key(role)), REFERENCE)?;
        unless(giving.template.is_some_and(|id| !self.templates.contains_key(&id)), REFERENCE)?;
        let (roles, until) = self.terms(giving);
        unless(until.is_some_and(|until| until <= self.now), INVALID)?;
        unless(giving.valid_from.zip(until).is_some_and(|(from, until)| until <= from), INVALID)?;
        unless(roles.is_empty(), INVALID)?;
        unless(to == Some(from), REFERENCE)?;
        unless(!roles.iter().all(|role| self.has(from, *role)), REFERENCE)
    }

    fn may_prolong(&self, id: Uuid, until: Option<i64>) -> Result<(), No> {
        let mandate = self.mandates.get(&id).ok_or(NOT_FOUND)?;
        if mandate.valid_until == until {
            return Ok(());
        }
        unless(until.is_some_and(|until| until <= self.now), INVALID)?;
        unless(!OPEN.contains(&mandate.state_at(self.now)), STATE)?;
        unless(mandate.valid_from.zip(until).is_some_and(|(from, until)| until <= from), INVALID)
    }

    fn may_delegate(&self, mandate: Uuid, user: Uuid, roles: &BTreeSet<Uuid>) -> Result<(), No> {
        let given = self.mandates.get(&mandate).ok_or(NO_PARENT)?;
        let receiver = given.to.filter(|to| self.organizations.contains_key(to));
        let to = self.users.get(&user).ok_or(REFERENCE)?;
        unless(roles.iter().any(|role| !self.roles.contains_key(role)), REFERENCE)?;
        if let Some(receiver) = receiver {
            unless(!self.stands_below(to.home, receiver) || given.from == user, REFERENCE)?;
        }
        unless(!roles.is_subset(&given.roles), REFERENCE)?;
        unless(receiver.is_none() || !given.in_force(self.now), STATE)?;
        unless(self.delegations.values().any(|d| d.mandate == mandate && d.user == user), TAKEN)
    }

    /// Whether a user is given a role, or an organization owns it.
    pub fn has(&self, end: Uuid, role: Uuid) -> bool {
        let owns = self.roles.get(&role).is_some_and(|role| role.owner == end);
        owns || self.assignments.contains(&(end, role))
    }
}

fn of_virtual(class: &str) -> bool {
    CLASSES.iter().any(|(name, is_virtual, _)| *name == class && *is_virtual)
}

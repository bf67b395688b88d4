//! What the contract says a step comes to: success, or a refusal by status and code. Checks stand in its order.

use uuid::Uuid;

use super::model::{Mandate, Model};
use super::steps::Step;

/// A refusal: status and code.
pub type No = (u16, u16);

const NO_PARENT: No = (404, 5);
const NOT_FOUND: No = (404, 7);
const TAKEN: No = (409, 4);
const VIRTUAL: No = (409, 9);
const REFERENCE: No = (400, 10);
const REFERRED: No = (409, 10);
const STATE: No = (409, 15);

fn unless(wrong: bool, no: No) -> Result<(), No> {
    if wrong { Err(no) } else { Ok(()) }
}

impl Model {
    /// Whether a step is possible.
    pub fn predict(&self, step: &Step) -> Result<(), No> {
        match step {
            Step::AddOrganization { name, parent, is_virtual } => {
                let above = self.organizations.get(parent).ok_or(NO_PARENT)?;
                unless(above.is_virtual && !is_virtual, VIRTUAL)?;
                unless(self.sibling(name, *parent, None), TAKEN)
            }
            Step::MoveOrganization { id, parent } => self.may_move(*id, *parent),
            Step::DeleteOrganization { id, recursive } => self.may_delete(*id, *recursive),
            Step::AddUser { login, home } => {
                let home = self.organizations.get(home).ok_or(NO_PARENT)?;
                unless(home.is_virtual, VIRTUAL)?;
                unless(self.login_taken(login, None), TAKEN)
            }
            Step::Rename { id, login } => {
                unless(!self.users.contains_key(id), NOT_FOUND)?;
                unless(self.login_taken(login, Some(*id)), TAKEN)
            }
            Step::Change { id, .. } | Step::DeleteUser { id } => {
                unless(!self.users.contains_key(id), NOT_FOUND)
            }
            Step::AddRole { name, owner } => {
                unless(!self.organizations.contains_key(owner), NO_PARENT)?;
                unless(self.roles.values().any(|role| role.owner == *owner && role.name == *name), TAKEN)
            }
            Step::DeleteRole { id } => {
                unless(!self.roles.contains_key(id), NOT_FOUND)?;
                unless(self.mandates.values().any(|mandate| mandate.role == *id), REFERRED)
            }
            Step::Assign { user, role, .. } => {
                unless(!self.users.contains_key(user) || !self.roles.contains_key(role), NOT_FOUND)
            }
            Step::AddMandate { from, to, role } => self.may_give(*from, *to, *role),
            Step::Revoke { id } => {
                let mandate = self.mandates.get(id).ok_or(NOT_FOUND)?;
                unless(mandate.revoked, STATE)
            }
            Step::DeleteMandate { id } => unless(!self.mandates.contains_key(id), NOT_FOUND),
            Step::List(_) => Ok(()),
        }
    }

    fn sibling(&self, name: &str, parent: Uuid, but: Option<Uuid>) -> bool {
        self.organizations
            .iter()
            .any(|(id, other)| Some(*id) != but && other.parent == Some(parent) && other.name == name)
    }

    fn login_taken(&self, login: &str, but: Option<Uuid>) -> bool {
        self.users.iter().any(|(id, user)| Some(*id) != but && user.login.eq_ignore_ascii_case(login))
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
            let mandates = self.mandates.values().any(|mandate| mandate.from == id || mandate.to == id);
            unless(below || inhabited || mandates, REFERRED)?;
        }
        // A mandate that stays keeps the roles it gives.
        let lives = |user: &Uuid| self.users.get(user).is_some_and(|user| ids.contains(&user.home));
        let goes = |end: &Uuid| ids.contains(end) || lives(end);
        let kept = |mandate: &&Mandate| !goes(&mandate.from) && !goes(&mandate.to);
        let holds =
            |mandate: &Mandate| self.roles.get(&mandate.role).is_some_and(|role| ids.contains(&role.owner));
        unless(self.mandates.values().filter(kept).any(holds), REFERRED)
    }

    fn may_give(&self, from: Uuid, to: Uuid, role: Uuid) -> Result<(), No> {
        let is_end = |id| self.users.contains_key(id) || self.organizations.contains_key(id);
        unless(!is_end(&from) || !is_end(&to) || from == to, REFERENCE)?;
        let given = self.roles.get(&role).ok_or(REFERENCE)?;
        let has = given.owner == from || self.assignments.contains(&(from, role));
        unless(!has, REFERENCE)
    }
}

//! Invitations, invited users and workflows in the model: what is possible, and what follows.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::drive::No;
use super::model::{Invitation, Model, Workflow};
use super::predict::{INVALID, NO_PARENT, NOT_FOUND, REFERENCE, STATE, TAKEN, VIRTUAL, unless};
use super::steps::{DAY, Step};

/// How long an invitation stands.
pub const STANDS: i64 = 14 * DAY;

/// Whether somebody in this status may accept roles or a mandate; who is not registered accepts its invitation first.
fn may_accept(status: &str) -> bool {
    matches!(status, "Enabled" | "Pending" | "Locked")
}

fn is_unregistered(status: &str) -> bool {
    matches!(status, "Waiting for registration" | "Not initialized")
}

impl Model {
    /// Whether what is accepted in an organization awaits approval.
    fn asks(&self, organization: Uuid) -> bool {
        self.approval && matches!(self.organizations[&organization].class, "company" | "organization")
    }

    /// Whether a step about invitations, invited users or workflows is possible.
    pub fn may_invite(&self, step: &Step) -> Result<(), No> {
        match step {
            Step::Invite { user, roles, inviter, .. } => {
                let unknown = |id: &Uuid| !self.users.contains_key(id);
                unless(user.iter().chain(inviter).any(unknown), REFERENCE)?;
                unless(roles.iter().any(|role| !self.roles.contains_key(role)), REFERENCE)
            }
            Step::InviteUser { login, home, roles, .. } => {
                unless(self.organizations.get(home).ok_or(NO_PARENT)?.is_virtual, VIRTUAL)?;
                unless(self.login_taken(login, None), TAKEN)?;
                unless(roles.iter().any(|role| !self.roles.contains_key(role)), REFERENCE)
            }
            Step::Reinvite { id } => {
                unless(self.users.get(id).ok_or(NOT_FOUND)?.status != "Waiting for registration", STATE)
            }
            Step::Withdraw { id } => unless(!self.can_renew(self.invitations.get(id))?, STATE),
            Step::Resend { id } => {
                let invitation = self.invitations.get(id);
                unless(!self.can_renew(invitation)?, STATE)?;
                let to = invitation.and_then(|invitation| invitation.user);
                unless(to.is_some_and(|to| self.users[&to].email.is_empty()), STATE)
            }
            Step::Accept { id, user } => self.may_accept(*id, *user),
            Step::Decline { id } => {
                let invitation = self.invitations.get(id).ok_or(NOT_FOUND)?;
                unless(invitation.state_at(self.now) != "Sent", STATE)
            }
            Step::Receive { id, user } => self.may_receive(*id, *user),
            Step::Refuse { id } => {
                let offer = self.offers.get(id).ok_or(NOT_FOUND)?;
                unless(offer.state_at(self.now) != "Sent", STATE)?;
                unless(self.mandates[&offer.mandate].state_at(self.now) != "Invited", STATE)
            }
            Step::Decide { id, approve } => self.may_decide(*id, *approve),
            other => panic!("{other:?} is about no invitation"),
        }
    }

    fn can_renew(&self, invitation: Option<&Invitation>) -> Result<bool, No> {
        Ok(matches!(invitation.ok_or(NOT_FOUND)?.state_at(self.now), "Sent" | "Expired"))
    }

    /// A client accepts for the user that is invited, or for one it names.
    fn may_accept(&self, id: Uuid, user: Option<Uuid>) -> Result<(), No> {
        let invitation = self.invitations.get(&id).ok_or(NOT_FOUND)?;
        unless(invitation.state_at(self.now) != "Sent", STATE)?;
        if let Some(invited) = invitation.user {
            unless(user.is_some_and(|user| user != invited), REFERENCE)?;
            let status = self.users[&invited].status.as_str();
            return unless(!is_unregistered(status) && !may_accept(status), STATE);
        }
        // Somebody new needs a token, and a user that exists must be named.
        let user = self.users.get(&user.ok_or(INVALID)?).ok_or(REFERENCE)?;
        unless(!may_accept(&user.status), STATE)
    }

    fn may_receive(&self, id: Uuid, user: Uuid) -> Result<(), No> {
        let offer = self.offers.get(&id).ok_or(NOT_FOUND)?;
        unless(offer.state_at(self.now) != "Sent", STATE)?;
        let receiver = self.users.get(&user).ok_or(REFERENCE)?;
        unless(!may_accept(&receiver.status), STATE)?;
        let mandate = &self.mandates[&offer.mandate];
        unless(mandate.from == user, REFERENCE)?;
        unless(mandate.state_at(self.now) != "Invited", STATE)
    }

    fn may_decide(&self, id: Uuid, approve: bool) -> Result<(), No> {
        let workflow = self.workflows.get(&id).ok_or(NOT_FOUND)?;
        unless(workflow.state != "Pending", STATE)?;
        let status = self.users[&workflow.user].status.as_str();
        let possible = match (workflow.registers, approve) {
            (true, true) => may_accept(status),
            (true, false) => !is_unregistered(status),
            (false, true) => matches!(status, "Enabled" | "Locked"),
            (false, false) => true,
        };
        unless(!possible, STATE)
    }

    /// Moves on by such a step; `made` is the id it answered.
    pub fn invite(&mut self, step: &Step, made: Uuid) {
        match step.clone() {
            Step::Invite { user, email, roles, inviter } => {
                let (state, expires) = ("Sent", self.now + STANDS);
                self.invitations.insert(made, Invitation { user, email, roles, inviter, state, expires });
            }
            Step::InviteUser { login, email, home, .. } => {
                let status = "Waiting for registration".to_owned();
                let user = super::model::User { login, email, home, status, ..Default::default() };
                self.users.insert(made, user);
            }
            Step::Reinvite { id } => {
                let open =
                    self.invitations.iter_mut().rfind(|(_, i)| i.user == Some(id) && i.state == "Sent");
                open.unwrap().1.expires = self.now + STANDS;
            }
            Step::Withdraw { id } => self.end_invitation(id, "Withdrawn"),
            Step::Resend { id } => self.invitations.get_mut(&id).unwrap().expires = self.now + STANDS,
            Step::Accept { id, user } => self.accept(id, user),
            Step::Decline { id } => self.end_invitation(id, "Declined"),
            Step::Receive { id, user } => {
                let offer = self.offers.get_mut(&id).unwrap();
                offer.state = "Accepted";
                let mandate = self.mandates.get_mut(&offer.mandate).unwrap();
                mandate.to = Some(user);
                mandate.state = if self.approval { "Pending" } else { "Active" };
            }
            Step::Refuse { id } => {
                let offer = self.offers.get_mut(&id).unwrap();
                offer.state = "Declined";
                self.mandates.get_mut(&offer.mandate).unwrap().state = "Rejected";
            }
            Step::Decide { id, approve } => self.decide(id, approve),
            other => panic!("{other:?} is about no invitation"),
        }
    }

    /// Ends an invitation; a user who waits for its last one waits no more.
    pub fn end_invitation(&mut self, id: Uuid, state: &'static str) {
        let invitation = self.invitations.get_mut(&id).unwrap();
        invitation.state = state;
        let Some(user) = invitation.user else { return };
        let open = self.invitations.values().any(|i| i.user == Some(user) && i.state == "Sent");
        if let Some(user) = self.users.get_mut(&user)
            && user.status == "Waiting for registration"
            && !open
        {
            "Not initialized".clone_into(&mut user.status);
        }
    }

    fn accept(&mut self, id: Uuid, named: Option<Uuid>) {
        let invitation = self.invitations.get_mut(&id).unwrap();
        let user = invitation.user.or(named).unwrap();
        invitation.user = Some(user);
        invitation.state = "Accepted";
        let roles = invitation.roles.clone();
        let home = self.users[&user].home;
        let registered = is_unregistered(&self.users[&user].status);
        let pending = registered && self.asks(home);
        if registered {
            let status = if pending { "Pending" } else { "Enabled" };
            status.clone_into(&mut self.users.get_mut(&user).unwrap().status);
        }
        let mut requests: BTreeMap<Uuid, BTreeSet<Uuid>> = BTreeMap::new();
        let mut at_once = BTreeSet::new();
        for role in roles {
            let owner = self.roles[&role].owner;
            if self.asks(owner) && !(pending && owner == home) {
                requests.entry(owner).or_default().insert(role);
            } else {
                at_once.insert(role);
            }
        }
        if pending {
            self.begun.push(Workflow::begun(user, home, at_once, true));
        } else {
            self.assignments.extend(at_once.into_iter().map(|role| (user, role)));
        }
        let requests = requests.into_iter().map(|(owner, roles)| Workflow::begun(user, owner, roles, false));
        self.begun.extend(requests);
    }

    fn decide(&mut self, id: Uuid, approve: bool) {
        let workflow = self.workflows.get_mut(&id).unwrap();
        workflow.state = if approve { "Approved" } else { "Rejected" };
        let (user, roles, registers) = (workflow.user, workflow.roles.clone(), workflow.registers);
        if approve {
            self.assignments.extend(roles.into_iter().map(|role| (user, role)));
        }
        if registers {
            self.register(user, approve);
        }
    }

    /// Enables or disables a user whose registration was decided.
    fn register(&mut self, user: Uuid, approve: bool) {
        let user = self.users.get_mut(&user).unwrap();
        match (approve, user.status.as_str()) {
            (true, "Locked") => {}
            (true, _) => "Enabled".clone_into(&mut user.status),
            (false, _) => "Disabled".clone_into(&mut user.status),
        }
    }

    /// Takes a role that is gone out of what offers it; what offers nothing any more ends.
    pub fn offer_no_more(&mut self, role: Uuid) {
        let mut emptied = Vec::new();
        for (id, invitation) in &mut self.invitations {
            if invitation.roles.remove(&role) && invitation.roles.is_empty() && invitation.state == "Sent" {
                emptied.push(*id);
            }
        }
        for id in emptied {
            self.end_invitation(id, "Withdrawn");
        }
        let mut rejected = Vec::new();
        for workflow in self.workflows.values_mut() {
            if workflow.roles.remove(&role) && workflow.roles.is_empty() && workflow.state == "Pending" {
                workflow.state = "Rejected";
                rejected.extend(workflow.registers.then_some(workflow.user));
            }
        }
        for user in rejected {
            self.register(user, false);
        }
    }
}

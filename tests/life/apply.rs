//! How a step that succeeded moves the model on, and what the model says each entity shows.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;
use valtuus::model::Kind;

use super::drive::Facts;
use super::model::{CLASSES, Invitation, Mandate, Model, Organization, Role, User};
use super::steps::Step;

impl Model {
    /// Moves on by a step that succeeded; `made` is the id it answered.
    pub fn apply(&mut self, step: &Step, made: Uuid) {
        match step.clone() {
            Step::AddOrganization { name, parent, is_virtual, class } => {
                let class = class.unwrap_or(if is_virtual { "virtual" } else { "organization" });
                let (friendly, parent, memberships) = (name.clone(), Some(parent), BTreeSet::new());
                let organization = Organization { name, friendly, class, parent, is_virtual, memberships };
                self.organizations.insert(made, organization);
            }
            Step::ChangeOrganization { id, friendly } => {
                let organization = self.organizations.get_mut(&id).unwrap();
                organization.friendly =
                    if friendly.is_empty() { organization.name.clone() } else { friendly };
            }
            Step::Reclass { id, class } => self.organizations.get_mut(&id).unwrap().class = class,
            Step::Join { id, memberships } => {
                self.organizations.get_mut(&id).unwrap().memberships = memberships;
            }
            Step::MoveOrganization { id, parent } => {
                self.organizations.get_mut(&id).unwrap().parent = Some(parent);
            }
            Step::DeleteOrganization { id, recursive } => {
                let ids = if recursive { self.subtree(id) } else { [id].into() };
                self.remove_organizations(&ids);
            }
            Step::AddUser { login, home, email, browsers } => {
                let (surname, status) = (String::new(), "Enabled".to_owned());
                self.users.insert(made, User { login, surname, email, browsers, home, status });
            }
            Step::Rename { id, login } => self.users.get_mut(&id).unwrap().login = login,
            Step::Change { id, surname } => self.users.get_mut(&id).unwrap().surname = surname,
            Step::Browse { id, browsers } => self.users.get_mut(&id).unwrap().browsers = browsers,
            Step::SetStatus { id, status } => self.users.get_mut(&id).unwrap().status = status.to_owned(),
            Step::DeleteUser { id } => self.remove_user(id),
            Step::AddRole { name, owner } => drop(self.roles.insert(made, Role { name, owner })),
            Step::RenameRole { id, name } => self.roles.get_mut(&id).unwrap().name = name,
            Step::DeleteRole { id } => self.remove_role(id),
            Step::Assign { user, role, give: true } => drop(self.assignments.insert((user, role))),
            Step::Assign { user, role, give: false } => self.take_away(user, role),
            Step::AddMandate { from, to, roles } => {
                self.mandates.insert(made, Mandate { from, to, roles, state: "Active" });
            }
            Step::Revoke { id } => self.mandates.get_mut(&id).unwrap().state = "Revoked",
            Step::DeleteMandate { id } => self.remove_mandate(id),
            Step::Invite { user, email, roles, inviter } => {
                let state = "Sent";
                self.invitations.insert(made, Invitation { user, email, roles, inviter, state });
            }
            Step::Withdraw { id } => self.invitations.get_mut(&id).unwrap().state = "Withdrawn",
            Step::List { .. } => {}
        }
    }

    /// A role that is taken away is taken out of what its holder gave; a mandate without a role is revoked.
    fn take_away(&mut self, user: Uuid, role: Uuid) {
        if !self.assignments.remove(&(user, role)) {
            return;
        }
        for mandate in
            self.mandates.values_mut().filter(|mandate| mandate.from == user && mandate.state == "Active")
        {
            if mandate.roles == [role].into() {
                mandate.state = "Revoked";
            } else {
                mandate.roles.remove(&role);
            }
        }
    }

    /// The names of the roles that an organization must have by its class and does not have in the model yet: their
    /// ids are the server's to choose.
    pub fn class_roles_to_come(&self, organization: Uuid) -> BTreeSet<&'static str> {
        let class = self.organizations[&organization].class;
        let roles = CLASSES.iter().find(|(name, ..)| *name == class).map_or(&[][..], |(_, _, roles)| roles);
        let has =
            |name: &str| self.roles.values().any(|role| role.owner == organization && role.name == name);
        roles.iter().copied().filter(|name| !has(name)).collect()
    }

    /// Every entity of a kind with what it must show; attributes that the model does not know are left out.
    pub fn whole(&self, kind: Kind) -> BTreeMap<Uuid, Facts> {
        match kind {
            Kind::User => self.users.iter().map(|(id, user)| (*id, self.user_facts(user))).collect(),
            Kind::Organization => {
                self.organizations.iter().map(|(id, o)| (*id, self.organization_facts(*id, o))).collect()
            }
            Kind::Role => self.roles.keys().map(|id| (*id, self.role_facts(*id))).collect(),
            Kind::Mandate => self.mandates.iter().map(|(id, m)| (*id, self.mandate_facts(*id, m))).collect(),
            Kind::RoleInvitation => {
                self.invitations.iter().map(|(id, i)| (*id, invitation_facts(i))).collect()
            }
            other => panic!("the model knows no {}", other.name()),
        }
    }

    fn user_facts(&self, user: &User) -> Facts {
        let home = &self.organizations[&user.home];
        facts([
            ("login", one(&user.login)),
            ("surname", one(&user.surname)),
            ("email", one(&user.email)),
            ("browsers", user.browsers.clone()),
            ("status", one(&user.status)),
            ("organizationId", one(&user.home.to_string())),
            ("organization", one(&home.name)),
        ])
    }

    fn organization_facts(&self, id: Uuid, organization: &Organization) -> Facts {
        let memberships = organization.memberships.iter().map(|id| self.entity_name(*id)).collect();
        facts([
            ("entityName", one(&self.entity_name(id))),
            ("technicalName", one(&organization.name)),
            ("friendlyName", one(&organization.friendly)),
            ("organizationClass", one(organization.class)),
            ("virtual", one(if organization.is_virtual { "true" } else { "false" })),
            ("parent", ids(&organization.parent.into_iter().collect())),
            ("memberships", memberships),
        ])
    }

    fn role_facts(&self, id: Uuid) -> Facts {
        let role = &self.roles[&id];
        facts([
            ("name", one(&role.name)),
            ("entityName", one(&self.role_name(id))),
            ("organization", one(&role.owner.to_string())),
        ])
    }

    fn mandate_facts(&self, id: Uuid, mandate: &Mandate) -> Facts {
        let side = |end: &Uuid| if self.users.contains_key(end) { "Per" } else { "Org" };
        facts([
            ("id", one(&id.to_string())),
            ("type", one(&format!("{}To{}", side(&mandate.from), side(&mandate.to)))),
            ("mandater", one(&mandate.from.to_string())),
            ("mandatee", one(&mandate.to.to_string())),
            ("role", ids(&mandate.roles)),
            ("state", one(mandate.state)),
        ])
    }
}

fn invitation_facts(invitation: &Invitation) -> Facts {
    let mut known = facts([
        ("user", ids(&invitation.user.into_iter().collect())),
        ("email", one(&invitation.email)),
        ("role", ids(&invitation.roles)),
        ("state", one(invitation.state)),
    ]);
    if let Some(inviter) = invitation.inviter {
        known.insert("inviter".to_owned(), one(&inviter.to_string()));
    }
    known
}

fn facts<const N: usize>(known: [(&str, BTreeSet<String>); N]) -> Facts {
    known.into_iter().map(|(name, values)| (name.to_owned(), values)).collect()
}

/// One value; none when it is empty.
fn one(value: &str) -> BTreeSet<String> {
    (!value.is_empty()).then(|| value.to_owned()).into_iter().collect()
}

fn ids(ids: &BTreeSet<Uuid>) -> BTreeSet<String> {
    ids.iter().map(Uuid::to_string).collect()
}

//! How a step that succeeded moves the model on, and what the model says each entity shows.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;
use valtuus::model::Kind;

use super::drive::Facts;
use super::model::{
    CLASSES, Delegation, Invitation, Mandate, Model, Offer, Organization, Role, Template, User, Workflow,
};
use super::steps::{Giving, Step};

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
                self.end_delegations_of_leavers();
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
            Step::SetStatus { id, status } => status.clone_into(&mut self.users.get_mut(&id).unwrap().status),
            Step::MoveUser { id, home } => self.move_user(id, home),
            Step::DeleteUser { id } => self.remove_user(id),
            Step::AddRole { name, owner } => {
                self.roles.insert(made, Role { name, owner, includes: BTreeSet::new() });
            }
            Step::Include { id, includes } => self.roles.get_mut(&id).unwrap().includes = includes,
            Step::RenameRole { id, name } => self.roles.get_mut(&id).unwrap().name = name,
            Step::DeleteRole { id } => self.remove_role(id),
            Step::Assign { user, role, give: true } => drop(self.assignments.insert((user, role))),
            Step::Assign { user, role, give: false } => self.take_away(user, role),
            Step::Wait { by } => self.now += by,
            Step::List { .. } | Step::Effective { .. } => {}
            step if step.is_about_mandates() => self.apply_to_mandates(step, made),
            invitations => self.invite(&invitations, made),
        }
    }

    fn apply_to_mandates(&mut self, step: Step, made: Uuid) {
        match step {
            Step::AddMandate(giving) => {
                let mandate = self.given(&giving);
                self.mandates.insert(made, mandate);
            }
            Step::Revoke { id } => self.end_mandate(id, "Revoked"),
            Step::Approve { id } => self.mandates.get_mut(&id).unwrap().state = "Active",
            Step::Reject { id } => self.end_mandate(id, "Rejected"),
            Step::Prolong { id, until } => {
                let email = self.address_of(self.mandates[&id].to);
                let mandate = self.mandates.get_mut(&id).unwrap();
                mandate.valid_until = until;
                if mandate.email.is_empty() {
                    mandate.email = email;
                }
            }
            Step::DeleteMandate { id } => self.remove_mandate(id),
            Step::Delegate { mandate, user, roles } => {
                let roles = if roles.is_empty() { self.mandates[&mandate].roles.clone() } else { roles };
                self.delegations.insert(made, Delegation { mandate, user, roles });
            }
            Step::DeleteDelegation { id } => self.remove_delegations_by(id),
            Step::AddTemplate { name, roles, validity } => {
                self.templates.insert(made, Template { name, roles, validity });
            }
            Step::ChangeTemplate { id, roles } => self.templates.get_mut(&id).unwrap().roles = roles,
            Step::DeleteTemplate { id } => {
                self.templates.remove(&id);
                self.gone.push(id);
            }
            other => panic!("{other:?} is about no mandate"),
        }
    }

    fn remove_delegations_by(&mut self, id: Uuid) {
        self.delegations.remove(&id);
        self.gone.push(id);
    }

    /// The address of a user; empty for all others.
    fn address_of(&self, id: Option<Uuid>) -> String {
        id.and_then(|id| self.users.get(&id)).map(|user| user.email.clone()).unwrap_or_default()
    }

    fn given(&self, giving: &Giving) -> Mandate {
        let (roles, valid_until) = self.terms(giving);
        let state = match (giving.to, self.approval) {
            (None, _) => "Invited",
            (Some(_), true) => "Pending",
            (Some(_), false) => "Active",
        };
        let own = self.address_of(giving.to);
        let email = if giving.email.is_empty() { own } else { giving.email.clone() };
        let Giving { from, to, valid_from, template, .. } = *giving;
        Mandate { from, to, email, roles, state, valid_from, valid_until, template }
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
                self.invitations.iter().map(|(id, i)| (*id, self.invitation_facts(i))).collect()
            }
            Kind::Delegation => self.delegations.iter().map(|(id, d)| (*id, delegation_facts(d))).collect(),
            Kind::MandateTemplate => self.templates.iter().map(|(id, t)| (*id, template_facts(t))).collect(),
            Kind::MandateInvitation => self.offers.iter().map(|(id, o)| (*id, self.offer_facts(o))).collect(),
            Kind::Workflow => self.workflows.iter().map(|(id, w)| (*id, workflow_facts(w))).collect(),
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
            ("includes", ids(&role.includes)),
        ])
    }

    fn mandate_facts(&self, id: Uuid, mandate: &Mandate) -> Facts {
        let is_user = |end: &Uuid| self.users.contains_key(end);
        let from = if is_user(&mandate.from) { "Per" } else { "Org" };
        let to = if mandate.to.as_ref().is_none_or(is_user) { "Per" } else { "Org" };
        facts([
            ("id", one(&id.to_string())),
            ("type", one(&format!("{from}To{to}"))),
            ("assigneeEmail", one(&mandate.email)),
            ("mandater", one(&mandate.from.to_string())),
            ("mandatee", ids(&mandate.to.into_iter().collect())),
            ("role", ids(&mandate.roles)),
            ("state", one(mandate.state_at(self.now))),
            ("validFrom", instant(mandate.valid_from)),
            ("validUntil", instant(mandate.valid_until)),
            ("template", ids(&mandate.template.into_iter().collect())),
        ])
    }
}

impl Model {
    fn offer_facts(&self, offer: &Offer) -> Facts {
        facts([
            ("mandate", one(&offer.mandate.to_string())),
            ("email", one(&offer.email)),
            ("state", one(offer.state_at(self.now))),
            ("expires", instant(Some(offer.expires))),
        ])
    }

    fn invitation_facts(&self, invitation: &Invitation) -> Facts {
        let mut known = facts([
            ("user", ids(&invitation.user.into_iter().collect())),
            ("email", one(&invitation.email)),
            ("role", ids(&invitation.roles)),
            ("state", one(invitation.state_at(self.now))),
            ("expires", instant(Some(invitation.expires))),
        ]);
        if let Some(inviter) = invitation.inviter {
            known.insert("inviter".to_owned(), one(&inviter.to_string()));
        }
        known
    }
}

fn workflow_facts(workflow: &Workflow) -> Facts {
    facts([
        ("type", one(if workflow.registers { "registration" } else { "rolerequest" })),
        ("user", one(&workflow.user.to_string())),
        ("organization", one(&workflow.organization.to_string())),
        ("role", ids(&workflow.roles)),
        ("state", one(workflow.state)),
    ])
}

fn delegation_facts(delegation: &Delegation) -> Facts {
    facts([
        ("mandate", one(&delegation.mandate.to_string())),
        ("user", one(&delegation.user.to_string())),
        ("role", ids(&delegation.roles)),
    ])
}

fn template_facts(template: &Template) -> Facts {
    facts([
        ("name", one(&template.name)),
        ("role", ids(&template.roles)),
        ("validity", template.validity.iter().map(i64::to_string).collect()),
    ])
}

/// An instant as it is answered.
pub fn instant(at: Option<i64>) -> BTreeSet<String> {
    let text = |at: i64| {
        let at = time::OffsetDateTime::from_unix_timestamp_nanos(i128::from(at) * 1_000).unwrap();
        at.format(&time::format_description::well_known::Rfc3339).unwrap()
    };
    at.map(text).into_iter().collect()
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

//! What a walk lists, how it is asked for, and what the model says is in it.

use std::collections::BTreeSet;

use uuid::Uuid;
use valtuus::model::Kind;
use valtuus::operation::list::Base;

use super::drive::Asked;
use super::model::{Invitation, Mandate, Model, User};
use crate::kit::walk::Dice;

/// A listing to be compared.
#[derive(Debug, Clone)]
pub enum Listing {
    UsersOf { organization: Uuid, recursive: bool, login: String },
    UsersByLogin { beginning: String },
    UsersBySurname { value: String },
    UsersByBrowser { beginning: String, surname: String },
    UsersByHomeName { beginning: String },
    UsersByStatus { status: &'static str },
    OrganizationsBelow { id: Uuid, recursive: bool },
    OrganizationsByName { beginning: String },
    OrganizationsByClass { class: &'static str },
    Members(Uuid),
    RolesOfUser(Uuid),
    UsersOfRole(Uuid),
    RolesOf(Uuid),
    RolesByName { beginning: String },
    Given(Uuid),
    Received(Uuid),
    MandatesOfRole(Uuid),
    MandatesByState { state: &'static str },
    MandatesOf { state: &'static str, from: Uuid },
    RolesIncluding(Uuid),
    DelegationsOf(Uuid),
    DelegationsTo(Uuid),
    DelegatedTo(Uuid),
    TemplatesByName { beginning: String },
    InvitationsOfUser(Uuid),
    InvitationsOf(Uuid),
    InvitationsByState { state: &'static str },
    OffersByState { state: &'static str },
    WorkflowsByState { state: &'static str },
    WorkflowsOf(Uuid),
}

const BEGINNINGS: [&str; 8] = ["a", "AN", "b", "do", "x", "anna", "i", ""];
const STATES: [&str; 6] = ["Invited", "Pending", "Active", "Revoked", "Rejected", "Expired"];
const OFFERED: [&str; 5] = ["Sent", "Accepted", "Declined", "Expired", "Withdrawn"];
const STATUSES: [&str; 5] = ["Enabled", "Disabled", "Pending", "Not initialized", "Waiting for registration"];
const PATHS: [&str; 8] = ["n", "west", "WEST/", "north/s", "east/e", "root", "r", "south/north/n"];

impl Listing {
    pub fn choose(model: &Model, dice: &mut Dice) -> Self {
        let organizations: Vec<Uuid> = model.organizations.keys().copied().collect();
        let organization = *dice.one(&organizations);
        let recursive = dice.chance(1, 2);
        let users: Vec<Uuid> = model.users.keys().copied().collect();
        let roles: Vec<Uuid> = model.roles.keys().copied().collect();
        let end = dice.any(&users).copied().filter(|_| recursive).unwrap_or(organization);
        let beginning = dice.word(&BEGINNINGS).to_owned();
        let path = dice.word(&PATHS).to_owned();
        let of_user = |dice: &mut Dice, of: fn(Uuid) -> Self| {
            dice.any(&users).map_or(Self::RolesOf(organization), |id| of(*id))
        };
        let of_role = |dice: &mut Dice, of: fn(Uuid) -> Self| {
            dice.any(&roles).map_or(Self::RolesOf(organization), |id| of(*id))
        };
        let mandates: Vec<Uuid> = model.mandates.keys().copied().collect();
        match dice.below(32) {
            21 => Self::MandatesOf { state: dice.word(&STATES), from: end },
            22 => of_role(dice, Self::RolesIncluding),
            23 => dice.any(&mandates).map_or(Self::RolesOf(organization), |id| Self::DelegationsOf(*id)),
            24 => of_user(dice, Self::DelegationsTo),
            25 => of_user(dice, Self::DelegatedTo),
            26 => Self::TemplatesByName { beginning: dice.word(&["", "hol", "Hol", "b"]).to_owned() },
            0 => Self::UsersOf { organization, recursive, login: String::new() },
            1 => Self::UsersOf { organization, recursive, login: beginning },
            2 => Self::UsersByLogin { beginning },
            3 => Self::UsersBySurname { value: dice.word(&["Virtanen", "Virta", "virtanen"]).to_owned() },
            4 => Self::UsersByBrowser {
                beginning: dice.word(&["", "l", "ly", "op", "edge"]).to_owned(),
                surname: dice.word(&["", "", "vir"]).to_owned(),
            },
            5 => Self::UsersByHomeName {
                beginning: dice.word(&["w", "W", "NOR", "north", "east", "root"]).to_owned(),
            },
            6 => Self::UsersByStatus { status: dice.word(&STATUSES) },
            7 | 8 => Self::OrganizationsBelow { id: organization, recursive },
            9 => Self::OrganizationsByName { beginning: path },
            10 => Self::OrganizationsByClass { class: dice.word(&["company", "network", "virtual"]) },
            11 => Self::Members(organization),
            12 => of_user(dice, Self::RolesOfUser),
            13 => of_role(dice, Self::UsersOfRole),
            14 => Self::RolesByName { beginning: path },
            15 => Self::Given(end),
            16 => Self::Received(end),
            17 => of_role(dice, Self::MandatesOfRole),
            18 => Self::MandatesByState { state: dice.word(&STATES) },
            19 => of_user(dice, Self::InvitationsOfUser),
            28 => Self::OffersByState { state: dice.word(&OFFERED) },
            29 => Self::WorkflowsByState { state: dice.word(&["Pending", "Approved", "Rejected"]) },
            30 => of_user(dice, Self::WorkflowsOf),
            _ if recursive => Self::InvitationsOf(organization),
            _ => Self::InvitationsByState { state: dice.word(&OFFERED) },
        }
    }

    /// As it is asked for.
    pub fn asked(&self) -> Asked {
        let id = |id: &Uuid| id.to_string();
        match self {
            Self::UsersOf { organization, recursive, login } => {
                let asked = Asked::of(Kind::User, Base::UsersOfOrganization, *organization);
                let asked = if *recursive { asked.recursive() } else { asked };
                if login.is_empty() { asked } else { asked.with("login", login) }
            }
            Self::UsersByLogin { beginning } => Asked::all(Kind::User).with("login", beginning),
            Self::UsersBySurname { value } => Asked::all(Kind::User).with("surname", value).exactly(),
            Self::UsersByBrowser { beginning, surname } => {
                let asked = Asked::all(Kind::User).with("browsers", beginning);
                if surname.is_empty() { asked } else { asked.with("surname", surname) }
            }
            Self::UsersByHomeName { beginning } => Asked::all(Kind::User).with("organization", beginning),
            Self::UsersByStatus { status } => Asked::all(Kind::User).with("status", status),
            Self::OrganizationsBelow { id, recursive } => {
                let asked = Asked::of(Kind::Organization, Base::OrganizationsOfOrganization, *id);
                if *recursive { asked.recursive() } else { asked }
            }
            Self::OrganizationsByName { beginning } => {
                Asked::all(Kind::Organization).with("entityName", beginning)
            }
            Self::OrganizationsByClass { class } => {
                Asked::all(Kind::Organization).with("organizationClass", class).exactly()
            }
            Self::Members(of) => Asked::all(Kind::Organization).with("memberships", &id(of)),
            Self::RolesOfUser(of) => Asked::of(Kind::Role, Base::RolesOfUser, *of),
            Self::UsersOfRole(of) => Asked::of(Kind::User, Base::UsersOfRole, *of),
            Self::RolesOf(of) => Asked::of(Kind::Role, Base::RolesOfOrganization, *of),
            Self::RolesByName { beginning } => Asked::all(Kind::Role).with("entityName", beginning),
            Self::Given(by) => Asked::all(Kind::Mandate).with("mandater", &id(by)),
            Self::Received(by) => Asked::all(Kind::Mandate).with("mandatee", &id(by)),
            Self::MandatesOfRole(role) => Asked::all(Kind::Mandate).with("role", &id(role)),
            Self::MandatesByState { state } => Asked::all(Kind::Mandate).with("state", state),
            Self::MandatesOf { state, from } => {
                Asked::all(Kind::Mandate).with("state", state).with("mandater", &id(from))
            }
            Self::RolesIncluding(role) => Asked::all(Kind::Role).with("includes", &id(role)),
            Self::DelegationsOf(of) => Asked::of(Kind::Delegation, Base::DelegationsOfMandate, *of),
            Self::DelegationsTo(user) => Asked::of(Kind::Delegation, Base::DelegationsOfUser, *user),
            Self::DelegatedTo(user) => Asked::of(Kind::Mandate, Base::DelegatedToUser, *user),
            Self::TemplatesByName { beginning } => Asked::all(Kind::MandateTemplate).with("name", beginning),
            Self::InvitationsOfUser(of) => Asked::of(Kind::RoleInvitation, Base::InvitationsOfUser, *of),
            Self::InvitationsOf(of) => Asked::of(Kind::RoleInvitation, Base::InvitationsOfOrganization, *of),
            Self::OffersByState { state } => Asked::all(Kind::MandateInvitation).with("state", state),
            Self::WorkflowsByState { state } => Asked::all(Kind::Workflow).with("state", state),
            Self::WorkflowsOf(user) => Asked::all(Kind::Workflow).with("user", &id(user)),
            Self::InvitationsByState { state } => Asked::all(Kind::RoleInvitation).with("state", state),
        }
    }
}

/// Whether a text starts with another, letter case aside.
fn begins(text: &str, beginning: &str) -> bool {
    text.to_lowercase().starts_with(&beginning.to_lowercase())
}

impl Model {
    fn users_where(&self, which: impl Fn(&Uuid, &User) -> bool) -> BTreeSet<Uuid> {
        self.users.iter().filter(|(id, user)| which(id, user)).map(|(id, _)| *id).collect()
    }

    fn mandates_where(&self, which: impl Fn(&Mandate) -> bool) -> BTreeSet<Uuid> {
        self.mandates.iter().filter(|(_, mandate)| which(mandate)).map(|(id, _)| *id).collect()
    }

    fn invitations_where(&self, which: impl Fn(&Invitation) -> bool) -> BTreeSet<Uuid> {
        self.invitations.iter().filter(|(_, invitation)| which(invitation)).map(|(id, _)| *id).collect()
    }

    /// What a listing has.
    pub fn list(&self, listing: &Listing) -> BTreeSet<Uuid> {
        match listing {
            Listing::OrganizationsBelow { .. }
            | Listing::OrganizationsByName { .. }
            | Listing::OrganizationsByClass { .. }
            | Listing::Members(_) => self.list_organizations(listing),
            Listing::RolesOfUser(id) => {
                let direct = self.assignments.iter().filter(|(user, _)| user == id);
                direct.flat_map(|(_, role)| self.included(*role).into_keys()).collect()
            }
            Listing::RolesIncluding(id) => {
                self.roles.iter().filter(|(_, role)| role.includes.contains(id)).map(|(id, _)| *id).collect()
            }
            Listing::RolesOf(id) => {
                self.roles.iter().filter(|(_, role)| role.owner == *id).map(|(id, _)| *id).collect()
            }
            Listing::RolesByName { beginning } => {
                self.roles.keys().copied().filter(|id| begins(&self.role_name(*id), beginning)).collect()
            }
            Listing::Given(id) => self.mandates_where(|mandate| mandate.from == *id),
            Listing::Received(id) => self.mandates_where(|mandate| mandate.to == Some(*id)),
            Listing::MandatesOf { state, from } => {
                self.mandates_where(|m| m.from == *from && m.state_at(self.now) == *state)
            }
            Listing::DelegatedTo(user) => {
                self.delegations.values().filter(|d| d.user == *user).map(|d| d.mandate).collect()
            }
            Listing::DelegationsOf(mandate) => {
                self.delegations.iter().filter(|(_, d)| d.mandate == *mandate).map(|(id, _)| *id).collect()
            }
            Listing::DelegationsTo(user) => {
                self.delegations.iter().filter(|(_, d)| d.user == *user).map(|(id, _)| *id).collect()
            }
            Listing::TemplatesByName { beginning } => {
                let named = |name: &str| name.starts_with(beginning.as_str());
                self.templates.iter().filter(|(_, t)| named(&t.name)).map(|(id, _)| *id).collect()
            }
            Listing::MandatesOfRole(role) => self.mandates_where(|mandate| mandate.roles.contains(role)),
            Listing::MandatesByState { state } => {
                self.mandates_where(|mandate| mandate.state_at(self.now) == *state)
            }
            Listing::InvitationsOfUser(id) => self.invitations_where(|i| i.user == Some(*id)),
            Listing::InvitationsOf(id) => {
                let of = |role: &Uuid| self.roles.get(role).is_some_and(|role| role.owner == *id);
                self.invitations_where(|invitation| invitation.roles.iter().any(of))
            }
            Listing::InvitationsByState { state } => {
                self.invitations_where(|i| i.state_at(self.now) == *state)
            }
            Listing::OffersByState { state } => {
                let offers = self.offers.iter().filter(|(_, offer)| offer.state_at(self.now) == *state);
                offers.map(|(id, _)| *id).collect()
            }
            Listing::WorkflowsByState { state } => {
                self.workflows.iter().filter(|(_, w)| w.state == *state).map(|(id, _)| *id).collect()
            }
            Listing::WorkflowsOf(user) => {
                self.workflows.iter().filter(|(_, w)| w.user == *user).map(|(id, _)| *id).collect()
            }
            users => self.list_users(users),
        }
    }

    fn list_users(&self, listing: &Listing) -> BTreeSet<Uuid> {
        match listing {
            Listing::UsersOf { organization, recursive, login } => {
                let homes = if *recursive { self.subtree(*organization) } else { [*organization].into() };
                self.users_where(|_, user| homes.contains(&user.home) && begins(&user.login, login))
            }
            Listing::UsersByLogin { beginning } => self.users_where(|_, user| begins(&user.login, beginning)),
            Listing::UsersBySurname { value } => self.users_where(|_, user| user.surname == *value),
            Listing::UsersByBrowser { beginning, surname } => self.users_where(|_, user| {
                // Custom attributes are searched with letter case.
                let browses = user.browsers.iter().any(|browser| browser.starts_with(beginning.as_str()));
                browses && begins(&user.surname, surname)
            }),
            Listing::UsersByHomeName { beginning } => {
                // Technical names are searched with letter case.
                self.users_where(|_, user| self.organizations[&user.home].name.starts_with(beginning))
            }
            Listing::UsersByStatus { status } => self.users_where(|_, user| user.status == *status),
            Listing::UsersOfRole(id) => {
                self.assignments.iter().filter(|(_, role)| role == id).map(|(user, _)| *user).collect()
            }
            other => panic!("{other:?} lists no users"),
        }
    }

    fn list_organizations(&self, listing: &Listing) -> BTreeSet<Uuid> {
        let organizations = self.organizations.iter();
        match listing {
            Listing::OrganizationsBelow { id, recursive: true } => {
                self.subtree(*id).into_iter().filter(|other| other != id).collect()
            }
            Listing::OrganizationsBelow { id, recursive: false } => {
                organizations.filter(|(_, other)| other.parent == Some(*id)).map(|(id, _)| *id).collect()
            }
            Listing::OrganizationsByName { beginning } => {
                let named = |id: &Uuid| begins(&self.entity_name(*id), beginning);
                self.organizations.keys().copied().filter(named).collect()
            }
            Listing::OrganizationsByClass { class } => {
                organizations.filter(|(_, other)| other.class == *class).map(|(id, _)| *id).collect()
            }
            Listing::Members(of) => {
                organizations.filter(|(_, other)| other.memberships.contains(of)).map(|(id, _)| *id).collect()
            }
            other => panic!("{other:?} lists no organizations"),
        }
    }
}

//! The steps of a walk, and how they are chosen: mostly possible ones, some that must be refused.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::listings::Listing;
use super::model::{CLASSES, Model};
use crate::kit::walk::Dice;

/// A request with everything it says.
#[derive(Debug, Clone)]
pub enum Step {
    AddOrganization { name: String, parent: Uuid, is_virtual: bool, class: Option<&'static str> },
    ChangeOrganization { id: Uuid, friendly: String },
    Reclass { id: Uuid, class: &'static str },
    Join { id: Uuid, memberships: BTreeSet<Uuid> },
    MoveOrganization { id: Uuid, parent: Uuid },
    DeleteOrganization { id: Uuid, recursive: bool },
    AddUser { login: String, home: Uuid, email: String, browsers: BTreeSet<String> },
    Rename { id: Uuid, login: String },
    Change { id: Uuid, surname: String },
    Browse { id: Uuid, browsers: BTreeSet<String> },
    SetStatus { id: Uuid, status: &'static str },
    DeleteUser { id: Uuid },
    AddRole { name: String, owner: Uuid },
    RenameRole { id: Uuid, name: String },
    DeleteRole { id: Uuid },
    Assign { user: Uuid, role: Uuid, give: bool },
    AddMandate { from: Uuid, to: Uuid, roles: BTreeSet<Uuid> },
    Revoke { id: Uuid },
    DeleteMandate { id: Uuid },
    Invite { user: Option<Uuid>, email: String, roles: BTreeSet<Uuid>, inviter: Option<Uuid> },
    Withdraw { id: Uuid },
    List { listing: Listing, page: Option<u64> },
}

const LOGINS: [&str; 20] = [
    "anna", "Anna", "ANNA", "bertil", "Bertil", "carl", "dora", "Dora", "emil", "fia", "gun", "hugo", "ida",
    "Ida", "jan", "kia", "lea", "Änne", "änne", "max",
];
const NAMES: [&str; 5] = ["north", "south", "east", "West", "west"];
const ROLES: [&str; 5] = ["Signatory", "Auditor", "Clerk", "clerk", "Coordinator"];
const SURNAMES: [&str; 5] = ["Virtanen", "Virta", "virtanen", "Ek", ""];
const BROWSERS: [&str; 4] = ["edge", "opera", "lynx", "Lynx"];
const STATUSES: [&str; 2] = ["Enabled", "Disabled"];

/// What there is, to choose from.
struct There<'m> {
    model: &'m Model,
    organizations: Vec<Uuid>,
    users: Vec<Uuid>,
    roles: Vec<Uuid>,
    mandates: Vec<Uuid>,
    invitations: Vec<Uuid>,
}

impl There<'_> {
    /// An id of what there is, sometimes of what is gone or never was.
    fn id(&self, dice: &mut Dice, there: &[Uuid]) -> Uuid {
        if dice.chance(1, 12) {
            return *dice.any(&self.model.gone).unwrap_or(&Uuid::from_u128(u128::from(dice.roll())));
        }
        dice.any(there).copied().unwrap_or(self.model.root)
    }

    fn organization(&self, dice: &mut Dice) -> Uuid {
        self.id(dice, &self.organizations)
    }

    fn user(&self, dice: &mut Dice) -> Uuid {
        self.id(dice, &self.users)
    }

    fn role(&self, dice: &mut Dice) -> Uuid {
        self.id(dice, &self.roles)
    }

    /// One to three roles.
    fn some_roles(&self, dice: &mut Dice) -> BTreeSet<Uuid> {
        (0..=dice.below(3)).map(|_| self.role(dice)).collect()
    }

    fn end(&self, dice: &mut Dice) -> Uuid {
        if dice.chance(1, 2) { self.user(dice) } else { self.organization(dice) }
    }
}

fn text(dice: &mut Dice, of: &[&'static str]) -> String {
    dice.word(of).to_owned()
}

fn some_browsers(dice: &mut Dice) -> BTreeSet<String> {
    (0..dice.below(4)).map(|_| text(dice, &BROWSERS)).collect()
}

impl Step {
    pub fn choose(model: &Model, dice: &mut Dice) -> Self {
        let there = There {
            model,
            organizations: model.organizations.keys().copied().collect(),
            users: model.users.keys().copied().collect(),
            roles: model.roles.keys().copied().collect(),
            mandates: model.mandates.keys().copied().collect(),
            invitations: model.invitations.keys().copied().collect(),
        };
        match dice.below(100) {
            0..20 => Self::of_organizations(&there, dice),
            20..44 => Self::of_users(&there, dice),
            44..62 => Self::of_roles(&there, dice),
            62..74 => Self::of_mandates(&there, dice),
            74..80 => Self::of_invitations(&there, dice),
            _ => {
                let page = dice.chance(1, 3).then(|| 1 + dice.below(4));
                Self::List { listing: Listing::choose(model, dice), page }
            }
        }
    }

    fn of_organizations(there: &There<'_>, dice: &mut Dice) -> Self {
        let full = there.organizations.len() > 30;
        match dice.below(20) {
            0..9 if !full => {
                let class = dice.chance(1, 3).then(|| dice.one(&CLASSES).0);
                Self::AddOrganization {
                    name: text(dice, &NAMES),
                    parent: there.organization(dice),
                    is_virtual: dice.chance(1, 4),
                    class,
                }
            }
            9..11 => {
                Self::ChangeOrganization { id: there.organization(dice), friendly: text(dice, &SURNAMES) }
            }
            11 => Self::Reclass { id: there.organization(dice), class: dice.one(&CLASSES).0 },
            12 => {
                let memberships = (0..dice.below(3)).map(|_| there.virtual_organization(dice)).collect();
                Self::Join { id: there.organization(dice), memberships }
            }
            13..16 => {
                Self::MoveOrganization { id: there.organization(dice), parent: there.organization(dice) }
            }
            _ => Self::DeleteOrganization { id: there.organization(dice), recursive: dice.chance(1, 3) },
        }
    }

    fn of_users(there: &There<'_>, dice: &mut Dice) -> Self {
        match dice.below(24) {
            0..11 => Self::AddUser {
                login: text(dice, &LOGINS),
                home: there.organization(dice),
                email: if dice.chance(1, 2) {
                    format!("{}@example.com", dice.below(5))
                } else {
                    String::new()
                },
                browsers: some_browsers(dice),
            },
            11..14 => Self::Rename { id: there.user(dice), login: text(dice, &LOGINS) },
            14..18 => Self::Change { id: there.user(dice), surname: text(dice, &SURNAMES) },
            18..20 => Self::Browse { id: there.user(dice), browsers: some_browsers(dice) },
            20 => Self::SetStatus { id: there.user(dice), status: dice.word(&STATUSES) },
            _ => Self::DeleteUser { id: there.user(dice) },
        }
    }

    fn of_roles(there: &There<'_>, dice: &mut Dice) -> Self {
        match dice.below(18) {
            0..6 if there.roles.len() < 60 => {
                Self::AddRole { name: text(dice, &ROLES), owner: there.organization(dice) }
            }
            6 => Self::RenameRole { id: there.role(dice), name: text(dice, &ROLES) },
            7..10 => Self::DeleteRole { id: there.role(dice) },
            _ => Self::Assign { user: there.user(dice), role: there.role(dice), give: dice.chance(3, 4) },
        }
    }

    fn of_mandates(there: &There<'_>, dice: &mut Dice) -> Self {
        let full = there.mandates.len() > 40;
        match dice.below(12) {
            0..8 if !full => Self::mandate(there, dice),
            8 => Self::Revoke { id: there.id(dice, &there.mandates) },
            _ => Self::DeleteMandate { id: there.id(dice, &there.mandates) },
        }
    }

    /// Mostly one that the mandater can give.
    fn mandate(there: &There<'_>, dice: &mut Dice) -> Self {
        let model = there.model;
        let to = there.end(dice);
        let from = there.end(dice);
        let held = model.assignments.iter().filter(|(user, _)| *user == from).map(|(_, role)| *role);
        let owned = model.roles.iter().filter(|(_, role)| role.owner == from).map(|(id, _)| *id);
        let possible: Vec<Uuid> = held.chain(owned).collect();
        let roles = if possible.is_empty() || dice.chance(1, 8) {
            there.some_roles(dice)
        } else {
            (0..=dice.below(2)).map(|_| *dice.one(&possible)).collect()
        };
        Self::AddMandate { from, to, roles }
    }

    fn of_invitations(there: &There<'_>, dice: &mut Dice) -> Self {
        if there.invitations.len() > 25 || dice.chance(1, 3) {
            return Self::Withdraw { id: there.id(dice, &there.invitations) };
        }
        let user = dice.chance(1, 2).then(|| there.user(dice));
        Self::Invite {
            email: if user.is_none() { format!("{}@example.com", dice.below(5)) } else { String::new() },
            user,
            roles: there.some_roles(dice),
            inviter: dice.chance(1, 3).then(|| there.user(dice)),
        }
    }
}

impl There<'_> {
    /// Mostly a virtual one.
    fn virtual_organization(&self, dice: &mut Dice) -> Uuid {
        let of = &self.model.organizations;
        let all: Vec<Uuid> = of.iter().filter(|(_, o)| o.is_virtual).map(|(id, _)| *id).collect();
        if dice.chance(1, 6) { self.organization(dice) } else { self.id(dice, &all) }
    }
}

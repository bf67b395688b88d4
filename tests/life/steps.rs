//! The steps of a walk, and how they are chosen: mostly possible ones, some that must be refused.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::listings::Listing;
use super::model::{CLASSES, Model};
use crate::kit::walk::Dice;

/// A request with everything it says.
#[derive(Debug, Clone)]
pub enum Step {
    AddOrganization {
        name: String,
        parent: Uuid,
        is_virtual: bool,
        class: Option<&'static str>,
    },
    ChangeOrganization {
        id: Uuid,
        friendly: String,
    },
    Reclass {
        id: Uuid,
        class: &'static str,
    },
    Join {
        id: Uuid,
        memberships: BTreeSet<Uuid>,
    },
    MoveOrganization {
        id: Uuid,
        parent: Uuid,
    },
    DeleteOrganization {
        id: Uuid,
        recursive: bool,
    },
    AddUser {
        login: String,
        home: Uuid,
        email: String,
        browsers: BTreeSet<String>,
    },
    Rename {
        id: Uuid,
        login: String,
    },
    Change {
        id: Uuid,
        surname: String,
    },
    Browse {
        id: Uuid,
        browsers: BTreeSet<String>,
    },
    SetStatus {
        id: Uuid,
        status: &'static str,
    },
    MoveUser {
        id: Uuid,
        home: Uuid,
    },
    DeleteUser {
        id: Uuid,
    },
    AddRole {
        name: String,
        owner: Uuid,
    },
    RenameRole {
        id: Uuid,
        name: String,
    },
    Include {
        id: Uuid,
        includes: BTreeSet<Uuid>,
    },
    DeleteRole {
        id: Uuid,
    },
    Assign {
        user: Uuid,
        role: Uuid,
        give: bool,
    },
    AddMandate(Giving),
    Revoke {
        id: Uuid,
    },
    Approve {
        id: Uuid,
    },
    Reject {
        id: Uuid,
    },
    Prolong {
        id: Uuid,
        until: Option<i64>,
    },
    DeleteMandate {
        id: Uuid,
    },
    Delegate {
        mandate: Uuid,
        user: Uuid,
        roles: BTreeSet<Uuid>,
    },
    DeleteDelegation {
        id: Uuid,
    },
    AddTemplate {
        name: String,
        roles: BTreeSet<Uuid>,
        validity: Option<i64>,
    },
    ChangeTemplate {
        id: Uuid,
        roles: BTreeSet<Uuid>,
    },
    DeleteTemplate {
        id: Uuid,
    },
    Invite {
        user: Option<Uuid>,
        email: String,
        roles: BTreeSet<Uuid>,
        inviter: Option<Uuid>,
    },
    Withdraw {
        id: Uuid,
    },
    Resend {
        id: Uuid,
    },
    /// A client accepts for the user that is invited, or that it names.
    Accept {
        id: Uuid,
        user: Option<Uuid>,
    },
    Decline {
        id: Uuid,
    },
    InviteUser {
        login: String,
        email: String,
        home: Uuid,
        roles: BTreeSet<Uuid>,
    },
    Reinvite {
        id: Uuid,
    },
    /// A client accepts a mandate for a user.
    Receive {
        id: Uuid,
        user: Uuid,
    },
    Refuse {
        id: Uuid,
    },
    Decide {
        id: Uuid,
        approve: bool,
    },
    List {
        listing: Listing,
        page: Option<u64>,
    },
    /// What counts for a user.
    Effective {
        user: Uuid,
    },
    /// Time goes by: microseconds.
    Wait {
        by: i64,
    },
}

/// A mandate as it is asked for.
#[derive(Debug, Clone)]
pub struct Giving {
    pub from: Uuid,
    pub to: Option<Uuid>,
    pub email: String,
    /// The template's, where there are none.
    pub roles: BTreeSet<Uuid>,
    pub template: Option<Uuid>,
    pub valid_from: Option<i64>,
    pub valid_until: Option<i64>,
}

pub const HOUR: i64 = 3_600_000_000;
pub const DAY: i64 = 24 * HOUR;

const LOGINS: [&str; 20] = [
    "anna", "Anna", "ANNA", "bertil", "Bertil", "carl", "dora", "Dora", "emil", "fia", "gun", "hugo", "ida",
    "Ida", "jan", "kia", "lea", "Änne", "änne", "max",
];
const NAMES: [&str; 5] = ["north", "south", "east", "West", "west"];
const ROLES: [&str; 5] = ["Signatory", "Auditor", "Clerk", "clerk", "Coordinator"];
const SURNAMES: [&str; 5] = ["Virtanen", "Virta", "virtanen", "Ek", ""];
const BROWSERS: [&str; 4] = ["edge", "opera", "lynx", "Lynx"];
const TEMPLATES: [&str; 4] = ["audit", "holiday", "Holiday", "board"];
const STATUSES: [&str; 2] = ["Enabled", "Disabled"];

/// What there is, to choose from.
struct There<'m> {
    model: &'m Model,
    organizations: Vec<Uuid>,
    users: Vec<Uuid>,
    roles: Vec<Uuid>,
    mandates: Vec<Uuid>,
    delegations: Vec<Uuid>,
    templates: Vec<Uuid>,
    invitations: Vec<Uuid>,
    offers: Vec<Uuid>,
    workflows: Vec<Uuid>,
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
            delegations: model.delegations.keys().copied().collect(),
            templates: model.templates.keys().copied().collect(),
            invitations: model.invitations.keys().copied().collect(),
            offers: model.offers.keys().copied().collect(),
            workflows: model.workflows.keys().copied().collect(),
        };
        match dice.below(100) {
            0..16 => Self::of_organizations(&there, dice),
            16..34 => Self::of_users(&there, dice),
            34..47 => Self::of_roles(&there, dice),
            47..61 => Self::of_mandates(&there, dice),
            61..66 => Self::of_delegations(&there, dice),
            66..77 => Self::of_invitations(&there, dice),
            77..79 => Self::Wait { by: *dice.one(&[HOUR, DAY, DAY, 5 * DAY]) },
            79..83 => {
                dice.any(&there.users).map_or(Self::Wait { by: HOUR }, |user| Self::Effective { user: *user })
            }
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
        match dice.below(26) {
            24.. => Self::MoveUser { id: there.user(dice), home: there.organization(dice) },
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
        match dice.below(21) {
            18.. => {
                let includes = (0..dice.below(3)).map(|_| there.role(dice)).collect();
                Self::Include { id: there.role(dice), includes }
            }
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
        match dice.below(18) {
            0..8 if !full => Self::AddMandate(Self::giving(there, dice)),
            8 => Self::Revoke { id: there.id(dice, &there.mandates) },
            9 | 10 => Self::Approve { id: there.id(dice, &there.mandates) },
            11 => Self::Reject { id: there.id(dice, &there.mandates) },
            12 => {
                let until = dice.chance(3, 4).then(|| there.soon(dice, -1));
                Self::Prolong { id: there.id(dice, &there.mandates), until }
            }
            13 | 14 => Self::of_templates(there, dice),
            _ => Self::DeleteMandate { id: there.id(dice, &there.mandates) },
        }
    }

    fn of_templates(there: &There<'_>, dice: &mut Dice) -> Self {
        let roles = (0..dice.below(3)).map(|_| there.role(dice)).collect();
        match dice.below(5) {
            0..3 => Self::AddTemplate {
                name: text(dice, &TEMPLATES),
                roles,
                validity: dice.chance(1, 2).then(|| i64::try_from(1 + dice.below(9)).unwrap()),
            },
            3 => Self::ChangeTemplate { id: there.id(dice, &there.templates), roles },
            _ => Self::DeleteTemplate { id: there.id(dice, &there.templates) },
        }
    }

    /// Mostly one that the mandater can give.
    fn giving(there: &There<'_>, dice: &mut Dice) -> Giving {
        let to = dice.chance(7, 8).then(|| there.end(dice));
        let from = there.end(dice);
        let possible = there.given_by(from);
        let template = dice.any(&there.templates).copied().filter(|_| dice.chance(1, 4));
        let roles = if template.is_some() && dice.chance(1, 2) {
            BTreeSet::new()
        } else if possible.is_empty() || dice.chance(1, 8) {
            there.some_roles(dice)
        } else {
            (0..=dice.below(2)).map(|_| *dice.one(&possible)).collect()
        };
        let email =
            if to.is_none() || dice.chance(1, 6) { "m@example.com".to_owned() } else { String::new() };
        let valid_from = dice.chance(1, 4).then(|| there.soon(dice, 0));
        let valid_until = dice.chance(1, 2).then(|| there.soon(dice, 0));
        Giving { from, to, email, roles, template, valid_from, valid_until }
    }

    /// Mostly one that the receiver can make.
    fn of_delegations(there: &There<'_>, dice: &mut Dice) -> Self {
        let model = there.model;
        if dice.chance(1, 6) {
            return Self::DeleteDelegation { id: there.id(dice, &there.delegations) };
        }
        let received = |to: Option<Uuid>| to.is_some_and(|to| model.organizations.contains_key(&to));
        let of = model.mandates.iter().filter(|(_, mandate)| received(mandate.to));
        let of: Vec<Uuid> = of.map(|(id, _)| *id).collect();
        let mandate = if dice.chance(1, 6) { there.id(dice, &there.mandates) } else { there.id(dice, &of) };
        let receiver = model.mandates.get(&mandate).and_then(|mandate| mandate.to);
        let members =
            model.users.iter().filter(|(_, u)| receiver.is_some_and(|to| model.stands_below(u.home, to)));
        let members: Vec<Uuid> = members.map(|(id, _)| *id).collect();
        let user = if dice.chance(1, 6) { there.user(dice) } else { there.id(dice, &members) };
        let given: Vec<Uuid> =
            model.mandates.get(&mandate).map(|m| m.roles.iter().copied().collect()).unwrap_or_default();
        let roles = match dice.below(8) {
            0 => there.some_roles(dice),
            1..5 => dice.any(&given).into_iter().copied().collect(),
            _ => BTreeSet::new(),
        };
        Self::Delegate { mandate, user, roles }
    }

    fn of_invitations(there: &There<'_>, dice: &mut Dice) -> Self {
        let one = |dice: &mut Dice| there.id(dice, &there.invitations);
        let full = there.invitations.len() > 25;
        match dice.below(20) {
            0..5 if !full => Self::invitation(there, dice),
            5..8 if !full => Self::InviteUser {
                login: text(dice, &LOGINS),
                email: "i@example.com".to_owned(),
                home: there.organization(dice),
                roles: (0..dice.below(3)).map(|_| there.role(dice)).collect(),
            },
            8 => Self::Withdraw { id: one(dice) },
            9 => Self::Resend { id: one(dice) },
            10..13 => Self::Accept { id: one(dice), user: dice.chance(1, 2).then(|| there.user(dice)) },
            13 => Self::Decline { id: one(dice) },
            14 => Self::Reinvite { id: there.user(dice) },
            15 | 16 => Self::Receive { id: there.id(dice, &there.offers), user: there.user(dice) },
            17 => Self::Refuse { id: there.id(dice, &there.offers) },
            18 | 19 => Self::Decide { id: there.id(dice, &there.workflows), approve: dice.chance(2, 3) },
            _ => Self::DeleteUser { id: there.user(dice) },
        }
    }

    fn invitation(there: &There<'_>, dice: &mut Dice) -> Self {
        let user = dice.chance(1, 2).then(|| there.user(dice));
        Self::Invite {
            email: if user.is_none() { format!("{}@example.com", dice.below(5)) } else { String::new() },
            user,
            roles: there.some_roles(dice),
            inviter: dice.chance(1, 3).then(|| there.user(dice)),
        }
    }

    /// Whether it is about mandates, their delegations or templates.
    pub fn is_about_mandates(&self) -> bool {
        matches!(
            self,
            Self::AddMandate(_)
                | Self::Revoke { .. }
                | Self::Approve { .. }
                | Self::Reject { .. }
                | Self::Prolong { .. }
                | Self::DeleteMandate { .. }
                | Self::Delegate { .. }
                | Self::DeleteDelegation { .. }
                | Self::AddTemplate { .. }
                | Self::ChangeTemplate { .. }
                | Self::DeleteTemplate { .. }
        )
    }
}

impl There<'_> {
    /// The roles that a mandater can give.
    fn given_by(&self, from: Uuid) -> Vec<Uuid> {
        let held = self.model.assignments.iter().filter(|(user, _)| *user == from).map(|(_, role)| *role);
        let owned = self.model.roles.iter().filter(|(_, role)| role.owner == from).map(|(id, _)| *id);
        held.chain(owned).collect()
    }

    /// An instant some days from now, or from so many days before.
    fn soon(&self, dice: &mut Dice, from: i64) -> i64 {
        self.model.now + (from + i64::try_from(dice.below(8)).unwrap()) * DAY
    }

    /// Mostly a virtual one.
    fn virtual_organization(&self, dice: &mut Dice) -> Uuid {
        let of = &self.model.organizations;
        let all: Vec<Uuid> = of.iter().filter(|(_, o)| o.is_virtual).map(|(id, _)| *id).collect();
        if dice.chance(1, 6) { self.organization(dice) } else { self.id(dice, &all) }
    }
}

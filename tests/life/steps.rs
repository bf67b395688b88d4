//! The steps of a walk, and how they are chosen: mostly possible ones, some that must be refused.

use uuid::Uuid;

use super::model::Model;
use crate::kit::walk::Dice;

/// A request with everything it says.
#[derive(Debug, Clone)]
pub enum Step {
    AddOrganization { name: String, parent: Uuid, is_virtual: bool },
    MoveOrganization { id: Uuid, parent: Uuid },
    DeleteOrganization { id: Uuid, recursive: bool },
    AddUser { login: String, home: Uuid },
    Rename { id: Uuid, login: String },
    Change { id: Uuid, surname: String },
    DeleteUser { id: Uuid },
    AddRole { name: String, owner: Uuid },
    DeleteRole { id: Uuid },
    Assign { user: Uuid, role: Uuid, give: bool },
    AddMandate { from: Uuid, to: Uuid, role: Uuid },
    Revoke { id: Uuid },
    DeleteMandate { id: Uuid },
    List(Listing),
}

/// A listing to be compared.
#[derive(Debug, Clone)]
pub enum Listing {
    UsersOf { organization: Uuid, recursive: bool },
    UsersByLogin { beginning: String },
    UsersBySurname { value: String },
    OrganizationsBelow { id: Uuid, recursive: bool },
    RolesOfUser(Uuid),
    UsersOfRole(Uuid),
    RolesOf(Uuid),
    Given(Uuid),
    Received(Uuid),
}

const LOGINS: [&str; 12] =
    ["anna", "Anna", "ANNA", "bertil", "Bertil", "carl", "dora", "Dora", "emil", "fia", "gun", "hugo"];
const NAMES: [&str; 5] = ["north", "south", "east", "West", "west"];
const ROLES: [&str; 4] = ["Signatory", "Auditor", "Clerk", "clerk"];
const SURNAMES: [&str; 5] = ["Virtanen", "Virta", "virtanen", "Ek", ""];

/// An id of what there is, sometimes of what is gone or never was.
fn id(dice: &mut Dice, there: &[Uuid], model: &Model) -> Uuid {
    if dice.chance(1, 12) {
        return *dice.any(&model.gone).unwrap_or(&Uuid::from_u128(u128::from(dice.roll())));
    }
    dice.any(there).copied().unwrap_or(model.root)
}

impl Step {
    pub fn choose(model: &Model, dice: &mut Dice) -> Self {
        let organizations: Vec<Uuid> = model.organizations.keys().copied().collect();
        let users: Vec<Uuid> = model.users.keys().copied().collect();
        let roles: Vec<Uuid> = model.roles.keys().copied().collect();
        let mandates: Vec<Uuid> = model.mandates.keys().copied().collect();
        let organization = |dice: &mut Dice| id(dice, &organizations, model);
        let user = |dice: &mut Dice| id(dice, &users, model);
        let role = |dice: &mut Dice| id(dice, &roles, model);
        let text = |dice: &mut Dice, of: &[&str]| (*dice.one(of)).to_owned();
        match dice.below(100) {
            0..10 => Self::AddOrganization {
                name: text(dice, &NAMES),
                parent: organization(dice),
                is_virtual: dice.chance(1, 4),
            },
            10..15 => Self::MoveOrganization { id: organization(dice), parent: organization(dice) },
            15..20 => Self::DeleteOrganization { id: organization(dice), recursive: dice.chance(1, 3) },
            20..32 => Self::AddUser { login: text(dice, &LOGINS), home: organization(dice) },
            32..36 => Self::Rename { id: user(dice), login: text(dice, &LOGINS) },
            36..44 => Self::Change { id: user(dice), surname: text(dice, &SURNAMES) },
            44..47 => Self::DeleteUser { id: user(dice) },
            47..54 => Self::AddRole { name: text(dice, &ROLES), owner: organization(dice) },
            54..57 => Self::DeleteRole { id: role(dice) },
            57..67 => Self::Assign { user: user(dice), role: role(dice), give: dice.chance(3, 4) },
            67..78 => Self::mandate(model, dice, &roles),
            78..81 => Self::Revoke { id: id(dice, &mandates, model) },
            81..83 => Self::DeleteMandate { id: id(dice, &mandates, model) },
            _ => Self::List(Listing::choose(model, dice)),
        }
    }

    /// Mostly one that the mandater can give.
    fn mandate(model: &Model, dice: &mut Dice, roles: &[Uuid]) -> Self {
        let ends: Vec<Uuid> = model.users.keys().chain(model.organizations.keys()).copied().collect();
        let to = id(dice, &ends, model);
        let held: Vec<(Uuid, Uuid)> = model.assignments.iter().copied().collect();
        let owned: Vec<(Uuid, Uuid)> = model.roles.iter().map(|(id, role)| (role.owner, *id)).collect();
        let possible = if dice.chance(1, 2) { dice.any(&held) } else { dice.any(&owned) };
        match possible {
            Some((from, role)) if dice.chance(5, 6) => Self::AddMandate { from: *from, to, role: *role },
            _ => Self::AddMandate { from: id(dice, &ends, model), to, role: id(dice, roles, model) },
        }
    }
}

impl Listing {
    fn choose(model: &Model, dice: &mut Dice) -> Self {
        let organizations: Vec<Uuid> = model.organizations.keys().copied().collect();
        let organization = *dice.one(&organizations);
        let recursive = dice.chance(1, 2);
        let users: Vec<Uuid> = model.users.keys().copied().collect();
        let roles: Vec<Uuid> = model.roles.keys().copied().collect();
        let end = dice.any(&users).copied().filter(|_| recursive).unwrap_or(organization);
        match dice.below(9) {
            0 => Self::UsersOf { organization, recursive },
            1 => {
                Self::UsersByLogin { beginning: (*dice.one(&["a", "AN", "b", "do", "x", "anna"])).to_owned() }
            }
            2 => Self::UsersBySurname { value: (*dice.one(&SURNAMES[..4])).to_owned() },
            3 => Self::OrganizationsBelow { id: organization, recursive },
            4 => dice.any(&users).map_or(Self::RolesOf(organization), |id| Self::RolesOfUser(*id)),
            5 => dice.any(&roles).map_or(Self::RolesOf(organization), |id| Self::UsersOfRole(*id)),
            6 => Self::RolesOf(organization),
            7 => Self::Given(end),
            _ => Self::Received(end),
        }
    }
}

//! A listing in pages, with changes between them: what exists and matches all along is listed exactly once, and no page
//! shows what does not match at that moment.
//!
//! An entity whose place in the order changes on the way (another login in a search by login) is outside the promise:
//! it may be met at both places or at neither.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use tokio::sync::Mutex;
use uuid::Uuid;
use valtuus::model::Kind;

use super::direct::Direct;
use super::drive::{Driver, Request};
use super::listings::Listing;
use super::model::{Model, Role, User};
use super::property::{Verdict, fails, holds};
use super::steps::Step;
use super::walker::Walk;
use crate::kit::walk::{Dice, Walker};

/// What a listing orders by, as far as it can change, for an entity that is in it.
fn place(model: &Model, listing: &Listing, id: Uuid) -> String {
    match listing {
        Listing::UsersOf { login, .. } if login.is_empty() => String::new(),
        Listing::UsersOf { .. } | Listing::UsersByLogin { .. } => model.users[&id].login.to_lowercase(),
        Listing::UsersByBrowser { beginning, surname } if surname.is_empty() => {
            let matching = |browser: &&String| browser.starts_with(beginning.as_str());
            model.users[&id].browsers.iter().find(matching).cloned().unwrap_or_default()
        }
        Listing::UsersByBrowser { .. } => model.users[&id].surname.to_lowercase(),
        Listing::UsersByHomeName { .. } => model.organizations[&model.users[&id].home].name.clone(),
        Listing::OrganizationsByName { .. } => model.entity_name(id).to_lowercase(),
        // Expired ones stand by the instant at which they did.
        Listing::MandatesByState { .. } | Listing::MandatesOf { .. } => {
            format!("{:?}", model.mandates[&id].valid_until)
        }
        Listing::InvitationsByState { .. } => model.invitations[&id].expires.to_string(),
        Listing::OffersByState { .. } => model.offers[&id].expires.to_string(),
        Listing::TemplatesByName { .. } => model.templates[&id].name.clone(),
        Listing::RolesByName { .. } => model.role_name(id).to_lowercase(),
        _ => String::new(),
    }
}

/// What has been in a listing since it began, each at its place.
struct Steady {
    listing: Listing,
    at: BTreeMap<Uuid, String>,
}

impl Steady {
    fn begin(model: &Model, listing: Listing) -> Self {
        let at = model.list(&listing).into_iter().map(|id| (id, place(model, &listing, id))).collect();
        Self { listing, at }
    }

    /// Drops what is no longer there, or elsewhere.
    fn keep(&mut self, model: &Model) {
        let now = model.list(&self.listing);
        self.at.retain(|id, at| now.contains(id) && place(model, &self.listing, *id) == *at);
    }

    /// Fails unless each was met once.
    fn met(&self, pages: &[Vec<Uuid>]) -> Verdict {
        let met: Vec<Uuid> = pages.concat();
        for id in self.at.keys() {
            let times = met.iter().filter(|other| *other == id).count();
            if times != 1 {
                return Err(fails(format!("{id} was listed {times} times in {:?}: {pages:?}", self.listing)));
            }
        }
        Ok(())
    }
}

/// Walks a listing in pages, with `change` between them; the number of pages, or none when the owner of the listing
/// went away.
async fn walked(
    walk: &Mutex<Walk<Direct>>,
    listing: &Listing,
    size: u64,
    change: impl AsyncFn(&mut Walk<Direct>) -> Verdict,
) -> Result<Option<usize>, TestCaseError> {
    let mut walk = walk.lock().await;
    let mut steady = Steady::begin(&walk.model, listing.clone());
    let (mut pages, mut after) = (Vec::new(), None);
    loop {
        let Ok((page, next)) = walk.driver.page(&listing.asked(), Some(size), after).await else {
            return Ok(None);
        };
        let matching = walk.model.list(listing);
        if let Some(stranger) = page.iter().find(|id| !matching.contains(id)) {
            return Err(fails(format!("{stranger} is listed in {listing:?} and does not match")));
        }
        pages.push(page);
        let Some(cursor) = next else { break };
        after = Some(cursor);
        change(&mut walk).await?;
        steady.keep(&walk.model);
    }
    steady.met(&pages)?;
    Ok(Some(pages.len()))
}

async fn take(walk: &mut Walk<Direct>, step: &Step) -> Verdict {
    walk.take(step).await.map_err(|difference| fails(format!("{step:?}: {difference}")))
}

/// An invitation by e-mail stays, withdrawn, when everything else is cleared away for the next case.
fn leaves_nothing(step: &Step) -> bool {
    !matches!(step, Step::Invite { user: None, .. })
}

fn adds(step: &Step) -> bool {
    !matches!(
        step,
        Step::List { .. }
            | Step::DeleteOrganization { .. }
            | Step::DeleteUser { .. }
            | Step::DeleteRole { .. }
            | Step::DeleteMandate { .. }
            | Step::DeleteDelegation { .. }
            | Step::DeleteTemplate { .. }
            | Step::Assign { give: false, .. }
    )
}

/// The model of an empty service.
fn fresh(direct: &Direct) -> Model {
    Model::new(direct.engine.root, direct.engine.world.now())
}

/// A case: a seed of choices, how much there is at first, the size of a page, and changes between two pages.
type Case = (u64, usize, u64, usize);

async fn small(walk: &Mutex<Walk<Direct>>, pages: &Cell<usize>, case: Case) -> Verdict {
    let (seed, before, size, between) = case;
    let dice = RefCell::new(Dice::new(seed));
    for _ in 0..before {
        let step = Step::choose(&walk.lock().await.model, &mut dice.borrow_mut());
        if adds(&step) && leaves_nothing(&step) {
            take(&mut *walk.lock().await, &step).await?;
        }
    }
    let listing = {
        let walk = walk.lock().await;
        let (model, mut dice) = (&walk.model, dice.borrow_mut());
        let choices = std::iter::repeat_with(|| Listing::choose(model, &mut dice)).take(16);
        choices.max_by_key(|listing| model.list(listing).len()).unwrap()
    };
    let change = async |walk: &mut Walk<Direct>| {
        for _ in 0..between {
            let step = Step::choose(&walk.model, &mut dice.borrow_mut());
            if leaves_nothing(&step) {
                take(walk, &step).await?;
            }
        }
        Ok(())
    };
    let walked = walked(walk, &listing, size, change).await?;
    pages.set(pages.get() + walked.unwrap_or_default());
    let mut walk = walk.lock().await;
    walk.driver.clear().await?;
    walk.model = fresh(&walk.driver);
    Ok(())
}

#[test]
fn what_matches_throughout_a_listing_is_listed_exactly_once() {
    let pages = Cell::new(0);
    holds(
        &(any::<u64>(), 25..70_usize, 1..5_u64, 0..4_usize),
        async |direct| {
            let model = fresh(&direct);
            Mutex::new(Walk::new(direct, model))
        },
        async |walk, case| small(walk, &pages, case).await,
    );
    // About twelve hundred as a rule: fewer than half would mean that listings fit one page and try nothing.
    assert!(pages.get() > 600, "only {} pages", pages.get());
}

/// So many users that no listing of them is read whole and sorted.
const MANY: usize = 2_100;
/// So many organizations that their users are not merged into one order.
const UNITS: usize = 20;

struct Crowd {
    walk: Mutex<Walk<Direct>>,
    company: Uuid,
    role: Uuid,
}

async fn made(direct: &Direct, kind: Kind, pairs: Vec<(&'static str, String)>) -> Uuid {
    direct.change(&Request::Create(kind, pairs)).await.unwrap().pop_first().unwrap()
}

/// Many users with one role below one organization, in many units.
async fn crowd(direct: Direct) -> Crowd {
    let mut model = fresh(&direct);
    let unit = async |model: &mut Model, name: String, parent: Uuid| {
        let pairs = vec![("technicalName", name.clone()), ("parentOrganizationId", parent.to_string())];
        let id = made(&direct, Kind::Organization, pairs).await;
        let step = Step::AddOrganization { name, parent, is_virtual: false, class: None };
        model.apply(&step, id);
        id
    };
    let root = model.root;
    let company = unit(&mut model, "crowd".to_owned(), root).await;
    let mut units = vec![company];
    for number in 1..UNITS {
        let parent = units[number / 2];
        units.push(unit(&mut model, format!("unit{number}"), parent).await);
    }
    let pairs = vec![("name", "Member".to_owned()), ("organization", company.to_string())];
    let role = made(&direct, Kind::Role, pairs).await;
    let includes = BTreeSet::new();
    model.roles.insert(role, Role { name: "Member".to_owned(), owner: company, includes });
    for number in 0..MANY {
        let (login, home) = (format!("c{number}"), units[number % UNITS]);
        let pairs = vec![("login", login.clone()), ("organizationId", home.to_string())];
        let id = made(&direct, Kind::User, pairs).await;
        direct.change(&Request::Assign(id, role, true)).await.unwrap();
        model.users.insert(id, User { login, home, status: "Enabled".to_owned(), ..User::default() });
        model.assignments.insert((id, role));
    }
    Crowd { walk: Mutex::new(Walk::new(direct, model)), company, role }
}

/// A change among many: `what` says which, the numbers whom it concerns.
fn among(model: &Model, role: Uuid, (what, one, other): (u8, usize, usize)) -> Step {
    let users: Vec<Uuid> = model.users.keys().copied().collect();
    let units: Vec<Uuid> = model.organizations.keys().copied().filter(|id| *id != model.root).collect();
    let (user, unit) = (users[one % users.len()], units[other % units.len()]);
    let (email, browsers) = (String::new(), BTreeSet::new());
    match what {
        0..3 => Step::AddUser { login: format!("n{one}x{other}"), home: unit, email, browsers },
        3..5 => Step::DeleteUser { id: user },
        5 => Step::Rename { id: user, login: format!("r{one}x{other}") },
        6 => Step::SetStatus { id: user, status: if one % 2 == 0 { "Enabled" } else { "Disabled" } },
        7 => Step::MoveOrganization { id: units[one % units.len()], parent: unit },
        8 => Step::AddOrganization { name: format!("u{one}"), parent: unit, is_virtual: false, class: None },
        9 => Step::Assign { user, role, give: false },
        _ => Step::Assign { user, role, give: true },
    }
}

async fn large(crowd: &Crowd, listing: u8, size: u64, changes: Vec<(u8, usize, usize)>) -> Verdict {
    let organization = crowd.company;
    let listing = match listing {
        0 => Listing::UsersOfRole(crowd.role),
        1 => Listing::UsersOf { organization, recursive: true, login: String::new() },
        2 => Listing::UsersByStatus { status: "Enabled" },
        _ => Listing::UsersByLogin { beginning: "c".to_owned() },
    };
    let change = async |walk: &mut Walk<Direct>| {
        for what in &changes {
            let step = among(&walk.model, crowd.role, *what);
            take(walk, &step).await?;
        }
        Ok(())
    };
    let walked = walked(&crowd.walk, &listing, size, change).await?;
    if walked.is_none_or(|pages| pages < 2) { Err(fails("less than two pages")) } else { Ok(()) }
}

#[test]
fn what_matches_throughout_a_long_listing_is_listed_exactly_once() {
    let change = (0..12_u8, 0..10_000_usize, 0..10_000_usize);
    let crowd = holds(
        &(0..4_u8, 500..1_000_u64, proptest::collection::vec(change, 1..4)),
        crowd,
        async |crowd, (listing, size, changes)| large(crowd, listing, size, changes).await,
    );
    let organizations = crowd.walk.into_inner().model.organizations.len();
    assert!(organizations > UNITS, "{organizations} organizations");
}

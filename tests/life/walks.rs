//! Long random walks: after each step the server answered what the model predicts, and now and then everything is
//! compared. A seed that fails is printed with its last steps.

use std::collections::BTreeSet;

use reqwest::Method;
use uuid::Uuid;

use super::model::{Mandate, Model, Organization, Role, User};
use super::steps::{Listing, Step};
use crate::kit::cases::soon;
use crate::kit::walk::{Dice, Walker, walk};
use crate::kit::{Answer, Bed, On};

struct Walk<'b> {
    bed: &'b Bed,
    model: Model,
}

fn differ(what: &str, server: impl std::fmt::Debug, model: impl std::fmt::Debug) -> Result<(), String> {
    Err(format!("{what}: the server has {server:?}, the model {model:?}"))
}

fn request(step: &Step) -> (Method, String) {
    match step {
        Step::AddOrganization { name, parent, is_virtual } => (
            Method::POST,
            format!("organizations/?technicalName={name}&parentOrganizationId={parent}&virtual={is_virtual}"),
        ),
        Step::MoveOrganization { id, parent } => {
            (Method::PUT, format!("organizations/{id}/parent?parentOrganizationId={parent}"))
        }
        Step::DeleteOrganization { id, recursive } => {
            (Method::DELETE, format!("organizations/{id}?recursive={recursive}"))
        }
        Step::AddUser { login, home } => {
            (Method::POST, format!("users/?login={login}&organizationId={home}"))
        }
        Step::Rename { id, login } => (Method::PUT, format!("users/{id}?login={login}")),
        Step::Change { id, surname } => (Method::PUT, format!("users/{id}?surname={surname}")),
        Step::DeleteUser { id } => (Method::DELETE, format!("users/{id}")),
        Step::AddRole { name, owner } => (Method::POST, format!("roles/?name={name}&organization={owner}")),
        Step::DeleteRole { id } => (Method::DELETE, format!("roles/{id}")),
        Step::Assign { user, role, give: true } => (Method::PUT, format!("users/{user}/roles/{role}")),
        Step::Assign { user, role, give: false } => (Method::DELETE, format!("users/{user}/roles/{role}")),
        Step::AddMandate { from, to, role } => {
            (Method::POST, format!("mandates/?mandater={from}&mandatee={to}&role={role}"))
        }
        Step::Revoke { id } => (Method::PUT, format!("mandates/{id}/revoke")),
        Step::DeleteMandate { id } => (Method::DELETE, format!("mandates/{id}")),
        Step::List(listing) => (Method::GET, listing_path(listing)),
    }
}

fn listing_path(listing: &Listing) -> String {
    match listing {
        Listing::UsersOf { organization, recursive } => {
            format!("organizations/{organization}/users?recursive={recursive}")
        }
        Listing::UsersByLogin { beginning } => format!("users/?login={beginning}"),
        Listing::UsersBySurname { value } => format!("users/?surname={value}&exactMatch=true"),
        Listing::OrganizationsBelow { id, recursive } => {
            format!("organizations/{id}/organizations?recursive={recursive}")
        }
        Listing::RolesOfUser(id) => format!("users/{id}/roles"),
        Listing::UsersOfRole(id) => format!("roles/{id}/users"),
        Listing::RolesOf(id) => format!("organizations/{id}/roles"),
        Listing::Given(id) => format!("mandates/?mandater={id}"),
        Listing::Received(id) => format!("mandates/?mandatee={id}"),
    }
}

fn ids(answer: &Answer) -> BTreeSet<Uuid> {
    answer.ids().iter().map(|id| id.parse().unwrap()).collect()
}

impl Model {
    fn users_where(&self, which: impl Fn(&Uuid, &User) -> bool) -> BTreeSet<Uuid> {
        self.users.iter().filter(|(id, user)| which(id, user)).map(|(id, _)| *id).collect()
    }

    fn list(&self, listing: &Listing) -> BTreeSet<Uuid> {
        match listing {
            Listing::UsersOf { organization, recursive } => {
                let homes = if *recursive { self.subtree(*organization) } else { [*organization].into() };
                self.users_where(|_, user| homes.contains(&user.home))
            }
            Listing::UsersByLogin { beginning } => {
                let beginning = beginning.to_lowercase();
                self.users_where(|_, user| user.login.to_lowercase().starts_with(&beginning))
            }
            Listing::UsersBySurname { value } => self.users_where(|_, user| user.surname == *value),
            Listing::OrganizationsBelow { id, recursive: true } => {
                self.subtree(*id).into_iter().filter(|other| other != id).collect()
            }
            Listing::OrganizationsBelow { id, recursive: false } => {
                let below = self.organizations.iter().filter(|(_, other)| other.parent == Some(*id));
                below.map(|(id, _)| *id).collect()
            }
            Listing::RolesOfUser(id) => {
                self.assignments.iter().filter(|(user, _)| user == id).map(|(_, role)| *role).collect()
            }
            Listing::UsersOfRole(id) => {
                self.assignments.iter().filter(|(_, role)| role == id).map(|(user, _)| *user).collect()
            }
            Listing::RolesOf(id) => {
                self.roles.iter().filter(|(_, role)| role.owner == *id).map(|(id, _)| *id).collect()
            }
            Listing::Given(id) => self.mandates_where(|mandate| mandate.from == *id),
            Listing::Received(id) => self.mandates_where(|mandate| mandate.to == *id),
        }
    }

    fn mandates_where(&self, which: impl Fn(&Mandate) -> bool) -> BTreeSet<Uuid> {
        self.mandates.iter().filter(|(_, mandate)| which(mandate)).map(|(id, _)| *id).collect()
    }

    /// Moves on by a step that succeeded; `made` is the id it answered.
    fn apply(&mut self, step: &Step, made: Uuid) {
        match step.clone() {
            Step::AddOrganization { name, parent, is_virtual } => {
                let organization = Organization { name, parent: Some(parent), is_virtual };
                self.organizations.insert(made, organization);
            }
            Step::MoveOrganization { id, parent } => {
                self.organizations.get_mut(&id).unwrap().parent = Some(parent);
            }
            Step::DeleteOrganization { id, recursive } => {
                let ids = if recursive { self.subtree(id) } else { [id].into() };
                self.remove_organizations(&ids);
            }
            Step::AddUser { login, home } => {
                self.users.insert(made, User { login, surname: String::new(), home });
            }
            Step::Rename { id, login } => self.users.get_mut(&id).unwrap().login = login,
            Step::Change { id, surname } => self.users.get_mut(&id).unwrap().surname = surname,
            Step::DeleteUser { id } => self.remove_user(id),
            Step::AddRole { name, owner } => {
                self.roles.insert(made, Role { name, owner });
            }
            Step::DeleteRole { id } => self.remove_role(id),
            Step::Assign { user, role, give: true } => drop(self.assignments.insert((user, role))),
            Step::Assign { user, role, give: false } => self.take_away(user, role),
            Step::AddMandate { from, to, role } => {
                self.mandates.insert(made, Mandate { from, to, role, revoked: false });
            }
            Step::Revoke { id } => self.mandates.get_mut(&id).unwrap().revoked = true,
            Step::DeleteMandate { id } => self.remove_mandates_by(id),
            Step::List(_) => {}
        }
    }

    /// A role that is taken away is taken out of what its holder gave; each mandate here gives one role.
    fn take_away(&mut self, user: Uuid, role: Uuid) {
        if self.assignments.remove(&(user, role)) {
            let given =
                self.mandates.values_mut().filter(|mandate| mandate.from == user && mandate.role == role);
            given.for_each(|mandate| mandate.revoked = true);
        }
    }

    fn remove_mandates_by(&mut self, id: Uuid) {
        self.mandates.remove(&id);
        self.gone.push(id);
    }
}

impl Walker for Walk<'_> {
    type Step = Step;

    fn choose(&self, dice: &mut Dice) -> Step {
        Step::choose(&self.model, dice)
    }

    async fn take(&mut self, step: &Step) -> Result<(), String> {
        let (method, path) = request(step);
        let answer = soon(&path, self.bed.admin().send(method, &path, None)).await;
        let predicted = self.model.predict(step);
        if let Err((status, code)) = predicted {
            let code = format!("<error><code>{code}</code>");
            let same = answer.status == status && answer.text().contains(&code);
            return if same { Ok(()) } else { differ("refusal", answer.text(), (status, code)) };
        }
        if answer.status != 200 {
            return differ("outcome", answer.text(), "a success");
        }
        let answered = ids(&answer);
        match step {
            Step::List(listing) => {
                let expected = self.model.list(listing);
                return if answered == expected { Ok(()) } else { differ("listing", answered, expected) };
            }
            Step::DeleteOrganization { id, recursive: true } if answered != self.model.subtree(*id) => {
                return differ("organizations gone", answered, self.model.subtree(*id));
            }
            _ => {}
        }
        let made = answered.first().copied().ok_or("an answer without id")?;
        self.model.apply(step, made);
        Ok(())
    }

    async fn compare(&self) -> Result<(), String> {
        let (admin, model) = (self.bed.admin(), &self.model);
        for (path, expected) in [
            ("users", model.users.keys().copied().collect::<BTreeSet<_>>()),
            ("organizations", model.organizations.keys().copied().collect()),
            ("roles", model.roles.keys().copied().collect()),
            ("mandates", model.mandates.keys().copied().collect()),
        ] {
            let there = ids(&admin.get(path).await.ok());
            if there != expected {
                return differ(path, there, expected);
            }
        }
        for (id, user) in &model.users {
            let there = admin.get(&format!("users/{id}")).await.ok();
            let there = (there.value("login"), there.value("surname"), there.value("organizationId"));
            let expected = (user.login.clone(), user.surname.clone(), user.home.to_string());
            if there != expected {
                return differ("user", there, expected);
            }
        }
        for (id, organization) in &model.organizations {
            let there = admin.get(&format!("organizations/{id}")).await.ok().value("entityName");
            if there != model.entity_name(*id) {
                return differ(&organization.name, there, model.entity_name(*id));
            }
        }
        for (id, mandate) in &model.mandates {
            let there = admin.get(&format!("mandates/{id}")).await.ok().value("state");
            if (there == "Revoked") != mandate.revoked {
                return differ("mandate", there, mandate);
            }
        }
        let differences =
            self.bed.server.service().engine.store.check().await.map_err(|error| error.to_string())?;
        if differences.is_empty() { Ok(()) } else { Err(differences.join("\n")) }
    }
}

impl Model {
    /// The path of names below the root; the root's own name stands for itself.
    fn entity_name(&self, id: Uuid) -> String {
        let organization = &self.organizations[&id];
        match organization.parent {
            None => organization.name.clone(),
            Some(parent) if parent == self.root => organization.name.clone(),
            Some(parent) => format!("{}/{}", self.entity_name(parent), organization.name),
        }
    }
}

async fn walks(on: On, seeds: std::ops::Range<u64>, steps: usize) {
    for seed in seeds {
        let Some(bed) = Bed::start(on).await else { return };
        let root = bed.server.service().engine.root;
        let mut walker = Walk { bed: &bed, model: Model::new(root) };
        walk(&mut walker, seed, steps).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_and_the_model_walk_together_on_sqlite() {
    walks(On::Sqlite, 0..20, 200).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_and_the_model_walk_together_on_postgresql() {
    walks(On::Postgres, 100..103, 100).await;
}

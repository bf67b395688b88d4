//! The service, asked one way or the other, and the model beside it: a step is taken by both, and both must agree.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use uuid::Uuid;
use valtuus::model::Kind;
use valtuus::operation::list::Base;

use super::drive::{Asked, Driver};
use super::inviting::STANDS;
use super::model::{Invitation, Model, Offer, Role};
use super::steps::Step;
use crate::kit::walk::{Dice, Walker};

/// The kinds that are compared whole.
const KINDS: [Kind; 9] = [
    Kind::User,
    Kind::Organization,
    Kind::Role,
    Kind::Mandate,
    Kind::Delegation,
    Kind::MandateTemplate,
    Kind::RoleInvitation,
    Kind::MandateInvitation,
    Kind::Workflow,
];

/// The service, asked one way or the other, and the model beside it.
pub struct Walk<D> {
    pub driver: D,
    pub model: Model,
    pub tally: Tally,
}

/// How often each kind of step succeeded, and how often it was refused.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally(pub BTreeMap<String, (u64, u64)>);

impl Tally {
    fn count(&mut self, step: &Step, succeeded: bool) {
        let name = format!("{step:?}");
        let name = name.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_owned();
        let (done, refused) = self.0.entry(name).or_default();
        *(if succeeded { done } else { refused }) += 1;
    }

    pub fn add(&mut self, other: &Self) {
        for (name, (done, refused)) in &other.0 {
            let sum = self.0.entry(name.clone()).or_default();
            *sum = (sum.0 + done, sum.1 + refused);
        }
    }
}

impl<D> Walk<D> {
    pub fn new(driver: D, model: Model) -> Self {
        Self { driver, model, tally: Tally::default() }
    }
}

fn differ(what: &str, service: impl Debug, model: impl Debug) -> Result<(), String> {
    Err(format!("{what}: the service has {service:?}, the model {model:?}"))
}

impl<D: Driver> Walk<D> {
    async fn list(&self, listing: &super::listings::Listing, page: Option<u64>) -> Result<(), String> {
        let found = self.driver.list(&listing.asked(), page).await;
        let answered: BTreeSet<Uuid> = found.iter().copied().collect();
        let expected = self.model.list(listing);
        if answered != expected {
            return differ("listing", answered, expected);
        }
        if found.len() == expected.len() { Ok(()) } else { differ("listed twice", found, expected) }
    }

    async fn effective(&self, user: Uuid) -> Result<(), String> {
        let (there, expected) = (self.driver.effective(user).await, self.model.effective(user));
        if there == expected {
            return Ok(());
        }
        let (more, less): (Vec<_>, Vec<_>) =
            (there.difference(&expected).collect(), expected.difference(&there).collect());
        differ(&format!("effective roles of {user}"), more, less)
    }

    /// Learns the id of the one entity that a search finds.
    async fn only(&self, asked: Asked) -> Result<Uuid, String> {
        match self.driver.list(&asked, None).await[..] {
            [id] => Ok(id),
            ref other => Err(format!("{asked:?} should find one: {other:?}")),
        }
    }

    /// Learns of the invitation that was made with a mandate.
    async fn learn_offer(&mut self, mandate: Uuid) -> Result<(), String> {
        let id = self.only(Asked::all(Kind::MandateInvitation).with("mandate", &mandate.to_string())).await?;
        let email = self.model.mandates[&mandate].email.clone();
        let (state, expires) = ("Sent", self.model.now + STANDS);
        self.model.offers.insert(id, Offer { mandate, email, state, expires });
        Ok(())
    }

    /// Learns of the invitation that was made with a user.
    async fn learn_invitation(&mut self, user: Uuid, roles: BTreeSet<Uuid>) -> Result<(), String> {
        let id = self.only(Asked::of(Kind::RoleInvitation, Base::InvitationsOfUser, user)).await?;
        let (state, expires) = ("Sent", self.model.now + STANDS);
        let (user, email, inviter) = (Some(user), String::new(), None);
        self.model.invitations.insert(id, Invitation { user, email, roles, inviter, state, expires });
        Ok(())
    }

    /// Learns the ids of the workflows that have begun; at most one for each organization.
    async fn learn_workflows(&mut self) -> Result<(), String> {
        let begun = std::mem::take(&mut self.model.begun);
        if begun.is_empty() {
            return Ok(());
        }
        let whole = self.driver.whole(Kind::Workflow).await;
        for workflow in begun {
            let organization = BTreeSet::from([workflow.organization.to_string()]);
            let known = &self.model.workflows;
            let new = whole.iter().find(|(id, facts)| {
                !known.contains_key(*id) && facts.get("organization") == Some(&organization)
            });
            let (id, _) = new.ok_or_else(|| format!("{workflow:?} has not begun"))?;
            self.model.workflows.insert(*id, workflow);
        }
        Ok(())
    }

    /// Learns the ids of the roles that an organization got by its class, and no others.
    async fn learn_roles(&mut self, organization: Uuid) -> Result<(), String> {
        let expected = self.model.class_roles_to_come(organization);
        let asked = Asked::of(Kind::Role, Base::RolesOfOrganization, organization);
        let listed = self.driver.list(&asked, None).await;
        let new: Vec<Uuid> = listed.into_iter().filter(|id| !self.model.roles.contains_key(id)).collect();
        if new.is_empty() && expected.is_empty() {
            return Ok(());
        }
        let whole = self.driver.whole(Kind::Role).await;
        let name = |id: &Uuid| whole[id]["name"].first().cloned().unwrap_or_default();
        let names: BTreeSet<String> = new.iter().map(name).collect();
        if names != expected.iter().map(|name| (*name).to_owned()).collect() {
            return differ("roles of the class", names, expected);
        }
        for id in new {
            let role = Role { name: name(&id), owner: organization, includes: BTreeSet::new() };
            self.model.roles.insert(id, role);
        }
        Ok(())
    }
}

impl<D: Driver> Walker for Walk<D> {
    type Step = Step;

    fn choose(&self, dice: &mut Dice) -> Step {
        Step::choose(&self.model, dice)
    }

    async fn take(&mut self, step: &Step) -> Result<(), String> {
        if let Step::List { listing, page } = step {
            return self.list(listing, *page).await;
        }
        if let Step::Wait { by } = step {
            self.driver.advance(*by);
            self.model.apply(step, Uuid::nil());
            return Ok(());
        }
        if let Step::Effective { user } = step {
            return self.effective(*user).await;
        }
        let request = step.request().ok_or("a step that asks for nothing")?;
        let answered = self.driver.change(&request).await;
        let ids = match (answered, self.model.predict(step)) {
            (Ok(ids), Ok(())) => {
                self.tally.count(step, true);
                ids
            }
            (Err(no), Err(predicted)) if no == predicted => {
                self.tally.count(step, false);
                return Ok(());
            }
            (answered, predicted) => return differ("outcome", answered, predicted),
        };
        if let Step::DeleteOrganization { id, recursive: true } = step {
            let below = self.model.subtree(*id);
            if ids != below {
                return differ("organizations gone", ids, below);
            }
        }
        let made = ids.first().copied().ok_or("an answer without id")?;
        let class = |model: &Model| model.organizations.get(&made).map(|organization| organization.class);
        let before = class(&self.model);
        self.model.apply(step, made);
        match step {
            Step::AddOrganization { .. } | Step::Reclass { .. } if class(&self.model) != before => {
                self.learn_roles(made).await
            }
            Step::AddMandate(giving) if giving.to.is_none() => self.learn_offer(made).await,
            Step::InviteUser { roles, .. } => self.learn_invitation(made, roles.clone()).await,
            Step::Accept { .. } => self.learn_workflows().await,
            _ => Ok(()),
        }
    }

    async fn compare(&self) -> Result<(), String> {
        for kind in KINDS {
            let (there, expected) = (self.driver.whole(kind).await, self.model.whole(kind));
            if !there.keys().eq(expected.keys()) {
                return differ(kind.def().path, there.keys(), expected.keys());
            }
            for (id, known) in &expected {
                for (name, values) in known {
                    let shown = there[id].get(name).cloned().unwrap_or_default();
                    if shown != *values {
                        return differ(&format!("{} {id}: {name}", kind.name()), shown, values);
                    }
                }
            }
        }
        for user in self.model.users.keys() {
            self.effective(*user).await?;
        }
        let differences = self.driver.store().check().await.map_err(|error| error.to_string())?;
        if differences.is_empty() { Ok(()) } else { Err(differences.join("\n")) }
    }
}

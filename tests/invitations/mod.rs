//! Invitations, invited users and workflows, against real servers over both databases: what each state lets happen,
//! what a token is worth, and what follows when somebody accepts.

mod doors;
mod mandates;
mod people;
mod races;
mod states;
mod tokens;
mod users;
mod workflows;

use uuid::Uuid;
use valtuus::store::outbox::{HeldMail, OutboxQuery};

use crate::api::{make, role};
use crate::kit::{Answer, Bed, Caller};

/// An organization of the class that asks for approval.
pub async fn association(caller: &Caller<'_>, technical_name: &str) -> String {
    make(caller, &format!("organizations/?technicalName={technical_name}&organizationClass=association"))
        .await
}

/// An organization with a role in it; answers the role.
pub async fn role_of(caller: &Caller<'_>, organization: &str, name: &str) -> String {
    let organization = make(caller, &format!("organizations/?technicalName={organization}")).await;
    role(caller, &organization, name).await
}

/// The mails to an address, oldest first.
pub async fn mails(bed: &Bed, to: &str) -> Vec<HeldMail> {
    let query = OutboxQuery { recipient: Some(to.to_owned()), ..OutboxQuery::default() };
    bed.server.service().engine.store.outbox(&query, Uuid::nil(), 1_000).await.unwrap()
}

/// All mails, oldest first.
pub async fn every_mail(bed: &Bed) -> Vec<HeldMail> {
    let store = &bed.server.service().engine.store;
    store.outbox(&OutboxQuery::default(), Uuid::nil(), 1_000).await.unwrap()
}

/// The address and token of the link in the newest mail to an address, as they stand in it.
pub async fn link(bed: &Bed, to: &str) -> (String, String) {
    let mails = mails(bed, to).await;
    let body = &mails.last().unwrap_or_else(|| panic!("no mail to {to}")).mail.body;
    let link =
        body.split_whitespace().find(|word| word.contains("?token=")).unwrap_or_else(|| panic!("{body}"));
    let (path, token) = link.split_once("?token=").unwrap();
    let path = path.split("/2.0/").nth(1).unwrap_or(path);
    (path.to_owned(), token.to_owned())
}

/// The token in the newest mail to an address.
pub async fn token(bed: &Bed, to: &str) -> String {
    link(bed, to).await.1
}

/// Whether an answer is the one that every bad token gets.
#[track_caller]
pub fn no_good(answer: Answer) -> String {
    let answer = answer.refused(403, 3, "the token is not valid for this invitation");
    answer.text()
}

/// The logins of all users.
pub async fn users(caller: &Caller<'_>) -> usize {
    caller.get("users").await.ok().ids().len()
}

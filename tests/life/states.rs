//! The tables of the kinds that have states.

use futures_util::future::BoxFuture;

use crate::kit::states::Cell::{No, To};
use crate::kit::{Answer, Bed};
use crate::{life, on_both};

/// Finds the company, its role and a user, or makes them.
async fn ground(bed: &Bed) -> (String, String, String) {
    let admin = bed.admin();
    let found = admin.get("organizations/?technicalName=company").await.ok().ids();
    if found.is_empty() {
        admin.post("organizations/?technicalName=company").await.ok();
        admin.post("roles/?name=Signatory&organization=company").await.ok();
        admin.post("users/?login=anna").await.ok();
    }
    let one = async |path: &str| admin.get(path).await.ok().id();
    (
        one("organizations/?technicalName=company").await,
        one("roles/?name=Signatory").await,
        one("users/?login=anna").await,
    )
}

fn sent(bed: &Bed) -> BoxFuture<'_, String> {
    Box::pin(async move {
        let (_, role, anna) = ground(bed).await;
        bed.admin().post(&format!("roleinvitations/?user={anna}&role={role}")).await.ok().id()
    })
}

fn withdrawn(bed: &Bed) -> BoxFuture<'_, String> {
    Box::pin(async move {
        let id = sent(bed).await;
        withdraw(bed, &id).await.ok().id()
    })
}

fn withdraw<'a>(bed: &'a Bed, id: &'a str) -> BoxFuture<'a, Answer> {
    Box::pin(async move { bed.admin().delete(&format!("roleinvitations/{id}")).await })
}

on_both! {
    async fn an_invitation_is_withdrawn_once_and_stays_readable(bed: Bed) {
        let life = life! { "roleinvitations" by "state":
            {                 "withdraw" => withdraw }
            "Sent" from sent           => [To("Withdrawn")];
            "Withdrawn" from withdrawn => [No(409, 15)];
        };
        life.try_all(&bed).await;
    }
}

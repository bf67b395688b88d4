//! The table of a mandate's life: every state with every operation. Receivers must approve here, and the clock stands
//! still, so that each state can be come into, Expired from each that can expire.

use futures_util::future::BoxFuture;
use valtuus::config::Config;

use crate::kit::states::Cell::{Gone, No, To};
use crate::kit::{Answer, Bed};
use crate::{life, on_both_still};

const HOUR: i64 = 3_600_000_000;

fn approving(config: &mut Config) {
    config.mandates.approval = true;
}

/// Finds the company, its role and a user, or makes them.
async fn ground(bed: &Bed) -> (String, String) {
    let admin = bed.admin();
    if admin.get("organizations/?technicalName=company").await.ok().ids().is_empty() {
        admin.post("organizations/?technicalName=company").await.ok();
        admin.post("roles/?name=Signatory&organization=company").await.ok();
        admin.post("users/?login=anna").await.ok();
    }
    let role = admin.get("roles/?name=Signatory").await.ok().id();
    (role, admin.get("users/?login=anna").await.ok().id())
}

/// A mandate of the company that is valid for two hours.
async fn given(bed: &Bed, to: &str) -> String {
    let (role, _) = ground(bed).await;
    let until = (bed.now() + 2 * HOUR) / 1_000;
    let query = format!("mandates/?mandater=company&{to}&role={role}&validUntil={until}");
    bed.admin().post(&query).await.ok().id()
}

async fn put(bed: &Bed, id: &str, what: &str) -> Answer {
    bed.admin().put(&format!("mandates/{id}{what}")).await
}

fn invited(bed: &Bed) -> BoxFuture<'_, String> {
    Box::pin(async move { given(bed, "assigneeEmail=somebody@example.org").await })
}

fn pending(bed: &Bed) -> BoxFuture<'_, String> {
    Box::pin(async move {
        let (_, anna) = ground(bed).await;
        given(bed, &format!("mandatee={anna}")).await
    })
}

fn active(bed: &Bed) -> BoxFuture<'_, String> {
    Box::pin(async move {
        let id = pending(bed).await;
        put(bed, &id, "/approve").await.ok().id()
    })
}

fn rejected(bed: &Bed) -> BoxFuture<'_, String> {
    Box::pin(async move {
        let id = pending(bed).await;
        put(bed, &id, "/reject").await.ok().id()
    })
}

fn revoked(bed: &Bed) -> BoxFuture<'_, String> {
    Box::pin(async move {
        let id = active(bed).await;
        put(bed, &id, "/revoke").await.ok().id()
    })
}

fn expired_while_invited(bed: &Bed) -> BoxFuture<'_, String> {
    Box::pin(async move { past(bed, invited(bed).await) })
}

fn expired_while_pending(bed: &Bed) -> BoxFuture<'_, String> {
    Box::pin(async move { past(bed, pending(bed).await) })
}

fn expired_while_active(bed: &Bed) -> BoxFuture<'_, String> {
    Box::pin(async move { past(bed, active(bed).await) })
}

/// Moves the clock to the very instant at which the newest mandate expires.
fn past(bed: &Bed, id: String) -> String {
    bed.advance(2 * HOUR);
    id
}

fn approve<'a>(bed: &'a Bed, id: &'a str) -> BoxFuture<'a, Answer> {
    Box::pin(put(bed, id, "/approve"))
}

fn reject<'a>(bed: &'a Bed, id: &'a str) -> BoxFuture<'a, Answer> {
    Box::pin(put(bed, id, "/reject"))
}

fn revoke<'a>(bed: &'a Bed, id: &'a str) -> BoxFuture<'a, Answer> {
    Box::pin(put(bed, id, "/revoke"))
}

fn rename<'a>(bed: &'a Bed, id: &'a str) -> BoxFuture<'a, Answer> {
    Box::pin(put(bed, id, "?name=Another"))
}

fn readdress<'a>(bed: &'a Bed, id: &'a str) -> BoxFuture<'a, Answer> {
    Box::pin(put(bed, id, "?assigneeEmail=else@example.org"))
}

fn prolong<'a>(bed: &'a Bed, id: &'a str) -> BoxFuture<'a, Answer> {
    Box::pin(async move {
        let until = (bed.now() + 9 * HOUR) / 1_000;
        put(bed, id, &format!("?validUntil={until}")).await
    })
}

fn postpone<'a>(bed: &'a Bed, id: &'a str) -> BoxFuture<'a, Answer> {
    Box::pin(async move {
        let from = (bed.now() + HOUR) / 1_000;
        put(bed, id, &format!("?validFrom={from}")).await
    })
}

fn delete<'a>(bed: &'a Bed, id: &'a str) -> BoxFuture<'a, Answer> {
    Box::pin(async move { bed.admin().delete(&format!("mandates/{id}")).await })
}

const NO: crate::kit::states::Cell = No(409, 15);

on_both_still! { approving;
    async fn a_mandate_takes_the_steps_that_its_state_allows_and_no_others(bed: Bed) {
        let life = life! { "mandates" by "state":
            { "approve" => approve, "reject" => reject, "revoke" => revoke, "rename" => rename,
              "readdress" => readdress, "prolong" => prolong, "postpone" => postpone, "delete" => delete }
            "Invited" from invited => [NO, NO, To("Revoked"), To("Invited"), NO, To("Invited"), To("Invited"), Gone];
            "Pending" from pending => [To("Active"), To("Rejected"), To("Revoked"), To("Pending"), To("Pending"),
                                       To("Pending"), To("Pending"), Gone];
            "Active" from active => [NO, NO, To("Revoked"), To("Active"), To("Active"), To("Active"), NO, Gone];
            "Revoked" from revoked => [NO, NO, NO, To("Revoked"), To("Revoked"), NO, NO, Gone];
            "Rejected" from rejected => [NO, NO, NO, To("Rejected"), To("Rejected"), NO, NO, Gone];
            "Expired" from expired_while_invited => [NO, NO, NO, To("Expired"), To("Expired"), NO, NO, Gone];
            "Expired" from expired_while_pending => [NO, NO, NO, To("Expired"), To("Expired"), NO, NO, Gone];
            "Expired" from expired_while_active => [NO, NO, NO, To("Expired"), To("Expired"), NO, NO, Gone];
        };
        life.try_all(&bed).await;
    }
}

//! Every status × every operation on a user: legal steps lead where the machine says, illegal ones change nothing.

use futures_util::future::BoxFuture;
use valtuus::model::kind::user::Status;

use super::{RIGHT, WRONG, in_status, sign_in};
use crate::kit::states::Cell::{Gone, No, To};
use crate::kit::{Answer, Bed};
use crate::{life, on_both};

macro_rules! statuses {
    ($($name:ident => $status:ident),+ $(,)?) => {
        $(fn $name(bed: &Bed) -> BoxFuture<'_, String> { in_status(bed, Status::$status) })+
    };
}

statuses! {
    pending => Pending,
    enabled => Enabled,
    disabled => Disabled,
    locked => Locked,
    not_initialized => NotInitialized,
    waiting => Waiting,
}

fn put<'a>(bed: &'a Bed, id: &'a str, query: &'static str) -> BoxFuture<'a, Answer> {
    Box::pin(async move { bed.admin().put(&format!("users/{id}?{query}")).await })
}

fn enable<'a>(bed: &'a Bed, id: &'a str) -> BoxFuture<'a, Answer> {
    put(bed, id, "status=Enabled")
}

fn disable<'a>(bed: &'a Bed, id: &'a str) -> BoxFuture<'a, Answer> {
    put(bed, id, "status=2")
}

fn rename<'a>(bed: &'a Bed, id: &'a str) -> BoxFuture<'a, Answer> {
    put(bed, id, "surname=Another&pwd=another%20good%20password")
}

fn right<'a>(bed: &'a Bed, id: &'a str) -> BoxFuture<'a, Answer> {
    Box::pin(async move { sign_in(&bed.admin(), id, RIGHT).await })
}

fn wrong<'a>(bed: &'a Bed, id: &'a str) -> BoxFuture<'a, Answer> {
    Box::pin(async move { sign_in(&bed.admin(), id, WRONG).await })
}

fn relocate<'a>(bed: &'a Bed, id: &'a str) -> BoxFuture<'a, Answer> {
    Box::pin(async move {
        if bed.admin().get("organizations/company").await.status != 200 {
            bed.admin().post("organizations/?technicalName=company").await.ok();
        }
        bed.admin().put(&format!("users/{id}/organization?organization=company")).await
    })
}

fn delete<'a>(bed: &'a Bed, id: &'a str) -> BoxFuture<'a, Answer> {
    Box::pin(async move { bed.admin().delete(&format!("users/{id}")).await })
}

on_both! {
    async fn each_operation_in_each_status_does_what_the_table_says(bed: Bed) {
        let life = life! { "users" by "status":
            { "enable" => enable, "disable" => disable, "update" => rename, "right password" => right,
              "wrong password" => wrong, "move" => relocate, "delete" => delete }
            "Pending" from pending => [No(409, 15), No(409, 15), To("Pending"), No(403, 3), No(403, 3), To("Pending"), Gone];
            "Enabled" from enabled => [To("Enabled"), To("Disabled"), To("Enabled"), To("Enabled"), No(403, 3), To("Enabled"), Gone];
            "Disabled" from disabled => [To("Enabled"), To("Disabled"), To("Disabled"), No(403, 3), No(403, 3), To("Disabled"), Gone];
            "Locked" from locked => [To("Enabled"), To("Disabled"), To("Locked"), No(403, 3), No(403, 3), To("Locked"), Gone];
            "Not initialized" from not_initialized => [To("Enabled"), To("Disabled"), To("Not initialized"), No(403, 3), No(403, 3), To("Not initialized"), Gone];
            "Waiting for registration" from waiting => [No(409, 15), To("Disabled"), To("Waiting for registration"), No(403, 3), No(403, 3), To("Waiting for registration"), Gone];
        };
        life.try_all(&bed).await;
    }

    async fn no_status_but_enabled_and_disabled_can_be_given_in_any_status(bed: Bed) {
        let admin = bed.admin();
        for from in Status::ALL {
            let id = in_status(&bed, from).await;
            for to in Status::ALL {
                if matches!(to, Status::Enabled | Status::Disabled) {
                    continue;
                }
                let name = to.name().replace(' ', "%20");
                admin.put(&format!("users/{id}?status={name}")).await.refused(400, 1, "status");
            }
            assert_eq!(admin.get(&format!("users/{id}")).await.ok().value("status"), from.name());
        }
    }
}

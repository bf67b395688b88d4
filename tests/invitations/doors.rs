//! What the doors of invitations do not let happen: accepting for others, trying passwords without a grant, reaching
//! out of a client's bounds.

use uuid::Uuid;
use valtuus::model::Kind;
use valtuus::model::state::Patch;
use valtuus::operation::update::Update;
use valtuus::operation::{Caller as Local, perform};
use valtuus::store::Credential;
use zeroize::Zeroizing;

use super::token;
use crate::api::{make, organization, role, user};
use crate::kit::caller::Credentials;
use crate::on_both;

const PWD: &str = "a+fairly+good+secret";

on_both! {
    async fn who_shows_a_token_cannot_name_somebody_else(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let clerk = role(&admin, &acme, "Clerk").await;
        let victim = user(&admin, "victim").await;
        let invitation = make(&admin, &format!("roleinvitations/?email=uusi@example.org&role={clerk}")).await;
        let mandate = make(&admin, &format!("mandates/?mandater={acme}&assigneeEmail=muu@example.org&role={clerk}")).await;
        let offer = admin.get(&format!("mandateinvitations?mandate={mandate}")).await.ok().id();
        for (path, to) in [
            (format!("roleinvitations/{invitation}/accept"), "uusi@example.org"),
            (format!("mandateinvitations/{offer}/accept"), "muu@example.org"),
        ] {
            let good = token(&bed, to).await;
            let path = format!("{path}?token={good}&user={victim}");
            for caller in [bed.reader(), bed.admin(), bed.anonymous()] {
                caller.put(&path).await.refused(400, 1, "user");
            }
        }
        assert!(admin.get(&format!("users/{victim}/roles")).await.ok().ids().is_empty());
        assert_eq!(admin.get(&format!("mandates/{mandate}")).await.ok().value("state"), "Invited");
    }

    async fn a_client_that_may_not_check_passwords_tries_none_and_bars_nobody(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let clerk = role(&admin, &acme, "Clerk").await;
        let anna = make(&admin, &format!("users/?login=anna&pwd={PWD}")).await;
        let mandate = make(&admin, &format!("mandates/?mandater={acme}&assigneeEmail=muu@example.org&role={clerk}")).await;
        let offer = admin.get(&format!("mandateinvitations?mandate={mandate}")).await.ok().id();
        let writer = crate::kit::Caller::query(&bed, "writer");
        for _ in 0..bed.server.service().config.users.lock_after + 2 {
            let path = format!("mandateinvitations/{offer}/accept?login=anna&pwd=some+other+long+secret");
            writer.put(&path).await.refused(403, 3, "authenticate");
        }
        let right = format!("users/{anna}/authenticate?pwd={PWD}");
        assert_eq!(admin.post(&right).await.ok().value("login"), "anna");
    }

    async fn a_password_in_use_need_not_fit_the_policy_for_new_ones(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let clerk = role(&admin, &acme, "Clerk").await;
        let anna = make(&admin, &format!("users/?login=anna&pwd={PWD}")).await;
        let service = bed.server.service();
        let phc = service.verifier.hash(Zeroizing::new("short".to_owned())).await.unwrap();
        let patch = Patch { kind: Kind::User, given: Vec::new() };
        let local = Local::local("test");
        let update = Update::new(&service.engine, &local, anna.parse::<Uuid>().unwrap(), patch);
        let update = update.with_credential(Some(Credential { phc, set: 0 }));
        perform(&service.engine, &local, update).await.unwrap();
        let mandate = make(&admin, &format!("mandates/?mandater={acme}&assigneeEmail=muu@example.org&role={clerk}")).await;
        let offer = admin.get(&format!("mandateinvitations?mandate={mandate}")).await.ok().id();
        let path = format!("mandateinvitations/{offer}/accept?token={}", token(&bed, "muu@example.org").await);
        bed.anonymous().put(&format!("{path}&login=somebody&pwd=short")).await.refused(400, 1, "pwd");
        bed.anonymous().put(&format!("{path}&login=anna&pwd=short")).await.ok();
        assert_eq!(admin.get(&format!("mandates/{mandate}")).await.ok().value("mandatee"), anna);
    }

    async fn withdrawing_an_invitation_changes_no_user_outside_the_bounds(bed: Bed) {
        let admin = bed.admin();
        let (acme, other) = (organization(&admin, "acme").await, organization(&admin, "other").await);
        let clerk = role(&admin, &acme, "Clerk").await;
        let invited = format!("users/invite?email=uusi@example.org&organizationId={other}&role={clerk}");
        let waiting = make(&admin, &invited).await;
        let invitation = admin.get(&format!("users/{waiting}/roleinvitations")).await.ok().id();
        let client = format!("apiclients?name=bounded&preset=admin&pwd=bounded-password&within={acme}");
        admin.post(&client).await.ok();
        let credentials = Credentials::Basic("bounded".into(), "bounded-password".into());
        let bounded = bed.anonymous().with(credentials);
        let before = admin.get(&format!("users/{waiting}")).await.ok();
        bounded.delete(&format!("roleinvitations/{invitation}")).await.ok();
        let after = admin.get(&format!("users/{waiting}")).await.ok();
        assert_eq!(after.value("status"), "Waiting for registration");
        assert_eq!(after.header("etag"), before.header("etag"));
    }

    async fn an_invitation_without_roles_moves_with_its_user(bed: Bed) {
        let admin = bed.admin();
        let (acme, other) = (organization(&admin, "acme").await, organization(&admin, "other").await);
        let waiting = make(&admin, &format!("users/invite?email=uusi@example.org&organizationId={acme}")).await;
        let invitation = admin.get(&format!("users/{waiting}/roleinvitations")).await.ok().id();
        admin.put(&format!("users/{waiting}/organization?organizationId={other}")).await.ok();
        for (name, within, status) in [("here", &acme, 404), ("there", &other, 200)] {
            let client = format!("apiclients?name={name}&preset=admin&pwd=bounded-password&within={within}");
            admin.post(&client).await.ok();
            let credentials = Credentials::Basic(name.into(), "bounded-password".into());
            let bounded = bed.anonymous().with(credentials);
            assert_eq!(bounded.get(&format!("roleinvitations/{invitation}")).await.status, status, "{name}");
        }
        bed.must_be_sound().await;
    }
}

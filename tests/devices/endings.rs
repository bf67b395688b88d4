//! What ends sessions of the JSON interface for good, and what keeps one from being opened at the last moment; the role
//! and the organization that the interface hangs on.

use serde_json::json;
use valtuus::model::Error;
use valtuus::operation::device::orchestrator::present;
use valtuus::operation::device::orchestrator::session::{SessionKey, SessionTimes, open};
use valtuus::operation::sign_in::{Proof, Verified};

use super::{Door, LOGIN, ONE, PASSWORD, enrolled, must_hold, opened};
use crate::kit::Bed;
use crate::on_both;

const EXPIRED: &str = "Session expired or incorrect credentials";
const OTHER_PASSWORD: &str = "quite another password";

/// The administrator's id, and the role's.
async fn ids(bed: &Bed, home: &str) -> (String, String) {
    let admin = bed.admin();
    let user = admin.get(&format!("users?login={LOGIN}&exactMatch=true")).await.ok().id();
    let role =
        admin.get(&format!("roles/?organization={home}&name=Orchestrator&exactMatch=true")).await.ok().id();
    (user, role)
}

/// What a verification proved that saw this hash.
fn proof(phc: &str) -> Proof {
    Proof::of(Some(phc.to_owned()), &Verified { right: true, renewal: None })
}

on_both! {
    async fn a_session_is_not_opened_with_a_password_that_was_changed_meanwhile(bed: Bed) {
        let (door, home) = opened(&bed).await;
        let (user, role) = ids(&bed, &home).await;
        let engine = &bed.server.service().engine;
        let orchestrator = present(engine).await.unwrap().unwrap();
        let id = user.parse().unwrap();
        let row = engine.store.by_id(id).await.unwrap().unwrap().row();
        let stored = async || engine.store.credential(row).await.unwrap().unwrap().phc;
        let opening = async |phc: &str| {
            let key = SessionKey::fresh(engine.world.as_ref());
            let times = SessionTimes { idle: 60_000_000, whole: 60_000_000 };
            open(engine, &orchestrator, (id, proof(phc)), &key, times).await.map(|()| key.expose().to_owned())
        };
        let before = stored().await;
        let session = opening(&before).await.unwrap();
        door.with(&session).get("/contracts").await.is(200, "[]");
        door.put(&format!("/users/{user}"), &json!({ "password": OTHER_PASSWORD }).to_string()).await.json();
        assert_eq!(opening(&before).await.unwrap_err(), Error::WrongPassword);
        let now = stored().await;
        let session = opening(&now).await.unwrap();
        door.with(&session).get("/contracts").await.is(200, "[]");
        // The same while the user may not sign in, or lacks the role.
        let admin = bed.admin();
        admin.put(&format!("users/{user}?status=Disabled")).await.ok();
        assert_eq!(opening(&now).await.unwrap_err(), Error::WrongPassword);
        admin.put(&format!("users/{user}?status=Enabled")).await.ok();
        admin.delete(&format!("users/{user}/roles/{role}")).await.ok();
        assert_eq!(opening(&now).await.unwrap_err(), Error::WrongPassword);
        admin.put(&format!("users/{user}/roles/{role}")).await.ok();
        assert!(opening(&now).await.is_ok());
    }

    async fn a_session_that_was_refused_once_does_not_come_back(bed: Bed) {
        let (door, home) = opened(&bed).await;
        let (user, role) = ids(&bed, &home).await;
        let admin = bed.admin();
        admin.delete(&format!("users/{user}/roles/{role}")).await.ok();
        door.get("/contracts").await.refused(401, EXPIRED);
        admin.put(&format!("users/{user}/roles/{role}")).await.ok();
        door.get("/contracts").await.refused(401, EXPIRED);
        let door = door.with(&door.login(LOGIN, PASSWORD).await.is(200, "").session());
        door.get("/contracts").await.is(200, "[]");
        admin.put(&format!("users/{user}?status=Disabled")).await.ok();
        door.get("/contracts").await.refused(401, EXPIRED);
        admin.put(&format!("users/{user}?status=Enabled")).await.ok();
        door.get("/contracts").await.refused(401, EXPIRED);
    }

    async fn without_the_role_nobody_comes_in_until_it_is_made_anew(bed: Bed) {
        let (door, home) = opened(&bed).await;
        let (user, role) = ids(&bed, &home).await;
        let admin = bed.admin();
        admin.delete(&format!("roles/{role}")).await.ok();
        door.get("/contracts").await.refused(401, EXPIRED);
        Door::of(&bed).login(LOGIN, PASSWORD).await.says(409, "Role Orchestrator not found");
        let again = admin.post(&format!("roles/?name=Orchestrator&organization={home}")).await.ok().id();
        assert_ne!(again, role);
        Door::of(&bed).login(LOGIN, PASSWORD).await.refused(401, EXPIRED);
        admin.put(&format!("users/{user}/roles/{again}")).await.ok();
        let door = door.with(&door.login(LOGIN, PASSWORD).await.is(200, "").session());
        door.get("/contracts").await.is(200, "[]");
        let made = json!({ "userId": "helper", "password": PASSWORD }).to_string();
        assert_eq!(door.post("/users", &made).await.status, 201);
        door.login("helper", PASSWORD).await.is(200, "");
        assert_eq!(door.get("/users").await.json().as_array().unwrap().len(), 2);
    }

    async fn the_first_administrator_waits_for_the_role_as_well(bed: Bed) {
        let door = Door::of(&bed);
        door.post("/init", r#"{"orgId":"pepsico"}"#).await.is(200, "");
        let admin = bed.admin();
        let home = admin.get("organizations/?technicalName=pepsico&exactMatch=true").await.ok().id();
        let role = admin.get(&format!("roles/?organization={home}&name=Orchestrator&exactMatch=true")).await.ok().id();
        admin.delete(&format!("roles/{role}")).await.ok();
        let chief = json!({ "userId": LOGIN, "password": PASSWORD }).to_string();
        door.post("/init/admin", &chief).await.says(409, "Role Orchestrator not found");
        admin.post(&format!("roles/?name=Orchestrator&organization={home}")).await.ok();
        door.post("/init/admin", &chief).await.is(200, "");
        door.login(LOGIN, PASSWORD).await.is(200, "");
    }

    async fn the_organization_of_the_interface_is_not_deleted(bed: Bed) {
        let (door, home) = opened(&bed).await;
        let admin = bed.admin();
        for path in [format!("organizations/{home}?recursive=true"), format!("organizations/{home}")] {
            let refused = admin.delete(&path).await;
            assert_eq!(refused.status, 409, "{path}");
        }
        door.get("/contracts").await.is(200, "[]");
        enrolled(&admin, "one", ONE, &home).await;
        must_hold(&bed).await;
    }
}

//! Users of the JSON interface: made, listed, changed, deleted; whom their sessions outlive.

use serde_json::{Value, json};

use super::{LOGIN, PASSWORD, opened};
use crate::on_both;

const OTHER_PASSWORD: &str = "quite another password";

fn user(login: &str, password: &str) -> String {
    json!({ "userId": login, "password": password }).to_string()
}

on_both! {
    async fn a_user_is_made_signs_in_is_changed_and_goes(bed: Bed) {
        let (door, _) = opened(&bed).await;
        let made = door.post("/users", &user("helper", PASSWORD)).await;
        assert_eq!(made.status, 201);
        let made: Value = serde_json::from_str(&made.body).unwrap();
        let id = made["id"].as_str().unwrap().to_owned();
        assert_eq!(made["userId"], "helper");
        door.post("/users", &user("HELPER", PASSWORD)).await.refused(409, "User already exists");
        let all = door.get("/users").await.json();
        let logins: Vec<&str> = all.as_array().unwrap().iter().map(|user| user["userId"].as_str().unwrap()).collect();
        assert_eq!(logins, [LOGIN, "helper"]);
        let session = door.login("helper", PASSWORD).await.is(200, "").session();
        door.with(&session).get("/contracts").await.is(200, "[]");
        // Another password ends the session; another login does not.
        let body = door.put(&format!("/users/{id}"), r#"{"userId":"assistant"}"#).await.json();
        assert_eq!(body, json!({ "id": id, "userId": "assistant" }));
        door.with(&session).get("/contracts").await.is(200, "[]");
        door.put("/users/assistant", &json!({ "password": OTHER_PASSWORD }).to_string()).await.json();
        door.with(&session).get("/contracts").await.refused(401, "Session expired or incorrect credentials");
        door.login("assistant", PASSWORD).await.refused(401, "Session expired or incorrect credentials");
        let session = door.login("assistant", OTHER_PASSWORD).await.is(200, "").session();
        door.put("/users/assistant", &user(LOGIN, OTHER_PASSWORD)).await.refused(409, "User already exists");
        door.delete(&format!("/users/{id}")).await.is(410, "");
        door.with(&session).get("/contracts").await.refused(401, "Session expired or incorrect credentials");
        for path in [format!("/users/{id}"), "/users/assistant".to_owned(), "/users/nobody".to_owned()] {
            door.delete(&path).await.refused(404, "Can't find user with id");
            door.put(&path, &user("x", OTHER_PASSWORD)).await.refused(404, "Can't find user with id");
        }
    }

    async fn only_users_of_the_role_are_users_here(bed: Bed) {
        let (door, home) = opened(&bed).await;
        let admin = bed.admin();
        let stranger = admin.post(&format!("users/?login=stranger&organizationId={home}&pwd={}", PASSWORD.replace(' ', "%20"))).await.ok().id();
        door.login("stranger", PASSWORD).await.refused(401, "Session expired or incorrect credentials");
        door.delete(&format!("/users/{stranger}")).await.refused(404, "Can't find user with id");
        let role = admin.get(&format!("roles/?organization={home}&name=Orchestrator&exactMatch=true")).await.ok().id();
        admin.put(&format!("users/{stranger}/roles/{role}")).await.ok();
        let session = door.login("stranger", PASSWORD).await.is(200, "").session();
        door.with(&session).get("/contracts").await.is(200, "[]");
        admin.delete(&format!("users/{stranger}/roles/{role}")).await.ok();
        door.with(&session).get("/contracts").await.refused(401, "Session expired or incorrect credentials");
        admin.put(&format!("users/{stranger}/roles/{role}")).await.ok();
        admin.put(&format!("users/{stranger}?status=Disabled")).await.ok();
        door.with(&session).get("/contracts").await.refused(401, "Session expired or incorrect credentials");
        door.login("stranger", PASSWORD).await.refused(401, "Session expired or incorrect credentials");
    }

    async fn what_is_said_wrongly_of_a_user_is_refused(bed: Bed) {
        let (door, _) = opened(&bed).await;
        door.post("/users", "").await.refused(400, "Body can't be empty");
        for bad in ["{", "[]", "{}", r#"{"userId":"x"}"#, r#"{"password":"long enough indeed"}"#, r#"{"userId":1,"password":2}"#] {
            assert_eq!(door.post("/users", bad).await.status, 400, "{bad}");
        }
        door.post("/users", &user("x", "short")).await.says(400, "pwd");
        door.post("/users", &user(&"n".repeat(256), PASSWORD)).await.says(400, "userId");
        for bad in ["", "{}", "[]", r#"{"userId":""}"#, r#"{"password":"short"}"#, r#"{"role":"x"}"#] {
            assert_eq!(door.put(&format!("/users/{LOGIN}"), bad).await.status, 400, "{bad}");
        }
        assert_eq!(door.get("/users").await.json().as_array().unwrap().len(), 1);
        let trail = bed.admin().get("auditevents?entities=true&category=failure").await.ok().text();
        assert!(trail.contains("VLT_USER_CREATE") || trail.contains("user"), "refusals are recorded");
        assert!(!trail.contains("long enough indeed"));
    }
}

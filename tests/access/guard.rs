//! The server's own guard: a client with roles does what the matrix allows them and its grants cover, nothing else.

use reqwest::Method;
use valtuus::config::Config;
use valtuus::http::dialect::digit::ENTRIES;
use valtuus::model::Kind;
use valtuus::store::AuditQuery;

use crate::access_door::refusals::sound;
use crate::api::{make, organization, role, user};
use crate::kit::caller::Credentials;
use crate::kit::trace::records;
use crate::kit::{Bed, Caller};
use crate::{on_both, on_both_with};

const HERE: &str = "/customerid-rest/services/2.0";

fn guarding(config: &mut Config) {
    config.access.guard_tenant = Some("gate".to_owned());
}

/// A client with every grant and the role OPERATOR of the tenant of the guard.
async fn operator(bed: &Bed) -> Caller<'_> {
    let admin = bed.admin();
    let gate = organization(&admin, "gate").await;
    role(&admin, &gate, "OPERATOR").await;
    let made = "apiclients?name=operator&preset=admin&pwd=operator-password&roles=gate/OPERATOR";
    admin.post(made).await.ok();
    bed.anonymous().with(Credentials::Basic("operator".into(), "operator-password".into()))
}

async fn open(admin: &Caller<'_>, number: usize, path: &str, method: &str) {
    let url = format!("{HERE}/{path}").replace('{', "%7B").replace('}', "%7D");
    let method = if method.is_empty() { String::new() } else { format!("&method={method}") };
    make(admin, &format!("actions?id={number}&url={url}&enabled=false&tenant=gate{method}")).await;
    make(admin, &format!("roleactions?role=OPERATOR&action={number}&tenant=gate")).await;
}

on_both_with! { guarding;
    async fn what_is_not_mapped_is_refused_and_what_is_goes_on_to_the_grants(bed: Bed) {
        let admin = bed.admin();
        let operator = operator(&bed).await;
        let anna = user(&admin, "anna").await;
        operator.get(&format!("users/{anna}")).await.refused(403, 3, "read user");
        operator.post("users?login=bertil").await.refused(403, 3, "create user");
        operator.get("authorizations?uri=/x&tenant=gate&role=A@gate").await.refused(403, 3, "action");
        open(&admin, 1, "users/{id}", "GET").await;
        operator.get(&format!("users/{anna}")).await.ok();
        operator.get(&format!("users/{anna}/")).await.ok();
        operator.newer().get(&format!("users/{anna}")).await.ok();
        let operator = bed.anonymous().with(Credentials::Basic("operator".into(), "operator-password".into()));
        operator.send(Method::PUT, &format!("users/{anna}?surname=x"), None).await.refused(403, 3, "update user");
        operator.get("users").await.refused(403, 3, "read user");
        operator.get(&format!("users/{anna}/roles")).await.refused(403, 3, "read role");
        // Without a method an action counts for every one.
        open(&admin, 2, "users/{id}/roles/{id}", "").await;
        let gate = admin.get("roles?name=OPERATOR").await.ok().id();
        operator.put(&format!("users/{anna}/roles/{gate}")).await.ok();
        operator.delete(&format!("users/{anna}/roles/{gate}")).await.ok();
        // What the matrix allows the grants must still cover.
        admin.put("apiclients/operator?grants=read:role").await.ok();
        operator.get(&format!("users/{anna}")).await.refused(403, 3, "read user");
        let refused = records(&bed.server.service().engine.store, &AuditQuery::default()).await;
        let of_user = |record: &&valtuus::audit::Record| record.field("client") == "operator" && record.field("category") == "failure" && record.field("kind") == Kind::User.name();
        assert!(refused.iter().filter(of_user).count() >= 4, "a refusal is recorded");
    }

    async fn the_door_of_digit_is_guarded_too(bed: Bed) {
        let admin = bed.admin();
        let operator = operator(&bed).await;
        let send = async |method: Method, path: &str, rest: serde_json::Value| {
            let mut body = rest;
            body["RequestInfo"] = serde_json::json!({});
            let url = format!("{}/access/v1/{path}", bed.root());
            let caller = operator.clone().header("content-type", "application/json");
            caller.send_to(method, &url, Some(body.to_string().into_bytes())).await.status.as_u16()
        };
        for entry in &ENTRIES {
            let (rest, _) = sound(entry);
            assert_eq!(send(Method::POST, entry.path, rest).await, 403, "{}", entry.path);
        }
        for (number, path) in [(1, "roles/_search"), (2, "roles/_update")] {
            make(&admin, &format!("actions?id={number}&url=/access/v1/{path}&method=POST&enabled=false&tenant=gate")).await;
            make(&admin, &format!("roleactions?role=OPERATOR&action={number}&tenant=gate")).await;
        }
        assert_eq!(send(Method::POST, "roles/_search", serde_json::json!({})).await, 200);
        let rest = serde_json::json!({"tenantId": "gate", "roles": [{"code": "OPERATOR", "name": "N"}]});
        assert_eq!(send(Method::PUT, "roles/_update", rest.clone()).await, 403);
        assert_eq!(send(Method::POST, "roles/_update", rest).await, 200);
    }

    async fn clients_without_roles_are_held_by_their_grants_alone(bed: Bed) {
        let admin = bed.admin();
        let operator = operator(&bed).await;
        let anna = user(&admin, "anna").await;
        bed.reader().get(&format!("users/{anna}")).await.ok();
        operator.get("roles").await.refused(403, 3, "read role");
        // A role that a client has is not deleted under it.
        let gate = admin.get("roles?name=OPERATOR").await.ok().id();
        admin.delete(&format!("roles/{gate}")).await.refused(409, 10, "apiclient");
        admin.put("apiclients/operator?roles=").await.ok();
        operator.get("roles").await.ok();
        admin.put("apiclients/operator?roles=gate/NOBODY").await.refused(400, 10, "roles");
        bed.anonymous().send_to(Method::GET, &format!("{}/healthz", bed.root()), None).await.ok();
    }
}

on_both! {
    async fn without_the_setting_roles_of_a_client_mean_nothing(bed: Bed) {
        let operator = operator(&bed).await;
        operator.get("roles").await.ok();
    }
}

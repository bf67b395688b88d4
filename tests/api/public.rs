//! What needs no credentials and carries no data: `/healthz`, `/readyz`, `/metrics`, `/schema/*.xsd`; and the
//! headers that every answer has.

use reqwest::Method;

use crate::kit::caller::Credentials;
use crate::kit::{Answer, Bed};
use crate::on_both;

async fn fetch(bed: &Bed, path: &str) -> Answer {
    bed.anonymous().send_to(Method::GET, &format!("{}{path}", bed.root()), None).await
}

on_both! {
    async fn the_server_says_that_it_is_alive_and_ready(bed: Bed) {
        assert_eq!(fetch(&bed, "/healthz").await.ok().text(), "alive\n");
        assert_eq!(fetch(&bed, "/readyz").await.ok().text(), "ready\n");
        for path in ["/healthz", "/readyz", "/metrics", "/schema/cid-2.0.xsd"] {
            let url = format!("{}{path}", bed.root());
            let answer = bed.anonymous().send_to(Method::POST, &url, None).await.refused(405, 13, "GET");
            assert_eq!(answer.header("allow"), "GET, HEAD, OPTIONS");
        }
    }

    async fn metrics_count_requests_by_route_and_never_name_an_entity(bed: Bed) {
        let id = crate::api::user(&bed.admin(), "canary-login").await;
        bed.admin().get(&format!("users/{id}")).await.ok();
        bed.admin().get("users/canary-unknown").await.refused(404, 7, "user");
        let text = fetch(&bed, "/metrics").await.ok().text();
        assert!(text.contains("valtuus_requests_total"), "{text}");
        assert!(text.contains("route=\"users/{}\""), "{text}");
        assert!(text.contains("valtuus_request_seconds_bucket"));
        for canary in ["canary-login", "canary-unknown", "admin-password", id.as_str()] {
            assert!(!text.contains(canary), "{canary}");
        }
    }

    async fn the_schema_is_served_as_it_is_checked_in(bed: Bed) {
        let folder = std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("schema");
        let mut served = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "xsd") {
                let name = path.file_name().unwrap().to_str().unwrap().to_owned();
                // Schemas are no answers of the interface, so the judge of answers must not see them.
                let url = format!("{}/schema/{name}", bed.root());
                let answer = bed.http.get(url).send().await.unwrap();
                assert_eq!(answer.status(), 200, "{name}");
                assert_eq!(answer.bytes().await.unwrap(), std::fs::read(&path).unwrap(), "{name}");
                served += 1;
            }
        }
        assert!(served >= 2, "cid-2.0.xsd and the extension");
        fetch(&bed, "/schema/other.xsd").await.refused(404, 7, "");
        fetch(&bed, "/schema/..%2FCargo.toml").await.refused(404, 7, "");
    }

    async fn everything_else_needs_credentials(bed: Bed) {
        for path in ["/", "/customerid-rest/services/2.0/users", "/customerid-rest/services/2.0/planets", "/healthz/x"] {
            let answer = fetch(&bed, path).await.refused(401, 2, "authentication");
            assert!(answer.header("www-authenticate").starts_with("Basic realm="), "{path}");
        }
        for header in ["Bearer x", "Basic", "Basic !!!", "Basic YWRtaW4=", "Digest username=\"admin\"", ""] {
            // A header that is present but wrong is refused even when the query would do.
            let url = format!("{}/users?username=admin&password=admin-password", bed.base());
            let caller = bed.anonymous().with(Credentials::Header(header.to_owned()));
            caller.send_to(Method::GET, &url, None).await.refused(401, 2, "authentication");
        }
        for path in ["planets", "users/x/y/z", "users//roles", "mandates/x/approve/y"] {
            bed.admin().get(path).await.refused(404, 7, "");
        }
        let allow = bed.admin().send(Method::PATCH, "users", None).await.refused(405, 13, "");
        assert_eq!(allow.header("allow"), "GET, POST, HEAD, OPTIONS");
        let allow = bed.admin().post("organizations/x").await.refused(405, 13, "");
        assert_eq!(allow.header("allow"), "GET, PUT, DELETE, HEAD, OPTIONS");
    }

    async fn a_request_id_of_the_client_is_kept_when_it_is_a_plain_word(bed: Bed) {
        let answer = bed.admin().header("x-request-id", "my-request_7").get("users").await.ok();
        assert_eq!(answer.header("x-request-id"), "my-request_7");
        let answer = bed.admin().header("x-request-id", "no word").get("users").await.ok();
        assert_ne!(answer.header("x-request-id"), "no word");
        assert_eq!(answer.header("x-request-id").len(), 32);
    }
}

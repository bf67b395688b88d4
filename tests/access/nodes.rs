//! Two server processes on one PostgreSQL: what one of them changes counts there before its answer and on the other
//! within a second.

use std::time::{Duration, Instant};

use reqwest::Method;

use crate::kit::On;
use crate::kit::process::{House, Server};

const QUESTION: &str = "authorizations?uri=/tl/v1/_create&tenant=uk.dehradun&role=TL_CEMP@uk";

async fn answer(server: &Server) -> String {
    server.first().get(QUESTION).await.ok().value("allowed")
}

/// Waits until a server answers so; a second at most.
async fn becomes(server: &Server, wanted: &str, change: &str) {
    let begun = Instant::now();
    loop {
        let asked = begun.elapsed();
        if answer(server).await == wanted {
            return;
        }
        assert!(asked < Duration::from_secs(1), "not {wanted} {asked:?} after {change}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_server_changes_counts_there_at_once_and_on_the_other_within_a_second() {
    crate::kit::bed::install_tls();
    let Some(house) = House::new(On::Postgres).await else { return };
    let (here, there) = (house.serve(), house.serve());
    let admin = here.first();
    admin.post("organizations?technicalName=uk").await.ok();
    admin.post("organizations?technicalName=other").await.ok();
    admin.post("organizations?technicalName=dehradun&parentOrganizationId=uk").await.ok();
    let role = admin.post("roles?name=TL_CEMP&organization=uk").await.ok().id();
    admin.post("actions?id=1&url=/tl/v1/_create&enabled=false&serviceCode=tl&tenant=uk").await.ok();
    assert_eq!([answer(&here).await, answer(&there).await], ["false", "false"]);
    let (put, post, delete) = (Method::PUT, Method::POST, Method::DELETE);
    for (method, change, wanted) in [
        (&post, "roleactions?role=TL_CEMP&action=1&tenant=uk".to_owned(), "true"),
        (&put, format!("roles/{role}?name=OTHER"), "false"),
        (&put, format!("roles/{role}?name=TL_CEMP"), "true"),
        (&put, "actions/uk:1?url=/x".to_owned(), "false"),
        (&put, "actions/uk:1?url=/tl/%7Bversion%7D/_create".to_owned(), "true"),
        (&put, "organizations/uk/parent?parentOrganizationId=other".to_owned(), "false"),
        (&put, "organizations/other%2Fuk/parent?parentOrganizationId=root".to_owned(), "true"),
        (&delete, "actions/uk:1".to_owned(), "false"),
        (
            &post,
            "actions?id=2&url=/tl/v1/_create&enabled=true&serviceCode=tl&tenant=uk.dehradun".to_owned(),
            "false",
        ),
        (&post, "features?code=F&serviceCode=tl&tenant=uk".to_owned(), "false"),
        (&post, "featureroles?role=TL_CEMP&feature=F&tenant=uk".to_owned(), "true"),
        (&put, "features/uk:F?serviceCode=pt".to_owned(), "false"),
        (&put, "features/uk:F?serviceCode=tl".to_owned(), "true"),
        (&delete, format!("roles/{role}"), "false"),
    ] {
        admin.send(method.clone(), &change).await.ok();
        assert_eq!(answer(&here).await, wanted, "{change} on the node that made it");
        becomes(&there, wanted, &change).await;
    }
    for server in [here, there] {
        server.stop().await;
    }
    house.must_be_sound();
}

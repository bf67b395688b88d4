//! Policies and their groups out of one database and into another.

use super::{DOCUMENT, described};
use crate::bulk::{command, exported, import};
use crate::kit::On;
use crate::kit::process::House;

const DRAFT: &str = "018f0000-0000-7000-8000-00000000000d";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn groups_and_policies_are_read_back_as_they_were_written() {
    let Some(first) = House::new(On::Sqlite).await else { return };
    let Some(second) = House::new(On::Postgres).await else { return };
    let server = first.serve();
    let client = server.first();
    client.post("policygroups/?name=banks").await.ok();
    client.post("policygroups/?name=closed&active=false").await.ok();
    client.post(&format!("policies/?{}", described("banks", "draft"))).await.ok();
    let id = client.post(&format!("policies/?{}", described("banks", "holds"))).await.ok().id();
    client.send(reqwest::Method::PUT, &format!("policies/{id}/publish")).await.ok();
    server.stop().await;
    let original = exported(&first);
    assert!(original.contains("Published") && original.contains("<PolicyGroup>"), "{original}");
    assert_eq!(import(&second, "all.xml", &original, &[]).ended(0).counts()[3], 0);
    assert_eq!(exported(&second), original);
    second.must_be_sound();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_is_held_to_what_requests_are_held_to() {
    let Some(house) = House::new(On::Sqlite).await else { return };
    import(&house, "policygroup.csv", "name,active\nbanks,true\nclosed,false\n", &[]).ended(0);
    let quoted = DOCUMENT.replace('"', "\"\"");
    let table = |rows: &str| format!("id,policyGroup,name,policyType,policies,state\n{rows}");
    let row =
        |id: &str, group: &str, state: &str| format!("{id},{group},p{state},Auth,\"{quoted}\",{state}\n");
    let refused = [
        row(DRAFT, "closed", "Published"),
        row(DRAFT, "banks", "Draft").replace("otp", "psychic"),
        row(DRAFT, "nowhere", "Draft"),
    ];
    for rows in refused {
        let told = import(&house, "policy.csv", table(&rows), &[]);
        assert_eq!(told.counts(), [0, 0, 0, 1], "{rows}{}", told.err);
    }
    let published = table(&row(DRAFT, "banks", "Published"));
    assert_eq!(import(&house, "policy.csv", &published, &[]).ended(0).counts(), [1, 0, 0, 0]);
    let update = ["--on-duplicate", "update"];
    let edited = published.replace("pPublished", "other");
    assert_eq!(import(&house, "policy.csv", edited, &update).counts(), [0, 0, 0, 1]);
    let ended = import(&house, "policygroup.csv", "name,active\nbanks,false\n", &update);
    assert_eq!(ended.counts(), [0, 0, 0, 1], "{}", ended.err);
    house.must_be_sound();
    assert!(command(&house, &["export"]).ended(0).out.contains("Published"));
}

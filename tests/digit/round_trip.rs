//! Out of one database, into another, and out again: the three files are the same bytes.

use super::{FILES, export, fixture, folder, import, master};
use crate::bulk::command;
use crate::kit::On;
use crate::kit::process::House;

/// Imports files into a house and writes them out again.
fn through(house: &House, from: &std::path::Path, tenant: &str, code: i32) -> [String; 3] {
    import(house, from, tenant, &[]).ended(code);
    house.must_be_sound();
    export(house, "out", tenant)
}

fn again(house: &House, files: &[String; 3], tenant: &str) -> [String; 3] {
    let name = format!("again-{tenant}");
    let dir = house.data().parent().unwrap().join(&name);
    std::fs::create_dir_all(&dir).unwrap();
    for (file, text) in FILES.into_iter().zip(files) {
        std::fs::write(dir.join(file), text).unwrap();
    }
    through(house, &dir, tenant, 0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_sqlite_to_postgresql_and_back_the_files_are_the_same() {
    let Some(first) = House::new(On::Sqlite).await else { return };
    let Some(second) = House::new(On::Postgres).await else { return };
    let Some(third) = House::new(On::Sqlite).await else { return };
    let original = through(&first, &fixture(), "vale", 3);
    assert_eq!(again(&second, &original, "vale"), original);
    assert_eq!(again(&third, &original, "vale"), original);
    // And what is imported over itself stays.
    assert_eq!(again(&first, &original, "vale"), original);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_form_of_the_files_is_fixed() {
    let Some(house) = House::new(On::Sqlite).await else { return };
    let rows = [
        r#"{"code":"B","name":"b\u0022\u00e4"},{"code":"A","name":"a","description":"\t <&>"}"#,
        r#"{"id":10,"url":"","enabled":1,"leftIcon":"l","method":"PUT"},{"id":9,"name":"n","url":"/u/{x}","parentModule":"m",
            "displayName":"d","orderNumber":-1,"enabled":false,"serviceCode":"s","code":"c","path":" p ","queryParams":"q"}"#,
        r#"{"rolecode":"B","actionid":9,"tenantId":"uk.x"},{"rolecode":"A","actionid":10,"tenantId":"uk.x","actioncode":"z"},
            {"rolecode":"A","actionid":9,"tenantId":"uk.x"}"#,
    ];
    let dir = folder(&house, "in", "uk.x", rows);
    let files = through(&house, &dir, "uk.x", 0);
    let roles = "{\n  \"tenantId\": \"uk.x\",\n  \"moduleName\": \"ACCESSCONTROL-ROLES\",\n  \"roles\": [\n    {\n      \"code\": \"A\",\n      \
        \"name\": \"a\",\n      \"description\": \"\\t <&>\"\n    },\n    {\n      \"code\": \"B\",\n      \"name\": \"b\\\"ä\",\n      \
        \"description\": \"\"\n    }\n  ]\n}\n";
    assert_eq!(files[0], roles);
    let squeezed = |text: &str| text.lines().map(str::trim_start).collect::<String>();
    let nine = r#"{"id": 9,"name": "n","url": "/u/{x}","parentModule": "m","displayName": "d","orderNumber": -1,"enabled": false,"serviceCode": "s","code": "c","path": " p ","queryParams": "q"}"#;
    let ten = r#"{"id": 10,"name": "","url": "","parentModule": "","displayName": "","enabled": true,"serviceCode": "","code": "","path": "","leftIcon": "l","method": "PUT"}"#;
    assert!(squeezed(&files[1]).contains(&format!("[{nine},{ten}]")), "{}", files[1]);
    let mapping = |role: &str, action: u8, code: &str| {
        format!(r#"{{"rolecode": "{role}","actionid": {action},"actioncode": "{code}","tenantId": "uk.x"}}"#)
    };
    let mappings = [mapping("A", 9, ""), mapping("A", 10, "z"), mapping("B", 9, "")].join(",");
    assert!(squeezed(&files[2]).contains(&format!("[{mappings}]")), "{}", files[2]);
    assert_eq!(again(&house, &files, "uk.x"), files);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_files_cannot_say_is_left_out_and_told() {
    let Some(house) = House::new(On::Sqlite).await else { return };
    let server = house.serve();
    let client = server.first();
    for path in [
        "organizations/?technicalName=uk",
        "organizations/?technicalName=x&parentOrganizationId=uk",
        "roles/?name=PLAIN&organization=uk/x",
        "actions/?id=1&url=/far&enabled=true&tenant=uk",
        "roleactions/?role=PLAIN&action=1&tenant=uk.x",
    ] {
        client.post(path).await.ok();
    }
    let files = export(&house, "far", "uk.x");
    assert!(files[0].contains("\"name\": \"PLAIN\"") && files[2].contains("\"actionid\": 1,"), "{files:?}");
    // A nearer action takes the number over; the mapping goes on naming the other one.
    client.post("actions/?id=1&url=/near&enabled=true&tenant=uk.x").await.ok();
    // No import takes a code of this length.
    client.post(&format!("roles/?name={}&organization=uk/x", "L".repeat(65))).await.ok();
    server.stop().await;
    let dir = house.data().parent().unwrap().join("near");
    let told =
        command(&house, &["export", "digit", dir.to_str().unwrap(), "--tenant", "uk.x", "--json"]).ended(3);
    assert_eq!(["roles", "roleActions", "leftOut"].map(|name| told.number(name)), [1, 0, 2]);
    assert!(told.err.contains("left out"), "{}", told.err);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_of_what_is_not_there_is_refused() {
    let Some(house) = House::new(On::Sqlite).await else { return };
    command(&house, &["migrate"]).ended(0);
    let dir = house.data().parent().unwrap().join("out");
    let told = command(&house, &["export", "digit", dir.to_str().unwrap(), "--tenant", "nowhere"]).ended(1);
    assert!(told.err.contains("no such tenant") && !dir.exists(), "{}", told.err);
    let told = command(&house, &["export", "digit", dir.to_str().unwrap(), "--tenant", "a..b"]).ended(2);
    assert!(told.err.contains("tenant: "), "{}", told.err);
    // A folder that cannot be made: nothing is left behind.
    std::fs::write(&dir, master("x", "roles.json", "")).unwrap();
    let told = command(&house, &["import", "digit", "/nonexistent", "--tenant", "x"]).ended(1);
    assert!(told.err.contains("is a file"), "{}", told.err);
    import(&house, &folder(&house, "in", "x", ["", "", ""]), "x", &[]).ended(0);
    command(&house, &["export", "digit", dir.to_str().unwrap(), "--tenant", "x"]).ended(1);
}

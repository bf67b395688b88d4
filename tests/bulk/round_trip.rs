//! Out of one database, into another, and out again: nothing is lost, added or put in another order.

use std::fmt::Write as _;

use super::{command, exported, file, import};
use crate::kit::On;
use crate::kit::process::House;
use crate::schema::judge::validate_with;

/// Fills a house: the sample data, and what it lacks.
async fn furnish(house: &House) {
    let server = house.serve_with(&["--demo"]);
    let client = server.first();
    let virtual_one = client.post("organizations/?technicalName=net&virtual=true").await.ok().id();
    let old = client.post("organizations/?technicalName=old&memberships=net").await.ok().id();
    let new =
        client.post("organizations/?technicalName=new&friendlyName=%C3%84%20%26%20%3C%3E").await.ok().id();
    // A child that is older than its parent.
    client
        .send(reqwest::Method::PUT, &format!("organizations/{old}/parent?parentOrganizationId={new}"))
        .await
        .ok();
    let role = client.post("roles/?name=Signatory&organization=new").await.ok().id();
    let user = format!(
        "users/?login=o%22br,ien;%5C&surname=%20x%20&ssn=1&pwd=correct%20horse%20battery&role={role}&organizationId={old}"
    );
    let user = client.post(&user).await.ok().id();
    let mandate = format!("mandates/?mandater={new}&mandatee={user}&role={role}&name=a%20b");
    let mandate = client.post(&mandate).await.ok().id();
    client.send(reqwest::Method::PUT, &format!("mandates/{mandate}/revoke")).await.ok();
    client.post(&format!("mandates/?mandater={new}&mandatee={virtual_one}&role={role}")).await.ok();
    client.post(&format!("roleinvitations/?email=b@x.fi&role={role}")).await.ok();
    client.post("actions/?id=7&url=/tl/v1/_create&enabled=false&serviceCode=tl&tenant=new").await.ok();
    client.post("roleactions/?role=Signatory&action=7&tenant=new").await.ok();
    client.post("features/?code=trade&serviceCode=tl&serviceCode=pt&tenant=new").await.ok();
    client.post("featureroles/?role=Signatory&feature=trade&tenant=new").await.ok();
    server.stop().await;
    let declared = "kind,name,indexed,many\nuser,shoe,true,true\norganization,vat,false,false\n";
    import(house, "attributedefinitions.csv", declared, &[]).ended(0);
    let mut users = String::from("login,shoe[],locale\n");
    for number in 0..1_500 {
        writeln!(users, "user{number},{};b\\;{number},fi", number % 7).unwrap();
    }
    import(house, "users.csv", users, &[]).ended(0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_sqlite_to_postgresql_and_back_everything_is_the_same() {
    let Some(first) = House::new(On::Sqlite).await else { return };
    let Some(second) = House::new(On::Postgres).await else { return };
    let Some(third) = House::new(On::Sqlite).await else { return };
    furnish(&first).await;
    let original = exported(&first);
    validate_with("export.xsd", original.as_bytes()).unwrap();
    assert!(
        original.contains("<ApiClient>") && original.contains("<Mandate>") && original.contains("Revoked")
    );
    for house in [&second, &third] {
        let told = import(house, "all.xml", &original, &[]).ended(0);
        assert_eq!(told.counts()[3], 0);
        assert_eq!(exported(house), original);
        house.must_be_sound();
    }
    // The password that came along is one, and the clients that came along may sign in.
    let server = second.serve();
    let client = server.first();
    let found = client.get("users/?login=o%22br,ien;%5C").await.ok().ids();
    assert_eq!(found.len(), 1);
    assert_eq!(client.get("users/?shoe=b%3B77&exactMatch=true").await.ok().ids().len(), 1);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_of_every_kind_are_read_back_as_they_were_written() {
    let Some(first) = House::new(On::Sqlite).await else { return };
    let Some(second) = House::new(On::Sqlite).await else { return };
    furnish(&first).await;
    for kind in [
        "attributedefinition",
        "organization",
        "role",
        "user",
        "mandatetemplate",
        "mandate",
        "delegation",
        "roleinvitation",
        "mandateinvitation",
        "workflow",
        "policygroup",
        "policy",
        "misp",
        "licensekey",
        "partner",
        "contact",
        "apikeyrequest",
        "apikey",
        "biometricextractor",
        "credentialtypemapping",
        "certificate",
        "action",
        "feature",
        "roleaction",
        "featurerole",
        "apiclient",
    ] {
        let arguments = ["export", "--kind", kind, "--format", "csv", "--with-secrets"];
        let written = command(&first, &arguments).ended(0).out;
        let told = import(&second, &format!("{kind}.csv"), &written, &[]).ended(0);
        assert_eq!(told.counts()[3], 0, "{kind}: {}", told.err);
        assert_eq!(command(&second, &arguments).ended(0).out, written, "{kind}");
    }
    assert_eq!(exported(&second), exported(&first));
    second.must_be_sound();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_secret_or_sensitive_is_left_out_when_asked_and_the_file_is_private() {
    use std::os::unix::fs::PermissionsExt as _;
    let Some(house) = House::new(On::Sqlite).await else { return };
    import(&house, "users.csv", "login,ssn,pwd\nanna,010199-1234,correct horse battery\n", &[]).ended(0);
    let path = file(&house, "all.xml", "old");
    let output = path.to_str().unwrap();
    let read = || std::fs::read_to_string(&path).unwrap();
    command(&house, &["export", "--output", output]).ended(0);
    assert!(read().contains("010199-1234") && !read().contains("argon2"));
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    command(&house, &["export", "--output", output, "--without-sensitive", "--with-secrets"]).ended(0);
    assert!(!read().contains("010199-1234") && read().contains("argon2"));
}

#[test]
fn every_kind_is_exported_or_left_out_for_a_reason() {
    use valtuus::model::Kind;
    let left_out = [Kind::Assignment, Kind::AuditEvent, Kind::Token, Kind::Message, Kind::Contract];
    for kind in Kind::ALL {
        let exported = valtuus::operation::import::ORDER.contains(&kind);
        assert!(exported != left_out.contains(&kind), "{} is neither", kind.name());
        if exported {
            let element = format!("<xs:element ref=\"{}\"/>", kind.def().root);
            assert!(valtuus::xml::schema_file("export.xsd").unwrap().contains(&element), "{element}");
        }
    }
}

//! Enrolment of many devices by `valtuus import`: by the rules of single ones, and what an import must not do to them.

use std::collections::HashSet;
use std::fmt::Write as _;

use super::{Door, LOGIN, ONE, OTHER, begun, xpub};
use crate::bulk::{command, file, import, table};
use crate::crash::in_houses;
use crate::kit::On;
use crate::kit::process::House;

in_houses! {
    async fn many_devices_are_enrolled_from_a_table(house: House) {
        let mut rows = "name,xpub,organization\n".to_owned();
        for n in 0..300 {
            writeln!(rows, "device {n},{},root", xpub(&format!("device {n}"))).unwrap();
        }
        let again = xpub("device 7");
        write!(rows, "no key,,root\nbad key,{ONE}x,root\nagain,{again},root\nno home,{ONE},nowhere\n").unwrap();
        assert_eq!(import(&house, "devices.csv", &rows, &[]).ended(3).counts(), [300, 0, 0, 4]);
        // What is imported again as an update would change what contracts hold copies of.
        let change = format!("name,xpub,organization\nrenamed,{},root\n", xpub("device 1"));
        assert_eq!(import(&house, "devices.csv", change, &["--on-duplicate", "update"]).ended(3).counts(), [0, 0, 0, 1]);
        let server = house.serve();
        let client = server.first();
        let path = format!("contracts?provider={}&user={}", xpub("device 1"), xpub("device 2"));
        let contract = client.post(&path).await.ok().id();
        assert_eq!(client.get(&format!("devices/{}", xpub("device 1"))).await.ok().value("contracts"), "1");
        server.stop().await;
        // Contracts stay where their ledger is; devices go without their count.
        let all = command(&house, &["export"]).ended(0).out;
        assert!(!all.contains("<Contract>") && !all.contains(&contract) && all.contains("<Device>"));
        assert_eq!(table(&house, "device").len(), 300);
        let told = import(&house, "contracts.csv", format!("provider,user\n{ONE},{OTHER}\n"), &[]);
        assert_ne!(told.code, 0, "contracts are not imported");
        let elsewhere = House::new(crate::kit::On::Sqlite).await.unwrap();
        import(&elsewhere, "all.xml", &all, &["--on-duplicate", "skip"]);
        let server = elsewhere.serve();
        let moved = server.first().get(&format!("devices/{}", xpub("device 1"))).await.ok();
        assert_eq!(moved.value("contracts"), "0");
        server.stop().await;
        elsewhere.must_be_sound();
    }

    async fn a_password_that_an_import_replaces_ends_sessions(house: House) {
        let server = house.serve();
        let door = begun(Door::at(&server.base)).await;
        door.get("/contracts").await.is(200, "[]");
        server.stop().await;
        let rows = format!("login,pwd\n{LOGIN},quite another password\n");
        import(&house, "users.csv", rows, &["--on-duplicate", "update"]).ended(0);
        let server = house.serve();
        let again = Door { session: door.session, ..Door::at(&server.base) };
        again.get("/contracts").await.refused(401, "Session expired or incorrect credentials");
        again.login(LOGIN, "quite another password").await.is(200, "");
        server.stop().await;
    }

    async fn ledger_counters_and_sessions_come_back_with_a_backup(house: House) {
        let server = house.serve();
        let (door, client) = (begun(Door::at(&server.base)).await, server.first());
        for (name, key) in [("one", ONE), ("other", OTHER)] {
            client.post(&format!("devices?name={name}&xpub={key}&organization=pepsico")).await.ok();
        }
        door.contract(ONE, OTHER).await.is(200, "");
        let listed = door.get("/contracts").await.json();
        door.delete(&format!("/contracts/{}", listed[0]["txid"].as_str().unwrap())).await.is(200, "");
        door.contract(ONE, OTHER).await.is(200, "");
        let before = door.get("/contracts").await.body;
        server.stop().await;
        let path = file(&house, "devices.backup", "");
        std::fs::remove_file(&path).unwrap();
        command(&house, &["backup", path.to_str().unwrap()]).ended(0);
        for on in [On::Sqlite, On::Postgres] {
            let Some(elsewhere) = House::new(on).await else { continue };
            command(&elsewhere, &["restore", path.to_str().unwrap()]).ended(0);
            assert!(command(&elsewhere, &["ledger", "verify"]).ended(0).out.starts_with("clean: 3 "));
            let server = elsewhere.serve();
            let door = Door { session: door.session.clone(), ..Door::at(&server.base) };
            door.get("/contracts").await.is(200, &before);
            let listed = door.get("/contracts").await.json();
            door.delete(&format!("/contracts/{}", listed[1]["txid"].as_str().unwrap())).await.is(200, "");
            door.contract(ONE, OTHER).await.is(200, "");
            let listed = door.get("/contracts").await.json();
            let mut seen = HashSet::new();
            for contract in listed.as_array().unwrap() {
                for part in ["provider", "user", "revoker"] {
                    assert!(seen.insert(contract[part]["address"].as_str().unwrap().to_owned()), "{contract}");
                }
            }
            assert_eq!(seen.len(), 9);
            server.stop().await;
            assert!(command(&elsewhere, &["ledger", "verify"]).ended(0).out.starts_with("clean: 5 "));
            elsewhere.must_be_sound();
        }
    }
}

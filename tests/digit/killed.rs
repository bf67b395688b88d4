//! kill -9 in the middle of an import: all of it is there, or nothing.

use std::fmt::Write as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::{export, folder, import};
use crate::bulk::command;
use crate::crash::in_houses;

const ROLES: usize = 40;
const ACTIONS: usize = 3_000;

fn rows() -> [String; 3] {
    let mut rows = [String::new(), String::new(), String::new()];
    let comma = |text: &String| if text.is_empty() { "" } else { "," };
    for role in 0..ROLES {
        let before = comma(&rows[0]);
        write!(rows[0], r#"{before}{{"code":"R{role}","name":"r"}}"#).unwrap();
    }
    for action in 0..ACTIONS {
        let before = comma(&rows[1]);
        write!(rows[1], r#"{before}{{"id":{action},"url":"/a/{action}","enabled":false}}"#).unwrap();
        let (before, role) = (comma(&rows[2]), action % ROLES);
        write!(rows[2], r#"{before}{{"rolecode":"R{role}","actionid":{action},"tenantId":"uk"}}"#).unwrap();
    }
    rows
}

in_houses! {
    async fn an_import_that_is_killed_leaves_all_or_nothing(house: House) {
        command(&house, &["migrate"]).ended(0);
        let rows = rows();
        let dir = folder(&house, "in", "uk", [&rows[0], &rows[1], &rows[2]]);
        let arguments = ["import", "digit", dir.to_str().unwrap(), "--tenant", "uk"];
        // How long it takes in whole, by trying it out.
        let begun = Instant::now();
        import(&house, &dir, "uk", &["--dry-run"]).ended(0);
        let whole = begun.elapsed();
        let mut cut_off = 0;
        for part in 1_u32..=8 {
            let mut child = house.command(&arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            std::thread::sleep(whole * part / 10);
            child.kill().unwrap();
            let ended = child.wait().unwrap();
            if ended.code() == Some(0) {
                break;
            }
            // PostgreSQL ends the transaction when it notices that nobody is there any more.
            std::thread::sleep(Duration::from_millis(50));
            let out = house.data().parent().unwrap().join("out");
            let told = command(&house, &["export", "digit", out.to_str().unwrap(), "--tenant", "uk", "--json"]);
            if told.code == 0 {
                let counts = ["roles", "actions", "roleActions"].map(|name| told.number(name));
                assert_eq!(counts, [ROLES as u64, ACTIONS as u64, ACTIONS as u64], "cut off at part {part}");
                break;
            }
            assert!(told.err.contains("no such tenant"), "{}", told.err);
            cut_off += 1;
        }
        assert!(cut_off > 0, "it was never cut off");
        house.must_be_sound();
        house.must_verify();
        import(&house, &dir, "uk", &[]).ended(0);
        let out = export(&house, "out", "uk");
        assert_eq!(out[2].matches("rolecode").count(), ACTIONS);
        house.must_be_sound();
    }
}

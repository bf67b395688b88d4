//! DIGIT masters in and out: by the real binary over folders, and over HTTP, on both databases. The files of
//! `fixtures/digit` have the faults of real ones.

mod archives;
mod commands;
pub mod door;
mod faults;
mod killed;
mod round_trip;

use std::path::{Path, PathBuf};

use crate::bulk::{Told, command};
use crate::kit::process::House;

/// The files, in the order in which they refer to each other.
pub const FILES: [&str; 3] = ["roles.json", "actions-test.json", "roleactions.json"];
/// The folders of their modules.
pub const MODULES: [&str; 3] =
    ["ACCESSCONTROL-ROLES", "ACCESSCONTROL-ACTIONS-TEST", "ACCESSCONTROL-ROLEACTIONS"];

/// The folder of the fixture.
pub fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/digit")
}

/// One file of the fixture.
pub fn text(file: &str) -> String {
    std::fs::read_to_string(fixture().join(file)).unwrap()
}

/// A file with these rows.
pub fn master(tenant: &str, file: &str, rows: &str) -> String {
    let place = FILES.iter().position(|known| *known == file).unwrap();
    let list = ["roles", "actions-test", "roleactions"][place];
    format!(r#"{{"tenantId":"{tenant}","moduleName":"{}","{list}":[{rows}]}}"#, MODULES[place])
}

/// A folder beside the house's data with these rows in its three files.
pub fn folder(house: &House, name: &str, tenant: &str, rows: [&str; 3]) -> PathBuf {
    let folder = house.data().parent().unwrap().join(name);
    std::fs::create_dir_all(&folder).unwrap();
    for (file, rows) in FILES.into_iter().zip(rows) {
        std::fs::write(folder.join(file), master(tenant, file, rows)).unwrap();
    }
    folder
}

/// Imports a folder, told as JSON.
pub fn import(house: &House, folder: &Path, tenant: &str, options: &[&str]) -> Told {
    let mut arguments = vec!["import", "digit", folder.to_str().unwrap(), "--tenant", tenant, "--json"];
    arguments.extend(options);
    command(house, &arguments)
}

/// Exports a tenant into a folder beside the house's data; the three files.
pub fn export(house: &House, name: &str, tenant: &str) -> [String; 3] {
    let folder = house.data().parent().unwrap().join(name);
    command(house, &["export", "digit", folder.to_str().unwrap(), "--tenant", tenant]).ended(0);
    exported(&folder)
}

/// The three files that an export has written.
pub fn exported(folder: &Path) -> [String; 3] {
    let read =
        |place: usize| std::fs::read_to_string(folder.join(MODULES[place]).join(FILES[place])).unwrap();
    [read(0), read(1), read(2)]
}

/// Read, made, changed, unchanged, duplicate, repeated, refused of one file of a report.
#[track_caller]
pub fn tally(told: &Told, prefix: &str) -> [u64; 7] {
    ["Read", "Made", "Changed", "Unchanged", "Duplicate", "Repeated", "Refused"]
        .map(|name| told.number(&format!("{prefix}{name}")))
}

/// What was found, as `file line what`.
pub fn findings(told: &Told) -> Vec<String> {
    let told: serde_json::Value = serde_json::from_str(&told.out).unwrap();
    let line = |finding: &serde_json::Value| {
        let word = |name: &str| finding[name].as_str().unwrap_or_default().to_owned();
        format!("{} {} {}", word("file"), finding["line"].as_u64().unwrap_or_default(), word("what"))
    };
    told["findings"].as_array().unwrap().iter().map(line).collect()
}

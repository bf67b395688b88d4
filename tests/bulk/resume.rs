//! kill -9 in the middle of an import, and going on: every record is dealt with exactly once.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::{Told, file, import, table};
use crate::crash::in_houses;
use crate::kit::process::House;

const RECORDS: usize = 6_000;
/// Every so many records one is refused.
const BAD: usize = 300;

fn users() -> String {
    let mut users = String::from("login,email,surname\n");
    for number in 0..RECORDS {
        let email = if number % BAD == BAD - 1 { "none" } else { "a@x.fi" };
        writeln!(users, "user{number},{email},Virtanen").unwrap();
    }
    users
}

/// Begins an import and kills it when the report tells that another chunk was committed; false when it came to its
/// end before that.
fn cut_off(house: &House, path: &str, report: &str, resume: bool) -> bool {
    let rows = || std::fs::read_to_string(report).map(|text| text.lines().count()).unwrap_or_default();
    let before = if resume { rows() } else { 1 };
    let mut arguments = vec!["import", path, "--report", report];
    arguments.extend(resume.then_some("--resume"));
    let mut child = house.command(&arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let begun = Instant::now();
    while rows() <= before {
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        assert!(begun.elapsed() < Duration::from_mins(2), "no chunk was committed");
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    true
}

in_houses! {
    async fn an_import_that_was_killed_goes_on_where_it_was(house: House) {
        let path = file(&house, "users.csv", users());
        let report = path.with_file_name("report.csv");
        let (path, report) = (path.to_str().unwrap(), report.to_str().unwrap());
        assert!(cut_off(&house, path, report, false), "the import was faster than the kill");
        let once = table(&house, "user").len();
        assert!(once > 0 && once < RECORDS, "{once} users");
        cut_off(&house, path, report, true);
        let told: Told = house.run(&["import", path, "--resume", "--report", report, "--json"]).into();
        let bad = RECORDS / BAD;
        assert_eq!(told.ended(3).counts(), [(RECORDS - bad) as u64, 0, 0, bad as u64]);
        let logins: BTreeSet<String> = table(&house, "user").into_iter().collect();
        assert_eq!(logins.len(), RECORDS - bad);
        let written = std::fs::read_to_string(report).unwrap();
        let numbers: Vec<usize> =
            written.lines().skip(1).map(|line| line.split(',').next().unwrap().parse().unwrap()).collect();
        let expected: Vec<usize> = (1..=bad).map(|number| number * BAD).collect();
        assert_eq!(numbers, expected, "the report names each refused record once");
        house.must_be_sound();
        // It is done: going on once more does nothing.
        let told: Told = house.run(&["import", path, "--resume", "--json"]).into();
        assert_eq!(told.ended(3).number("made"), (RECORDS - bad) as u64);
        assert_eq!(table(&house, "user").len(), RECORDS - bad);
    }

    async fn without_a_resume_point_an_import_begins_at_the_beginning(house: House) {
        let told = import(&house, "users.csv", "login\nanna\n", &["--resume"]).ended(0);
        assert_eq!(told.counts(), [1, 0, 0, 0]);
        let told = import(&house, "users.csv", "login\nbert\n", &["--resume"]).ended(0);
        assert_eq!(told.counts(), [1, 0, 0, 0]);
        let told = import(&house, "users.csv", "login\nanna\n", &[]).ended(3);
        assert_eq!(told.counts(), [0, 0, 0, 1]);
    }
}

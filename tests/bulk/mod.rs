//! Many entities at once, as operators bring them in and out: the real binary over files, killed and resumed, and whole
//! databases saved and brought back.

mod backup;
mod duplicates;
mod hostile;
mod import;
mod resume;
mod round_trip;

use std::path::PathBuf;
use std::process::Output;

use crate::kit::process::House;

/// Writes a file next to the house's data.
pub fn file(house: &House, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = house.data().parent().unwrap().join(name);
    std::fs::write(&path, content).unwrap();
    path
}

/// What a command wrote and how it ended.
pub struct Told {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl From<Output> for Told {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Told {
    /// Fails unless the command ended so.
    #[track_caller]
    pub fn ended(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}{}", self.out, self.err);
        self
    }

    /// The number of that name in a result as JSON.
    #[track_caller]
    pub fn number(&self, name: &str) -> u64 {
        let told: serde_json::Value = serde_json::from_str(&self.out).unwrap();
        told[name].as_u64().unwrap()
    }

    /// Made, updated, skipped, refused.
    #[track_caller]
    pub fn counts(&self) -> [u64; 4] {
        ["made", "updated", "skipped", "refused"].map(|name| self.number(name))
    }
}

/// Runs a command.
pub fn command(house: &House, arguments: &[&str]) -> Told {
    house.run(arguments).into()
}

/// Imports `content` as the file `name`, told as JSON.
pub fn import(house: &House, name: &str, content: impl AsRef<[u8]>, options: &[&str]) -> Told {
    let path = file(house, name, content);
    let mut arguments = vec!["import", path.to_str().unwrap(), "--json"];
    arguments.extend(options);
    command(house, &arguments)
}

/// Everything, as an export writes it.
pub fn exported(house: &House) -> String {
    command(house, &["export", "--with-secrets"]).ended(0).out
}

/// The entities of a kind as a CSV table, without its header.
pub fn table(house: &House, kind: &str) -> Vec<String> {
    let told = command(house, &["export", "--kind", kind, "--format", "csv"]).ended(0);
    told.out.lines().skip(1).map(str::to_owned).collect()
}

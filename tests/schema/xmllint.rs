//! The second judge: libxml2's `xmllint`, run once over many files. It must not decide anything alone.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

/// The verdict on each file, by its path. `None` when xmllint is not installed, which CI does not accept.
pub(crate) fn verdicts(schema: &str, files: &[PathBuf]) -> Option<BTreeMap<PathBuf, bool>> {
    let schema = format!("{}/schema/{schema}", env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new("xmllint");
    command.args(["--noout", "--nonet", "--schema", &schema]).args(files);
    let output = match command.output() {
        Ok(output) => output,
        Err(error) => {
            assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "xmllint cannot be run: {error}");
            println!("xmllint cannot be run ({error}): its opinion is skipped");
            return None;
        }
    };
    let told = String::from_utf8_lossy(&output.stderr);
    let verdict = |file: &PathBuf| {
        let name = file.display().to_string();
        let valid = told.lines().any(|line| line.strip_prefix(&name) == Some(" validates"));
        // xmllint reports a breach of Namespaces in XML and goes on to call the document valid.
        let breach = told
            .lines()
            .any(|line| line.strip_prefix(&name).is_some_and(|rest| rest.contains(": namespace error")));
        (file.clone(), valid && !breach)
    };
    Some(files.iter().map(verdict).collect())
}

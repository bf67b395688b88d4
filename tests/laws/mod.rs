//! Laws of the source itself: who may know whom, and how a file looks.
//!
//! Each law is a pure function over a path and a text, so that a planted violation can prove it works.

mod arrows;
mod configuration;
mod files;
mod fresh;
mod kinds;
mod lexer;
mod links;
mod reference;
mod statuses;

use std::fs;
use std::path::{Path, PathBuf};

/// A source file: its path from the root of the package with `/` between the parts, and its text.
#[derive(Debug)]
struct Source {
    path: String,
    text: String,
}

/// Every Rust file below `folders`, in order of path; folders of builds are passed over.
fn sources(folders: &[&str]) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for folder in folders {
        collect(root, &root.join(folder), &mut found);
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn collect(root: &Path, folder: &Path, found: &mut Vec<Source>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let paths: Vec<PathBuf> = entries.map(|entry| entry.expect("a readable folder").path()).collect();
    for path in paths {
        if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
            collect(root, &path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("a readable source");
            let path = path.strip_prefix(root).expect("below the root").to_string_lossy().replace('\\', "/");
            found.push(Source { path, text });
        }
    }
}

//! Links between the documents of this package lead somewhere. Addresses on other machines are not looked at.

use std::fs;
use std::path::{Path, PathBuf};

/// The targets of `[text](target)` in a document.
fn targets(text: &str) -> Vec<&str> {
    text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target).collect()
}

/// The anchor that a heading gets.
fn anchor(heading: &str) -> String {
    let letters = heading.trim().to_lowercase();
    let kept = letters.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

fn has_heading(text: &str, wanted: &str) -> bool {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    headings.into_iter().any(|line| anchor(line.trim_start_matches('#')) == wanted)
}

/// Why a link of the document at `path` leads nowhere.
fn broken(root: &Path, path: &Path, text: &str, target: &str) -> Option<String> {
    if target.contains("://") {
        return None;
    }
    let (file, heading) = target.split_once('#').unwrap_or((target, ""));
    let place = if file.is_empty() { path.to_owned() } else { path.parent()?.join(file) };
    let name = path.strip_prefix(root).unwrap_or(path).display();
    if !place.exists() {
        return Some(format!("{name}: there is no {target}"));
    }
    let text = if file.is_empty() { text.to_owned() } else { fs::read_to_string(&place).unwrap_or_default() };
    let found = heading.is_empty() || has_heading(&text, heading);
    (!found).then(|| format!("{name}: {target} has no such heading"))
}

fn documents(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("a readable folder").path();
        if path.is_dir() {
            documents(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
}

#[test]
fn every_link_between_documents_leads_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = vec![root.join("README.md")];
    documents(&root.join("docs"), &mut paths);
    assert!(paths.len() > 10, "the documents were not found");
    let mut found = Vec::new();
    for path in &paths {
        let text = fs::read_to_string(path).expect("a readable document");
        found.extend(targets(&text).into_iter().filter_map(|target| broken(root, path, &text, target)));
    }
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

#[test]
fn a_link_to_nowhere_is_caught() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = root.join("README.md");
    let text =
        "# One Heading\n[a](docs) [b](nowhere.md) [c](#one-heading) [d](#two) [e](https://example.org/x)";
    let found: Vec<String> =
        targets(text).into_iter().filter_map(|target| broken(root, &path, text, target)).collect();
    assert_eq!(found, ["README.md: there is no nowhere.md", "README.md: #two has no such heading"]);
}

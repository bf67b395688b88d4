//! Documents that are made from the declarations: held against them, and rewritten when `VALTUUS_BLESS=1` asks
//! for it. Never writes otherwise.

use std::fs;
use std::path::{Path, PathBuf};

fn place(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn blessing() -> bool {
    std::env::var("VALTUUS_BLESS").as_deref() == Ok("1")
}

/// The text of a file of the package; empty when it does not exist.
pub(super) fn read(path: &str) -> String {
    fs::read_to_string(place(path)).unwrap_or_default()
}

/// Fails unless the file holds exactly `wanted`; with `VALTUUS_BLESS=1` writes it instead.
pub(super) fn whole(path: &str, wanted: &str) {
    let found = read(path);
    if found == wanted {
        return;
    }
    if blessing() {
        fs::write(place(path), wanted).expect("a writable document");
        return;
    }
    let place = first_difference(&found, wanted);
    panic!("{path} is not what the declarations say ({place}); VALTUUS_BLESS=1 cargo test laws rewrites it");
}

/// As [`whole`] for the part between `<!-- NAME -->` and `<!-- /NAME -->`.
pub(super) fn part(path: &str, name: &str, wanted: &str) {
    let text = read(path);
    let (before, after) = around(&text, name).unwrap_or_else(|| panic!("{path} has no part {name}"));
    whole(path, &format!("{before}\n\n{}\n\n{after}", wanted.trim()));
}

/// What stands before and after a part, its markers included.
fn around<'t>(text: &'t str, name: &str) -> Option<(&'t str, &'t str)> {
    let (open, close) = (format!("<!-- {name} -->"), format!("<!-- /{name} -->"));
    let start = text.find(&open)? + open.len();
    let end = start + text.get(start..)?.find(&close)?;
    Some((text.get(..start)?, text.get(end..)?))
}

fn first_difference(found: &str, wanted: &str) -> String {
    let differs = found.lines().zip(wanted.lines()).position(|(found, wanted)| found != wanted);
    let line = differs.unwrap_or_else(|| found.lines().count().min(wanted.lines().count()));
    let wanted = wanted.lines().nth(line).unwrap_or("the end");
    format!("line {}: expected {wanted:?}", line + 1)
}

#[test]
fn a_part_is_what_stands_between_its_markers() {
    let text = "a\n<!-- x -->\n\nold\n\n<!-- /x -->\nb\n";
    assert_eq!(around(text, "x"), Some(("a\n<!-- x -->", "<!-- /x -->\nb\n")));
    assert_eq!(around(text, "y"), None);
}

#[test]
fn the_first_difference_is_told_by_its_line() {
    assert_eq!(first_difference("a\nb\n", "a\nc\n"), "line 2: expected \"c\"");
    assert_eq!(first_difference("a\n", "a\nc\n"), "line 2: expected \"c\"");
}

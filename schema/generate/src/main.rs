//! Renders `src/xml/generated.rs` from the schema files: the wire types, and the table of documents.
//!
//! It runs at a developer's desk and in CI (`--check`), never in the server, and must not put anything into the
//! output that does not follow from the schema: no code with behaviour, no hand-written type.
//!
//! Usage: `cargo run --manifest-path schema/generate/Cargo.toml [-- --check]`

mod render;
mod roots;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The schema files in the order in which they are hashed; a test of the server hashes them in the same order.
const SCHEMA_FILES: [&str; 2] = ["cid-2.0.xsd", "extension.xsd"];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let check = match arguments.as_slice() {
        [] => false,
        [flag] if flag == "--check" => true,
        _ => return failed("usage: generate [--check]"),
    };
    match run(check) {
        Ok(message) => {
            println!("{message}");
            ExitCode::SUCCESS
        }
        Err(message) => failed(&message),
    }
}

fn failed(message: &str) -> ExitCode {
    eprintln!("{message}");
    ExitCode::FAILURE
}

/// Renders, then writes the file or (`check`) compares with what is there.
fn run(check: bool) -> Result<String, String> {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let target = schema.join("../src/xml/generated.rs");
    let rendered = render::file(&schema.join("extension.xsd"), &schema_hash(&schema)?)?;
    if !check {
        std::fs::write(&target, &rendered)
            .map_err(|error| format!("cannot write src/xml/generated.rs: {error}"))?;
        return Ok(format!("src/xml/generated.rs written, {} lines", rendered.lines().count()));
    }
    let present = std::fs::read_to_string(&target)
        .map_err(|error| format!("cannot read src/xml/generated.rs: {error}"))?;
    match first_difference(&present, &rendered) {
        None => Ok("src/xml/generated.rs is what the schema gives".into()),
        Some(difference) => Err(format!("src/xml/generated.rs differs from the schema, {difference}")),
    }
}

/// BLAKE3 over the name, the length and the content of each schema file.
fn schema_hash(schema: &Path) -> Result<String, String> {
    let mut hasher = blake3::Hasher::new();
    for name in SCHEMA_FILES {
        let path: PathBuf = schema.join(name);
        let content = std::fs::read(&path).map_err(|error| format!("cannot read schema/{name}: {error}"))?;
        hasher.update(format!("{name} {}\n", content.len()).as_bytes());
        hasher.update(&content);
    }
    Ok(hasher.finalize().to_hex().to_string())
}

/// Tells the first line in which the file and the rendering differ.
fn first_difference(present: &str, rendered: &str) -> Option<String> {
    if present == rendered {
        return None;
    }
    let (mut old, mut new) = (present.lines(), rendered.lines());
    for number in 1_usize.. {
        match (old.next(), new.next()) {
            (None, None) => break,
            (one, other) if one == other => {}
            (one, other) => {
                let (one, other) = (one.unwrap_or("(end)"), other.unwrap_or("(end)"));
                return Some(format!("line {number}:\n  file:   {one}\n  schema: {other}"));
            }
        }
    }
    Some("in its line ends".into())
}

#[cfg(test)]
mod tests {
    use super::first_difference;

    #[test]
    fn equal_files_have_no_difference() {
        assert_eq!(first_difference("a\nb\n", "a\nb\n"), None);
    }

    #[test]
    fn the_first_different_line_is_named() {
        let difference = first_difference("a\nb\n", "a\nc\n").unwrap();
        assert!(
            difference.contains("line 2")
                && difference.contains("file:   b")
                && difference.contains("schema: c")
        );
    }

    #[test]
    fn a_shorter_file_differs_at_its_end() {
        assert!(first_difference("a\n", "a\nc\n").unwrap().contains("(end)"));
    }
}

//! How a source file looks: its head, its length, nothing left for later.
//!
//! The length of functions and the number of their parameters are clippy's to hold (`clippy.toml`).

use super::lexer::tokens;
use super::{Source, sources};

const LONGEST: usize = 600;
const MEDIAN: usize = 150;
/// Macros and words that stand for something unfinished. Written in parts, so that this file obeys too.
const UNFINISHED_MACROS: [&str; 2] = ["todo", "unimplemented"];
const UNFINISHED_WORDS: [&str; 2] = [concat!("FIX", "ME"), concat!("XX", "X")];

/// Every violation in a file, as sentences.
fn violations(source: &Source) -> Vec<String> {
    let mut found = Vec::new();
    let mut add = |what: String| found.push(format!("{}: {what}", source.path));
    let head = source.text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let sentence = head.strip_prefix("//!").map(str::trim).unwrap_or_default();
    if sentence.chars().filter(|letter| letter.is_alphabetic()).count() < 6 {
        add(String::from("does not open with a `//!` sentence saying what it is for"));
    }
    let length = source.text.lines().count();
    // What is generated grows with the schema, and nobody reads it.
    if length > LONGEST && source.path != "src/xml/generated.rs" {
        add(format!("has {length} lines, more than {LONGEST}"));
    }
    for pair in tokens(&source.text).windows(2) {
        if UNFINISHED_MACROS.contains(&pair[0].text) && pair[1].text == "!" {
            add(format!("line {}: `{}!`", pair[0].line, pair[0].text));
        }
    }
    for (index, line) in source.text.lines().enumerate() {
        if let Some(word) = UNFINISHED_WORDS.iter().find(|word| line.contains(**word)) {
            add(format!("line {}: {word}", index + 1));
        }
    }
    found
}

/// The median number of lines.
fn median(sources: &[Source]) -> usize {
    let mut lengths: Vec<usize> = sources.iter().map(|source| source.text.lines().count()).collect();
    lengths.sort_unstable();
    lengths.get(lengths.len() / 2).copied().unwrap_or_default()
}

#[test]
fn every_file_says_what_it_is_for_and_is_finished_and_short() {
    let sources = sources(&["src", "tests", "benches", "schema", "fuzz"]);
    assert!(sources.len() > 5, "the sources were not found");
    let found: Vec<String> = sources.iter().flat_map(violations).collect();
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

#[test]
fn half_of_the_files_have_at_most_150_lines() {
    let median = median(&sources(&["src"]));
    assert!(median <= MEDIAN, "the median is {median} lines");
}

#[test]
fn every_planted_fault_is_caught() {
    let good = "//! Says what it is for.\n";
    let long = good.to_owned() + &"\n".repeat(LONGEST);
    for (text, word) in [
        (String::from("fn a() {}\n"), "open"),
        (String::new(), "open"),
        (String::from("//!\nfn a() {}\n"), "open"),
        (String::from("// A plain comment.\n//! Says what it is for.\n"), "open"),
        (long, "601 lines"),
        (format!("{good}fn a() {{ {}!() }}", UNFINISHED_MACROS[0]), "line 2"),
        (format!("{good}fn a() {{ {}!(\"b\") }}", UNFINISHED_MACROS[1]), "line 2"),
        (format!("{good}// {} later", UNFINISHED_WORDS[0]), "line 2"),
    ] {
        let source = Source { path: String::from("src/a.rs"), text };
        let found = violations(&source);
        assert!(found.len() == 1 && found[0].contains(word), "{word}: {found:?}");
    }
}

#[test]
fn a_sound_file_is_left_alone() {
    let text = format!("//! Says what it is for.\nconst A: &str = \"{}!\";\n", UNFINISHED_MACROS[0]);
    let source = Source { path: String::from("src/a.rs"), text };
    assert_eq!(violations(&source), Vec::<String>::new());
}

#[test]
fn the_median_is_the_middle_length() {
    let source = |lines: usize| Source { path: String::new(), text: "\n".repeat(lines) };
    assert_eq!(median(&[source(9), source(1), source(5)]), 5);
}

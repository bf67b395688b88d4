//! Random trees of the schema's elements, well-formed always and valid often: the rules of structure against the
//! validator, which random changes of text seldom reach.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use valtuus::xml::NAMESPACE;

use super::random::{config, same_verdict};

const ENTITIES: [&str; 5] = ["User", "Organization", "Role", "Mandate", "AuditEvent"];
const LISTS: [&str; 3] = ["Users", "Roles", "AuditEvents"];
const OTHERS: [&str; 6] = ["Id", "Attribute", "Value", "Entity", "EntityType", "Workflow"];
const XML_ATTRIBUTES: [&str; 6] = [
    " name=\"n\"",
    " type=\"t\"",
    " method=\"GET\"",
    " method=\"GOT\"",
    " inResponseTo=\"/a\"",
    " other=\"\"",
];

/// Decisions drawn beforehand, so that a failing tree shrinks. An empty tape decides for the least.
struct Tape(std::vec::IntoIter<u8>);

impl Tape {
    fn below(&mut self, limit: usize) -> usize {
        usize::from(self.0.next().unwrap_or(0)) % limit
    }

    /// True once in `times`.
    fn rarely(&mut self, times: usize) -> bool {
        self.below(times) == times - 1
    }

    fn one_of<'a>(&mut self, names: &[&'a str]) -> &'a str {
        names[self.below(names.len())]
    }
}

/// The children that the schema has in mind for `element`.
fn children(tape: &mut Tape, element: &str) -> Vec<&'static str> {
    let count = tape.below(4);
    if LISTS.contains(&element) {
        let mut places: Vec<usize> = (0..count).map(|_| tape.below(ENTITIES.len() + 1)).collect();
        if !tape.rarely(4) {
            places.sort_unstable();
        }
        return places.into_iter().map(|place| if place == 0 { "Id" } else { ENTITIES[place - 1] }).collect();
    }
    match element {
        "Id" | "Value" => Vec::new(),
        "Attribute" => {
            let kind = tape.one_of(&["Value", "Entity"]);
            (0..count).map(|_| if tape.rarely(20) { "Value" } else { kind }).collect()
        }
        _ => vec!["Attribute"; if tape.rarely(12) { 0 } else { count.max(1) }],
    }
}

fn xml_attributes(tape: &mut Tape, element: &str) -> String {
    let usual = match element {
        list if LISTS.contains(&list) => " method=\"PUT\"",
        "Attribute" => " name=\"a\"",
        _ => "",
    };
    let mut written = if tape.rarely(12) { String::new() } else { usual.to_owned() };
    if tape.rarely(10) {
        written.push_str(tape.one_of(&XML_ATTRIBUTES));
    }
    written
}

fn grow(tape: &mut Tape, element: &str, depth: usize, out: &mut String) {
    let namespace = if depth == 0 { format!(" xmlns=\"{NAMESPACE}\"") } else { String::new() };
    let attributes = xml_attributes(tape, element);
    // Two attributes of one name are the other tests' business.
    let attributes = if attributes.matches("method").count() + attributes.matches("name").count() > 1 {
        ""
    } else {
        attributes.as_str()
    };
    out.extend(["<", element, &namespace, attributes, ">"]);
    if matches!(element, "Id" | "Value") || tape.rarely(30) {
        out.push_str("text");
    }
    if depth < 8 {
        for mut child in children(tape, element) {
            if tape.rarely(40) {
                child = tape.one_of(&[&ENTITIES[..], &LISTS, &OTHERS].concat());
            }
            grow(tape, child, depth + 1, out);
        }
    }
    out.extend(["</", element, ">"]);
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_well_formed_tree_gets_the_verdict_of_the_validator(tape in vec(any::<u8>(), 4..120)) {
        let mut tape = Tape(tape.into_iter());
        let root = tape.one_of(&[&ENTITIES[..], &LISTS, &LISTS, &OTHERS[..2]].concat());
        let mut text = String::new();
        grow(&mut tape, root, 0, &mut text);
        same_verdict(&text)?;
    }
}

#[test]
fn about_half_of_the_trees_are_valid() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let strategy = vec(any::<u8>(), 4..120);
    let mut valid = 0;
    for _ in 0..200 {
        let tape = strategy.new_tree(&mut runner).unwrap().current();
        let mut text = String::new();
        grow(&mut Tape(tape.into_iter()), "Users", 0, &mut text);
        valid += usize::from(valtuus::xml::decode(text.as_bytes(), &valtuus::xml::Limits::default()).is_ok());
    }
    assert!((40..160).contains(&valid), "{valid} of 200 trees are valid");
}

//! Every kind is soundly declared, and its numbers never change: `fixtures/numbers.txt` freezes them.

use std::collections::{BTreeMap, BTreeSet};

use valtuus::model::attribute::{Access, AttrId};
use valtuus::model::kind::{NaturalKey, Scope};
use valtuus::model::registry::RESERVED;
use valtuus::model::value::Syntax;
use valtuus::model::{Kind, KindDef};
use valtuus::xml::SCHEMA_FILES;
use valtuus::xml::generated::{LIST_ENTITIES, LIST_ROOTS};

use super::lexer::tokens;
use super::{Source, fresh, sources};

const NUMBERS: &str = "fixtures/numbers.txt";

fn kinds() -> impl Iterator<Item = (Kind, &'static KindDef)> {
    Kind::ALL.into_iter().map(|kind| (kind, kind.def()))
}

fn is_attribute_name(name: &str) -> bool {
    let mut letters = name.chars();
    letters.next().is_some_and(|first| first.is_ascii_lowercase())
        && name.len() <= 64
        && letters.all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.' | '-'))
}

fn has_number(def: &KindDef, number: u8) -> bool {
    def.attrs.iter().any(|attr| attr.number == number)
}

fn is_sentence(text: &str) -> bool {
    text.len() > 5 && text.trim() == text && text.chars().next().is_some_and(char::is_uppercase)
}

#[test]
fn the_names_of_a_kind_are_well_formed_and_its_own() {
    let mut taken = BTreeSet::new();
    for (_, def) in kinds() {
        assert!(def.name.chars().all(|letter| letter.is_ascii_lowercase()), "{}", def.name);
        assert_eq!(def.root.to_lowercase(), def.name, "the root is the name in capitals");
        let stem = def.root.strip_suffix('y').unwrap_or(def.root);
        assert!(def.list.starts_with(stem) && def.list != def.root, "{}", def.list);
        // The contract's own names for the collections of rows that are no entities.
        let named =
            [("message", "outbox"), ("attributedefinition", "attributes")].contains(&(def.name, def.path));
        assert!(named || def.path.is_empty() || def.path == def.list.to_lowercase(), "{}", def.path);
        for name in [def.name, def.root, def.list] {
            assert!(taken.insert(name), "{name} is used twice");
        }
    }
}

#[test]
fn attribute_names_are_well_formed_and_none_is_reserved() {
    for (_, def) in kinds() {
        let mut taken: BTreeSet<&str> = BTreeSet::new();
        let names = def.attrs.iter().map(|attr| attr.name).chain(def.aliases.iter().map(|(alias, _)| *alias));
        for name in names {
            assert!(is_attribute_name(name), "{}: {name}", def.name);
            assert!(taken.insert(name), "{}: {name} is used twice", def.name);
            assert!(!RESERVED.contains(&name), "{}: {name} is reserved", def.name);
            assert!(!def.parameters.contains(&name), "{}: {name} is a parameter", def.name);
        }
        for (other, name) in def.aliases.iter().chain(def.write_aliases) {
            assert!(def.attrs.iter().any(|attr| attr.name == *name), "{}: {other} → {name}", def.name);
        }
    }
}

#[test]
fn what_a_kind_says_of_its_attributes_refers_to_attributes_it_has() {
    for (_, def) in kinds() {
        assert!(def.seed_attrs <= def.attrs.len(), "{}: seed_attrs", def.name);
        for unique in def.unique {
            assert!(has_number(def, unique.attr), "{}: unique", def.name);
            let within = unique.within.map(|number| def.attrs.iter().find(|attr| attr.number == number));
            let refers =
                within.is_none_or(|attr| attr.is_some_and(|a| matches!(a.syntax, Syntax::Reference(_))));
            assert!(refers, "{}: unique within something that is no reference", def.name);
        }
        if let Scope::Ref(number) = def.scope {
            let attr = def.attrs.iter().find(|attr| attr.number == number);
            assert!(attr.is_some_and(|a| matches!(a.syntax, Syntax::Reference(_))), "{}: scope", def.name);
        }
        if let NaturalKey::Unique(number) = def.natural_key {
            let unique = def.unique.iter().any(|key| key.attr == number && key.within.is_none());
            assert!(unique, "{}: the natural key is not unique", def.name);
        }
    }
}

#[test]
fn every_kind_and_attribute_is_documented_in_a_sentence() {
    for (_, def) in kinds() {
        assert!(is_sentence(def.doc), "{}: {:?}", def.name, def.doc);
        for attr in def.attrs {
            assert!(is_sentence(attr.doc), "{}.{}: {:?}", def.name, attr.name, attr.doc);
        }
    }
}

#[test]
fn a_mandatory_attribute_can_be_set() {
    for (_, def) in kinds() {
        for attr in def.attrs.iter().filter(|attr| attr.required) {
            let settable = matches!(attr.access, Access::ReadWrite | Access::CreateOnly);
            assert!(settable, "{}.{} is mandatory, but no client can give it", def.name, attr.name);
        }
    }
}

#[test]
fn every_public_kind_has_its_roots_in_the_schema_and_its_part_in_the_reference() {
    let reference = fresh::read("docs/reference.md");
    let declared = |root: &str| {
        let element = format!("<xs:element name=\"{root}\"");
        SCHEMA_FILES.iter().any(|(_, text)| text.contains(&element))
    };
    for (_, def) in kinds().filter(|(_, def)| !def.path.is_empty()) {
        for root in [def.root, def.list] {
            assert!(declared(root), "{root} is not an element of the schema");
        }
        assert!(reference.contains(&format!("\n## {}\n", def.root)), "{} is not in the reference", def.root);
        let list = LIST_ROOTS.iter().find(|list| list.name == def.list).expect("a list root");
        let has_room = LIST_ENTITIES.contains(&def.root) || list.own == Some(def.root);
        assert_eq!(has_room, def.lists_entities, "{}: room for whole entities", def.list);
    }
}

/// Every number in use: `kind NAME = N` and `attribute KIND.NAME = N`.
fn numbers() -> BTreeMap<String, u32> {
    let mut numbers = BTreeMap::new();
    for (kind, def) in kinds() {
        numbers.insert(format!("kind {}", def.name), u32::from(kind.number()));
        for attr in def.attrs {
            let before =
                numbers.insert(format!("attribute {}.{}", def.name, attr.name), kind.attr_id(attr).0);
            assert_eq!(before, None, "{}.{} is declared twice", def.name, attr.name);
        }
    }
    numbers
}

/// The numbers handed out so far; a line may end with `retired`.
fn frozen(text: &str) -> BTreeMap<String, (u32, bool)> {
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let read = |line: &str| {
        let (name, rest) = line.split_once(" = ").unwrap_or_else(|| panic!("{line:?}"));
        let number = rest.split(' ').next().and_then(|text| text.parse().ok());
        (name.to_owned(), (number.unwrap_or_else(|| panic!("{line:?}")), rest.ends_with(" retired")))
    };
    lines.map(read).collect()
}

/// What is wrong with the numbers in use, given those frozen.
fn broken(frozen: &BTreeMap<String, (u32, bool)>, used: &BTreeMap<String, u32>) -> Vec<String> {
    let mut found = Vec::new();
    for (name, (number, retired)) in frozen {
        match used.get(name) {
            Some(_) if *retired => found.push(format!("{name} is retired and in use")),
            Some(now) if now != number => found.push(format!("{name} was {number} and is {now}")),
            None if !retired => found.push(format!("{name} = {number} is gone; mark its line retired")),
            _ => {}
        }
    }
    let sort = |name: &str| name.split(' ').next().unwrap_or_default().to_owned();
    let mut holders: BTreeMap<(String, u32), BTreeSet<&str>> = BTreeMap::new();
    let all = frozen.iter().map(|(name, (number, _))| (name, *number));
    for (name, number) in all.chain(used.iter().map(|(name, number)| (name, *number))) {
        holders.entry((sort(name), number)).or_default().insert(name);
    }
    let shared = holders.into_iter().filter(|(_, names)| names.len() > 1);
    found.extend(shared.map(|((_, number), names)| format!("{number} is shared by {names:?}")));
    found
}

#[test]
fn numbers_never_change_and_are_never_given_twice() {
    let text = fresh::read(NUMBERS);
    let (frozen, used) = (frozen(&text), numbers());
    let found = broken(&frozen, &used);
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
    assert!(used.values().all(|number| *number < AttrId::FIRST_CUSTOM), "a number among the custom ones");
    let new = used.iter().filter(|(name, _)| !frozen.contains_key(*name));
    let mut new: Vec<(&u32, &String)> = new.map(|(name, number)| (number, name)).collect();
    new.sort();
    let added: Vec<String> = new.iter().map(|(number, name)| format!("{name} = {number}\n")).collect();
    // Old lines are never rewritten, not even when blessed: only new ones are added.
    fresh::whole(NUMBERS, &format!("{text}{}", added.concat()));
}

#[test]
fn a_changed_a_lost_and_a_reused_number_are_caught() {
    let frozen = frozen("# head\nkind user = 1\nattribute user.a = 257\nattribute user.b = 258 retired\n");
    let used = |list: &[(&str, u32)]| list.iter().map(|(name, n)| ((*name).to_owned(), *n)).collect();
    let sound = [("kind user", 1), ("attribute user.a", 257)];
    assert_eq!(broken(&frozen, &used(&sound)), Vec::<String>::new());
    for (list, word) in [
        (vec![("kind user", 1), ("attribute user.a", 259)], "was 257"),
        (vec![("kind user", 1)], "is gone"),
        ([&sound[..], &[("attribute user.c", 258)]].concat(), "shared"),
        ([&sound[..], &[("attribute user.b", 258)]].concat(), "retired"),
    ] {
        let found = broken(&frozen, &used(&list));
        assert!(found.len() == 1 && found[0].contains(word), "{word}: {found:?}");
    }
}

/// Where a file calls what only the store may call.
fn loads(source: &Source) -> Vec<String> {
    let code = tokens(&source.text);
    let calls =
        code.windows(3).filter(|w| w[0].text == "Stored" && w[1].text == "::" && w[2].text == "loaded");
    calls.map(|w| format!("{}:{}", source.path, w[0].line)).collect()
}

#[test]
fn only_the_store_makes_a_stored_entity() {
    let (store, others): (Vec<Source>, Vec<Source>) =
        sources(&["src"]).into_iter().partition(|source| source.path.starts_with("src/store/"));
    assert!(store.iter().any(|source| !loads(source).is_empty()), "the store was not found");
    let found: Vec<String> = others.iter().flat_map(loads).collect();
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

//! Random documents: valid ones come back as they were written, broken ones get the validator's verdict.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::Config;
use uuid::Uuid;
use valtuus::xml::chars::is_xml_char;
use valtuus::xml::generated::{
    AttributeType, AttributeTypeContent, AttributeValueType, ENTITY_ROOTS, EntityType, HttpMethodType,
    IdListType, LIST_ROOTS,
};
use valtuus::xml::{Document, Limits, Problem, decode};

use super::judge;
use super::round_trip::write;

fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[a-zåäö0-9 ]{1,6}",
        1 => Just("\r\n".to_owned()),
        1 => Just("\t \r".to_owned()),
        1 => Just("&<>\"'".to_owned()),
        1 => Just("]]>".to_owned()),
        1 => any::<char>().prop_filter("XML cannot carry it", |c| is_xml_char(*c)).prop_map(String::from),
    ];
    vec(piece, 0..5).prop_map(|pieces| pieces.concat())
}

fn attribute(content: impl Strategy<Value = AttributeTypeContent>) -> impl Strategy<Value = AttributeType> {
    (text(), content).prop_map(|(name, content)| AttributeType { name: Some(name), content })
}

fn entity() -> impl Strategy<Value = EntityType> {
    let value = (proptest::option::of(text()), text())
        .prop_map(|(type_, content)| AttributeValueType { type_, content });
    let values = vec(value, 0..4).prop_map(AttributeTypeContent::Value).boxed();
    let flat = vec(attribute(values.clone()), 1..4).prop_map(bare_entity).boxed();
    flat.prop_recursive(3, 16, 3, move |inner| {
        let entities = vec(inner, 1..3).prop_map(AttributeTypeContent::Entity);
        vec(attribute(prop_oneof![values.clone(), entities]), 1..4).prop_map(bare_entity)
    })
}

fn bare_entity(attribute: Vec<AttributeType>) -> EntityType {
    EntityType { in_response_to: None, method: None, type_: None, attribute }
}

fn method() -> impl Strategy<Value = HttpMethodType> {
    prop_oneof![Just(HttpMethodType::Get), Just(HttpMethodType::Put), Just(HttpMethodType::Trace)]
}

fn address() -> impl Strategy<Value = Option<String>> {
    proptest::option::of(
        "(/[a-zä0-9.-]{1,4}){1,4}/?(\\?[a-z=&%2B]{0,3})?"
            .prop_filter("ill-formed escape", |text| !text.contains('%')),
    )
}

fn document() -> impl Strategy<Value = Document> {
    let single = (0..ENTITY_ROOTS.len(), entity(), address(), proptest::option::of(method())).prop_map(
        |(root, mut entity, in_response_to, method)| {
            entity.in_response_to = in_response_to;
            entity.method = method;
            Document::Entity { root: ENTITY_ROOTS[root], entity }
        },
    );
    let ids = vec(any::<u128>().prop_map(|id| Uuid::from_u128(id).to_string()), 0..4);
    let kinds = (
        vec(entity(), 0..2),
        vec(entity(), 0..2),
        vec(entity(), 0..2),
        vec(entity(), 0..2),
        vec(entity(), 0..2),
    );
    let list = (0..LIST_ROOTS.len(), ids, kinds, address(), method()).prop_map(
        |(root, id, (user, organization, role, mandate, own), in_response_to, method)| {
            let root = LIST_ROOTS[root];
            let own = if root.own.is_some() { own } else { Vec::new() };
            let list = IdListType { in_response_to, method, id, user, organization, role, mandate };
            Document::List { root: root.name, list, own }
        },
    );
    prop_oneof![2 => single, 1 => list]
}

/// One change to the text of a document. Places are fractions of its length.
#[derive(Clone, Debug)]
enum Mutation {
    Insert(f64, &'static str),
    Remove(f64, usize),
    Repeat(f64, usize),
}

const SNIPPETS: &[&str] = &[
    "<",
    ">",
    "/",
    "/>",
    "</",
    "&",
    ";",
    "&amp;",
    "&lt;",
    "&#65;",
    "&#1;",
    "&#x20;",
    "&bad;",
    "]]>",
    "<!--",
    "-->",
    "--",
    "<!-- x -->",
    "<![CDATA[",
    "<![CDATA[x]]>",
    "\"",
    "'",
    " ",
    "\n",
    "=",
    ":",
    "x",
    "c:",
    "<Attribute>",
    "</Attribute>",
    "<Attribute/>",
    "<Attribute name=\"a\"><Value>1</Value></Attribute>",
    "<Value>",
    "</Value>",
    "<Value/>",
    "<Entity>",
    "</Entity>",
    "<Entity><Attribute/></Entity>",
    "<Id>1</Id>",
    "<Id>",
    "<User>",
    "</User>",
    "<Role><Attribute/></Role>",
    "<AuditEvent><Attribute/></AuditEvent>",
    " type=\"x\"",
    " name='y'",
    " method=\"GET\"",
    " method=\" PUT\"",
    " inResponseTo=\"/a\"",
    " xmlns=\"\"",
    " xmlns=\"urn:x\"",
    " xmlns:c=\"urn:x\"",
    " xmlns:c=\"http://schema.ubisecure.com/customerid/api\"",
    " xmlns=\"http://schema.ubisecure.com/customerid/api\"",
    " xml:lang=\"fi\"",
    " xmlns:i=\"http://www.w3.org/2001/XMLSchema-instance\" i:type=\"EntityType\"",
    " xmlns:i=\"http://www.w3.org/2001/XMLSchema-instance\" i:nil=\"false\"",
    "\u{1}",
    "\u{FFFE}",
    "ä",
    "😀",
];

fn mutation() -> impl Strategy<Value = Mutation> {
    prop_oneof![
        3 => (0.0..1.0, 0..SNIPPETS.len()).prop_map(|(at, which)| Mutation::Insert(at, SNIPPETS[which])),
        1 => (0.0..1.0, 1_usize..40).prop_map(|(at, length)| Mutation::Remove(at, length)),
        1 => (0.0..1.0, 1_usize..60).prop_map(|(at, length)| Mutation::Repeat(at, length)),
    ]
}

/// Half of the places are moved to the next tag, where a change has more chance to be well-formed.
fn place(text: &str, at: f64) -> usize {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a place"
    )]
    let mut index = (at * text.len() as f64) as usize;
    while !text.is_char_boundary(index) {
        index -= 1;
    }
    if index.is_multiple_of(2) { index + text[index..].find(['<', '>', '/']).unwrap_or(0) } else { index }
}

fn apply(text: &mut String, mutation: &Mutation) {
    let (Mutation::Insert(at, _) | Mutation::Remove(at, _) | Mutation::Repeat(at, _)) = mutation;
    let start = place(text, *at);
    let end = |length: usize| {
        (start..=(start + length).min(text.len())).rfind(|i| text.is_char_boundary(*i)).unwrap()
    };
    match mutation {
        Mutation::Insert(_, snippet) => text.insert_str(start, snippet),
        Mutation::Remove(_, length) => {
            let end = end(*length);
            text.replace_range(start..end, "");
        }
        Mutation::Repeat(_, length) => {
            let piece = text[start..end(*length)].to_owned();
            text.insert_str(start, &piece);
        }
    }
}

/// Our reader and the validator agree, but for what ours refuses on purpose.
pub(super) fn same_verdict(text: &str) -> Result<(), TestCaseError> {
    let ours = decode(text.as_bytes(), &Limits::default());
    let refused_on_purpose = ours.as_ref().err().is_some_and(|error| {
        // The validator takes any text for a URI.
        let address = matches!(error.problem, Problem::AttributeValue { attribute: "inResponseTo", .. });
        address || matches!(error.problem, Problem::Instruction | Problem::Doctype)
    });
    prop_assume!(!refused_on_purpose);
    let judged = judge::validate_with("extension.xsd", text.as_bytes());
    prop_assert_eq!(
        ours.is_ok(),
        judged.is_ok(),
        "{}\nours: {:?}\nvalidator: {:?}",
        text,
        ours.err(),
        judged.err()
    );
    Ok(())
}

pub(super) fn config() -> Config {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(256);
    Config { cases, failure_persistence: None, ..Config::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn what_is_written_is_valid_and_comes_back_as_it_was(document in document()) {
        let written = write(&document);
        judge::validate(&written).map_err(TestCaseError::fail)?;
        let read = decode(&written, &Limits::default()).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(read, document);
    }

    #[test]
    fn a_broken_document_gets_the_verdict_of_the_validator(document in document(), mutations in vec(mutation(), 1..4)) {
        let mut text = String::from_utf8(write(&document)).unwrap();
        text.replace_range(..text.find("?>").unwrap() + 2, "");
        for mutation in &mutations {
            apply(&mut text, mutation);
        }
        same_verdict(&text)?;
    }

    #[test]
    fn a_heap_of_snippets_gets_the_verdict_of_the_validator(heap in vec(0..SNIPPETS.len(), 0..12), inside in any::<bool>()) {
        let heap: String = heap.into_iter().map(|which| SNIPPETS[which]).collect();
        let (before, after) = if inside { ("<Attribute><Value>", "</Value></Attribute>") } else { ("", "<Attribute/>") };
        let text = format!("<User xmlns=\"{}\">{before}{heap}{after}</User>", valtuus::xml::NAMESPACE);
        same_verdict(&text)?;
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in vec(any::<u8>(), 0..200)) {
        prop_assert!(decode(&bytes, &Limits::default()).is_err());
    }
}

//! Our reader, xsd-schema and xmllint on the corpus `fixtures/hostile-xml`, whose folders say what is expected.

use std::path::{Path, PathBuf};

use valtuus::xml::{Limits, decode};

use super::{judge, xmllint};

/// The three opinions on a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Judge {
    XsdSchema,
    Xmllint,
}

/// Where one judge alone says the contrary of what the specifications say, with the reason; names are prefixes. An
/// entry that the judge no longer earns fails the test.
const ALONE: &[(&str, Judge, &str)] = &[
    (
        "valid/blank-cdata",
        Judge::Xmllint,
        "takes a blank CDATA section for text; XSD asks for the characters only",
    ),
    ("valid/xsi-type-prefixed", Judge::Xmllint, "does not collapse white space around the QName of xsi:type"),
    ("valid/xsi-location-odd", Judge::XsdSchema, "wants pairs; the attribute is a hint that nobody follows"),
    (
        "valid/xsi-location-three",
        Judge::XsdSchema,
        "wants pairs; the attribute is a hint that nobody follows",
    ),
    ("invalid/decl-encoding-unknown", Judge::XsdSchema, "does not look at the name of the encoding"),
    ("invalid/decl-not-utf16", Judge::XsdSchema, "does not look at the name of the encoding"),
    ("invalid/entity-nbsp", Judge::XsdSchema, "takes Unicode's white space for XML's"),
    ("invalid/nul-after", Judge::Xmllint, "stops reading at the NUL"),
    ("invalid/uri-", Judge::XsdSchema, "takes any text for a URI, as XSD 1.1 does"),
    ("refused/decl-latin1-bytes", Judge::XsdSchema, "reads UTF-8 only"),
    ("refused/decl-utf16-be", Judge::XsdSchema, "reads UTF-8 only"),
    ("refused/decl-utf16-le", Judge::XsdSchema, "reads UTF-8 only"),
];

struct Case {
    name: String,
    path: PathBuf,
    bytes: Vec<u8>,
}

fn cases(folder: &str) -> Vec<Case> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/hostile-xml").join(folder);
    let mut cases: Vec<Case> = std::fs::read_dir(path)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let name = format!("{folder}/{}", path.file_stem().unwrap().display());
            Case { name, bytes: std::fs::read(&path).unwrap(), path }
        })
        .collect();
    cases.sort_by(|one, other| one.name.cmp(&other.name));
    assert!(cases.len() > 10, "the corpus lacks {folder}");
    cases
}

/// Every opinion that is not the expected one, as lines to read.
fn disagreements(folder: &str, by_us: bool, by_judges: bool) -> Vec<String> {
    let cases = cases(folder);
    let paths: Vec<PathBuf> = cases.iter().map(|case| case.path.clone()).collect();
    let lint = xmllint::verdicts("extension.xsd", &paths);
    let mut wrong = Vec::new();
    for case in &cases {
        let read = decode(&case.bytes, &Limits::default());
        if read.is_ok() != by_us {
            wrong.push(format!("{}: our reader says {:?}", case.name, read.map(|_| "valid")));
        }
        let judged = judge::validate_with("extension.xsd", &case.bytes).is_ok();
        let lint = lint.as_ref().map(|verdicts| verdicts[&case.path]);
        for (judge, verdict) in [(Judge::XsdSchema, Some(judged)), (Judge::Xmllint, lint)] {
            let alone = ALONE.iter().any(|(name, who, _)| case.name.starts_with(name) && *who == judge);
            if verdict.is_some_and(|valid| valid != (by_judges != alone)) {
                wrong.push(format!("{}: {judge:?} says {verdict:?}, which is not expected", case.name));
            }
        }
    }
    wrong
}

#[test]
fn valid_documents_are_read_and_both_validators_agree() {
    assert_eq!(disagreements("valid", true, true), [""; 0]);
}

#[test]
fn invalid_documents_are_refused_and_both_validators_agree() {
    assert_eq!(disagreements("invalid", false, false), [""; 0]);
}

#[test]
fn documents_refused_on_purpose_are_refused_though_they_are_valid() {
    assert_eq!(disagreements("refused", false, true), [""; 0]);
}

#[test]
fn every_refusal_is_one_short_line() {
    for case in ["invalid", "refused"].into_iter().flat_map(cases) {
        let message = decode(&case.bytes, &Limits::default()).unwrap_err().to_string();
        assert!(
            message.starts_with("XML document, line ") && !message.contains('\n'),
            "{}: {message}",
            case.name
        );
        assert!(message.len() < 200, "{}: {message}", case.name);
    }
}

#[test]
fn each_judge_on_the_list_of_lone_opinions_has_its_document() {
    let names: Vec<String> =
        ["valid", "invalid", "refused"].into_iter().flat_map(cases).map(|case| case.name).collect();
    for (name, judge, reason) in ALONE {
        assert!(
            names.iter().any(|known| known.starts_with(name)),
            "{name} ({judge:?}: {reason}) is not in the corpus"
        );
    }
}

//! The independent judge: the `xsd-schema` crate over the schema files. It must not use our own reader.

use std::cell::OnceCell;

use xsd_schema::validation::{
    CollectingValidationSink, SchemaValidator, SchemaValidity, ValidationFlags, drive_quick_xml,
};
use xsd_schema::{SchemaSet, SchemaSetBuilder};

/// The roots of `cid-2.0.xsd`: their documents are held to that file unchanged.
pub(crate) const CID_ROOTS: [&str; 14] = [
    "User",
    "Organization",
    "Role",
    "Mandate",
    "Workflow",
    "MandateTemplate",
    "RoleInvitation",
    "Users",
    "Organizations",
    "Roles",
    "Mandates",
    "Workflows",
    "RoleInvitations",
    "MandateInvitations",
];

/// Judges one answer by the schema that its root belongs to: `cid-2.0.xsd`, `extension.xsd` or `error.xsd`.
/// The error says what the validator found and begins with the document.
pub(crate) fn validate(bytes: &[u8]) -> Result<(), String> {
    let root = root_name(bytes);
    let schema = match root.as_str() {
        root if CID_ROOTS.contains(&root) => "cid-2.0.xsd",
        "error" => "error.xsd",
        _ => "extension.xsd",
    };
    validate_with(schema, bytes)
}

/// Judges an answer of version 2.1, whose entities carry their ids.
pub(crate) fn validate_newer(bytes: &[u8]) -> Result<(), String> {
    if root_name(bytes) == "error" { validate(bytes) } else { validate_with("cid-2.1.xsd", bytes) }
}

/// Judges `bytes` by the schema file `schema`.
pub(crate) fn validate_with(schema: &str, bytes: &[u8]) -> Result<(), String> {
    thread_local! {
        static SETS: [OnceCell<SchemaSet>; 5] = const { [const { OnceCell::new() }; 5] };
    }
    let names = ["cid-2.0.xsd", "extension.xsd", "error.xsd", "export.xsd", "cid-2.1.xsd"];
    let place = names.iter().position(|name| *name == schema).expect("a schema file of ours");
    SETS.with(|sets| judge(sets[place].get_or_init(|| compile(schema)), bytes))
        .map_err(|why| format!("{}\nis not valid against {schema}: {why}", String::from_utf8_lossy(bytes)))
}

fn compile(name: &str) -> SchemaSet {
    let path = format!("{}/schema/{name}", env!("CARGO_MANIFEST_DIR"));
    let compiled = SchemaSetBuilder::new().add("", &path).expect("the schema is read").compile();
    let compiled = compiled.expect("the schema compiles");
    assert!(compiled.directive_failures().is_empty(), "an include of {name} was not read");
    compiled.into_schema_set()
}

fn judge(set: &SchemaSet, bytes: &[u8]) -> Result<(), String> {
    let (mut errors, mut warnings) = (Vec::new(), Vec::new());
    let validator = SchemaValidator::new(set, ValidationFlags::default());
    let mut runtime =
        validator.start_run(CollectingValidationSink { errors: &mut errors, warnings: &mut warnings });
    let outcome = drive_quick_xml(bytes, &mut runtime, set).map_err(|error| error.to_string())?;
    drop(runtime);
    if let Some(error) = errors.first() {
        return Err(error.to_string());
    }
    match outcome.root_validity {
        Some(SchemaValidity::Valid) => Ok(()),
        other => Err(format!("the validity of the root is {other:?}")),
    }
}

/// The local name of the first start tag, found without a parser.
pub(crate) fn root_name(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let starts = text.match_indices('<').map(|(at, _)| &text[at + 1..]);
    let mut names = starts.filter(|rest| rest.starts_with(|c: char| c.is_alphabetic() || c == '_'));
    let tag = names.next().unwrap_or_default();
    let name = tag.split(|c: char| c.is_whitespace() || c == '>' || c == '/').next().unwrap_or_default();
    name.rsplit(':').next().unwrap_or_default().to_owned()
}

#[test]
fn only_the_newer_schema_knows_ids_on_entities() {
    let entity = r#"<User xmlns="http://schema.ubisecure.com/customerid/api" id="1"><Attribute/></User>"#;
    let list = r#"<Tokens xmlns="http://schema.ubisecure.com/customerid/api" method="GET"><Token id="1"><Attribute/></Token></Tokens>"#;
    for document in [entity, list] {
        validate_newer(document.as_bytes()).unwrap();
        validate(document.as_bytes()).unwrap_err();
        validate_newer(document.replace("id=", "identity=").as_bytes()).unwrap_err();
    }
}

#[test]
fn the_judge_holds_each_document_to_its_own_schema() {
    let ours = r#"xmlns="http://schema.ubisecure.com/customerid/api""#;
    let entity = |root: &str| format!("<?xml version=\"1.0\"?><{root} {ours}><Attribute/></{root}>");
    validate(entity("User").as_bytes()).unwrap();
    validate(entity("AuditEvent").as_bytes()).unwrap();
    validate_with("cid-2.0.xsd", entity("AuditEvent").as_bytes()).unwrap_err();
    validate(entity("Banana").as_bytes()).unwrap_err();
    validate(b"<error><code>7</code><message/></error>").unwrap();
    for bad in ["<error><code>0</code><message/></error>", "<error><code>16</code><message/></error>"] {
        validate(bad.as_bytes()).unwrap_err();
    }
}

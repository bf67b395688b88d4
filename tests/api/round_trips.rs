//! An entity written and read again says the same, in both forms, whatever its texts.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use uuid::Uuid;
use valtuus::config::AnswersConfig;
use valtuus::http::answer::Echo;
use valtuus::http::dialect::Version;
use valtuus::http::form::Form;
use valtuus::json;
use valtuus::model::Kind;
use valtuus::model::visible::{Field, Shown, Values, Visible};
use valtuus::xml::chars::is_xml_text;
use valtuus::xml::generated::AttributeTypeContent;
use valtuus::xml::{Document, Limits, decode};

use crate::kit::json::judge as judge_json;
use crate::schema::judge;

type Attributes = Vec<(String, Vec<String>)>;

/// Any text that XML can carry, with a liking for what has to be escaped.
fn text() -> impl Strategy<Value = String> {
    let special = prop::sample::select(vec![
        "<", ">", "&", "\"", "'", "\\", "]]>", "\r", "\n", "\r\n", "\t", " ", "/", "\u{7F}", "\u{85}",
        "\u{2028}", "\u{FEFF}", "\u{FFFD}", "😀", "e\u{301}", "\\u0041", "&#13;", "{", "}", "null",
    ]);
    let any = any::<String>().prop_filter("XML carries it", |text| is_xml_text(text));
    vec(prop_oneof![special.prop_map(str::to_owned), any], 0..4).prop_map(|parts| parts.concat())
}

fn entity() -> impl Strategy<Value = (Attributes, Vec<Uuid>)> {
    let name = "[A-Za-z][A-Za-z0-9_.-]{0,12}";
    let ids = vec(any::<u128>().prop_map(Uuid::from_u128), 0..3);
    (btree_map(name, vec(text(), 1..4), 1..6), ids).prop_map(|(map, ids)| (map.into_iter().collect(), ids))
}

/// The bytes of an answer with these attributes and a last one that refers to `ids`.
fn write(form: Form, version: Version, attributes: &Attributes, ids: &[Uuid]) -> Vec<u8> {
    let mut fields: Vec<Field<'_>> = attributes
        .iter()
        .map(|(name, values)| {
            let values = values.iter().map(|value| Shown::Text(value.as_str().into())).collect();
            Field { name, values: Values::Made(values) }
        })
        .collect();
    let references: Vec<Shown<'_>> = ids.iter().map(|id| Shown::Reference(Kind::Role, *id)).collect();
    fields.push(Field { name: "-references", values: Values::Made(references) });
    let visible = Visible { kind: Kind::Role, id: Uuid::from_u128(7), version: 1, updated: 0, fields };
    let echo = Echo::new(&AnswersConfig::default(), "/2.0/roles/x", "GET", None).written(form, version);
    echo.entity(&visible).bytes
}

fn with_references(attributes: &Attributes, ids: &[Uuid]) -> Attributes {
    let mut all = attributes.clone();
    all.push(("-references".to_owned(), ids.iter().map(Uuid::to_string).collect()));
    all
}

/// What a reader of XML gets.
fn read_xml(bytes: &[u8]) -> Attributes {
    let Document::Entity { entity, .. } = decode(bytes, &Limits::default()).unwrap() else {
        panic!("a list")
    };
    let one = |attribute: valtuus::xml::generated::AttributeType| {
        let AttributeTypeContent::Value(values) = attribute.content else { panic!("entities") };
        (attribute.name.unwrap(), values.into_iter().map(|value| value.content).collect())
    };
    entity.attribute.into_iter().map(one).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_as_json_is_read_as_the_same((attributes, ids) in entity()) {
        for version in Version::ALL {
            let bytes = write(Form::Json, version, &attributes, &ids);
            judge_json(&bytes).unwrap();
            let read = json::decode(&bytes, &json::Limits::default()).unwrap();
            prop_assert_eq!(read.root.as_deref(), Some("Role"));
            prop_assert_eq!(read.id.as_deref(), Some("00000000-0000-0000-0000-000000000007"));
            prop_assert_eq!(read.attributes, with_references(&attributes, &ids));
        }
    }

    #[test]
    fn what_is_written_as_xml_is_read_as_the_same((attributes, ids) in entity()) {
        let bytes = write(Form::Xml, Version::V2_0, &attributes, &ids);
        judge::validate(&bytes).unwrap();
        prop_assert_eq!(read_xml(&bytes), with_references(&attributes, &ids));
    }

    #[test]
    fn any_bytes_are_read_or_refused_without_a_panic(bytes in vec(any::<u8>(), 0..200), text in "[\\[\\]{}\",:a-z0-9\\\\ ]{0,60}") {
        let _ = json::decode(&bytes, &json::Limits::default());
        let _ = json::decode(text.as_bytes(), &json::Limits::default());
    }
}

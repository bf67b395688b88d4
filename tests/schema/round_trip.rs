//! What our writer makes of each root is valid, and our reader gets back what was written.

use uuid::Uuid;
use valtuus::xml::generated::{AttributeTypeContent, ENTITY_ROOTS, EntityType, HttpMethodType, LIST_ROOTS};
use valtuus::xml::{Document, Encoder, Limits, Problem, ReferenceStyle, decode, encode};

use super::judge::{self, CID_ROOTS};

/// Writes a whole document through the encoder.
pub(super) fn write(document: &Document) -> Vec<u8> {
    let mut encoder = Encoder::default();
    encoder.declaration();
    match document {
        Document::Entity { root, entity } => {
            let method = entity.method.as_ref().map(method_name);
            encoder.open_entity(root, entity.in_response_to.as_deref(), method);
            write_attributes(&mut encoder, entity);
        }
        Document::List { root, list, own } => {
            encoder.open_list(root, list.in_response_to.as_deref(), method_name(&list.method));
            for id in &list.id {
                encoder.id(Uuid::parse_str(id).unwrap());
            }
            let own_name = LIST_ROOTS.iter().find(|known| known.name == *root).and_then(|known| known.own);
            let kinds = [
                ("User", &list.user),
                ("Organization", &list.organization),
                ("Role", &list.role),
                ("Mandate", &list.mandate),
                (own_name.unwrap_or_default(), own),
            ];
            for (element, entities) in kinds {
                for entity in entities {
                    encoder.open_nested(element);
                    write_attributes(&mut encoder, entity);
                    encoder.close();
                }
            }
        }
    }
    encoder.finish()
}

fn write_attributes(encoder: &mut Encoder, entity: &EntityType) {
    for attribute in &entity.attribute {
        encoder.open_attribute(attribute.name.as_deref().unwrap_or_default());
        match &attribute.content {
            AttributeTypeContent::Value(values) => {
                for value in values {
                    match &value.type_ {
                        Some(kind) => encoder.typed_value(kind, &value.content),
                        None => encoder.value(&value.content),
                    }
                }
            }
            AttributeTypeContent::Entity(entities) => {
                for nested in entities {
                    encoder.open_nested("Entity");
                    write_attributes(encoder, nested);
                    encoder.close();
                }
            }
        }
        encoder.close();
    }
}

fn method_name(method: &HttpMethodType) -> &'static str {
    match method {
        HttpMethodType::Get => "GET",
        HttpMethodType::Put => "PUT",
        HttpMethodType::Post => "POST",
        HttpMethodType::Delete => "DELETE",
        HttpMethodType::Update => "UPDATE",
        HttpMethodType::Head => "HEAD",
        HttpMethodType::Status => "STATUS",
        HttpMethodType::Connect => "CONNECT",
        HttpMethodType::Options => "OPTIONS",
        HttpMethodType::Trace => "TRACE",
    }
}

#[test]
fn the_table_of_documents_holds_every_root_of_the_2_0_schema() {
    let known: Vec<&str> =
        ENTITY_ROOTS.iter().copied().chain(LIST_ROOTS.iter().map(|root| root.name)).collect();
    for root in CID_ROOTS {
        assert!(known.contains(&root), "{root}");
    }
}

#[test]
fn an_entity_of_every_root_is_valid_as_the_seed_shows_it() {
    for root in ENTITY_ROOTS {
        let mut encoder = Encoder::with_capacity(512);
        encoder.declaration();
        encoder.open_entity(root, Some("/2.0/users/0190?x=ä%20 y"), Some("GET"));
        encoder.attribute("email", ["a@b.fi", ""]);
        encoder.attribute("nothing", []);
        encoder.reference("mandater", "organization", [Uuid::nil()], ReferenceStyle::Value);
        encoder.open_attribute("role");
        for name in ["signer", "viewer"] {
            encoder.open_nested("Entity");
            encoder.attribute("name", [name]);
            encoder.close();
        }
        let written = encoder.finish();
        judge::validate(&written).unwrap();
        assert!(decode(&written, &Limits::default()).is_ok());
    }
}

#[test]
fn a_list_of_every_root_is_valid_empty_with_ids_and_with_entities() {
    for root in LIST_ROOTS {
        let mut encoder = Encoder::default();
        encoder.declaration();
        encoder.open_list(root.name, None, "DELETE");
        judge::validate(&encoder.finish()).unwrap();

        let mut encoder = Encoder::default();
        encoder.declaration();
        encoder.open_list(root.name, Some("/2.0/users/"), "GET");
        encoder.id(Uuid::max());
        for element in ["User", "Organization", "Role", "Mandate"].into_iter().chain(root.own) {
            encoder.open_nested(element);
            encoder.attribute("name", ["x"]);
            encoder.close();
        }
        let written = encoder.finish();
        judge::validate(&written).unwrap();
        assert!(decode(&written, &Limits::default()).is_ok());
    }
}

#[test]
fn an_error_document_is_valid_whatever_its_message() {
    for code in 1..=15 {
        judge::validate(&encode::error(code, "parameter \"<x>\" & \u{0}\u{FFFF} ]]> \r\n")).unwrap();
    }
}

#[test]
fn the_kind_of_a_reference_on_the_attribute_is_written_when_asked_for_but_not_read() {
    let mut encoder = Encoder::default();
    encoder.open_entity("Mandate", None, Some("GET"));
    encoder.reference("mandater", "organization", [Uuid::nil()], ReferenceStyle::Attribute);
    let written = encoder.finish();
    judge::validate(&written).unwrap_err();
    let error = decode(&written, &Limits::default()).unwrap_err();
    assert!(matches!(error.problem, Problem::UnexpectedAttribute { element: "Attribute", .. }), "{error}");
}

//! The generated file belongs to the schema files as they are.

/// Must hash as `schema/generate` does: name, length and content of each file.
#[test]
fn the_generated_types_were_made_from_the_schema_as_it_is() {
    let mut hasher = blake3::Hasher::new();
    for name in ["cid-2.0.xsd", "extension.xsd"] {
        let content = valtuus::xml::schema_file(name).unwrap();
        hasher.update(format!("{name} {}\n", content.len()).as_bytes());
        hasher.update(content.as_bytes());
    }
    let hash = hasher.finalize().to_hex();
    let generated = include_str!("../../src/xml/generated.rs");
    assert!(
        generated.contains(&format!("//! schema-blake3: {hash}\n")),
        "the schema has changed: run `cargo run --manifest-path schema/generate/Cargo.toml`"
    );
}

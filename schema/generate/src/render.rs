//! Calls xsd-parser and prints what it gives. The settings live here; the table of documents is made in `roots`.

use std::collections::BTreeSet;
use std::path::Path;

use xsd_parser::config::{GeneratorFlags, IdentQuadruple, OptimizerFlags, Schema};
use xsd_parser::{Config, IdentType, generate};

const NAMESPACE: &[u8] = b"http://schema.ubisecure.com/customerid/api";

/// Renders the whole file from the schema at `path`; `hash` goes into its head.
pub fn file(path: &Path, hash: &str) -> Result<String, String> {
    let elements = crate::roots::global_elements(path)?;
    let types: syn::File = syn::parse2(generate(config(path, &elements)).map_err(|error| error.to_string())?)
        .map_err(|error| format!("xsd-parser gave code that does not parse: {error}"))?;
    let table = crate::roots::table(&types)?;
    Ok(format!("{}\n{}\n{table}", head(hash), prettyplease::unparse(&types)))
}

/// Types only: no codec, no serde. `MERGE_CHOICE_CARDINALITIES` is off because it would turn the choice between
/// `Value` and `Entity` into a mixture; only the named elements are generated, because the default also renders
/// the built-in `ID` and `ENTITY`, whose names collide with the schema's own types.
fn config(path: &Path, elements: &BTreeSet<String>) -> Config {
    let optimizer = OptimizerFlags::all()
        - OptimizerFlags::REMOVE_DUPLICATES
        - OptimizerFlags::SERDE
        - OptimizerFlags::MERGE_CHOICE_CARDINALITIES;
    Config::default()
        .with_schema(Schema::File(path.to_path_buf()))
        .with_namespace(&b"cid"[..], NAMESPACE)
        .with_derive(["Debug", "Clone", "PartialEq", "Eq"])
        .with_generator_flags(GeneratorFlags::FLATTEN_CONTENT)
        .with_optimizer_flags(optimizer)
        .with_generate(
            elements
                .iter()
                .map(|name| IdentQuadruple::from((IdentType::Element, format!("cid:{name}").as_str()))),
        )
}

fn head(hash: &str) -> String {
    format!(
        "//! The wire types of `schema/extension.xsd` (which includes `cid-2.0.xsd`) and the table of documents.\n\
         //!\n\
         //! Generated: do not edit. To make it anew after a change of the schema:\n\
         //! `cargo run --manifest-path schema/generate/Cargo.toml`\n\
         //!\n\
         //! schema-blake3: {hash}\n"
    )
}

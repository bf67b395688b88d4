//! Types of policies from the configuration, with schemas of one's own.

use std::path::PathBuf;
use std::sync::Arc;

use tempfile::TempDir;
use valtuus::config::{Config, PolicyTypeConfig};
use valtuus::server::start;
use valtuus::world::Real;

use super::{described, group};
use crate::kit::bed::configuration;
use crate::on_both_with;

/// A file for the time of the test process.
fn file(text: &str) -> PathBuf {
    let (_, path) = tempfile::NamedTempFile::new().unwrap().keep().unwrap();
    std::fs::write(&path, text).unwrap();
    path
}

fn own_type(config: &mut Config) {
    let schema = r#"{"type":"object","required":["shoes"],"properties":{"shoes":{"type":"integer"}}}"#;
    let own = PolicyTypeConfig { name: "Footwear".to_owned(), schema: Some(file(schema)) };
    config.policies.types = vec![own];
}

on_both_with! { own_type;
    async fn an_own_type_is_checked_by_its_own_schema_and_replaces_the_others(bed: Bed) {
        let admin = bed.admin();
        let id = group(&admin).await;
        let good = format!("policies/?policyGroup={id}&name=a&policyType=Footwear&policies=%7B%22shoes%22%3A44%7D");
        admin.post(&good).await.ok();
        let bad = good.replace("44", "%22big%22").replace("name=a", "name=b");
        admin.post(&bad).await.refused(400, 1, "policies: /shoes: ");
        admin.post(&format!("policies/?{}", described(&id, "c"))).await.refused(400, 1, "expected one of Footwear");
    }
}

#[tokio::test]
async fn a_server_does_not_start_with_a_schema_that_cannot_be_used() {
    let none = PathBuf::from("/nowhere/at/all.json");
    let elsewhere = file(r#"{"$ref":"https://example.org/x"}"#);
    for (schema, words) in [
        (None, "none of this name comes with the product"),
        (Some(none), "cannot read"),
        (Some(file("{")), "not well-formed"),
        (Some(file(r#"{"type":"thing"}"#)), "not a JSON Schema"),
        (Some(elsewhere), "not a JSON Schema"),
    ] {
        let directory = TempDir::new().unwrap();
        let mut config = configuration(directory.path(), None);
        config.policies.types = vec![PolicyTypeConfig { name: "Own".to_owned(), schema }];
        let error = start(config, Arc::new(Real)).await.err().expect("a refusal").to_string();
        assert!(error.contains("policies.types: Own: ") && error.contains(words), "{error}");
    }
}

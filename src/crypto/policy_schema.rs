//! What the document of a policy must be like: a JSON object that fits the JSON Schema of its type.
//!
//! Schemas are compiled once at the start. Nothing is fetched: a schema that refers to another document is refused.
//! Patterns are matched in linear time, so that no document can make one run long.

use std::fmt;

use jsonschema::paths::Location;
use jsonschema::{PatternOptions, Validator};
use serde_json::Value;

use crate::crypto::strict_json;
use crate::model::Error;

/// The types that come with the product, with their schemas.
const BUILT_IN: [(&str, &str); 3] = [
    ("Auth", include_str!("../../schema/policies/auth.json")),
    ("DataShare", include_str!("../../schema/policies/data-share.json")),
    ("CredentialIssuance", include_str!("../../schema/policies/credential-issuance.json")),
];

/// Most characters of a path that an error shows.
const SHOWN: usize = 200;

/// The schema that comes with the product for a type of that name.
pub fn built_in(name: &str) -> Option<&'static str> {
    BUILT_IN.iter().find(|(known, _)| *known == name).map(|(_, schema)| *schema)
}

/// The configured types of policies with their compiled schemas.
#[derive(Default)]
pub struct PolicyTypes {
    types: Vec<(String, Validator)>,
}

impl fmt::Debug for PolicyTypes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.types.iter().map(|(name, _)| name)).finish()
    }
}

impl PolicyTypes {
    /// Adds a type; the error says what is wrong with its schema.
    pub fn add(&mut self, name: &str, schema: &str) -> Result<(), String> {
        let schema = strict_json::read(schema)?;
        let compiled = jsonschema::options()
            .with_pattern_options(PatternOptions::regex())
            .should_validate_formats(true)
            .should_ignore_unknown_formats(false)
            .build(&schema)
            .map_err(|error| shown(&format!("not a JSON Schema: {error}")))?;
        self.types.push((name.to_owned(), compiled));
        Ok(())
    }

    /// Error 1 unless there is such a type.
    pub fn check_type(&self, name: &str) -> Result<(), Error> {
        self.schema(name).map(drop)
    }

    fn schema(&self, name: &str) -> Result<&Validator, Error> {
        let found = self.types.iter().find(|(known, _)| known == name);
        found.map(|(_, schema)| schema).ok_or_else(|| {
            let names: Vec<&str> = self.types.iter().map(|(name, _)| name.as_str()).collect();
            Error::invalid("policyType", format!("expected one of {}", names.join(", ")))
        })
    }

    /// Error 1 unless `document` is a JSON object that fits the schema of the type `name`. The error names the JSON path
    /// at fault and the rule, and repeats no value.
    pub fn check(&self, name: &str, document: &str) -> Result<(), Error> {
        let schema = self.schema(name)?;
        let document = object(document)?;
        match schema.iter_errors(&document).next() {
            None => Ok(()),
            Some(error) => {
                let reason = error.masked().to_string();
                Err(Error::invalid("policies", shown(&format!("{}: {reason}", path(error.instance_path())))))
            }
        }
    }
}

/// Error 1 unless `document` is a JSON object.
pub fn object(document: &str) -> Result<Value, Error> {
    let value = strict_json::read(document).map_err(|expected| Error::invalid("policies", expected))?;
    if value.is_object() { Ok(value) } else { Err(Error::invalid("policies", "expected a JSON object")) }
}

fn path(location: &Location) -> String {
    let path = location.as_str();
    if path.is_empty() { "/".to_owned() } else { path.to_owned() }
}

/// What an error may show: short, and only characters that every document can carry.
fn shown(text: &str) -> String {
    let is_plain = |letter: char| !letter.is_control() && !matches!(letter, '\u{FFFE}' | '\u{FFFF}');
    let plain = text.chars().map(|letter| if is_plain(letter) { letter } else { '\u{FFFD}' });
    let mut short: String = plain.take(SHOWN).collect();
    if text.chars().count() > SHOWN {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    fn types(schema: &str) -> PolicyTypes {
        let mut types = PolicyTypes::default();
        types.add("T", schema).unwrap();
        types
    }

    fn said(types: &PolicyTypes, document: &str) -> String {
        types.check("T", document).unwrap_err().to_string()
    }

    #[test]
    fn the_path_and_the_rule_are_named_and_no_value_is() {
        let types = types(
            r#"{"type":"object","required":["a"],"properties":{"a":{"type":"array","items":{"type":"integer","maximum":9}}}}"#,
        );
        assert!(types.check("T", r#"{"a":[1,2]}"#).is_ok());
        let error = said(&types, r#"{"a":[1,"hush"]}"#);
        assert!(error.starts_with("policies: /a/1: ") && error.contains("integer"), "{error}");
        assert!(!error.contains("hush"), "{error}");
        assert!(!said(&types, r#"{"a":[4711]}"#).contains("4711"));
        assert!(said(&types, "{}").starts_with("policies: /: "));
        assert_eq!(said(&types, "[]"), "policies: expected a JSON object");
        assert!(types.check("U", "{}").unwrap_err().to_string().starts_with("policyType: expected one of T"));
    }

    #[test]
    fn an_error_can_be_carried_by_every_document() {
        let types = types(r#"{"type":"object","additionalProperties":false}"#);
        let name = format!("\\u0001\\uffff{}", "x".repeat(10_000));
        let error = said(&types, &format!("{{\"{name}\":1}}"));
        assert!(error.chars().count() < 300 && !error.chars().any(char::is_control), "{error}");
        assert!(!error.contains('\u{FFFF}'));
    }

    #[test]
    fn a_schema_that_is_none_or_looks_elsewhere_is_refused() {
        for schema in [
            "[",
            r#"{"type":"thing"}"#,
            r#"{"$ref":"https://example.org/schema.json"}"#,
            r#"{"$ref":"file:///etc/hosts"}"#,
            r#"{"pattern":"("}"#,
            r#"{"format":"shoe-size"}"#,
        ] {
            assert!(PolicyTypes::default().add("T", schema).is_err(), "{schema}");
        }
    }

    #[test]
    fn a_pattern_cannot_be_made_to_run_long() {
        let types = types(r#"{"properties":{"a":{"pattern":"^(a+)+$"}}}"#);
        let begun = std::time::Instant::now();
        said(&types, &format!("{{\"a\":\"{}!\"}}", "a".repeat(60_000)));
        assert!(begun.elapsed() < std::time::Duration::from_secs(5));
    }

    #[test]
    fn the_built_in_schemas_take_what_they_should_and_nothing_else() {
        let mut types = PolicyTypes::default();
        for (name, schema) in BUILT_IN {
            types.add(name, schema).unwrap();
        }
        let attribute = r#"{"attributeName":"fullName","source":[{"attribute":"fullName","filter":[{"language":"eng"}]}],"encrypted":true}"#;
        let share = r#"{"typeOfShare":"direct","validForInMinutes":30,"transactionsAllowed":2,"encryptionType":"Partner Based","shareDomain":"share.example.org"}"#;
        let auth = r#"{"allowedAuthTypes":[{"authType":"bio","authSubType":"FINGER","mandatory":false}],"allowedKycAttributes":[{"attributeName":"photo","required":true}],"authTokenType":"partner","kycLanguages":["eng"]}"#;
        let data = format!(r#"{{"shareableAttributes":[{attribute}],"dataSharePolicies":{share}}}"#);
        let issuance = format!(r#"{{"credentialType":"vercred","shareableAttributes":[{attribute}]}}"#);
        let documents = [("Auth", auth), ("DataShare", &data), ("CredentialIssuance", &issuance)];
        for (name, document) in documents {
            types.check(name, document).unwrap();
            assert!(types.check(name, "{}").is_err(), "{name} without anything");
            let also = document.replacen('{', "{\"surprise\":1,", 1);
            assert!(types.check(name, &also).is_err(), "{name} with a field that it does not know");
        }
        for (name, document) in [
            ("Auth", auth.replace("bio", "psychic")),
            ("Auth", auth.replace("eng", "e")),
            ("DataShare", data.replace("30", "0")),
            ("DataShare", data.replace("direct", "loud")),
            ("CredentialIssuance", issuance.replace("fullName\",\"source", "\",\"source")),
        ] {
            assert!(types.check(name, &document).is_err(), "{document}");
        }
    }
}

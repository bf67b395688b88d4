//! The judge of JSON answers: their shape as `docs/json.md` tells it, checked without our own reader.

use serde_json::{Map, Value};

/// Fails unless the bytes are an entity, a list or an error.
pub fn judge(bytes: &[u8]) -> Result<(), String> {
    let document: Value = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let document = document.as_object().ok_or("not an object")?;
    if let Some(error) = document.get("error") {
        return judge_error(document, error);
    }
    for name in ["type", "inResponseTo", "method"] {
        text(document, name)?;
    }
    let begins = |c: char| c.is_ascii_uppercase();
    if !document["type"].as_str().is_some_and(|name| name.starts_with(begins)) {
        return Err("the type is not the name of a root".to_owned());
    }
    if document.contains_key("attributes") {
        only(document, &["type", "id", "entityType", "inResponseTo", "method", "attributes"])?;
        return attributes(document);
    }
    only(document, &["type", "inResponseTo", "method", "ids", "entities"])?;
    if !document.contains_key("ids") && !document.contains_key("entities") {
        return Err("a list without ids and entities".to_owned());
    }
    for id in document.get("ids").map_or(Ok(&vec![]), |ids| ids.as_array().ok_or("ids is no list"))? {
        id.as_str().ok_or("an id is no text")?;
    }
    let none = Value::Array(Vec::new());
    let entities = document.get("entities").unwrap_or(&none).as_array().ok_or("entities is no list")?;
    for entity in entities {
        let entity = entity.as_object().ok_or("an entity is no object")?;
        only(entity, &["type", "id", "entityType", "attributes"])?;
        text(entity, "type")?;
        attributes(entity)?;
    }
    Ok(())
}

fn judge_error(document: &Map<String, Value>, error: &Value) -> Result<(), String> {
    only(document, &["error"])?;
    let error = error.as_object().ok_or("the error is no object")?;
    only(error, &["code", "message"])?;
    text(error, "message")?;
    let code = error.get("code").and_then(Value::as_u64);
    if code.is_some_and(|code| (1..=15).contains(&code)) { Ok(()) } else { Err(format!("code {code:?}")) }
}

fn only(object: &Map<String, Value>, known: &[&str]) -> Result<(), String> {
    match object.keys().find(|name| !known.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => Err(format!("the member {name} does not belong here")),
    }
}

fn text(object: &Map<String, Value>, name: &str) -> Result<(), String> {
    let found = object.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    found.map(drop).ok_or_else(|| format!("{name} is no text"))
}

fn attributes(entity: &Map<String, Value>) -> Result<(), String> {
    let attributes = entity.get("attributes").and_then(Value::as_object).ok_or("attributes is no object")?;
    for (name, values) in attributes {
        for value in values.as_array().ok_or_else(|| format!("{name} is no list"))? {
            match value {
                Value::String(_) => {}
                Value::Object(object) => {
                    only(object, &["type", "id", "entityType", "attributes"])?;
                    text(object, "type")?;
                    // What is reported about a row is no entity and has no id; a reference is nothing but its id.
                    if object.contains_key("attributes") {
                        self::attributes(object)?;
                    } else {
                        text(object, "id")?;
                    }
                }
                _ => return Err(format!("{name} holds neither texts nor objects")),
            }
        }
    }
    Ok(())
}

#[test]
fn what_is_no_answer_is_refused() {
    for good in [
        r#"{"error":{"code":1,"message":"x"}}"#,
        r#"{"type":"Users","inResponseTo":"/","method":"GET","ids":["1"]}"#,
        r#"{"type":"User","inResponseTo":"/","method":"GET","attributes":{"a":["1",{"type":"user","id":"2"}]}}"#,
    ] {
        judge(good.as_bytes()).unwrap();
    }
    for bad in [
        "[]",
        r#"{"error":{"code":16,"message":"x"}}"#,
        r#"{"type":"Users","inResponseTo":"/","method":"GET"}"#,
        r#"{"type":"users","inResponseTo":"/","method":"GET","ids":[]}"#,
        r#"{"type":"User","inResponseTo":"/","method":"GET","attributes":{"a":"1"}}"#,
        r#"{"type":"User","inResponseTo":"/","method":"GET","attributes":{"a":[1]}}"#,
        r#"{"type":"User","inResponseTo":"/","method":"GET","attributes":{},"x":1}"#,
    ] {
        judge(bad.as_bytes()).expect_err(bad);
    }
}

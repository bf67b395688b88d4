//! The judge of answers of the JSON door: their shape as `docs/digit-api.md` tells it.

use serde_json::Value;

/// Fails unless the bytes are an answer of the door with this status.
pub fn judge(status: u16, bytes: &[u8]) -> Result<(), String> {
    let document: Value = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let info = document["ResponseInfo"].as_object().ok_or("no ResponseInfo")?;
    let mut names: Vec<&str> = info.keys().map(String::as_str).collect();
    names.sort_unstable();
    if names != ["apiId", "msgId", "resMsgId", "status", "ts", "ver"] {
        return Err(format!("ResponseInfo holds {names:?}"));
    }
    let id = info["resMsgId"].as_str().unwrap_or_default();
    uuid::Uuid::parse_str(id).map_err(|_| "resMsgId is no UUID".to_owned())?;
    if !info["ts"].is_i64() && !info["ts"].is_string() {
        return Err("ts is no instant".to_owned());
    }
    let wanted = if status == 200 { "SUCCESSFUL" } else { "FAILED" };
    if info["status"] != wanted {
        return Err(format!("status {} with {status}", info["status"]));
    }
    match (status, document.get("Errors")) {
        (200, None) => Ok(()),
        (200, Some(_)) => Err("errors of a success".to_owned()),
        (_, errors) => errors.and_then(Value::as_array).ok_or("no Errors")?.iter().try_for_each(judge_error),
    }
}

fn judge_error(error: &Value) -> Result<(), String> {
    let text = |name: &str| error[name].as_str().is_some_and(|text| !text.is_empty());
    let params = error["params"].as_array().is_some_and(|params| params.iter().all(Value::is_string));
    let whole = error.as_object().is_some_and(|error| error.len() == 4);
    if whole && params && text("code") && text("message") && text("description") {
        return Ok(());
    }
    Err(format!("an error of another shape: {error}"))
}

//! Policy groups and policies: what may be given, what follows what, and who may.

mod arguments;
mod bulk;
mod life;
mod schemas;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::fresh;
use crate::api::make;
use crate::kit::Caller;

/// A document that the built-in schema of the type Auth allows.
pub const DOCUMENT: &str = r#"{"allowedAuthTypes":[{"authType":"otp","mandatory":true}]}"#;

/// A text as the value of a parameter.
pub fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// The arguments of a new policy, as they stand in a query.
pub fn described(group: &str, name: &str) -> String {
    format!("policyGroup={group}&name={name}&policyType=Auth&policies={}", encoded(DOCUMENT))
}

/// A policy group of a name that no other has.
pub async fn group(caller: &Caller<'_>) -> String {
    make(caller, &format!("policygroups/?name={}", fresh("group"))).await
}

/// A draft in a group.
pub async fn draft(caller: &Caller<'_>, group: &str) -> String {
    make(caller, &format!("policies/?{}", described(group, &fresh("policy")))).await
}

/// A published policy in a group.
pub async fn published(caller: &Caller<'_>, group: &str) -> String {
    let id = draft(caller, group).await;
    caller.put(&format!("policies/{id}/publish")).await.ok();
    id
}

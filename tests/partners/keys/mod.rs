//! Requests for API keys, the keys, extractors, credential types, and the joint check.

mod api_keys;
mod bounds;
pub mod carried;
mod extractors;
pub mod ground;
mod mappings;
mod requests;
mod secrets;
mod validation;

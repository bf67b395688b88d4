//! What is refused, and how: every refusal is an error document, changes nothing, and the server serves on.

mod addresses;
mod arguments;
mod bounds;
mod credentials;
mod documents;
pub(crate) mod ground;
mod order;
mod parents;
pub(crate) mod reader;
pub(crate) mod services;
mod sizes;

//! The JSON room: the same documents as XML, for clients that ask for `application/json`.
//!
//! * `encode` writes answers by appending bytes; it knows the wire form and nothing of the model.
//! * `tree` reads JSON as such, within limits.
//! * `decode` reads a body strictly: what is not told in `docs/json.md` is refused. No message repeats a value, since
//!   any value may be a secret.
//!
//! This room must not know kinds, grants, HTTP or the store: its caller turns names and texts into the model.

pub mod decode;
pub mod encode;
pub mod tree;

pub use decode::{Document, decode};
pub use encode::{Encoder, Identity};
pub use tree::{JsonError, Limits, Node};

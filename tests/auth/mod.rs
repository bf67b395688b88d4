//! Tests of the auth room through its public face.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod authenticate;
mod bearer;

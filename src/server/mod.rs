//! The composition root: the one room that sees every other.

pub mod listen;
pub mod tls;

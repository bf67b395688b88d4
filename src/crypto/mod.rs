//! Checks that need a library of their own, each behind one small interface: what a policy's document must be like,
//! whether a certificate may be trusted, which addresses follow from a public key.
//!
//! Pure: nothing here reads a file, a clock or the network; what it takes is bounded in size. Knows only the model.

pub mod certificate;
pub mod hd_key;
pub mod policy_schema;
mod strict_json;

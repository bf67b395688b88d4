//! The schema as the tests see it: our reader and writer against two independent validators.
//!
//! `judge` is for every test that has an answer to check; the rest of this folder tests the xml room itself.

pub(crate) mod judge;

mod bombs;
mod corpus;
mod fresh;
mod random;
mod round_trip;
mod tree;
mod xmllint;

//! The audit trail: what is recorded, in which form, and how refusals are gathered.
//!
//! - [`chain`]: what makes the sealed trail hold together, and the terms by which records are found.
//! - [`coded`]: the events with ids of their own, and which operation leaves which.
//! - [`event`]: the events of a change, from its entry to its outcome.
//! - [`record`]: one record and its canonical bytes, from which every column derives.
//! - [`verify`]: walking the chain. [`segment`]: archived records in a file.
//! - [`ledger`]: the records of contracts and their own chain.
//! - [`flood`]: failed sign-ins, singly up to a bound, then as a count.
//!
//! Changes commit together with their records (`operation::perform`); nothing here writes by itself, and no
//! secret may enter a record.

pub mod chain;
pub mod coded;
pub mod event;
pub mod flood;
pub mod ledger;
pub mod record;
pub mod segment;
pub mod verify;

pub use coded::Coded;
pub use event::{Action, Category, Events, Scene};
pub use record::Record;

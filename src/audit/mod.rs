//! The audit trail: what is recorded, in which form, and how refusals are gathered.
//!
//! - [`event`]: the events of a change, from its entry to its outcome.
//! - [`record`]: one record and its canonical bytes, from which every column derives.
//! - [`flood`]: failed sign-ins, singly up to a bound, then as a count.
//!
//! Changes commit together with their records (`operation::perform`); nothing here writes by itself, and no
//! secret may enter a record.

pub mod event;
pub mod flood;
pub mod record;

pub use event::{Action, Category, Events, Scene};
pub use record::Record;

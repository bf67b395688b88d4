//! Who may call what: the compiled index of a tenant, immutable, and the decision over the indexes of a tenant and of
//! those above it. Pure: it reads no database and no clock, and nothing from the data is ever run as a pattern.
//!
//! A tenant is named here by its path: technical names with `/` between them, the root organization empty.

pub mod decide;
pub mod index;
pub mod pattern;

pub use decide::{Granted, Held, Outcome, Question, Reason, Tenant, decide, reachable};
pub use index::{Facts, Level, Mapping, Target};
pub use pattern::Match;

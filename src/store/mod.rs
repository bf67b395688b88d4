//! The one store of entities and everything derived from them, on SQLite or PostgreSQL, behind two traits.
//!
//! sqlx and rusqlite live only in this room. It knows rows, keys and documents; it does not know rules, grants
//! or requests. Uniqueness and references are held by the database itself.
//!
//! - [`Read`]: single statements over committed data, in any order, never inside a change.
//! - [`Write`]: one transaction, lent to one [`Unit`] at a time by [`Store::transact`].
//!
//! `statements.rs` holds the SQL, once; `transaction.rs` and `inspect.rs` are expanded for each database; `sqlite/`
//! and `postgres/` hold what differs: who may write when, and how other processes' commits are noticed.

pub mod answers;
pub mod backup;
pub mod bulk;
mod columns;
mod connect;
mod convert;
pub mod declaration;
pub mod fault;
mod fault_ledger;
mod fault_trail;
mod following;
mod inspect;
pub mod job;
pub mod ledger;
pub mod look;
pub mod migrate;
pub mod outbox;
mod plan;
mod post;
mod post_statements;
mod postgres;
pub mod private;
mod repair;
pub mod secret;
mod shared;
pub mod sign_in;
mod sqlite;
mod statements;
pub mod trail;
pub mod traits;
mod transaction;
mod written;

pub use connect::{StoreOptions, connect};
pub use ledger::{Ledger, Ledgering};
pub use statements::{Engine, read_statements};
pub use trail::{Sealing, Trail, TrailRow};
pub use traits::{
    AuditQuery, AuditRow, Credential, Hit, Insert, Part, Position, Read, Replace, Rows, SharedStore, Source,
    Store, Touched, Unit, Write,
};

/// The setting that holds the Unicode version of the keys.
const UNICODE_SETTING: &str = "unicode";
/// The counter that grows with every declaration of a custom attribute.
const REGISTRY_COUNTER: &str = "registry";

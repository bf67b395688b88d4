//! The one store of entities and everything derived from them, on SQLite or PostgreSQL, behind two traits.
//!
//! sqlx and rusqlite live only in this room. It knows rows, keys and documents; it does not know rules, grants
//! or requests. Uniqueness and references are held by the database itself.
//!
//! - [`Read`]: single statements over committed data, in any order, never inside a change.
//! - [`Write`]: one transaction, lent to one [`Unit`] at a time by [`Store::transact`].

pub mod traits;

pub use traits::{
    AuditQuery, AuditRow, Credential, Hit, Insert, Position, Read, Replace, SharedStore, Source, Store,
    Touched, Unit, Write,
};

//! The one integration binary: every folder below `tests/` is a module of it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub,
    reason = "helpers of tests may stop a test as the tests themselves may"
)]

mod access;
mod access_door;
mod api;
mod audit;
mod auth;
mod bulk;
mod contention;
mod crash;
mod devices;
mod digit;
mod invitations;
mod kit;
mod laws;
mod life;
mod mail;
mod partners;
mod people;
mod properties;
mod refusals;
mod schema;
mod secrets;
mod server;
mod store;

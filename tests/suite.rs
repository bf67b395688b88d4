//! The one integration binary.

mod auth;

//! The one integration binary.

mod kit;
mod store;

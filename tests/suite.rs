//! The one integration binary.

mod schema;

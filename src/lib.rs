//! Valtuus: an XML-first identity and mandate server. This file is the map of the rooms.

pub mod world;
pub mod audit;
pub mod model;
pub mod operation;
pub mod store;

//! Valtuus: an XML-first identity and mandate server. This file is the map of the rooms.

pub mod model;
pub mod world;
pub mod xml;

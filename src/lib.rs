//! Valtuus: an XML-first identity and mandate server. This file is the map of the rooms.

pub mod audit;
pub mod auth;
pub mod cli;
pub mod config;
pub mod http;
pub mod model;
pub mod operation;
pub mod server;
pub mod store;
pub mod world;
pub mod xml;

//! Lives of entities: every state with every operation, long random walks beside a simple model, and properties that
//! must hold whatever is done.

mod apply;
mod dangling;
mod direct;
mod drive;
mod effective;
mod inviting;
mod listed_once;
mod listings;
mod mandates;
mod model;
mod predict;
mod property;
mod states;
mod steps;
mod trees;
mod walker;
mod walks;
mod wire;

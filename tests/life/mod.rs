//! Lives of entities: every state with every operation, and long random walks beside a simple model.

mod apply;
mod direct;
mod drive;
mod listings;
mod model;
mod predict;
mod states;
mod steps;
mod walks;
mod wire;

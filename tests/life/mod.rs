//! Lives of entities: every state with every operation, and long random walks beside a simple model.

mod mandates;
mod model;
mod predict;
mod states;
mod steps;
mod walks;

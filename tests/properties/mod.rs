//! What must hold after any sequence of operations, tried with random ones straight on the operations of one server
//! (SQLite). Every case has entities of its own in the one store.

mod ground;
mod inclusion;
mod mandates;

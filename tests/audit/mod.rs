//! The audit trail as a whole: a store that does not take it, the commands over it, its listing while it is sealed.

mod commands;
mod failing;
mod measure;
mod sealed;

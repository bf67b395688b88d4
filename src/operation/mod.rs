//! What the service does: one road for every change, one for every read, and a file per special verb.
//!
//! [`perform`](perform::perform) is the road of a change: authorize → begin → run → audit → commit, in a task
//! that a client hanging up cannot cancel. Reads authorize, then read committed data. Operations know entities,
//! grants and the store's traits; they know neither HTTP nor XML.

pub mod access;
pub mod administer;
pub mod archiving;
pub mod assign;
pub mod attribute_definition;
pub mod audit_trail;
pub mod certificate;
pub mod client;
pub mod closure;
pub mod create;
pub mod cursor;
pub mod delegate;
pub mod delete;
pub mod device;
pub mod digit;
pub mod effective;
pub mod engine;
pub mod entry;
pub mod every;
pub mod export;
pub mod feature_mapping;
pub mod force_password_change;
pub mod import;
pub mod inclusion;
pub mod index_building;
pub mod invitation;
pub mod key_text;
pub mod keys;
pub mod list;
pub mod mandates;
pub mod misp;
pub mod move_organization;
pub mod move_user;
pub mod names;
pub mod observe;
pub mod once;
pub mod outbox;
pub mod partner;
pub mod perform;
pub mod plan;
pub mod policy;
pub mod post;
pub mod read;
pub mod resolve;
pub mod revoke;
pub mod scope;
pub mod sealing;
pub mod search;
pub mod setup;
pub mod several;
pub mod sign_in;
pub mod sink;
pub mod tenants;
pub mod token;
pub mod update;
pub mod verifying;

pub use engine::{Caller, Engine, Identity};
pub use perform::{Change, perform, perform_kept, refuse};
pub use post::post;

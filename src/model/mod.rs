//! What the service is about, without any input or output: kinds, attributes, values, keys, grants, and the
//! type states an entity passes through.
//!
//! `Draft | Patch → Valid → Stored → Permitted → Visible`: only validation makes a [`state::Valid`], only the
//! store a [`state::Stored`], only a caller's grants a [`state::Permitted`] and a [`visible::Visible`].
//! This room knows no other; it never reads a clock, a file or a socket.

pub mod attribute;
pub mod biometric;
pub mod derive;
pub mod error;
pub mod grants;
pub mod invitation;
pub mod key;
pub mod kind;
pub mod lapse;
pub mod letter;
pub mod password;
pub mod registry;
pub mod rules;
pub mod state;
pub mod term;
pub mod value;
pub mod verb;
pub mod visible;

pub use attribute::{AttrDef, AttrId};
pub use error::Error;
pub use grants::Grants;
pub use kind::{Kind, KindDef};
pub use registry::{Attribute, Registry};
pub use state::{Attributes, Stored, Valid};
pub use value::{Ref, Value};
pub use verb::{Verb, VerbSet};

/// The store's own number of an entity; grows in creation order, never shown to a client.
pub type Row = i64;

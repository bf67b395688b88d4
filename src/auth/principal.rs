//! A caller whose credentials were found right.
//!
//! Made only by this room after a verification; it carries what was true when the credential was verified and must
//! not be kept longer than a request.

use uuid::Uuid;

/// An authenticated API client with its grants `G`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal<G> {
    row: i64,
    id: Uuid,
    name: String,
    grants: G,
}

impl<G> Principal<G> {
    pub(super) fn new(row: i64, id: Uuid, name: String, grants: G) -> Self {
        Self { row, id, name, grants }
    }

    /// The client's row in the store.
    pub fn row(&self) -> i64 {
        self.row
    }

    /// The client's public id.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// The client's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the client may do.
    pub fn grants(&self) -> &G {
        &self.grants
    }
}

//! Looking at the whole database as it was at one moment, while others go on writing: for exports.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;

use crate::model::{Error, Registry, Row, Stored};
use crate::store::{Credential, Hit, Position, Source};

/// Reads within one snapshot: whatever is committed meanwhile is not seen.
#[async_trait]
pub trait Look: Send {
    /// The attributes as they are declared in the snapshot.
    fn registry(&self) -> Arc<Registry>;

    /// As [`crate::store::Read::scan`].
    async fn scan(
        &mut self,
        source: &Source,
        after: Option<&Position>,
        limit: usize,
    ) -> Result<Vec<Hit>, Error>;

    /// The entities of those rows, by row.
    async fn entities(&mut self, rows: Vec<Row>) -> Result<Vec<Stored>, Error>;

    /// The passwords of those users or API clients that have one.
    async fn credentials(&mut self, rows: Vec<Row>) -> Result<HashMap<Row, Credential>, Error>;
}

/// What is done with a snapshot.
#[async_trait]
pub trait View: Send {
    /// Looks.
    async fn view(&mut self, look: &mut dyn Look) -> Result<(), Error>;
}

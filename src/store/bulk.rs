//! What writing many entities at once asks of a transaction beyond single changes: keys looked up and passwords
//! set for a whole batch by one statement. One body, expanded for each database beside `transaction.rs`.

use async_trait::async_trait;

use crate::model::{AttrId, Error, Row};
use crate::store::Credential;

/// A unique key whose holder is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Probe {
    /// The attribute.
    pub attr: AttrId,
    /// The row within which the key is unique; 0 is everywhere.
    pub scope: Row,
    /// The key.
    pub key: Vec<u8>,
}

/// What can be done with whole batches within a transaction.
#[async_trait]
pub trait Bulk: Send {
    /// The row that holds each of these keys, in the order asked.
    async fn holders(&mut self, keys: &[Probe]) -> Result<Vec<Option<Row>>, Error>;

    /// Sets or replaces the passwords of users or API clients.
    async fn set_credentials(&mut self, credentials: &[(Row, Credential)]) -> Result<(), Error>;
}

/// Batch statements for SQLite, shaped as in `statements.rs`.
pub(super) mod sqlite {
    pub(in crate::store) const HOLDERS: &str = "SELECT CAST(j.key AS INTEGER), u.row FROM json_each($1) j \
         CROSS JOIN attr_unique u \
         ON u.attr = j.value->>0 AND u.scope = j.value->>1 AND u.key = unhex(j.value->>2)";
    pub(in crate::store) const SET_CREDENTIALS: &str = "INSERT INTO credential (subject, phc, set_at) \
         SELECT j.value->>0, j.value->>1, j.value->>2 FROM json_each($1) j WHERE true \
         ON CONFLICT (subject) DO UPDATE SET phc = excluded.phc, set_at = excluded.set_at";
    pub(in crate::store) const CREDENTIALS: &str = "SELECT c.subject, c.phc, c.set_at FROM json_each($1) j \
         CROSS JOIN credential c ON c.subject = j.value->>0";
}

/// Batch statements for PostgreSQL, shaped as in `statements.rs`.
pub(super) mod postgres {
    pub(in crate::store) const HOLDERS: &str = "SELECT n.place - 1, u.row \
         FROM unnest($1::bigint[], $2::bigint[], $3::bytea[]) WITH ORDINALITY AS n (attr, scope, key, place) \
         JOIN attr_unique u ON u.attr = n.attr AND u.scope = n.scope AND u.key = n.key";
    pub(in crate::store) const SET_CREDENTIALS: &str = "INSERT INTO credential (subject, phc, set_at) \
         SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[]) \
         ON CONFLICT (subject) DO UPDATE SET phc = excluded.phc, set_at = excluded.set_at";
    pub(in crate::store) const CREDENTIALS: &str =
        "SELECT c.subject, c.phc, c.set_at FROM credential c WHERE c.subject = ANY($1)";
}

/// Implements [`Bulk`] and `Look` for the transaction of one database.
macro_rules! bulk {
    ($module:ident, $tx:ident, $sql:ident, $batch:path) => {
        /// Whole batches, and looking at a snapshot.
        mod $module {
            use std::collections::HashMap;
            use std::sync::Arc;

            use async_trait::async_trait;

            use super::$tx::{RowExt as _, Tx};
            use crate::model::{Error, Registry, Row, Stored};
            use crate::store::bulk::{Bulk, Probe, $sql as batch};
            use crate::store::columns::Column;
            use crate::store::convert::column;
            use crate::store::look::Look;
            use crate::store::repair::Inspect;
            use crate::store::{Credential, Hit, Position, Source, Write};

            #[async_trait]
            impl Bulk for Tx<'_> {
                async fn holders(&mut self, keys: &[Probe]) -> Result<Vec<Option<Row>>, Error> {
                    let mut held = vec![None; keys.len()];
                    if keys.is_empty() {
                        return Ok(held);
                    }
                    let columns = vec![
                        Column::Int(keys.iter().map(|probe| probe.attr.number()).collect()),
                        Column::Int(keys.iter().map(|probe| probe.scope).collect()),
                        Column::Bytes(keys.iter().map(|probe| probe.key.clone()).collect()),
                    ];
                    for row in &self.fetch($batch(batch::HOLDERS, columns)).await? {
                        let place: i64 = column!(row, 0);
                        if let Some(slot) = usize::try_from(place).ok().and_then(|place| held.get_mut(place))
                        {
                            *slot = Some(column!(row, 1));
                        }
                    }
                    Ok(held)
                }

                async fn set_credentials(&mut self, credentials: &[(Row, Credential)]) -> Result<(), Error> {
                    if credentials.is_empty() {
                        return Ok(());
                    }
                    let columns = vec![
                        Column::Int(credentials.iter().map(|(row, _)| *row).collect()),
                        Column::Text(
                            credentials.iter().map(|(_, credential)| credential.phc.clone()).collect(),
                        ),
                        Column::Int(credentials.iter().map(|(_, credential)| credential.set).collect()),
                    ];
                    self.execute($batch(batch::SET_CREDENTIALS, columns)).await.map(|_| ())
                }
            }

            #[async_trait]
            impl Look for Tx<'_> {
                fn registry(&self) -> Arc<Registry> {
                    Write::registry(self)
                }

                async fn scan(
                    &mut self,
                    source: &Source,
                    after: Option<&Position>,
                    limit: usize,
                ) -> Result<Vec<Hit>, Error> {
                    Write::scan(self, source, after, limit).await
                }

                async fn entities(&mut self, rows: Vec<Row>) -> Result<Vec<Stored>, Error> {
                    self.entities_of(rows, false).await
                }

                async fn credentials(&mut self, rows: Vec<Row>) -> Result<HashMap<Row, Credential>, Error> {
                    let found = self.fetch($batch(batch::CREDENTIALS, vec![Column::Int(rows)])).await?;
                    let mut credentials = HashMap::with_capacity(found.len());
                    for row in &found {
                        let credential = Credential { phc: column!(row, 1), set: column!(row, 2) };
                        credentials.insert(column!(row, 0), credential);
                    }
                    Ok(credentials)
                }
            }
        }
    };
}
pub(super) use bulk;

//! The ledger of contracts in the database: records are appended and read, never changed. One body, expanded for each
//! database beside `transaction.rs`.

use async_trait::async_trait;
use uuid::Uuid;

use crate::audit::ledger::LedgerRow;
use crate::model::Error;

/// The counter of the ledger's records; raising it locks the ledger until the end of the transaction.
pub const LEDGER_COUNTER: &str = "ledger";

/// Reading the ledger.
#[async_trait]
pub trait Ledger: Send + Sync {
    /// Up to `limit` records behind number `after`, by number.
    async fn ledger_after(&self, after: i64, limit: usize) -> Result<Vec<LedgerRow>, Error>;

    /// The records of one contract, by number.
    async fn ledger_of(&self, contract: Uuid) -> Result<Vec<LedgerRow>, Error>;

    /// How many records were ever appended.
    async fn ledger_count(&self) -> Result<i64, Error>;
}

/// Appending to the ledger.
#[async_trait]
pub trait Ledgering: Send {
    /// The hash of the record of that number.
    async fn ledger_hash(&mut self, seq: i64) -> Result<Option<Vec<u8>>, Error>;

    /// Appends a record.
    async fn append_ledger(&mut self, row: &LedgerRow) -> Result<(), Error>;
}

pub(super) const AFTER: &str =
    "SELECT l.seq, l.contract, l.canonical, l.hash FROM ledger l WHERE l.seq > $1 ORDER BY l.seq LIMIT $2";
pub(super) const OF_CONTRACT: &str =
    "SELECT l.seq, l.contract, l.canonical, l.hash FROM ledger l WHERE l.contract = $1 ORDER BY l.seq";
pub(super) const COUNT: &str = "SELECT c.value FROM counter c WHERE c.name = 'ledger'";
pub(super) const HASH: &str = "SELECT l.hash FROM ledger l WHERE l.seq = $1";
pub(super) const APPEND: &str = "INSERT INTO ledger (seq, contract, canonical, hash) VALUES ($1, $2, $3, $4)";

/// The statements that read in the service of a request.
pub(super) const READS: [&str; 3] = [AFTER, OF_CONTRACT, COUNT];

/// Implements both sides for the store and the transaction of one database.
macro_rules! ledger {
    ($module:ident, $store:ident, $driver:path, $tx:ident) => {
        /// The ledger.
        mod $module {
            use async_trait::async_trait;
            use uuid::Uuid;

            use driver::{DbRow, RowExt as _, query};
            use $driver as driver;

            use super::$store;
            use super::$tx::Tx;
            use crate::audit::ledger::LedgerRow;
            use crate::model::Error;
            use crate::store::convert::column;
            use crate::store::ledger::{self, Ledger, Ledgering};

            fn row(held: &DbRow) -> Result<LedgerRow, Error> {
                Ok(LedgerRow {
                    seq: column!(held, 0),
                    contract: column!(held, 1),
                    canonical: column!(held, 2),
                    hash: column!(held, 3),
                })
            }

            #[async_trait]
            impl Ledger for $store {
                async fn ledger_after(&self, after: i64, limit: usize) -> Result<Vec<LedgerRow>, Error> {
                    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
                    let statement = query(ledger::AFTER).bind(after).bind(limit);
                    self.trail_rows(statement).await?.iter().map(row).collect()
                }

                async fn ledger_of(&self, contract: Uuid) -> Result<Vec<LedgerRow>, Error> {
                    let statement = query(ledger::OF_CONTRACT).bind(contract);
                    self.trail_rows(statement).await?.iter().map(row).collect()
                }

                async fn ledger_count(&self) -> Result<i64, Error> {
                    let rows = self.trail_rows(query(ledger::COUNT)).await?;
                    rows.first().map_or(Ok(0), |row| Ok(column!(row, 0)))
                }
            }

            #[async_trait]
            impl Ledgering for Tx<'_> {
                async fn ledger_hash(&mut self, seq: i64) -> Result<Option<Vec<u8>>, Error> {
                    let rows = self.fetch(query(ledger::HASH).bind(seq)).await?;
                    rows.first().map(|row| Ok(column!(row, 0))).transpose()
                }

                async fn append_ledger(&mut self, row: &LedgerRow) -> Result<(), Error> {
                    let statement = query(ledger::APPEND)
                        .bind(row.seq)
                        .bind(row.contract)
                        .bind(row.canonical.clone())
                        .bind(row.hash.clone());
                    self.execute(statement).await.map(|_| ())
                }
            }
        }
    };
}
pub(super) use ledger;

//! The ledger of the store that fails on command, see `fault.rs`.

use async_trait::async_trait;
use uuid::Uuid;

use crate::audit::ledger::LedgerRow;
use crate::model::Error;
use crate::store::fault::{Faulty, FaultyWrite};
use crate::store::ledger::{Ledger, Ledgering};

#[async_trait]
impl Ledger for Faulty {
    async fn ledger_after(&self, after: i64, limit: usize) -> Result<Vec<LedgerRow>, Error> {
        self.faults.pass("Ledger::ledger_after")?;
        self.inner.ledger_after(after, limit).await
    }

    async fn ledger_of(&self, contract: Uuid) -> Result<Vec<LedgerRow>, Error> {
        self.faults.pass("Ledger::ledger_of")?;
        self.inner.ledger_of(contract).await
    }

    async fn ledger_count(&self) -> Result<i64, Error> {
        self.faults.pass("Ledger::ledger_count")?;
        self.inner.ledger_count().await
    }
}

#[async_trait]
impl Ledgering for FaultyWrite<'_> {
    async fn ledger_hash(&mut self, seq: i64) -> Result<Option<Vec<u8>>, Error> {
        self.pass("Ledgering::ledger_hash")?;
        self.tx.ledger_hash(seq).await
    }

    async fn append_ledger(&mut self, row: &LedgerRow) -> Result<(), Error> {
        self.pass("Ledgering::append_ledger")?;
        self.tx.append_ledger(row).await
    }
}

//! Writing the ledger within a change: the next page is opened under the lock before anything else is done, and filled
//! before the change ends.

use uuid::Uuid;

use crate::audit::ledger::{LedgerEvent, LedgerHash, LedgerRecord, LedgerRow};
use crate::model::Error;
use crate::operation::device::LOCK;
use crate::store::Write;
use crate::store::ledger::LEDGER_COUNTER;

/// The place of the next record.
#[derive(Debug)]
pub(super) struct Page {
    seq: i64,
    before: LedgerHash,
}

impl Page {
    /// Locks the ledger until the end of the transaction and finds the next place.
    pub(super) async fn open(tx: &mut dyn Write) -> Result<Self, Error> {
        tx.lock(&[LOCK]).await?;
        let seq = tx.count_up(LEDGER_COUNTER).await?;
        if seq == 1 {
            return Ok(Self { seq, before: LedgerHash::default() });
        }
        let before = tx.ledger_hash(seq - 1).await?.and_then(|hash| LedgerHash::try_from(hash).ok());
        let before = before.ok_or_else(|| Error::internal(format!("the ledger lacks number {}", seq - 1)))?;
        Ok(Self { seq, before })
    }

    /// The record of this place.
    pub(super) fn record(
        &self,
        at: i64,
        contract: Uuid,
        event: LedgerEvent,
        texts: Vec<String>,
    ) -> LedgerRow {
        LedgerRecord { before: self.before, seq: self.seq, at, contract, event, texts }.row()
    }
}

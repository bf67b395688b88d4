//! Verifying the ledger: the chain is walked from its first record, then every contract is held against its records.
//! Reads only, in chunks, beside whoever writes.

use std::collections::HashMap;

use serde::Serialize;
use uuid::Uuid;

use crate::audit::ledger::{LedgerEvent, LedgerHash, LedgerRecord, LedgerRow, LedgerWalk};
use crate::model::{Error, Kind, Stored};
use crate::operation::device::fit::misfit;
use crate::operation::every::{Every, rows};
use crate::store::{SharedStore, Source};

/// Records read at a time.
const CHUNK: usize = 1_000;
/// How often a contract is looked at again that may just have been changed.
const LOOKS: usize = 3;

/// The first thing that does not fit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Misfit {
    /// The number of the record; `None` when it is a contract that does not fit its records.
    pub seq: Option<i64>,
    /// The contract concerned, where it is known.
    pub contract: Option<Uuid>,
    /// Why.
    pub why: String,
}

/// Contracts that the records leave standing, and the number of the record of their creation; what is revoked needs no
/// room.
type Standing = HashMap<Uuid, i64>;

/// What verifying came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerVerdict {
    /// Records that fit.
    pub records: i64,
    /// Contracts that fit their records.
    pub contracts: u64,
    /// The hash of the last record that fits.
    pub head: LedgerHash,
    /// What does not fit; nothing was looked at beyond it.
    pub misfit: Option<Misfit>,
}

impl std::fmt::Display for Misfit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(seq) = self.seq {
            write!(f, "record {seq}: ")?;
        }
        if let Some(contract) = self.contract {
            write!(f, "contract {contract}: ")?;
        }
        f.write_str(&self.why)
    }
}

/// Verifies the whole ledger.
pub async fn verify(store: &SharedStore) -> Result<LedgerVerdict, Error> {
    // Before the walk: what is appended meanwhile only makes it longer.
    let count = store.ledger_count().await?;
    let mut walk = LedgerWalk::default();
    let mut standing = Standing::default();
    let mut misfit = chain(store, &mut walk, &mut standing).await?;
    if misfit.is_none() && walk.seq < count {
        let why = format!("the ledger ends at number {}, but had {count} once", walk.seq);
        misfit = Some(Misfit { seq: Some(walk.seq + 1), contract: None, why });
    }
    let mut contracts = 0;
    if misfit.is_none() {
        misfit = every_contract(store, &mut contracts, &mut standing).await?;
    }
    if misfit.is_none() {
        misfit = vanished(store, standing).await?;
    }
    Ok(LedgerVerdict { records: walk.seq, contracts, head: walk.hash, misfit })
}

async fn chain(
    store: &SharedStore,
    walk: &mut LedgerWalk,
    standing: &mut Standing,
) -> Result<Option<Misfit>, Error> {
    loop {
        let chunk = store.ledger_after(if walk.seq == 0 { i64::MIN } else { walk.seq }, CHUNK).await?;
        if chunk.is_empty() {
            return Ok(None);
        }
        for row in &chunk {
            match walk.next(row) {
                Ok(record) if record.event == LedgerEvent::Created => {
                    standing.insert(row.contract, row.seq);
                }
                Ok(record) if record.event == LedgerEvent::Revoked => {
                    standing.remove(&row.contract);
                }
                Ok(_) => {}
                Err(why) => {
                    return Ok(Some(Misfit { seq: Some(row.seq), contract: Some(row.contract), why }));
                }
            }
        }
    }
}

async fn every_contract(
    store: &SharedStore,
    fit: &mut u64,
    standing: &mut Standing,
) -> Result<Option<Misfit>, Error> {
    let source = Source::Kind(Kind::Contract);
    let mut every = Every::of(&source);
    while let Some(hits) = every.next_committed(store.as_ref()).await? {
        for contract in store.by_rows(&rows(&hits)).await? {
            if let Some(why) = look(store, contract.clone()).await? {
                return Ok(Some(Misfit { seq: None, contract: Some(contract.id()), why }));
            }
            standing.remove(&contract.id());
            *fit += 1;
        }
    }
    Ok(None)
}

/// The first contract that was made, was never revoked, and is not there. Only a revoked one may go, with its
/// organization; what was revoked and went since the walk is looked at again.
async fn vanished(store: &SharedStore, standing: Standing) -> Result<Option<Misfit>, Error> {
    let mut standing: Vec<(i64, Uuid)> = standing.into_iter().map(|(id, seq)| (seq, id)).collect();
    standing.sort_unstable();
    for (seq, contract) in standing {
        let is_revoked = |row: &LedgerRow| {
            LedgerRecord::from_canonical(&row.canonical)
                .is_some_and(|record| record.event == LedgerEvent::Revoked)
        };
        if store.by_id(contract).await?.is_none() && !store.ledger_of(contract).await?.iter().any(is_revoked)
        {
            let why = "the contract is gone, and was never revoked".to_owned();
            return Ok(Some(Misfit { seq: Some(seq), contract: Some(contract), why }));
        }
    }
    Ok(None)
}

/// Why a contract does not fit its records. A change between the two reads makes it be looked at again.
async fn look(store: &SharedStore, mut contract: Stored) -> Result<Option<String>, Error> {
    let mut why = None;
    for _ in 0..LOOKS {
        why = misfit(&contract, &store.ledger_of(contract.id()).await?);
        if why.is_none() {
            return Ok(None);
        }
        match store.by_id(contract.id()).await? {
            Some(now) => contract = now,
            None => return Ok(None),
        }
    }
    Ok(why)
}

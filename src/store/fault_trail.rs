//! The trail of the store that fails on command, see `fault.rs`.

use async_trait::async_trait;
use uuid::Uuid;

use crate::model::{Error, Row};
use crate::store::Position;
use crate::store::fault::{Faulty, FaultyWrite};
use crate::store::trail::index::Index;
use crate::store::trail::{
    Checkpoint, Horizon, Link, NewSeal, Posting, Seal, Sealed, Sealing, Trail, TrailRow,
};
use crate::store::traits::AuditQuery;

#[async_trait]
impl Trail for Faulty {
    async fn audit_record(&self, id: Uuid) -> Result<Option<TrailRow>, Error> {
        self.faults.pass("Trail::audit_record")?;
        self.inner.audit_record(id).await
    }

    async fn audit_at(&self, seq: i64) -> Result<Option<TrailRow>, Error> {
        self.faults.pass("Trail::audit_at")?;
        self.inner.audit_at(seq).await
    }

    async fn audit_numbered(&self, seqs: &[i64]) -> Result<Vec<TrailRow>, Error> {
        self.faults.pass("Trail::audit_numbered")?;
        self.inner.audit_numbered(seqs).await
    }

    async fn audit_run(&self, after: i64, until: i64, limit: usize) -> Result<Vec<TrailRow>, Error> {
        self.faults.pass("Trail::audit_run")?;
        self.inner.audit_run(after, until, limit).await
    }

    async fn audit_unsealed(&self, after: Row, limit: usize) -> Result<Vec<TrailRow>, Error> {
        self.faults.pass("Trail::audit_unsealed")?;
        self.inner.audit_unsealed(after, limit).await
    }

    async fn audit_postings(&self, term: i64, block: i64, limit: usize) -> Result<Vec<Posting>, Error> {
        self.faults.pass("Trail::audit_postings")?;
        self.inner.audit_postings(term, block, limit).await
    }

    async fn audit_block_from(&self, from: i64) -> Result<Option<i64>, Error> {
        self.faults.pass("Trail::audit_block_from")?;
        self.inner.audit_block_from(from).await
    }

    async fn audit_block_to(&self, to: i64) -> Result<Option<i64>, Error> {
        self.faults.pass("Trail::audit_block_to")?;
        self.inner.audit_block_to(to).await
    }

    async fn audit_sealed(&self) -> Result<Sealed, Error> {
        self.faults.pass("Trail::audit_sealed")?;
        self.inner.audit_sealed().await
    }

    async fn audit_links(&self, after: i64, limit: usize) -> Result<Vec<Link>, Error> {
        self.faults.pass("Trail::audit_links")?;
        self.inner.audit_links(after, limit).await
    }

    async fn audit_checkpoint(&self) -> Result<Option<Checkpoint>, Error> {
        self.faults.pass("Trail::audit_checkpoint")?;
        self.inner.audit_checkpoint().await
    }

    async fn audit(
        &self,
        query: &AuditQuery,
        after: &Position,
        limit: usize,
    ) -> Result<Vec<(Position, TrailRow)>, Error> {
        self.faults.pass("Trail::audit")?;
        self.inner.audit(query, after, limit).await
    }
}

#[async_trait]
impl Sealing for FaultyWrite<'_> {
    async fn audit_horizon(&mut self) -> Result<Horizon, Error> {
        self.pass("Sealing::audit_horizon")?;
        self.tx.audit_horizon().await
    }

    async fn unsealed(&mut self, after: Row, limit: usize) -> Result<Vec<TrailRow>, Error> {
        self.pass("Sealing::unsealed")?;
        self.tx.unsealed(after, limit).await
    }

    async fn last_seal(&mut self) -> Result<Seal, Error> {
        self.pass("Sealing::last_seal")?;
        self.tx.last_seal().await
    }

    async fn last_checkpoint(&mut self) -> Result<Option<Checkpoint>, Error> {
        self.pass("Sealing::last_checkpoint")?;
        self.tx.last_checkpoint().await
    }

    async fn latest_sealed(&mut self) -> Result<i64, Error> {
        self.pass("Sealing::latest_sealed")?;
        self.tx.latest_sealed().await
    }

    async fn put_seals(&mut self, seals: &[NewSeal]) -> Result<(), Error> {
        self.pass("Sealing::put_seals")?;
        self.tx.put_seals(seals).await
    }

    async fn put_index(&mut self, index: &Index) -> Result<(), Error> {
        self.pass("Sealing::put_index")?;
        self.tx.put_index(index).await
    }

    async fn drop_sealed(&mut self, rows: &[TrailRow], checkpoint: &Checkpoint) -> Result<(), Error> {
        self.pass("Sealing::drop_sealed")?;
        self.tx.drop_sealed(rows, checkpoint).await
    }
}

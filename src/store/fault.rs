//! A store that fails on command, for tests of what the rooms above do then: the nth call of a name answers an
//! error instead of reaching the store. Never used by the service itself.
//!
//! Calls are named as the traits name them, for example `Read::by_id`, `Write::insert`, `Secrets::put_secret`;
//! `Store::commit` is the moment after a unit has done its work.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use parking_lot::Mutex;
use uuid::Uuid;

use crate::model::registry::Attribute;
use crate::model::{AttrId, Error, Kind, Registry, Row, Stored};
use crate::store::answers::{Answer, Answers, Claim, Kept};
use crate::store::bulk::{Bulk, Probe};
use crate::store::declaration::{Declarations, Declared};
use crate::store::job::{Jobs, Lease};
use crate::store::look::View;
use crate::store::outbox::{Delivery, HeldMail, Mail, Outbox, OutboxQuery};
use crate::store::secret::{Secret, Secrets};
use crate::store::sign_in::{SignInCount, SignIns};
use crate::store::{
    AuditRow, Credential, Hit, Insert, Part, Position, Read, Replace, SharedStore, Source, Store, Touched,
    Unit, Write,
};

/// Which calls are to fail.
#[derive(Debug, Default)]
pub struct Faults(Mutex<HashMap<String, (u32, Error)>>);

impl Faults {
    /// Makes the `nth` call from now (1 is the next) of that name answer `error`, once.
    pub fn fail(&self, call: &str, nth: u32, error: Error) {
        self.0.lock().insert(call.to_owned(), (nth, error));
    }

    /// How many of the failures asked for have not happened yet.
    pub fn pending(&self) -> usize {
        self.0.lock().len()
    }

    pub(super) fn pass(&self, call: &str) -> Result<(), Error> {
        let mut faults = self.0.lock();
        let Some((left, _)) = faults.get_mut(call) else { return Ok(()) };
        *left = left.saturating_sub(1);
        if *left > 0 {
            return Ok(());
        }
        faults.remove(call).map_or(Ok(()), |(_, error)| Err(error))
    }
}

/// A store whose calls can be made to fail.
pub struct Faulty {
    pub(super) inner: SharedStore,
    pub(super) faults: Arc<Faults>,
}

impl Faulty {
    /// `inner`, failing as `faults` says.
    pub fn new(inner: SharedStore, faults: Arc<Faults>) -> Self {
        Self { inner, faults }
    }
}

#[async_trait]
impl Read for Faulty {
    async fn by_id(&self, id: Uuid) -> Result<Option<Stored>, Error> {
        self.faults.pass("Read::by_id")?;
        self.inner.by_id(id).await
    }

    async fn by_rows(&self, rows: &[Row]) -> Result<Vec<Stored>, Error> {
        self.faults.pass("Read::by_rows")?;
        self.inner.by_rows(rows).await
    }

    async fn scan(&self, source: &Source, after: Option<&Position>, limit: usize) -> Result<Vec<Hit>, Error> {
        self.faults.pass("Read::scan")?;
        self.inner.scan(source, after, limit).await
    }

    async fn count(&self, source: &Source, limit: usize) -> Result<usize, Error> {
        self.faults.pass("Read::count")?;
        self.inner.count(source, limit).await
    }

    async fn holder(&self, attr: AttrId, scope: Row, key: &[u8]) -> Result<Option<Row>, Error> {
        self.faults.pass("Read::holder")?;
        self.inner.holder(attr, scope, key).await
    }

    async fn ancestry(&self, organization: Row) -> Result<Vec<Stored>, Error> {
        self.faults.pass("Read::ancestry")?;
        self.inner.ancestry(organization).await
    }

    async fn credential(&self, subject: Row) -> Result<Option<Credential>, Error> {
        self.faults.pass("Read::credential")?;
        self.inner.credential(subject).await
    }

    async fn secret_subject(&self, purpose: &str, hash: &[u8; 32], now: i64) -> Result<Option<Row>, Error> {
        self.faults.pass("Read::secret_subject")?;
        self.inner.secret_subject(purpose, hash, now).await
    }

    async fn outbox(&self, query: &OutboxQuery, after: Uuid, limit: usize) -> Result<Vec<HeldMail>, Error> {
        self.faults.pass("Read::outbox")?;
        self.inner.outbox(query, after, limit).await
    }

    async fn mail(&self, id: Uuid) -> Result<Option<HeldMail>, Error> {
        self.faults.pass("Read::mail")?;
        self.inner.mail(id).await
    }

    async fn mail_due(&self) -> Result<Option<i64>, Error> {
        self.faults.pass("Read::mail_due")?;
        self.inner.mail_due().await
    }

    async fn kept_answer(&self, client: &str, key: &str) -> Result<Option<Kept>, Error> {
        self.faults.pass("Read::kept_answer")?;
        self.inner.kept_answer(client, key).await
    }

    async fn custom_attributes(&self) -> Result<Vec<Attribute>, Error> {
        self.faults.pass("Read::custom_attributes")?;
        self.inner.custom_attributes().await
    }

    async fn unfinished_indexes(&self) -> Result<Vec<AttrId>, Error> {
        self.faults.pass("Read::unfinished_indexes")?;
        self.inner.unfinished_indexes().await
    }

    async fn setting(&self, name: &str) -> Result<Option<String>, Error> {
        self.faults.pass("Read::setting")?;
        self.inner.setting(name).await
    }

    async fn ready(&self) -> Result<(), Error> {
        self.faults.pass("Read::ready")?;
        self.inner.ready().await
    }
}

#[async_trait]
impl Store for Faulty {
    async fn transact(&self, unit: Arc<dyn Unit>) -> Result<(), Error> {
        self.faults.pass("Store::transact")?;
        let unit = FaultyUnit { unit, faults: Arc::clone(&self.faults) };
        self.inner.transact(Arc::new(unit)).await
    }

    fn registry(&self) -> Arc<Registry> {
        self.inner.registry()
    }

    async fn reload_registry(&self) -> Result<Arc<Registry>, Error> {
        self.faults.pass("Store::reload_registry")?;
        self.inner.reload_registry().await
    }

    fn on_commit(&self, listener: Arc<dyn Fn(Touched) + Send + Sync>) {
        self.inner.on_commit(listener);
    }

    fn is_following(&self) -> bool {
        self.inner.is_following()
    }

    async fn reindex(&self) -> Result<u64, Error> {
        self.faults.pass("Store::reindex")?;
        self.inner.reindex().await
    }

    async fn check(&self) -> Result<Vec<String>, Error> {
        self.faults.pass("Store::check")?;
        self.inner.check().await
    }

    async fn view(&self, view: &mut dyn View) -> Result<(), Error> {
        self.faults.pass("Store::view")?;
        self.inner.view(view).await
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}

struct FaultyUnit {
    unit: Arc<dyn Unit>,
    faults: Arc<Faults>,
}

#[async_trait]
impl Unit for FaultyUnit {
    async fn run(&self, tx: &mut dyn Write) -> Result<Touched, Error> {
        let mut tx = FaultyWrite { tx, faults: &self.faults, failed: None };
        let touched = self.unit.run(&mut tx).await?;
        // As in the store itself: who goes on after a failure must not commit half of it.
        tx.failed.map_or(Ok(()), Err)?;
        self.faults.pass("Store::commit")?;
        Ok(touched)
    }

    async fn refused(&self, tx: &mut dyn Write, error: &Error) -> Result<(), Error> {
        let mut tx = FaultyWrite { tx, faults: &self.faults, failed: None };
        self.unit.refused(&mut tx, error).await?;
        tx.failed.map_or(Ok(()), Err)
    }

    fn is_bulk(&self) -> bool {
        self.unit.is_bulk()
    }
}

pub(super) struct FaultyWrite<'t> {
    pub(super) tx: &'t mut dyn Write,
    faults: &'t Faults,
    failed: Option<Error>,
}

impl FaultyWrite<'_> {
    pub(super) fn pass(&mut self, call: &str) -> Result<(), Error> {
        let outcome = self.faults.pass(call);
        if let Err(error) = &outcome {
            self.failed.get_or_insert_with(|| error.clone());
        }
        outcome
    }
}

#[async_trait]
impl Write for FaultyWrite<'_> {
    fn said(&self) -> Vec<(Row, Part)> {
        self.tx.said()
    }

    fn bind(&mut self, within: Option<Row>) {
        self.tx.bind(within);
    }

    fn bound(&self) -> Option<Row> {
        self.tx.bound()
    }

    fn registry(&self) -> Arc<Registry> {
        self.tx.registry()
    }

    async fn load(&mut self, ids: &[Uuid]) -> Result<Vec<Stored>, Error> {
        self.pass("Write::load")?;
        self.tx.load(ids).await
    }

    async fn companions(&mut self, ids: &[Uuid]) -> Result<Vec<Stored>, Error> {
        self.pass("Write::companions")?;
        self.tx.companions(ids).await
    }

    async fn setting(&mut self, name: &str) -> Result<Option<String>, Error> {
        self.pass("Write::setting")?;
        self.tx.setting(name).await
    }

    async fn load_rows(&mut self, rows: &[Row]) -> Result<Vec<Stored>, Error> {
        self.pass("Write::load_rows")?;
        self.tx.load_rows(rows).await
    }

    async fn scan(
        &mut self,
        source: &Source,
        after: Option<&Position>,
        limit: usize,
    ) -> Result<Vec<Hit>, Error> {
        self.pass("Write::scan")?;
        self.tx.scan(source, after, limit).await
    }

    async fn holder(&mut self, attr: AttrId, scope: Row, key: &[u8]) -> Result<Option<Row>, Error> {
        self.pass("Write::holder")?;
        self.tx.holder(attr, scope, key).await
    }

    async fn insert(&mut self, new: &[Insert<'_>]) -> Result<Vec<Stored>, Error> {
        self.pass("Write::insert")?;
        self.tx.insert(new).await
    }

    async fn replace(&mut self, change: &Replace<'_>) -> Result<Stored, Error> {
        self.pass("Write::replace")?;
        self.tx.replace(change).await
    }

    async fn remove(&mut self, entities: &[Stored]) -> Result<(), Error> {
        self.pass("Write::remove")?;
        self.tx.remove(entities).await
    }

    async fn referrers(&mut self, to: &[Row]) -> Result<Vec<(Row, AttrId, Row)>, Error> {
        self.pass("Write::referrers")?;
        self.tx.referrers(to).await
    }

    async fn plant(&mut self, organization: Row, parent: Option<Row>) -> Result<(), Error> {
        self.pass("Write::plant")?;
        self.tx.plant(organization, parent).await
    }

    async fn transplant(&mut self, organization: Row, parent: Row) -> Result<(), Error> {
        self.pass("Write::transplant")?;
        self.tx.transplant(organization, parent).await
    }

    async fn stands_below(&mut self, organization: Row, ancestor: Row) -> Result<bool, Error> {
        self.pass("Write::stands_below")?;
        self.tx.stands_below(organization, ancestor).await
    }

    async fn lock(&mut self, names: &[&str]) -> Result<(), Error> {
        self.pass("Write::lock")?;
        self.tx.lock(names).await
    }

    async fn count_up(&mut self, counter: &str) -> Result<i64, Error> {
        self.pass("Write::count_up")?;
        self.tx.count_up(counter).await
    }

    async fn count_past(&mut self, counter: &str, value: i64) -> Result<(), Error> {
        self.pass("Write::count_past")?;
        self.tx.count_past(counter, value).await
    }

    async fn set_credential(&mut self, subject: Row, credential: &Credential) -> Result<(), Error> {
        self.pass("Write::set_credential")?;
        self.tx.set_credential(subject, credential).await
    }

    async fn set_setting(&mut self, name: &str, value: &str) -> Result<(), Error> {
        self.pass("Write::set_setting")?;
        self.tx.set_setting(name, value).await
    }

    async fn declare(&mut self, kind: Kind, name: &str, indexed: bool, many: bool) -> Result<(), Error> {
        self.pass("Write::declare")?;
        self.tx.declare(kind, name, indexed, many).await
    }

    async fn append_audit(&mut self, records: &[AuditRow]) -> Result<(), Error> {
        self.pass("Write::append_audit")?;
        self.tx.append_audit(records).await
    }
}

#[async_trait]
impl SignIns for FaultyWrite<'_> {
    async fn sign_ins(&mut self, subject: Row) -> Result<SignInCount, Error> {
        self.pass("SignIns::sign_ins")?;
        self.tx.sign_ins(subject).await
    }

    async fn set_sign_ins(&mut self, subject: Row, count: SignInCount) -> Result<(), Error> {
        self.pass("SignIns::set_sign_ins")?;
        self.tx.set_sign_ins(subject, count).await
    }

    async fn credential(&mut self, subject: Row) -> Result<Option<Credential>, Error> {
        self.pass("SignIns::credential")?;
        self.tx.credential(subject).await
    }

    async fn renew_credential(&mut self, subject: Row, old: &str, phc: &str) -> Result<bool, Error> {
        self.pass("SignIns::renew_credential")?;
        self.tx.renew_credential(subject, old, phc).await
    }

    async fn prolong_session(
        &mut self,
        purpose: &str,
        hash: &[u8; 32],
        span: (i64, i64),
    ) -> Result<bool, Error> {
        self.pass("SignIns::prolong_session")?;
        self.tx.prolong_session(purpose, hash, span).await
    }

    async fn rehome(&mut self, row: Row, home: Row) -> Result<(), Error> {
        self.pass("SignIns::rehome")?;
        self.tx.rehome(row, home).await
    }
}

#[async_trait]
impl Secrets for FaultyWrite<'_> {
    async fn put_secret(&mut self, secret: &Secret<'_>) -> Result<(), Error> {
        self.pass("Secrets::put_secret")?;
        self.tx.put_secret(secret).await
    }

    async fn put_secret_once(&mut self, secret: &Secret<'_>) -> Result<bool, Error> {
        self.pass("Secrets::put_secret_once")?;
        self.tx.put_secret_once(secret).await
    }

    async fn consume_secret(
        &mut self,
        purpose: &str,
        hash: &[u8; 32],
        now: i64,
    ) -> Result<Option<Row>, Error> {
        self.pass("Secrets::consume_secret")?;
        self.tx.consume_secret(purpose, hash, now).await
    }

    async fn miss_secret(&mut self, purpose: &str, subject: Row) -> Result<(), Error> {
        self.pass("Secrets::miss_secret")?;
        self.tx.miss_secret(purpose, subject).await
    }

    async fn try_secret(&mut self, purpose: &str, subject: Row, now: i64) -> Result<bool, Error> {
        self.pass("Secrets::try_secret")?;
        self.tx.try_secret(purpose, subject, now).await
    }

    async fn drop_secrets(&mut self, purpose: &str, subject: Row) -> Result<(), Error> {
        self.pass("Secrets::drop_secrets")?;
        self.tx.drop_secrets(purpose, subject).await
    }

    async fn drop_expired_secrets(&mut self, now: i64) -> Result<u64, Error> {
        self.pass("Secrets::drop_expired_secrets")?;
        self.tx.drop_expired_secrets(now).await
    }
}

#[async_trait]
impl Jobs for FaultyWrite<'_> {
    async fn acquire_job(
        &mut self,
        name: &str,
        owner: Uuid,
        now: i64,
        until: i64,
    ) -> Result<Option<String>, Error> {
        self.pass("Jobs::acquire_job")?;
        self.tx.acquire_job(name, owner, now, until).await
    }

    async fn renew_job(&mut self, lease: &Lease, cursor: &str, now: i64, until: i64) -> Result<bool, Error> {
        self.pass("Jobs::renew_job")?;
        self.tx.renew_job(lease, cursor, now, until).await
    }

    async fn release_job(&mut self, lease: &Lease, cursor: &str) -> Result<bool, Error> {
        self.pass("Jobs::release_job")?;
        self.tx.release_job(lease, cursor).await
    }
}

#[async_trait]
impl Answers for FaultyWrite<'_> {
    async fn claim_key(&mut self, claim: &Claim<'_>) -> Result<Option<Kept>, Error> {
        self.pass("Answers::claim_key")?;
        self.tx.claim_key(claim).await
    }

    async fn keep_answer(&mut self, client: &str, key: &str, answer: &Answer) -> Result<(), Error> {
        self.pass("Answers::keep_answer")?;
        self.tx.keep_answer(client, key, answer).await
    }

    async fn drop_answers(&mut self, until: i64) -> Result<u64, Error> {
        self.pass("Answers::drop_answers")?;
        self.tx.drop_answers(until).await
    }
}

#[async_trait]
impl Bulk for FaultyWrite<'_> {
    async fn holders(&mut self, keys: &[Probe]) -> Result<Vec<Option<Row>>, Error> {
        self.pass("Bulk::holders")?;
        self.tx.holders(keys).await
    }

    async fn set_credentials(&mut self, credentials: &[(Row, Credential)]) -> Result<(), Error> {
        self.pass("Bulk::set_credentials")?;
        self.tx.set_credentials(credentials).await
    }
}

#[async_trait]
impl Outbox for FaultyWrite<'_> {
    async fn put_mail(&mut self, mail: &Mail) -> Result<(), Error> {
        self.pass("Outbox::put_mail")?;
        self.tx.put_mail(mail).await
    }

    async fn take_mail(&mut self, now: i64, until: i64) -> Result<Option<HeldMail>, Error> {
        self.pass("Outbox::take_mail")?;
        self.tx.take_mail(now, until).await
    }

    async fn settle_mail(&mut self, id: Uuid, attempt: i64, delivery: &Delivery) -> Result<bool, Error> {
        self.pass("Outbox::settle_mail")?;
        self.tx.settle_mail(id, attempt, delivery).await
    }

    async fn drop_settled_mail(&mut self, before: i64) -> Result<u64, Error> {
        self.pass("Outbox::drop_settled_mail")?;
        self.tx.drop_settled_mail(before).await
    }
}

#[async_trait]
impl Declarations for FaultyWrite<'_> {
    async fn fresh_registry(&mut self) -> Result<Arc<Registry>, Error> {
        self.pass("Declarations::fresh_registry")?;
        self.tx.fresh_registry().await
    }

    async fn declaration(&mut self, attr: AttrId) -> Result<Option<Declared>, Error> {
        self.pass("Declarations::declaration")?;
        self.tx.declaration(attr).await
    }

    async fn is_used(&mut self, kind: Kind, attr: AttrId) -> Result<bool, Error> {
        self.pass("Declarations::is_used")?;
        self.tx.is_used(kind, attr).await
    }

    async fn has_several(&mut self, kind: Kind, attr: AttrId) -> Result<bool, Error> {
        self.pass("Declarations::has_several")?;
        self.tx.has_several(kind, attr).await
    }

    async fn undeclare(&mut self, attr: AttrId) -> Result<(), Error> {
        self.pass("Declarations::undeclare")?;
        self.tx.undeclare(attr).await
    }

    async fn clear_index(&mut self, attr: AttrId, limit: usize) -> Result<u64, Error> {
        self.pass("Declarations::clear_index")?;
        self.tx.clear_index(attr, limit).await
    }

    async fn build_index(
        &mut self,
        kind: Kind,
        attr: AttrId,
        part: (Row, usize),
    ) -> Result<Option<Row>, Error> {
        self.pass("Declarations::build_index")?;
        self.tx.build_index(kind, attr, part).await
    }

    async fn index_ready(&mut self, attr: AttrId, indexed: bool) -> Result<(), Error> {
        self.pass("Declarations::index_ready")?;
        self.tx.index_ready(attr, indexed).await
    }
}

//! The write side: one body, expanded into a concrete transaction for each database.
//!
//! A transaction remembers its first failure: work that goes on after an error can no longer be committed.
//! It neither begins nor ends itself; that is the business of `sqlite/writer.rs` and `postgres/transact.rs`.

/// Expands the transaction of one database: its module, driver, batch statements and its way to lock names.
macro_rules! transaction {
    (
        $module:ident, $driver:path, $sql:ident, $batch:path, $each:path, $rows:path,
        lock: [$($lock:tt)*]
    ) => {
        /// The transaction on this database.
        pub(in crate::store) mod $module {
            use std::collections::{BTreeSet, HashMap};
            use std::sync::Arc;

            use async_trait::async_trait;
            use uuid::Uuid;

            use crate::model::attribute::AttrId;
            use crate::model::derive::{Derived, derive};
            use crate::model::registry::Attribute;
            use crate::model::{Error, Kind, Registry, Row, Stored};
            use crate::store::columns::Column;
            use crate::store::convert::{self, Trouble, column, entity_row};
            use crate::store::following::{self, Following};
            use crate::store::job::{Jobs, Lease};
            use crate::store::plan::{PLACE, Parameter, Place, Plan, place_by_rows};
            use crate::store::secret::{Secret, Secrets};
            use crate::store::statements::{self, $sql as batch};
            use crate::store::traits::document;
            use crate::store::written;
            use crate::store::{AuditRow, Credential, Hit, Insert, Part, Position, Replace, Source, Touched, Write};

            use $driver as driver;
            pub(in crate::store) use driver::{RowExt, query};
            use driver::{DbRow, Failure, Link, Statement};

            /// One transaction (on SQLite one savepoint of it), in the hands of one unit.
            pub(in crate::store) struct Tx<'c> {
                connection: &'c mut Link,
                registry: Arc<Registry>,
                declared: bool,
                bound: Option<Row>,
                said: BTreeSet<(Row, Part)>,
                /// Organizations that were removed.
                gone: BTreeSet<Row>,
                posted: bool,
                failed: Option<Error>,
                trouble: Option<Trouble>,
            }

            impl<'c> Tx<'c> {
                pub(in crate::store) fn new(connection: &'c mut Link, registry: Arc<Registry>) -> Self {
                    Self {
                        connection,
                        registry,
                        declared: false,
                        bound: None,
                        said: BTreeSet::new(),
                        gone: BTreeSet::new(),
                        posted: false,
                        failed: None,
                        trouble: None,
                    }
                }

                /// The registry, when this transaction declared attributes.
                pub(in crate::store) fn declared(&self) -> Option<Arc<Registry>> {
                    self.declared.then(|| Arc::clone(&self.registry))
                }

                /// A mail was put into the outbox.
                pub(in crate::store) fn posted(&mut self) {
                    self.posted = true;
                }

                /// `touched` with what the transaction itself knows to have touched.
                pub(in crate::store) fn touched(&self, touched: Touched) -> Touched {
                    let touched = if self.declared { touched.with_registry() } else { touched };
                    if self.posted { touched.with(Kind::Message) } else { touched }
                }

                /// The first failure: nothing may be committed after it.
                pub(in crate::store) fn failed(&self) -> Option<&Error> {
                    self.failed.as_ref()
                }

                /// What the database's own trouble was, if it had any.
                pub(in crate::store) fn trouble(&self) -> Option<Trouble> {
                    self.trouble
                }

                pub(in crate::store) fn fail<T>(&mut self, error: Error) -> Result<T, Error> {
                    if self.failed.is_none() {
                        self.failed = Some(error.clone());
                    }
                    Err(error)
                }

                /// Fails for now: the same work may succeed when it is run again.
                pub(in crate::store) fn again<T>(&mut self, detail: &str) -> Result<T, Error> {
                    self.trouble.get_or_insert(Trouble::Again);
                    self.fail(Error::unavailable(detail))
                }

                fn keep<T>(&mut self, outcome: Result<T, Failure>) -> Result<T, Error> {
                    match outcome {
                        Ok(value) => Ok(value),
                        Err(error) => {
                            let (error, trouble) = driver::trouble(&error);
                            if self.trouble.is_none() {
                                self.trouble = Some(trouble);
                            }
                            self.fail(error)
                        }
                    }
                }

                pub(in crate::store) async fn execute(&mut self, statement: Statement) -> Result<u64, Error> {
                    let outcome = statement.execute(&mut *self.connection).await;
                    self.keep(outcome).map(|done| done.rows_affected())
                }

                /// Runs a statement that inserts each of these rows.
                pub(in crate::store) async fn insert_rows(
                    &mut self,
                    sql: &'static str,
                    columns: Vec<Column>,
                ) -> Result<u64, Error> {
                    self.execute($each(sql, columns)).await
                }

                pub(in crate::store) async fn fetch(&mut self, statement: Statement) -> Result<Vec<DbRow>, Error> {
                    let outcome = statement.fetch_all(&mut *self.connection).await;
                    self.keep(outcome)
                }

                async fn fetch_entities(&mut self, statement: Statement) -> Result<Vec<Stored>, Error> {
                    self.fetch(statement).await?.iter().map(|row| entity_row!(row)).collect()
                }

                async fn fetch_number(&mut self, statement: Statement) -> Result<Option<i64>, Error> {
                    match self.fetch(statement).await?.first() {
                        Some(row) => Ok(Some(column!(row, 0))),
                        None => Ok(None),
                    }
                }

                async fn write_following(&mut self, rows: &Following) -> Result<(), Error> {
                    if !rows.index.is_empty() {
                        self.insert_rows(batch::INSERT_INDEX, following::index_columns(&rows.index)).await?;
                    }
                    if !rows.unique.is_empty() {
                        let columns = following::unique_columns(&rows.unique);
                        let written = self.insert_rows(batch::INSERT_UNIQUE, columns).await?;
                        if usize::try_from(written).ok() != Some(rows.unique.len()) {
                            return self.name_taken(rows).await;
                        }
                    }
                    if !rows.reference.is_empty() {
                        let columns = following::reference_columns(&rows.reference);
                        self.insert_rows(batch::INSERT_REFERENCE, columns).await?;
                    }
                    Ok(())
                }

                async fn name_taken(&mut self, rows: &Following) -> Result<(), Error> {
                    let columns = following::unique_columns(&rows.unique);
                    let taken = self.fetch_number($batch(batch::TAKEN, columns)).await?;
                    let Some(attr) = taken else {
                        // The holder went away in between (PostgreSQL): the same work may succeed now.
                        return self.again("a unique key was freed at the same moment");
                    };
                    let parameter = self.attribute_name(attr);
                    self.fail(Error::AlreadyExists { parameter })
                }

                fn attribute(&self, attr: i64) -> Option<&Arc<Attribute>> {
                    u32::try_from(attr).ok().and_then(|attr| self.registry.numbered(AttrId(attr)))
                }

                fn attribute_name(&self, attr: i64) -> String {
                    self.attribute(attr).map_or_else(|| format!("attribute {attr}"), |known| known.name.to_string())
                }

                async fn rows_of(&mut self, change: &Replace<'_>, sides: [&Derived; 2]) -> Result<HashMap<Uuid, Row>, Error> {
                    let mut known: HashMap<Uuid, Row> = HashMap::new();
                    let mut unknown: Vec<Uuid> = Vec::new();
                    for id in sides.into_iter().flat_map(following::ids_named) {
                        match change.rows.row(id) {
                            0 if id == change.old.id() => _ = known.insert(id, change.old.row()),
                            0 => unknown.push(id),
                            row => _ = known.insert(id, row),
                        }
                    }
                    if !unknown.is_empty() {
                        for row in &self.fetch($batch(batch::ROWS_OF_IDS, vec![Column::Id(unknown)])).await? {
                            known.insert(column!(row, 0), column!(row, 1));
                        }
                    }
                    Ok(known)
                }

                pub(in crate::store) async fn delete_following(&mut self, rows: &Following) -> Result<(), Error> {
                    if !rows.index.is_empty() {
                        self.execute($batch(batch::DELETE_INDEX, following::index_columns(&rows.index))).await?;
                    }
                    if !rows.unique.is_empty() {
                        self.execute($batch(batch::DELETE_UNIQUE, following::unique_columns(&rows.unique))).await?;
                    }
                    if !rows.reference.is_empty() {
                        let columns = following::reference_columns(&rows.reference);
                        self.execute($batch(batch::DELETE_REFERENCE, columns)).await?;
                    }
                    Ok(())
                }

                async fn refuse_referred(&mut self, rows: &[Row]) -> Result<(), Error> {
                    let statement = $batch(batch::A_REFERRER, vec![Column::Int(rows.to_vec())]);
                    let Some(attr) = self.fetch_number(statement).await? else { return Ok(()) };
                    let by = self.attribute(attr).map_or_else(
                        || "another entity".to_owned(),
                        |attribute| format!("{} ({})", attribute.kind.name(), attribute.name),
                    );
                    self.fail(Error::Referenced { by })
                }

                /// The custom attributes are about to differ, or do: this and every later transaction uses them anew, here and
                /// on other nodes.
                pub(in crate::store) async fn redeclared(&mut self) -> Result<(), Error> {
                    Write::count_up(self, crate::store::REGISTRY_COUNTER).await?;
                    self.declared = true;
                    self.reload_custom().await
                }

                pub(in crate::store) async fn reload_custom(&mut self) -> Result<(), Error> {
                    let rows = self.fetch(query(statements::CUSTOM_ATTRIBUTES)).await?;
                    let custom: Result<Vec<Attribute>, Error> = rows
                        .iter()
                        .map(|row| {
                            let flags = (column!(row, 3), column!(row, 4), column!(row, 5));
                            convert::custom(column!(row, 0), column!(row, 1), column!(row, 2), flags)
                        })
                        .collect();
                    self.registry = Arc::new(Registry::new(custom?));
                    Ok(())
                }
            }

            impl Tx<'_> {
                async fn load_by(&mut self, sql: &'static str, ids: &[Uuid]) -> Result<Vec<Stored>, Error> {
                    if ids.is_empty() {
                        return Ok(Vec::new());
                    }
                    let mut ids = ids.to_vec();
                    ids.sort_unstable();
                    ids.dedup();
                    self.fetch_entities($batch(sql, vec![Column::Id(ids)])).await
                }
            }

            #[async_trait]
            impl Write for Tx<'_> {
                fn bind(&mut self, within: Option<Row>) {
                    self.bound = within;
                }

                fn bound(&self) -> Option<Row> {
                    self.bound
                }

                fn said(&self) -> Vec<(Row, Part)> {
                    self.said.iter().filter(|(row, _)| !self.gone.contains(row)).copied().collect()
                }

                fn registry(&self) -> Arc<Registry> {
                    Arc::clone(&self.registry)
                }

                async fn load(&mut self, ids: &[Uuid]) -> Result<Vec<Stored>, Error> {
                    self.load_by(batch::LOAD_IDS, ids).await
                }

                async fn companions(&mut self, ids: &[Uuid]) -> Result<Vec<Stored>, Error> {
                    self.load_by(batch::SHARE_IDS, ids).await
                }

                async fn load_rows(&mut self, rows: &[Row]) -> Result<Vec<Stored>, Error> {
                    if rows.is_empty() {
                        return Ok(Vec::new());
                    }
                    let mut rows = rows.to_vec();
                    rows.sort_unstable();
                    rows.dedup();
                    self.fetch_entities($batch(batch::LOAD_ROWS, vec![Column::Int(rows)])).await
                }

                async fn scan(
                    &mut self,
                    source: &Source,
                    after: Option<&Position>,
                    limit: usize,
                ) -> Result<Vec<Hit>, Error> {
                    let plan = Plan::of(source, after, &batch::OWN);
                    let place = plan.place;
                    let (sql, parameters) = plan.page(limit);
                    let rows = self.fetch(bind(sql, parameters)).await?;
                    rows.iter().map(|row| hit(row, place)).collect()
                }

                async fn holder(&mut self, attr: AttrId, scope: Row, key: &[u8]) -> Result<Option<Row>, Error> {
                    let statement = query(statements::HOLDER).bind(attr.number()).bind(scope).bind(key.to_vec());
                    self.fetch_number(statement).await
                }

                async fn insert(&mut self, new: &[Insert<'_>]) -> Result<Vec<Stored>, Error> {
                    if new.is_empty() {
                        return Ok(Vec::new());
                    }
                    self.hold_custom(new.iter().map(|insert| insert.valid.attributes())).await?;
                    let statement = $each(batch::INSERT_ENTITIES, following::entity_columns(new)?);
                    let outcome = statement.fetch_all(&mut *self.connection).await;
                    if outcome.as_ref().is_err_and(driver::is_taken_id) {
                        self.trouble.get_or_insert(Trouble::Refused);
                        return self.fail(Error::AlreadyExists { parameter: "id".to_owned() });
                    }
                    let mut made: HashMap<Uuid, Row> = HashMap::with_capacity(new.len());
                    for row in &self.keep(outcome)? {
                        made.insert(column!(row, 1), column!(row, 0));
                    }
                    let rows = match Following::of_new(new, &made, &self.registry) {
                        Ok(rows) => rows,
                        Err(error) => return self.fail(error),
                    };
                    self.write_following(&rows).await?;
                    self.said.extend(new.iter().filter_map(written::said_by_new));
                    new.iter().map(|insert| written::made(insert, &made)).collect()
                }

                async fn replace(&mut self, change: &Replace<'_>) -> Result<Stored, Error> {
                    let old = change.old;
                    self.hold_custom(std::iter::once(change.valid.attributes())).await?;
                    let statement = query(statements::UPDATE_ENTITY)
                        .bind(change.home)
                        .bind(change.now)
                        .bind(document(change.valid.attributes())?)
                        .bind(old.row())
                        .bind(old.version());
                    if self.execute(statement).await? != 1 {
                        return self.fail(Error::Precondition);
                    }
                    let before = derive(old.kind(), old.attributes(), &self.registry);
                    let now = derive(old.kind(), change.valid.attributes(), &self.registry);
                    let (gone, come) = following::difference(&before, &now);
                    let known = self.rows_of(change, [&gone, &come]).await?;
                    let place = |id: Uuid| known.get(&id).copied().unwrap_or(0);
                    let (mut removed, mut added) = (Following::default(), Following::default());
                    let resolved = removed
                        .add(old.row(), gone, &place)
                        .and_then(|()| added.add(old.row(), come, &place));
                    if let Err(error) = resolved {
                        return self.fail(error);
                    }
                    self.delete_following(&removed).await?;
                    self.write_following(&added).await?;
                    self.said.extend(written::said_by(old));
                    Ok(written::replaced(change))
                }

                async fn remove(&mut self, entities: &[Stored]) -> Result<(), Error> {
                    if entities.is_empty() {
                        return Ok(());
                    }
                    let mut rows: Vec<Row> = entities.iter().map(Stored::row).collect();
                    rows.sort_unstable();
                    let index = following::index_of(entities, &self.registry);
                    if !index.is_empty() {
                        self.execute($batch(batch::DELETE_INDEX, following::index_columns(&index))).await?;
                    }
                    let all = || vec![Column::Int(rows.clone())];
                    self.execute($batch(batch::UNIQUE_OF_ROWS, all())).await?;
                    self.execute($batch(batch::REFERENCE_OF_ROWS, all())).await?;
                    self.refuse_referred(&rows).await?;
                    if entities.iter().any(|entity| entity.kind() == Kind::Organization) {
                        self.execute($batch(batch::TREE_OF_ROWS, all())).await?;
                    }
                    if entities.iter().any(|entity| matches!(entity.kind(), Kind::User | Kind::ApiClient)) {
                        self.execute($batch(batch::CREDENTIAL_OF_ROWS, all())).await?;
                    }
                    self.execute($batch(batch::SECRET_OF_ROWS, all())).await?;
                    self.execute($batch(batch::DELETE_ENTITIES, all())).await?;
                    self.said.extend(entities.iter().filter_map(written::said_by));
                    let gone = entities.iter().filter(|entity| entity.kind() == Kind::Organization);
                    self.gone.extend(gone.map(Stored::row));
                    Ok(())
                }

                async fn referrers(&mut self, to: &[Row]) -> Result<Vec<(Row, AttrId, Row)>, Error> {
                    if to.is_empty() {
                        return Ok(Vec::new());
                    }
                    let rows = self.fetch($batch(batch::REFERRERS, vec![Column::Int(to.to_vec())])).await?;
                    rows.iter()
                        .map(|row| {
                            let attr: i64 = column!(row, 1);
                            let attr = u32::try_from(attr).map_err(|_| Error::internal("attribute number"))?;
                            Ok((column!(row, 0), AttrId(attr), column!(row, 2)))
                        })
                        .collect()
                }

                async fn plant(&mut self, organization: Row, parent: Option<Row>) -> Result<(), Error> {
                    let statement = query(statements::PLANT).bind(organization).bind(parent);
                    self.execute(statement).await.map(|_| ())
                }

                async fn transplant(&mut self, organization: Row, parent: Row) -> Result<(), Error> {
                    self.execute(query(statements::UPROOT).bind(organization)).await?;
                    self.execute(query(statements::GRAFT).bind(parent).bind(organization)).await.map(|_| ())
                }

                async fn stands_below(&mut self, organization: Row, ancestor: Row) -> Result<bool, Error> {
                    let statement = query(statements::STANDS_BELOW).bind(ancestor).bind(organization);
                    self.fetch_number(statement).await.map(|found| found.is_some_and(|found| found > 0))
                }

                $($lock)*

                async fn count_up(&mut self, counter: &str) -> Result<i64, Error> {
                    let counted = self.fetch_number(query(statements::COUNT_UP).bind(counter.to_owned())).await?;
                    counted.ok_or_else(|| Error::internal("a counter returned nothing"))
                }

                async fn count_past(&mut self, counter: &str, value: i64) -> Result<(), Error> {
                    let statement = query(statements::COUNT_PAST).bind(counter.to_owned()).bind(value);
                    self.execute(statement).await.map(|_| ())
                }

                async fn set_credential(&mut self, subject: Row, credential: &Credential) -> Result<(), Error> {
                    let statement =
                        query(statements::SET_CREDENTIAL).bind(subject).bind(credential.phc.clone()).bind(credential.set);
                    self.execute(statement).await.map(|_| ())
                }

                async fn setting(&mut self, name: &str) -> Result<Option<String>, Error> {
                    let rows = self.fetch(query(statements::SETTING).bind(name.to_owned())).await?;
                    rows.first().map(|row| Ok(column!(row, 0))).transpose()
                }

                async fn set_setting(&mut self, name: &str, value: &str) -> Result<(), Error> {
                    let statement = query(statements::SET_SETTING).bind(name.to_owned()).bind(value.to_owned());
                    self.execute(statement).await.map(|_| ())
                }

                async fn declare(&mut self, kind: Kind, name: &str, indexed: bool, many: bool) -> Result<(), Error> {
                    // The counter's row makes declarations wait for each other, and tells other nodes of this one.
                    self.redeclared().await?;
                    let number = i64::from(kind.number());
                    let found = self.fetch(query(statements::DECLARED).bind(number).bind(name.to_owned())).await?;
                    let statement = if let Some(row) = found.first() {
                        let (attr, before, building): (i64, bool, bool) = (column!(row, 0), column!(row, 1), column!(row, 2));
                        if before != indexed {
                            // Before the attribute itself, as a builder does: what it has done does not count any more.
                            self.forget_index_job(attr).await?;
                        }
                        let state = if building || before != indexed { "building" } else { "ready" };
                        query(statements::REDECLARE).bind(indexed).bind(many).bind(state).bind(attr)
                    } else {
                        let attr = i64::from(AttrId::FIRST_CUSTOM) - 1 + self.count_up("attribute").await?;
                        query(statements::DECLARE).bind(attr).bind(number).bind(name.to_owned()).bind(indexed).bind(many)
                    };
                    self.execute(statement).await?;
                    self.reload_custom().await
                }

                async fn append_audit(&mut self, records: &[AuditRow]) -> Result<(), Error> {
                    if records.is_empty() {
                        return Ok(());
                    }
                    let columns = following::audit_columns(records);
                    self.insert_rows(batch::APPEND_AUDIT, columns).await.map(|_| ())
                }
            }

            fn keeping(sql: &'static str, secret: &Secret<'_>) -> Statement {
                query(sql)
                    .bind(secret.purpose.to_owned())
                    .bind(secret.hash.to_vec())
                    .bind(secret.subject)
                    .bind(secret.expires)
                    .bind(secret.uses)
                    .bind(secret.tries)
            }

            #[async_trait]
            impl Secrets for Tx<'_> {
                async fn put_secret(&mut self, secret: &Secret<'_>) -> Result<(), Error> {
                    self.execute(keeping(statements::PUT_SECRET, secret)).await.map(|_| ())
                }

                async fn put_secret_once(&mut self, secret: &Secret<'_>) -> Result<bool, Error> {
                    self.execute(keeping(statements::PUT_SECRET_ONCE, secret)).await.map(|kept| kept == 1)
                }

                async fn consume_secret(&mut self, purpose: &str, hash: &[u8; 32], now: i64) -> Result<Option<Row>, Error> {
                    let statement =
                        query(statements::CONSUME_SECRET).bind(purpose.to_owned()).bind(hash.to_vec()).bind(now);
                    self.fetch_number(statement).await
                }

                async fn miss_secret(&mut self, purpose: &str, subject: Row) -> Result<(), Error> {
                    let statement = query(statements::MISS_SECRET).bind(subject).bind(purpose.to_owned());
                    self.execute(statement).await.map(|_| ())
                }

                async fn try_secret(&mut self, purpose: &str, subject: Row, now: i64) -> Result<bool, Error> {
                    let statement = query(statements::TRY_SECRET).bind(subject).bind(purpose.to_owned()).bind(now);
                    self.execute(statement).await.map(|tried| tried > 0)
                }

                async fn drop_secrets(&mut self, purpose: &str, subject: Row) -> Result<(), Error> {
                    let statement = query(statements::DROP_SECRETS).bind(subject).bind(purpose.to_owned());
                    self.execute(statement).await.map(|_| ())
                }

                async fn drop_expired_secrets(&mut self, now: i64) -> Result<u64, Error> {
                    self.execute(query(statements::DROP_EXPIRED_SECRETS).bind(now)).await
                }
            }

            #[async_trait]
            impl Jobs for Tx<'_> {
                async fn acquire_job(
                    &mut self,
                    name: &str,
                    owner: Uuid,
                    now: i64,
                    until: i64,
                ) -> Result<Option<String>, Error> {
                    let statement =
                        query(statements::ACQUIRE_JOB).bind(name.to_owned()).bind(owner).bind(until).bind(now);
                    match self.fetch(statement).await?.first() {
                        Some(row) => Ok(Some(column!(row, 0))),
                        None => Ok(None),
                    }
                }

                async fn renew_job(&mut self, lease: &Lease, cursor: &str, now: i64, until: i64) -> Result<bool, Error> {
                    let statement = query(statements::RENEW_JOB)
                        .bind(cursor.to_owned())
                        .bind(until)
                        .bind(lease.name.clone())
                        .bind(lease.owner)
                        .bind(now);
                    self.execute(statement).await.map(|renewed| renewed == 1)
                }

                async fn release_job(&mut self, lease: &Lease, cursor: &str) -> Result<bool, Error> {
                    let statement = query(statements::RELEASE_JOB)
                        .bind(cursor.to_owned())
                        .bind(lease.name.clone())
                        .bind(lease.owner);
                    self.execute(statement).await.map(|released| released == 1)
                }
            }

            /// `sql` with its parameters.
            pub(in crate::store) fn bind(sql: &'static str, parameters: Vec<Parameter>) -> Statement {
                parameters.into_iter().fold(query(sql), |statement, parameter| match parameter {
                    Parameter::Int(number) => statement.bind(number),
                    Parameter::Bytes(bytes) => statement.bind(bytes),
                    Parameter::Rows(rows) => statement.bind($rows(rows)),
                })
            }

            /// One hit of a scan.
            pub(in crate::store) fn hit(row: &DbRow, place: Place) -> Result<Hit, Error> {
                Ok(Hit { at: place_at(row, place, PLACE)?, row: column!(row, 0), id: column!(row, 1) })
            }

            /// Where the hit of a row stands.
            pub(in crate::store) fn place_at(row: &DbRow, place: Place, column: usize) -> Result<Position, Error> {
                let own = column!(row, 0);
                Ok(match place {
                    Place::Row => Position { key: Vec::new(), row: own },
                    Place::Key => Position { key: column!(row, column), row: own },
                    Place::Link | Place::Organization | Place::Instant => place_by_rows(place, own, column!(row, column)),
                })
            }
        }
    };
}
pub(super) use transaction;

//! The statements of the read side on SQLite, each over one connection of rusqlite.

use rusqlite::types::{ToSqlOutput, Value};
use rusqlite::{Connection, OptionalExtension, ToSql, params_from_iter};
use uuid::Uuid;

use crate::model::registry::Attribute;
use crate::model::{AttrId, Error, Row, Stored};
use crate::store::answers::{self, Answer, Kept};
use crate::store::columns::{Column, json};
use crate::store::declaration;
use crate::store::outbox::{HeldMail, OutboxQuery};
use crate::store::plan::{PLACE, PLACE_OF_WHOLE, Parameter, Place, Plan, place_by_rows};
use crate::store::post_statements;
use crate::store::statements::{self, sqlite as batch};
use crate::store::{Credential, Hit, Position, Source, convert};

type Outcome<T> = Result<T, rusqlite::Error>;

impl ToSql for Parameter {
    fn to_sql(&self) -> Outcome<ToSqlOutput<'_>> {
        match self {
            Self::Int(number) => number.to_sql(),
            Self::Bytes(bytes) => bytes.to_sql(),
            Self::Rows(rows) => Ok(ToSqlOutput::Owned(Value::Text(json(&[Column::Int(rows.clone())])))),
        }
    }
}

/// An entity from a row; a document that cannot be read is the inner error.
fn entity(row: &rusqlite::Row<'_>) -> Outcome<Result<Stored, Error>> {
    let head = (row.get(0)?, convert::id_at(row, 1)?, row.get(2)?, row.get(3)?);
    let times = (row.get(4)?, row.get(5)?, row.get(6)?);
    let doc = row.get_ref(7)?.as_str()?;
    Ok(convert::stored(head, times, doc))
}

/// A count from a row.
fn number(row: &rusqlite::Row<'_>) -> Outcome<usize> {
    let count: i64 = row.get(0)?;
    usize::try_from(count).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(0, count))
}

pub(super) fn by_id(connection: &Connection, id: Uuid) -> Outcome<Option<Result<Stored, Error>>> {
    connection.prepare_cached(statements::BY_ID)?.query_row([id.as_bytes().as_slice()], entity).optional()
}

pub(super) fn by_rows(connection: &Connection, rows: &[Row]) -> Outcome<Vec<Result<Stored, Error>>> {
    // One read transaction: the file's locks are taken once for all rows.
    let together = rows.len() > 1;
    if together {
        connection.prepare_cached("BEGIN")?.execute([])?;
    }
    let found = one_by_one(connection, rows);
    if together {
        // Nothing was written, and a rollback also ends a transaction that failed.
        connection.prepare_cached("ROLLBACK")?.execute([])?;
    }
    found
}

fn one_by_one(connection: &Connection, rows: &[Row]) -> Outcome<Vec<Result<Stored, Error>>> {
    let mut found = Vec::with_capacity(rows.len());
    let mut statement = connection.prepare_cached(statements::BY_ROW)?;
    for row in rows {
        found.extend(statement.query_row([row], entity).optional()?);
    }
    Ok(found)
}

pub(super) fn ancestry(connection: &Connection, organization: Row) -> Outcome<Vec<Result<Stored, Error>>> {
    connection.prepare_cached(statements::ANCESTRY)?.query_map([organization], entity)?.collect()
}

/// Where the hit of a row stands.
fn place_at(row: &rusqlite::Row<'_>, place: Place, column: usize) -> Outcome<Position> {
    let own = row.get(0)?;
    Ok(match place {
        Place::Row => Position { key: Vec::new(), row: own },
        Place::Key => Position { key: row.get(column)?, row: own },
        Place::Link | Place::Organization | Place::Instant => place_by_rows(place, own, row.get(column)?),
    })
}

pub(super) fn scan(
    connection: &Connection,
    source: &Source,
    after: Option<&Position>,
    limit: usize,
) -> Outcome<Vec<Hit>> {
    let plan = Plan::of(source, after, &batch::OWN);
    let place = plan.place;
    let (sql, parameters) = plan.page(limit);
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params_from_iter(parameters))?;
    let mut hits = Vec::with_capacity(limit.min(512));
    while let Some(row) = rows.next()? {
        hits.push(Hit { at: place_at(row, place, PLACE)?, row: row.get(0)?, id: convert::id_at(row, 1)? });
    }
    Ok(hits)
}

/// Hits with their entities; a document that cannot be read is an error of its own.
pub(super) type Entities = Vec<Result<(Hit, Option<Stored>), Error>>;

/// A page of whole entities; `None` where hits and entities must be read apart.
pub(super) fn page(
    connection: &Connection,
    source: &Source,
    after: Option<&Position>,
    limit: usize,
) -> Outcome<Option<Entities>> {
    let plan = Plan::of(source, after, &batch::OWN);
    let place = plan.place;
    let Some((sql, parameters)) = plan.whole(limit) else { return Ok(None) };
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params_from_iter(parameters))?;
    let mut found = Vec::with_capacity(limit.min(512));
    while let Some(row) = rows.next()? {
        let at = place_at(row, place, PLACE_OF_WHOLE)?;
        found.push(entity(row)?.map(|stored| (Hit { at, row: stored.row(), id: stored.id() }, Some(stored))));
    }
    Ok(Some(found))
}

pub(super) fn count(connection: &Connection, source: &Source, limit: usize) -> Outcome<usize> {
    let (sql, parameters) = Plan::of(source, None, &batch::OWN).count(limit);
    connection.prepare_cached(sql)?.query_row(params_from_iter(parameters), number)
}

pub(super) fn holder(connection: &Connection, attr: AttrId, scope: Row, key: &[u8]) -> Outcome<Option<Row>> {
    let mut statement = connection.prepare_cached(statements::HOLDER)?;
    statement.query_row((attr.number(), scope, key), |row| row.get(0)).optional()
}

pub(super) fn credential(connection: &Connection, subject: Row) -> Outcome<Option<Credential>> {
    let mut statement = connection.prepare_cached(statements::CREDENTIAL)?;
    let found = statement.query_row([subject], |row| Ok(Credential { phc: row.get(0)?, set: row.get(1)? }));
    found.optional()
}

pub(super) fn secret_subject(
    connection: &Connection,
    purpose: &str,
    hash: &[u8; 32],
    now: i64,
) -> Outcome<Option<Row>> {
    let mut statement = connection.prepare_cached(statements::SECRET_SUBJECT)?;
    statement.query_row((purpose, hash, now), |row| row.get(0)).optional()
}

pub(super) fn setting(connection: &Connection, name: &str) -> Outcome<Option<String>> {
    connection.prepare_cached(statements::SETTING)?.query_row([name], |row| row.get(0)).optional()
}

pub(super) fn custom_attributes(connection: &Connection) -> Outcome<Vec<Result<Attribute, Error>>> {
    let mut statement = connection.prepare_cached(statements::CUSTOM_ATTRIBUTES)?;
    let rows = statement.query_map([], |row| {
        let flags = (row.get(3)?, row.get(4)?, row.get(5)?);
        Ok(convert::custom(row.get(0)?, row.get(1)?, row.get(2)?, flags))
    })?;
    rows.collect()
}

pub(super) fn migrations_applied(connection: &Connection) -> Outcome<usize> {
    connection.prepare_cached(statements::MIGRATIONS_APPLIED)?.query_row([], number)
}

pub(super) fn outbox(
    connection: &Connection,
    query: &OutboxQuery,
    after: Uuid,
    limit: usize,
) -> Outcome<Vec<Result<HeldMail, Error>>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut statement = connection.prepare_cached(post_statements::OUTBOX)?;
    let parameters: [&dyn ToSql; 5] =
        [&after.as_bytes(), &query.state, &query.recipient, &query.recipient_begins, &limit];
    statement.query_map(parameters.as_slice(), convert::mail_of_rusqlite)?.collect()
}

pub(super) fn mail(connection: &Connection, id: Uuid) -> Outcome<Option<Result<HeldMail, Error>>> {
    let mut statement = connection.prepare_cached(post_statements::MAIL)?;
    statement.query_row([id.as_bytes().as_slice()], convert::mail_of_rusqlite).optional()
}

pub(super) fn mail_due(connection: &Connection) -> Outcome<Option<i64>> {
    connection.prepare_cached(post_statements::MAIL_DUE)?.query_row([], |row| row.get(0))
}

pub(super) fn kept_answer(connection: &Connection, client: &str, key: &str) -> Outcome<Option<Kept>> {
    let mut statement = connection.prepare_cached(answers::KEPT)?;
    let kept = |row: &rusqlite::Row<'_>| {
        let answer = Answer { status: row.get(2)?, content_type: row.get(3)?, body: row.get(4)? };
        Ok(Kept { fingerprint: row.get(0)?, created: row.get(1)?, answer })
    };
    statement.query_row([client, key], kept).optional()
}

pub(super) fn unfinished_indexes(connection: &Connection) -> Outcome<Vec<AttrId>> {
    let mut statement = connection.prepare_cached(declaration::UNFINISHED_INDEXES)?;
    statement.query_map([], |row| row.get(0).map(AttrId))?.collect()
}

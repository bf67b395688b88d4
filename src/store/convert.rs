//! From the drivers' rows and errors to the model's. Errors of the drivers end here: their text goes to the log
//! as the detail of an [`Error`], never to a client.

use uuid::Uuid;

use crate::model::registry::Attribute;
use crate::model::state::Head;
use crate::model::{AttrId, Attributes, Error, Kind, Row, Stored};
use crate::store::outbox::{HeldMail, Mail, MailState};

/// What an error of the database means to the transaction it happened in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Serialization failure or deadlock: the same work may succeed when run again.
    Again,
    /// The connection or the disk: nothing more can be done in this transaction.
    Away,
    /// The statement was refused.
    Refused,
}

/// An entity's columns and document.
pub(super) fn stored(
    (row, id, kind, home): (Row, Uuid, i64, Option<Row>),
    (version, created, updated): (i64, i64, i64),
    doc: &str,
) -> Result<Stored, Error> {
    let kind =
        Kind::numbered(kind).ok_or_else(|| Error::internal(format!("row {row}: unknown kind {kind}")))?;
    let attributes: Attributes = serde_json::from_str(doc)
        .map_err(|error| Error::internal(format!("row {row}: document: {error}")))?;
    // An organization owns itself; its row is not known yet when it is written.
    let home = if kind.def().scope == crate::model::kind::Scope::Own { Some(row) } else { home };
    Ok(Stored::loaded(Head { row, id, kind, home, version, created, updated }, attributes))
}

/// A declared custom attribute; the flags say whether it is indexed, has several values, and is being indexed.
pub(super) fn custom(
    attr: i64,
    kind: i64,
    name: String,
    flags: (bool, bool, bool),
) -> Result<Attribute, Error> {
    let (indexed, many, building) = flags;
    let id = u32::try_from(attr).map_err(|_| Error::internal(format!("attribute number {attr}")))?;
    let kind =
        Kind::numbered(kind).ok_or_else(|| Error::internal(format!("attribute {attr}: kind {kind}")))?;
    let attribute = Attribute::custom(AttrId(id), kind, name, indexed, many);
    Ok(if building { attribute.building() } else { attribute })
}

/// The columns of a row of the drivers, read by place; both drivers' rows are read through this.
macro_rules! column {
    ($row:expr, $at:expr) => {
        $row.try_get($at).map_err(|error| Error::internal(format!("column {}: {error}", $at)))?
    };
}
pub(super) use column;

/// An entity from a row of sqlx.
macro_rules! entity_row {
    ($row:expr) => {{
        let row = &$row;
        let head = (column!(row, 0), column!(row, 1), column!(row, 2), column!(row, 3));
        let times = (column!(row, 4), column!(row, 5), column!(row, 6));
        let doc: &str = column!(row, 7);
        convert::stored(head, times, doc)
    }};
}
pub(super) use entity_row;

/// An audit record and its place from a row of either driver.
macro_rules! audit_row {
    ($row:expr) => {{
        let row = &$row;
        let place: Row = column!(row, 0);
        let record = AuditRow {
            id: column!(row, 1),
            at: column!(row, 2),
            event_id: column!(row, 3),
            module_id: column!(row, 4),
            category: column!(row, 5),
            client: column!(row, 6),
            kind: column!(row, 7),
            entity_id: column!(row, 8),
            reference_id: column!(row, 9),
            canonical: column!(row, 10),
        };
        (place, record)
    }};
}
pub(super) use audit_row;

/// A mail of the outbox from a row of sqlx.
macro_rules! mail_row {
    ($row:expr) => {{
        let row = &$row;
        let mail = Mail {
            id: column!(row, 0),
            created: column!(row, 1),
            recipient: column!(row, 2),
            subject: column!(row, 3),
            body: column!(row, 4),
        };
        let (state, due, attempts): (&str, i64, i64) = (column!(row, 5), column!(row, 6), column!(row, 7));
        convert::held_mail(mail, state, (due, attempts), column!(row, 8))
    }};
}
pub(super) use mail_row;

/// A mail of the outbox from a row of rusqlite.
pub(super) fn mail_of_rusqlite(row: &rusqlite::Row<'_>) -> rusqlite::Result<Result<HeldMail, Error>> {
    let mail = Mail {
        id: id_at(row, 0)?,
        created: row.get(1)?,
        recipient: row.get(2)?,
        subject: row.get(3)?,
        body: row.get(4)?,
    };
    Ok(held_mail(mail, row.get_ref(5)?.as_str()?, (row.get(6)?, row.get(7)?), row.get(8)?))
}

/// A mail of the outbox from its columns.
pub(super) fn held_mail(
    mail: Mail,
    state: &str,
    (due, attempts): (i64, i64),
    last_error: String,
) -> Result<HeldMail, Error> {
    let state = MailState::named(state).ok_or_else(|| Error::internal("a mail in an unknown state"))?;
    Ok(HeldMail { mail, state, due, attempts, last_error })
}

/// A UUID from a row of rusqlite.
pub(super) fn id_at(row: &rusqlite::Row<'_>, at: usize) -> rusqlite::Result<Uuid> {
    row.get::<_, [u8; 16]>(at).map(Uuid::from_bytes)
}

/// An error of sqlx, and what it means to a transaction.
pub(super) fn sqlx(error: &sqlx::Error) -> (Error, Trouble) {
    match error {
        sqlx::Error::Database(database) => of_database(database.as_ref()),
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => (Error::unavailable(error.to_string()), Trouble::Away),
        other => (Error::internal(other.to_string()), Trouble::Refused),
    }
}

/// As [`sqlx`], where no transaction is concerned.
#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
pub(super) fn plain(error: sqlx::Error) -> Error {
    sqlx(&error).0
}

fn of_database(error: &dyn sqlx::error::DatabaseError) -> (Error, Trouble) {
    let code = error.code().unwrap_or_default();
    let detail = format!("{code}: {}", error.message());
    if error.try_downcast_ref::<sqlx::sqlite::SqliteError>().is_some() {
        return of_sqlite(code.parse().unwrap_or_default(), detail);
    }
    match code.as_ref() {
        "40001" | "40P01" => (Error::unavailable(detail), Trouble::Again),
        "23503" => (Error::Referenced { by: "another entity".to_owned() }, Trouble::Refused),
        // Too many connections, server shutting down, no space, administrator's cancel: classes 08, 53, 57, 58.
        away if ["08", "53", "57", "58"].iter().any(|class| away.starts_with(class)) => {
            (Error::unavailable(detail), Trouble::Away)
        }
        // Read-only (a server that stands by), and a transaction ended because it was idle.
        "25006" | "25P03" => (Error::unavailable(detail), Trouble::Away),
        // A lock was waited for long enough: the connection is sound, and the refusal can be recorded on it.
        "55P03" => (Error::unavailable(detail), Trouble::Refused),
        _ => (Error::internal(detail), Trouble::Refused),
    }
}

fn of_sqlite(code: i32, detail: String) -> (Error, Trouble) {
    if code == rusqlite::ffi::SQLITE_CONSTRAINT_FOREIGNKEY {
        return (Error::Referenced { by: "another entity".to_owned() }, Trouble::Refused);
    }
    // BUSY, LOCKED, NOMEM, READONLY, IOERR, CORRUPT, FULL, CANTOPEN: the low byte is the primary code.
    match code & 0xFF {
        5..=8 | 10 | 11 | 13 | 14 => (Error::unavailable(detail), Trouble::Away),
        // INTERRUPT: the borrower's time was up; its savepoint can still be rolled back.
        9 => (Error::unavailable(detail), Trouble::Refused),
        _ => (Error::internal(detail), Trouble::Refused),
    }
}

/// An error of rusqlite.
pub(super) fn rusqlite(error: &rusqlite::Error) -> Error {
    rusqlite_trouble(error).0
}

/// An error of rusqlite, and what it means to a transaction.
pub(super) fn rusqlite_trouble(error: &rusqlite::Error) -> (Error, Trouble) {
    match error {
        rusqlite::Error::SqliteFailure(failure, _) => of_sqlite(failure.extended_code, error.to_string()),
        other => (Error::internal(other.to_string()), Trouble::Refused),
    }
}

//! The writing connection: sqlx under the names that the transaction's one body uses. Its twin for the other database
//! is `sqlite/driver.rs`.

use crate::model::Error;
use crate::store::convert::{self, Trouble};

pub(in crate::store) use sqlx::postgres::{PgConnection as Link, PgRow as DbRow};
pub(in crate::store) use sqlx::{Error as Failure, Row as RowExt, query};

/// SQL with its parameters.
pub(in crate::store) type Statement =
    sqlx::query::Query<'static, sqlx::Postgres, sqlx::postgres::PgArguments>;

/// What a failure means to the transaction it happened in.
pub(in crate::store) fn trouble(failure: &Failure) -> (Error, Trouble) {
    convert::sqlx(failure)
}

/// Whether the failure says that an id is taken.
pub(in crate::store) fn is_taken_id(failure: &Failure) -> bool {
    failure.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation)
}

//! Which statement answers a [`Source`], and with which parameters. Knows no connection.

use crate::model::Row;
use crate::store::statements::{self, Scan};
use crate::store::{Position, Source};

/// Where a whole entity's key stands, behind the columns of the entity.
pub(super) const KEY_COLUMN: usize = 8;

/// One parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Parameter {
    Int(i64),
    Bytes(Vec<u8>),
    /// A set of rows: JSON on SQLite, an array on PostgreSQL.
    Rows(Vec<Row>),
}

/// A source as one statement.
pub(super) struct Plan {
    scan: &'static Scan,
    fixed: Vec<Parameter>,
    start: Vec<Parameter>,
    bound: Vec<Parameter>,
    least: Option<Vec<u8>>,
    /// Whether the third column of the page is the key.
    pub(super) keyed: bool,
}

impl Plan {
    /// The plan for `source` beyond `after`; `any` is the database's statement for a set of targets.
    pub(super) fn of(source: &Source, after: Option<&Position>, any: &'static Scan) -> Self {
        let start = vec![Parameter::Int(after.map_or(0, |position| position.row))];
        let by_row = |scan, fixed| Self { scan, fixed, start, bound: Vec::new(), least: None, keyed: false };
        let int = |number| Parameter::Int(number);
        match source {
            Source::Kind(kind) => by_row(&statements::OF_KIND, vec![int(i64::from(kind.number()))]),
            Source::RefersTo { attr, to } => match to.as_slice() {
                [one] => by_row(&statements::REFERS_TO_ONE, vec![int(attr.number()), int(*one)]),
                many => by_row(any, vec![Parameter::Rows(many.to_vec()), int(attr.number())]),
            },
            Source::Subtree { attr, ancestor } => {
                by_row(&statements::IN_SUBTREE, vec![int(attr.number()), int(*ancestor)])
            }
            Source::Below { ancestor } => by_row(&statements::BELOW, vec![int(*ancestor)]),
            Source::Linked { from, to, onto } => {
                by_row(&statements::LINKED, vec![int(from.number()), int(*to), int(onto.number())])
            }
            Source::Keys { attr, low, high } => {
                let (key, row) = match after {
                    Some(position) if position.key >= *low => (position.key.clone(), position.row),
                    // No row is 0: every row at `low` itself lies beyond.
                    _ => (low.clone(), 0),
                };
                Self {
                    scan: if high.is_some() { &statements::KEYS_BETWEEN } else { &statements::KEYS_FROM },
                    fixed: vec![int(attr.number())],
                    start: vec![Parameter::Bytes(key), int(row)],
                    bound: high.iter().cloned().map(Parameter::Bytes).collect(),
                    least: Some(low.clone()),
                    keyed: true,
                }
            }
        }
    }

    /// The statement and parameters that read up to `limit` hits.
    pub(super) fn page(self, limit: usize) -> (&'static str, Vec<Parameter>) {
        (self.scan.page, self.parameters(limit))
    }

    /// The statement and parameters that read up to `limit` entities, each with its key as the column
    /// [`KEY_COLUMN`] where the source has keys; `None` where hits and entities must be read apart.
    pub(super) fn whole(self, limit: usize) -> Option<(&'static str, Vec<Parameter>)> {
        self.scan.whole.map(|sql| (sql, self.parameters(limit)))
    }

    fn parameters(self, limit: usize) -> Vec<Parameter> {
        let limit = Parameter::Int(i64::try_from(limit).unwrap_or(i64::MAX));
        self.fixed.into_iter().chain(self.start).chain(self.bound).chain([limit]).collect()
    }

    /// The statement and parameters that count up to `limit` hits.
    pub(super) fn count(self, limit: usize) -> (&'static str, Vec<Parameter>) {
        let limit = Parameter::Int(i64::try_from(limit).unwrap_or(i64::MAX));
        let low = self.least.map(Parameter::Bytes);
        (self.scan.count, self.fixed.into_iter().chain(low).chain(self.bound).chain([limit]).collect())
    }
}

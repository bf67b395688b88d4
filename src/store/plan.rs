//! Which statement answers a [`Source`], and with which parameters. Knows no connection.

use crate::model::{Row, key};
use crate::store::statements::{self, Own, Scan};
use crate::store::{Position, Source};

/// Which column of a page of hits tells the place, behind row and id.
pub(super) const PLACE: usize = 2;
/// Which column of a page of whole entities does.
pub(super) const PLACE_OF_WHOLE: usize = 8;

/// What tells the place of a hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Its row alone.
    Row,
    /// A further column, the key; then its row.
    Key,
    /// A further column, the instant of its last change; then its row.
    Instant,
    /// A further column, the row of its link.
    Link,
    /// A further column, the row of the organization; then its row.
    Organization,
}

/// The place that a hit's own row and the row in the further column make.
pub(super) fn place_by_rows(place: Place, row: Row, further: Row) -> Position {
    match place {
        Place::Link => Position { key: Vec::new(), row: further },
        Place::Instant => Position { key: key::integer_key(further).to_vec(), row },
        Place::Organization => Position { key: further.to_be_bytes().to_vec(), row },
        Place::Row | Place::Key => Position { key: Vec::new(), row },
    }
}

/// The row of the organization in a place of [`Place::Organization`]; 0, which no row is, in any other.
fn organization_of(position: &Position) -> Row {
    position.key.first_chunk::<8>().map_or(0, |row| Row::from_be_bytes(*row))
}

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
    least: Option<Parameter>,
    /// What tells the place of a hit.
    pub(super) place: Place,
}

impl Plan {
    /// The plan for `source` beyond `after`; `own` are the scans as the database writes them.
    pub(super) fn of(source: &Source, after: Option<&Position>, own: &'static Own) -> Self {
        let start = vec![Parameter::Int(after.map_or(0, |position| position.row))];
        let by_row =
            |scan, fixed| Self { scan, fixed, start, bound: Vec::new(), least: None, place: Place::Row };
        let int = |number| Parameter::Int(number);
        match source {
            Source::Kind(kind) => by_row(&statements::OF_KIND, vec![int(i64::from(kind.number()))]),
            Source::RefersTo { attr, to } => match to.as_slice() {
                [one] => by_row(&statements::REFERS_TO_ONE, vec![int(attr.number()), int(*one)]),
                many => by_row(&own.refers_to_any, vec![Parameter::Rows(many.to_vec()), int(attr.number())]),
            },
            Source::Subtree { attr, ancestor } => {
                by_row(&own.subtree, vec![int(attr.number()), int(*ancestor)])
            }
            Source::ByOrganization { attr, ancestor } => Self {
                start: after.map_or(vec![int(0), int(0)], |at| vec![int(organization_of(at)), int(at.row)]),
                place: Place::Organization,
                ..by_row(&own.by_organization, vec![int(attr.number()), int(*ancestor)])
            },
            Source::Changed { kind, from, to } => {
                let after = after.and_then(|at| Some((key::integer_of(&at.key)?, at.row)));
                // No row is 0: every row at `from` itself lies beyond.
                let (at, row) = after.filter(|(at, _)| at >= from).unwrap_or((*from, 0));
                Self {
                    start: vec![int(at), int(row)],
                    bound: vec![int(*to)],
                    least: Some(int(*from)),
                    place: Place::Instant,
                    ..by_row(&statements::CHANGED, vec![int(i64::from(kind.number()))])
                }
            }
            Source::Below { ancestor } => by_row(&statements::BELOW, vec![int(*ancestor)]),
            Source::Linked { from, to, onto } => {
                let fixed = vec![int(from.number()), int(*to), int(onto.number())];
                Self { place: Place::Link, ..by_row(&statements::LINKED, fixed) }
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
                    least: Some(Parameter::Bytes(low.clone())),
                    place: Place::Key,
                }
            }
        }
    }

    /// The statement and parameters that read up to `limit` hits.
    pub(super) fn page(self, limit: usize) -> (&'static str, Vec<Parameter>) {
        (self.scan.page, self.parameters(limit))
    }

    /// The statement and parameters that read up to `limit` entities, what tells the place as the
    /// column [`PLACE_OF_WHOLE`]; `None` where hits and entities must be read apart.
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
        (self.scan.count, self.fixed.into_iter().chain(self.least).chain(self.bound).chain([limit]).collect())
    }
}

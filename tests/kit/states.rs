//! Every state × every operation: a table that must have a cell for each pair, and the driver that tries it on a
//! server. Holds no test.

use futures_util::future::BoxFuture;
use valtuus::store::AuditQuery;

use super::answer::Answer;
use super::bed::Bed;
use super::cases::soon;
use super::trace::records;

/// What an operation does to an entity in a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell {
    /// It succeeds, and the entity is in this state then.
    To(&'static str),
    /// It succeeds, and the entity is gone.
    Gone,
    /// It is refused with this status and code, and the entity is as it was.
    No(u16, u16),
}

/// Makes an entity and brings it into a state; answers its id.
pub type Make = for<'a> fn(&'a Bed) -> BoxFuture<'a, String>;
/// Does something with the entity of that id.
pub type Act = for<'a> fn(&'a Bed, &'a str) -> BoxFuture<'a, Answer>;

/// The life of a kind.
pub struct Life {
    /// The collection, such as `mandates`.
    pub path: &'static str,
    /// The attribute that tells the state.
    pub attribute: &'static str,
    pub operations: Vec<(&'static str, Act)>,
    /// A state, how to come into it, and a cell for each operation.
    pub states: Vec<(&'static str, Make, Vec<Cell>)>,
}

/// A table of a life: the operations on top, a row for each state.
#[macro_export]
macro_rules! life {
    ($path:literal by $attribute:literal:
        { $($operation:literal => $act:expr),+ $(,)? }
        $($state:literal from $make:expr => [$($cell:expr),+ $(,)?]);+ $(;)?
    ) => {
        $crate::kit::states::Life {
            path: $path,
            attribute: $attribute,
            operations: vec![$(($operation, $act as $crate::kit::states::Act)),+],
            states: vec![$(($state, $make as $crate::kit::states::Make, vec![$($cell),+])),+],
        }
    };
}

impl Life {
    /// Tries every cell on an entity of its own.
    pub async fn try_all(&self, bed: &Bed) {
        let names: Vec<&str> = self.states.iter().map(|(state, ..)| *state).collect();
        for (state, make, cells) in &self.states {
            assert_eq!(cells.len(), self.operations.len(), "{state}: a cell for each operation");
            for ((operation, act), cell) in self.operations.iter().zip(cells) {
                if let Cell::To(next) = cell {
                    assert!(names.contains(next), "{next} is no state of {}", self.path);
                }
                let id = make(bed).await;
                self.try_one(bed, &id, (state, operation, *act, *cell)).await;
            }
        }
        bed.must_be_sound().await;
    }

    async fn try_one(&self, bed: &Bed, id: &str, (state, operation, act, cell): (&str, &str, Act, Cell)) {
        let path = format!("{}/{id}", self.path);
        let before = bed.admin().get(&path).await.ok();
        assert_eq!(before.value(self.attribute), state, "made in another state");
        let told = self.trail(bed, id).await;
        let answer = soon(operation, act(bed, id)).await;
        let context = format!("{} {operation} in {state}: {}", self.path, answer.text());
        let after = bed.admin().get(&path).await;
        let category = match cell {
            Cell::To(next) => {
                assert_eq!(answer.status, 200, "{context}");
                assert_eq!(after.ok().value(self.attribute), next, "{context}");
                "success"
            }
            Cell::Gone => {
                assert_eq!(answer.status, 200, "{context}");
                assert_eq!(after.status, 404, "{context}");
                "success"
            }
            Cell::No(status, code) => {
                answer.refused(status, code, "");
                assert_eq!(after.ok().header("etag"), before.header("etag"), "{context}");
                "failure"
            }
        };
        let trail = self.trail(bed, id).await;
        assert_eq!(trail[told.len()..], ["request", category], "{context}");
    }

    /// The categories of the records about an entity, without those of looking at it.
    async fn trail(&self, bed: &Bed, id: &str) -> Vec<String> {
        let query = AuditQuery { entity_id: Some(id.parse().unwrap()), ..AuditQuery::default() };
        let records = records(&bed.server.service().engine.store, &query).await;
        let changes = records.iter().filter(|record| record.field("verb") != "read");
        changes.map(|record| record.field("category").to_owned()).collect()
    }
}

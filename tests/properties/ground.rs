//! One server for all cases of a property, and short ways to perform operations on it.

use std::future::Future;

use tokio::runtime::Runtime;
use uuid::Uuid;
use valtuus::model::state::{Draft, Given};
use valtuus::model::{AttrId, Error, Kind, Stored};
use valtuus::operation::create::Create;
use valtuus::operation::{Caller, Engine, perform};
use valtuus::store::{Position, Source};

use crate::kit::{Bed, On};

/// How many cases a property is tried on.
pub(super) const CASES: u32 = 1_000;

/// A server whose clock stands still, with the runtime that it lives in.
pub(super) struct Ground {
    runtime: Runtime,
    bed: Bed,
}

impl Ground {
    pub(super) fn new() -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let bed = runtime.block_on(Bed::start_still(On::Sqlite, |_| ())).unwrap();
        Self { runtime, bed }
    }

    pub(super) fn engine(&self) -> &Engine {
        &self.bed.server.service().engine
    }

    pub(super) fn advance(&self, by: i64) {
        self.bed.advance(by);
    }

    /// Waits for what is done on the server.
    pub(super) fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// Fails unless every derived row fits the entities.
    pub(super) fn must_be_sound(&self) {
        self.wait(self.bed.must_be_sound());
    }
}

pub(super) fn caller() -> Caller {
    Caller::local("property")
}

/// References as a request gives them.
pub(super) fn to(attr: AttrId, ids: &[Uuid]) -> (AttrId, Vec<Given>) {
    (attr, ids.iter().map(|id| Given::Reference(id.to_string().into())).collect())
}

/// Makes an entity.
pub(super) async fn create(
    engine: &Engine,
    kind: Kind,
    given: Vec<(AttrId, Vec<Given>)>,
) -> Result<Uuid, Error> {
    perform(engine, &caller(), Create::new(engine, &caller(), Draft { kind, given })).await
}

/// Every entity of a source.
pub(super) async fn all(engine: &Engine, source: &Source) -> Vec<Stored> {
    let (mut entities, mut at) = (Vec::new(), None::<Position>);
    loop {
        let page = engine.store.page(source, at.as_ref(), 1_000).await.unwrap();
        let Some((last, _)) = page.last() else { return entities };
        at = Some(last.at.clone());
        entities.extend(page.into_iter().filter_map(|(_, entity)| entity));
    }
}

/// A refusal that the contract knows is fine; anything else is a fault of the server.
#[track_caller]
pub(super) fn expected<T>(outcome: Result<T, Error>) -> Option<T> {
    match outcome {
        Ok(done) => Some(done),
        Err(
            Error::Invalid { .. }
            | Error::NotFound { .. }
            | Error::ParentNotFound { .. }
            | Error::AlreadyExists { .. }
            | Error::InvalidReference { .. }
            | Error::Referenced { .. }
            | Error::Cycle { .. }
            | Error::Conflict { .. },
        ) => None,
        Err(error) => panic!("{error:?}"),
    }
}

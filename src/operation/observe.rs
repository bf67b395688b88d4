//! Recording reads (contract: audit, durability): a read of a kind of the partner, policy and MISP services leaves a
//! request and its outcome before it is answered; others as the configuration says.

use crate::audit::coded::trail::is_watched;
use crate::audit::{Action, Events};
use crate::model::rules::ReadRecords;
use crate::model::{Error, Kind};
use crate::operation::engine::{Caller, Engine};
use crate::operation::perform::rows;

/// How reads of `kind` are recorded.
pub fn recording(engine: &Engine, kind: Kind) -> ReadRecords {
    if is_watched(kind) { ReadRecords::Grouped } else { engine.settings.read_records }
}

/// Records a read that came to `outcome`, with the events it gathered on its way. Returns what to answer: the outcome,
/// or that the service is not available when it could not be recorded.
pub async fn observed(
    engine: &Engine,
    caller: &Caller,
    action: Action,
    passed: Events,
    outcome: Result<(), Error>,
) -> Result<(), Error> {
    let how = recording(engine, action.kind);
    // That somebody was refused is recorded whatever was asked for.
    let how = match (&outcome, how) {
        (Err(Error::Forbidden { .. }), ReadRecords::Off | ReadRecords::Deferred) => ReadRecords::Grouped,
        _ => how,
    };
    if how == ReadRecords::Off {
        return outcome;
    }
    let mut events = Events::default();
    events.requested(action);
    events.append(passed);
    match &outcome {
        Ok(()) => events.succeeded(action, Vec::new()),
        Err(error) => {
            events = events.undone();
            events.failed(action, error);
        }
    }
    let rows = rows(&events, caller, engine.world.as_ref());
    let written = match how {
        ReadRecords::Deferred => engine.sink.write_later(rows),
        ReadRecords::Grouped | ReadRecords::Off => engine.sink.write(rows).await,
    };
    written.map_err(|unrecorded| Error::unavailable(format!("audit: {unrecorded:?}")))?;
    outcome
}

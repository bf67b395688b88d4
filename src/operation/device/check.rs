//! Whether one device may call a function on another now (GET `/contracts/check`). Answered from memory as long as
//! nothing was committed that touches devices or contracts.

use std::sync::Arc;

use crate::model::kind::contract::{self, Mask, State};
use crate::model::{Error, Kind, Stored, Verb};
use crate::operation::device::create::standing_of;
use crate::operation::device::memory::Pair;
use crate::operation::engine::{Caller, Engine};
use crate::operation::every::entities;
use crate::operation::read;
use crate::operation::scope::Sight;
use crate::store::Source;

/// What is asked: devices by id or extended public key, and a function.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The device that offers the function.
    pub provider: &'a str,
    /// The device that would call it.
    pub user: &'a str,
    /// The function.
    pub function: i64,
}

async fn device(engine: &Engine, parameter: &str, name: &str) -> Result<Stored, Error> {
    let unknown = |error| match error {
        Error::NotFound { .. } => Error::reference(parameter, "expected an existing device"),
        other => other,
    };
    read::locate(engine, Kind::Device, name).await.map_err(unknown)
}

/// The functions of every active contract between two devices.
async fn standing(engine: &Engine, provider: &Stored, user: &Stored) -> Result<Mask, Error> {
    let low = standing_of(provider.id(), user.id()).into_bytes();
    // The space that ends it is never the last byte there is.
    let mut high = low.clone();
    if let Some(last) = high.last_mut() {
        *last += 1;
    }
    let source = Source::Keys { attr: contract::STANDING, low, high: Some(high) };
    let standing = entities(engine.store.as_ref(), &source).await?;
    let active = standing.iter().filter(|held| State::of(held.attributes()) == State::Active);
    Ok(Mask::of(active.flat_map(|held| contract::mask(held.attributes()).functions().collect::<Vec<_>>())))
}

async fn pair(engine: &Engine, question: &Question<'_>) -> Result<Arc<Pair>, Error> {
    let names = (question.provider.into(), question.user.into());
    let epoch = engine.devices.epoch();
    if let Some(known) = engine.devices.pair(epoch, &names) {
        return Ok(known);
    }
    let provider = device(engine, "provider", question.provider).await?;
    let user = device(engine, "user", question.user).await?;
    let functions = standing(engine, &provider, &user).await?;
    let pair = Arc::new(Pair { provider, user, functions });
    engine.devices.keep(epoch, names, Arc::clone(&pair));
    Ok(pair)
}

/// Whether the user may call the function on the provider now. Error 3 without the grant to read contracts, error 10
/// for a device that the caller does not see.
pub async fn check(engine: &Engine, caller: &Caller, question: &Question<'_>) -> Result<bool, Error> {
    caller.grants.require(Verb::Read, Kind::Contract)?;
    let pair = pair(engine, question).await?;
    if caller.within.is_some() {
        let mut sight = Sight::of(caller);
        for (name, device) in [("provider", &pair.provider), ("user", &pair.user)] {
            if !sight.sees(engine, device).await? {
                return Err(Error::reference(name, "expected an existing device"));
            }
        }
    }
    Ok(pair.functions.has(question.function))
}

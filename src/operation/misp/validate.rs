//! Asking whether somebody's licence key is good (POST `/misps/{id}/licensekey/validate`). It only looks: that a key
//! has expired or is switched off is an answer.

use crate::audit::coded::misp as coded;
use crate::audit::{Action, Events};
use crate::model::kind::license_key::{self, State, has_expired};
use crate::model::kind::misp::number;
use crate::model::kind::misp::state::may_act;
use crate::model::{Error, Kind, Stored, Verb};
use crate::operation::engine::{Caller, Engine};
use crate::operation::key_text::KeyText;
use crate::operation::misp::keys::PURPOSE;
use crate::operation::misp::{MispStep, orphaned};
use crate::operation::observe::observed;
use crate::operation::{read, refuse};

/// A licence key that somebody showed, with the MISP it belongs to.
#[derive(Debug)]
pub struct Licence {
    /// The key.
    pub key: Stored,
    /// Its MISP.
    pub misp: Stored,
}

impl Licence {
    /// The licence of that key; `None` when there is none.
    pub async fn of(engine: &Engine, text: &KeyText) -> Result<Option<Self>, Error> {
        let (store, now) = (&engine.store, engine.world.now());
        let Some(row) = store.secret_subject(PURPOSE, &text.hash(), now).await? else { return Ok(None) };
        let Some(key) = store.by_rows(&[row]).await?.pop() else { return Ok(None) };
        let Some(owner) = key.attributes().reference(license_key::MISP) else { return Ok(None) };
        Ok(store.by_id(owner.id).await?.map(|misp| Self { key, misp }))
    }

    /// Whether the key is switched on, which it is only while its MISP is approved and active.
    pub fn is_active(&self) -> bool {
        State::of(self.key.attributes()) == State::Active && may_act(self.misp.attributes()).is_ok()
    }

    /// Whether its time is over at the instant `now`, microseconds.
    pub fn has_expired(&self, now: i64) -> bool {
        has_expired(self.key.attributes(), now)
    }

    /// Whether it is good at the instant `now`, microseconds.
    pub fn is_valid(&self, now: i64) -> bool {
        self.is_active() && !self.has_expired(now)
    }
}

/// What `caller` is told of the key `text` of the MISP that `segment` names; recorded before this returns. `None` for
/// what cannot be a key. Error 7 for a key that is unknown or another MISP's, error 5 for an unknown MISP.
pub async fn validate(
    engine: &Engine,
    caller: &Caller,
    segment: &str,
    text: Option<&KeyText>,
) -> Result<Licence, Error> {
    let Some(action) = MispStep::Validate.action(None) else {
        return Err(Error::internal("a validation without an action"));
    };
    if let Err(error) = caller.grants.require(Verb::Read, Kind::LicenseKey) {
        return Err(refuse(engine, caller, action, error).await);
    }
    let mut passed = Events::default();
    let found = look(engine, caller, (segment, text), (action, &mut passed)).await;
    let told = found.as_ref().map(|_| ()).map_err(Clone::clone);
    observed(engine, caller, action, passed, told).await?;
    found
}

async fn look(
    engine: &Engine,
    caller: &Caller,
    (segment, text): (&str, Option<&KeyText>),
    (action, passed): (Action, &mut Events),
) -> Result<Licence, Error> {
    let misp = read::find(engine, caller, Kind::Misp, segment).await.map_err(orphaned)?;
    passed.about(number(misp.attributes()));
    let licence = match text {
        Some(text) => Licence::of(engine, text).await?,
        None => None,
    };
    let licence = licence.filter(|licence| licence.misp.id() == misp.id());
    let licence = licence.ok_or_else(|| Error::not_found(Kind::LicenseKey))?;
    passed.coded(action, &coded::KEY_FETCHED);
    passed.coded(action, &coded::KEY_IS);
    Ok(licence)
}

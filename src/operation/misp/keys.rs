//! The licence keys of a MISP: making one, finding the current one, and taking all of them along with their MISP.

use uuid::Uuid;

use crate::audit::event::changes;
use crate::model::kind::license_key::{self, State, Step, has_expired};
use crate::model::rules::{Companions, by_server};
use crate::model::{Attributes, Error, Kind, Row, Stored, Value, Verb};
use crate::operation::engine::{Caller, Engine};
use crate::operation::every::{Every, hits, hits_in};
use crate::operation::key_text::{KEPT, KeyHash, KeyText};
use crate::operation::misp::orphaned;
use crate::operation::read::{self, Found};
use crate::store::secret::Secret;
use crate::store::{Insert, Replace, SharedStore, Source, Write};

/// What the secret store calls them.
pub const PURPOSE: &str = "licensekey";

/// A key to be made: id, time and hash are fixed before the transaction first runs.
#[derive(Debug, Clone)]
pub struct NewKey {
    id: Uuid,
    hash: KeyHash,
    from: i64,
    to: i64,
}

impl NewKey {
    /// The key of that text, good from now on for the configured time.
    pub fn new(engine: &Engine, text: &KeyText) -> Self {
        let from = engine.world.now();
        let to = from.saturating_add(engine.settings.license_micros);
        Self { id: engine.world.id(), hash: text.hash(), from, to }
    }

    /// Its id.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// Makes it, for a MISP that the caller has locked.
    pub async fn make(&self, tx: &mut dyn Write, misp: &Stored) -> Result<Stored, Error> {
        let mut attributes = Attributes::default();
        attributes.put(license_key::MISP, Value::Ref(misp.reference()));
        attributes.put(license_key::VALID_FROM, Value::Instant(self.from));
        attributes.put(license_key::VALID_TO, Value::Instant(self.to));
        State::Active.put(&mut attributes);
        let mut companions = Companions::default();
        companions.add(misp.clone());
        let valid = by_server(Kind::LicenseKey, attributes);
        let insert = Insert { id: self.id, now: self.from, home: None, valid: &valid, rows: &companions };
        let made = tx.insert(std::slice::from_ref(&insert)).await?.pop();
        let made = made.ok_or_else(|| Error::internal("an insert returned no entity"))?;
        let secret = Secret {
            purpose: PURPOSE,
            hash: &self.hash,
            subject: made.row(),
            expires: KEPT,
            uses: 1,
            tries: 1,
        };
        tx.put_secret(&secret).await?;
        Ok(made)
    }
}

fn source(misp: Row) -> Source {
    Source::RefersTo { attr: license_key::MISP, to: vec![misp] }
}

/// The key of a MISP that was made last; `None` when it never had one. The caller has locked the MISP.
pub async fn current(tx: &mut dyn Write, misp: Row) -> Result<Option<Stored>, Error> {
    match hits_in(tx, &source(misp)).await?.last() {
        Some(newest) => Ok(tx.load_rows(&[newest.row]).await?.pop()),
        None => Ok(None),
    }
}

/// As [`current`], of committed data.
async fn current_of(store: &SharedStore, misp: Row) -> Result<Option<Stored>, Error> {
    match hits(store.as_ref(), &source(misp)).await?.last() {
        Some(newest) => Ok(store.by_rows(&[newest.row]).await?.pop()),
        None => Ok(None),
    }
}

/// Takes a key one step further; what differs then. Nothing is written where nothing differs.
pub async fn advance(tx: &mut dyn Write, key: &Stored, step: Step, now: i64) -> Result<Vec<String>, Error> {
    let (old, expired) = (State::of(key.attributes()), has_expired(key.attributes(), now));
    let next = old.after(step, expired);
    if next == old {
        return Ok(Vec::new());
    }
    let mut attributes = key.attributes().clone();
    next.put(&mut attributes);
    let valid = by_server(Kind::LicenseKey, attributes);
    // No reference changes, so no companion is needed.
    let none = Companions::default();
    let new = tx.replace(&Replace { old: key, now, home: key.home(), valid: &valid, rows: &none }).await?;
    Ok(changes(key.attributes(), new.attributes(), &tx.registry()))
}

/// Takes every key of a MISP along, which the caller has locked; says for each that changed what differs.
pub async fn advance_all(tx: &mut dyn Write, misp: Row, step: Step, now: i64) -> Result<Vec<String>, Error> {
    let source = source(misp);
    let (mut every, mut differences) = (Every::of(&source), Vec::new());
    while let Some(keys) = every.next_loaded(tx).await? {
        for key in keys {
            let of_key = advance(tx, &key, step, now).await?;
            differences.extend(of_key.into_iter().map(|change| format!("licensekey {}: {change}", key.id())));
        }
    }
    Ok(differences)
}

/// Reads the current key of the MISP that `segment` names; error 5 when there is no such MISP, error 7 when it has no
/// key.
pub async fn read_current(engine: &Engine, caller: &Caller, segment: &str) -> Result<Found, Error> {
    caller.grants.require(Verb::Read, Kind::LicenseKey)?;
    let misp = read::find(engine, caller, Kind::Misp, segment).await.map_err(orphaned)?;
    let key = current_of(&engine.store, misp.row()).await?;
    let key = key.ok_or_else(|| Error::not_found(Kind::LicenseKey))?;
    let (_, referred, names) = read::with_names(engine, caller, vec![key.clone()], false).await?;
    Ok(Found { entity: key, referred, names })
}

//! Registering a MISP (POST `/misps/`). Its number comes from a locked counter row, so that numbers are dense also
//! when many register at once; a refused registration takes none.

use std::sync::Arc;

use uuid::Uuid;

use crate::audit::coded::misp as coded;
use crate::audit::event::changes;
use crate::audit::{Action, Events};
use crate::model::kind::misp;
use crate::model::rules::{Companions, Context, Settings, validate};
use crate::model::state::Given;
use crate::model::{AttrId, Attributes, Error, Kind, Value, Verb, key};
use crate::operation::engine::{Caller, Engine};
use crate::operation::perform::Change;
use crate::operation::resolve::apply;
use crate::store::{Insert, Write};

const COUNTER: &str = "misp";
/// The counter begins with 1, the numbers with 100.
const BEFORE_FIRST: i64 = 99;

/// Registers one MISP.
#[derive(Debug)]
pub struct Register {
    given: Vec<(AttrId, Vec<Given>)>,
    id: Uuid,
    other_id: Uuid,
    now: i64,
    client: String,
    settings: Arc<Settings>,
}

impl Register {
    /// A MISP of these attributes.
    pub fn new(engine: &Engine, caller: &Caller, given: Vec<(AttrId, Vec<Given>)>) -> Self {
        Self {
            given,
            id: engine.world.id(),
            other_id: engine.world.unordered_id(),
            now: engine.world.now(),
            client: caller.scene.client.clone(),
            settings: Arc::clone(&engine.settings),
        }
    }
}

/// The next number that no MISP has; one that came by an import may have it already.
async fn next(tx: &mut dyn Write) -> Result<String, Error> {
    loop {
        let number = (BEFORE_FIRST + tx.count_up(COUNTER).await?).to_string();
        if tx.holder(misp::MISP_ID, 0, &key::unique_key(&number, false)).await?.is_none() {
            return Ok(number);
        }
    }
}

impl Change for Register {
    type Out = Uuid;

    fn action(&self) -> Action {
        Action::of(Verb::Create, Kind::Misp, Some(self.id))
    }

    fn touches(&self) -> &'static [Kind] {
        &[Kind::Misp]
    }

    async fn run<'t>(&'t self, tx: &'t mut (dyn Write + 't), events: &'t mut Events) -> Result<Uuid, Error> {
        let mut companions = Companions::default();
        let mut attributes = Attributes::default();
        apply(tx, &self.given, &mut attributes, &mut companions).await?;
        let number = next(tx).await?;
        attributes.put(misp::MISP_ID, Value::text(number.as_str()));
        let context = Context {
            now: self.now,
            id: self.id,
            other_id: self.other_id,
            client: &self.client,
            settings: &self.settings,
            with: &companions,
        };
        let valid = validate(Kind::Misp, attributes, &context)?;
        let insert = Insert { id: self.id, now: self.now, home: None, valid: &valid, rows: &companions };
        tx.insert(std::slice::from_ref(&insert)).await?;
        // Of a name that is taken, which only the insert tells for certain, no number may be said to have been asked.
        let action = self.action();
        events.about(number);
        events.coded(action, &coded::ID_ASKED);
        events.coded(action, &coded::DETAILS_STORED);
        events.succeeded(action, changes(&Attributes::default(), valid.attributes(), &tx.registry()));
        Ok(self.id)
    }
}

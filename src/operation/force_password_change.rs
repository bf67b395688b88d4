//! Demanding another password of a user (PUT `/users/{id}/forcepasswordchange`): the user's attributes say so until a
//! new password is set, and whoever signs users in asks for one.

use uuid::Uuid;

use crate::audit::event::changes;
use crate::audit::{Action, Events};
use crate::model::kind::user;
use crate::model::rules::{Companions, by_server};
use crate::model::{Error, Kind, Value, Verb};
use crate::operation::engine::Engine;
use crate::operation::perform::Change;
use crate::operation::update::{Precondition, target};
use crate::store::{Replace, Write};

/// Demands another password of one user.
#[derive(Debug)]
pub struct ForcePasswordChange {
    id: Uuid,
    precondition: Precondition,
    now: i64,
}

impl ForcePasswordChange {
    /// For the user `id`, only if the precondition holds.
    pub fn new(engine: &Engine, id: Uuid, precondition: Precondition) -> Self {
        Self { id, precondition, now: engine.world.now() }
    }

    /// The action, with what it is about.
    pub fn of(id: Option<Uuid>) -> Action {
        Action { word: "FORCEPASSWORDCHANGE", ..Action::of(Verb::Update, Kind::User, id) }
    }
}

impl Change for ForcePasswordChange {
    type Out = ();

    fn action(&self) -> Action {
        Self::of(Some(self.id))
    }

    fn touches(&self) -> &'static [Kind] {
        &[]
    }

    async fn run<'t>(&'t self, tx: &'t mut (dyn Write + 't), events: &'t mut Events) -> Result<(), Error> {
        let old = target(tx, Kind::User, self.id).await?;
        self.precondition.check(old.version())?;
        let mut differences = Vec::new();
        if !old.attributes().flag(user::CHANGE_REQUIRED) {
            let mut attributes = old.attributes().clone();
            attributes.put(user::CHANGE_REQUIRED, Value::Bool(true));
            let valid = by_server(Kind::User, attributes);
            let none = Companions::default();
            let change = Replace { old: &old, now: self.now, home: old.home(), valid: &valid, rows: &none };
            let new = tx.replace(&change).await?;
            differences = changes(old.attributes(), new.attributes(), &tx.registry());
        }
        events.succeeded(self.action(), differences);
        Ok(())
    }
}

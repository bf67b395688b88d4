//! Changing an entity of any kind (MOD003, MOD004 and the X operations): given attributes replace all their
//! values, empty ones are removed, missing ones stay.

use std::sync::Arc;

use uuid::Uuid;

use crate::audit::event::changes;
use crate::audit::{Action, Events};
use crate::model::kind::user::{self, Status};
use crate::model::kind::{organization, role};
use crate::model::password::Password;
use crate::model::rules::{Companions, Context, Settings, revalidate};
use crate::model::state::Patch;
use crate::model::{Attributes, Error, Kind, Stored, Verb};
use crate::operation::access;
use crate::operation::create::{ClassRoles, home_of};
use crate::operation::device::orchestrator::session;
use crate::operation::engine::{Caller, Engine};
use crate::operation::inclusion::refuse_cycle;
use crate::operation::mandates::hold_roles;
use crate::operation::perform::Change;
use crate::operation::resolve::{apply, load_companions};
use crate::operation::scope;
use crate::store::sign_in::SignInCount;
use crate::store::{Credential, Replace, Write};

/// What an `If-Match` or `If-None-Match` header demands of the entity to be changed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Precondition {
    /// Nothing.
    #[default]
    None,
    /// Its version is one of these (`If-Match`).
    OneOf(Vec<i64>),
    /// Its version is none of these (`If-None-Match`).
    NoneOf(Vec<i64>),
    /// Never holds: `If-None-Match: *` on an entity that exists.
    Absent,
}

impl Precondition {
    /// Error 14 (412) unless the condition holds for `version`.
    pub fn check(&self, version: i64) -> Result<(), Error> {
        let holds = match self {
            Self::None => true,
            Self::OneOf(versions) => versions.contains(&version),
            Self::NoneOf(versions) => !versions.contains(&version),
            Self::Absent => false,
        };
        if holds { Ok(()) } else { Err(Error::Precondition) }
    }
}

/// Changes one entity.
#[derive(Debug)]
pub struct Update {
    id: Uuid,
    patch: Patch,
    precondition: Precondition,
    credential: Option<Credential>,
    word: Option<&'static str>,
    password: Option<Password>,
    other_id: Uuid,
    class_roles: ClassRoles,
    now: i64,
    client: String,
    settings: Arc<Settings>,
}

impl Update {
    /// A change of the entity `id` by `caller`.
    pub fn new(engine: &Engine, caller: &Caller, id: Uuid, patch: Patch) -> Self {
        let class_roles = ClassRoles::new(engine, patch.kind);
        Self {
            id,
            patch,
            precondition: Precondition::None,
            credential: None,
            word: None,
            password: None,
            other_id: engine.world.unordered_id(),
            class_roles,
            now: engine.world.now(),
            client: caller.scene.client.clone(),
            settings: Arc::clone(&engine.settings),
        }
    }

    /// Recorded under another word than `UPDATE`.
    #[must_use]
    pub fn recorded_as(mut self, word: &'static str) -> Self {
        self.word = Some(word);
        self
    }

    /// Only when the precondition holds.
    #[must_use]
    pub fn only_if(mut self, precondition: Precondition) -> Self {
        self.precondition = precondition;
        self
    }

    /// Also replaces the password's hash.
    #[must_use]
    pub fn with_credential(mut self, credential: Option<Credential>) -> Self {
        self.credential = credential;
        self
    }

    /// Refuses a password that is the user's own name; it is not stored here, its hash is.
    #[must_use]
    pub fn judging(mut self, password: Option<Password>) -> Self {
        self.password = password;
        self
    }
}

/// A user who is let in again, or has a new password, starts without failures.
pub(super) async fn forgive(
    tx: &mut dyn Write,
    old: &Stored,
    new: &Attributes,
    password: bool,
) -> Result<(), Error> {
    let unlocked =
        Status::stored(old.attributes()) == Status::Locked && Status::stored(new) != Status::Locked;
    if old.kind() == Kind::User && (unlocked || password) {
        tx.set_sign_ins(old.row(), SignInCount::default()).await?;
    }
    Ok(())
}

/// Loads the entity a change is about; error 7 when there is none of that kind that the client may change.
pub async fn target(tx: &mut dyn Write, kind: Kind, id: Uuid) -> Result<Stored, Error> {
    let found = tx.load(&[id]).await?.pop();
    let entity = found.filter(|entity| entity.kind() == kind).ok_or_else(|| Error::not_found(kind))?;
    if scope::changes(tx, &entity).await? { Ok(entity) } else { Err(Error::not_found(kind)) }
}

impl Change for Update {
    type Out = Uuid;

    fn action(&self) -> Action {
        let action = Action::of(Verb::Update, self.patch.kind, Some(self.id));
        self.word.map_or(action, |word| Action { word, ..action })
    }

    fn touches(&self) -> &'static [Kind] {
        match self.patch.kind {
            Kind::ApiClient => &[Kind::ApiClient],
            Kind::Organization | Kind::Role => &[Kind::Role],
            Kind::Mandate => &[Kind::Mandate],
            other => access::touched_by(other),
        }
    }

    async fn run<'t>(&'t self, tx: &'t mut (dyn Write + 't), events: &'t mut Events) -> Result<Uuid, Error> {
        let includes = self.patch.given.iter().any(|(attr, _)| *attr == role::INCLUDES);
        if includes {
            tx.lock(&["inclusion"]).await?;
        }
        let old = target(tx, self.patch.kind, self.id).await?;
        self.precondition.check(old.version())?;
        let mut companions = Companions::default();
        let mut attributes = old.attributes().clone();
        apply(tx, &self.patch.given, &mut attributes, &mut companions).await?;
        if self.patch.kind == Kind::User && self.credential.is_some() {
            attributes.set(user::CHANGE_REQUIRED, Vec::new());
        }
        load_companions(tx, &attributes, &mut companions).await?;
        if includes {
            refuse_cycle(tx, self.id, &attributes).await?;
        }
        if self.patch.kind == Kind::Mandate {
            hold_roles(tx, &attributes, &mut companions).await?;
        }
        let context = Context {
            now: self.now,
            id: self.id,
            other_id: self.other_id,
            client: &self.client,
            settings: &self.settings,
            with: &companions,
        };
        let valid = revalidate(&old, attributes, &context)?;
        if let Some(password) = &self.password {
            password.check_own(valid.attributes())?;
        }
        let home = home_of(self.patch.kind, valid.attributes(), &companions);
        let new =
            tx.replace(&Replace { old: &old, now: self.now, home, valid: &valid, rows: &companions }).await?;
        let mut differences = changes(old.attributes(), new.attributes(), &tx.registry());
        if let Some(credential) = &self.credential {
            tx.set_credential(old.row(), credential).await?;
            session::close_all(tx, old.row()).await?;
            differences.push("pwd: *** → ***".to_owned());
        }
        forgive(tx, &old, new.attributes(), self.credential.is_some()).await?;
        events.succeeded(self.action(), differences);
        let class = |organization: &Stored| organization.attributes().first(organization::CLASS).cloned();
        if self.patch.kind == Kind::Organization && class(&old) != class(&new) {
            self.class_roles.add(tx, &new, events).await?;
        }
        Ok(self.id)
    }
}

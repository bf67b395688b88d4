//! Approving and rejecting a workflow: a registration is enabled or disabled, roles are given or not.

use uuid::Uuid;

use crate::audit::{Action, Events};
use crate::model::kind::user::Status;
use crate::model::kind::workflow::{self, State, Type};
use crate::model::letter::{Letter, LetterKind};
use crate::model::rules::Companions;
use crate::model::{Error, Kind, Stored, Value, Verb};
use crate::operation::assign::link;
use crate::operation::engine::{Caller, Engine};
use crate::operation::invitation::send::{address, mailable, name_of, role_names};
use crate::operation::invitation::{Inviting, rewrite};
use crate::operation::perform::Change;
use crate::operation::post;
use crate::operation::resolve::load_companions;
use crate::operation::update::{Precondition, target};
use crate::store::Write;

/// Decides one workflow.
#[derive(Debug)]
pub struct Decide {
    engine: Engine,
    id: Uuid,
    approve: bool,
    precondition: Precondition,
    client: String,
    now: i64,
}

impl Decide {
    /// Approves the workflow `id`, or rejects it.
    pub fn new(
        engine: &Engine,
        caller: &Caller,
        (id, approve): (Uuid, bool),
        precondition: Precondition,
    ) -> Self {
        let client = caller.scene.client.clone();
        Self { engine: engine.clone(), id, approve, precondition, client, now: engine.world.now() }
    }

    async fn user(&self, tx: &mut dyn Write, decided: &Stored, events: &mut Events) -> Result<Stored, Error> {
        let to = decided.attributes().reference(workflow::USER);
        let to = to.ok_or_else(|| Error::internal("a workflow without a user"))?;
        let user = target(tx, Kind::User, to.id).await?;
        match Type::of(decided.attributes()) {
            Type::Registration => register(tx, &user, self.approve, (self.now, events)).await,
            Type::RoleRequest if self.approve => match Status::at(user.attributes(), self.now) {
                Status::Enabled | Status::Locked => Ok(user),
                other => Err(Error::conflict(format!("status: the user is {}", other.name()))),
            },
            Type::RoleRequest => Ok(user),
        }
    }

    async fn tell(
        &self,
        tx: &mut dyn Write,
        (decided, user): (&Stored, &Stored),
        with: &Companions,
    ) -> Result<(), Error> {
        let Some(to) = mailable(user.attributes()) else { return Ok(()) };
        let kind =
            if self.approve { LetterKind::RegistrationApproved } else { LetterKind::RegistrationRejected };
        let mut letter = Letter::new(kind, to);
        address(&mut letter, user.attributes());
        letter.roles = role_names(decided.attributes(), workflow::ROLE, with);
        letter.organization = with.of(decided.attributes(), workflow::ORGANIZATION).map(name_of);
        post(tx, &self.engine, &letter).await.map(drop)
    }
}

/// Enables or disables the user of a registration that was decided.
pub async fn register(
    tx: &mut dyn Write,
    user: &Stored,
    approve: bool,
    (now, events): (i64, &mut Events),
) -> Result<Stored, Error> {
    let mut attributes = user.attributes().clone();
    Status::at(&attributes, now).decided(approve)?.put(&mut attributes);
    if attributes == *user.attributes() {
        return Ok(user.clone());
    }
    let (new, differences) = rewrite(tx, user, attributes, now).await?;
    events.succeeded(Action::of(Verb::Update, Kind::User, Some(user.id())), differences);
    Ok(new)
}

impl Change for Decide {
    type Out = Uuid;

    fn action(&self) -> Action {
        Inviting::Decide(self.approve).action(Some(self.id))
    }

    fn touches(&self) -> &'static [Kind] {
        &[Kind::Assignment, Kind::User]
    }

    async fn run<'t>(&'t self, tx: &'t mut (dyn Write + 't), events: &'t mut Events) -> Result<Uuid, Error> {
        let old = target(tx, Kind::Workflow, self.id).await?;
        self.precondition.check(old.version())?;
        let state = State::of(old.attributes()).decided(self.approve)?;
        let user = self.user(tx, &old, events).await?;
        let mut with = Companions::default();
        load_companions(tx, old.attributes(), &mut with).await?;
        if self.approve {
            for value in old.attributes().values(workflow::ROLE) {
                let Some(role) = value.as_ref().and_then(|to| with.get(to.id)) else { continue };
                link(tx, &user, role, self.now, events).await?;
            }
        }
        let mut attributes = old.attributes().clone();
        attributes.put(workflow::STATE, Value::text(state.name()));
        attributes.put(workflow::DECIDED, Value::Instant(self.now));
        attributes.put(workflow::DECIDED_BY, Value::text(self.client.as_str()));
        let (new, differences) = rewrite(tx, &old, attributes, self.now).await?;
        self.tell(tx, (&new, &user), &with).await?;
        events.succeeded(self.action(), differences);
        Ok(self.id)
    }
}

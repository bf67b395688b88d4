//! What a user gets by accepting: its roles at once, or a workflow for those whose organization asks for approval.

use uuid::Uuid;

use crate::audit::event::changes;
use crate::audit::{Action, Events};
use crate::model::kind::user::Status;
use crate::model::kind::workflow::{self, State, Type};
use crate::model::kind::{role, user};
use crate::model::rules::{Companions, by_server};
use crate::model::{Attributes, Error, Kind, Stored, Value, Verb};
use crate::operation::assign::link;
use crate::operation::engine::Engine;
use crate::operation::resolve::load_companions;
use crate::store::{Insert, Write};

/// Roles for a user who accepted.
#[derive(Debug)]
pub struct Granting<'a> {
    /// The service.
    pub engine: &'a Engine,
    /// The user, locked.
    pub user: &'a Stored,
    /// Whether it registered just now.
    pub registered: bool,
    /// The roles accepted.
    pub roles: Vec<Stored>,
    /// Who invited.
    pub inviter: Option<Value>,
    /// The instant of the change, microseconds.
    pub now: i64,
}

impl Granting<'_> {
    /// Gives the roles and begins workflows. While a registration awaits approval, so does everything that was
    /// accepted with it; roles of another organization that asks for approval are decided by that one.
    pub async fn run(&self, tx: &mut dyn Write, events: &mut Events) -> Result<(), Error> {
        let pending = self.registered && Status::at(self.user.attributes(), self.now) == Status::Pending;
        let home = self.user.attributes().reference(user::HOME).map(|to| to.id);
        let mut owners = Companions::default();
        let (mut at_once, mut by_owner): (Vec<&Stored>, Vec<(Uuid, Vec<&Stored>)>) = Default::default();
        for role in &self.roles {
            load_companions(tx, role.attributes(), &mut owners).await?;
            let owner = owners.of(role.attributes(), role::ORGANIZATION);
            let asking = owner.filter(|owner| self.engine.settings.asks_approval(owner.attributes()));
            match asking.map(Stored::id) {
                Some(id) if !pending || home != Some(id) => match by_owner.iter_mut().find(|it| it.0 == id) {
                    Some((_, roles)) => roles.push(role),
                    None => by_owner.push((id, vec![role])),
                },
                _ => at_once.push(role),
            }
        }
        if let (true, Some(home)) = (pending, home) {
            self.begin(tx, Type::Registration, (home, &at_once), events).await?;
        } else {
            for role in at_once {
                link(tx, self.user, role, self.now, events).await?;
            }
        }
        for (owner, roles) in &by_owner {
            self.begin(tx, Type::RoleRequest, (*owner, roles), events).await?;
        }
        Ok(())
    }

    async fn begin(
        &self,
        tx: &mut dyn Write,
        r#type: Type,
        (organization, roles): (Uuid, &[&Stored]),
        events: &mut Events,
    ) -> Result<(), Error> {
        let mut attributes = Attributes::default();
        attributes.put(workflow::TYPE, Value::text(r#type.name()));
        attributes.put(workflow::STATE, Value::text(State::Pending.name()));
        attributes.put(workflow::USER, Value::Ref(self.user.reference()));
        let organization = crate::model::Ref { kind: Kind::Organization, id: organization };
        attributes.put(workflow::ORGANIZATION, Value::Ref(organization));
        attributes.set(workflow::ROLE, roles.iter().map(|role| Value::Ref(role.reference())).collect());
        attributes.put(workflow::CREATED, Value::Instant(self.now));
        if let Some(inviter) = &self.inviter {
            attributes.put(workflow::CREATED_BY, inviter.clone());
        }
        let mut with = Companions::default();
        with.add(self.user.clone());
        load_companions(tx, &attributes, &mut with).await?;
        let home = with.of(&attributes, workflow::ORGANIZATION).map(Stored::row);
        let valid = by_server(Kind::Workflow, attributes);
        let id = self.engine.world.id();
        let insert = Insert { id, now: self.now, home, valid: &valid, rows: &with };
        tx.insert(std::slice::from_ref(&insert)).await?;
        let action = Action::of(Verb::Create, Kind::Workflow, Some(id));
        events.succeeded(action, changes(&Attributes::default(), valid.attributes(), &tx.registry()));
        Ok(())
    }
}

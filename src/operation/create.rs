//! Making an entity of any kind (MOD001 and the X operations of users, roles, mandates, invitations).

use std::sync::Arc;

use uuid::Uuid;

use crate::audit::event::changes;
use crate::audit::{Action, Events};
use crate::model::kind::{Scope, assignment, organization, role};
use crate::model::letter::LetterKind;
use crate::model::password::Password;
use crate::model::rules::{Companions, Context, Settings, by_server, validate};
use crate::model::state::{Draft, Given};
use crate::model::{Attributes, Error, Kind, Row, Stored, Valid, Value, Verb};
use crate::operation::access;
use crate::operation::engine::{Caller, Engine};
use crate::operation::invitation::Offer;
use crate::operation::invitation::mandate::MandateMail;
use crate::operation::invitation::send::Sending;
use crate::operation::mandates::{fill_from_template, hold_roles};
use crate::operation::perform::Change;
use crate::operation::resolve::{apply, load_companions};
use crate::store::{Credential, Insert, Write};

/// Makes one entity; an organization with the roles of its class, a user with the roles to be assigned.
#[derive(Debug)]
pub struct Create {
    draft: Draft,
    id: Uuid,
    other_id: Uuid,
    class_roles: ClassRoles,
    now: i64,
    client: String,
    settings: Arc<Settings>,
    credential: Option<Credential>,
    password: Option<Password>,
    assign: Vec<Box<str>>,
    mail: Option<Invitation>,
}

/// The mail that goes with what is made.
#[derive(Debug)]
enum Invitation {
    Roles(Sending),
    Mandate(MandateMail),
}

impl Invitation {
    fn of(engine: &Engine, kind: Kind) -> Option<Self> {
        match kind {
            Kind::RoleInvitation => {
                Some(Self::Roles(Sending::new(engine, Offer::Roles, LetterKind::RoleInvitation)))
            }
            Kind::Mandate => Some(Self::Mandate(MandateMail::new(engine))),
            _ => None,
        }
    }

    async fn send(&self, tx: &mut dyn Write, made: &Stored, events: &mut Events) -> Result<(), Error> {
        match self {
            Self::Roles(sending) => sending.send(tx, made).await.map(drop),
            Self::Mandate(mail) => mail.send(tx, made, events).await,
        }
    }
}

impl Create {
    /// A creation of `draft` by `caller`; ids and the clock are fixed here.
    pub fn new(engine: &Engine, caller: &Caller, mut draft: Draft) -> Self {
        default_owner(&mut draft, engine.root);
        let class_roles = ClassRoles::new(engine, draft.kind);
        let mail = Invitation::of(engine, draft.kind);
        Self {
            draft,
            id: engine.world.id(),
            other_id: engine.world.unordered_id(),
            class_roles,
            now: engine.world.now(),
            client: caller.scene.client.clone(),
            settings: Arc::clone(&engine.settings),
            credential: None,
            password: None,
            assign: Vec::new(),
            mail,
        }
    }

    /// With an id chosen beforehand: the sample data's ids stand in the documentation.
    #[must_use]
    pub fn with_id(mut self, id: Uuid) -> Self {
        self.id = id;
        self
    }

    /// Also stores a password's hash.
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

    /// Also assigns roles, given by UUID or entity name, to the new user.
    #[must_use]
    pub fn assigning(mut self, roles: Vec<Box<str>>) -> Self {
        self.assign = roles;
        self
    }

    async fn valid(&self, tx: &mut dyn Write, companions: &mut Companions) -> Result<Valid, Error> {
        let mut attributes = Attributes::default();
        let within = access::named::resolved(tx, self.draft.kind, &self.draft.given).await?;
        let given = within.as_ref().unwrap_or(&self.draft.given);
        apply(tx, given, &mut attributes, companions).await?;
        access::standing::check(tx, self.draft.kind, &attributes, companions).await?;
        if self.draft.kind == Kind::Mandate {
            fill_from_template(tx, &mut attributes, companions, self.now).await?;
            hold_roles(tx, &attributes, companions).await?;
        }
        let context = Context {
            now: self.now,
            id: self.id,
            other_id: self.other_id,
            client: &self.client,
            settings: &self.settings,
            with: companions,
        };
        validate(self.draft.kind, attributes, &context)
    }

    async fn assign_roles(
        &self,
        tx: &mut dyn Write,
        user: &Stored,
        events: &mut Events,
    ) -> Result<(), Error> {
        if self.assign.is_empty() {
            return Ok(());
        }
        let given = self.assign.iter().cloned().map(Given::Reference).collect();
        let mut companions = Companions::default();
        let mut roles = Attributes::default();
        apply(tx, &[(assignment::ROLE, given)], &mut roles, &mut companions).await?;
        for value in roles.values(assignment::ROLE) {
            let Some(role) = value.as_ref().and_then(|to| companions.get(to.id)).cloned() else { continue };
            crate::operation::assign::link(tx, user, &role, self.now, events).await?;
        }
        Ok(())
    }
}

/// Where a user, organization or role belongs when the client does not say: the root organization.
pub(super) fn default_owner(draft: &mut Draft, root: Uuid) {
    let owner = match draft.kind {
        Kind::User => crate::model::kind::user::HOME,
        Kind::Organization => organization::PARENT,
        _ => return,
    };
    let named = draft.given.iter().any(|(attr, values)| *attr == owner && !values.is_empty());
    if !named {
        draft.given.retain(|(attr, _)| *attr != owner);
        draft.given.push((owner, vec![Given::Reference(root.to_string().into())]));
    }
}

/// The row of the organization that owns an entity with these attributes.
pub fn home_of(kind: Kind, attributes: &Attributes, companions: &Companions) -> Option<Row> {
    let Scope::Ref(number) = kind.def().scope else { return None };
    let owner = companions.of(attributes, kind.own_attr(number))?;
    if owner.kind() == Kind::Organization { Some(owner.row()) } else { owner.home() }
}

/// The roles that an organization gets by its class; ids and instant are fixed before the first run.
#[derive(Debug)]
pub struct ClassRoles {
    ids: Vec<Uuid>,
    now: i64,
    settings: Arc<Settings>,
}

impl ClassRoles {
    /// For a change of an entity of `kind`; only organizations need ids for roles.
    pub fn new(engine: &Engine, kind: Kind) -> Self {
        let sizes = engine.settings.classes.iter().map(|class| class.roles.len());
        let most = if kind == Kind::Organization { sizes.max().unwrap_or(0) } else { 0 };
        Self {
            ids: (0..most).map(|_| engine.world.id()).collect(),
            now: engine.world.now(),
            settings: Arc::clone(&engine.settings),
        }
    }

    /// Adds the roles of its class that `organization` does not have yet.
    pub async fn add(
        &self,
        tx: &mut dyn Write,
        organization: &Stored,
        events: &mut Events,
    ) -> Result<(), Error> {
        let class = organization.attributes().text(organization::CLASS);
        let class = class.and_then(|name| self.settings.class(name));
        let names = class.map_or(&[][..], |class| class.roles.as_slice());
        add_roles(tx, organization, names.iter().zip(&self.ids), self.now, events).await
    }
}

pub(super) async fn add_roles(
    tx: &mut dyn Write,
    organization: &Stored,
    named: impl Iterator<Item = (&String, &Uuid)> + Send,
    now: i64,
    events: &mut Events,
) -> Result<(), Error> {
    let mut companions = Companions::default();
    companions.add(organization.clone());
    let mut new = Vec::new();
    for (name, id) in named {
        let key = crate::model::key::unique_key(name, false);
        if tx.holder(role::NAME, organization.row(), &key).await?.is_none() {
            let mut attributes = Attributes::default();
            attributes.put(role::NAME, Value::text(name.as_str()));
            attributes.put(role::ORGANIZATION, Value::Ref(organization.reference()));
            new.push((*id, by_server(Kind::Role, attributes)));
        }
    }
    let home = Some(organization.row());
    let inserts: Vec<Insert<'_>> =
        new.iter().map(|(id, valid)| Insert { id: *id, now, home, valid, rows: &companions }).collect();
    if inserts.is_empty() {
        return Ok(());
    }
    let registry = tx.registry();
    for stored in tx.insert(&inserts).await? {
        let action = Action::of(Verb::Create, Kind::Role, Some(stored.id()));
        events.succeeded(action, changes(&Attributes::default(), stored.attributes(), &registry));
    }
    Ok(())
}

impl Change for Create {
    type Out = Uuid;

    fn action(&self) -> Action {
        Action::of(Verb::Create, self.draft.kind, Some(self.id))
    }

    fn includes(&self) -> Option<Action> {
        let assigns = !self.assign.is_empty();
        assigns.then(|| Action::of(Verb::Create, Kind::Assignment, None))
    }

    fn touches(&self) -> &'static [Kind] {
        match self.draft.kind {
            // A new name cannot be cached yet, but a search for it may have failed before.
            Kind::Organization => &[Kind::Role],
            Kind::ApiClient => &[Kind::ApiClient],
            Kind::Mandate => &[Kind::Mandate],
            Kind::Device => &[Kind::Device],
            other => access::touched_by(other),
        }
    }

    async fn run<'t>(&'t self, tx: &'t mut (dyn Write + 't), events: &'t mut Events) -> Result<Uuid, Error> {
        if self.draft.kind == Kind::Organization {
            // A move above the new place, at the same moment, would leave it with its old ancestors.
            tx.lock(&["tree"]).await?;
        }
        let mut companions = Companions::default();
        let valid = self.valid(tx, &mut companions).await?;
        load_companions(tx, valid.attributes(), &mut companions).await?;
        if let Some(password) = &self.password {
            password.check_own(valid.attributes())?;
        }
        let home = home_of(self.draft.kind, valid.attributes(), &companions);
        let insert = Insert { id: self.id, now: self.now, home, valid: &valid, rows: &companions };
        let stored = tx.insert(std::slice::from_ref(&insert)).await?.pop();
        let stored = stored.ok_or_else(|| Error::internal("an insert returned no entity"))?;
        if let Some(credential) = &self.credential {
            tx.set_credential(stored.row(), credential).await?;
        }
        events.succeeded(self.action(), changes(&Attributes::default(), stored.attributes(), &tx.registry()));
        match self.draft.kind {
            Kind::Organization => {
                let parent = companions.of(stored.attributes(), organization::PARENT).map(Stored::row);
                tx.plant(stored.row(), parent).await?;
                self.class_roles.add(tx, &stored, events).await?;
            }
            Kind::User => self.assign_roles(tx, &stored, events).await?,
            _ => {}
        }
        if let Some(mail) = &self.mail {
            mail.send(tx, &stored, events).await?;
        }
        Ok(self.id)
    }
}

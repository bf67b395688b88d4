//! Initializing the orchestrator (POST `/api/v1/init`) and its first administrator (POST `/api/v1/init/admin`), each
//! once. Whoever comes first does it: both lock the setting, and the second is told.

use uuid::Uuid;

use crate::audit::{Action, Events};
use crate::crypto::hd_key::HdKey;
use crate::model::kind::organization;
use crate::model::state::{Draft, Given};
use crate::model::{Error, Grants, Kind, Stored, Value, Verb, key};
use crate::operation::create::{Create, add_roles};
use crate::operation::device::orchestrator::{Orchestrator, ROLE, locked, put};
use crate::operation::engine::{Caller, Engine};
use crate::operation::perform::Change;
use crate::store::Write;
use crate::world::World;

/// Upper-case letters and digits behind `Orchestrator` in its name.
const LETTERS: usize = 12;
const ALPHABET: &[u8; 36] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// Initializes the orchestrator for one organization.
#[derive(Debug)]
pub struct Init {
    technical_name: String,
    organization: Create,
    organization_id: Uuid,
    root: Uuid,
    name: String,
    public_key: String,
    role: (String, Uuid),
    now: i64,
}

/// Twelve signs, each of 36 equally likely.
fn letters(world: &dyn World) -> String {
    let mut name = String::with_capacity(LETTERS);
    while name.len() < LETTERS {
        let mut byte = [0];
        world.random(&mut byte);
        // 252 is the largest multiple of 36 that a byte reaches.
        let [byte] = byte;
        if byte < 252
            && let Some(letter) = ALPHABET.get(usize::from(byte % 36))
        {
            name.push(char::from(*letter));
        }
    }
    name
}

/// Initializing, for an organization that is to have this id if it is to be made.
pub fn action(organization: Option<Uuid>) -> Action {
    Action { word: "INIT", ..Action::of(Verb::Create, Kind::Organization, organization) }
}

/// What somebody may do who initializes: nobody has an account yet.
fn founder(caller: &Caller, words: [&str; 2]) -> Result<Caller, Error> {
    Ok(Caller { grants: Grants::parse(words)?, within: None, ..caller.clone() })
}

impl Init {
    /// For the organization of that technical name below the root, which is made where there is none.
    pub fn new(engine: &Engine, caller: &Caller, technical_name: &str) -> Result<Self, Error> {
        let mut seed = zeroize::Zeroizing::new([0; 32]);
        engine.world.random(seed.as_mut());
        let given = vec![(organization::TECHNICAL_NAME, vec![Given::Value(Value::text(technical_name))])];
        let organization_id = engine.world.id();
        let draft = Draft { kind: Kind::Organization, given };
        Ok(Self {
            technical_name: technical_name.to_owned(),
            organization: Create::new(engine, caller, draft).with_id(organization_id),
            organization_id,
            root: engine.root,
            name: format!("{ROLE}{}", letters(engine.world.as_ref())),
            public_key: HdKey::fresh(&seed)?,
            role: (ROLE.to_owned(), engine.world.id()),
            now: engine.world.now(),
        })
    }

    /// Who performs it for `caller`.
    pub fn founder(caller: &Caller) -> Result<Caller, Error> {
        founder(caller, ["create:organization", "create:role"])
    }

    async fn organization(&self, tx: &mut dyn Write, events: &mut Events) -> Result<Stored, Error> {
        let root = tx.companions(&[self.root]).await?.pop();
        let root = root.ok_or_else(|| Error::internal("there is no root organization"))?;
        let key = key::unique_key(&self.technical_name, false);
        let held = tx.holder(organization::TECHNICAL_NAME, root.row(), &key).await?;
        let found = if let Some(row) = held {
            tx.load_rows(&[row]).await?.pop()
        } else {
            let id = self.organization.run(tx, events).await?;
            tx.load(&[id]).await?.pop()
        };
        let found = found.ok_or_else(|| Error::not_found(Kind::Organization))?;
        // Nobody is at home in a virtual one, so that nobody could ever sign in.
        if found.attributes().flag(organization::VIRTUAL) {
            return Err(Error::ParentVirtual { parameter: "orgId".to_owned() });
        }
        Ok(found)
    }
}

impl Change for Init {
    type Out = ();

    fn action(&self) -> Action {
        action(Some(self.organization_id))
    }

    fn touches(&self) -> &'static [Kind] {
        &[Kind::Organization, Kind::Role]
    }

    async fn run<'t>(&'t self, tx: &'t mut (dyn Write + 't), events: &'t mut Events) -> Result<(), Error> {
        if locked(tx).await?.is_some() {
            return Err(Error::conflict("the orchestrator is initialized already"));
        }
        let home = self.organization(tx, events).await?;
        let (name, id) = &self.role;
        add_roles(tx, &home, std::iter::once((name, id)), self.now, events).await?;
        let (name, public_key) = (self.name.clone(), self.public_key.clone());
        put(tx, &Orchestrator { organization: home.id(), name, public_key, admin: false }).await?;
        events.succeeded(self.action(), vec![format!("orchestrator: → {}", self.name)]);
        Ok(())
    }
}

/// Makes the first administrator.
#[derive(Debug)]
pub struct InitAdmin {
    user: Create,
}

impl InitAdmin {
    /// By the creation of that user.
    pub fn new(user: Create) -> Self {
        Self { user }
    }

    /// Who performs it for `caller`.
    pub fn founder(caller: &Caller) -> Result<Caller, Error> {
        founder(caller, ["create:user", "create:assignment"])
    }
}

impl Change for InitAdmin {
    type Out = Uuid;

    fn action(&self) -> Action {
        self.user.action()
    }

    fn includes(&self) -> Option<Action> {
        self.user.includes()
    }

    fn touches(&self) -> &'static [Kind] {
        &[Kind::User, Kind::Assignment]
    }

    async fn run<'t>(&'t self, tx: &'t mut (dyn Write + 't), events: &'t mut Events) -> Result<Uuid, Error> {
        let Some(orchestrator) = locked(tx).await? else {
            return Err(Error::conflict("the orchestrator is not initialized"));
        };
        if orchestrator.admin {
            return Err(Error::conflict("the first administrator is there already"));
        }
        let id = self.user.run(tx, events).await?;
        put(tx, &Orchestrator { admin: true, ..orchestrator }).await?;
        Ok(id)
    }
}

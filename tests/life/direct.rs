//! Asking the operations themselves, in this process and without HTTP: a store of its own in memory, a clock that
//! stands still.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use tempfile::TempDir;
use uuid::Uuid;
use valtuus::config::Config;
use valtuus::http::arguments::{Arguments, given};
use valtuus::model::rules::check_given;
use valtuus::model::state::{Draft, Given, Patch};
use valtuus::model::visible::Shown;
use valtuus::model::{AttrId, Error, Kind};
use valtuus::operation::assign::Assign;
use valtuus::operation::create::Create;
use valtuus::operation::delegate::Delegate;
use valtuus::operation::delete::Delete;
use valtuus::operation::effective::Sources;
use valtuus::operation::invitation::Offer;
use valtuus::operation::invitation::answer::{Answer, Proof, Who};
use valtuus::operation::invitation::decide::Decide;
use valtuus::operation::invitation::invite_user::{InviteUser, Reinvite};
use valtuus::operation::invitation::step::{Resend, Withdraw};
use valtuus::operation::list::{Base, Listing, Query};
use valtuus::operation::move_organization::MoveOrganization;
use valtuus::operation::move_user::MoveUser;
use valtuus::operation::revoke::{Step, TakeStep};
use valtuus::operation::search::Argument;
use valtuus::operation::update::{Precondition, Update};
use valtuus::operation::{Caller, Engine, perform, read};
use valtuus::server::compose;
use valtuus::store::{SharedStore, StoreOptions, connect};
use valtuus::world::{SharedWorld, Still};

use super::apply::instant;
use super::drive::{Asked, Driver, Facts, No, Pairs, Request, Verb, Way};
use crate::kit::bed::configuration;

/// An engine over a SQLite store of its own.
pub struct Direct {
    pub engine: Engine,
    pub caller: Caller,
    pub clock: Arc<Still>,
    _directory: TempDir,
}

/// Attributes as an operation takes them.
type Attributed = Vec<(AttrId, Vec<Given>)>;

/// A folder that is not on a disk, where there is one.
fn in_memory() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { TempDir::new_in(memory).unwrap() } else { TempDir::new().unwrap() }
}

impl Direct {
    pub async fn start() -> Self {
        Self::start_with(|_| ()).await
    }

    /// After `adapt` changed the configuration.
    pub async fn start_with(adapt: impl FnOnce(&mut Config)) -> Self {
        let directory = in_memory();
        let clock = Arc::new(Still::at(1_800_000_000_000_000));
        let world = Arc::clone(&clock) as SharedWorld;
        let mut config = configuration(directory.path(), None);
        adapt(&mut config);
        let url = compose::database_url(&config);
        let store = connect(StoreOptions::new(url, Arc::clone(&world))).await.unwrap();
        let engine = compose::engine(store, &config, world).await.unwrap();
        Self { engine, caller: Caller::local("walker"), clock, _directory: directory }
    }

    async fn read(&self, kind: Kind, pairs: &Pairs, creating: bool) -> Result<Attributed, Error> {
        let argument =
            |(name, value): &(&str, String)| Argument { name: (*name).into(), value: value.clone() };
        let arguments = Arguments::of_query(pairs.iter().map(argument).collect());
        given(&self.engine, kind, arguments, creating).await
    }

    async fn given(&self, kind: Kind, pairs: &Pairs, creating: bool) -> Result<Attributed, Error> {
        let argument =
            |(name, value): &(&str, String)| Argument { name: (*name).into(), value: value.clone() };
        let arguments = Arguments::of_query(pairs.iter().map(argument).collect());
        let given = given(&self.engine, kind, arguments, creating).await?;
        check_given(kind, &given, creating)?;
        Ok(given)
    }

    /// Performs a change.
    pub async fn perform(&self, request: &Request) -> Result<BTreeSet<Uuid>, Error> {
        let (engine, caller) = (&self.engine, &self.caller);
        let any = || Precondition::None;
        match request {
            Request::Create(kind, pairs) => {
                let draft = Draft { kind: *kind, given: self.given(*kind, pairs, true).await? };
                perform(engine, caller, Create::new(engine, caller, draft)).await.map(|id| [id].into())
            }
            Request::Update(kind, id, pairs) => {
                let patch = Patch { kind: *kind, given: self.given(*kind, pairs, false).await? };
                perform(engine, caller, Update::new(engine, caller, *id, patch)).await.map(|id| [id].into())
            }
            Request::Delete(kind, id, recursive) => {
                let delete = Delete::new(engine, *kind, *id, *recursive, any());
                perform(engine, caller, delete).await.map(|ids| ids.into_iter().collect())
            }
            Request::Move(id, parent) => {
                let parent = parent.to_string().into_boxed_str();
                let change = MoveOrganization::new(engine, *id, parent, any());
                perform(engine, caller, change).await.map(|id| [id].into())
            }
            Request::Assign(user, role, give) => {
                let change = Assign::new(engine, (*user, *role), *give, any()).by(caller);
                perform(engine, caller, change).await.map(|()| [*role].into())
            }
            Request::MoveUser(id, home) => {
                let change = MoveUser::new(engine, *id, home.to_string().into_boxed_str(), any());
                perform(engine, caller, change).await.map(|id| [id].into())
            }
            Request::Delegate(mandate, pairs) => {
                let given = self.given(Kind::Delegation, pairs, true).await?;
                let change = Delegate::new(engine, caller, *mandate, given);
                perform(engine, caller, change).await.map(|id| [id].into())
            }
            Request::Take(verb, id) => self.take(*verb, *id).await,
            Request::Answer(kind, id, accept, user) => self.answer(*kind, *id, *accept, *user).await,
            Request::Resend(id) => {
                let change = Resend::new(engine, Offer::Roles, *id, any());
                perform(engine, caller, change).await.map(|id| [id].into())
            }
            Request::InviteUser(pairs) => {
                let (offer, who): (Pairs, Pairs) =
                    pairs.iter().cloned().partition(|(name, _)| *name == "role");
                let offer = self.read(Kind::RoleInvitation, &offer, true).await?;
                let draft = Draft { kind: Kind::User, given: self.read(Kind::User, &who, true).await? };
                perform(engine, caller, InviteUser::new(engine, caller, draft, offer))
                    .await
                    .map(|id| [id].into())
            }
            Request::Reinvite(id) => {
                let change = Reinvite::new(engine, caller, *id, any());
                perform(engine, caller, change).await.map(|(id, _)| [id].into())
            }
            Request::Decide(id, approve) => {
                let change = Decide::new(engine, caller, (*id, *approve), any());
                perform(engine, caller, change).await.map(|id| [id].into())
            }
        }
    }

    async fn answer(
        &self,
        kind: Kind,
        id: Uuid,
        accept: bool,
        user: Option<Uuid>,
    ) -> Result<BTreeSet<Uuid>, Error> {
        let offer = if kind == Kind::RoleInvitation { Offer::Roles } else { Offer::Mandate };
        let who = accept.then(|| user.map_or_else(|| Who::Invited(Box::default()), Who::User));
        let change = Answer::new(&self.engine, &self.caller, (offer, id), Proof::Grant, who);
        perform(&self.engine, &self.caller, change).await.map(|id| [id].into())
    }

    async fn take(&self, verb: Verb, id: Uuid) -> Result<BTreeSet<Uuid>, Error> {
        let (engine, caller) = (&self.engine, &self.caller);
        let step = match verb {
            Verb::Revoke => Step::RevokeMandate,
            Verb::Approve => Step::ApproveMandate,
            Verb::Reject => Step::RejectMandate,
            Verb::Withdraw => {
                let change = Withdraw::new(engine, Offer::Roles, id, Precondition::None);
                return perform(engine, caller, change).await.map(|id| [id].into());
            }
        };
        let change = TakeStep::new(engine, step, id, Precondition::None).by(caller);
        perform(engine, caller, change).await.map(|id| [id].into())
    }

    /// One page of a listing, and the cursor that goes on behind it.
    pub async fn page(
        &self,
        asked: &Asked,
        limit: Option<u64>,
        after: Option<String>,
    ) -> Result<(Vec<Uuid>, Option<String>), No> {
        let argument =
            |(name, value): &(&str, String)| Argument { name: (*name).into(), value: value.clone() };
        let query = Query {
            kind: asked.kind,
            base: asked.base,
            owner: asked.owner.map(|id| id.to_string()),
            among: None,
            recursive: asked.recursive,
            arguments: asked.arguments.iter().map(argument).collect(),
            exact: asked.exact,
            limit,
            after,
        };
        let listing = Listing::begin(&self.engine, &self.caller, &query, false).await;
        let mut listing = listing.map_err(|error| refusal(&error))?;
        let wanted = limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap());
        let mut results = Vec::new();
        // One more than wanted is looked for, as an answer must know whether there is more.
        while results.len() <= wanted {
            let size = wanted.saturating_sub(results.len()).saturating_add(1).min(1_000);
            let found = listing.next(size).await.unwrap();
            if found.is_empty() {
                break;
            }
            results.extend(found);
        }
        let more = results.len() > wanted;
        results.truncate(wanted);
        let cursor = results.last().filter(|_| more).map(|last| listing.cursor(&last.at));
        Ok((results.into_iter().map(|result| result.id).collect(), cursor))
    }
}

/// The status and code of a refusal, by the contract's table.
pub fn refusal(error: &Error) -> No {
    match error {
        Error::Invalid { .. } => (400, 1),
        Error::Forbidden { .. } => (403, 3),
        Error::AlreadyExists { .. } => (409, 4),
        Error::ParentNotFound { .. } => (404, 5),
        Error::NotFound { .. } => (404, 7),
        Error::ParentNotVirtual { .. } => (409, 8),
        Error::ParentVirtual { .. } => (409, 9),
        Error::InvalidReference { .. } => (400, 10),
        Error::Referenced { .. } | Error::Cycle { .. } => (409, 10),
        Error::Conflict { .. } => (409, 15),
        other => panic!("{other:?} is nothing that a walk can come to"),
    }
}

impl Driver for Direct {
    fn store(&self) -> &SharedStore {
        &self.engine.store
    }

    fn advance(&self, by: i64) {
        self.clock.advance(by);
    }

    async fn effective(&self, user: Uuid) -> BTreeSet<Way> {
        let user = self.engine.store.by_id(user).await.unwrap().unwrap();
        let sources = Sources::of(&self.engine.store, &user, true).await.unwrap();
        let ways = sources.resolve(self.engine.world.now(), true).into_iter().map(|found| {
            let mut way = Way {
                role: found.role,
                source: found.how.name().to_owned(),
                mandater: found.mandater.map(|to| to.id),
                until: instant(found.until).pop_first().unwrap_or_default(),
                ..Way::default()
            };
            way.via(&found.via.iter().map(|to| to.id).collect::<Vec<Uuid>>());
            way
        });
        ways.collect()
    }

    async fn change(&self, request: &Request) -> Result<BTreeSet<Uuid>, No> {
        self.perform(request).await.map_err(|error| refusal(&error))
    }

    async fn list(&self, asked: &Asked, page: Option<u64>) -> Vec<Uuid> {
        let (mut ids, mut after) = (Vec::new(), None);
        loop {
            let (found, next) = self.page(asked, page, after).await.unwrap();
            ids.extend(found);
            match next {
                Some(cursor) => after = Some(cursor),
                None => return ids,
            }
        }
    }

    async fn whole(&self, kind: Kind) -> BTreeMap<Uuid, Facts> {
        let query = Query {
            kind,
            base: Base::All,
            owner: None,
            among: None,
            recursive: false,
            arguments: Vec::new(),
            exact: false,
            limit: None,
            after: None,
        };
        let mut listing = Listing::begin(&self.engine, &self.caller, &query, true).await.unwrap();
        let (mut whole, registry) = (BTreeMap::new(), self.engine.registry());
        loop {
            let found = listing.next(500).await.unwrap();
            if found.is_empty() {
                return whole;
            }
            let entities = found.into_iter().filter_map(|listed| listed.entity).collect();
            let gathered = read::with_names(&self.engine, &self.caller, entities, false).await.unwrap();
            for entity in &gathered.0 {
                let permitted = entity.permit(valtuus::model::Verb::Read, &self.caller.grants).unwrap();
                let visible = permitted.visible(&registry, &gathered.2);
                let facts = visible.fields.iter().map(|field| {
                    let mut values = BTreeSet::new();
                    field.values.each(|value| {
                        values.insert(shown(value));
                    });
                    (field.name.to_owned(), values)
                });
                whole.insert(entity.id(), facts.collect());
            }
        }
    }
}

fn shown(value: &Shown<'_>) -> String {
    match value {
        Shown::Text(text) => text.to_string(),
        Shown::Reference(_, id) => id.to_string(),
        Shown::Entity(entity) => entity.id.to_string(),
    }
}

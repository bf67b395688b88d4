//! Asking for decisions: names of tenants become paths, a user becomes its effective roles, and the indexes answer.
//! What is asked about roles takes no call to the database once the tenants are known.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use uuid::Uuid;

use crate::access::{Granted, Held, Match, Outcome, Question, Tenant, decide};
use crate::model::kind::{mandate, organization, role};
use crate::model::{Error, Kind, Stored, Verb};
use crate::operation::access::indexes::{View, path};
use crate::operation::effective::{How, Sources};
use crate::operation::engine::{Caller, Engine};
use crate::operation::read;

/// A role and the tenant where it is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleAt {
    /// The code.
    pub code: String,
    /// The tenant, in any form.
    pub tenant: String,
}

/// Whose roles are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// These.
    Roles(Vec<RoleAt>),
    /// The effective ones of a user, or only those of one mandate that it received.
    User {
        /// The user's id.
        user: String,
        /// The mandate's id.
        mandate: Option<String>,
    },
}

/// One question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The address that is called.
    pub uri: String,
    /// The HTTP method.
    pub method: Option<String>,
    /// The tenants, in any form; one at least.
    pub tenants: Vec<String>,
    /// Whose roles are meant.
    pub who: Who,
    /// Whether it must be allowed for all tenants; when not said, for a user.
    pub all: Option<bool>,
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answered {
    /// It is allowed.
    Allowed {
        /// `CODE@TENANT` of the role.
        role: String,
        /// `TENANT:NUMBER` of the action.
        action: String,
    },
    /// It is not.
    Refused {
        /// Why.
        reason: &'static str,
    },
}

const NOT_RECEIVED: &str = "the mandate is not in force, or the user has not received it";

/// A path as tenants are named in answers; that of an organization with a dot, which is no tenant, as it is.
pub fn dotted(path: &str) -> Cow<'_, str> {
    match path {
        "" => organization::ROOT_NAME.into(),
        path if path.contains('.') => path.into(),
        path => path.replace('/', ".").into(),
    }
}

/// What several questions share: whom they are asked by, and which users they have asked about.
pub struct Asking<'e> {
    engine: &'e Engine,
    caller: &'e Caller,
    /// The path of the organization that the caller is bounded to.
    bound: Option<String>,
    users: HashMap<(String, Option<String>), Option<Vec<RoleAt>>>,
}

impl<'e> Asking<'e> {
    /// Error 3 unless the caller may ask at all.
    pub async fn begin(engine: &'e Engine, caller: &'e Caller) -> Result<Self, Error> {
        caller.grants.require(Verb::Decide, Kind::Action)?;
        Self::unasked(engine, caller).await
    }

    /// For who asks for something else than a decision.
    pub(super) async fn unasked(engine: &'e Engine, caller: &'e Caller) -> Result<Self, Error> {
        let bound = match caller.within {
            // Who is bounded to what is gone sees nothing: no tenant has this path.
            Some(id) => Some(path_of_id(engine, id).await?.unwrap_or_else(|| "/".to_owned())),
            None => None,
        };
        Ok(Self { engine, caller, bound, users: HashMap::new() })
    }

    /// Answers one question. Error 7 when the caller sees no such user or mandate.
    pub async fn answer(&mut self, asked: &Asked) -> Result<Answered, Error> {
        let held = match &asked.who {
            Who::Roles(roles) => Cow::Borrowed(roles),
            Who::User { user, mandate } => match self.of_user(user, mandate.as_deref()).await? {
                Some(roles) => Cow::Owned(roles),
                None => return Ok(Answered::Refused { reason: NOT_RECEIVED }),
            },
        };
        let roles = placed(self.engine, &held).await?;
        let mut seen = HashSet::with_capacity(roles.len());
        let roles: Vec<Held<'_>> = roles
            .iter()
            .map(|(code, at)| Held { code, at })
            .filter(|held| seen.insert((held.code, held.at)))
            .collect();
        let question = Question { uri: &asked.uri, method: asked.method.as_deref(), roles: &roles };
        let all = asked.all.unwrap_or(matches!(asked.who, Who::User { .. }));
        let mut first = None;
        for tenant in &asked.tenants {
            let view = self.view(tenant).await?;
            let outcome = self.decided(&question, view.as_deref()).await?;
            let settles = matches!(outcome, Answered::Allowed { .. }) != all;
            if settles {
                return Ok(outcome);
            }
            first.get_or_insert(outcome);
            // What is kept is answered without waiting: others must have their turn between many tenants.
            tokio::task::consume_budget().await;
        }
        first.ok_or_else(|| Error::invalid("tenant", "mandatory and must not be empty"))
    }

    /// The view of a tenant; `None` when the caller sees none of that name.
    pub(super) async fn view(&self, tenant: &str) -> Result<Option<Arc<View>>, Error> {
        let Some(path) = path_of(self.engine, tenant).await? else { return Ok(None) };
        let inside = self.bound.as_deref().is_none_or(|bound| {
            let rest = path.strip_prefix(bound);
            bound.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        });
        if inside { self.engine.access.view(&path).await.map(Some) } else { Ok(None) }
    }

    async fn decided(&self, question: &Question<'_>, view: Option<&View>) -> Result<Answered, Error> {
        let style = if self.engine.settings.access_segments { Match::Segment } else { Match::Word };
        let tenant = view.map_or(Tenant { path: "", chain: &[] }, View::tenant);
        let outcome: Outcome<'_> = decide(question, &tenant, style);
        let Granted { role, target } = match outcome {
            Ok(granted) => granted,
            Err(reason) => return Ok(Answered::Refused { reason: reason.words() }),
        };
        let known = view.and_then(|view| view.organizations.iter().find(|known| known.id == target.tenant));
        let owner = match known {
            Some(known) => dotted(&known.path).into_owned(),
            None => path_of_id(self.engine, target.tenant)
                .await?
                .map(|path| dotted(&path).into_owned())
                .unwrap_or_default(),
        };
        Ok(Answered::Allowed {
            role: format!("{}@{}", role.code, dotted(role.at)),
            action: format!("{owner}:{}", target.number),
        })
    }

    /// The roles of a user, each at its organization; `None` when the mandate that is meant gives none.
    async fn of_user(&mut self, user: &str, mandate: Option<&str>) -> Result<Option<Vec<RoleAt>>, Error> {
        let key = (user.to_owned(), mandate.map(str::to_owned));
        if let Some(known) = self.users.get(&key) {
            return Ok(known.clone());
        }
        let roles = self.read_user(user, mandate).await?;
        self.users.insert(key, roles.clone());
        Ok(roles)
    }

    async fn read_user(&self, user: &str, mandate: Option<&str>) -> Result<Option<Vec<RoleAt>>, Error> {
        let Self { engine, caller, .. } = self;
        caller.grants.require(Verb::Read, Kind::User)?;
        if mandate.is_some() {
            caller.grants.require(Verb::Read, Kind::Mandate)?;
        }
        let user = read::find(engine, caller, Kind::User, user).await?;
        let mandate = match mandate {
            Some(key) => Some(read::find(engine, caller, Kind::Mandate, key).await?),
            None => None,
        };
        let now = engine.world.now();
        if let Some(mandate) = &mandate {
            let receiver = mandate.attributes().reference(mandate::MANDATEE);
            let received = receiver.is_some_and(|to| to.id == user.id());
            if !received || !mandate::state::in_force(mandate.attributes(), now) {
                return Ok(None);
            }
        }
        let recursion = engine.settings.role_recursion;
        let sources = Sources::of(&engine.store, &user, recursion).await?;
        let mut found: Vec<Uuid> = Vec::new();
        for way in sources.resolve(now, recursion) {
            let by = way.via.first().map(|to| to.id).filter(|_| way.how == How::Mandate);
            let counts = mandate.as_ref().is_none_or(|mandate| by == Some(mandate.id()));
            if counts && !found.contains(&way.role) {
                found.push(way.role);
            }
        }
        let held = found.iter().filter_map(|id| sources.roles.get(id)).filter_map(role_at);
        Ok(Some(held.collect()))
    }
}

/// Roles with the paths of the tenants where they are held; what is held at no organization is left out.
pub(super) async fn placed<'r>(
    engine: &Engine,
    roles: &'r [RoleAt],
) -> Result<Vec<(&'r str, Cow<'r, str>)>, Error> {
    let mut placed = Vec::with_capacity(roles.len());
    for RoleAt { code, tenant } in roles {
        if let Some(at) = path_of(engine, tenant).await? {
            placed.push((code.as_str(), at));
        }
    }
    Ok(placed)
}

/// A role where its organization is.
pub(super) fn role_at(found: &Stored) -> Option<RoleAt> {
    let code = found.attributes().text(role::NAME)?.to_owned();
    let tenant = found.attributes().reference(role::ORGANIZATION)?.id.to_string();
    Some(RoleAt { code, tenant })
}

/// The path of the tenant that a text names; `None` for an id that no organization has.
async fn path_of<'t>(engine: &Engine, text: &'t str) -> Result<Option<Cow<'t, str>>, Error> {
    match Uuid::try_parse(text) {
        Ok(id) => Ok(path_of_id(engine, id).await?.map(Cow::Owned)),
        Err(_) => Ok(Some(path(text))),
    }
}

async fn path_of_id(engine: &Engine, id: Uuid) -> Result<Option<String>, Error> {
    if id == engine.root {
        return Ok(Some(String::new()));
    }
    Ok(engine.names.name(id).await?.map(|name| name.entity.into_string()))
}

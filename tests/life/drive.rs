//! What a walk asks of the service, and the two ways to ask it: straight at the operations, or over HTTP.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;
use valtuus::model::Kind;
use valtuus::operation::list::Base;
use valtuus::store::SharedStore;

use super::steps::{Giving, Step};

/// A refusal: status and code.
pub type No = (u16, u16);

/// What an entity shows: names of attributes and their values.
pub type Facts = BTreeMap<String, BTreeSet<String>>;

/// Attributes as they are given: a name may stand several times.
pub type Pairs = Vec<(&'static str, String)>;

/// A change as either way of asking understands it.
#[derive(Debug, Clone)]
pub enum Request {
    Create(Kind, Pairs),
    Update(Kind, Uuid, Pairs),
    Delete(Kind, Uuid, bool),
    Move(Uuid, Uuid),
    Assign(Uuid, Uuid, bool),
    MoveUser(Uuid, Uuid),
    Take(Verb, Uuid),
    Delegate(Uuid, Pairs),
    /// Accepts or declines an invitation of a kind, for a user where one is named.
    Answer(Kind, Uuid, bool, Option<Uuid>),
    Resend(Uuid),
    InviteUser(Pairs),
    Reinvite(Uuid),
    Decide(Uuid, bool),
}

/// A step in the life of an entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    Revoke,
    Approve,
    Reject,
    Withdraw,
}

/// One way in which a role counts for a user: the role, how it came about, through which mandate and delegation, from
/// which given role on and how far, for whom, and until when.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Way {
    pub role: Uuid,
    pub source: String,
    pub through: Vec<Uuid>,
    pub given: Option<Uuid>,
    pub steps: usize,
    pub mandater: Option<Uuid>,
    pub until: String,
}

impl Way {
    /// Reads what it came through: first mandate and delegation, then the roles from the one that was given on.
    pub fn via(&mut self, via: &[Uuid]) {
        let through = match self.source.as_str() {
            "mandate" => 1,
            "delegation" => 2,
            _ => 0,
        };
        self.through = via[..through].to_vec();
        self.given = via.get(through).copied();
        self.steps = via.len() - through;
    }
}

/// A listing as either way of asking understands it.
#[derive(Debug, Clone)]
pub struct Asked {
    pub kind: Kind,
    pub base: Base,
    pub owner: Option<Uuid>,
    pub recursive: bool,
    pub arguments: Vec<(&'static str, String)>,
    pub exact: bool,
}

impl Asked {
    pub fn all(kind: Kind) -> Self {
        Self { kind, base: Base::All, owner: None, recursive: false, arguments: Vec::new(), exact: false }
    }

    pub fn of(kind: Kind, base: Base, owner: Uuid) -> Self {
        Self { base, owner: Some(owner), ..Self::all(kind) }
    }

    pub fn recursive(mut self) -> Self {
        self.recursive = true;
        self
    }

    pub fn exactly(mut self) -> Self {
        self.exact = true;
        self
    }

    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.arguments.push((name, value.to_owned()));
        self
    }
}

/// A way to ask the service.
pub trait Driver {
    /// The store behind it, to be checked.
    fn store(&self) -> &SharedStore;

    /// Lets time go by.
    fn advance(&self, by: i64);

    /// The roles that count for a user, and how each came about.
    fn effective(&self, user: Uuid) -> impl Future<Output = BTreeSet<Way>>;

    /// Asks for a change: the ids it answers, or its refusal.
    fn change(&self, request: &Request) -> impl Future<Output = Result<BTreeSet<Uuid>, No>>;

    /// Asks for a listing, in pages of `page` where given; ids in the order answered.
    fn list(&self, asked: &Asked, page: Option<u64>) -> impl Future<Output = Vec<Uuid>>;

    /// Every entity of a kind with everything it shows.
    fn whole(&self, kind: Kind) -> impl Future<Output = BTreeMap<Uuid, Facts>>;
}

/// Pairs of one name and many values; an empty value where there are none.
fn many<T: ToString>(name: &'static str, values: impl IntoIterator<Item = T>) -> Pairs {
    let pairs: Pairs = values.into_iter().map(|value| (name, value.to_string())).collect();
    if pairs.is_empty() { vec![(name, String::new())] } else { pairs }
}

/// A pair, where there is a value.
fn given<T: ToString>(name: &'static str, value: Option<T>) -> Pairs {
    value.map(|value| (name, value.to_string())).into_iter().collect()
}

fn not_empty(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

impl Step {
    /// The change that a step asks for; none when it lists.
    pub fn request(&self) -> Option<Request> {
        let one = |name, value: &dyn ToString| vec![(name, value.to_string())];
        Some(match self {
            Self::AddOrganization { name, parent, is_virtual, class } => {
                let pairs = [
                    one("technicalName", name),
                    one("parentOrganizationId", parent),
                    one("virtual", is_virtual),
                    given("organizationClass", *class),
                ];
                Request::Create(Kind::Organization, pairs.concat())
            }
            Self::ChangeOrganization { id, friendly } => {
                Request::Update(Kind::Organization, *id, one("friendlyName", friendly))
            }
            Self::Reclass { id, class } => {
                Request::Update(Kind::Organization, *id, one("organizationClass", class))
            }
            Self::Join { id, memberships } => {
                Request::Update(Kind::Organization, *id, many("memberships", memberships))
            }
            Self::MoveOrganization { id, parent } => Request::Move(*id, *parent),
            Self::DeleteOrganization { id, recursive } => {
                Request::Delete(Kind::Organization, *id, *recursive)
            }
            Self::AddUser { login, home, email, browsers } => {
                let pairs = [one("login", login), one("organizationId", home)];
                let more = [given("email", not_empty(email)), many("browsers", browsers)];
                Request::Create(Kind::User, [pairs, more].concat().concat())
            }
            Self::Rename { id, login } => Request::Update(Kind::User, *id, one("login", login)),
            Self::Change { id, surname } => Request::Update(Kind::User, *id, one("surname", surname)),
            Self::Browse { id, browsers } => Request::Update(Kind::User, *id, many("browsers", browsers)),
            Self::SetStatus { id, status } => Request::Update(Kind::User, *id, one("status", status)),
            Self::MoveUser { id, home } => Request::MoveUser(*id, *home),
            Self::DeleteUser { id } => Request::Delete(Kind::User, *id, false),
            Self::AddRole { name, owner } => {
                Request::Create(Kind::Role, [one("name", name), one("organization", owner)].concat())
            }
            Self::RenameRole { id, name } => Request::Update(Kind::Role, *id, one("name", name)),
            Self::Include { id, includes } => Request::Update(Kind::Role, *id, many("includes", includes)),
            Self::DeleteRole { id } => Request::Delete(Kind::Role, *id, false),
            Self::Assign { user, role, give } => Request::Assign(*user, *role, *give),
            Self::AddMandate(giving) => Request::Create(Kind::Mandate, giving.pairs()),
            Self::Revoke { id } => Request::Take(Verb::Revoke, *id),
            Self::Approve { id } => Request::Take(Verb::Approve, *id),
            Self::Reject { id } => Request::Take(Verb::Reject, *id),
            Self::Prolong { id, until } => {
                Request::Update(Kind::Mandate, *id, many("validUntil", until.map(|at| at / 1_000)))
            }
            Self::DeleteMandate { id } => Request::Delete(Kind::Mandate, *id, false),
            Self::Delegate { mandate, user, roles } => {
                let roles = if roles.is_empty() { Vec::new() } else { many("role", roles) };
                Request::Delegate(*mandate, [one("user", user), roles].concat())
            }
            Self::DeleteDelegation { id } => Request::Delete(Kind::Delegation, *id, false),
            Self::AddTemplate { name, roles, validity } => {
                let pairs = [one("name", name), many("role", roles), given("validity", *validity)];
                Request::Create(Kind::MandateTemplate, pairs.concat())
            }
            Self::ChangeTemplate { id, roles } => {
                Request::Update(Kind::MandateTemplate, *id, many("role", roles))
            }
            Self::DeleteTemplate { id } => Request::Delete(Kind::MandateTemplate, *id, false),
            Self::Invite { user, email, roles, inviter } => {
                let who = [given("user", *user), given("email", not_empty(email))];
                let what = [many("role", roles), given("inviter", *inviter)];
                Request::Create(Kind::RoleInvitation, [who, what].concat().concat())
            }
            Self::Withdraw { id } => Request::Take(Verb::Withdraw, *id),
            other => return other.asks_to_invite(),
        })
    }

    /// The change that a step about an invitation or a workflow asks for; none when it changes nothing.
    fn asks_to_invite(&self) -> Option<Request> {
        let one = |name, value: &dyn ToString| vec![(name, value.to_string())];
        Some(match self {
            Self::Resend { id } => Request::Resend(*id),
            Self::Accept { id, user } => Request::Answer(Kind::RoleInvitation, *id, true, *user),
            Self::Decline { id } => Request::Answer(Kind::RoleInvitation, *id, false, None),
            Self::Receive { id, user } => Request::Answer(Kind::MandateInvitation, *id, true, Some(*user)),
            Self::Refuse { id } => Request::Answer(Kind::MandateInvitation, *id, false, None),
            Self::InviteUser { login, email, home, roles } => {
                let roles = if roles.is_empty() { Vec::new() } else { many("role", roles) };
                let who = [one("login", login), one("email", email), one("organizationId", home)];
                Request::InviteUser([who.concat(), roles].concat())
            }
            Self::Reinvite { id } => Request::Reinvite(*id),
            Self::Decide { id, approve } => Request::Decide(*id, *approve),
            _ => return None,
        })
    }
}

impl Giving {
    fn pairs(&self) -> Pairs {
        let milliseconds = |at: Option<i64>| at.map(|at| at / 1_000);
        let roles = if self.roles.is_empty() { Vec::new() } else { many("role", &self.roles) };
        let ends = [given("mandater", Some(self.from)), given("mandatee", self.to)];
        let terms = [
            given("assigneeEmail", not_empty(&self.email)),
            roles,
            given("template", self.template),
            given("validFrom", milliseconds(self.valid_from)),
            given("validUntil", milliseconds(self.valid_until)),
        ];
        ends.into_iter().chain(terms).flatten().collect()
    }
}

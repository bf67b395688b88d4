//! Listing entities (REQ001, REQ003, REQ007, REQ011, REQ051): filters, order, pages and chunks.

use uuid::Uuid;

use crate::model::attribute::AttrId;
use crate::model::kind::{assignment, delegation, mandate, organization, role, role_invitation, user};
use crate::model::term::{Term, Test};
use crate::model::visible::ListPermit;
use crate::model::{Error, Kind, Row, Stored, Verb};
use crate::operation::cursor;
use crate::operation::engine::{Caller, Engine};
use crate::operation::every;
use crate::operation::inclusion::roles_of_user;
use crate::operation::keys::mapping::owners;
use crate::operation::plan::{Drive, Plan, holds, plan, smallest_key, unfiltered};
use crate::operation::read;
use crate::operation::scope::{self, Sight};
use crate::operation::search::{Argument, Understood, check_disclosure, conditions, understood};
use crate::store::{Hit, Position, Source};

/// What a listing is bounded by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Base {
    /// Every entity of the kind.
    All,
    /// The users of an organization (REQ001).
    UsersOfOrganization,
    /// The organizations below an organization.
    OrganizationsOfOrganization,
    /// The roles of an organization.
    RolesOfOrganization,
    /// The invitations to roles of an organization.
    InvitationsOfOrganization,
    /// The mandates given by a user or organization (REQ007).
    GivenBy(Kind),
    /// The mandates received by a user or organization (REQ007).
    ReceivedBy(Kind),
    /// The mandates delegated to a user (REQ007).
    DelegatedToUser,
    /// The delegations a user received.
    DelegationsOfUser,
    /// The delegations of a mandate.
    DelegationsOfMandate,
    /// The roles assigned to a user, with what they include (REQ051).
    RolesOfUser,
    /// The users that have a role.
    UsersOfRole,
    /// The role invitations of a user (`REQ011c`).
    InvitationsOfUser,
    /// What refers to a partner by its attribute number 1: contacts.
    OfPartner,
    /// What refers to a partner by its attribute number 1 and to the policy that the address names second: extractors.
    OfPartnerUnderPolicy,
}

impl Base {
    /// The kind of the entity in the path that owns the listing.
    pub fn owner(self) -> Option<Kind> {
        match self {
            Self::All => None,
            Self::UsersOfOrganization
            | Self::OrganizationsOfOrganization
            | Self::RolesOfOrganization
            | Self::InvitationsOfOrganization => Some(Kind::Organization),
            Self::GivenBy(kind) | Self::ReceivedBy(kind) => Some(kind),
            Self::DelegatedToUser | Self::DelegationsOfUser | Self::RolesOfUser | Self::InvitationsOfUser => {
                Some(Kind::User)
            }
            Self::DelegationsOfMandate => Some(Kind::Mandate),
            Self::UsersOfRole => Some(Kind::Role),
            Self::OfPartner | Self::OfPartnerUnderPolicy => Some(Kind::Partner),
        }
    }

    /// Whether `recursive` means something here.
    pub fn is_tree(self) -> bool {
        matches!(self, Self::UsersOfOrganization | Self::OrganizationsOfOrganization)
    }
}

/// A listing as a client asks for it.
#[derive(Debug, Clone)]
pub struct Query {
    /// The kind listed.
    pub kind: Kind,
    /// What bounds it.
    pub base: Base,
    /// The path segment of the owner, where there is one.
    pub owner: Option<String>,
    /// The path segment of what bounds it beside the owner.
    pub among: Option<String>,
    /// Whether everything below the owner is meant too.
    pub recursive: bool,
    /// The search arguments.
    pub arguments: Vec<Argument>,
    /// Whether values must match exactly as given.
    pub exact: bool,
    /// At most so many results; `None` is no limit.
    pub limit: Option<u64>,
    /// Where to go on.
    pub after: Option<String>,
}

/// A listing under way: fetch chunk by chunk.
#[derive(Debug)]
pub struct Listing {
    engine: Engine,
    plan: Plan,
    at: Option<Position>,
    segment: usize,
    with_entities: bool,
    identity: String,
    /// How far one fetch reaches at least: grows while few of the hits are results.
    reach: usize,
    /// The instant for which is answered.
    pub now: i64,
    /// What of it the caller sees.
    sight: Sight,
    /// Proof that the caller may list the kind.
    pub permit: ListPermit,
}

/// The most hits fetched at a time because few of them are results.
const FARTHEST: usize = 1_000;

/// The users of fewer organizations than this are merged into one order by creation.
const MERGED: usize = 16;

/// A hit, with its entity where that was read and still there.
type Held = (Hit, Option<Stored>);

/// One result.
#[derive(Debug)]
pub struct Listed {
    /// Where it stands.
    pub at: Position,
    /// Its id.
    pub id: Uuid,
    /// The entity, when entities were asked for.
    pub entity: Option<Stored>,
}

impl Listing {
    /// Begins a listing. Error 3 without the grant, 5 when the owner does not exist, 1 for bad arguments.
    pub async fn begin(
        engine: &Engine,
        caller: &Caller,
        query: &Query,
        with_entities: bool,
    ) -> Result<Self, Error> {
        let (identity, now) = (identity(query, caller), engine.world.now());
        let at = match &query.after {
            Some(text) => Some(cursor::decode(&engine.cursor_key, &identity, text)?),
            None => None,
        };
        let understood = understood(engine, query.kind, &query.arguments).await?;
        let permit = ListPermit::check(query.kind, &caller.grants)?;
        if let Some(owner) = query.base.owner() {
            caller.grants.require(Verb::Read, owner)?;
        }
        scope::check_kind(query.kind, caller.within)?;
        // Who may not see a sensitive value must not find out by searching for it either.
        check_disclosure(&understood, &caller.grants)?;
        let under = under_policy(engine, caller, query).await?;
        let understood: Vec<Understood<'_>> =
            understood.into_iter().chain(self::understood(engine, query.kind, &under).await?).collect();
        let conditions = conditions(engine, &understood, query.exact, now).await?;
        let plan = match bounds(engine, caller, query, (!conditions.is_empty(), at.as_ref())).await? {
            Bounds::Hits(hits) if conditions.is_empty() => Plan::of(hits),
            Bounds::Hits(hits) => {
                let ids = hits.into_iter().map(|hit| hit.id).collect();
                let term = term(engine, role::ENTITY_NAME, Test::OneOf(ids))?;
                plan(engine, Source::Kind(query.kind), Some(term), conditions).await?
            }
            Bounds::Source(source, _) if conditions.is_empty() => {
                unfiltered(engine, source, at.as_ref()).await?
            }
            Bounds::Source(source, term) => plan(engine, source, term, conditions).await?,
        };
        let (engine, sight, segment, reach) = (engine.clone(), Sight::of(caller), 0, 1);
        Ok(Self { engine, plan, at, segment, with_entities, identity, reach, now, sight, permit })
    }

    /// A listing that goes on from the same place with the same plan.
    #[must_use]
    pub fn again(&self) -> Self {
        Self {
            engine: self.engine.clone(),
            plan: self.plan.clone(),
            at: self.at.clone(),
            segment: self.segment,
            with_entities: self.with_entities,
            identity: self.identity.clone(),
            reach: self.reach,
            now: self.now,
            sight: self.sight.clone(),
            permit: self.permit,
        }
    }

    /// Leaves the entities unread where only ids are wanted.
    #[must_use]
    pub fn ids_only(mut self) -> Self {
        self.with_entities = false;
        self
    }

    /// The cursor that goes on behind a result.
    pub fn cursor(&self, behind: &Position) -> String {
        cursor::encode(&self.engine.cursor_key, &self.identity, behind)
    }

    /// The next results, about `size` of them; empty at the end.
    pub async fn next(&mut self, size: usize) -> Result<Vec<Listed>, Error> {
        loop {
            let hits = self.hits(size.max(self.reach)).await?;
            let Some((last, _)) = hits.last() else { return Ok(Vec::new()) };
            self.at = Some(last.at.clone());
            let fetched = hits.len();
            let seen = self.seen(hits).await?;
            let results = self.results(seen);
            if results.len() * 2 < fetched {
                self.reach = (fetched * 2).min(FARTHEST);
            }
            if !results.is_empty() {
                return Ok(results);
            }
        }
    }

    fn reads_entities(&self) -> bool {
        self.with_entities || self.plan.reads_entities() || self.sight.within().is_some()
    }

    /// The hits that a bounded caller sees.
    async fn seen(&mut self, hits: Vec<Held>) -> Result<Vec<Held>, Error> {
        if self.sight.within().is_none() {
            return Ok(hits);
        }
        let mut seen = Vec::with_capacity(hits.len());
        for (hit, entity) in hits {
            if let Some(entity) = entity
                && self.sight.sees(&self.engine, &entity).await?
            {
                seen.push((hit, Some(entity)));
            }
        }
        Ok(seen)
    }

    /// The next hits, with their entities where those are read.
    async fn hits(&mut self, size: usize) -> Result<Vec<Held>, Error> {
        match &self.plan.drive {
            Drive::Sorted(hits) => {
                let from = self.at.as_ref().map_or(0, |at| hits.partition_point(|hit| hit.at <= *at));
                let hits: Vec<Hit> = hits.iter().skip(from).take(size).cloned().collect();
                self.entities_of(hits).await
            }
            Drive::Merged(source, between) => self.merged(source, between, size).await,
            Drive::Segments(segments) => {
                while let Some((key, source)) = segments.get(self.segment) {
                    let hits = self.segment_hits(key.as_deref(), source, size).await?;
                    if !hits.is_empty() {
                        return Ok(hits);
                    }
                    self.segment += 1;
                }
                Ok(Vec::new())
            }
        }
    }

    /// The next hits of a source with those that stand between them.
    async fn merged(&self, source: &Source, between: &[Hit], size: usize) -> Result<Vec<Held>, Error> {
        let mut hits = self.scan(source, self.at.as_ref(), size).await?;
        // While the source goes on, what stands behind its last hit has to wait.
        let end = hits.last().filter(|_| hits.len() >= size).map(|(hit, _)| hit.at.clone());
        let from = self.at.as_ref().map_or(0, |at| between.partition_point(|hit| hit.at <= *at));
        let due = between.iter().skip(from).take_while(|hit| end.as_ref().is_none_or(|end| hit.at <= *end));
        let due = self.entities_of(due.cloned().collect()).await?;
        hits.extend(due);
        hits.sort_by(|(a, _), (b, _)| a.at.cmp(&b.at));
        Ok(hits)
    }

    async fn entities_of(&self, hits: Vec<Hit>) -> Result<Vec<Held>, Error> {
        if !self.reads_entities() {
            return Ok(hits.into_iter().map(|hit| (hit, None)).collect());
        }
        let rows: Vec<Row> = hits.iter().map(|hit| hit.row).collect();
        let mut entities = self.engine.store.by_rows(&rows).await?.into_iter().peekable();
        let held = |hit: Hit| {
            let entity = entities.next_if(|entity| entity.row() == hit.row);
            (hit, entity)
        };
        Ok(hits.into_iter().map(held).collect())
    }

    async fn segment_hits(
        &self,
        key: Option<&[u8]>,
        source: &Source,
        size: usize,
    ) -> Result<Vec<Held>, Error> {
        let Some(key) = key else { return self.scan(source, self.at.as_ref(), size).await };
        let after = match &self.at {
            Some(at) if at.key.as_slice() > key => return Ok(Vec::new()),
            Some(at) if at.key.as_slice() == key => Some(Position { key: Vec::new(), row: at.row }),
            _ => None,
        };
        let mut hits = self.scan(source, after.as_ref(), size).await?;
        for (hit, _) in &mut hits {
            hit.at.key = key.to_vec();
        }
        Ok(hits)
    }

    async fn scan(&self, source: &Source, after: Option<&Position>, size: usize) -> Result<Vec<Held>, Error> {
        let store = &self.engine.store;
        if self.reads_entities() {
            return store.page(source, after, size).await;
        }
        Ok(store.scan(source, after, size).await?.into_iter().map(|hit| (hit, None)).collect())
    }

    fn results(&self, hits: Vec<Held>) -> Vec<Listed> {
        if !self.reads_entities() {
            return hits
                .into_iter()
                .map(|(hit, _)| Listed { at: hit.at, id: hit.id, entity: None })
                .collect();
        }
        let listed = |(hit, entity): Held| {
            // What vanished since the scan is missing from the answer, which keeps the order asked.
            let entity = entity.filter(|entity| self.keeps(&hit, entity))?;
            Some(Listed { at: hit.at, id: hit.id, entity: self.with_entities.then_some(entity) })
        };
        hits.into_iter().filter_map(listed).collect()
    }

    fn keeps(&self, hit: &Hit, entity: &Stored) -> bool {
        let stands_here =
            self.plan.smallest.as_ref().is_none_or(|term| smallest_key(term, entity) == hit.at.key);
        stands_here && self.plan.recheck.iter().all(|term| holds(term, entity))
    }
}

/// What tells one listing from another, for its cursors.
fn identity(query: &Query, caller: &Caller) -> String {
    let mut arguments: Vec<String> =
        query.arguments.iter().map(|argument| format!("{:?}={:?}", argument.name, argument.value)).collect();
    arguments.sort();
    let Query { kind, base, owner, among, recursive, exact, .. } = query;
    let within = caller.within;
    let among = among.as_ref().map(|among| format!(" {among:?}")).unwrap_or_default();
    format!("{kind:?} {base:?} {owner:?}{among} {recursive} {exact} {arguments:?} {within:?}")
}

/// The policy that bounds a listing, as an argument of a search.
async fn under_policy(engine: &Engine, caller: &Caller, query: &Query) -> Result<Vec<Argument>, Error> {
    if query.base != Base::OfPartnerUnderPolicy {
        return Ok(Vec::new());
    }
    let [partner, policy] = [&query.owner, &query.among].map(|key| key.as_deref().unwrap_or_default());
    let (_, policy) = owners(engine, caller, partner, policy).await?;
    Ok(vec![Argument { name: Kind::Policy.name().to_owned(), value: policy.id().to_string() }])
}

/// What a listing is bounded by.
enum Bounds {
    /// A source; and as a term, when conditions need one to be tested with.
    Source(Source, Option<Term>),
    /// Hits, all known, in order.
    Hits(Vec<Hit>),
}

async fn bounds(
    engine: &Engine,
    caller: &Caller,
    query: &Query,
    (tested, at): (bool, Option<&Position>),
) -> Result<Bounds, Error> {
    let Some(kind) = query.base.owner() else {
        let (source, term) = everything(engine, caller, query.kind, (tested, at)).await?;
        return Ok(Bounds::Source(source, term));
    };
    let segment = query.owner.as_deref().unwrap_or_default();
    let owner = read::find(engine, caller, kind, segment).await.map_err(|error| match error {
        Error::NotFound { kind } => Error::ParentNotFound { parameter: kind.to_owned() },
        other => other,
    })?;
    if query.base == Base::RolesOfUser
        && engine.settings.role_recursion
        && let Some(hits) = roles_of_user(engine, owner.row()).await?
    {
        return Ok(Bounds::Hits(hits));
    }
    let (source, term) = bounded_by(engine, query, &owner, (tested, at)).await?;
    Ok(Bounds::Source(source, term))
}

/// The source of what belongs to `owner`; and as a term, when conditions need one to be tested with.
async fn bounded_by(
    engine: &Engine,
    query: &Query,
    owner: &Stored,
    (tested, at): (bool, Option<&Position>),
) -> Result<(Source, Option<Term>), Error> {
    let row = owner.row();
    let refers = |attr: AttrId| Source::RefersTo { attr, to: vec![row] };
    match query.base {
        Base::All => Ok((Source::Kind(query.kind), None)),
        Base::UsersOfOrganization if query.recursive => {
            all_below(engine, user::HOME, owner, (tested, at)).await
        }
        Base::OrganizationsOfOrganization if query.recursive => {
            listed(engine, Source::Below { ancestor: row }, organization::ENTITY_NAME, tested).await
        }
        Base::InvitationsOfOrganization => invitations(engine, row).await,
        Base::RolesOfUser => {
            linked(engine, row, (assignment::USER, assignment::ROLE), role::ENTITY_NAME, tested).await
        }
        Base::UsersOfRole => {
            linked(engine, row, (assignment::ROLE, assignment::USER), user::HOME_NAME, tested).await
        }
        Base::DelegatedToUser => {
            linked(engine, row, (delegation::USER, delegation::MANDATE), mandate::ID, tested).await
        }
        Base::DelegationsOfUser => {
            bounded(engine, refers(delegation::USER), delegation::USER, vec![owner.id()])
        }
        Base::DelegationsOfMandate => {
            bounded(engine, refers(delegation::MANDATE), delegation::MANDATE, vec![owner.id()])
        }
        Base::UsersOfOrganization => bounded(engine, refers(user::HOME), user::HOME, vec![owner.id()]),
        Base::OrganizationsOfOrganization => {
            bounded(engine, refers(organization::PARENT), organization::PARENT, vec![owner.id()])
        }
        Base::RolesOfOrganization => {
            bounded(engine, refers(role::ORGANIZATION), role::ORGANIZATION, vec![owner.id()])
        }
        Base::GivenBy(_) => bounded(engine, refers(mandate::MANDATER), mandate::MANDATER, vec![owner.id()]),
        Base::ReceivedBy(_) => {
            bounded(engine, refers(mandate::MANDATEE), mandate::MANDATEE, vec![owner.id()])
        }
        Base::OfPartner | Base::OfPartnerUnderPolicy => {
            let partner = query.kind.own_attr(1);
            bounded(engine, refers(partner), partner, vec![owner.id()])
        }
        Base::InvitationsOfUser => {
            bounded(engine, refers(role_invitation::USER), role_invitation::USER, vec![owner.id()])
        }
    }
}

/// Every entity of a kind: for a bounded caller, of the kinds that are many, only those below its organization.
async fn everything(
    engine: &Engine,
    caller: &Caller,
    kind: Kind,
    place: (bool, Option<&Position>),
) -> Result<(Source, Option<Term>), Error> {
    let home = match kind {
        Kind::User => user::HOME,
        Kind::Role => role::ORGANIZATION,
        _ => return Ok((Source::Kind(kind), None)),
    };
    let top = match caller.within {
        Some(id) => engine.store.by_id(id).await?,
        None => None,
    };
    match top {
        Some(top) => all_below(engine, home, &top, place).await,
        None => Ok((Source::Kind(kind), None)),
    }
}

/// What refers by `attr` to an organization or to any below it.
async fn all_below(
    engine: &Engine,
    attr: AttrId,
    top: &Stored,
    (tested, at): (bool, Option<&Position>),
) -> Result<(Source, Option<Term>), Error> {
    let ids = if tested { subtree(engine, top).await? } else { Vec::new() };
    bounded(engine, below(engine, attr, top.row(), at).await?, attr, ids)
}

/// By creation where the organizations are few, else one organization after another. A listing goes on in the order
/// it began with, whatever was added meanwhile.
async fn below(engine: &Engine, attr: AttrId, ancestor: Row, at: Option<&Position>) -> Result<Source, Error> {
    let below = Source::Below { ancestor };
    let merged = match at {
        Some(at) => at.key.is_empty(),
        None => engine.store.count(&below, MERGED).await? < MERGED,
    };
    Ok(if merged { Source::Subtree { attr, ancestor } } else { Source::ByOrganization { attr, ancestor } })
}

fn bounded(
    engine: &Engine,
    source: Source,
    attr: AttrId,
    ids: Vec<Uuid>,
) -> Result<(Source, Option<Term>), Error> {
    Ok((source, Some(term(engine, attr, Test::RefersTo(ids.into_iter().collect()))?)))
}

fn term(engine: &Engine, attr: AttrId, test: Test) -> Result<Term, Error> {
    let registry = engine.registry();
    let attribute =
        registry.numbered(attr).ok_or_else(|| Error::internal("an attribute is not registered"))?;
    Ok(Term { attribute: attribute.clone(), test })
}

/// A bound that no attribute of the listed entities tells: its ids, read whole, beside the source.
async fn listed(
    engine: &Engine,
    source: Source,
    attr: AttrId,
    tested: bool,
) -> Result<(Source, Option<Term>), Error> {
    if !tested {
        return Ok((source, None));
    }
    let hits = every::hits(engine.store.as_ref(), &source).await?;
    let term = term(engine, attr, Test::OneOf(hits.iter().map(|hit| hit.id).collect()))?;
    Ok((source, Some(term)))
}

async fn linked(
    engine: &Engine,
    to: Row,
    ends: (AttrId, AttrId),
    attr: AttrId,
    tested: bool,
) -> Result<(Source, Option<Term>), Error> {
    listed(engine, Source::Linked { from: ends.0, to, onto: ends.1 }, attr, tested).await
}

async fn invitations(engine: &Engine, organization: Row) -> Result<(Source, Option<Term>), Error> {
    let roles = Source::RefersTo { attr: role::ORGANIZATION, to: vec![organization] };
    let hits = every::hits(engine.store.as_ref(), &roles).await?;
    let (rows, ids) = (every::rows(&hits), hits.iter().map(|hit| hit.id).collect());
    bounded(engine, Source::RefersTo { attr: role_invitation::ROLE, to: rows }, role_invitation::ROLE, ids)
}

async fn subtree(engine: &Engine, top: &Stored) -> Result<Vec<Uuid>, Error> {
    let source = Source::Below { ancestor: top.row() };
    let below = every::hits(engine.store.as_ref(), &source).await?;
    Ok(std::iter::once(top.id()).chain(below.iter().map(|hit| hit.id)).collect())
}

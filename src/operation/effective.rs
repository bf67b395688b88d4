//! The roles that count for a user at one instant, each with how it came about: assigned, included in an assigned
//! one, by a mandate, by a delegation. The decision whether somebody may do something stands on this.
//!
//! [`Sources::of`] reads what there is, whatever its validity; [`Sources::resolve`] is pure and asks the clock once, so
//! that nothing counts before its first or from its last instant on.

use std::collections::{HashMap, HashSet, VecDeque};

use uuid::Uuid;

use crate::model::kind::{assignment, delegation, mandate};
use crate::model::{AttrId, Attributes, Error, Kind, Ref, Row, Stored, Value};
use crate::operation::every;
use crate::operation::inclusion::{add_included, included};
use crate::store::{SharedStore, Source};

/// How a role came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum How {
    /// Assigned to the user.
    Direct,
    /// Included in a role that is assigned to the user.
    Included,
    /// By a mandate that the user received.
    Mandate,
    /// By a delegation of a mandate that the user's organization received.
    Delegation,
}

impl How {
    /// The word that is answered.
    pub fn name(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Included => "included",
            Self::Mandate => "mandate",
            Self::Delegation => "delegation",
        }
    }
}

/// One way in which a role came about. A role that came in several ways stands once for each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EffectiveRole {
    /// The role's row, which is its place in the order of creation.
    pub row: Row,
    /// The role.
    pub role: Uuid,
    /// How it came about.
    pub how: How,
    /// Through what: mandate, delegation, then the roles from the one given to the one that includes this one.
    pub via: Vec<Ref>,
    /// For whom the user acts.
    pub mandater: Option<Ref>,
    /// When this way ends by itself.
    pub until: Option<i64>,
}

/// Everything that a user's roles can come from, whatever its validity.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// Every role that is mentioned, and with inclusion all that these include.
    pub roles: HashMap<Uuid, Stored>,
    /// The roles assigned to the user.
    pub direct: Vec<Uuid>,
    /// The mandates that the user received.
    pub mandates: Vec<Stored>,
    /// The delegations that the user received, with their mandates.
    pub delegations: Vec<(Stored, Stored)>,
    /// The user's organization and all above it.
    pub organizations: HashSet<Uuid>,
}

fn roles_of(attributes: &Attributes, attr: AttrId) -> impl Iterator<Item = Uuid> + '_ {
    attributes.values(attr).iter().filter_map(|value| value.as_ref().map(|to| to.id))
}

impl Sources {
    /// Reads what the roles of `user` come from; `recursion`: with what the roles include.
    pub async fn of(store: &SharedStore, user: &Stored, recursion: bool) -> Result<Self, Error> {
        let mut sources = Self::default();
        let linked = Source::Linked { from: assignment::USER, to: user.row(), onto: assignment::ROLE };
        for role in every::entities(store.as_ref(), &linked).await? {
            sources.direct.push(role.id());
            sources.roles.insert(role.id(), role);
        }
        let refers = |attr| Source::RefersTo { attr, to: vec![user.row()] };
        sources.mandates = every::entities(store.as_ref(), &refers(mandate::MANDATEE)).await?;
        for delegation in every::entities(store.as_ref(), &refers(delegation::USER)).await? {
            let of = delegation.attributes().reference(delegation::MANDATE);
            let Some(of) = of else { continue };
            if let Some(mandate) = store.by_id(of.id).await? {
                sources.delegations.push((delegation, mandate));
            }
        }
        if let Some(home) = user.home() {
            sources.organizations = store.ancestry(home).await?.iter().map(Stored::id).collect();
        }
        let given = sources.mandates.iter().chain(sources.delegations.iter().map(|(_, mandate)| mandate));
        let given: HashSet<Uuid> =
            given.flat_map(|mandate| roles_of(mandate.attributes(), mandate::ROLE)).collect();
        for id in given.into_iter().filter(|id| !sources.roles.contains_key(id)).collect::<Vec<_>>() {
            if let Some(role) = store.by_id(id).await? {
                sources.roles.insert(id, role);
            }
        }
        if recursion {
            add_included(store, &mut sources.roles).await?;
        }
        Ok(sources)
    }

    /// The roles that count at the instant `now`, in the order of the roles' creation, then by how and through what.
    pub fn resolve(&self, now: i64, recursion: bool) -> Vec<EffectiveRole> {
        let mut found = Vec::new();
        for role in &self.direct {
            let way = Way { how: How::Direct, through: Vec::new(), mandater: None, until: None };
            self.spread(*role, &way, recursion, &mut found);
        }
        for mandate in self.mandates.iter().filter(|m| mandate::state::in_force(m.attributes(), now)) {
            let way = Way::by(How::Mandate, mandate, None);
            for role in roles_of(mandate.attributes(), mandate::ROLE) {
                self.spread(role, &way, recursion, &mut found);
            }
        }
        for (delegation, mandate) in &self.delegations {
            if !self.counts(mandate, now) {
                continue;
            }
            let way = Way::by(How::Delegation, mandate, Some(delegation));
            let received: HashSet<Uuid> = roles_of(mandate.attributes(), mandate::ROLE).collect();
            for role in roles_of(delegation.attributes(), delegation::ROLE).filter(|id| received.contains(id))
            {
                self.spread(role, &way, recursion, &mut found);
            }
        }
        let ids = |role: &EffectiveRole| role.via.iter().map(|to| to.id).collect::<Vec<Uuid>>();
        found.sort_by(|a, b| (a.row, a.how).cmp(&(b.row, b.how)).then_with(|| ids(a).cmp(&ids(b))));
        found
    }

    /// Whether delegations of a mandate count: it is in force, and the user still belongs to its receiver.
    fn counts(&self, mandate: &Stored, now: i64) -> bool {
        let receiver = mandate.attributes().reference(mandate::MANDATEE);
        receiver.is_some_and(|to| to.kind == Kind::Organization && self.organizations.contains(&to.id))
            && mandate::state::in_force(mandate.attributes(), now)
    }

    /// Adds a role that is given, and what it includes, each by the shortest chain: a role that two of them include
    /// would else stand once for every path between, of which there may be very many.
    fn spread(&self, given: Uuid, way: &Way, recursion: bool, found: &mut Vec<EffectiveRole>) {
        let (mut seen, mut next) = (HashSet::from([given]), VecDeque::from([(given, Vec::new())]));
        while let Some((id, chain)) = next.pop_front() {
            let Some(role) = self.roles.get(&id) else { continue };
            found.push(way.role(role, &chain));
            if !recursion {
                continue;
            }
            let mut chain = chain;
            chain.push(role.reference());
            for inner in included(role.attributes()) {
                if seen.insert(inner) {
                    next.push_back((inner, chain.clone()));
                }
            }
        }
    }
}

/// The way in which roles are given, without the chain of inclusion behind it.
struct Way {
    how: How,
    through: Vec<Ref>,
    mandater: Option<Ref>,
    until: Option<i64>,
}

impl Way {
    fn by(how: How, mandate: &Stored, delegation: Option<&Stored>) -> Self {
        let attributes = mandate.attributes();
        let until = match attributes.first(mandate::VALID_UNTIL) {
            Some(Value::Instant(until)) => Some(*until),
            _ => None,
        };
        let through = [Some(mandate), delegation].into_iter().flatten().map(Stored::reference).collect();
        Self { how, through, mandater: attributes.reference(mandate::MANDATER), until }
    }

    fn role(&self, role: &Stored, chain: &[Ref]) -> EffectiveRole {
        let how = if self.how == How::Direct && !chain.is_empty() { How::Included } else { self.how };
        let via = self.through.iter().chain(chain).copied().collect();
        let (mandater, until) = (self.mandater, self.until);
        EffectiveRole { row: role.row(), role: role.id(), how, via, mandater, until }
    }
}

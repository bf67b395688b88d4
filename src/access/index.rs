//! The compiled index of one tenant: what is said at it about roles and addresses, by address. Templates stand in a
//! tree of their segments.

use std::collections::HashMap;
use std::sync::Arc;

use uuid::Uuid;

use crate::access::pattern::{Match, is_template, is_variable};
use crate::model::Row;

/// An action as the decision knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its id.
    pub id: Uuid,
    /// Its row.
    pub row: Row,
    /// Its number; what has none stands last.
    pub number: i64,
    /// The tenant that holds it.
    pub tenant: Uuid,
    /// Its address or template; empty matches nothing.
    pub url: Box<str>,
    /// The HTTP method it is about; any when `None`.
    pub method: Option<Box<str>>,
    /// The service it belongs to.
    pub service: Option<Box<str>>,
    /// Whether menus show it.
    pub enabled: bool,
}

/// That a role may call an action.
#[derive(Debug, Clone)]
pub struct Mapping {
    /// The name of the role.
    pub role: Arc<str>,
    /// The action.
    pub target: Arc<Target>,
}

/// What is said at one tenant.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The mappings stored at it.
    pub mappings: Vec<Mapping>,
    /// The actions that it holds.
    pub actions: Vec<Arc<Target>>,
    /// The features mapped to roles at it: name of the role, service.
    pub services: Vec<(Arc<str>, Box<str>)>,
}

/// One action at an address.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The action.
    pub target: Arc<Target>,
    /// The names of the roles mapped to it here, sorted.
    pub roles: Arc<[Arc<str>]>,
    /// Whether this tenant holds it, so that its service counts.
    pub own: bool,
}

/// One segment of templates.
#[derive(Debug, Default)]
struct Node {
    literal: HashMap<Box<str>, Node>,
    variable: Option<Box<Node>>,
    entries: Vec<Entry>,
}

/// What is said at one tenant, ready to be asked.
#[derive(Debug, Default)]
pub struct Level {
    exact: HashMap<Box<str>, Box<[Entry]>>,
    templates: Node,
    has_templates: bool,
    /// Every action that it holds or maps, those without an address too, with the roles mapped to it here.
    menu: Box<[Entry]>,
    services: HashMap<Box<str>, Arc<[Arc<str>]>>,
}

fn sorted(mut roles: Vec<Arc<str>>) -> Arc<[Arc<str>]> {
    roles.sort_unstable();
    roles.dedup();
    roles.into()
}

/// Whether a role is among sorted ones.
pub fn holds(roles: &[Arc<str>], role: &str) -> bool {
    roles.binary_search_by(|known| (**known).cmp(role)).is_ok()
}

/// An action, the roles mapped to it, and whether it stands at this tenant itself.
type Known = (Arc<Target>, Vec<Arc<str>>, bool);

impl Level {
    /// Compiles what is said at a tenant.
    pub fn compile(facts: Facts) -> Self {
        let mut by_action: HashMap<Uuid, Known> = HashMap::new();
        for target in facts.actions {
            by_action.insert(target.id, (target, Vec::new(), true));
        }
        for Mapping { role, target } in facts.mappings {
            by_action.entry(target.id).or_insert_with(|| (target, Vec::new(), false)).1.push(role);
        }
        let mut level = Self::default();
        let mut exact: HashMap<Box<str>, Vec<Entry>> = HashMap::new();
        let entries = by_action.into_values();
        level.menu =
            entries.map(|(target, roles, own)| Entry { target, roles: sorted(roles), own }).collect();
        for entry in level.menu.iter().filter(|entry| entry.may_permit()) {
            let url = &entry.target.url;
            if is_template(url) {
                level.has_templates = true;
                level.templates.add(url.split('/'), entry.clone());
            }
            exact.entry(url.clone()).or_default().push(entry.clone());
        }
        let ordered = |(url, mut entries): (Box<str>, Vec<Entry>)| {
            order(&mut entries);
            (url, entries.into())
        };
        level.exact = exact.into_iter().map(ordered).collect();
        level.templates.order();
        let mut services: HashMap<Box<str>, Vec<Arc<str>>> = HashMap::new();
        for (role, service) in facts.services {
            services.entry(service).or_default().push(role);
        }
        level.services = services.into_iter().map(|(service, roles)| (service, sorted(roles))).collect();
        level
    }

    /// The actions whose address is exactly this one, by number.
    pub fn exact(&self, uri: &str) -> &[Entry] {
        self.exact.get(uri).map(|entries| &**entries).unwrap_or_default()
    }

    /// The first answer that `ask` gives about the actions whose templates match, the more literal ones first.
    pub fn by_template<'l, A>(
        &'l self,
        uri: &str,
        style: Match,
        ask: &mut impl FnMut(&'l [Entry]) -> Option<A>,
    ) -> Option<A> {
        if self.has_templates { self.templates.find(Some(uri), style, ask) } else { None }
    }

    /// Whether a feature gives the role this service here.
    pub fn gives(&self, role: &str, service: &str) -> bool {
        self.services.get(service).is_some_and(|roles| holds(roles, role))
    }

    /// Every action here, once, in no order.
    pub fn entries(&self) -> &[Entry] {
        &self.menu
    }
}

impl Entry {
    /// Whether any question can be decided by it: it has an address, and somebody may call it or a feature may give it.
    fn may_permit(&self) -> bool {
        let is_given = !self.roles.is_empty() || (self.own && self.target.service.is_some());
        is_given && !self.target.url.is_empty()
    }
}

fn order(entries: &mut [Entry]) {
    entries.sort_by_key(|entry| (entry.target.number, entry.target.id));
}

impl Node {
    fn add<'u>(&mut self, segments: impl Iterator<Item = &'u str>, entry: Entry) {
        let mut at = self;
        for segment in segments {
            at = if is_variable(segment) {
                at.variable.get_or_insert_with(Box::default)
            } else {
                at.literal.entry(segment.into()).or_default()
            };
        }
        at.entries.push(entry);
    }

    fn order(&mut self) {
        order(&mut self.entries);
        self.literal.values_mut().for_each(Self::order);
        if let Some(variable) = &mut self.variable {
            variable.order();
        }
    }

    /// Goes down by the first segment of what is left; `None` when nothing is. Every node is reached by one way only,
    /// so that no address takes longer than there are nodes.
    fn find<'l, A>(
        &'l self,
        left: Option<&str>,
        style: Match,
        ask: &mut impl FnMut(&'l [Entry]) -> Option<A>,
    ) -> Option<A> {
        let Some(left) = left else {
            return if self.entries.is_empty() { None } else { ask(&self.entries) };
        };
        let (segment, rest) = match left.split_once('/') {
            Some((segment, rest)) => (segment, Some(rest)),
            None => (left, None),
        };
        let literal = self.literal.get(segment).and_then(|node| node.find(rest, style, ask));
        if literal.is_some() {
            return literal;
        }
        let variable = self.variable.as_ref().filter(|_| style.takes(segment))?;
        variable.find(rest, style, ask)
    }
}

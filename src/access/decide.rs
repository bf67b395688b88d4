//! The decision: whether any role held at a tenant or above it is mapped, at that tenant or above it, to an action that
//! an address names.

use std::sync::Arc;

use crate::access::index::{Entry, Level, Target, holds};
use crate::access::pattern::Match;

/// A role of a question: its code, and the path of the tenant where it is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held<'q> {
    /// The code.
    pub code: &'q str,
    /// The path of the tenant.
    pub at: &'q str,
}

/// A tenant that is asked for, with what is said at it and above.
#[derive(Debug, Clone, Copy)]
pub struct Tenant<'q> {
    /// Its path.
    pub path: &'q str,
    /// Its index and those above it, itself first; none when neither it nor one above it is an organization.
    pub chain: &'q [Arc<Level>],
}

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Question<'q> {
    /// The address, without its query.
    pub uri: &'q str,
    /// The HTTP method; without it only actions without a method count.
    pub method: Option<&'q str>,
    /// The roles.
    pub roles: &'q [Held<'q>],
}

/// Why something is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Granted<'q> {
    /// The role that may.
    pub role: Held<'q>,
    /// The action that it may.
    pub target: &'q Target,
}

/// Why something is not allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Neither the tenant nor one above it is an organization.
    UnknownTenant,
    /// None of the roles is held at the tenant or above it.
    NoRole,
    /// No action at the tenant or above it has this address.
    NoAction,
    /// None of the roles is mapped to an action of this address.
    NotMapped,
}

impl Reason {
    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::UnknownTenant => "the tenant is not known",
            Self::NoRole => "no role is held at the tenant or above it",
            Self::NoAction => "no mapped action at the tenant or above it has this uri and method",
            Self::NotMapped => "no role is mapped to an action with this uri and method",
        }
    }
}

/// An answer.
pub type Outcome<'q> = Result<Granted<'q>, Reason>;

/// Whether a role held at `at` counts at `tenant`: there, or below it.
fn reaches(at: &str, tenant: &str) -> bool {
    at.is_empty() || tenant.strip_prefix(at).is_some_and(|below| below.is_empty() || below.starts_with('/'))
}

/// Decides for one tenant. An exact address is named before a template, the nearest tenant before those above, then
/// the smallest number, then the first role of the question.
pub fn decide<'q>(question: &Question<'q>, tenant: &Tenant<'q>, style: Match) -> Outcome<'q> {
    if tenant.chain.is_empty() {
        return Err(Reason::UnknownTenant);
    }
    if !question.roles.iter().any(|role| reaches(role.at, tenant.path)) {
        return Err(Reason::NoRole);
    }
    let mut found = false;
    let mut ask = |entries: &'q [Entry]| {
        let fits = entries.iter().filter(|entry| match &entry.target.method {
            Some(method) => question.method == Some(&**method),
            None => true,
        });
        for entry in fits {
            found = true;
            if let Some(role) = permitted(question.roles, tenant, entry) {
                return Some(Granted { role, target: &entry.target });
            }
        }
        None
    };
    let exact = tenant.chain.iter().find_map(|level| ask(level.exact(question.uri)));
    let granted = match exact {
        None => tenant.chain.iter().find_map(|level| level.by_template(question.uri, style, &mut ask)),
        exact => exact,
    };
    granted.ok_or(if found { Reason::NotMapped } else { Reason::NoAction })
}

/// The first of the roles that may call the action.
fn permitted<'q>(roles: &'q [Held<'q>], tenant: &Tenant<'q>, entry: &Entry) -> Option<Held<'q>> {
    let service = entry.target.service.as_deref().filter(|_| entry.own);
    let by_feature = |role: &str| {
        service.is_some_and(|service| tenant.chain.iter().any(|level| level.gives(role, service)))
    };
    let mut reaching = roles.iter().filter(|role| reaches(role.at, tenant.path));
    reaching.find(|role| holds(&entry.roles, role.code) || by_feature(role.code)).copied()
}

/// The actions at the tenant and above that any of these roles may call, and those of no address that are mapped to
/// them; without roles, all.
/// Some may stand twice.
pub fn reachable<'q>(roles: Option<&'q [Held<'q>]>, tenant: &Tenant<'q>) -> Vec<&'q Target> {
    let entries = tenant.chain.iter().flat_map(|level| level.entries().iter());
    let may = |entry: &&Entry| roles.is_none_or(|roles| permitted(roles, tenant, entry).is_some());
    entries.filter(may).map(|entry| &*entry.target).collect()
}

#[cfg(test)]
mod tests;

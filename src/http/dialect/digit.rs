//! The addresses of DIGIT's access control below `/access/v1`: fixed words, answered in JSON. A table of its own over
//! the same operations (contract: the JSON door of DIGIT). It holds no logic.

use crate::audit::Action;
use crate::model::{Kind, Verb};

/// Where the door stands on the listener.
pub const BASE: &str = "/access/v1";

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// Actions of roles or features.
    SearchActions,
    /// Actions of roles at a tenant.
    GetActions,
    /// The same, from a named master.
    GetMaster,
    /// Actions of roles at a tenant, as the tree of their modules.
    ListModules,
    /// Make actions.
    CreateActions,
    /// Change actions.
    UpdateActions,
    /// Roles by their codes.
    SearchRoles,
    /// Make roles.
    CreateRoles,
    /// Change roles.
    UpdateRoles,
    /// Let a role call actions.
    MapActions,
    /// Give roles a feature.
    MapFeature,
    /// Whether roles of a tenant may call an address, in words.
    Validate,
    /// Whether roles may call an address, by the status alone.
    Authorize,
}

impl Door {
    /// What a change must be granted, and what its records say; `None` for reads.
    pub fn action(self) -> Option<Action> {
        let (verb, kind) = match self {
            Self::CreateActions => (Verb::Create, Kind::Action),
            Self::UpdateActions => (Verb::Update, Kind::Action),
            Self::CreateRoles => (Verb::Create, Kind::Role),
            Self::UpdateRoles => (Verb::Update, Kind::Role),
            Self::MapActions => (Verb::Create, Kind::RoleAction),
            Self::MapFeature => (Verb::Create, Kind::FeatureRole),
            Self::SearchActions
            | Self::GetActions
            | Self::GetMaster
            | Self::ListModules
            | Self::SearchRoles
            | Self::Validate
            | Self::Authorize => return None,
        };
        Some(Action::of(verb, kind, None))
    }

    /// What it does, for grants and records.
    pub fn deed(self) -> Action {
        self.action().unwrap_or_else(|| {
            let (verb, kind) = match self {
                Self::Validate | Self::Authorize => (Verb::Decide, Kind::Action),
                Self::SearchRoles => (Verb::Read, Kind::Role),
                _ => (Verb::Read, Kind::Action),
            };
            Action::of(verb, kind, None)
        })
    }

    /// Whether the message id of the request makes it be performed once.
    pub fn creates(self) -> bool {
        self.action().is_some_and(|action| action.verb == Verb::Create)
    }
}

/// One address.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// The path below the base, without slashes at its ends.
    pub path: &'static str,
    /// The whole path, for the metrics.
    pub route: &'static str,
    /// What it does.
    pub door: Door,
}

macro_rules! entry {
    ($path:literal, $door:ident) => {
        Entry { path: $path, route: concat!("access/v1/", $path), door: Door::$door }
    };
}

/// The table.
pub static ENTRIES: [Entry; 13] = [
    entry!("actions/_search", SearchActions),
    entry!("actions/_create", CreateActions),
    entry!("actions/_update", UpdateActions),
    entry!("actions/_list", ListModules),
    entry!("actions/_get", GetActions),
    entry!("actions/mdms/_get", GetMaster),
    entry!("roles/_search", SearchRoles),
    entry!("roles/_create", CreateRoles),
    entry!("roles/_update", UpdateRoles),
    entry!("role-actions/_create", MapActions),
    entry!("feature-role/_create", MapFeature),
    entry!("actions/_validate", Validate),
    entry!("actions/_authorize", Authorize),
];

impl Entry {
    /// The methods it knows: POST, and PUT where something is changed.
    pub fn methods(&self) -> Vec<&'static str> {
        match self.door {
            Door::UpdateActions | Door::UpdateRoles => vec!["POST", "PUT"],
            _ => vec!["POST"],
        }
    }
}

/// The part of a path below the base; `None` for an address that is not the door's.
pub fn below(path: &str) -> Option<&str> {
    let rest = path.strip_prefix(BASE)?;
    if rest.is_empty() { Some("") } else { rest.strip_prefix('/') }
}

/// The entry of a path below the base, with or without a slash at its end.
pub fn find(below: &str) -> Option<&'static Entry> {
    let wanted = below.strip_suffix('/').unwrap_or(below);
    ENTRIES.iter().find(|entry| entry.path == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_found_with_and_without_its_slash_and_nothing_else_is() {
        for entry in &ENTRIES {
            let path = format!("{BASE}/{}", entry.path);
            for path in [path.clone(), format!("{path}/")] {
                assert_eq!(below(&path).and_then(find).map(|found| found.door), Some(entry.door), "{path}");
            }
        }
        for path in ["/access/v1", "/access/v1/", "/access/v1/actions", "/access/v1/actions/_search//"] {
            assert!(below(path).is_some_and(|below| find(below).is_none()), "{path}");
        }
        for path in ["/access/v10/actions/_search", "/access", "/access/v2/actions/_search"] {
            assert!(below(path).is_none(), "{path}");
        }
    }
}

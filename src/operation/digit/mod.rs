//! DIGIT's access-control masters in and out: roles, actions, and which role may call which action, as three JSON
//! files of one tenant.
//!
//! The files are read and judged whole in memory; then one change writes what they say, or nothing. Rows that are not
//! sound are left out and told in the [`Report`]. Must not know where files come from or how a report is written.

mod batch;
pub mod export;
mod form;
pub mod import;
mod judge;
pub mod report;
mod table;
pub mod tenant;

pub use judge::Masters;
pub use report::Report;
pub use tenant::Tenant;

use crate::model::Kind;

/// One of the three files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Master {
    /// The roles.
    Roles,
    /// The actions: addresses of services.
    Actions,
    /// Which role may call which action.
    RoleActions,
}

impl Master {
    /// All three, each after those that it refers to.
    pub const ALL: [Self; 3] = [Self::Roles, Self::Actions, Self::RoleActions];

    /// The name of its file.
    pub fn file(self) -> &'static str {
        match self {
            Self::Roles => "roles.json",
            Self::Actions => "actions-test.json",
            Self::RoleActions => "roleactions.json",
        }
    }

    /// The name of its module, which is also that of its folder.
    pub fn module(self) -> &'static str {
        match self {
            Self::Roles => "ACCESSCONTROL-ROLES",
            Self::Actions => "ACCESSCONTROL-ACTIONS-TEST",
            Self::RoleActions => "ACCESSCONTROL-ROLEACTIONS",
        }
    }

    /// The key of its list, in small letters as it is written.
    pub fn list(self) -> &'static str {
        match self {
            Self::Roles => "roles",
            Self::Actions => "actions-test",
            Self::RoleActions => "roleactions",
        }
    }

    /// The kind of its rows.
    pub fn kind(self) -> Kind {
        match self {
            Self::Roles => Kind::Role,
            Self::Actions => Kind::Action,
            Self::RoleActions => Kind::RoleAction,
        }
    }

    /// The master whose file is called that.
    pub fn of_file(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|master| master.file() == name)
    }
}

/// The bytes of the three files, in the order of [`Master::ALL`].
pub type Files = [Vec<u8>; 3];

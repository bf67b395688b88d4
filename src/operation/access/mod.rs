//! Roles, actions and features of tenants: what may be given for them, and how they are named.
//!
//! A tenant is an organization without a `.` in its technical name or in one above it; `uk.dehradun` is the
//! organization `uk/dehradun`.

pub mod ask;
mod fill;
pub mod guard;
pub mod indexes;
pub mod menu;
pub mod named;
pub mod searched;
pub mod stamp;
pub mod standing;

pub use crate::model::kind::role_action::{CODE_MAX, TENANT_MAX};
use crate::model::kind::{action, feature, feature_role, role_action};
use crate::model::{AttrId, Error, Kind};

/// Error 1 naming `parameter` when a text has more than `most` characters.
pub fn check_length(parameter: &str, text: &str, most: usize) -> Result<(), Error> {
    if text.chars().count() > most {
        return Err(Error::invalid(parameter, format!("expected at most {most} characters")));
    }
    Ok(())
}

/// The kinds that say what roles may call.
pub const KINDS: [Kind; 4] = [Kind::Action, Kind::RoleAction, Kind::Feature, Kind::FeatureRole];

/// The attribute that names the tenant of an entity of `kind`; `None` for kinds without one.
pub fn tenant_of(kind: Kind) -> Option<AttrId> {
    match kind {
        Kind::Action => Some(action::TENANT),
        Kind::RoleAction => Some(role_action::TENANT),
        Kind::Feature => Some(feature::TENANT),
        Kind::FeatureRole => Some(feature_role::TENANT),
        _ => None,
    }
}

/// The kinds that a change of an entity of `kind` touches for the compiled indexes; mappings go along with what they
/// map, so that the kind of what was changed tells enough.
pub fn touched_by(kind: Kind) -> &'static [Kind] {
    match kind {
        Kind::Action => &[Kind::Action],
        Kind::RoleAction => &[Kind::RoleAction],
        Kind::Feature => &[Kind::Feature],
        Kind::FeatureRole => &[Kind::FeatureRole],
        _ => &[],
    }
}

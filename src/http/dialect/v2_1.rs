//! What version 2.1 does otherwise than 2.0. Its addresses are those of 2.0, so that nothing has to be added twice;
//! the differences are names, texts and what stands on an entity's element.

use crate::http::dialect::{Route, v2_0};
use crate::model::Kind;
use crate::model::kind::user;
use crate::model::value::Choice;

/// The table.
pub static ROUTES: &[Route] = v2_0::ROUTES;

/// Attributes with another name in answers: kind, name in 2.0, name in 2.1. Both names are taken in requests.
pub static RENAMED: &[(Kind, &str, &str)] = &[(Kind::Organization, "organizationClass", "organizationType")];

/// Attributes that are answered by the technical names of their values.
pub static TECHNICAL: &[(Kind, &str, &[Choice])] = &[(Kind::User, "status", &user::STATUSES)];

/// Attributes whose value stands as `type` on the entity's element.
pub static TYPED: &[(Kind, &str)] =
    &[(Kind::Organization, "organizationClass"), (Kind::Mandate, "type"), (Kind::Workflow, "type")];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_difference_names_an_attribute_that_there_is() {
        let renamed = RENAMED.iter().map(|(kind, name, _)| (*kind, *name));
        let technical = TECHNICAL.iter().map(|(kind, name, _)| (*kind, *name));
        for (kind, name) in renamed.chain(technical).chain(TYPED.iter().copied()) {
            let attrs = kind.def().attrs;
            assert!(attrs.is_empty() || attrs.iter().any(|attr| attr.name == name), "{name}");
        }
        for (kind, name, shown) in RENAMED {
            assert_eq!(kind.def().alias(shown), Some(*name), "the new name is taken in requests");
        }
    }
}

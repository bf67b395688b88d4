//! Where the ends of a mapping must stand: what it maps belongs to its tenant or to an organization above, and a tenant
//! has a name that dots can separate.

use crate::model::kind::{action, feature, feature_role, organization, role, role_action};
use crate::model::rules::Companions;
use crate::model::{AttrId, Attributes, Error, Kind, Stored};
use crate::operation::access::named::line;
use crate::operation::access::tenant_of;
use crate::store::Write;

/// Error 10 unless the references of a new entity with a tenant stand where they may; `companions` hold what it
/// refers to.
pub async fn check(
    tx: &mut dyn Write,
    kind: Kind,
    new: &Attributes,
    companions: &Companions,
) -> Result<(), Error> {
    let Some(tenant) = tenant_of(kind).and_then(|attr| companions.of(new, attr)) else { return Ok(()) };
    let line = line(tx, tenant.clone()).await?;
    check_name(&line)?;
    for (parameter, attr, owner) in ends(kind) {
        let end = companions.of(new, *attr).and_then(|end| end.attributes().reference(*owner));
        if end.is_some_and(|owner| line.iter().all(|above| above.id() != owner.id)) {
            let expected = format!("expected a {parameter} of the tenant, or of an organization above it");
            return Err(Error::reference(*parameter, expected));
        }
    }
    Ok(())
}

/// Each reference that must stand at the tenant or above: its name, itself, and what names its own organization.
fn ends(kind: Kind) -> &'static [(&'static str, AttrId, AttrId)] {
    match kind {
        Kind::RoleAction => &[
            ("role", role_action::ROLE, role::ORGANIZATION),
            ("action", role_action::ACTION, action::TENANT),
        ],
        Kind::FeatureRole => &[
            ("role", feature_role::ROLE, role::ORGANIZATION),
            ("feature", feature_role::FEATURE, feature::TENANT),
        ],
        _ => &[],
    }
}

fn check_name(line: &[Stored]) -> Result<(), Error> {
    let dotted = |organization: &Stored| {
        organization.attributes().text(organization::TECHNICAL_NAME).is_some_and(|name| name.contains('.'))
    };
    if line.iter().any(dotted) {
        let expected = "expected an organization without a . in its technical name, or in one above it";
        return Err(Error::reference("tenant", expected));
    }
    Ok(())
}

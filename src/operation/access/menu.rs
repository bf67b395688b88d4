//! The actions of roles at a tenant: what the decision would allow them, as a list, with the headings of no address that
//! are mapped to them. Those of features too.

use crate::access::{Held, Tenant, reachable};
use crate::model::kind::feature;
use crate::model::{Error, Row, Stored, Value};
use crate::operation::access::ask::{Asking, RoleAt, placed};
use crate::operation::access::indexes::View;
use crate::operation::engine::{Caller, Engine};
use crate::operation::every;
use crate::operation::scope::Sight;
use crate::store::Source;

/// Which actions are wanted. Every condition that is present must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The tenant, in any form.
    pub tenant: String,
    /// Of one of these roles.
    pub roles: Option<Vec<RoleAt>>,
    /// Of the services of one of these features, by code or id.
    pub features: Option<Vec<String>>,
    /// Only those that menus show, or that they do not.
    pub enabled: Option<bool>,
}

/// The actions that are wanted and the caller sees, in the order of their creation; none at a tenant that is not known.
pub async fn actions(engine: &Engine, caller: &Caller, wanted: &Wanted) -> Result<Vec<Stored>, Error> {
    let asking = Asking::unasked(engine, caller).await?;
    let Some(view) = asking.view(&wanted.tenant).await? else { return Ok(Vec::new()) };
    let services = match &wanted.features {
        Some(features) => Some(services(engine, &view, features).await?),
        None => None,
    };
    let roles = match &wanted.roles {
        Some(roles) => Some(placed(engine, roles).await?),
        None => None,
    };
    let held: Option<Vec<Held<'_>>> =
        roles.as_ref().map(|roles| roles.iter().map(|(code, at)| Held { code, at }).collect());
    let tenant = Tenant { path: &view.path, chain: &view.levels };
    let fits = reachable(held.as_deref(), &tenant).into_iter().filter(|target| {
        let served = services.as_ref().is_none_or(|services| {
            target.service.as_deref().is_some_and(|service| services.iter().any(|known| known == service))
        });
        served && wanted.enabled.is_none_or(|enabled| target.enabled == enabled)
    });
    let mut rows: Vec<Row> = fits.map(|target| target.row).collect();
    rows.sort_unstable();
    rows.dedup();
    let (mut seen, mut sight) = (Vec::with_capacity(rows.len()), Sight::of(caller));
    for rows in rows.chunks(500) {
        for action in engine.store.by_rows(rows).await? {
            if sight.sees(engine, &action).await? {
                seen.push(action);
            }
        }
    }
    Ok(seen)
}

/// The services of the features of these codes or ids, at the tenant and above it.
async fn services(engine: &Engine, view: &View, named: &[String]) -> Result<Vec<String>, Error> {
    let line = view.organizations.iter().map(|organization| organization.row).collect();
    let source = Source::RefersTo { attr: feature::TENANT, to: line };
    let mut services = Vec::new();
    for found in every::entities(engine.store.as_ref(), &source).await? {
        let (id, attributes) = (found.id().to_string(), found.attributes());
        if named.iter().any(|known| *known == id || Some(known.as_str()) == attributes.text(feature::CODE)) {
            let held = attributes.values(feature::SERVICE_CODE).iter();
            services.extend(held.filter_map(Value::as_text).map(str::to_owned));
        }
    }
    Ok(services)
}

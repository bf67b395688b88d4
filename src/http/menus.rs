//! GET `/actions?role=…&tenant=…` and `feature=…`: the actions of roles at a tenant, as menus show them.

use actix_web::HttpResponse;

use crate::http::answer::{Echo, document, list_entity, list_id};
use crate::http::arguments::Arguments;
use crate::http::authorizations::listed;
use crate::http::failure::Failure;
use crate::http::listing::{add_link, link_of};
use crate::http::params::{nothing_left, take_count, take_flag, take_one};
use crate::http::service::Service;
use crate::model::visible::{ListPermit, VisibleId};
use crate::model::{Error, Kind, Verb};
use crate::operation::access::ask::RoleAt;
use crate::operation::access::menu::{self, Wanted};
use crate::operation::access::{TENANT_MAX, check_length};
use crate::operation::search::Argument;
use crate::operation::{Caller, cursor, read};
use crate::store::Position;

/// Whether a listing of actions is a menu.
pub(super) fn is_menu(arguments: &[Argument]) -> bool {
    arguments.iter().any(|argument| matches!(argument.name.as_str(), "role" | "feature"))
}

fn wanted(arguments: &mut Vec<Argument>) -> Result<Wanted, Error> {
    let mut take = |name: &str| -> Result<Vec<String>, Error> {
        let (found, rest): (Vec<Argument>, Vec<Argument>) =
            std::mem::take(arguments).into_iter().partition(|argument| argument.name == name);
        *arguments = rest;
        listed(&mut Arguments::of_query(found), name)
    };
    let (roles, features) = (take("role")?, take("feature")?);
    let some = |values: Vec<String>| Some(values).filter(|values| !values.is_empty());
    let tenant = take_one(arguments, "tenant")?.filter(|tenant| !tenant.is_empty());
    let tenant = tenant.ok_or_else(|| Error::invalid("tenant", "mandatory and must not be empty"))?;
    check_length("tenant", &tenant, TENANT_MAX)?;
    let enabled = match take_one(arguments, "enabled")?.as_deref() {
        None => None,
        Some("true") => Some(true),
        Some("false") => Some(false),
        Some(_) => return Err(Error::invalid("enabled", "expected true or false")),
    };
    // Where it does not say otherwise, a role is held at the tenant of the menu.
    let at = |text: String| match text.split_once('@') {
        Some((code, at)) => RoleAt { code: code.to_owned(), tenant: at.to_owned() },
        None => RoleAt { code: text, tenant: tenant.clone() },
    };
    let roles = some(roles).map(|roles| roles.into_iter().map(at).collect());
    Ok(Wanted { roles, features: some(features), tenant, enabled })
}

/// Answers the actions that are wanted, in the order of their creation.
pub(super) async fn list(
    service: &Service,
    caller: &Caller,
    echo: &Echo,
    path: &str,
    mut arguments: Vec<Argument>,
) -> Result<HttpResponse, Failure> {
    let link = link_of(path, &arguments);
    let wanted = wanted(&mut arguments)?;
    let entities = take_flag(&mut arguments, "entities")?;
    let limit = take_count(&mut arguments, "maxResults")?;
    let after = take_one(&mut arguments, "after")?;
    nothing_left(&arguments)?;
    let engine = &service.engine;
    let identity = format!("menu {wanted:?} {entities} {:?}", caller.within);
    let after = after.map(|text| cursor::decode(&engine.cursor_key, &identity, &text)).transpose()?;
    let permit = ListPermit::check(Kind::Action, &caller.grants)?;
    let mut found = menu::actions(engine, caller, &wanted).await?;
    found.retain(|action| after.as_ref().is_none_or(|after| action.row() > after.row));
    let ceiling = service.config.limits.max_results;
    let asked = if limit == 0 { u64::MAX } else { limit };
    if ceiling > 0 && asked > ceiling && found.len() as u64 > ceiling {
        return Err(Error::SizeLimit { limit: ceiling }.into());
    }
    let more = found.len() as u64 > asked;
    found.truncate(usize::try_from(asked).unwrap_or(usize::MAX));
    let last = found.last().filter(|_| more).map(|last| Position { key: Vec::new(), row: last.row() });
    let mut out = echo.open_list(Kind::Action, 1_024);
    if entities {
        out.expect_entities();
        let (found, _, names) = read::with_names(engine, caller, found, false).await?;
        let registry = engine.registry();
        for action in &found {
            let permitted = action.permit(Verb::Read, &caller.grants)?;
            list_entity(&mut out, &permitted.visible(&registry, &names), echo.style);
        }
    } else {
        for action in &found {
            list_id(&mut out, VisibleId::of(&permit, action.id()));
        }
    }
    let mut response = document(out.finish());
    if let Some(last) = last {
        add_link(&mut response, &link, &cursor::encode(&engine.cursor_key, &identity, &last));
    }
    Ok(response)
}

//! GET `/users/{id}/effectiveroles`: the roles that count for a user now, and how each came about.
//!
//! The ids are those of the roles, each once; with `entities=true` there is an `EffectiveRole` for every way in which a
//! role came about. Who may not read mandates is not told which, for whom and until when.

use std::borrow::Cow;
use std::collections::HashSet;

use actix_web::HttpResponse;

use crate::http::answer::{Echo, document, list_made};
use crate::http::failure::Failure;
use crate::http::listing::{add_link, link_of};
use crate::http::params::{nothing_left, take_count, take_flag, take_one};
use crate::http::service::Service;
use crate::model::value::instant_text;
use crate::model::visible::{Field, ListPermit, Shown, Values, VisibleId};
use crate::model::{Error, Kind, Ref, Verb};
use crate::operation::effective::{EffectiveRole, How, Sources};
use crate::operation::scope::Sight;
use crate::operation::search::Argument;
use crate::operation::{Caller, cursor, read};
use crate::store::Position;

/// The root of the list, and of one.
const ROOTS: (&str, &str) = ("EffectiveRoles", "EffectiveRole");

/// One result with its place in the order.
struct Placed {
    at: Position,
    role: EffectiveRole,
}

/// Answers the roles that count for the user that `key` names.
pub(super) async fn list(
    service: &Service,
    caller: &Caller,
    echo: &Echo,
    path: &str,
    (key, mut arguments): (&str, Vec<Argument>),
) -> Result<HttpResponse, Failure> {
    let link = link_of(path, &arguments);
    let entities = take_flag(&mut arguments, "entities")?;
    let limit = take_count(&mut arguments, "maxResults")?;
    let after = take_one(&mut arguments, "after")?;
    nothing_left(&arguments)?;
    let engine = &service.engine;
    let identity = format!("effective roles {key:?} {entities}");
    let after = after.map(|text| cursor::decode(&engine.cursor_key, &identity, &text)).transpose()?;
    let permit = ListPermit::check(Kind::Role, &caller.grants)?;
    caller.grants.require(Verb::Read, Kind::User)?;
    let user = read::find(engine, caller, Kind::User, key).await.map_err(|error| match error {
        Error::NotFound { kind } => Error::ParentNotFound { parameter: kind.to_owned() },
        other => other,
    })?;
    let recursion = engine.settings.role_recursion;
    let sources = Sources::of(&engine.store, &user, recursion).await?;
    let (mut roles, mut sight) = (sources.resolve(engine.world.now(), recursion), Sight::of(caller));
    let mut hidden = HashSet::new();
    for role in sources.roles.values() {
        if !sight.sees(engine, role).await? {
            hidden.insert(role.id());
        }
    }
    // A bounded caller sees a mandate that a user of its own received, and so which roles it gives; not more of them.
    roles.retain(|role| role.mandater.is_some() || !hidden.contains(&role.role));
    let mut placed = placed(roles, entities);
    let ceiling = service.config.limits.max_results;
    let asked = if limit == 0 { u64::MAX } else { limit };
    placed.retain(|one| after.as_ref().is_none_or(|after| one.at > *after));
    if ceiling > 0 && asked > ceiling && placed.len() as u64 > ceiling {
        return Err(Error::SizeLimit { limit: ceiling }.into());
    }
    let more = placed.len() as u64 > asked;
    placed.truncate(usize::try_from(asked).unwrap_or(usize::MAX));
    let mut out = echo.open_made_list(ROOTS.0);
    for one in &placed {
        if !entities {
            crate::http::answer::list_id(&mut out, VisibleId::of(&permit, one.role.role));
            continue;
        }
        let name = match sources.roles.get(&one.role.role) {
            Some(role) if !hidden.contains(&role.id()) => {
                let names = read::with_names(engine, caller, vec![role.clone()], false).await?.2;
                entity_name(role, &names)
            }
            _ => String::new(),
        };
        list_made(&mut out, ROOTS.1, &fields(&one.role, &name, caller), echo.style);
    }
    let mut response = document(out.finish());
    if let Some(last) = placed.last().filter(|_| more) {
        add_link(&mut response, &link, &cursor::encode(&engine.cursor_key, &identity, &last.at));
    }
    Ok(response)
}

/// Gives every result its place; without `entities` a role stands once.
fn placed(roles: Vec<EffectiveRole>, entities: bool) -> Vec<Placed> {
    let mut placed: Vec<Placed> = Vec::with_capacity(roles.len());
    for role in roles {
        let mut key = role.row.to_be_bytes().to_vec();
        if entities {
            key.push(role.how as u8);
            key.extend(role.via.iter().flat_map(|to| *to.id.as_bytes()));
        }
        let at = Position { key, row: role.row };
        if placed.last().is_none_or(|last| last.at != at) {
            placed.push(Placed { at, role });
        }
    }
    placed
}

fn entity_name(role: &crate::model::Stored, names: &dyn crate::model::visible::Names) -> String {
    let rules = Kind::Role.def().rules;
    let derived = rules.derived(role, crate::model::kind::role::ENTITY_NAME, names);
    derived.and_then(|values| values.first().map(|value| value.shown().into_owned())).unwrap_or_default()
}

/// What the caller may see of one way.
fn fields<'a>(role: &EffectiveRole, name: &str, caller: &Caller) -> Vec<Field<'a>> {
    let text = |text: String| Shown::Text(Cow::Owned(text));
    let refers = |to: &Ref| Shown::Reference(to.kind, to.id);
    let told = match role.how {
        How::Direct | How::Included => true,
        How::Mandate => caller.grants.allow(Verb::Read, Kind::Mandate),
        How::Delegation => {
            caller.grants.allow(Verb::Read, Kind::Mandate)
                && caller.grants.allow(Verb::Read, Kind::Delegation)
        }
    };
    let mut fields = vec![
        ("role", vec![Shown::Reference(Kind::Role, role.role)]),
        ("roleName", if name.is_empty() { Vec::new() } else { vec![text(name.to_owned())] }),
        ("source", vec![text(role.how.name().to_owned())]),
    ];
    if told {
        fields.push(("via", role.via.iter().map(refers).collect()));
        fields.push(("mandater", role.mandater.iter().map(refers).collect()));
        fields.push(("validUntil", role.until.map(|at| text(instant_text(at))).into_iter().collect()));
    }
    let field = |(name, values): (&'static str, Vec<Shown<'a>>)| Field { name, values: Values::Made(values) };
    fields.into_iter().filter(|(_, values)| !values.is_empty()).map(field).collect()
}

//! The server's own guard: an API client that has roles may do only what the matrix of roles and actions allows them,
//! beside what its grants allow. Clients without roles, and callers that are no clients, are held by grants alone.

use crate::audit::Action;
use crate::model::kind::api_client;
use crate::model::{Error, Value};
use crate::operation::access::ask::{Answered, Asked, Asking, Who, role_at};
use crate::operation::engine::{Caller, Engine};
use crate::operation::refuse;

/// Error 3, recorded, where the server guards itself and the roles of the caller are not mapped to what it asks for: an
/// address as the reference writes it, and a method.
pub async fn check(
    engine: &Engine,
    caller: &Caller,
    asked: (&str, &str),
    action: Action,
) -> Result<(), Error> {
    let Some(tenant) = &engine.settings.guard_tenant else { return Ok(()) };
    if lets_through(engine, caller, tenant, asked).await? {
        return Ok(());
    }
    let error = Error::Forbidden { verb: action.verb.name(), kind: action.kind.name() };
    Err(refuse(engine, caller, action, error).await)
}

/// Whether the roles of the caller are mapped, at `tenant` or above, to the operation: its address as the reference
/// writes it, and its method.
async fn lets_through(
    engine: &Engine,
    caller: &Caller,
    tenant: &str,
    (uri, method): (&str, &str),
) -> Result<bool, Error> {
    let Some(id) = caller.identity.client() else { return Ok(true) };
    // Read anew each time: roles are given names, moved and taken away without a word to the client.
    let Some(client) = engine.store.by_id(id).await? else { return Ok(true) };
    let named = client.attributes().values(api_client::ROLES);
    if named.is_empty() {
        return Ok(true);
    }
    let mut roles = Vec::with_capacity(named.len());
    for to in named.iter().filter_map(Value::as_ref) {
        roles.extend(engine.store.by_id(to.id).await?.as_ref().and_then(role_at));
    }
    let asked = Asked {
        uri: uri.to_owned(),
        method: Some(method.to_owned()),
        tenants: vec![tenant.to_owned()],
        who: Who::Roles(roles),
        all: None,
    };
    // Whoever is bounded does not see the tenant of the guard, which decides all the same.
    let anybody = Caller::local("guard");
    let answered = Asking::unasked(engine, &anybody).await?.answer(&asked).await?;
    Ok(matches!(answered, Answered::Allowed { .. }))
}

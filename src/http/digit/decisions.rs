//! Decisions through the door: whether roles may call an address, answered by a status alone or in words.

use actix_web::HttpResponse;
use serde_json::json;

use crate::http::arguments::MOST_VALUES;
use crate::http::digit::Call;
use crate::http::digit::members::Members;
use crate::http::failure::Failure;
use crate::model::Error;
use crate::operation::access::ask::{Answered, Asked, Asking, RoleAt, Who};
use crate::operation::access::{CODE_MAX, TENANT_MAX, check_length};

/// What front ends tell of a role beside what counts.
const BESIDE: [&str; 3] = ["id", "name", "description"];

/// Takes a text out that must be there, of at most so many characters.
fn short(members: &mut Members, name: &str, most: usize) -> Result<String, Error> {
    let text = members.needed(name)?;
    check_length(&members.path(name), &text, most)?;
    Ok(text)
}

fn question(uri: String, roles: Vec<RoleAt>, tenants: Vec<String>) -> Asked {
    Asked { uri, method: None, tenants, who: Who::Roles(roles), all: None }
}

/// `AuthorizationRequest{roles[{code, tenantId}], uri, tenantIds[]}`.
fn authorization(mut members: Members) -> Result<Asked, Error> {
    let mut request = members.needed_object("AuthorizationRequest")?;
    members.finish()?;
    let uri = request.needed("uri")?;
    let [of_roles, of_tenants] = ["roles", "tenantIds"].map(|name| request.path(name));
    let tenants = request.needed_texts("tenantIds")?;
    let roles = request.objects("roles")?;
    request.finish()?;
    for (place, count) in [(&of_roles, roles.len()), (&of_tenants, tenants.len())] {
        if count > MOST_VALUES {
            return Err(Error::invalid(place, format!("expected at most {MOST_VALUES} items")));
        }
    }
    for (at, tenant) in tenants.iter().enumerate() {
        check_length(&format!("{of_tenants}[{at}]"), tenant, TENANT_MAX)?;
    }
    let held = roles.into_iter().map(|mut role| {
        let held = RoleAt {
            code: short(&mut role, "code", CODE_MAX)?,
            tenant: short(&mut role, "tenantId", TENANT_MAX)?,
        };
        for name in BESIDE {
            role.text(name)?;
        }
        role.finish()?;
        Ok(held)
    });
    Ok(question(uri, held.collect::<Result<_, Error>>()?, tenants))
}

/// `validateAction{tenantRole{tenantId, roles[{name}]}, actionUrl}`: the roles are held at the tenant.
fn validation(mut members: Members) -> Result<Asked, Error> {
    let mut request = members.needed_object("validateAction")?;
    members.finish()?;
    let uri = request.needed("actionUrl")?;
    let mut holder = request.needed_object("tenantRole")?;
    request.finish()?;
    let tenant = short(&mut holder, "tenantId", TENANT_MAX)?;
    let roles = holder.objects("roles")?;
    holder.finish()?;
    let held = roles.into_iter().map(|mut role| {
        let code = short(&mut role, "name", CODE_MAX)?;
        role.finish()?;
        Ok(RoleAt { code, tenant: tenant.clone() })
    });
    Ok(question(uri, held.collect::<Result<_, Error>>()?, vec![tenant.clone()]))
}

impl Call<'_> {
    /// 200 or 401, both with nothing in them.
    pub(super) async fn authorize(&self, members: Members) -> Result<HttpResponse, Failure> {
        let allowed = self.allows(authorization(members)?).await?;
        Ok(if allowed { HttpResponse::Ok().finish() } else { HttpResponse::Unauthorized().finish() })
    }

    /// `TRUE` or `FALSE`.
    pub(super) async fn validate(&self, members: Members) -> Result<HttpResponse, Failure> {
        let allowed = self.allows(validation(members)?).await?;
        let word = if allowed { "TRUE" } else { "FALSE" };
        Ok(self.reply(vec![("actionValidation", json!({"allowed": word}))]))
    }

    async fn allows(&self, asked: Asked) -> Result<bool, Error> {
        let answered = Asking::begin(self.engine(), &self.caller).await?.answer(&asked).await?;
        Ok(matches!(answered, Answered::Allowed { .. }))
    }
}

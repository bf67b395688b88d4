//! `/authorizations`: whether roles, or a user, may call an address. One question in the query or a document, many in a
//! list; the answers are `Authorization` entities, those of a list in its order.

use actix_web::HttpResponse;
use std::borrow::Cow;

use crate::http::answer::{Echo, document, list_made};
use crate::http::arguments::{Arguments, MOST_VALUES, comma_separated};
use crate::http::failure::Failure;
use crate::http::params::shortened;
use crate::http::service::Service;
use crate::model::Error;
use crate::model::visible::{Field, Shown, Values};
use crate::operation::Caller;
use crate::operation::access::ask::{Answered, Asked, Asking, RoleAt, Who};
use crate::operation::access::{CODE_MAX, TENANT_MAX, check_length};
use crate::operation::several::of_entry;

/// The root of the list, and of one.
pub(super) const ROOTS: (&str, &str) = ("Authorizations", "Authorization");

/// Answers what was asked.
pub(super) async fn answer(
    service: &Service,
    caller: &Caller,
    echo: &Echo,
    arguments: Arguments,
) -> Result<HttpResponse, Failure> {
    let mut arguments = arguments;
    let Some(several) = arguments.several.take() else {
        let asked = asked(arguments)?;
        let answered = Asking::begin(&service.engine, caller).await?.answer(&asked).await?;
        return Ok(document(echo.made(ROOTS.1, &fields(&answered))));
    };
    let numbered = several.into_iter().zip(1..);
    let questions: Vec<Asked> = numbered
        .map(|(one, number)| asked(one).map_err(|error| of_entry(error, number)))
        .collect::<Result<_, _>>()?;
    let mut asking = Asking::begin(&service.engine, caller).await?;
    let mut out = echo.open_made_list(ROOTS.0);
    for question in &questions {
        let answered = asking.answer(question).await?;
        list_made(&mut out, ROOTS.1, &fields(&answered), echo.style);
    }
    Ok(document(out.finish()))
}

fn fields(answered: &Answered) -> Vec<Field<'_>> {
    let field = |name: &'static str, text| Field {
        name,
        values: Values::Made(vec![Shown::Text(Cow::Borrowed(text))]),
    };
    match answered {
        Answered::Allowed { role, action } => {
            vec![field("allowed", "true"), field("decidedByRole", role), field("decidedByAction", action)]
        }
        Answered::Refused { reason } => vec![field("allowed", "false"), field("reason", reason)],
    }
}

/// Every value of a name, of a query split at commas; error 1 when one is empty or there are very many.
pub(super) fn listed(arguments: &mut Arguments, name: &str) -> Result<Vec<String>, Error> {
    let taken = arguments.take(name);
    let values: Vec<String> = if arguments.from_query {
        taken.iter().flat_map(|value| comma_separated(value)).collect()
    } else {
        taken
    };
    if values.iter().any(String::is_empty) {
        return Err(Error::invalid(name, "must not be empty"));
    }
    if values.len() > MOST_VALUES {
        return Err(Error::invalid(name, format!("expected at most {MOST_VALUES} values")));
    }
    Ok(values)
}

/// `CODE@TENANT`.
fn role_at(text: &str) -> Result<RoleAt, Error> {
    match text.split_once('@') {
        Some((code, tenant)) if !code.is_empty() && !tenant.is_empty() => {
            check_length("role", code, CODE_MAX)?;
            check_length("role", tenant, TENANT_MAX)?;
            Ok(RoleAt { code: code.to_owned(), tenant: tenant.to_owned() })
        }
        _ => Err(Error::invalid("role", "expected CODE@TENANT")),
    }
}

fn not_empty(name: &str, value: Option<String>) -> Result<Option<String>, Error> {
    match value {
        Some(value) if value.is_empty() => Err(Error::invalid(name, "must not be empty")),
        value => Ok(value),
    }
}

/// Understands one question.
fn asked(mut arguments: Arguments) -> Result<Asked, Error> {
    let mandatory = |name: &str| Error::invalid(name, "mandatory and must not be empty");
    let uri = not_empty("uri", arguments.take_one("uri")?)?.ok_or_else(|| mandatory("uri"))?;
    let method = not_empty("method", arguments.take_one("method")?)?;
    let tenants = listed(&mut arguments, "tenant")?;
    if tenants.is_empty() {
        return Err(mandatory("tenant"));
    }
    tenants.iter().try_for_each(|tenant| check_length("tenant", tenant, TENANT_MAX))?;
    let all = match arguments.take_one("tenants")?.as_deref() {
        None => None,
        Some("any") => Some(false),
        Some("all") => Some(true),
        Some(_) => return Err(Error::invalid("tenants", "expected any or all")),
    };
    let roles = listed(&mut arguments, "role")?;
    let user = not_empty("user", arguments.take_one("user")?)?;
    let mandate = not_empty("mandate", arguments.take_one("mandate")?)?;
    if let Some((name, _)) = arguments.named.first() {
        return Err(Error::invalid(shortened(name), "this operation has no such parameter"));
    }
    let who = match (roles.is_empty(), user, mandate) {
        (false, None, None) => Who::Roles(roles.iter().map(|text| role_at(text)).collect::<Result<_, _>>()?),
        (true, Some(user), mandate) => Who::User { user, mandate },
        (false, Some(_), _) => return Err(Error::invalid("user", "expected either role or user")),
        (_, None, Some(_)) => return Err(Error::invalid("mandate", "goes with user only")),
        (true, None, None) => return Err(Error::invalid("role", "expected role or user")),
    };
    Ok(Asked { uri, method, tenants, who, all })
}

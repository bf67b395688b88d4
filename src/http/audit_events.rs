//! GET `/auditevents` and GET `/auditevents/{id}`: the trail, read-only.

use actix_web::{HttpRequest, HttpResponse};
use uuid::Uuid;

use crate::http::answer::{Echo, document, list_audit_event};
use crate::http::failure::Failure;
use crate::http::params::{nothing_left, take_count, take_flag, take_one};
use crate::http::precondition;
use crate::http::service::Service;
use crate::model::value::parse_instant;
use crate::model::{Error, Kind};
use crate::operation::search::Argument;
use crate::operation::{Caller, audit_trail, cursor};
use crate::store::{AuditQuery, Position};

/// Records answered when no limit is given; the rest is reached by the `Link`.
const PAGE: u64 = 1_000;

/// A record never changes.
const VERSION: i64 = 1;

/// One record.
pub async fn one(
    service: &Service,
    request: &HttpRequest,
    caller: &Caller,
    echo: &Echo,
    key: &str,
) -> Result<HttpResponse, Failure> {
    let record = audit_trail::one(&service.engine, caller, key).await?;
    Ok(precondition::answer(request, VERSION, record.at, echo.audit_event(&record))?)
}

fn filters(arguments: &mut Vec<Argument>) -> Result<AuditQuery, Error> {
    let instant = |name: &str, text: Option<String>| match text {
        None => Ok(None),
        Some(text) => parse_instant(&text)
            .map(Some)
            .ok_or_else(|| Error::invalid(name, "expected an ISO 8601 instant or epoch milliseconds")),
    };
    let entity_id = match take_one(arguments, "entityId")? {
        None => None,
        Some(text) => {
            Some(Uuid::try_parse(&text).map_err(|_| Error::invalid("entityId", "expected a UUID"))?)
        }
    };
    Ok(AuditQuery {
        event_id: take_one(arguments, "eventId")?,
        module_id: take_one(arguments, "moduleId")?,
        category: take_one(arguments, "category")?,
        client: take_one(arguments, "client")?,
        kind: take_one(arguments, "kind")?,
        entity_id,
        reference_id: take_one(arguments, "referenceId")?,
        from: instant("from", take_one(arguments, "from")?)?,
        to: instant("to", take_one(arguments, "to")?)?,
    })
}

/// A page of records that pass the filters, in the order they were written.
pub async fn list(
    service: &Service,
    caller: &Caller,
    echo: &Echo,
    path: &str,
    mut arguments: Vec<Argument>,
) -> Result<HttpResponse, Failure> {
    let asked = arguments.clone();
    let query = filters(&mut arguments)?;
    let entities = take_flag(&mut arguments, "entities")?;
    let limit = match take_count(&mut arguments, "maxResults")? {
        0 => PAGE,
        limit => limit.min(PAGE),
    };
    let limit = usize::try_from(limit).unwrap_or(1);
    let after = take_one(&mut arguments, "after")?;
    nothing_left(&arguments)?;
    let identity = format!("auditevents {query:?}");
    let key = &service.engine.cursor_key;
    let after =
        after.map_or(Ok(0), |text| cursor::decode(key, &identity, &text).map(|position| position.row))?;
    let mut page = audit_trail::page(&service.engine, caller, &query, after, limit + 1).await?;
    let more = page.len() > limit;
    page.truncate(limit);
    let mut out = echo.open_list(Kind::AuditEvent, 4_096);
    for (_, record) in &page {
        if entities {
            list_audit_event(&mut out, record);
        } else {
            out.id(record.id);
        }
    }
    let mut response = document(out.finish());
    if let Some((row, _)) = page.last().filter(|_| more) {
        let position = Position { key: Vec::new(), row: *row };
        let next = cursor::encode(key, &identity, &position);
        crate::http::listing::add_link(&mut response, &crate::http::listing::link_of(path, &asked), &next);
    }
    Ok(response)
}

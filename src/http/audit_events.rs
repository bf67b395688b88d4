//! GET `/auditevents` and GET `/auditevents/{id}`: the trail, read-only. Long answers are streamed like every
//! list.

use std::pin::Pin;

use actix_web::body::{BodyStream, BoxBody};
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use futures_util::Stream;
use futures_util::stream::unfold;
use uuid::Uuid;

use crate::http::answer::{Echo, document, list_audit_event};
use crate::http::failure::Failure;
use crate::http::listing::{add_link, link_of};
use crate::http::params::{nothing_left, take_count, take_flag, take_one};
use crate::http::precondition;
use crate::http::service::Service;
use crate::http::writer::Writer;
use crate::model::value::parse_instant;
use crate::model::{Error, Kind, Row};
use crate::operation::audit_trail::{self, AuditPage};
use crate::operation::search::Argument;
use crate::operation::{Caller, Engine, cursor};
use crate::store::{AuditQuery, Position};

/// Records fetched at a time.
const PAGE: usize = 500;
/// Up to so many records are gathered whole when a limit was given; a larger limit counts as this.
const GATHERED: usize = 10_000;

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
        from: take_instant(arguments, "from")?,
        to: take_instant(arguments, "to")?,
    })
}

fn take_instant(arguments: &mut Vec<Argument>, name: &str) -> Result<Option<i64>, Error> {
    let Some(text) = take_one(arguments, name)? else { return Ok(None) };
    let instant = parse_instant(&text).map(Some);
    instant.ok_or_else(|| Error::invalid(name, "expected an ISO 8601 instant or epoch milliseconds"))
}

/// A walk along the trail.
struct Walk {
    engine: Engine,
    caller: Caller,
    query: AuditQuery,
    after: Row,
    entities: bool,
    out: Writer,
    ready: AuditPage,
}

impl Walk {
    async fn next(&mut self, limit: usize) -> Result<AuditPage, Error> {
        let page = audit_trail::page(&self.engine, &self.caller, &self.query, self.after, limit).await?;
        if let Some((row, _)) = page.last() {
            self.after = *row;
        }
        Ok(page)
    }

    fn write(&mut self, page: &AuditPage) {
        for (_, record) in page {
            if self.entities {
                list_audit_event(&mut self.out, record);
            } else {
                self.out.id(record.id);
            }
        }
    }

    async fn gather(mut self, limit: usize, link: &str, identity: &str) -> Result<HttpResponse, Failure> {
        let mut gathered: AuditPage = Vec::new();
        while gathered.len() <= limit {
            let page = self.next((limit + 1 - gathered.len()).min(PAGE)).await?;
            if page.is_empty() {
                break;
            }
            gathered.extend(page);
        }
        let more = gathered.len() > limit;
        gathered.truncate(limit);
        self.write(&gathered);
        let mut response = document(self.out.finish());
        if let Some((row, _)) = gathered.last().filter(|_| more) {
            let position = Position { key: Vec::new(), row: *row };
            add_link(&mut response, link, &cursor::encode(&self.engine.cursor_key, identity, &position));
        }
        Ok(response)
    }

    async fn stream(mut self) -> Result<HttpResponse, Failure> {
        let first = self.next(PAGE).await?;
        self.write(&first);
        self.ready = self.next(PAGE).await?;
        if self.ready.is_empty() {
            return Ok(document(self.out.finish()));
        }
        let head = HttpResponse::Ok().insert_header((CONTENT_TYPE, self.out.form().content_type())).finish();
        Ok(head.set_body(BoxBody::new(BodyStream::new(self.chunks()))))
    }

    fn chunks(self) -> Pin<Box<dyn Stream<Item = Result<Bytes, Error>>>> {
        Box::pin(unfold(Some(self), |walk| async move { walk?.step().await }))
    }

    async fn step(mut self) -> Option<(Result<Bytes, Error>, Option<Self>)> {
        let page = std::mem::take(&mut self.ready);
        if page.is_empty() {
            return Some((Ok(Bytes::from(self.out.finish().bytes)), None));
        }
        self.write(&page);
        match self.next(PAGE).await {
            Ok(next) => {
                self.ready = next;
                let chunk = Bytes::from(self.out.take_chunk());
                Some((Ok(chunk), Some(self)))
            }
            Err(error) => {
                tracing::error!(%error, "a streamed answer broke off");
                Some((Err(error), None))
            }
        }
    }
}

/// The records that pass the filters, in the order they were written.
pub async fn list(
    service: &Service,
    caller: &Caller,
    echo: &Echo,
    path: &str,
    mut arguments: Vec<Argument>,
) -> Result<HttpResponse, Failure> {
    let link = link_of(path, &arguments);
    let query = filters(&mut arguments)?;
    let entities = take_flag(&mut arguments, "entities")?;
    let limit = take_count(&mut arguments, "maxResults")?;
    let after = take_one(&mut arguments, "after")?;
    nothing_left(&arguments)?;
    let identity = format!("auditevents {query:?}");
    let key = &service.engine.cursor_key;
    let after =
        after.map_or(Ok(0), |text| cursor::decode(key, &identity, &text).map(|position| position.row))?;
    let mut out = echo.open_list(Kind::AuditEvent, 4_096);
    if entities {
        out.expect_entities();
    }
    let walk = Walk {
        engine: service.engine.clone(),
        caller: caller.clone(),
        query,
        after,
        entities,
        out,
        ready: Vec::new(),
    };
    match usize::try_from(limit).unwrap_or(GATHERED) {
        0 => walk.stream().await,
        limit => walk.gather(limit.min(GATHERED), &link, &identity).await,
    }
}

//! Lists of rows that are no entities (audit records, mails, declared attributes), and one of them. Long answers are
//! streamed like every list.

use std::pin::Pin;
use std::sync::Arc;

use actix_web::body::{BodyStream, BoxBody};
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use futures_util::Stream;
use futures_util::stream::unfold;
use uuid::Uuid;

use crate::http::answer::{Echo, document, list_entry};
use crate::http::failure::Failure;
use crate::http::listing::{add_link, link_of};
use crate::http::params::{nothing_left, take_count, take_flag, take_one};
use crate::http::precondition;
use crate::http::service::Service;
use crate::http::writer::Writer;
use crate::model::registry::custom_kind;
use crate::model::value::parse_instant;
use crate::model::{Error, Kind};
use crate::operation::attribute_definition::Definitions;
use crate::operation::audit_trail::AuditTrail;
use crate::operation::entry::{self, Entries, Entry};
use crate::operation::outbox::Mails;
use crate::operation::search::Argument;
use crate::operation::{Caller, Engine, cursor};
use crate::store::outbox::{MailState, OutboxQuery};
use crate::store::{AuditQuery, Position};

/// Rows fetched at a time.
const PAGE: usize = 500;
/// Up to so many rows are gathered whole when a limit was given; a larger limit counts as this.
const GATHERED: usize = 10_000;

/// One row of `kind`.
pub async fn one(
    service: &Service,
    request: &HttpRequest,
    caller: &Caller,
    (echo, kind, key): (&Echo, Kind, &str),
) -> Result<HttpResponse, Failure> {
    let entry = entry::one(&service.engine, caller, kind, key).await?;
    Ok(precondition::answer(
        request,
        entry.version,
        entry.updated,
        echo.entry(kind, entry.id, &entry.fields),
    )?)
}

/// The filters of a list of `kind`, taken out of the arguments.
fn filters(kind: Kind, arguments: &mut Vec<Argument>) -> Result<Arc<dyn Entries>, Error> {
    Ok(match kind {
        Kind::Message => Arc::new(Mails(mails(arguments)?)),
        Kind::AttributeDefinition => Arc::new(definitions(arguments)?),
        _ => Arc::new(AuditTrail(records(arguments)?)),
    })
}

fn records(arguments: &mut Vec<Argument>) -> Result<AuditQuery, Error> {
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

fn mails(arguments: &mut Vec<Argument>) -> Result<OutboxQuery, Error> {
    let exact = take_flag(arguments, "exactMatch")?;
    let state = match take_one(arguments, "state")? {
        None => None,
        Some(text) => {
            let known = MailState::named(&text).map(MailState::name);
            Some(known.ok_or_else(|| Error::invalid("state", "expected queued, sent or failed"))?)
        }
    };
    let recipient = take_one(arguments, "recipient")?;
    let begins = recipient.clone().filter(|_| !exact).map(|text| text.to_ascii_lowercase());
    Ok(OutboxQuery { state, recipient: recipient.filter(|_| exact), recipient_begins: begins })
}

fn definitions(arguments: &mut Vec<Argument>) -> Result<Definitions, Error> {
    let exact = take_flag(arguments, "exactMatch")?;
    let kind =
        match take_one(arguments, "kind")? {
            None => None,
            Some(name) => {
                let kind = custom_kind(&name);
                Some(kind.ok_or_else(|| {
                    Error::invalid("kind", "expected the name of a kind that has attributes")
                })?)
            }
        };
    Ok(Definitions { kind, name: take_one(arguments, "name")?, exact })
}

/// A walk along a list.
struct Walk {
    engine: Engine,
    caller: Caller,
    entries: Arc<dyn Entries>,
    after: Position,
    whole: bool,
    out: Writer,
    ready: Vec<Entry>,
}

impl Walk {
    async fn next(&mut self, limit: usize) -> Result<Vec<Entry>, Error> {
        let asked = (limit, self.whole);
        let page = entry::page(self.entries.as_ref(), &self.engine, &self.caller, &self.after, asked).await?;
        if let Some(last) = page.last() {
            self.after = last.at.clone();
        }
        Ok(page)
    }

    /// Whether more than `ceiling` entries follow.
    async fn exceeds(&self, ceiling: u64) -> Result<bool, Error> {
        let (mut after, mut found) = (self.after.clone(), 0);
        while found <= ceiling {
            let rest = usize::try_from(ceiling + 1 - found).map_or(PAGE, |rest| rest.min(PAGE));
            let page =
                entry::page(self.entries.as_ref(), &self.engine, &self.caller, &after, (rest, false)).await?;
            let Some(last) = page.last() else { return Ok(false) };
            after = last.at.clone();
            found += page.len() as u64;
        }
        Ok(true)
    }

    fn write(&mut self, page: &[Entry]) {
        for entry in page {
            if self.whole {
                list_entry(&mut self.out, self.entries.kind(), entry.id, &entry.fields);
            } else {
                self.out.id(entry.id);
            }
        }
    }

    async fn gather(mut self, limit: usize, link: &str, identity: &str) -> Result<HttpResponse, Failure> {
        let mut gathered: Vec<Entry> = Vec::new();
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
        if let Some(last) = gathered.last().filter(|_| more) {
            add_link(&mut response, link, &cursor::encode(&self.engine.cursor_key, identity, &last.at));
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

/// The rows of `kind` that pass the filters, in the order of their list.
pub async fn list(
    service: &Service,
    caller: &Caller,
    (echo, kind): (&Echo, Kind),
    path: &str,
    mut arguments: Vec<Argument>,
) -> Result<HttpResponse, Failure> {
    let link = link_of(path, &arguments);
    let entries = filters(kind, &mut arguments)?;
    let whole = take_flag(&mut arguments, "entities")?;
    let limit = take_count(&mut arguments, "maxResults")?;
    let after = take_one(&mut arguments, "after")?;
    nothing_left(&arguments)?;
    let identity = entries.identity();
    let key = &service.engine.cursor_key;
    let after = after.map_or(Ok(Position::default()), |text| cursor::decode(key, &identity, &text))?;
    let mut out = echo.open_list(kind, 4_096);
    if whole {
        out.expect_entities();
    }
    let walk = Walk {
        engine: service.engine.clone(),
        caller: caller.clone(),
        entries,
        after,
        whole,
        out,
        ready: Vec::new(),
    };
    let ceiling = service.config.limits.max_results;
    if ceiling > 0 && (limit == 0 || limit > ceiling) && walk.exceeds(ceiling).await? {
        return Err(Error::SizeLimit { limit: ceiling }.into());
    }
    match usize::try_from(limit).unwrap_or(GATHERED) {
        0 => walk.stream().await,
        limit => walk.gather(limit.min(GATHERED), &link, &identity).await,
    }
}

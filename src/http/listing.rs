//! Answers of listings: whole when they are short, streamed when they are long, with `Link` and
//! `X-Result-Truncated` when more exist than were asked for.

use std::pin::Pin;

use actix_web::HttpResponse;
use actix_web::body::{BodyStream, BoxBody};
use actix_web::http::header::{CONTENT_TYPE, HeaderName, HeaderValue, LINK};
use actix_web::web::Bytes;
use futures_util::Stream;
use futures_util::stream::unfold;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::http::answer::{Echo, document, list_entity, list_id};
use crate::http::failure::Failure;
use crate::http::writer::Writer;
use crate::model::visible::VisibleId;
use crate::model::{Error, Kind, Verb};
use crate::operation::list::{Listed, Listing, Query};
use crate::operation::search::Argument;
use crate::operation::{Caller, Engine, read};
use crate::store::Position;

/// Results fetched for one chunk of ids, and of entities.
const IDS: usize = 2_000;
const ENTITIES: usize = 200;
/// Up to so many results are gathered whole when a limit was given.
const GATHERED: u64 = 10_000;

const TRUNCATED: HeaderName = HeaderName::from_static("x-result-truncated");

/// What a listing's answer needs.
pub struct Answering {
    /// Store, names and registry.
    pub engine: Engine,
    /// Who asks.
    pub caller: Caller,
    /// The request's echo.
    pub echo: Echo,
    /// The kind listed.
    pub kind: Kind,
    /// Whether whole entities are answered.
    pub entities: bool,
    /// Path and query of the request without credentials and cursor, for `Link`.
    pub link: String,
    /// The configured ceiling; 0 is none.
    pub ceiling: u64,
}

impl Answering {
    fn chunk(&self) -> usize {
        if self.entities { ENTITIES } else { IDS }
    }

    fn open(&self, bytes: usize) -> Writer {
        let mut out = self.echo.open_list(self.kind, bytes);
        if self.entities {
            out.expect_entities();
        }
        out
    }

    async fn write(&self, out: &mut Writer, listing: &Listing, results: Vec<Listed>) -> Result<(), Error> {
        if !self.entities {
            for result in &results {
                list_id(out, VisibleId::of(&listing.permit, result.id));
            }
            return Ok(());
        }
        let entities = results.into_iter().filter_map(|result| result.entity).collect();
        let (entities, _, names) = read::with_names(&self.engine, &self.caller, entities, false).await?;
        let names = names.as_of(listing.now);
        let registry = self.engine.registry();
        for entity in &entities {
            let permitted = entity.permit(Verb::Read, &self.caller.grants)?;
            list_entity(out, &permitted.visible(&registry, &names), self.echo.style);
        }
        Ok(())
    }

    /// Answers the listing that `query` describes.
    pub async fn answer(self, query: &Query) -> Result<HttpResponse, Failure> {
        let listing = Listing::begin(&self.engine, &self.caller, query, self.entities).await?;
        let limit = query.limit;
        if self.ceiling > 0 && limit.is_none_or(|limit| limit > self.ceiling) {
            let (more, _) = extent(&listing, self.ceiling).await?;
            if more {
                return Err(Error::SizeLimit { limit: self.ceiling }.into());
            }
        }
        match limit {
            None => self.stream(listing, u64::MAX, None).await,
            Some(limit) if limit > GATHERED => {
                let (more, last) = extent(&listing, limit).await?;
                let next = last.filter(|_| more).map(|last| listing.cursor(&last));
                self.stream(listing, limit, next).await
            }
            Some(limit) => self.gather(listing, usize::try_from(limit).unwrap_or(usize::MAX)).await,
        }
    }

    /// A short answer: everything is known before the status line.
    async fn gather(self, mut listing: Listing, limit: usize) -> Result<HttpResponse, Failure> {
        let mut results = Vec::new();
        while results.len() <= limit {
            let fetched = listing.next((limit + 1 - results.len()).min(self.chunk())).await?;
            if fetched.is_empty() {
                break;
            }
            results.extend(fetched);
        }
        let more = results.len() > limit;
        results.truncate(limit);
        let next = results.last().filter(|_| more).map(|last| listing.cursor(&last.at));
        let mut out = self.open(1_024);
        self.write(&mut out, &listing, results).await?;
        Ok(self.with_link(document(out.finish()), next.as_deref()))
    }

    /// An answer of any length: chunk by chunk. The first one is read before the status line; after that an
    /// error can only break the connection off, without the closing tag.
    async fn stream(
        self,
        mut listing: Listing,
        limit: u64,
        next: Option<String>,
    ) -> Result<HttpResponse, Failure> {
        let mut out = self.open(64 * 1_024);
        let mut first = listing.next(self.chunk()).await?;
        let left = cut(&mut first, limit);
        let mut second =
            if first.is_empty() || left == 0 { Vec::new() } else { listing.next(self.chunk()).await? };
        let left = cut(&mut second, left);
        self.write(&mut out, &listing, first).await?;
        if second.is_empty() {
            let response = document(out.finish());
            return Ok(self.with_link(response, next.as_deref()));
        }
        let head = HttpResponse::Ok().insert_header((CONTENT_TYPE, self.echo.form.content_type())).finish();
        let head = self.with_link(head, next.as_deref());
        let body = Streaming { answering: self, listing, out, left, ready: Some(second) };
        Ok(head.set_body(BoxBody::new(BodyStream::new(body.chunks()))))
    }

    fn with_link(&self, mut response: HttpResponse, next: Option<&str>) -> HttpResponse {
        if let Some(cursor) = next {
            add_link(&mut response, &self.link, cursor);
        }
        response
    }
}

/// Tells the client that more exists, and where: `link` is path and query without credentials and cursor.
pub fn add_link(response: &mut HttpResponse, link: &str, cursor: &str) {
    let separator = if link.contains('?') { '&' } else { '?' };
    let text = format!("<{link}{separator}after={cursor}>; rel=\"next\"");
    if let Ok(value) = HeaderValue::from_str(&text) {
        response.headers_mut().insert(LINK, value);
    }
    response.headers_mut().insert(TRUNCATED, HeaderValue::from_static("true"));
}

/// Cuts results to what is left of a limit, and tells what is left then.
fn cut(results: &mut Vec<Listed>, left: u64) -> u64 {
    results.truncate(usize::try_from(left).unwrap_or(usize::MAX));
    left.saturating_sub(u64::try_from(results.len()).unwrap_or(u64::MAX))
}

/// Whether a listing has more than `limit` results, and where the last within the limit stands.
async fn extent(listing: &Listing, limit: u64) -> Result<(bool, Option<Position>), Error> {
    let mut probe = listing.again().ids_only();
    let (mut left, mut last) = (limit, None);
    loop {
        let mut results = probe.next(IDS).await?;
        if results.is_empty() {
            return Ok((false, last));
        }
        let found = results.len();
        let before = left;
        left = cut(&mut results, left);
        last = results.last().map(|result| result.at.clone()).or(last);
        if u64::try_from(found).unwrap_or(u64::MAX) > before {
            return Ok((true, last));
        }
    }
}

struct Streaming {
    answering: Answering,
    listing: Listing,
    out: Writer,
    left: u64,
    /// Results read ahead: whether an answer is long enough to be streamed shows only behind the first chunk.
    ready: Option<Vec<Listed>>,
}

type Chunks = Pin<Box<dyn Stream<Item = Result<Bytes, Error>>>>;

impl Streaming {
    fn chunks(self) -> Chunks {
        Box::pin(unfold(Some(self), |state| async move { state?.step().await }))
    }

    async fn step(mut self) -> Option<(Result<Bytes, Error>, Option<Self>)> {
        match self.fill().await {
            Ok(true) => {
                let chunk = Bytes::from(self.out.take_chunk());
                Some((Ok(chunk), Some(self)))
            }
            Ok(false) => Some((Ok(Bytes::from(self.out.finish().bytes)), None)),
            Err(error) => {
                tracing::error!(%error, "a streamed answer broke off");
                Some((Err(error), None))
            }
        }
    }

    async fn fill(&mut self) -> Result<bool, Error> {
        let results = if let Some(ready) = self.ready.take() {
            ready
        } else {
            let mut results = self.listing.next(self.answering.chunk()).await?;
            self.left = cut(&mut results, self.left);
            results
        };
        if results.is_empty() {
            return Ok(false);
        }
        self.answering.write(&mut self.out, &self.listing, results).await?;
        Ok(true)
    }
}

/// Path and query of a listing for `Link`.
pub fn link(path: &str, query: &Query, entities: bool) -> String {
    let mut arguments = query.arguments.clone();
    let mut add = |name: &str, value: String| arguments.push(Argument { name: name.to_owned(), value });
    let flags = [("recursive", query.recursive), ("exactMatch", query.exact), ("entities", entities)];
    for (name, _) in flags.iter().filter(|(_, on)| *on) {
        add(name, "true".to_owned());
    }
    if let Some(limit) = query.limit {
        add("maxResults", limit.to_string());
    }
    link_of(path, &arguments)
}

/// Path and query of a request for `Link`, without its cursor; credentials are not among the arguments.
pub fn link_of(path: &str, arguments: &[Argument]) -> String {
    let encode = |text| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let kept = arguments.iter().filter(|argument| argument.name != "after");
    let pairs: Vec<String> =
        kept.map(|argument| format!("{}={}", encode(&argument.name), encode(&argument.value))).collect();
    if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) }
}

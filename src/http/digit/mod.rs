//! The JSON door of DIGIT at `/access/v1/…`: a road of its own, because credentials may stand in the body, and the same
//! operations behind it (contract: the JSON door of DIGIT; `docs/digit-api.md`).
//!
//! `info` reads and writes what requests and answers say of themselves, `members` the rest of a body; `roles`,
//! `actions`, `mappings` and `decisions` turn it into operations, `answers` turns entities into answers, `refusal`
//! failures. No rule and no grant is decided here.

pub mod actions;
pub mod answers;
pub mod decisions;
pub mod info;
pub mod mappings;
pub mod members;
pub mod modules;
pub mod refusal;
pub mod roles;
pub mod tenants;

use std::sync::Arc;

use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Map, Value};

use crate::audit::Events;
use crate::http::answer::allowed;
use crate::http::arguments::{Arguments, given};
use crate::http::body as bodies;
use crate::http::dialect::digit::{Door, Entry, below, find};
use crate::http::dialect::known;
use crate::http::digit::info::Head;
use crate::http::digit::members::Members;
use crate::http::failure::Failure;
use crate::http::form::{self, Form};
use crate::http::identify::{identify, identify_by_token, shows};
use crate::http::once;
use crate::http::params::{self, QueryCredentials, check_text, decode_segment, nothing_left};
use crate::http::road::{Trace, check_lengths};
use crate::http::service::Service;
use crate::json::{JsonError, Node, tree};
use crate::model::rules::check_given;
use crate::model::state::Given;
use crate::model::{AttrId, Error, Kind, Stored};
use crate::operation::access::guard;
use crate::operation::list::{Base, Listing, Query};
use crate::operation::observe::observed;
use crate::operation::once::Once;
use crate::operation::search::Argument;
use crate::operation::{Caller, Change, Engine, perform_kept, refuse};
use crate::store::answers::Answer;

/// How many entities are read at a time.
const CHUNK: usize = 500;

/// Answers a request below the door's base.
pub async fn answer(
    service: &Service,
    request: &HttpRequest,
    body: web::Payload,
    request_id: &str,
    trace: &mut Trace,
) -> Result<HttpResponse, Failure> {
    let raw = request.uri().path();
    for segment in raw.split('/') {
        decode_segment(segment)?;
    }
    let query = params::parse(request.uri().query().unwrap_or_default(), &service.config.limits)?;
    check_lengths(service, request)?;
    // Before anybody is known: the token may stand in it, and every answer repeats a part of it.
    let bytes = bodies::read(service, body).await?;
    let document = tree::read(&bytes, &bodies::json_limits(service));
    trace.head = document.as_ref().map(Head::of).unwrap_or_default();
    // What is empty shows no token.
    let shown = if bytes.is_empty() { &Ok(Node::Null) } else { &document };
    let caller = caller(service, request, query.credentials, shown, request_id).await?;
    caller.scene.client.clone_into(&mut trace.client);
    let entry = below(raw).and_then(find).ok_or(Failure::UnknownPath)?;
    let methods = entry.methods();
    if request.method() == "OPTIONS" {
        return Ok(allowed(&known(methods)));
    }
    if !methods.contains(&request.method().as_str()) {
        return Err(Failure::WrongMethod(known(methods)));
    }
    trace.route = entry.route;
    if !form::accepts_json(request) {
        return Err(Failure::NotAcceptable);
    }
    if !bytes.is_empty() && form::of_body(request)? != Form::Json {
        return Err(Failure::UnsupportedMediaType);
    }
    let call = Call { service, request, caller, entry, head: trace.head.clone() };
    call.guarded().await?;
    call.answer(document, query.arguments).await
}

/// Who calls: by header or query as everywhere, else by the token in the body.
async fn caller(
    service: &Service,
    request: &HttpRequest,
    query: QueryCredentials,
    document: &Result<Node, JsonError>,
    request_id: &str,
) -> Result<Caller, Failure> {
    if shows(request, &query) {
        return identify(service, request, query, request_id).await;
    }
    match document {
        Ok(document) => match info::token(document) {
            Some(token) => identify_by_token(service, request, token, request_id).await,
            None => identify(service, request, query, request_id).await,
        },
        // Whether it shows a token cannot be told; that it cannot be read helps nobody but its sender.
        Err(error) if form::of_body(request) == Ok(Form::Json) => Err(Failure::Json(error.clone())),
        Err(_) => identify(service, request, query, request_id).await,
    }
}

/// A request from a known caller to a known address.
struct Call<'a> {
    service: &'a Service,
    request: &'a HttpRequest,
    caller: Caller,
    entry: &'static Entry,
    head: Head,
}

impl Call<'_> {
    fn engine(&self) -> &Engine {
        &self.service.engine
    }

    /// Error 3 where the server guards itself and the roles of the client are not mapped to this address.
    async fn guarded(&self) -> Result<(), Failure> {
        let uri = format!("/{}", self.entry.route);
        let asked = (uri.as_str(), self.request.method().as_str());
        guard::check(self.engine(), &self.caller, asked, self.entry.door.deed()).await.map_err(Failure::from)
    }

    async fn answer(
        mut self,
        document: Result<Node, JsonError>,
        arguments: Vec<Argument>,
    ) -> Result<HttpResponse, Failure> {
        let members = match self.understood(document, &arguments) {
            Ok(members) => members,
            Err(failure) => return Err(self.recorded(failure).await),
        };
        let once = match self.once(&members).await {
            Ok(Seen::Before(answer)) => return Ok(answer),
            Ok(Seen::Never(once)) => once,
            Err(error) => return Err(self.named(self.recorded(error.into()).await)),
        };
        self.caller.once = once;
        let outcome = match self.entry.door.action() {
            Some(_) => self.change(members).await,
            None => self.read(members, arguments).await,
        };
        outcome.map_err(|failure| self.named(failure))
    }

    /// The members of the body beside `RequestInfo`, which is checked.
    fn understood(
        &self,
        document: Result<Node, JsonError>,
        arguments: &[Argument],
    ) -> Result<Members, Failure> {
        let mut members = Members::of(String::new(), document.map_err(Failure::Json)?)?;
        info::check(&mut members)?;
        check_text(arguments)?;
        if self.entry.door != Door::SearchRoles {
            nothing_left(arguments)?;
        }
        Ok(members)
    }

    /// The key of the request, or what was answered under it before; asked only by who may do what it asks for.
    async fn once(&self, members: &Members) -> Result<Seen, Error> {
        let Some(action) = self.entry.door.action() else { return Ok(Seen::Never(None)) };
        let message = self.head.message_id().filter(|_| self.entry.door.creates());
        let key = once::key(self.request)?.or_else(|| message.map(|id| id.to_string()));
        let Some(key) = key else { return Ok(Seen::Never(None)) };
        let fingerprint = once::fingerprint_of(self.engine(), self.entry.route, |add| members.digest(add));
        let once = Once::new(self.caller.owner(), key, fingerprint);
        if self.caller.grants.require(action.verb, action.kind).is_ok()
            && let Some(answer) = once::repeated(self.engine(), &once).await?
        {
            return Ok(Seen::Before(answer));
        }
        Ok(Seen::Never(Some(Arc::new(once))))
    }

    /// The same failure, which names the message id where that was the key.
    fn named(&self, failure: Failure) -> Failure {
        let given = self.request.headers().contains_key("idempotency-key");
        match failure {
            Failure::Operation(Error::AlreadyExists { parameter }) if parameter == refusal::KEY && !given => {
                Error::AlreadyExists { parameter: refusal::MESSAGE_ID.to_owned() }.into()
            }
            other => other,
        }
    }

    async fn change(&self, members: Members) -> Result<HttpResponse, Failure> {
        match self.entry.door {
            Door::CreateRoles => self.create_roles(members).await,
            Door::UpdateRoles => self.update_roles(members).await,
            Door::CreateActions => self.create_actions(members).await,
            Door::UpdateActions => self.update_actions(members).await,
            Door::MapActions => self.map_actions(members).await,
            Door::MapFeature => self.map_feature(members).await,
            Door::SearchActions
            | Door::GetActions
            | Door::GetMaster
            | Door::ListModules
            | Door::SearchRoles
            | Door::Validate
            | Door::Authorize => Err(Error::internal("a read came the way of a change").into()),
        }
    }

    async fn read(&self, members: Members, arguments: Vec<Argument>) -> Result<HttpResponse, Failure> {
        let outcome = match self.entry.door {
            Door::SearchRoles => self.search_roles(members, arguments).await,
            Door::SearchActions => self.find_actions(members).await,
            Door::GetActions => self.get_actions(members, false).await,
            Door::GetMaster => self.get_actions(members, true).await,
            Door::ListModules => self.list_modules(members).await,
            Door::Validate => self.validate(members).await,
            Door::Authorize => self.authorize(members).await,
            Door::CreateActions
            | Door::UpdateActions
            | Door::CreateRoles
            | Door::UpdateRoles
            | Door::MapActions
            | Door::MapFeature => return Err(Error::internal("a change came the way of a read").into()),
        };
        let told = match &outcome {
            Ok(_) => Ok(()),
            Err(Failure::Operation(error)) => Err(error.clone()),
            Err(_) => return outcome,
        };
        let action = self.entry.door.deed();
        match observed(self.engine(), &self.caller, action, Events::default(), told.clone()).await {
            Err(error) if told.as_ref().err() != Some(&error) => Err(error.into()),
            _ => outcome,
        }
    }

    /// An answer of success with these members.
    fn reply(&self, members: Vec<(&'static str, Value)>) -> HttpResponse {
        let info = self.head.response(self.engine(), true);
        HttpResponse::Ok()
            .insert_header((CONTENT_TYPE, Form::Json.content_type()))
            .body(document(info, members))
    }

    /// Error 3 before anything is looked up.
    fn granted(&self) -> Result<(), Error> {
        let Some(action) = self.entry.door.action() else { return Ok(()) };
        self.caller.grants.require(action.verb, action.kind)
    }

    /// Performs a change that could be made out of the request, and answers what `render` shows of it.
    async fn performed<C: Change>(
        &self,
        change: Result<C, Error>,
        words: Words,
        render: impl Fn(&C::Out) -> Vec<(&'static str, Value)> + Send + Sync + 'static,
    ) -> Result<HttpResponse, Failure> {
        let change = match change {
            Ok(change) => change,
            Err(error) => return Err(self.recorded(error.into()).await),
        };
        // One answer for now and for a repetition, down to its message id.
        let info = self.head.response(self.engine(), true);
        let answered = Arc::new(move |out: &C::Out| Answer {
            status: 200,
            content_type: Form::Json.content_type().to_owned(),
            body: document(info.clone(), render(out)).into_bytes(),
        });
        let kept = Arc::clone(&answered);
        match perform_kept(self.engine(), &self.caller, change, move |out| Some(kept(out))).await {
            Ok(out) => {
                let Answer { content_type, body, .. } = answered(&out);
                Ok(HttpResponse::Ok().insert_header((CONTENT_TYPE, content_type)).body(body))
            }
            // Another request with the same key was performed while this one was being read.
            Err(Error::Repeated) => match &self.caller.once {
                Some(once) => {
                    once::repeated(self.engine(), once).await?.ok_or_else(|| Error::Repeated.into())
                }
                None => Err(Error::Repeated.into()),
            },
            Err(error) => Err(reworded(error, words).into()),
        }
    }

    /// A change that was refused before it could begin is recorded too.
    async fn recorded(&self, failure: Failure) -> Failure {
        let error = match &failure {
            Failure::Operation(error) => error.clone(),
            Failure::Json(error) => Error::invalid("document", error.to_string()),
            _ => return failure,
        };
        let Some(action) = self.entry.door.action() else { return failure };
        match refuse(self.engine(), &self.caller, action, error.clone()).await {
            answered if answered == error => failure,
            unrecorded => unrecorded.into(),
        }
    }
}

impl Call<'_> {
    /// Values of attributes under their names in the reference, as the client may set them.
    async fn given(
        &self,
        kind: Kind,
        named: Vec<(String, Vec<String>)>,
        creating: bool,
    ) -> Result<Vec<(AttrId, Vec<Given>)>, Error> {
        let arguments = Arguments { named, ..Arguments::default() };
        let given = given(self.engine(), kind, arguments, creating).await?;
        check_given(kind, &given, creating)?;
        Ok(given)
    }

    /// Every entity that matches exactly, as far as the caller sees it. Error 12 beyond the configured ceiling.
    async fn listed(&self, kind: Kind, wanted: &[(&str, String)]) -> Result<Vec<Stored>, Error> {
        let arguments = wanted.iter();
        let query = Query {
            kind,
            base: Base::All,
            owner: None,
            among: None,
            recursive: false,
            arguments: arguments
                .map(|(name, value)| Argument { name: (*name).to_owned(), value: value.clone() })
                .collect(),
            exact: true,
            limit: None,
            after: None,
        };
        let mut listing = Listing::begin(self.engine(), &self.caller, &query, true).await?;
        let mut found = Vec::new();
        loop {
            let listed = listing.next(CHUNK).await?;
            if listed.is_empty() {
                return Ok(found);
            }
            found.extend(listed.into_iter().filter_map(|listed| listed.entity));
            self.check_ceiling(found.len())?;
        }
    }

    /// Error 12 when there are more results than the configured ceiling.
    fn check_ceiling(&self, found: usize) -> Result<(), Error> {
        let limit = self.service.config.limits.max_results;
        if limit > 0 && u64::try_from(found).unwrap_or(u64::MAX) > limit {
            return Err(Error::SizeLimit { limit });
        }
        Ok(())
    }
}

/// Names of the reference, and what the door calls them; nothing is the item itself.
type Words = &'static [(&'static str, &'static str)];

/// The same error with the names of the reference in the words of the door.
fn reworded(error: Error, words: Words) -> Error {
    error.renamed(|parameter| {
        let (place, name) = parameter.rsplit_once('.').map_or(("", parameter.as_str()), |split| split);
        let Some((_, other)) = words.iter().find(|(known, _)| *known == name) else { return parameter };
        match (place, *other) {
            ("", other) => other.to_owned(),
            (place, "") => place.to_owned(),
            (place, other) => format!("{place}.{other}"),
        }
    })
}

/// Whether a request was sent before.
enum Seen {
    Before(HttpResponse),
    Never(Option<Arc<Once>>),
}

fn document(info: Value, members: Vec<(&'static str, Value)>) -> String {
    let mut document = Map::new();
    document.insert("ResponseInfo".to_owned(), info);
    document.extend(members.into_iter().map(|(name, value)| (name.to_owned(), value)));
    Value::Object(document).to_string()
}

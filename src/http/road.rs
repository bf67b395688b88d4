//! The road of a request, in the contract's order of checks: malformed, too long, public, credentials, address,
//! method, form of the answer, form of the body, arguments; then the operation.

use std::sync::Arc;

use actix_web::http::Uri;
use actix_web::http::header::{CONTENT_LENGTH, HOST};
use actix_web::{HttpRequest, HttpResponse, web};

use crate::audit::Action;
use crate::http::answer::{Echo, allowed, without_secrets};
use crate::http::arguments::Arguments;
use crate::http::change::{self, Request};
use crate::http::dialect::{Match, Operation, Route, Version, find};
use crate::http::failure::Failure;
use crate::http::form::{self, Form};
use crate::http::identify::{identify, source};
use crate::http::listing::{Answering, link};
use crate::http::params::{self, check_text, decode_segment, nothing_left, take_count, take_flag, take_one};
use crate::http::service::Service;
use crate::http::{body as bodies, effective_roles, entries, invitations, once, precondition, public};
use crate::model::visible::{Shown, Values, Visible};
use crate::model::{Error, Kind, Verb};
use crate::operation::invitation::Inviting;
use crate::operation::list::{Base, Query};
use crate::operation::once::Once;
use crate::operation::read::{self, Found};
use crate::operation::search::Argument;
use crate::operation::{Caller, refuse};

/// Where the interface lives; `inResponseTo` begins behind it.
pub const SERVICES: &str = "/customerid-rest/services";

/// What is known of a request for log and metrics, whatever its outcome.
#[derive(Debug, Default)]
pub struct Trace {
    /// The route's path, or a word for what has none; never the raw path.
    pub route: &'static str,
    /// The client's name, once it is known.
    pub client: String,
}

/// Answers a request.
pub async fn answer(
    service: &Service,
    request: &HttpRequest,
    body: web::Payload,
    request_id: &str,
    trace: &mut Trace,
) -> Result<HttpResponse, Failure> {
    let raw = request.uri().path();
    let segments = raw.split('/').map(decode_segment).collect::<Result<Vec<String>, Failure>>()?;
    let query = params::parse(request.uri().query().unwrap_or_default(), &service.config.limits)?;
    check_lengths(service, request)?;
    if let Some(answer) = public::answer(service, request, raw, trace).await {
        return answer;
    }
    let located = address(request, raw, segments);
    let open = match &located {
        Ok(Address::Known(_, route, _)) => invitations::opens(route.operation, request, &query),
        _ => false,
    };
    let caller = if open {
        service.doors.check(source(request)).map_err(Failure::Throttled)?;
        Caller::visitor(source(request).to_string(), request_id.to_owned())
    } else {
        identify(service, request, query.credentials, request_id).await?
    };
    caller.scene.client.clone_into(&mut trace.client);
    let (version, route, keys) = match located? {
        Address::Known(version, route, keys) => (version, route, keys),
        Address::Asked(methods) => return Ok(allowed(&methods)),
    };
    trace.route = route.path;
    let form = form::accepted(request).ok_or(Failure::NotAcceptable)?;
    let echo = echo(service, request, raw, route).written(form, version);
    let asked = Asked { service, request, caller, route, keys, echo };
    if change::action(route.operation).is_some() {
        return asked.change(query.arguments, body).await;
    }
    let reading = Reading { service, caller: asked.caller.clone(), route, keys: asked.keys.clone() };
    match asked.read(query.arguments).await {
        Err(Failure::Operation(error @ Error::Forbidden { .. })) => Err(reading.refused(error).await),
        other => other,
    }
}

fn check_lengths(service: &Service, request: &HttpRequest) -> Result<(), Failure> {
    let limits = &service.config.limits;
    let line = request.method().as_str().len() + target_length(request.uri()) + " HTTP/1.1".len() + 1;
    if line > limits.request_line {
        return Err(Failure::LineTooLong(format!(
            "the request line is longer than {} bytes",
            limits.request_line
        )));
    }
    let announced =
        request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limits.body) {
        return Err(Failure::BodyTooLong(limits.body));
    }
    Ok(())
}

/// Bytes of a request's target as it was sent.
fn target_length(uri: &Uri) -> usize {
    let authority = uri.authority().map_or(0, |authority| authority.as_str().len());
    let scheme = uri.scheme_str().map_or(0, |scheme| scheme.len() + "://".len());
    scheme + authority + uri.path_and_query().map_or(0, |target| target.as_str().len())
}

/// What an address leads to.
enum Address {
    /// A route, and the decoded segments that stand for `{}`.
    Known(Version, &'static Route, Vec<String>),
    /// To be told which methods it knows.
    Asked(Vec<&'static str>),
}

fn address(request: &HttpRequest, raw: &str, decoded: Vec<String>) -> Result<Address, Failure> {
    let (version, below) = raw.strip_prefix(SERVICES).and_then(Version::of).ok_or(Failure::UnknownPath)?;
    let below = below.strip_suffix('/').unwrap_or(below);
    let segments: Vec<&str> = below.split('/').collect();
    let first = raw.split('/').count() - raw_tail(raw, below);
    match find(version.routes(), request.method().as_str(), &segments) {
        Match::Unknown => Err(Failure::UnknownPath),
        Match::WrongMethod(methods) => Err(Failure::WrongMethod(methods)),
        Match::Options(methods) => Ok(Address::Asked(methods)),
        Match::Route(place) => {
            let route = version.routes().get(place).ok_or(Failure::UnknownPath)?;
            let decoded = decoded.into_iter().skip(first);
            let keys = route.path.split('/').zip(decoded).filter(|(wanted, _)| *wanted == "{}");
            Ok(Address::Known(version, route, keys.map(|(_, key)| key).collect()))
        }
    }
}

/// How many segments of a raw path belong to its part below the version, a trailing slash included.
fn raw_tail(raw: &str, below: &str) -> usize {
    below.split('/').count() + usize::from(raw.ends_with('/'))
}

fn echo(service: &Service, request: &HttpRequest, raw: &str, route: &Route) -> Echo {
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    let path = raw.strip_prefix(SERVICES).unwrap_or(raw);
    Echo::new(&service.config.answers, path, route.method, host)
}

/// What the record of a refused read needs.
struct Reading<'a> {
    service: &'a Service,
    caller: Caller,
    route: &'static Route,
    keys: Vec<String>,
}

impl Reading<'_> {
    /// Reads are not recorded, but that somebody was refused one is.
    async fn refused(&self, error: Error) -> Failure {
        let kind = match self.route.operation {
            Operation::List(kind, _)
            | Operation::Get(kind)
            | Operation::ListRows(kind)
            | Operation::GetRow(kind) => kind,
            Operation::EffectiveRoles => Kind::Role,
            _ => Kind::AuditEvent,
        };
        let target = self.keys.first().and_then(|key| uuid::Uuid::try_parse(key).ok());
        let action = Action::of(Verb::Read, kind, target);
        refuse(&self.service.engine, &self.caller, action, error).await.into()
    }
}

/// Whether a request was sent before.
enum Seen {
    Before(HttpResponse),
    Never(Option<Arc<Once>>),
}

struct Asked<'a> {
    service: &'a Service,
    request: &'a HttpRequest,
    caller: Caller,
    route: &'static Route,
    keys: Vec<String>,
    echo: Echo,
}

impl Asked<'_> {
    async fn change(self, arguments: Vec<Argument>, body: web::Payload) -> Result<HttpResponse, Failure> {
        let kind = change::action(self.route.operation).map_or(Kind::User, |action| action.kind);
        let understood = self.understood(kind, arguments, body).await;
        let (arguments, precondition) = match understood {
            Ok(understood) => understood,
            Err(failure) => return Err(self.recorded(failure).await),
        };
        let once = match self.once(&arguments).await {
            Ok(Seen::Before(answer)) => return Ok(answer),
            Ok(Seen::Never(once)) => once,
            Err(failure) => return Err(self.recorded(failure).await),
        };
        let Self { service, caller, route, keys, echo, .. } = self;
        let caller = Caller { once: once.clone(), ..caller };
        let request = Request { service, caller: &caller, keys, arguments, precondition, echo };
        let outcome = request.answer(route.operation).await;
        let Some(once) = once else { return outcome };
        match outcome {
            // Another request with the same key was performed while this one was being read.
            Err(Failure::Operation(Error::Repeated)) => {
                let answer = once::repeated(&service.engine, &once).await?;
                answer.ok_or_else(|| Error::Repeated.into())
            }
            Ok(answer) => {
                if let Some(kept) = without_secrets(&answer)
                    && let Err(error) = once.keep_afterwards(&service.engine, kept).await
                {
                    // The change is committed and its answer is right; only a repetition will not get it.
                    tracing::error!(%error, "an answer could not be kept for its Idempotency-Key");
                }
                Ok(answer)
            }
            refused => refused,
        }
    }

    /// The key of the request, or what was answered under it before. Asked only by who may do what the request asks
    /// for: everybody else is refused on the way.
    async fn once(&self, arguments: &Arguments) -> Result<Seen, Failure> {
        let Some(key) = once::key(self.request)? else { return Ok(Seen::Never(None)) };
        if self.caller.is_visitor() || self.route.operation == Operation::Authenticate {
            // A password is checked each time it is given: an answer kept for a right one would let a wrong one in.
            return Ok(Seen::Never(None));
        }
        let engine = &self.service.engine;
        let path = self.request.uri().path();
        let fingerprint = once::fingerprint(engine, path, self.echo.form, arguments);
        let once = Once::new(self.caller.owner(), key, fingerprint);
        let action = change::action(self.route.operation);
        let allowed = |action: Action| self.caller.grants.require(action.verb, action.kind).is_ok();
        if action.is_some_and(allowed)
            && let Some(answer) = once::repeated(engine, &once).await?
        {
            return Ok(Seen::Before(answer));
        }
        Ok(Seen::Never(Some(Arc::new(once))))
    }

    /// Bad arguments of a change are recorded like every refusal of one.
    async fn recorded(&self, failure: Failure) -> Failure {
        let error = match &failure {
            Failure::Operation(error) => error.clone(),
            Failure::Document(error) => Error::invalid("document", error.to_string()),
            Failure::Json(error) => Error::invalid("document", error.to_string()),
            _ => return failure,
        };
        let Some(action) = change::action(self.route.operation) else { return failure };
        let action = Action { target: change::target(self.route.operation, &self.keys), ..action };
        match refuse(&self.service.engine, &self.caller, action, error.clone()).await {
            answered if answered == error => failure,
            unrecorded => unrecorded.into(),
        }
    }

    async fn understood(
        &self,
        kind: Kind,
        arguments: Vec<Argument>,
        body: web::Payload,
    ) -> Result<(Arguments, crate::operation::update::Precondition), Failure> {
        let takes_document = match self.route.operation {
            Operation::Create(..) | Operation::Update(_) | Operation::Authenticate | Operation::Delegate => {
                true
            }
            Operation::Invitation(asked) => asked.is_door() || asked == Inviting::InviteUser,
            _ => false,
        };
        let body =
            if self.route.method == "DELETE" { Vec::new() } else { bodies::read(self.service, body).await? };
        let form = if body.is_empty() { Form::Xml } else { form::of_body(self.request)? };
        let precondition = precondition::of_change(self.request)?;
        check_text(&arguments)?;
        if body.is_empty() {
            return Ok((Arguments::of_query(arguments), precondition));
        }
        if !takes_document {
            return Err(Error::invalid("body", "this operation takes no document").into());
        }
        if let Some(argument) = arguments.first() {
            let name = params::shortened(&argument.name);
            return Err(
                Error::invalid(name, "arguments stand in the query or in the document, not in both").into()
            );
        }
        Ok((bodies::arguments(self.service, kind, form, &body)?, precondition))
    }

    async fn read(self, mut arguments: Vec<Argument>) -> Result<HttpResponse, Failure> {
        check_text(&arguments)?;
        match self.route.operation {
            Operation::List(kind, base) => self.list(kind, base, arguments).await,
            Operation::Get(kind) => {
                let entities = kind == Kind::Mandate && take_flag(&mut arguments, "entities")?;
                nothing_left(&arguments)?;
                self.get(kind, entities).await
            }
            Operation::EffectiveRoles => {
                let key = self.keys.first().map(String::as_str).unwrap_or_default();
                let path = self.request.uri().path();
                effective_roles::list(self.service, &self.caller, &self.echo, path, (key, arguments)).await
            }
            Operation::ListRows(kind) => {
                let path = self.request.uri().path();
                entries::list(self.service, &self.caller, (&self.echo, kind), path, arguments).await
            }
            Operation::GetRow(kind) => {
                nothing_left(&arguments)?;
                let key = self.keys.first().map(String::as_str).unwrap_or_default();
                entries::one(self.service, self.request, &self.caller, (&self.echo, kind, key)).await
            }
            _ => Err(Error::internal("a change came the way of a read").into()),
        }
    }

    async fn get(&self, kind: Kind, entities: bool) -> Result<HttpResponse, Failure> {
        let key = self.keys.first().map(String::as_str).unwrap_or_default();
        let found = read::read(&self.service.engine, &self.caller, kind, key, entities).await?;
        let registry = self.service.engine.registry();
        let permitted = found.entity.permit(Verb::Read, &self.caller.grants)?;
        let mut visible = permitted.visible(&registry, &found.names);
        if entities {
            self.expand(&mut visible, &found, &registry);
        }
        let body = self.echo.entity(&visible);
        Ok(precondition::answer(self.request, visible.version, visible.updated, body)?)
    }

    /// Puts referred entities in the place of their ids, as far as the client may read them.
    fn expand<'f>(&self, visible: &mut Visible<'f>, found: &'f Found, registry: &'f crate::model::Registry) {
        for field in &mut visible.fields {
            let shown = |value: &Shown<'f>| match value {
                Shown::Reference(_, id) => {
                    let entity = found.referred.get(id)?;
                    let permitted = entity.permit(Verb::Read, &self.caller.grants).ok()?;
                    Some(Shown::Entity(Box::new(permitted.visible(registry, &found.names))))
                }
                Shown::Text(_) | Shown::Entity(_) => None,
            };
            // The schema lets an attribute hold values or entities, not both: all or none.
            let mut expanded = Some(Vec::new());
            field.values.each(|value| match (expanded.as_mut(), shown(value)) {
                (Some(entities), Some(entity)) => entities.push(entity),
                _ => expanded = None,
            });
            if let Some(expanded) = expanded {
                field.values = Values::Made(expanded);
            }
        }
    }

    async fn list(
        self,
        kind: Kind,
        base: Base,
        mut arguments: Vec<Argument>,
    ) -> Result<HttpResponse, Failure> {
        let tree = base.is_tree() || (base == Base::All && kind == Kind::User);
        let recursive = tree && take_flag(&mut arguments, "recursive")?;
        let exact = take_flag(&mut arguments, "exactMatch")?;
        let entities = take_flag(&mut arguments, "entities")?;
        let limit = take_count(&mut arguments, "maxResults")?;
        let after = take_one(&mut arguments, "after")?;
        if entities && !kind.def().lists_entities {
            return Err(
                Error::invalid("entities", "the schema has no room for whole entities in this list").into()
            );
        }
        let query = Query {
            kind,
            base,
            owner: self.keys.first().cloned(),
            recursive: recursive && base != Base::All,
            arguments,
            exact,
            limit: (limit > 0).then_some(limit),
            after,
        };
        let link = link(self.request.uri().path(), &query, entities);
        let ceiling = self.service.config.limits.max_results;
        let Self { service, caller, echo, .. } = self;
        let engine = service.engine.clone();
        Answering { engine, caller, echo, kind, entities, link, ceiling }.answer(&query).await
    }
}

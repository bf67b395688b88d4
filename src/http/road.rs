//! The road of a request, in the contract's order of checks: malformed, too long, public, credentials, address,
//! method, form of the answer, form of the body, arguments; then the operation.

use std::sync::Arc;

use actix_web::http::Uri;
use actix_web::http::header::{CONTENT_LENGTH, HOST};
use actix_web::{HttpRequest, HttpResponse, web};

use crate::audit::coded::trail::is_watched;
use crate::audit::{Action, Events};
use crate::http::answer::{Echo, allowed, without_secrets};
use crate::http::arguments::Arguments;
use crate::http::change::{self, Request};
use crate::http::dialect::{Match, Operation, Route, Version, find};
use crate::http::digit::info::Head;
use crate::http::failure::Failure;
use crate::http::form::{self, Form};
use crate::http::identify::{identify, source};
use crate::http::listing::{Answering, link};
use crate::http::params::{self, check_text, decode_segment, nothing_left, take_count, take_flag, take_one};
use crate::http::service::Service;
use crate::http::{
    authorizations, body as bodies, contracts, door, doors, effective_roles, entries, keys, menus, once,
    precondition, public, uploads,
};
use crate::model::kind::{misp, partner as partner_kind};
use crate::model::visible::{Shown, Values, Visible};
use crate::model::{Error, Kind, Verb};
use crate::operation::access::{self, guard};
use crate::operation::certificate::partner;
use crate::operation::device::ContractStep;
use crate::operation::invitation::Inviting;
use crate::operation::keys::Keying;
use crate::operation::list::{Base, Query};
use crate::operation::misp::{MispStep, keys as licence_keys};
use crate::operation::observe::observed;
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
    /// What the answers of the JSON door repeat of their request, once it is known.
    pub head: Head,
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
    if door::owns(service, raw) {
        return door::answer(service, request, body, request_id, trace).await;
    }
    let segments = raw.split('/').map(decode_segment).collect::<Result<Vec<String>, Failure>>()?;
    let query = params::parse(request.uri().query().unwrap_or_default(), &service.config.limits)?;
    check_lengths(service, request)?;
    if let Some(answer) = public::answer(service, request, raw, trace).await {
        return answer;
    }
    let located = address(request, raw, segments);
    let open = match &located {
        Ok(Address::Known(_, route, _)) => doors::opens(route.operation, request, &query),
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
    asked.guarded().await?;
    if route.operation == Operation::Authorize {
        return asked.authorize(query.arguments, body).await;
    }
    if change::action(route.operation).is_some() {
        return asked.change(query.arguments, body).await;
    }
    let reading = Reading { service, caller: asked.caller.clone(), route, keys: asked.keys.clone() };
    reading.observed(asked.read(query.arguments).await).await
}

/// Refuses a request line or an announced body that is too long.
pub(super) fn check_lengths(service: &Service, request: &HttpRequest) -> Result<(), Failure> {
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

/// What the record of a read needs.
struct Reading<'a> {
    service: &'a Service,
    caller: Caller,
    route: &'static Route,
    keys: Vec<String>,
}

/// An answer to a read, and the entity that it shows.
type Answered = (HttpResponse, Option<uuid::Uuid>);

impl Reading<'_> {
    /// Records the read as far as reads of its kind are recorded, before it is answered.
    async fn observed(mut self, outcome: Result<Answered, Failure>) -> Result<HttpResponse, Failure> {
        let kind = change::read_kind(self.route.operation);
        let told = match &outcome {
            Ok(_) => Ok(()),
            Err(Failure::Operation(error)) => Err(error.clone()),
            // What HTTP alone refuses has read nothing.
            Err(_) => return outcome.map(|(answer, _)| answer),
        };
        let key = self.keys.first();
        // Where the address names the owner, what was looked for has no id.
        let names_itself = match self.route.operation {
            Operation::Misp(_) | Operation::CertificateOfPartner | Operation::GetOf(_) => false,
            Operation::List(_, base) => base == Base::All,
            _ => true,
        };
        let named = key.filter(|_| names_itself).and_then(|key| uuid::Uuid::try_parse(key).ok());
        let found = outcome.as_ref().ok().and_then(|(_, found)| *found).or(named);
        let is_one = matches!(
            self.route.operation,
            Operation::Get(_)
                | Operation::GetOf(_)
                | Operation::GetRow(_)
                | Operation::Misp(_)
                | Operation::CertificateOfPartner
        );
        let action = Action::of(Verb::Read, kind, found.filter(|_| is_one || told.is_err()));
        self.caller.scene.subject = if is_one {
            found.map(|id| id.to_string()).or_else(|| key.and_then(|key| subject(key)))
        } else {
            None
        };
        match observed(&self.service.engine, &self.caller, action, Events::default(), told.clone()).await {
            Err(error) if told.as_ref().err() != Some(&error) => Err(error.into()),
            _ => outcome.map(|(answer, _)| answer),
        }
    }
}

/// What coded events may call an entity that an address names by `key`: nothing that is too long or unreadable.
fn subject(key: &str) -> Option<String> {
    (key.chars().count() <= 36 && !key.chars().any(char::is_control)).then(|| key.to_owned())
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
    /// What coded events call the entity that the address names, by whichever of its names: what its service calls it,
    /// or the name as it stands when there is no such entity.
    async fn named(&self) -> Option<String> {
        let key = self.keys.first()?;
        let path = self.route.path.split('/').next();
        let kind = Kind::ALL.into_iter().find(|kind| is_watched(*kind) && path == Some(kind.def().path));
        let found = match kind {
            Some(kind) => read::locate(&self.service.engine, kind, key).await.ok(),
            None => None,
        };
        let Some(found) = found else { return subject(key) };
        let attributes = found.attributes();
        Some(match found.kind() {
            Kind::Misp => misp::number(attributes).to_owned(),
            Kind::Partner => attributes.text(partner_kind::PARTNER_ID).unwrap_or_default().to_owned(),
            _ => found.id().to_string(),
        })
    }

    async fn change(mut self, arguments: Vec<Argument>, body: web::Payload) -> Result<HttpResponse, Failure> {
        self.caller.scene.subject = self.named().await;
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
        let Self { service, mut caller, route, keys, echo, .. } = self;
        caller.once.clone_from(&once);
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
        if self.caller.is_visitor()
            || matches!(self.route.operation, Operation::Authenticate | Operation::Misp(MispStep::Validate))
        {
            // A password or key is checked each time it is given: an answer kept for a good one would let a bad one in.
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
            Operation::Create(..)
            | Operation::Update(_)
            | Operation::ResetClient
            | Operation::Upload(_)
            | Operation::Authenticate
            | Operation::Authorize
            | Operation::Misp(_)
            | Operation::Delegate => true,
            Operation::Invitation(asked) => asked.is_door() || asked == Inviting::InviteUser,
            Operation::Partner(asked) => asked.takes_document(),
            Operation::Key(asked) => asked.takes_document(),
            _ => false,
        };
        if self.route.operation == Operation::ImportMasters {
            check_text(&arguments)?;
            let files = uploads::read(self.service, self.request, body).await?;
            return Ok((
                Arguments { files, ..Arguments::of_query(arguments) },
                precondition::of_change(self.request)?,
            ));
        }
        let body = if matches!(self.route.method, "DELETE" | "GET") {
            Vec::new()
        } else {
            bodies::read(self.service, body).await?
        };
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
        let root = match self.route.operation {
            Operation::Key(Keying::Validate) => keys::VALIDATION,
            Operation::Authorize => authorizations::ROOTS.1,
            _ => kind.def().root,
        };
        let list = match self.route.operation {
            Operation::Create(kind, _) if access::KINDS.contains(&kind) => Some(kind.def().list),
            Operation::Authorize => Some(authorizations::ROOTS.0),
            _ => None,
        };
        Ok((bodies::arguments(self.service, (list, root), form, &body)?, precondition))
    }

    async fn read(self, mut arguments: Vec<Argument>) -> Result<Answered, Failure> {
        check_text(&arguments)?;
        let answer = match self.route.operation {
            Operation::List(Kind::Action, _) if menus::is_menu(&arguments) => {
                let path = self.request.uri().path();
                menus::list(self.service, &self.caller, &self.echo, path, arguments).await
            }
            Operation::List(kind, base) => self.list(kind, base, arguments).await,
            Operation::Get(kind) => {
                let entities = kind == Kind::Mandate && take_flag(&mut arguments, "entities")?;
                nothing_left(&arguments)?;
                return self.get(kind, entities).await;
            }
            Operation::Misp(MispStep::ReadKey) => {
                nothing_left(&arguments)?;
                let key = self.keys.first().map(String::as_str).unwrap_or_default();
                let found = licence_keys::read_current(&self.service.engine, &self.caller, key).await?;
                return self.shown(&found, false);
            }
            Operation::GetOf(kind) => {
                nothing_left(&arguments)?;
                let keys: Vec<&str> = self.keys.iter().map(String::as_str).collect();
                let found = keys::find_of(&self.service.engine, &self.caller, kind, &keys).await?;
                return self.shown(&found, false);
            }
            Operation::CertificateOfPartner => {
                nothing_left(&arguments)?;
                let key = self.keys.first().map(String::as_str).unwrap_or_default();
                let found = partner::certificate_of(&self.service.engine, &self.caller, key).await?;
                return self.shown(&found, false);
            }
            Operation::Contract(ContractStep::Check) => {
                let question = contracts::Asked::take(&mut arguments)?;
                nothing_left(&arguments)?;
                question.answer(self.service, &self.caller, &self.echo).await
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
        };
        answer.map(|answer| (answer, None))
    }

    /// Error 3 where the server guards itself and the roles of the client are not mapped to the operation.
    async fn guarded(&self) -> Result<(), Failure> {
        let path = self.route.path.replace("{}", "{id}");
        let uri = format!("{SERVICES}/2.0/{path}");
        let action = change::action(self.route.operation);
        let reads = || Action::of(Verb::Read, change::read_kind(self.route.operation), None);
        let asked = (uri.as_str(), self.route.method);
        guard::check(&self.service.engine, &self.caller, asked, action.unwrap_or_else(reads)).await?;
        Ok(())
    }

    /// Decides; recorded as a read is.
    async fn authorize(self, arguments: Vec<Argument>, body: web::Payload) -> Result<HttpResponse, Failure> {
        let (arguments, _) = self.understood(Kind::Action, arguments, body).await?;
        let Self { service, caller, echo, .. } = &self;
        let outcome = authorizations::answer(service, caller, echo, arguments).await;
        let told = match &outcome {
            Ok(_) => Ok(()),
            Err(Failure::Operation(error)) => Err(error.clone()),
            Err(_) => return outcome,
        };
        let action = Action::of(Verb::Decide, Kind::Action, None);
        match observed(&service.engine, caller, action, Events::default(), told.clone()).await {
            Err(error) if told.err().as_ref() != Some(&error) => Err(error.into()),
            _ => outcome,
        }
    }

    async fn get(&self, kind: Kind, entities: bool) -> Result<Answered, Failure> {
        let key = self.keys.first().map(String::as_str).unwrap_or_default();
        let found = read::read(&self.service.engine, &self.caller, kind, key, entities).await?;
        self.shown(&found, entities)
    }

    /// The answer that shows one entity, and those it refers to where they were asked for.
    fn shown(&self, found: &Found, entities: bool) -> Result<Answered, Failure> {
        let registry = self.service.engine.registry();
        let permitted = found.entity.permit(Verb::Read, &self.caller.grants)?;
        let mut visible = permitted.visible(&registry, &found.names);
        if entities {
            self.expand(&mut visible, found, &registry);
        }
        let body = self.echo.entity(&visible);
        let answer = precondition::answer(self.request, visible.version, visible.updated, body)?;
        Ok((answer, Some(found.entity.id())))
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
            among: self.keys.get(1).cloned(),
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

//! The service around the application: sizes that a head declares, a panic turned into an answer, and the watch
//! told when a request begins and when its answer is out.
//!
//! Must not read bodies, only watch them being read (`intake`).

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_http::body::{BodySize, BoxBody, MessageBody};
use actix_http::{HttpMessage as _, Payload, Request, Response, header};
use actix_service::{Service, ServiceFactory};
use actix_web::web::Bytes;
use futures_util::future::LocalBoxFuture;
use pin_project_lite::pin_project;

use super::intake::Intake;
use super::refusal::Refusal;
use super::watch::{InFlight, Watch};
use crate::world::SharedWorld;

/// What a head may ask for.
pub(super) struct Sizes {
    /// Longest request line, bytes.
    pub(super) line: usize,
    /// Largest body, bytes.
    pub(super) body: usize,
    /// How long a body may take.
    pub(super) body_time: Duration,
    /// Ids of refusals.
    pub(super) world: SharedWorld,
}

impl Sizes {
    /// Refuses what is too large, before anything else looks at it.
    fn check(&self, request: &Request, watch: Option<&Rc<Watch>>) -> Result<(), Response<BoxBody>> {
        let too_long = watch.is_some_and(|watch| watch.line_too_long()) || line_length(request) > self.line;
        let declared = request.headers().get(header::CONTENT_LENGTH);
        let declared = declared.and_then(|length| length.to_str().ok()?.trim().parse::<u64>().ok());
        if let Some(watch) = watch {
            watch.head_done();
        }
        if too_long {
            return Err(Refusal::line_too_long(self.line).response_on(request.path(), self.world.as_ref()));
        }
        if declared.is_some_and(|length| usize::try_from(length).map_or(true, |length| length > self.body)) {
            return Err(Refusal::body_too_large(self.body).response_on(request.path(), self.world.as_ref()));
        }
        Ok(())
    }

    /// As `check`, for a client that waits for permission to send its body.
    pub(super) fn expect(&self, request: Request) -> Result<Request, Response<BoxBody>> {
        let watch = request.conn_data::<Rc<Watch>>();
        match self.check(&request, watch) {
            Ok(()) => Ok(request),
            Err(response) => {
                if let Some(watch) = watch {
                    // It may send the body all the same.
                    watch.body_begun();
                    InFlight::begin(Rc::clone(watch)).answered();
                }
                Err(response)
            }
        }
    }

    /// Puts the limits of size and time on the body, if there is one.
    fn take_in(&self, request: &mut Request, watch: Option<&Rc<Watch>>) {
        let Some(watch) = watch.filter(|_| matches!(request.payload(), Payload::H1 { .. })) else { return };
        watch.body_begun();
        let body = request.take_payload();
        let intake = Intake::new(body, Rc::clone(watch), self.body, self.body_time);
        *request.payload() = Payload::Stream { payload: Box::pin(intake) };
    }
}

/// Bytes of the request line without its end, as the parsed head tells it.
fn line_length(request: &Request) -> usize {
    let uri = request.uri();
    let path = uri.path_and_query().map_or(1, |path| path.as_str().len());
    let scheme = uri.scheme_str().map_or(0, |scheme| scheme.len() + 3);
    let authority = uri.authority().map_or(0, |authority| authority.as_str().len());
    request.method().as_str().len() + " ".len() + scheme + authority + path + " HTTP/1.1".len()
}

/// Makes a `Checked` service per worker.
pub(super) struct CheckedFactory<S> {
    /// Makes the application.
    pub(super) app: S,
    /// What a head may ask for.
    pub(super) sizes: Arc<Sizes>,
}

impl<S> ServiceFactory<Request> for CheckedFactory<S>
where
    S: ServiceFactory<Request, Config = ()>,
    S::Future: 'static,
    S::Error: Into<Response<BoxBody>>,
    S::Response: IntoAnswer,
{
    type Response = Response<Tracked<<S::Response as IntoAnswer>::Body>>;
    type Error = Response<BoxBody>;
    type Config = ();
    type Service = Checked<S::Service>;
    type InitError = S::InitError;
    type Future = LocalBoxFuture<'static, Result<Self::Service, S::InitError>>;

    fn new_service(&self, (): ()) -> Self::Future {
        let app = self.app.new_service(());
        let sizes = Arc::clone(&self.sizes);
        Box::pin(async move { Ok(Checked { app: app.await?, sizes }) })
    }
}

/// An answer of the application; names the type of its body, which `Into` leaves open.
pub(super) trait IntoAnswer {
    /// The body.
    type Body: MessageBody;
    /// The answer for the library to send.
    fn into_answer(self) -> Response<Self::Body>;
}

impl<B: MessageBody> IntoAnswer for Response<B> {
    type Body = B;

    fn into_answer(self) -> Response<B> {
        self
    }
}

/// The application behind the checks.
pub(super) struct Checked<S> {
    app: S,
    sizes: Arc<Sizes>,
}

impl<S> Service<Request> for Checked<S>
where
    S: Service<Request>,
    S::Error: Into<Response<BoxBody>>,
    S::Response: IntoAnswer,
{
    type Response = Response<Tracked<<S::Response as IntoAnswer>::Body>>;
    type Error = Response<BoxBody>;
    type Future = Answering<S::Future>;

    fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.app.poll_ready(cx).map_err(Into::into)
    }

    fn call(&self, mut request: Request) -> Self::Future {
        let watch = request.conn_data::<Rc<Watch>>().map(Rc::clone);
        let refused = self.sizes.check(&request, watch.as_ref()).err();
        self.sizes.take_in(&mut request, watch.as_ref());
        let token = watch.map(InFlight::begin);
        let sizes = Arc::clone(&self.sizes);
        match refused {
            Some(response) => Answering::Refused { response: Some(response), token },
            None => Answering::App { answer: self.app.call(request), token, sizes },
        }
    }
}

pin_project! {
    /// The answer in the making.
    #[project = AnsweringProjection]
    pub(super) enum Answering<F> {
        Refused { response: Option<Response<BoxBody>>, token: Option<InFlight> },
        App { #[pin] answer: F, token: Option<InFlight>, sizes: Arc<Sizes> },
    }
}

impl<F, R, E> Future for Answering<F>
where
    F: Future<Output = Result<R, E>>,
    R: IntoAnswer,
    E: Into<Response<BoxBody>>,
{
    type Output = Result<Response<Tracked<R::Body>>, Response<BoxBody>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            AnsweringProjection::Refused { response, token } => {
                begin_answer(token.as_ref());
                // Asked again after its end, which the contract of futures forbids: wait for ever.
                response.take().map_or(Poll::Pending, |response| Poll::Ready(Err(response)))
            }
            AnsweringProjection::App { answer, token, sizes } => {
                // The application's state is behind locks that a panic does not leave half-changed (parking_lot
                // guards unlock, transactions roll back), and the request is answered, never polled again.
                let polled = catch_unwind(AssertUnwindSafe(|| answer.poll(cx)));
                let result = match polled {
                    Ok(result) => ready!(result),
                    Err(_panic) => {
                        begin_answer(token.as_ref());
                        return Poll::Ready(Err(Refusal::panicked().response(sizes.world.as_ref())));
                    }
                };
                begin_answer(token.as_ref());
                let token = token.take();
                Poll::Ready(match result {
                    Ok(answer) => Ok(answer.into_answer().map_body(|_, body| Tracked { body, token })),
                    Err(error) => Err(error.into()),
                })
            }
        }
    }
}

fn begin_answer(token: Option<&InFlight>) {
    if let Some(token) = token {
        token.answered();
    }
}

pin_project! {
    /// A body that keeps its request in flight until it is sent or dropped.
    pub(super) struct Tracked<B> {
        #[pin]
        body: B,
        token: Option<InFlight>,
    }
}

impl<B: MessageBody> MessageBody for Tracked<B> {
    type Error = B::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        self.project().body.poll_next(cx)
    }
}

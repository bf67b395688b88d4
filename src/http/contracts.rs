//! Requests about devices and contracts of the attribute model: arguments to a change or a question, and its answer.

use std::borrow::Cow;

use actix_web::HttpResponse;

use crate::http::answer::{Echo, document};
use crate::http::arguments::given;
use crate::http::change::Request;
use crate::http::dialect::Operation;
use crate::http::failure::Failure;
use crate::http::params::take_one;
use crate::http::service::Service;
use crate::model::kind::contract::Step;
use crate::model::kind::contract::functions::LAST;
use crate::model::rules::check_given;
use crate::model::value::integer;
use crate::model::visible::{Field, Shown, Values};
use crate::model::{Error, Kind};
use crate::operation::device::ContractStep;
use crate::operation::device::advance::Advance;
use crate::operation::device::check::{Question, check};
use crate::operation::device::create::CreateContract;
use crate::operation::device::enrol::check_given_key;
use crate::operation::search::Argument;
use crate::operation::{Caller, perform};

/// The root of what a check answers.
const VALIDATION: &str = "Validation";

impl Request<'_> {
    /// POST `/devices`: its key is looked at before anything else is.
    pub(super) async fn enrol_device(mut self, operation: Operation) -> Result<HttpResponse, Failure> {
        let read = given(&self.service.engine, Kind::Device, self.arguments.clone(), true).await;
        let read = read.and_then(|given| {
            check_given(Kind::Device, &given, true)?;
            check_given_key(&given)
        });
        self.understood(operation, read).await?;
        self.create(Kind::Device, false).await
    }

    /// POST `/contracts`.
    pub(super) async fn create_contract(mut self, operation: Operation) -> Result<HttpResponse, Failure> {
        let engine = &self.service.engine;
        let arguments = std::mem::take(&mut self.arguments);
        let read = given(engine, Kind::Contract, arguments, true).await;
        let read = read.and_then(|given| check_given(Kind::Contract, &given, true).map(|()| given));
        let given = self.understood(operation, read).await?;
        self.granted(operation).await?;
        self.nothing_to_match(operation).await?;
        self.answering(CreateContract::new(engine, given), Kind::Contract, |id| vec![*id]).await
    }

    /// PUT `/contracts/{}/approve` and DELETE `/contracts/{}`.
    pub(super) async fn advance_contract(mut self, asked: ContractStep) -> Result<HttpResponse, Failure> {
        let step = match asked {
            ContractStep::Approve => Step::Approve,
            ContractStep::Revoke => Step::Revoke,
            ContractStep::Check => return Err(Error::internal("a read came the way of a change").into()),
        };
        let id = self.prepared(Operation::Contract(asked), Kind::Contract).await?;
        let engine = &self.service.engine;
        let advance = Advance::new(engine, self.caller, (id, step), self.precondition.clone());
        let id = perform(engine, self.caller, advance).await?;
        Ok(self.echo.ids(Kind::Contract, &[id]))
    }
}

/// What GET `/contracts/check` asks.
pub(super) struct Asked {
    provider: String,
    user: String,
    function: i64,
}

fn named(arguments: &mut Vec<Argument>, name: &'static str) -> Result<String, Error> {
    let value = take_one(arguments, name)?.filter(|value| !value.is_empty());
    value.ok_or_else(|| Error::invalid(name, "mandatory and must not be empty"))
}

impl Asked {
    /// Takes its arguments out.
    pub(super) fn take(arguments: &mut Vec<Argument>) -> Result<Self, Error> {
        let provider = named(arguments, "provider")?;
        let user = named(arguments, "user")?;
        let function = integer(&named(arguments, "function")?).ok();
        let function = function.filter(|function| (0..=LAST).contains(function));
        let function =
            function.ok_or_else(|| Error::invalid("function", "expected a number from 0 to 143"))?;
        Ok(Self { provider, user, function })
    }

    /// The answer.
    pub(super) async fn answer(
        &self,
        service: &Service,
        caller: &Caller,
        echo: &Echo,
    ) -> Result<HttpResponse, Failure> {
        let Self { provider, user, function } = self;
        let question = Question { provider, user, function: *function };
        let allowed = check(&service.engine, caller, &question).await?;
        let text = Shown::Text(Cow::Borrowed(if allowed { "true" } else { "false" }));
        let shown = [Field { name: "allowed", values: Values::Made(vec![text]) }];
        Ok(document(echo.made(VALIDATION, &shown)))
    }
}

//! Requests about policy groups and policies: arguments to a change, and its answer.

use actix_web::HttpResponse;

use crate::http::arguments::given;
use crate::http::change::Request;
use crate::http::dialect::Operation;
use crate::http::failure::Failure;
use crate::model::kind::policy::{self, Step};
use crate::model::rules::check_given;
use crate::model::state::{Draft, Given, Patch};
use crate::model::{AttrId, Error, Kind};
use crate::operation::create::Create;
use crate::operation::perform;
use crate::operation::policy::change::{EditPolicy, TakeStep};
use crate::operation::policy::group::UpdateGroup;
use crate::operation::policy::{PolicyStep, check_object};
use crate::operation::update::Update;

type Fields = Vec<(AttrId, Vec<Given>)>;

/// The one text of an attribute that was given.
fn text(fields: &[(AttrId, Vec<Given>)], attr: AttrId) -> Option<&str> {
    let (_, values) = fields.iter().find(|(given, _)| *given == attr)?;
    match values.first() {
        Some(Given::Value(value)) => value.as_text(),
        _ => None,
    }
}

impl Request<'_> {
    async fn policy_fields(&mut self, kind: Kind, creating: bool) -> Result<Fields, Error> {
        let arguments = std::mem::take(&mut self.arguments);
        let given = given(&self.service.engine, kind, arguments, creating).await?;
        check_given(kind, &given, creating)?;
        if let Some(document) = text(&given, policy::POLICIES) {
            match text(&given, policy::TYPE) {
                Some(name) => self.service.engine.policy_types.check(name, document)?,
                // Which type it must fit is known once the policy is.
                None => check_object(document)?,
            }
        }
        Ok(given)
    }

    /// POST `/policies`.
    pub(super) async fn create_policy(&mut self, operation: Operation) -> Result<HttpResponse, Failure> {
        let read = self.policy_fields(Kind::Policy, true).await;
        let given = self.understood(operation, read).await?;
        self.granted(operation).await?;
        self.nothing_to_match(operation).await?;
        let create = Create::new(&self.service.engine, self.caller, Draft { kind: Kind::Policy, given });
        self.answering(create, Kind::Policy, |id| vec![*id]).await
    }

    /// PUT `/policies/{}`.
    pub(super) async fn update_policy(&mut self, operation: Operation) -> Result<HttpResponse, Failure> {
        let read = self.policy_fields(Kind::Policy, false).await;
        let given = self.understood(operation, read).await?;
        self.granted(operation).await?;
        let id = self.id(operation, Kind::Policy, 0).await?;
        let engine = &self.service.engine;
        let update = Update::new(engine, self.caller, id, Patch { kind: Kind::Policy, given });
        let change = EditPolicy::new(engine, id, update, self.precondition.clone());
        let id = perform(engine, self.caller, change).await?;
        Ok(self.echo.ids(Kind::Policy, &[id]))
    }

    /// PUT `/policygroups/{}`.
    pub(super) async fn update_policy_group(
        &mut self,
        operation: Operation,
    ) -> Result<HttpResponse, Failure> {
        let read = self.policy_fields(Kind::PolicyGroup, false).await;
        let given = self.understood(operation, read).await?;
        self.granted(operation).await?;
        let id = self.id(operation, Kind::PolicyGroup, 0).await?;
        let engine = &self.service.engine;
        let update = Update::new(engine, self.caller, id, Patch { kind: Kind::PolicyGroup, given });
        let change = UpdateGroup::new(engine, id, update, self.precondition.clone());
        let id = perform(engine, self.caller, change).await?;
        Ok(self.echo.ids(Kind::PolicyGroup, &[id]))
    }

    /// PUT `/policies/{}/publish` and `/policies/{}/status`.
    pub(super) async fn policy_step(&mut self, asked: PolicyStep) -> Result<HttpResponse, Failure> {
        let operation = Operation::Policy(asked);
        let step = match asked {
            PolicyStep::Publish => Ok(Step::Publish),
            PolicyStep::Status => self.arguments.take_one("status").and_then(|word| {
                let expected = || Error::invalid("status", "expected active or de-active");
                word.as_deref().and_then(Step::named).ok_or_else(expected)
            }),
        };
        let step = self.understood(operation, step).await?;
        let id = self.prepared(operation, Kind::Policy).await?;
        let engine = &self.service.engine;
        let change = TakeStep::new(engine, (asked, step), id, self.precondition.clone());
        let id = perform(engine, self.caller, change).await?;
        Ok(self.echo.ids(Kind::Policy, &[id]))
    }
}

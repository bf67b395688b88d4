//! POST `/mandates/{id}/delegations`: arguments to a delegation of that mandate.

use actix_web::HttpResponse;

use crate::http::arguments::given;
use crate::http::change::Request;
use crate::http::dialect::Operation;
use crate::http::failure::Failure;
use crate::model::Kind;
use crate::model::rules::check_given;
use crate::operation::delegate::Delegate;
use crate::operation::update::Precondition;

impl Request<'_> {
    /// Passes roles of a mandate on.
    pub(super) async fn delegate(&mut self) -> Result<HttpResponse, Failure> {
        let operation = Operation::Delegate;
        let arguments = std::mem::take(&mut self.arguments);
        let engine = &self.service.engine;
        let read = match given(engine, Kind::Delegation, arguments, true).await {
            Ok(given) => check_given(Kind::Delegation, &given, true).map(|()| given),
            Err(error) => Err(error),
        };
        let given = match read {
            Ok(given) => given,
            Err(error) => return Err(self.refused(operation, error).await),
        };
        self.granted(operation).await?;
        let mandate = self.owner_id(operation, Kind::Mandate).await?;
        // There is no version yet that could match.
        if matches!(self.precondition, Precondition::OneOf(_)) {
            return Err(self.refused(operation, crate::model::Error::Precondition).await);
        }
        let change = Delegate::new(&self.service.engine, self.caller, mandate, given);
        self.answering(change, Kind::Delegation, |id| vec![*id]).await
    }
}

//! Requests that make several entities at once from one document: all or none.

use actix_web::HttpResponse;

use crate::http::arguments::{Arguments, given};
use crate::http::change::Request;
use crate::http::dialect::Operation;
use crate::http::failure::Failure;
use crate::model::rules::check_given;
use crate::model::state::Draft;
use crate::model::{Error, Kind, Stored};
use crate::operation::create::Create;
use crate::operation::several::{Creates, Place, of_entry};

impl Request<'_> {
    async fn drafts(&self, kind: Kind, several: Vec<Arguments>) -> Result<Vec<Draft>, Error> {
        let mut drafts = Vec::with_capacity(several.len());
        for (place, arguments) in several.into_iter().enumerate() {
            let numbered = |error| of_entry(error, place + 1);
            let given = given(&self.service.engine, kind, arguments, true).await.map_err(numbered)?;
            check_given(kind, &given, true).map_err(numbered)?;
            drafts.push(Draft { kind, given });
        }
        Ok(drafts)
    }

    /// POST of a list to a collection.
    pub(super) async fn create_several(&mut self, kind: Kind) -> Result<HttpResponse, Failure> {
        let operation = Operation::Create(kind, false);
        let several = self.arguments.several.take().unwrap_or_default();
        let read = self.drafts(kind, several).await;
        let drafts = self.understood(operation, read).await?;
        self.granted(operation).await?;
        self.nothing_to_match(operation).await?;
        let engine = &self.service.engine;
        let create = |(draft, number)| (Place::Entry(number), Create::new(engine, self.caller, draft));
        let creates = Creates::new(kind, drafts.into_iter().zip(1..).map(create).collect());
        self.answering(creates, kind, |made| made.iter().map(Stored::id).collect()).await
    }
}

//! Requests about partners and their contacts: arguments to a change, and its answer.

use actix_web::HttpResponse;

use crate::http::arguments::given;
use crate::http::change::Request;
use crate::http::dialect::Operation;
use crate::http::failure::Failure;
use crate::model::kind::contact;
use crate::model::kind::partner::Step;
use crate::model::rules::check_given;
use crate::model::state::{Given, Patch};
use crate::model::{AttrId, Error, Kind};
use crate::operation::partner::Partnering;
use crate::operation::partner::contact::StoreContact;
use crate::operation::partner::status::TakeStep;
use crate::operation::partner::update::UpdatePartner;
use crate::operation::{perform, read, refuse};

type Fields = Vec<(AttrId, Vec<Given>)>;

impl Request<'_> {
    /// Performs the change and answers what it touched.
    pub(super) async fn partner(mut self, asked: Partnering) -> Result<HttpResponse, Failure> {
        match asked {
            Partnering::AskCode => self.ask_partner_code().await,
            Partnering::Register => self.register_partner().await,
            Partnering::Update => self.update_partner().await,
            Partnering::Status => self.partner_status().await,
            Partnering::Contact => self.store_contact().await,
        }
    }

    async fn partner_fields(&mut self) -> Result<Fields, Error> {
        let arguments = std::mem::take(&mut self.arguments);
        let given = given(&self.service.engine, Kind::Partner, arguments, false).await?;
        check_given(Kind::Partner, &given, false)?;
        Ok(given)
    }

    async fn update_partner(&mut self) -> Result<HttpResponse, Failure> {
        let operation = Operation::Partner(Partnering::Update);
        let given = match self.partner_fields().await {
            Ok(given) => given,
            Err(error) => return Err(self.refused_partner(Partnering::Update, error).await),
        };
        self.granted(operation).await?;
        let id = self.id(operation, Kind::Partner, 0).await?;
        let (engine, patch) = (&self.service.engine, Patch { kind: Kind::Partner, given });
        let update = UpdatePartner::new(engine, self.caller, id, patch, self.precondition.clone());
        let id = perform(engine, self.caller, update).await?;
        Ok(self.echo.ids(Kind::Partner, &[id]))
    }

    async fn partner_status(&mut self) -> Result<HttpResponse, Failure> {
        let operation = Operation::Partner(Partnering::Status);
        let word = self.arguments.take_one("status");
        let step = word.and_then(|word| Step::asked(word.as_deref().unwrap_or_default()));
        let step = match step {
            Ok(step) => step,
            Err(error) => return Err(self.refused_partner(Partnering::Status, error).await),
        };
        let id = self.prepared(operation, Kind::Partner).await?;
        let engine = &self.service.engine;
        let id =
            perform(engine, self.caller, TakeStep::new(engine, id, step, self.precondition.clone())).await?;
        Ok(self.echo.ids(Kind::Partner, &[id]))
    }

    /// As [`Request::refused`], recorded as about the partner, by whichever of its names the address has it.
    async fn refused_partner(&self, asked: Partnering, error: Error) -> Failure {
        let engine = &self.service.engine;
        let key = self.keys.first().map(String::as_str).unwrap_or_default();
        let Ok(found) = read::locate(engine, Kind::Partner, key).await else {
            return self.refused(Operation::Partner(asked), error).await;
        };
        refuse(engine, self.caller, asked.action(Some(found.id())), error).await.into()
    }

    async fn store_contact(&mut self) -> Result<HttpResponse, Failure> {
        let operation = Operation::Partner(Partnering::Contact);
        let given = match self.contact_fields().await {
            Ok(given) => given,
            Err(error) => return Err(self.refused(operation, error).await),
        };
        self.granted(operation).await?;
        let partner = self.owner_id(operation, Kind::Partner).await?;
        let engine = &self.service.engine;
        let change = StoreContact::new(engine, self.caller, partner, given, self.precondition.clone());
        self.answering(change, Kind::Contact, |id| vec![*id]).await
    }

    async fn contact_fields(&mut self) -> Result<Fields, Error> {
        let arguments = std::mem::take(&mut self.arguments);
        let mut given = given(&self.service.engine, Kind::Contact, arguments, true).await?;
        if given.iter().any(|(attr, _)| *attr == contact::PARTNER) {
            return Err(Error::invalid("partner", "the address names the partner already"));
        }
        let owner = self.keys.first().map(String::as_str).unwrap_or_default();
        given.push((contact::PARTNER, vec![Given::Reference(owner.into())]));
        check_given(Kind::Contact, &given, true)?;
        Ok(given)
    }
}

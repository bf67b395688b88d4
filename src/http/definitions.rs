//! POST, PUT and DELETE below `/attributes`: arguments to a change of a custom attribute's declaration.

use actix_web::HttpResponse;

use crate::http::change::Request;
use crate::http::dialect::Operation;
use crate::http::failure::Failure;
use crate::model::registry::{check_custom_name, custom_kind};
use crate::model::{Attribute, Error, Kind};
use crate::operation::attribute_definition::{Declare, Redeclare, Undeclare, find};
use crate::operation::perform;
use crate::operation::setup::Declaration;
use crate::operation::update::Precondition;

const KIND: Kind = Kind::AttributeDefinition;

impl Request<'_> {
    /// Performs a change of a declaration and answers its id.
    pub(super) async fn definition(mut self, operation: Operation) -> Result<HttpResponse, Failure> {
        let engine = &self.service.engine;
        let id = match operation {
            Operation::Create(..) => {
                let declaration = match self.declaration() {
                    Ok(declaration) => declaration,
                    Err(error) => return Err(self.refused(operation, error).await),
                };
                self.granted(operation).await?;
                // There is no version yet that could match.
                if matches!(self.precondition, Precondition::OneOf(_)) {
                    return Err(self.refused(operation, Error::Precondition).await);
                }
                return self.answering(Declare(declaration), KIND, |id| vec![*id]).await;
            }
            Operation::Update(_) => {
                let (indexed, many) = match self.redeclaration() {
                    Ok(flags) => flags,
                    Err(error) => return Err(self.refused(operation, error).await),
                };
                self.granted(operation).await?;
                let attribute = self.declared(operation).await?;
                let precondition = self.precondition.clone();
                perform(engine, self.caller, Redeclare { attribute, indexed, many, precondition }).await?
            }
            _ => {
                self.no_arguments(operation).await?;
                self.granted(operation).await?;
                let attribute = self.declared(operation).await?;
                let precondition = self.precondition.clone();
                perform(engine, self.caller, Undeclare { attribute, precondition }).await?
            }
        };
        Ok(self.echo.ids(KIND, &[id]))
    }

    fn declaration(&mut self) -> Result<Declaration, Error> {
        let missing = |name: &str| Error::invalid(name, "this parameter is mandatory");
        let kind = self.arguments.take_one("kind")?.ok_or_else(|| missing("kind"))?;
        let kind = custom_kind(&kind).ok_or_else(|| {
            Error::invalid("kind", "expected the name of a kind that has attributes, such as user")
        })?;
        let name = self.arguments.take_one("name")?.ok_or_else(|| missing("name"))?;
        check_custom_name(kind, &name).map_err(|error| match error {
            Error::Invalid { expected, .. } => Error::invalid("name", expected),
            other => other,
        })?;
        let (indexed, many) = self.redeclaration()?;
        Ok(Declaration { kind, name, indexed: indexed.unwrap_or(true), many: many.unwrap_or(true) })
    }

    /// `indexed` and `many`; nothing else may be left.
    fn redeclaration(&mut self) -> Result<(Option<bool>, Option<bool>), Error> {
        let (indexed, many) = (self.flag("indexed")?, self.flag("many")?);
        match self.arguments.named.first() {
            None => Ok((indexed, many)),
            Some((name, _)) if name == "kind" || name == "name" => {
                Err(Error::invalid(name.as_str(), "kind and name of an attribute cannot be changed"))
            }
            Some((name, _)) => {
                let name = crate::http::params::shortened(name);
                Err(Error::invalid(name, "this operation has no such parameter"))
            }
        }
    }

    fn flag(&mut self, name: &str) -> Result<Option<bool>, Error> {
        let Some(text) = self.arguments.take_one(name)? else { return Ok(None) };
        match text.as_str() {
            "true" => Ok(Some(true)),
            "false" => Ok(Some(false)),
            _ => Err(Error::invalid(name, "expected true or false")),
        }
    }

    async fn declared(&self, operation: Operation) -> Result<Attribute, Failure> {
        let key = self.keys.first().map(String::as_str).unwrap_or_default();
        match find(&self.service.engine, self.caller, key).await {
            Ok(attribute) => Ok(attribute),
            Err(error) => Err(self.refused(operation, error).await),
        }
    }
}

//! Requests about API clients and their tokens: the ones whose answer shows a secret, once.

use std::borrow::Cow;

use actix_web::HttpResponse;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::http::answer::document;
use crate::http::arguments::{Arguments, given};
use crate::http::change::Request;
use crate::http::dialect::Operation;
use crate::http::failure::Failure;
use crate::model::kind::{api_client, token as token_kind};
use crate::model::password::Password;
use crate::model::rules::check_given;
use crate::model::state::{Given, Patch};
use crate::model::value::{Syntax, integer, parse_instant};
use crate::model::visible::{Field, Known, Shown, Values};
use crate::model::{AttrId, Error, Grants, Kind, Stored, Value};
use crate::operation::administer::{CreateClient, DeleteClient, UpdateClient};
use crate::operation::delete::Delete;
use crate::operation::token::{self, CreateToken, DeleteToken, Lifetimes, Wanted};
use crate::operation::update::{Precondition, Update};
use crate::operation::{Change, client, perform};
use crate::world::alphanumeric;

/// Letters of a password that is made here.
const LETTERS: usize = 32;

type Fields = Vec<(AttrId, Vec<Given>)>;

/// Takes the password that was chosen for a client.
fn chosen(arguments: &mut Arguments) -> Result<Option<Password>, Error> {
    let Some(password) = arguments.take_one("pwd")?.map(Password::new) else { return Ok(None) };
    if !api_client::PASSWORD.contains(&password.expose().chars().count()) {
        let (least, most) = (api_client::PASSWORD.start(), api_client::PASSWORD.end());
        return Err(Error::invalid("pwd", format!("expected {least} to {most} characters")));
    }
    Ok(Some(password))
}

/// Replaces a preset by its words.
fn spell_out(arguments: &mut Arguments) -> Result<(), Error> {
    let Some(preset) = arguments.take_one("preset")? else { return Ok(()) };
    if arguments.named.iter().any(|(name, _)| name == "grants") {
        return Err(Error::invalid("preset", "expected either grants or preset, not both"));
    }
    let words = Grants::preset(&preset);
    let words = words.ok_or_else(|| Error::invalid("preset", "expected admin, writer or reader"))?;
    arguments.named.push(("grants".to_owned(), words));
    Ok(())
}

impl Request<'_> {
    /// Refuses `operation`, recorded.
    pub(super) async fn understood<T>(
        &self,
        operation: Operation,
        read: Result<T, Error>,
    ) -> Result<T, Failure> {
        match read {
            Ok(read) => Ok(read),
            Err(error) => Err(self.refused(operation, error).await),
        }
    }

    async fn fields(&mut self, creating: bool) -> Result<(Fields, Option<Password>), Error> {
        let mut arguments = std::mem::take(&mut self.arguments);
        spell_out(&mut arguments)?;
        let password = if creating { chosen(&mut arguments)? } else { None };
        let given = given(&self.service.engine, Kind::ApiClient, arguments, creating).await?;
        check_given(Kind::ApiClient, &given, creating)?;
        let granted = given.iter().find(|(attr, _)| *attr == api_client::GRANTS).map(|(_, values)| values);
        if creating && granted.is_none_or(Vec::is_empty) {
            return Err(Error::invalid("grants", "expected grants, or a preset"));
        }
        if let Some(granted) = granted {
            let words = granted.iter().filter_map(|given| match given {
                Given::Value(value) => value.as_text(),
                Given::Reference(_) => None,
            });
            Grants::parse(words)?;
        }
        let named = given.iter().find(|(attr, _)| *attr == api_client::NAME);
        if let Some((_, values)) = named
            && let Some(Given::Value(Value::Text(name))) = values.first()
        {
            api_client::check_name(name)?;
        }
        Ok((given, password))
    }

    /// The password that was chosen, or one made here, which is to be shown.
    fn password(&self, chosen: Option<Password>) -> (Password, bool) {
        match chosen {
            Some(password) => (password, false),
            None => (Password::new(alphanumeric(self.service.engine.world.as_ref(), LETTERS)), true),
        }
    }

    /// Answers an entity with a secret that nobody will be shown again.
    pub(super) async fn with_secret(
        &self,
        stored: &Stored,
        name: &'static str,
        secret: &str,
    ) -> Result<HttpResponse, Failure> {
        let engine = &self.service.engine;
        let names = engine.names.of(std::slice::from_ref(stored)).await?;
        let names = Known::at(engine.world.now(), names);
        let registry = engine.registry();
        let permitted = stored.made();
        let mut visible = permitted.visible(&registry, &names);
        visible.fields.push(Field { name, values: Values::Made(vec![Shown::Text(Cow::Borrowed(secret))]) });
        // No validator: a digest of this document would be one of the secret.
        Ok(document(self.echo.entity(&visible)))
    }

    /// POST `/apiclients`.
    pub(super) async fn create_client(&mut self, operation: Operation) -> Result<HttpResponse, Failure> {
        let read = self.fields(true).await;
        let (given, chosen) = self.understood(operation, read).await?;
        self.granted(operation).await?;
        self.nothing_to_match(operation).await?;
        let (password, is_shown) = self.password(chosen);
        let credential = self.credential(operation, Some(&password)).await?;
        let engine = &self.service.engine;
        let create =
            CreateClient::new(engine, self.caller, given, |create| create.with_credential(credential));
        let made = self.performed(create, Kind::ApiClient, |made| vec![made.id()]).await?;
        if is_shown {
            return self.with_secret(&made, "secret", password.expose()).await;
        }
        Ok(self.echo.ids(Kind::ApiClient, &[made.id()]))
    }

    /// There is no version yet that a precondition could name.
    pub(super) async fn nothing_to_match(&self, operation: Operation) -> Result<(), Failure> {
        if matches!(self.precondition, Precondition::OneOf(_)) {
            return Err(self.refused(operation, Error::Precondition).await);
        }
        Ok(())
    }

    /// PUT `/apiclients/{}`.
    pub(super) async fn update_client(&mut self, operation: Operation) -> Result<HttpResponse, Failure> {
        let read = self.fields(false).await;
        let (given, _) = self.understood(operation, read).await?;
        self.granted(operation).await?;
        let id = self.id(operation, Kind::ApiClient, 0).await?;
        let engine = &self.service.engine;
        let update = Update::new(engine, self.caller, id, Patch { kind: Kind::ApiClient, given })
            .only_if(self.precondition.clone());
        let update = UpdateClient::new(engine, self.caller, id, update);
        let changed = perform(engine, self.caller, update).await?;
        Ok(self.echo.ids(Kind::ApiClient, &[changed.id()]))
    }

    /// PUT `/apiclients/{}/reset`.
    pub(super) async fn reset_client(&mut self, operation: Operation) -> Result<HttpResponse, Failure> {
        let read = chosen(&mut self.arguments);
        let chosen = self.understood(operation, read).await?;
        let id = self.prepared(operation, Kind::ApiClient).await?;
        let (password, is_shown) = self.password(chosen);
        let credential = self.credential(operation, Some(&password)).await?;
        let credential = credential.ok_or_else(|| Error::internal("a password without a hash"))?;
        let engine = &self.service.engine;
        let reset = client::reset(engine, self.caller, id, credential).only_if(self.precondition.clone());
        let changed = perform(engine, self.caller, UpdateClient::new(engine, self.caller, id, reset)).await?;
        if is_shown {
            return self.with_secret(&changed, "secret", password.expose()).await;
        }
        Ok(self.echo.ids(Kind::ApiClient, &[changed.id()]))
    }

    /// DELETE `/apiclients/{}`.
    pub(super) async fn delete_client(&mut self, operation: Operation) -> Result<HttpResponse, Failure> {
        let id = self.prepared(operation, Kind::ApiClient).await?;
        let engine = &self.service.engine;
        let delete = Delete::new(engine, Kind::ApiClient, id, false, self.precondition.clone());
        let gone = perform(engine, self.caller, DeleteClient::new(self.caller, id, delete)).await?;
        Ok(self.echo.ids(Kind::ApiClient, &gone))
    }

    fn wanted(&mut self) -> Result<Wanted, Error> {
        let mut arguments = std::mem::take(&mut self.arguments);
        let client = arguments.take_one("client")?.filter(|client| !client.is_empty());
        let name = arguments.take_one("name")?.filter(|name| !name.is_empty());
        if let Some(name) = &name {
            let syntax = Syntax::Text { max: 255, ignore_case: false };
            syntax.parse(name).map_err(|expected| Error::invalid("name", expected))?;
        }
        let (expires, ttl) = (arguments.take_one("expires")?, arguments.take_one("ttl")?);
        if let Some((name, _)) = arguments.named.first() {
            let known = token_kind::KIND.attrs.iter().any(|attr| attr.name == name);
            let expected =
                if known { "this attribute cannot be set" } else { "this operation has no such parameter" };
            return Err(Error::invalid(crate::http::params::shortened(name), expected));
        }
        let tokens = &self.service.config.auth.tokens;
        let seconds = |count: u32| i64::from(count) * 1_000_000;
        let lifetimes =
            Lifetimes { usual: seconds(tokens.lifetime_seconds), longest: seconds(tokens.longest_seconds) };
        let now = self.service.engine.world.now();
        let (asked, parameter) = match (expires, ttl) {
            (Some(_), Some(_)) => {
                return Err(Error::invalid("ttl", "expected either expires or ttl, not both"));
            }
            (Some(text), None) => {
                let expected = "expected an ISO 8601 instant or epoch milliseconds";
                (Some(parse_instant(&text).ok_or_else(|| Error::invalid("expires", expected))?), "expires")
            }
            (None, Some(text)) => {
                let seconds = integer(&text).map_err(|expected| Error::invalid("ttl", expected))?;
                (Some(now.saturating_add(seconds.saturating_mul(1_000_000))), "ttl")
            }
            (None, None) => (None, "ttl"),
        };
        Ok(Wanted { client, name, expires: lifetimes.end(now, asked, parameter)? })
    }

    /// POST `/tokens`.
    pub(super) async fn create_token(&mut self, operation: Operation) -> Result<HttpResponse, Failure> {
        let read = self.wanted();
        let wanted = self.understood(operation, read).await?;
        let engine = &self.service.engine;
        let token = Zeroizing::new(token::fresh(engine.world.as_ref()));
        let create = CreateToken::new(engine, self.caller, &wanted, token::hash(&token));
        let create = self.understood(operation, create).await?;
        if !create.is_own() {
            self.granted(operation).await?;
        }
        self.nothing_to_match(operation).await?;
        let made = self.performed(create, Kind::Token, |made| vec![made.id()]).await?;
        self.with_secret(&made, "token", &token).await
    }

    /// DELETE `/tokens/{}`. Whether the client may is decided with the token at hand: its own ones it always may.
    pub(super) async fn delete_token(&mut self, operation: Operation) -> Result<HttpResponse, Failure> {
        self.no_arguments(operation).await?;
        let is_id = self.keys.first().is_some_and(|key| Uuid::try_parse(key).is_ok());
        if !is_id || self.caller.identity.client().is_none() {
            self.granted(operation).await?;
        }
        let id = self.id(operation, Kind::Token, 0).await?;
        let engine = &self.service.engine;
        let delete = Delete::new(engine, Kind::Token, id, false, self.precondition.clone());
        let gone = perform(engine, self.caller, DeleteToken::new(self.caller, id, delete)).await?;
        Ok(self.echo.ids(Kind::Token, &gone))
    }
}

//! `/init`, `/init/admin`, `/info` and `/properties`.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_TYPE;
use serde::{Serialize, Serializer};

use crate::audit::Action;
use crate::http::door::said::{self, Said};
use crate::http::door::{Visit, read};
use crate::model::password::Password;
use crate::model::{Error, Kind, Verb};
use crate::operation::create::Create;
use crate::operation::device::orchestrator::init::{self, Init, InitAdmin};
use crate::operation::device::orchestrator::properties::{self, NAMES, SetProperties, check};
use crate::operation::device::orchestrator::users;
use crate::operation::{Caller, perform};
use crate::store::Credential;

/// What `/info` shows, in this order.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Info<'a> {
    name: &'a str,
    public_key: &'a str,
    provider_balance: u64,
    user_balance: u64,
    topup_address: String,
}

/// All properties in their order, empty as long as they were not set.
struct Shown<'a>(&'a properties::Properties);

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let value = |name: &str| self.0.get(name).map_or("", String::as_str);
        out.collect_map(NAMES.iter().map(|name| (name, value(name))))
    }
}

impl Visit<'_> {
    /// GET `/info`; nothing is paid here, so that both balances are 0.
    pub(super) fn info(&self) -> Result<HttpResponse, Said> {
        let orchestrator = self.orchestrator()?;
        let info = Info {
            name: &orchestrator.name,
            public_key: &orchestrator.public_key,
            provider_balance: 0,
            user_balance: 0,
            topup_address: orchestrator.address()?,
        };
        Ok(said::json(StatusCode::OK, &info))
    }

    /// GET `/properties`.
    pub(super) async fn properties(&self) -> Result<HttpResponse, Said> {
        let held = properties::present(&self.service.engine).await?;
        Ok(said::json(StatusCode::OK, &Shown(&held)))
    }

    /// POST `/properties`.
    pub(super) async fn set_properties(&self, body: Vec<u8>) -> Result<HttpResponse, Said> {
        let content_type = self.request.headers().get(CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok()).unwrap_or_default();
        let read = read::properties(content_type, body).await;
        let read = read.and_then(|given| check(&given).map(|()| given).map_err(Said::from));
        let given = self.understood(properties::action(), read).await?;
        perform(&self.service.engine, &self.caller, SetProperties(given)).await?;
        self.info()
    }

    /// POST `/init`.
    pub(super) async fn init(&self, body: &[u8]) -> Result<HttpResponse, Said> {
        let action = init::action(None);
        if self.orchestrator.is_some() {
            return Err(self.refused(action, said::INITIALIZED).await);
        }
        let read = read::object(body, &["orgId"]).and_then(|mut fields| read::text(&mut fields, "orgId"));
        let name = self.understood(action, read).await?;
        let engine = &self.service.engine;
        let founder = Init::founder(&self.caller)?;
        let init = Init::new(engine, &founder, &name)?;
        match perform(engine, &founder, init).await {
            Ok(()) => Ok(said::empty(StatusCode::OK)),
            Err(Error::Conflict { .. }) => Err(said::INITIALIZED),
            Err(Error::Invalid { expected, .. }) => Err(Said::bad(format!("orgId: {expected}"))),
            Err(error) => Err(error.into()),
        }
    }

    /// POST `/init/admin`.
    pub(super) async fn init_admin(&self, body: &[u8]) -> Result<HttpResponse, Said> {
        let orchestrator = self.orchestrator()?;
        let action = Action::of(Verb::Create, Kind::User, None);
        if orchestrator.admin {
            return Err(self.refused(action, said::ADMIN_INITIALIZED).await);
        }
        let founder = InitAdmin::founder(&self.caller)?;
        let (_, create) = self.creation(&founder, body).await?;
        match perform(&self.service.engine, &founder, InitAdmin::new(create)).await {
            Ok(_) => Ok(said::empty(StatusCode::OK)),
            Err(Error::Conflict { .. }) => Err(said::ADMIN_INITIALIZED),
            Err(Error::AlreadyExists { .. }) => Err(said::USER_EXISTS),
            Err(error) => Err(error.into()),
        }
    }

    /// The login of a user to be made, and its creation in the name of `caller`.
    pub(super) async fn creation(&self, caller: &Caller, body: &[u8]) -> Result<(String, Create), Said> {
        let (engine, orchestrator) = (&self.service.engine, self.orchestrator()?);
        let action = Action::of(Verb::Create, Kind::User, None);
        let (login, password) = self.understood(action, self.new_user(body)).await?;
        let Some(role) = orchestrator.role(engine).await? else {
            return Err(self.refused(action, said::NO_ROLE).await);
        };
        let credential = self.hashed(&password).await?;
        let secret = (password, credential);
        let create = users::creation(engine, caller, (orchestrator, role.id()), &login, secret);
        Ok((login, create))
    }

    /// Login and password of a user to be made.
    fn new_user(&self, body: &[u8]) -> Result<(String, Password), Said> {
        let mut fields = read::object(body, &["userId", "password"])?;
        let login = read::text(&mut fields, "userId")?;
        if login.chars().count() > 255 {
            return Err(Said::bad("userId: expected at most 255 characters"));
        }
        let password = Password::new(read::text(&mut fields, "password")?);
        password.check(&self.service.engine.settings.password)?;
        Ok((login, password))
    }

    /// The hash of a password that was checked.
    pub(super) async fn hashed(&self, password: &Password) -> Result<Credential, Said> {
        let phc = self.service.verifier.hash(password.expose().clone()).await;
        let phc = phc.map_err(|error| Error::unavailable(format!("hashing: {error}")))?;
        Ok(Credential { phc, set: self.service.engine.world.now() })
    }
}

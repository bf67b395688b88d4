//! Requests about MISPs and their licence keys: arguments to a change, and its answer. The two that make a key show it,
//! once.

use std::borrow::Cow;

use actix_web::HttpResponse;
use uuid::Uuid;

use crate::http::answer::document;
use crate::http::arguments::given;
use crate::http::change::Request;
use crate::http::dialect::Operation;
use crate::http::failure::Failure;
use crate::model::kind::license_key::{VALID_FROM, VALID_TO};
use crate::model::kind::misp::Decision;
use crate::model::rules::check_given;
use crate::model::state::Patch;
use crate::model::visible::{Field, Shown, Values};
use crate::model::{Error, Kind, Stored, Value};
use crate::operation::key_text::KeyText;
use crate::operation::misp::MispStep;
use crate::operation::misp::activate::Activate;
use crate::operation::misp::decide::Decide;
use crate::operation::misp::key_status::SetKeyStatus;
use crate::operation::misp::keys::NewKey;
use crate::operation::misp::register::Register;
use crate::operation::misp::renew::Renew;
use crate::operation::misp::update::UpdateMisp;
use crate::operation::misp::validate::{Licence, validate};
use crate::operation::perform;
use crate::operation::update::Update;

/// The root of what a validation answers.
const VALIDATION: &str = "Validation";

fn licence_key(given: Option<String>) -> Result<Option<KeyText>, Error> {
    let given = given.filter(|text| !text.is_empty());
    // What cannot be a key is an unknown one.
    given
        .map(KeyText::presented)
        .ok_or_else(|| Error::invalid("mispLicenseKey", "mandatory and must not be empty"))
}

/// `active` or `de-active`.
fn switch(name: &'static str, given: Option<&str>) -> Result<bool, Error> {
    match given {
        Some("active") => Ok(true),
        Some("de-active") => Ok(false),
        _ => Err(Error::invalid(name, "expected active or de-active")),
    }
}

impl Request<'_> {
    /// POST `/misps/`.
    pub(super) async fn register_misp(mut self, operation: Operation) -> Result<HttpResponse, Failure> {
        let engine = &self.service.engine;
        let arguments = std::mem::take(&mut self.arguments);
        let read = given(engine, Kind::Misp, arguments, true).await;
        let read = read.and_then(|given| check_given(Kind::Misp, &given, true).map(|()| given));
        let given = self.understood(operation, read).await?;
        self.granted(operation).await?;
        self.nothing_to_match(operation).await?;
        self.answering(Register::new(engine, self.caller, given), Kind::Misp, |id| vec![*id]).await
    }

    /// PUT `/misps/{}`.
    pub(super) async fn update_misp(mut self, operation: Operation) -> Result<HttpResponse, Failure> {
        let engine = &self.service.engine;
        let arguments = std::mem::take(&mut self.arguments);
        let read = given(engine, Kind::Misp, arguments, false).await;
        let read = read.and_then(|given| check_given(Kind::Misp, &given, false).map(|()| given));
        let given = self.understood(operation, read).await?;
        self.granted(operation).await?;
        let id = self.id(operation, Kind::Misp, 0).await?;
        let update = Update::new(engine, self.caller, id, Patch { kind: Kind::Misp, given })
            .only_if(self.precondition.clone());
        let id = perform(engine, self.caller, UpdateMisp::new(id, update)).await?;
        Ok(self.echo.ids(Kind::Misp, &[id]))
    }

    /// Everything else that is done with a MISP.
    pub(super) async fn misp(mut self, step: MispStep) -> Result<HttpResponse, Failure> {
        let operation = Operation::Misp(step);
        match step {
            MispStep::Decide => self.decide_misp(operation).await,
            MispStep::Activate => self.activate_misp(operation).await,
            MispStep::Renew => self.renew_key(operation).await,
            MispStep::Validate => self.validate_key(operation).await,
            MispStep::KeyStatus => self.set_key_status(operation).await,
            MispStep::ReadKey => Err(Error::internal("a read came the way of a change").into()),
        }
    }

    /// A new key, and what is to be kept of it.
    fn new_key(&self) -> (KeyText, NewKey) {
        let engine = &self.service.engine;
        let text = KeyText::fresh(engine.world.as_ref());
        let key = NewKey::new(engine, &text);
        (text, key)
    }

    async fn with_key(&self, made: &Stored, text: &KeyText) -> Result<HttpResponse, Failure> {
        self.with_secret(made, "mispLicenseKey", text.expose()).await
    }

    /// PUT `/misps/{}/status`.
    async fn decide_misp(&mut self, operation: Operation) -> Result<HttpResponse, Failure> {
        let read = self.arguments.take_one("mispStatus").and_then(|word| {
            let decision = word.as_deref().and_then(Decision::named);
            decision.ok_or_else(|| Error::invalid("mispStatus", "expected approved or rejected"))
        });
        let decision = self.understood(operation, read).await?;
        let id = self.prepared(operation, Kind::Misp).await?;
        let (text, key) = self.new_key();
        let engine = &self.service.engine;
        let decide = Decide::new(engine, (id, decision), key, self.precondition.clone());
        match perform(engine, self.caller, decide).await? {
            Some(made) => self.with_key(&made, &text).await,
            None => Ok(self.echo.ids(Kind::Misp, &[id])),
        }
    }

    /// PUT `/misps/{}/activation`.
    async fn activate_misp(&mut self, operation: Operation) -> Result<HttpResponse, Failure> {
        let read = self.arguments.take_one("mispStatus");
        let read = read.and_then(|word| switch("mispStatus", word.as_deref()));
        let active = self.understood(operation, read).await?;
        let id = self.prepared(operation, Kind::Misp).await?;
        let engine = &self.service.engine;
        let activate = Activate::new(engine, (id, active), self.precondition.clone());
        let id = perform(engine, self.caller, activate).await?;
        Ok(self.echo.ids(Kind::Misp, &[id]))
    }

    /// The id of the MISP that owns the keys an address is about.
    async fn key_owner(&self, operation: Operation) -> Result<Uuid, Failure> {
        self.no_arguments(operation).await?;
        self.granted(operation).await?;
        self.owner_id(operation, Kind::Misp).await
    }

    /// POST `/misps/{}/licensekey`.
    async fn renew_key(&mut self, operation: Operation) -> Result<HttpResponse, Failure> {
        let misp = self.key_owner(operation).await?;
        self.nothing_to_match(operation).await?;
        let (text, key) = self.new_key();
        let renew = Renew::new(&self.service.engine, misp, key);
        let made = self.performed(renew, Kind::LicenseKey, |made| vec![made.id()]).await?;
        self.with_key(&made, &text).await
    }

    /// PUT `/misps/{}/licensekey`.
    async fn set_key_status(&mut self, operation: Operation) -> Result<HttpResponse, Failure> {
        let key = self.arguments.take_one("mispLicenseKey").and_then(licence_key);
        let word = self.arguments.take_one("mispLicenseKeyStatus");
        let active = word.and_then(|word| switch("mispLicenseKeyStatus", word.as_deref()));
        let active = self.understood(operation, active).await?;
        let key = self.understood(operation, key).await?;
        let misp = self.key_owner(operation).await?;
        let engine = &self.service.engine;
        let change = SetKeyStatus::of(engine, misp, (key.as_ref(), active), self.precondition.clone());
        let id = perform(engine, self.caller, change.await?).await?;
        Ok(self.echo.ids(Kind::LicenseKey, &[id]))
    }

    /// POST `/misps/{}/licensekey/validate`.
    async fn validate_key(&mut self, operation: Operation) -> Result<HttpResponse, Failure> {
        let read = self.arguments.take_one("mispLicenseKey").and_then(licence_key);
        let key = self.understood(operation, read).await?;
        self.no_arguments(operation).await?;
        let segment = self.keys.first().map(String::as_str).unwrap_or_default();
        let engine = &self.service.engine;
        let licence = validate(engine, self.caller, segment, key.as_ref()).await?;
        let shown = validation(&licence, engine.world.now());
        Ok(document(self.echo.made(VALIDATION, &shown)))
    }
}

fn validation(licence: &Licence, now: i64) -> Vec<Field<'static>> {
    let flag = |name: &'static str, flag: bool| Field {
        name,
        values: Values::Made(vec![Shown::Text(Cow::Owned(flag.to_string()))]),
    };
    let time = |name: &'static str, attr| {
        let value = licence.key.attributes().first(attr).map(Value::shown)?;
        Some(Field { name, values: Values::Made(vec![Shown::Text(Cow::Owned(value.into_owned()))]) })
    };
    let flags = [flag("valid", licence.is_valid(now)), flag("active", licence.is_active())];
    let times = [time("validFrom", VALID_FROM), time("validTo", VALID_TO)];
    flags.into_iter().chain(times.into_iter().flatten()).collect()
}

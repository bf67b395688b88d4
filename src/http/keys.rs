//! Requests about API keys, biometric extractors, credential types, and whether what a partner's request shows fits
//! together: arguments to a change or a look, and its answer.

use std::borrow::Cow;

use actix_web::HttpResponse;
use zeroize::Zeroizing;

use crate::audit::{Action, Events};
use crate::http::answer::document;
use crate::http::arguments::{Arguments, given};
use crate::http::change::Request;
use crate::http::dialect::Operation;
use crate::http::failure::Failure;
use crate::http::params::shortened;
use crate::model::kind::api_key_request::Decision;
use crate::model::kind::{
    api_key, api_key_request, biometric_extractor, certificate, credential_type_mapping, license_key, misp,
    partner, policy, policy_group,
};
use crate::model::rules::check_given;
use crate::model::state::Given;
use crate::model::value::Syntax;
use crate::model::visible::{Field, Shown, Values};
use crate::model::{AttrId, Error, Kind, Stored, Verb};
use crate::operation::key_text::KeyText;
use crate::operation::keys::Keying;
use crate::operation::keys::ask::Ask;
use crate::operation::keys::decide::{Decide, Decided};
use crate::operation::keys::extractor::StoreExtractor;
use crate::operation::keys::mapping::{self, Map};
use crate::operation::keys::status::{ChangeKey, Wanted};
use crate::operation::keys::validation::{self, Fitting};
use crate::operation::observe::observed;
use crate::operation::read::{self, Found};
use crate::operation::{Caller, Engine, perform};

/// The root of a document that asks whether keys fit, and of its answer.
pub(super) const VALIDATION: &str = "Validation";

type Fields = Vec<(AttrId, Vec<Given>)>;

/// The entity of `kind` that an address names below its partner.
pub(super) async fn find_of(
    engine: &Engine,
    caller: &Caller,
    kind: Kind,
    keys: &[&str],
) -> Result<Found, Error> {
    let key = |place: usize| keys.get(place).copied().unwrap_or_default();
    if kind == Kind::CredentialTypeMapping {
        let found = mapping::find(engine, caller, [key(0), key(1), key(2)]).await?;
        return read::read(engine, caller, kind, &found.id().to_string(), false).await;
    }
    caller.grants.require(Verb::Read, kind)?;
    caller.grants.require(Verb::Read, Kind::Partner)?;
    let owner = read::find(engine, caller, Kind::Partner, key(0)).await.map_err(|error| match error {
        Error::NotFound { kind } => Error::ParentNotFound { parameter: kind.to_owned() },
        other => other,
    })?;
    let found = read::read(engine, caller, kind, key(1), false).await?;
    let is_its = found.entity.attributes().references().any(|(_, to)| to == owner.reference());
    if is_its { Ok(found) } else { Err(Error::not_found(kind)) }
}

/// Takes a parameter that must be there.
fn mandatory(arguments: &mut Arguments, name: &str) -> Result<String, Error> {
    let value = arguments.take_one(name)?.filter(|value| !value.trim().is_empty());
    value.ok_or_else(|| Error::invalid(name, "mandatory and must not be empty"))
}

fn nothing_else(arguments: &Arguments) -> Result<(), Error> {
    match arguments.named.first() {
        None => Ok(()),
        Some((name, _)) => Err(Error::invalid(shortened(name), "this operation has no such parameter")),
    }
}

/// Error 1 when an attribute is given that the address tells.
fn not_told_twice(given: &Fields, told: &[(AttrId, &str)]) -> Result<(), Error> {
    let twice = told.iter().find(|(attr, _)| given.iter().any(|(known, _)| known == attr));
    match twice {
        None => Ok(()),
        Some((_, name)) => {
            Err(Error::invalid(*name, "this attribute follows from the address or another parameter"))
        }
    }
}

impl Request<'_> {
    /// Does what is asked about keys, and answers.
    pub(super) async fn key(mut self, asked: Keying) -> Result<HttpResponse, Failure> {
        let operation = Operation::Key(asked);
        match asked {
            Keying::Ask => self.ask_for_key(operation).await,
            Keying::Decide => self.decide_key(operation).await,
            Keying::Status | Keying::Policy => self.change_key(operation, asked).await,
            Keying::Extract => self.store_extractor(operation).await,
            Keying::Map => self.map_policy(operation).await,
            Keying::Validate => self.validate_keys(operation).await,
        }
    }

    fn segment(&self, place: usize) -> String {
        self.keys.get(place).cloned().unwrap_or_default()
    }

    /// POST `/partners/{}/apikeyrequests`.
    async fn ask_for_key(&mut self, operation: Operation) -> Result<HttpResponse, Failure> {
        let read = self.asked().await;
        let asked = self.understood(operation, read).await?;
        self.granted(operation).await?;
        let partner = self.owner_id(operation, Kind::Partner).await?;
        self.nothing_to_match(operation).await?;
        let change = Ask::new(&self.service.engine, self.caller, partner, asked);
        self.answering(change, Kind::ApiKeyRequest, |id| vec![*id]).await
    }

    async fn asked(&mut self) -> Result<(String, Fields), Error> {
        let mut arguments = std::mem::take(&mut self.arguments);
        let policy = mandatory(&mut arguments, "policyName")?;
        let given = given(&self.service.engine, Kind::ApiKeyRequest, arguments, true).await?;
        let told = [(api_key_request::PARTNER, "partner"), (api_key_request::POLICY, "policy")];
        not_told_twice(&given, &told)?;
        Ok((policy, given))
    }

    /// PUT `/apikeyrequests/{}/status`.
    async fn decide_key(&mut self, operation: Operation) -> Result<HttpResponse, Failure> {
        let read = self.decision();
        let (decision, label) = self.understood(operation, read).await?;
        let id = self.prepared(operation, Kind::ApiKeyRequest).await?;
        let engine = &self.service.engine;
        let key = KeyText::fresh(engine.world.as_ref());
        let change = Decide::new(engine, self.caller, (id, decision), key.hash())
            .labelled(label)
            .only_if(self.precondition.clone());
        if decision == Decision::Reject {
            return self.answering(change, Kind::ApiKeyRequest, |decided| vec![decided.request]).await;
        }
        let ids = |decided: &Decided| decided.key.iter().map(Stored::id).collect();
        let decided = self.performed(change, Kind::ApiKey, ids).await?;
        let made = decided.key.ok_or_else(|| Error::internal("an approval without a key"))?;
        self.with_secret(&made, "apiKey", key.expose()).await
    }

    fn decision(&mut self) -> Result<(Decision, Option<String>), Error> {
        let word = self.arguments.take_one("status")?;
        let decision = Decision::asked(word.as_deref().unwrap_or_default())?;
        let label = self.arguments.take_one("label")?.filter(|label| !label.is_empty());
        let syntax = Syntax::Text { max: api_key::LABEL_MAX, ignore_case: false };
        if let Some(label) = &label {
            syntax.parse(label).map_err(|expected| Error::invalid("label", expected))?;
        }
        if label.is_some() && decision == Decision::Reject {
            return Err(Error::invalid("label", "only a key that is made has a label"));
        }
        nothing_else(&self.arguments)?;
        Ok((decision, label))
    }

    /// PUT `/apikeys/{}/status` and `/apikeys/{}/policy`.
    async fn change_key(&mut self, operation: Operation, asked: Keying) -> Result<HttpResponse, Failure> {
        let read = self.wanted_of_key(asked);
        let wanted = self.understood(operation, read).await?;
        let id = self.prepared(operation, Kind::ApiKey).await?;
        let engine = &self.service.engine;
        let id = perform(engine, self.caller, ChangeKey::new(engine, id, wanted, self.precondition.clone()))
            .await?;
        Ok(self.echo.ids(Kind::ApiKey, &[id]))
    }

    fn wanted_of_key(&mut self, asked: Keying) -> Result<Wanted, Error> {
        let wanted = if asked == Keying::Status {
            let word = self.arguments.take_one("status")?;
            Wanted::Status(api_key::Step::asked(word.as_deref().unwrap_or_default())?)
        } else {
            Wanted::Policy(mandatory(&mut self.arguments, "policyName")?)
        };
        nothing_else(&self.arguments)?;
        Ok(wanted)
    }

    /// POST `/partners/{}/policies/{}/extractors`.
    async fn store_extractor(&mut self, operation: Operation) -> Result<HttpResponse, Failure> {
        let read = self.extractor_fields().await;
        let given = self.understood(operation, read).await?;
        self.granted(operation).await?;
        let partner = self.owner_id(operation, Kind::Partner).await?;
        self.nothing_to_match(operation).await?;
        let (engine, policy) = (&self.service.engine, self.segment(1));
        let change = StoreExtractor::new(engine, self.caller, partner, (policy, given));
        self.answering(change, Kind::BiometricExtractor, |id| vec![*id]).await
    }

    async fn extractor_fields(&mut self) -> Result<Fields, Error> {
        let arguments = std::mem::take(&mut self.arguments);
        let mut given = given(&self.service.engine, Kind::BiometricExtractor, arguments, true).await?;
        let told = [(biometric_extractor::PARTNER, "partner"), (biometric_extractor::POLICY, "policy")];
        not_told_twice(&given, &told)?;
        let own = given.len();
        for (place, (attr, _)) in told.into_iter().enumerate() {
            given.push((attr, vec![Given::Reference(self.segment(place).into())]));
        }
        check_given(Kind::BiometricExtractor, &given, true)?;
        given.truncate(own);
        Ok(given)
    }

    /// POST `/partners/{}/policies/{}/credentialtypes/{}`.
    async fn map_policy(&mut self, operation: Operation) -> Result<HttpResponse, Failure> {
        let read =
            nothing_else(&self.arguments).and_then(|()| credential_type_mapping::parse(&self.segment(2)));
        let credential = self.understood(operation, read).await?;
        self.granted(operation).await?;
        let partner = self.owner_id(operation, Kind::Partner).await?;
        self.nothing_to_match(operation).await?;
        let (engine, policy) = (&self.service.engine, self.segment(1));
        let change = Map::new(engine, self.caller, partner, (policy, credential));
        self.answering(change, Kind::CredentialTypeMapping, |id| vec![*id]).await
    }

    /// POST `/partners/{}/validation`: a look, recorded as one before it is answered.
    async fn validate_keys(&mut self, operation: Operation) -> Result<HttpResponse, Failure> {
        let read = self.keys_shown();
        let shown = self.understood(operation, read).await?;
        self.granted(operation).await?;
        let engine = &self.service.engine;
        let found = read::find(engine, self.caller, Kind::Partner, &self.segment(0)).await;
        let looked = match &found {
            Ok(partner) => validation::validate(engine, partner, &shown).await,
            Err(error) => Err(error.clone()),
        };
        let target = found
            .as_ref()
            .ok()
            .map(Stored::id)
            .or_else(|| crate::http::change::target(operation, &self.keys));
        let action = Action { target, ..Keying::Validate.action(None) };
        let outcome = looked.as_ref().map(drop).map_err(Clone::clone);
        observed(engine, self.caller, action, Events::default(), outcome).await?;
        let (partner, fitting) = (found?, looked?);
        Ok(document(self.echo.made(VALIDATION, &answered(&partner, &fitting))))
    }

    fn keys_shown(&mut self) -> Result<validation::Shown, Error> {
        let api_key = Zeroizing::new(mandatory(&mut self.arguments, "apiKey")?);
        let licence_key = Zeroizing::new(mandatory(&mut self.arguments, "mispLicenseKey")?);
        let certificate = match self.arguments.take_one("needPartnerCert")?.as_deref() {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => return Err(Error::invalid("needPartnerCert", "expected true or false")),
        };
        nothing_else(&self.arguments)?;
        let key = |text: &Zeroizing<String>| KeyText::presented(text.as_str().to_owned());
        Ok(validation::Shown { api_key: key(&api_key), licence_key: key(&licence_key), certificate })
    }
}

/// What is answered about keys that fit together.
fn answered<'a>(partner: &'a Stored, fitting: &'a Fitting) -> Vec<Field<'a>> {
    let Fitting { licence, misp, key, policy, group, certificate } = fitting;
    let refers =
        |name, to: &Stored| Field { name, values: Values::Made(vec![Shown::Reference(to.kind(), to.id())]) };
    let copied = |name, of: &'a Stored, attr| {
        let value = of.attributes().first(attr)?;
        Some(Field { name, values: Values::Made(vec![Shown::Text(Cow::Owned(value.shown().into_owned()))]) })
    };
    let fields = [
        Some(refers("partner", partner)),
        copied("partnerId", partner, partner::PARTNER_ID),
        copied("organizationName", partner, partner::ORGANIZATION_NAME),
        Some(refers("policyGroup", group)),
        copied("policyGroupName", group, policy_group::NAME),
        Some(refers("policy", policy)),
        copied("policyName", policy, policy::NAME),
        copied("policyDescription", policy, policy::DESCRIPTION),
        copied("policyType", policy, policy::TYPE),
        copied("policyState", policy, policy::STATE),
        copied("policies", policy, policy::POLICIES),
        copied("policyExpires", policy, policy::VALID_UNTIL),
        copied("apiKeyExpires", key, api_key::EXPIRES),
        copied("apiKeyLabel", key, api_key::LABEL),
        copied("mispId", misp, misp::MISP_ID),
        copied("mispLicenseKeyExpires", licence, license_key::VALID_TO),
        certificate.as_ref().and_then(|found| copied("certificateData", found, certificate::DATA)),
    ];
    fields.into_iter().flatten().collect()
}

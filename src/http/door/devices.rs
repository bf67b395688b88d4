//! `/devices` and `/contracts`: only those of the organization named at initialization. Lists are streamed.

use std::pin::Pin;

use actix_web::HttpResponse;
use actix_web::body::{BodyStream, BoxBody};
use actix_web::http::StatusCode;
use actix_web::web::Bytes;
use futures_util::Stream;
use futures_util::stream::unfold;
use serde::Serialize;

use crate::audit::Action;
use crate::http::door::said::{self, CONTRACT_EXISTS, NO_CONTRACT, NO_DEVICES, NO_PROVIDER, NO_USER, Said};
use crate::http::door::{Visit, read};
use crate::model::kind::contract::{self, Part, Step, check_functions};
use crate::model::kind::device;
use crate::model::state::Given;
use crate::model::{AttrId, Attributes, Error, Kind, Stored, Value, Verb, key};
use crate::operation::device::ContractStep;
use crate::operation::device::advance::Advance;
use crate::operation::device::create::CreateContract;
use crate::operation::update::Precondition;
use crate::operation::{Engine, perform};
use crate::store::{Position, Source};

/// Entities read at a time.
const CHUNK: usize = 500;

/// A device as it is shown.
#[derive(Serialize)]
struct ShownDevice<'a> {
    name: &'a str,
    xpub: &'a str,
    recipe: &'a str,
    contracts: i64,
    shared: bool,
}

/// A device's part in a contract.
#[derive(Serialize)]
struct ShownPart<'a> {
    name: &'a str,
    xpub: &'a str,
    address: &'a str,
}

/// A contract as it is shown.
#[derive(Serialize)]
struct ShownContract<'a> {
    provider: ShownPart<'a>,
    user: ShownPart<'a>,
    revoker: ShownPart<'a>,
    txid: &'a str,
    recipe: &'a str,
    status: &'a str,
    timestamp: i64,
    functions: Vec<i64>,
    shared: bool,
}

fn text(attributes: &Attributes, attr: AttrId) -> &str {
    attributes.text(attr).unwrap_or_default()
}

fn shown_device(attributes: &Attributes) -> ShownDevice<'_> {
    ShownDevice {
        name: text(attributes, device::NAME),
        xpub: text(attributes, device::XPUB),
        recipe: text(attributes, device::RECIPE),
        contracts: device::contracts(attributes),
        shared: attributes.flag(device::SHARED),
    }
}

fn shown_contract(attributes: &Attributes) -> ShownContract<'_> {
    let part = |part: Part| ShownPart {
        name: text(attributes, part.name()),
        xpub: text(attributes, part.xpub()),
        address: text(attributes, part.address()),
    };
    let timestamp = match attributes.first(contract::TIMESTAMP) {
        Some(Value::Int(millis)) => *millis,
        _ => 0,
    };
    ShownContract {
        provider: part(Part::Provider),
        user: part(Part::User),
        revoker: part(Part::Revoker),
        txid: text(attributes, contract::TXID),
        recipe: text(attributes, contract::RECIPE),
        status: text(attributes, contract::STATUS),
        timestamp,
        functions: contract::mask(attributes).functions().collect(),
        shared: attributes.flag(contract::SHARED),
    }
}

/// A list that is written chunk by chunk.
struct Listing {
    engine: Engine,
    source: Source,
    kind: Kind,
    after: Option<Position>,
    /// Whether the bracket was written, and an entity.
    opened: bool,
    begun: bool,
    ended: bool,
}

type Chunks = Pin<Box<dyn Stream<Item = Result<Bytes, Error>>>>;

impl Listing {
    /// The next part of the text; `None` behind the end.
    async fn next(&mut self) -> Result<Option<Vec<u8>>, Error> {
        if self.ended {
            return Ok(None);
        }
        let page = self.engine.store.page(&self.source, self.after.as_ref(), CHUNK).await?;
        self.ended = page.len() < CHUNK;
        self.after = page.last().map(|(hit, _)| hit.at.clone()).or_else(|| self.after.take());
        let mut out = Vec::with_capacity(page.len() * 700 + 2);
        if !std::mem::replace(&mut self.opened, true) {
            out.push(b'[');
        }
        for entity in page.iter().filter_map(|(_, entity)| entity.as_ref()) {
            if self.begun {
                out.push(b',');
            }
            self.begun = true;
            let attributes = entity.attributes();
            let written = match self.kind {
                Kind::Device => serde_json::to_writer(&mut out, &shown_device(attributes)),
                _ => serde_json::to_writer(&mut out, &shown_contract(attributes)),
            };
            written.map_err(|error| Error::internal(format!("writing a list: {error}")))?;
        }
        if self.ended {
            out.push(b']');
        }
        Ok(Some(out))
    }

    fn chunks(self) -> Chunks {
        Box::pin(unfold(Some(self), |state| async move {
            let mut state = state?;
            match state.next().await {
                Ok(Some(chunk)) => Some((Ok(Bytes::from(chunk)), Some(state))),
                Ok(None) => None,
                Err(error) => {
                    tracing::error!(%error, "a streamed answer broke off");
                    Some((Err(error), None))
                }
            }
        }))
    }
}

impl Visit<'_> {
    async fn listing(&self, kind: Kind, owner: AttrId) -> Result<Listing, Said> {
        let engine = self.service.engine.clone();
        let home = engine.store.by_id(self.orchestrator()?.organization).await?;
        let to = home.map(|home| home.row()).into_iter().collect();
        let source = Source::RefersTo { attr: owner, to };
        Ok(Listing { engine, source, kind, after: None, opened: false, begun: false, ended: false })
    }

    /// The first chunk is read before the status line; a list that ends in it is answered whole.
    async fn listed(&self, mut listing: Listing) -> Result<HttpResponse, Said> {
        let first = listing.next().await?.unwrap_or_default();
        if listing.kind == Kind::Device && !listing.begun {
            return Err(NO_DEVICES);
        }
        let head = said::streamed();
        if listing.ended {
            return Ok(head.set_body(BoxBody::new(first)));
        }
        let begin = futures_util::stream::once(async move { Ok::<_, Error>(Bytes::from(first)) });
        let chunks = futures_util::StreamExt::chain(begin, listing.chunks());
        Ok(head.set_body(BoxBody::new(BodyStream::new(Box::pin(chunks)))))
    }

    /// GET `/devices`.
    pub(super) async fn devices(&self) -> Result<HttpResponse, Said> {
        self.listed(self.listing(Kind::Device, device::ORGANIZATION).await?).await
    }

    /// GET `/contracts`.
    pub(super) async fn contracts(&self) -> Result<HttpResponse, Said> {
        self.listed(self.listing(Kind::Contract, contract::ORGANIZATION).await?).await
    }

    /// What holds a unique text, if it is of the orchestrator's organization.
    async fn held(&self, attr: AttrId, owner: AttrId, value: &str) -> Result<Option<Stored>, Said> {
        let store = &self.service.engine.store;
        let Some(row) = store.holder(attr, 0, &key::unique_key(value, false)).await? else { return Ok(None) };
        let found = store.by_rows(&[row]).await?.pop();
        let home = Some(self.orchestrator()?.organization);
        Ok(found.filter(|found| found.attributes().reference(owner).map(|to| to.id) == home))
    }

    async fn known_device(&self, xpub: &str) -> Result<Option<Stored>, Said> {
        self.held(device::XPUB, device::ORGANIZATION, xpub).await
    }

    /// GET `/devices/{}`.
    pub(super) async fn device(&self) -> Result<HttpResponse, Said> {
        if let Some(found) = self.known_device(&self.key).await? {
            Ok(said::json(StatusCode::OK, &shown_device(found.attributes())))
        } else {
            let text = format!("Device with xpub: '{}' not found", self.key);
            Err(Said::new(StatusCode::NOT_FOUND, text))
        }
    }

    /// POST `/contracts`.
    pub(super) async fn create_contract(&self, body: &[u8]) -> Result<HttpResponse, Said> {
        let action = Action::of(Verb::Create, Kind::Contract, None);
        let read = self.asked_contract(body).await;
        let given = self.understood(action, read).await?;
        let engine = &self.service.engine;
        match perform(engine, &self.caller, CreateContract::new(engine, given)).await {
            Ok(_) => Ok(said::empty(StatusCode::OK)),
            Err(Error::AlreadyExists { .. }) => Err(CONTRACT_EXISTS),
            // It was there a moment ago.
            Err(Error::InvalidReference { parameter, .. }) if parameter == "provider" => Err(NO_PROVIDER),
            Err(Error::InvalidReference { parameter, .. }) if parameter == "user" => Err(NO_USER),
            Err(error) => Err(error.into()),
        }
    }

    async fn asked_contract(&self, body: &[u8]) -> Result<Vec<(AttrId, Vec<Given>)>, Said> {
        let mut fields = read::object(body, &["provider", "user", "functions"])?;
        let provider = read::text(&mut fields, "provider")?;
        let user = read::text(&mut fields, "user")?;
        let functions = read::functions(&mut fields)?;
        if let Some(functions) = &functions {
            check_functions(functions.iter().map(|function| Some(*function)))?;
        }
        if provider == user {
            return Err(Said::bad("user: expected another device than the provider"));
        }
        let provider = self.known_device(&provider).await?.ok_or(NO_PROVIDER)?;
        let user = self.known_device(&user).await?.ok_or(NO_USER)?;
        let reference = |device: &Stored| vec![Given::Reference(device.id().to_string().into())];
        let mut given =
            vec![(Part::Provider.device(), reference(&provider)), (Part::User.device(), reference(&user))];
        if let Some(functions) = functions {
            let functions = functions.into_iter().map(|function| Given::Value(Value::Int(function)));
            given.push((contract::FUNCTIONS, functions.collect()));
        }
        Ok(given)
    }

    /// DELETE `/contracts/{}`.
    pub(super) async fn revoke_contract(&self) -> Result<HttpResponse, Said> {
        let engine = &self.service.engine;
        let Some(found) = self.held(contract::TXID, contract::ORGANIZATION, &self.key).await? else {
            let action = ContractStep::Revoke.action(None);
            return Err(match action {
                Some(action) => self.refused(action, NO_CONTRACT).await,
                None => NO_CONTRACT,
            });
        };
        let advance = Advance::new(engine, &self.caller, (found.id(), Step::Revoke), Precondition::None);
        match perform(engine, &self.caller, advance).await {
            Ok(_) => Ok(said::empty(StatusCode::OK)),
            Err(Error::NotFound { .. }) => Err(NO_CONTRACT),
            Err(error) => Err(error.into()),
        }
    }
}

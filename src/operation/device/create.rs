//! Making a contract (POST `/contracts`, POST `/api/v1/contracts`). Its addresses come from locked counters that are
//! never turned back, so that no address stands for two contracts; its txid is the hash of the ledger's record of it.

use std::sync::Arc;

use uuid::Uuid;

use crate::audit::chain::hex;
use crate::audit::event::changes;
use crate::audit::ledger::{LedgerEvent, LedgerRow};
use crate::audit::{Action, Events};
use crate::crypto::hd_key::{Chain, Wallet};
use crate::model::kind::contract::functions::USUAL;
use crate::model::kind::contract::{self, Mask, Part, State};
use crate::model::kind::device;
use crate::model::rules::{Companions, Settings, by_server};
use crate::model::state::Given;
use crate::model::{AttrId, Attributes, Error, Kind, Stored, Value, Verb, key};
use crate::operation::device::count;
use crate::operation::device::memory::DeviceMemory;
use crate::operation::device::record::Page;
use crate::operation::engine::Engine;
use crate::operation::perform::Change;
use crate::operation::resolve::apply;
use crate::store::{Insert, Write};

/// Makes one contract.
#[derive(Debug)]
pub struct CreateContract {
    given: Vec<(AttrId, Vec<Given>)>,
    id: Uuid,
    now: i64,
    settings: Arc<Settings>,
    memory: Arc<DeviceMemory>,
}

/// The devices of a contract by their parts; two of them may be one.
struct Parties<'d> {
    provider: &'d Stored,
    user: &'d Stored,
    revoker: &'d Stored,
}

impl<'d> Parties<'d> {
    fn of(&self, part: Part) -> &'d Stored {
        match part {
            Part::Provider => self.provider,
            Part::User => self.user,
            Part::Revoker => self.revoker,
        }
    }
}

impl CreateContract {
    /// A contract of these attributes, which were held against the declaration.
    pub fn new(engine: &Engine, given: Vec<(AttrId, Vec<Given>)>) -> Self {
        Self {
            given,
            id: engine.world.id(),
            now: engine.world.now(),
            settings: Arc::clone(&engine.settings),
            memory: Arc::clone(&engine.devices),
        }
    }

    fn wallet(&self, device: &Stored) -> Result<Arc<Wallet>, Error> {
        let xpub = device.attributes().text(device::XPUB).unwrap_or_default();
        // It was checked when it was enrolled.
        self.memory.wallet(xpub).map_err(|error| Error::internal(format!("a stored key: {error}")))
    }

    /// Addresses of provider, user and revoker that stand for nothing yet.
    async fn addresses(&self, tx: &mut dyn Write, parties: &Parties<'_>) -> Result<[String; 3], Error> {
        let wallet = self.wallet(parties.provider)?;
        let provider = if tx.count_up(&format!("address {} first", wallet.identity())).await? == 1 {
            wallet.first().to_owned()
        } else {
            next(tx, &wallet, Chain::Provider).await?
        };
        let user = next(tx, self.wallet(parties.user)?.as_ref(), Chain::User).await?;
        let revoker = next(tx, self.wallet(parties.revoker)?.as_ref(), Chain::Provider).await?;
        Ok([provider, user, revoker])
    }

    /// The functions that were asked for, rising, each once.
    fn complete(attributes: &mut Attributes) -> Mask {
        let asked = contract::mask(attributes);
        let mask = if asked == Mask::default() { Mask::of(USUAL) } else { asked };
        attributes.set(contract::FUNCTIONS, mask.functions().map(Value::Int).collect());
        attributes.put(contract::MASK, Value::text(mask.hex()));
        attributes.put(contract::RECIPE, Value::text(contract::THE_RECIPE));
        attributes.put(contract::SHARED, Value::Bool(false));
        mask
    }

    /// The record of the creation; its hash is the txid.
    fn record(&self, page: &Page, attributes: &Attributes) -> LedgerRow {
        let text = |attr| attributes.text(attr).unwrap_or_default().to_owned();
        let mut texts = vec![text(contract::STATUS)];
        texts.extend(Part::ALL.iter().flat_map(|part| [text(part.xpub()), text(part.address())]));
        texts.push(text(contract::MASK));
        page.record(self.now, self.id, LedgerEvent::Created, texts)
    }

    async fn attributes(
        &self,
        tx: &mut dyn Write,
        mut attributes: Attributes,
        parties: &Parties<'_>,
    ) -> Result<Attributes, Error> {
        let mask = Self::complete(&mut attributes);
        let standing = standing(parties.provider.id(), parties.user.id(), &mask);
        if tx.holder(contract::STANDING, 0, &key::unique_key(&standing, false)).await?.is_some() {
            return Err(Error::AlreadyExists { parameter: "contract".to_owned() });
        }
        attributes.put(contract::STANDING, Value::text(standing));
        let addresses = self.addresses(tx, parties).await?;
        for (part, address) in Part::ALL.into_iter().zip(addresses) {
            let device = parties.of(part);
            attributes.put(part.device(), Value::Ref(device.reference()));
            let copied = |attr| Value::text(device.attributes().text(attr).unwrap_or_default());
            attributes.put(part.name(), copied(device::NAME));
            attributes.put(part.xpub(), copied(device::XPUB));
            attributes.put(part.address(), Value::text(address));
        }
        if let Some(to) = parties.provider.attributes().reference(device::ORGANIZATION) {
            attributes.put(contract::ORGANIZATION, Value::Ref(to));
        }
        attributes.put(contract::TIMESTAMP, Value::Int(self.now / 1_000));
        State::first(self.settings.contract_approval).put(&mut attributes);
        Ok(attributes)
    }
}

/// The next address of a chain.
async fn next(tx: &mut dyn Write, wallet: &Wallet, chain: Chain) -> Result<String, Error> {
    let counter = format!("address {} {}", wallet.identity(), chain.word());
    let place = tx.count_up(&counter).await? - 1;
    wallet.address(chain, place)
}

/// What no two contracts that stand have both.
pub(super) fn standing(provider: Uuid, user: Uuid, mask: &Mask) -> String {
    format!("{}{}", standing_of(provider, user), mask.hex())
}

/// What every contract that stands between two devices begins with there.
pub(super) fn standing_of(provider: Uuid, user: Uuid) -> String {
    format!("{} {} ", provider.simple(), user.simple())
}

/// The device that the attributes name for a part, as it was locked.
fn party<'d>(locked: &'d [Stored], attributes: &Attributes, part: Part) -> Option<&'d Stored> {
    let id = attributes.reference(part.device())?.id;
    locked.iter().find(|device| device.id() == id)
}

impl Change for CreateContract {
    type Out = Uuid;

    fn action(&self) -> Action {
        Action::of(Verb::Create, Kind::Contract, Some(self.id))
    }

    fn touches(&self) -> &'static [Kind] {
        &[Kind::Contract, Kind::Device]
    }

    async fn run<'t>(&'t self, tx: &'t mut (dyn Write + 't), events: &'t mut Events) -> Result<Uuid, Error> {
        let page = Page::open(tx).await?;
        let mut companions = Companions::default();
        let mut named = Attributes::default();
        apply(tx, &self.given, &mut named, &mut companions).await?;
        let locked = tx.load(&super::devices_of(&named)).await?;
        let missing = |name: &str| Error::reference(name, "expected an existing device");
        let provider = party(&locked, &named, Part::Provider).ok_or_else(|| missing("provider"))?;
        let user = party(&locked, &named, Part::User).ok_or_else(|| missing("user"))?;
        if provider.id() == user.id() {
            return Err(Error::invalid("user", "expected another device than the provider"));
        }
        let revoker = party(&locked, &named, Part::Revoker).unwrap_or(provider);
        let parties = Parties { provider, user, revoker };
        let mut attributes = self.attributes(tx, named, &parties).await?;
        let record = self.record(&page, &attributes);
        attributes.put(contract::TXID, Value::text(hex(&record.hash)));
        if let Some(to) = attributes.reference(contract::ORGANIZATION) {
            for owner in tx.companions(&[to.id]).await? {
                companions.add(owner);
            }
        }
        let valid = by_server(Kind::Contract, attributes);
        let insert =
            Insert { id: self.id, now: self.now, home: provider.home(), valid: &valid, rows: &companions };
        tx.insert(std::slice::from_ref(&insert)).await?;
        tx.append_ledger(&record).await?;
        let made = changes(&Attributes::default(), valid.attributes(), &tx.registry());
        events.succeeded(self.action(), made);
        if State::of(valid.attributes()) == State::Active {
            count(tx, &locked, (1, self.now), events).await?;
        }
        Ok(self.id)
    }
}

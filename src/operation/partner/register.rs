//! Registering a partner (POST `/partners/`): by a client that may, or by whoever holds a one-time code.

use uuid::Uuid;

use crate::audit::coded::partner::NOT_ALLOWED;
use crate::audit::{Action, Events};
use crate::model::kind::partner;
use crate::model::state::{Draft, Given};
use crate::model::{Error, Kind};
use crate::operation::create::Create;
use crate::operation::engine::{Caller, Engine};
use crate::operation::partner::account::Account;
use crate::operation::partner::code::consume;
use crate::operation::perform::Change;
use crate::store::Write;

/// By what somebody may register a partner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// By its grants.
    Grant,
    /// By nothing: partners of this type are not registered by themselves.
    None,
    /// By the code of this hash.
    Code([u8; 32]),
}

/// Makes a partner.
#[derive(Debug)]
pub struct Register {
    create: Create,
    proof: Proof,
    account: Option<Account>,
    now: i64,
}

impl Register {
    /// The registration of `draft` by `caller`, with the account to be made for it.
    pub fn new(
        engine: &Engine,
        caller: &Caller,
        mut draft: Draft,
        proof: Proof,
        account: Option<Account>,
    ) -> Self {
        if let Some(account) = &account {
            let organization = Given::Reference(account.organization.to_string().into());
            draft.given.push((partner::ORGANIZATION, vec![organization]));
        }
        Self { create: Create::new(engine, caller, draft), proof, account, now: engine.world.now() }
    }
}

impl Change for Register {
    type Out = Uuid;

    fn action(&self) -> Action {
        self.create.action()
    }

    fn touches(&self) -> &'static [Kind] {
        if self.account.is_some() { &[Kind::Organization, Kind::Role, Kind::User] } else { &[] }
    }

    async fn run<'t>(&'t self, tx: &'t mut (dyn Write + 't), events: &'t mut Events) -> Result<Uuid, Error> {
        match &self.proof {
            Proof::Grant if tx.bound().is_some() => {
                // A new partner belongs to no organization that the client could be bounded to.
                return Err(Error::not_found(Kind::Partner));
            }
            Proof::Grant => {}
            Proof::None => {
                events.fails_as(&NOT_ALLOWED);
                return Err(Error::conflict("partnerType: partners of this type do not register themselves"));
            }
            // Before anything that could tell what there is.
            Proof::Code(hash) => consume(tx, hash, self.now).await?,
        }
        if let Some(account) = &self.account {
            account.make(tx, events).await?;
        }
        self.create.run(tx, events).await
    }
}

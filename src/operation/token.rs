//! Access tokens: made, looked up by what is presented, revoked by deleting them. Only their hash is kept.
//!
//! A client may make tokens for itself without a grant, signed in with its password: whoever found a token must not
//! be able to make others that outlive it. It may also delete its own ones without a grant.

use std::sync::Arc;

use async_trait::async_trait;
use parking_lot::Mutex;
use uuid::Uuid;

use crate::audit::{Action, Events};
use crate::model::kind::token;
use crate::model::state::{Draft, Given};
use crate::model::{Error, Kind, Row, Stored, Value, Verb};
use crate::operation::administer::{Giver, went};
use crate::operation::client::{Client, client};
use crate::operation::create::Create;
use crate::operation::delete::Delete;
use crate::operation::engine::{Caller, Engine, Identity};
use crate::operation::perform::Change;
use crate::operation::update::target;
use crate::store::secret::Secret;
use crate::store::{SharedStore, Source, Touched, Unit, Write};
use crate::world::{World, alphanumeric};

/// What the secret store calls them.
const PURPOSE: &str = "token";
/// How every token begins, so that one that got lost is recognized.
pub const PREFIX: &str = "vlt_";
/// Letters behind the prefix: 256 bits.
const LETTERS: usize = 43;
/// The most tokens of a client.
const MOST: usize = 1_000;
/// How many ended ones a new one clears away.
const CLEARED: usize = 50;
/// How long an ended token is still listed, microseconds.
const LISTED: i64 = 24 * 3_600 * 1_000_000;

/// A fresh token.
pub fn fresh(world: &dyn World) -> String {
    format!("{PREFIX}{}", alphanumeric(world, LETTERS))
}

/// What is kept of a token. It is as random as a hash, so that a slow one would add nothing.
pub fn hash(token: &str) -> [u8; 32] {
    *blake3::hash(token.as_bytes()).as_bytes()
}

/// The client that a token of this hash stands for, and when the token ends; `None` when it is unknown, revoked or
/// ended.
pub async fn holder(store: &SharedStore, hash: &[u8; 32], now: i64) -> Result<Option<(Client, i64)>, Error> {
    let Some(row) = store.secret_subject(PURPOSE, hash, now).await? else { return Ok(None) };
    let Some(stored) = store.by_rows(&[row]).await?.pop() else { return Ok(None) };
    let Some(owner) = stored.attributes().reference(token::CLIENT) else { return Ok(None) };
    let Some(owner) = store.by_id(owner.id).await? else { return Ok(None) };
    Ok(Some((client(&owner)?, token::expires(stored.attributes()))))
}

/// How long tokens may live, microseconds.
#[derive(Debug, Clone, Copy)]
pub struct Lifetimes {
    /// Unless something else is asked for.
    pub usual: i64,
    /// At most.
    pub longest: i64,
}

impl Lifetimes {
    /// When a token made at `now` ends; `asked` is an instant. Error 1 when that is past or too far away; it names
    /// `parameter`.
    pub fn end(self, now: i64, asked: Option<i64>, parameter: &'static str) -> Result<i64, Error> {
        let end = asked.unwrap_or(now + self.usual);
        if end <= now {
            return Err(Error::invalid(parameter, "expected an end that is still to come"));
        }
        if end - now > self.longest {
            let days = self.longest / 86_400_000_000;
            return Err(Error::invalid(parameter, format!("expected an end within {days} days")));
        }
        Ok(end)
    }
}

/// Which token is wanted.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Id or name of the client it is for; the caller itself when `None`.
    pub client: Option<String>,
    /// What it is for.
    pub name: Option<String>,
    /// When it ends, microseconds.
    pub expires: i64,
}

/// Makes a token.
#[derive(Debug)]
pub struct CreateToken {
    create: Create,
    giver: Giver,
    hash: [u8; 32],
    expires: i64,
    now: i64,
    id: Uuid,
    /// Whether it is for the caller itself.
    is_for_self: bool,
    is_by_password: bool,
}

impl CreateToken {
    /// The token of `hash` as `wanted`. Error 1 when it is for nobody.
    pub fn new(engine: &Engine, caller: &Caller, wanted: &Wanted, hash: [u8; 32]) -> Result<Self, Error> {
        let own = caller.identity.client().map(|id| id.to_string());
        let is_for_self = match (&wanted.client, &own) {
            (None, Some(_)) => true,
            (Some(asked), Some(own)) => {
                *asked == caller.scene.client || Uuid::try_parse(asked).is_ok_and(|id| id.to_string() == *own)
            }
            (_, None) => false,
        };
        let owner = if is_for_self { own } else { wanted.client.clone() };
        let owner = owner.ok_or_else(|| Error::invalid("client", "expected the client that it is for"))?;
        let mut given = vec![
            (token::CLIENT, vec![Given::Reference(owner.into())]),
            (token::EXPIRES, vec![Given::Value(Value::Instant(wanted.expires))]),
        ];
        given.extend(
            wanted.name.as_ref().map(|name| (token::NAME, vec![Given::Value(Value::text(name.as_str()))])),
        );
        let id = engine.world.id();
        Ok(Self {
            create: Create::new(engine, caller, Draft { kind: Kind::Token, given }).with_id(id),
            giver: Giver::of(caller),
            hash,
            expires: wanted.expires,
            now: engine.world.now(),
            id,
            is_for_self,
            is_by_password: matches!(caller.identity, Identity::Client(_)),
        })
    }

    /// Takes ended tokens of the client away and sees to it that it does not gather too many.
    async fn clear(&self, tx: &mut dyn Write, client: Row, events: &mut Events) -> Result<(), Error> {
        let source = Source::RefersTo { attr: token::CLIENT, to: vec![client] };
        let hits = tx.scan(&source, None, MOST + 1).await?;
        let oldest: Vec<Uuid> = hits.iter().take(CLEARED).map(|hit| hit.id).collect();
        // Locked, because those that ended are removed: two that only share them would wait for each other.
        let mut ended = tx.load(&oldest).await?;
        ended.retain(|old| token::expires(old.attributes()).saturating_add(LISTED) < self.now);
        if hits.len() - ended.len() > MOST {
            return Err(Error::conflict(format!("a client has at most {MOST} tokens; delete some first")));
        }
        if ended.is_empty() {
            return Ok(());
        }
        tx.remove(&ended).await?;
        went(&ended, events, &tx.registry());
        Ok(())
    }
}

impl Change for CreateToken {
    type Out = Stored;

    fn action(&self) -> Action {
        self.create.action()
    }

    fn touches(&self) -> &'static [Kind] {
        // What is new cannot have been remembered, and what has ended is not used.
        &[]
    }

    fn is_own(&self) -> bool {
        self.is_for_self && self.is_by_password
    }

    async fn run<'t>(
        &'t self,
        tx: &'t mut (dyn Write + 't),
        events: &'t mut Events,
    ) -> Result<Stored, Error> {
        self.create.run(tx, events).await?;
        let made = tx.load(&[self.id]).await?.pop();
        let made = made.ok_or_else(|| Error::internal("an insert returned no entity"))?;
        let owner = made.attributes().reference(token::CLIENT).map(|to| to.id).unwrap_or_default();
        let owner = tx.companions(&[owner]).await?.pop().ok_or_else(|| Error::not_found(Kind::ApiClient))?;
        if !self.is_for_self {
            self.giver.covers(tx, &owner).await?;
        }
        let secret = Secret {
            purpose: PURPOSE,
            hash: &self.hash,
            subject: made.row(),
            expires: self.expires,
            uses: 1,
            tries: 1,
        };
        tx.put_secret(&secret).await?;
        self.clear(tx, owner.row(), events).await?;
        Ok(made)
    }
}

/// Revokes a token: it is gone.
#[derive(Debug)]
pub struct DeleteToken {
    delete: Delete,
    giver: Giver,
    id: Uuid,
    own: Option<Uuid>,
    is_granted: bool,
}

impl DeleteToken {
    /// Does `delete`, which is about the token `id`.
    pub fn new(caller: &Caller, id: Uuid, delete: Delete) -> Self {
        let is_granted = caller.grants.allow(Verb::Delete, Kind::Token);
        Self { delete, giver: Giver::of(caller), id, own: caller.identity.client(), is_granted }
    }
}

impl Change for DeleteToken {
    type Out = Vec<Uuid>;

    fn action(&self) -> Action {
        self.delete.action()
    }

    fn touches(&self) -> &'static [Kind] {
        &[Kind::Token]
    }

    fn is_own(&self) -> bool {
        self.own.is_some()
    }

    async fn run<'t>(
        &'t self,
        tx: &'t mut (dyn Write + 't),
        events: &'t mut Events,
    ) -> Result<Vec<Uuid>, Error> {
        let forbidden = || Error::Forbidden { verb: Verb::Delete.name(), kind: Kind::Token.name() };
        let owner = |found: &Stored| found.attributes().reference(token::CLIENT).map(|to| to.id);
        let found = target(tx, Kind::Token, self.id).await;
        let is_own = found.as_ref().is_ok_and(|found| self.own.is_some() && owner(found) == self.own);
        if !is_own && !self.is_granted {
            // Whether there is such a token of somebody else is not told.
            return Err(forbidden());
        }
        let found = found?;
        if !is_own
            && let Some(owner) = owner(&found)
            && let Some(owner) = tx.companions(&[owner]).await?.pop()
        {
            self.giver.covers(tx, &owner).await?;
        }
        self.delete.run(tx, events).await
    }
}

struct Mark {
    hash: [u8; 32],
    until: i64,
    is_first: Mutex<bool>,
}

#[async_trait]
impl Unit for Mark {
    async fn run(&self, tx: &mut dyn Write) -> Result<Touched, Error> {
        let secret =
            Secret { purpose: "jwt", hash: &self.hash, subject: 0, expires: self.until, uses: 1, tries: 1 };
        *self.is_first.lock() = tx.put_secret_once(&secret).await?;
        Ok(Touched::default())
    }

    async fn refused(&self, _tx: &mut dyn Write, _error: &Error) -> Result<(), Error> {
        Ok(())
    }
}

/// Notes the mark of a token that may be used once, until it ends; false when it was noted before, on any node.
pub async fn first_use(store: &SharedStore, hash: [u8; 32], until: i64) -> Result<bool, Error> {
    let unit = Arc::new(Mark { hash, until, is_first: Mutex::new(false) });
    store.transact(Arc::clone(&unit) as Arc<dyn Unit>).await?;
    let is_first = *unit.is_first.lock();
    Ok(is_first)
}

struct Sweep(i64);

#[async_trait]
impl Unit for Sweep {
    async fn run(&self, tx: &mut dyn Write) -> Result<Touched, Error> {
        tx.drop_expired_secrets(self.0).await?;
        Ok(Touched::default())
    }

    async fn refused(&self, _tx: &mut dyn Write, _error: &Error) -> Result<(), Error> {
        Ok(())
    }
}

/// Forgets secrets that have ended: they are not good any more, and would only gather.
pub async fn sweep(store: &SharedStore, now: i64) -> Result<(), Error> {
    store.transact(Arc::new(Sweep(now))).await
}

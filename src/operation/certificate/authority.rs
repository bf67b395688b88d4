//! Uploading certificates of authorities: self-signed ones become anchors of their domain, others must be issued by one
//! that the domain trusts already, or that comes along.

use uuid::Uuid;

use crate::audit::event::changes;
use crate::audit::{Action, Events};
use crate::crypto::certificate::{self as crypto, Certificate};
use crate::model::kind::certificate;
use crate::model::rules::Companions;
use crate::model::{Attributes, Error, Kind, Stored};
use crate::operation::certificate::trust::{authorities, held};
use crate::operation::certificate::{Place, Upload, described};
use crate::operation::engine::Engine;
use crate::operation::perform::Change;
use crate::store::{Insert, Replace, Write};

/// What lets nobody else upload authorities meanwhile, so that none stands twice.
const LOCK: &str = "certificates";

/// Takes certificates of authorities into a domain.
#[derive(Debug)]
pub struct UploadAuthorities {
    /// Each with the id it gets if it is new.
    read: Vec<(Uuid, Certificate)>,
    domain: String,
    now: i64,
}

impl UploadAuthorities {
    /// An upload of `data` for `domain`; error 1 where it holds no certificates.
    pub fn new(engine: &Engine, data: &str, domain: &str) -> Result<Self, Error> {
        let mut read = crypto::read(data)?;
        // An anchor may come behind what it vouches for.
        read.sort_by_key(|found| !found.is_self_issued);
        let read = read.into_iter().map(|found| (engine.world.id(), found)).collect();
        Ok(Self { read, domain: domain.to_owned(), now: engine.world.now() })
    }

    /// Error 1 unless the domain, with what came before in the same upload, vouches for it.
    async fn judge(&self, tx: &mut dyn Write, found: &Certificate) -> Result<(), Error> {
        let mut issuers = Vec::new();
        if !found.is_self_issued {
            for stored in authorities(tx, &self.domain, &found.issuer).await? {
                issuers.push(held(&stored)?);
            }
        }
        crypto::issued(found, &issuers, self.now)
    }

    /// Keeps it; one that is there already is only uploaded again.
    async fn keep(
        &self,
        tx: &mut dyn Write,
        (id, found): &(Uuid, Certificate),
        events: &mut Events,
    ) -> Result<Uuid, Error> {
        let place = if found.is_self_issued { Place::Anchor } else { Place::Intermediate };
        let valid = described(found, place, &self.domain, self.now);
        let print = found.thumbprint();
        let same = |known: &Stored| known.attributes().text(certificate::THUMBPRINT) == Some(print.as_str());
        let known = authorities(tx, &self.domain, &found.subject).await?.into_iter().find(same);
        let none = Companions::default();
        let (before, stored) = if let Some(known) = known {
            // Held for a change now.
            let old = tx.load(&[known.id()]).await?.pop().unwrap_or(known);
            let change = Replace { old: &old, now: self.now, home: None, valid: &valid, rows: &none };
            (old.attributes().clone(), tx.replace(&change).await?)
        } else {
            let insert = Insert { id: *id, now: self.now, home: None, valid: &valid, rows: &none };
            let stored = tx.insert(std::slice::from_ref(&insert)).await?.pop();
            (Attributes::default(), stored.ok_or_else(|| Error::internal("an insert returned no entity"))?)
        };
        let action = Upload::Authority.action(Some(stored.id()));
        events.succeeded(action, changes(&before, stored.attributes(), &tx.registry()));
        Ok(stored.id())
    }
}

impl Change for UploadAuthorities {
    type Out = Vec<Uuid>;

    fn action(&self) -> Action {
        Upload::Authority.action(None)
    }

    fn touches(&self) -> &'static [Kind] {
        &[]
    }

    async fn run<'t>(
        &'t self,
        tx: &'t mut (dyn Write + 't),
        events: &'t mut Events,
    ) -> Result<Vec<Uuid>, Error> {
        // Whom a domain trusts concerns everybody in it.
        if tx.bound().is_some() {
            return Err(Error::not_found(Kind::Certificate));
        }
        tx.lock(&[LOCK]).await?;
        let mut pending: Vec<&(Uuid, Certificate)> = self.read.iter().collect();
        let mut kept = Vec::new();
        // A bundle has no order: each round takes what the rounds before vouch for.
        while !pending.is_empty() {
            let (mut left, mut problem) = (Vec::new(), None);
            let before = pending.len();
            for entry in pending {
                match self.judge(tx, &entry.1).await {
                    Ok(()) => kept.push(self.keep(tx, entry, events).await?),
                    Err(error) if error.is_ours() => return Err(error),
                    Err(error) => {
                        left.push(entry);
                        problem.get_or_insert(error);
                    }
                }
            }
            if let Some(problem) = problem
                && left.len() == before
            {
                return Err(problem);
            }
            pending = left;
        }
        Ok(kept)
    }
}

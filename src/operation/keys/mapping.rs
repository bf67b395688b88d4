//! Which credentials a partner is given under a policy (POST
//! `/partners/{id}/policies/{policy}/credentialtypes/{type}`), where the partner's type is open to them.

use std::sync::Arc;

use uuid::Uuid;

use crate::audit::coded::partner::NOT_ALLOWED;
use crate::audit::{Action, Events};
use crate::model::kind::credential_type_mapping as mapping;
use crate::model::kind::partner;
use crate::model::rules::Settings;
use crate::model::{Attributes, Error, Kind, Stored, Value, Verb};
use crate::operation::engine::{Caller, Engine};
use crate::operation::keys::ask::{New, insert};
use crate::operation::keys::policy::{addressed, of_partner_committed};
use crate::operation::keys::{Keying, owner, referring};
use crate::operation::perform::Change;
use crate::operation::read;
use crate::store::{Position, Source, Write};

/// Maps a policy to a credential type; again changes nothing.
#[derive(Debug)]
pub struct Map {
    ids: (Uuid, Uuid),
    partner: Uuid,
    policy: String,
    credential: Value,
    client: String,
    now: i64,
    settings: Arc<Settings>,
}

impl Map {
    /// For the partner of that id: the policy of that id or name, to the credential type.
    pub fn new(
        engine: &Engine,
        caller: &Caller,
        partner: Uuid,
        (policy, credential): (String, Value),
    ) -> Self {
        Self {
            ids: (engine.world.id(), engine.world.unordered_id()),
            partner,
            policy,
            credential,
            client: caller.scene.client.clone(),
            now: engine.world.now(),
            settings: Arc::clone(&engine.settings),
        }
    }

    fn is_open_to(&self, partner: &Stored) -> bool {
        let name = partner.attributes().text(partner::TYPE).unwrap_or_default();
        let wanted = self.credential.shown();
        self.settings
            .partner_type(name)
            .is_some_and(|known| known.credential_types.iter().any(|open| *open == *wanted))
    }
}

fn is_same(known: &Stored, policy: &Stored, credential: &Value) -> bool {
    let attributes = known.attributes();
    attributes.reference(mapping::POLICY).is_some_and(|to| to.id == policy.id())
        && attributes.first(mapping::CREDENTIAL_TYPE) == Some(credential)
}

impl Change for Map {
    type Out = Uuid;

    fn action(&self) -> Action {
        Keying::Map.action(None)
    }

    fn touches(&self) -> &'static [Kind] {
        &[]
    }

    async fn run<'t>(&'t self, tx: &'t mut (dyn Write + 't), events: &'t mut Events) -> Result<Uuid, Error> {
        let partner = owner(tx, self.partner, true, events).await?;
        let (policy, _) = addressed(tx, &partner, &self.policy).await?;
        if !self.is_open_to(&partner) {
            events.fails_as(&NOT_ALLOWED);
            return Err(Error::conflict("credentialType: not open to partners of this type"));
        }
        let known = referring(tx, mapping::PARTNER, partner.row()).await?;
        if let Some(same) = known.iter().find(|known| is_same(known, &policy, &self.credential)) {
            events.succeeded(Keying::Map.action(Some(same.id())), Vec::new());
            return Ok(same.id());
        }
        let mut attributes = Attributes::default();
        attributes.put(mapping::PARTNER, Value::Ref(partner.reference()));
        attributes.put(mapping::POLICY, Value::Ref(policy.reference()));
        attributes.put(mapping::CREDENTIAL_TYPE, self.credential.clone());
        let new = New {
            kind: Kind::CredentialTypeMapping,
            ids: self.ids,
            now: self.now,
            client: &self.client,
            settings: &self.settings,
            attributes,
        };
        let (stored, made) = insert(tx, new, &[&partner, &policy]).await?;
        events.succeeded(Keying::Map.action(Some(stored.id())), made);
        Ok(stored.id())
    }
}

/// The mapping that an address names by partner, policy and credential type; error 7 when there is none.
pub async fn find(
    engine: &Engine,
    caller: &Caller,
    [partner, policy, credential_type]: [&str; 3],
) -> Result<Stored, Error> {
    let credential = mapping::parse(credential_type)?;
    caller.grants.require(Verb::Read, Kind::CredentialTypeMapping)?;
    let missing = || Error::not_found(Kind::CredentialTypeMapping);
    let (partner, policy) = owners(engine, caller, partner, policy).await?;
    let source = Source::RefersTo { attr: mapping::PARTNER, to: vec![partner.row()] };
    let mut at: Option<Position> = None;
    loop {
        let page = engine.store.page(&source, at.as_ref(), 500).await?;
        let Some((last, _)) = page.last() else { return Err(missing()) };
        at = Some(last.at.clone());
        let same = |known: &Stored| is_same(known, &policy, &credential);
        if let Some(found) = page.into_iter().filter_map(|(_, entity)| entity).find(same) {
            return Ok(found);
        }
    }
}

/// The partner and its policy that an address names; error 5 when the caller sees no such partner, or that has no such
/// policy.
pub async fn owners(
    engine: &Engine,
    caller: &Caller,
    partner: &str,
    policy: &str,
) -> Result<(Stored, Stored), Error> {
    caller.grants.require(Verb::Read, Kind::Partner)?;
    let unknown = |kind: Kind| Error::ParentNotFound { parameter: kind.name().to_owned() };
    let partner = read::find(engine, caller, Kind::Partner, partner).await.map_err(|error| match error {
        Error::NotFound { .. } => unknown(Kind::Partner),
        other => other,
    })?;
    let policy = of_partner_committed(&engine.store, &partner, policy).await?;
    Ok((partner, policy.ok_or_else(|| unknown(Kind::Policy))?))
}

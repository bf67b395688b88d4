//! Sessions of the JSON interface: 256 random bits in a cookie, of which the secret store keeps a hash under two ends,
//! one that moves with every use and one that does not. A session is good while both are and its user may have it.

use std::sync::Arc;

use async_trait::async_trait;
use moka::sync::Cache;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::audit::chain::hex;
use crate::model::kind::user::{self, Status};
use crate::model::{Error, Kind, Row, Stored};
use crate::operation::assign::link_id;
use crate::operation::device::orchestrator::{Orchestrator, users};
use crate::operation::engine::Engine;
use crate::operation::sign_in::{Proof, may_sign_in};
use crate::store::secret::Secret;
use crate::store::{Touched, Unit, Write};
use crate::world::World;

/// What the secret store calls a session's moving end.
pub const IDLE: &str = "session";
/// What the secret store calls a session's fixed end.
pub const WHOLE: &str = "sessionend";

/// How often at most the moving end is moved, microseconds.
const STEP: i64 = 20_000_000;
/// Sessions whose last move is remembered.
const REMEMBERED: u64 = 100_000;

/// How long sessions live, microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionTimes {
    /// Without a request.
    pub idle: i64,
    /// Whatever happens.
    pub whole: i64,
}

/// The secret of a session; wiped from memory when dropped, and never printed.
pub struct SessionKey(Zeroizing<String>);

impl SessionKey {
    /// A new one from the random source.
    pub fn fresh(world: &dyn World) -> Self {
        let mut bytes = Zeroizing::new([0; 32]);
        world.random(bytes.as_mut());
        Self(Zeroizing::new(hex(bytes.as_ref())))
    }

    /// The one that a cookie shows; `None` for what cannot be one.
    pub fn shown(text: &str) -> Option<Self> {
        let is_key =
            text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        is_key.then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// The secret, for the one answer that sets the cookie.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is kept of it. It is as random as a hash, so that a slow one would add nothing.
    pub fn hash(&self) -> [u8; 32] {
        *blake3::hash(self.0.as_bytes()).as_bytes()
    }
}

impl std::fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SessionKey(…)")
    }
}

/// Which sessions this node has prolonged lately, so that not every request writes.
#[derive(Debug)]
pub struct Sessions(Cache<[u8; 32], i64>);

impl Default for Sessions {
    fn default() -> Self {
        Self(Cache::new(REMEMBERED))
    }
}

/// Something done to the secrets of one session.
enum Step {
    Open { opening: Opening, times: SessionTimes },
    Prolong { idle: i64 },
    Close,
}

/// Whose session is to be opened: the user, its link to the role, and the proof of its password.
struct Opening {
    orchestrator: Orchestrator,
    user: Uuid,
    link: Uuid,
    proof: Proof,
}

impl Opening {
    /// The user's row, if it still is who its password was verified of: since then the password may have become another
    /// one, whose change ended every session there was, or the user may have lost the role.
    async fn still(&self, tx: &mut dyn Write, now: i64) -> Result<Row, Error> {
        let found = tx.load(&[self.user, self.link]).await?;
        let of = |id: Uuid, kind: Kind| found.iter().find(|e| e.id() == id && e.kind() == kind);
        let (user, link) = (of(self.user, Kind::User), of(self.link, Kind::Assignment));
        let (Some(user), Some(_)) = (user, link) else { return Err(Error::WrongPassword) };
        let credential = tx.credential(user.row()).await?;
        let may = may_sign_in(user, now) && users::is_at_home(&self.orchestrator, user);
        if may && self.proof.is_of(credential.as_ref()) { Ok(user.row()) } else { Err(Error::WrongPassword) }
    }
}

struct Stepping {
    hash: [u8; 32],
    step: Step,
    now: i64,
}

#[async_trait]
impl Unit for Stepping {
    async fn run(&self, tx: &mut dyn Write) -> Result<Touched, Error> {
        match &self.step {
            Step::Open { opening, times } => {
                let subject = opening.still(tx, self.now).await?;
                for (purpose, span) in [(IDLE, times.idle.min(times.whole)), (WHOLE, times.whole)] {
                    let expires = self.now.saturating_add(span);
                    let secret = Secret { purpose, hash: &self.hash, subject, expires, uses: 1, tries: 1 };
                    tx.put_secret(&secret).await?;
                }
            }
            Step::Prolong { idle } => {
                let span = (self.now, self.now.saturating_add(*idle));
                tx.prolong_session(IDLE, &self.hash, span).await?;
            }
            Step::Close => {
                for purpose in [IDLE, WHOLE] {
                    tx.consume_secret(purpose, &self.hash, self.now).await?;
                }
            }
        }
        Ok(Touched::default())
    }

    async fn refused(&self, _tx: &mut dyn Write, _error: &Error) -> Result<(), Error> {
        Ok(())
    }
}

async fn perform(engine: &Engine, hash: [u8; 32], step: Step) -> Result<(), Error> {
    let now = engine.world.now();
    engine.store.transact(Arc::new(Stepping { hash, step, now })).await
}

/// Opens a session for the user who showed this proof. [`Error::WrongPassword`] when meanwhile its password is another
/// one, it may not sign in, or it lacks the role.
pub async fn open(
    engine: &Engine,
    orchestrator: &Orchestrator,
    (user, proof): (Uuid, Proof),
    key: &SessionKey,
    times: SessionTimes,
) -> Result<(), Error> {
    let role = orchestrator.role(engine).await?.ok_or(Error::WrongPassword)?;
    let opening = Opening { orchestrator: orchestrator.clone(), user, link: link_id(user, role.id()), proof };
    perform(engine, key.hash(), Step::Open { opening, times }).await
}

/// Ends a session; one that is not open stays so.
pub async fn close(engine: &Engine, key: &SessionKey) -> Result<(), Error> {
    perform(engine, key.hash(), Step::Close).await
}

/// Whether the sessions of a user go on. They outlive a lock: it is about passwords, and whoever knows a login could
/// end every session of its user by wrong ones.
fn goes_on(user: &Stored, now: i64) -> bool {
    let status = Status::at(user.attributes(), now);
    matches!(status, Status::Enabled | Status::Locked) && user.attributes().flag(user::PASSWORD_ACTIVE)
}

/// The user of an open session, whose moving end is moved. `None` when it is not open, or its user may not have it any
/// more; then it ends for good, so that it does not come back with what the user lost.
pub async fn user_of(
    engine: &Engine,
    orchestrator: &Orchestrator,
    (sessions, times): (&Sessions, SessionTimes),
    key: &SessionKey,
) -> Result<Option<Stored>, Error> {
    let (hash, now) = (key.hash(), engine.world.now());
    let Some(row) = engine.store.secret_subject(IDLE, &hash, now).await? else { return Ok(None) };
    if engine.store.secret_subject(WHOLE, &hash, now).await? != Some(row) {
        return Ok(None);
    }
    let Some(found) = engine.store.by_rows(&[row]).await?.pop() else { return Ok(None) };
    if !goes_on(&found, now) || !users::is_user(engine, orchestrator, &found).await? {
        close(engine, key).await?;
        return Ok(None);
    }
    if sessions.0.get(&hash).is_none_or(|moved| now.saturating_sub(moved) >= STEP) {
        sessions.0.insert(hash, now);
        perform(engine, hash, Step::Prolong { idle: times.idle }).await?;
    }
    Ok(Some(found))
}

/// Ends every session of a user within a transaction: its password is another one.
pub async fn close_all(tx: &mut dyn Write, user: Row) -> Result<(), Error> {
    tx.drop_secrets(IDLE, user).await?;
    tx.drop_secrets(WHOLE, user).await
}

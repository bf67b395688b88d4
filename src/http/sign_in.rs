//! POST `/users/{id}/authenticate`: a user's password is checked for a single sign-on. The road of one attempt: its
//! turn, a place among those that may still be wrong, exactly one verification, settlement.
//!
//! Every kind of no is the same answer after the same work, but for the refusals of a locked user, which are unverified
//! so that a flood costs nothing.

use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpResponse;
use uuid::Uuid;

use crate::auth::origin::Origin;
use crate::auth::password::{Verifier, VerifyError};
use crate::auth::turns::Turns;
use crate::http::answer::document;
use crate::http::change::Request;
use crate::http::dialect::Operation;
use crate::http::failure::Failure;
use crate::http::service::Service;
use crate::model::kind::user::Status;
use crate::model::password::Password;
use crate::model::{Error, Kind, Verb};
use crate::operation::sign_in::{Proof, Reserved, SignIn, Verified, release, reserve};
use crate::operation::update::Precondition;
use crate::operation::{Caller, Engine, perform, read, refuse};

/// How long an attempt waits for its turn or for a place before it is answered 503.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often it asks for a place that attempts on other nodes hold.
const PAUSE: Duration = Duration::from_millis(25);

/// One attempt, apart from the request: it is settled even when its client hangs up.
struct Attempt {
    engine: Engine,
    verifier: Arc<Verifier>,
    turns: Turns,
    caller: Caller,
    id: Uuid,
    precondition: Precondition,
    password: Password,
}

/// What came of an attempt.
pub(super) enum Outcome {
    /// The user is let in, by this proof.
    In(Proof),
    /// Not; that is recorded already.
    Counted,
    /// Not, and nothing was verified.
    Barred,
}

impl Attempt {
    async fn make(self) -> Result<Outcome, Error> {
        let waited = || Error::unavailable("too many attempts on one user are waiting");
        let turn = tokio::time::timeout(PATIENCE, self.turns.take(self.id)).await.map_err(|_| waited())?;
        if self.is_locked().await? {
            return Ok(Outcome::Barred);
        }
        let place = tokio::time::timeout(PATIENCE, self.place()).await.unwrap_or_else(|_| Err(waited()));
        let phc = match place {
            Ok(Some(phc)) => phc,
            Ok(None) => return Ok(Outcome::Barred),
            Err(error) => {
                // An id that nobody has is told from a wrong password by the answer, not by the time.
                self.verify(None).await?;
                return Err(error);
            }
        };
        let verified = match self.verified(phc.clone()).await {
            Ok(verified) => verified,
            Err(error) => {
                release(&self.engine, self.id).await?;
                return Err(error);
            }
        };
        let proof = Proof::of(phc, &verified);
        let sign_in = SignIn::new(&self.engine, self.id, verified);
        let outcome = match perform(&self.engine, &self.caller, sign_in).await {
            Ok(outcome) => outcome,
            Err(error) => {
                release(&self.engine, self.id).await?;
                return Err(error);
            }
        };
        drop(turn);
        Ok(if outcome { Outcome::In(proof) } else { Outcome::Counted })
    }

    /// Whether the user is seen to be locked without asking for a place; not looked at for callers or conditions that
    /// might have to be told something else.
    async fn is_locked(&self) -> Result<bool, Error> {
        if self.caller.within.is_some() || self.precondition != Precondition::None {
            return Ok(false);
        }
        let user = self.engine.store.by_id(self.id).await?.filter(|user| user.kind() == Kind::User);
        let now = self.engine.world.now();
        Ok(user.is_some_and(|user| Status::at(user.attributes(), now) == Status::Locked))
    }

    /// The hash to verify against, once there is a place; `None` when the user is barred.
    async fn place(&self) -> Result<Option<Option<String>>, Error> {
        loop {
            match reserve(&self.engine, &self.caller, self.id, &self.precondition).await? {
                Reserved::Place(phc) => return Ok(Some(phc)),
                Reserved::Barred => return Ok(None),
                Reserved::Full => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    async fn verified(&self, phc: Option<String>) -> Result<Verified, Error> {
        let right = self.verify(phc.as_deref()).await?;
        let Some(phc) = phc.filter(|phc| right && !self.verifier.is_current(phc)) else {
            return Ok(Verified { right, renewal: None });
        };
        // A hash that cannot be made now is made at another success.
        let renewed = self.verifier.hash(self.password.expose().clone()).await.ok();
        Ok(Verified { right, renewal: renewed.map(|new| (phc, new)) })
    }

    /// Exactly one verification.
    async fn verify(&self, phc: Option<&str>) -> Result<bool, Error> {
        let password = || self.password.expose().clone();
        let outcome = match self.verifier.verify(password(), phc).await {
            Err(VerifyError::UnusableHash(part)) => {
                tracing::error!(user = %self.id, part, "the stored password hash cannot be used; the user is refused");
                self.verifier.verify(password(), None).await
            }
            outcome => outcome,
        };
        outcome.map_err(|error| match error {
            VerifyError::Busy => Error::unavailable("the password verifier is busy"),
            other => Error::internal(format!("a password verification broke: {other}")),
        })
    }
}

/// An origin as failed attempts on a user are counted under; never that of an API client's.
fn of_user(origin: &str, id: Uuid) -> String {
    format!("{origin} user {id}")
}

/// The user whose attempts were counted under this origin, and the origin itself.
pub fn counted_user(source: &str) -> Option<(&str, Uuid)> {
    let (origin, id) = source.split_once(" user ")?;
    Some((origin, Uuid::try_parse(id).ok()?))
}

/// One attempt on a user's password, counted like every one. Error 7 where the caller knows no such user, after the same
/// work.
pub(super) async fn attempt(
    service: &Service,
    caller: Caller,
    (id, precondition): (Uuid, Precondition),
    password: Password,
) -> Result<Outcome, Error> {
    let attempt = Attempt {
        engine: service.engine.clone(),
        verifier: Arc::clone(&service.verifier),
        turns: service.turns.clone(),
        caller,
        id,
        precondition,
        password,
    };
    let outcome = tokio::spawn(attempt.make()).await;
    outcome.unwrap_or_else(|_| Err(Error::internal("an attempt to sign in broke off")))
}

/// Records an attempt that was refused unverified, singly or as one of a count; the answer to it.
pub(super) async fn barred(service: &Service, caller: &Caller, id: Uuid) -> Error {
    let scene = &caller.scene;
    let origin = scene.source.parse().map_or_else(|_| scene.source.clone(), |at| Origin::of(at).to_string());
    let now = service.engine.world.now();
    if !service.flood.failed(&scene.client, &of_user(&origin, id), now) {
        return Error::WrongPassword;
    }
    refuse(&service.engine, caller, SignIn::of(Some(id)), Error::WrongPassword).await
}

impl Request<'_> {
    /// Checks a user's password and answers the user.
    pub(super) async fn authenticate(&mut self) -> Result<HttpResponse, Failure> {
        let operation = Operation::Authenticate;
        let password = match self.arguments.take_one("pwd") {
            Ok(Some(password)) if !password.is_empty() => Password::new(password),
            Ok(_) => {
                return Err(self.refused(operation, Error::invalid("pwd", "expected the password")).await);
            }
            Err(error) => return Err(self.refused(operation, error).await),
        };
        let id = self.prepared(operation, Kind::User).await?;
        let caller = self.caller.clone();
        match attempt(self.service, caller, (id, self.precondition.clone()), password).await {
            Ok(Outcome::In(_)) => self.signed_in(id).await,
            Ok(Outcome::Counted) => Err(Error::WrongPassword.into()),
            Ok(Outcome::Barred) => Err(barred(self.service, self.caller, id).await.into()),
            Err(error) => Err(self.refused(operation, error).await),
        }
    }

    /// Whether a password is the user's, asked in passing by another operation; counted like every attempt.
    pub(super) async fn is_right(
        &self,
        caller: Caller,
        id: Uuid,
        password: &Password,
    ) -> Result<bool, Error> {
        let outcome = attempt(self.service, caller, (id, Precondition::None), password.clone()).await?;
        Ok(matches!(outcome, Outcome::In(_)))
    }

    async fn signed_in(&self, id: Uuid) -> Result<HttpResponse, Failure> {
        let engine = &self.service.engine;
        let user = engine.store.by_id(id).await?.ok_or_else(|| Error::not_found(Kind::User))?;
        let (users, _, names) = read::with_names(engine, self.caller, vec![user], false).await?;
        let user = users.first().ok_or_else(|| Error::not_found(Kind::User))?;
        let permitted = user.permit(Verb::Authenticate, &self.caller.grants)?;
        Ok(document(self.echo.entity(&permitted.visible(&engine.registry(), &names))))
    }
}

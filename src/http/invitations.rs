//! Requests about invitations, invited users and workflows: arguments to a change, and its answer.
//!
//! Accepting and declining are doors for people without an account: their token is the credential, so nothing that
//! is answered to a bad one may depend on what there is.

use actix_web::HttpResponse;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::http::arguments::{Arguments, MOST_VALUES, given};
use crate::http::change::Request;
use crate::http::dialect::Operation;
use crate::http::failure::Failure;
use crate::http::identify::challenge;
use crate::http::params::shortened;
use crate::model::kind::user;
use crate::model::password::Password;
use crate::model::state::{Draft, Given};
use crate::model::{AttrId, Error, Grants, Kind, Verb};
use crate::operation::invitation::answer::{Answer, Proof, Who, with_login};
use crate::operation::invitation::decide::Decide;
use crate::operation::invitation::invite_user::{InviteUser, Reinvite};
use crate::operation::invitation::person::Person;
use crate::operation::invitation::step::{Resend, Withdraw};
use crate::operation::invitation::token;
use crate::operation::invitation::{Inviting, Offer};
use crate::operation::update::Precondition;
use crate::operation::{Caller, perform};

/// What somebody who accepts may say of himself.
const PERSON: [&str; 5] = ["login", "firstname", "surname", "mobile", "locale"];

/// What was said when an invitation is answered.
struct Said {
    token: Option<Zeroizing<String>>,
    user: Option<Uuid>,
    login: Option<String>,
    person: Vec<(AttrId, Vec<Given>)>,
    password: Option<Password>,
}

impl Request<'_> {
    /// Performs the change and answers what it touched.
    pub(super) async fn invitation(mut self, asked: Inviting) -> Result<HttpResponse, Failure> {
        let operation = Operation::Invitation(asked);
        let (engine, precondition) = (&self.service.engine.clone(), self.precondition.clone());
        match asked {
            Inviting::Accept(offer) => self.answer_invitation(operation, offer, true).await,
            Inviting::Decline(offer) => self.answer_invitation(operation, offer, false).await,
            Inviting::Resend(offer) => {
                let id = self.prepared(operation, offer.kind()).await?;
                let id = perform(engine, self.caller, Resend::new(engine, offer, id, precondition)).await?;
                Ok(self.echo.ids(offer.kind(), &[id]))
            }
            Inviting::Withdraw(offer) => {
                let id = self.prepared(operation, offer.kind()).await?;
                let id = perform(engine, self.caller, Withdraw::new(engine, offer, id, precondition)).await?;
                Ok(self.echo.ids(offer.kind(), &[id]))
            }
            Inviting::InviteUser => self.invite_user(operation).await,
            Inviting::Reinvite => {
                let id = self.prepared(operation, Kind::User).await?;
                let change = Reinvite::new(engine, self.caller, id, precondition);
                let (id, email) = perform(engine, self.caller, change).await?;
                Ok(self.echo.reinvited(id, &email))
            }
            Inviting::Decide(approve) => {
                let id = self.prepared(operation, Kind::Workflow).await?;
                let change = Decide::new(engine, self.caller, (id, approve), precondition);
                let id = perform(engine, self.caller, change).await?;
                Ok(self.echo.ids(Kind::Workflow, &[id]))
            }
        }
    }

    async fn answer_invitation(
        &mut self,
        operation: Operation,
        offer: Offer,
        accept: bool,
    ) -> Result<HttpResponse, Failure> {
        let arguments = std::mem::take(&mut self.arguments);
        let said = match self.said(arguments, accept).await {
            Ok(said) => said,
            Err(error) => return Err(self.refused(operation, error).await),
        };
        let proof = match &said.token {
            Some(token) => Proof::Token(token::hash(token)),
            None if self.caller.is_visitor() => return Err(challenge(self.service, false)),
            None => {
                self.granted(operation).await?;
                Proof::Grant
            }
        };
        let id = match proof {
            Proof::Grant => self.id(operation, offer.kind(), 0).await?,
            // What is no id is no invitation, and answered as one that the token is not for.
            Proof::Token(_) => {
                self.keys.first().and_then(|key| Uuid::try_parse(key).ok()).unwrap_or_default()
            }
        };
        let who = if accept { Some(self.who(operation, offer, said).await?) } else { None };
        let caller = bearer(self.caller, proof, offer)?;
        let engine = &self.service.engine;
        let change = Answer::new(engine, &caller, (offer, id), proof, who).only_if(self.precondition.clone());
        let id = perform(engine, &caller, change).await?;
        Ok(self.echo.ids(offer.kind(), &[id]))
    }

    async fn said(&self, mut arguments: Arguments, accept: bool) -> Result<Said, Error> {
        let token = arguments.take_one("token")?.map(Zeroizing::new);
        if token.as_ref().is_some_and(|token| token.is_empty()) {
            return Err(Error::invalid("token", "expected the token of the invitation"));
        }
        let allowed = |name: &str| accept && (PERSON.contains(&name) || matches!(name, "pwd" | "user"));
        if let Some((name, _)) = arguments.named.iter().find(|(name, _)| !allowed(name)) {
            return Err(Error::invalid(shortened(name), "this operation has no such parameter"));
        }
        let user = match arguments.take_one("user")? {
            None => None,
            Some(_) if self.caller.is_visitor() => {
                return Err(Error::invalid("user", "only a client can name the user who accepts"));
            }
            Some(_) if token.is_some() => {
                return Err(Error::invalid("user", "who shows a token accepts in its own name"));
            }
            // What is no id is nobody's.
            Some(text) => Some(Uuid::try_parse(&text).unwrap_or_default()),
        };
        let password = arguments.take_one("pwd")?.map(Password::new);
        let login = arguments.named.iter().find(|(name, _)| name == "login");
        let login = login.and_then(|(_, values)| values.first().cloned());
        let person = given(&self.service.engine, Kind::User, arguments, true).await?;
        if user.is_some() && (password.is_some() || !person.is_empty()) {
            return Err(Error::invalid("user", "excludes what would describe somebody new"));
        }
        Ok(Said { token, user, login, person, password })
    }

    /// Who accepts. A password is hashed or verified whatever the token is worth, so that time does not tell.
    async fn who(&self, operation: Operation, offer: Offer, said: Said) -> Result<Who, Failure> {
        if let Some(user) = said.user {
            return Ok(Who::User(user));
        }
        if let (Offer::Mandate, Some(login), Some(password)) = (offer, &said.login, &said.password)
            && let Some(user) = with_login(&self.service.engine, login).await?
        {
            let right = self.is_own(offer, said.token.as_ref(), (user, password)).await;
            return match right {
                Ok(true) => Ok(Who::User(user)),
                Ok(false) => Ok(Who::Unproven),
                Err(error) => Err(self.refused(operation, error).await),
            };
        }
        // A password that is in use already need not fit the policy for new ones.
        if let Some(password) = &said.password
            && let Err(error) = password.check(&self.service.engine.settings.password)
        {
            return Err(self.refused(operation, error).await);
        }
        let credential = self.credential(operation, said.password.as_ref()).await?;
        Ok(Who::Invited(Box::new(Person { given: said.person, password: said.password, credential })))
    }

    /// Whether the password is the user's own. Wrong ones count, and lock the user; so only who holds a token that is
    /// good may try, or a client that may check passwords.
    async fn is_own(
        &self,
        offer: Offer,
        token: Option<&Zeroizing<String>>,
        (user, password): (Uuid, &Password),
    ) -> Result<bool, Error> {
        let engine = &self.service.engine;
        let Some(token) = token else {
            self.caller.grants.require(Verb::Authenticate, Kind::User)?;
            return self.is_right(self.caller.clone(), user, password).await;
        };
        let hash = token::hash(token);
        let subject = engine.store.secret_subject(offer.purpose(), &hash, engine.world.now()).await?;
        let id = self.keys.first().and_then(|key| Uuid::try_parse(key).ok()).unwrap_or_default();
        let invitation = engine.store.by_id(id).await?;
        if subject.is_none() || subject != invitation.map(|invitation| invitation.row()) {
            // The same work as for a good one.
            let done = self.service.verifier.verify(password.expose().clone(), None).await;
            return done.map(|_| false).map_err(|error| Error::unavailable(format!("verifying: {error}")));
        }
        let grants = Grants::parse(["authenticate:user"])?;
        let holder = Caller { grants, within: None, ..self.caller.clone() };
        self.is_right(holder, user, password).await
    }

    async fn invite_user(&mut self, operation: Operation) -> Result<HttpResponse, Failure> {
        let arguments = std::mem::take(&mut self.arguments);
        let (draft, offer) = match self.invited(arguments).await {
            Ok(read) => read,
            Err(error) => return Err(self.refused(operation, error).await),
        };
        self.granted(operation).await?;
        // There is no version yet that could match.
        if matches!(self.precondition, Precondition::OneOf(_)) {
            return Err(self.refused(operation, Error::Precondition).await);
        }
        let engine = &self.service.engine;
        let change = InviteUser::new(engine, self.caller, draft, offer);
        self.answering(change, Kind::User, |id| vec![*id]).await
    }

    async fn invited(&self, mut arguments: Arguments) -> Result<(Draft, Vec<(AttrId, Vec<Given>)>), Error> {
        let roles = arguments.take("role");
        if roles.len() > MOST_VALUES {
            return Err(Error::invalid("role", format!("expected at most {MOST_VALUES} values")));
        }
        let mut offer = Arguments { from_query: arguments.from_query, ..Arguments::default() };
        for name in ["inviter", "message"] {
            if let Some(value) = arguments.take_one(name)? {
                offer.named.push((name.to_owned(), vec![value]));
            }
        }
        if !roles.is_empty() {
            offer.named.push(("role".to_owned(), roles));
        }
        let offer = given(&self.service.engine, Kind::RoleInvitation, offer, true).await?;
        let draft = given(&self.service.engine, Kind::User, arguments, true).await?;
        let has = |attr| draft.iter().any(|(given, values)| *given == attr && !values.is_empty());
        for (attr, name) in [(user::STATUS, "status"), (user::PASSWORD_ACTIVE, "pwd.activated")] {
            if has(attr) {
                return Err(Error::invalid(name, "follows from the invitation"));
            }
        }
        if !has(user::EMAIL) {
            return Err(Error::invalid("email", "mandatory and must not be empty"));
        }
        Ok((Draft { kind: Kind::User, given: draft }, offer))
    }
}

/// Who acts in the change: with a token whoever holds it, whatever a client that hands it on may do itself.
fn bearer(caller: &Caller, proof: Proof, offer: Offer) -> Result<Caller, Error> {
    if proof == Proof::Grant {
        return Ok(caller.clone());
    }
    let word = format!("invite:{}", offer.kind().name());
    let grants = Grants::parse([word.as_str()])?;
    Ok(Caller { grants, within: None, ..caller.clone() })
}

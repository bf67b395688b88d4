//! Registering a partner, and asking for the one-time code with which somebody without an account may.
//!
//! Whoever shows a code is let in by it and by nothing else, whatever credentials come with it; an API client that may
//! make partners needs none. Nothing that is answered to a bad code depends on what there is.

use std::time::Duration;

use actix_web::HttpResponse;
use zeroize::Zeroizing;

use crate::http::arguments::given;
use crate::http::change::Request;
use crate::http::dialect::Operation;
use crate::http::failure::Failure;
use crate::http::identify::challenge;
use crate::http::params::shortened;
use crate::model::kind::partner;
use crate::model::letter::{Letter, LetterKind, check_address};
use crate::model::password::Password;
use crate::model::rules::check_given;
use crate::model::state::{Draft, Given};
use crate::model::value::Syntax;
use crate::model::{AttrId, Error, Grants, Kind};
use crate::operation::partner::Partnering;
use crate::operation::partner::account::{Account, Login};
use crate::operation::partner::code::{Address, AskCode, Asked, Code, LIFETIME, try_one};
use crate::operation::partner::register::{Proof, Register};
use crate::operation::update::Precondition;
use crate::operation::{Caller, perform};

type Fields = Vec<(AttrId, Vec<Given>)>;

/// What was said when a partner registers.
struct Said {
    given: Fields,
    login: Option<(String, Password)>,
    /// Whether partners of its type may register themselves.
    is_open: bool,
}

fn text_of(given: &Fields, attr: AttrId) -> String {
    let value = given.iter().find(|(known, _)| *known == attr).and_then(|(_, values)| values.first());
    match value {
        Some(Given::Value(value)) => value.as_text().unwrap_or_default().to_owned(),
        Some(Given::Reference(_)) | None => String::new(),
    }
}

impl Request<'_> {
    /// POST `/partners/`.
    pub(super) async fn register_partner(&mut self) -> Result<HttpResponse, Failure> {
        let operation = Operation::Partner(Partnering::Register);
        let otp = self.arguments.take_one("otp").map(|otp| otp.map(Zeroizing::new));
        if matches!(otp, Ok(None)) && self.caller.is_visitor() {
            return Err(challenge(self.service, false));
        }
        let code = otp.and_then(|otp| otp.map(|otp| Code::shown(otp.to_string())).transpose());
        let read = match (code, self.said_of_partner().await) {
            (Ok(code), Ok(said)) => Ok((code, said)),
            (Err(error), _) | (_, Err(error)) => Err(error),
        };
        let (code, said) = match read {
            Ok(read) => read,
            Err(error) => return Err(self.refused(operation, error).await),
        };
        if code.is_none() {
            self.granted(operation).await?;
        }
        // There is no version yet that could match.
        if matches!(self.precondition, Precondition::OneOf(_)) {
            return Err(self.refused(operation, Error::Precondition).await);
        }
        let proof = match code {
            None => Proof::Grant,
            Some(_) if !said.is_open => Proof::None,
            Some(code) => {
                let engine = &self.service.engine;
                let address = Address::of(engine, &text_of(&said.given, partner::EMAIL));
                if let Err(error) = try_one(engine, address).await {
                    return Err(self.refused(operation, error).await);
                }
                Proof::Code(address.hash_of(&code))
            }
        };
        self.registered(operation, said, proof).await
    }

    async fn registered(
        &self,
        operation: Operation,
        said: Said,
        proof: Proof,
    ) -> Result<HttpResponse, Failure> {
        let engine = &self.service.engine;
        let caller = match proof {
            Proof::Grant => self.caller.clone(),
            // Who acts is whoever holds the code, whatever a client that hands it on may do itself.
            Proof::Code(_) | Proof::None => {
                Caller { grants: Grants::parse(["create:partner"])?, within: None, ..self.caller.clone() }
            }
        };
        let account = match said.login {
            // It is refused whatever the password.
            Some(_) if proof == Proof::None => None,
            Some((login, password)) => {
                let credential = self.credential(operation, Some(&password)).await?;
                let name = text_of(&said.given, partner::ORGANIZATION_NAME);
                let email = text_of(&said.given, partner::EMAIL);
                let login = Login { login, password, credential };
                Some(Account::new(engine, &caller, (&name, &email), login))
            }
            None => None,
        };
        let draft = Draft { kind: Kind::Partner, given: said.given };
        let register = Register::new(engine, &caller, draft, proof, account);
        let request = Request {
            service: self.service,
            caller: &caller,
            keys: Vec::new(),
            arguments: crate::http::arguments::Arguments::default(),
            precondition: Precondition::None,
            echo: self.echo.clone(),
        };
        request.answering(register, Kind::Partner, |id| vec![*id]).await
    }

    async fn said_of_partner(&mut self) -> Result<Said, Error> {
        let settings = &self.service.engine.settings;
        let login = self.arguments.take_one("login")?;
        let password = self.arguments.take_one("pwd")?.map(Password::new);
        let login = match (login, password) {
            (Some(login), Some(password)) => {
                let syntax = Syntax::Text { max: 255, ignore_case: true };
                syntax.parse(&login).map_err(|expected| Error::invalid("login", expected))?;
                if login.trim().is_empty() {
                    return Err(Error::invalid("login", "expected the login of the partner's user"));
                }
                password.check(&settings.password)?;
                Some((login, password))
            }
            (Some(_), None) => return Err(Error::invalid("pwd", "expected the password of the login")),
            (None, Some(_)) => return Err(Error::invalid("login", "expected the login of the password")),
            (None, None) => None,
        };
        let arguments = std::mem::take(&mut self.arguments);
        let given = given(&self.service.engine, Kind::Partner, arguments, true).await?;
        check_given(Kind::Partner, &given, true)?;
        let is_open = partner::type_of(settings, &given)?.self_registration;
        Ok(Said { given, login, is_open })
    }

    /// POST `/partners/otp`: the same answer whatever there is under the address.
    pub(super) async fn ask_partner_code(&mut self) -> Result<HttpResponse, Failure> {
        let operation = Operation::Partner(Partnering::AskCode);
        let email = match self.asked_address() {
            Ok(email) => email,
            Err(error) => return Err(self.refused(operation, error).await),
        };
        let Some(courier) = &self.service.courier else {
            let error = Error::conflict("emailId: no mail server is configured that could carry the code");
            return Err(self.refused(operation, error).await);
        };
        let engine = &self.service.engine;
        let code = Code::fresh(engine.world.as_ref());
        let mut letter = Letter::new(LetterKind::OneTimeCode, email.as_str());
        letter.code = Some(code.text().to_owned());
        letter.expires = Some(engine.world.now().saturating_add(LIFETIME));
        let written = engine.letters.write(&letter)?;
        let address = Address::of(engine, &email);
        match perform(engine, self.caller, AskCode::new(engine, address, &code)).await? {
            Asked::Made => {
                courier.carry(email, written);
                Ok(self.echo.ids(Kind::Partner, &[]))
            }
            Asked::TooMany(until) => {
                let wait = until.saturating_sub(engine.world.now());
                Err(Failure::Throttled(Duration::from_micros(u64::try_from(wait).unwrap_or_default())))
            }
        }
    }

    fn asked_address(&mut self) -> Result<String, Error> {
        let email = self.arguments.take_one("emailId")?.filter(|email| !email.is_empty());
        if let Some((name, _)) = self.arguments.named.first() {
            return Err(Error::invalid(shortened(name), "this operation has no such parameter"));
        }
        let email =
            email.ok_or_else(|| Error::invalid("emailId", "expected the address to send a code to"))?;
        check_address("emailId", &email)?;
        Ok(email)
    }
}

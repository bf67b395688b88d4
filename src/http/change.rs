//! Requests that change something: arguments to a change, the change performed, and its answer. What is refused
//! before a change could begin is recorded too.

use actix_web::HttpResponse;
use uuid::Uuid;

use crate::audit::Action;
use crate::http::answer::Echo;
use crate::http::arguments::{Arguments, MOST_VALUES, given};
use crate::http::dialect::Operation;
use crate::http::failure::Failure;
use crate::http::service::Service;
use crate::model::kind::user;
use crate::model::password::Password;
use crate::model::rules::check_given;
use crate::model::state::{Draft, Given, Patch};
use crate::model::{AttrId, Error, Kind, Value, Verb};
use crate::operation::assign::Assign;
use crate::operation::create::Create;
use crate::operation::delete::Delete;
use crate::operation::digit::import::ImportMasters;
use crate::operation::force_password_change::ForcePasswordChange;
use crate::operation::move_organization::MoveOrganization;
use crate::operation::move_user::MoveUser;
use crate::operation::revoke::TakeStep;
use crate::operation::sign_in::SignIn;
use crate::operation::update::{Precondition, Update};
use crate::operation::{Caller, Change, perform, perform_kept, read, refuse};
use crate::store::Credential;

/// A request for a change, understood as far as HTTP goes.
pub struct Request<'a> {
    /// The service.
    pub service: &'a Service,
    /// Who asks.
    pub caller: &'a Caller,
    /// The decoded segments that stand for `{}` in the address.
    pub keys: Vec<String>,
    /// Its arguments.
    pub arguments: Arguments,
    /// Its precondition.
    pub precondition: Precondition,
    /// Its echo.
    pub echo: Echo,
}

/// The action of a changing operation; `None` for reads.
pub fn action(operation: Operation) -> Option<Action> {
    let (verb, kind) = match operation {
        Operation::Create(kind, _) => (Verb::Create, kind),
        Operation::Update(kind) => (Verb::Update, kind),
        Operation::Delete(kind) => (Verb::Delete, kind),
        Operation::Step(_, step) => return Some(step.action(None)),
        Operation::Invitation(asked) => return Some(asked.action(None)),
        Operation::Partner(asked) => return Some(asked.action(None)),
        Operation::Key(asked) => return Some(asked.action(None)),
        Operation::Policy(asked) => return Some(asked.action(None)),
        Operation::Upload(asked) => return Some(asked.action(None)),
        Operation::MoveOrganization => {
            return Some(Action { word: "MOVE", ..Action::of(Verb::Update, Kind::Organization, None) });
        }
        Operation::ResetClient => {
            return Some(Action { word: "RESET", ..Action::of(Verb::Update, Kind::ApiClient, None) });
        }
        Operation::ImportMasters => return Some(ImportMasters::of()),
        Operation::Misp(step) => return step.action(None),
        Operation::Contract(step) => return step.action(None),
        Operation::Authenticate => return Some(SignIn::of(None)),
        Operation::ForcePasswordChange => return Some(ForcePasswordChange::of(None)),
        Operation::MoveUser => return Some(MoveUser::of(None)),
        Operation::Assign(true) => (Verb::Create, Kind::Assignment),
        Operation::Assign(false) => (Verb::Delete, Kind::Assignment),
        Operation::Delegate => (Verb::Create, Kind::Delegation),
        Operation::List(..)
        | Operation::Get(_)
        | Operation::GetOf(_)
        | Operation::EffectiveRoles
        | Operation::Authorize
        | Operation::CertificateOfPartner
        | Operation::ListRows(_)
        | Operation::GetRow(_) => return None,
    };
    Some(Action::of(verb, kind, None))
}

/// The kind that a read is about.
pub fn read_kind(operation: Operation) -> Kind {
    match operation {
        Operation::List(kind, _)
        | Operation::Get(kind)
        | Operation::GetOf(kind)
        | Operation::ListRows(kind)
        | Operation::GetRow(kind) => kind,
        Operation::Misp(_) => Kind::LicenseKey,
        Operation::Contract(_) => Kind::Contract,
        Operation::EffectiveRoles => Kind::Role,
        Operation::Authorize => Kind::Action,
        Operation::CertificateOfPartner => Kind::Certificate,
        _ => Kind::AuditEvent,
    }
}

/// The entity a changing request is about, as far as its address names one by id.
pub fn target(operation: Operation, keys: &[String]) -> Option<Uuid> {
    let creates = match operation {
        Operation::Create(..) | Operation::Delegate | Operation::Upload(_) | Operation::ImportMasters => true,
        Operation::Partner(asked) => !asked.is_about_named(),
        // The address of a licence key names its MISP.
        Operation::Misp(step) => step.action(None).is_some_and(|action| action.kind == Kind::LicenseKey),
        Operation::Key(asked) => !asked.is_about_named(),
        _ => false,
    };
    keys.first().filter(|_| !creates).and_then(|key| Uuid::try_parse(key).ok())
}

impl Request<'_> {
    /// Performs the change and answers what it touched.
    pub async fn answer(mut self, operation: Operation) -> Result<HttpResponse, Failure> {
        match operation {
            Operation::Create(Kind::AttributeDefinition, _)
            | Operation::Update(Kind::AttributeDefinition)
            | Operation::Delete(Kind::AttributeDefinition) => self.definition(operation).await,
            Operation::Create(Kind::ApiClient, _) => self.create_client(operation).await,
            Operation::Update(Kind::ApiClient) => self.update_client(operation).await,
            Operation::Delete(Kind::ApiClient) => self.delete_client(operation).await,
            Operation::ResetClient => self.reset_client(operation).await,
            Operation::Create(Kind::Token, _) => self.create_token(operation).await,
            Operation::Delete(Kind::Token) => self.delete_token(operation).await,
            Operation::Create(Kind::Misp, _) => self.register_misp(operation).await,
            Operation::Update(Kind::Misp) => self.update_misp(operation).await,
            Operation::Misp(step) => self.misp(step).await,
            Operation::Create(Kind::Policy, _) => self.create_policy(operation).await,
            Operation::Update(Kind::Policy) => self.update_policy(operation).await,
            Operation::Update(Kind::PolicyGroup) => self.update_policy_group(operation).await,
            Operation::Create(Kind::Device, _) => self.enrol_device(operation).await,
            Operation::Create(Kind::Contract, _) => self.create_contract(operation).await,
            Operation::Contract(step) => self.advance_contract(step).await,
            Operation::Create(kind, _) if self.arguments.several.is_some() => self.create_several(kind).await,
            Operation::Create(kind, below) => self.create(kind, below).await,
            Operation::Update(kind) => self.update(kind).await,
            Operation::Delete(kind) => self.delete(kind).await,
            Operation::Step(kind, step) => {
                let id = self.prepared(operation, kind).await?;
                let step = TakeStep::new(&self.service.engine, step, id, self.precondition.clone());
                let step = step.by(self.caller);
                let id = perform(&self.service.engine, self.caller, step).await?;
                Ok(self.echo.ids(kind, &[id]))
            }
            Operation::Invitation(asked) => self.invitation(asked).await,
            Operation::Partner(asked) => self.partner(asked).await,
            Operation::Key(asked) => self.key(asked).await,
            Operation::Policy(asked) => self.policy_step(asked).await,
            Operation::Upload(asked) => self.upload_certificate(asked).await,
            Operation::ImportMasters => self.import_masters(operation).await,
            Operation::MoveOrganization => self.move_organization().await,
            Operation::Authenticate => self.authenticate().await,
            Operation::ForcePasswordChange => self.force_password_change().await,
            Operation::MoveUser => self.move_user().await,
            Operation::Assign(give) => self.assign(give).await,
            Operation::Delegate => self.delegate().await,
            Operation::List(..)
            | Operation::Get(_)
            | Operation::GetOf(_)
            | Operation::EffectiveRoles
            | Operation::Authorize
            | Operation::CertificateOfPartner
            | Operation::ListRows(_)
            | Operation::GetRow(_) => Err(Error::internal("a read came the way of a change").into()),
        }
    }

    /// Records that the change was refused before it could begin.
    pub(super) async fn refused(&self, operation: Operation, error: Error) -> Failure {
        let Some(action) = action(operation) else { return error.into() };
        let target = target(operation, &self.keys);
        refuse(&self.service.engine, self.caller, Action { target, ..action }, error).await.into()
    }

    /// Error 3 before anything is looked up.
    pub(super) async fn granted(&self, operation: Operation) -> Result<(), Failure> {
        let Some(action) = action(operation) else { return Ok(()) };
        match self.caller.grants.require(action.verb, action.kind) {
            Ok(()) => Ok(()),
            Err(error) => Err(self.refused(operation, error).await),
        }
    }

    /// The id that a key of the address names.
    pub(super) async fn id(&self, operation: Operation, kind: Kind, place: usize) -> Result<Uuid, Failure> {
        let key = self.keys.get(place).map(String::as_str).unwrap_or_default();
        // A UUID need not be looked up: the change itself does, in its transaction.
        if let Ok(id) = Uuid::try_parse(key) {
            return Ok(id);
        }
        match read::find(&self.service.engine, self.caller, kind, key).await {
            Ok(found) => Ok(found.id()),
            Err(error) => Err(self.refused(operation, error).await),
        }
    }

    /// The id of the owner of a sub-collection, which the change itself looks for; error 5 when a key names none.
    pub(super) async fn owner_id(&self, operation: Operation, kind: Kind) -> Result<Uuid, Failure> {
        let key = self.keys.first().map(String::as_str).unwrap_or_default();
        if let Ok(id) = Uuid::try_parse(key) {
            return Ok(id);
        }
        match read::find(&self.service.engine, self.caller, kind, key).await {
            Ok(found) => Ok(found.id()),
            Err(Error::NotFound { kind }) => {
                let error = Error::ParentNotFound { parameter: kind.to_owned() };
                Err(self.refused(operation, error).await)
            }
            Err(error) => Err(self.refused(operation, error).await),
        }
    }

    /// The target of a change without arguments.
    pub(super) async fn prepared(&mut self, operation: Operation, kind: Kind) -> Result<Uuid, Failure> {
        self.no_arguments(operation).await?;
        self.granted(operation).await?;
        self.id(operation, kind, 0).await
    }

    pub(super) async fn no_arguments(&self, operation: Operation) -> Result<(), Failure> {
        match self.arguments.named.first() {
            None => Ok(()),
            Some((name, _)) => {
                let error = Error::invalid(name.as_str(), "this operation has no such parameter");
                Err(self.refused(operation, error).await)
            }
        }
    }

    pub(super) async fn create(&mut self, kind: Kind, below: bool) -> Result<HttpResponse, Failure> {
        let operation = Operation::Create(kind, below);
        let owner = if below { self.keys.first().cloned() } else { None };
        let read = self.draft(kind, owner.as_deref()).await;
        let (draft, password, roles) = match read {
            Ok(read) => read,
            Err(error) => return Err(self.refused(operation, error).await),
        };
        self.granted(operation).await?;
        if let Some(owner) = owner {
            self.owner(operation, &owner).await?;
        }
        // There is no version yet that could match.
        if matches!(self.precondition, Precondition::OneOf(_)) {
            return Err(self.refused(operation, Error::Precondition).await);
        }
        let credential = self.credential(operation, password.as_ref()).await?;
        let create = Create::new(&self.service.engine, self.caller, draft)
            .with_credential(credential)
            .judging(password)
            .assigning(roles.into_iter().map(Into::into).collect());
        self.answering(create, kind, |id| vec![*id]).await
    }

    /// Performs a change and answers the ids that it touched as the list of `kind`.
    pub async fn answering<C: Change>(
        &self,
        change: C,
        kind: Kind,
        ids: fn(&C::Out) -> Vec<Uuid>,
    ) -> Result<HttpResponse, Failure> {
        let out = self.performed(change, kind, ids).await?;
        Ok(self.echo.ids(kind, &ids(&out)))
    }

    /// Performs a change. Its ids, as the list of `kind`, are what a repetition of the request is answered: an
    /// operation that shows a secret calls this and writes its own answer.
    pub async fn performed<C: Change>(
        &self,
        change: C,
        kind: Kind,
        ids: fn(&C::Out) -> Vec<Uuid>,
    ) -> Result<C::Out, Failure> {
        let echo = self.echo.clone();
        let render = move |out: &C::Out| Some(echo.kept_ids(kind, &ids(out)));
        Ok(perform_kept(&self.service.engine, self.caller, change, render).await?)
    }

    /// Error 5 unless the organization that owns a sub-collection exists.
    async fn owner(&self, operation: Operation, key: &str) -> Result<(), Failure> {
        match read::find(&self.service.engine, self.caller, Kind::Organization, key).await {
            Ok(_) => Ok(()),
            Err(Error::NotFound { kind }) => {
                let error = Error::ParentNotFound { parameter: kind.to_owned() };
                Err(self.refused(operation, error).await)
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn draft(&mut self, kind: Kind, owner: Option<&str>) -> Result<Read, Error> {
        let mut arguments = std::mem::take(&mut self.arguments);
        let (password, roles) = self.own(kind, &mut arguments, true)?;
        let mut given = given(&self.service.engine, kind, arguments, true).await?;
        if let Some(owner) = owner {
            if given.iter().any(|(attr, _)| *attr == user::HOME) {
                return Err(Error::invalid("organizationId", "the address names the organization already"));
            }
            given.push((user::HOME, vec![Given::Reference(owner.into())]));
        }
        activate(&mut given, kind, password.is_some());
        check_given(kind, &given, true)?;
        Ok((Draft { kind, given }, password, roles))
    }

    /// Takes a user's own parameters out: the password, checked by the policy, and roles to assign.
    pub(super) fn own(
        &self,
        kind: Kind,
        arguments: &mut Arguments,
        creating: bool,
    ) -> Result<(Option<Password>, Vec<String>), Error> {
        if kind != Kind::User {
            return Ok((None, Vec::new()));
        }
        let password = arguments.take_one("pwd")?.map(Password::new);
        if let Some(password) = &password {
            password.check(&self.service.engine.settings.password)?;
        }
        let roles = if creating { arguments.take("role") } else { Vec::new() };
        if roles.len() > MOST_VALUES {
            return Err(Error::invalid("role", format!("expected at most {MOST_VALUES} values")));
        }
        Ok((password, roles))
    }

    pub(super) async fn credential(
        &self,
        operation: Operation,
        password: Option<&Password>,
    ) -> Result<Option<Credential>, Failure> {
        let Some(password) = password else { return Ok(None) };
        match self.service.verifier.hash(password.expose().clone()).await {
            Ok(phc) => Ok(Some(Credential { phc, set: self.service.engine.world.now() })),
            Err(error) => {
                let error = Error::unavailable(format!("hashing: {error}"));
                Err(self.refused(operation, error).await)
            }
        }
    }

    async fn update(&mut self, kind: Kind) -> Result<HttpResponse, Failure> {
        let operation = Operation::Update(kind);
        let arguments = std::mem::take(&mut self.arguments);
        let (patch, password) = match self.patch(kind, arguments).await {
            Ok(read) => read,
            Err(error) => return Err(self.refused(operation, error).await),
        };
        self.granted(operation).await?;
        let id = self.id(operation, kind, 0).await?;
        let credential = self.credential(operation, password.as_ref()).await?;
        let update = Update::new(&self.service.engine, self.caller, id, patch)
            .only_if(self.precondition.clone())
            .with_credential(credential)
            .judging(password);
        let id = perform(&self.service.engine, self.caller, update).await?;
        Ok(self.echo.ids(kind, &[id]))
    }

    async fn patch(&self, kind: Kind, mut arguments: Arguments) -> Result<(Patch, Option<Password>), Error> {
        let (password, _) = self.own(kind, &mut arguments, false)?;
        let given = given(&self.service.engine, kind, arguments, false).await?;
        check_given(kind, &given, false)?;
        Ok((Patch { kind, given }, password))
    }

    async fn delete(&mut self, kind: Kind) -> Result<HttpResponse, Failure> {
        let operation = Operation::Delete(kind);
        let recursive = match self.recursive(kind) {
            Ok(recursive) => recursive,
            Err(error) => return Err(self.refused(operation, error).await),
        };
        let id = self.prepared(operation, kind).await?;
        let delete = Delete::new(&self.service.engine, kind, id, recursive, self.precondition.clone());
        let gone = perform(&self.service.engine, self.caller, delete).await?;
        Ok(self.echo.ids(kind, &gone))
    }

    fn recursive(&mut self, kind: Kind) -> Result<bool, Error> {
        if kind != Kind::Organization {
            return Ok(false);
        }
        match self.arguments.take_one("recursive")?.as_deref() {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(Error::invalid("recursive", "expected true or false")),
        }
    }

    async fn move_organization(&mut self) -> Result<HttpResponse, Failure> {
        let operation = Operation::MoveOrganization;
        let parent = match self.arguments.take_one("parentOrganizationId") {
            Ok(Some(parent)) if !parent.is_empty() => parent,
            Ok(_) => {
                let error = Error::invalid("parentOrganizationId", "expected the id of an organization");
                return Err(self.refused(operation, error).await);
            }
            Err(error) => return Err(self.refused(operation, error).await),
        };
        let id = self.prepared(operation, Kind::Organization).await?;
        let change =
            MoveOrganization::new(&self.service.engine, id, parent.into(), self.precondition.clone());
        let id = perform(&self.service.engine, self.caller, change).await?;
        Ok(self.echo.ids(Kind::Organization, &[id]))
    }

    async fn force_password_change(&mut self) -> Result<HttpResponse, Failure> {
        let id = self.prepared(Operation::ForcePasswordChange, Kind::User).await?;
        let change = ForcePasswordChange::new(&self.service.engine, id, self.precondition.clone());
        perform(&self.service.engine, self.caller, change).await?;
        Ok(HttpResponse::NoContent().finish())
    }

    async fn move_user(&mut self) -> Result<HttpResponse, Failure> {
        let operation = Operation::MoveUser;
        let home = match self.new_home() {
            Ok(home) => home,
            Err(error) => return Err(self.refused(operation, error).await),
        };
        let id = self.prepared(operation, Kind::User).await?;
        let change = MoveUser::new(&self.service.engine, id, home.into(), self.precondition.clone());
        let id = perform(&self.service.engine, self.caller, change).await?;
        Ok(self.echo.ids(Kind::User, &[id]))
    }

    /// The home organization under either of its names.
    fn new_home(&mut self) -> Result<String, Error> {
        let given = [self.arguments.take_one("organizationId")?, self.arguments.take_one("organization")?];
        match given {
            [Some(home), None] | [None, Some(home)] if !home.is_empty() => Ok(home),
            [Some(_), Some(_)] => Err(Error::invalid("organization", "the home organization is given twice")),
            _ => Err(Error::invalid("organizationId", "expected the id or entity name of an organization")),
        }
    }

    async fn assign(&mut self, give: bool) -> Result<HttpResponse, Failure> {
        let operation = Operation::Assign(give);
        let user = self.prepared(operation, Kind::User).await?;
        let role = self.id(operation, Kind::Role, 1).await?;
        let change = Assign::new(&self.service.engine, (user, role), give, self.precondition.clone());
        let change = change.by(self.caller);
        perform(&self.service.engine, self.caller, change).await?;
        Ok(self.echo.ids(Kind::Role, &[role]))
    }
}

type Read = (Draft, Option<Password>, Vec<String>);

/// A password that is set may be used, unless the client says otherwise.
fn activate(given: &mut Vec<(AttrId, Vec<Given>)>, kind: Kind, with_password: bool) {
    let said = given.iter().any(|(attr, _)| *attr == user::PASSWORD_ACTIVE);
    if kind == Kind::User && with_password && !said {
        given.push((user::PASSWORD_ACTIVE, vec![Given::Value(Value::Bool(true))]));
    }
}

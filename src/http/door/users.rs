//! `/users`: the users of the interface.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde::Serialize;
use uuid::Uuid;

use crate::audit::Action;
use crate::http::door::said::{self, NO_SUCH_USER, Said, USER_EXISTS};
use crate::http::door::{Visit, read};
use crate::model::kind::user;
use crate::model::password::Password;
use crate::model::state::{Given, Patch};
use crate::model::{Error, Kind, Stored, Value, Verb};
use crate::operation::delete::Delete;
use crate::operation::device::orchestrator::users::{all, named};
use crate::operation::perform;
use crate::operation::update::{Precondition, Update};

/// A user as it is shown.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown<'a> {
    id: Uuid,
    user_id: &'a str,
}

fn shown(user: &Stored) -> Shown<'_> {
    Shown { id: user.id(), user_id: user.attributes().text(user::LOGIN).unwrap_or_default() }
}

/// What an operation's refusal is called here.
fn told(error: Error) -> Said {
    match error {
        Error::AlreadyExists { .. } => USER_EXISTS,
        Error::NotFound { .. } => NO_SUCH_USER,
        other => other.into(),
    }
}

impl Visit<'_> {
    /// GET `/users`.
    pub(super) async fn users(&self) -> Result<HttpResponse, Said> {
        let users = all(&self.service.engine, self.orchestrator()?).await?;
        Ok(said::json(StatusCode::OK, &users.iter().map(shown).collect::<Vec<_>>()))
    }

    /// POST `/users`.
    pub(super) async fn create_user(&self, body: &[u8]) -> Result<HttpResponse, Said> {
        let (login, create) = self.creation(&self.caller, body).await?;
        let id = perform(&self.service.engine, &self.caller, create).await.map_err(told)?;
        Ok(said::json(StatusCode::CREATED, &Shown { id, user_id: &login }))
    }

    /// The user that the address names.
    async fn named_user(&self, action: Action) -> Result<Stored, Said> {
        match named(&self.service.engine, self.orchestrator()?, &self.key).await? {
            Some(user) => Ok(user),
            None => Err(self.refused(action, NO_SUCH_USER).await),
        }
    }

    /// PUT `/users/{}`: another login, another password, or both. Another password ends every session of the user.
    pub(super) async fn update_user(&self, body: &[u8]) -> Result<HttpResponse, Said> {
        let action = Action::of(Verb::Update, Kind::User, None);
        let (login, password) = self.understood(action, self.changed_user(body)).await?;
        let user = self.named_user(action).await?;
        let engine = &self.service.engine;
        let credential = match &password {
            Some(password) => Some(self.hashed(password).await?),
            None => None,
        };
        let login = login.map(|login| (user::LOGIN, vec![Given::Value(Value::text(login.as_str()))]));
        let patch = Patch { kind: Kind::User, given: login.into_iter().collect() };
        let update =
            Update::new(engine, &self.caller, user.id(), patch).with_credential(credential).judging(password);
        let id = perform(engine, &self.caller, update).await.map_err(told)?;
        let now = engine.store.by_id(id).await?.ok_or(NO_SUCH_USER)?;
        Ok(said::json(StatusCode::OK, &shown(&now)))
    }

    fn changed_user(&self, body: &[u8]) -> Result<(Option<String>, Option<Password>), Said> {
        let mut fields = read::object(body, &["userId", "password"])?;
        let login = read::optional(&mut fields, "userId")?;
        if login.as_ref().is_some_and(|login| login.chars().count() > 255) {
            return Err(Said::bad("userId: expected at most 255 characters"));
        }
        let password = read::optional(&mut fields, "password")?.map(Password::new);
        if let Some(password) = &password {
            password.check(&self.service.engine.settings.password)?;
        }
        if login.is_none() && password.is_none() {
            return Err(Said::bad("Body must hold userId, password or both"));
        }
        Ok((login, password))
    }

    /// DELETE `/users/{}`: gone.
    pub(super) async fn delete_user(&self) -> Result<HttpResponse, Said> {
        let user = self.named_user(Action::of(Verb::Delete, Kind::User, None)).await?;
        let engine = &self.service.engine;
        let delete = Delete::new(engine, Kind::User, user.id(), false, Precondition::None);
        perform(engine, &self.caller, delete).await.map_err(told)?;
        Ok(said::empty(StatusCode::GONE))
    }
}

//! The account of a partner that registers with `login` and `pwd`: an organization of the partner's name below the
//! root, with the role `Partner`, and a user there that holds it.

use uuid::Uuid;

use crate::audit::Events;
use crate::model::kind::{organization, role, user};
use crate::model::password::Password;
use crate::model::state::{Draft, Given};
use crate::model::{AttrId, Error, Kind, Value, key};
use crate::operation::assign::link;
use crate::operation::create::{Create, add_roles};
use crate::operation::engine::{Caller, Engine};
use crate::operation::perform::Change;
use crate::store::{Credential, Write};

/// The role that lets a user act for the partner of the role's organization.
pub const ROLE: &str = "Partner";

/// What a partner signs in with.
#[derive(Debug)]
pub struct Login {
    /// The login of its user.
    pub login: String,
    /// The password, checked by the policy.
    pub password: Password,
    /// Its hash.
    pub credential: Option<Credential>,
}

/// An account that is to be made.
#[derive(Debug)]
pub struct Account {
    /// The id of its organization.
    pub organization: Uuid,
    user: Uuid,
    role: Uuid,
    now: i64,
    make_organization: Create,
    make_user: Create,
}

fn said(attr: AttrId, text: &str) -> (AttrId, Vec<Given>) {
    (attr, vec![Given::Value(Value::text(text))])
}

impl Account {
    /// The account of the partner called `name` with this e-mail address.
    pub fn new(engine: &Engine, caller: &Caller, (name, email): (&str, &str), login: Login) -> Self {
        let [organization, user, role] = [(); 3].map(|()| engine.world.id());
        let given = vec![said(organization::TECHNICAL_NAME, name), said(organization::FRIENDLY_NAME, name)];
        let make_organization = Create::new(engine, caller, Draft { kind: Kind::Organization, given });
        let home = Given::Reference(organization.to_string().into());
        let given = vec![
            said(user::LOGIN, &login.login),
            said(user::EMAIL, email),
            (user::HOME, vec![home]),
            (user::PASSWORD_ACTIVE, vec![Given::Value(Value::Bool(true))]),
        ];
        let make_user = Create::new(engine, caller, Draft { kind: Kind::User, given })
            .with_id(user)
            .with_credential(login.credential)
            .judging(Some(login.password));
        let make_organization = make_organization.with_id(organization);
        Self { organization, user, role, now: engine.world.now(), make_organization, make_user }
    }

    /// Makes it. Error 4 when the name or the login is taken.
    pub async fn make(&self, tx: &mut dyn Write, events: &mut Events) -> Result<(), Error> {
        self.make_organization.run(tx, events).await.map_err(of_partner)?;
        let missing = || Error::internal("what was just made is gone");
        let home = tx.load(&[self.organization]).await?.pop().ok_or_else(missing)?;
        let name = ROLE.to_owned();
        add_roles(tx, &home, std::iter::once((&name, &self.role)), self.now, events).await?;
        // The organization's class may have brought a role of this name.
        let row =
            tx.holder(role::NAME, home.row(), &key::unique_key(ROLE, false)).await?.ok_or_else(missing)?;
        let role = tx.load_rows(&[row]).await?.pop().ok_or_else(missing)?;
        self.make_user.run(tx, events).await?;
        let user = tx.load(&[self.user]).await?.pop().ok_or_else(missing)?;
        link(tx, &user, &role, self.now, events).await
    }
}

/// What is wrong with the organization is wrong with the name of the partner.
fn of_partner(error: Error) -> Error {
    let name = || "organizationName".to_owned();
    match error {
        Error::AlreadyExists { parameter } if parameter == "technicalName" => {
            Error::AlreadyExists { parameter: name() }
        }
        Error::Invalid { parameter, expected } if parameter == "technicalName" => {
            Error::Invalid { parameter: name(), expected }
        }
        other => other,
    }
}

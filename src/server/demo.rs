//! Sample data of `serve --demo`: a small association world with the ids that the seed's curl lines use, so that
//! they work as printed. Loaded once; entities that exist already are left as they are.

use uuid::{Uuid, uuid};

use crate::http::service::Service;
use crate::model::kind::{mandate, organization, role, role_invitation, user};
use crate::model::state::{Draft, Given};
use crate::model::{AttrId, Error, Kind, Value};
use crate::operation::assign::Assign;
use crate::operation::create::Create;
use crate::operation::setup;
use crate::operation::update::Precondition;
use crate::operation::{Caller, perform};

const COMPANY: Uuid = uuid!("d9cbed24-d3b7-4611-ae8f-f0327eb60a48");
const TEST_ORGANIZATION: Uuid = uuid!("27e326f1-b6ad-46a6-917f-1c3c377c73ee");
const MANDATER: Uuid = uuid!("eb74ea0e-06f3-4575-aea0-13538e167e5f");
const NETWORK: Uuid = uuid!("5b2a3c1d-7e6f-4a59-8b0c-1d2e3f405162");
const BRANCH: Uuid = uuid!("6c3b4d2e-8f70-4b6a-9c1d-2e3f40516273");
const TEST_USER: Uuid = uuid!("08a644dc-e6b4-4079-a636-5f378d876ee8");
const ANNA: Uuid = uuid!("1f0d7c52-9a3e-4b86-8c71-2d4e6f8091a3");
const BERTIL: Uuid = uuid!("2a1e8d63-ab4f-4c97-9d82-3e5f708192b4");
const SIGNATORY: Uuid = uuid!("283cee64-2b42-4052-906a-9fa683829312");
const ADMINISTRATOR: Uuid = uuid!("394dff75-3c53-4163-817b-a0b794930423");
const REVIEWER: Uuid = uuid!("4a5e0086-4d64-4274-928c-b1c8a5a41534");
const MANDATE: Uuid = uuid!("e8bba13e-e965-4042-af70-2b51d59359a2");
const MANDATE_TO_COMPANY: Uuid = uuid!("f9ccb24f-fa76-4153-b081-3c62e6a46ab3");
const INVITATION: Uuid = uuid!("7d4c5e3f-9081-4c7b-ad2e-3f4051627384");
const INVITATION_BY_MAIL: Uuid = uuid!("8e5d6f40-a192-4d8c-be3f-405162738495");

/// The setting that says that the sample data was loaded: what somebody deletes of it stays deleted.
const LOADED: &str = "demo-loaded";

type Fields = Vec<(AttrId, Vec<Given>)>;

fn text(attr: AttrId, value: &str) -> (AttrId, Vec<Given>) {
    (attr, vec![Given::Value(Value::text(value))])
}

fn to(attr: AttrId, id: Uuid) -> (AttrId, Vec<Given>) {
    (attr, vec![Given::Reference(id.to_string().into())])
}

fn organizations() -> Vec<(Uuid, Fields)> {
    let one = |id, technical, friendly, parent: Option<Uuid>| {
        let mut fields =
            vec![text(organization::TECHNICAL_NAME, technical), text(organization::FRIENDLY_NAME, friendly)];
        fields.extend(parent.map(|parent| to(organization::PARENT, parent)));
        (id, fields)
    };
    let mut network = one(NETWORK, "partner-network", "Partner Network", None);
    network.1.push((organization::VIRTUAL, vec![Given::Value(Value::Bool(true))]));
    let mut member = one(TEST_ORGANIZATION, "7654321-2", "Test Organization", None);
    member.1.push(to(organization::MEMBERSHIPS, NETWORK));
    vec![
        network,
        one(COMPANY, "1234567-1", "Esimerkki Oy", None),
        one(BRANCH, "espoo", "Esimerkki Oy Espoo", Some(COMPANY)),
        member,
        one(MANDATER, "2345678-9", "Valtuuttaja Oy", None),
    ]
}

fn users() -> Vec<(Uuid, Fields)> {
    let one = |id, names: [&str; 3], email, home| {
        let [login, first, last] = names;
        let fields = vec![
            text(user::LOGIN, login),
            text(user::FIRSTNAME, first),
            text(user::SURNAME, last),
            text(user::EMAIL, email),
            to(user::HOME, home),
        ];
        (id, fields)
    };
    let mut first = one(TEST_USER, ["firstname.lastname", "Test", "User"], "test.user@example.org", COMPANY);
    first.1.push(text(Kind::User.own_attr(4), "010199-1234"));
    first.1.push(text(Kind::User.own_attr(8), "+0123456789"));
    vec![
        first,
        one(ANNA, ["anna.virtanen", "Anna", "Virtanen"], "anna.virtanen@example.org", BRANCH),
        one(
            BERTIL,
            ["bertil.korhonen", "Bertil", "Korhonen"],
            "bertil.korhonen@example.org",
            TEST_ORGANIZATION,
        ),
    ]
}

fn roles() -> Vec<(Uuid, Fields)> {
    let one = |id, name, owner| (id, vec![text(role::NAME, name), to(role::ORGANIZATION, owner)]);
    vec![
        one(SIGNATORY, "Signatory", MANDATER),
        one(ADMINISTRATOR, "Administrator", COMPANY),
        one(REVIEWER, "Reviewer", TEST_ORGANIZATION),
    ]
}

fn mandates() -> Vec<(Uuid, Fields)> {
    let one = |id, from, onto| {
        (id, vec![to(mandate::MANDATER, from), to(mandate::MANDATEE, onto), to(mandate::ROLE, SIGNATORY)])
    };
    vec![one(MANDATE, MANDATER, TEST_USER), one(MANDATE_TO_COMPANY, MANDATER, COMPANY)]
}

fn invitations() -> Vec<(Uuid, Fields)> {
    vec![
        (INVITATION, vec![to(role_invitation::USER, TEST_USER), to(role_invitation::ROLE, REVIEWER)]),
        (
            INVITATION_BY_MAIL,
            vec![text(role_invitation::EMAIL, "uusi@example.org"), to(role_invitation::ROLE, ADMINISTRATOR)],
        ),
    ]
}

/// Loads the sample data unless it is there.
pub async fn load(service: &Service) -> Result<(), Error> {
    let engine = &service.engine;
    if engine.store.setting(LOADED).await?.is_some() {
        return Ok(());
    }
    let caller = Caller::local("demo");
    let all = [
        (Kind::Organization, organizations()),
        (Kind::User, users()),
        (Kind::Role, roles()),
        (Kind::Mandate, mandates()),
        (Kind::RoleInvitation, invitations()),
    ];
    for (kind, entities) in all {
        for (id, given) in entities {
            // A start that was interrupted goes on where it stopped.
            if engine.store.by_id(id).await?.is_some() {
                continue;
            }
            let create = Create::new(engine, &caller, Draft { kind, given }).with_id(id);
            perform(engine, &caller, create).await?;
        }
    }
    for (user, role) in [(TEST_USER, ADMINISTRATOR), (ANNA, ADMINISTRATOR), (BERTIL, REVIEWER)] {
        perform(engine, &caller, Assign::new(engine, (user, role), true, Precondition::None)).await?;
    }
    setup::note(&engine.store, LOADED, "true").await
}

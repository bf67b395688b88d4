//! API clients: who may call the service, what they may do and where. The argon2id hash of a client's password stands
//! in the credential table, never in an attribute.

use uuid::Uuid;

use crate::model::attribute::{Access, AttrDef, AttrId, OnDelete};
use crate::model::kind::{Kind, KindDef, NaturalKey, Scope, Unique};
use crate::model::rules::{Context, Rules};
use crate::model::value::{Choice, Syntax};
use crate::model::{Attributes, Error, Grants, Stored, Value};

/// The name it signs in with.
pub const NAME: AttrId = Kind::ApiClient.own_attr(1);
/// Its grants, words `VERB:KIND`.
pub const GRANTS: AttrId = Kind::ApiClient.own_attr(2);
/// Enabled or Disabled.
pub const STATE: AttrId = Kind::ApiClient.own_attr(3);
/// The organization it is bounded to, with everything below.
pub const WITHIN: AttrId = Kind::ApiClient.own_attr(4);
/// The client that made it.
pub const CREATED_BY: AttrId = Kind::ApiClient.own_attr(5);

/// Roles by which the server guards itself.
pub const ROLES: AttrId = Kind::ApiClient.own_attr(6);

/// The fewest and most characters of a password that is chosen for a client.
pub const PASSWORD: std::ops::RangeInclusive<usize> = 8..=256;

static STATES: [Choice; 2] = [
    Choice { number: None, name: "Enabled", technical: "enabled" },
    Choice { number: None, name: "Disabled", technical: "disabled" },
];

static WITHIN_TARGETS: [(Kind, OnDelete); 1] = [(Kind::Organization, OnDelete::Restrict)];

static ATTRS: [AttrDef; 6] = [
    AttrDef {
        number: 1,
        name: "name",
        required: true,
        access: Access::CreateOnly,
        rank: 10,
        doc: "Name it signs in with: at most 64 characters without spaces, colons or control characters.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 2,
        name: "grants",
        many: true,
        doc: "Grants, words VERB:KIND; `preset` stands for those of a preset.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 3,
        name: "state",
        syntax: Syntax::Choice(&STATES),
        rank: 80,
        doc: "Enabled or Disabled.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 4,
        name: "within",
        syntax: Syntax::Reference(&WITHIN_TARGETS),
        rank: 20,
        doc: "Organization it is bounded to, with everything below.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 5,
        name: "createdBy",
        access: Access::ServerSet,
        rank: 60,
        doc: "Name of the client that made it.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 6,
        name: "roles",
        // A role that went away silently would lift the guard.
        syntax: Syntax::Reference(&[(Kind::Role, OnDelete::Restrict)]),
        many: true,
        rank: 30,
        doc: "Roles that must be mapped to what it does, where the server guards itself (`access.guard-tenant`).",
        ..AttrDef::TEXT
    },
];

/// The declaration.
pub static KIND: KindDef = KindDef {
    name: "apiclient",
    root: "ApiClient",
    list: "ApiClients",
    path: "apiclients",
    attrs: &ATTRS,
    seed_attrs: 3,
    unique: &[Unique { attr: 1, within: None, ignore_case: false, with: None }],
    // One that is not bounded belongs to no organization, so bounded clients do not see it.
    scope: Scope::Ref(4),
    natural_key: NaturalKey::Unique(1),
    write_aliases: &[],
    aliases: &[],
    parameters: &["preset", "pwd", "secret"],
    lists_entities: true,
    administrative: true,
    rules: &ApiClientRules,
    doc: "A client of the service, with its grants.",
};

struct ApiClientRules;

impl Rules for ApiClientRules {
    fn complete(&self, new: &mut Attributes, context: &Context<'_>) -> Result<(), Error> {
        if new.first(STATE).is_none() {
            new.put(STATE, Value::text("Enabled"));
        }
        if new.first(CREATED_BY).is_none() {
            new.put(CREATED_BY, Value::text(context.client));
        }
        Ok(())
    }

    fn check(&self, new: &Attributes, _old: Option<&Stored>, _context: &Context<'_>) -> Result<(), Error> {
        check_name(new.text(NAME).unwrap_or_default())?;
        grants(new).map(|_| ())
    }
}

/// Error 1 unless `name` can be a client's.
pub fn check_name(name: &str) -> Result<(), Error> {
    // A colon would end the user name of HTTP Basic, and it marks callers that an issuer vouches for.
    if name.chars().count() > 64 || name.chars().any(|c| c.is_whitespace() || c.is_control() || c == ':') {
        return Err(Error::invalid("name", "expected at most 64 characters without spaces or colons"));
    }
    // A path segment in this form is an id.
    if Uuid::try_parse(name).is_ok() {
        return Err(Error::invalid("name", "must not have the form of a UUID"));
    }
    Ok(())
}

/// The grants an API client's attributes hold.
pub fn grants(client: &Attributes) -> Result<Grants, Error> {
    Grants::parse(client.values(GRANTS).iter().filter_map(Value::as_text))
}

/// Whether it may sign in.
pub fn is_enabled(client: &Attributes) -> bool {
    client.text(STATE) == Some("Enabled")
}

/// Whether it may do everything everywhere: an administrator.
pub fn is_administrator(client: &Attributes) -> bool {
    is_enabled(client)
        && client.first(WITHIN).is_none()
        && grants(client).is_ok_and(|grants| grants.covers(&Grants::ADMIN))
}

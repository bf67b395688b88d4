//! API clients: who may call the service, and what they may do. Made and changed on the command line; the
//! argon2id hash of their password stands in the credential table, never in an attribute.

use crate::model::attribute::{AttrDef, AttrId, Index};
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

static STATES: [Choice; 2] = [
    Choice { number: None, name: "Enabled", technical: "enabled" },
    Choice { number: None, name: "Disabled", technical: "disabled" },
];

static ATTRS: [AttrDef; 3] = [
    AttrDef { number: 1, name: "name", required: true, doc: "Name it signs in with.", ..AttrDef::TEXT },
    AttrDef {
        number: 2,
        name: "grants",
        many: true,
        index: Index::None,
        doc: "Grants, words VERB:KIND.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 3,
        name: "state",
        syntax: Syntax::Choice(&STATES),
        doc: "Enabled or Disabled.",
        ..AttrDef::TEXT
    },
];

/// The declaration.
pub static KIND: KindDef = KindDef {
    name: "apiclient",
    root: "ApiClient",
    list: "ApiClients",
    path: "",
    attrs: &ATTRS,
    seed_attrs: 3,
    unique: &[Unique { attr: 1, within: None, ignore_case: false }],
    scope: Scope::None,
    natural_key: NaturalKey::Unique(1),
    write_aliases: &[],
    aliases: &[],
    parameters: &[],
    lists_entities: false,
    administrative: true,
    rules: &ApiClientRules,
    doc: "A client of the service, with its grants.",
};

struct ApiClientRules;

impl Rules for ApiClientRules {
    fn complete(&self, new: &mut Attributes, _context: &Context<'_>) -> Result<(), Error> {
        if new.first(STATE).is_none() {
            new.put(STATE, Value::text("Enabled"));
        }
        Ok(())
    }

    fn check(&self, new: &Attributes, _old: Option<&Stored>, _context: &Context<'_>) -> Result<(), Error> {
        let name = new.text(NAME).unwrap_or_default();
        // A colon would end the user name of HTTP Basic.
        if name.chars().count() > 64 || name.chars().any(|c| c.is_whitespace() || c.is_control() || c == ':')
        {
            return Err(Error::invalid("name", "expected at most 64 characters without spaces or colons"));
        }
        grants(new).map(|_| ())
    }
}

/// The grants an API client's attributes hold.
pub fn grants(client: &Attributes) -> Result<Grants, Error> {
    Grants::parse(client.values(GRANTS).iter().filter_map(Value::as_text))
}

//! Kinds of credentials that partners are given under a policy (contract: Partner, credential types).

use crate::model::attribute::{Access, AttrDef, AttrId, OnDelete};
use crate::model::kind::{Kind, KindDef, NaturalKey, Scope};
use crate::model::rules::NoRules;
use crate::model::value::{Choice, Syntax};
use crate::model::{Error, Value};

/// Partner it is for.
pub const PARTNER: AttrId = Kind::CredentialTypeMapping.own_attr(1);
/// Policy that applies.
pub const POLICY: AttrId = Kind::CredentialTypeMapping.own_attr(2);
/// auth, qrcode, euin, reprint or vercred.
pub const CREDENTIAL_TYPE: AttrId = Kind::CredentialTypeMapping.own_attr(3);

static TYPES: [Choice; 5] = [
    Choice { number: None, name: "auth", technical: "auth" },
    Choice { number: None, name: "qrcode", technical: "qrcode" },
    Choice { number: None, name: "euin", technical: "euin" },
    Choice { number: None, name: "reprint", technical: "reprint" },
    Choice { number: None, name: "vercred", technical: "vercred" },
];

const FIXED: AttrDef = AttrDef { access: Access::CreateOnly, ..AttrDef::TEXT };

static ATTRS: [AttrDef; 3] = [
    AttrDef {
        number: 1,
        name: "partner",
        syntax: Syntax::Reference(&[(Kind::Partner, OnDelete::Cascade)]),
        required: true,
        rank: 20,
        doc: "Partner it is for.",
        ..FIXED
    },
    AttrDef {
        number: 2,
        name: "policy",
        syntax: Syntax::Reference(&[(Kind::Policy, OnDelete::Restrict)]),
        required: true,
        rank: 21,
        doc: "Policy that applies.",
        ..FIXED
    },
    AttrDef {
        number: 3,
        name: "credentialType",
        syntax: Syntax::Choice(&TYPES),
        required: true,
        rank: 30,
        doc: "Type: auth, qrcode, euin, reprint or vercred.",
        ..FIXED
    },
];

/// The declaration.
pub static KIND: KindDef = KindDef {
    name: "credentialtypemapping",
    root: "CredentialTypeMapping",
    list: "CredentialTypeMappings",
    path: "credentialtypemappings",
    attrs: &ATTRS,
    seed_attrs: 3,
    unique: &[],
    scope: Scope::Ref(1),
    natural_key: NaturalKey::None,
    write_aliases: &[],
    aliases: &[],
    parameters: &[],
    lists_entities: true,
    administrative: false,
    rules: &NoRules,
    doc: "A kind of credential that a partner is given under a policy.",
};

/// The value that the credential type in an address means; error 1 when there is none of that name.
pub fn parse(text: &str) -> Result<Value, Error> {
    Syntax::Choice(&TYPES).parse(text).map_err(|expected| Error::invalid("credentialType", expected))
}

//! Licence keys of MISPs. The key itself stands hashed in the secret store, never in an attribute (contract: MISP, licence key).

pub mod state;

use crate::model::attribute::{Access, AttrDef, AttrId, OnDelete};
use crate::model::kind::{Kind, KindDef, NaturalKey, Scope};
use crate::model::rules::NoRules;
use crate::model::value::{Choice, Syntax};

pub use state::{State, Step, has_expired};

/// MISP it belongs to.
pub const MISP: AttrId = Kind::LicenseKey.own_attr(1);
/// active, or de-active when it was switched off.
pub const STATUS: AttrId = Kind::LicenseKey.own_attr(2);
/// First instant at which it is good.
pub const VALID_FROM: AttrId = Kind::LicenseKey.own_attr(3);
/// First instant at which it is no longer good.
pub const VALID_TO: AttrId = Kind::LicenseKey.own_attr(4);
/// What switched it off.
pub const DISABLED_BY: AttrId = Kind::LicenseKey.own_attr(5);

static STATUSES: [Choice; 2] = [
    Choice { number: None, name: "active", technical: "active" },
    Choice { number: None, name: "de-active", technical: "de-active" },
];

static DISABLERS: [Choice; 3] = [
    Choice { number: None, name: "key", technical: "key" },
    Choice { number: None, name: "misp", technical: "misp" },
    Choice { number: None, name: "rejection", technical: "rejection" },
];

const SET: AttrDef = AttrDef { access: Access::ServerSet, ..AttrDef::TEXT };

static ATTRS: [AttrDef; 5] = [
    AttrDef {
        number: 1,
        name: "misp",
        syntax: Syntax::Reference(&[(Kind::Misp, OnDelete::Cascade)]),
        rank: 20,
        doc: "MISP it belongs to.",
        ..SET
    },
    AttrDef {
        number: 2,
        name: "status",
        syntax: Syntax::Choice(&STATUSES),
        rank: 42,
        doc: "Whether it may be used: active, or de-active when it was switched off.",
        ..SET
    },
    AttrDef {
        number: 3,
        name: "validFrom",
        syntax: Syntax::Instant,
        rank: 46,
        doc: "First instant at which it is good.",
        ..SET
    },
    AttrDef {
        number: 4,
        name: "validTo",
        syntax: Syntax::Instant,
        rank: 47,
        doc: "First instant at which it is no longer good.",
        ..SET
    },
    AttrDef {
        number: 5,
        name: "disabledBy",
        syntax: Syntax::Choice(&DISABLERS),
        rank: 43,
        doc: "What switched it off: `key`, on purpose; `misp`, whose activation switches it on again; or the `rejection` of \
              its MISP.",
        ..SET
    },
];

/// The declaration.
pub static KIND: KindDef = KindDef {
    name: "licensekey",
    root: "LicenseKey",
    list: "LicenseKeys",
    path: "licensekeys",
    attrs: &ATTRS,
    seed_attrs: 5,
    unique: &[],
    scope: Scope::None,
    natural_key: NaturalKey::None,
    write_aliases: &[],
    aliases: &[],
    parameters: &["mispLicenseKey", "mispLicenseKeyStatus"],
    lists_entities: true,
    administrative: false,
    rules: &NoRules,
    doc: "A MISP's key to the service.",
};

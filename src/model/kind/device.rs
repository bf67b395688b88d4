//! Devices: things with an extended public key, between which contracts are made (contract: devices).
//!
//! A device is enrolled and deleted, never changed: its contracts hold copies of its name and key.

use crate::model::attribute::{Access, AttrDef, AttrId, OnDelete};
use crate::model::kind::{Kind, KindDef, NaturalKey, Scope, Unique};
use crate::model::rules::{Context, Rules};
use crate::model::value::{Choice, Syntax};
use crate::model::{Attributes, Error, Value};

/// Name.
pub const NAME: AttrId = Kind::Device.own_attr(1);
/// Extended public key.
pub const XPUB: AttrId = Kind::Device.own_attr(2);
/// Always `test`.
pub const RECIPE: AttrId = Kind::Device.own_attr(3);
/// How many contracts it has part in that are active.
pub const CONTRACTS: AttrId = Kind::Device.own_attr(4);
/// Always false.
pub const SHARED: AttrId = Kind::Device.own_attr(5);
/// Its status.
pub const STATUS: AttrId = Kind::Device.own_attr(6);
/// The organization it belongs to.
pub const ORGANIZATION: AttrId = Kind::Device.own_attr(7);

/// The recipe of every device.
pub const THE_RECIPE: &str = "test";
const ENROLLED: &str = "ENROLLED";

/// The longest extended public key; real ones have 111 or 112 signs.
pub const XPUB_SIGNS: usize = 120;

static STATUSES: [Choice; 1] = [Choice { number: None, name: ENROLLED, technical: "enrolled" }];

const SET: AttrDef = AttrDef { access: Access::ServerSet, ..AttrDef::TEXT };
const FIXED: AttrDef = AttrDef { access: Access::CreateOnly, required: true, ..AttrDef::TEXT };

static ATTRS: [AttrDef; 7] = [
    AttrDef { number: 1, name: "name", rank: 12, doc: "Name for people; contracts hold a copy.", ..FIXED },
    AttrDef {
        number: 2,
        name: "xpub",
        syntax: Syntax::Text { max: XPUB_SIGNS, ignore_case: false },
        rank: 5,
        doc: "Extended public key (BIP32, base58check), unique; stands in the place of the id in paths.",
        ..FIXED
    },
    AttrDef { number: 3, name: "recipe", rank: 70, doc: "Always `test`.", ..SET },
    AttrDef {
        number: 4,
        name: "contracts",
        syntax: Syntax::Integer,
        rank: 60,
        doc: "How many active contracts it has part in.",
        ..SET
    },
    AttrDef { number: 5, name: "shared", syntax: Syntax::Boolean, rank: 71, doc: "Always false.", ..SET },
    AttrDef {
        number: 6,
        name: "status",
        syntax: Syntax::Choice(&STATUSES),
        rank: 42,
        doc: "ENROLLED as long as it is here.",
        ..SET
    },
    AttrDef {
        number: 7,
        name: "organization",
        syntax: Syntax::Reference(&[(Kind::Organization, OnDelete::Subtree)]),
        rank: 20,
        doc: "Organization it belongs to.",
        ..FIXED
    },
];

/// The declaration.
pub static KIND: KindDef = KindDef {
    name: "device",
    root: "Device",
    list: "Devices",
    path: "devices",
    attrs: &ATTRS,
    seed_attrs: 7,
    unique: &[Unique { attr: 2, within: None, with: None, ignore_case: false }],
    scope: Scope::Ref(7),
    natural_key: NaturalKey::Unique(2),
    write_aliases: &[],
    aliases: &[("organizationId", "organization")],
    parameters: &[],
    lists_entities: true,
    administrative: false,
    rules: &DeviceRules,
    doc: "A thing with an extended public key, which has part in contracts.",
};

struct DeviceRules;

impl Rules for DeviceRules {
    fn complete(&self, new: &mut Attributes, _context: &Context<'_>) -> Result<(), Error> {
        new.put(RECIPE, Value::text(THE_RECIPE));
        new.put(SHARED, Value::Bool(false));
        new.put(STATUS, Value::text(ENROLLED));
        if new.first(CONTRACTS).is_none() {
            new.put(CONTRACTS, Value::Int(0));
        }
        Ok(())
    }
}

/// How many active contracts a device with these attributes has part in.
pub fn contracts(device: &Attributes) -> i64 {
    match device.first(CONTRACTS) {
        Some(Value::Int(count)) => *count,
        _ => 0,
    }
}

//! Contracts: what one device, the user, may call on another, the provider (contract: devices).
//!
//! Everything but its state is fixed when it is made: names, keys and addresses are copies, so that a contract can be
//! read also when its devices are gone.

pub mod functions;
pub mod state;

use crate::model::attribute::{Access, AttrDef, AttrId, OnDelete};
use crate::model::kind::{Kind, KindDef, NaturalKey, Scope, Unique};
use crate::model::rules::Rules;
use crate::model::state::Given;
use crate::model::value::{Choice, Syntax};
use crate::model::{Attributes, Error, Value};

pub use functions::Mask;
pub use state::{State, Step};

/// The part of a device in a contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Offers functions.
    Provider,
    /// May call them.
    User,
    /// May end it.
    Revoker,
}

impl Part {
    /// Every part, in the order of the answer.
    pub const ALL: [Self; 3] = [Self::Provider, Self::User, Self::Revoker];

    const fn first(self) -> u8 {
        match self {
            Self::Provider => 1,
            Self::User => 5,
            Self::Revoker => 9,
        }
    }

    /// The device.
    pub const fn device(self) -> AttrId {
        Kind::Contract.own_attr(self.first())
    }

    /// The device's name when the contract was made.
    pub const fn name(self) -> AttrId {
        Kind::Contract.own_attr(self.first() + 1)
    }

    /// The device's extended public key.
    pub const fn xpub(self) -> AttrId {
        Kind::Contract.own_attr(self.first() + 2)
    }

    /// The address of the device that stands for this contract alone.
    pub const fn address(self) -> AttrId {
        Kind::Contract.own_attr(self.first() + 3)
    }
}

/// Hash of the record of its creation.
pub const TXID: AttrId = Kind::Contract.own_attr(13);
/// Always `Access`.
pub const RECIPE: AttrId = Kind::Contract.own_attr(14);
/// PENDING, ACTIVE or REVOKED.
pub const STATUS: AttrId = Kind::Contract.own_attr(15);
/// When it was made, epoch milliseconds.
pub const TIMESTAMP: AttrId = Kind::Contract.own_attr(16);
/// The functions the user may call.
pub const FUNCTIONS: AttrId = Kind::Contract.own_attr(17);
/// Always false.
pub const SHARED: AttrId = Kind::Contract.own_attr(18);
/// When it was revoked.
pub const REVOKED_AT: AttrId = Kind::Contract.own_attr(19);
/// Who revoked it.
pub const REVOKED_BY: AttrId = Kind::Contract.own_attr(20);
/// The functions as a mask.
pub const MASK: AttrId = Kind::Contract.own_attr(21);
/// The provider's organization.
pub const ORGANIZATION: AttrId = Kind::Contract.own_attr(22);
/// Provider, user and functions in one, while it stands.
pub const STANDING: AttrId = Kind::Contract.own_attr(23);

/// The recipe of every contract.
pub const THE_RECIPE: &str = "Access";

static STATUSES: [Choice; 3] = [
    Choice { number: None, name: "PENDING", technical: "pending" },
    Choice { number: None, name: "ACTIVE", technical: "active" },
    Choice { number: None, name: "REVOKED", technical: "revoked" },
];

const SET: AttrDef = AttrDef { access: Access::ServerSet, ..AttrDef::TEXT };
/// What is left of a device that is gone is its id.
const DEVICE: AttrDef = AttrDef {
    access: Access::CreateOnly,
    syntax: Syntax::Reference(&[(Kind::Device, OnDelete::ToText)]),
    rank: 20,
    ..AttrDef::TEXT
};

const fn copy(number: u8, name: &'static str, rank: u8, doc: &'static str) -> AttrDef {
    AttrDef { number, name, rank, doc, ..SET }
}

static ATTRS: [AttrDef; 23] = [
    AttrDef {
        number: 1,
        name: "provider",
        required: true,
        doc: "Device that offers the functions; the id alone is left when it is deleted.",
        ..DEVICE
    },
    copy(2, "providerName", 30, "Name of the provider."),
    copy(3, "providerXpub", 21, "Extended public key of the provider."),
    copy(4, "providerAddress", 6, "Address of the provider for this contract alone."),
    AttrDef { number: 5, name: "user", required: true, doc: "Device that may call the functions.", ..DEVICE },
    copy(6, "userName", 30, "Name of the user."),
    copy(7, "userXpub", 21, "Extended public key of the user."),
    copy(8, "userAddress", 6, "Address of the user for this contract alone."),
    AttrDef {
        number: 9,
        name: "revoker",
        doc: "Device that may end it; the provider unless another is given.",
        ..DEVICE
    },
    copy(10, "revokerName", 30, "Name of the revoker."),
    copy(11, "revokerXpub", 21, "Extended public key of the revoker."),
    copy(12, "revokerAddress", 6, "Address of the revoker for this contract alone."),
    AttrDef {
        number: 13,
        name: "txid",
        syntax: Syntax::Text { max: 64, ignore_case: false },
        rank: 5,
        doc: "Hash of the ledger's record of its creation; stands in the place of the id in paths.",
        ..SET
    },
    copy(14, "recipe", 70, "Always `Access`."),
    AttrDef {
        number: 15,
        name: "status",
        syntax: Syntax::Choice(&STATUSES),
        rank: 42,
        doc: "PENDING, ACTIVE or REVOKED.",
        ..SET
    },
    AttrDef {
        number: 16,
        name: "timestamp",
        syntax: Syntax::Integer,
        rank: 46,
        doc: "When it was made, epoch milliseconds.",
        ..SET
    },
    AttrDef {
        number: 17,
        name: "functions",
        syntax: Syntax::Integer,
        many: true,
        access: Access::CreateOnly,
        rank: 60,
        doc: "Functions the user may call: 29 to 143; 33 to 37 unless given.",
        ..AttrDef::TEXT
    },
    AttrDef { number: 18, name: "shared", syntax: Syntax::Boolean, rank: 71, doc: "Always false.", ..SET },
    AttrDef {
        number: 19,
        name: "revokedAt",
        syntax: Syntax::Instant,
        rank: 47,
        doc: "When it was revoked.",
        ..SET
    },
    copy(20, "revokedBy", 48, "Client or user that revoked it."),
    copy(
        21,
        "mask",
        61,
        "The functions as nineteen bytes, hexadecimal: version, then bit n in byte 1 + n / 8.",
    ),
    AttrDef {
        number: 22,
        name: "organization",
        syntax: Syntax::Reference(&[(Kind::Organization, OnDelete::Subtree)]),
        rank: 22,
        doc: "Organization of the provider.",
        ..SET
    },
    copy(
        23,
        "standing",
        7,
        "Ids of provider and user and the mask, while it is not revoked: no two contracts share it.",
    ),
];

/// The declaration.
pub static KIND: KindDef = KindDef {
    name: "contract",
    root: "Contract",
    list: "Contracts",
    path: "contracts",
    attrs: &ATTRS,
    seed_attrs: 23,
    unique: &[
        Unique { attr: 13, within: None, with: None, ignore_case: false },
        Unique { attr: 23, within: None, with: None, ignore_case: false },
    ],
    scope: Scope::Ref(22),
    natural_key: NaturalKey::Unique(13),
    write_aliases: &[],
    aliases: &[],
    parameters: &["function"],
    lists_entities: true,
    administrative: false,
    rules: &ContractRules,
    doc: "What one device may call on another.",
};

struct ContractRules;

impl Rules for ContractRules {
    fn given(&self, given: &[(AttrId, Vec<Given>)], _creating: bool) -> Result<(), Error> {
        let functions = given.iter().find(|(attr, _)| *attr == FUNCTIONS).map(|(_, values)| values);
        match functions {
            Some(values) => check_functions(values.iter().map(|value| match value {
                Given::Value(Value::Int(function)) => Some(*function),
                Given::Value(_) | Given::Reference(_) => None,
            })),
            None => Ok(()),
        }
    }
}

/// Error 1 unless there is a function, and only such as a contract may hold.
pub fn check_functions(functions: impl IntoIterator<Item = Option<i64>>) -> Result<(), Error> {
    let mut any = false;
    for function in functions {
        any = true;
        if !function.is_some_and(functions::is_grantable) {
            return Err(Error::invalid("functions", "expected functions from 29 to 143"));
        }
    }
    if any { Ok(()) } else { Err(Error::invalid("functions", "expected at least one function")) }
}

/// The functions of a contract with these attributes.
pub fn mask(contract: &Attributes) -> Mask {
    Mask::of(contract.values(FUNCTIONS).iter().filter_map(|value| match value {
        Value::Int(function) => Some(*function),
        _ => None,
    }))
}

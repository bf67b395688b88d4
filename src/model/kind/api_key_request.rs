//! Requests of partners for an API key under a policy (contract: Partner, API key request).

use crate::model::attribute::{Access, AttrDef, AttrId, OnDelete};
use crate::model::kind::api_key::LABEL_MAX;
use crate::model::kind::{DECISIONS, Kind, KindDef, NaturalKey, Scope};
use crate::model::rules::{Context, Rules};
use crate::model::value::Syntax;
use crate::model::{Attributes, Error, Value};

/// Partner that asks.
pub const PARTNER: AttrId = Kind::ApiKeyRequest.own_attr(1);
/// Policy it wants to use.
pub const POLICY: AttrId = Kind::ApiKeyRequest.own_attr(2);
/// What for.
pub const USE_CASE: AttrId = Kind::ApiKeyRequest.own_attr(3);
/// Whether it was decided, and how.
pub const STATUS: AttrId = Kind::ApiKeyRequest.own_attr(4);
/// When it was asked.
pub const CREATED: AttrId = Kind::ApiKeyRequest.own_attr(5);
/// When it was decided.
pub const DECIDED: AttrId = Kind::ApiKeyRequest.own_attr(6);
/// Name of the client that decided.
pub const DECIDED_BY: AttrId = Kind::ApiKeyRequest.own_attr(7);
/// What the key is to be called.
pub const LABEL: AttrId = Kind::ApiKeyRequest.own_attr(8);

const SET: AttrDef = AttrDef { access: Access::ServerSet, ..AttrDef::TEXT };
const FIXED: AttrDef = AttrDef { access: Access::CreateOnly, ..AttrDef::TEXT };

static ATTRS: [AttrDef; 8] = [
    AttrDef {
        number: 1,
        name: "partner",
        syntax: Syntax::Reference(&[(Kind::Partner, OnDelete::Cascade)]),
        required: true,
        rank: 20,
        doc: "Partner that asks.",
        ..FIXED
    },
    AttrDef {
        number: 2,
        name: "policy",
        syntax: Syntax::Reference(&[(Kind::Policy, OnDelete::Restrict)]),
        required: true,
        rank: 21,
        doc: "Policy it wants to use.",
        ..FIXED
    },
    AttrDef {
        number: 3,
        name: "useCaseDescription",
        syntax: Syntax::Text { max: 2000, ignore_case: false },
        rank: 56,
        doc: "What for.",
        ..FIXED
    },
    AttrDef {
        number: 4,
        name: "status",
        syntax: Syntax::Choice(&DECISIONS),
        rank: 42,
        doc: "InProgress, approved or rejected.",
        ..SET
    },
    AttrDef {
        number: 5,
        name: "created",
        syntax: Syntax::Instant,
        rank: 46,
        doc: "When it was asked.",
        ..SET
    },
    AttrDef {
        number: 6,
        name: "decided",
        syntax: Syntax::Instant,
        rank: 47,
        doc: "When it was decided.",
        ..SET
    },
    AttrDef { number: 7, name: "decidedBy", rank: 48, doc: "Name of the client that decided.", ..SET },
    AttrDef {
        number: 8,
        name: "label",
        syntax: Syntax::Text { max: LABEL_MAX, ignore_case: false },
        rank: 50,
        doc: "What the key is to be called.",
        ..FIXED
    },
];

/// The declaration.
pub static KIND: KindDef = KindDef {
    name: "apikeyrequest",
    root: "ApiKeyRequest",
    list: "ApiKeyRequests",
    path: "apikeyrequests",
    attrs: &ATTRS,
    seed_attrs: 8,
    unique: &[],
    scope: Scope::Ref(1),
    natural_key: NaturalKey::None,
    write_aliases: &[],
    aliases: &[],
    parameters: &["policyName"],
    lists_entities: true,
    administrative: false,
    rules: &RequestRules,
    doc: "A partner's request to use a policy.",
};

struct RequestRules;

impl Rules for RequestRules {
    fn complete(&self, new: &mut Attributes, context: &Context<'_>) -> Result<(), Error> {
        if new.first(STATUS).is_none() {
            new.put(STATUS, Value::text(State::InProgress.name()));
        }
        if new.first(CREATED).is_none() {
            new.put(CREATED, Value::Instant(context.now));
        }
        Ok(())
    }
}

/// Whether a request was decided, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Not yet.
    InProgress,
    /// There is a key.
    Approved,
    /// There will be none.
    Rejected,
}

/// How it can be decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// The partner gets a key.
    Approve,
    /// It gets none.
    Reject,
}

impl Decision {
    /// The decision that the word of a request means; error 1 names its parameter.
    pub fn asked(word: &str) -> Result<Self, Error> {
        match word {
            "approved" => Ok(Self::Approve),
            "rejected" => Ok(Self::Reject),
            _ => Err(Error::invalid("status", "expected approved or rejected")),
        }
    }
}

impl State {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::InProgress, Self::Approved, Self::Rejected];

    /// The value of `status`.
    pub fn name(self) -> &'static str {
        match self {
            Self::InProgress => "InProgress",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
        }
    }

    /// The state of a stored request.
    pub fn of(request: &Attributes) -> Self {
        let stored = request.text(STATUS);
        // What is not known was not let through by anybody.
        Self::ALL.into_iter().find(|state| stored == Some(state.name())).unwrap_or(Self::Rejected)
    }

    /// What follows from a decision; error 15 when there was one already.
    pub fn decided(self, decision: Decision) -> Result<Self, Error> {
        match (self, decision) {
            (Self::InProgress, Decision::Approve) => Ok(Self::Approved),
            (Self::InProgress, Decision::Reject) => Ok(Self::Rejected),
            (Self::Approved | Self::Rejected, Decision::Approve | Decision::Reject) => {
                Err(Error::conflict(format!("status: the request is {} already", self.name())))
            }
        }
    }
}

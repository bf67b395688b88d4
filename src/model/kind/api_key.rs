//! API keys of partners. The key itself stands hashed in the secret store, never in an attribute (contract: Partner, API key).

use crate::model::attribute::{Access, AttrDef, AttrId, OnDelete};
use crate::model::kind::{Kind, KindDef, NaturalKey, Scope};
use crate::model::rules::{Context, Rules};
use crate::model::value::{Choice, Syntax};
use crate::model::{Attributes, Error, Value};

/// Partner it belongs to.
pub const PARTNER: AttrId = Kind::ApiKey.own_attr(1);
/// Policy it opens.
pub const POLICY: AttrId = Kind::ApiKey.own_attr(2);
/// Request that it answers.
pub const REQUEST: AttrId = Kind::ApiKey.own_attr(3);
/// What it is called.
pub const LABEL: AttrId = Kind::ApiKey.own_attr(4);
/// active, or de-active when it was switched off.
pub const STATUS: AttrId = Kind::ApiKey.own_attr(5);
/// First instant at which it is no longer good.
pub const EXPIRES: AttrId = Kind::ApiKey.own_attr(6);
/// When it was made.
pub const CREATED: AttrId = Kind::ApiKey.own_attr(7);

/// The most characters of a label.
pub const LABEL_MAX: usize = 128;

static STATUSES: [Choice; 2] = [
    Choice { number: None, name: "active", technical: "active" },
    Choice { number: None, name: "de-active", technical: "de-active" },
];

const SET: AttrDef = AttrDef { access: Access::ServerSet, ..AttrDef::TEXT };
const FIXED: AttrDef = AttrDef { access: Access::CreateOnly, ..AttrDef::TEXT };

static ATTRS: [AttrDef; 7] = [
    AttrDef {
        number: 1,
        name: "partner",
        syntax: Syntax::Reference(&[(Kind::Partner, OnDelete::Cascade)]),
        required: true,
        rank: 20,
        doc: "Partner it belongs to.",
        ..FIXED
    },
    AttrDef {
        number: 2,
        name: "policy",
        syntax: Syntax::Reference(&[(Kind::Policy, OnDelete::Restrict)]),
        required: true,
        rank: 21,
        doc: "Policy it opens.",
        ..FIXED
    },
    AttrDef {
        number: 3,
        name: "request",
        syntax: Syntax::Reference(&[(Kind::ApiKeyRequest, OnDelete::Cascade)]),
        rank: 22,
        doc: "Request that it answers.",
        ..FIXED
    },
    AttrDef {
        number: 4,
        name: "label",
        syntax: Syntax::Text { max: LABEL_MAX, ignore_case: false },
        rank: 50,
        doc: "What it is called.",
        ..FIXED
    },
    AttrDef {
        number: 5,
        name: "status",
        syntax: Syntax::Choice(&STATUSES),
        rank: 42,
        doc: "Whether it may be used: active, or de-active when it was switched off.",
        ..SET
    },
    AttrDef {
        number: 6,
        name: "expires",
        syntax: Syntax::Instant,
        rank: 47,
        doc: "First instant at which it is no longer good.",
        ..SET
    },
    AttrDef {
        number: 7,
        name: "created",
        syntax: Syntax::Instant,
        rank: 46,
        doc: "When it was made.",
        ..SET
    },
];

/// The declaration.
pub static KIND: KindDef = KindDef {
    name: "apikey",
    root: "ApiKey",
    list: "ApiKeys",
    path: "apikeys",
    attrs: &ATTRS,
    seed_attrs: 7,
    unique: &[],
    scope: Scope::Ref(1),
    natural_key: NaturalKey::None,
    write_aliases: &[],
    aliases: &[],
    parameters: &["apiKey", "policyName"],
    lists_entities: true,
    administrative: false,
    rules: &KeyRules,
    doc: "A partner's key to a policy.",
};

struct KeyRules;

impl Rules for KeyRules {
    fn complete(&self, new: &mut Attributes, context: &Context<'_>) -> Result<(), Error> {
        if new.first(CREATED).is_none() {
            new.put(CREATED, Value::Instant(context.now));
        }
        Ok(())
    }
}

/// Whether a key is switched on. That it has expired is not stored: the clock says so at every use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It may be used until it expires.
    Active,
    /// It was switched off.
    DeActive,
}

/// What can be asked of the status of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Switch it on.
    Activate,
    /// Switch it off.
    Deactivate,
}

impl Step {
    /// The step that the word of a request means; error 1 names its parameter.
    pub fn asked(word: &str) -> Result<Self, Error> {
        match word {
            "active" => Ok(Self::Activate),
            "de-active" => Ok(Self::Deactivate),
            _ => Err(Error::invalid("status", "expected active or de-active")),
        }
    }
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 2] = [Self::Active, Self::DeActive];

    /// The value of `status`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::DeActive => "de-active",
        }
    }

    /// The status of a stored key.
    pub fn of(key: &Attributes) -> Self {
        if key.text(STATUS) == Some(Self::Active.name()) { Self::Active } else { Self::DeActive }
    }

    /// What follows from a step; error 15 when a key that has expired is to be switched on.
    pub fn after(self, step: Step, is_expired: bool) -> Result<Self, Error> {
        match (self, step, is_expired) {
            (Self::Active | Self::DeActive, Step::Deactivate, _) => Ok(Self::DeActive),
            (Self::Active | Self::DeActive, Step::Activate, false) => Ok(Self::Active),
            (Self::Active | Self::DeActive, Step::Activate, true) => Err(expired()),
        }
    }
}

fn expired() -> Error {
    Error::conflict("status: the key has expired")
}

/// Whether a key has ended at `now`; one without an end has.
pub fn is_expired(key: &Attributes, now: i64) -> bool {
    !matches!(key.first(EXPIRES), Some(Value::Instant(end)) if now < *end)
}

/// Error 15 when a key has expired, whose policy nobody can change any more.
pub fn check_unexpired(key: &Attributes, now: i64) -> Result<(), Error> {
    if is_expired(key, now) { Err(expired()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_good_until_its_end_and_not_at_it() {
        let mut key = Attributes::default();
        assert!(is_expired(&key, 0), "a key without an end");
        key.put(EXPIRES, Value::Instant(10));
        assert_eq!((is_expired(&key, 9), is_expired(&key, 10)), (false, true));
    }

    #[test]
    fn an_expired_key_is_switched_off_and_never_on() {
        for status in Status::ALL {
            assert_eq!(status.after(Step::Deactivate, true), Ok(Status::DeActive));
            assert_eq!(status.after(Step::Activate, false), Ok(Status::Active));
            assert!(matches!(status.after(Step::Activate, true), Err(Error::Conflict { .. })));
        }
    }
}

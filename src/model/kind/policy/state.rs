//! The life of a policy: its states, the steps between them, and when it is in force. Nothing else decides what may
//! follow what.

use crate::model::attribute::AttrId;
use crate::model::{Attributes, Error, Kind, Value};

const STATE: AttrId = Kind::Policy.own_attr(7);
const VALID_FROM: AttrId = Kind::Policy.own_attr(8);
const VALID_UNTIL: AttrId = Kind::Policy.own_attr(9);

/// The states of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Being written; the only one in which it can be edited.
    Draft,
    /// What it says holds, within its validity.
    Published,
    /// It was published, and holds no more until it is activated again.
    Deactivated,
}

/// What can happen to a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It is written and shall hold.
    Publish,
    /// It shall hold again.
    Activate,
    /// It shall hold no more.
    Deactivate,
    /// It is written otherwise.
    Edit,
}

impl Step {
    /// The step that the word of a request stands for.
    pub fn named(word: &str) -> Option<Self> {
        match word {
            "active" => Some(Self::Activate),
            "de-active" => Some(Self::Deactivate),
            _ => None,
        }
    }

    fn participle(self) -> &'static str {
        match self {
            Self::Publish => "published",
            Self::Activate => "activated",
            Self::Deactivate => "de-activated",
            Self::Edit => "edited",
        }
    }
}

impl State {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Draft, Self::Published, Self::Deactivated];

    /// The state of a policy with these attributes.
    pub fn of(policy: &Attributes) -> Self {
        let state = policy.text(STATE).unwrap_or_default();
        // What cannot be read holds for nobody.
        Self::ALL.into_iter().find(|known| known.name() == state).unwrap_or(Self::Deactivated)
    }

    /// The state after a step; error 15 where that is no step. What was never published cannot be activated.
    pub fn after(self, step: Step) -> Result<Self, Error> {
        let next = match (self, step) {
            (Self::Draft, Step::Publish) | (Self::Deactivated, Step::Activate) => Some(Self::Published),
            (Self::Draft, Step::Edit) => Some(Self::Draft),
            (Self::Published, Step::Deactivate) => Some(Self::Deactivated),
            (Self::Draft, Step::Activate | Step::Deactivate)
            | (Self::Published, Step::Publish | Step::Activate | Step::Edit)
            | (Self::Deactivated, Step::Publish | Step::Deactivate | Step::Edit) => None,
        };
        let participle = step.participle();
        next.ok_or_else(|| {
            Error::conflict(format!("state: the policy is {} and cannot be {participle}", self.name()))
        })
    }

    /// The word that is stored and answered.
    pub fn name(self) -> &'static str {
        match self {
            Self::Draft => "Draft",
            Self::Published => "Published",
            Self::Deactivated => "Deactivated",
        }
    }
}

fn instant(policy: &Attributes, attr: AttrId) -> Option<i64> {
    match policy.first(attr) {
        Some(Value::Instant(at)) => Some(*at),
        _ => None,
    }
}

/// Whether the validity of a policy is over at the instant `now`.
pub fn has_ended(policy: &Attributes, now: i64) -> bool {
    instant(policy, VALID_UNTIL).is_some_and(|until| until <= now)
}

/// Whether a policy holds at the instant `now`: published, begun and not over. Its group must be active besides.
pub fn in_force(policy: &Attributes, now: i64) -> bool {
    State::of(policy) == State::Published
        && instant(policy, VALID_FROM).is_none_or(|from| from <= now)
        && !has_ended(policy, now)
}

/// Whether a policy holds at the instant `now` or will later, unless somebody does something.
pub fn is_active(policy: &Attributes, now: i64) -> bool {
    State::of(policy) == State::Published && !has_ended(policy, now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_knows_every_step() {
        let steps = [Step::Publish, Step::Activate, Step::Deactivate, Step::Edit];
        let table = State::ALL.map(|state| steps.map(|step| state.after(step).map_or("-", State::name)));
        assert_eq!(
            table,
            [["Published", "-", "-", "Draft"], ["-", "-", "Deactivated", "-"], ["-", "Published", "-", "-"]]
        );
    }

    #[test]
    fn a_policy_holds_from_its_first_to_before_its_last_instant() {
        let mut policy = Attributes::default();
        policy.put(STATE, Value::text("Published"));
        policy.put(VALID_FROM, Value::Instant(10));
        policy.put(VALID_UNTIL, Value::Instant(20));
        let seen = [9, 10, 19, 20].map(|now| (in_force(&policy, now), is_active(&policy, now)));
        assert_eq!(seen, [(false, true), (true, true), (true, true), (false, false)]);
        policy.put(STATE, Value::text("Deactivated"));
        assert!(!in_force(&policy, 15) && !is_active(&policy, 15));
        policy.put(STATE, Value::text("?"));
        assert_eq!(State::of(&policy), State::Deactivated);
    }
}

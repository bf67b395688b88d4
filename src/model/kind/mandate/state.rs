//! The life of a mandate: its states, the steps between them, and when it is in force. Nothing else decides what may
//! follow what.

use crate::model::attribute::AttrId;
use crate::model::lapse::Lapse;
use crate::model::{Attributes, Error, Kind, Value};

const STATE: AttrId = Kind::Mandate.own_attr(9);
const VALID_FROM: AttrId = Kind::Mandate.own_attr(11);
const VALID_UNTIL: AttrId = Kind::Mandate.own_attr(12);

/// How a mandate expires.
pub static LAPSE: Lapse = Lapse {
    state: STATE,
    until: VALID_UNTIL,
    open: &["Invited", "Pending", "Active"],
    lapsed: "Expired",
    stored: false,
};

/// The states of a mandate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Its receiver is not registered yet.
    Invited,
    /// Its receiver has not approved it yet.
    Pending,
    /// Given; in force within its validity.
    Active,
    /// Taken back.
    Revoked,
    /// Refused by its receiver.
    Rejected,
    /// Its validity ended before anything else ended it. Never stored: the clock decides.
    Expired,
}

/// What can happen to a mandate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The invited receiver is there; `approval`: it must still approve.
    Accept {
        /// Whether approval by the receiver is asked for.
        approval: bool,
    },
    /// The invited receiver does not want it.
    Decline,
    /// The receiver approves.
    Approve,
    /// The receiver refuses.
    Reject,
    /// The mandater takes it back.
    Revoke,
}

impl Step {
    fn participle(self) -> &'static str {
        match self {
            Self::Accept { .. } => "accepted",
            Self::Decline => "declined",
            Self::Approve => "approved",
            Self::Reject => "rejected",
            Self::Revoke => "revoked",
        }
    }
}

impl State {
    /// Every state.
    pub const ALL: [Self; 6] =
        [Self::Invited, Self::Pending, Self::Active, Self::Revoked, Self::Rejected, Self::Expired];

    /// The state of a mandate with these attributes at the instant `now`.
    pub fn at(mandate: &Attributes, now: i64) -> Self {
        let state = LAPSE.state(mandate, now).unwrap_or_default();
        // What cannot be read gives nobody anything.
        Self::ALL.into_iter().find(|known| known.name() == state).unwrap_or(Self::Revoked)
    }

    /// The state that is stored, whatever the clock says.
    pub fn stored(mandate: &Attributes) -> Self {
        Self::at(mandate, i64::MIN)
    }

    /// The state after a step; error 15 where that is no step.
    pub fn after(self, step: Step) -> Result<Self, Error> {
        let next = match (self, step) {
            (Self::Invited, Step::Accept { approval: true }) => Some(Self::Pending),
            (Self::Invited, Step::Accept { approval: false }) | (Self::Pending, Step::Approve) => {
                Some(Self::Active)
            }
            (Self::Invited, Step::Decline) | (Self::Pending, Step::Reject) => Some(Self::Rejected),
            (Self::Invited | Self::Pending | Self::Active, Step::Revoke) => Some(Self::Revoked),
            (Self::Invited, Step::Approve | Step::Reject)
            | (Self::Pending, Step::Accept { .. } | Step::Decline)
            | (Self::Active, Step::Accept { .. } | Step::Decline | Step::Approve | Step::Reject)
            | (Self::Revoked | Self::Rejected | Self::Expired, _) => None,
        };
        let participle = step.participle();
        next.ok_or_else(|| {
            Error::conflict(format!("state: the mandate is {} and cannot be {participle}", self.name()))
        })
    }

    /// Whether something may still come of it.
    pub fn is_open(self) -> bool {
        match self {
            Self::Invited | Self::Pending | Self::Active => true,
            Self::Revoked | Self::Rejected | Self::Expired => false,
        }
    }

    /// The word that is stored and answered.
    pub fn name(self) -> &'static str {
        match self {
            Self::Invited => "Invited",
            Self::Pending => "Pending",
            Self::Active => "Active",
            Self::Revoked => "Revoked",
            Self::Rejected => "Rejected",
            Self::Expired => "Expired",
        }
    }
}

/// An instant that an attribute holds.
pub(super) fn instant(attributes: &Attributes, attr: AttrId) -> Option<i64> {
    match attributes.first(attr) {
        Some(Value::Instant(at)) => Some(*at),
        _ => None,
    }
}

/// Whether the validity of a mandate has begun at the instant `now`.
pub fn has_begun(mandate: &Attributes, now: i64) -> bool {
    instant(mandate, VALID_FROM).is_none_or(|from| from <= now)
}

/// Whether a mandate gives its roles at the instant `now`: Active, begun and not over.
pub fn in_force(mandate: &Attributes, now: i64) -> bool {
    State::at(mandate, now) == State::Active && has_begun(mandate, now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_knows_every_step() {
        let steps = [
            Step::Accept { approval: true },
            Step::Accept { approval: false },
            Step::Decline,
            Step::Approve,
            Step::Reject,
            Step::Revoke,
        ];
        let table = State::ALL.map(|state| steps.map(|step| state.after(step).map_or("-", State::name)));
        assert_eq!(
            table,
            [
                ["Pending", "Active", "Rejected", "-", "-", "Revoked"],
                ["-", "-", "-", "Active", "Rejected", "Revoked"],
                ["-", "-", "-", "-", "-", "Revoked"],
                ["-"; 6],
                ["-"; 6],
                ["-"; 6],
            ]
        );
    }

    #[test]
    fn a_mandate_is_in_force_from_its_first_to_before_its_last_instant() {
        let mut mandate = Attributes::default();
        mandate.put(STATE, Value::text("Active"));
        mandate.put(VALID_FROM, Value::Instant(10));
        mandate.put(VALID_UNTIL, Value::Instant(20));
        let states = [9, 10, 19, 20].map(|now| (State::at(&mandate, now).name(), in_force(&mandate, now)));
        assert_eq!(states, [("Active", false), ("Active", true), ("Active", true), ("Expired", false)]);
        assert_eq!(State::stored(&mandate), State::Active);
        mandate.put(STATE, Value::text("Revoked"));
        assert_eq!(State::at(&mandate, 99), State::Revoked);
    }
}

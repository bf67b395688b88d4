//! Where a partner stands: whether its registration was decided, and whether it may act.

use crate::model::kind::partner::{ACTIVE, STATUS};
use crate::model::{Attributes, Error, Value};

/// Status and activity together; no other pair of them is ever stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Registered, not decided.
    InProgress,
    /// Approved; may act.
    Active,
    /// Approved, but switched off.
    Inactive,
    /// Rejected.
    Rejected,
}

/// What can be done about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The registration is accepted, by somebody or by a valid certificate; the partner may act.
    Approve,
    /// The registration is turned down, or taken back.
    Reject,
    /// An approved partner may act again.
    Activate,
    /// An approved partner may not act for now.
    Deactivate,
}

impl Step {
    /// Every step.
    pub const ALL: [Self; 4] = [Self::Approve, Self::Reject, Self::Activate, Self::Deactivate];

    /// The word that asks for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Approve => "approved",
            Self::Reject => "rejected",
            Self::Activate => "active",
            Self::Deactivate => "de-active",
        }
    }

    /// The step that `word` asks for; error 1 names the parameter.
    pub fn asked(word: &str) -> Result<Self, Error> {
        let found = Self::ALL.into_iter().find(|step| step.word() == word);
        found.ok_or_else(|| Error::invalid("status", "expected approved, rejected, active or de-active"))
    }
}

impl Standing {
    /// Every standing.
    pub const ALL: [Self; 4] = [Self::InProgress, Self::Active, Self::Inactive, Self::Rejected];

    /// How a partner's attributes tell it.
    pub fn of(partner: &Attributes) -> Self {
        match (partner.text(STATUS), partner.flag(ACTIVE)) {
            (Some("approved"), true) => Self::Active,
            (Some("approved"), false) => Self::Inactive,
            (Some("rejected"), _) => Self::Rejected,
            _ => Self::InProgress,
        }
    }

    /// The word of `status`.
    pub fn status(self) -> &'static str {
        match self {
            Self::InProgress => "InProgress",
            Self::Active | Self::Inactive => "approved",
            Self::Rejected => "rejected",
        }
    }

    /// The value of `active`.
    pub fn is_active(self) -> bool {
        self == Self::Active
    }

    /// Writes it into a partner's attributes.
    pub fn put(self, partner: &mut Attributes) {
        partner.put(STATUS, Value::text(self.status()));
        partner.put(ACTIVE, Value::Bool(self.is_active()));
    }

    /// What follows; error 15 when the step cannot be taken from here. A decision may be turned round, not repeated.
    pub fn after(self, step: Step) -> Result<Self, Error> {
        match (self, step) {
            (Self::InProgress | Self::Rejected, Step::Approve) | (Self::Inactive, Step::Activate) => {
                Ok(Self::Active)
            }
            (Self::InProgress | Self::Active | Self::Inactive, Step::Reject) => Ok(Self::Rejected),
            (Self::Active, Step::Deactivate) => Ok(Self::Inactive),
            (Self::Active | Self::Inactive, Step::Approve) | (Self::Rejected, Step::Reject) => {
                Err(Error::conflict(format!("status: the partner is {} already", self.status())))
            }
            (Self::Active, Step::Activate) => Err(Error::conflict("status: the partner is active already")),
            (Self::Inactive, Step::Deactivate) => {
                Err(Error::conflict("status: the partner is de-active already"))
            }
            (Self::InProgress | Self::Rejected, Step::Activate | Step::Deactivate) => {
                Err(Error::conflict("status: only an approved partner can be activated or de-activated"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_standing_is_read_as_it_was_written() {
        for standing in Standing::ALL {
            let mut partner = Attributes::default();
            standing.put(&mut partner);
            assert_eq!(Standing::of(&partner), standing);
        }
    }

    #[test]
    fn a_step_is_asked_for_by_its_exact_word() {
        for step in Step::ALL {
            assert_eq!(Step::asked(step.word()), Ok(step));
        }
        for word in ["", "Approved", "inactive", "de-activ"] {
            assert!(Step::asked(word).is_err(), "{word}");
        }
    }
}

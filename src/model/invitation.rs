//! The life of an invitation, to roles or to a mandate: one state machine for both.
//!
//! Expired is told by the clock and never stored: an invitation is stored as Sent until somebody ends it.

use crate::model::lapse::Lapse;
use crate::model::value::Choice;
use crate::model::{AttrId, Attributes, Error};

/// The words of the states.
pub static STATES: [Choice; 5] = [
    Choice { number: None, name: "Sent", technical: "sent" },
    Choice { number: None, name: "Accepted", technical: "accepted" },
    Choice { number: None, name: "Declined", technical: "declined" },
    Choice { number: None, name: "Expired", technical: "expired" },
    Choice { number: None, name: "Withdrawn", technical: "withdrawn" },
];

/// How an invitation expires whose state and end stand in these attributes.
pub const fn lapse((state, until): (AttrId, AttrId)) -> Lapse {
    Lapse { state, until, open: &["Sent"], lapsed: "Expired", stored: false }
}

/// The states of an invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Open.
    Sent,
    /// Taken up.
    Accepted,
    /// Turned down by whoever was invited.
    Declined,
    /// Its time ran out while it was open.
    Expired,
    /// Taken back by whoever invited, or emptied by a delete.
    Withdrawn,
}

/// What can be done to an invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Take it up.
    Accept,
    /// Turn it down.
    Decline,
    /// Send it once more, with a new token and a new end.
    Resend,
    /// Take it back.
    Withdraw,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 5] = [Self::Sent, Self::Accepted, Self::Declined, Self::Expired, Self::Withdrawn];

    /// The word that is answered; stored for all but Expired.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sent => "Sent",
            Self::Accepted => "Accepted",
            Self::Declined => "Declined",
            Self::Expired => "Expired",
            Self::Withdrawn => "Withdrawn",
        }
    }

    /// The state at `now` of an invitation whose state and end stand in these attributes. What cannot be read is
    /// open to nobody.
    pub fn of(invitation: &Attributes, life: (AttrId, AttrId), now: i64) -> Self {
        let word = lapse(life).state(invitation, now).unwrap_or_default().to_owned();
        Self::ALL.into_iter().find(|known| known.name() == word).unwrap_or(Self::Withdrawn)
    }

    /// The state after `step`; error 15 where that cannot follow.
    pub fn after(self, step: Step) -> Result<Self, Error> {
        match (self, step) {
            (Self::Sent, Step::Accept) => Ok(Self::Accepted),
            (Self::Sent, Step::Decline) => Ok(Self::Declined),
            (Self::Sent | Self::Expired, Step::Resend) => Ok(Self::Sent),
            (Self::Sent | Self::Expired, Step::Withdraw) => Ok(Self::Withdrawn),
            (Self::Expired, Step::Accept | Step::Decline)
            | (Self::Accepted | Self::Declined | Self::Withdrawn, _) => {
                Err(Error::conflict(format!("state: the invitation is {} already", self.name())))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Value;
    use crate::model::kind::role_invitation::{EXPIRES, STATE};

    fn held(state: &str, expires: i64) -> Attributes {
        let mut attributes = Attributes::default();
        attributes.put(STATE, Value::text(state));
        attributes.put(EXPIRES, Value::Instant(expires));
        attributes
    }

    #[test]
    fn only_an_open_invitation_expires_and_at_the_very_instant() {
        let at = |state, now| State::of(&held(state, 100), (STATE, EXPIRES), now);
        assert_eq!(at("Sent", 99), State::Sent);
        assert_eq!(at("Sent", 100), State::Expired);
        for ended in [State::Accepted, State::Declined, State::Withdrawn] {
            assert_eq!(at(ended.name(), 100), ended);
        }
    }

    #[test]
    fn an_ended_invitation_takes_no_step_and_an_expired_one_can_be_sent_anew_or_taken_back() {
        let steps = [Step::Accept, Step::Decline, Step::Resend, Step::Withdraw];
        let after = |state: State| steps.map(|step| state.after(step).ok());
        let (none, sent, withdrawn) = (None, Some(State::Sent), Some(State::Withdrawn));
        assert_eq!(after(State::Sent), [Some(State::Accepted), Some(State::Declined), sent, withdrawn]);
        assert_eq!(after(State::Expired), [none, none, sent, withdrawn]);
        for ended in [State::Accepted, State::Declined, State::Withdrawn] {
            assert_eq!(after(ended), [none; 4]);
        }
    }
}

//! The status of a user: six of them, what can happen to a user, and what follows. The only way from one status to
//! the next; `docs/states.md` prints the same table, and a test compares the two.

use crate::model::kind::user::{LAPSE, LOCKED_UNTIL, STATUS};
use crate::model::{Attributes, Error, Value};

/// The six statuses of the seed and of the vendor's documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Registered, awaiting approval.
    Pending,
    /// May sign in.
    Enabled,
    /// Switched off by a client, or a registration that was rejected.
    Disabled,
    /// Wrong passwords too often; ends by time, or when a client enables the user.
    Locked,
    /// Never taken into use: the invitation ended unaccepted.
    NotInitialized,
    /// Invited, the invitation not yet accepted.
    Waiting,
}

/// What can happen to a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A client sets Enabled.
    SetEnabled,
    /// A client sets Disabled.
    SetDisabled,
    /// The invitation to register is sent again.
    Reinvited,
    /// The user accepts an invitation.
    Accepted {
        /// Whether somebody must approve the registration.
        approval: bool,
    },
    /// The invitation to register is declined or withdrawn.
    InvitationEnded,
    /// The registration is approved.
    Approved,
    /// The registration is rejected.
    Rejected,
    /// Wrong passwords reached the configured number.
    Locked,
    /// The time of the lock is over.
    Unlocked,
}

impl Event {
    /// Every event, in the order of the documentation's table.
    pub const ALL: [Self; 10] = [
        Self::SetEnabled,
        Self::SetDisabled,
        Self::Reinvited,
        Self::Accepted { approval: false },
        Self::Accepted { approval: true },
        Self::InvitationEnded,
        Self::Approved,
        Self::Rejected,
        Self::Locked,
        Self::Unlocked,
    ];
}

impl Status {
    /// Every status, by its number in the seed.
    pub const ALL: [Self; 6] =
        [Self::Pending, Self::Enabled, Self::Disabled, Self::Locked, Self::NotInitialized, Self::Waiting];

    /// The status of a user who was invited and has not yet answered.
    pub const INVITED: Self = Self::Waiting;

    /// The word that is stored and answered.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Enabled => "Enabled",
            Self::Disabled => "Disabled",
            Self::Locked => "Locked",
            Self::NotInitialized => "Not initialized",
            Self::Waiting => "Waiting for registration",
        }
    }

    /// The status of that word.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }

    /// The status a user's attributes hold, whatever the time. A user without one is Not initialized.
    pub fn stored(user: &Attributes) -> Self {
        user.text(STATUS).and_then(Self::named).unwrap_or(Self::NotInitialized)
    }

    /// The status at the instant `now`: a lock whose time is over is none any more. A lock without an end (of a user
    /// who was brought in from elsewhere) stays until a client enables the user.
    pub fn at(user: &Attributes, now: i64) -> Self {
        match Self::stored(user) {
            Self::Locked if LAPSE.has_lapsed(user, now) => Self::Enabled,
            status => status,
        }
    }

    /// The status after `event`; error 15 where that is no step.
    pub fn after(self, event: Event) -> Result<Self, Error> {
        match (self, event) {
            // Disabled and enabled again it would have come past approval.
            (Self::Pending, Event::SetEnabled | Event::SetDisabled) => {
                Err(refusal("a registration awaits approval: decide its workflow"))
            }
            (Self::Waiting, Event::SetEnabled) => Err(refusal("the user must accept the invitation first")),
            (Self::Enabled | Self::Disabled | Self::Locked | Self::NotInitialized, Event::SetEnabled)
            | (Self::Waiting | Self::NotInitialized, Event::Accepted { approval: false })
            | (Self::Enabled, Event::Accepted { .. } | Event::InvitationEnded | Event::Unlocked)
            | (Self::Pending | Self::Enabled, Event::Approved)
            | (Self::Locked, Event::Unlocked) => Ok(Self::Enabled),
            (_, Event::SetDisabled)
            | (Self::Pending | Self::Enabled | Self::Disabled | Self::Locked, Event::Rejected)
            | (Self::Disabled, Event::InvitationEnded) => Ok(Self::Disabled),
            (Self::Waiting | Self::NotInitialized, Event::Accepted { approval: true })
            | (Self::Pending, Event::Accepted { .. } | Event::InvitationEnded) => Ok(Self::Pending),
            (Self::Waiting, Event::Reinvited) => Ok(Self::Waiting),
            (Self::Waiting | Self::NotInitialized, Event::InvitationEnded) => Ok(Self::NotInitialized),
            (Self::Enabled | Self::Locked, Event::Locked)
            | (Self::Locked, Event::Accepted { .. } | Event::InvitationEnded | Event::Approved) => {
                Ok(Self::Locked)
            }
            (
                Self::Pending | Self::Enabled | Self::Disabled | Self::Locked | Self::NotInitialized,
                Event::Reinvited,
            ) => Err(refusal("only a user who is Waiting for registration can be invited again")),
            (Self::Disabled, Event::Accepted { .. } | Event::Approved) => {
                Err(refusal("the user is Disabled"))
            }
            (Self::NotInitialized | Self::Waiting, Event::Approved | Event::Rejected) => {
                Err(refusal("there is no registration to decide on"))
            }
            (
                Self::Pending | Self::Disabled | Self::NotInitialized | Self::Waiting,
                Event::Locked | Event::Unlocked,
            ) => Err(refusal("only a user who may sign in can be locked")),
        }
    }

    /// As [`Status::after`], for an acceptance: Enabled, or Pending when somebody must approve.
    pub fn accepted(self, approval: bool) -> Result<Self, Error> {
        self.after(Event::Accepted { approval })
    }

    /// As [`Status::after`], for the decision on a registration.
    pub fn decided(self, approved: bool) -> Result<Self, Error> {
        self.after(if approved { Event::Approved } else { Event::Rejected })
    }

    /// As [`Status::after`], for an invitation that is sent again.
    pub fn reinvited(self) -> Result<Self, Error> {
        self.after(Event::Reinvited)
    }

    /// Puts this status into a user's attributes; a lock that is none any more loses its end.
    pub fn put(self, user: &mut Attributes) {
        user.put(STATUS, Value::text(self.name()));
        if self != Self::Locked {
            user.set(LOCKED_UNTIL, Vec::new());
        }
    }
}

fn refusal(reason: &str) -> Error {
    Error::conflict(format!("status: {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_counts_until_its_end_and_not_at_it() {
        let mut user = Attributes::default();
        Status::Locked.put(&mut user);
        assert_eq!(Status::at(&user, i64::MAX), Status::Locked, "no end was set");
        user.put(LOCKED_UNTIL, Value::Instant(10));
        assert_eq!((Status::at(&user, 9), Status::at(&user, 10)), (Status::Locked, Status::Enabled));
        Status::Enabled.put(&mut user);
        assert_eq!(user.first(LOCKED_UNTIL), None);
    }

    #[test]
    fn every_status_has_its_number_and_name_in_the_declared_set() {
        for (number, status) in Status::ALL.into_iter().enumerate() {
            let choice = &crate::model::kind::user::STATUSES[number];
            assert_eq!(choice.number, i64::try_from(number).ok());
            assert_eq!(choice.name, status.name());
            assert_eq!(Status::named(choice.name), Some(status));
        }
    }

    #[test]
    fn nothing_that_a_client_sets_leads_out_of_pending() {
        for event in [Event::SetEnabled, Event::SetDisabled] {
            assert!(Status::Pending.after(event).is_err(), "{event:?}");
        }
    }

    #[test]
    fn whatever_happens_nobody_comes_to_sign_in_past_approval_or_invitation() {
        for from in [Status::Pending, Status::Waiting, Status::Disabled] {
            for event in Event::ALL {
                if from.after(event) == Ok(Status::Enabled) {
                    let meant = match from {
                        Status::Pending => Event::Approved,
                        Status::Waiting => Event::Accepted { approval: false },
                        _ => Event::SetEnabled,
                    };
                    assert_eq!(event, meant, "{from:?}");
                }
            }
        }
    }
}

//! The life of a contract: pending where approval is asked for, active, revoked. Nothing else decides what may follow
//! what.

use crate::model::kind::contract::STATUS;
use crate::model::{Attributes, Error, Kind, Value};

/// The states of a contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Made, not approved yet.
    Pending,
    /// In force.
    Active,
    /// Ended for good.
    Revoked,
}

/// What can be done with a contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It is approved.
    Approve,
    /// It is revoked.
    Revoke,
}

/// Why a step cannot be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It was revoked: to whoever would end it, it is not there any more.
    Gone,
    /// It does not wait for approval.
    NotPending(State),
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Gone => Self::not_found(Kind::Contract),
            Refusal::NotPending(state) => {
                Self::conflict(format!("status: the contract is {} and not PENDING", state.name()))
            }
        }
    }
}

impl State {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Pending, Self::Active, Self::Revoked];

    /// The state of a contract with these attributes.
    pub fn of(contract: &Attributes) -> Self {
        let status = contract.text(STATUS).unwrap_or_default();
        // What cannot be read lets nobody do anything.
        Self::ALL.into_iter().find(|known| known.name() == status).unwrap_or(Self::Revoked)
    }

    /// The state of a new contract.
    pub fn first(asks_approval: bool) -> Self {
        if asks_approval { Self::Pending } else { Self::Active }
    }

    /// The word that is stored and answered.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Active => "ACTIVE",
            Self::Revoked => "REVOKED",
        }
    }

    /// The state after a step.
    pub fn after(self, step: Step) -> Result<Self, Refusal> {
        match (self, step) {
            (Self::Pending, Step::Approve) => Ok(Self::Active),
            (Self::Active | Self::Revoked, Step::Approve) => Err(Refusal::NotPending(self)),
            (Self::Pending | Self::Active, Step::Revoke) => Ok(Self::Revoked),
            (Self::Revoked, Step::Revoke) => Err(Refusal::Gone),
        }
    }

    /// Writes the state.
    pub fn put(self, contract: &mut Attributes) {
        contract.put(STATUS, Value::text(self.name()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_from_every_state() {
        let table = [
            (State::Pending, Step::Approve, Ok(State::Active)),
            (State::Active, Step::Approve, Err(Refusal::NotPending(State::Active))),
            (State::Revoked, Step::Approve, Err(Refusal::NotPending(State::Revoked))),
            (State::Pending, Step::Revoke, Ok(State::Revoked)),
            (State::Active, Step::Revoke, Ok(State::Revoked)),
            (State::Revoked, Step::Revoke, Err(Refusal::Gone)),
        ];
        for (state, step, after) in table {
            assert_eq!(state.after(step), after, "{state:?} {step:?}");
        }
    }

    #[test]
    fn a_state_is_read_as_it_was_written_and_anything_else_is_no_force() {
        for state in State::ALL {
            let mut contract = Attributes::default();
            state.put(&mut contract);
            assert_eq!(State::of(&contract), state);
        }
        assert_eq!(State::of(&Attributes::default()), State::Revoked);
        assert_eq!((State::first(true), State::first(false)), (State::Pending, State::Active));
    }
}

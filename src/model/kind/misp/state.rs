//! The life of a MISP: undecided, approved or rejected, and how one follows from the other. Nothing else decides what
//! may follow what.

use crate::model::attribute::AttrId;
use crate::model::{Attributes, Error, Kind, Value};

const STATUS: AttrId = Kind::Misp.own_attr(6);
const ACTIVE: AttrId = Kind::Misp.own_attr(7);

/// The statuses of a MISP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Registered, not decided yet.
    InProgress,
    /// It may have a licence key.
    Approved,
    /// It may not.
    Rejected,
}

/// What can be decided about a MISP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It is approved.
    Approve,
    /// It is rejected.
    Reject,
}

/// Why a decision cannot be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It was decided so already.
    Repeated(Status),
    /// It is de-activated, and only an active one can be approved.
    NotActive,
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Repeated(status) => {
                Self::conflict(format!("mispStatus: the MISP is {} already", status.name()))
            }
            Refusal::NotActive => Self::conflict("active: a de-activated MISP cannot be approved"),
        }
    }
}

impl Decision {
    /// The decision of that word.
    pub fn named(word: &str) -> Option<Self> {
        match word {
            "approved" => Some(Self::Approve),
            "rejected" => Some(Self::Reject),
            _ => None,
        }
    }
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 3] = [Self::InProgress, Self::Approved, Self::Rejected];

    /// The status of a MISP with these attributes.
    pub fn of(misp: &Attributes) -> Self {
        let status = misp.text(STATUS).unwrap_or_default();
        // What cannot be read gives nobody anything.
        Self::ALL.into_iter().find(|known| known.name() == status).unwrap_or(Self::Rejected)
    }

    /// The word that is stored and answered.
    pub fn name(self) -> &'static str {
        match self {
            Self::InProgress => "InProgress",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
        }
    }

    /// The status after a decision about a MISP that is active or not.
    pub fn after(self, decision: Decision, is_active: bool) -> Result<Self, Refusal> {
        match (self, decision) {
            (Self::Approved, Decision::Approve) | (Self::Rejected, Decision::Reject) => {
                Err(Refusal::Repeated(self))
            }
            (Self::InProgress | Self::Rejected, Decision::Approve) => {
                if is_active {
                    Ok(Self::Approved)
                } else {
                    Err(Refusal::NotActive)
                }
            }
            (Self::InProgress | Self::Approved, Decision::Reject) => Ok(Self::Rejected),
        }
    }

    /// Stores it.
    pub fn put(self, misp: &mut Attributes) {
        misp.put(STATUS, Value::text(self.name()));
    }
}

/// Whether a MISP with these attributes may use a licence key: it is approved and active. Error 15 says why not.
pub fn may_act(misp: &Attributes) -> Result<(), Error> {
    let status = Status::of(misp);
    if status != Status::Approved {
        return Err(Error::conflict(format!("status: the MISP is {} and not approved", status.name())));
    }
    if !misp.flag(ACTIVE) {
        return Err(Error::conflict("active: the MISP is de-activated"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_leads_where_the_table_says() {
        use Decision::{Approve, Reject};
        use Status::{Approved, InProgress, Rejected};
        for (from, decision, active, wanted) in [
            (InProgress, Approve, true, Ok(Approved)),
            (InProgress, Approve, false, Err(Refusal::NotActive)),
            (InProgress, Reject, true, Ok(Rejected)),
            (InProgress, Reject, false, Ok(Rejected)),
            (Approved, Approve, true, Err(Refusal::Repeated(Approved))),
            (Approved, Approve, false, Err(Refusal::Repeated(Approved))),
            (Approved, Reject, true, Ok(Rejected)),
            (Approved, Reject, false, Ok(Rejected)),
            (Rejected, Approve, true, Ok(Approved)),
            (Rejected, Approve, false, Err(Refusal::NotActive)),
            (Rejected, Reject, true, Err(Refusal::Repeated(Rejected))),
            (Rejected, Reject, false, Err(Refusal::Repeated(Rejected))),
        ] {
            assert_eq!(from.after(decision, active), wanted, "{from:?} {decision:?} {active}");
        }
    }

    #[test]
    fn a_misp_whose_status_cannot_be_read_may_nothing() {
        let mut misp = Attributes::default();
        misp.put(ACTIVE, Value::Bool(true));
        assert!(may_act(&misp).is_err());
        Status::Approved.put(&mut misp);
        assert_eq!(may_act(&misp), Ok(()));
        misp.put(ACTIVE, Value::Bool(false));
        assert!(may_act(&misp).is_err());
    }
}

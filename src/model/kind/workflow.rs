//! Workflows: a registration or a request for roles that awaits approval (contract: Role invitations and workflows).

use crate::model::attribute::{Access, AttrDef, AttrId, OnDelete};
use crate::model::kind::{Kind, KindDef, NaturalKey, Scope};
use crate::model::rules::NoRules;
use crate::model::value::{Choice, Syntax};
use crate::model::{Attributes, Error};

/// Registration or request for roles.
pub const TYPE: AttrId = Kind::Workflow.own_attr(1);
/// Where it stands.
pub const STATE: AttrId = Kind::Workflow.own_attr(2);
/// The user it is about.
pub const USER: AttrId = Kind::Workflow.own_attr(3);
/// The organization whose approval it awaits.
pub const ORGANIZATION: AttrId = Kind::Workflow.own_attr(4);
/// The roles the user gets when it is approved.
pub const ROLE: AttrId = Kind::Workflow.own_attr(5);
/// When it began.
pub const CREATED: AttrId = Kind::Workflow.own_attr(6);
/// Who invited the user.
pub const CREATED_BY: AttrId = Kind::Workflow.own_attr(7);
/// When it was decided.
pub const DECIDED: AttrId = Kind::Workflow.own_attr(8);
/// Who decided.
pub const DECIDED_BY: AttrId = Kind::Workflow.own_attr(9);

static TYPES: [Choice; 2] = [
    Choice { number: None, name: "registration", technical: "registration" },
    Choice { number: None, name: "rolerequest", technical: "rolerequest" },
];

static STATES: [Choice; 3] = [
    Choice { number: None, name: "Pending", technical: "pending" },
    Choice { number: None, name: "Approved", technical: "approved" },
    Choice { number: None, name: "Rejected", technical: "rejected" },
];

/// What awaits approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// A new user; approval enables it.
    Registration,
    /// Roles for a user.
    RoleRequest,
}

impl Type {
    /// The word that is stored and answered.
    pub fn name(self) -> &'static str {
        match self {
            Self::Registration => "registration",
            Self::RoleRequest => "rolerequest",
        }
    }

    /// The type that a workflow's attributes hold.
    pub fn of(workflow: &Attributes) -> Self {
        match workflow.text(TYPE) {
            Some("registration") => Self::Registration,
            _ => Self::RoleRequest,
        }
    }
}

/// The states of a workflow and what may follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Awaits a decision.
    Pending,
    /// Decided in favour.
    Approved,
    /// Decided against, or left without roles by a delete.
    Rejected,
}

impl State {
    /// The state that a workflow's attributes hold.
    pub fn of(workflow: &Attributes) -> Self {
        match workflow.text(STATE) {
            Some("Approved") => Self::Approved,
            Some("Rejected") => Self::Rejected,
            _ => Self::Pending,
        }
    }

    /// The word that is stored and answered.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Approved => "Approved",
            Self::Rejected => "Rejected",
        }
    }

    /// The state after a decision; error 15 when it was taken before.
    pub fn decided(self, approve: bool) -> Result<Self, Error> {
        match self {
            Self::Pending if approve => Ok(Self::Approved),
            Self::Pending => Ok(Self::Rejected),
            Self::Approved | Self::Rejected => {
                Err(Error::conflict(format!("state: the workflow is {} already", self.name())))
            }
        }
    }
}

const SET: AttrDef = AttrDef { access: Access::ServerSet, ..AttrDef::TEXT };
const PERSON: Syntax = Syntax::Reference(&[(Kind::User, OnDelete::ToText)]);

static ATTRS: [AttrDef; 9] = [
    AttrDef {
        number: 1,
        name: "type",
        syntax: Syntax::Choice(&TYPES),
        rank: 41,
        doc: "What awaits approval: registration (a new user) or rolerequest (roles for a user).",
        ..SET
    },
    AttrDef {
        number: 2,
        name: "state",
        syntax: Syntax::Choice(&STATES),
        rank: 40,
        doc: "Pending, Approved or Rejected.",
        ..SET
    },
    AttrDef {
        number: 3,
        name: "user",
        syntax: Syntax::Reference(&[(Kind::User, OnDelete::Cascade)]),
        rank: 20,
        doc: "User that it is about.",
        ..SET
    },
    AttrDef {
        number: 4,
        name: "organization",
        syntax: Syntax::Reference(&[(Kind::Organization, OnDelete::ToText)]),
        rank: 30,
        doc: "Organization whose approval it awaits.",
        ..SET
    },
    AttrDef {
        number: 5,
        name: "role",
        syntax: Syntax::Reference(&[(Kind::Role, OnDelete::RemoveValue)]),
        many: true,
        rank: 22,
        doc: "Roles that the user gets when it is approved; when the last one is deleted it becomes Rejected.",
        ..SET
    },
    AttrDef { number: 6, name: "created", syntax: Syntax::Instant, rank: 42, doc: "When it began.", ..SET },
    AttrDef {
        number: 7,
        name: "createdBy",
        syntax: PERSON,
        rank: 43,
        doc: "Who invited the user: a user, or the name of a client.",
        ..SET
    },
    AttrDef {
        number: 8,
        name: "decided",
        syntax: Syntax::Instant,
        rank: 44,
        doc: "When it was decided.",
        ..SET
    },
    AttrDef {
        number: 9,
        name: "decidedBy",
        syntax: PERSON,
        rank: 45,
        doc: "Who decided: the name of the client.",
        ..SET
    },
];

/// The declaration.
pub static KIND: KindDef = KindDef {
    name: "workflow",
    root: "Workflow",
    list: "Workflows",
    path: "workflows",
    attrs: &ATTRS,
    seed_attrs: 9,
    unique: &[],
    scope: Scope::Ref(4),
    natural_key: NaturalKey::None,
    write_aliases: &[],
    aliases: &[],
    parameters: &["id"],
    lists_entities: false,
    administrative: false,
    rules: &NoRules,
    doc: "A registration or request for roles that awaits approval.",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workflow_is_decided_once() {
        assert_eq!(State::Pending.decided(true), Ok(State::Approved));
        assert_eq!(State::Pending.decided(false), Ok(State::Rejected));
        for state in [State::Approved, State::Rejected] {
            assert!(state.decided(true).is_err() && state.decided(false).is_err());
        }
    }
}

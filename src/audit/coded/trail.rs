//! Which coded events an operation leaves: by kind, word and outcome. What stands here is exact; where an operation,
//! or an outcome of it, has no coded event, the generic one of that category is written.

use crate::audit::coded::{Coded, misp, partner, policy};
use crate::model::{Error, Kind};

/// What a failure was, as far as it has an event of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The argument of that name is ill-formed or missing.
    Argument(&'static str),
    /// The value of the attribute of that name is taken.
    Taken(&'static str),
    /// What the kind or parameter of that name stands for does not exist.
    Unknown(&'static str),
    /// Whatever it was.
    Any,
}

impl Fault {
    /// Whether `error` is this.
    pub fn is(self, error: &Error) -> bool {
        match (self, error) {
            (Self::Any, _) => true,
            (Self::Argument(name), Error::Invalid { parameter, .. })
            | (Self::Taken(name), Error::AlreadyExists { parameter })
            | (
                Self::Unknown(name),
                Error::ParentNotFound { parameter } | Error::InvalidReference { parameter, .. },
            ) => name == parameter,
            (Self::Unknown(name), Error::NotFound { kind }) => name == *kind,
            _ => false,
        }
    }
}

/// The coded events of one operation. What it passes on the way it adds itself (`Events::coded`).
#[derive(Debug)]
pub struct Trail {
    /// The kind of its action.
    pub kind: Kind,
    /// The word of its action.
    pub word: &'static str,
    /// Written on entry, also when it then fails; the generic request when `None`.
    pub entry: Option<&'static Coded>,
    /// Written when it was done, in this order; the generic success when there are none.
    pub success: &'static [&'static Coded],
    /// What is written for a failure; the first that fits, else the generic one.
    pub failures: &'static [(Fault, &'static Coded)],
}

impl Trail {
    /// The coded events of the operations called `word` on `kind`, if they have any.
    pub fn of(kind: Kind, word: &str) -> Option<&'static Self> {
        TRAILS.iter().find(|trail| trail.kind == kind && trail.word == word)
    }

    /// The event of a failure.
    pub fn failure(&self, error: &Error) -> Option<&'static Coded> {
        // Who may not do it at all has not tried it.
        if matches!(error, Error::Forbidden { .. }) {
            return None;
        }
        self.failures.iter().find(|(fault, _)| fault.is(error)).map(|(_, event)| *event)
    }
}

/// Whether reads of `kind` are recorded whatever the configuration: the kinds of the three services.
pub fn is_watched(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Partner
            | Kind::Contact
            | Kind::ApiKeyRequest
            | Kind::ApiKey
            | Kind::BiometricExtractor
            | Kind::CredentialTypeMapping
            | Kind::Certificate
            | Kind::PolicyGroup
            | Kind::Policy
            | Kind::Misp
            | Kind::LicenseKey
    )
}

const NO_PARTNER: (Fault, &Coded) = (Fault::Unknown("partner"), &partner::PARTNER_UNKNOWN);

/// The table.
pub static TRAILS: &[Trail] = &[
    Trail {
        kind: Kind::Misp,
        word: "CREATE",
        entry: Some(&misp::REGISTER_ASKED),
        success: &[&misp::ID_CREATED, &misp::REGISTERED],
        failures: &[
            (Fault::Argument("emailId"), &misp::REGISTER_EMAIL),
            (Fault::Taken("organizationName"), &misp::REGISTER_NAME_TAKEN),
        ],
    },
    Trail {
        kind: Kind::Misp,
        word: "DECIDE",
        entry: Some(&misp::STATUS_ASKED),
        success: &[&misp::STATUS_DONE],
        failures: &[(Fault::Argument("mispStatus"), &misp::STATUS_WORD)],
    },
    Trail {
        kind: Kind::Misp,
        word: "UPDATE",
        entry: Some(&misp::UPDATE_ASKED),
        success: &[&misp::UPDATED],
        failures: &[
            (Fault::Argument("emailId"), &misp::UPDATE_EMAIL),
            (Fault::Taken("organizationName"), &misp::UPDATE_NAME_TAKEN),
        ],
    },
    Trail {
        kind: Kind::Misp,
        word: "ACTIVATE",
        entry: Some(&misp::ACTIVATION_ASKED),
        success: &[&misp::ACTIVATION_DONE],
        failures: &[(Fault::Argument("mispStatus"), &misp::ACTIVATION_WORD)],
    },
    Trail {
        kind: Kind::LicenseKey,
        word: "VALIDATE",
        entry: Some(&misp::VALIDATE_ASKED),
        success: &[&misp::VALIDATED],
        failures: &[(Fault::Unknown("licensekey"), &misp::KEY_UNKNOWN)],
    },
    Trail {
        kind: Kind::LicenseKey,
        word: "UPDATE",
        entry: Some(&misp::KEY_STATUS_ASKED),
        success: &[],
        failures: &[
            (Fault::Argument("mispLicenseKeyStatus"), &misp::KEY_STATUS_WORD),
            (Fault::Unknown("licensekey"), &misp::KEY_UNKNOWN),
        ],
    },
    Trail {
        kind: Kind::PolicyGroup,
        word: "CREATE",
        entry: Some(&policy::GROUP_CREATE_ASKED),
        success: &[&policy::GROUP_CREATED],
        failures: &[(Fault::Any, &policy::GROUP_CREATE_FAILED)],
    },
    Trail {
        kind: Kind::PolicyGroup,
        word: "READ",
        entry: Some(&policy::GROUP_READ_ASKED),
        success: &[&policy::GROUP_READ],
        failures: &[(Fault::Any, &policy::GROUP_READ_FAILED)],
    },
    Trail {
        kind: Kind::PolicyGroup,
        word: "UPDATE",
        entry: Some(&policy::GROUP_UPDATE_ASKED),
        success: &[&policy::GROUP_UPDATED],
        failures: &[(Fault::Any, &policy::GROUP_UPDATE_FAILED)],
    },
    Trail {
        kind: Kind::Policy,
        word: "CREATE",
        entry: Some(&policy::CREATE_ASKED),
        success: &[&policy::CREATED],
        failures: &[(Fault::Any, &policy::CREATE_FAILED)],
    },
    Trail {
        kind: Kind::Policy,
        word: "READ",
        entry: Some(&policy::READ_ASKED),
        success: &[&policy::READ],
        failures: &[(Fault::Any, &policy::READ_FAILED)],
    },
    Trail {
        kind: Kind::Policy,
        word: "UPDATE",
        entry: Some(&policy::UPDATE_ASKED),
        success: &[&policy::UPDATED],
        failures: &[(Fault::Any, &policy::UPDATE_FAILED)],
    },
    Trail {
        kind: Kind::Policy,
        word: "STATUS",
        entry: Some(&policy::UPDATE_ASKED),
        success: &[&policy::UPDATED],
        failures: &[(Fault::Any, &policy::UPDATE_FAILED)],
    },
    Trail {
        kind: Kind::Partner,
        word: "CREATE",
        entry: Some(&partner::REGISTER_ASKED),
        success: &[&partner::REGISTERED],
        failures: &[
            (Fault::Argument("emailId"), &partner::REGISTER_EMAIL),
            (Fault::Taken("organizationName"), &partner::REGISTER_NAME_TAKEN),
            (Fault::Unknown("policyGroup"), &partner::POLICY_GROUP_UNKNOWN),
        ],
    },
    Trail {
        kind: Kind::Partner,
        word: "UPDATE",
        entry: None,
        success: &[],
        failures: &[
            (Fault::Argument("emailId"), &partner::UPDATE_EMAIL),
            (Fault::Taken("organizationName"), &partner::UPDATE_NAME_TAKEN),
        ],
    },
    Trail {
        kind: Kind::Partner,
        word: "READ",
        entry: Some(&partner::READ_ASKED),
        success: &[&partner::READ],
        failures: &[NO_PARTNER],
    },
    Trail {
        kind: Kind::Contact,
        word: "CREATE",
        entry: Some(&partner::CONTACT_ASKED),
        success: &[&partner::CONTACT_STORED],
        failures: &[(Fault::Argument("emailId"), &partner::CONTACT_EMAIL), NO_PARTNER],
    },
    Trail {
        kind: Kind::ApiKeyRequest,
        word: "CREATE",
        entry: Some(&partner::KEY_ASKED),
        success: &[&partner::KEY_REQUESTED],
        failures: &[NO_PARTNER, (Fault::Unknown("policyName"), &partner::POLICY_GROUP_UNKNOWN)],
    },
    Trail {
        kind: Kind::ApiKeyRequest,
        word: "DECIDE",
        entry: Some(&partner::KEY_DECISION_ASKED),
        success: &[],
        failures: &[NO_PARTNER, (Fault::Unknown("apikeyrequest"), &partner::PARTNER_UNKNOWN)],
    },
    Trail {
        kind: Kind::ApiKeyRequest,
        word: "APPROVE",
        entry: Some(&partner::KEY_DECISION_ASKED),
        success: &[&partner::KEY_APPROVED],
        failures: &[NO_PARTNER, (Fault::Unknown("apikeyrequest"), &partner::PARTNER_UNKNOWN)],
    },
    Trail {
        kind: Kind::ApiKeyRequest,
        word: "REJECT",
        entry: Some(&partner::KEY_DECISION_ASKED),
        success: &[],
        failures: &[NO_PARTNER, (Fault::Unknown("apikeyrequest"), &partner::PARTNER_UNKNOWN)],
    },
    Trail {
        kind: Kind::ApiKeyRequest,
        word: "READ",
        entry: Some(&partner::KEY_REQUESTS_ASKED),
        success: &[&partner::KEY_REQUESTS_READ],
        failures: &[NO_PARTNER, (Fault::Unknown("apikeyrequest"), &partner::PARTNER_UNKNOWN)],
    },
    Trail {
        kind: Kind::BiometricExtractor,
        word: "CREATE",
        entry: Some(&partner::EXTRACTORS_ASKED),
        success: &[&partner::EXTRACTORS_STORED],
        failures: &[NO_PARTNER, (Fault::Unknown("policy"), &partner::POLICY_GROUP_UNKNOWN)],
    },
    Trail {
        kind: Kind::CredentialTypeMapping,
        word: "CREATE",
        entry: Some(&partner::CREDENTIAL_TYPE_ASKED),
        success: &[&partner::CREDENTIAL_TYPE_MAPPED],
        failures: &[NO_PARTNER, (Fault::Unknown("policy"), &partner::POLICY_GROUP_UNKNOWN)],
    },
    Trail {
        kind: Kind::Certificate,
        word: "CREATE",
        entry: None,
        success: &[],
        failures: &[
            (Fault::Argument("partnerId"), &partner::CERTIFICATE_PARTNER_ID),
            (Fault::Any, &partner::CERTIFICATE_FAILED),
        ],
    },
    Trail {
        kind: Kind::Certificate,
        word: "READ",
        entry: Some(&partner::CERTIFICATE_ASKED),
        success: &[&partner::CERTIFICATE_READ],
        failures: &[NO_PARTNER, (Fault::Unknown("certificate"), &partner::PARTNER_UNKNOWN)],
    },
];

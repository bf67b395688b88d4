//! The coded events of the partner, policy and MISP services, as one declared table (contract: audit, the
//! partner-management events). Nothing else may make up an id: an operation names a constant of this table.
//!
//! A row is told apart by service, category, id and meaning: `PMS_MSP_104` and `PMS_PRT_416` each stand for two events.

pub mod misp;
pub mod partner;
pub mod policy;
pub mod trail;

use crate::audit::event::Category;

pub use trail::{Fault, Trail};

/// The service an event belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// Partners, their keys and certificates.
    Partner,
    /// Policy groups and policies.
    Policy,
    /// MISPs and their licence keys.
    Misp,
}

impl Service {
    /// `moduleId` of its records.
    pub fn module_id(self) -> &'static str {
        match self {
            Self::Partner | Self::Policy => "PMS_PRT",
            Self::Misp => "PMS_MSP",
        }
    }

    /// `moduleName` of its records.
    pub fn module_name(self) -> &'static str {
        match self {
            Self::Partner => "Partner Management Service",
            Self::Policy => "Policy Management Service",
            Self::Misp => "MISP Management Service",
        }
    }
}

/// One row of the table.
#[derive(Debug, PartialEq, Eq)]
pub struct Coded {
    /// The service.
    pub service: Service,
    /// Request, success or failure.
    pub category: Category,
    /// `eventId`.
    pub id: &'static str,
    /// What it means, in a word: tells rows apart that have an id in common.
    pub meaning: &'static str,
    /// `eventType`: User or System.
    pub origin: &'static str,
    /// `eventName`.
    pub name: &'static str,
    /// `referenceIdType`; `None` where the event refers to nothing.
    pub reference: Option<&'static str>,
    /// `description`; `{}` stands for the id it refers to.
    pub text: &'static str,
}

impl Coded {
    /// The sentence with the id in its slot, or without the slot where nothing is named.
    pub fn description(&self, subject: Option<&str>) -> String {
        match subject {
            Some(id) => self.text.replace("{}", id),
            None => self.text.replace(" {}", ""),
        }
    }
}

/// Declares the rows of one service: constant, category, id, type, name, type of the reference, sentence.
macro_rules! coded {
    ($service:ident; $($constant:ident = $category:ident $id:literal $origin:ident $name:literal $reference:expr, $text:literal;)+) => {
        $(
            #[doc = concat!($id, ": ", $text, ".")]
            pub static $constant: Coded = Coded {
                service: Service::$service,
                category: Category::$category,
                id: $id,
                meaning: stringify!($constant),
                origin: stringify!($origin),
                name: $name,
                reference: $reference,
                text: $text,
            };
        )+

        /// Every row, in the order of the table.
        pub static ROWS: &[&Coded] = &[$(&$constant),+];
    };
}

use coded;

/// Every row of the table.
pub fn rows() -> impl Iterator<Item = &'static Coded> {
    [partner::ROWS, policy::ROWS, misp::ROWS].into_iter().flatten().copied()
}

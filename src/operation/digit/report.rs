//! What came of an import of masters: how many rows of each file were taken, and every row that was not, or not as it
//! stood. It says nothing that is not in the files; how it is written is not its business.

use std::collections::BTreeSet;

use crate::operation::digit::{Master, Tenant};

/// The root of the report as a document.
pub const REPORT: &str = "DigitImport";

/// What was found about a row or a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// The row says what an earlier one says.
    Duplicate,
    /// The row has the key of an earlier one, which counts, and says something else.
    Repeated,
    /// The mapping names a role that is not known.
    UnknownRole,
    /// The mapping names an action that is not known.
    UnknownAction,
    /// The row cannot be taken.
    Refused,
    /// The action has no address; it is kept and never matches.
    EmptyUrl,
    /// A key that has no place here; its value is not kept.
    ExtraKey,
    /// A key that stands more than once in the row; the first value counts.
    KeyTwice,
    /// A mapping without a tenant; the file's is taken.
    NoTenant,
    /// The file says it is of another module.
    Module,
}

impl What {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Duplicate => "duplicate",
            Self::Repeated => "repeated",
            Self::UnknownRole => "unknown-role",
            Self::UnknownAction => "unknown-action",
            Self::Refused => "refused",
            Self::EmptyUrl => "empty-url",
            Self::ExtraKey => "extra-key",
            Self::KeyTwice => "key-twice",
            Self::NoTenant => "no-tenant",
            Self::Module => "module",
        }
    }
}

impl What {
    /// Whether something that the file says is not there because of it.
    pub fn is_loss(self) -> bool {
        match self {
            Self::Repeated | Self::UnknownRole | Self::UnknownAction | Self::Refused => true,
            Self::Duplicate
            | Self::EmptyUrl
            | Self::ExtraKey
            | Self::KeyTwice
            | Self::NoTenant
            | Self::Module => false,
        }
    }

    /// Whether it is neither a loss nor a mere repetition, but should be known.
    pub fn is_remark(self) -> bool {
        !self.is_loss() && self != Self::Duplicate
    }
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The file.
    pub master: Master,
    /// The row's place in the file, from 1; 0 where the whole file is meant.
    pub row: u64,
    /// The line the row begins on, from 1; 0 where the whole file is meant.
    pub line: u64,
    /// What was found.
    pub what: What,
    /// In words.
    pub detail: String,
}

/// What came of the rows of one file; each row is in exactly one of the numbers behind the first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Rows of the file.
    pub read: u64,
    /// New entities.
    pub made: u64,
    /// Entities that say something else now.
    pub changed: u64,
    /// Entities that said so already.
    pub unchanged: u64,
    /// Rows that say what an earlier one says.
    pub duplicates: u64,
    /// Rows with the key of an earlier one that say something else.
    pub repeated: u64,
    /// Mappings left out because their role or action is not known.
    pub dangling: u64,
    /// Rows that cannot be taken.
    pub refused: u64,
}

impl Tally {
    /// The numbers with their names, in order.
    pub fn numbers(&self) -> [(&'static str, u64); 8] {
        [
            ("Read", self.read),
            ("Made", self.made),
            ("Changed", self.changed),
            ("Unchanged", self.unchanged),
            ("Duplicate", self.duplicates),
            ("Repeated", self.repeated),
            ("Dangling", self.dangling),
            ("Refused", self.refused),
        ]
    }
}

/// What came of an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The tenant.
    pub tenant: Tenant,
    /// Whether it was only tried out.
    pub dry_run: bool,
    /// Organizations that were made for the tenant, by entity name.
    pub organizations: Vec<String>,
    /// What came of each file, in the order of [`Master::ALL`].
    pub tallies: [Tally; 3],
    /// Codes of roles that mappings name and nobody knows.
    pub unknown_roles: BTreeSet<String>,
    /// Mappings that name such a role.
    pub unknown_role_rows: u64,
    /// Numbers of actions that mappings name and nobody knows.
    pub unknown_actions: BTreeSet<i64>,
    /// Mappings that name such an action.
    pub unknown_action_rows: u64,
    /// Everything found, by file and row.
    pub findings: Vec<Finding>,
}

impl Report {
    /// A report of nothing yet.
    pub(super) fn new(tenant: Tenant) -> Self {
        Self {
            tenant,
            dry_run: false,
            organizations: Vec::new(),
            tallies: [Tally::default(); 3],
            unknown_roles: BTreeSet::new(),
            unknown_role_rows: 0,
            unknown_actions: BTreeSet::new(),
            unknown_action_rows: 0,
            findings: Vec::new(),
        }
    }

    /// What came of the rows of `master`.
    pub fn tally(&self, master: Master) -> Tally {
        let [roles, actions, mappings] = self.tallies;
        match master {
            Master::Roles => roles,
            Master::Actions => actions,
            Master::RoleActions => mappings,
        }
    }

    pub(super) fn tally_mut(&mut self, master: Master) -> &mut Tally {
        let [roles, actions, mappings] = &mut self.tallies;
        match master {
            Master::Roles => roles,
            Master::Actions => actions,
            Master::RoleActions => mappings,
        }
    }

    /// Adds a finding about the row at `(row, line)`.
    pub(super) fn find(
        &mut self,
        master: Master,
        (row, line): (u64, u64),
        what: What,
        detail: impl Into<String>,
    ) {
        self.findings.push(Finding { master, row, line, what, detail: detail.into() });
    }

    /// Counts a row as refused, and says why.
    pub(super) fn refuse(&mut self, master: Master, at: (u64, u64), why: impl Into<String>) {
        self.tally_mut(master).refused += 1;
        self.find(master, at, What::Refused, why);
    }

    /// Whether everything that the files say is there now: rows that only repeat others and keys without a place here
    /// are no loss.
    pub fn is_complete(&self) -> bool {
        self.tallies.iter().all(|tally| tally.dangling + tally.refused + tally.repeated == 0)
    }

    /// Its numbers and names as `(name, values)`, in a fixed order; the findings are apart.
    pub fn fields(&self) -> Vec<(String, Vec<String>)> {
        let one = |name: &str, value: String| (name.to_owned(), vec![value]);
        let mut fields = vec![
            one("tenant", self.tenant.code().to_owned()),
            one("dryRun", self.dry_run.to_string()),
            one("complete", self.is_complete().to_string()),
        ];
        if !self.organizations.is_empty() {
            fields.push(("organizationsMade".to_owned(), self.organizations.clone()));
        }
        for (master, prefix) in Master::ALL.into_iter().zip(["roles", "actions", "roleActions"]) {
            let numbers = self.tally(master).numbers();
            // Only mappings refer to others.
            let shown =
                numbers.into_iter().filter(|(name, _)| master == Master::RoleActions || *name != "Dangling");
            fields.extend(shown.map(|(name, count)| one(&format!("{prefix}{name}"), count.to_string())));
        }
        fields.extend([
            one("unknownRoleRows", self.unknown_role_rows.to_string()),
            one("unknownActionRows", self.unknown_action_rows.to_string()),
        ]);
        let named = |name: &str, values: Vec<String>| (!values.is_empty()).then(|| (name.to_owned(), values));
        fields.extend(named("unknownRole", self.unknown_roles.iter().cloned().collect()));
        fields.extend(named("unknownAction", self.unknown_actions.iter().map(i64::to_string).collect()));
        fields
    }
}

impl Finding {
    /// Its parts as `(name, value)`, in a fixed order.
    pub fn fields(&self) -> Vec<(&'static str, String)> {
        let mut fields = vec![("file", self.master.file().to_owned())];
        if self.row > 0 {
            fields.extend([("row", self.row.to_string()), ("line", self.line.to_string())]);
        }
        fields.extend([("what", self.what.word().to_owned()), ("detail", self.detail.clone())]);
        fields
    }
}

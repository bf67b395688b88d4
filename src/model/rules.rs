//! The rules of a kind, pure: from attributes and what they refer to, to valid attributes or a refusal.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use crate::model::attribute::{Access, AttrId};
use crate::model::kind::{action, organization};
use crate::model::lapse::Lapse;
use crate::model::password::PasswordRules;
use crate::model::state::{Attributes, Given, Stored, Valid};
use crate::model::visible::Names;
use crate::model::{Error, Kind, Row, Value};

/// A configured class of organizations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrganizationClass {
    /// Its name, the value of `organizationClass`.
    pub name: String,
    /// Whether its organizations are virtual.
    pub is_virtual: bool,
    /// The names of the roles a new organization of this class gets.
    pub roles: Vec<String>,
    /// Whether it is the default among the normal, or among the virtual, classes.
    pub default: bool,
    /// Whether a registration in its organizations, and roles of theirs that were offered, await approval.
    pub approval: bool,
}

/// A configured type of partners.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartnerType {
    /// Its name, the value of `partnerType`.
    pub name: String,
    /// Whether its partners must name a policy group.
    pub needs_policy_group: bool,
    /// Whether somebody without an account may register one.
    pub self_registration: bool,
    /// The credential types to which its partners may map policies.
    pub credential_types: Vec<String>,
}

/// When wrong passwords lock a user, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserLock {
    /// So many wrong passwords in a row.
    pub after: u32,
    /// How long the lock lasts, and how long a failure is remembered, microseconds.
    pub micros: i64,
}

impl Default for UserLock {
    fn default() -> Self {
        Self { after: 10, micros: 900_000_000 }
    }
}

/// Whether reads are recorded that no service demands to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReadRecords {
    /// Not.
    #[default]
    Off,
    /// Within a second; a crash loses at most those of one second.
    Deferred,
    /// Before the answer, many in one commit.
    Grouped,
}

/// What the configuration decides about entities.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the configuration, not a state")]
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settings {
    /// The classes of organizations.
    pub classes: Vec<OrganizationClass>,
    /// How long an invitation stands, in days.
    pub invitation_days: i64,
    /// What a user's password must be like.
    pub password: PasswordRules,
    /// When wrong passwords lock a user.
    pub lock: UserLock,
    /// Whether the receiver of a mandate must approve it.
    pub mandate_approval: bool,
    /// Whether a role gives the roles that it includes.
    pub role_recursion: bool,
    /// The types of partners.
    pub partner_types: Vec<PartnerType>,
    /// How long a new licence key of a MISP is good, microseconds.
    pub license_micros: i64,
    /// How long an API key is good, in days.
    pub api_key_days: i64,
    /// Whether a contract of devices waits for approval.
    pub contract_approval: bool,
    /// Whether a valid certificate approves a partner that was not decided on.
    pub approve_by_certificate: bool,
    /// How long a policy is good when nothing else is said, in days.
    pub policy_days: i64,
    /// Whether reads of other kinds than the three services' are recorded.
    pub read_records: ReadRecords,
    /// Whether `{x}` in the template of an action also stands for `-` and `.`.
    pub access_segments: bool,
    /// The tenant whose matrix the server's own operations are held to; `None` where it does not guard itself.
    pub guard_tenant: Option<String>,
}

const DAY: i64 = 86_400_000_000;

impl Settings {
    /// Until when an invitation stands that is sent at `now`.
    pub fn invitation_end(&self, now: i64) -> i64 {
        now.saturating_add(self.invitation_days.saturating_mul(DAY))
    }

    /// When an API key ends that is made at `now`.
    pub fn api_key_end(&self, now: i64) -> i64 {
        now.saturating_add(self.api_key_days.saturating_mul(DAY))
    }

    /// Until when a policy is good that begins at `from` and does not say.
    pub fn policy_end(&self, from: i64) -> i64 {
        from.saturating_add(self.policy_days.saturating_mul(DAY))
    }

    /// Whether what somebody accepts in this organization awaits approval.
    pub fn asks_approval(&self, organization: &Attributes) -> bool {
        let class = organization.text(organization::CLASS).and_then(|name| self.class(name));
        class.is_some_and(|class| class.approval)
    }

    /// The class of that name.
    pub fn class(&self, name: &str) -> Option<&OrganizationClass> {
        self.classes.iter().find(|class| class.name == name)
    }

    /// The type of partners of that name.
    pub fn partner_type(&self, name: &str) -> Option<&PartnerType> {
        self.partner_types.iter().find(|known| known.name == name)
    }

    /// The default class of normal or of virtual organizations.
    pub fn default_class(&self, is_virtual: bool) -> Option<&OrganizationClass> {
        self.classes.iter().find(|class| class.default && class.is_virtual == is_virtual)
    }
}

/// The entities a change refers to, loaded (and locked) in its transaction.
#[derive(Debug, Default)]
pub struct Companions {
    loaded: HashMap<Uuid, Stored>,
    /// The roles the mandater of a mandate holds, when it is a user.
    pub held: HashSet<Uuid>,
}

impl Companions {
    /// Adds a loaded entity.
    pub fn add(&mut self, entity: Stored) {
        self.loaded.insert(entity.id(), entity);
    }

    /// The entity of that id.
    pub fn get(&self, id: Uuid) -> Option<&Stored> {
        self.loaded.get(&id)
    }

    /// Its row; 0 when it is not loaded, which no entity has.
    pub fn row(&self, id: Uuid) -> Row {
        self.get(id).map_or(0, Stored::row)
    }

    /// What attribute `attr` of `attributes` refers to, first value.
    pub fn of(&self, attributes: &Attributes, attr: AttrId) -> Option<&Stored> {
        attributes.reference(attr).and_then(|to| self.get(to.id))
    }
}

/// Everything a rule may know beside the attributes; ids and clock are fixed before the first run.
#[derive(Debug)]
pub struct Context<'a> {
    /// The present instant, microseconds.
    pub now: i64,
    /// The id of the entity concerned.
    pub id: Uuid,
    /// A second fresh id without order (a user's repository id).
    pub other_id: Uuid,
    /// The name of the client that acts.
    pub client: &'a str,
    /// The configuration's part.
    pub settings: &'a Settings,
    /// What the attributes refer to.
    pub with: &'a Companions,
}

/// What a kind demands beyond its declaration.
pub trait Rules: Sync {
    /// Refuses what a client gave for what it lacks, before it is known whether the client may.
    fn given(&self, given: &[(AttrId, Vec<Given>)], creating: bool) -> Result<(), Error> {
        let _ = (given, creating);
        Ok(())
    }

    /// Fills in defaults and server-set attributes of a new entity.
    fn complete(&self, new: &mut Attributes, context: &Context<'_>) -> Result<(), Error> {
        let _ = (new, context);
        Ok(())
    }

    /// Refuses what must not be; `old` is the entity before the change, if there was one.
    fn check(&self, new: &Attributes, old: Option<&Stored>, context: &Context<'_>) -> Result<(), Error> {
        let _ = (new, old, context);
        Ok(())
    }

    /// The organizations whose names an answer of this entity needs.
    fn named(&self, stored: &Stored) -> Vec<Uuid> {
        let _ = stored;
        Vec::new()
    }

    /// How its state ends by itself at an instant.
    fn lapse(&self) -> Option<&'static Lapse> {
        None
    }

    /// The values of an attribute that is answered otherwise than it is stored; `None` for all others.
    fn derived(&self, stored: &Stored, attr: AttrId, names: &dyn Names) -> Option<Vec<Value>> {
        let _ = (stored, attr, names);
        None
    }
}

/// The rules of a kind that has none.
#[derive(Debug)]
pub struct NoRules;

impl Rules for NoRules {}

/// Makes a new entity's attributes valid: defaults, mandatory attributes, then the kind's own rules.
pub fn validate(kind: Kind, mut new: Attributes, context: &Context<'_>) -> Result<Valid, Error> {
    kind.def().rules.complete(&mut new, context)?;
    require_mandatory(kind, &new)?;
    kind.def().rules.check(&new, None, context)?;
    Ok(Valid::new(kind, new))
}

/// Makes changed attributes valid: mandatory attributes, then the kind's own rules.
pub fn revalidate(old: &Stored, mut new: Attributes, context: &Context<'_>) -> Result<Valid, Error> {
    let kind = old.kind();
    kind.def().rules.complete(&mut new, context)?;
    require_mandatory(kind, &new)?;
    kind.def().rules.check(&new, Some(old), context)?;
    Ok(Valid::new(kind, new))
}

/// Makes the attributes of an entity valid that lived elsewhere under this id: its state and what the server set are
/// taken as they are, because the steps to them were taken there. Kinds without a state are held to the rules of a new
/// entity.
pub fn transfer(kind: Kind, mut new: Attributes, context: &Context<'_>) -> Result<Valid, Error> {
    let lives = kind.def().attrs.iter().any(|def| def.access == Access::ServerSet);
    if !lives {
        return validate(kind, new, context);
    }
    kind.def().rules.complete(&mut new, context)?;
    require_mandatory(kind, &new)?;
    let as_it_was = Stored::elsewhere(kind, context.id, new.clone());
    kind.def().rules.check(&new, Some(&as_it_was), context)?;
    Ok(Valid::new(kind, new))
}

/// Attributes the server itself changes (a state, a value that lost its target): no client gave them.
pub fn by_server(kind: Kind, new: Attributes) -> Valid {
    Valid::new(kind, new)
}

/// Error 1 when what a client gave leaves a mandatory attribute without a value: told before it is known whether the
/// client may, so that bad arguments are answered alike to everybody.
pub fn check_given(kind: Kind, given: &[(AttrId, Vec<Given>)], creating: bool) -> Result<(), Error> {
    // The server completes these itself.
    let completed = [organization::TECHNICAL_NAME, action::ID];
    let missing = kind.def().attrs.iter().filter(|def| def.required).find(|def| {
        let id = kind.attr_id(def);
        let values = given.iter().find(|(attr, _)| *attr == id).map(|(_, values)| values);
        !completed.contains(&id) && values.map_or(creating, Vec::is_empty)
    });
    match missing {
        Some(def) => Err(Error::invalid(def.name, "mandatory and must not be empty")),
        None => kind.def().rules.given(given, creating),
    }
}

fn require_mandatory(kind: Kind, new: &Attributes) -> Result<(), Error> {
    let missing = kind.def().attrs.iter().find(|def| {
        let empty = new
            .values(kind.attr_id(def))
            .iter()
            .all(|value| value.as_text().is_some_and(|text| text.trim().is_empty()));
        def.required && empty
    });
    missing.map_or(Ok(()), |def| Err(Error::invalid(def.name, "mandatory and must not be empty")))
}

//! The wire types of `schema/extension.xsd` (which includes `cid-2.0.xsd`) and the table of documents.
//!
//! Generated: do not edit. To make it anew after a change of the schema:
//! `cargo run --manifest-path schema/generate/Cargo.toml`
//!
//! schema-blake3: 38331fd273491b39c24ce70859bf4197d9ab99cfae0f589d93abca0c6cef64bf

pub type AuditEvent = EntityType;
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct EntityType {
    pub in_response_to: Option<String>,
    pub method: Option<HttpMethodType>,
    pub type_: Option<String>,
    pub attribute: Vec<AttributeType>,
}
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum HttpMethodType {
    Get,
    Put,
    Post,
    Delete,
    Update,
    Head,
    Status,
    Connect,
    Options,
    Trace,
}
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AttributeType {
    pub name: Option<String>,
    pub content: AttributeTypeContent,
}
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum AttributeTypeContent {
    Value(Vec<AttributeValueType>),
    Entity(Vec<EntityType>),
}
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AttributeValueType {
    pub type_: Option<String>,
    pub content: String,
}
pub type AuditEvents = AuditEventListType;
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AuditEventListType {
    pub in_response_to: Option<String>,
    pub method: HttpMethodType,
    pub id: Vec<String>,
    pub user: Vec<EntityType>,
    pub organization: Vec<EntityType>,
    pub role: Vec<EntityType>,
    pub mandate: Vec<EntityType>,
    pub audit_event: Vec<EntityType>,
}
pub type Mandate = EntityType;
pub type MandateInvitations = IdListType;
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct IdListType {
    pub in_response_to: Option<String>,
    pub method: HttpMethodType,
    pub id: Vec<String>,
    pub user: Vec<EntityType>,
    pub organization: Vec<EntityType>,
    pub role: Vec<EntityType>,
    pub mandate: Vec<EntityType>,
}
pub type MandateTemplate = EntityType;
pub type Mandates = IdListType;
pub type Organization = EntityType;
pub type Organizations = IdListType;
pub type Role = EntityType;
pub type RoleInvitation = EntityType;
pub type RoleInvitations = IdListType;
pub type Roles = IdListType;
pub type User = EntityType;
pub type Users = IdListType;
pub type Workflow = EntityType;
pub type Workflows = IdListType;

/// The roots whose content is `EntityType`.
pub const ENTITY_ROOTS: &[&str] = &[
    "AuditEvent",
    "Mandate",
    "MandateTemplate",
    "Organization",
    "Role",
    "RoleInvitation",
    "User",
    "Workflow",
];
/// The entities that every list may hold, in this order, after its `Id`s.
pub const LIST_ENTITIES: &[&str] = &["User", "Organization", "Role", "Mandate"];
/// A root that is a list.
#[derive(Clone, Copy, Debug)]
pub struct ListRoot {
    /// The name of the element.
    pub name: &'static str,
    /// The name of its type in the schema.
    pub schema_type: &'static str,
    /// The entity that this type adds to `IdListType`.
    pub own: Option<&'static str>,
}
/// The roots that are lists.
pub const LIST_ROOTS: &[ListRoot] = &[
    ListRoot {
        name: "AuditEvents",
        schema_type: "AuditEventListType",
        own: Some("AuditEvent"),
    },
    ListRoot {
        name: "MandateInvitations",
        schema_type: "IdListType",
        own: None,
    },
    ListRoot {
        name: "Mandates",
        schema_type: "IdListType",
        own: None,
    },
    ListRoot {
        name: "Organizations",
        schema_type: "IdListType",
        own: None,
    },
    ListRoot {
        name: "RoleInvitations",
        schema_type: "IdListType",
        own: None,
    },
    ListRoot {
        name: "Roles",
        schema_type: "IdListType",
        own: None,
    },
    ListRoot {
        name: "Users",
        schema_type: "IdListType",
        own: None,
    },
    ListRoot {
        name: "Workflows",
        schema_type: "IdListType",
        own: None,
    },
];

//! The wire types of `schema/extension.xsd` (which includes `cid-2.0.xsd`) and the table of documents.
//!
//! Generated: do not edit. To make it anew after a change of the schema:
//! `cargo run --manifest-path schema/generate/Cargo.toml`
//!
//! schema-blake3: eca6f5441f67445c537645ec35b2745bd2b49773be1d17d23649c223e0680078

pub type ApiClient = EntityType;
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
pub type ApiClients = ApiClientListType;
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ApiClientListType {
    pub in_response_to: Option<String>,
    pub method: HttpMethodType,
    pub id: Vec<String>,
    pub user: Vec<EntityType>,
    pub organization: Vec<EntityType>,
    pub role: Vec<EntityType>,
    pub mandate: Vec<EntityType>,
    pub api_client: Vec<EntityType>,
}
pub type AttributeDefinition = EntityType;
pub type AttributeDefinitions = AttributeDefinitionListType;
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AttributeDefinitionListType {
    pub in_response_to: Option<String>,
    pub method: HttpMethodType,
    pub id: Vec<String>,
    pub user: Vec<EntityType>,
    pub organization: Vec<EntityType>,
    pub role: Vec<EntityType>,
    pub mandate: Vec<EntityType>,
    pub attribute_definition: Vec<EntityType>,
}
pub type AuditEvent = EntityType;
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
pub type Delegation = EntityType;
pub type Delegations = DelegationListType;
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DelegationListType {
    pub in_response_to: Option<String>,
    pub method: HttpMethodType,
    pub id: Vec<String>,
    pub user: Vec<EntityType>,
    pub organization: Vec<EntityType>,
    pub role: Vec<EntityType>,
    pub mandate: Vec<EntityType>,
    pub delegation: Vec<EntityType>,
}
pub type EffectiveRole = EntityType;
pub type EffectiveRoles = EffectiveRoleListType;
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct EffectiveRoleListType {
    pub in_response_to: Option<String>,
    pub method: HttpMethodType,
    pub id: Vec<String>,
    pub user: Vec<EntityType>,
    pub organization: Vec<EntityType>,
    pub role: Vec<EntityType>,
    pub mandate: Vec<EntityType>,
    pub effective_role: Vec<EntityType>,
}
pub type Mandate = EntityType;
pub type MandateInvitation = EntityType;
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
pub type MandateTemplates = MandateTemplateListType;
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MandateTemplateListType {
    pub in_response_to: Option<String>,
    pub method: HttpMethodType,
    pub id: Vec<String>,
    pub user: Vec<EntityType>,
    pub organization: Vec<EntityType>,
    pub role: Vec<EntityType>,
    pub mandate: Vec<EntityType>,
    pub mandate_template: Vec<EntityType>,
}
pub type Mandates = IdListType;
pub type Message = EntityType;
pub type Messages = MessageListType;
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MessageListType {
    pub in_response_to: Option<String>,
    pub method: HttpMethodType,
    pub id: Vec<String>,
    pub user: Vec<EntityType>,
    pub organization: Vec<EntityType>,
    pub role: Vec<EntityType>,
    pub mandate: Vec<EntityType>,
    pub message: Vec<EntityType>,
}
pub type Organization = EntityType;
pub type Organizations = IdListType;
pub type ReinviteResponse = ReinviteResponseType;
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ReinviteResponseType {
    pub in_response_to: Option<String>,
    pub method: Option<HttpMethodType>,
    pub user_id: String,
    pub email: String,
}
pub type Role = EntityType;
pub type RoleInvitation = EntityType;
pub type RoleInvitations = IdListType;
pub type Roles = IdListType;
pub type Token = EntityType;
pub type Tokens = TokenListType;
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TokenListType {
    pub in_response_to: Option<String>,
    pub method: HttpMethodType,
    pub id: Vec<String>,
    pub user: Vec<EntityType>,
    pub organization: Vec<EntityType>,
    pub role: Vec<EntityType>,
    pub mandate: Vec<EntityType>,
    pub token: Vec<EntityType>,
}
pub type User = EntityType;
pub type Users = IdListType;
pub type Workflow = EntityType;
pub type Workflows = IdListType;

/// The roots whose content is `EntityType`.
pub const ENTITY_ROOTS: &[&str] = &[
    "ApiClient",
    "AttributeDefinition",
    "AuditEvent",
    "Delegation",
    "EffectiveRole",
    "Mandate",
    "MandateInvitation",
    "MandateTemplate",
    "Message",
    "Organization",
    "Role",
    "RoleInvitation",
    "Token",
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
        name: "ApiClients",
        schema_type: "ApiClientListType",
        own: Some("ApiClient"),
    },
    ListRoot {
        name: "AttributeDefinitions",
        schema_type: "AttributeDefinitionListType",
        own: Some("AttributeDefinition"),
    },
    ListRoot {
        name: "AuditEvents",
        schema_type: "AuditEventListType",
        own: Some("AuditEvent"),
    },
    ListRoot {
        name: "Delegations",
        schema_type: "DelegationListType",
        own: Some("Delegation"),
    },
    ListRoot {
        name: "EffectiveRoles",
        schema_type: "EffectiveRoleListType",
        own: Some("EffectiveRole"),
    },
    ListRoot {
        name: "MandateInvitations",
        schema_type: "IdListType",
        own: None,
    },
    ListRoot {
        name: "MandateTemplates",
        schema_type: "MandateTemplateListType",
        own: Some("MandateTemplate"),
    },
    ListRoot {
        name: "Mandates",
        schema_type: "IdListType",
        own: None,
    },
    ListRoot {
        name: "Messages",
        schema_type: "MessageListType",
        own: Some("Message"),
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
        name: "Tokens",
        schema_type: "TokenListType",
        own: Some("Token"),
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

//! The wire types of `schema/extension.xsd` (which includes `cid-2.0.xsd`) and the table of documents.
//!
//! Generated: do not edit. To make it anew after a change of the schema:
//! `cargo run --manifest-path schema/generate/Cargo.toml`
//!
//! schema-blake3: 99a3b81db3d7a1415798ba1cb3ad7092212c1abe7b960cf21e730787f6a31a5a

pub type Action = EntityType;
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
pub type Actions = ActionListType;
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ActionListType {
    pub in_response_to: Option<String>,
    pub method: HttpMethodType,
    pub id: Vec<String>,
    pub user: Vec<EntityType>,
    pub organization: Vec<EntityType>,
    pub role: Vec<EntityType>,
    pub mandate: Vec<EntityType>,
    pub action: Vec<EntityType>,
}
pub type ApiClient = EntityType;
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
pub type ApiKey = EntityType;
pub type ApiKeyRequest = EntityType;
pub type ApiKeyRequests = ApiKeyRequestListType;
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ApiKeyRequestListType {
    pub in_response_to: Option<String>,
    pub method: HttpMethodType,
    pub id: Vec<String>,
    pub user: Vec<EntityType>,
    pub organization: Vec<EntityType>,
    pub role: Vec<EntityType>,
    pub mandate: Vec<EntityType>,
    pub api_key_request: Vec<EntityType>,
}
pub type ApiKeys = ApiKeyListType;
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ApiKeyListType {
    pub in_response_to: Option<String>,
    pub method: HttpMethodType,
    pub id: Vec<String>,
    pub user: Vec<EntityType>,
    pub organization: Vec<EntityType>,
    pub role: Vec<EntityType>,
    pub mandate: Vec<EntityType>,
    pub api_key: Vec<EntityType>,
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
pub type Authorization = EntityType;
pub type Authorizations = AuthorizationListType;
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AuthorizationListType {
    pub in_response_to: Option<String>,
    pub method: HttpMethodType,
    pub id: Vec<String>,
    pub user: Vec<EntityType>,
    pub organization: Vec<EntityType>,
    pub role: Vec<EntityType>,
    pub mandate: Vec<EntityType>,
    pub authorization: Vec<EntityType>,
}
pub type BiometricExtractor = EntityType;
pub type BiometricExtractors = BiometricExtractorListType;
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BiometricExtractorListType {
    pub in_response_to: Option<String>,
    pub method: HttpMethodType,
    pub id: Vec<String>,
    pub user: Vec<EntityType>,
    pub organization: Vec<EntityType>,
    pub role: Vec<EntityType>,
    pub mandate: Vec<EntityType>,
    pub biometric_extractor: Vec<EntityType>,
}
pub type Certificate = EntityType;
pub type Certificates = CertificateListType;
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CertificateListType {
    pub in_response_to: Option<String>,
    pub method: HttpMethodType,
    pub id: Vec<String>,
    pub user: Vec<EntityType>,
    pub organization: Vec<EntityType>,
    pub role: Vec<EntityType>,
    pub mandate: Vec<EntityType>,
    pub certificate: Vec<EntityType>,
}
pub type Contact = EntityType;
pub type Contacts = ContactListType;
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ContactListType {
    pub in_response_to: Option<String>,
    pub method: HttpMethodType,
    pub id: Vec<String>,
    pub user: Vec<EntityType>,
    pub organization: Vec<EntityType>,
    pub role: Vec<EntityType>,
    pub mandate: Vec<EntityType>,
    pub contact: Vec<EntityType>,
}
pub type Contract = EntityType;
pub type Contracts = ContractListType;
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ContractListType {
    pub in_response_to: Option<String>,
    pub method: HttpMethodType,
    pub id: Vec<String>,
    pub user: Vec<EntityType>,
    pub organization: Vec<EntityType>,
    pub role: Vec<EntityType>,
    pub mandate: Vec<EntityType>,
    pub contract: Vec<EntityType>,
}
pub type CredentialTypeMapping = EntityType;
pub type CredentialTypeMappings = CredentialTypeMappingListType;
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CredentialTypeMappingListType {
    pub in_response_to: Option<String>,
    pub method: HttpMethodType,
    pub id: Vec<String>,
    pub user: Vec<EntityType>,
    pub organization: Vec<EntityType>,
    pub role: Vec<EntityType>,
    pub mandate: Vec<EntityType>,
    pub credential_type_mapping: Vec<EntityType>,
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
pub type Device = EntityType;
pub type Devices = DeviceListType;
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DeviceListType {
    pub in_response_to: Option<String>,
    pub method: HttpMethodType,
    pub id: Vec<String>,
    pub user: Vec<EntityType>,
    pub organization: Vec<EntityType>,
    pub role: Vec<EntityType>,
    pub mandate: Vec<EntityType>,
    pub device: Vec<EntityType>,
}
pub type DigitImport = EntityType;
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
pub type Feature = EntityType;
pub type FeatureRole = EntityType;
pub type FeatureRoles = FeatureRoleListType;
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FeatureRoleListType {
    pub in_response_to: Option<String>,
    pub method: HttpMethodType,
    pub id: Vec<String>,
    pub user: Vec<EntityType>,
    pub organization: Vec<EntityType>,
    pub role: Vec<EntityType>,
    pub mandate: Vec<EntityType>,
    pub feature_role: Vec<EntityType>,
}
pub type Features = FeatureListType;
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FeatureListType {
    pub in_response_to: Option<String>,
    pub method: HttpMethodType,
    pub id: Vec<String>,
    pub user: Vec<EntityType>,
    pub organization: Vec<EntityType>,
    pub role: Vec<EntityType>,
    pub mandate: Vec<EntityType>,
    pub feature: Vec<EntityType>,
}
pub type LicenseKey = EntityType;
pub type LicenseKeys = LicenseKeyListType;
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LicenseKeyListType {
    pub in_response_to: Option<String>,
    pub method: HttpMethodType,
    pub id: Vec<String>,
    pub user: Vec<EntityType>,
    pub organization: Vec<EntityType>,
    pub role: Vec<EntityType>,
    pub mandate: Vec<EntityType>,
    pub license_key: Vec<EntityType>,
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
pub type Misp = EntityType;
pub type Misps = MispListType;
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MispListType {
    pub in_response_to: Option<String>,
    pub method: HttpMethodType,
    pub id: Vec<String>,
    pub user: Vec<EntityType>,
    pub organization: Vec<EntityType>,
    pub role: Vec<EntityType>,
    pub mandate: Vec<EntityType>,
    pub misp: Vec<EntityType>,
}
pub type Organization = EntityType;
pub type Organizations = IdListType;
pub type Partner = EntityType;
pub type Partners = PartnerListType;
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PartnerListType {
    pub in_response_to: Option<String>,
    pub method: HttpMethodType,
    pub id: Vec<String>,
    pub user: Vec<EntityType>,
    pub organization: Vec<EntityType>,
    pub role: Vec<EntityType>,
    pub mandate: Vec<EntityType>,
    pub partner: Vec<EntityType>,
}
pub type Policies = PolicyListType;
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PolicyListType {
    pub in_response_to: Option<String>,
    pub method: HttpMethodType,
    pub id: Vec<String>,
    pub user: Vec<EntityType>,
    pub organization: Vec<EntityType>,
    pub role: Vec<EntityType>,
    pub mandate: Vec<EntityType>,
    pub policy: Vec<EntityType>,
}
pub type Policy = EntityType;
pub type PolicyGroup = EntityType;
pub type PolicyGroups = PolicyGroupListType;
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PolicyGroupListType {
    pub in_response_to: Option<String>,
    pub method: HttpMethodType,
    pub id: Vec<String>,
    pub user: Vec<EntityType>,
    pub organization: Vec<EntityType>,
    pub role: Vec<EntityType>,
    pub mandate: Vec<EntityType>,
    pub policy_group: Vec<EntityType>,
}
pub type ReinviteResponse = ReinviteResponseType;
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ReinviteResponseType {
    pub in_response_to: Option<String>,
    pub method: Option<HttpMethodType>,
    pub user_id: String,
    pub email: String,
}
pub type Role = EntityType;
pub type RoleAction = EntityType;
pub type RoleActions = RoleActionListType;
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RoleActionListType {
    pub in_response_to: Option<String>,
    pub method: HttpMethodType,
    pub id: Vec<String>,
    pub user: Vec<EntityType>,
    pub organization: Vec<EntityType>,
    pub role: Vec<EntityType>,
    pub mandate: Vec<EntityType>,
    pub role_action: Vec<EntityType>,
}
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
pub type Validation = EntityType;
pub type Workflow = EntityType;
pub type Workflows = IdListType;

/// The roots whose content is `EntityType`.
pub const ENTITY_ROOTS: &[&str] = &[
    "Action",
    "ApiClient",
    "ApiKey",
    "ApiKeyRequest",
    "AttributeDefinition",
    "AuditEvent",
    "Authorization",
    "BiometricExtractor",
    "Certificate",
    "Contact",
    "Contract",
    "CredentialTypeMapping",
    "Delegation",
    "Device",
    "DigitImport",
    "EffectiveRole",
    "Feature",
    "FeatureRole",
    "LicenseKey",
    "Mandate",
    "MandateInvitation",
    "MandateTemplate",
    "Message",
    "Misp",
    "Organization",
    "Partner",
    "Policy",
    "PolicyGroup",
    "Role",
    "RoleAction",
    "RoleInvitation",
    "Token",
    "User",
    "Validation",
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
        name: "Actions",
        schema_type: "ActionListType",
        own: Some("Action"),
    },
    ListRoot {
        name: "ApiClients",
        schema_type: "ApiClientListType",
        own: Some("ApiClient"),
    },
    ListRoot {
        name: "ApiKeyRequests",
        schema_type: "ApiKeyRequestListType",
        own: Some("ApiKeyRequest"),
    },
    ListRoot {
        name: "ApiKeys",
        schema_type: "ApiKeyListType",
        own: Some("ApiKey"),
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
        name: "Authorizations",
        schema_type: "AuthorizationListType",
        own: Some("Authorization"),
    },
    ListRoot {
        name: "BiometricExtractors",
        schema_type: "BiometricExtractorListType",
        own: Some("BiometricExtractor"),
    },
    ListRoot {
        name: "Certificates",
        schema_type: "CertificateListType",
        own: Some("Certificate"),
    },
    ListRoot {
        name: "Contacts",
        schema_type: "ContactListType",
        own: Some("Contact"),
    },
    ListRoot {
        name: "Contracts",
        schema_type: "ContractListType",
        own: Some("Contract"),
    },
    ListRoot {
        name: "CredentialTypeMappings",
        schema_type: "CredentialTypeMappingListType",
        own: Some("CredentialTypeMapping"),
    },
    ListRoot {
        name: "Delegations",
        schema_type: "DelegationListType",
        own: Some("Delegation"),
    },
    ListRoot {
        name: "Devices",
        schema_type: "DeviceListType",
        own: Some("Device"),
    },
    ListRoot {
        name: "EffectiveRoles",
        schema_type: "EffectiveRoleListType",
        own: Some("EffectiveRole"),
    },
    ListRoot {
        name: "FeatureRoles",
        schema_type: "FeatureRoleListType",
        own: Some("FeatureRole"),
    },
    ListRoot {
        name: "Features",
        schema_type: "FeatureListType",
        own: Some("Feature"),
    },
    ListRoot {
        name: "LicenseKeys",
        schema_type: "LicenseKeyListType",
        own: Some("LicenseKey"),
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
        name: "Misps",
        schema_type: "MispListType",
        own: Some("Misp"),
    },
    ListRoot {
        name: "Organizations",
        schema_type: "IdListType",
        own: None,
    },
    ListRoot {
        name: "Partners",
        schema_type: "PartnerListType",
        own: Some("Partner"),
    },
    ListRoot {
        name: "Policies",
        schema_type: "PolicyListType",
        own: Some("Policy"),
    },
    ListRoot {
        name: "PolicyGroups",
        schema_type: "PolicyGroupListType",
        own: Some("PolicyGroup"),
    },
    ListRoot {
        name: "RoleActions",
        schema_type: "RoleActionListType",
        own: Some("RoleAction"),
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

//! A small world to be refused in: one organization of each sort, users, a role, a mandate, an invitation.

use valtuus::http::dialect::{Operation, Route};
use valtuus::model::Kind;
use valtuus::operation::device::ContractStep;
use valtuus::operation::invitation::Inviting;
use valtuus::operation::misp::MispStep;
use valtuus::operation::partner::Partnering;

use super::services::Services;
use crate::kit::Bed;

/// An id that nothing has.
pub const NOBODY: &str = "01890000-0000-7000-8000-000000000000";

/// The ids of what is there.
pub struct Ground {
    pub company: String,
    pub below: String,
    pub network: String,
    pub anna: String,
    pub bertil: String,
    pub role: String,
    pub mandate: String,
    pub invitation: String,
    pub mail: String,
    pub definition: String,
    pub offer: String,
    pub delegation: String,
    pub template: String,
    pub workflow: String,
    pub client: String,
    pub token: String,
    pub services: Services,
    pub mapped: Mapped,
}

/// The ids of what roles are mapped to, and of the mappings.
pub struct Mapped {
    pub action: String,
    pub mapping: String,
    pub feature: String,
    pub feature_role: String,
}

impl Mapped {
    /// One of each, held by a tenant.
    async fn lay(bed: &Bed, tenant: &str, role: &str) -> Self {
        let admin = bed.admin();
        let make = async |path: String| admin.post(&path).await.ok().id();
        let action = make(format!("actions/?id=1&url=/a/{{x}}&enabled=true&tenant={tenant}")).await;
        let mapping = make(format!("roleactions/?role={role}&action={action}&tenant={tenant}")).await;
        let feature = make(format!("features/?code=feature&serviceCode=a&tenant={tenant}")).await;
        let feature_role = make(format!("featureroles/?role={role}&feature={feature}&tenant={tenant}")).await;
        Self { action, mapping, feature, feature_role }
    }
}

impl Ground {
    /// Lays the ground below the root.
    pub async fn lay(bed: &Bed) -> Self {
        let root = bed.server.service().engine.root.to_string();
        Self::lay_below(bed, &root, "").await
    }

    /// Lays the ground below an organization; logins and names that are unique everywhere begin with `prefix`.
    pub async fn lay_below(bed: &Bed, top: &str, prefix: &str) -> Self {
        let admin = bed.admin();
        let make = async |path: String| admin.post(&path).await.ok().id();
        let organization = async |name: &str, parent: &str, rest: &str| {
            make(format!("organizations/?technicalName={name}&parentOrganizationId={parent}{rest}")).await
        };
        let company = organization("company", top, "").await;
        let below = organization("below", &company, "").await;
        let network = organization("network", top, "&virtual=true").await;
        let anna = make(format!("users/?login={prefix}anna&ssn=010190-999A&organizationId={company}")).await;
        let bertil = make(format!("users/?login={prefix}bertil&organizationId={top}")).await;
        let role = make(format!("roles/?name=Signatory&organization={company}")).await;
        let mandate = make(format!("mandates/?mandater={company}&mandatee={anna}&role={role}")).await;
        let invitation = make(format!("roleinvitations/?user={bertil}&role={role}")).await;
        let offered = format!("mandates/?mandater={company}&assigneeEmail=uusi@example.org&role={role}");
        let offered = make(offered).await;
        let offer = admin.get(&format!("mandateinvitations?mandate={offered}")).await.ok().id();
        let received = make(format!("mandates/?mandater={company}&mandatee={below}&role={role}")).await;
        let cecilia = make(format!("users/?login={prefix}cecilia&organizationId={below}")).await;
        let delegation = make(format!("mandates/{received}/delegations?user={cecilia}")).await;
        let template = make(format!("mandatetemplates?name={prefix}usual&role={role}")).await;
        let club = organization("club", top, "&organizationClass=association").await;
        let member = make(format!("roles/?name=Member&organization={club}")).await;
        let asked = make(format!("roleinvitations/?user={anna}&role={member}")).await;
        admin.put(&format!("roleinvitations/{asked}/accept")).await.ok();
        let workflow = admin.get(&format!("workflows?user={anna}")).await.ok().id();
        let client =
            format!("apiclients/?name={prefix}ground&grants=read:user&pwd=ground-password&within={top}");
        admin.post(&client).await.ok();
        let client = admin.get(&format!("apiclients?name={prefix}ground&exactMatch=true")).await.ok().id();
        admin.post(&format!("tokens/?client={client}")).await.ok();
        let token = admin.get(&format!("tokens?client={client}")).await.ok().id();
        let store = &bed.server.service().engine.store;
        let mail = crate::mail::put(store, "anna@example.fi", "x").await.to_string();
        let definition = make(format!("attributes/?kind=user&name={prefix}glovesize")).await;
        let mapped = Mapped::lay(bed, &company, &role).await;
        let on = company.clone();
        Self {
            company,
            below,
            network,
            anna,
            bertil,
            role,
            mandate,
            invitation,
            mail,
            definition,
            offer,
            delegation,
            template,
            workflow,
            client,
            token,
            services: Services::lay(bed, prefix, &on).await,
            mapped,
        }
    }

    /// An entity of that kind that exists and can be changed.
    pub fn one(&self, kind: Kind) -> &str {
        match kind {
            Kind::User => &self.anna,
            Kind::Organization => &self.company,
            Kind::Role => &self.role,
            Kind::Mandate => &self.mandate,
            Kind::RoleInvitation => &self.invitation,
            Kind::Message => &self.mail,
            Kind::AttributeDefinition => &self.definition,
            Kind::MandateInvitation => &self.offer,
            Kind::Delegation => &self.delegation,
            Kind::MandateTemplate => &self.template,
            Kind::Workflow => &self.workflow,
            Kind::ApiClient => &self.client,
            Kind::Token => &self.token,
            Kind::Action => &self.mapped.action,
            Kind::RoleAction => &self.mapped.mapping,
            Kind::Feature => &self.mapped.feature,
            Kind::FeatureRole => &self.mapped.feature_role,
            other => {
                let one = self.services.one(other);
                one.unwrap_or_else(|| panic!("{} has no address of its own", other.name()))
            }
        }
    }

    /// A route's path with existing ids put in.
    pub fn path(&self, route: &Route) -> String {
        let mut kinds = keys(route).into_iter();
        let segments = route.path.split('/').map(|segment| match segment {
            "{}" => match kinds.next().unwrap() {
                Kind::AuditEvent => NOBODY.to_owned(),
                kind => self.one(kind).to_owned(),
            },
            fixed => fixed.to_owned(),
        });
        segments.collect::<Vec<_>>().join("/")
    }
}

/// Whether a route is open to everybody, with or without credentials.
pub fn is_open(route: &Route) -> bool {
    route.operation == Operation::Partner(Partnering::AskCode)
}

/// The routes that the walks over every address take. An import of masters takes files, which `tests/digit` refuses, and
/// what is wrong with a question about authorizations `tests/access`; API keys, certificates, the steps of policies and
/// the question about contracts are not of the ground: `tests/partners` and `tests/devices` refuse there what is to be
/// refused, operation by operation. An address of which one operation is refused there is passed over whole, because
/// HEAD and OPTIONS answer for the address.
pub fn walked(table: &'static [Route]) -> impl Iterator<Item = &'static Route> {
    let apart = |address: &str| table.iter().any(|route| route.path == address && is_apart(route));
    table.iter().filter(move |route| !apart(route.path))
}

fn is_apart(route: &Route) -> bool {
    let own = matches!(
        route.operation,
        Operation::Key(_)
            | Operation::GetOf(_)
            | Operation::ImportMasters
            | Operation::Upload(_)
            | Operation::CertificateOfPartner
            | Operation::Policy(_)
            | Operation::Contract(ContractStep::Check)
            | Operation::Authorize
            | Operation::Create(Kind::Policy, _)
            | Operation::Update(Kind::Policy)
    );
    let unlaid = [
        Kind::ApiKey,
        Kind::ApiKeyRequest,
        Kind::BiometricExtractor,
        Kind::CredentialTypeMapping,
        Kind::Certificate,
    ];
    own || keys(route).iter().any(|kind| unlaid.contains(kind))
}

/// The kinds that the `{}` of a route stand for: each follows its collection.
pub fn keys(route: &Route) -> Vec<Kind> {
    let segments: Vec<&str> = route.path.split('/').collect();
    let owners = segments.windows(2).filter(|pair| pair[1] == "{}").map(|pair| pair[0]);
    let kind = |path| match path {
        "auditevents" => Kind::AuditEvent,
        "credentialtypes" => Kind::CredentialTypeMapping,
        path => Kind::ALL.into_iter().find(|kind| kind.def().path == path).unwrap(),
    };
    owners.map(kind).collect()
}

/// The arguments without which a route's operation would be refused for another reason.
pub fn needed(route: &Route, ground: &Ground) -> String {
    let Ground { company, below, anna, bertil, role, mapped, .. } = ground;
    match route.operation {
        Operation::Create(Kind::User, _) => "login=somebody".to_owned(),
        Operation::Create(Kind::Role, _) => format!("name=Auditor&organization={company}"),
        Operation::Create(Kind::Mandate, _) => format!("mandater={company}&mandatee={anna}&role={role}"),
        Operation::Create(Kind::RoleInvitation, _) | Operation::Delegate => {
            format!("user={bertil}&role={role}")
        }
        Operation::Create(Kind::AttributeDefinition, _) => "kind=user&name=hatsize".to_owned(),
        Operation::Invitation(Inviting::InviteUser) => "email=kutsuttu@example.org".to_owned(),
        Operation::Create(Kind::ApiClient, _) => "name=somebody&preset=reader".to_owned(),
        Operation::Create(Kind::MandateTemplate, _) => format!("name=another&role={role}"),
        Operation::Create(Kind::Token, _) => format!("client={}", ground.client),
        Operation::Create(Kind::Action, _) => format!("url=/b&enabled=false&tenant={company}"),
        Operation::Create(Kind::RoleAction, _) => {
            format!("role={role}&action={}&tenant={below}", mapped.action)
        }
        Operation::Create(Kind::Feature, _) => format!("code=another&tenant={company}"),
        Operation::Create(Kind::FeatureRole, _) => {
            format!("role={role}&feature={}&tenant={below}", mapped.feature)
        }
        Operation::Create(Kind::PolicyGroup, _) => "name=another".to_owned(),
        Operation::Create(Kind::Misp, _) => "organizationName=another&emailId=a@misp.example".to_owned(),
        Operation::Create(Kind::Device, _) => {
            format!("name=another&organization={company}&xpub={}", super::services::xpub("another"))
        }
        Operation::Create(Kind::Contract, _) => {
            let [provider, user] = &ground.services.parties;
            format!("provider={provider}&user={user}&functions=40")
        }
        Operation::Misp(MispStep::Decide) => "mispStatus=rejected".to_owned(),
        Operation::Misp(MispStep::Activate) => "mispStatus=active".to_owned(),
        Operation::Misp(MispStep::Validate) => format!("mispLicenseKey={}", ground.services.key.0),
        Operation::Misp(MispStep::KeyStatus) => {
            format!("mispLicenseKey={}&mispLicenseKeyStatus=de-active", ground.services.key.0)
        }
        Operation::Partner(Partnering::Register) => {
            "partnerId=another&organizationName=another&emailId=another@partner.example&partnerType=Device_Provider"
                .to_owned()
        }
        Operation::Partner(Partnering::Status) => "status=approved".to_owned(),
        Operation::Partner(Partnering::AskCode) => "emailId=another@partner.example".to_owned(),
        Operation::Partner(Partnering::Contact) => "emailId=another@contact.example".to_owned(),
        Operation::Authenticate => "pwd=not%20the%20right%20one".to_owned(),
        Operation::MoveUser => format!("organizationId={company}"),
        Operation::MoveOrganization => format!("parentOrganizationId={}", ground.below),
        _ => String::new(),
    }
}

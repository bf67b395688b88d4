//! A small world to be refused in: one organization of each sort, users, a role, a mandate, an invitation.

use valtuus::http::dialect::{Operation, Route};
use valtuus::model::Kind;
use valtuus::operation::invitation::Inviting;

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
            other => panic!("{} has no address of its own", other.name()),
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

/// The kinds that the `{}` of a route stand for: each follows its collection.
pub fn keys(route: &Route) -> Vec<Kind> {
    let segments: Vec<&str> = route.path.split('/').collect();
    let owners = segments.windows(2).filter(|pair| pair[1] == "{}").map(|pair| pair[0]);
    let kind = |path| match path {
        "auditevents" => Kind::AuditEvent,
        path => Kind::ALL.into_iter().find(|kind| kind.def().path == path).unwrap(),
    };
    owners.map(kind).collect()
}

/// The arguments without which a route's operation would be refused for another reason.
pub fn needed(route: &Route, ground: &Ground) -> String {
    let Ground { company, anna, bertil, role, .. } = ground;
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
        Operation::Authenticate => "pwd=not%20the%20right%20one".to_owned(),
        Operation::MoveUser => format!("organizationId={company}"),
        Operation::MoveOrganization => format!("parentOrganizationId={}", ground.below),
        _ => String::new(),
    }
}

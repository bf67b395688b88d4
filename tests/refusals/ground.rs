//! A small world to be refused in: one organization of each sort, users, a role, a mandate, an invitation.

use valtuus::http::dialect::{Operation, Route};
use valtuus::model::Kind;

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
    pub client: String,
    pub token: String,
    pub delegation: String,
    pub template: String,
}

impl Ground {
    pub async fn lay(bed: &Bed) -> Self {
        let admin = bed.admin();
        let company = admin.post("organizations/?technicalName=company").await.ok().id();
        let below = format!("organizations/?technicalName=below&parentOrganizationId={company}");
        let below = admin.post(&below).await.ok().id();
        let network = admin.post("organizations/?technicalName=network&virtual=true").await.ok().id();
        let anna = format!("users/?login=anna&ssn=010190-999A&organizationId={company}");
        let anna = admin.post(&anna).await.ok().id();
        let bertil = admin.post("users/?login=bertil").await.ok().id();
        let role = format!("roles/?name=Signatory&organization={company}");
        let role = admin.post(&role).await.ok().id();
        let mandate = format!("mandates/?mandater={company}&mandatee={anna}&role={role}");
        let mandate = admin.post(&mandate).await.ok().id();
        let invitation = format!("roleinvitations/?user={bertil}&role={role}");
        let invitation = admin.post(&invitation).await.ok().id();
        let client = "apiclients/?name=ground&grants=read:user&pwd=ground-password";
        let client = admin.post(client).await.ok().id();
        let token = admin.post(&format!("tokens/?client={client}")).await.ok();
        let tokens = admin.get(&format!("tokens?client={client}")).await.ok();
        assert_eq!(token.entity().attribute.len(), 4, "client, expires, createdBy and the token itself");
        let token = tokens.id();
        let received = format!("mandates/?mandater={company}&mandatee={below}&role={role}");
        let received = admin.post(&received).await.ok().id();
        let clerk = admin.post(&format!("organizations/{below}/users?login=clerk")).await.ok().id();
        let delegation = format!("mandates/{received}/delegations?user={clerk}&role={role}");
        let delegation = admin.post(&delegation).await.ok().id();
        let template = format!("mandatetemplates/?name=Standard&role={role}");
        let template = admin.post(&template).await.ok().id();
        Self {
            company,
            below,
            network,
            anna,
            bertil,
            role,
            mandate,
            invitation,
            client,
            token,
            delegation,
            template,
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
            Kind::ApiClient => &self.client,
            Kind::Token => &self.token,
            Kind::Delegation => &self.delegation,
            Kind::MandateTemplate => &self.template,
            other => panic!("{} has no address of its own", other.name()),
        }
    }

    /// A route's path with existing ids put in.
    pub fn path(&self, route: &Route) -> String {
        let mut kinds = keys(route).into_iter();
        let segments = route.path.split('/').map(|segment| match segment {
            "{}" => match kinds.next().unwrap() {
                Kind::AuditEvent | Kind::Message => NOBODY.to_owned(),
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
        Operation::Create(Kind::RoleInvitation, _) => format!("user={bertil}&role={role}"),
        Operation::Create(Kind::ApiClient, _) => "name=somebody&preset=reader".to_owned(),
        Operation::Create(Kind::Token, _) => format!("client={}", ground.client),
        Operation::Create(Kind::MandateTemplate, _) => format!("name=somebody&role={role}"),
        Operation::Delegate => format!("user={bertil}&role={role}"),
        Operation::Authenticate => "pwd=some-password".to_owned(),
        Operation::MoveUser => format!("organizationId={company}"),
        Operation::MoveOrganization => format!("parentOrganizationId={}", ground.below),
        _ => String::new(),
    }
}

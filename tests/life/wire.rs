//! Asking over HTTP, as an administrator does.

use std::collections::{BTreeMap, BTreeSet};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use uuid::Uuid;
use valtuus::model::Kind;
use valtuus::operation::list::Base;
use valtuus::store::SharedStore;
use valtuus::xml::generated::{AttributeTypeContent, EntityType};
use valtuus::xml::{Document, Limits, decode};

use super::drive::{Asked, Driver, Facts, No, Request, Verb, Way};
use crate::kit::cases::soon;
use crate::kit::{Answer, Bed};

/// A server that is asked.
pub struct Wire<'b>(pub &'b Bed);

fn query<'p>(pairs: impl IntoIterator<Item = (&'p str, &'p str)>) -> String {
    let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let pairs: Vec<String> =
        pairs.into_iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    pairs.join("&")
}

fn address(request: &Request) -> (Method, String) {
    let given = |pairs: &[(&'static str, String)]| {
        query(pairs.iter().map(|(name, value)| (*name, value.as_str())).collect::<Vec<_>>())
    };
    match request {
        Request::Create(kind, pairs) => (Method::POST, format!("{}/?{}", kind.def().path, given(pairs))),
        Request::Update(kind, id, pairs) => {
            (Method::PUT, format!("{}/{id}?{}", kind.def().path, given(pairs)))
        }
        Request::Delete(Kind::Organization, id, recursive) => {
            (Method::DELETE, format!("organizations/{id}?recursive={recursive}"))
        }
        Request::Delete(kind, id, _) => (Method::DELETE, format!("{}/{id}", kind.def().path)),
        Request::Move(id, parent) => {
            (Method::PUT, format!("organizations/{id}/parent?parentOrganizationId={parent}"))
        }
        Request::Assign(user, role, true) => (Method::PUT, format!("users/{user}/roles/{role}")),
        Request::Assign(user, role, false) => (Method::DELETE, format!("users/{user}/roles/{role}")),
        Request::MoveUser(id, home) => {
            (Method::PUT, format!("users/{id}/organization?organizationId={home}"))
        }
        Request::Delegate(mandate, pairs) => {
            (Method::POST, format!("mandates/{mandate}/delegations?{}", given(pairs)))
        }
        Request::Take(Verb::Revoke, id) => (Method::PUT, format!("mandates/{id}/revoke")),
        Request::Take(Verb::Approve, id) => (Method::PUT, format!("mandates/{id}/approve")),
        Request::Take(Verb::Reject, id) => (Method::PUT, format!("mandates/{id}/reject")),
        Request::Answer(kind, id, accept, user) => {
            let word = if *accept { "accept" } else { "decline" };
            let user = user.map(|user| format!("?user={user}")).unwrap_or_default();
            (Method::PUT, format!("{}/{id}/{word}{user}", kind.def().path))
        }
        Request::Resend(id) => (Method::PUT, format!("roleinvitations/{id}/resend")),
        Request::InviteUser(pairs) => (Method::POST, format!("users/invite?{}", given(pairs))),
        Request::Reinvite(id) => (Method::PUT, format!("users/{id}/reinvite")),
        Request::Decide(id, approve) => {
            let word = if *approve { "approve" } else { "reject" };
            (Method::PUT, format!("workflows/{id}/{word}"))
        }
        Request::Take(Verb::Withdraw, id) => (Method::DELETE, format!("roleinvitations/{id}")),
    }
}

fn collection(asked: &Asked) -> String {
    let owner = asked.owner.map(|id| id.to_string()).unwrap_or_default();
    match asked.base {
        Base::UsersOfOrganization => format!("organizations/{owner}/users"),
        Base::OrganizationsOfOrganization => format!("organizations/{owner}/organizations"),
        Base::RolesOfOrganization => format!("organizations/{owner}/roles"),
        Base::InvitationsOfOrganization => format!("organizations/{owner}/roleinvitations"),
        Base::RolesOfUser => format!("users/{owner}/roles"),
        Base::UsersOfRole => format!("roles/{owner}/users"),
        Base::DelegationsOfMandate => format!("mandates/{owner}/delegations"),
        Base::DelegationsOfUser => format!("users/{owner}/receivedmandateroledelegations"),
        Base::DelegatedToUser => format!("users/{owner}/receivedmandatedelegations"),
        Base::InvitationsOfUser => format!("users/{owner}/roleinvitations"),
        Base::All => asked.kind.def().path.to_owned(),
        other => panic!("{other:?} is not walked"),
    }
}

fn ids(answer: &Answer) -> Vec<Uuid> {
    answer.ids().iter().map(|id| id.parse().unwrap()).collect()
}

fn facts(entity: EntityType) -> Facts {
    let attributes = entity.attribute.into_iter();
    let fact = |content| match content {
        AttributeTypeContent::Value(values) => values.into_iter().map(|value| value.content).collect(),
        AttributeTypeContent::Entity(_) => BTreeSet::new(),
    };
    attributes.map(|attribute| (attribute.name.unwrap_or_default(), fact(attribute.content))).collect()
}

/// The values of an attribute in their order.
fn values(entity: &EntityType, name: &str) -> Vec<String> {
    let found = entity.attribute.iter().find(|attribute| attribute.name.as_deref() == Some(name));
    match found.map(|attribute| &attribute.content) {
        Some(AttributeTypeContent::Value(values)) => {
            values.iter().map(|value| value.content.clone()).collect()
        }
        _ => Vec::new(),
    }
}

fn way(entity: &EntityType) -> Way {
    let one = |name| values(entity, name).pop().unwrap_or_default();
    let mut way = Way {
        role: one("role").parse().unwrap(),
        source: one("source"),
        mandater: one("mandater").parse().ok(),
        until: one("validUntil"),
        ..Way::default()
    };
    way.via(&values(entity, "via").iter().map(|id| id.parse().unwrap()).collect::<Vec<Uuid>>());
    way
}

impl Driver for Wire<'_> {
    fn store(&self) -> &SharedStore {
        &self.0.server.service().engine.store
    }

    fn advance(&self, by: i64) {
        self.0.advance(by);
    }

    async fn effective(&self, user: Uuid) -> BTreeSet<Way> {
        let path = format!("users/{user}/effectiveroles?entities=true");
        let answer = self.0.admin().get(&path).await.ok();
        let Ok(Document::List { own, .. }) = decode(&answer.body, &Limits::default()) else {
            panic!("no list: {}", answer.text())
        };
        own.iter().map(way).collect()
    }

    async fn change(&self, request: &Request) -> Result<BTreeSet<Uuid>, No> {
        let (method, path) = address(request);
        let answer = soon(&path, self.0.admin().send(method, &path, None)).await;
        if let (Request::Reinvite(id), true) = (request, answer.status == 200) {
            assert!(answer.text().contains("ReinviteResponse"), "{}", answer.text());
            return Ok([*id].into());
        }
        if answer.status == 200 {
            return Ok(ids(&answer).into_iter().collect());
        }
        let text = answer.text();
        let code = text.split("<code>").nth(1).and_then(|rest| rest.split("</code>").next());
        Err((answer.status.as_u16(), code.and_then(|code| code.parse().ok()).unwrap_or_default()))
    }

    async fn list(&self, asked: &Asked, page: Option<u64>) -> Vec<Uuid> {
        let flags = [("recursive", asked.recursive), ("exactMatch", asked.exact)];
        let flags = flags.into_iter().filter(|(_, on)| *on).map(|(name, _)| (name, "true"));
        let limit = page.map(|page| page.to_string());
        let limit = limit.iter().map(|limit| ("maxResults", limit.as_str()));
        let arguments = asked.arguments.iter().map(|(name, value)| (*name, value.as_str()));
        let query = query(arguments.chain(flags).chain(limit));
        let path = format!("{}?{query}", collection(asked));
        let mut answer = self.0.admin().get(&path).await.ok();
        let mut found = ids(&answer);
        while !answer.header("link").is_empty() {
            let next = answer.header("link").trim_start_matches('<').trim_end_matches(">; rel=\"next\"");
            let url = format!("{}{next}", self.0.root());
            let caller = crate::kit::Caller::basic(self.0, "admin");
            answer = caller.send_to(Method::GET, &url, None).await.ok();
            found.extend(ids(&answer));
        }
        found
    }

    async fn whole(&self, kind: Kind) -> BTreeMap<Uuid, Facts> {
        let mut whole = BTreeMap::new();
        let path = kind.def().path;
        for id in ids(&self.0.admin().get(path).await.ok()) {
            let answer = self.0.admin().get(&format!("{path}/{id}")).await.ok();
            whole.insert(id, facts(answer.entity()));
        }
        whole
    }
}
